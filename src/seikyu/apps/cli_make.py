"""`seikyu make`: writes a made-up file of claims."""

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO, Final

import typer

from seikyu.apps.words import say

if TYPE_CHECKING:
    from seikyu.apps.generator import Institution, Recipe, Tally
    from seikyu.rules.masters import Masters

_UNITS = {"K": 1024, "M": 1024**2, "G": 1024**3}
#: What `--masters` takes instead of a folder, to draw from our own stock.
_NO_MASTERS: Final = "none"
#: What `--damage` takes instead of a kind, to show them all.
_LIST: Final = "list"
#: What an institution is called that the made-up prefecture does not know.
_SOME_INSTITUTION: Final = "見本医院"
#: How many claims of a file were returned before, unless it is said.
_RECLAIMS: Final = 0.01
#: How many claims a file has, unless it is said.
_CLAIMS: Final = 100


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("make", help=say("make.help"))(make)


def make(
    *,
    kind: Annotated[str, typer.Option(help=say("make.kind"))] = "medical",
    output: Annotated[Path | None, typer.Option("--output", "--out", "-o", help=say("make.output"))] = None,
    seed: Annotated[int, typer.Option(help=say("make.seed"))] = 1,
    claims: Annotated[int, typer.Option(min=1, max=999_999, help=say("make.claims"))] = _CLAIMS,
    size: Annotated[str | None, typer.Option(help=say("make.size"))] = None,
    institution: Annotated[str | None, typer.Option(help=say("make.institution"))] = None,
    body: Annotated[str, typer.Option(help=say("make.body"))] = "1",
    month: Annotated[str, typer.Option(help=say("make.month"))] = "202610",
    returns: Annotated[bool, typer.Option("--returns", help=say("make.returns"))] = False,
    reclaims: Annotated[float, typer.Option(min=0, max=1, help=say("make.reclaims"))] = _RECLAIMS,
    masters: Annotated[str | None, typer.Option(metavar="DIR", help=say("make.masters"))] = None,
    home: Annotated[Path | None, typer.Option(help=say("cli.home"))] = None,
    damage: Annotated[list[str] | None, typer.Option(help=say("make.damage"), metavar="KIND=RATE")] = None,
    errors: Annotated[int, typer.Option(min=0, help=say("make.errors"))] = 0,
    fault: Annotated[list[str] | None, typer.Option(help=say("make.fault"))] = None,
    as_json: Annotated[bool, typer.Option("--json", help=say("cli.json"))] = False,
) -> None:
    """Write one file: conforming, but for the damage that was asked for."""
    if damage == [_LIST]:
        _show_damage(as_json=as_json)
        return
    from seikyu.apps.generator import Recipe

    if size is not None and claims != _CLAIMS:
        raise typer.BadParameter(say("make.size_or_claims"), param_hint="--size")
    faults = _faults(fault or [], errors)
    if len(faults) > claims or (faults and size):
        raise typer.BadParameter(say("make.too_many_errors"))
    recipe = Recipe(
        _place(institution, _kind(kind)),
        _body(body),
        _month(month),
        claims,
        seed,
        faults=faults,
        size_bytes=_bytes(size),
        kind=kind,
        reclaim_share=0.0 if returns else reclaims,
        returns=returns,
        damage=_rates(damage or []),
        masters=_masters(masters, home),
        long_stays=True,
    )
    _tell(recipe, output, _made(recipe, output), as_json=as_json)


def _made(recipe: "Recipe", output: Path | None) -> "Tally":
    """Write the file. Errors: FileUnusable; BadParameter, if the totals of so many claims fit in no file."""
    from seikyu.apps.generator import NoClaimLeft, TooManyClaims, write

    try:
        with _opened(output) as out:
            return write(recipe, out)
    except TooManyClaims:
        raise typer.BadParameter(say("make.too_many_claims")) from None
    except NoClaimLeft as reason:
        raise typer.BadParameter(say("make.no_claim_left", kinds=", ".join(dict.fromkeys(reason.kinds)))) from None
    except OSError as reason:
        if output is None:
            raise  # A pipe that its reader closed is no trouble with a file.
        from seikyu.apps.client.errors import unwritable

        raise unwritable(str(output), reason) from reason


def _tell(recipe: "Recipe", output: Path | None, tally: "Tally", *, as_json: bool) -> None:
    """Say what was made; without a file for it, the claims themselves are the output, and JSON goes beside them."""
    sums = tally.sums()
    if as_json:
        told = {
            "file": str(output) if output else None,
            "kind": recipe.kind + ("_return" if recipe.returns else ""),
            "institution": recipe.institution.id,
            "claims": sums.claims,
            "cases": sums.cases,
            "points": sums.main_points,
            "faults": dict(tally.faults),
            "damage": dict(recipe.damage),
        }
        print(json.dumps(told, ensure_ascii=False), file=sys.stdout if output else sys.stderr)
    elif output is not None:
        words = "make.done_yen" if recipe.kind == "home_nursing" else "make.done"
        print(say(words, file=output, claims=sums.claims, cases=sums.cases, points=sums.main_points))


