"""The calendar of a month: on a page that prints well, for programs, and for people's own calendars (iCalendar)."""

from datetime import datetime
from typing import Any, Final

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from seikyu.apps.dates import day_said, end_said, era_day_said, month_said, time_said, until_said, weekday
from seikyu.apps.pages.public.ical import Entry, icalendar
from seikyu.apps.pages.public.told import news_lines, open_now
from seikyu.apps.pages.public.tools import shown
from seikyu.apps.pages.visit import Pages, Visit
from seikyu.apps.words import Language, say
from seikyu.office.calendar import JST, Calendar, Span
from seikyu.office.month_plan import Day, Event, Mark, MonthPlan, plan_of
from seikyu.ports.errors import BadRequest
from seikyu.records import Month
from seikyu.services.office import LINES, TEST, Office

#: Months that are shown: those in which the rules of our calendars hold.
_FIRST: Final = Month(2020, 1)
_LAST: Final = Month(2099, 12)
_SATURDAY: Final = 5

#: Ends of something are told by the day that they end, in 24 hours.
_ENDS: Final = {Mark.DEADLINE, Mark.AUTOMATIC, Mark.CLOSING, Mark.EXTENDED}
_TAGS: Final = {Mark.DEADLINE: "bad", Mark.AUTOMATIC: "warn", Mark.CLOSING: "warn", Mark.EXTENDED: "warn",
                Mark.PAUSE: "warn", Mark.NOTICES: "busy", Mark.OPENS: "good", Mark.CORRECTIONS: "good"}  # fmt: skip


def calendar_routes(pages: Pages) -> list[Route]:
    """Return the routes of a face."""
    return [
        pages.route("/calendar", show_month, login=False),
        pages.route("/calendar.json", tell_month, login=False),
        pages.route("/calendar.ics", give_month, login=False),
    ]


def show_month(visit: Visit) -> Response:
    """Show a month day by day. Errors: BadRequest."""
    month, office = _month(visit), visit.office
    plan = plan_of(office.calendar(), month)
    now = office.clock.now().astimezone(JST)
    before, after = month.plus(-1), month.plus(1)
    return visit.show(
        "public/calendar.html", month=month_said(month, visit.lang), this=Month(now.year, now.month) == month,
        address=_address(month), before=_address(before) if int(before) >= int(_FIRST) else "",
        after=_address(after) if int(after) <= int(_LAST) else "",
        before_said=month_said(before, visit.lang), after_said=month_said(after, visit.lang), always=plan.always,
        opening=open_now(visit), test_opening=open_now(visit, TEST), today=now.date(),
        days=[_day(visit.lang, each) for each in plan.days],
        events=[_event(visit.lang, each, plan) for each in plan.events],
        news=[each for each in news_lines(visit) if each["importance"] != "normal"],
        tools=shown(visit, ("sendings", "status", "faq", "notices")), extended=_extended(office.calendar(), month),
        extended_until=_extended_until(office.calendar(), month, visit.lang),
    )  # fmt: skip


def tell_month(visit: Visit) -> Response:
    """Tell the same to a program. Errors: BadRequest."""
    return JSONResponse(calendar_on_wire(visit.office, _month(visit)), headers={"Cache-Control": "no-cache"})


def give_month(visit: Visit) -> Response:
    """Give the month, and the one after it, for people's own calendars. Errors: BadRequest."""
    month, calendar = _month(visit), visit.office.calendar()
    host = visit.request.headers.get("host", "").partition(":")[0] or "seikyu"
    entries = [entry for each in (month, month.plus(1)) for entry in _entries(visit.lang, plan_of(calendar, each))]
    text = icalendar(entries, name=visit.say("pages.site.calendar.ics_name"), host=host, stamp=visit.office.clock.now())
    headers = {"Content-Disposition": f'attachment; filename="seikyu-{month}.ics"', "Cache-Control": "no-cache"}
    return Response(text, 200, headers, "text/calendar; charset=utf-8")


