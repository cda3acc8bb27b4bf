"""The operator's desk over the API: overview, one sending's way, extending, undoing with four eyes, grants.

Here a person is the terminal of an operator's certificate; decision 0020 says why.
"""

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Path, Query
from pydantic import AwareDatetime, BaseModel, Field

from seikyu.apps import extending
from seikyu.apps.api import models
from seikyu.apps.api.admin import PARTY_FORM, Asked, operator_only
from seikyu.apps.api.paging import PAGE, Asker, Cursor, PageLimit, TheOffice, problems
from seikyu.apps.drawing.plain import to_json
from seikyu.apps.operating import grant_on_wire, sheet_of_look, staff_by_certificate, undo_on_wire
from seikyu.limits import limit as most
from seikyu.ports.operating import SendingQuery
from seikyu.services import grants, overlook, undo
from seikyu.services.staff import Staff
from seikyu.trust.operating import MOST_HOURS, REASON_CHARS

router: Final = APIRouter(
    prefix="/admin", tags=["admin"], dependencies=[Depends(operator_only)], responses=problems(404, 409, 422)
)

#: A reason is held to its characters by the service, which says so in words.
_REASON_SENT: Final = 4 * REASON_CHARS[1]

Id = Annotated[str, Path(pattern=r"^[0-9a-z]{1,40}$")]
MonthPath = Annotated[str, Path(pattern=models.MONTH_FORM)]
Reason = Annotated[str, Field(max_length=_REASON_SENT)]
UndoState = Literal["asked", "waiting", "approved", "denied", "lapsed"]


def staff_here(office: TheOffice, asker: Asker) -> Staff:
    """Return who of the office asks: the terminal of the certificate."""
    return staff_by_certificate(office.store, asker)


Here = Annotated[Staff, Depends(staff_here)]


class ReasonAsked(Asked):
    """Why it is done."""

    reason: Reason


class AnswerAsked(Asked):
    """Why it is not done; the institution reads it."""

    answer: Reason


class DeadlineAsked(Asked):
    """A later deadline of a month, why, and if need be a later end of corrections."""

    until: AwareDatetime
    closing: AwareDatetime | None = None
    reason: Reason


class GrantAsked(Asked):
    """What is to be looked at: a claim (FILE-N) or, empty, all of the sending; why, and for how long."""

    sending: Annotated[str, Field(pattern=r"^[0-9a-z]{1,40}$")]
    claim: Annotated[str, Field(max_length=20)] = ""
    reason: Reason
    hours: Annotated[int, Field(ge=1, le=MOST_HOURS)] = 1


class SendingsAsked(BaseModel):
    """Which sendings are looked for, and which page of them."""

    party: Annotated[str | None, Field(pattern=PARTY_FORM)] = None
    prefecture: Annotated[str | None, Field(pattern=r"^[0-9]{2}$")] = None
    kind: Annotated[str | None, Field(max_length=40)] = None
    state: models.SendingState | None = None
    month: Annotated[str | None, Field(pattern=models.MONTH_FORM)] = None
    line: models.Line | None = None
    body: Annotated[str | None, Field(pattern=models.BODY_FORM)] = None
    limit: Annotated[int, Field(ge=1, le=most("page_items"), description="how many items a page holds")] = PAGE
    cursor: Annotated[str | None, Field(pattern=r"^[0-9a-z]{1,40}$", description="`next` of the page before")] = None


@router.get("/overview")
def overview(office: TheOffice) -> dict[str, Any]:
    """Tell today's sendings by prefecture and kind, the month's arrivals, queue, failures, suspense and disk."""
    return overlook.overview(office)


@router.get("/sendings")
def admin_sendings(office: TheOffice, asked: Annotated[SendingsAsked, Query()]) -> dict[str, Any]:
    """List sendings of every party, newest first, by what is asked."""
    wanted = SendingQuery(
        party=asked.party, prefecture=asked.prefecture, kind=asked.kind, state=asked.state, month=asked.month,
        line=asked.line, body=asked.body,
    )  # fmt: skip
    page = overlook.find_sendings(office, wanted, limit=asked.limit, cursor=asked.cursor)
    return {"items": page.items, "next": page.next}


@router.get("/sendings/{sending_id}/timeline")
def timeline(office: TheOffice, sending_id: Id) -> dict[str, Any]:
    """Show one sending's way through the house: counts and shapes, never a patient's item."""
    return overlook.timeline(office, sending_id)


