"""The pages of notices (届出): a party files and follows them, the office answers."""

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from seikyu.apps.pages.visit import Pages, Visit
from seikyu.apps.words import ErrorWords
from seikyu.office.errors import NotAllowed
from seikyu.ports.errors import BadRequest, NotFound
from seikyu.services.notices import BadNotice, decide_notice, file_notice, list_notices, show_notice
from seikyu.trust.notices import TEXT_CHARS, Act, Field, State, connections, fields, kinds
from seikyu.trust.people import NOTICES, OFFICE, permits

_PAGE: Final = 50
_ACTS: Final = {"see": Act.SEE, "approve": Act.APPROVE, "send_back": Act.SEND_BACK}
_CONNECTION: Final = "connection"


def notice_routes(pages: Pages) -> list[Route]:
    """Return the routes of a face. The office answers at the desk alone."""
    read = (NOTICES, OFFICE)
    own = [
        pages.route("/notices", show_list, powers=read),
        pages.route("/notices/new", show_new, powers=(NOTICES,)),
        pages.route("/notices/new", do_file, post=True, powers=(NOTICES,)),
        pages.route("/notices/{notice_id}", show_one, powers=read),
        pages.route("/notices/{notice_id}/form.pdf", show_form, powers=read),
    ]
    if pages.face == "desk":
        own.append(pages.route("/notices/{notice_id}", do_decide, post=True, powers=(OFFICE,)))
    return own


def show_list(visit: Visit) -> Response:
    """Show the party's notices, newest first; to the office, everybody's."""
    state = visit.request.query_params.get("state") or None
    cursor = visit.request.query_params.get("cursor") or None
    page = list_notices(visit.office, visit.asker, limit=_PAGE, cursor=cursor, state=_known_state(state))
    items = [_told(visit, each) for each in page.items]
    return visit.show(
        "notices.html",
        items=items,
        next_page=page.next,
        state=state or "",
        states=_states(visit),
        may_file=permits(visit.who, NOTICES),
    )


def show_new(visit: Visit) -> Response:
    """Ask which kind of notice, then which kind of line if it is about one, then for its items."""
    kind, connection = visit.request.query_params.get("kind", ""), visit.request.query_params.get(_CONNECTION, "")
    return visit.show("notice_new.html", **_new_facts(visit, kind, connection), wrong={}, given={})


def do_file(visit: Visit) -> Response:
    """File a notice."""
    kind, connection = visit.typed("kind"), visit.typed(_CONNECTION)
    said = {name: text for name, text in visit.form.items() if name in fields()}
    try:
        filed = file_notice(visit.office, visit.asker, kind=kind, fields=said, by=visit.named)
    except BadNotice as trouble:
        wrong = {name: visit.say(f"pages.notice.wrong.{why}") for name, why in trouble.pairs}
        named = "、".join(visit.label(fields()[name]) for name in wrong if name in fields())
        error = ErrorWords(visit.words(trouble).title, visit.say("pages.notice.bad", fields=named), "")
        facts = _new_facts(visit, kind, connection)
        return visit.show("notice_new.html", 422, error=error, **facts, wrong=wrong, given=said)
    return visit.see(f"/notices/{filed.notice.id}?done=filed")


def show_one(visit: Visit) -> Response:
    """Show one notice with its history."""
    return visit.show("notice.html", **_one_facts(visit))


def show_form(visit: Visit) -> Response:
    """Return one notice as a form (PDF)."""
    from seikyu.apps.drawing.notice_form import form_of

    notice_id = _id(visit.request)
    told = show_notice(visit.office, visit.asker, notice_id)
    headers = {
        "Content-Disposition": f'inline; filename="notice-{notice_id}.pdf"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(form_of(told, visit.lang), 200, headers, "application/pdf")


def do_decide(visit: Visit) -> Response:
    """Take note of a notice, approve it or send it back."""
    act = _ACTS.get(visit.typed("act"))
    if act is None:
        raise BadRequest("no such act", parameter="act")
    try:
        decide_notice(
            visit.office, visit.asker, _id(visit.request), act=act, reason=visit.typed("reason"), by=visit.named
        )
    except (NotAllowed, BadRequest) as trouble:
        return visit.again("notice.html", trouble, **_one_facts(visit))
    return visit.see(f"/notices/{_id(visit.request)}?done=decided")


def _new_facts(visit: Visit, kind_name: str, connection: str) -> dict[str, Any]:
    """Return what the page asks next."""
    kind, line = kinds().get(kind_name), connections().get(connection)
    asks: list[dict[str, Any]] = []
    if kind is not None:
        needs = (*kind.needs, *(line.needs if line else ()))
        may = (*kind.may, *(line.may if line else ()))
        asked = [each for each in fields().values() if each.name in (*needs, *may) and each.name != _CONNECTION]
        asks = [_field(visit, each, required=each.name in needs) for each in asked]
    return {
        "kinds": [(each.name, visit.label(each)) for each in kinds().values()],
        "kind": (kind.name, visit.label(kind)) if kind else None,
        "lines": [(each.name, visit.label(each)) for each in connections().values()],
        "line": (line.name, visit.label(line)) if line else None,
        "about_line": kind is not None and _CONNECTION in kind.needs,
        "asks": asks,
    }


def _field(visit: Visit, field: Field, *, required: bool) -> dict[str, Any]:
    is_date = field.form == "date"
    label = visit.label(field) if required else visit.say("pages.notice.optional", label=visit.label(field))
    return {"name": field.name, "label": label, "type": "date" if is_date else "text", "required": required}


def _one_facts(visit: Visit) -> dict[str, Any]:
    told = show_notice(visit.office, visit.asker, _id(visit.request))
    answers = visit.pages.face == "desk" and permits(visit.who, OFFICE)
    word = visit.request.query_params.get("done", "")
    return {
        "notice": _told(visit, told),
        "rows": [(visit.label(fields()[name]), _shown(visit, name, text)) for name, text in told["fields"].items()],
        "history": [{**each, "said": visit.say(f"notices.states.{each['state']}")} for each in told["history"]],
        "answers": answers and told["state"] in {State.FILED, State.SEEN},
        "seen": told["state"] != State.FILED,
        "most": TEXT_CHARS,
        "done": visit.say(f"pages.notice.done_{word}") if word in {"filed", "decided"} else "",
    }


def _told(visit: Visit, notice: dict[str, Any]) -> dict[str, Any]:
    """Return a notice with its words."""
    said = {
        "kind_said": visit.label(kinds()[notice["kind"]]),
        "state_said": visit.say(f"notices.states.{notice['state']}"),
    }
    return {"party_name": "", "party_address": "", **notice, **said}


def _shown(visit: Visit, name: str, text: str) -> str:
    return visit.label(connections()[text]) if name == _CONNECTION else text


def _states(visit: Visit) -> list[tuple[str, str]]:
    return [("", visit.say("pages.notice.all")), *((each.value, visit.say(f"notices.states.{each}")) for each in State)]


def _known_state(state: str | None) -> str | None:
    return state if state in set(State) else None


def _id(request: Request) -> str:
    """Return the id that the address names. Errors: NotFound for what has not even the form of one."""
    notice_id = str(request.path_params["notice_id"])
    if not notice_id.isascii() or not notice_id.isalnum() or len(notice_id) > _PAGE:
        raise NotFound("no such notice")
    return notice_id
