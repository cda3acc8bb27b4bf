"""Sending, looking, deciding: what institutions come for."""

import asyncio
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from seikyu.apps.api import models
from seikyu.apps.api.bodies import body_of, must_be_plain, stated_length, stated_sha256
from seikyu.apps.api.paging import PAGE, Asker, Cursor, PageLimit, TheOffice, cut, problems
from seikyu.limits import limit
from seikyu.ports.errors import BadRequest
from seikyu.services import decide, show, upload
from seikyu.services.arrival import Stated
from seikyu.services.office import Office
from seikyu.services.receive import Answer, Terms, receive

router: Final = APIRouter(tags=["sendings"])

BodyParam = Annotated[
    str | None, Query(alias="body", pattern=models.BODY_FORM, description="the review body; else what the header says")
]
LineParam = Annotated[models.Line, Query(description="`test` is the test line (確認試験): nothing is claimed there")]
AspParam = Annotated[bool, Query(description="false leaves out the checks beyond levels L1 and L2 (ASPなし)")]
NameParam = Annotated[str | None, Query(max_length=255, description="the file's name at the sender")]
FilesParam = Annotated[
    int | None,
    Query(ge=1, le=limit("files_per_sending"), description="begin a sending of so many files; they follow one by one"),
]
Id = Annotated[str, Path(pattern=r"^[0-9a-z]{1,40}$")]

