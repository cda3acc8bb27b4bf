"""Calculation units (点数・回数算定単位): which lines of a layout make them, who shares them, what they add up to."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

from seikyu.records import Layout, Scope, table
from seikyu.rules.record import Record

_DAYS: Final = 31
_BURDENED: Final = ("insurance", "public_1", "public_2", "public_3", "public_4")
#: Meals carry yen and stay out of the points. Source: records:5.
_MEALS: Final = b"97"
#: Reduction of drugs (薬剤料減点): whether its points are written with a sign is not in the papers.
_REDUCTION: Final = b"39"
_SUMMED: Final = ("service_class", "points", "count")
_DAY_CHARS: Final = 3


@dataclass(frozen=True, slots=True)
class Unit:
    """A calculation unit (点数・回数算定単位): lines that share one calculation; points stand on the last one.

    Shape: `burden` and `service_class` as written, the class of the lines before if the unit has none. `points` is None
    if no line carries any, or if they do not parse. Units: points, or yen for meals.
    """

    records: tuple[Record, ...]
    service_class: bytes
    burden: bytes
    points: int | None
    count: int | None
    ended: bool


@dataclass(frozen=True, slots=True)
class LineIds:
    """Which records of a layout are lines of services.

    Shape: `charged` carry points, `classed` may carry a service class; the lines are `counted` in units that were done
    so many times, else each stands for itself. `more` is True if points stand in records of other forms as well.
    """

    charged: frozenset[str]
    classed: frozenset[str]
    counted: bool
    more: bool


@cache
def line_ids(layout: Layout) -> LineIds:
    """Return which records are lines, by their items."""
    items = {rid: record.by_name.keys() for rid, record in layout.records.items() if record.scope is Scope.CLAIM}
    charged = frozenset(rid for rid, names in items.items() if {"burden", "points"} <= names)
    comments = {rid for rid, names in items.items() if {"burden", "service_class", "comment_code"} <= names}
    return LineIds(
        charged=charged,
        classed=frozenset(rid for rid in charged if "service_class" in items[rid]) | comments,
        counted=any("count" in items[rid] for rid in charged),
        more=not charged or any("points_per_day" in names for names in items.values()),
    )


@cache
def there_are(*, insured: bool, publics: int) -> frozenset[int]:
    """Return the payers of a claim: 0 is insurance, 1 and up are public payers."""
    return frozenset([*([0] if insured else []), *range(1, publics + 1)])


def sums(units: Iterable[Unit], payers: frozenset[int], *, by_days: bool) -> list[int] | None:
    """Return the points of units by payer: insurance, then public payers 1 to 4; None if they cannot be told."""
    added = [0] * len(_BURDENED)
    for unit in units:
        shared = shares(unit.burden)
        if shared is None or not payers.issuperset(shared) or any(map(_unsure, unit.records)):
            return None
        if unit.service_class == _REDUCTION:
            return None
        if unit.service_class != _MEALS:
            if not unit.ended:
                return None  # Its points are missing, and another rule says so.
            times = _by_days(unit) if by_days else unit.count
            for payer in shared:
                added[payer] += (unit.points or 0) * (times or 0)
    return added


def _unsure(record: Record) -> bool:
    """True if what a sum is made of could not be read."""
    return bool(record.unreadable) and any(map(record.bad, _SUMMED))


def _by_days(unit: Unit) -> int:
    """Return how often a unit was done by the days of its last line."""
    return sum(int(day) for day in days_of(unit.records[-1]) if day.isdigit() and len(day) <= _DAY_CHARS)


@cache
def shares(burden: bytes) -> tuple[int, ...] | None:
    """Return who shares a line of a burden division: 0 is insurance, 1 to 4 public payers; None for an unknown one."""
    row = table("burden_codes").row(burden.decode("ascii", "replace"))
    return None if row is None else tuple(at for at, column in enumerate(_BURDENED) if row[column] == "1")


def single_units(lines: Iterable[Record]) -> list[Unit]:
    """Return lines that are calculated each for itself, once."""
    return [Unit((record,), b"", record.raw("burden"), record["points"], 1, ended=True) for record in lines]


def units_of(lines: Iterable[Record]) -> Iterator[Unit]:
    """Cut lines into units: one ends with the line that carries points, or where a new service class begins."""
    pending: list[Record] = []
    current = b""
    for record in lines:
        service_class = record.raw("service_class")
        if service_class:
            if pending:
                yield _unit(pending, current, ended=False)
                pending = []
            current = service_class
        if "points" in record.plan.index:
            pending.append(record)
            if record.raw("points"):
                yield _unit(pending, current, ended=True)
                pending = []
    if pending:
        yield _unit(pending, current, ended=False)


def _unit(records: list[Record], service_class: bytes, *, ended: bool) -> Unit:
    last = records[-1]
    return Unit(tuple(records), service_class, last.raw("burden"), last["points"], last["count"], ended)


def days_of(record: Record) -> list[bytes]:
    """Return the 31 day fields of a line, as far as they were written."""
    first = record.plan.index["day_01"]
    return record.items[first : first + _DAYS]
