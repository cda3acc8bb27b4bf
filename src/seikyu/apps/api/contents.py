"""The bytes of a delivery as an answer, alike for programs (`/api/v1`) and for the pages behind a login."""

from collections.abc import Callable
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

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
from seikyu.office.delivery import delivery_path
from seikyu.ports.store import Delivery
from seikyu.ports.trust import ClientIdentity
from seikyu.services import deliver
from seikyu.services.office import Office

#: Names a file as a front server does that sends it.
SendBy = Callable[[Path], str]


def content_response(
    request: Request, office: Office, asker: ClientIdentity, delivery_id: str, *, send_by: SendBy | None, user: str = ""
) -> Response:
    """Return the bytes that Range and If-Range ask for, and say in the history who fetches them.

    Shape: `user` is the person who has logged in. Errors: Forbidden, NotFound, PreconditionFailed.
    """
    row = deliver.show_delivery(office, asker, delivery_id)
    etag = etag_of(row.sha256)
    headers = {
        "ETag": etag,
        "Accept-Ranges": "bytes",
        "Repr-Digest": digest_field(row.sha256),
        "Cache-Control": "private, no-store",
        "Content-Disposition": f'attachment; filename="{official_name(row)}"',
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
    opened = deliver.open_delivery(office, asker, delivery_id, start=part.start, end=part.end, user=user)
    place = office.objects.local_path(opened.object_name)
    if send_by is not None and place is not None and sent_alike(request.headers, wanted):
        del headers["Content-Length"]
        return Response(status_code=status, headers=headers | {SEND_HEADER: send_by(place)})
    return PartResponse(office.objects.open(opened.object_name), part, status_code=status, headers=headers)


def official_name(row: Delivery) -> str:
    """Return the official name of a delivery's file. Source: payer:3.2."""
    return delivery_path(row.body, row.month, payer=row.payer, kind=row.kind, volume=row.volume).name
