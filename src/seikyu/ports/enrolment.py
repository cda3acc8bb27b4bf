"""Rows of applications for certificates, issuance notices and what was issued by them; and who signs.

The methods belong to the transactions of `ports.store`. PIN and recovery code stand in no row but as hashes, the key of
an account binding (ACME) sealed; none of them shows in a `repr`. Nobody's private key is ever kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from seikyu.trust.certificates import PublicKey
from seikyu.trust.party import Holder


@dataclass(frozen=True, slots=True)
class Application:
    """An application for a certificate (発行申請).

    Shape: `purpose` is client or server; `hosts` are the names of a server, with a blank between; `filed_by` and
    `decided_by` name a user id, a certificate's serial or the console. `state` is a value of
    `trust.enrolment.ApplicationState`; `notice` the id of the notice that it became.
    """

    id: str
    party: str
    terminal: str
    purpose: str
    hosts: str
    contact: str
    state: str
    filed_at: datetime
    filed_by: str
    decided_at: datetime | None = None
    decided_by: str | None = None
    reason: str = ""
    notice: str | None = None


@dataclass(frozen=True, slots=True)
class IssuanceNotice:
    """An issuance notice (発行通知書): what one terminal is known by.

    Shape: `reference` is a code as `trust.codes` keeps it; `pin` and `recovery` are encoded hashes; `binding` the
    sealed key of an ACME account binding. `failed…` and `locked_until` are `trust.logins.Tries`. `opened_at` is when
    PIN and recovery code were made last: the 180 days run from then. `ended_at`: the terminal is no more.
    """

    id: str
    application: str
    reference: str
    party: str
    terminal: str
    purpose: str
    hosts: str
    pin: str = field(repr=False)
    recovery: str = field(repr=False)
    binding: str = field(repr=False)
    issued_at: datetime
    opened_at: datetime
    failed: int = 0
    failed_at: datetime | None = None
    locked_until: datetime | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class IssuedCertificate:
    """What was issued, to be fetched again. Its state stands in the certificate of `ports.store`.

    Shape: `spki_sha256` (hex) is of the public key as DER; `notice` is empty for what was issued without one; `der` is
    the certificate; `superseded_at` is when it will be revoked by itself.
    """

    serial: str
    notice: str
    party: str
    terminal: str
    way: str
    spki_sha256: str
    issued_at: datetime
    der: bytes = field(repr=False)
    superseded_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Pairing:
    """A new terminal that waits to be approved by another of its party.

    Shape: `id` is the SHA-256 of the secret that it asks with; `pairing_code` what its screen shows; `request` the
    certification request (DER); `approved_by` the serial of the certificate that approved.
    """

    id: str = field(repr=False)
    party: str
    terminal: str
    pairing_code: str
    request: bytes = field(repr=False)
    asked_at: datetime
    approved_at: datetime | None = None
    approved_by: str | None = None
    serial: str | None = None


class EnrolmentRead(Protocol):
    """What can be read of applications, notices and issued certificates."""

    def application(self, application_id: str) -> Application | None: ...
    def applications(
        self, *, party: str | None = None, state: str | None = None, after: str | None = None, limit: int | None = None
    ) -> list[Application]:
        """Return applications, newest first."""
        ...

    def issuance_notice(self, notice_id: str) -> IssuanceNotice | None: ...
    def notice_by_reference(self, reference: str) -> IssuanceNotice | None: ...
    def notice_of_terminal(self, party: str, terminal: str) -> IssuanceNotice | None:
        """Return the notice of that terminal that has not ended."""
        ...

    def issuance_notices(self, party: str) -> list[IssuanceNotice]:
        """Return the notices of a party, oldest first, the ended ones too."""
        ...

    def issued(self, serial: str) -> IssuedCertificate | None: ...
    def issued_of_terminal(self, party: str, terminal: str) -> list[IssuedCertificate]:
        """Return what was issued to a terminal, oldest first."""
        ...

    def count_issued(self, party: str, terminal: str, *, since: datetime) -> int:
        """Return how many certificates a terminal was issued from then on."""
        ...

    def issued_with_key(self, spki_sha256: str) -> list[IssuedCertificate]:
        """Return what was issued for a key, oldest first."""
        ...

    def superseded(self, before: datetime, *, limit: int) -> list[IssuedCertificate]:
        """Return what is to be revoked by now (`superseded_at`), the earliest first."""
        ...

    def pairing(self, pairing_id: str) -> Pairing | None: ...
    def pairings(self, party: str) -> list[Pairing]:
        """Return the terminals of a party that wait, or were approved, oldest first."""
        ...

    def count_pairings(self, *, waiting_since: datetime | None = None) -> int:
        """Return how many pairings there are, of everybody; or those asked for later that are not approved."""
        ...

    def count_ending(self, after: datetime, before: datetime) -> int:
        """Return how many certificates end by themselves in between, that nothing has taken over from yet."""
        ...


class EnrolmentWrite(Protocol):
    """What can be written of them."""

    def put_application(self, application: Application) -> None:
        """Insert or replace."""
        ...

    def put_issuance_notice(self, notice: IssuanceNotice) -> None:
        """Insert or replace. Errors: AlreadyThere, if another notice has the reference number."""
        ...

    def put_issued(self, issued: IssuedCertificate) -> None:
        """Insert or replace."""
        ...

    def put_pairing(self, pairing: Pairing) -> None:
        """Insert or replace."""
        ...

    def drop_pairing(self, pairing_id: str) -> None:
        """Remove a pairing, if it is there."""
        ...

    def forget_pairings(self, before: datetime) -> int:
        """Remove the pairings that were asked for earlier; return how many."""
        ...


@dataclass(frozen=True, slots=True)
class Signed:
    """A certificate that was signed and is in no row yet.

    Shape: `der` is the certificate; `issuer` identifies the key that signed it, as rows carry it.
    """

    serial: str
    der: bytes = field(repr=False)
    not_before: datetime
    not_after: datetime
    issuer: str


class Authority(Protocol):
    """The issuing CA at work."""

    def client(self, key: PublicKey, holder: Holder, *, now: datetime) -> Signed:
        """Sign the certificate of a terminal. Errors: those of a key that cannot be used (SeikyuError)."""
        ...

    def server(self, key: PublicKey, hosts: Sequence[str], *, now: datetime) -> Signed:
        """Sign the certificate of a server. Errors: BadRequestForCertificate; as `client`."""
        ...

    def chain(self) -> tuple[bytes, ...]:
        """Return the certificates of the issuing CAs, the working one first, and the root, as DER."""
        ...