def calendar_on_wire(office: Office, month: Month) -> dict[str, Any]:
    """Return a month for programs: what is open now, every day's windows, and what happens."""
    calendar, now = office.calendar(), office.clock.now()
    plan = plan_of(calendar, month)
    return {
        "month": str(month),
        "calendar": calendar.name,
        "now": now.isoformat(),
        "always": plan.always,
        "lines": {line: _opening_on_wire(calendar, now, line) for line in LINES},
        "deadline": _iso(calendar.deadline(month)),
        "closing": _iso(calendar.closing_from(month)),
        "extended": _extended(calendar, month),
        "events": [
            {"mark": each.mark.value, "on": each.on.isoformat(), "at": _iso(each.at),
             "until": each.until.isoformat() if each.until else None}
            for each in plan.events
        ],
        "days": [
            {"on": each.on.isoformat(), "paused": each.paused, "real": _spans(each.real), "test": _spans(each.test)}
            for each in plan.days
        ],
    }  # fmt: skip


def asked_month(text: str, office: Office) -> Month:
    """Return the month that an address asks for, this one without. Shape: YYYY-MM or YYYYMM. Errors: BadRequest."""
    now = office.clock.now().astimezone(JST)
    try:
        month = Month.parse(text) if text else Month(now.year, now.month)
    except ValueError:
        raise BadRequest("a month is YYYY-MM", parameter="month") from None
    if not int(_FIRST) <= int(month) <= int(_LAST):
        raise BadRequest("that month is too far away", parameter="month")
    return month


def _month(visit: Visit) -> Month:
    return asked_month(visit.request.query_params.get("month", ""), visit.office)


def _address(month: Month) -> str:
    return f"{month.year:04d}-{month.month:02d}"


def _day(lang: Language, day: Day) -> dict[str, Any]:
    return {
        "on": day.on,
        "no": str(day.on.day),
        "weekday": weekday(day.on, lang),
        "weekend": day.on.weekday() >= _SATURDAY,
        "real": [
            {"hours": _hours(each), "kind": say(f"pages.site.window.{each.window.value}", lang)} for each in day.real
        ],
        "test": [_hours(each) for each in day.test],
        "paused": day.paused,
        "events": [
            {"text": say(f"pages.site.mark.{each.mark.value}", lang), "tag": _TAGS[each.mark]} for each in day.events
        ],
    }


def _hours(span: Span) -> str:
    return f"{time_said(span.start)}–{end_said(span.end)}"


def _event(lang: Language, event: Event, plan: MonthPlan) -> dict[str, str]:
    del plan
    return {
        "title": say(f"pages.site.mark.{event.mark.value}", lang),
        "when": _when(lang, event),
        "about": say(f"pages.site.about.{event.mark.value}", lang),
        "tag": _TAGS[event.mark],
    }


def _when(lang: Language, event: Event) -> str:
    if event.at is None:
        last = f"–{day_said(event.until, lang)}" if event.until else ""
        return f"{era_day_said(event.on, lang)}{last}"
    between = "" if lang == "ja" else ", "
    told = end_said(event.at) if event.mark in _ENDS else time_said(event.at)
    return f"{era_day_said(event.on, lang)}{between}{told}"


def _extended(calendar: Calendar, month: Month) -> bool:
    return any(each.month == month for each in calendar.extensions)


def _extended_until(calendar: Calendar, month: Month, lang: Language) -> str:
    deadline = calendar.deadline(month)
    return until_said(deadline, lang) if deadline and _extended(calendar, month) else ""


def _entries(lang: Language, plan: MonthPlan) -> list[Entry]:
    """Return a month as entries of a calendar: its windows day by day, and what happens."""
    windows = [
        Entry(
            f"{span.start:%Y%m%dT%H%M}-{span.window.value}", say(f"pages.site.window.{span.window.value}", lang),
            start=span.start, end=span.end,
        )
        for day in plan.days
        for span in day.real
    ]  # fmt: skip
    events = [
        Entry(
            f"{event.on:%Y%m%d}-{event.mark.value}", say(f"pages.site.mark.{event.mark.value}", lang),
            about=say(f"pages.site.about.{event.mark.value}", lang), start=event.at, end=event.at, on=event.on,
            until=event.until,
        )
        for event in plan.events
        if event.mark is not Mark.OPENS
    ]  # fmt: skip
    return [*windows, *events]


def _opening_on_wire(calendar: Calendar, now: datetime, line: str) -> dict[str, Any]:
    opening = calendar.at(now, line)
    return {
        "open": opening.open,
        "window": opening.window.value,
        "closes_at": _iso(opening.closes_at),
        "next_opens_at": _iso(opening.next_opens_at),
    }


def _spans(spans: tuple[Span, ...]) -> list[dict[str, str]]:
    return [
        {"from": each.start.isoformat(), "until": each.end.isoformat(), "window": each.window.value} for each in spans
    ]


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
