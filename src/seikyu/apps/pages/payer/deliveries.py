"""The pages of deliveries (配信): the month's list with the 配信 button, one delivery, its bytes, and 受信確認.

The button is a script (`static/fetching.js`); what it does goes through the same routes as a plain link. Everything is
the asker's own; anything else is NotFound.
"""

import re
from dataclasses import replace
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from seikyu.apps.api.contents import SendBy, content_response, official_name
from seikyu.apps.api.models import BODY_FORM, MONTH_FORM
from seikyu.apps.api.problems import wants_page
from seikyu.apps.dates import month_text
from seikyu.apps.pages.forms import token_for
from seikyu.apps.pages.frame import HEADERS
from seikyu.apps.pages.payer.said import body_name, delivery_label, hand_said, kind_name
from seikyu.apps.pages.visit import Pages, Visit
from seikyu.office.balance_text import reason_text
from seikyu.office.delivery import delivery_path
from seikyu.office.delivery.names import forms
from seikyu.office.ledger import MEASURES
from seikyu.ports.errors import Damaged, DigestMismatch, NotFound
from seikyu.ports.trust import ClientIdentity
from seikyu.services.deliver import (
    FETCHING,
    RECEIVED,
    STATES,
    WAITING,
    Wanted,
    list_deliveries,
    list_history,
    list_pieces,
    mark_received,
    show_delivery,
    tell_delivery,
)
from seikyu.services.office import PAYER
from seikyu.services.payer_months import PayerMonth, list_payer_months, show_payer_month, sides_of, together
from seikyu.trust.people import FETCH, SEE, permits

_ID: Final = re.compile(r"[0-9a-z]{1,40}")
_MONTH: Final = re.compile(MONTH_FORM)
_BODY: Final = re.compile(BODY_FORM)
_DIGEST_CHARS: Final = 64
_TAGS: Final = {WAITING: "warn", FETCHING: "busy", RECEIVED: "good"}

#: Where the browser keeps what it fetches, in its own storage of this office.
_FOLDER: Final = "deliveries"


def delivery_routes(pages: Pages, send_by: SendBy | None = None) -> list[Route]:
    """Return the routes of the desk. Shape: `send_by` is as for `build_api`."""

    def content(visit: Visit) -> Response:
        """Send the bytes, from wherever the last try stopped."""
        asker, delivery_id = _asker(visit), _id(visit.request)
        return content_response(visit.request, visit.office, asker, delivery_id, send_by=send_by, user=visit.who.user)

    return [
        pages.route("/deliveries", show_month, powers=(SEE,)),
        pages.route("/deliveries/fetch/list", tell_list, powers=(FETCH,)),
        pages.route("/deliveries/{delivery_id}", show_one, powers=(SEE,)),
        pages.route("/deliveries/{delivery_id}/content", content, powers=(FETCH,)),
        pages.route("/deliveries/{delivery_id}/pieces", tell_pieces, powers=(FETCH,)),
        pages.route("/deliveries/{delivery_id}/received", do_receive, post=True, powers=(FETCH,)),
    ]


def show_month(visit: Visit) -> Response:
    """Show the deliveries of a month, how far they are, and that they hold what the ledger charges."""
    office, asker = visit.office, _asker(visit)
    months = list(dict.fromkeys(month for month, _ in list_payer_months(office, asker)))
    chosen = _chosen(visit, months)
    cursor = visit.request.query_params.get("cursor") or None
    page = list_deliveries(office, asker, limit=office.limit("page_items"), cursor=_known(cursor), wanted=chosen)
    found = show_payer_month(office, asker, chosen.month) if chosen.month else []
    told = [_told(visit, item) for item in page.items]
    return visit.show(
        "payer/deliveries.html",
        items=told,
        next_page=page.next,
        chosen=chosen,
        filters=_filters(visit, months, found),
        month_said=month_text(chosen.month, visit.lang) if chosen.month else "",
        sums=_sums(told),
        ledgers=[_ledger(visit, each) for each in found],
        total=_total(visit, found),
        may_fetch=permits(visit.who, FETCH),
        months=months,
        folder=_FOLDER,
    )


def tell_list(visit: Visit) -> Response:
    """Tell the script which deliveries of a month there are; with a token for saying that they were received."""
    wanted = _chosen(visit, [])
    items: list[dict[str, Any]] = []
    cursor, more = None, True
    while more:
        most = visit.office.limit("page_items")
        page = list_deliveries(visit.office, _asker(visit), limit=most, cursor=cursor, wanted=wanted)
        items += [_for_script(visit, item) for item in page.items]
        cursor, more = page.next, page.next is not None
    mark = visit.request.cookies.get(visit.pages.mark_cookie, "")
    token = token_for(visit.pages.key, face=visit.pages.face, mark=mark, session=visit.session)
    told = {"token": token, "piece_bytes": visit.office.limit("delivery_piece_bytes"), "items": items[::-1]}
    return _json(told)


def show_one(visit: Visit) -> Response:
    """Show one delivery with its history."""
    return visit.show("payer/delivery.html", **_one(visit), done=visit.request.query_params.get("done") == "received")


def tell_pieces(visit: Visit) -> Response:
    """Tell the script the digests of the pieces."""
    return _json(list_pieces(visit.office, _asker(visit), _id(visit.request)))


def do_receive(visit: Visit) -> Response:
    """Take a person's word, or their browser's, that the bytes are here: their digest is the proof."""
    delivery_id = _id(visit.request)
    typed = re.sub(r"\s", "", visit.typed("sha256")).lower()[:_DIGEST_CHARS]
    show_delivery(visit.office, _asker(visit), delivery_id)
    page = wants_page(visit.request)
    try:
        row = mark_received(visit.office, _asker(visit), delivery_id, typed, user=visit.who.user)
    except (DigestMismatch, Damaged) as error:
        if not page:
            raise
        return visit.again("payer/delivery.html", error, **_one(visit), done=False)
    if page:
        return visit.see(f"/deliveries/{delivery_id}?done=received")
    return _json({"id": row.id, "state": row.state})


