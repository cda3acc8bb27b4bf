"""What the routes share: the office behind them, pages of lists, absolute addresses, one shape of errors."""

from typing import Annotated, Any, Final

from fastapi import Depends, Query
from starlette.requests import Request

from seikyu.apps.api.identity import identity_of
from seikyu.apps.api.models import Problem
from seikyu.limits import limit
from seikyu.ports.trust import ClientIdentity
from seikyu.services.agency import acting_for
from seikyu.services.applications import Enrolling
from seikyu.services.office import Office

#: Where the API app keeps its office, enrolment and its settings.
OFFICE: Final = "office"
ENROLLING: Final = "enrolling"
EXTERNAL_URL: Final = "external_url"
SEND_BY: Final = "send_by"


async def office_of(request: Request) -> Office:
    """Return the office that this app serves."""
    office: Office = getattr(request.app.state, OFFICE)
    return office


async def enrolling_of(request: Request) -> Enrolling:
    """Return what enrolment at this office needs."""
    enrolling: Enrolling = getattr(request.app.state, ENROLLING)
    return enrolling


async def asker_of(request: Request) -> ClientIdentity:
    """Return who asks."""
    return identity_of(request)


TheOffice = Annotated[Office, Depends(office_of)]
TheEnrolling = Annotated[Enrolling, Depends(enrolling_of)]
Asker = Annotated[ClientIdentity, Depends(asker_of)]


def acting_asker(
    office: TheOffice,
    asker: Asker,
    principal: Annotated[
        str | None,
        Query(alias="for", max_length=20, description="the institution that the asker acts for, by a mandate in force"),
    ] = None,
) -> ClientIdentity:
    """Return who asks, or the party that they act for. Errors: MandateNotThere."""
    return asker if principal is None else acting_for(office, asker, principal)


#: Who asks about sendings: a party for itself, or for another by a mandate (`?for=`).
ActingAsker = Annotated[ClientIdentity, Depends(acting_asker)]

PageLimit = Annotated[int, Query(ge=1, le=limit("page_items"), description="how many items a page holds at most")]
Cursor = Annotated[
    str | None, Query(pattern=r"^[0-9a-z.]{1,40}$", description="`next` of the page before, to go on after it")
]
PAGE: Final = limit("page_items_default")


def absolute(request: Request, path: str) -> str:
    """Return the address of `path` under this API, as the asker or the operator's own front sees it."""
    external = getattr(request.app.state, EXTERNAL_URL)
    root = external.rstrip("/") if external else f"{request.url.scheme}://{request.url.netloc}"
    return f"{root}{request.scope.get('root_path', '')}{path}"


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return what a route says in the API's description about its errors; who asks is a matter of every route."""
    told: dict[int | str, dict[str, Any]] = {}
    for status in sorted({400, 401, 403, 500, 503, *statuses}):
        told[status] = {"model": Problem, "content": {"application/problem+json": {}}, "description": "problem"}
    return told
