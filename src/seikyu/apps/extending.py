"""Announcing an extension of a month's deadline (期限の延長): the calendar moves, and everybody is told why.

The remedy for our own slowness is an announced extension: a sending counts when it is recorded, so whoever could not be
recorded in time because of us needs a later deadline that everybody knows of. It holds from the commit on, which
receiving, deciding and closing all ask; its words stand with the calendar in the same transaction. The announcement
(お知らせ) follows; the same act again announces what a kill in between left out, and nothing twice.
"""

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final

from seikyu.apps.calendars import SETTING, extension_on_wire, put_calendar
from seikyu.apps.words import Language, say
from seikyu.office.announcing import Draft
from seikyu.office.calendar import JST, Calendar, Extension
from seikyu.ports.errors import BadRequest
from seikyu.ports.store import WriteTx
from seikyu.records import Month
from seikyu.services import announcements, events
from seikyu.services.errors import AlreadyClosed
from seikyu.services.office import REAL, Office
from seikyu.services.staff import Staff, journal, reason_of
from seikyu.trust.notices import midnight
from seikyu.trust.people import OFFICE

#: Announces title and text in both languages, once; returns the id of the announcement.
Publish = Callable[[Office, Staff, dict[str, str], dict[str, str]], str | None]

_LANGUAGES: Final[tuple[Language, ...]] = ("ja", "en")

#: Where the words of the extension stand, for every page that shows the calendar.
NOTICE: Final = "extension_notice"


def announced(office: Office, staff: Staff, title: dict[str, str], text: dict[str, str]) -> str | None:
    """Announce an extension to everybody, and return the id of the announcement; of what holds already, its id."""
    return announce(office, title, text, by=staff.person.name)


def announce(office: Office, title: dict[str, str], text: dict[str, str], *, by: str) -> str:
    """Announce an extension to everybody until the present month is over; said again, it is the same announcement."""
    now = office.clock.now().astimezone(JST)
    draft = Draft(
        title_ja=title["ja"],
        body_ja=text["ja"],
        title_en=title["en"],
        body_en=text["en"],
        kind="calendar",
        importance="urgent",
        until=midnight(Month.of(now.date()).plus(1).first_day),
    )
    return announcements.publish(office, draft, by=by).announcement.id


def notice_of(office: Office) -> dict[str, Any] | None:
    """Return the notice of the extension that holds, for pages that show the calendar."""
    with office.store.read() as tx:
        kept = json.loads(tx.setting(NOTICE) or "null")
    return kept if kept and office.calendar().extensions else None


def extend(
    office: Office,
    staff: Staff,
    *,
    month: str,
    until: datetime,
    closing: datetime | None,
    reason: str,
    publish: Publish = announced,
) -> dict[str, Any]:
    """Move a month's deadline and tell everybody; return the extension.

    Shape: `reason` is public. An extension of the same month takes the place of the one before.
    Errors: NotPermitted, ReasonNeeded, BadRequest (no later deadline of its month), AlreadyClosed; nothing changes.
    """
    staff.demand(OFFICE)
    text = reason_of(reason)
    try:
        wanted = Extension(Month.parse(month), until, closing)
    except ValueError:
        raise BadRequest("a month is YYYYMM", parameter="month") from None
    if until.tzinfo is None or (closing is not None and closing.tzinfo is None):
        raise BadRequest("an instant says its offset", parameter="until")
    with office.store.write() as tx:
        present = office.calendar()
        closed = [row.body for row in tx.months() if (row.month, row.line, row.state) == (month, REAL, "closed")]
        if closed:
            raise AlreadyClosed("the month is closed at a body already", body=closed[0], month=month)
        others = [each for each in present.extensions if each.month != wanted.month]
        extended = put_calendar(tx, _name(tx, present), [*others, wanted])
        title, told = make_known(tx, office, extended, wanted, reason=text)
        journal(tx, office, staff, "extend_month", body="", subject=month, until=until.isoformat(), reason=text)
    office.tell("month_extended", month=month, until=until.isoformat())
    announcement = publish(office, staff, title, told)
    return {**extension_on_wire(wanted), "announcement": announcement, "title": title, "text": told}


def make_known(
    tx: WriteTx, office: Office, calendar: Calendar, extension: Extension, *, reason: str = ""
) -> tuple[dict[str, str], dict[str, str]]:
    """Put the words of an extension beside the calendar and tell programs; return title and text in both languages."""
    facts = {
        "month": extension.month,
        "until": extension.until,
        "closing": calendar.closing_from(extension.month),
        "reason": reason,
    }
    which = "text" if reason else "plain"
    title: dict[str, str] = {lang: say("operator.extension.title", lang, **facts) for lang in _LANGUAGES}
    told: dict[str, str] = {lang: say(f"operator.extension.{which}", lang, **facts) for lang in _LANGUAGES}
    tx.put_setting(NOTICE, json.dumps({"at": office.clock.now().isoformat(), "title": title, "text": told}))
    month, until = str(extension.month), extension.until.isoformat()
    events.note_public(tx, office, events.What.MONTH_EXTENDED, subject=month, until=until)
    return title, told


def extensions_now(calendar: Calendar) -> Sequence[dict[str, str | None]]:
    """Return the extensions that are announced."""
    return [extension_on_wire(each) for each in calendar.extensions]


def _name(tx: WriteTx, present: Calendar) -> str:
    """Return by which name the present calendar is put in force again."""
    told = json.loads(tx.setting(SETTING) or "{}")
    return str(told.get("name", present.name))
