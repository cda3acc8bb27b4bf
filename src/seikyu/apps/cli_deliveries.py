"""`seikyu deliveries …`: what waits for a payer, who fetched it, and that a month is what the ledger charges."""

import json
from collections.abc import Mapping
from typing import Annotated, Any, Final

import typer

from seikyu.apps.cli_client import As, Home, Json
from seikyu.apps.cli_errors import one_line
from seikyu.apps.outcomes import Exit
from seikyu.apps.words import language, say

DeliveryId = Annotated[str, typer.Argument(metavar="ID", help=say("deliveries.id"))]
Month = Annotated[str, typer.Argument(metavar="MONTH", help=say("deliveries.which_month"))]

_STATES: Final = ("waiting", "fetching", "received")
_PAGE: Final = 200
_MONTH_CHARS: Final = 6


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help=say("deliveries.help"), no_args_is_help=True)
    group.command("list", help=say("deliveries.list"))(list_)
    group.command("show", help=say("deliveries.show"))(show)
    group.command("month", help=say("deliveries.month"))(month_)
    app.add_typer(group, name="deliveries")


def list_(
    *,
    month: Annotated[str | None, typer.Option("--month", help=say("deliveries.which_month"))] = None,
    body: Annotated[str | None, typer.Option("--body", help=say("deliveries.body"))] = None,
    state: Annotated[str | None, typer.Option("--state", help=say("deliveries.state"))] = None,
    as_id: As = None,
    home: Home = None,
    as_json: Json = False,
) -> int:
    """List the payer's own deliveries, newest first."""
    if state is not None and state not in _STATES:
        raise typer.BadParameter(say("deliveries.bad_state"), param_hint="--state")
    asked = {"month": _checked(month, "--month"), "body": body, "state": state}
    with _line(home, as_id) as line:
        items = _every(line, {name: value for name, value in asked.items() if value})
    if as_json:
        print(json.dumps({"items": items}, ensure_ascii=False))
        return Exit.DONE
    for each in items:
        print(_told(each))
    if not items:
        print(say("deliveries.none"))
    return Exit.DONE


def show(delivery: DeliveryId, *, as_id: As = None, home: Home = None, as_json: Json = False) -> int:
    """Show one delivery with its history."""
    with _line(home, as_id) as line:
        told = line.get(f"/deliveries/{delivery}")
        history = line.get(f"/deliveries/{delivery}/history")["items"]
    if as_json:
        print(json.dumps(told | {"history": history}, ensure_ascii=False))
        return Exit.DONE
    print(_told(told))
    print(f"  {say('deliveries.digest', sha256=told['sha256'])}")
    for step in history:
        what = say(f"deliveries.steps.{step['what']}")
        by = f"{step['user'] or '-'} {step['terminal'] or '-'} {step['serial'] or '-'}"
        print(one_line(f"  {step['no']}  {step['since'][:16]}  {what}  {step['start']}-{step['end']}  {by}"))
    if not history:
        print(f"  {say('deliveries.no_steps')}")
    return Exit.DONE


def month_(month: Month, *, as_id: As = None, home: Home = None, as_json: Json = False) -> int:
    """Show a month's totals. Ends as refused if they are not what the ledger charges."""
    asked = _checked(month, "MONTH")
    with _line(home, as_id) as line:
        told = line.get(f"/deliveries/months/{asked}")
    if as_json:
        print(json.dumps(told, ensure_ascii=False))
    else:
        for each in told["items"]:
            facts: dict[str, Any] = {name: f"{each[name]:,}" for name in ("deliveries", "received", "claims", "points")}
            print(one_line(say("deliveries.total", body=each["body"], **facts)))
        print(say("deliveries.balanced" if told["balanced"] else "deliveries.broken"))
    return Exit.DONE if told["balanced"] else Exit.REFUSED


def _every(line: Any, asked: Mapping[str, Any]) -> list[dict[str, Any]]:
    page = line.get("/deliveries", limit=_PAGE, **asked)
    items: list[dict[str, Any]] = page["items"]
    while page["next"]:
        page = line.get("/deliveries", limit=_PAGE, cursor=page["next"], **asked)
        items += page["items"]
    return items


def _told(item: Mapping[str, Any]) -> str:
    from seikyu.apps.client.progress import size

    kind, state = say(f"check.kinds.{item['kind']}", language()), say(f"deliveries.states.{item['state']}")
    numbers: dict[str, Any] = {name: f"{item[name]:,}" for name in ("claims", "points")}
    shown = {name: item[name] for name in ("id", "month", "body", "volume")}
    return one_line(say("deliveries.line", kind=kind, state=state, size=size(item["size_bytes"]), **shown, **numbers))


def _checked(month: str | None, where: str) -> str | None:
    if month is not None and not (len(month) == _MONTH_CHARS and month.isdigit() and "01" <= month[4:] <= "12"):
        raise typer.BadParameter(say("client.fetch.bad_month"), param_hint=where)
    return month


def _line(home: Any, as_id: str | None) -> Any:
    from seikyu.apps import client

    return client.Line(client.open_client(client.home_of(home), as_id))