def _show_damage(*, as_json: bool) -> None:
    """Print the catalogue of damage."""
    from seikyu.apps.generator import DAMAGES

    rows = [{"kind": each.kind, "scope": each.scope, "text": say(f"damage.{each.kind}")} for each in DAMAGES.values()]
    if as_json:
        print(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        print(f"{row['kind']:<22}{say('damage_scope.' + row['scope'])}  {row['text']}")


def _masters(folder: str | None, home: Path | None) -> "Masters":
    """Return the masters to draw codes from: those of the home, of a folder, or none. Errors: BadParameter."""
    from seikyu.adapters.masters_folder import MastersFolder
    from seikyu.apps.cli_masters import folder_of
    from seikyu.rules.masters import NO_MASTERS

    if folder is None:
        return folder_of(home).masters()
    if folder == _NO_MASTERS:
        return NO_MASTERS
    if not Path(folder).is_dir():
        raise typer.BadParameter(say("check.no_masters_folder", folder=folder), param_hint="--masters")
    return MastersFolder(Path(folder)).masters()


def _kind(kind: str) -> str:
    from seikyu.apps.generator import FORMS

    if kind not in FORMS:
        raise typer.BadParameter(say("make.unknown_kind", kind=kind, kinds=", ".join(FORMS)), param_hint="--kind")
    return kind


def _body(body: str) -> str:
    if body not in {"1", "2"}:
        raise typer.BadParameter(say("make.bad_body"), param_hint="--body")
    return body


def _month(month: str) -> int:
    if not (len(month) == len("YYYYMM") and month.isascii() and month.isdigit() and "01" <= month[4:] <= "12"):
        raise typer.BadParameter(say("make.bad_month"), param_hint="--month")
    return int(month)


def _faults(named: list[str], errors: int) -> tuple[str, ...]:
    """Return the errors to make: those that were named, and so many more in turn. Errors: BadParameter."""
    from seikyu.apps.generator import FAULTS

    if unknown := [kind for kind in named if kind not in FAULTS]:
        raise typer.BadParameter(say("make.unknown_fault", kind=unknown[0], kinds=", ".join(FAULTS)))
    return (*named, *(list(FAULTS)[place % len(FAULTS)] for place in range(errors)))


def _rates(wanted: list[str]) -> Mapping[str, float]:
    """Return how often which damage is done. Errors: BadParameter."""
    from seikyu.apps.generator import DAMAGES

    rates: dict[str, float] = {}
    for each in wanted:
        kind, _, rate = each.partition("=")
        if kind not in DAMAGES:
            raise typer.BadParameter(say("make.unknown_damage", kind=kind), param_hint="--damage")
        with suppress(ValueError):
            rates[kind] = float(rate)
        if not 0 <= rates.get(kind, -1) <= 1:
            raise typer.BadParameter(say("make.bad_rate", kind=kind), param_hint="--damage")
    return rates


def _place(institution: str | None, kind: str) -> "Institution":
    """Return the institution of that number; without one, the made-up world's. Errors: BadParameter."""
    from seikyu.apps.generator import POINT_TABLES, Institution, institution_id, place_of, world

    table = POINT_TABLES[kind]
    if institution is None:
        return place_of(kind)
    if not (institution.isascii() and institution.isdigit() and len(institution) in {6, 10}):
        raise typer.BadParameter(say("make.bad_institution"), param_hint="--institution")
    number = institution_id(institution, table) if len(institution) == len("011001") else institution
    if number[2] != table:
        raise typer.BadParameter(say("make.other_institution", table=table), param_hint="--institution")
    known = {each.id: each for each in (*world().institutions, place_of(kind))}
    return known.get(number) or Institution(number, _SOME_INSTITUTION, hospital=kind == "dpc")


@contextmanager
def _opened(output: Path | None) -> Iterator[BinaryIO]:
    """Give the place to write to. A file gets its name when it is whole; what breaks off leaves nothing."""
    path = output and output.resolve()  # A link stays one, and what it leads to is written.
    if path is None:
        yield sys.stdout.buffer
    elif path.exists() and not path.is_file():
        with path.open("wb") as out:  # A device or a pipe has no half of a file to hide.
            yield out
    else:
        part = path.with_name(f".{path.name}.{os.getpid()}.part")
        try:
            with part.open("wb") as out:
                yield out
            part.replace(path)
        except BaseException:
            with suppress(OSError):
                part.unlink()
            raise


def _bytes(size: str | None) -> int | None:
    """Return the number of a size such as 10M. Errors: BadParameter."""
    if size is None:
        return None
    number, unit = (size[:-1], size[-1].upper()) if size[-1:].upper() in _UNITS else (size, "")
    if not (number.isascii() and number.isdigit()):
        raise typer.BadParameter(say("make.bad_size"), param_hint="--size")
    return int(number) * _UNITS.get(unit, 1)
