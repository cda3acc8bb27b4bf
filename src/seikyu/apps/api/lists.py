"""The official lists (帳票): those of a sending, of a month, and of a payer's deliveries."""

from collections.abc import Mapping
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Path, Query
from starlette.requests import Request
from starlette.responses import StreamingResponse

from seikyu.apps.api import models
from seikyu.apps.api.deliveries import Fetcher
from seikyu.apps.api.models_lists import Division, FileKind, Format, Lists, MonthTables
from seikyu.apps.api.paging import TheOffice, absolute, problems
from seikyu.apps.api.sendings import Id, Sender
from seikyu.apps.lists_told import (
    FORMATS,
    HandedOut,
    Which,
    hand_out,
    hand_out_all,
    hand_out_deliveries,
    hand_out_month,
    parts_of,
)
from seikyu.ports.errors import NotFound
from seikyu.ports.trust import ClientIdentity
from seikyu.rules.reports.forms import kind_of
from seikyu.services.delivery_list import list_of_deliveries
from seikyu.services.list_archive import Wish
from seikyu.services.lists import Listed, lists_of
from seikyu.services.office import INSTITUTION
from seikyu.services.reckoning import MonthSums, month_sums, reckon

router: Final = APIRouter(tags=["lists"])

_ZIP: Final[Mapping[int | str, Any]] = {200: {"content": {"application/zip": {}}, "description": "the lists"}}
_FILE: Final[Mapping[int | str, Any]] = {
    200: {"content": {kind.partition(";")[0]: {} for kind in FORMATS.values()}, "description": "the list"}
}

Month = Annotated[str, Query(pattern=models.MONTH_FORM)]
Body = Annotated[str | None, Query(pattern=models.BODY_FORM)]
TheLine = Annotated[models.Line | None, Query()]
Kind = Annotated[FileKind | None, Query(description="the kind of the files")]
TheFormat = Annotated[
    Format,
    Query(description="`csv` is the official file (Shift_JIS); `spreadsheet` the same for programs for tables (UTF-8)"),
]


async def claimant_of(asker: Sender) -> ClientIdentity:
    """Return who asks for the lists of a month: they are an institution's. Errors: NotFound."""
    if asker.kind != INSTITUTION:
        raise NotFound("only institutions have lists of a month")
    return asker


Claimant = Annotated[ClientIdentity, Depends(claimant_of)]


@router.get("/sendings/{sending_id}/lists", response_model=Lists, responses=problems(404))
def lists(request: Request, office: TheOffice, asker: Sender, sending_id: Id) -> Any:
    """Show which official lists a sending has now, and why others are not there."""
    sending, listed = lists_of(office, asker, sending_id)
    here = f"/sendings/{sending.id}/lists"
    counts = reckon(office, asker, sending_id)
    names = ("trailer", "cases", "more_payers", "claims", "refused", "left_out", "claimed")
    return {
        "items": [_on_wire(request, here, each) for each in listed],
        "archive_url": absolute(request, f"{here}/archive") if any(not each.reason for each in listed) else None,
        "counts": {name: getattr(counts, name) for name in names} if counts else None,
    }


@router.get(
    "/sendings/{sending_id}/lists/archive",
    response_class=StreamingResponse,
    responses={**_ZIP, **problems(404, 409)},
)
def sending_archive(office: TheOffice, asker: Sender, sending_id: Id) -> Any:
    """Fetch every list that a sending has now, under its official name, as one ZIP."""
    return streamed(hand_out_all(office, asker, sending_id))


@router.get(
    "/sendings/{sending_id}/lists/{form}",
    response_class=StreamingResponse,
    responses={**_FILE, **problems(404, 409)},
)
def one_list(
    office: TheOffice,
    asker: Sender,
    sending_id: Id,
    form: Annotated[str, Path(pattern=r"^[a-z]{4}$")],
    in_out: Annotated[Division | None, Query(description="of a form that comes in two divisions: which")] = None,
    format: TheFormat = "csv",  # noqa: A002  (the name of the parameter)
    part: Annotated[int, Query(ge=1, le=10_000, description="of a long list as PDF: which part")] = 1,
) -> Any:
    """Fetch one list of a sending."""
    return streamed(hand_out(office, asker, Which(sending_id, form, in_out, format, part)))


@router.get("/lists/archive", response_class=StreamingResponse, responses={**_ZIP, **problems(404)})
def month_archive(
    office: TheOffice, asker: Claimant, month: Month, body: Body = None, line: TheLine = None, kind: Kind = None
) -> Any:
    """Fetch the lists of all sendings of a claim month as one ZIP (一括ダウンロード), under the official bulk names."""
    return streamed(hand_out_month(office, asker, Wish(month, body, line, kind)))


@router.get("/lists/month", response_model=MonthTables, responses=problems(404))
def month_totals(
    office: TheOffice,
    asker: Claimant,
    month: Month,
    body: Body = None,
    line: Annotated[models.Line, Query()] = "real",
    kind: Kind = None,
) -> Any:
    """Show what was claimed in a claim month, by claim type."""
    return _month_on_wire(month_sums(office, asker, Wish(month, body, line, kind)))


@router.get("/deliveries/list", response_class=StreamingResponse, responses={**_FILE, **problems(404)})
def delivery_list(
    office: TheOffice,
    asker: Fetcher,
    month: Month,
    body: Body = None,
    format: TheFormat = "csv",  # noqa: A002  (the name of the parameter)
) -> Any:
    """Fetch the list of a month's deliveries (配信一覧): counts, points, sizes, digests."""
    return streamed(hand_out_deliveries(list_of_deliveries(office, asker, month, body=body), format))


def streamed(out: HandedOut) -> StreamingResponse:
    """Return what is handed out as an answer."""
    return StreamingResponse(out.blocks, headers=out.headers, media_type=out.media_type)


def _on_wire(request: Request, here: str, listed: Listed) -> dict[str, Any]:
    there = listed.reason is None
    asked = f"?{urlencode({'in_out': listed.in_out})}" if listed.in_out else ""
    return {
        "form": listed.form,
        "name": listed.name or None,
        "title": listed.title,
        "in_out": listed.in_out,
        "available": there,
        "reason": listed.reason,
        "formats": list(FORMATS) if there else [],
        "parts": parts_of(listed),
        "url": absolute(request, f"{here}/{listed.form}{asked}") if there else None,
    }


def _month_on_wire(sums: MonthSums) -> dict[str, Any]:
    names = ("days", "points", "copay_yen", "meals_yen", "standard_yen")
    tables = [
        {
            "kind": kind_of(issue.summary.kind),
            "in_out": issue.in_out,
            "rows": [
                {"claim_type": row["claim_type"], "claims": row["claims"], **{name: row.get(name) for name in names}}
                for row in rows
            ],
        }
        for issue, rows in sums.tables
    ]
    return {
        "month": sums.wish.month,
        "sendings": sums.sendings,
        "undecided": sums.open_sendings,
        "unreadable": sums.lost,
        "tables": tables,
    }
