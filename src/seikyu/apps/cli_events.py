"""`seikyu events | webhooks …`: follow what happens at the office, and have programs told of it."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seikyu.apps.cli_client import As, Home, Json, Tries
from seikyu.apps.cli_errors import one_line
from seikyu.apps.outcomes import Exit
from seikyu.apps.words import has, say

if TYPE_CHECKING:
    from seikyu.apps.client import Client

WebhookId = Annotated[str, typer.Argument(metavar="ID", help=say("webhooks.id"))]
Types = Annotated[list[str] | None, typer.Option("--type", metavar="TYPE", help=say("webhooks.types"))]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("events", help=say("events.help"))(events)
    webhooks = typer.Typer(help=say("webhooks.help"), no_args_is_help=True)
    acts: Mapping[str, Callable[..., int]] = {
        "add": add, "list": list_, "show": show, "test": try_, "rotate": rotate, "pause": pause, "resume": resume,
        "remove": remove,
    }  # fmt: skip
    for name, act in acts.items():
        webhooks.command(name, help=say(f"webhooks.{name}"))(act)
    app.add_typer(webhooks, name="webhooks")


def events(
    *,
    follow: Annotated[bool, typer.Option("--follow", help=say("events.follow"))] = False,
    after: Annotated[str | None, typer.Option(metavar="CURSOR", help=say("events.after"))] = None,
    types: Annotated[str | None, typer.Option(metavar="TYPES", help=say("events.types"))] = None,
    tries: Tries = None,
    as_id: As = None,
    home: Home = None,
    as_json: Json = False,
) -> int:
    """Tell what happened; with `follow` for ever."""
    wanted = types.split(",") if types else []
    with _open(home, as_id, tries) as office:
        if follow:
            for each in office.events(after=after, types=wanted):
                _tell(each, as_json=as_json)
            return Exit.DONE
        told, page = 0, office.events_page(after=after, types=wanted)
        while page["items"]:
            for each in page["items"]:
                _tell(each, as_json=as_json)
            told += len(page["items"])
            page = office.events_page(after=page["next"], types=wanted)
    if not told and not as_json:
        print(say("events.none"))
    return Exit.DONE


def add(
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help=say("webhooks.address"))],
    *,
    types: Types = None,
    as_id: As = None,
    home: Home = None,
    as_json: Json = False,
) -> int:
    """Enter an address."""
    with _open(home, as_id) as office:
        made = office.add_webhook(address, types=types or [])
    return _done(made, "webhooks.repeat" if made["repeat"] else "webhooks.added", as_json=as_json)


def list_(*, as_id: As = None, home: Home = None, as_json: Json = False) -> int:
    """List the webhooks."""
    with _open(home, as_id) as office:
        items = office.webhooks()
    if as_json:
        print(json.dumps({"items": items}, ensure_ascii=False))
        return Exit.DONE
    for each in items:
        print(each["id"], say(f"webhooks.states.{each['state']}"), one_line(each["address"]), sep="\t")
    if not items:
        print(say("webhooks.none"))
    return Exit.DONE


def show(webhook: WebhookId, *, as_id: As = None, home: Home = None, as_json: Json = False) -> int:
    """Show one webhook with its last tries."""
    with _open(home, as_id) as office:
        told = office.webhook(webhook)
    _done(told, "webhooks.now", as_json=as_json)
    for each in () if as_json else told["attempts"]:
        print(f"{each['at']}\t{each['type']}\t{_outcome(each)}\t{each['status'] or ''}")
    return Exit.DONE


def try_(webhook: WebhookId, *, as_id: As = None, home: Home = None, as_json: Json = False) -> int:
    """Tell a webhook that this is a test; it ends with the status for later if that does not arrive."""
    with _open(home, as_id) as office:
        told = office.test_webhook(webhook)
    if as_json:
        print(json.dumps(told, ensure_ascii=False))
    else:
        print(say("webhooks.tried", **told | {"outcome": _outcome(told), "status": told["status"] or ""}))
    return Exit.DONE if told["outcome"] == "arrived" else Exit.LATER


def rotate(webhook: WebhookId, *, as_id: As = None, home: Home = None, as_json: Json = False) -> int:
    """Give a webhook a new secret."""
    with _open(home, as_id) as office:
        made = office.rotate_webhook(webhook)
    return _done(made, "webhooks.now", as_json=as_json)


def pause(webhook: WebhookId, *, as_id: As = None, home: Home = None, as_json: Json = False) -> int:
    """Tell a webhook nothing for now."""
    with _open(home, as_id) as office:
        now = office.pause_webhook(webhook)
    return _done(now, "webhooks.now", as_json=as_json)


def resume(
    webhook: WebhookId,
    *,
    from_now: Annotated[bool, typer.Option("--from-now", help=say("webhooks.from_now"))] = False,
    as_id: As = None,
    home: Home = None,
    as_json: Json = False,
) -> int:
    """Go on telling a webhook."""
    with _open(home, as_id) as office:
        now = office.resume_webhook(webhook, from_now=from_now)
    return _done(now, "webhooks.now", as_json=as_json)


def remove(webhook: WebhookId, *, as_id: As = None, home: Home = None, as_json: Json = False) -> int:
    """Remove a webhook."""
    with _open(home, as_id) as office:
        office.remove_webhook(webhook)
    return _done({"id": webhook, "removed": True}, "webhooks.removed", as_json=as_json)


def _open(home: Path | None, as_id: str | None, tries: int | None = None) -> "Client":
    from seikyu.apps import client

    return client.Client.open(as_id, home=home, tries=tries)


def _done(told: Mapping[str, Any], key: str, *, as_json: bool) -> int:
    if as_json:
        print(json.dumps(told, ensure_ascii=False))
        return Exit.DONE
    said = {**told, "state": say(f"webhooks.states.{told['state']}")} if "state" in told else told
    print(say(key, **said))
    if told.get("secret"):
        print(say("webhooks.secret", secret=told["secret"]))
    return Exit.DONE


def _outcome(attempt: Mapping[str, Any]) -> str:
    key = f"webhooks.outcomes.{attempt['outcome']}"
    return say(key) if has(key) else str(attempt["outcome"])


def _tell(event: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(event, ensure_ascii=False), flush=True)
        return
    facts = " ".join(f"{name}={value}" for name, value in event["facts"].items())
    print(one_line(f"{event['at']}  {event['type']}  {event['subject']}  {facts}"), flush=True)
