"""The pages of official lists (帳票): those of a sending, on the screen or as files, and those of a month at once."""

import re
from datetime import datetime
from functools import partial
from typing import Any, Final
from urllib.parse import urlencode

from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from seikyu.apps.api.models import MONTH_FORM
from seikyu.apps.dates import month_text
from seikyu.apps.lists_told import (
    FORMATS,
    HandedOut,
    Which,
    hand_out,
    hand_out_all,
    hand_out_month,
    parts_of,
)
from seikyu.apps.pages.frame import HEADERS
from seikyu.apps.pages.visit import Pages, Visit
from seikyu.limits import limit
from seikyu.office.bodies import bodies
from seikyu.office.calendar import JST
from seikyu.office.papers import papers_of
from seikyu.office.sending import State
from seikyu.ports.errors import BadRequest, NotFound
from seikyu.ports.store import Sending
from seikyu.ports.trust import ClientIdentity
from seikyu.rules.reports.caret import width
from seikyu.rules.reports.forms import forms, kind_of, kinds
from seikyu.rules.reports.opened import OpenList, open_list, part_of
from seikyu.services.list_archive import Wish, sendings_of
from seikyu.services.lists import Listed, lists_of, make_list
from seikyu.services.office import INSTITUTION, LINES, TEST
from seikyu.services.reckoning import MonthSums, month_sums, reckon

_SEE: Final = ("see",)
_TOLD_STATES: Final = {
    State.TO_DECIDE: "warn",
    State.REFUSED: "bad",
    State.CHECKING: "busy",
    State.CONFIRMED: "good",
    State.CONFIRMED_AUTOMATICALLY: "good",
    State.HANDED_OVER: "good",
}
_KINDS: Final = ("medical", "dpc", "dental", "pharmacy", "home_nursing")
#: So many of the newest sendings are looked at for the months to choose from.
_NEWEST: Final = 200
_SUMS: Final = ("claims", "days", "points", "copay_yen", "meals_yen", "standard_yen")
#: A text of so many places of a terminal stands in one line.
_SHORT: Final = 24
#: Values of these ways are numbers, and stand to the right.
_NUMBERS: Final = ("number", "counted")


def list_routes(pages: Pages) -> list[Route]:
    """Return the routes of the desk."""
    see = partial(pages.route, powers=_SEE)
    return [
        see("/lists", show_months),
        see("/lists/archive", give_month),
        see("/lists/month", show_sums),
        see("/sendings/{sending_id}/lists", show_lists),
        see("/sendings/{sending_id}/lists/archive", give_all),
        see("/sendings/{sending_id}/lists/{form}", show_one),
    ]


# --- one sending ---


def show_lists(visit: Visit) -> Response:
    """Show which lists a sending has, what they are for, and why others are not there."""
    asker = _claimant(visit)
    sending, listed = lists_of(visit.office, asker, _id(visit))
    return visit.show(
        "institution/lists.html",
        **_about(visit, sending),
        items=[_item(visit, sending, each) for each in listed],
        any_there=any(each.reason is None for each in listed),
        counts=reckon(visit.office, asker, sending.id),
        decided=sending.claimed is not None,
        rows=limit("list_part_rows"),
    )


def give_all(visit: Visit) -> Response:
    """Give every list that a sending has."""
    return _given(hand_out_all(visit.office, _claimant(visit), _id(visit)))


def show_one(visit: Visit) -> Response:
    """Show one list as a table, or give it as a file if a format is asked for."""
    asker, asked = _claimant(visit), visit.request.query_params
    form, form_id = str(visit.request.path_params["form"]), asked.get("format", "")
    if form_id:
        if form_id not in FORMATS:
            raise BadRequest("the format is csv, pdf or spreadsheet", parameter="format")
        which = Which(_id(visit), form, asked.get("in_out") or None, form_id, _number(asked.get("part")))
        return _given(hand_out(visit.office, asker, which))
    sending, listed = lists_of(visit.office, asker, _id(visit))
    own = [each for each in listed if each.form == form]
    if not own:
        raise NotFound("a sending of that kind has no such list")
    chosen = next((each for each in own if each.in_out == asked.get("in_out")), own[0])
    page = _number(asked.get("page"))
    with visit.office.paper_place_for(asker):
        made = make_list(visit.office, asker, sending.id, form, chosen.in_out)
        opened = open_list(made.form, made.issue, made.lines)
        rows, more = part_of(opened, page, rows=limit("list_page_rows"))
    first = (page - 1) * limit("list_page_rows") + 1
    here = {"in_out": chosen.in_out} if chosen.in_out else {}
    return visit.show(
        "institution/list.html",
        **_about(visit, sending),
        item=_item(visit, sending, chosen),
        divisions=[_item(visit, sending, each) for each in own] if len(own) > 1 else [],
        opened=opened,
        columns=_filled(opened, rows),
        rows=rows,
        first=first,
        last=first + len(rows) - 1,
        before=f"?{urlencode({**here, 'page': page - 1})}" if page > 1 else "",
        after=f"?{urlencode({**here, 'page': page + 1})}" if more else "",
        findings=bool(made.form.levels),
    )


