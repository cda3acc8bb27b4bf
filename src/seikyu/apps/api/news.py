"""Announcements: read by everybody, published and withdrawn by the operator."""

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Path, Query
from pydantic import AwareDatetime, BaseModel, Field

from seikyu.apps.api.admin import Asked, operator_only
from seikyu.apps.api.models import BODY_FORM
from seikyu.apps.api.paging import PAGE, Asker, Cursor, PageLimit, TheOffice, problems
from seikyu.office.announcing import BODY_CHARS, REASON_CHARS, TITLE_CHARS, Draft
from seikyu.services import announcements as services

router: Final = APIRouter(tags=["news"])

admin_router: Final = APIRouter(
    prefix="/admin/news", tags=["admin"], dependencies=[Depends(operator_only)], responses=problems(404, 409, 422)
)

Id = Annotated[str, Path(pattern=r"^[0-9a-z]{1,40}$")]
Kind = Literal["general", "calendar", "maintenance", "incident", "format", "certificate"]
Importance = Literal["normal", "important", "urgent"]
Reader = Literal["institution", "payer"]
Body = Annotated[str, Field(pattern=BODY_FORM)]


class NewsAsked(Asked):
    """An announcement to be published; without English the Japanese stands for both."""

    title_ja: Annotated[str, Field(min_length=1, max_length=TITLE_CHARS)]
    body_ja: Annotated[str, Field(min_length=1, max_length=BODY_CHARS)]
    title_en: Annotated[str, Field(max_length=TITLE_CHARS)] = ""
    body_en: Annotated[str, Field(max_length=BODY_CHARS)] = ""
    kind: Kind = "general"
    importance: Importance = "normal"
    until: AwareDatetime | None = None
    for_kinds: Annotated[list[Reader], Field(max_length=2, default_factory=list)]
    for_bodies: Annotated[list[Body], Field(max_length=48, default_factory=list)]
    corrects: Annotated[str, Field(pattern=r"^[0-9a-z]{1,40}$")] | None = None


class WithdrawAsked(Asked):
    """Why an announcement is withdrawn."""

    reason: Annotated[str, Field(min_length=1, max_length=REASON_CHARS)]


class NewsItem(BaseModel):
    """An announcement; `state` is published, over, withdrawn or corrected."""

    id: str
    published_at: str
    until: str | None
    kind: str
    importance: str
    title_ja: str
    title_en: str
    body_ja: str
    body_en: str
    for_kinds: list[str]
    for_bodies: list[str]
    state: Literal["published", "over", "withdrawn", "corrected"]
    corrects: str | None
    corrected_by: str | None
    withdrawn_at: str | None
    withdrawn_because: str | None


class Published(NewsItem):
    """An announcement that was published; `repeat` if the same one held already."""

    repeat: bool


class NewsPage(BaseModel):
    """A page of announcements, newest first."""

    items: list[NewsItem]
    next: str | None


@router.get("/news", response_model=NewsPage, responses=problems())
def news(
    office: TheOffice,
    reader: Annotated[Reader | None, Query(description="without what is for others only")] = None,
    body: Annotated[str | None, Query(pattern=BODY_FORM, description="without what is for other bodies")] = None,
    limit: PageLimit = PAGE,
    cursor: Cursor = None,
) -> Any:
    """List the announcements that hold now, newest first."""
    return services.list_news(office, limit=limit, cursor=cursor, party_kind=reader or "", body=body or "")


@router.get("/news/{announcement_id}", response_model=NewsItem, responses=problems(404))
def one(office: TheOffice, announcement_id: Id) -> Any:
    """Show one announcement, also one that holds no more."""
    return services.show(office, announcement_id)


@admin_router.get("", response_model=NewsPage)
def history(office: TheOffice, limit: PageLimit = PAGE, cursor: Cursor = None) -> Any:
    """List every announcement that was ever published, newest first."""
    return services.list_news(office, limit=limit, cursor=cursor, history=True)


@admin_router.post("", status_code=201, response_model=Published)
def publish(office: TheOffice, asker: Asker, asked: NewsAsked) -> Any:
    """Publish an announcement; the same one again is the one that holds."""
    told = asked.model_dump()
    draft = Draft(**{**told, "for_kinds": tuple(told["for_kinds"]), "for_bodies": tuple(told["for_bodies"])})
    made = services.publish(office, draft, by=asker.party)
    return services.show(office, made.announcement.id) | {"repeat": made.repeat}


@admin_router.post("/{announcement_id}/withdraw", response_model=NewsItem)
def withdraw(office: TheOffice, asker: Asker, announcement_id: Id, asked: WithdrawAsked) -> Any:
    """Withdraw an announcement with a reason; it stays in the history."""
    return services.withdraw(office, announcement_id, reason=asked.reason, by=asker.party)
