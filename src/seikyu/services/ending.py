"""What a terminal has, and how that ends: after an overlap with what takes over from it, or at once.

Everything here happens in the transaction of whoever asks.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, TypeGuard

from seikyu.ports.enrolment import IssuanceNotice, IssuedCertificate
from seikyu.ports.register import Certificate
from seikyu.ports.store import ReadTx, WriteTx
from seikyu.trust.acme import AccountState
from seikyu.trust.enrolment import EnrolmentRules, Way, is_open, overlap

#: Why what a new certificate takes over from is revoked.
SUPERSEDED: Final = "superseded"


def hand_over(
    tx: WriteTx, living: Iterable[IssuedCertificate], way: Way, *, now: datetime, inhand: str | None,
    rules: EnrolmentRules,
) -> list[str]:  # fmt: skip
    """Let what a new certificate takes over from, oldest first, end; return the serials that ended now."""
    wait, living = overlap(way, rules=rules), list(living)
    # Of those that overlap only so many: the oldest end first, but not the one that asks.
    most = max(rules.at_once - 1, 1)
    surplus = {row.serial for row in [row for row in living if row.serial != inhand][: max(len(living) - most, 0)]}
    ended = []
    for row in living:
        if wait <= timedelta() or row.serial in surplus:
            revoke(tx, row, now=now, reason=SUPERSEDED)
            ended.append(row.serial)
        elif row.superseded_at is None or row.superseded_at > now + wait:
            tx.put_issued(replace(row, superseded_at=now + wait))
    return ended


def shut_out(tx: WriteTx, notice: IssuanceNotice, *, now: datetime, rules: EnrolmentRules) -> bool:
    """Close a notice and end its ACME account, so that the recovery code alone is left; False if nothing was open."""
    fresh = tx.issuance_notice(notice.id)
    open_accounts = [one for one in tx.acme_accounts_of(notice.id) if one.state == AccountState.VALID]
    for one in open_accounts:
        tx.put_acme_account(replace(one, state=AccountState.REVOKED.value, ended_at=now))
    closed = fresh is not None and is_open(fresh.opened_at, now, rules=rules)
    if fresh is not None and closed:
        tx.put_issuance_notice(replace(fresh, opened_at=now - rules.open_for))
    return closed or bool(open_accounts)


def living_of(tx: ReadTx, party: str, terminal: str, now: datetime) -> list[IssuedCertificate]:
    """Return what a terminal has that is good, oldest first; what was issued by hand has a row of the register only."""
    return [
        tx.issued(one.serial) or IssuedCertificate(one.serial, "", party, terminal, "", "", one.issued_at, b"")
        for one in tx.unrevoked_of_terminal(party, terminal)
        if is_good(one, now)
    ]


def is_good(certificate: Certificate | None, now: datetime) -> TypeGuard[Certificate]:
    """True for a certificate of the register that is neither revoked nor over."""
    return certificate is not None and certificate.revoked_at is None and now < certificate.not_after


def revoke(tx: WriteTx, row: IssuedCertificate, *, now: datetime, reason: str) -> None:
    """Revoke; a revocation that is there stays as it is."""
    certificate = tx.certificate(row.serial)
    if certificate is not None and certificate.revoked_at is None:
        tx.put_certificate(replace(certificate, revoked_at=now, reason=reason))
    if row.superseded_at is not None:
        tx.put_issued(replace(row, superseded_at=None))
