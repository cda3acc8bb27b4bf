"""The desk's side of inquiries (`/desk/inquiries`): the list by state, one inquiry, and what is done with it."""

from typing import Any, Final

from starlette.responses import Response
from starlette.routing import Route

from seikyu.apps.contact_told import inquiry_told
from seikyu.apps.pages.visit import Pages, Visit
from seikyu.lines.kinds import desks
from seikyu.office.errors import NotAllowed
from seikyu.office.inquiries import BY_DESK, TRANSITIONS, Act, State
from seikyu.ports.errors import BadRequest
from seikyu.services.inquiries import NUMBER, BadInquiry, inquiry_states, list_inquiries, show_inquiry, work_on
from seikyu.trust.codes import grouped
from seikyu.trust.people import OFFICE

PATH: Final = "/desk/inquiries"

_PAGE: Final = 50
_ACTS: Final = {act.value: act for act in BY_DESK}


def inquiry_routes(pages: Pages) -> list[Route]:
    """Return the routes; the office alone has them, at the desk."""
    return [
        pages.route(PATH, show_list, powers=(OFFICE,)),
        pages.route(f"{PATH}/{{number}}", show_one, powers=(OFFICE,)),
        pages.route(f"{PATH}/{{number}}", do_act, post=True, powers=(OFFICE,)),
    ]


def show_list(visit: Visit) -> Response:
    """Show inquiries, newest first, by state with how many there are."""
    asked = visit.request.query_params.get("state", State.RECEIVED.value)
    state = asked if asked in set(State) else None
    page = list_inquiries(
        visit.office, visit.asker, limit=_PAGE, cursor=visit.request.query_params.get("cursor") or None, state=state
    )
    counts = inquiry_states(visit.office)
    return visit.show(
        "operator/inquiries.html",
        items=[{**inquiry_told(each, visit.lang), "number": grouped(NUMBER, each["number"])} for each in page.items],
        next_page=page.next,
        state=state or "",
        states=[
            *((name, visit.say(f"inquiries.states.{name}"), count) for name, count in counts.items()),
            ("all", visit.say("pages.inquiries.all"), sum(counts.values())),
        ],
    )


def show_one(visit: Visit) -> Response:
    """Show one inquiry with its history, the doctor's findings, and what may be done."""
    return visit.show("operator/inquiry.html", **_facts(visit))


def do_act(visit: Visit) -> Response:
    """Take an inquiry in hand, answer, ask back, pass it on, or close it."""
    act = _ACTS.get(visit.typed("act"))
    if act is None:
        raise BadRequest("no such act", parameter="act")
    number = str(visit.request.path_params["number"])
    try:
        work_on(
            visit.office, visit.asker, number, act=act, text=visit.typed("text"), desk=visit.typed("desk"),
            by=visit.named,
        )  # fmt: skip
    except (BadInquiry, NotAllowed) as trouble:
        return visit.again("operator/inquiry.html", trouble, **_facts(visit))
    return visit.see(f"{PATH}/{number}?done=done")


def _facts(visit: Visit) -> dict[str, Any]:
    told = show_inquiry(visit.office, visit.asker, str(visit.request.path_params["number"]))
    state = State(told["state"])
    acts = [act for act in BY_DESK if (state, act) in TRANSITIONS]
    return {
        "inquiry": inquiry_told(told, visit.lang),
        "number": grouped(NUMBER, told["number"]),
        "acts": [(act.value, visit.say(f"inquiries.acts.{act}")) for act in acts if act is not Act.TAKE],
        "may_take": Act.TAKE in acts,
        "desks": [
            ("", visit.say("pages.inquiries.no_desk")),
            *((each.name, visit.label(each)) for each in desks().values()),
        ],
        "most": visit.office.limit("inquiry_chars"),
        "done": visit.say("pages.inquiries.done") if visit.request.query_params.get("done") == "done" else "",
    }
