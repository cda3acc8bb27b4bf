"""Months, and dates in western and Japanese years (西暦, 和暦).

A month is written YYYYMM or GYYMM, a date YYYYMMDD or GYYMMDD; G is the era. Which of the two a file must use is said
by its layout; reading takes both and tells which it was.
"""

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache, lru_cache
from typing import Final, NamedTuple, Self

from seikyu.records.tables import table

_MONTHS: Final = 12
#: Years that a claim can speak of: from the first era on, and no further than a month can still be counted from.
_WESTERN_YEARS: Final = range(1868, 2200)
_ERA_DATE_CHARS: Final = 7
_WESTERN_DATE_CHARS: Final = 8
_ERA_MONTH_CHARS: Final = 5
_WESTERN_MONTH_CHARS: Final = 6

#: So many different dates are remembered while reading; a file repeats few.
_REMEMBERED: Final = 8192


@dataclass(frozen=True, order=True, slots=True)
class Month:
    """A year and month (年月).

    >>> Month.parse("202609").plus(4)
    Month(year=2027, month=1)
    """

    year: int
    month: int

    def __post_init__(self) -> None:
        date(self.year, self.month, 1)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the month written YYYYMM, or YYYY-MM as in data files.

        Errors: ValueError.
        """
        digits = text.replace("-", "", 1) if text[4:5] == "-" else text
        if len(digits) != _WESTERN_MONTH_CHARS or not (digits.isascii() and digits.isdigit()):
            raise ValueError("not a month")
        return cls(int(digits[:4]), int(digits[4:]))

    @classmethod
    def of(cls, day: date) -> Self:
        """Return the month that `day` lies in."""
        return cls(day.year, day.month)

    def __str__(self) -> str:
        return f"{self.year:04d}{self.month:02d}"

    def __int__(self) -> int:
        return self.year * 100 + self.month

    def plus(self, months: int) -> "Month":
        """Return the month so many months later, or earlier if negative.

        Errors: ValueError outside the years 1 to 9999.
        """
        years, index = divmod(self.month - 1 + months, _MONTHS)
        return Month(self.year + years, index + 1)

    @property
    def first_day(self) -> date:
        """The first of the month."""
        return date(self.year, self.month, 1)

    @property
    def last_day(self) -> date:
        """The last day of the month."""
        return date(self.year, self.month, self.days)

    @property
    def days(self) -> int:
        """How many days the month has."""
        return monthrange(self.year, self.month)[1]


class Years(StrEnum):
    """How years are counted: western (西暦) or by eras (和暦)."""

    WESTERN = "western"
    ERA = "era"


@dataclass(frozen=True, slots=True)
class Era:
    """An era (元号): its digit in dates, and its first and last day. The present era has no last day.

    Source: code-tables:4.
    """

    code: str
    letter: str
    ja: str
    first_year: int
    first_day: date
    last_day: date | None

    def holds(self, first: date, last: date) -> bool:
        """True if some day between `first` and `last` lies in the era."""
        return self.first_day <= last and (self.last_day is None or first <= self.last_day)


@cache
def eras() -> Mapping[str, Era]:
    """Return the eras by their digit, oldest first."""
    return {
        code: Era(
            code=code,
            letter=row["letter"],
            ja=row["name_ja"],
            first_year=int(row["first_year"]),
            first_day=date.fromisoformat(row["first_day"]),
            last_day=date.fromisoformat(row["last_day"]) if row["last_day"] else None,
        )
        for code, row in table("eras").items()
    }


class ReadMonth(NamedTuple):
    """A month as it was written. `in_era` is False for one outside its era, such as 令和1年4月: read, but told."""

    month: Month
    years: Years
    in_era: bool = True


class ReadDate(NamedTuple):
    """A date as it was written. `in_era` is False for one outside its era, such as 平成31年5月1日: read, but told."""

    date: date
    years: Years
    in_era: bool = True


@lru_cache(maxsize=_REMEMBERED)
def parse_month(text: bytes | str) -> ReadMonth | None:
    """Return the month written YYYYMM or GYYMM, None if it is none.

    >>> parse_month(b"50109")
    ReadMonth(month=Month(year=2019, month=9), years=<Years.ERA: 'era'>, in_era=True)
    """
    digits = _digits(text)
    try:
        if len(digits) == _WESTERN_MONTH_CHARS:
            return ReadMonth(Month(_western_year(digits), int(digits[4:])), Years.WESTERN)
        if len(digits) == _ERA_MONTH_CHARS and (era := _era(digits)):
            month = Month(_era_year(era, digits), int(digits[3:]))
            return ReadMonth(month, Years.ERA, era.holds(month.first_day, month.last_day))
    except ValueError:
        pass
    return None


@lru_cache(maxsize=_REMEMBERED)
def parse_date(text: bytes | str) -> ReadDate | None:
    """Return the calendar date written YYYYMMDD or GYYMMDD, None if it is none.

    >>> parse_date(b"3640107").date
    datetime.date(1989, 1, 7)
    """
    digits = _digits(text)
    try:
        if len(digits) == _WESTERN_DATE_CHARS:
            return ReadDate(date(_western_year(digits), int(digits[4:6]), int(digits[6:])), Years.WESTERN)
        if len(digits) == _ERA_DATE_CHARS and (era := _era(digits)):
            day = date(_era_year(era, digits), int(digits[3:5]), int(digits[5:]))
            return ReadDate(day, Years.ERA, era.holds(day, day))
    except ValueError:
        pass
    return None


def era_text(value: date | Month) -> str:
    """Return a date as GYYMMDD or a month as GYYMM. A month in which an era begins belongs to the new one.

    >>> era_text(Month(2026, 9)), era_text(date(2019, 4, 30))
    ('50809', '4310430')

    Errors: ValueError before the first era.
    """
    day = value.last_day if isinstance(value, Month) else value
    for era in reversed(tuple(eras().values())):
        if era.first_day <= day:
            text = f"{era.code}{day.year - era.first_year + 1:02d}{day.month:02d}"
            return text if isinstance(value, Month) else f"{text}{day.day:02d}"
    raise ValueError("before the first era")


def _digits(text: bytes | str) -> str:
    """Return the text if it is digits only, else nothing."""
    plain = text.decode("ascii", "replace") if isinstance(text, bytes) else text
    return plain if plain.isascii() and plain.isdigit() else ""


def _era(digits: str) -> Era | None:
    return eras().get(digits[0])


def _western_year(digits: str) -> int:
    """Return the year that opens a month or date."""
    year = int(digits[:4])
    if year not in _WESTERN_YEARS:
        raise ValueError("no year of a claim")
    return year


def _era_year(era: Era, digits: str) -> int:
    """Return the western year of an era year; years of an era count from 1."""
    if digits[1:3] == "00":
        raise ValueError("no year 0")
    return era.first_year + int(digits[1:3]) - 1
