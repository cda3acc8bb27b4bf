"""The pages of what needs a second person: confirmations that are to be undone, and grants to look at a claim."""

from collections.abc import Callable
from typing import Any, Final

from starlette.responses import Response
from starlette.routing import Route

from seikyu.apps.drawing.plain import for_page
from seikyu.apps.operating import sheet_of_look
from seikyu.apps.pages.operator.parts import KINDS, PAGE, READ, TROUBLE, acting, asked, id_of, person_said
from seikyu.apps.pages.visit import Pages, Visit
from seikyu.limits import limit
from seikyu.ports.errors import BadRequest, NotFound
from seikyu.ports.operating import Grant, UndoOrder
from seikyu.services import grants, undo
from seikyu.services.errors import OtherPersonNeeded
from seikyu.trust.operating import MOST_HOURS, REASON_CHARS, GrantState, UndoState, parse_scope
from seikyu.trust.people import APPROVE, OFFICE, permits
from seikyu.trust.revoking import why_not

_UNDO_DONE: Final = frozenset({"ordered", "approved", "denied"})
_GRANT_DONE: Final = frozenset({"asked", "given", "ended"})


def wish_routes(pages: Pages) -> list[Route]:
    """Return the routes. Whether this person may decide is the service's to say."""
    both = (OFFICE, APPROVE)
    return [
        pages.route("/desk/undo", show_undo, powers=READ),
        pages.route("/desk/undo", do_order, post=True, powers=(OFFICE,)),
        pages.route("/desk/undo/{order_id}", show_order, powers=READ),
        pages.route("/desk/undo/{order_id}", do_decide, post=True, powers=both),
        pages.route("/desk/grants", show_grants, powers=READ),
        pages.route("/desk/grants", do_ask, post=True, powers=(OFFICE,)),
        pages.route("/desk/grants/{grant_id}", show_grant, powers=READ),
        pages.route("/desk/grants/{grant_id}", do_grant, post=True, powers=both),
        pages.route("/desk/sendings/{sending_id}/claims/{claim}", show_claim, powers=(OFFICE,)),
    ]


# --- undoing ---


def show_undo(visit: Visit) -> Response:
    """Show wishes and orders, newest first, and a form for one that was asked for by telephone."""
    return visit.show("operator/undo.html", **_undo_facts(visit))


def do_order(visit: Visit) -> Response:
    """Order that a confirmation be undone."""
    try:
        order = undo.order_undo(visit.office, acting(visit), visit.typed("sending").strip(), visit.typed("reason"))
    except TROUBLE as trouble:
        return visit.again("operator/undo.html", trouble, **_undo_facts(visit))
    return visit.see(f"/desk/undo/{order.id}?done=ordered")


def show_order(visit: Visit) -> Response:
    """Show one order."""
    return visit.show("operator/undo_order.html", **_order_facts(visit))


def do_decide(visit: Visit) -> Response:
    """Order what was asked for, approve what was ordered, or turn either down."""
    order_id, staff = id_of(visit, "order_id"), acting(visit)
    reason = visit.typed("reason")
    acts: dict[str, Callable[[], UndoOrder]] = {
        "order": lambda: undo.order_undo(visit.office, staff, visit.typed("sending"), reason),
        "approve": lambda: undo.approve_undo(visit.office, staff, order_id),
        "deny": lambda: undo.deny_undo(visit.office, staff, order_id, reason),
    }
    order = _done(visit, acts, "operator/undo_order.html", _order_facts)
    if isinstance(order, Response):
        return order
    word = "ordered" if order.state == UndoState.WAITING else order.state
    return visit.see(f"/desk/undo/{order_id}?done={word}")


def _undo_facts(visit: Visit) -> dict[str, Any]:
    found = undo.list_undo_orders(visit.office, after=asked(visit, "cursor"), limit=PAGE + 1)
    return {
        "items": [_order(visit, each) for each in found[:PAGE]],
        "older": f"/desk/undo?cursor={found[PAGE - 1].id}" if len(found) > PAGE else "",
        "may_order": permits(visit.who, OFFICE),
        "sending": asked(visit, "sending") or "",
        "most": REASON_CHARS[1],
    }


def _order_facts(visit: Visit) -> dict[str, Any]:
    order = undo.show_undo_order(visit.office, id_of(visit, "order_id"))
    waits = order.state == UndoState.WAITING
    why = _why_not(visit, order.ordered_by, order.ordered_at) if waits else None
    may_approve = permits(visit.who, APPROVE)
    own = waits and order.ordered_by == acting(visit).person.name
    word = visit.request.query_params.get("done", "")
    return {
        "order": _order(visit, order),
        "may_order": order.state == UndoState.ASKED and permits(visit.who, OFFICE),
        "may_approve": waits and may_approve and why is None,
        "may_deny": order.state in {UndoState.ASKED, UndoState.WAITING}
        and permits(visit.who, OFFICE if own or not waits else APPROVE),
        "why_not": visit.words(OtherPersonNeeded(why=why)) if why and (may_approve or own) else None,
        "waits": waits,
        "most": REASON_CHARS[1],
        "done": visit.say(f"pages.operator.undo.done_{word}") if word in _UNDO_DONE else "",
    }


def _order(visit: Visit, order: UndoOrder) -> dict[str, Any]:
    return {
        "id": order.id,
        "sending": order.sending,
        "party": order.party,
        "body": order.body,
        "month": order.month,
        "reason": order.reason,
        "answer": order.answer,
        "state": order.state,
        "state_said": visit.say(f"undo.states.{order.state}"),
        "kind": KINDS.get(order.state, ""),
        "asked_at": order.asked_at,
        "asked_by": order.asked_by or visit.say("pages.operator.undo.by_telephone"),
        "ordered_at": order.ordered_at,
        "ordered_by": person_said(visit, order.ordered_by),
        "decided_at": order.decided_at,
        "decided_by": person_said(visit, order.decided_by),
    }


