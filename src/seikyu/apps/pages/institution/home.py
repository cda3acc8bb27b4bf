"""Home of an institution: what to do today and until when, what is open, and how the month stands."""

from typing import Any, Final

from starlette.responses import Response
from starlette.routing import Route

from seikyu.apps.api.identity import days_to_warn_of
from seikyu.apps.pages.front import refusal_here, show_front
from seikyu.apps.pages.institution.told import body_names, kind_said, left_said, month_said
from seikyu.apps.pages.public.told import news_lines
from seikyu.apps.pages.visit import Pages, Visit
from seikyu.apps.words import has
from seikyu.office.calendar import Opening, Window
from seikyu.office.today import Task, Urgency
from seikyu.services.office import INSTITUTION
from seikyu.services.people import MandateNotThere, act_for
from seikyu.services.today import Today, today
from seikyu.trust.people import permits

_TAGS: Final = {Urgency.CALM: "", Urgency.SOON: "warn", Urgency.NOW: "bad"}

#: Where a task is done.
_PLACES: Final = {
    "nothing_sent": "/sendings/new",
    "only_tested": "/sendings/new",
    "undecided": "/sendings/{id}/decide",
    "undecided_ask": "/sendings/{id}/decide",
    "refused": "/sendings/{id}/findings",
}


def home_routes(pages: Pages) -> list[Route]:
    """Return the routes."""
    return [pages.route("/sendings/acting", do_choose, post=True)]


def is_at_home(visit: Visit) -> bool:
    """True for somebody of an institution, or at work for one, who has logged in at the desk."""
    if visit.pages.face != "desk" or visit.actor is None or visit.actor.must is not None:
        return False
    return permits(visit.actor, "see") and visit.asker.kind == INSTITUTION


def show_start(visit: Visit) -> Response:
    """Show who has logged in for an institution their home, everybody else the first page."""
    return show_home(visit) if is_at_home(visit) and refusal_here(visit) is None else show_front(visit)


def show_home(visit: Visit) -> Response:
    """Show what there is to do."""
    day = today(visit.office, visit.asker)
    names = body_names(visit)
    answer = visit.show(
        "institution/home.html",
        day=day,
        month=month_said(visit, day.month),
        now=day.now,
        counting=_counting(visit, day),
        tasks=[_task_said(visit, task, names) for task in day.tasks],
        open_lines=[("real", *_opening_said(visit, day.real)), ("test", *_opening_said(visit, day.test))],
        figures=[(names.get(each.body, each.body), each) for each in day.figures],
        corrections=[(names.get(each.body, each.body), kind_said(visit, each.kind), each) for each in day.corrections],
        correcting=day.real.window is Window.CORRECTION,
        days=days_to_warn_of(dict(visit.request.scope)),
        news=news_lines(visit, party_kind=INSTITUTION),
        may_send=permits(visit.who, "send"),
        principals=_principals(visit),
        chosen=visit.who.acts_for or "",
        over=_over(visit),
    )
    if _over(visit):
        visit.pages.put_cookie(answer, visit.pages.acting_cookie, "")
    return answer


def do_choose(visit: Visit) -> Response:
    """Work for another party from now on, or for the own one. Errors: MandateNotThere."""
    principal = visit.typed("for")
    own = visit.who.party
    if principal and principal != own:
        act_for(visit.people, visit.who, principal)
    answer = visit.see("/")
    visit.pages.put_cookie(answer, visit.pages.acting_cookie, principal if principal != own else "")
    return answer


def _over(visit: Visit) -> bool:
    """True if somebody worked for a party for which they may work no longer."""
    return bool(visit.request.cookies.get(visit.pages.acting_cookie)) and visit.who.acts_for is None


def _principals(visit: Visit) -> list[tuple[str, str]]:
    """Return the parties that somebody may work for, the own one first; none if there is no choice."""
    with visit.people.store.read() as tx:
        found = tx.mandates(body=visit.who.body, agent=visit.who.party)
        named = {each.principal: tx.party(each.principal) for each in found}
        own = tx.party(visit.who.party)
    allowed = []
    for principal, party in named.items():
        try:
            act_for(visit.people, visit.who, principal)
        except MandateNotThere:
            continue
        allowed.append((principal, party.name if party else principal))
    return [(visit.who.party, own.name if own else visit.who.party), *allowed] if allowed else []


def _counting(visit: Visit, day: Today) -> dict[str, Any] | None:
    """Return what is counted down to: the deadline, then the end of corrections; None where there is none."""
    for name, until in (("deadline", day.deadline), ("closing", day.closing)):
        if until is not None and day.now < until:
            seconds = (until - day.now).total_seconds()
            kind = "now" if seconds < 86400 else "soon" if seconds < 3 * 86400 else ""  # noqa: PLR2004  (a day)
            return {
                "title": visit.say(f"pages.desk.home.{name}"), "until": until, "left": left_said(visit, until),
                "kind": kind, "now": day.now,
            }  # fmt: skip
    return None


def _opening_said(visit: Visit, opening: Opening) -> tuple[str, bool]:
    key = "always" if opening.open and opening.closes_at is None else opening.window.value
    said = visit.say(
        f"pages.desk.window.{key}", closes_at=opening.closes_at, next_opens_at=opening.next_opens_at,
        left=left_said(visit, opening.closes_at),
    )  # fmt: skip
    return said, opening.open


def _text(task: Task) -> str:
    """Return which text tells of a task: one with its time, or, where there is none, one without."""
    key = "text_open" if task.due_at is None else "text"
    return key if has(f"pages.desk.task.{task.code}.{key}") else "text"


def _task_said(visit: Visit, task: Task, names: dict[str, str]) -> dict[str, Any]:
    facts = {
        "claims": task.claims, "send_no": f"{task.send_no:03d}", "due_at": task.due_at,
        "body": names.get(task.body or "", ""), "kind": kind_said(visit, task.kind),
        "left": left_said(visit, task.due_at),
    }  # fmt: skip
    place = _PLACES.get(task.code, "/sendings/{id}").format(id=task.sending)
    return {
        "title": visit.say(f"pages.desk.task.{task.code}.title", **facts),
        "text": visit.say(f"pages.desk.task.{task.code}.{_text(task)}", **facts),
        "link": visit.say(f"pages.desk.task.{task.code}.link"),
        "place": place,
        "tag": _TAGS[task.urgency],
        "urgency": visit.say(f"pages.desk.urgency.{task.urgency.name.lower()}"),
    }
