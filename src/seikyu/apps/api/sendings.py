"""Sending, looking, deciding: what institutions come for."""

import asyncio
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from seikyu.apps.api import models
from seikyu.apps.api.bodies import body_of, idempotency_key, must_be_plain, stated_length, stated_sha256
from seikyu.apps.api.paging import PAGE, ActingAsker, Cursor, PageLimit, TheOffice, absolute, problems
from seikyu.limits import limit
from seikyu.ports.errors import NotFound
from seikyu.ports.trust import ClientIdentity
from seikyu.services import decide, leave, show, upload
from seikyu.services.arrival import Stated
from seikyu.services.arrivals import told_of
from seikyu.services.office import PAYER, Office
from seikyu.services.preview import preview
from seikyu.services.receive import Answer, Terms, receive
from seikyu.services.show import Page

router: Final = APIRouter(tags=["sendings"])


async def sender_of(asker: ActingAsker) -> ClientIdentity:
    """Return who asks about a sending; to a payer there is no such thing. Errors: NotFound."""
    if asker.kind == PAYER:
        raise NotFound("payers have no sendings")
    return asker


Sender = Annotated[ClientIdentity, Depends(sender_of)]

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
Seen = Annotated[
    str | None,
    Query(max_length=40, description="`seen` of the forecast: refuse (409) if anything has changed since"),
]
FileNo = Annotated[int, Query(ge=1, le=limit("files_per_sending"), description="the number of the file, from 1")]
ClaimIndex = Annotated[
    int | None, Query(ge=0, le=9_999_999, description="the position of the claim, from 0; without it the whole file")
]

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
        202: {
            "model": models.UploadBegun,
            "description": "a sending of several files is begun; there is no sending yet",
        },
        **problems(404, 408, 409, 413, 415, 422, 507),
    },
    openapi_extra=_BYTES,
)
async def send(  # noqa: PLR0917  (each is one query parameter)
    request: Request,
    office: TheOffice,
    asker: ActingAsker,
    body: BodyParam = None,
    line: LineParam = "real",
    asp: AspParam = True,
    files: FilesParam = None,
    name: NameParam = None,
) -> Response:
    """Hand in one file as raw bytes, or begin to hand in several."""
    terms = Terms(body=body, line=line, asp=asp, idempotency_key=idempotency_key(request), file_name=name)
    if files is not None:
        begun = await upload.begin(office, identity=asker, terms=terms, files=files)
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
    asker: ActingAsker,
    upload_id: Id,
    no: Annotated[int, Path(ge=1, le=limit("files_per_sending"))],
    name: NameParam = None,
) -> Response:
    """Put in file `no` of an upload. If it breaks off, the whole upload is erased."""
    put = await upload.put_file(
        office,
        identity=asker,
        upload_id=upload_id,
        no=no,
        body=_body(request, office),
        stated=_stated(request, office),
        file_name=name,
    )
    told = told_of(office, put.file_id)
    shown = {"upload": upload_id, "no": no, "size_bytes": put.size_bytes, "sha256": put.sha256} | told
    return _answer(models.FilePut.model_validate(shown), 200)


@router.post(
    "/sendings/uploads/{upload_id}/finish",
    status_code=201,
    response_model=models.SendingAnswer,
    responses={
        200: {"model": models.SendingAnswer, "description": "a repeat: the first answer again"},
        **problems(404, 409, 422, 507),
    },
)
async def finish(request: Request, office: TheOffice, asker: ActingAsker, upload_id: Id) -> Response:
    """Make one sending of the files that were put in; all or none."""
    answer = await upload.finish(office, identity=asker, upload_id=upload_id)
    return await _received(request, office, answer)


@router.get("/sendings", response_model=models.Sendings, responses=problems(404))
def sendings(  # noqa: PLR0917  (each is one query parameter)
    office: TheOffice,
    asker: ActingAsker,
    body: BodyParam = None,
    month: Annotated[str | None, Query(pattern=models.MONTH_FORM)] = None,
    line: Annotated[models.Line | None, Query()] = None,
    state: Annotated[models.SendingState | None, Query()] = None,
    kind: Annotated[str | None, Query(pattern=r"^[a-z_]{1,40}$", description="the kind of file, as `medical`")] = None,
    limit: PageLimit = PAGE,
    cursor: Cursor = None,
) -> Any:
    """List the asker's own sendings, newest first; to the operator, everybody's."""
    if asker.kind == PAYER:
        return Page([], None)
    return show.list_sendings(
        office, asker, limit=limit, cursor=cursor, line=line, state=state, body=body, month=month, kind=kind
    )