# --- grants ---


def show_grants(visit: Visit) -> Response:
    """Show grants, newest first, and a form to ask for one."""
    return visit.show("operator/grants.html", **_grants_facts(visit))


def do_ask(visit: Visit) -> Response:
    """Ask for leave to look."""
    hours = visit.typed("hours")
    try:
        grant = grants.ask_grant(
            visit.office,
            acting(visit),
            visit.typed("sending").strip(),
            claim=visit.typed("claim").strip(),
            reason=visit.typed("reason"),
            hours=int(hours) if hours.isascii() and hours.isdigit() and len(hours) <= len(str(MOST_HOURS)) else 0,
        )
    except TROUBLE as trouble:
        return visit.again("operator/grants.html", trouble, **_grants_facts(visit))
    return visit.see(f"/desk/grants/{grant.id}?done=asked")


def show_grant(visit: Visit) -> Response:
    """Show one grant."""
    return visit.show("operator/grant.html", **_grant_facts(visit))


def do_grant(visit: Visit) -> Response:
    """Give what was asked for, or end it."""
    grant_id, staff = id_of(visit, "grant_id"), acting(visit)
    acts: dict[str, Callable[[], Grant]] = {
        "give": lambda: grants.give_grant(visit.office, staff, grant_id),
        "end": lambda: grants.end_grant(visit.office, staff, grant_id),
    }
    grant = _done(visit, acts, "operator/grant.html", _grant_facts)
    if isinstance(grant, Response):
        return grant
    return visit.see(f"/desk/grants/{grant_id}?done={'given' if grant.state == GrantState.GIVEN else 'ended'}")


def show_claim(visit: Visit) -> Response:
    """Show one claim drawn, by a grant that holds; the look is in the journal before anything is shown."""
    try:
        scope = parse_scope(str(visit.request.path_params["claim"]))
    except ValueError:
        raise NotFound("no such claim") from None
    if scope.file_no is None or scope.claim_no is None or scope.file_no > limit("files_per_sending"):
        raise NotFound("no such claim")
    looked = grants.look_at_claim(
        visit.office, acting(visit), id_of(visit, "sending_id"), file_no=scope.file_no, claim_no=scope.claim_no
    )
    sheet = for_page(sheet_of_look(visit.office, looked), visit.lang)
    return visit.show(
        "operator/claim.html",
        sheet=sheet,
        claim=f"{scope.file_no}-{scope.claim_no}",
        grant=_grant(visit, looked.grant),
    )


def _grants_facts(visit: Visit) -> dict[str, Any]:
    found = grants.list_grants(visit.office, after=asked(visit, "cursor"), limit=PAGE + 1)
    return {
        "items": [_grant(visit, each) for each in found[:PAGE]],
        "older": f"/desk/grants?cursor={found[PAGE - 1].id}" if len(found) > PAGE else "",
        "may_ask": permits(visit.who, OFFICE),
        "sending": asked(visit, "sending") or "",
        "most": REASON_CHARS[1],
        "hours": [(str(each), str(each)) for each in range(1, MOST_HOURS + 1)],
    }


def _grant_facts(visit: Visit) -> dict[str, Any]:
    grant = grants.show_grant(visit.office, id_of(visit, "grant_id"))
    waits, own = grant.state == GrantState.WAITING, grant.asked_by == acting(visit).person.name
    why = _why_not(visit, grant.asked_by, grant.asked_at) if waits else None
    may_approve = permits(visit.who, APPROVE)
    word = visit.request.query_params.get("done", "")
    return {
        "grant": _grant(visit, grant),
        "may_give": waits and may_approve and why is None,
        "may_end": grant.state in {GrantState.WAITING, GrantState.GIVEN}
        and permits(visit.who, OFFICE if own else APPROVE),
        "may_look": grant.state == GrantState.GIVEN and own,
        "why_not": visit.words(OtherPersonNeeded(why=why)) if why and (may_approve or own) else None,
        "done": visit.say(f"pages.operator.grants.done_{word}") if word in _GRANT_DONE else "",
    }


def _grant(visit: Visit, grant: Grant) -> dict[str, Any]:
    return {
        "id": grant.id,
        "sending": grant.sending,
        "party": grant.party,
        "claim": grant.claim,
        "reason": grant.reason,
        "hours": grant.hours,
        "state": grant.state,
        "state_said": visit.say(f"grants.states.{grant.state}"),
        "kind": KINDS.get(grant.state, ""),
        "asked_at": grant.asked_at,
        "asked_by": person_said(visit, grant.asked_by),
        "until": grant.until,
        "decided_at": grant.decided_at,
        "decided_by": person_said(visit, grant.decided_by),
        "ended_at": grant.ended_at,
    }


def _why_not(visit: Visit, first: str | None, at: Any) -> str | None:
    return why_not(first, at, acting(visit).person) if first is not None else "same_person"


def _done(visit: Visit, acts: dict[str, Callable[[], Any]], template: str, facts: Callable[[Visit], Any]) -> Any:
    """Do what the form says; return what came of it, or the page once more. Errors: BadRequest, NotFound."""
    act = acts.get(visit.typed("act"))
    if act is None:
        raise BadRequest("no such act", parameter="act")
    try:
        return act()
    except NotFound:
        raise
    except TROUBLE as trouble:
        return visit.again(template, trouble, **facts(visit))
