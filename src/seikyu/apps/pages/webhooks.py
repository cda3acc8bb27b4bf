"""The pages of webhooks: where a party's programs are told of events.

Who may apply for the party's certificates keeps them (the administrators): a webhook, like a certificate, is a way by
which a machine of the party is reached, and whoever holds its secret is believed.
"""

from functools import partial
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from seikyu.apps.pages.visit import Pages, Visit
from seikyu.ports.errors import BadRequest, Busy, NotFound
from seikyu.services import webhooks as services
from seikyu.services.webhooks import BadWebhook, Made, Telling, TooManyWebhooks
from seikyu.trust.people import CERTIFICATES

_ID_CHARS: Final = 40
_TONES: Final = {"active": "good", "paused": "warn", "dead": "bad"}


def webhook_routes(pages: Pages, telling: Telling) -> list[Route]:
    """Return the routes of the desk."""
    power = (CERTIFICATES,)
    return [
        pages.route("/webhooks", show_list, powers=power),
        pages.route("/webhooks", partial(do_add, telling), post=True, powers=power),
        pages.route("/webhooks/{webhook_id}", show_one, powers=power),
        pages.route("/webhooks/{webhook_id}", partial(do_act, telling), post=True, powers=power),
    ]


def show_list(visit: Visit) -> Response:
    """Show the party's webhooks, and the form for another."""
    return visit.show("webhooks.html", **_list_facts(visit))


def do_add(telling: Telling, visit: Visit) -> Response:
    """Enter an address and show its secret, this once."""
    try:
        made = services.add_webhook(visit.office, telling, visit.asker, address=visit.typed("address").strip())
    except (BadWebhook, TooManyWebhooks) as trouble:
        return visit.again("webhooks.html", trouble, **_list_facts(visit))
    return _shown(visit, made, "added")


def show_one(visit: Visit) -> Response:
    """Show one webhook with its last tries."""
    return visit.show("webhook.html", **_one_facts(visit, _id(visit.request)))


def do_act(telling: Telling, visit: Visit) -> Response:
    """Test it, give it a new secret, pause it, resume it or remove it."""
    act, webhook_id = visit.typed("act"), _id(visit.request)
    if act == "rotate":
        return _shown(visit, services.rotate(visit.office, telling, visit.asker, webhook_id), "rotated")
    if act == "remove":
        services.remove(visit.office, visit.asker, webhook_id)
        return visit.see("/webhooks?done=removed")
    try:
        done = _simple(telling, visit, act, webhook_id)
    except Busy as trouble:
        return visit.again("webhook.html", trouble, **_one_facts(visit, webhook_id))
    return visit.see(f"/webhooks/{webhook_id}?done={done}")


def _simple(telling: Telling, visit: Visit, act: str, webhook_id: str) -> str:
    """Do an act after which the page is shown again; return what was done. Errors: BadRequest, Busy."""
    if act == "test":
        services.test(visit.office, telling, visit.asker, webhook_id)
        return "tested"
    if act == "pause":
        services.pause(visit.office, visit.asker, webhook_id)
        return "paused"
    if act == "resume":
        services.resume(visit.office, visit.asker, webhook_id)
        return "resumed"
    raise BadRequest("no such act", parameter="act")


def _shown(visit: Visit, made: Made, done: str) -> Response:
    """Show a webhook with its secret, which no cache and no history keeps."""
    said = {"secret": made.secret, "done": visit.say(f"pages.webhooks.done_{done}")}
    return visit.show("webhook.html", **_one_facts(visit, made.webhook.id) | said)


def _list_facts(visit: Visit) -> dict[str, Any]:
    items = [services.webhook_view(each) for each in services.list_webhooks(visit.office, visit.asker)]
    return {"items": [_told(visit, each) for each in items], "done": _done(visit, "removed")}


def _one_facts(visit: Visit, webhook_id: str) -> dict[str, Any]:
    told = services.show_webhook(visit.office, visit.asker, webhook_id)
    attempts = [{**each, "said": visit.say(f"webhooks.outcomes.{each['outcome']}")} for each in told["attempts"]]
    done = _done(visit, "tested", "paused", "resumed")
    return {"webhook": _told(visit, told), "attempts": attempts, "secret": None, "done": done}


def _told(visit: Visit, webhook: dict[str, Any]) -> dict[str, Any]:
    state = webhook["state"]
    return {**webhook, "state_said": visit.say(f"webhooks.states.{state}"), "tone": _TONES[state]}


def _done(visit: Visit, *known: str) -> str:
    word = visit.request.query_params.get("done", "")
    return visit.say(f"pages.webhooks.done_{word}") if word in known else ""


def _id(request: Request) -> str:
    """Return the id that the address names. Errors: NotFound for what has not even the form of one."""
    webhook_id = str(request.path_params["webhook_id"])
    if not webhook_id.isascii() or not webhook_id.isalnum() or len(webhook_id) > _ID_CHARS:
        raise NotFound("no such webhook")
    return webhook_id
