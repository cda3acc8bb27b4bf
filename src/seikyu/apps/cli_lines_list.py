"""`seikyu lines list` and `show`: the list of lines and providers that is in force."""

import json
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from seikyu.apps.cli_errors import one_line, tell
from seikyu.apps.lines_told import cell_said, list_on_wire, lists_at, offer_on_wire, today
from seikyu.apps.outcomes import Exit
from seikyu.apps.words import language, say
from seikyu.lines.kinds import line_kinds
from seikyu.lines.registry import Offer, columns, named, narrowed, words
from seikyu.services.lines import InForce, in_force
from seikyu.trust.notices import day_of

_SYSTEMS = ("claims", "eligibility")

HomeOption = Annotated[Path | None, typer.Option("--home", envvar="SEIKYU_HOME", help=say("lines.home"))]
OnOption = Annotated[str | None, typer.Option("--on", metavar="DATE", help=say("lines.on"))]
JsonOption = Annotated[bool, typer.Option("--json", help=say("cli.json"))]


def register(lines: typer.Typer) -> None:
    """Add the commands."""
    lines.command("list", help=say("lines.list"))(list_all)
    lines.command("show", help=say("lines.show"))(show)


def list_all(
    *,
    area: Annotated[str, typer.Option("--area", help=say("lines.area", names=", ".join(words("areas"))))] = "",
    kind: Annotated[str, typer.Option("--kind", help=say("lines.kind", names=", ".join(line_kinds())))] = "",
    system: Annotated[str, typer.Option("--system", help=say("lines.system"))] = "",
    on: OnOption = None,
    every: Annotated[bool, typer.Option("--all", help=say("lines.all"))] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> int:
    """List the lines and providers, those that can be ordered, or with `--all` every one."""
    _known(area, tuple(words("areas")), "--area")
    _known(kind, tuple(line_kinds()), "--kind")
    _known(system, _SYSTEMS, "--system")
    day = day_from(on, "--on")
    held = in_force(lists_at(home), day)
    found = [
        each
        for each in narrowed(held.offers, area=area, kind=kind, system=system)
        if every or each.status(day) != "withdrawn"
    ]
    if as_json:
        items = [offer_on_wire(each, day) for each in found]
        print(json.dumps({**list_on_wire(held, day), "items": items}, ensure_ascii=False))
        return Exit.DONE
    _head(held)
    for offer in found:
        print(one_line(_row(offer, day)))
    if not found:
        print(say("lines.none"))
    return Exit.DONE


def show(
    wish: Annotated[str, typer.Argument(metavar="CARRIER/SERVICE", help=say("lines.name"))],
    *,
    on: OnOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> int:
    """Show one line or provider with everything that the list says of it."""
    day = day_from(on, "--on")
    held = in_force(lists_at(home), day)
    found = named(held.offers, wish)
    if as_json:
        items = [offer_on_wire(each, day) for each in found]
        print(json.dumps({**list_on_wire(held, day), "items": items}, ensure_ascii=False))
    else:
        _head(held)
        for offer in found:
            _tell(offer, day)
    if not found:
        tell("error", say("lines.no_such", name=wish))
        tell("hint", ", ".join(each.name for each in held.offers[:_NAMED]))
        return Exit.REFUSED
    return Exit.DONE


#: So many names are told to who asks for one that is not there.
_NAMED = 20


def day_from(text: str | None, option: str) -> date:
    """Return the day that an option says, today without one. Errors: typer.BadParameter."""
    if text is None:
        return today()
    day = day_of(text)
    if day is None:
        raise typer.BadParameter(say("lines.bad_day"), param_hint=option)
    return day


def _known(text: str, known: tuple[str, ...], option: str) -> None:
    if text and text not in known:
        raise typer.BadParameter(say("lines.bad_word", names=", ".join(known)), param_hint=option)


def _head(held: InForce) -> None:
    if held.published is None:
        print(say("lines.example"))
    else:
        print(say("lines.in_force", day=held.published.from_on.isoformat(), number=held.published.number))


def _row(offer: Offer, day: date) -> str:
    lang = language()
    said = [cell_said(offer, name, lang) for name in ("areas", "kind", "systems")]
    return "  ".join([offer.name, *said, say(f"lines.status.{offer.status(day)}")])


def _tell(offer: Offer, day: date) -> None:
    rows: list[tuple[str, Any]] = [
        (say(f"lines.columns.{name}"), cell_said(offer, name, language())) for name in columns()
    ]
    print(one_line(f"{offer.name}  {say(f'lines.status.{offer.status(day)}')}"))
    for head, text in rows:
        if text:
            print(one_line(f"  {head}: {text}"))
