"""お問い合わせ (`/contact`): who explains what, and the inquiry desk for people with and without a login.

Who has logged in asks as a party and finds its inquiries again. Anybody else is shown a number and a code, once, and
types both to look again; a sealed ticket then lets this browser read and write for a while, so that the code stands in
no page. What was typed is shown again only to who typed it, in the answer to the same form.
"""

import os
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final, get_args

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from seikyu.adapters.tickets import Tickets
from seikyu.apps.api.problems import Known, facts_of
from seikyu.apps.contact_told import (
    contact_on_wire,
    desks_of,
    explained,
    first_looks,
    inquiry_told,
    line_said,
    problem_said,
)
from seikyu.apps.pages.visit import Pages, Visit
from seikyu.apps.words import Language
from seikyu.lines.contact import contact
from seikyu.lines.kinds import line_kinds
from seikyu.office.bodies import bodies
from seikyu.office.inquiries import REPLIES, Act, State
from seikyu.ports.errors import BadRequest, NotFound
from seikyu.services.guessing import Stranger
from seikyu.services.inquiries import (
    CODE,
    NUMBER,
    REACH_CHARS,
    Asked,
    Asker,
    list_inquiries,
    make_inquiry,
    open_inquiry,
    show_inquiry,
    show_opened,
    write_on,
    write_opened,
)
from seikyu.services.office import OPERATOR
from seikyu.trust.codes import CodeMistyped, grouped, read_code

PATH: Final = "/contact"

_KNOWN: Final = get_args(Known)
_LOOKED: Final = "inquiry"
_OWN_LISTED: Final = 50
_ACTS: Final = {"write": Act.WRITE, "solve": Act.SOLVE}
_ONCE_BYTES: Final = 16


def contact_routes(pages: Pages, network: Path | None = None) -> list[Route]:
    """Return the routes of a face. Shape: `network` is the file by which the office publishes its desks."""
    site = _Contact(network)
    own = [
        pages.route(PATH, site.show, login=False),
        pages.route(f"{PATH}/ask", site.ask, post=True, login=False),
        pages.route(f"{PATH}/open", site.open, post=True, login=False),
        pages.route(f"{PATH}/write", site.write, post=True, login=False),
        pages.route(f"{PATH}/{{number}}", site.one, login=False),
    ]
    if pages.face == "public":
        own.append(pages.route(f"{PATH}.json", partial(_tell, network=network), login=False))
    return own


def _tell(visit: Visit, *, network: Path | None) -> Response:
    """Tell the table to a program."""
    del visit
    return JSONResponse(contact_on_wire(network), headers={"Cache-Control": "no-cache"})


