"""Rows of the register: parties, their certificates, and orders to revoke many that wait for a second person.

The methods belong to the transactions of `ports.store`. Nothing of it is ever removed: a party ends, a certificate is
revoked, an order is decided or lapses. Pages are sought in an index, so that the last one costs what the first costs.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Party:
    """Who takes part (当事者).

    Shape: `id` is 10 digits for an institution (prefecture 2, point table 1, code 7), the payer number in 8 digits with
    leading zeros for a payer, `operator` for the office's own people, a body and a prefecture for a review office.
    `category` is a row of `trust/register.toml`, or empty for a party that was entered without one. `connection` is the
    registered kind of line (a row of `trust/notices.toml`), `connection_id` what the network knows the line by; both
    are empty while nobody has said.
    """

    id: str
    kind: str  # institution, payer, operator, review_office
    name: str
    since: datetime
    until: datetime | None = None
    address: str = ""
    category: str = ""
    connection: str = ""
    connection_id: str = ""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A client certificate that the office knows.

    Shape: `serial` is lower-case hex without leading zeros; `issuer` is the identifier of the key that signed it, in
    hex, None if it was issued before the office had more than one.
    """

    serial: str
    party: str
    terminal: str
    issued_at: datetime
    not_after: datetime
    revoked_at: datetime | None = None
    reason: str | None = None
    issuer: str | None = None


@dataclass(frozen=True, slots=True)
class RevocationOrder:
    """An order to revoke many certificates, which a second person decides.

    Shape: `many` is how many certificates it names, `digest` is of them and the reason, and makes a repeat a repeat;
    `state` is a value of `trust.revoking.State`; `ordered_by` and `decided_by` are persons as `trust.revoking` names
    them.
    """

    id: str
    reason: str
    many: int
    digest: str
    state: str
    ordered_at: datetime
    ordered_by: str
    decided_at: datetime | None = None
    decided_by: str | None = None


@dataclass(frozen=True, slots=True)
class PartyQuery:
    """What is looked for in parties. Shape: `name_part` is folded (`trust.party.folded_name`); empty asks nothing."""

    kind: str | None = None
    id_prefix: str = ""
    name_part: str = ""


@dataclass(frozen=True, slots=True)
class CertificateQuery:
    """What is looked for among certificates, at a time.

    Shape: the first that is there gives the order of the list: `party` (newest first), `serial_prefix` (by serial),
    `terminal_prefix` (by terminal), `party_prefix` or `name_part` (by party, then as issued), `ends_until` (those that
    still hold and end by then, soonest first), `state` valid or expired (latest end first) or revoked (latest first);
    else newest first. `state` is valid, expired or revoked; a revoked one is revoked, whether it has ended or not.
    """

    at: datetime
    party: str | None = None
    serial_prefix: str = ""
    terminal_prefix: str = ""
    party_prefix: str = ""
    name_part: str = ""
    ends_until: datetime | None = None
    state: str | None = None


class RegisterRead(Protocol):
    """What can be read of the register."""

    def party(self, party_id: str) -> Party | None: ...
    def parties(self, *, kind: str | None = None) -> list[Party]: ...
    def parties_after(self, after: str, *, limit: int) -> list[Party]:
        """Return the part of the register behind an id, by id."""
        ...

    def parties_named(self, ids: list[str]) -> list[Party]:
        """Return those of these that are in the register, by id. Shape: at most some hundreds of ids."""
        ...

    def parties_page(self, wanted: PartyQuery, *, after: str | None = None, limit: int) -> list[Party]:
        """Return parties by id, from behind the id `after`."""
        ...

    def certificate(self, serial: str) -> Certificate | None: ...
    def certificates(self, *, party: str | None = None) -> list[Certificate]: ...
    def unrevoked_of_terminal(self, party: str, terminal: str) -> list[Certificate]:
        """Return what a terminal has in the register that is not revoked, oldest first, by hand or by a notice."""
        ...

    def certificates_named(self, serials: list[str]) -> list[Certificate]:
        """Return those of these that are there, by serial. Shape: at most some hundreds of serials."""
        ...

    def certificates_page(self, wanted: CertificateQuery, *, after: str | None = None, limit: int) -> list[Certificate]:
        """Return certificates in the order of the query, from behind the serial `after`.

        Errors: NotThere, if there is no certificate of that serial.
        """
        ...

    def certificates_counted(self) -> tuple[int, int]:
        """Return how many certificates there are, and how many of them are revoked."""
        ...

    def serials_issued(self, since: datetime | None = None) -> list[tuple[str, str | None]]:
        """Return serial and issuer, as rows have them, of all that was issued, from an instant on, in no order."""
        ...

    def revoked_certificates(
        self, *, since: datetime | None = None, ending_from: datetime | None = None
    ) -> list[Certificate]:
        """Return the revoked in the order of revocation: from an instant on, or those that end at one or later."""
        ...

    def revocation_order(self, order_id: str) -> RevocationOrder | None: ...
    def revocation_orders(
        self, *, state: str | None = None, after: str | None = None, limit: int | None = None
    ) -> list[RevocationOrder]:
        """Return orders, newest first."""
        ...

    def serials_of_order(self, order_id: str) -> list[str]:
        """Return the serials that an order names, sorted; none if there is no such order."""
        ...


class RegisterWrite(Protocol):
    """What can be written of the register."""

    def put_party(self, party: Party) -> None:
        """Insert or replace."""
        ...

    def put_parties(self, many: list[Party]) -> None:
        """Insert or replace many. Shape: at most some hundreds, no id twice."""
        ...

    def put_certificate(self, certificate: Certificate) -> None:
        """Insert or replace."""
        ...

    def revoke_certificates(self, serials: list[str], *, at: datetime, reason: str) -> None:
        """Revoke those of these that are not yet. Shape: at most some hundreds of serials."""
        ...

    def add_revocation_order(self, order: RevocationOrder, serials: list[str]) -> None:
        """Insert an order with what it names. Errors: AlreadyThere."""
        ...

    def put_revocation_order(self, order: RevocationOrder) -> None:
        """Replace an order; what it names stays. Errors: NotThere."""
        ...
