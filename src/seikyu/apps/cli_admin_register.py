"""`seikyu admin party list | show | import | export`: the register looked through, and as a list for a spreadsheet."""

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

#: So many rows are read at once.
_PAGE: Final = 1000


def register(party: typer.Typer) -> None:
    """Add the commands."""
    party.command("list", help=say("admin.party_list"))(list_all)
    party.command("show", help=say("admin.party_show"))(show)
    party.command("import", help=say("register.import"))(bring_in)
    party.command("export", help=say("register.export"))(give_out)


def list_all(
    query: Annotated[str, typer.Argument(metavar="QUERY", help=say("admin.party_query"))] = "",
    *,
    kind: Annotated[str | None, typer.Option("--kind", help=say("admin.party_kind"))] = None,
    most: Annotated[int | None, typer.Option("--limit", min=1, help=say("ca.list.limit"))] = None,
    home: HomeOption = HOME,
    as_json: JsonOption = False,
) -> int:
    """List the register by id, beside a running server too."""
    from seikyu.apps.cli_ca import store_at
    from seikyu.apps.revoking import party_on_wire
    from seikyu.apps.wiring import find_home
    from seikyu.services.find import find_parties

    items: list[dict[str, Any]] = []
    cursor: str | None = None
    with store_at(find_home(home)) as store:
        while most is None or len(items) < most:
            page = find_parties(store, query, kind=kind, limit=_PAGE, cursor=cursor)
            items += [party_on_wire(each) for each in page.items]
            cursor = page.next
            if cursor is None:
                break
    items = items[:most]
    if as_json:
        print(json.dumps({"items": items}, ensure_ascii=False))
    else:
        print("\n".join(f"{each['kind']:<12} {each['id']:<10} {each['name']}" for each in items))
    return Exit.DONE


def show(
    party_id: Annotated[str, typer.Argument(metavar="ID", help=say("admin.party_id"))],
    *,
    home: HomeOption = HOME,
    as_json: JsonOption = False,
) -> int:
    """Show a party with its newest certificates."""
    from seikyu.apps.cli_ca import store_at
    from seikyu.apps.revoking import party_shown
    from seikyu.apps.wiring import find_home

    with store_at(find_home(home)) as store:
        told = party_shown(store, party_id)
    if as_json:
        print(json.dumps(told, ensure_ascii=False))
        return Exit.DONE
    for name, value in told.items():
        if name != "certificates" and value:
            print(f"{name:<14} {one_line(str(value))}")
    for row in told["certificates"]:
        until = (row["revoked_at"] or row["not_after"])[:10]
        print(f"{row['serial']}  {say('ca.list.' + row['state'])} {until}  {row['terminal']}")
    return Exit.DONE


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

            give(export_list(at.office, lang), out)
        else:
            with at.line.stream(f"{_PATH}?lang={lang}", {}) as answer:
                give(answer.iter_bytes(), out)
    return Exit.DONE


def give(pieces: Iterable[bytes], out: Path | None) -> None:
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
