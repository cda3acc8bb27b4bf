"""The office's pages of applications (発行申請) and issuance notices (発行通知書), at the desk.

Whoever may do the office's work or approve sees them, sends applications back and ends terminals as `trust/roles.toml`
says. What makes codes up, approving and opening anew, needs the power to approve: with the paper in hand one is that
terminal. The paper is the answer of the act, once; it is kept nowhere, and if it is lost the notice is opened anew.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from starlette.responses import Response
from starlette.routing import Route

from seikyu.apps.notices_posted import Paper
from seikyu.apps.pages.certs.applications import told_application
from seikyu.apps.pages.forms import NotFilledIn
from seikyu.apps.pages.frame import HEADERS
from seikyu.apps.pages.visit import Pages, Visit
from seikyu.office.errors import NotAllowed
from seikyu.ports.errors import BadRequest, NotFound
from seikyu.services import applications as services
from seikyu.services.applications import Enrolling, Opened
from seikyu.services.issuing import end_of_terminal
from seikyu.services.people import NoSuchParty
from seikyu.services.terminals import application_view, list_issuance_notices, page_of_applications
from seikyu.trust.enrolment import ApplicationState
from seikyu.trust.notices import TEXT_CHARS
from seikyu.trust.people import APPROVE, OFFICE, permits

_PAGE: Final = 50
_ID_CHARS: Final = 40


def issuance_routes(pages: Pages, enrolling: Enrolling, paper: Callable[[], Paper]) -> list[Route]:
    """Return the routes."""
    office = _Office(enrolling, paper)
    both = (OFFICE, APPROVE)
    return [
        pages.route("/issuance", office.show, powers=both),
        pages.route("/issuance/notices", office.show_notices, powers=both),
        pages.route("/issuance/notices/end", office.end, post=True, powers=(OFFICE,)),
        pages.route("/issuance/notices/open", office.open_anew, post=True, powers=(APPROVE,), hard=True),
        pages.route("/issuance/{application_id}", office.show_one, powers=both),
        pages.route("/issuance/{application_id}/approve", office.approve, post=True, powers=(APPROVE,), hard=True),
        pages.route("/issuance/{application_id}/send-back", office.send_back, post=True, powers=both),
    ]


@dataclass(frozen=True, slots=True)
class _Office:
    """The pages, and what they need."""

    enrolling: Enrolling
    paper: Callable[[], Paper]

    def show(self, visit: Visit) -> Response:
        """Show the applications of all parties, newest first; those that wait, unless another state is asked for."""
        query = visit.request.query_params
        state = query.get("state", ApplicationState.APPLIED)
        state = state if state in {"", *ApplicationState} else ApplicationState.APPLIED.value
        page = page_of_applications(
            self.enrolling, state=state or None, limit=_PAGE, cursor=query.get("cursor") or None
        )
        states = [(each.value, visit.say(f"certs.states.{each}")) for each in ApplicationState]
        return visit.show(
            "issuance.html",
            items=[told_application(visit, each) for each in page.items],
            older=page.next,
            state=state,
            states=[*states, ("", visit.say("pages.notice.all"))],
        )

    def show_one(self, visit: Visit) -> Response:
        """Show an application, and what can be answered."""
        return visit.show("issuance_one.html", **self._one(visit))

    def approve(self, visit: Visit) -> Response:
        """Approve an application: the answer is its notice, on paper."""
        try:
            paper = self.paper()
            opened = services.approve(self.enrolling, visit.who, _id(visit))
        except (NotAllowed, NoSuchParty) as trouble:
            return visit.again("issuance_one.html", trouble, **self._one(visit))
        return _posted(paper, opened)

    def send_back(self, visit: Visit) -> Response:
        """Send an application back with a reason."""
        try:
            services.send_back(self.enrolling, visit.who, _id(visit), reason=visit.typed("reason"))
        except BadRequest:
            wrong = NotFilledIn(said=visit.say("pages.issuance.bad_reason", most=TEXT_CHARS))
            return visit.again("issuance_one.html", wrong, **self._one(visit))
        except NotAllowed as trouble:
            return visit.again("issuance_one.html", trouble, **self._one(visit))
        return visit.see(f"/issuance/{_id(visit)}?done=sent_back")

    def show_notices(self, visit: Visit) -> Response:
        """Show the notices of one party."""
        return visit.show("issuance_notices.html", **self._notices(visit))

    def open_anew(self, visit: Visit) -> Response:
        """Open a notice anew that was lost: the answer is its new paper, and the old one is worthless."""
        paper = self.paper()
        return _posted(paper, services.open_anew(self.enrolling, visit.who, visit.typed("notice")))

    def end(self, visit: Visit) -> Response:
        """End a terminal and revoke what it has, if that was ticked."""
        if visit.typed("sure") != "yes":
            unsure = NotFilledIn(said=visit.say("pages.issuance.not_ticked"))
            return visit.again("issuance_notices.html", unsure, **self._notices(visit))
        notice, _ = end_of_terminal(self.enrolling, visit.who, visit.typed("notice"))
        return visit.see(f"/issuance/notices?party={notice.party}&done=ended")

    def _one(self, visit: Visit) -> dict[str, Any]:
        application = services.application_of(self.enrolling, _id(visit))
        told = told_application(visit, application_view(self.enrolling, application))
        return {
            "application": told | {"filed_by": application.filed_by, "decided_by": application.decided_by},
            "may_approve": permits(visit.who, APPROVE),
            "most": TEXT_CHARS,
            "done": visit.say("pages.issuance.done_sent_back") if visit.request.query_params.get("done") else "",
        }

    def _notices(self, visit: Visit) -> dict[str, Any]:
        query = visit.request.query_params
        party_id = (visit.typed("party") or query.get("party", "")).strip()
        with self.enrolling.store.read() as tx:
            party = tx.party(party_id) if party_id else None
        found = list_issuance_notices(self.enrolling, party=party_id) if party_id else []
        now = self.enrolling.clock.now()
        return {
            "party_id": party_id,
            "party": party,
            "notices": [_notice(visit, each, locked=_after(each["locked_until"], now)) for each in found],
            "may_open": permits(visit.who, APPROVE),
            "may_end": permits(visit.who, OFFICE),
            "done": visit.say("pages.issuance.done_ended") if query.get("done") else "",
        }


def _notice(visit: Visit, told: dict[str, Any], *, locked: bool) -> dict[str, Any]:
    which = "ended" if told["ended_at"] else "locked" if locked else "open"
    said = visit.say(f"pages.issuance.state.{which}", until=told["locked_until"])
    return told | {"state_said": said, "lives": told["ended_at"] is None}


def _after(at: Any, now: Any) -> bool:
    return at is not None and at > now


def _posted(paper: Paper, opened: Opened) -> Response:
    """Return the paper of a notice; no browser keeps it, and its name says no party and no terminal."""
    named = {"Content-Disposition": f'attachment; filename="notice-{opened.notice.id}.pdf"'}
    return Response(paper(opened), 200, {**HEADERS, **named}, "application/pdf")


def _id(visit: Visit) -> str:
    """Return the application that the address names. Errors: NotFound, for what has not even the form of an id."""
    named = str(visit.request.path_params["application_id"])
    if not named.isascii() or not named.isalnum() or len(named) > _ID_CHARS:
        raise NotFound("no such application")
    return named
