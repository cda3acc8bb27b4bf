"""How the payers' pages name months, bodies, kinds and hands."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from seikyu.apps.pages.visit import Visit
from seikyu.apps.words import Language, say
from seikyu.office.bodies import bodies
from seikyu.records import Month

_JAPAN: Final = ZoneInfo("Asia/Tokyo")


def office_month(now: datetime) -> Month:
    """Return the month that it is in Japan."""
    here = now.astimezone(_JAPAN)
    return Month(here.year, here.month)


def body_name(visit: Visit, body: str) -> str:
    """Return what a review body is called."""
    today = visit.office.clock.now().date()
    known = {each.id: each for each in bodies(today, test=True)}
    return visit.label(known[body]) if body in known else body


def kind_name(lang: Language, kind: str) -> str:
    """Return what a kind of claims is called."""
    return say(f"check.kinds.{kind}", lang)


def delivery_label(visit: Visit, item: Mapping[str, Any]) -> str:
    """Return a delivery in a few words: body, kind, and the volume if it is not the only one or the first."""
    return visit.say(
        "pages.payer.label",
        body=body_name(visit, item["body"]),
        kind=kind_name(visit.lang, item["kind"]),
        volume=item["volume"],
    )


def hand_said(visit: Visit, step: Mapping[str, Any]) -> str:
    """Return who did a step: a person at a terminal, or a program with its certificate."""
    key = "pages.payer.by_person" if step["user"] else "pages.payer.by_program"
    return visit.say(key, user=step["user"], terminal=step["terminal"] or "-", serial=step["serial"] or "-")
