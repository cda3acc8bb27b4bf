"""`seikyu admin lines …`: the list of lines and providers that the office publishes.

It works on the home itself, beside a running server too: a published list is a file that never changes.
"""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from seikyu.apps.cli_admin import HOME, OPERATOR, HomeOption, JsonOption
from seikyu.apps.cli_errors import one_line
from seikyu.apps.cli_lines_list import day_from
from seikyu.apps.lines_told import office_lists
from seikyu.apps.outcomes import Exit
from seikyu.apps.words import language, say
from seikyu.lines.admission import Comer, Mode, judge
from seikyu.lines.kinds import line_kinds
from seikyu.lines.registry import WrongCell, words, written
from seikyu.services.lines import Coming, import_lines, in_force


def lines() -> typer.Typer:
    """Return the commands."""
    group = typer.Typer(help=say("lines.admin.help"), no_args_is_help=True)
    group.command("import", help=say("lines.admin.import"))(bring_in)
    group.command("export", help=say("lines.admin.export"))(give_out)
    group.command("history", help=say("lines.admin.history"))(history)
    group.command("try", help=say("lines.admin.try"))(try_rules)
    return group


def bring_in(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=say("lines.admin.file"))],
    *,
    from_on: Annotated[str, typer.Option("--from", metavar="DATE", help=say("lines.admin.from"))],
    apply: Annotated[bool, typer.Option("--apply", help=say("lines.admin.apply"))] = False,
    by: Annotated[str, typer.Option("--by", help=say("lines.admin.by"))] = OPERATOR,
    home: HomeOption = HOME,
    as_json: JsonOption = False,
) -> int:
    """Publish a list, or only say what it changes; if a cell is wrong, nothing is taken in."""
    from seikyu.apps.drawing.source import opened

    day = day_from(from_on, "--from")
    lists = office_lists(home)
    with opened(file) as source:
        coming = import_lines(lists, source, from_on=day, at=datetime.now(UTC), by=one_line(by), apply=apply)
    if as_json:
        print(json.dumps(_on_wire(coming, day.isoformat()), ensure_ascii=False))
    else:
        _tell(coming, day.isoformat())
    return Exit.REFUSED if coming.wrong else Exit.DONE


def give_out(
    *,
    out: Annotated[Path | None, typer.Option("--out", help=say("register.out"))] = None,
    heading: Annotated[str | None, typer.Option("--heading", help=say("register.heading"))] = None,
    on: Annotated[str | None, typer.Option("--on", metavar="DATE", help=say("lines.on"))] = None,
    home: HomeOption = HOME,
) -> int:
    """Write the list in force, or the example, as a list that can be edited and brought in."""
    from seikyu.apps.cli_admin_register import give

    lang = heading or language()
    if lang not in {"ja", "en"}:
        raise typer.BadParameter(say("register.heading"), param_hint="--heading")
    held = in_force(office_lists(home), day_from(on, "--on"))
    give([b"\xef\xbb\xbf", written(held.offers, lang).encode()], out)
    return Exit.DONE


def history(*, home: HomeOption = HOME, as_json: JsonOption = False) -> int:
    """List what was published, the newest first."""
    every = sorted(office_lists(home).published(), key=lambda each: -each.number)
    items: list[dict[str, Any]] = [
        {
            "number": each.number, "from": each.from_on.isoformat(), "rows": len(each.offers),
            "at": each.at.isoformat(), "by": each.by,
        }
        for each in every
    ]  # fmt: skip
    if as_json:
        print(json.dumps({"items": items}, ensure_ascii=False))
        return Exit.DONE
    for row, each in zip(items, every, strict=True):
        print(one_line(say("lines.admin.entry", **{**row, "day": row["from"], "at": each.at})))
    if not items:
        print(say("lines.admin.no_history"))
    return Exit.DONE


def try_rules(
    party: Annotated[str, typer.Argument(metavar="PARTY", help=say("admin.party_id"))],
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help=say("lines.admin.address"))],
    *,
    home: HomeOption = HOME,
    as_json: JsonOption = False,
) -> int:
    """Tell what the rules of lines say of a party that comes from an address; they may still be off."""
    from seikyu.adapters.admission_file import read_admission_file, read_tunnels
    from seikyu.apps.cli_ca import PartyNotThere, store_at
    from seikyu.apps.wiring import find_home

    at = find_home(home)
    rules = read_admission_file(at.root / at.settings().admission.rules, Mode.TELL)
    with store_at(at) as store, store.read() as tx:
        found = tx.party(party)
    if found is None:
        raise PartyNotThere(party=party)
    verdict = judge(rules, Comer(found.id, found.kind, found.connection, address), read_tunnels(at.root, rules)())
    told = {
        "party": found.id, "registered": found.connection or None, "used": verdict.used or None,
        "passes": verdict.passes, "why": verdict.why.value, "notice": verdict.notice or None,
        "mode": at.settings().admission.mode,
    }  # fmt: skip
    if as_json:
        print(json.dumps(told, ensure_ascii=False))
    else:
        kinds = {name: each.ja if language() == "ja" else each.en for name, each in line_kinds().items()}
        lines: dict[str, Any] = {key: kinds.get(str(told[key]), "-") for key in ("registered", "used")}
        verdict_said = say(f"lines.admin.{'passes' if verdict.passes else 'refused_line'}")
        print(say("lines.admin.tried", why=say(f"lines.why.{verdict.why.value}"), verdict=verdict_said, **lines))
        if verdict.notice:
            print(say("lines.admin.to_file", notice=verdict.notice))
        print(say("lines.admin.mode", mode=told["mode"]))
    return Exit.DONE if verdict.passes else Exit.REFUSED


def _on_wire(coming: Coming, day: str) -> dict[str, Any]:
    wrong = [
        {"line": each.line, "column": each.column, "why": each.why, "value": each.value, "known": list(each.known)}
        for each in coming.wrong
    ]
    return {
        "from": day,
        "rows": len(coming.offers),
        "wrong": wrong,
        "changes": {name: list(names) for name, names in coming.changes.items()},
        "published": coming.published.number if coming.published else None,
        "until": {"number": until.number, "from": until.from_on.isoformat()} if (until := coming.until) else None,
    }


def _tell(coming: Coming, day: str) -> None:
    for each in coming.wrong:
        print(one_line(_cell(each)))
    if coming.wrong:
        print(say("lines.admin.refused"))
        return
    for change, names in coming.changes.items():
        for name in names:
            print(one_line(f"{say(f'lines.admin.{change}')} {name}"))
    counts: dict[str, Any] = {change: len(names) for change, names in coming.changes.items()}
    print(say("lines.admin.counts", rows=len(coming.offers), **counts))
    if coming.published is None:
        print(say("lines.admin.dry"))
    else:
        print(say("lines.admin.published", number=coming.published.number, day=day))
    if until := coming.until:
        print(say("lines.admin.until", number=until.number, day=until.from_on.isoformat()))


def _cell(each: WrongCell) -> str:
    column = say(f"lines.columns.{each.column}" if each.column else "lines.admin.cells")
    said = say(
        "lines.admin.row", line=each.line, column=column, value=each.value, reason=say(f"lines.reasons.{each.why}")
    )
    if each.why != "choice":
        return said
    table = words(each.column)
    known = [f"{code} ({table[code].ja if language() == 'ja' else table[code].en})" for code in each.known]
    return f"{said} [{say('lines.admin.known', known=', '.join(known))}]"
