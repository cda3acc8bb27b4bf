"""`seikyu make`: writes a made-up UKE file."""

import json
import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from seikyu.apps.words import say

if TYPE_CHECKING:
    from seikyu.apps.generator import Institution

_UNITS = {"K": 1024, "M": 1024**2, "G": 1024**3}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("make", help=say("make.help"))(make)


def make(
    *,
    output: Annotated[Path | None, typer.Option("--output", "-o", help=say("make.output"))] = None,
    seed: Annotated[int, typer.Option(help=say("make.seed"))] = 1,
    claims: Annotated[int, typer.Option(min=1, max=999_999, help=say("make.claims"))] = 100,
    size: Annotated[str | None, typer.Option(help=say("make.size"))] = None,
    institution: Annotated[str | None, typer.Option(help=say("make.institution"))] = None,
    body: Annotated[str, typer.Option(help=say("make.body"))] = "1",
    month: Annotated[str, typer.Option(help=say("make.month"))] = "202610",
    errors: Annotated[int, typer.Option(min=0, help=say("make.errors"))] = 0,
    fault: Annotated[list[str] | None, typer.Option(help=say("make.fault"))] = None,
    as_json: Annotated[bool, typer.Option("--json", help=say("cli.json"))] = False,
) -> None:
    """Write one file: conforming, but for the errors that were asked for."""
    from seikyu.apps.generator import Recipe, write

    if not (len(month) == len("YYYYMM") and month.isdigit() and "01" <= month[4:] <= "12"):
        raise typer.BadParameter(say("make.bad_month"), param_hint="--month")
    if body not in {"1", "2"}:
        raise typer.BadParameter(say("make.bad_body"), param_hint="--body")
    kinds = _kinds(fault or [], errors)
    if len(kinds) > claims or (kinds and size):
        raise typer.BadParameter(say("make.too_many_errors"))
    place = _place(institution)
    recipe = Recipe(place, body, int(month), claims, seed, faults=kinds, size_bytes=_bytes(size))
    try:
        with _opened(output) as out:
            tally = write(recipe, out)
    except OSError as reason:
        if output is None:
            raise  # A pipe that its reader closed is no trouble with a file.
        from seikyu.apps.client.errors import FileUnusable

        raise FileUnusable("unwritable", file=str(output), reason=(reason.strerror or "?").lower()) from reason
    sums = tally.sums()
    if as_json:
        told = {"file": str(output) if output else None, "institution": place.id, "claims": sums.claims,
                "cases": sums.cases, "points": sums.main_points, "faults": dict(tally.faults)}  # fmt: skip
        print(json.dumps(told, ensure_ascii=False), file=sys.stdout if output else sys.stderr)
    elif output is not None:
        print(say("make.done", file=output, claims=sums.claims, cases=sums.cases, points=sums.main_points))


def _kinds(named: list[str], errors: int) -> tuple[str, ...]:
    """Return the errors to make: those that were named, and so many more in turn. Errors: BadParameter."""
    from seikyu.apps.generator import FAULTS

    if unknown := [kind for kind in named if kind not in FAULTS]:
        raise typer.BadParameter(say("make.unknown_fault", kind=unknown[0], kinds=", ".join(FAULTS)))
    return (*named, *(list(FAULTS)[place % len(FAULTS)] for place in range(errors)))


def _place(institution: str | None) -> "Institution":
    """Return the institution of that number; without one, the made-up world's first. Errors: BadParameter."""
    from seikyu.apps.generator import Institution, institution_id, world

    if institution is None:
        return world().institutions[0]
    if not (institution.isdigit() and len(institution) in {6, 10}):
        raise typer.BadParameter(say("make.bad_institution"), param_hint="--institution")
    number = institution_id(institution) if len(institution) == len("011001") else institution
    known = {each.id: each for each in world().institutions}
    return known.get(number) or Institution(number, "見本医院", hospital=False)


def _opened(output: Path | None) -> AbstractContextManager[BinaryIO]:
    return output.open("wb") if output is not None else nullcontext(sys.stdout.buffer)


def _bytes(size: str | None) -> int | None:
    """Return the number of a size such as 10M. Errors: BadParameter."""
    if size is None:
        return None
    number, unit = (size[:-1], size[-1].upper()) if size[-1:].upper() in _UNITS else (size, "")
    if not number.isdigit():
        raise typer.BadParameter(say("make.bad_size"), param_hint="--size")
    return int(number) * _UNITS.get(unit, 1)