def _one(visit: Visit) -> dict[str, Any]:
    item = tell_delivery(visit.office, _asker(visit), _id(visit.request))
    history = [
        {**step, "by": hand_said(visit, step), "said": visit.say(f"pages.payer.steps.{step['what']}")}
        for step in list_history(visit.office, _asker(visit), item["id"])
    ]
    row = show_delivery(visit.office, _asker(visit), item["id"])
    return {
        "item": _told(visit, item),
        "history": history,
        "name": official_name(row),
        "path_of_file": str(delivery_path(row.body, row.month, payer=row.payer, kind=row.kind, volume=row.volume)),
        "may_fetch": permits(visit.who, FETCH),
    }


def _asker(visit: Visit) -> ClientIdentity:
    """Return the party that has logged in, with the certificate that was shown. Errors: NotFound for others."""
    asker, shown = visit.asker, visit.identity
    if asker.kind != PAYER:
        raise NotFound("only payers have deliveries")
    return replace(asker, serial=shown.serial, terminal=shown.terminal) if shown else asker


def _id(request: Request) -> str:
    delivery_id = str(request.path_params["delivery_id"])
    if not _ID.fullmatch(delivery_id):
        raise NotFound("no such delivery")
    return delivery_id


def _known(cursor: str | None) -> str | None:
    return cursor if cursor and _ID.fullmatch(cursor) else None


def _chosen(visit: Visit, months: list[str]) -> Wanted:
    """Return what the address asks for; what it has no words for is not asked. Without a month, the newest."""
    asked = visit.request.query_params
    month, body = asked.get("month", ""), asked.get("body", "")
    kind, state = asked.get("kind", ""), asked.get("state", "")
    return Wanted(
        body=body if _BODY.fullmatch(body) else None,
        month=month if _MONTH.fullmatch(month) else (months[0] if months else None),
        kind=kind if kind in forms() else None,
        state=state if state in STATES else None,
    )


def _filters(visit: Visit, months: list[str], found: list[PayerMonth]) -> dict[str, list[tuple[str, str]]]:
    every = ("", visit.say("pages.payer.all"))
    return {
        "month": [(month, month_text(month, visit.lang)) for month in months],
        "body": [every, *((each.body, body_name(visit, each.body)) for each in found)],
        "kind": [every, *((kind, kind_name(visit.lang, kind)) for kind in forms())],
        "state": [every, *((state, visit.say(f"pages.payer.states.{state}")) for state in STATES)],
    }


def _told(visit: Visit, item: dict[str, Any]) -> dict[str, Any]:
    """Return a delivery as a page shows it."""
    size, came = item["size_bytes"], item["reached_bytes"]
    return item | {
        "label": delivery_label(visit, item),
        "body_name": body_name(visit, item["body"]),
        "kind_name": kind_name(visit.lang, item["kind"]),
        "month_said": month_text(item["month"], visit.lang),
        "state_said": visit.say(f"pages.payer.states.{item['state']}"),
        "tag": _TAGS[item["state"]],
        "percent": 100 * came // size if size else 100,
    }


def _for_script(visit: Visit, item: dict[str, Any]) -> dict[str, Any]:
    row = show_delivery(visit.office, _asker(visit), item["id"])
    path = delivery_path(row.body, row.month, payer=row.payer, kind=row.kind, volume=row.volume)
    address = f"/deliveries/{row.id}"
    return {
        "id": row.id,
        "state": row.state,
        "label": f"{delivery_label(visit, item)} {month_text(row.month, visit.lang)}",
        "name": path.name,
        "path": str(path.relative_to("deliveries")),
        "stored": f"{row.id}.{row.sha256}",
        "size_bytes": row.size_bytes,
        "sha256": row.sha256,
        "content": f"{address}/content",
        "pieces": f"{address}/pieces",
        "received": f"{address}/received",
    }


def _sums(items: list[dict[str, Any]]) -> dict[str, int]:
    """Return the sums of what the list shows."""
    sums = {name: sum(item[name] for item in items) for name in ("claims", "points", "size_bytes", "reached_bytes")}
    return sums | {state: sum(item["state"] == state for item in items) for state in STATES} | {"number": len(items)}


def _ledger(visit: Visit, found: PayerMonth) -> dict[str, Any]:
    return {
        "body": body_name(visit, found.body),
        "closed_at": found.closed_at,
        "received": found.received,
        "deliveries": len(found.deliveries),
        "claims": found.claims,
        "points": found.points,
        "size_bytes": found.size_bytes,
        "balanced": found.balanced,
    }


def _total(visit: Visit, found: list[PayerMonth]) -> dict[str, Any]:
    """Return the month's balance (貸借) of this payer, all review bodies together."""
    account = together(found)
    return {
        "balanced": all(each.balanced for each in found),
        "measures": [visit.say(f"pages.payer.measures.{measure}") for measure in MEASURES],
        "sides": [
            (visit.say(f"pages.payer.sides.{name}"), [getattr(amounts, measure) for measure in MEASURES])
            for name, amounts in sides_of(account)
        ],
        "reasons": [
            (reason_text(reason, visit.lang), [getattr(amounts, measure) for measure in MEASURES])
            for reason, amounts in account.suspended.items()
        ],
    }


def _json(told: dict[str, Any]) -> Response:
    return JSONResponse(told, headers={**HEADERS, "Vary": "Accept-Language, Accept, Cookie"})
