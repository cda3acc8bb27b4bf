"""What stands on the wire about certificates. Names and values are fixed: other programs rely on them."""

from typing import Annotated, Literal

from pydantic import Field

from seikyu.apps.api.models import Instant, Wire

ApplicationState = Literal["applied", "approved", "sent_back", "withdrawn"]
CertificateState = Literal["good", "ending", "expired", "revoked"]
Purpose = Literal["client", "server"]

#: More than any field takes; what may stand in it is said by the service.
_TEXT_CHARS = 200
_HOSTS = 10


class Certificate(Wire):
    """A certificate of the asker's party. `ending`: a newer one took over, and it is revoked by itself at `ends_at`.

    `way` says how it was come by; it is empty for one that was issued by hand.
    """

    serial: str
    terminal: str
    state: CertificateState
    issued_at: Instant
    not_after: Instant
    days_left: int
    ends_at: Instant | None
    revoked_at: Instant | None
    reason: str | None
    way: Literal["download", "renewal", "recovery", "pairing", ""]
    in_hand: bool


class Certificates(Wire):
    """One page of certificates, newest first."""

    items: list[Certificate]
    next: str | None


class OwnCertificate(Certificate):
    """The certificate in hand. `warn`: its end comes near; `renew`: it is time to renew; `now` is the office's time."""

    warn: bool
    renew: bool
    now: Instant


class Pairing(Wire):
    """A new machine of the asker's party that waits to be approved until `until`, or was approved a moment ago.

    `spki_sha256` is of its key, in hexadecimal.
    """

    terminal: str
    spki_sha256: str
    asked_at: Instant
    until: Instant
    approved: bool


class Pairings(Wire):
    """The machines that wait, oldest first."""

    items: list[Pairing]


class PairingApproved(Wire):
    """What was approved. `repeat`: it had been before."""

    terminal: str
    serial: str
    repeat: bool


class ApplicationAsked(Wire):
    """An application for a certificate (発行申請): for one terminal of the asker's party."""

    terminal: Annotated[
        str, Field(min_length=1, max_length=64, description="the machine's name in the house (端末名称)")
    ]
    contact: Annotated[str, Field(max_length=_TEXT_CHARS, description="department and phone of the party itself")] = ""
    purpose: Purpose = "client"
    hosts: Annotated[
        list[Annotated[str, Field(max_length=253)]], Field(max_length=_HOSTS, description="the names of a server")
    ] = Field(default_factory=list)


class Application(Wire):
    """An application. `open_until`: so long the certificate can be fetched, if it was approved."""

    id: str
    party: str
    party_name: str
    terminal: str
    purpose: Purpose
    hosts: list[str]
    contact: str
    state: ApplicationState
    filed_at: Instant
    decided_at: Instant | None
    reason: str
    notice: str | None
    open_until: Instant | None


class ApplicationAnswer(Application):
    """What a party is told that applies. `repeat`: the same application was waiting already."""

    repeat: bool


class Applications(Wire):
    """One page of applications, newest first."""

    items: list[Application]
    next: str | None


class IssuanceNotice(Wire):
    """An issuance notice (発行通知書) as the operator sees it; its secrets are with nobody but its addressee."""

    id: str
    reference: str
    party: str
    terminal: str
    purpose: Purpose
    hosts: list[str]
    issued_at: Instant
    opened_at: Instant
    open_until: Instant
    failed: int
    locked_until: Instant | None
    ended_at: Instant | None


class IssuanceNotices(Wire):
    """The notices of a party, newest first."""

    items: list[IssuanceNotice]
    next: str | None


class IssuanceNoticeOpened(IssuanceNotice):
    """A notice with what stands on its paper, told this once.

    `binding` is the HMAC key of an ACME account binding (base64url), `kid` its key id; both are for a server only.
    """

    pin: str
    recovery: str
    kid: str | None
    binding: str | None


class IssuanceNoticeEnded(IssuanceNotice):
    """A notice that was ended, and the serials that were revoked with it."""

    revoked: list[str]
