"""Certificates: applied for and looked at by the party, approved by the operator.

The codes of a notice leave the office in one answer only, that of the approval (or of opening it anew), as JSON for a
program that prints; the command beside the server (`seikyu admin cert`) makes the paper itself. An answer that got lost
is not given again: the notice is opened anew, which makes what was lost worthless.
"""

import asyncio
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from seikyu.apps.api import models_enrolment as models
from seikyu.apps.api.admin import Asked, operator_only
from seikyu.apps.api.paging import PAGE, Asker, Cursor, PageLimit, TheEnrolling, absolute, problems
from seikyu.services import applications as services
from seikyu.services.applications import Enrolling, Opened, Wish
from seikyu.services.issuing import end_of_terminal
from seikyu.services.terminals import (
    application_view,
    holder_of,
    issuance_view,
    list_certificates,
    list_issuance_notices,
    opened_view,
    page_of_applications,
)
from seikyu.trust.enrolment import Purpose

router: Final = APIRouter(prefix="/certificates", tags=["certificates"])
admin_router: Final = APIRouter(
    prefix="/admin/certificates", tags=["admin"], dependencies=[Depends(operator_only)], responses=problems(404, 409)
)

Id = Annotated[str, Path(pattern=r"^[0-9a-z]{1,40}$")]
Party = Annotated[str, Query(pattern=r"^[0-9a-z-]{1,10}$", description="whose notices")]

_REASON_CHARS: Final = 200


class SendBackAsked(Asked):
    """Why an application is sent back."""

    reason: Annotated[str, Field(min_length=1, max_length=_REASON_CHARS)]


@router.get("", response_model=models.Certificates, responses=problems())
def own_certificates(enrolling: TheEnrolling, asker: Asker, limit: PageLimit = PAGE, cursor: Cursor = None) -> Any:
    """List the certificates of the asker's party with the days that are left, newest first."""
    return list_certificates(enrolling, asker, limit=limit, cursor=cursor)


@router.post(
    "/applications",
    status_code=201,
    response_model=models.ApplicationAnswer,
    responses={
        200: {"model": models.ApplicationAnswer, "description": "a repeat: the application that waits already"},
        **problems(404, 409, 413),
    },
)
async def apply_for_certificate(
    request: Request, enrolling: TheEnrolling, asker: Asker, asked: models.ApplicationAsked
) -> Response:
    """Apply for the certificate of one more terminal of the party. The same again, while it waits, is a repeat."""
    wish = Wish(asked.terminal, asked.contact, Purpose(asked.purpose), tuple(asked.hosts))
    filed, repeat = await asyncio.to_thread(services.apply_for, enrolling, holder_of(asker), wish, party=asker.party)
    told = application_view(enrolling, filed) | {"repeat": repeat}
    body = models.ApplicationAnswer.model_validate(told).model_dump_json()
    headers = {"Location": absolute(request, f"/certificates/applications/{filed.id}")}
    return Response(body, 200 if repeat else 201, headers, "application/json")


@router.get("/applications", response_model=models.Applications, responses=problems())
def own_applications(
    enrolling: TheEnrolling,
    asker: Asker,
    state: Annotated[models.ApplicationState | None, Query()] = None,
    limit: PageLimit = PAGE,
    cursor: Cursor = None,
) -> Any:
    """List the applications of the asker's party, newest first."""
    return page_of_applications(enrolling, party=asker.party, state=state, limit=limit, cursor=cursor)


@router.get("/applications/{application_id}", response_model=models.Application, responses=problems(404))
def own_application(enrolling: TheEnrolling, asker: Asker, application_id: Id) -> Any:
    """Show one application of the asker's party."""
    return application_view(enrolling, services.application_of(enrolling, application_id, party=asker.party))


@router.post("/applications/{application_id}/withdraw", response_model=models.Application, responses=problems(404, 409))
def withdraw_application(enrolling: TheEnrolling, asker: Asker, application_id: Id) -> Any:
    """Take an application back that has not had its answer."""
    return application_view(enrolling, services.withdraw(enrolling, holder_of(asker), application_id))


@admin_router.get("/applications", response_model=models.Applications)
def all_applications(
    enrolling: TheEnrolling,
    state: Annotated[models.ApplicationState | None, Query()] = None,
    limit: PageLimit = PAGE,
    cursor: Cursor = None,
) -> Any:
    """List every party's applications, newest first."""
    return page_of_applications(enrolling, state=state, limit=limit, cursor=cursor)


@admin_router.post("/applications/{application_id}/approve", response_model=models.IssuanceNoticeOpened)
def approve_application(enrolling: TheEnrolling, asker: Asker, application_id: Id) -> Response:
    """Approve an application. The codes are in this answer and nowhere else."""
    return _opened(enrolling, services.approve(enrolling, holder_of(asker), application_id))


@admin_router.post("/applications/{application_id}/send-back", response_model=models.Application)
def send_back_application(enrolling: TheEnrolling, asker: Asker, application_id: Id, asked: SendBackAsked) -> Any:
    """Send an application back with a reason."""
    sent = services.send_back(enrolling, holder_of(asker), application_id, reason=asked.reason)
    return application_view(enrolling, sent)


@admin_router.get("/notices", response_model=models.IssuanceNotices)
def issuance_notices(enrolling: TheEnrolling, party: Party) -> Any:
    """List the issuance notices of a party, newest first."""
    return {"items": list_issuance_notices(enrolling, party=party), "next": None}


@admin_router.post("/notices/{notice_id}/open-anew", response_model=models.IssuanceNoticeOpened)
def open_notice_anew(enrolling: TheEnrolling, asker: Asker, notice_id: Id) -> Response:
    """Give a notice new codes because its paper was lost. They are in this answer and nowhere else."""
    return _opened(enrolling, services.open_anew(enrolling, holder_of(asker), notice_id))


@admin_router.post("/notices/{notice_id}/end", response_model=models.IssuanceNoticeEnded)
def end_terminal(enrolling: TheEnrolling, asker: Asker, notice_id: Id) -> Any:
    """End a terminal: its notice opens nothing any more, and what it has is revoked."""
    notice, revoked = end_of_terminal(enrolling, holder_of(asker), notice_id)
    return issuance_view(enrolling, notice) | {"revoked": revoked}


def _opened(enrolling: Enrolling, opened: Opened) -> Response:
    body = models.IssuanceNoticeOpened.model_validate(opened_view(enrolling, opened)).model_dump_json()
    return Response(body, 200, {"Cache-Control": "no-store"}, "application/json")