# --- a month ---


def show_months(visit: Visit) -> Response:
    """Show the sendings of a month with the lists that each has, and the way to take them all."""
    asker = _claimant(visit)
    months, wish = _months(visit, asker), _wish(visit)
    wish = wish or Wish(months[0])
    found, most = sendings_of(visit.office, asker, wish), visit.office.limit("archive_sendings")
    return visit.show(
        "institution/lists_month.html",
        sendings=[_row(visit, each) for each in found],
        query=urlencode(_asked(wish)),
        too_many=len(found) > most,
        most=most,
        wish=wish,
        month=month_text(wish.month, visit.lang),
        choices=_choices(visit, months),
    )


def give_month(visit: Visit) -> Response:
    """Give the lists of a month at once. Errors: BadRequest without a month."""
    wish = _wish(visit)
    if wish is None:
        raise BadRequest("say the month", parameter="month")
    return _given(hand_out_month(visit.office, _claimant(visit), wish))


def show_sums(visit: Visit) -> Response:
    """Show what was claimed in a month, by claim type."""
    asker = _claimant(visit)
    months, wish = _months(visit, asker), _wish(visit)
    wish = wish or Wish(months[0], line=LINES[0])
    too_many = False
    try:
        sums = month_sums(visit.office, asker, wish)
    except BadRequest:
        sums, too_many = MonthSums(wish), True
    return visit.show(
        "institution/lists_sums.html",
        sums=sums,
        too_many=too_many,
        tables=[_sums_table(visit, issue, rows) for issue, rows in sums.tables],
        wish=wish,
        month=month_text(wish.month, visit.lang),
        query=urlencode(_asked(wish)),
        choices=_choices(visit, months),
        on_test_line=wish.line == TEST,
    )


# --- parts ---


def _filled(opened: OpenList, rows: list[tuple[str, ...]]) -> list[dict[str, Any]]:
    """Return the columns in which anything stands: where, their title, and whether they hold numbers or long texts."""
    there = []
    for at, column in enumerate(opened.columns):
        longest = max((width(row[at]) for row in rows), default=0)
        if longest or at == 0:
            look = "num" if column.way in _NUMBERS else "no" if longest <= _SHORT else "long"
            there.append({"at": at, "title": column.title, "look": look})
    return there


def _claimant(visit: Visit) -> ClientIdentity:
    """Return who asks: these lists are an institution's. Errors: NotFound."""
    asker = visit.asker
    if asker.kind != INSTITUTION:
        raise NotFound("only institutions have these lists")
    return asker


def _id(visit: Visit) -> str:
    return str(visit.request.path_params["sending_id"])


def _number(text: str | None) -> int:
    """Return a number from 1 as an address has it; 1 for anything else."""
    digits = text or ""
    return max(1, int(digits)) if digits.isascii() and digits.isdigit() and len(digits) <= len("100000") else 1


def _given(out: HandedOut) -> Response:
    """Return a file as an answer; nobody keeps it."""
    return StreamingResponse(out.blocks, headers={**HEADERS, **out.headers}, media_type=out.media_type)


def _about(visit: Visit, sending: Sending) -> dict[str, Any]:
    """Return what pages say of the sending itself."""
    return {
        "sending": sending,
        "month": month_text(sending.month, visit.lang) if sending.month else "",
        "body": _body(visit, sending.body),
        "kind": visit.say(f"check.kinds.{sending.kind or 'none'}"),
        "state": visit.say(f"client.states.{sending.state}"),
        "state_kind": _TOLD_STATES.get(State(sending.state), ""),
        "on_test_line": sending.line == TEST,
    }


