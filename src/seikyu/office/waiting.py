"""How long a file that is sent now will wait for its check: a forecast from what was measured, and none without.

What a check takes is told by how the last ones followed one another: a check that had to wait for the one before it
took the time between their two ends; one that found nobody before it took the time from its own arrival. That is the
pace of the whole office, whatever its workers share. A check costs its bytes and something that does not depend on
them (`overhead_bytes`, fitted where sizes differ enough). The pace is a ratio of sums, so that a queue of many files
is told rightly, without the tenth of the checks at either end, so that one pause does not count for all of them.
The range is between the slowest and the fastest stretch of the last checks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations
from statistics import median
from typing import Final

#: So many of the last checks tell the pace.
RECENT: Final = 64

#: A check costs at least as much as so many bytes, where sizes do not tell; measured with files of 100 KB.
OVERHEAD_BYTES: Final = 64 * 1024
_MOST_OVERHEAD: Final = 16 * 1024 * 1024

#: Stretches that the range is taken from, and how many checks make one at least.
_STRETCHES: Final = 8
_STRETCH_CHECKS: Final = 4

#: Pairs of checks tell the overhead if their sizes differ by this part of the largest, and there are so many.
_APART: Final = 0.25
_PAIRS: Final = 16

#: The part of the checks at either end that does not count.
_CUT: Final = 10

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
class _Turn:
    """One check: what it took, and its bytes. Shape: `queued` if it had to wait for the one before it."""

    took_s: float
    size_bytes: int
    queued: bool


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
    told = queued if busy else turns
    overhead = _overhead(told)
    paces = [_pace(stretch, overhead) for stretch in _stretches(told)]
    own = _pace(_without_ends(told, overhead), overhead)
    return Pace(
        bytes_per_s=own,
        slowest=min(*paces, own),
        fastest=max(*paces, own) * (1 if busy else max(1, workers)),
        overhead_bytes=overhead,
        checks=len(told),
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


def _turns(done: Sequence[Done]) -> list[_Turn]:
    """Return what each check took. The first tells only when the second could begin, unless it is alone."""
    turns = []
    for before, one in zip((None, *done), done, strict=False):
        queued = before is not None and one.entered_at < before.done_at
        began = before.done_at if queued and before else one.entered_at
        turns.append(_Turn(max(_LEAST_S, (one.done_at - began).total_seconds()), one.size_bytes, queued))
    return turns[1:] or turns


def _overhead(turns: Sequence[_Turn]) -> float:
    """Return how many bytes a sending costs besides its own: where the line through the checks meets no bytes."""
    apart = _APART * max(turn.size_bytes for turn in turns)
    slopes = [
        (one.took_s - other.took_s) / (one.size_bytes - other.size_bytes)
        for one, other in combinations(turns, 2)
        if apart > 0 and abs(one.size_bytes - other.size_bytes) >= apart
    ]
    slope = median(slopes) if len(slopes) >= _PAIRS else 0.0
    if slope <= 0:
        return float(OVERHEAD_BYTES)
    besides = median(turn.took_s - slope * turn.size_bytes for turn in turns)
    return min(max(0.0, besides / slope), float(_MOST_OVERHEAD))


def _pace(turns: Sequence[_Turn], overhead: float) -> float:
    """Return the bytes of these checks, with what they cost besides, by the time that they took."""
    weight = sum(turn.size_bytes + overhead for turn in turns)
    return max(1.0, weight / sum(turn.took_s for turn in turns))


def _without_ends(turns: Sequence[_Turn], overhead: float) -> list[_Turn]:
    """Return the checks without the fastest and the slowest tenth."""
    ranked = sorted(turns, key=lambda turn: ((turn.size_bytes + overhead) / turn.took_s, turn.size_bytes))
    cut = len(ranked) // _CUT
    return ranked[cut : len(ranked) - cut]


def _stretches(turns: Sequence[_Turn]) -> list[Sequence[_Turn]]:
    """Return the checks in stretches of the same number, in their order; what is left over counts with the last."""
    size = max(_STRETCH_CHECKS, len(turns) // _STRETCHES)
    whole = max(1, len(turns) // size)
    return [turns[at * size : (at + 1) * size if at + 1 < whole else None] for at in range(whole)]
