"""`seikyu lists`: the official lists (帳票) of a sending, shown and taken as files."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from seikyu.apps.cli_client import As, For, Home, Json, _month, open_office, print_json
from seikyu.apps.outcomes import Exit
from seikyu.apps.words import has, language, say

_FORMATS: Final = ("csv", "pdf", "spreadsheet")
_LINES: Final = ("real", "test")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("lists", help=say("client.lists.help"))(lists)


def lists(
    sending: Annotated[str | None, typer.Argument(help=say("client.id"))] = None,
    *,
    form: Annotated[list[str] | None, typer.Option("--form", help=say("client.lists.form"))] = None,
    form_of_file: Annotated[str, typer.Option("--format", help=say("client.lists.format"))] = "csv",
    every: Annotated[bool, typer.Option("--all", help=say("client.lists.all"))] = False,
    out: Annotated[Path, typer.Option("--out", help=say("client.lists.out"))] = Path(),
    month: Annotated[str | None, typer.Option("--month", help=say("client.lists.month"))] = None,
    office_line: Annotated[str | None, typer.Option("--line", help=say("client.lists.line"))] = None,
    acts_for: For = None,
    as_id: As = None,
    home: Home = None,
    as_json: Json = False,
) -> int:
    """List the official lists of a sending, or take some of them, or those of a month."""
    if (sending is None) == (month is None):
        raise typer.BadParameter(say("client.lists.one"))
    if form_of_file not in _FORMATS:
        raise typer.BadParameter(say("client.lists.bad_format"), param_hint="--format")
    if office_line not in (None, *_LINES):
        raise typer.BadParameter(say("client.lists.bad_line"), param_hint="--line")
    from seikyu.apps.client import lists as client

    with open_office(home, as_id, acts_for=acts_for) as office:
        if sending is None:
            taken = [client.take_month(office.line, str(_month(month)), office_line=office_line, folder=out)]
        else:
            items = client.lists(office.line, sending)
            if not form and not every:
                _show(items, as_json=as_json)
                return Exit.DONE
            missing = sorted(set(form or ()) - {each["form"] for each in items})
            if missing:
                raise typer.BadParameter(say("client.lists.no_such", form=", ".join(missing)), param_hint="--form")
            # What was asked for by name and is not there yet is asked for all the same: the office says why.
            chosen = [each for each in items if each["form"] in (form or ()) or (every and each["available"])]
            taken = [
                each
                for item in chosen
                for each in client.take_list(office.line, sending, item, form=form_of_file, folder=out)
            ]
    if as_json:
        print_json({"files": [{"file": str(each.path), "size_bytes": each.size_bytes} for each in taken]})
    else:
        for each in taken:
            print(say("client.lists.written", file=each.path))
    return Exit.DONE


def _show(items: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        print_json({"items": items})
        return
    for item in items:
        if item["available"]:
            print(f"{item['form']}  {_named(item)}  {item['name']}")
        else:
            print(say("client.lists.missing", form=item["form"], title=_named(item), why=_why(item)))


def _named(item: Mapping[str, Any]) -> str:
    """Return what a list is called; a form that a newer office has is called as it says."""
    key = f"pages.lists.forms.{item['form']}"
    return say(key, language()) if has(key) else str(item["title"])


def _why(item: Mapping[str, Any]) -> str:
    key = f"lists.why.{item['reason']}"
    return say(key) if has(key) else str(item["reason"])
