"""The month as a table: every day's hours, and what happens on it."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seikyu.office.calendar import JST, Calendar, Extension, Window, load_calendar
from seikyu.office.month_plan import Mark, MonthPlan, plan_of
from seikyu.records import Month

NATIONAL = load_calendar("national")
NOVEMBER = Month(2026, 11)


def at(day: int, hour: int, month: int = 11) -> datetime:
    """Return an instant of 2026."""
    return datetime(2026, month, day, tzinfo=JST) + timedelta(hours=hour)


def told(plan: MonthPlan) -> dict[str, tuple[date, datetime | None]]:
    """Return the events by their mark."""
    return {event.mark.value: (event.on, event.at) for event in plan.events}


def test_an_ordinary_month_has_its_turns_on_their_days() -> None:
    """The deadline is the midnight that ends the 10th and is told of on the 10th."""
    assert {
        "opens": (date(2026, 11, 5), at(5, 8)),
        "deadline": (date(2026, 11, 10), at(10, 24)),
        "automatic": (date(2026, 11, 10), at(10, 24)),
        "corrections": (date(2026, 11, 11), at(11, 8)),
        "closing": (date(2026, 11, 12), at(12, 21)),
        "notices": (date(2026, 11, 20), None),
    } == told(plan_of(NATIONAL, NOVEMBER))


def test_each_day_has_its_own_hours() -> None:
    """On both lines; the 4th has none, and nothing is a pause in November."""
    days = {day.on.day: day for day in plan_of(NATIONAL, NOVEMBER).days}

    assert 30 == len(days)
    assert ((), ()) == (days[4].real, days[4].test)
    assert [(at(7, 8), at(7, 21))] == [(span.start, span.end) for span in days[7].real]
    assert [(at(9, 8), at(9, 24))] == [(span.start, span.end) for span in days[9].real]
    assert [(at(9, 8), at(9, 21))] == [(span.start, span.end) for span in days[9].test]
    assert [Window.CORRECTION] == [span.window for span in days[12].real]
    assert [Mark.DEADLINE, Mark.AUTOMATIC] == [event.mark for event in days[10].events]
    assert not any(day.paused for day in days.values())


def test_an_extension_is_told_and_its_window_has_no_seam() -> None:
    """The old deadline says that it no longer holds; the night is open; corrections begin after the new one."""
    plan = plan_of(NATIONAL.extended([Extension(NOVEMBER, at(11, 12))]), NOVEMBER)
    days = {day.on.day: day for day in plan.days}

    assert (date(2026, 11, 10), at(10, 24)) == told(plan)["extended"]
    assert (date(2026, 11, 11), at(11, 12)) == told(plan)["deadline"]
    assert [(at(11, 0), at(11, 12)), (at(11, 12), at(11, 21))] == [(s.start, s.end) for s in days[11].real]
    assert [Window.REGULAR, Window.CORRECTION] == [span.window for span in days[11].real]


def test_an_extension_over_the_days_of_corrections_leaves_no_corrections() -> None:
    """Then nothing begins that would end at once."""
    extended = NATIONAL.extended([Extension(NOVEMBER, at(13, 0))])

    plan = plan_of(extended, NOVEMBER)

    assert "corrections" not in told(plan)
    assert [(at(12, 0), at(12, 24))] == [(s.start, s.end) for day in plan.days for s in day.real if day.on.day == 12]


def test_december_has_a_pause() -> None:
    """From the 29th to the end, on both lines."""
    plan = plan_of(NATIONAL, Month(2026, 12))
    pause = next(event for event in plan.events if event.mark is Mark.PAUSE)

    assert (date(2026, 12, 29), None, date(2026, 12, 31)) == (pause.on, pause.at, pause.until)
    assert [29, 30, 31] == [day.on.day for day in plan.days if day.paused]
    assert not any(day.test for day in plan.days if day.paused)


def test_a_sandbox_has_no_windows_and_no_turns() -> None:
    """It says that it is always open."""
    plan = plan_of(load_calendar("sandbox"), NOVEMBER)

    assert (True, ()) == (plan.always, plan.events)
    assert not any(day.real or day.test for day in plan.days)


@given(
    hours=st.integers(1, 19 * 24), month=st.integers(1, 12), line=st.sampled_from(["real", "test"]),
    minute=st.integers(0, 28 * 24 * 60 - 1),
)  # fmt: skip
def test_the_table_says_what_the_calendar_says(hours: int, month: int, line: str, minute: int) -> None:
    """Whatever is extended, an instant is open in the table exactly when it is open at the desk."""
    chosen = Month(2026, month)
    until = datetime(2026, month, 11, tzinfo=JST) + timedelta(hours=hours)
    calendar: Calendar = NATIONAL
    if until <= datetime(2026, month, chosen.days, tzinfo=JST):
        calendar = NATIONAL.extended([Extension(chosen, until)])
    instant = datetime(2026, month, 1, tzinfo=JST) + timedelta(minutes=minute)

    day = plan_of(calendar, chosen).days[instant.day - 1]

    spans = day.real if line == "real" else day.test
    opening = calendar.at(instant, line)
    inside = [span.window for span in spans if span.start <= instant < span.end]
    assert ([opening.window] if opening.open else []) == inside


@pytest.mark.parametrize("mark", list(Mark))
def test_every_mark_is_met(mark: Mark) -> None:
    """By some month of some calendar, so that no text of it is dead."""
    extended = NATIONAL.extended([Extension(Month(2026, 12), at(11, 12, 12))])

    assert mark in {event.mark for event in plan_of(extended, Month(2026, 12)).events}