@dataclass(frozen=True, slots=True)
class _Contact:
    """The pages, and what they need."""

    network: Path | None
    tickets: Tickets = field(default_factory=Tickets)

    def show(self, visit: Visit) -> Response:
        """Ask for the problem and the line, show who explains what, and the form of the desk."""
        return visit.show("public/contact.html", **self._facts(visit))

    def ask(self, visit: Visit) -> Response:
        """Make an inquiry; a stranger is shown number and code, this once."""
        party = _party(visit)
        asker = Asker(party, visit.named if party else "", visit.address)
        try:
            made = make_inquiry(visit.office, asker, _asked(visit))
        except _KNOWN as error:
            return _told_when(visit.again("public/contact.html", error, **self._facts(visit)), error)
        number = grouped(NUMBER, made.inquiry.number)
        if party:
            return visit.see(f"{PATH}/{number}?done=made")
        code = "" if made.code is None else grouped(CODE, made.code)
        return visit.show("public/contact_made.html", number=number, code=code, repeat=made.repeat)

    def one(self, visit: Visit) -> Response:
        """Show a party its own inquiry; anybody else is asked for the code."""
        number = str(visit.request.path_params["number"])
        if _party(visit):
            try:
                told = show_inquiry(visit.office, visit.asker, number)
            except NotFound:
                pass  # It may be one that they made without a login.
            else:
                return self._inquiry(visit, told, own=True)
        return visit.show("public/contact_open.html", number=_as_number(number))

    def open(self, visit: Visit) -> Response:
        """Show an inquiry to who has its number and code."""
        number = visit.typed("number")
        try:
            opened = open_inquiry(
                visit.office, visit.people, Stranger(visit.address), number=number, code=visit.typed("code")
            )
        except _KNOWN as error:
            answer = visit.again("public/contact_open.html", error, number=_as_number(number), typed={})
            return _told_when(answer, error)
        return self._opened(visit, opened.id)

    def write(self, visit: Visit) -> Response:
        """Write to an inquiry that is one's own, or that was opened in this browser; or say that it is solved."""
        act = _ACTS.get(visit.typed("act"))
        if act is None:
            raise BadRequest("no such act", parameter="act")
        if not visit.typed("ticket"):
            return self._write_on(visit, act)
        opened = self.tickets.open(visit.typed("ticket"), use=_LOOKED, browser=_browser(visit), now=_now(visit))
        try:
            write_opened(visit.office, opened["inquiry"], act=act, text=visit.typed("text"))
        except _KNOWN as error:
            return self._opened(visit, opened["inquiry"], error)
        return self._opened(visit, opened["inquiry"], done="written")

    def _write_on(self, visit: Visit, act: Act) -> Response:
        if not _party(visit):
            return visit.see("/login")
        number = visit.typed("number")
        try:
            write_on(visit.office, visit.asker, number, act=act, text=visit.typed("text"), by=visit.named)
        except NotFound:
            raise
        except _KNOWN as error:
            return self._inquiry(visit, show_inquiry(visit.office, visit.asker, number), own=True, error=error)
        return visit.see(f"{PATH}/{_as_number(number)}?done=written")

    def _opened(self, visit: Visit, inquiry_id: str, error: Known | None = None, *, done: str = "") -> Response:
        until = _now(visit) + timedelta(seconds=visit.office.limit("inquiry_look_s"))
        ticket = self.tickets.seal({"inquiry": inquiry_id}, use=_LOOKED, browser=_browser(visit), until=until)
        told = show_opened(visit.office, inquiry_id)
        return self._inquiry(visit, told, own=False, error=error, ticket=ticket, done=done)

    def _inquiry(
        self,
        visit: Visit,
        told: dict[str, Any],
        *,
        own: bool,
        error: Known | None = None,
        ticket: str = "",
        done: str = "",
    ) -> Response:
        word = done or visit.request.query_params.get("done", "")
        facts = {
            "inquiry": inquiry_told(told, visit.lang),
            "number": grouped(NUMBER, told["number"]),
            "ticket": ticket,
            "own": own,
            "open": told["state"] != State.CLOSED,
            "most": visit.office.limit("inquiry_chars"),
            "done": visit.say(f"pages.contact.done.{word}") if word in {"made", "written"} and error is None else "",
        }
        if error is None:
            return visit.show("public/inquiry.html", **facts)
        return visit.again("public/inquiry.html", error, **facts)

    def _facts(self, visit: Visit) -> dict[str, Any]:
        """Return what the page shows for the problem and line that were asked for, or typed."""
        problem, line_kind = (_chosen(visit, "problem", contact().problems), _chosen(visit, "line_kind", line_kinds()))
        lang, desks = visit.lang, desks_of(self.network)
        party = _party(visit)
        own = list_inquiries(visit.office, visit.asker, limit=_OWN_LISTED).items if party else []
        return {
            "problem": problem,
            "problem_said": problem_said(problem, lang) if problem else "",
            "line_kind": line_kind,
            "line_said": line_said(line_kind, lang) if line_kind else "",
            "by_line": bool(problem) and contact().problems[problem].by_line,
            "explains": explained(problem, line_kind, desks, lang) if problem else [],
            "first": [(path if visit.pages.has(path) else "", text) for path, text in _first(problem, lang)],
            "example": desks.example,
            "problems": [(each.name, visit.label(each)) for each in contact().problems.values()],
            "kinds": [("", line_said("", lang)), *((each.name, visit.label(each)) for each in line_kinds().values())],
            "bodies": [("", visit.say("pages.contact.no_body")), *_bodies(visit)],
            "replies": [(name, visit.say(f"inquiries.replies.{name}")) for name in REPLIES],
            "party": party,
            "inquiries": [{**inquiry_told(each, lang), "number": grouped(NUMBER, each["number"])} for each in own],
            "most": visit.office.limit("inquiry_chars"),
            "reach_most": REACH_CHARS,
            "once": visit.typed("once") or os.urandom(_ONCE_BYTES).hex(),
        }


def _asked(visit: Visit) -> Asked:
    file = visit.files.get("report", b"").decode("utf-8", "replace")
    return Asked(
        problem=visit.typed("problem"),
        text=visit.typed("text"),
        line_kind=visit.typed("line_kind"),
        body=visit.typed("body"),
        reply=visit.typed("reply") or "page",
        reach=visit.typed("reach"),
        lang=visit.lang,
        report=file,
        idempotency_key=f"page.{visit.typed('once')[: 2 * _ONCE_BYTES]}" if visit.typed("once") else None,
    )


def _first(problem: str, lang: Language) -> list[tuple[str, str]]:
    """Return what to look at first: address and text. Nothing before a problem is chosen."""
    return first_looks(problem, lang) if problem else []


def _party(visit: Visit) -> str | None:
    """Return the party that asks, if somebody has logged in who may go on; the office's own people ask nobody here."""
    if visit.actor is None or visit.actor.must is not None or visit.asker.kind == OPERATOR:
        return None
    return visit.actor.party


def _chosen(visit: Visit, name: str, known: Any) -> str:
    text = visit.typed(name) or visit.request.query_params.get(name, "")
    return text if text in known else ""


def _bodies(visit: Visit) -> list[tuple[str, str]]:
    now = visit.office.clock.now()
    known = {each.id: each for each in bodies(date(now.year, now.month, now.day), test=True)}
    return [(name, visit.label(known[name])) for name in visit.pages.served if name in known]


def _as_number(text: str) -> str:
    """Return a number as it is shown, if it can be one of ours; nothing else that stood in an address."""
    try:
        return grouped(NUMBER, read_code(NUMBER, text))
    except CodeMistyped:
        return ""


def _told_when(answer: Response, error: Known) -> Response:
    if "retry_after_s" in (facts := facts_of(error)):
        answer.headers["Retry-After"] = str(facts["retry_after_s"])
    return answer


def _browser(visit: Visit) -> str:
    """Return what tells one browser from others: its cookie, which the token of the form was checked against."""
    return visit.request.cookies.get(visit.pages.mark_cookie, "")


def _now(visit: Visit) -> Any:
    return visit.office.real_now()
