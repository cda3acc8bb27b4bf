"""Forms, whom to ask, the inquiry desk, waits and incidents."""

import asyncio
from pathlib import Path as FilePath
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Path, Query
from pydantic import AwareDatetime, Field
from starlette.requests import Request
from starlette.responses import Response

from seikyu.apps.api import models_contact as told
from seikyu.apps.api.admin import Asked, operator_only
from seikyu.apps.api.bodies import idempotency_key
from seikyu.apps.api.paging import PAGE, Asker, Cursor, PageLimit, TheOffice, absolute, problems
from seikyu.apps.contact_told import contact_on_wire
from seikyu.apps.papers_told import form_of, form_on_wire, paper_of
from seikyu.apps.status_told import Outlook
from seikyu.apps.words import accepted_language
from seikyu.limits import GIB, limit
from seikyu.office.blank_forms import paper_forms
from seikyu.office.inquiries import Act
from seikyu.ports.errors import Forbidden
from seikyu.ports.trust import ClientIdentity
from seikyu.services import incidents as incident_services
from seikyu.services import inquiries as services
from seikyu.services.office import OPERATOR, Office

router: Final = APIRouter(tags=["contact"])

admin_router: Final = APIRouter(
    prefix="/admin", tags=["admin"], dependencies=[Depends(operator_only)], responses=problems(404, 409, 422)
)

#: Where the API app keeps its account of how busy it is, and the file by which the office publishes its network.
OUTLOOK: Final = "outlook"
NETWORK: Final = "network"

_CHARS: Final = 2 * limit("inquiry_chars")
_FIELDS: Final = 60

Number = Annotated[str, Path(pattern=r"^[0-9A-Za-z-]{1,20}$", description="the inquiry's number")]
IncidentId = Annotated[str, Path(pattern=r"^[0-9a-z]{1,40}$")]
FormId = Annotated[str, Path(pattern=r"^[a-z_]{1,40}$")]
Text = Annotated[str, Field(max_length=_CHARS)]
Title = Annotated[str, Field(max_length=2 * incident_services.TITLE_CHARS)]
Told = Annotated[str, Field(max_length=2 * incident_services.TEXT_CHARS)]
#: Some seconds of a desk's time; the JSON around it is small.
Attached = Annotated[str, Field(max_length=limit("doctor_report_bytes"))]


class InquiryAsked(Asked):
    """A question; `problem` is a name of `GET /contact`. Nothing of a patient belongs into it."""

    problem: Annotated[str, Field(max_length=40)]
    text: Text
    line_kind: Annotated[str, Field(max_length=40)] = ""
    body: Annotated[str, Field(max_length=8)] = ""
    reply: Literal["page", "phone", "none"] = "page"
    reach: Annotated[str, Field(max_length=2 * services.REACH_CHARS)] = ""
    lang: Literal["ja", "en"] = "ja"
    report: Attached = ""


class MessageAsked(Asked):
    """What the asker writes on; `solve` closes the inquiry."""

    act: Literal["write", "solve"] = "write"
    text: Text = ""


class DeskAsked(Asked):
    """What the desk does; `desk` names whom it is passed on to."""

    act: Literal["take", "answer", "ask_back", "pass_on", "close"]
    text: Text = ""
    desk: Annotated[str, Field(max_length=40)] = ""


class IncidentAsked(Asked):
    """An incident to be published; `began_at` null is now."""

    title: Title
    text: Told
    parts: Annotated[list[Annotated[str, Field(max_length=40)]], Field(max_length=20)]
    title_en: Title = ""
    text_en: Told = ""
    began_at: AwareDatetime | None = None


class UpdateAsked(Asked):
    """How an incident goes on."""

    text: Told
    text_en: Told = ""


class EndAsked(UpdateAsked):
    """That an incident has ended; `ended_at` null is now."""

    ended_at: AwareDatetime | None = None


class PaperAsked(Asked):
    """A form as it is filled in: fields by name; a doctor's report where the form takes one. Nothing of it is kept."""

    fields: Annotated[
        dict[Annotated[str, Field(max_length=40)], Annotated[str, Field(max_length=1000)]], Field(max_length=_FIELDS)
    ] = Field(default_factory=dict)
    report: Attached = ""


async def asking_party(asker: Asker) -> ClientIdentity:
    """Return the party that asks; the desk asks itself nothing. Errors: Forbidden."""
    if asker.kind == OPERATOR:
        raise Forbidden("the desk asks no questions here", kind="institution")
    return asker


AskingParty = Annotated[ClientIdentity, Depends(asking_party)]


@router.get("/status", response_model=told.Status, responses=problems())
def status(
    request: Request,
    size_bytes: Annotated[int | None, Query(ge=1, le=4 * GIB, description="for a file of that size")] = None,
    days: Annotated[int, Query(ge=1, le=31, description="so many days of history")] = 1,
) -> Any:
    """Tell how busy the office is, how long a file sent now will wait, and incidents."""
    kept: Outlook = getattr(request.app.state, OUTLOOK)
    return kept.told(size_bytes=size_bytes, days=days)


@router.get("/contact", response_model=told.ContactTable, responses=problems())
def contact(request: Request) -> Any:
    """Tell who explains what, and how they are reached."""
    network: FilePath | None = getattr(request.app.state, NETWORK)
    return contact_on_wire(network)


@router.get("/forms", response_model=told.Forms, responses=problems())
def forms() -> Any:
    """List the forms with their fields."""
    return {"items": [form_on_wire(form) for form in paper_forms().values()]}


