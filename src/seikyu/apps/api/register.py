"""The register as a list: brought in and given out by the operator."""

import asyncio
import errno
from collections.abc import Iterator
from tempfile import TemporaryFile
from typing import Annotated, Any, BinaryIO, Final, Literal

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import StreamingResponse

from seikyu.apps import acts
from seikyu.apps.api import models
from seikyu.apps.api.admin import operator_only
from seikyu.apps.api.bodies import body_of, must_be_plain, stated_length
from seikyu.apps.api.paging import TheOffice, problems
from seikyu.ports.errors import NoSpace
from seikyu.services.register import export_list, import_list

router: Final = APIRouter(prefix="/admin/register", tags=["admin"], dependencies=[Depends(operator_only)])

_CSV: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {"text/csv": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.put(
    "",
    response_model=models.ListReport,
    responses=problems(408, 413, 415, 422, 507),
    openapi_extra=_CSV,
)
async def bring_in(
    request: Request,
    office: TheOffice,
    dry_run: Annotated[bool, Query(description="only say what the list would change")] = False,
) -> Any:
    """Bring the register up to a list (CSV in UTF-8 or Shift_JIS): all of it, or nothing if a row is refused."""
    must_be_plain(request.headers)
    most = office.limit("register_bytes")
    stated_length(request.headers, limit_bytes=most)
    with TemporaryFile(buffering=0) as spool:
        async for piece in body_of(request, limit_bytes=most):
            await asyncio.to_thread(_write, spool, piece)
        report = await asyncio.to_thread(import_list, office, spool, dry_run=dry_run)
    return acts.report_on_wire(report)


@router.get(
    "",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/csv": {}}, "description": "the list"}, **problems()},
)
def give_out(
    office: TheOffice, lang: Annotated[Literal["ja", "en"], Query(description="of the heading")] = "ja"
) -> StreamingResponse:
    """Return the register as a list (CSV) that can be brought in again; nothing in it is a formula."""
    pieces: Iterator[bytes] = export_list(office, lang)
    headers = {"Content-Disposition": 'attachment; filename="register.csv"'}
    return StreamingResponse(pieces, headers=headers, media_type="text/csv; charset=utf-8")


def _write(spool: BinaryIO, piece: bytes) -> None:
    """Put a piece of the list aside. Errors: NoSpace."""
    try:
        if spool.write(piece) < len(piece):
            raise NoSpace("the disk for what arrives is full")
    except OSError as reason:
        if reason.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise NoSpace("the disk for what arrives is full") from reason
        raise
