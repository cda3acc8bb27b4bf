"""Fetching: what payers come for."""

import asyncio
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from seikyu.apps.api import models
from seikyu.apps.api.contents import content_response
from seikyu.apps.api.paging import PAGE, SEND_BY, Asker, Cursor, PageLimit, TheOffice, absolute, problems
from seikyu.ports.errors import NotFound
from seikyu.ports.trust import ClientIdentity
from seikyu.services import deliver, payer_months
from seikyu.services.office import PAYER

router: Final = APIRouter(tags=["deliveries"])

Id = Annotated[str, Path(pattern=r"^[0-9a-z]{1,40}$")]


async def fetcher_of(asker: Asker) -> ClientIdentity:
    """Return who asks about a delivery; to anybody but a payer there is no such thing. Errors: NotFound."""
    if asker.kind != PAYER:
        raise NotFound("only payers have deliveries")
    return asker


Fetcher = Annotated[ClientIdentity, Depends(fetcher_of)]


@router.get("/deliveries", response_model=models.Deliveries, responses=problems())
def deliveries(  # noqa: PLR0917  (each is one filter of the list)
    request: Request,
    office: TheOffice,
    asker: Asker,
    body: Annotated[str | None, Query(pattern=models.BODY_FORM)] = None,
    month: Annotated[str | None, Query(pattern=models.MONTH_FORM)] = None,
    kind: Annotated[models.DeliveryKind | None, Query()] = None,
    state: Annotated[models.DeliveryState | None, Query()] = None,
    limit: PageLimit = PAGE,
    cursor: Cursor = None,
) -> Any:
    """List the asker's own deliveries, newest first."""
    if asker.kind != PAYER:
        return {"items": [], "next": None}
    wanted = deliver.Wanted(body, month, kind, state)
    page = deliver.list_deliveries(office, asker, limit=limit, cursor=cursor, wanted=wanted)
    items = [item | {"content_url": _content_url(request, item["id"])} for item in page.items]
    return {"items": items, "next": page.next}


@router.get("/deliveries/months", response_model=models.PayerMonths, responses=problems(404))
def delivery_months(office: TheOffice, asker: Fetcher) -> Any:
    """List the closed months, and the review bodies in each, that have something for the asker, newest first."""
    found = payer_months.list_payer_months(office, asker)
    return {"items": [{"month": month, "body": body} for month, body in found]}


@router.get("/deliveries/months/{month}", response_model=models.PayerMonth, responses=problems(404))
def delivery_month(office: TheOffice, asker: Fetcher, month: Annotated[str, Path(pattern=models.MONTH_FORM)]) -> Any:
    """Show the totals of a month: what was delivered, held against the asker's part of the claim ledger (貸借)."""
    found = payer_months.show_payer_month(office, asker, month)
    if not found:
        raise NotFound("nothing was closed for this payer in that month")
    items = [payer_months.payer_month_view(each) for each in found]
    return {"month": month, "balanced": all(each.balanced for each in found), "items": items}


@router.get("/deliveries/{delivery_id}", response_model=models.Delivery, responses=problems(404))
def delivery(request: Request, office: TheOffice, asker: Fetcher, delivery_id: Id) -> Any:
    """Show one delivery."""
    return _on_wire(request, deliver.tell_delivery(office, asker, delivery_id))


@router.get("/deliveries/{delivery_id}/history", response_model=models.DeliveryHistory, responses=problems(404))
def delivery_history(office: TheOffice, asker: Fetcher, delivery_id: Id) -> Any:
    """Tell who fetched a delivery, from where to where and when: a person who had logged in, or a certificate."""
    return {"items": deliver.list_history(office, asker, delivery_id)}


@router.get("/deliveries/{delivery_id}/pieces", response_model=models.DeliveryPieces, responses=problems(404))
def delivery_pieces(office: TheOffice, asker: Fetcher, delivery_id: Id) -> Any:
    """Tell the digests of a delivery's pieces, to find out which part of damaged bytes is to be fetched again."""
    return deliver.list_pieces(office, asker, delivery_id)


@router.head("/deliveries/{delivery_id}/content", include_in_schema=False)
@router.get(
    "/deliveries/{delivery_id}/content",
    response_class=Response,
    responses={
        200: {"content": {"application/octet-stream": {}}, "description": "all of it"},
        206: {"content": {"application/octet-stream": {}}, "description": "the part asked for"},
        304: {"description": "the asker has it already"},
        **problems(404, 412, 416),
    },
)
async def content(request: Request, office: TheOffice, asker: Fetcher, delivery_id: Id) -> Response:
    """Fetch the bytes, from wherever the last try stopped: Range with If-Range and the strong ETag."""
    send_by = getattr(request.app.state, SEND_BY)
    return await asyncio.to_thread(content_response, request, office, asker, delivery_id, send_by=send_by)


@router.post("/deliveries/{delivery_id}/received", response_model=models.Delivery, responses=problems(404, 422))
def received(request: Request, office: TheOffice, asker: Fetcher, delivery_id: Id, proof: models.Proof) -> Any:
    """Say that the delivery is here and whole, with its digest as the proof."""
    deliver.mark_received(office, asker, delivery_id, sha256=proof.sha256)
    return _on_wire(request, deliver.tell_delivery(office, asker, delivery_id))


def _on_wire(request: Request, told: dict[str, Any]) -> dict[str, Any]:
    return told | {"content_url": _content_url(request, told["id"])}


def _content_url(request: Request, delivery_id: str) -> str:
    return absolute(request, f"/deliveries/{delivery_id}/content")
