"""What the page of an institution's sending includes: the wish to undo a confirmation, and who of the office looked."""

from typing import Any, Final

from starlette.responses import Response
from starlette.routing import Route

from seikyu.apps.pages.operator.parts import KINDS, id_of
from seikyu.apps.pages.visit import Pages, Visit
from seikyu.services import grants, undo
from seikyu.trust.operating import REASON_CHARS, UndoState
from seikyu.trust.people import permits

#: The power that confirms also asks to undo.
DECIDE: Final = "decide"


def request_routes(pages: Pages) -> list[Route]:
    """Return the route of the form `institution/undo_request.html`, which the page of a sending includes."""
    return [pages.route("/sendings/{sending_id}/undo-request", do_ask, post=True, powers=(DECIDE,))]


def do_ask(visit: Visit) -> Response:
    """Ask the office to undo a confirmation."""
    sending_id = id_of(visit, "sending_id")
    undo.ask_undo(visit.office, visit.asker, sending_id, visit.typed("reason"), by=visit.named)
    return visit.see(f"/sendings/{sending_id}?done=undo_asked")


def undo_facts(visit: Visit, sending_id: str) -> dict[str, Any]:
    """Return `undoing` for the page of a sending of the party's own. Errors: Forbidden, NotFound."""
    wishes = undo.undo_requests(visit.office, visit.asker, sending_id)
    open_ = any(each.state in {UndoState.ASKED, UndoState.WAITING} for each in wishes)
    return {
        "sending": sending_id,
        "may_ask": permits(visit.who, DECIDE) and not open_ and undo.may_be_undone(visit.office, sending_id),
        "wishes": [
            {
                "state_said": visit.say(f"undo.states.{each.state}"),
                "kind": KINDS.get(each.state, ""),
                "asked_at": each.asked_at,
                "reason": each.reason,
                "answer": each.answer,
            }
            for each in wishes
        ],
        "looks": grants.looks_of(visit.office, visit.asker, sending_id),
        "most": REASON_CHARS[1],
    }
