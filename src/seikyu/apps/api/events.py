"""The feed of events: what happened to a party's sendings and deliveries, and what everybody should know."""

import asyncio
import time
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from starlette.requests import Request

from seikyu.apps.api import models_events as models
from seikyu.apps.api.bell import Bell
from seikyu.apps.api.paging import PAGE, Asker, PageLimit, TheOffice, problems
from seikyu.limits import limit as limit_of
from seikyu.ports.trust import ClientIdentity
from seikyu.services.feed import Place, kinds_of, read_feed
from seikyu.services.office import Office
from seikyu.services.show import Page

router: Final = APIRouter(tags=["events"])

#: Where the API app keeps its bell.
BELL: Final = "bell"


@router.get("/events", response_model=models.Events, responses=problems(410))
async def events(
    request: Request,
    office: TheOffice,
    asker: Asker,
    after: Annotated[
        str | None,
        Query(
            pattern=r"^(now|[0-9]{1,15}-[0-9]{1,15})$",
            description="`next` or a `cursor` of before, to go on after it; `now` for what comes; else the oldest kept",
        ),
    ] = None,
    wait: Annotated[
        int, Query(ge=0, le=limit_of("event_wait_s"), description="seconds to wait for an event, if there is none yet")
    ] = 0,
    types: Annotated[
        str | None,
        Query(pattern=r"^[a-z_.]+(,[a-z_.]+)*$", max_length=1000, description="only these, with commas between"),
    ] = None,
    limit: PageLimit = PAGE,
) -> Any:
    """List the asker's own events and those of everybody, oldest first; wait for one if there is none."""
    bell: Bell = getattr(request.app.state, BELL)
    wanted, until = kinds_of(types), time.monotonic() + wait
    page = await _read(office, asker, after, wanted=wanted, limit=limit)
    while not page.items and (left := until - time.monotonic()) > 0:
        if not await bell.wait(asker.party, Place.read(str(page.next)), wait_s=left):
            break
        page = await _read(office, asker, str(page.next), wanted=wanted, limit=limit)
    return page


async def _read(
    office: Office, asker: ClientIdentity, after: str | None, *, wanted: frozenset[str], limit: int
) -> Page:
    return await asyncio.to_thread(read_feed, office, asker, after=after, wanted=wanted, limit=limit)
