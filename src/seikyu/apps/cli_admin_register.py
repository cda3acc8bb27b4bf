"""`seikyu admin party import | export`: the register as a list that a spreadsheet can hold."""

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from seikyu.apps.cli_admin import HOME, HomeOption, JsonOption, Local, office_of
from seikyu.apps.cli_errors import one_line
from seikyu.apps.outcomes import Exit
from seikyu.apps.words import language, say

_PATH: Final = "/admin/register"


def register(party: typer.Typer) -> None:
    """Add the commands."""
    party.command("import", help=say("register.import"))(bring_in)
    party.command("export", help=say("register.export"))(give_out)


def bring_in(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=say("register.file"))],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help=say("register.dry_run"))] = False,
    home: HomeOption = HOME,
    as_json: JsonOption = False,
) -> int:
    """Bring the register up to a list, all of it or nothing; or only say what it would change."""
    from seikyu.apps import acts
    from seikyu.apps.client.outgoing import look_at
    from seikyu.limits import limit
    from seikyu.ports.errors import TooLong
    from seikyu.services.register import import_list

    if look_at(file).size_bytes > limit("register_bytes"):
        raise TooLong(limit_bytes=limit("register_bytes"))
    with office_of(home) as at:
        if isinstance(at, Local):
            with file.open("rb") as source:
                told = acts.report_on_wire(import_list(at.office, source, dry_run=dry_run))
        else:
            told = at.line.put(_PATH, content=file.read_bytes(), params={"dry_run": str(dry_run).lower()})
    if as_json:
        print(json.dumps(told, ensure_ascii=False))
    else:
        print("\n".join(_lines(told, dry_run=dry_run)))
    return Exit.REFUSED if told["counts"]["refused"] else Exit.DONE


def give_out(
    *,
    out: Annotated[Path | None, typer.Option("--out", help=say("register.out"))] = None,
    heading: Annotated[str | None, typer.Option("--heading", help=say("register.heading"))] = None,
    home: HomeOption = HOME,
) -> int:
    """Write the register as a list that can be brought in again."""
    lang = heading or language()
    if lang not in {"ja", "en"}:
        raise typer.BadParameter(say("register.heading"), param_hint="--heading")
    with office_of(home) as at:
        if isinstance(at, Local):
            from seikyu.services.register import export_list

            _write(export_list(at.office, lang), out)
        else:
            with at.line.stream(f"{_PATH}?lang={lang}", {}) as answer:
                _write(answer.iter_bytes(), out)
    return Exit.DONE


def _write(pieces: Iterable[bytes], out: Path | None) -> None:
    """Write to a file that is there as a whole or not at all, or to standard output."""
    if out is None:
        sys.stdout.flush()
        for piece in pieces:
            sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()
        return
    from seikyu.apps.drawing.target import write

    write(out, Path(), b"".join(pieces))


def _lines(told: Mapping[str, Any], *, dry_run: bool) -> Iterable[str]:
    for kind in ("refused", "changes", "remarked"):
        for row in told[kind]:
            yield one_line(_row(row, kind))
    counts = told["counts"]
    shown = {"refused": len(told["refused"]), "changes": len(told["changes"])}
    changes = counts["added"] + counts["changed"] + counts["ended"]
    left_out = counts["refused"] - shown["refused"] + changes - shown["changes"]
    if left_out:
        yield say("register.left_out", rows=left_out)
    yield say("register.counts", **counts)
    if counts["refused"]:
        yield say("register.nothing_changed")
    elif dry_run:
        yield say("register.dry")
    else:
        yield say("register.applied")


def _row(row: Mapping[str, Any], kind: str) -> str:
    verdict = say("register.remarked") if kind == "remarked" else say(f"register.verdicts.{row['verdict']}")
    reasons = {"refused": row["refused"], "remarked": row["remarks"], "changes": []}[kind]
    said = [say(f"register.reasons.{each['code']}", **_columns(each["facts"])) for each in reasons]
    differs = [say(f"register.columns.{name}") for name in row["fields"]] if kind == "changes" else []
    tail = "; ".join(said) or ", ".join(differs)
    return say("register.row", line=row["line"], verdict=verdict, id=row["id"] or "-") + (f": {tail}" if tail else "")


def _columns(facts: Mapping[str, str]) -> dict[str, Any]:
    """Return the facts with a column called as users know it."""
    return {key: say(f"register.columns.{value}") if key == "column" else value for key, value in facts.items()}
