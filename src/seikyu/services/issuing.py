"""Certificates for terminals: fetched with the notice, renewed with the certificate, replaced when the machine died.

Whatever breaks off half-way can be fetched again: the same key gets the same certificate. A key that is certified for
one terminal is certified for no other. The certificate and its row are there together or not at all; what was signed
and not stored is nobody's, as the register knows no such serial.

Codes are compared outside of transactions, because that takes long on purpose, and judged in one on the row as it is
then, so that of many tries at once no more are looked at than of one after the other. A reference number that nobody
has costs nothing to refuse: it has 54 bits of chance.

Source: network:7; network:11 (C01-C13).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from seikyu.office.errors import NotAllowed
from seikyu.ports.enrolment import IssuanceNotice, IssuedCertificate, Signed
from seikyu.ports.errors import NotFound, SeikyuError, Unavailable
from seikyu.ports.register import Certificate, Party
from seikyu.ports.store import ReadTx, WriteTx
from seikyu.ports.trust import CertificateRevoked, ClientIdentity
from seikyu.services.applications import Enrolling, end_terminal, enter
from seikyu.services.ending import SUPERSEDED, hand_over, is_good, living_of, revoke, shut_out
from seikyu.services.events import What, note
from seikyu.trust.asking import is_within
from seikyu.trust.certificates import Asked, BadRequestForCertificate
from seikyu.trust.codes import read_code
from seikyu.trust.enrolment import Purpose, Way, after_wrong_code, is_open
from seikyu.trust.logins import NO_FAILURE, Tries, is_locked
from seikyu.trust.party import Holder
from seikyu.trust.people import Actor

#: Why what a lost or an ended terminal has is revoked.
LOST: Final = "key_compromise"
ENDED: Final = "cessation_of_operation"

#: Looks at whom a certificate is going to be made out to, and at a server's hosts; it refuses by raising.
Vet: TypeAlias = Callable[[Holder, tuple[str, ...]], None]

#: Writes what belongs to a certificate into the transaction that stores it; if it raises, there is no certificate.
Settle: TypeAlias = Callable[[WriteTx, Signed], None]

_DAY: Final = timedelta(days=1)

#: So many are revoked in one transaction, so that others get their turn.
_AT_ONCE: Final = 100


class CodeRefused(SeikyuError):
    """Reference number and PIN (or recovery code) do not fit together; which of them is not said, and it counts."""

    code = "code_refused"


class CodeLocked(SeikyuError):
    """Too many wrong codes; no try is looked at before the time told. Shape: facts `until`, `retry_after_s`."""

    code = "code_locked"


class NoticeClosed(NotAllowed):
    """The PIN is right, but the 180 days are over: the operator opens the notice anew. Shape: facts `since`."""

    code = "notice_closed"


class TerminalGone(NotAllowed):
    """The terminal is no more: its notice was ended, or its party left the register. Shape: facts `terminal`."""

    code = "terminal_gone"


class TooManyCertificates(NotAllowed):
    """The terminal got as many certificates today as any may get. Shape: facts `terminal`."""

    code = "too_many_certificates"


@dataclass(frozen=True, slots=True)
class Handed:
    """A certificate as it is handed over.

    Shape: `der` is the certificate, `chain` the issuing CAs and the root, as DER. `again`: it was there before, for the
    same key.
    """

    serial: str
    der: bytes = field(repr=False)
    chain: tuple[bytes, ...] = field(repr=False)
    not_after: datetime
    again: bool = False


@dataclass(frozen=True, slots=True)
class Proof:
    """What stands on the paper, as it was typed. None of it is shown."""

    reference: str = field(repr=False)
    code: str = field(repr=False)


def fetch(enrolling: Enrolling, proof: Proof, asked: Asked, *, vet: Vet | None = None) -> Handed:
    """Fetch the certificate of a notice with reference number and PIN, for a key.

    `vet` may refuse once it is proved who asks.
    Errors: CodeMistyped (nothing counts), CodeRefused (it counts), CodeLocked; NoticeClosed, TerminalGone;
    BadRequestForCertificate, if the key is another terminal's. Nothing is issued then.
    """
    return _fetched(enrolling, look(enrolling, proof), asked, vet=vet)


def look(enrolling: Enrolling, proof: Proof) -> IssuanceNotice:
    """Return the notice that reference number and PIN open, if a certificate can be fetched with it now.

    Errors: CodeMistyped (nothing counts), CodeRefused (it counts), CodeLocked; NoticeClosed, TerminalGone.
    """
    notice = proved(enrolling, proof, kind="pin")
    _require_open(enrolling, notice)
    enrolling.tell("notice_looked_at", notice=notice.id)
    return notice


def fetch_looked_at(enrolling: Enrolling, notice_id: str, asked: Asked, *, opened_at: datetime) -> Handed:
    """Fetch for somebody who has shown the PIN a while ago (`look`), and can prove that to the caller.

    Errors: CodeRefused, if the notice was opened anew since, so that the PIN is another; NoticeClosed, TerminalGone;
    BadRequestForCertificate. Nothing is issued then.
    """
    with enrolling.store.read() as tx:
        notice = tx.issuance_notice(notice_id)
    if notice is None or notice.opened_at != opened_at:
        raise CodeRefused("the notice was opened anew")
    if notice.ended_at is not None:
        raise TerminalGone("the terminal is no more", terminal=notice.terminal)
    _require_open(enrolling, notice)
    return _fetched(enrolling, notice, asked)


def _fetched(enrolling: Enrolling, notice: IssuanceNotice, asked: Asked, *, vet: Vet | None = None) -> Handed:
    return _issue(enrolling, _Terminal.of(notice), asked, Way.DOWNLOAD, by=_holder_of(notice), vet=vet)


def _require_open(enrolling: Enrolling, notice: IssuanceNotice) -> None:
    """Errors: NoticeClosed."""
    if not is_open(notice.opened_at, enrolling.clock.now(), rules=enrolling.rules):
        raise NoticeClosed("the notice is closed", since=notice.opened_at + enrolling.rules.open_for)


def recover(enrolling: Enrolling, proof: Proof, asked: Asked, *, vet: Vet | None = None) -> Handed:
    """Replace a terminal that died, with reference number and recovery code; what it had before ends at once.

    Errors: as `fetch`, but the 180 days do not count.
    """
    notice = proved(enrolling, proof, kind="recovery")
    return _issue(enrolling, _Terminal.of(notice), asked, Way.RECOVERY, by=_holder_of(notice), vet=vet)


def issue_for_server(
    enrolling: Enrolling, notice: IssuanceNotice, asked: Asked, *, hosts: tuple[str, ...], by: Actor, settle: Settle
) -> Handed:
    """Issue the certificate of an order (ACME), for hosts that stand on the notice and were proved.

    Every order is a certificate of its own, for the same key too; what the server had before for these hosts, or for
    some of them, goes on for an overlap.
    Errors: TerminalGone; BadRequestForCertificate, if the key is another terminal's; what `settle` raises.
    """
    terminal = replace(_Terminal.of(notice), hosts=hosts)
    return _issue(enrolling, terminal, asked, Way.ACME, by=by, settle=settle)


def revoke_issued(enrolling: Enrolling, by: Actor, serial: str, *, reason: str) -> bool:
    """Revoke one certificate that was issued; return False if it was revoked already. Errors: NotFound."""
    now = enrolling.clock.now()
    with enrolling.store.write() as tx:
        row, certificate = tx.issued(serial), tx.certificate(serial)
        if row is None or certificate is None:
            raise NotFound("no such certificate")
        if certificate.revoked_at is not None:
            return False
        revoke(tx, row, now=now, reason=reason)
        enter(tx, enrolling, f"revoke_certificate_{reason}", by=by, subject=serial)
    _tell_revoked(enrolling, [serial])
    return True


def report_lost(enrolling: Enrolling, proof: Proof) -> list[str]:
    """Revoke whatever the terminal has, with reference number and recovery code; return the serials.

    The PIN and the ACME account end with it. Said again it changes nothing.
    Errors: CodeMistyped, CodeRefused, CodeLocked; TerminalGone.
    """
    notice = proved(enrolling, proof, kind="recovery")
    return revoke_terminal(enrolling, _holder_of(notice), notice, reason=LOST)


def revoke_terminal(enrolling: Enrolling, by: Actor, notice: IssuanceNotice, *, reason: str) -> list[str]:
    """Revoke whatever a terminal has that is not revoked; return the serials.

    Of one that is lost the notice is closed too, and its ACME account ended: who has the paper gets nothing with the
    PIN, and a server's own programs nothing either. The recovery code still replaces it.
    """
    now = enrolling.clock.now()
    with enrolling.store.write() as tx:
        living = living_of(tx, notice.party, notice.terminal, now)
        for row in living:
            revoke(tx, row, now=now, reason=reason)
        shut = reason == LOST and shut_out(tx, notice, now=now, rules=enrolling.rules)
        if living or shut:
            enter(tx, enrolling, f"revoke_terminal_{reason}", by=by, subject=notice.id)
    _tell_revoked(enrolling, [row.serial for row in living])
    return [row.serial for row in living]


def renew(enrolling: Enrolling, identity: ClientIdentity, asked: Asked, *, vet: Vet | None = None) -> Handed:
    """Renew the certificate in hand, at any time of the year; the old one goes on for an overlap.

    A renewal that broke off is fetched again by asking for the same key. `identity` was verified when it asked.
    Errors: CertificateRevoked, if it was revoked since; TerminalGone; BadRequestForCertificate, if the key is another
    terminal's.
    """
    by = Actor(f"(certificate {identity.serial})", identity.party, "", "")
    with enrolling.store.read() as tx:
        own = tx.issued(identity.serial)
        notice = tx.issuance_notice(own.notice) if own is not None and own.notice else None
    if notice is not None and notice.ended_at is not None:
        raise TerminalGone("the terminal is no more", terminal=identity.terminal)
    terminal = _Terminal(identity.party, identity.terminal, notice.id if notice else "", Purpose.CLIENT, ())
    return _issue(enrolling, terminal, asked, Way.RENEWAL, by=by, inhand=identity.serial, vet=vet)


def replace_terminal(
    enrolling: Enrolling, by: Actor, terminal: str, asked: Asked, *, vouched_by: str | None = None
) -> Handed:
    """Replace a terminal of the actor's party that another terminal vouches for; what it had ends at once.

    `vouched_by` is the certificate of who vouches. Errors: NotFound, if the party never had such a terminal;
    TerminalGone; CertificateRevoked, if it is not good any more; BadRequestForCertificate.
    """
    with enrolling.store.read() as tx:
        notice = tx.notice_of_terminal(by.party, terminal)
        ended = notice is None and any(one.terminal == terminal for one in tx.issuance_notices(by.party))
        known = notice is not None or any(one.terminal == terminal for one in tx.certificates(party=by.party))
    if ended:
        raise TerminalGone("the terminal is no more", terminal=terminal)
    if not known or (notice is not None and notice.purpose == Purpose.SERVER):
        raise NotFound("no such terminal; a server is none, and is replaced by its notice")
    which = _Terminal(by.party, terminal, notice.id if notice else "", Purpose.CLIENT, ())
    return _issue(enrolling, which, asked, Way.PAIRING, by=by, vouched_by=vouched_by)


def end_of_terminal(enrolling: Enrolling, by: Actor, notice_id: str) -> tuple[IssuanceNotice, list[str]]:
    """End a terminal and revoke what it has; return its notice and the serials. Errors: NotFound.

    Said again it revokes what is left, if it broke off in between.
    """
    notice = end_terminal(enrolling, by, notice_id)
    return notice, revoke_terminal(enrolling, by, notice, reason=ENDED)


def revoke_superseded(enrolling: Enrolling) -> int:
    """Revoke what a new certificate has taken over from, once its overlap is over; return how many.

    Called by housekeeping again and again.
    """
    count = 0
    while True:
        now = enrolling.clock.now()
        with enrolling.store.read() as tx:
            due = tx.superseded(now, limit=_AT_ONCE)
        if not due:
            return count
        with enrolling.store.write() as tx:
            due = tx.superseded(now, limit=_AT_ONCE)
            for row in due:
                revoke(tx, row, now=now, reason=SUPERSEDED)
        _tell_revoked(enrolling, [row.serial for row in due])
        count += len(due)


def proved(enrolling: Enrolling, proof: Proof, *, kind: str) -> IssuanceNotice:
    """Return the notice that a reference number and a PIN (or recovery code) open.

    Wrong PINs count and lock the PIN. The recovery code has 94 bits and is not locked: nobody who guesses keeps its
    owner from reporting a loss. How often one address may try is the door's business.
    Errors: CodeMistyped, CodeRefused, CodeLocked; TerminalGone, if the codes are right and the terminal is no more.
    """
    reference, code = read_code("reference", proof.reference), read_code(kind, proof.code)
    with enrolling.store.read() as tx:
        seen = tx.notice_by_reference(reference)
    if seen is None:
        enrolling.tell("code_refused", why="reference")
        raise CodeRefused("no such notice")
    _require_unlocked(seen, kind, enrolling.clock.now())
    fits = enrolling.vault.fits(code, _hash_of(seen, kind))
    with enrolling.store.write() as tx:
        notice = tx.notice_by_reference(reference)
        if notice is None or _hash_of(notice, kind) != _hash_of(seen, kind):
            raise Unavailable("the notice was opened anew meanwhile", retry_after_s=1)
        now = enrolling.clock.now()
        _require_unlocked(notice, kind, now)
        before = Tries(notice.failed, notice.failed_at, notice.locked_until)
        after = NO_FAILURE if fits else after_wrong_code(before, now, rules=enrolling.rules)
        if kind == "pin" and after != before:
            notice = replace(notice, failed=after.failed, failed_at=after.failed_at, locked_until=after.locked_until)
            tx.put_issuance_notice(notice)
    if not fits:
        enrolling.tell("code_refused", notice=notice.id, failed=notice.failed)
        _require_unlocked(notice, kind, now)
        raise CodeRefused("reference number and code do not fit together")
    if notice.ended_at is not None:
        raise TerminalGone("the terminal is no more", terminal=notice.terminal)
    return notice


@dataclass(frozen=True, slots=True)
class _Terminal:
    """Whom a certificate is for."""

    party: str
    name: str
    notice: str
    purpose: Purpose
    hosts: tuple[str, ...]

    @classmethod
    def of(cls, notice: IssuanceNotice) -> "_Terminal":
        return cls(notice.party, notice.terminal, notice.id, Purpose(notice.purpose), tuple(notice.hosts.split()))


def _issue(  # noqa: PLR0913 - one act with its two hooks
    enrolling: Enrolling,
    terminal: _Terminal,
    asked: Asked,
    way: Way,
    *,
    by: Actor,
    inhand: str | None = None,
    vouched_by: str | None = None,
    vet: Vet | None = None,
    settle: Settle | None = None,
) -> Handed:
    """Sign outside the transaction, store in it; a certificate that is there for the key is handed over again.

    Who asks was found out before their request was read; so the certificate that they showed is looked at again.
    """
    chain, shown = enrolling.authority.chain(), inhand or vouched_by
    with enrolling.store.read() as tx:
        _require_good(tx, shown, enrolling.clock.now())
        party = tx.party(terminal.party)
        there = _there(tx, terminal, asked, enrolling.clock.now(), inhand=inhand)
    if party is None or (party.until and party.until <= enrolling.register_clock.now()):
        raise TerminalGone("the party is not in the register now", terminal=terminal.name)
    if vet is not None:
        vet(_holder(terminal, party), terminal.hosts)
    if there is not None and settle is None:
        return _handed_again(*there, chain)
    now = enrolling.clock.now()
    signed = _signed(enrolling, terminal, party, asked, now=now)
    with enrolling.store.write() as tx:
        _require_good(tx, shown, now)
        there = _there(tx, terminal, asked, now, inhand=inhand)
        if there is not None and settle is None:
            return _handed_again(*there, chain)
        notice = tx.issuance_notice(terminal.notice) if terminal.notice else None
        if terminal.notice and (notice is None or notice.ended_at is not None):
            raise TerminalGone("the terminal is no more", terminal=terminal.name)
        issued = tx.count_issued(terminal.party, terminal.name, since=now - _DAY)
        if issued >= enrolling.rules.issued_a_day:
            raise TooManyCertificates("so many certificates a day", terminal=terminal.name)
        if way is Way.DOWNLOAD and notice is not None:
            # Closed while the PIN was looked at: what is lost is shut out from that moment on.
            _require_open(enrolling, notice)
        living = living_of(tx, terminal.party, terminal.name, now)
        if way is Way.ACME:
            # Certificates for other hosts of the server go on; only what the new one is good for too is taken over.
            living = [row for row in living if is_within(row.der, terminal.hosts)]
        ended = hand_over(tx, living, way, now=now, inhand=inhand, rules=enrolling.rules)
        tx.put_certificate(_row(terminal, signed, now))
        note(tx, enrolling, What.CERTIFICATE_ISSUED, party=terminal.party, subject=signed.serial, way=way.value)
        tx.put_issued(
            IssuedCertificate(
                serial=signed.serial,
                notice=terminal.notice,
                party=terminal.party,
                terminal=terminal.name,
                way=way.value,
                spki_sha256=asked.spki_sha256,
                issued_at=now,
                der=signed.der,
            )
        )
        if settle is not None:
            settle(tx, signed)
        enter(tx, enrolling, f"certificate_{way.value}", by=by, subject=signed.serial)
    enrolling.tell("certificate_issued", serial=signed.serial, party=terminal.party, way=way.value)
    _tell_revoked(enrolling, ended)
    return Handed(signed.serial, signed.der, chain, signed.not_after)


def _require_good(tx: ReadTx, shown: str | None, now: datetime) -> None:
    """Errors: CertificateRevoked, if the certificate that was shown is not good any more."""
    if shown is not None and not is_good(tx.certificate(shown), now):
        raise CertificateRevoked("revoked since it was shown")


def _signed(enrolling: Enrolling, terminal: _Terminal, party: Party, asked: Asked, *, now: datetime) -> Signed:
    if terminal.purpose is Purpose.SERVER:
        return enrolling.authority.server(asked.key, terminal.hosts, now=now)
    return enrolling.authority.client(asked.key, _holder(terminal, party), now=now)


def _holder(terminal: _Terminal, party: Party) -> Holder:
    return Holder(kind=party.kind, party=party.id, name=party.name, terminal=terminal.name)


def _there(
    tx: ReadTx, terminal: _Terminal, asked: Asked, now: datetime, *, inhand: str | None
) -> tuple[IssuedCertificate, datetime] | None:
    """Return the living certificate of the terminal for that key, other than the one in hand, and its end.

    What an order (ACME) came to is fetched by that order alone: it may be for some of the hosts only.
    Errors: BadRequestForCertificate, if another terminal has the key.
    """
    found = None
    for row in tx.issued_with_key(asked.spki_sha256):
        if (row.party, row.terminal) != (terminal.party, terminal.name):
            raise BadRequestForCertificate("the key is certified for another terminal")
        certificate = tx.certificate(row.serial)
        free = row.serial != inhand and row.way != Way.ACME and row.superseded_at is None
        if free and is_good(certificate, now):
            found = row, certificate.not_after
    return found


def _row(terminal: _Terminal, signed: Signed, now: datetime) -> Certificate:
    return Certificate(
        serial=signed.serial,
        party=terminal.party,
        terminal=terminal.name,
        issued_at=now.replace(microsecond=0),
        not_after=signed.not_after,
        issuer=signed.issuer,
    )


def _handed_again(row: IssuedCertificate, not_after: datetime, chain: tuple[bytes, ...]) -> Handed:
    return Handed(row.serial, row.der, chain, not_after, again=True)


def _require_unlocked(notice: IssuanceNotice, kind: str, now: datetime) -> None:
    """Errors: CodeLocked. Only the PIN is locked: the recovery code is too long to be guessed."""
    tries = Tries(notice.failed, notice.failed_at, notice.locked_until)
    if kind == "pin" and is_locked(tries, now) and notice.locked_until is not None:
        wait_s = math.ceil((notice.locked_until - now).total_seconds())
        raise CodeLocked("too many wrong codes", until=notice.locked_until, retry_after_s=wait_s)


def _hash_of(notice: IssuanceNotice, kind: str) -> str:
    return notice.pin if kind == "pin" else notice.recovery


def _holder_of(notice: IssuanceNotice) -> Actor:
    return Actor("(notice)", notice.party, "", "")


def _tell_revoked(enrolling: Enrolling, serials: list[str]) -> None:
    for serial in serials:
        enrolling.tell("certificate_revoked", serial=serial)
