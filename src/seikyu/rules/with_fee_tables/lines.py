"""What the rules with fee tables ask again and again: which lines a claim has, on which days, and which table holds."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

from seikyu.records import Month
from seikyu.rules.masters import Masters, Row, Version
from seikyu.rules.view import Claim, Record, days_of, lazy
from seikyu.rules.with_masters.lookup import code_of

_SUNDAY: Final = 6
_DAY_CHARS: Final = 3
#: Rules ask for the lines of one claim one after the other: its procedures, and its drugs.
_CLAIMS_KEPT: Final = 2
#: The review body that makes checks of level L7.
PAYMENT_FUND: Final = "1"
#: Changes by which a line of an official table is taken away. Source: check-masters:1.
TAKEN_AWAY: Final = frozenset({1, 9})


@dataclass(frozen=True, eq=False)
class Line:
    """One line of a service with its code. `unit` numbers the calculation units; lines of one were billed at once."""

    record: Record
    code: str
    count: int
    unit: int
    service_class: bytes
    month: Month

    @lazy
    def days(self) -> Mapping[date, int]:
        """How often it was done on which day, empty if its day fields are empty or do not add up to its count."""
        fields = [field.strip() for field in days_of(self.record)]
        times = {day: field for day, field in enumerate(fields, start=1) if field.strip(b"0")}
        if not all(len(field) <= _DAY_CHARS and field.isdigit() for field in times.values()):
            return {}
        month, numbers = self.month, {day: int(field) for day, field in times.items()}
        if sum(numbers.values()) != self.count or max(numbers, default=0) > month.days:
            return {}
        return {date(month.year, month.month, day): number for day, number in numbers.items()}

    @property
    def held_on(self) -> Iterable[date]:
        """The days that a row must hold on to be said of the line: its own, else the whole month."""
        return self.days or (self.month.first_day, self.month.last_day)


@dataclass(frozen=True, slots=True)
class Period:
    """From when to when a row of a table holds; None: for ever."""

    since: date | None
    until: date | None

    def holds(self, days: Iterable[date]) -> bool:
        """True if it holds on all these days."""
        return all((self.since or day) <= day <= (self.until or day) for day in days)

    def and_also(self, other: "Period") -> "Period":
        """Return when both hold."""
        begins, ends = [self.since, other.since], [self.until, other.until]
        return Period(max(filter(None, begins), default=None), min(filter(None, ends), default=None))

    def touches(self, month: Month) -> bool:
        """True if it holds on some day of a month."""
        return (self.since or month.last_day) <= month.last_day and (self.until or month.first_day) >= month.first_day


def period_of(row: Row) -> Period:
    """Return from when to when a row holds."""
    return Period(row["since"], row["until"])


def there(row: Row) -> bool:
    """True if a row was not taken away from its table."""
    return row["change"] not in TAKEN_AWAY


def is_plain(row: Row) -> bool:
    """True if a row holds without special conditions (特例条件); tables of our own form may leave that column out."""
    return not row["special"]


def table_of(claim: Claim, kind: str) -> Version | None:
    """Return the table that holds in the service month, if it is known to be the newest of that time."""
    return table_at(claim.masters, kind, claim.service_month)


def whole_table_of(claim: Claim, kind: str) -> Version | None:
    """Return the table that holds, if also what it lacks can be relied upon."""
    return table_at(claim.masters, kind, claim.service_month, whole=True)


def table_at(masters: Masters, kind: str, month: Month | None, *, whole: bool = False) -> Version | None:
    """Return the table that holds in a month, if it is the newest of that time and, where that is asked, whole."""
    serves = masters.current(kind, month) and (not whole or masters.sure(kind, month))
    return masters.at(kind, month) if serves else None


def is_of_payment_fund(claim: Claim) -> bool:
    """True if the claim goes to 支払基金, which alone makes the checks of level L7."""
    return claim.review_body == PAYMENT_FUND


def is_whole(claim: Claim) -> bool:
    """True if all lines of the claim were read, so that what is not there is missing."""
    return not (claim.lines_left_out or claim.cut_lines or claim.donor)


@lru_cache(maxsize=_CLAIMS_KEPT)
def lines_of(claim: Claim, record_id: str) -> tuple[Line, ...]:
    """Return the lines of one sort, in file order."""
    return tuple(_lines(claim, record_id))


def _lines(claim: Claim, record_id: str) -> Iterator[Line]:
    month = claim.service_month
    assert month is not None  # noqa: S101  (without a month no rule with masters is asked)
    for number, unit in enumerate(claim.units):
        for record in unit.records:
            code = code_of(record) if record.id == record_id else None
            if code:
                yield Line(record, code, record["count"] or 0, number, unit.service_class, month)


def by_code(lines: Iterable[Line]) -> dict[str, list[Line]]:
    """Return lines by their codes, in file order."""
    found: dict[str, list[Line]] = {}
    for line in lines:
        found.setdefault(line.code, []).append(line)
    return found


def week_of(day: date) -> date:
    """Return what days of one week have in common, whichever day weeks are said to begin with.

    Whether a week begins on Sunday or on Monday, Monday to Saturday lie in one; a Sunday is alone.
    """
    return day if day.weekday() == _SUNDAY else day - timedelta(days=day.weekday())
