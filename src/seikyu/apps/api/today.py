"""An institution's day: what is open, what there is to do, how the month stands, and what may be corrected."""

from typing import Any, Final, Literal

from fastapi import APIRouter

from seikyu.apps.api.models import Wire
from seikyu.apps.api.paging import ActingAsker, TheOffice, problems
from seikyu.services.today import today, today_view

router: Final = APIRouter(tags=["sendings"])


class LineToday(Wire):
    """What a line takes now. `closes_at` and `next_opens_at` are instants, null if there is none."""

    open: bool
    window: Literal["regular", "correction", "always", "closed"]
    closes_at: str | None
    next_opens_at: str | None


class TaskToday(Wire):
    """One thing to do. `code` is stable; `claims` is what it is about, `due_at` until when."""

    code: str
    urgency: Literal["calm", "soon", "now"]
    sending: str | None
    body: str | None
    kind: str | None
    claims: int
    send_no: int
    due_at: str | None


class FiguresToday(Wire):
    """How the month stands at one review body, in claims."""

    body: str
    sendings: int
    claims: int
    refused: int
    ask: int
    claimed: int
    waiting: int


class PlaceToday(Wire):
    """One claim that may be corrected and sent again."""

    sending: str
    file_no: int
    claim_index: int
    claim_no: int | None


class CorrectionsToday(Wire):
    """Whether corrections may be sent to a body, of a kind, and of which claims; `places` are the first of them."""

    body: str
    kind: str | None
    may: bool
    claims: int
    unknown: bool
    places: list[PlaceToday]


class Today(Wire):
    """An institution's day. `corrections` is empty but between the deadline and the closing."""

    now: str
    month: str | None
    lines: dict[Literal["real", "test"], LineToday]
    deadline: str | None
    closing: str | None
    tasks: list[TaskToday]
    figures: list[FiguresToday]
    corrections: list[CorrectionsToday]


@router.get("/today", response_model=Today, responses=problems(404))
def day(office: TheOffice, asker: ActingAsker) -> Any:
    """Tell what there is to do today, until when, and why."""
    return today_view(today(office, asker))
