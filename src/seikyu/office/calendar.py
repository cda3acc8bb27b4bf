"""When the office is open (処理月の日程): days and hours as data, instants in Japan time.

A processing month is the month in which claims of its own claim month (請求年月) are sent. On the real line three
things follow each other: regular sending to the deadline, corrections to the closing, then nothing until the next
month. All windows are half-open: 21:00:00 is closed when the hours end at 21:00.

An announced extension moves one month's deadline: the regular window then stays open without a break from the ordinary
deadline to the new one, and corrections begin after it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from enum import StrEnum
from importlib.resources import files
from itertools import pairwise
from tomllib import loads
from typing import Any, Final

from seikyu.office.errors import Closed
from seikyu.records import Month

#: Japan has one offset and no summer time since 1952, so no zone table has to be read.
JST: Final = timezone(timedelta(hours=9), "JST")

#: A calendar whose line opens in none of so many months on end is refused; so the search for an opening always ends.
SEARCH_MONTHS: Final = 13


class Window(StrEnum):
    """What kind of time it is."""

    REGULAR = "regular"
    CORRECTION = "correction"
    ALWAYS = "always"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Opening:
    """What a line of the office takes at one instant.

    Shape: `closes_at` ends the present window (None when closed or never closing); `next_opens_at` begins the next
    window (None only if the line is always open); `claim_months` None means any.
    """

    open: bool
    window: Window
    closes_at: datetime | None
    next_opens_at: datetime | None
    claim_months: frozenset[Month] | None


@dataclass(frozen=True, slots=True)
class Extension:
    """An announced extension (期限の延長) of one month's deadline.

    Shape: `until` is the new deadline, later than the ordinary one; `closing`, if given, the new end of corrections.
    Both lie in the month.
    """

    month: Month
    until: datetime
    closing: datetime | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """One window: open from `start`, closed again at `end`."""

    start: datetime
    end: datetime
    window: Window


@dataclass(frozen=True, slots=True)
class Hours:
    """Hours on a run of days. Shape: `last_day` 31 means the end of the month; times count from midnight."""

    first_day: int
    last_day: int
    opens: timedelta
    closes: timedelta
    window: Window


@dataclass(frozen=True, slots=True)
class LineHours:
    """One line's hours.

    Shape: `binding` if what is confirmed there is a claim, so that deadlines and extensions concern it; `claim_months`
    are offsets from the month of the day, None for any.
    """

    always: bool
    binding: bool
    claim_months: tuple[int, ...] | None
    hours: tuple[Hours, ...]


@dataclass(frozen=True, slots=True)
class Turns:
    """The turns of a month: end of regular sending (請求期限), end of corrections. Shape: day, time from midnight."""

    deadline: tuple[int, timedelta]
    closing: tuple[int, timedelta]


@dataclass(frozen=True, slots=True)
class Pause:
    """Days of one month of the year on which nothing opens."""

    month: int
    first_day: int
    last_day: int


@dataclass(frozen=True, slots=True)
class Calendar:
    """One office's calendar: what is open, and when things happen by themselves.

    Shape: `notices_day` is the day of the month by which a notice (届出) is to be filed, None where nobody asks.
    """

    name: str
    ja: str
    lines: Mapping[str, LineHours]
    turns: Turns | None
    pauses: tuple[Pause, ...] = ()
    extensions: tuple[Extension, ...] = ()
    notices_day: int | None = None

    def at(self, now: datetime, line: str = "real") -> Opening:
        """Return what `line` takes at `now`.

        Errors: KeyError for a line the calendar does not have; ValueError for a naive `now` (both are bugs).
        """
        now = _in_japan(now)
        hours = self.lines[line]
        months = _claim_months(hours, _month_of(now))
        if hours.always:
            return Opening(open=True, window=Window.ALWAYS, closes_at=None, next_opens_at=None, claim_months=months)
        here = next((span for span in self.spans(_month_of(now), line) if span.start <= now < span.end), None)
        return Opening(
            open=here is not None,
            window=here.window if here else Window.CLOSED,
            closes_at=here.end if here else None,
            next_opens_at=self.next_opening(now, line),
            claim_months=months,
        )

    def require_open(self, now: datetime, line: str = "real") -> Opening:
        """Return the opening at `now`.

        Errors: Closed, which tells the next opening.
        """
        opening = self.at(now, line)
        if not opening.open:
            raise Closed(self.next_opening(now, line), line)
        return opening

    def next_opening(self, now: datetime, line: str = "real") -> datetime:
        """Return when the next window after `now` begins; `now` itself if the line is always open."""
        now = _in_japan(now)
        if self.lines[line].always:
            return now
        ahead = (span for n in range(SEARCH_MONTHS) for span in self.spans(_month_of(now).plus(n), line))
        return next(span.start for span in ahead if span.start > now)

    def deadline(self, month: Month) -> datetime | None:
        """Return the instant at which regular sending of `month` ends; None in a calendar without deadlines."""
        if self.turns is None:
            return None
        extension = self._extension(month)
        return extension.until if extension else _instant(month, *self.turns.deadline)

    def closing_from(self, month: Month) -> datetime | None:
        """Return the instant from which `month` may be closed; None in a calendar that is only closed by hand."""
        if self.turns is None:
            return None
        extension = self._extension(month)
        ordinary = _instant(month, *self.turns.closing)
        return max(ordinary, extension.until, extension.closing or ordinary) if extension else ordinary

    def decided_by(self, month: Month, *, received_at: datetime, line: str = "real") -> datetime | None:
        """Return when a sending of `month` that nobody decides is decided by itself; None for never.

        What came before the deadline is decided at the deadline, what came as a correction at the closing.
        """
        deadline = self.deadline(month)
        if deadline is None or not self.lines[line].binding:
            return None
        return deadline if received_at < deadline else self.closing_from(month)

    def extended(self, extensions: Iterable[Extension]) -> "Calendar":
        """Return the calendar with these extensions and no others.

        Errors: ValueError, if one shortens or leaves its month, a month has two, or the calendar has no deadline.
        """
        new = tuple(extensions)
        for extension in new:
            self._check(extension)
        if len({extension.month for extension in new}) != len(new):
            raise ValueError("a month has two extensions")
        return replace(self, extensions=new)

    def spans(self, month: Month, line: str = "real") -> list[Span]:
        """Return the windows of a month in order; no two share an instant. A line that is always open has none."""
        hours = self.lines[line]
        spans = [
            Span(_instant(month, day, row.opens), _instant(month, day, row.closes), row.window)
            for row in hours.hours
            for day in range(row.first_day, min(row.last_day, month.days) + 1)
            if not any(p.month == month.month and p.first_day <= day <= p.last_day for p in self.pauses)
        ]
        extension = self._extension(month)
        if extension and self.turns and hours.binding:
            spans = _stretched(spans, extension, turns=self.turns)
        return sorted(spans, key=lambda span: span.start)

    def _check(self, extension: Extension) -> None:
        if self.turns is None:
            raise ValueError(f"the calendar {self.name} has no deadline to extend")
        month_end = _instant(extension.month.plus(1), 1, timedelta())
        ordinary = _instant(extension.month, *self.turns.deadline)
        if not ordinary < _in_japan(extension.until) <= month_end:
            raise ValueError(f"{extension.until} is no later deadline of {extension.month}")
        if extension.closing and not extension.until <= _in_japan(extension.closing) <= month_end:
            raise ValueError(f"{extension.closing} is no closing of {extension.month}")

    def _extension(self, month: Month) -> Extension | None:
        return next((extension for extension in self.extensions if extension.month == month), None)


def load_calendar(name: str, extensions: Iterable[Extension] = ()) -> Calendar:
    """Return one of our own calendars, `national` or `sandbox`, with its announced extensions.

    Errors: ValueError for a name there is no calendar of, or an extension that does not fit.
    """
    source = files("seikyu.office") / "calendars" / f"{name}.toml"
    if not name.isalpha() or not source.is_file():
        raise ValueError(f"there is no calendar {name!r}")
    return parse_calendar(source.read_text(encoding="utf-8")).extended(extensions)


def parse_calendar(text: str) -> Calendar:
    """Return the calendar that a TOML text describes (the form is that of `calendars/national.toml`).

    Errors: ValueError, if something is missing or misspelt, windows overlap, or a line does not open for a whole year.
    """
    document = loads(text)
    try:
        calendar = _calendar(document)
    except (KeyError, TypeError, AttributeError) as reason:
        raise ValueError(f"a calendar lacks or misspells {reason}") from None
    for line, hours in calendar.lines.items():
        if not hours.always:
            _check_hours(calendar, line)
    return calendar


def _calendar(document: Mapping[str, Any]) -> Calendar:
    turns = None
    if "deadline" in document:
        turns = Turns(*((document[key]["day"], _time(document[key]["at"])) for key in ("deadline", "closing")))
    return Calendar(
        name=document["name"],
        ja=document["ja"],
        lines={name: _line(row) for name, row in document["lines"].items()},
        turns=turns,
        pauses=tuple(Pause(row["month"], *_days(row["days"])) for row in document.get("pauses", ())),
        notices_day=document["notices"]["day"] if "notices" in document else None,
    )


def _line(row: Mapping[str, Any]) -> LineHours:
    months = row.get("claim_months")
    return LineHours(
        always=row.get("always", False),
        binding=row["binding"],
        claim_months=None if months is None else tuple(months),
        hours=tuple(
            Hours(*_days(hours["days"]), _time(hours["from"]), _time(hours["until"]), Window(hours["window"]))
            for hours in row.get("hours", ())
        ),
    )


def _check_hours(calendar: Calendar, line: str) -> None:
    """Windows must follow each other, and there must be one every year, also in one without a 29 February."""
    months = [Month(2023, 1).plus(n) for n in range(SEARCH_MONTHS - 1)]
    spans = [span for month in months for span in calendar.spans(month, line)]
    if not spans:
        raise ValueError(f"the line {line} never opens")
    if any(span.end <= span.start for span in spans) or any(a.end > b.start for a, b in pairwise(spans)):
        raise ValueError(f"windows of the line {line} overlap or end before they begin")


def _stretched(spans: list[Span], extension: Extension, *, turns: Turns) -> list[Span]:
    """Return the windows of a month whose deadline moved: regular first, what is left of corrections after it."""
    deadline, closing = _instant(extension.month, *turns.deadline), _instant(extension.month, *turns.closing)
    regular = [span for span in spans if span.window is Window.REGULAR]
    later = [span for span in spans if span.window is not Window.REGULAR]
    if extension.closing:
        later.append(Span(closing, extension.closing, Window.CORRECTION))
    cut = [replace(span, start=max(span.start, extension.until)) for span in later]
    return [
        *regular,
        Span(deadline, extension.until, Window.REGULAR),
        *(span for span in cut if span.start < span.end),
    ]


def _claim_months(hours: LineHours, month: Month) -> frozenset[Month] | None:
    return None if hours.claim_months is None else frozenset(month.plus(offset) for offset in hours.claim_months)


def _in_japan(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise ValueError("an instant without its offset says nothing")
    return instant.astimezone(JST)


def _month_of(instant: datetime) -> Month:
    return Month(instant.year, instant.month)


def _instant(month: Month, day: int, since_midnight: timedelta) -> datetime:
    return datetime(month.year, month.month, day, tzinfo=JST) + since_midnight


def _time(text: str) -> timedelta:
    hours, minutes = text.split(":")
    return timedelta(hours=int(hours), minutes=int(minutes))


def _days(text: str) -> tuple[int, int]:
    first, last = text.split("-")
    return int(first), 31 if last == "end" else int(last)
