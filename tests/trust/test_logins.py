"""Locks and sessions: properties over every history of tries."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from seikyu.trust.logins import (
    NO_FAILURE,
    Tries,
    after_failure,
    after_strange_failure,
    house_rules,
    is_locked,
    is_over,
    is_stale,
)

RULES = house_rules()
NOON = datetime(2026, 9, 7, 12, tzinfo=UTC)

#: How long after the one before each failure comes, in seconds: often at once, sometimes after a lock, or a day.
GAPS = st.lists(st.sampled_from([0, 1, 60, 1799, 1800, 1801, 43199, 43200, 90000]), max_size=40)


def test_the_house_has_numbers_that_lock() -> None:
    """A lock that never comes, or lasts no time, would be none."""
    assert RULES.failures >= 3
    assert timedelta(0) < RULES.locked_for < RULES.forgotten_after
    assert timedelta(0) < RULES.idle < RULES.absolute
    assert 8 <= RULES.least_chars < RULES.most_chars


@given(GAPS)
def test_no_more_tries_are_looked_at_than_the_rule_says(gaps: list[int]) -> None:
    """Within the time of a lock no history lets more failures be looked at than the rule allows."""
    tries, now, looked_at = NO_FAILURE, NOON, []
    for gap in gaps:
        now += timedelta(seconds=gap)
        if not is_locked(tries, now):
            looked_at.append(now)
        tries = after_failure(tries, now, rules=RULES)

    for begin in looked_at:
        near = [at for at in looked_at if begin <= at < begin + RULES.locked_for]
        assert len(near) <= RULES.failures


@given(GAPS)
def test_a_lock_is_neither_longer_nor_shorter_for_being_tried(gaps: list[int]) -> None:
    """The time that was told stays true, whatever is tried before it."""
    tries = NO_FAILURE
    for _ in range(RULES.failures):
        assert not is_locked(tries, NOON)
        tries = after_failure(tries, NOON, rules=RULES)
    until, now = NOON + RULES.locked_for, NOON

    for gap in gaps:
        now = min(now + timedelta(seconds=gap), until - timedelta(microseconds=1))
        tries = after_failure(tries, now, rules=RULES)
        assert until == tries.locked_until
        assert is_locked(tries, now)
    assert not is_locked(tries, until)


def test_the_first_failure_after_a_lock_is_the_first_again() -> None:
    """Who has waited has all tries once more."""
    locked = Tries(RULES.failures, NOON, NOON + RULES.locked_for)
    assert Tries(1, locked.locked_until, None) == after_failure(locked, NOON + RULES.locked_for, rules=RULES)


def test_failures_that_lie_far_apart_are_forgotten() -> None:
    """A slip every morning locks nobody; a moment earlier it counts."""
    once = after_failure(NO_FAILURE, NOON, rules=RULES)
    late = NOON + RULES.forgotten_after
    assert after_failure(once, late, rules=RULES).failed == 1
    assert after_failure(once, late - timedelta(seconds=1), rules=RULES).failed == 2


def test_a_session_ends_by_itself() -> None:
    """Too long without a request, or too long altogether, to the second."""
    second = timedelta(seconds=1)

    def over(*, started: timedelta, seen: timedelta) -> bool:
        return is_over(started_at=NOON - started, seen_at=NOON - seen, now=NOON, rules=RULES)

    assert not over(started=RULES.absolute - second, seen=RULES.idle - second)
    assert over(started=RULES.absolute - second, seen=RULES.idle)
    assert over(started=RULES.absolute, seen=second)


def test_an_initial_password_waits_only_so_long() -> None:
    """What lies in a drawer for a month is worth nothing."""
    assert not is_stale(NOON, NOON + RULES.initial_for - timedelta(seconds=1), rules=RULES)
    assert is_stale(NOON, NOON + RULES.initial_for, rules=RULES)


def test_strange_failures_make_wait_longer_up_to_a_bound() -> None:
    """The first ones are free; the waits double and stay short for ever; a try before its time is not looked at."""
    rules, tries, now = RULES, NO_FAILURE, NOON
    waits = []
    for _ in range(60):
        tries = after_strange_failure(tries, now, rules=rules)
        waits.append((tries.locked_until - now).total_seconds() if tries.locked_until else 0)
        assert after_strange_failure(tries, now, rules=rules) == tries if tries.locked_until else True
        now = tries.locked_until or now
    assert waits[:10] == [0, 0, 0, 0, 2, 4, 8, 16, 32, 60]
    assert set(waits[10:]) == {60}


def test_strange_failures_are_forgotten() -> None:
    """Far apart they are no attack."""
    rules = RULES
    tries = Tries(50, NOON, NOON + rules.most_wait)
    assert after_strange_failure(tries, NOON + rules.forgotten_after, rules=rules) == Tries(
        1, NOON + rules.forgotten_after
    )


def test_other_numbers_lock_as_they_say() -> None:
    """An address and a code have their own."""
    rules = RULES
    once = after_failure(NO_FAILURE, NOON, rules=rules, failures=2, locked_for=rules.address_for)
    twice = after_failure(once, NOON, rules=rules, failures=2, locked_for=rules.address_for)
    assert (once.locked_until, twice.locked_until) == (None, NOON + rules.address_for)
