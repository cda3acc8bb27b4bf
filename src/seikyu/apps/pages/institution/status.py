"""請求状況: every sending with its counts, narrowed as one likes, as a page and as a list for a spreadsheet."""

import csv
import io
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from starlette.responses import Response
from starlette.routing import Route

from seikyu.apps.pages.frame import HEADERS, at_time
from seikyu.apps.pages.institution.told import KINDS, body_names, institution_only, kind_said, month_said, row_said
from seikyu.apps.pages.visit import Pages, Visit
from seikyu.limits import limit
from seikyu.office.sending import State
from seikyu.ports.errors import BadRequest
from seikyu.services.agency import body_to_list
from seikyu.services.office import LINES
from seikyu.services.show import Page, list_sendings

SEE: Final = ("see",)

_PAGE: Final = 50
_MONTH: Final = re.compile(r"20[0-9]{2}(0[1-9]|1[0-2])")
_CURSOR: Final = re.compile(r"[0-9a-z]{1,40}")

#: What a spreadsheet would take for a formula.
_FORMULA: Final = re.compile(r"[\s]*[=+\-@＝＋－＠]")

#: Columns of the list, by the names of their texts.
COLUMNS: Final = (
    "month", "body", "kind", "line", "send_no", "received_at", "state", "claims", "refused", "ask", "claimed",
    "unclaimed", "confirm_no", "decided_at", "asp",
)  # fmt: skip


def status_routes(pages: Pages) -> list[Route]:
    """Return the routes."""
    return [
        pages.route("/sendings", show_status, powers=SEE),
        pages.route("/sendings.csv", tell_status, powers=SEE),
    ]


def show_status(visit: Visit) -> Response:
    """Show a page of sendings, those of one month, body, line and kind together."""
    institution_only(visit)
    wish = _wish(visit)
    page = _found(visit, wish, limit_=_PAGE, cursor=_cursor(visit))
    names = body_names(visit)
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for shown in page.items:
        row = row_said(visit, shown, names)
        groups.setdefault((row["month_name"], row["body_name"], row["kind_name"], row["line"]), []).append(row)
    every = ("", visit.say("pages.desk.all"))
    held = {name: value for name, value in wish.items() if value}
    return visit.show(
        "institution/sendings.html",
        groups=list(groups.items()),
        wish=wish,
        months=_months(visit, wish),
        bodies=[every, *((each, name) for each, name in names.items() if _has(visit, each))],
        kinds=[every, *((kind, kind_said(visit, kind)) for kind in KINDS)],
        lines=[every, *((line, visit.say(f"pages.desk.line.{line}")) for line in LINES)],
        states=[every, *((each.value, visit.say(f"pages.desk.state.{each}")) for each in State)],
        older=f"/sendings?{urlencode(held | {'cursor': page.next})}" if page.next else "",
        first=f"/sendings?{urlencode(held)}" if _cursor(visit) else "",
        list_address=f"/sendings.csv?{urlencode(held)}",
        narrowed=bool(held),
        on_test_line=wish["line"] == "test",
    )


def tell_status(visit: Visit) -> Response:
    """Return the same as a list in Shift_JIS, with the official words; what looks like a formula is made text."""
    institution_only(visit)
    wish, names, cursor = _wish(visit), body_names(visit), None
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([visit.say(f"pages.desk.column.{name}") for name in COLUMNS])
    for _ in range(limit("status_list_pages")):
        page = _found(visit, wish, limit_=limit("page_items"), cursor=cursor)
        for shown in page.items:
            writer.writerow([harmless(cell) for cell in _cells(visit, row_said(visit, shown, names))])
        cursor = page.next
        if cursor is None:
            break
    name = f"seikyu-status-{wish['month'] or 'all'}.csv"
    headers = {**HEADERS, "Content-Disposition": f'attachment; filename="{name}"'}
    return Response(text.getvalue().encode("cp932", "replace"), 200, headers, "text/csv; charset=Shift_JIS")


def harmless(cell: str) -> str:
    """Return a cell that a spreadsheet takes for text.

    >>> harmless("=1+1"), harmless("@SUM(A1)"), harmless("12"), harmless("支払基金")
    ("'=1+1", "'@SUM(A1)", '12', '支払基金')
    """
    return f"'{cell}" if _FORMULA.match(cell) else cell


def _cells(visit: Visit, row: Mapping[str, Any]) -> list[str]:
    said = {
        "month": row["month_name"],
        "body": row["body_name"],
        "kind": row["kind_name"],
        "line": visit.say(f"pages.desk.line.{row['line']}"),
        "send_no": row["send_no_said"],
        "received_at": _stamp(row["received_at"]),
        "state": row["state_name"],
        "decided_at": _stamp(row["decided_at"]),
        "asp": visit.say("pages.desk.asp.yes" if row["asp"] else "pages.desk.asp.no"),
    }
    return [said.get(name, "" if row.get(name) is None else str(row.get(name))) for name in COLUMNS]


def _stamp(text: str | None) -> str:
    return at_time(datetime.fromisoformat(text)) if text else ""


def _wish(visit: Visit) -> dict[str, str]:
    """Return what the list is narrowed to; a word that nobody knows narrows nothing."""
    asked = visit.request.query_params
    known = {
        "month": lambda text: bool(_MONTH.fullmatch(text)),
        "body": visit.office.serves,
        "line": LINES.__contains__,
        "kind": KINDS.__contains__,
        "state": {each.value for each in State}.__contains__,
    }
    return {name: asked.get(name, "") if fits(asked.get(name, "")) else "" for name, fits in known.items()}


def _cursor(visit: Visit) -> str | None:
    said = visit.request.query_params.get("cursor", "")
    return said if _CURSOR.fullmatch(said) else None


def _found(visit: Visit, wish: Mapping[str, str], *, limit_: int, cursor: str | None) -> Page:
    asker = visit.asker
    body = wish["body"] or None
    try:
        body_to_list(asker, body)
    except BadRequest:  # who works for another at several bodies has not chosen one: the first
        body = asker.mandates[0][0]
    return list_sendings(
        visit.office, asker, limit=limit_, cursor=cursor, body=body, line=wish["line"] or None,
        kind=wish["kind"] or None, month=wish["month"] or None, state=wish["state"] or None,
    )  # fmt: skip


def _has(visit: Visit, body: str) -> bool:
    return visit.office.serves(body) and visit.asker.acts_at(body)


def _months(visit: Visit, wish: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the months to choose from: the newest thirteen, and the chosen one."""
    now = visit.office.clock.now()
    first = now.year * 12 + now.month - 1
    months = [f"{n // 12:04d}{n % 12 + 1:02d}" for n in range(first + 1, first - 12, -1)]
    if wish["month"] and wish["month"] not in months:
        months.append(wish["month"])
    return [("", visit.say("pages.desk.all")), *((month, month_said(visit, month)) for month in months)]
