"""How busy it is (`/status`, `/status.json`): the present wait, the expected one, the last days, and incidents."""

from datetime import datetime
from functools import partial
from typing import Any, Final

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from seikyu.apps.pages.frame import size
from seikyu.apps.pages.visit import Pages, Visit
from seikyu.apps.status_told import (
    CHART_DAYS,
    Outlook,
    by_day,
    by_hour,
    chart,
    incident_told,
    wait_of_ms,
    wait_said,
)
from seikyu.limits import MIB

_MOST_MIB: Final = 4096
_MOST_DAYS: Final = 31
_WAITS: Final = ("p50_ms", "p95_ms", "longest_ms")


def busy_routes(pages: Pages) -> list[Route]:
    """Return the routes of a face."""
    kept = Outlook(pages.office)
    own = [pages.route("/status", partial(show_status, kept=kept), login=False)]
    if pages.face == "public":
        own.append(pages.route("/status.json", partial(tell_status, kept=kept), login=False))
    return own


def tell_status(visit: Visit, *, kept: Outlook) -> Response:
    """Tell it to a program: `?size_bytes=` asks for a file of that size, `?days=` for so many days."""
    asked = visit.request.query_params
    size_bytes = _number(asked.get("size_bytes", ""), most=_MOST_MIB * MIB)
    days = _number(asked.get("days", ""), most=_MOST_DAYS) or 1
    return JSONResponse(kept.told(size_bytes=size_bytes, days=days), headers={"Cache-Control": "no-cache"})


def show_status(visit: Visit, *, kept: Outlook) -> Response:
    """Show it to people."""
    mib = _number(visit.request.query_params.get("size_mb", ""), most=_MOST_MIB)
    told = kept.told(size_bytes=None if mib is None else mib * MIB, days=CHART_DAYS)
    lang, now = visit.lang, datetime.fromisoformat(told["at"])
    today = now.strftime("%Y-%m-%d")
    hours = [
        row for row in by_hour(told["history"]) if row["at"].startswith(today) and (row["arrivals"] or row["busy"])
    ]
    return visit.show(
        "public/status.html",
        told=told,
        level=told["level"],
        size_mb=mib,
        forecast=_forecast(visit, told["forecast"]),
        oldest=wait_said(told["queue"]["oldest_s"], lang) if told["queue"]["sendings"] else "-",
        waiting=size(told["queue"]["size_bytes"]),
        days=[_row(visit, row) for row in by_day(told["history"])],
        hours=[_row(visit, {**row, "at": row["at"][-5:]}) for row in hours],
        chart=chart(told["history"], now),
        most_wait=wait_of_ms(chart(told["history"], now)["most_ms"], lang),
        going_on=[incident_told(each, lang) for each in told["incidents"]["going_on"]],
        past=[incident_told(each, lang) for each in told["incidents"]["past"]],
    )


def _forecast(visit: Visit, told: dict[str, Any] | None) -> dict[str, str] | None:
    if told is None:
        return None
    waits = {name: wait_said(told[f"{name}_s"], visit.lang) for name in ("expected", "least", "most")}
    return {**waits, "size": size(told["size_bytes"])}


def _row(visit: Visit, row: dict[str, Any]) -> dict[str, Any]:
    waits = {name: wait_of_ms(row[name], visit.lang) for name in _WAITS}
    return {**row, **waits, "data": size(row["arrived_bytes"])}


def _number(text: str, *, most: int) -> int | None:
    """Return a number that stood in an address; None for none, and for what is no number or too large."""
    if not text.isascii() or not text.isdigit() or len(text) > len(str(most)):
        return None
    return int(text) if 0 < int(text) <= most else None
