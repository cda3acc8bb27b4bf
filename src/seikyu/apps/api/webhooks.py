"""Webhooks: a party enters addresses that are told of its events, and sees what became of the tries."""

import asyncio
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from seikyu.apps.api import models_events as models
from seikyu.apps.api.admin import Asked
from seikyu.apps.api.bodies import idempotency_key
from seikyu.apps.api.paging import Asker, TheOffice, absolute, problems
from seikyu.ports.trust import ClientIdentity
from seikyu.services import webhooks as services
from seikyu.services.office import Office
from seikyu.services.webhooks import Made, Telling

router: Final = APIRouter(prefix="/webhooks", tags=["webhooks"])

#: Where the API app keeps what telling needs.
TELLING: Final = "telling"

_TYPES: Final = 40

_Type = Annotated[str, Field(max_length=100, pattern=r"^[a-z_.]+$")]

Id = Annotated[str, Path(pattern=r"^[0-9a-z]{1,40}$")]


async def telling_of(request: Request) -> Telling:
    """Return what telling needs at this office."""
    telling: Telling = getattr(request.app.state, TELLING)
    return telling


TheTelling = Annotated[Telling, Depends(telling_of)]


class WebhookAsked(Asked):
    """An address to be told. `types` empty: of every event."""

    address: Annotated[str, Field(min_length=1, max_length=500)]
    types: Annotated[tuple[_Type, ...], Field(max_length=_TYPES)] = ()


@router.get("", response_model=models.Webhooks, responses=problems())
def webhooks(office: TheOffice, asker: Asker) -> Any:
    """List the asker's webhooks, oldest first."""
    return {"items": [services.webhook_view(each) for each in services.list_webhooks(office, asker)]}


@router.post(
    "",
    status_code=201,
    response_model=models.WebhookSecret,
    responses={
        200: {"model": models.WebhookSecret, "description": "a repeat: the same webhook, its secret not shown again"},
        **problems(409, 413, 422),
    },
)
async def add_webhook(
    request: Request, office: TheOffice, telling: TheTelling, asker: Asker, asked: WebhookAsked
) -> Response:
    """Enter an address (https) that is told of what happens from now on. The secret is shown in this answer only."""
    key = idempotency_key(request)
    made = await asyncio.to_thread(
        services.add_webhook, office, telling, asker, address=asked.address, types=asked.types, key=key
    )
    body = models.WebhookSecret.model_validate(await asyncio.to_thread(_shown, office, asker, made)).model_dump_json()
    headers = {"Location": absolute(request, f"/webhooks/{made.webhook.id}"), "Cache-Control": "no-store"}
    return Response(body, 200 if made.repeat else 201, headers, "application/json")


@router.get("/{webhook_id}", response_model=models.WebhookDetail, responses=problems(404))
def webhook(office: TheOffice, asker: Asker, webhook_id: Id) -> Any:
    """Show one webhook with its last tries."""
    return services.show_webhook(office, asker, webhook_id)


@router.delete("/{webhook_id}", status_code=204, responses=problems(404))
def remove_webhook(office: TheOffice, asker: Asker, webhook_id: Id) -> None:
    """Remove a webhook."""
    services.remove(office, asker, webhook_id)


@router.post("/{webhook_id}/rotate", response_model=models.WebhookSecret, responses=problems(404))
def rotate_webhook(office: TheOffice, telling: TheTelling, asker: Asker, webhook_id: Id) -> Any:
    """Give it a new secret, shown in this answer only; the old one signs as well for a day."""
    return _shown(office, asker, services.rotate(office, telling, asker, webhook_id))


@router.post("/{webhook_id}/test", response_model=models.Attempt, responses=problems(404))
def test_webhook(office: TheOffice, telling: TheTelling, asker: Asker, webhook_id: Id) -> Any:
    """Tell it that this is a test, now, and say what became of that."""
    return services.attempt_view(services.test(office, telling, asker, webhook_id))


@router.post("/{webhook_id}/pause", response_model=models.WebhookDetail, responses=problems(404))
def pause_webhook(office: TheOffice, asker: Asker, webhook_id: Id) -> Any:
    """Tell it nothing for now."""
    services.pause(office, asker, webhook_id)
    return services.show_webhook(office, asker, webhook_id)


@router.post("/{webhook_id}/resume", response_model=models.WebhookDetail, responses=problems(404))
def resume_webhook(
    office: TheOffice,
    asker: Asker,
    webhook_id: Id,
    from_now: Annotated[bool, Query(description="pass over what has happened meanwhile")] = False,
) -> Any:
    """Go on telling it, from where it stopped; a dead one as well."""
    services.resume(office, asker, webhook_id, from_now=from_now)
    return services.show_webhook(office, asker, webhook_id)


def _shown(office: Office, asker: ClientIdentity, made: Made) -> dict[str, Any]:
    shown = services.show_webhook(office, asker, made.webhook.id)
    return shown | {"secret": made.secret, "repeat": made.repeat}
