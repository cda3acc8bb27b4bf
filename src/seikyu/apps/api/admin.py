"""What only the operator may do: months, clock, calendar, register. Certificates stand in `certificates`."""

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Path, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from seikyu.apps import acts
from seikyu.apps.api import models
from seikyu.apps.api.paging import PAGE, Asker, PageLimit, TheOffice, problems
from seikyu.apps.revoking import parties_on_wire, party_shown
from seikyu.ports.errors import Forbidden
from seikyu.services.find import find_parties
from seikyu.services.office import OPERATOR


async def operator_only(asker: Asker) -> None:
    """Let nobody but the operator in. Errors: Forbidden."""
    if asker.kind != OPERATOR:
        raise Forbidden("only the operator may do this", kind=OPERATOR)


router: Final = APIRouter(
    prefix="/admin",
    tags=["admin"],
    dependencies=[Depends(operator_only)],
    responses=problems(404, 409, 422),
)

BodyPath = Annotated[str, Path(pattern=models.BODY_FORM)]
MonthPath = Annotated[str, Path(pattern=models.MONTH_FORM)]


#: An id of the register.
PARTY_FORM: Final = r"^[0-9a-z-]{1,13}$"

Typed = Annotated[str, Query(max_length=acts.NAME_CHARS, description="what is looked for")]
Kind = Literal["institution", "payer", "operator", "review_office"]


class Asked(BaseModel):
    """The base of what is asked for: what is not named is not taken."""

    model_config = ConfigDict(extra="forbid")


class ClockAsked(Asked):
    """Where to put the sandbox's clock; null puts it back to the machine's."""

    now: AwareDatetime | None


class ExtensionAsked(Asked):
    """An announced extension of one month's deadline."""

    month: Annotated[str, Field(pattern=models.MONTH_FORM)]
    until: AwareDatetime
    closing: AwareDatetime | None = None


class CalendarAsked(Asked):
    """Which calendar is in force, with which extensions and no others."""

    name: Literal["national", "sandbox"]
    extensions: list[ExtensionAsked] = []


class PartyAsked(Asked):
    """A party for the register."""

    id: Annotated[str, Field(pattern=r"^([0-9]{8}|[0-9]{10}|[12]-[0-9]{2}|operator)$")]
    kind: Kind
    name: Annotated[str, Field(min_length=1, max_length=acts.NAME_CHARS)]
    address: Annotated[str, Field(max_length=acts.NAME_CHARS)] = ""


@router.get("/months")
def months(office: TheOffice) -> dict[str, Any]:
    """List the months that were closed or are being closed."""
    return {"items": acts.months(office)}


@router.get("/months/{body}/{month}")
def month(office: TheOffice, body: BodyPath, month: MonthPath) -> dict[str, Any]:
    """Show a body's month, with the trial balance once it is closed."""
    return acts.month_of(office, body, month)


@router.post("/months/{body}/{month}/close", status_code=202)
def close(
    office: TheOffice,
    body: BodyPath,
    month: MonthPath,
    force: Annotated[bool, Query(description="before the time, and without what is not checked yet")] = False,
) -> dict[str, Any]:
    """Order that a body's month be closed; look at the month to see when it is."""
    return acts.order_close(office, body, month, force=force)


@router.get("/clock")
def clock(office: TheOffice) -> dict[str, Any]:
    """Tell the office's time."""
    return acts.clock(office)


@router.put("/clock")
def set_clock(office: TheOffice, asked: ClockAsked) -> dict[str, Any]:
    """Move the clock of a sandbox."""
    return acts.set_clock(office, asked.now)


@router.get("/calendar")
def calendar(office: TheOffice) -> dict[str, Any]:
    """Tell the calendar in force and what is open now."""
    return acts.calendar(office)


@router.put("/calendar")
def set_calendar(office: TheOffice, asked: CalendarAsked) -> dict[str, Any]:
    """Put a calendar in force, or announce extensions."""
    return acts.set_calendar(office, asked.name, [each.model_dump() for each in asked.extensions])


@router.get("/parties")
def parties(
    office: TheOffice,
    q: Typed = "",
    kind: Annotated[Kind | None, Query()] = None,
    limit: PageLimit = PAGE,
    cursor: Annotated[str | None, Query(pattern=PARTY_FORM, description="`next` of the page before")] = None,
) -> dict[str, Any]:
    """List the register by id: all of it, ids that begin so (digits), or names that have that part (anything else)."""
    return parties_on_wire(find_parties(office.store, q, kind=kind, limit=limit, cursor=cursor))


@router.get("/parties/{party_id}")
def party(office: TheOffice, party_id: Annotated[str, Path(pattern=PARTY_FORM)]) -> dict[str, Any]:
    """Show a party with its newest certificates."""
    return party_shown(office.store, party_id)


@router.post("/parties", status_code=201)
def add_party(office: TheOffice, asked: PartyAsked) -> dict[str, Any]:
    """Enter a party in the register."""
    return acts.add_party(office, party_id=asked.id, kind=asked.kind, name=asked.name, address=asked.address)


@router.post("/parties/{party_id}/end")
def end_party(office: TheOffice, party_id: Annotated[str, Path(pattern=PARTY_FORM)]) -> dict[str, Any]:
    """Take a party out of the register from now on."""
    return acts.end_party(office, party_id)
