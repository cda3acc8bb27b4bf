"""The pages of prefectures: which review body is where, and what is known of its office, with where that is from."""

from datetime import date
from typing import Any, Final

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from seikyu.apps.dates import era_day_said
from seikyu.apps.pages.public.tools import shown
from seikyu.apps.pages.visit import Pages, Visit
from seikyu.office.prefectures import columns, confidences
from seikyu.services.office import Office
from seikyu.services.prefectures import FACTS, in_force, list_prefectures, show_prefecture
from seikyu.trust.notices import JAPAN

#: What a page of one body shows as a list of facts; where they are from stands below.
_SHOWN: Final = tuple(name for name in FACTS if name not in {"source", "confidence", "checked_on"})


def prefecture_routes(pages: Pages) -> list[Route]:
    """Return the routes of a face."""
    own = [
        pages.route("/prefectures", show_all, login=False),
        pages.route("/prefectures/{number}", show_one, login=False),
    ]
    if pages.face == "public":
        own.append(pages.route("/prefectures.json", tell_all, login=False))
    return own


def show_all(visit: Visit) -> Response:
    """Show every review body, and of which something is known."""
    day = today(visit.office)
    rows = list_prefectures(visit.office.prefectures, day)
    return visit.show(
        "public/prefectures.html",
        items=[{**each, "name": _name(visit, each), "path": f"/prefectures/{each['number']}"} for each in rows],
        heads=_heads(visit), **_table(visit, day),
    )  # fmt: skip


def show_one(visit: Visit) -> Response:
    """Show what is known of one body's office. Errors: NotFound."""
    day = today(visit.office)
    row = show_prefecture(visit.office.prefectures, day, visit.request.path_params["number"])
    confidence = confidences()[row["confidence"]][visit.lang] if row["known"] else ""
    checked = era_day_said(date.fromisoformat(row["checked_on"]), visit.lang) if row["known"] else ""
    return visit.show(
        "public/prefecture.html", row=row, name=_name(visit, row), facts=_SHOWN, heads=_heads(visit),
        confidence=confidence, checked=checked, tools=shown(visit, ("contact", "forms", "calendar", "faq")),
        **_table(visit, day),
    )  # fmt: skip


def tell_all(visit: Visit) -> Response:
    """Tell the same to a program."""
    return JSONResponse(prefectures_on_wire(visit.office), headers={"Cache-Control": "no-cache"})


def prefectures_on_wire(office: Office) -> dict[str, Any]:
    """Return every body with what is known of it, and which table that is, for programs."""
    day = today(office)
    held = in_force(office.prefectures, day).taken_in
    return {
        "on": day.isoformat(),
        "own_table": held is not None,
        "from": held.from_on.isoformat() if held else None,
        "items": list_prefectures(office.prefectures, day),
    }


def today(office: Office) -> date:
    """Return the real day in Japan, by which tables hold."""
    return office.real_now().astimezone(JAPAN).date()


def _table(visit: Visit, day: date) -> dict[str, str]:
    held = in_force(visit.office.prefectures, day).taken_in
    return {"since": era_day_said(held.from_on, visit.lang) if held else ""}


def _heads(visit: Visit) -> dict[str, str]:
    return {name: str(row[visit.lang]) for name, row in columns().items()}


def _name(visit: Visit, row: dict[str, Any]) -> str:
    return str(row["name_ja"] if visit.lang == "ja" else row["name_en"])