@router.get("/sendings/{sending_id}", response_model=models.SendingDetail, responses=problems(404))
def sending(office: TheOffice, asker: Sender, sending_id: Id) -> Any:
    """Show one sending and its files."""
    return show.show_sending(office, asker, sending_id)


@router.get("/sendings/{sending_id}/findings", response_model=models.Findings, responses=problems(404))
def findings(office: TheOffice, asker: Sender, sending_id: Id, limit: PageLimit = PAGE, cursor: Cursor = None) -> Any:
    """List the findings of a sending, file by file and line by line. Empty while it is being checked."""
    return show.list_findings(office, asker, sending_id, limit=limit, cursor=cursor)


@router.get("/sendings/{sending_id}/claims", response_model=models.Claims, responses=problems(404))
def claims(office: TheOffice, asker: Sender, sending_id: Id, limit: PageLimit = PAGE, cursor: Cursor = None) -> Any:
    """List the claims of a sending and what became of each. Empty while it is being checked."""
    return show.list_claims(office, asker, sending_id, limit=limit, cursor=cursor)


@router.post("/sendings/{sending_id}/confirm", response_model=models.SendingDetail, responses=problems(404, 409))
def confirm(
    office: TheOffice,
    asker: Sender,
    sending_id: Id,
    errors: Annotated[models.Decision, Query(description="claim with or without the claims that ask")],
    seen: Seen = None,
) -> Any:
    """Say yes (請求確定): the claims are claimed."""
    decide.confirm(office, asker, sending_id, errors=errors, seen=seen)
    return show.show_sending(office, asker, sending_id)


@router.get("/sendings/{sending_id}/decision", response_model=models.Forecast, responses=problems(404))
def decision(
    office: TheOffice,
    asker: Sender,
    sending_id: Id,
    errors: Annotated[models.Decision, Query(description="the decision that is asked about")],
    which: Annotated[Literal["all", "unclaimed", "found"], Query(description="which claims are listed")] = "unclaimed",
    limit: PageLimit = PAGE,
    cursor: Cursor = None,
) -> Any:
    """Tell what a decision would come to, claim by claim and why; of a decided sending, what it has come to."""
    return preview(office, asker, sending_id, errors, which=which, limit=limit, cursor=cursor)


@router.post("/sendings/{sending_id}/leave-out", response_model=models.SendingDetail, responses=problems(404, 409))
def leave_out(office: TheOffice, asker: Sender, sending_id: Id, file: FileNo, claim: ClaimIndex = None) -> Any:
    """Leave a file or one claim out: it ends unclaimed whatever is decided. Until then it may be taken back in."""
    leave.leave_out(office, asker, sending_id, file_no=file, claim_index=claim)
    return show.show_sending(office, asker, sending_id)


@router.post("/sendings/{sending_id}/take-in", response_model=models.SendingDetail, responses=problems(404, 409))
def take_in(office: TheOffice, asker: Sender, sending_id: Id, file: FileNo, claim: ClaimIndex = None) -> Any:
    """Take back in what was left out."""
    leave.take_in(office, asker, sending_id, file_no=file, claim_index=claim)
    return show.show_sending(office, asker, sending_id)


@router.post("/sendings/{sending_id}/cancel", response_model=models.SendingDetail, responses=problems(404, 409))
def cancel(office: TheOffice, asker: Sender, sending_id: Id, seen: Seen = None) -> Any:
    """Say no (請求取消): nothing of the sending is claimed."""
    decide.cancel(office, asker, sending_id, seen=seen)
    return show.show_sending(office, asker, sending_id)


async def _received(request: Request, office: Office, answer: Answer) -> Response:
    told = await asyncio.to_thread(_told, office, answer)
    location = absolute(request, f"/sendings/{answer.sending.id}")
    return _answer(models.SendingAnswer.model_validate(told), 200 if answer.repeat else 201, {"Location": location})


def _told(office: Office, answer: Answer) -> dict[str, Any]:
    with office.store.read() as tx:
        files = tx.files(answer.sending.id)
    told = show.sending_view(answer.sending) | {"files": [show.file_view(file) for file in files]}
    return told | {"repeat": answer.repeat}


def _body(request: Request, office: Office) -> Any:
    return body_of(request, limit_bytes=office.limit("file_bytes"))


def _stated(request: Request, office: Office) -> Stated:
    must_be_plain(request.headers)
    length = stated_length(request.headers, limit_bytes=office.limit("file_bytes"))
    return Stated(sha256=stated_sha256(request.headers), length=length)


def _answer(shown: models.Wire, status: int, headers: dict[str, str] | None = None) -> Response:
    return Response(shown.model_dump_json(), status, headers, "application/json")
