"""The certificate in hand, and new machines of the party that wait to be approved."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter
from pydantic import Field

from seikyu.apps.api import models_enrolment as models
from seikyu.apps.api.models import Wire
from seikyu.apps.api.paging import Asker, TheEnrolling, problems
from seikyu.services import pairing
from seikyu.services.terminals import own_certificate

router: Final = APIRouter(prefix="/certificates", tags=["certificates"])

#: A code that is read aloud and typed has blanks, hyphens and full-width letters in it; what it may be is said below.
_TYPED_CHARS: Final = 64


class ApprovalAsked(Wire):
    """The code that the new machine shows on its screen."""

    pairing_code: Annotated[str, Field(min_length=1, max_length=_TYPED_CHARS)]


@router.get("/own", response_model=models.OwnCertificate, responses=problems())
def certificate_in_hand(enrolling: TheEnrolling, asker: Asker) -> Any:
    """Show the certificate in hand, the days that are left of it, and the office's time to hold a clock against."""
    return own_certificate(enrolling, asker) | {"now": datetime.now(UTC)}


@router.get("/pairings", response_model=models.Pairings, responses=problems())
def pairings(enrolling: TheEnrolling, asker: Asker) -> Any:
    """List the new machines of the asker's party that wait to be approved, oldest first. Their codes are not told."""
    return {"items": pairing.offered(enrolling, asker)}


@router.post("/pairings/approve", response_model=models.PairingApproved, responses=problems(404, 409, 422))
def approve_pairing(enrolling: TheEnrolling, asker: Asker, asked: ApprovalAsked) -> Any:
    """Approve the new machine that shows this code. The old certificate of its terminal ends at once."""
    done = pairing.approve(enrolling, asker, asked.pairing_code)
    return {"terminal": done.terminal, "serial": done.serial, "repeat": done.again}
