"""Pairing: a machine that has no certificate yet is vouched for by another terminal of its party.

The new machine makes a key, asks on the face that needs no certificate, and shows a code on its screen. Somebody at
another terminal of the party types that code there: it is told to nobody else, so that what is approved is the machine
that stands in the room. The new machine, which asks with a secret of its own, then finds its certificate; what its
terminal had before is revoked at once.

Anybody may ask, in anybody's name. So nothing is told of whether a party or a terminal exists, an asking that nobody
approves is worth nothing, and only so many wait: of one party, and of all together. Where the places of a party are
full, the newest takes the place of the one that has waited longest, so that strangers keep nobody out who is approved
at once; that one asks again. The places of all together are counted without what is over or approved. The printed
recovery code needs no place. The door before this holds each address, and each network, to a few askings.

Source: network:11 (C04, C15).
"""

import base64
import hashlib
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from seikyu.office.errors import NotAllowed
from seikyu.ports.enrolment import Pairing
from seikyu.ports.errors import BadRequest, Busy, NotFound, SeikyuError
from seikyu.ports.trust import ClientIdentity
from seikyu.services.applications import Enrolling, enter
from seikyu.services.issuing import Handed, replace_terminal
from seikyu.trust.certificates import asked_by
from seikyu.trust.codes import CHANCE_BYTES, grouped, make_code, read_code
from seikyu.trust.party import PARTY_IDS, is_common_name
from seikyu.trust.people import Actor

#: The request for an RSA key of 4096 bits has 1.7 KB.
REQUEST_BYTES: Final = 8 * 1024

#: A place is free again by then, at the latest when somebody has been approved.
_BUSY_S: Final = 60


class PairingOver(SeikyuError):
    """Nobody has approved within the time, or what was approved was not fetched: the machine asks again."""

    code = "pairing_over"


class PairingOwnTerminal(NotAllowed):
    """A terminal cannot vouch for itself; while it has a certificate it renews. Shape: facts `terminal`."""

    code = "pairing_own_terminal"


class TerminalUnknown(NotFound):
    """The party never had a terminal of that name; nothing was issued. Shape: facts `terminal`."""

    code = "terminal_unknown"


@dataclass(frozen=True, slots=True)
class Waits:
    """What a new machine is told. Shape: `secret` it keeps and asks with; `pairing_code`, in groups, it shows."""

    secret: str = field(repr=False)
    pairing_code: str = field(repr=False)
    until: datetime


@dataclass(frozen=True, slots=True)
class Offered:
    """A machine that waits, as another terminal of its party sees it; its code stands on its own screen only.

    Shape: `spki_sha256` (hex) is of its key; `approved` says that its certificate was issued.
    """

    terminal: str
    spki_sha256: str
    asked_at: datetime
    until: datetime
    approved: bool


@dataclass(frozen=True, slots=True)
class Approved:
    """What became of an approval. `again`: it had been approved before."""

    terminal: str
    serial: str
    again: bool = False


def ask(enrolling: Enrolling, *, party: str, terminal: str, request: bytes) -> Waits:
    """Let a new machine wait to be approved. Whether party and terminal exist is not looked at.

    Errors: BadRequest; BadRequestForCertificate; Busy, if too many of all parties wait. Nothing is kept then.
    """
    if not any(form.fullmatch(party) for form in PARTY_IDS.values()):
        raise BadRequest("party is the number of an institution or a payer", parameter="party")
    if not is_common_name(terminal):
        raise BadRequest("terminal is a name of 1 to 64 bytes", parameter="terminal")
    if len(request) > REQUEST_BYTES:
        raise BadRequest("the certification request is too long", parameter="request")
    asked_by(request)
    secret = base64.urlsafe_b64encode(enrolling.vault.chance(CHANCE_BYTES)).decode("ascii").rstrip("=")
    code = make_code("pairing", enrolling.vault.chance(CHANCE_BYTES))
    with enrolling.store.write() as tx:
        now = enrolling.clock.now()
        waiting = [one for one in tx.pairings(party) if _waits(enrolling, one, now)]
        too_many = waiting[: max(len(waiting) + 1 - enrolling.rules.pairings_at_once, 0)]
        of_all = tx.count_pairings(waiting_since=now - enrolling.rules.pairing_for) - len(too_many)
        if of_all >= enrolling.rules.pairings_of_all:
            enrolling.tell("pairing_refused", party=party)
            raise Busy("too many machines wait to be approved", retry_after_s=_BUSY_S)
        for longest in too_many:
            tx.drop_pairing(longest.id)
        tx.put_pairing(Pairing(_id_of(secret), party, terminal, code, request, now))
    for _ in too_many:
        enrolling.tell("pairing_dropped", party=party)
    enrolling.tell("pairing_asked", party=party)
    return Waits(secret, grouped("pairing", code), now + enrolling.rules.pairing_for)


