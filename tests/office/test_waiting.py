"""How long a file will wait: told rightly where the office is steady, carefully where it is not, and not without measure."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seikyu.office.waiting import (
    OVERHEAD_BYTES,
    RECENT,
    Ahead,
    Done,
    Forecast,
    Pace,
    forecast,
    pace_of,
    rank_of,
    waited_ms,
)

AT = datetime(2026, 9, 10, 14, 0, tzinfo=UTC)
SMALL = st.lists(st.integers(10_000, 100_000), min_size=8, max_size=RECENT // 2)
LARGE = st.lists(st.integers(1_000_000, 5_000_000), min_size=8, max_size=RECENT // 2)

#: A clinic's files and hospitals' files, in any order.
SIZES = st.tuples(SMALL, LARGE).flatmap(lambda both: st.permutations([*both[0], *both[1]]))


def at(seconds: float) -> datetime:
    """Return an instant."""
    return AT + timedelta(seconds=seconds)


def queue(sizes: list[int], *, bytes_per_s: float, besides_s: float = 0.0) -> list[Done]:
    """Return checks that were all in at once and were done one after the other."""
    done, now = [], 0.0
    for size in sizes:
        now += besides_s + size / bytes_per_s
        done.append(Done(AT, at(now), size))
    return done


def test_nothing_measured_is_nothing_said() -> None:
    """No guess stands where a number is expected."""
    assert pace_of([]) is None
    assert forecast(None, Ahead(), size_bytes=1, now=AT) is None


def test_the_range_is_wider_the_fewer_checks_there_were() -> None:
    """Nobody knows an office from one file."""
    ranges = [pace_of(queue([100_000] * count, bytes_per_s=1e6)) for count in (2, 6, 20, 60)]
    widths = [pace.fastest / pace.slowest for pace in ranges if pace is not None]

    assert widths == sorted(widths, reverse=True)
    assert widths[0] > 20
    assert widths[-1] < 2


def test_one_check_says_something() -> None:
    """It took from its arrival to its end, for its bytes and what a sending costs besides."""
    pace = pace_of([Done(AT, at(2), 1_000_000)])

    assert pace is not None
    assert (1, at(2)) == (pace.checks, pace.last_done_at)
    assert (1_000_000 + OVERHEAD_BYTES) / 2 == pytest.approx(pace.bytes_per_s)
    assert pytest.approx(2.0) == forecast(pace, Ahead(), size_bytes=1_000_000, now=AT).expected_s  # type: ignore[union-attr]


@given(SIZES, st.floats(1e5, 1e7), st.lists(st.integers(1, 50_000_000), max_size=30))
def test_a_steady_office_is_told_to_the_moment(sizes: list[int], bytes_per_s: float, waiting: list[int]) -> None:
    """Whatever waits: what is told is what happens, where every check takes so long for its bytes and so long besides."""
    besides_s = OVERHEAD_BYTES / bytes_per_s
    known = queue(sizes, bytes_per_s=bytes_per_s, besides_s=besides_s)
    told = said(known, waiting, size_bytes=7_000)

    happens = sum(besides_s + size / bytes_per_s for size in [*waiting, 7_000])
    assert told.expected_s == pytest.approx(happens, rel=0.01, abs=0.01)


@given(st.floats(1e5, 1e7), st.floats(0.001, 0.3), st.lists(st.integers(1, 50_000_000), max_size=30))
def test_what_a_check_costs_besides_its_bytes_is_learned(
    bytes_per_s: float, besides_s: float, waiting: list[int]
) -> None:
    """Where clinics' and hospitals' files come by turns; then a queue of another mix is told rightly too."""
    sizes = [size for no in range(8) for size in [50_000 + no] * 4 + [3_000_000 - no] * 4]
    told = said(queue(sizes, bytes_per_s=bytes_per_s, besides_s=besides_s), waiting, size_bytes=7_000)

    happens = sum(besides_s + size / bytes_per_s for size in [*waiting, 7_000])
    assert told.expected_s == pytest.approx(happens, rel=0.02, abs=0.01)


def said(known: list[Done], waiting: list[int], *, size_bytes: int) -> Forecast:
    """Return the forecast right after the last end."""
    ahead = Ahead(len(waiting), sum(waiting), AT if waiting else None)
    told = forecast(pace_of(known), ahead, size_bytes=size_bytes, now=known[-1].done_at)
    assert told is not None
    return told


@given(st.permutations(range(20)))
def test_the_order_in_which_checks_are_told_does_not_matter(order: list[int]) -> None:
    """They are ordered by their ends."""
    done = queue([(no + 1) * 10_000 for no in range(20)], bytes_per_s=1e6)

    assert pace_of(done) == pace_of([done[no] for no in order])


@given(SIZES, st.floats(0.1, 10))
def test_twice_as_slow_waits_twice_as_long(sizes: list[int], factor: float) -> None:
    """The forecast has no unit of its own."""
    one = pace_of(queue(sizes, bytes_per_s=1e5))
    other = pace_of(queue(sizes, bytes_per_s=1e5 / factor))
    ahead = Ahead(3, 30_000, at(1e9))
    told, slower = (forecast(pace, ahead, size_bytes=1000, now=AT) for pace in (one, other))

    assert told is not None
    assert slower is not None
    assert slower.expected_s == pytest.approx(told.expected_s * factor, rel=0.02)


@given(
    SIZES, st.integers(0, 50), st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 10**9), st.floats(0, 1e4)
)
def test_more_ahead_and_more_bytes_never_make_it_shorter(
    sizes: list[int], sendings: int, ahead_bytes: int, more: int, size: int, passed_s: float
) -> None:
    """And what is expected lies within the range, none of which is in the past."""
    pace = pace_of(queue(sizes, bytes_per_s=1e6), workers=2)
    now = at(passed_s)

    def told(sendings: int, size_bytes: int, own: int) -> Forecast:
        found = forecast(pace, Ahead(sendings, size_bytes, AT if sendings else None), size_bytes=own, now=now)
        assert found is not None
        return found

    less = told(sendings, ahead_bytes if sendings else 0, size)
    assert 0 <= less.least_s <= less.expected_s <= less.most_s
    assert less.expected_s <= told(sendings + 1, ahead_bytes + more, size).expected_s + 1e-6 + _one(pace, ahead_bytes)
    assert less.expected_s <= told(sendings, ahead_bytes if sendings else 0, size + more).expected_s


def _one(pace: Pace | None, size_bytes: int) -> float:
    """Return what one more check under way may take off: it is told from the mean of what waits."""
    assert pace is not None
    return (size_bytes + pace.overhead_bytes) / pace.bytes_per_s


@given(st.integers(0, 39), st.floats(10, 1e4))
def test_one_pause_does_not_count_for_all(place: int, pause_s: float) -> None:
    """A single check that hung leaves the forecast where it was; the range knows of it."""
    done = queue([100_000] * 40, bytes_per_s=1e6)
    late = [
        Done(one.entered_at, one.done_at + timedelta(seconds=pause_s * (no >= place)), one.size_bytes)
        for no, one in enumerate(done)
    ]
    usual, odd = pace_of(done), pace_of(late)

    assert usual is not None
    assert odd is not None
    assert odd.bytes_per_s == pytest.approx(usual.bytes_per_s, rel=0.01)
    assert place == 0 or odd.slowest < usual.slowest / 2


def test_who_found_nobody_before_it_is_timed_from_its_own_arrival() -> None:
    """A quiet hour between two files is no slowness; and a quiet office may be as fast as all its workers."""
    done = [Done(at(3600 * no), at(3600 * no + 1), 1_000_000) for no in range(10)]
    alone, two = pace_of(done), pace_of(done, workers=2)

    assert alone is not None
    assert two is not None
    assert (1_000_000 + OVERHEAD_BYTES) == pytest.approx(alone.bytes_per_s)
    assert 2 * alone.fastest == pytest.approx(two.fastest)
    assert alone.bytes_per_s == two.bytes_per_s


def test_what_is_under_way_is_nearly_done() -> None:
    """Its time since the last end is taken off, but never more than one check of what waits."""
    pace = pace_of(queue([100_000] * 10, bytes_per_s=1e6))
    assert pace is not None
    ahead = Ahead(2, 200_000, AT)
    fresh = forecast(pace, ahead, size_bytes=0, now=pace.last_done_at)
    half = forecast(pace, ahead, size_bytes=0, now=pace.last_done_at + timedelta(seconds=0.05))
    long = forecast(pace, ahead, size_bytes=0, now=pace.last_done_at + timedelta(hours=1))

    assert fresh is not None
    assert half is not None
    assert long is not None
    assert fresh.expected_s - 0.05 == pytest.approx(half.expected_s)
    assert fresh.expected_s - 0.1 == pytest.approx(long.expected_s)


def test_checks_of_one_size_and_of_no_bytes_are_told_too() -> None:
    """Where sizes say nothing of what a sending costs besides, the house's number stands."""
    for size in (0, 5_000):
        pace = pace_of([Done(AT, at(no + 1), size) for no in range(60)])
        assert pace is not None
        assert OVERHEAD_BYTES == pace.overhead_bytes


def test_a_check_that_took_no_time_by_the_clock_makes_no_pace_without_end() -> None:
    """Ends within the grain of a clock, and a clock that was put back."""
    pace = pace_of([Done(AT, AT, 1), Done(at(1), AT, 1)])

    assert pace is not None
    assert pace.bytes_per_s < 1e9
    assert 0 == waited_ms(at(1), AT)


def test_a_percentile_is_the_nearest_rank() -> None:
    """Of one there is only one; of none, its place is the first."""
    assert [0, 0, 9, 18, 94] == [rank_of(0, 95), rank_of(1, 95), rank_of(20, 50), rank_of(20, 95), rank_of(100, 95)]
