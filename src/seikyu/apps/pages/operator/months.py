"""The pages of months: which are open, extending one with a public notice, closing one, and what its closing said."""

from datetime import datetime
from typing import Any, Final

from starlette.responses import Response
from starlette.routing import Route

from seikyu.apps import acts
from seikyu.apps.closing import close_by_hand
from seikyu.apps.extending import extend, notice_of
from seikyu.apps.pages.operator.parts import KINDS, READ, TROUBLE, acting
from seikyu.apps.pages.visit import Pages, Visit
from seikyu.office.balance_text import reason_text
from seikyu.office.bodies import bodies
from seikyu.office.calendar import JST
from seikyu.office.ledger import MEASURES
from seikyu.ports.errors import BadRequest, NotFound
from seikyu.records import Month
from seikyu.trust.people import OFFICE, permits

#: The month that is worked on and so many before it are always there; older ones if they have rows.
_BEFORE: Final = 2


def month_routes(pages: Pages) -> list[Route]:
    """Return the routes."""
    return [
        pages.route("/desk/months", show_months, powers=READ),
        pages.route("/desk/months/extend", do_extend, post=True, powers=(OFFICE,)),
        pages.route("/desk/months/{body}/{month}", show_month, powers=READ),
        pages.route("/desk/months/{body}/{month}/close", do_close, post=True, powers=(OFFICE,)),
    ]


def show_months(visit: Visit) -> Response:
    """Show the months of every body that is served, and the calendar."""
    return visit.show("operator/months.html", **_facts(visit))


def do_extend(visit: Visit) -> Response:
    """Extend a month's deadline."""
    try:
        extend(
            visit.office,
            acting(visit),
            month=visit.typed("month"),
            until=_instant(visit.typed("until"), "until"),
            closing=_instant(visit.typed("closing"), "closing") if visit.typed("closing") else None,
            reason=visit.typed("reason"),
        )
    except TROUBLE as trouble:
        return visit.again("operator/months.html", trouble, **_facts(visit))
    return visit.see("/desk/months?done=extended")


def show_month(visit: Visit) -> Response:
    """Show one month of one body, with the trial balance once it is closed."""
    return visit.show("operator/month.html", **_month_facts(visit))


def do_close(visit: Visit) -> Response:
    """Order that the month be closed."""
    body, month = _named(visit)
    force = visit.typed("force") == "yes"
    try:
        close_by_hand(visit.office, acting(visit), body, month, force=force, reason=visit.typed("reason"))
    except TROUBLE as trouble:
        return visit.again("operator/month.html", trouble, **_month_facts(visit))
    return visit.see(f"/desk/months/{body}/{month}?done=closing")


def _facts(visit: Visit) -> dict[str, Any]:
    office = visit.office
    now, calendar = office.clock.now().astimezone(JST), office.calendar()
    present = Month(now.year, now.month)
    with office.store.read() as tx:
        rows = {(row.body, row.month): row for row in tx.months() if row.line == "real"}
    months = sorted({str(present.plus(-n)) for n in range(_BEFORE + 1)} | {month for _, month in rows}, reverse=True)
    served = [each for each in bodies(now.date(), test=office.sandbox) if office.serves(each.id)]
    return {
        "calendar": acts.calendar(office),
        "notice": notice_of(office),
        "months": [
            {
                "month": month,
                "deadline": calendar.deadline(Month.parse(month)),
                "closing": calendar.closing_from(Month.parse(month)),
                "bodies": [_row(visit, each, rows.get((each.id, month))) for each in served],
            }
            for month in months
        ],
        "present": str(present),
        "may_act": permits(visit.who, OFFICE),
        "has_deadlines": calendar.turns is not None,
        "done": visit.say("pages.operator.months.done_extended")
        if visit.request.query_params.get("done") == "extended"
        else "",
    }


def _row(visit: Visit, body: Any, row: Any) -> dict[str, Any]:
    state = row.state if row else "open"
    return {
        "id": body.id,
        "name": body.ja if visit.lang == "ja" else body.en,
        "state": state,
        "said": visit.say(f"pages.operator.months.{state}"),
        "kind": KINDS.get(state, ""),
        "closed_at": row.closed_at if row else None,
    }


def _month_facts(visit: Visit) -> dict[str, Any]:
    body, month = _named(visit)
    office = visit.office
    told = acts.month_of(office, body, month)
    report = told["report"]
    with office.store.read() as tx:
        counted: dict[str, int] = {}
        for sending in tx.sendings(body=body, month=month, line="real"):
            counted[sending.state] = counted.get(sending.state, 0) + 1
        history = [entry for entry in tx.entries(subject=f"{body}/{month}") if entry.act == "close_month"]
    due = office.calendar().closing_from(Month.parse(month))
    return {
        "body": body,
        "month": month,
        "row": told,
        "state": {"said": visit.say(f"pages.operator.months.{told['state']}"), "kind": KINDS.get(told["state"], "")},
        "counted": [
            (visit.say(f"pages.operator.states.{state}"), many, state) for state, many in sorted(counted.items())
        ],
        "undecided": sum(counted.get(state, 0) for state in ("checking", "to_decide")),
        "due": due,
        "early": due is not None and office.clock.now() < due,
        "report": report,
        "measures": [(name, visit.say(f"pages.operator.measures.{name}")) for name in MEASURES],
        "suspended": [
            {**each, "reason_said": reason_text(each["reason"], visit.lang)}
            for each in (report["suspended"] if report else [])
        ],
        "history": history,
        "may_act": permits(visit.who, OFFICE),
        "done": visit.say("pages.operator.months.done_closing")
        if visit.request.query_params.get("done") == "closing"
        else "",
    }


def _named(visit: Visit) -> tuple[str, str]:
    """Return body and month of the address. Errors: NotFound."""
    body, month = str(visit.request.path_params["body"]), str(visit.request.path_params["month"])
    try:
        Month.parse(month)
    except ValueError:
        raise NotFound("no such month") from None
    if not visit.office.serves(body):
        raise NotFound("no such body")
    return body, month


def _instant(text: str, name: str) -> datetime:
    """Return what was typed as a local time in Japan. Errors: BadRequest."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise BadRequest("a day and a time, as in 2026-10-11T12:00", parameter=name) from None
    return found.replace(tzinfo=JST) if found.tzinfo is None else found
