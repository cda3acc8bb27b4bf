"""`seikyu notice …`: what a party files about its taking part, and what became of it."""

import json
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from seikyu.apps.cli_client import As, Home, Json, Tries
from seikyu.apps.cli_errors import one_line
from seikyu.apps.outcomes import Exit
from seikyu.apps.words import language, say
from seikyu.trust.notices import Connection, Kind, connections, fields, kinds

NoticeId = Annotated[str, typer.Argument(metavar="ID", help=say("notices.id"))]
Out = Annotated[Path, typer.Option("--out", help=say("notices.out"))]
State = Annotated[str | None, typer.Option("--state", help=say("notices.state"))]

_KINDS: Final = ", ".join(kinds())


def register(app: typer.Typer) -> None:
    """Add the commands."""
    notice = typer.Typer(help=say("notices.help"), no_args_is_help=True)
    notice.command("kinds", help=say("notices.kinds"))(kinds_)
    notice.command("file", help=say("notices.file"))(file)
    notice.command("list", help=say("notices.list"))(list_)
    notice.command("show", help=say("notices.show"))(show)
    notice.command("form", help=say("notices.form_help"))(form)
    app.add_typer(notice, name="notice")


def kinds_(*, as_json: Json = False) -> int:
    """Tell the kinds of notices, the items of each, and the kinds of lines."""
    told = {
        "kinds": {each.name: {"needs": each.needs, "may": each.may} for each in kinds().values()},
        "connections": {each.name: {"needs": each.needs, "may": each.may} for each in connections().values()},
    }
    if as_json:
        print(json.dumps(told, ensure_ascii=False))
        return Exit.DONE
    rows: list[Kind | Connection] = [*kinds().values(), *connections().values()]
    for each in rows:
        print(f"{each.name:<18} {_label(each)}")
        print(f"{'':<18} {say('notices.needs')}: {', '.join(each.needs) or '-'}")
        print(f"{'':<18} {say('notices.may')}: {', '.join(each.may) or '-'}")
    return Exit.DONE


def file(
    kind: Annotated[str, typer.Argument(metavar="KIND", help=say("notices.kind"))],
    *,
    items: Annotated[list[str], typer.Option("--set", metavar="NAME=VALUE", help=say("notices.set"))],
    key: Annotated[str | None, typer.Option("--key", help=say("notices.key"))] = None,
    tries: Tries = None,
    as_id: As = None,
    home: Home = None,
    as_json: Json = False,
) -> int:
    """File a notice. It is tried again under one key while the line is bad, so that it is filed once."""
    if kind not in kinds():
        raise typer.BadParameter(say("notices.bad_kind", kinds=_KINDS), param_hint="KIND")
    asked = {"kind": kind, "fields": _items(items)}
    headers = {"Idempotency-Key": key or str(uuid.uuid4())}
    with _line(home, as_id, tries) as line:
        told = line.post("/notices", repeatable=True, json=asked, headers=headers)
    if as_json:
        print(json.dumps(told, ensure_ascii=False))
    else:
        print(say("notices.repeat" if told["repeat"] else "notices.filed", id=told["id"]))
    return Exit.DONE


def list_(*, state: State = None, as_id: As = None, home: Home = None, as_json: Json = False) -> int:
    """List the party's own notices, newest first."""
    with _line(home, as_id) as line:
        tell_list(every(line, state), as_json=as_json)
    return Exit.DONE


def show(notice: NoticeId, *, as_id: As = None, home: Home = None, as_json: Json = False) -> int:
    """Show one notice with its history."""
    with _line(home, as_id) as line:
        tell_notice(line.get(f"/notices/{notice}"), as_json=as_json)
    return Exit.DONE


def form(notice: NoticeId, *, out: Out, as_id: As = None, home: Home = None) -> int:
    """Write one notice as a form."""
    with _line(home, as_id) as line:
        write_form(line.get(f"/notices/{notice}"), out)
    return Exit.DONE


def every(line: Any, state: str | None) -> list[dict[str, Any]]:
    """Return all notices that the asker may see, page by page."""
    asked: dict[str, Any] = {"limit": 200} | ({"state": state} if state else {})
    page = line.get("/notices", **asked)
    items: list[dict[str, Any]] = page["items"]
    while page["next"]:
        page = line.get("/notices", **asked, cursor=page["next"])
        items += page["items"]
    return items


def tell_list(items: list[dict[str, Any]], *, as_json: bool) -> None:
    """Print a list of notices."""
    if as_json:
        print(json.dumps({"items": items}, ensure_ascii=False))
        return
    for each in items:
        state = say(f"notices.states.{each['state']}")
        print(one_line(f"{each['id']} {each['filed_at'][:10]} {each['party']} {_label(kinds()[each['kind']])} {state}"))
    if not items:
        print(say("notices.none"))


def tell_notice(told: Mapping[str, Any], *, as_json: bool) -> None:
    """Print one notice."""
    if as_json:
        print(json.dumps(told, ensure_ascii=False))
        return
    print(one_line(f"{told['id']} {_label(kinds()[told['kind']])} {told['party']} {told['party_name']}"))
    for name, text in told["fields"].items():
        print(one_line(f"  {_label(fields()[name])}: {text}"))
    for each in told["history"]:
        line = (
            f"  {each['no']}. {each['at'][:16]} {say('notices.states.' + each['state'])} {each['by']} {each['reason']}"
        )
        print(one_line(line.rstrip()))


def write_form(told: Mapping[str, Any], out: Path) -> None:
    """Write a notice as a form (PDF), there as a whole or not at all. Errors: FileUnusable."""
    from seikyu.apps.drawing.notice_form import form_of
    from seikyu.apps.drawing.target import write

    write(out, Path(), form_of(told, language()))
    print(say("notices.written", file=out))


def _items(items: list[str]) -> dict[str, str]:
    said: dict[str, str] = {}
    for each in items:
        name, equals, value = each.partition("=")
        if not equals or name in said or name not in fields():
            raise typer.BadParameter(say("notices.bad_set", names=", ".join(fields())), param_hint="--set")
        said[name] = value
    return said


def _line(home: Path | None, as_id: str | None, tries: int | None = None) -> Any:
    from seikyu.apps import client

    return client.Line(client.open_client(client.home_of(home), as_id), tries=tries)


def _label(row: Any) -> str:
    return str(row.ja if language() == "ja" else row.en)
