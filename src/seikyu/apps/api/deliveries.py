"""Fetching: what payers come for."""

import asyncio
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from seikyu.apps.api import models
from seikyu.apps.api.paging import PAGE, Asker, Cursor, PageLimit, TheOffice, absolute, cut, problems
from seikyu.apps.api.ranges import Part, PartResponse, digest_field, etag_of, part_wanted, unchanged
from seikyu.ports import store
from seikyu.services import deliver

router: Final = APIRouter(tags=["deliveries"])

Id = Annotated[str, Path(pattern=r"^[0-9a-z]{1,40}$")]


@router.get("/deliveries", response_model=models.Deliveries, responses=problems())
def deliveries(
    request: Request,
    office: TheOffice,
    asker: Asker,
    body: Annotated[str | None, Query(pattern=models.BODY_FORM)] = None,
    month: Annotated[str | None, Query(pattern=models.MONTH_FORM)] = None,
    line: Annotated[models.Line | None, Query()] = None,
    state: Annotated[list[models.DeliveryState], Query()] = [],  # noqa: B006  (FastAPI copies it)
    limit: PageLimit = PAGE,
    cursor: Cursor = None,
) -> models.Deliveries:
    """List the asker's own deliveries, newest first."""
    rows = deliver.list_deliveries(
        office, asker, body=body, month=month, line=line, states=tuple(state), after=cursor, limit=limit + 1
    )
    page, following = cut(rows, limit)
    return models.Deliveries(items=[_on_wire(request, row) for row in page], next=following)


@router.get("/deliveries/{delivery_id}", response_model=models.Delivery, responses=problems(404))
def delivery(request: Request, office: TheOffice, asker: Asker, delivery_id: Id) -> models.Delivery:
    """Show one delivery."""
    return _on_wire(request, deliver.delivery(office, asker, delivery_id))


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
async def content(request: Request, office: TheOffice, asker: Asker, delivery_id: Id) -> Response:
    """Fetch the bytes, from wherever the last try stopped: Range with If-Range and the strong ETag."""
    row = await asyncio.to_thread(deliver.delivery, office, asker, delivery_id)
    etag = etag_of(row.sha256)
    headers = {
        "ETag": etag,
        "Accept-Ranges": "bytes",
        "Repr-Digest": digest_field(row.sha256),
        "Cache-Control": "private, no-store",
    }
    if unchanged(request.headers, etag=etag):
        return Response(status_code=304, headers=headers)
    whole = Part(0, row.size_bytes, row.size_bytes)
    wanted = part_wanted(request.headers, size_bytes=row.size_bytes, etag=etag) if request.method == "GET" else None
    part = wanted or whole
    if wanted:
        headers["Content-Range"] = f"bytes {part.start}-{part.end - 1}/{part.size_bytes}"
    headers |= {"Content-Type": "application/octet-stream", "Content-Length": str(part.end - part.start)}
    if request.method == "HEAD":
        return Response(status_code=200, headers=headers)
    source = await asyncio.to_thread(deliver.open_delivery, office, asker, delivery_id)
    return PartResponse(source, part, status_code=206 if wanted else 200, headers=headers)


@router.post("/deliveries/{delivery_id}/received", response_model=models.Delivery, responses=problems(404, 409, 422))
def received(
    request: Request, office: TheOffice, asker: Asker, delivery_id: Id, proof: models.Proof
) -> models.Delivery:
    """Say that the delivery is here and whole, with its digest as the proof."""
    return _on_wire(request, deliver.mark_received(office, asker, delivery_id, sha256=proof.sha256))


def _on_wire(request: Request, row: store.Delivery) -> models.Delivery:
    return models.delivery_on_wire(row, content_url=absolute(request, f"/deliveries/{row.id}/content"))