_BYTES: Final[dict[str, Any]] = {
    "requestBody": {
        "required": False,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.post(
    "/sendings",
    status_code=201,
    response_model=models.SendingAnswer,
    responses={
        200: {"model": models.SendingAnswer, "description": "a repeat: the first answer again"},
        202: {"model": models.UploadBegun, "description": "a sending of several files is begun; there is no sending yet"},
        **problems(408, 409, 413, 415, 422, 507),
    },
    openapi_extra=_BYTES,
)
async def send(
    request: Request,
    office: TheOffice,
    asker: Asker,
    body: BodyParam = None,
    line: LineParam = "real",
    asp: AspParam = True,
    files: FilesParam = None,
    name: NameParam = None,
) -> Response:
    """Hand in one file as raw bytes, or begin to hand in several."""
    terms = Terms(body=body, line=line, asp=asp, idempotency_key=_key(request), file_name=name)
    if files is not None:
        begun = await asyncio.to_thread(upload.begin, office, asker, terms=terms, files=files)
        return _answer(models.UploadBegun(upload=begun.id, expires_at=begun.expires_at), 202)
    answer = await receive(
        office, identity=asker, terms=terms, body=_body(request, office), stated=_stated(request, office)
    )
    return await _received(request, office, answer)


@router.put(
    "/sendings/uploads/{upload_id}/files/{no}",
    response_model=models.FilePut,
    responses=problems(404, 408, 409, 413, 415, 422, 507),
    openapi_extra=_BYTES,
)
async def put_file(
    request: Request,
    office: TheOffice,
    asker: Asker,
    upload_id: Id,
    no: Annotated[int, Path(ge=1, le=limit("files_per_sending"))],
    name: NameParam = None,
) -> Response:
    """Put in file `no` of an upload. If it breaks off, the whole upload is erased."""
    put = await upload.put_file(
        office,
        asker,
        upload_id=upload_id,
        no=no,
        body=_body(request, office),
        stated=_stated(request, office),
        file_name=name,
    )
    return _answer(models.FilePut(upload=upload_id, no=no, size_bytes=put.size_bytes, sha256=put.sha256), 200)


@router.post(
    "/sendings/uploads/{upload_id}/finish",
    status_code=201,
    response_model=models.SendingAnswer,
    responses={
        200: {"model": models.SendingAnswer, "description": "a repeat: the first answer again"},
        **problems(404, 409, 422, 507),
    },
)
async def finish(request: Request, office: TheOffice, asker: Asker, upload_id: Id) -> Response:
    """Make one sending of the files that were put in; all or none."""
    answer = await upload.finish(office, asker, upload_id=upload_id)
    return await _received(request, office, answer)


@router.get("/sendings", response_model=models.Sendings, responses=problems())
def sendings(
    office: TheOffice,
    asker: Asker,
    body: BodyParam = None,
    line: Annotated[models.Line | None, Query()] = None,
    month: Annotated[str | None, Query(pattern=models.MONTH_FORM)] = None,
    state: Annotated[list[models.SendingState], Query()] = [],  # noqa: B006  (FastAPI copies it)
    limit: PageLimit = PAGE,
    cursor: Cursor = None,
) -> models.Sendings:
    """List the asker's own sendings, newest first."""
    rows = show.sendings(
        office, asker, body=body, month=month, line=line, states=tuple(state), after=cursor, limit=limit + 1
    )
    page, following = cut(rows, limit)
    return models.Sendings(items=[models.sending_on_wire(row) for row in page], next=following)


@router.get("/sendings/{sending_id}", response_model=models.SendingDetail, responses=problems(404))
def sending(office: TheOffice, asker: Asker, sending_id: Id) -> models.SendingDetail:
    """Show one sending and its files."""
    row, files = show.sending(office, asker, sending_id)
    return models.detail_on_wire(row, files)


@router.get("/sendings/{sending_id}/findings", response_model=models.Findings, responses=problems(404))
def findings(
    office: TheOffice, asker: Asker, sending_id: Id, limit: PageLimit = PAGE, cursor: Cursor = None
) -> models.Findings:
    """List the findings of a sending, file by file and line by line. Empty while it is being checked."""
    page = show.findings(office, asker, sending_id, after=cursor, limit=limit)
    return models.Findings(items=[models.Finding(**item) for item in page.items], next=page.next, state=page.state)


@router.post("/sendings/{sending_id}/confirm", response_model=models.SendingDetail, responses=problems(404, 409))
def confirm(
    office: TheOffice,
    asker: Asker,
    sending_id: Id,
    errors: Annotated[models.Decision, Query(description="claim with or without the claims that ask")],
) -> models.SendingDetail:
    """Say yes (請求確定): the claims are claimed."""
    decide.confirm(office, asker, sending_id, errors=errors)
    return sending(office, asker, sending_id)


@router.post("/sendings/{sending_id}/cancel", response_model=models.SendingDetail, responses=problems(404, 409))
def cancel(office: TheOffice, asker: Asker, sending_id: Id) -> models.SendingDetail:
    """Say no (請求取消): nothing of the sending is claimed."""
    decide.cancel(office, asker, sending_id)
    return sending(office, asker, sending_id)


async def _received(request: Request, office: Office, answer: Answer) -> Response:
    files = await asyncio.to_thread(_files, office, answer)
    shown = models.answer_on_wire(answer.sending, files, repeat=answer.repeat)
    location = f"{request.scope.get('root_path', '')}/sendings/{answer.sending.id}"
    return _answer(shown, 200 if answer.repeat else 201, {"Location": location})


def _files(office: Office, answer: Answer) -> list[Any]:
    with office.store.read() as tx:
        return tx.files(answer.sending.id)


def _body(request: Request, office: Office) -> Any:
    return body_of(request, idle_s=office.limit("idle_s"), limit_bytes=office.limit("file_bytes"))


def _stated(request: Request, office: Office) -> Stated:
    must_be_plain(request.headers)
    length = stated_length(request.headers, limit_bytes=office.limit("file_bytes"))
    return Stated(sha256=stated_sha256(request.headers), length=length)


def _key(request: Request) -> str | None:
    """Return the idempotency key, with or without the quotes that the draft standard wants."""
    key = request.headers.get("idempotency-key")
    if key is None:
        return None
    bare = key.strip()
    if len(bare) > 1 and bare[0] == bare[-1] == '"':
        bare = bare[1:-1]
    if not bare or not bare.isascii() or not bare.isprintable() or len(bare) > limit("idempotency_key_chars"):
        raise BadRequest("the idempotency key has 1 to 128 printable ASCII characters", parameter="Idempotency-Key")
    return bare


def _answer(shown: models.Wire, status: int, headers: dict[str, str] | None = None) -> Response:
    return Response(shown.model_dump_json(), status, headers, "application/json")
