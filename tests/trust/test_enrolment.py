"""How a terminal comes to its certificate: locks, overlaps, and when a warning is due."""

import doctest
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seikyu.trust import enrolment
from seikyu.trust.enrolment import (
    Way,
    after_wrong_code,
    days_left,
    enrolment_rules,
    is_open,
    is_warned_of,
    overlap,
    renewal_due,
    warning_due,
)
from seikyu.trust.logins import NO_FAILURE, Tries

NOW = datetime(2026, 9, 7, 12, tzinfo=UTC)
RULES = enrolment_rules()
DAY = timedelta(days=1)


def test_examples_hold() -> None:
    """The examples in the docstrings are true."""
    assert doctest.testmod(enrolment).failed == 0


def test_a_notice_is_open_for_180_days() -> None:
    """Its last second counts, the one after does not."""
    assert is_open(NOW, NOW + 180 * DAY - timedelta(seconds=1), rules=RULES)
    assert not is_open(NOW, NOW + 180 * DAY, rules=RULES)


@pytest.mark.parametrize(
    ("way", "wait"),
    [(Way.DOWNLOAD, DAY), (Way.RENEWAL, 62 * DAY), (Way.RECOVERY, 0 * DAY), (Way.PAIRING, 0 * DAY)],
)
def test_what_replaces_a_dead_terminal_ends_the_old_one_at_once(way: Way, wait: timedelta) -> None:
    """What renews it lets it go on."""
    assert overlap(way, rules=RULES) == wait


def test_locks_grow_to_a_day() -> None:
    """Somebody who begins again at the told time has five tries a day in the end."""
    tries, now, waits = NO_FAILURE, NOW, list[float]()
    for _ in range(200):
        tries = after_wrong_code(tries, now, rules=RULES)
        if tries.locked_until is not None:
            assert after_wrong_code(tries, now, rules=RULES) == tries
            waits.append((tries.locked_until - now).total_seconds() / 60)
            now = tries.locked_until
    assert waits[:7] == [30, 60, 120, 240, 480, 960, 1440]
    assert set(waits[7:]) == {1440}


def test_failures_that_lie_far_apart_are_forgotten() -> None:
    """To the second."""
    tries = Tries(4, NOW)
    assert after_wrong_code(tries, NOW + 3 * DAY - timedelta(seconds=1), rules=RULES).locked_until is not None
    assert after_wrong_code(tries, NOW + 3 * DAY, rules=RULES) == Tries(1, NOW + 3 * DAY, None)


@given(st.lists(st.integers(0, 3 * 86_400), max_size=60))
def test_no_more_than_five_are_ever_looked_at_in_half_an_hour(waits: list[int]) -> None:
    """However the tries are spread."""
    tries, now, looked_at = NO_FAILURE, NOW, list[datetime]()
    for wait in waits:
        now += timedelta(seconds=wait)
        if tries.locked_until is None or now >= tries.locked_until:
            looked_at.append(now)
        tries = after_wrong_code(tries, now, rules=RULES)
    for at in looked_at:
        assert sum(timedelta() <= other - at < RULES.locked_for for other in looked_at) <= RULES.failures


def test_a_clerk_is_warned_at_each_step_and_then_daily() -> None:
    """Whoever looks in every day hears 90, 60, 30, 15, 7, and from then on every day, behind the end too."""
    end, warned_at, heard = NOW + 100 * DAY, None, list[int]()
    for day in range(105):
        now = NOW + day * DAY
        left = warning_due(end, now, warned_at=warned_at, rules=RULES)
        if left is not None:
            heard.append(left)
            warned_at = now
    assert heard == [90, 60, 30, 15, 7, 6, 5, 4, 3, 2, 1, 0, -1, -2, -3, -4]


def test_who_was_away_is_warned_once() -> None:
    """For the step that was passed; not twice on one day."""
    end = NOW + 40 * DAY
    assert warning_due(end, NOW, warned_at=None, rules=RULES) == 40
    assert warning_due(end, NOW, warned_at=NOW - 30 * DAY, rules=RULES) == 40
    assert warning_due(end, NOW, warned_at=NOW, rules=RULES) is None
    assert warning_due(NOW + 5 * DAY, NOW + timedelta(hours=3), warned_at=NOW, rules=RULES) == 4
    assert warning_due(NOW + 5 * DAY, NOW + timedelta(hours=3), warned_at=NOW + timedelta(hours=2), rules=RULES) is None
    assert days_left(NOW, NOW + timedelta(seconds=1)) == -1


@pytest.mark.parametrize(("life", "left", "due"), [
    (1180, timedelta(days=60, seconds=1), False),
    (1180, timedelta(days=60), True),
    (1180, timedelta(days=-1), True),
    (30, timedelta(days=10, seconds=1), False),
    (30, timedelta(days=10), True),
])  # fmt: skip
def test_a_terminal_renews_with_60_days_left_or_a_third_of_a_shorter_life(
    life: int, left: timedelta, *, due: bool
) -> None:
    """To the second, so that a certificate of a month does not renew at every command."""
    end = NOW + left
    assert renewal_due(end - timedelta(days=life), end, NOW, rules=RULES) is due


def test_the_end_is_pointed_out_from_90_days_on() -> None:
    """And behind it."""
    for left, warned in (
        (timedelta(days=91), False),
        (timedelta(days=91, seconds=-1), True),
        (-timedelta(days=9), True),
    ):
        assert is_warned_of(NOW + left, NOW, rules=RULES) is warned
