"""The operator's desk: how the office stands today, sendings looked for, and one sending's way. Counts and shapes."""

from dataclasses import asdict
from typing import Any, Final
from urllib.parse import urlencode

from starlette.responses import Response
from starlette.routing import Route

from seikyu.adapters.clock import SystemClock
from seikyu.apps.pages.operator.parts import PAGE, READ, acting, asked, id_of, kind_said, prefectures, state_said
from seikyu.apps.pages.visit import Pages, Visit
from seikyu.apps.words import has
from seikyu.office.balance_text import reason_text
from seikyu.office.sending import State
from seikyu.ports.operating import SendingQuery
from seikyu.services import overlook, undo
from seikyu.services.find import Wanted, find_certificates
from seikyu.services.grants import looks_at
from seikyu.services.office import LINES, OPERATOR
from seikyu.trust.people import APPROVE, AUDIT, OFFICE, permits

#: Certificates of the office's own that end within so many days are told.
_DAYS: Final = 60

#: The picture of arrivals: its inner width and height, and where it begins.
_WIDE, _HIGH, _LEFT, _TOP = 600, 160, 56, 12

#: Steps whose time is the machine's.
_FILTERS: Final = ("party", "prefecture", "kind", "state", "month", "line")


def desk_routes(pages: Pages) -> list[Route]:
    """Return the routes."""
    return [
        pages.route("/desk", show_desk, powers=READ),
        pages.route("/desk/sendings", show_sendings, powers=READ),
        pages.route("/desk/sendings/{sending_id}", show_sending, powers=READ),
    ]


def show_desk(visit: Visit) -> Response:
    """Show how the office stands."""
    told = overlook.overview(visit.office)
    own = find_certificates(
        visit.office.store, Wanted(party=OPERATOR, expires_within_days=_DAYS), now=SystemClock().now(), limit=PAGE
    )
    ending = find_certificates(
        visit.office.store, Wanted(expires_within_days=_DAYS), now=SystemClock().now(), limit=PAGE
    )
    names = prefectures(visit)
    for row in told["today"]["rows"]:
        row["name"] = names.get(row["prefecture"], "")
    return visit.show(
        "operator/desk.html",
        told=told,
        kinds=[(kind, kind_said(visit, kind)) for kind in told["today"]["kinds"]],
        curve=_curve(told["arrivals"]),
        states=[(state_said(visit, state)["text"], many) for state, many in sorted(told["states"]["sendings"].items())],
        own=own.items,
        ending=len(ending.items),
        more_ending=ending.next is not None,
        days=_DAYS,
        reasons={each["reason"]: _reason(visit, each["reason"]) for each in told["suspense"]},
    )


def show_sendings(visit: Visit) -> Response:
    """Show sendings by what the address asks."""
    wish = {name: asked(visit, name) for name in _FILTERS}
    known = wish | {
        "state": wish["state"] if wish["state"] in set(State) else None,
        "line": wish["line"] if wish["line"] in LINES else None,
    }
    page = overlook.find_sendings(visit.office, SendingQuery(**known), limit=PAGE, cursor=asked(visit, "cursor"))
    query = {name: value for name, value in known.items() if value}
    older = f"/desk/sendings?{urlencode({**query, 'cursor': page.next})}" if page.next else ""
    every = ("", visit.say("pages.operator.all"))
    kinds = ("medical", "dpc", "dental", "pharmacy", "home_nursing")
    return visit.show(
        "operator/sendings.html",
        items=[_told(visit, each) for each in page.items],
        asked={name: value or "" for name, value in known.items()},
        narrowed=bool(query),
        older=older,
        states=[every, *((each.value, state_said(visit, each)["text"]) for each in State)],
        kinds=[every, *((kind, kind_said(visit, kind)) for kind in kinds)],
        lines=[every, *((line, visit.say(f"pages.operator.lines.{line}")) for line in LINES)],
    )


def show_sending(visit: Visit) -> Response:
    """Show one sending's way."""
    sending_id = id_of(visit, "sending_id")
    told = overlook.timeline(visit.office, sending_id)
    sees_looks = permits(visit.who, OFFICE) or permits(visit.who, AUDIT)
    return visit.show(
        "operator/sending.html",
        sending=_told(visit, told),
        on_test_line=told["line"] == "test",
        steps=[{**step, "said": _step(visit, step)} for step in told["steps"]],
        may_order=permits(visit.who, OFFICE) and undo.may_be_undone(visit.office, sending_id),
        may_ask=permits(visit.who, OFFICE),
        may_approve=permits(visit.who, APPROVE),
        orders=[asdict(each) for each in _orders(visit, sending_id)],
        looks=looks_at(visit.office, acting(visit), sending_id) if sees_looks else [],
        suspended=[(_reason(visit, each["reason"]), each["claims"]) for each in told["suspended"]],
    )


def _orders(visit: Visit, sending_id: str) -> list[Any]:
    with visit.office.store.read() as tx:
        found = tx.undo_orders(sending=sending_id)
    return [undo.show_undo_order(visit.office, each.id) for each in found]


def _told(visit: Visit, sending: dict[str, Any]) -> dict[str, Any]:
    return {
        **sending,
        "state_said": state_said(visit, sending["state"]),
        "kind_said": kind_said(visit, sending["kind"]),
        "line_said": visit.say(f"pages.operator.lines.{sending['line']}"),
    }


def _step(visit: Visit, step: dict[str, Any]) -> str:
    facts = {"payer": "", "delivery": "", "claim": "", **step["facts"], "by": step["by"] or ""}
    if step["by"] == "calendar":
        facts["by"] = visit.say("pages.operator.by_calendar")
    key = f"pages.operator.steps.{step['what']}"
    return visit.say(key if has(key) else "pages.operator.steps.other", what=step["what"], **facts)


def _reason(visit: Visit, reason: str) -> str:
    return reason_text(reason, visit.lang)


def _curve(days: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the month's arrivals as a picture: bars of each day, and the sum since the month began as a line."""
    most = max((day["total"] for day in days), default=0) or 1
    peak = max((day["sendings"] for day in days), default=0) or 1
    step = _WIDE / max(len(days), 1)
    bars, points = [], []
    for no, day in enumerate(days):
        left, high = _LEFT + no * step, _HIGH * day["sendings"] / peak
        bars.append({"x": round(left + 1, 1), "y": round(_TOP + _HIGH - high, 1), "w": round(step - 2, 1),
                     "h": round(high, 1)})  # fmt: skip
        points.append(f"{left + step / 2:.1f},{_TOP + _HIGH - _HIGH * day['total'] / most:.1f}")
    return {
        "bars": bars,
        "points": " ".join(points),
        "most": most,
        "left": _LEFT,
        "top": _TOP,
        "bottom": _TOP + _HIGH,
        "right": _LEFT + _WIDE,
        "width": _LEFT + _WIDE + 8,
        "height": _TOP + _HIGH + 28,
        "first": days[0]["day"] if days else "",
        "last": days[-1]["day"] if days else "",
    }