@router.get("/sendings/{sending_id}/looks")
def admin_looks(office: TheOffice, here: Here, sending_id: Id) -> dict[str, Any]:
    """List who of the office looked at which claim of a sending, newest first."""
    return {"items": grants.looks_at(office, here, sending_id)}


@router.get("/sendings/{sending_id}/claims/{file_no}-{claim_no}")
def look(
    office: TheOffice,
    here: Here,
    sending_id: Id,
    file_no: Annotated[int, Path(ge=1, le=most("files_per_sending"))],
    claim_no: Annotated[int, Path(ge=1, le=9_999_999)],
) -> dict[str, Any]:
    """Show one claim with its values, by a grant that holds now. The look is in the journal before this answers."""
    looked = grants.look_at_claim(office, here, sending_id, file_no=file_no, claim_no=claim_no)
    return {"grant": grant_on_wire(looked.grant), "sheet": to_json(sheet_of_look(office, looked))}


@router.post("/months/{month}/extend")
def extend(office: TheOffice, here: Here, month: MonthPath, asked: DeadlineAsked) -> dict[str, Any]:
    """Extend a month's deadline and tell everybody."""
    return extending.extend(office, here, month=month, until=asked.until, closing=asked.closing, reason=asked.reason)


@router.post("/sendings/{sending_id}/undo")
def order_undo(office: TheOffice, here: Here, sending_id: Id, asked: ReasonAsked) -> dict[str, Any]:
    """Order that a confirmation be undone, at its institution's wish; another certificate approves it."""
    return undo_on_wire(undo.order_undo(office, here, sending_id, asked.reason))


@router.get("/undo-orders")
def undo_orders(
    office: TheOffice,
    state: Annotated[UndoState | None, Query()] = None,
    limit: PageLimit = PAGE,
    cursor: Cursor = None,
) -> dict[str, Any]:
    """List wishes and orders to undo a confirmation, newest first; with a state a page may be shorter than asked."""
    found = undo.list_undo_orders(office, after=cursor, limit=limit + 1)
    items = [undo_on_wire(each) for each in found[:limit] if state in {None, each.state}]
    return {"items": items, "next": found[limit - 1].id if len(found) > limit else None}


@router.get("/undo-orders/{order_id}")
def undo_order(office: TheOffice, order_id: Id) -> dict[str, Any]:
    """Show one wish or order."""
    return undo_on_wire(undo.show_undo_order(office, order_id))


@router.post("/undo-orders/{order_id}/approve")
def approve_undo(office: TheOffice, here: Here, order_id: Id) -> dict[str, Any]:
    """Undo what was ordered, with the certificate of another terminal than it was ordered with."""
    return undo_on_wire(undo.approve_undo(office, here, order_id))


@router.post("/undo-orders/{order_id}/deny")
def deny_undo(office: TheOffice, here: Here, order_id: Id, asked: AnswerAsked) -> dict[str, Any]:
    """Turn a wish or an order down and say why."""
    return undo_on_wire(undo.deny_undo(office, here, order_id, asked.answer))


@router.get("/grants")
def list_grants(office: TheOffice, limit: PageLimit = PAGE, cursor: Cursor = None) -> dict[str, Any]:
    """List grants, newest first."""
    found = grants.list_grants(office, after=cursor, limit=limit + 1)
    following = found[limit - 1].id if len(found) > limit else None
    return {"items": [grant_on_wire(each) for each in found[:limit]], "next": following}


@router.post("/grants", status_code=201)
def ask_grant(office: TheOffice, here: Here, asked: GrantAsked) -> dict[str, Any]:
    """Ask for leave to look at a claim; another certificate gives it."""
    grant = grants.ask_grant(office, here, asked.sending, claim=asked.claim, reason=asked.reason, hours=asked.hours)
    return grant_on_wire(grant)


@router.get("/grants/{grant_id}")
def show_grant(office: TheOffice, grant_id: Id) -> dict[str, Any]:
    """Show one grant."""
    return grant_on_wire(grants.show_grant(office, grant_id))


@router.post("/grants/{grant_id}/give")
def give_grant(office: TheOffice, here: Here, grant_id: Id) -> dict[str, Any]:
    """Give what was asked for, with the certificate of another terminal; it ends by itself."""
    return grant_on_wire(grants.give_grant(office, here, grant_id))


@router.post("/grants/{grant_id}/end")
def end_grant(office: TheOffice, here: Here, grant_id: Id) -> dict[str, Any]:
    """End a grant, or turn a wish down."""
    return grant_on_wire(grants.end_grant(office, here, grant_id))
