"""Fetching: what payers come for."""

import asyncio
from collections.abc import Callable
from pathlib import Path as FilePath
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from seikyu.apps.api import models
from seikyu.apps.api.paging import PAGE, SEND_BY, Asker, Cursor, PageLimit, TheOffice, absolute, problems
from seikyu.apps.api.problems import problem
from seikyu.apps.api.ranges import (
    Part,
    PartResponse,
    RangeNotSatisfiable,
    digest_field,
    etag_of,
    part_wanted,
    sent_alike,
    unchanged,
)
from seikyu.apps.front import SEND_HEADER
from seikyu.ports import store
from seikyu.ports.errors import NotFound
from seikyu.ports.trust import ClientIdentity
from seikyu.services import deliver
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
def deliveries(
    request: Request,
    office: TheOffice,
    asker: Asker,
    body: Annotated[str | None, Query(pattern=models.BODY_FORM)] = None,
    month: Annotated[str | None, Query(pattern=models.MONTH_FORM)] = None,
    limit: PageLimit = PAGE,
    cursor: Cursor = None,
) -> Any:
    """List the asker's own deliveries, newest first."""
    if asker.kind != PAYER:
        return {"items": [], "next": None}
    page = deliver.list_deliveries(office, asker, limit=limit, cursor=cursor, body=body, month=month)
    items = [item | {"content_url": _content_url(request, item["id"])} for item in page.items]
    return {"items": items, "next": page.next}


@router.get("/deliveries/{delivery_id}", response_model=models.Delivery, responses=problems(404))
def delivery(request: Request, office: TheOffice, asker: Fetcher, delivery_id: Id) -> Any:
    """Show one delivery."""
    return _on_wire(request, deliver.show_delivery(office, asker, delivery_id))


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
    row = await asyncio.to_thread(deliver.show_delivery, office, asker, delivery_id)
    etag = etag_of(row.sha256)
    headers = {
        "ETag": etag,
        "Accept-Ranges": "bytes",
        "Repr-Digest": digest_field(row.sha256),
        "Cache-Control": "private, no-store",
    }
    if unchanged(request.headers, etag=etag):
        return Response(status_code=304, headers=headers)
    try:
        wanted = part_wanted(request.headers, size_bytes=row.size_bytes, etag=etag) if request.method == "GET" else None
    except RangeNotSatisfiable as error:
        return problem(request, error.code, error.facts, headers={"Content-Range": f"bytes */{row.size_bytes}"})
    part = wanted or Part(0, row.size_bytes, row.size_bytes)
    if wanted:
        headers["Content-Range"] = f"bytes {part.start}-{part.end - 1}/{part.size_bytes}"
    headers |= {"Content-Type": "application/octet-stream", "Content-Length": str(part.end - part.start)}
    if request.method == "HEAD":
        return Response(status_code=200, headers=headers)
    status = 206 if wanted else 200
    opened = await asyncio.to_thread(deliver.open_delivery, office, asker, delivery_id)
    send_by: Callable[[FilePath], str] | None = getattr(request.app.state, SEND_BY)
    place = office.objects.local_path(opened.object_name)
    if send_by is not None and place is not None and sent_alike(request.headers, wanted):
        del headers["Content-Length"]
        return Response(status_code=status, headers=headers | {SEND_HEADER: send_by(place)})
    source = await asyncio.to_thread(office.objects.open, opened.object_name)
    return PartResponse(source, part, status_code=status, headers=headers)


@router.post("/deliveries/{delivery_id}/received", response_model=models.Delivery, responses=problems(404, 422))
def received(request: Request, office: TheOffice, asker: Fetcher, delivery_id: Id, proof: models.Proof) -> Any:
    """Say that the delivery is here and whole, with its digest as the proof."""
    return _on_wire(request, deliver.mark_received(office, asker, delivery_id, sha256=proof.sha256))


def _on_wire(request: Request, row: store.Delivery) -> dict[str, Any]:
    return deliver.delivery_view(row) | {"content_url": _content_url(request, row.id)}


def _content_url(request: Request, delivery_id: str) -> str:
    return absolute(request, f"/deliveries/{delivery_id}/content")
