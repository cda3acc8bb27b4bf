"""What an institution asks of the office about a sending of its own: to undo a confirmation; and who looked at it."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from seikyu.apps.api.paging import TheOffice, problems
from seikyu.apps.api.sendings import Sender
from seikyu.apps.operating import wish_on_wire
from seikyu.services import grants, undo
from seikyu.trust.operating import REASON_CHARS

router: Final = APIRouter(tags=["sendings"])

Id = Annotated[str, Path(pattern=r"^[0-9a-z]{1,40}$")]


class UndoAsked(BaseModel):
    """Why the confirmation is to be undone."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[str, Field(max_length=4 * REASON_CHARS[1])]


@router.post("/sendings/{sending_id}/undo-request", responses=problems(404, 409, 422))
def ask_undo(office: TheOffice, asker: Sender, sending_id: Id, asked: UndoAsked) -> dict[str, Any]:
    """Ask the office to undo a confirmation (請求確定の取消の依頼); said again it is the wish that waits."""
    return wish_on_wire(undo.ask_undo(office, asker, sending_id, asked.reason))


@router.get("/sendings/{sending_id}/undo-requests", responses=problems(404))
def undo_requests(office: TheOffice, asker: Sender, sending_id: Id) -> dict[str, Any]:
    """List what became of the wishes to undo a confirmation, newest first."""
    return {"items": [wish_on_wire(each) for each in undo.undo_requests(office, asker, sending_id)]}


@router.get("/sendings/{sending_id}/looks", responses=problems(404))
def looks(office: TheOffice, asker: Sender, sending_id: Id) -> dict[str, Any]:
    """List who of the office looked at which claim of this sending, when and why, newest first."""
    return {"items": grants.looks_of(office, asker, sending_id)}