def _item(visit: Visit, sending: Sending, listed: Listed) -> dict[str, Any]:
    """Return what pages say of a list."""
    division = visit.say(f"pages.lists.{listed.in_out}") if listed.in_out else ""
    only = len(kinds()[kind_of(sending.kind)]["in_out"]) == 1
    name = visit.say(f"pages.lists.forms.{listed.form}")
    asked = {"in_out": listed.in_out} if listed.in_out else {}
    here = f"/sendings/{sending.id}/lists/{listed.form}"
    return {
        "form": listed.form,
        "label": visit.say("pages.lists.divided", list=name, division=division) if division and not only else name,
        "division": division,
        "title": listed.title,
        "use": visit.say(f"pages.lists.uses.{listed.form}"),
        "why": visit.say(f"lists.why.{listed.reason}") if listed.reason else "",
        "look": f"{here}?{urlencode(asked)}" if asked else here,
        "files": [
            {
                "label": visit.say(f"pages.lists.{'pdf_part' if part else form}", **({"part": part} if part else {})),
                "path": f"{here}?{urlencode({'format': form, **asked, **({'part': part} if part else {})})}",
                "form": form,
            }
            for form in FORMATS
            for part in (range(1, parts_of(listed) + 1) if form == "pdf" and parts_of(listed) > 1 else (0,))
        ],
    }


def _row(visit: Visit, sending: Sending) -> dict[str, Any]:
    """Return a sending as a row of a month, with the names of the lists that it has."""
    there = [
        {"label": visit.say(f"pages.lists.forms.{paper.form}"), "form": paper.form}
        for paper in papers_of(line=sending.line, asp=sending.asp)
        if paper.why_not(State(sending.state)) is None
    ]
    return {**_about(visit, sending), "there": there, "test": sending.line == TEST}


def _sums_table(visit: Visit, issue: Any, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the sums of a kind and division as a table; columns in which nothing stands are left out."""
    kind, only = kind_of(issue.summary.kind), len(issue.kind["in_out"]) == 1
    *types, total, refused = rows
    used = [name for name in _SUMS if any(row.get(name) is not None for row in rows)]
    form = forms()["hjry"]
    shown = {column.name for column in form.of(issue.in_out)}
    used = [name for name in used if name in shown]
    facts = {"kind": visit.say(f"check.kinds.{kind}"), "division": visit.say(f"pages.lists.{issue.in_out}")}
    key = "pages.lists.sums.caption_one" if only else "pages.lists.sums.caption"
    return {
        "caption": visit.say(key, **({"kind": facts["kind"]} if only else facts)),
        "heads": [(name, visit.say(f"pages.lists.sums.columns.{name}")) for name in used],
        "types": [(row["claim_type"], [row.get(name) for name in used]) for row in types],
        "total": (total["claim_type"], [total.get(name) for name in used]),
        "refused": (refused["claim_type"], refused["claims"], len(used)),
    }


def _months(visit: Visit, asker: ClientIdentity) -> list[str]:
    """Return the months to choose from: those that something was sent for, newest first; else the present one."""
    with visit.office.store.read() as tx:
        newest = tx.sendings(party=asker.party, limit=_NEWEST)
    there = sorted({each.month for each in newest if each.month}, reverse=True)
    return there or [_this_month(visit.office.clock.now())]


def _this_month(now: datetime) -> str:
    local = now.astimezone(JST)
    return f"{local.year:04d}{local.month:02d}"


def _wish(visit: Visit) -> Wish | None:
    """Return what the address asks for; None without a month, and what is no word of ours narrows nothing."""
    asked = visit.request.query_params
    month = asked.get("month", "")
    if not re.fullmatch(MONTH_FORM, month):
        return None
    body, line, kind = (asked.get(name) or None for name in ("body", "line", "kind"))
    known = {each.id for each in bodies(visit.office.clock.now().date(), test=visit.office.sandbox)}
    return Wish(
        month,
        body=body if body in known else None,
        line=line if line in LINES else None,
        kind=kind if kind in _KINDS else None,
    )


def _asked(wish: Wish) -> dict[str, str]:
    fields = {"month": wish.month, "body": wish.body, "line": wish.line, "kind": wish.kind}
    return {name: value for name, value in fields.items() if value}


def _choices(visit: Visit, months: list[str]) -> dict[str, list[tuple[str, str]]]:
    anything = ("", visit.say("pages.lists.bulk.any"))
    return {
        "month": [(each, month_text(each, visit.lang)) for each in months],
        "body": [anything, *((each, _body(visit, each)) for each in visit.pages.served)],
        "line": [anything, *((each, visit.say(f"client.states.{each}")) for each in LINES)],
        "kind": [anything, *((each, visit.say(f"check.kinds.{each}")) for each in _KINDS)],
    }


def _body(visit: Visit, body: str) -> str:
    known = {each.id: each for each in bodies(visit.office.clock.now().date(), test=visit.office.sandbox)}
    return visit.label(known[body]) if body in known else body
