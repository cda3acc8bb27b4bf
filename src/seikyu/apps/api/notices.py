"""Notices: filed and looked at by the party, answered by the operator."""

import asyncio
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from seikyu.apps.api import models
from seikyu.apps.api.admin import Asked, operator_only
from seikyu.apps.api.bodies import idempotency_key
from seikyu.apps.api.paging import PAGE, Asker, Cursor, PageLimit, TheOffice, absolute, problems
from seikyu.apps.words import accepted_language
from seikyu.ports.trust import ClientIdentity
from seikyu.services import notices as services
from seikyu.services.office import Office
from seikyu.trust.notices import TEXT_CHARS, Act

router: Final = APIRouter(tags=["notices"])

admin_router: Final = APIRouter(
    prefix="/admin/notices", tags=["admin"], dependencies=[Depends(operator_only)], responses=problems(404, 409)
)

#: More items than any form has.
_FIELDS: Final = 40

Id = Annotated[str, Path(pattern=r"^[0-9a-z]{1,40}$")]


class NoticeAsked(Asked):
    """A notice to be filed; the items of each kind stand in `trust/notices.toml`."""

    kind: models.NoticeKind
    fields: Annotated[
        dict[Annotated[str, Field(max_length=40)], Annotated[str, Field(max_length=2 * TEXT_CHARS)]],
        Field(max_length=_FIELDS),
    ]


class SendBackAsked(Asked):
    """Why a notice is sent back."""

    reason: Annotated[str, Field(min_length=1, max_length=TEXT_CHARS)]


@router.post(
    "/notices",
    status_code=201,
    response_model=models.NoticeAnswer,
    responses={
        200: {"model": models.NoticeAnswer, "description": "a repeat: the first answer again"},
        **problems(413, 422),
    },
)
async def file_notice(request: Request, office: TheOffice, asker: Asker, asked: NoticeAsked) -> Response:
    """File a notice. The same filing again is the same notice until it has had its answer, with its key for ever."""
    key = idempotency_key(request)
    told = await asyncio.to_thread(_file, office, asker, asked, key)
    headers = {"Location": absolute(request, f"/notices/{told['id']}")}
    body = models.NoticeAnswer.model_validate(told).model_dump_json()
    return Response(body, 200 if told["repeat"] else 201, headers, "application/json")


@router.get("/notices", response_model=models.Notices, responses=problems())
def notices(
    office: TheOffice,
    asker: Asker,
    state: Annotated[models.NoticeState | None, Query()] = None,
    limit: PageLimit = PAGE,
    cursor: Cursor = None,
) -> Any:
    """List the asker's own notices, newest first; to the operator, everybody's."""
    return services.list_notices(office, asker, limit=limit, cursor=cursor, state=state)


@router.get("/notices/{notice_id}", response_model=models.NoticeDetail, responses=problems(404))
def notice(office: TheOffice, asker: Asker, notice_id: Id) -> Any:
    """Show one notice with its history."""
    return services.show_notice(office, asker, notice_id)


@router.get(
    "/notices/{notice_id}/form",
    response_class=Response,
    responses={200: {"content": {"application/pdf": {}}, "description": "the form"}, **problems(404)},
)
def form(request: Request, office: TheOffice, asker: Asker, notice_id: Id) -> Response:
    """Return one notice as a form (PDF), in Japanese or English by Accept-Language."""
    from seikyu.apps.drawing.notice_form import form_of

    told = services.show_notice(office, asker, notice_id)
    lang = accepted_language(request.headers.get("accept-language"))
    headers = {"Content-Disposition": f'inline; filename="notice-{notice_id}.pdf"', "Vary": "Accept-Language"}
    return Response(form_of(told, lang), 200, headers, "application/pdf")


@admin_router.post("/{notice_id}/seen", response_model=models.NoticeDetail)
def see(office: TheOffice, asker: Asker, notice_id: Id) -> Any:
    """Take note of a notice."""
    return services.decide_notice(office, asker, notice_id, act=Act.SEE)


@admin_router.post("/{notice_id}/approve", response_model=models.NoticeDetail)
def approve(office: TheOffice, asker: Asker, notice_id: Id) -> Any:
    """Approve a notice; the register changes with it."""
    return services.decide_notice(office, asker, notice_id, act=Act.APPROVE)


@admin_router.post("/{notice_id}/send-back", response_model=models.NoticeDetail)
def send_back(office: TheOffice, asker: Asker, notice_id: Id, asked: SendBackAsked) -> Any:
    """Send a notice back with a reason; the register stays as it is."""
    return services.decide_notice(office, asker, notice_id, act=Act.SEND_BACK, reason=asked.reason)


def _file(office: Office, asker: ClientIdentity, asked: NoticeAsked, key: str | None) -> dict[str, Any]:
    filed = services.file_notice(office, asker, kind=asked.kind, fields=asked.fields, idempotency_key=key)
    return services.show_notice(office, asker, filed.notice.id) | {"repeat": filed.repeat}
