"""How a terminal comes to its certificate: application, issuance notice, and one certificate after the other.

An application (発行申請) is for one terminal of one party. Approved, it becomes an issuance notice (発行通知書) with a
reference number, a PIN and a recovery code, on paper; only their hashes stay. With the PIN the certificate is fetched,
any number of times for 180 days; with the certificate it is renewed at any time; with the recovery code, which lies in
a drawer, a terminal that died is replaced or reported lost. The notice stays for as long as the terminal has a
certificate: it is what the office knows the terminal by.

One terminal has one certificate. While a new one takes over, the old one goes on for an overlap and is then revoked by
itself; what replaces a dead or lost terminal ends the old one at once.

Numbers are data (`enrolment.toml`). Source: network:7, network:11 (C01-C13); provider:8.
"""

import tomllib
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Final

from seikyu.trust.logins import Tries, is_locked


class ApplicationState(StrEnum):
    """Where an application stands."""

    APPLIED = "applied"
    APPROVED = "approved"
    SENT_BACK = "sent_back"
    WITHDRAWN = "withdrawn"


class Purpose(StrEnum):
    """What a certificate is for: a terminal of a party (client), or a machine that is asked by name (server)."""

    CLIENT = "client"
    SERVER = "server"


class Way(StrEnum):
    """How a certificate was come by; it decides what becomes of the one before it."""

    DOWNLOAD = "download"
    RENEWAL = "renewal"
    RECOVERY = "recovery"
    PAIRING = "pairing"
    ACME = "acme"


@dataclass(frozen=True, slots=True)
class EnrolmentRules:
    """The numbers of `enrolment.toml`."""

    open_for: timedelta
    failures: int
    locked_for: timedelta
    locked_at_most: timedelta
    forgotten_after: timedelta
    renewal_overlap: timedelta
    download_overlap: timedelta
    hosts: int
    at_once: int
    issued_a_day: int
    renew_days: int
    ending_days: int
    warning_days: tuple[int, ...]
    pairing_for: timedelta
    pairings_at_once: int
    pairings_of_all: int
    pairings_kept_for: timedelta


@cache
def enrolment_rules() -> EnrolmentRules:
    """Return the rules as the house has them."""
    tree = tomllib.loads(resources.files(__package__).joinpath("enrolment.toml").read_text("utf-8"))
    notice, terminal, pairing = tree["notice"], tree["terminal"], tree["pairing"]
    return EnrolmentRules(
        open_for=timedelta(days=notice["open_days"]),
        failures=notice["failures"],
        locked_for=timedelta(minutes=notice["lock_minutes"]),
        locked_at_most=timedelta(minutes=notice["lock_most_minutes"]),
        forgotten_after=timedelta(minutes=notice["forget_minutes"]),
        renewal_overlap=timedelta(days=terminal["renewal_overlap_days"]),
        download_overlap=timedelta(hours=terminal["download_overlap_hours"]),
        hosts=terminal["hosts"],
        at_once=terminal["at_once"],
        issued_a_day=terminal["issued_a_day"],
        renew_days=terminal["renew_days"],
        ending_days=terminal["ending_days"],
        warning_days=tuple(tree["warnings"]["days"]),
        pairing_for=timedelta(minutes=pairing["minutes"]),
        pairings_at_once=pairing["at_once"],
        pairings_of_all=pairing["of_all"],
        pairings_kept_for=timedelta(minutes=pairing["kept_minutes"]),
    )


def overlap(way: Way, *, rules: EnrolmentRules) -> timedelta:
    """Return how long the certificates before the new one go on.

    >>> overlap(Way.RECOVERY, rules=enrolment_rules())
    datetime.timedelta(0)
    """
    if way is Way.DOWNLOAD:
        return rules.download_overlap
    return rules.renewal_overlap if way in {Way.RENEWAL, Way.ACME} else timedelta()


def after_wrong_code(tries: Tries, now: datetime, *, rules: EnrolmentRules) -> Tries:
    """Return what is remembered after a wrong PIN.

    Every lock that follows another is twice as long: who knows the reference number and guesses for a year has some
    hundred tries. During a lock nothing changes, as no try is looked at then.
    """
    if is_locked(tries, now):
        return tries
    if tries.failed_at is not None and now - tries.failed_at >= rules.forgotten_after:
        tries = Tries()
    failed = tries.failed + 1
    locks = failed // rules.failures
    if failed % rules.failures:
        return Tries(failed, now, None)
    # A shift of any size would make a number without end.
    wait = min(rules.locked_for * 2 ** min(locks - 1, _DOUBLINGS), rules.locked_at_most)
    return Tries(failed, now, now + wait)


_DOUBLINGS: Final = 16


def is_open(issued_at: datetime, now: datetime, *, rules: EnrolmentRules) -> bool:
    """True while a notice can be used to fetch the certificate (180 days)."""
    return now < issued_at + rules.open_for


def days_left(not_after: datetime, now: datetime) -> int:
    """Return the whole days until a certificate ends; negative behind its end.

    >>> from datetime import UTC
    >>> days_left(datetime(2026, 9, 8, tzinfo=UTC), datetime(2026, 9, 7, 1, tzinfo=UTC))
    0
    """
    return (not_after - now) // timedelta(days=1)


def renewal_due(not_before: datetime, not_after: datetime, now: datetime, *, rules: EnrolmentRules) -> bool:
    """True if a terminal should renew by itself: 60 days are left, or a third of a shorter life.

    >>> from datetime import UTC
    >>> made, ends = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 31, tzinfo=UTC)
    >>> renewal_due(made, ends, datetime(2026, 1, 20, tzinfo=UTC), rules=enrolment_rules())
    False
    """
    return not_after - now <= min(timedelta(days=rules.renew_days), (not_after - not_before) / 3)


def is_warned_of(not_after: datetime, now: datetime, *, rules: EnrolmentRules) -> bool:
    """True from the first warning day on, behind the end too."""
    return days_left(not_after, now) <= rules.warning_days[0]


def warning_due(not_after: datetime, now: datetime, *, warned_at: datetime | None, rules: EnrolmentRules) -> int | None:
    """Return the whole days left if a warning is due now, None otherwise.

    A warning is due when a step (90, 60, 30, 15, 7) was passed since the last warning, and from the last step on every
    day, behind the end too.
    """
    left = days_left(not_after, now)
    if left > rules.warning_days[0]:
        return None
    if warned_at is None:
        return left
    before = days_left(not_after, warned_at)
    if left < rules.warning_days[-1]:
        return left if left < before else None
    return left if any(left <= step < before for step in rules.warning_days) else None
