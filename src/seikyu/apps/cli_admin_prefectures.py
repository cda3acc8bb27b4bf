"""`seikyu admin prefectures …`: the table of what is known of the review bodies' offices.

It works on the home itself, beside a running server too: a table that was taken in is a file that never changes.
"""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from seikyu.apps.cli_admin import HOME, OPERATOR, HomeOption, JsonOption
from seikyu.apps.cli_errors import one_line
from seikyu.apps.cli_lines_list import day_from
from seikyu.apps.outcomes import Exit
from seikyu.apps.words import language, say
from seikyu.office.prefectures import WrongCell, columns, written
from seikyu.ports.prefectures import PrefectureTables
from seikyu.services.prefectures import Coming, import_table, in_force


def prefectures() -> typer.Typer:
    """Return the commands."""
    group = typer.Typer(help=say("prefectures.admin.help"), no_args_is_help=True)
    group.command("import", help=say("prefectures.admin.import"))(bring_in)
    group.command("export", help=say("prefectures.admin.export"))(give_out)
    group.command("history", help=say("prefectures.admin.history"))(history)
    return group


def bring_in(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=say("prefectures.admin.file"))],
    *,
    from_on: Annotated[str, typer.Option("--from", metavar="DATE", help=say("prefectures.admin.from"))],
    apply: Annotated[bool, typer.Option("--apply", help=say("prefectures.admin.apply"))] = False,
    by: Annotated[str, typer.Option("--by", help=say("prefectures.admin.by"))] = OPERATOR,
    home: HomeOption = HOME,
    as_json: JsonOption = False,
) -> int:
    """Take a table in, or only say what it changes; if a cell is wrong, nothing is taken in."""
    from seikyu.apps.drawing.source import opened

    day = day_from(from_on, "--from")
    with opened(file) as source:
        coming = import_table(_tables(home), source, from_on=day, at=datetime.now(UTC), by=one_line(by), apply=apply)
    if as_json:
        print(json.dumps(_on_wire(coming, day.isoformat()), ensure_ascii=False))
    else:
        _tell(coming, day.isoformat())
    return Exit.REFUSED if coming.wrong else Exit.DONE


def give_out(
    *,
    out: Annotated[Path | None, typer.Option("--out", help=say("register.out"))] = None,
    heading: Annotated[str | None, typer.Option("--heading", help=say("register.heading"))] = None,
    on: Annotated[str | None, typer.Option("--on", metavar="DATE", help=say("prefectures.admin.on"))] = None,
    home: HomeOption = HOME,
) -> int:
    """Write the table that holds, or the one that comes along, with a line for every body."""
    from seikyu.apps.cli_admin_register import give

    lang = heading or language()
    if lang not in {"ja", "en"}:
        raise typer.BadParameter(say("register.heading"), param_hint="--heading")
    held = in_force(_tables(home), day_from(on, "--on"))
    give([b"\xef\xbb\xbf", written(held.rows, lang).encode()], out)
    return Exit.DONE


def history(*, home: HomeOption = HOME, as_json: JsonOption = False) -> int:
    """List what was taken in, the newest first."""
    every = sorted(_tables(home).tables(), key=lambda each: -each.number)
    items: list[dict[str, Any]] = [
        {
            "number": each.number, "from": each.from_on.isoformat(), "rows": len(each.rows),
            "at": each.at.isoformat(), "by": each.by,
        }
        for each in every
    ]  # fmt: skip
    if as_json:
        print(json.dumps({"items": items}, ensure_ascii=False))
        return Exit.DONE
    for row, each in zip(items, every, strict=True):
        print(one_line(say("prefectures.admin.entry", **{**row, "day": row["from"], "at": each.at})))
    if not items:
        print(say("prefectures.admin.no_history"))
    return Exit.DONE


def _tables(home: Path) -> PrefectureTables:
    """Return the tables of an office. Errors: NoHome."""
    from seikyu.adapters.prefectures_folder import PrefecturesFolder
    from seikyu.apps.wiring import find_home

    return PrefecturesFolder(find_home(home).prefectures)


def _on_wire(coming: Coming, day: str) -> dict[str, Any]:
    return {
        "from": day,
        "rows": len(coming.rows),
        "wrong": [
            {"line": each.line, "column": each.column, "why": each.why, "value": each.value} for each in coming.wrong
        ],
        "changes": {name: list(names) for name, names in coming.changes.items()},
        "taken_in": coming.taken_in.number if coming.taken_in else None,
        "until": {"number": until.number, "from": until.from_on.isoformat()} if (until := coming.until) else None,
    }


def _tell(coming: Coming, day: str) -> None:
    for each in coming.wrong:
        print(one_line(_cell(each)))
    if coming.wrong:
        print(say("prefectures.admin.refused"))
        return
    for change, names in coming.changes.items():
        for name in names:
            print(one_line(f"{say(f'prefectures.admin.{change}')} {name}"))
    counts: dict[str, Any] = {change: len(names) for change, names in coming.changes.items()}
    print(say("prefectures.admin.counts", rows=len(coming.rows), **counts))
    if coming.taken_in is None:
        print(say("prefectures.admin.dry"))
    else:
        print(say("prefectures.admin.taken_in", number=coming.taken_in.number, day=day))
    if until := coming.until:
        print(say("prefectures.admin.until", number=until.number, day=until.from_on.isoformat()))


def _cell(each: WrongCell) -> str:
    column = columns()[each.column][language()] if each.column else say("prefectures.admin.cells")
    reason = say(f"prefectures.reasons.{each.why}")
    return say("prefectures.admin.row", line=each.line, column=column, value=each.value, reason=reason)
