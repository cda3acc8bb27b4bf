"""`seikyu make`: writes a made-up UKE file."""

import json
import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from seikyu.apps.words import say

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
    from seikyu.apps.generator import FAULTS, Institution, Recipe, institution_id, world, write

    kinds = list(fault or [])
    if unknown := [kind for kind in kinds if kind not in FAULTS]:
        raise typer.BadParameter(say("make.unknown_fault", kind=unknown[0], kinds=", ".join(FAULTS)))
    kinds += [list(FAULTS)[place % len(FAULTS)] for place in range(errors)]
    if len(kinds) > claims or (kinds and size):
        raise typer.BadParameter(say("make.too_many_errors"))
    if not (len(month) == len("YYYYMM") and month.isdigit() and 1 <= int(month[4:]) <= 12):  # noqa: PLR2004  (months)
        raise typer.BadParameter(say("make.bad_month"), param_hint="--month")
    if body not in {"1", "2"}:
        raise typer.BadParameter(say("make.bad_body"), param_hint="--body")
    everyone = world()
    place = everyone.institutions[0]
    if institution is not None:
        known = {each.id: each for each in everyone.institutions}
        if not (institution.isdigit() and len(institution) in {6, 10}):
            raise typer.BadParameter(say("make.bad_institution"), param_hint="--institution")
        number = institution_id(institution) if len(institution) == len("011001") else institution
        place = known.get(number) or Institution(number, "見本医院", hospital=False)
    recipe = Recipe(place, body, int(month), claims, seed, faults=tuple(kinds), size_bytes=_bytes(size))
    with _opened(output) as out:
        tally = write(recipe, out)
    sums = tally.sums()
    if as_json:
        told = {"file": str(output) if output else None, "institution": place.id, "claims": sums.claims,
                "cases": sums.cases, "points": sums.main_points, "faults": dict(tally.faults)}  # fmt: skip
        print(json.dumps(told, ensure_ascii=False), file=sys.stdout if output else sys.stderr)
    elif output is not None:
        print(say("make.done", file=output, claims=sums.claims, cases=sums.cases, points=sums.main_points))


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
