"""Logging in as pure rules: when a user is locked, when a session ends. The numbers are data (`logins.toml`).

Failures in a row lock a user for a time that is told, and the lock ends by itself; while it lasts no try is looked at,
so that it neither tells whether a password was right nor lasts longer for being tried. Failures that lie far apart are
forgotten. A lock by hand has no end but the hand that takes it away.
"""

import tomllib
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from importlib import resources


@dataclass(frozen=True, slots=True)
class Tries:
    """What is remembered of failures. Shape: `locked_until` stays set behind a lock until the next try."""

    failed: int = 0
    failed_at: datetime | None = None
    locked_until: datetime | None = None


NO_FAILURE = Tries()


@dataclass(frozen=True, slots=True)
class Rules:
    """The numbers of `logins.toml`."""

    least_chars: int
    most_chars: int
    initial_chars: int
    initial_for: timedelta
    failures: int
    locked_for: timedelta
    forgotten_after: timedelta
    idle: timedelta
    absolute: timedelta


@cache
def house_rules() -> Rules:
    """Return the rules as the house has them."""
    tree = tomllib.loads(resources.files(__package__).joinpath("logins.toml").read_text("utf-8"))
    password, lock, session = tree["password"], tree["lock"], tree["session"]
    return Rules(
        least_chars=password["least_chars"],
        most_chars=password["most_chars"],
        initial_chars=password["initial_chars"],
        initial_for=timedelta(days=password["initial_days"]),
        failures=lock["failures"],
        locked_for=timedelta(minutes=lock["minutes"]),
        forgotten_after=timedelta(minutes=lock["forget_minutes"]),
        idle=timedelta(minutes=session["idle_minutes"]),
        absolute=timedelta(minutes=session["absolute_minutes"]),
    )


def is_locked(tries: Tries, now: datetime) -> bool:
    """True while a lock lasts; at the told time it is over."""
    return tries.locked_until is not None and now < tries.locked_until


def after_failure(tries: Tries, now: datetime, *, rules: Rules) -> Tries:
    """Return what is remembered after a failure. During a lock nothing changes: no try is looked at then."""
    if is_locked(tries, now):
        return tries
    over = tries.locked_until is not None
    old = tries.failed_at is not None and now - tries.failed_at >= rules.forgotten_after
    failed = 1 if over or old else tries.failed + 1
    return Tries(failed, now, now + rules.locked_for if failed >= rules.failures else None)


def is_over(*, started_at: datetime, seen_at: datetime, now: datetime, rules: Rules) -> bool:
    """True if a session has ended by itself: too long without a request, or too long altogether."""
    return now - seen_at >= rules.idle or now - started_at >= rules.absolute


def is_stale(initial_since: datetime, now: datetime, *, rules: Rules) -> bool:
    """True if an initial password has waited too long to be used."""
    return now - initial_since >= rules.initial_for
