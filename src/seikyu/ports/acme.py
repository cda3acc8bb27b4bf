"""Rows of ACME: accounts, orders and authorizations; and who asks a host for the proof of its name.

The methods belong to the transactions of `ports.store`. No private key and no key of a binding stands in them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from seikyu.ports.errors import SeikyuError


@dataclass(frozen=True, slots=True)
class AcmeAccount:
    """An account, bound to the notice of one server.

    Shape: `jwk` and `thumbprint` are its key as `trust.jws.AccountKey` has it; `contact` a JSON list of addresses;
    `state` a value of `trust.acme.AccountState`; `binding_of` is `opened_at` of the notice when it was bound: a notice
    that was opened anew since can be bound again.
    """

    id: str
    notice: str
    party: str
    thumbprint: str
    jwk: str = field(repr=False)
    contact: str = field(repr=False)
    state: str
    opened_at: datetime
    binding_of: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AcmeOrder:
    """An order for one certificate.

    Shape: `hosts` with a blank between; `state` a value of `trust.acme.OrderState` (`pending` stands for `ready` too);
    `serial` is of the certificate that it came to.
    """

    id: str
    account: str
    hosts: str
    state: str
    ordered_at: datetime
    expires_at: datetime
    serial: str | None = None


@dataclass(frozen=True, slots=True)
class AcmeName:
    """The authorization of one name of an order, with its only challenge (http-01).

    Shape: `state` is a value of `trust.acme.NameState`; `failure` is ACME's word for what went wrong, `failed_what`
    says it in words.
    """

    id: str
    order: str
    account: str
    host: str
    token: str
    state: str
    expires_at: datetime
    validated_at: datetime | None = None
    failed_at: datetime | None = None
    failure: str = ""
    failed_what: str = ""


class AcmeRead(Protocol):
    """What can be read of ACME."""

    def acme_account(self, account_id: str) -> AcmeAccount | None: ...
    def acme_account_by_key(self, thumbprint: str) -> AcmeAccount | None: ...
    def acme_accounts_of(self, notice: str) -> list[AcmeAccount]:
        """Return the accounts that were ever bound to a notice, oldest first."""
        ...

    def acme_order(self, order_id: str) -> AcmeOrder | None: ...
    def acme_orders(self, account: str, *, after: str | None = None, limit: int | None = None) -> list[AcmeOrder]:
        """Return orders of an account, newest first."""
        ...

    def acme_orders_since(self, account: str, since: datetime) -> int:
        """Return how many orders an account has made since."""
        ...

    def acme_name(self, name_id: str) -> AcmeName | None: ...
    def acme_names(self, order: str) -> list[AcmeName]:
        """Return the authorizations of an order, in the order of their ids."""
        ...

    def acme_failures_since(self, account: str, since: datetime) -> int:
        """Return how many names of an account could not be proved since."""
        ...


class AcmeWrite(Protocol):
    """What can be written of ACME."""

    def put_acme_account(self, account: AcmeAccount) -> None:
        """Insert or replace. Errors: AlreadyThere, if another account has the key."""
        ...

    def put_acme_order(self, order: AcmeOrder) -> None:
        """Insert or replace."""
        ...

    def put_acme_name(self, name: AcmeName) -> None:
        """Insert or replace."""
        ...

    def forget_acme_orders(self, before: datetime) -> int:
        """Remove the orders that expired earlier, with their authorizations; return how many orders."""
        ...


class HostUnproved(SeikyuError):
    """A host did not answer, or not so that it could be read. Facts: `kind` (dns, connection, incorrectResponse)."""

    code = "host_unproved"


class AsksHosts(Protocol):
    """Asks a host over plain HTTP, as http-01 wants it."""

    def ask(self, host: str, path: str) -> bytes:
        """Return the body of what the host answers with 200, at most so many bytes as the rules say.

        It looks at nothing but the host itself: a redirect to elsewhere is not followed. It ends in time, whatever the
        host does. Errors: HostUnproved.
        """
        ...


def hosts_of(order: AcmeOrder) -> Sequence[str]:
    """Return the hosts of an order."""
    return order.hosts.split()