def offered(enrolling: Enrolling, identity: ClientIdentity) -> list[Offered]:
    """Return the machines of the asker's party that wait, or were approved a moment ago, oldest first."""
    now = enrolling.clock.now()
    with enrolling.store.read() as tx:
        rows = [one for one in tx.pairings(identity.party) if one.serial or _waits(enrolling, one, now)]
    return [
        Offered(
            terminal=row.terminal,
            spki_sha256=asked_by(row.request).spki_sha256,
            asked_at=row.asked_at,
            until=row.asked_at + enrolling.rules.pairing_for,
            approved=row.serial is not None,
        )
        for row in rows
    ]


def approve(enrolling: Enrolling, identity: ClientIdentity, typed: str) -> Approved:
    """Vouch for the machine that shows a code; its terminal's old certificate ends at once. Again is a repeat.

    Errors: CodeMistyped; NotFound, if no machine of the asker's own party shows that code now; PairingOwnTerminal;
    TerminalUnknown; TerminalGone; CertificateRevoked, if the asker's was revoked since; BadRequestForCertificate.
    """
    code = read_code("pairing", typed)
    with enrolling.store.read() as tx:
        found = [one for one in tx.pairings(identity.party) if one.pairing_code == code]
    row = found[-1] if found else None
    if row is None or not (row.serial or _waits(enrolling, row, enrolling.clock.now())):
        enrolling.tell("pairing_not_found", party=identity.party)
        raise NotFound("no machine of this party shows that code")
    if row.serial is not None:
        return Approved(row.terminal, row.serial, again=True)
    if row.terminal == identity.terminal:
        raise PairingOwnTerminal("a terminal does not vouch for itself", terminal=row.terminal)
    by = Actor(f"(certificate {identity.serial})", identity.party, "", "")
    try:
        # Killed behind this, the same approval hands the same certificate over again.
        handed = replace_terminal(enrolling, by, row.terminal, asked_by(row.request), vouched_by=identity.serial)
    except NotFound:
        raise TerminalUnknown("the party never had that terminal", terminal=row.terminal) from None
    with enrolling.store.write() as tx:
        now = enrolling.clock.now()
        tx.put_pairing(replace(row, approved_at=now, approved_by=identity.serial, serial=handed.serial))
        enter(tx, enrolling, "approve_pairing", by=by, subject=handed.serial)
    enrolling.tell("pairing_approved", party=identity.party, serial=handed.serial)
    return Approved(row.terminal, handed.serial)


def collect(enrolling: Enrolling, secret: str) -> Handed | datetime:
    """Return the certificate of the machine that has the secret, or until when it waits.

    Errors: PairingOver, also for a secret that nobody has.
    """
    with enrolling.store.read() as tx:
        row = tx.pairing(_id_of(secret))
        issued = tx.issued(row.serial) if row is not None and row.serial is not None else None
        certificate = tx.certificate(issued.serial) if issued is not None else None
    if row is None:
        raise PairingOver("no such pairing")
    if issued is not None and certificate is not None:
        return Handed(issued.serial, issued.der, enrolling.authority.chain(), certificate.not_after)
    if not _waits(enrolling, row, enrolling.clock.now()):
        raise PairingOver("nobody approved in time")
    return row.asked_at + enrolling.rules.pairing_for


def forget(enrolling: Enrolling) -> int:
    """Forget the pairings whose time is long over; return how many. Called by housekeeping again and again."""
    with enrolling.store.read() as tx:
        if not tx.count_pairings():
            return 0
    with enrolling.store.write() as tx:
        return tx.forget_pairings(enrolling.clock.now() - enrolling.rules.pairings_kept_for)


def _waits(enrolling: Enrolling, row: Pairing, now: datetime) -> bool:
    return row.serial is None and now < row.asked_at + enrolling.rules.pairing_for


def _id_of(secret: str) -> str:
    """Return what a pairing is found by; the secret itself is in no row. It has 256 bits, so that nobody guesses."""
    return hashlib.sha256(secret.encode()).hexdigest()
