"""What is arriving just now, and how far its check has come."""

from typing import Any, Final

from fastapi import APIRouter

from seikyu.apps.api import models
from seikyu.apps.api.paging import PAGE, ActingAsker, Cursor, PageLimit, TheOffice, problems
from seikyu.services.arrivals import list_arrivals
from seikyu.services.office import PAYER
from seikyu.services.show import Page

router: Final = APIRouter(tags=["sendings"])


@router.get("/arrivals", response_model=models.Arrivals, responses=problems(404))
def arrivals(office: TheOffice, asker: ActingAsker, limit: PageLimit = PAGE, cursor: Cursor = None) -> Any:
    """List what of the asker's own is arriving just now, newest first; to the operator, everybody's."""
    if asker.kind == PAYER:
        return Page([], None)
    return list_arrivals(office, asker, limit=limit, cursor=cursor)
