"""What the public site tells, for programs at the desk: prefectures, calendar, frequent questions."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query

from seikyu.apps.api.paging import TheOffice, problems
from seikyu.apps.pages.public.calendar import asked_month, calendar_on_wire
from seikyu.apps.pages.public.faq import faq_on_wire
from seikyu.apps.pages.public.prefectures import prefectures_on_wire
from seikyu.apps.pages.public.questions import QUERY_CHARS

router: Final = APIRouter(tags=["site"])


@router.get("/prefectures", responses=problems())
def prefectures(office: TheOffice) -> dict[str, Any]:
    """List every review body with what is known of its office, and where that is from."""
    return prefectures_on_wire(office)


@router.get("/calendar", responses=problems())
def month_of_calendar(
    office: TheOffice,
    month: Annotated[
        str | None, Query(pattern=r"^20[0-9]{2}-?(0[1-9]|1[0-2])$", description="this one if none")
    ] = None,
) -> dict[str, Any]:
    """Tell a month: what is open now, every day's windows, the deadline and what else happens."""
    return calendar_on_wire(office, asked_month(month or "", office))


@router.get("/faq", responses=problems())
def faq(
    q: Annotated[str, Query(max_length=QUERY_CHARS, description="what is looked for, in any words")] = "",
    topic: Annotated[str, Query(pattern=r"^[a-z]{0,20}$", description="questions of this topic only")] = "",
) -> dict[str, Any]:
    """List the frequent questions that a search finds, or all of them."""
    return faq_on_wire(q, topic)