@router.post(
    "/forms/{form_id}",
    response_class=Response,
    responses={200: {"content": {"application/pdf": {}}, "description": "the paper"}, **problems(404, 413, 422)},
)
async def draw_form(request: Request, form_id: FormId, asked: PaperAsked) -> Response:
    """Return a form as it was filled in (PDF), in Japanese or English by Accept-Language; nothing of it is kept."""
    form, lang = form_of(form_id), accepted_language(request.headers.get("accept-language"))
    content = await asyncio.to_thread(paper_of, form, asked.fields, lang, report=asked.report)
    headers = {"Content-Disposition": f'attachment; filename="form-{form.id}.pdf"', "Vary": "Accept-Language"}
    return Response(content, 200, headers | {"Cache-Control": "no-store"}, "application/pdf")


@router.post(
    "/inquiries",
    status_code=201,
    response_model=told.InquiryAnswer,
    responses={
        200: {"model": told.InquiryAnswer, "description": "a repeat: the first answer again"},
        **problems(413, 422, 429),
    },
)
async def ask(request: Request, office: TheOffice, asker: AskingParty, asked: InquiryAsked) -> Response:
    """Make an inquiry; with an idempotency key it is made once."""
    made = await asyncio.to_thread(_make, office, asker, asked, idempotency_key(request))
    headers = {"Location": absolute(request, f"/inquiries/{made['number']}")}
    body = told.InquiryAnswer.model_validate(made).model_dump_json()
    return Response(body, 200 if made["repeat"] else 201, headers, "application/json")


@router.get("/inquiries", response_model=told.Inquiries, responses=problems())
def inquiries(
    office: TheOffice,
    asker: AskingParty,
    state: Annotated[told.InquiryState | None, Query()] = None,
    limit: PageLimit = PAGE,
    cursor: Cursor = None,
) -> Any:
    """List the asker's own inquiries, newest first."""
    return services.list_inquiries(office, asker, limit=limit, cursor=cursor, state=state)


@router.get("/inquiries/{number}", response_model=told.InquiryDetail, responses=problems(404))
def inquiry(office: TheOffice, asker: AskingParty, number: Number) -> Any:
    """Show one inquiry with its history."""
    return services.show_inquiry(office, asker, number)


@router.post("/inquiries/{number}/messages", response_model=told.InquiryDetail, responses=problems(404, 409, 413, 422))
def write_on(office: TheOffice, asker: AskingParty, number: Number, asked: MessageAsked) -> Any:
    """Write on, or close the inquiry as solved."""
    return services.write_on(office, asker, number, act=Act(asked.act), text=asked.text)


@admin_router.get("/inquiries", response_model=told.AdminInquiries)
def every_inquiry(
    office: TheOffice,
    asker: Asker,
    state: Annotated[told.InquiryState | None, Query()] = None,
    limit: PageLimit = PAGE,
    cursor: Cursor = None,
) -> Any:
    """List everybody's inquiries, newest first."""
    page = services.list_inquiries(office, asker, limit=limit, cursor=cursor, state=state)
    return {"items": page.items, "next": page.next, "states": services.inquiry_states(office)}


@admin_router.get("/inquiries/{number}", response_model=told.InquiryDetail)
def any_inquiry(office: TheOffice, asker: Asker, number: Number) -> Any:
    """Show one inquiry with its history and who at the desk did what."""
    return services.show_inquiry(office, asker, number)


@admin_router.post("/inquiries/{number}/acts", response_model=told.InquiryDetail, responses=problems(413))
def work_on(office: TheOffice, asker: Asker, number: Number, asked: DeskAsked) -> Any:
    """Take an inquiry in hand, answer, ask back, pass it on, or close it."""
    return services.work_on(office, asker, number, act=Act(asked.act), text=asked.text, desk=asked.desk)


@admin_router.get("/incidents", response_model=told.IncidentList)
def incidents(office: TheOffice, past: Annotated[int, Query(ge=0, le=limit("page_items"))] = PAGE) -> Any:
    """List incidents: those that go on, and so many past ones."""
    return incident_services.incidents(office, past=past)


@admin_router.post("/incidents", status_code=201, response_model=told.Incident, responses=problems(413))
def open_incident(office: TheOffice, asker: Asker, asked: IncidentAsked) -> Any:
    """Publish an incident; it stands on the status page at once."""
    return incident_services.open_incident(office, asker, incident_services.Published(**asked.model_dump()))


@admin_router.post("/incidents/{incident_id}/updates", response_model=told.Incident, responses=problems(413))
def update_incident(office: TheOffice, asker: Asker, incident_id: IncidentId, asked: UpdateAsked) -> Any:
    """Publish how an incident goes on."""
    return incident_services.update_incident(office, asker, incident_id, text=asked.text, text_en=asked.text_en)


@admin_router.post("/incidents/{incident_id}/close", response_model=told.Incident, responses=problems(413))
def close_incident(office: TheOffice, asker: Asker, incident_id: IncidentId, asked: EndAsked) -> Any:
    """Publish that an incident has ended."""
    return incident_services.close_incident(office, asker, incident_id, **asked.model_dump())


def _make(office: Office, asker: ClientIdentity, asked: InquiryAsked, key: str | None) -> dict[str, Any]:
    question = services.Asked(**asked.model_dump(), idempotency_key=key)
    made = services.make_inquiry(office, services.Asker(asker.party), question)
    return services.show_inquiry(office, asker, made.inquiry.number) | {"repeat": made.repeat}
