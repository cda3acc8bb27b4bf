"""A month as a table: every day with its hours, and what happens on it (月間日程), for people to read and keep.

It says nothing that the calendar does not: windows are cut at midnight, so that a day shows its own hours, and an end
at 24:00 belongs to the day that it ends.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from seikyu.office.calendar import JST, Calendar, Span, Window
from seikyu.records import Month

_INSTANT: Final = timedelta(microseconds=1)


class Mark(StrEnum):
    """What happens on a day."""

    OPENS = "opens"
    DEADLINE = "deadline"
    AUTOMATIC = "automatic"
    EXTENDED = "extended"
    CORRECTIONS = "corrections"
    CLOSING = "closing"
    NOTICES = "notices"
    PAUSE = "pause"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happens.

    Shape: `on` is the day it is told of; `at` the instant, None for a whole day; `until` the last day, if it takes more
    than one. Of an extension `on` and `at` are the deadline that no longer holds.
    """

    mark: Mark
    on: date
    at: datetime | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Day:
    """One day. Shape: the spans of each line lie within it; `paused` if nothing opens by the calendar of the year."""

    on: date
    real: tuple[Span, ...]
    test: tuple[Span, ...]
    events: tuple[Event, ...]
    paused: bool


@dataclass(frozen=True, slots=True)
class MonthPlan:
    """A whole month. Shape: `always` if the real line never shuts, so that there are no windows to show."""

    month: Month
    always: bool
    days: tuple[Day, ...]
    events: tuple[Event, ...]


def plan_of(calendar: Calendar, month: Month) -> MonthPlan:
    """Return what a month is like under a calendar."""
    events = tuple(sorted(_events(calendar, month), key=lambda event: event.on))
    spans = {line: calendar.spans(month, line) for line in ("real", "test")}
    days = [month.first_day + timedelta(days=number) for number in range(month.days)]
    return MonthPlan(
        month=month,
        always=calendar.lines["real"].always,
        days=tuple(
            Day(
                day, _within(spans["real"], day), _within(spans["test"], day),
                tuple(event for event in events if event.on == day), _paused(calendar, day),
            )
            for day in days
        ),
        events=events,
    )  # fmt: skip


def _events(calendar: Calendar, month: Month) -> Iterator[Event]:
    spans = calendar.spans(month)
    if spans:
        yield Event(Mark.OPENS, spans[0].start.date(), spans[0].start)
    deadline, closing = calendar.deadline(month), calendar.closing_from(month)
    if deadline is not None and closing is not None:
        yield from _turns(calendar, month, deadline=deadline, closing=closing)
    if calendar.notices_day is not None:
        yield Event(Mark.NOTICES, date(month.year, month.month, calendar.notices_day))
    for pause in calendar.pauses:
        if pause.month == month.month:
            last = date(month.year, month.month, min(pause.last_day, month.days))
            yield Event(Mark.PAUSE, date(month.year, month.month, pause.first_day), until=last)


def _turns(calendar: Calendar, month: Month, *, deadline: datetime, closing: datetime) -> Iterator[Event]:
    ordinary = calendar.extended(()).deadline(month)
    if ordinary is not None and ordinary != deadline:
        yield Event(Mark.EXTENDED, _day_ended(ordinary), ordinary)
    yield Event(Mark.DEADLINE, _day_ended(deadline), deadline)
    yield Event(Mark.AUTOMATIC, _day_ended(deadline), deadline)
    correction = next((span for span in calendar.spans(month) if span.window is Window.CORRECTION), None)
    if correction is not None:
        yield Event(Mark.CORRECTIONS, correction.start.date(), correction.start)
    yield Event(Mark.CLOSING, _day_ended(closing), closing)


def _day_ended(instant: datetime) -> date:
    """Return the day that ends at an instant: the one before, if it is midnight."""
    return (instant.astimezone(JST) - _INSTANT).date()


def _within(spans: Sequence[Span], day: date) -> tuple[Span, ...]:
    start = datetime(day.year, day.month, day.day, tzinfo=JST)
    end = start + timedelta(days=1)
    cut = [Span(max(span.start, start), min(span.end, end), span.window) for span in spans]
    return tuple(span for span in cut if span.start < span.end)


def _paused(calendar: Calendar, day: date) -> bool:
    return any(pause.month == day.month and pause.first_day <= day.day <= pause.last_day for pause in calendar.pauses)
