"""Logging in as pure rules: when a user is locked, when a session ends. The numbers are data (`logins.toml`).

Failures in a row lock a user for a time that is told, and the lock ends by itself; while it lasts no try is looked at,
so that it neither tells whether a password was right nor lasts longer for being tried. Failures that lie far apart are
forgotten. A lock by hand has no end but the hand that takes it away. Without a certificate anybody can fail in
another's name, so there failures make the next try wait and lock nobody.
"""

import tomllib
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from importlib import resources
from typing import Final


@dataclass(frozen=True, slots=True)
class Tries:
    """What is remembered of failures. Shape: `locked_until` stays set behind a lock until the next try."""

    failed: int = 0
    failed_at: datetime | None = None
    locked_until: datetime | None = None


NO_FAILURE = Tries()

_DOUBLINGS: Final = 16


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
    free_failures: int
    first_wait: timedelta
    most_wait: timedelta
    known_failures: int
    known_for: timedelta
    address_failures: int
    address_for: timedelta
    code_for: timedelta
    code_failures: int
    code_locked_for: timedelta
    half_for: timedelta
    most_keys: int


@cache
def house_rules() -> Rules:
    """Return the rules as the house has them."""
    tree = tomllib.loads(resources.files(__package__).joinpath("logins.toml").read_text("utf-8"))
    password, lock, session = tree["password"], tree["lock"], tree["session"]
    stranger, code, second = tree["stranger"], tree["code"], tree["second_factor"]
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
        free_failures=stranger["free_failures"],
        first_wait=timedelta(seconds=stranger["first_wait_s"]),
        most_wait=timedelta(seconds=stranger["most_wait_s"]),
        known_failures=stranger["known_failures"],
        known_for=timedelta(days=stranger["known_days"]),
        address_failures=stranger["address_failures"],
        address_for=timedelta(minutes=stranger["address_minutes"]),
        code_for=timedelta(days=code["days"]),
        code_failures=code["failures"],
        code_locked_for=timedelta(minutes=code["minutes"]),
        half_for=timedelta(minutes=second["wait_minutes"]),
        most_keys=second["keys"],
    )


def is_locked(tries: Tries, now: datetime) -> bool:
    """True while a lock lasts; at the told time it is over."""
    return tries.locked_until is not None and now < tries.locked_until


def after_failure(
    tries: Tries, now: datetime, *, rules: Rules, failures: int | None = None, locked_for: timedelta | None = None
) -> Tries:
    """Return what is remembered after a failure. During a lock nothing changes: no try is looked at then.

    Shape: `failures` and `locked_for` are those of a user unless given.
    """
    if is_locked(tries, now):
        return tries
    failed = 1 if tries.locked_until is not None or _is_old(tries, now, rules) else tries.failed + 1
    locked = failed >= (failures or rules.failures)
    return Tries(failed, now, now + (locked_for or rules.locked_for) if locked else None)


def after_strange_failure(tries: Tries, now: datetime, *, rules: Rules) -> Tries:
    """Return what is remembered of a failure at a user's door without a certificate: the next try waits, never long.

    The waits double up to a bound, so that a stranger slows a user down and does not lock them out. A try before its
    time is not looked at.
    """
    if is_locked(tries, now):
        return tries
    failed = 1 if _is_old(tries, now, rules) else tries.failed + 1
    over = failed - rules.free_failures
    if over < 0:
        return Tries(failed, now)
    # No more doublings than the bound allows: the numbers stay small whatever a stranger does.
    wait = min(rules.first_wait * 2 ** min(over, _DOUBLINGS), rules.most_wait)
    return Tries(failed, now, now + wait)


def _is_old(tries: Tries, now: datetime, rules: Rules) -> bool:
    return tries.failed_at is not None and now - tries.failed_at >= rules.forgotten_after


def is_over(*, started_at: datetime, seen_at: datetime, now: datetime, rules: Rules) -> bool:
    """True if a session has ended by itself: too long without a request, or too long altogether."""
    return now - seen_at >= rules.idle or now - started_at >= rules.absolute


def is_stale(initial_since: datetime, now: datetime, *, rules: Rules) -> bool:
    """True if an initial password has waited too long to be used."""
    return now - initial_since >= rules.initial_for
