"""How long a file that is sent now will wait for its check: a forecast from what was measured, and none without.

What checks take is told by how the last ones followed one another: a check that had to wait for the one before it
took the time between their two ends; one that found nobody before it took the time from its own arrival. That is the
pace of the whole office, whatever its workers share. Of checks that run side by side nobody can say which took what of
the time, so that only stretches of some checks are looked at: a stretch costs its bytes, and for each check something
that does not depend on them (`overhead_bytes`, fitted where sizes differ enough). The pace is a ratio of sums, so that
a queue of many files is told rightly, without the eighth of the stretches at either end, so that one pause does not
count for all of them. The range lies between the slowest and the fastest of the last stretches, and is wider the fewer
checks there were.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations
from statistics import median
from typing import Final

#: So many of the last checks tell the pace.
RECENT: Final = 64

#: What a check costs besides its bytes, in bytes, where sizes do not tell; measured with files of 100 KB.
OVERHEAD_BYTES: Final = 64 * 1024
_MOST_OVERHEAD: Final = 4 * 1024 * 1024

#: So many checks make a stretch, and so many stretches a part of the range.
_STRETCH_CHECKS: Final = 4
_PART_STRETCHES: Final = 2

#: Pairs of stretches tell the overhead if their sizes differ by this part of the largest, and there are so many.
_APART: Final = 0.25
_PAIRS: Final = 16

#: The part of the stretches at either end that does not count.
_CUT: Final = 8

#: With so many checks the range is twice as wide as what was seen; with more it is nearer to that.
_DOUBTED: Final = 8

#: No check takes less; two ends within the grain of a clock would make a pace without end.
_LEAST_S: Final = 1e-4


@dataclass(frozen=True, slots=True)
class Done:
    """A check that is done: when its sending was in, when it was done, and how many bytes it had."""

    entered_at: datetime
    done_at: datetime
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Ahead:
    """What waits, or is being checked. Shape: `since` is when the oldest of it came in, None if nothing waits."""

    sendings: int = 0
    size_bytes: int = 0
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast the office checks, in bytes a second; `overhead_bytes` is what each sending costs besides."""

    bytes_per_s: float
    slowest: float
    fastest: float
    overhead_bytes: float
    checks: int
    last_done_at: datetime


@dataclass(frozen=True, slots=True)
class Forecast:
    """How long until the check of a file is done. Units: seconds."""

    expected_s: float
    least_s: float
    most_s: float


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Checks that were done one after the other. Shape: `queued` if each had to wait for the one before it."""

    took_s: float
    size_bytes: int
    checks: int = 1
    queued: bool = True


def pace_of(done: Sequence[Done], *, workers: int = 1) -> Pace | None:
    """Return how fast the office checks, from the checks that were done last; None if none was.

    Shape: of an office that was never busy only one worker at a time was seen, so that all `workers` together may be
    as many times as fast.
    """
    last = sorted(done, key=lambda one: (one.done_at, one.entered_at))[-RECENT - 1 :]
    turns = _turns(last)
    if not turns:
        return None
    queued = [turn for turn in turns if turn.queued]
    busy = len(queued) >= _STRETCH_CHECKS
    stretches = _joined(queued if busy else turns, _STRETCH_CHECKS)
    overhead, checks = _overhead(stretches), sum(stretch.checks for stretch in stretches)
    paces = [_pace([part], overhead) for part in _joined(stretches, _PART_STRETCHES)]
    own, doubt = _pace(_without_ends(stretches, overhead), overhead), 1 + _DOUBTED / checks
    return Pace(
        bytes_per_s=own,
        slowest=min(*paces, own) / doubt,
        fastest=max(*paces, own) * doubt * (1 if busy else max(1, workers)),
        overhead_bytes=overhead,
        checks=checks,
        last_done_at=last[-1].done_at,
    )


def forecast(pace: Pace | None, ahead: Ahead, *, size_bytes: int, now: datetime) -> Forecast | None:
    """Return how long a file of that size will take if it is in now; None if nothing was ever measured."""
    if pace is None:
        return None
    each = (ahead.size_bytes / ahead.sendings + pace.overhead_bytes) if ahead.sendings else 0.0
    before = ahead.size_bytes + ahead.sendings * pace.overhead_bytes
    own = size_bytes + pace.overhead_bytes
    under_way = 0.0
    if ahead.since is not None:
        # What is being checked now began when the last one was done, or when it came in.
        under_way = max(0.0, (now - max(pace.last_done_at, ahead.since)).total_seconds())

    def takes(bytes_per_s: float) -> float:
        return (before - min(under_way * bytes_per_s, each) + own) / bytes_per_s

    return Forecast(takes(pace.bytes_per_s), takes(pace.fastest), takes(pace.slowest))


def rank_of(count: int, percent: int) -> int:
    """Return the place (from 0) of a percentile by the nearest rank.

    >>> rank_of(1, 95), rank_of(20, 95), rank_of(20, 50)
    (0, 18, 9)
    """
    return max(0, -(-count * percent // 100) - 1)


def waited_ms(began: datetime, ended: datetime) -> int:
    """Return a wait in whole milliseconds; a clock that was put back makes none that is negative."""
    return max(0, round((ended - began).total_seconds() * 1000))


def _turns(done: Sequence[Done]) -> list[_Stretch]:
    """Return what each check took. The first tells only when the second could begin, unless it is alone."""
    turns = []
    for before, one in zip((None, *done), done, strict=False):
        queued = before is not None and one.entered_at < before.done_at
        began = before.done_at if queued and before else one.entered_at
        turns.append(_Stretch(max(_LEAST_S, (one.done_at - began).total_seconds()), one.size_bytes, queued=queued))
    return turns[1:] or turns


def _joined(stretches: Sequence[_Stretch], size: int) -> list[_Stretch]:
    """Return stretches joined by so many, in their order; what is left over counts with the last."""
    whole = max(1, len(stretches) // size)
    parts = [stretches[at * size : (at + 1) * size if at + 1 < whole else None] for at in range(whole)]
    return [
        _Stretch(sum(one.took_s for one in part), sum(one.size_bytes for one in part), sum(one.checks for one in part))
        for part in parts
    ]


def _overhead(stretches: Sequence[_Stretch]) -> float:
    """Return how many bytes a check costs besides its own: where the line through the stretches meets no bytes."""
    means = [(one.size_bytes / one.checks, one.took_s / one.checks) for one in stretches]
    apart = _APART * max(size for size, _ in means)
    slopes = [
        (took - other_took) / (size - other_size)
        for (size, took), (other_size, other_took) in combinations(means, 2)
        if apart > 0 and abs(size - other_size) >= apart
    ]
    slope = median(slopes) if len(slopes) >= _PAIRS else 0.0
    if slope <= 0:
        return float(OVERHEAD_BYTES)
    besides = median(took - slope * size for size, took in means)
    return min(max(0.0, besides / slope), float(_MOST_OVERHEAD))


def _pace(stretches: Sequence[_Stretch], overhead: float) -> float:
    """Return the bytes of these checks, with what they cost besides, by the time that they took."""
    weight = sum(one.size_bytes + one.checks * overhead for one in stretches)
    return max(1.0, weight / sum(one.took_s for one in stretches))


def _without_ends(stretches: Sequence[_Stretch], overhead: float) -> list[_Stretch]:
    """Return the stretches without the slowest and the fastest eighth."""
    ranked = sorted(stretches, key=lambda one: (_pace([one], overhead), one.size_bytes))
    cut = len(ranked) // _CUT
    return ranked[cut : len(ranked) - cut]
