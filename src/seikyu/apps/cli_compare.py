"""`seikyu compare`: the office's lists of a file beside our own verdict, code by code; nothing personal in the report.

Exit status: 0 both say the same, 1 something differs, 2 we would have refused what the office took, 3 could not run.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from seikyu.apps.checked import CannotRead, Checked, opened
from seikyu.apps.client.errors import FileUnusable
from seikyu.apps.drawing.errors import NotAClaimFile
from seikyu.apps.outcomes import Exit
from seikyu.apps.words import say, system_words
from seikyu.limits import limit
from seikyu.ports.errors import SeikyuError
from seikyu.rules.reports import verdicts
from seikyu.rules.reports.choice import Choice
from seikyu.rules.reports.reading import NotAList, ReadList, read_list
from seikyu.rules.shadow import Comparison, Figure, Ours, Tally, compare
from seikyu.rules.table import checks

_UNREADABLE: Final = frozenset({"L1", "L2"})
#: The parts of the report, in their order, and which count puts a code into one.
_PARTS: Final = ("false_refusals", "missed", "extra", "agreed")


class NotAnOfficialList(SeikyuError):
    """One of the files is none of the lists that can be compared."""

    code = "not_a_list"


class OtherFilesList(SeikyuError):
    """A list speaks of another institution than the file."""

    code = "list_of_another"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("compare", help=say("compare.help"))(compare_command)


def compare_command(
    file: Annotated[Path, typer.Argument(help=say("compare.file"), metavar="FILE")],
    lists: Annotated[list[Path], typer.Argument(help=say("compare.lists"), metavar="LIST...")],
    *,
    kind: Annotated[str | None, typer.Option(help=say("check.kind"))] = None,
    as_json: Annotated[bool, typer.Option("--json", help=say("cli.json"))] = False,
) -> int:
    """Compare a file's lists with our own verdict on it."""
    read = [_read(path) for path in lists]
    results = [each for each in read if each.form.id in verdicts.RESULTS]
    asp = not results or any(each.form.id != "uasp" for each in results)
    try:
        with Checked(file, Choice()) as checked, opened(file) as source:
            checked.examine(source, kind=kind, asp=asp, show_personal=False, rows=True)
            if checked.summary.kind is None:
                raise NotAClaimFile(file=str(file))
            _same_institution(checked, read, lists)
            told = _compared(checked, read, results)
    except CannotRead as error:
        raise FileUnusable(error.why, file=str(file), reason=error.reason) from error
    if as_json:
        print(json.dumps(_as_json(told, read, checked), ensure_ascii=False, indent=2))
    else:
        for line in _lines(told, read, checked):
            print(line)
    if told.false_refusals:
        return int(Exit.REFUSED)
    return int(Exit.DONE if told.agrees else Exit.ASKS)


def _read(path: Path) -> ReadList:
    """Read one list. Errors: FileUnusable, NotAnOfficialList."""
    try:
        with opened(path) as source:
            data = source.read(limit("list_bytes") + 1)
    except CannotRead as error:
        raise FileUnusable(error.why, file=str(path), reason=error.reason) from error
    except OSError as reason:
        raise FileUnusable("unreadable", file=str(path), reason=system_words(reason)) from reason
    if len(data) > limit("list_bytes"):
        raise NotAnOfficialList(file=path.name)
    try:
        return read_list(data)
    except NotAList:
        raise NotAnOfficialList(file=path.name) from None


def _same_institution(checked: Checked, read: Sequence[ReadList], paths: Sequence[Path]) -> None:
    """Make sure that file and lists belong together. Errors: OtherFilesList."""
    own = checked.summary.institution_code
    for each, path in zip(read, paths, strict=True):
        named = verdicts.institution(each)
        if own and named and named != own:
            raise OtherFilesList(file=path.name)


def _compared(checked: Checked, read: Sequence[ReadList], results: Sequence[ReadList]) -> Comparison:
    rows = [row for row, _ in checked.claims()]
    levels = _UNREADABLE if results and all(each.form.id == "uasp" for each in results) else None
    fates = [fate for each in read if each.form.id == "fixf" for fate in verdicts.fates(each)]
    return compare(
        [row.claim_no for row in rows if row.claim_no >= 0],
        _ours(checked),
        listed=[each for result in results for each in verdicts.officials(result)] if results else None,
        fates=fates,
        figures=_figures(checked, read, {fate.claim_no: fate.points for fate in fates}),
        levels=levels,
    )


def _ours(checked: Checked) -> Iterator[Ours]:
    for finding in checked.findings():
        yield Ours(finding.claim_no, finding.code, finding.level.value, refuses=finding.refuses is not None)


def _figures(checked: Checked, read: Sequence[ReadList], points: dict[int, int | None]) -> list[Figure]:
    """Return the figures that both sides give."""
    totals, figures = checked.summary.totals, []
    if sums := verdicts.totals(read):
        accepted = totals["normal"] + totals["ask"]
        figures = [
            Figure("claims", sums["claims"], accepted.claims),
            Figure("points", sums["points"], accepted.points),
            Figure("refused", sums["refused"], totals["refused"].claims),
        ]
    known = {row.claim_no: row.main_points for row, _ in checked.claims()}
    both = [no for no, value in points.items() if value is not None and no in known]
    if both:
        official = sum(points[no] or 0 for no in both)
        figures.append(Figure("points_of_claims", official, sum(known[no] for no in both)))
    if points:
        figures.append(Figure("claims_listed", len(points), len(known)))
    return figures


# --- printing ---


def _as_json(told: Comparison, read: Sequence[ReadList], checked: Checked) -> dict[str, Any]:
    summary = checked.summary
    return {
        "lists": [each.form.id for each in read],
        "kind": summary.kind,
        "ruleset": summary.ruleset,
        "layout": summary.layout,
        "masters": dict(summary.masters),
        **told.to_json(),
    }


def _lines(told: Comparison, read: Sequence[ReadList], checked: Checked) -> Iterator[str]:
    """Yield the report: the worst first, and nothing that names a person."""
    names = ", ".join(each.form.id for each in read)
    yield say("compare.head", lists=names, claims=told.claims, alike=told.alike, ruleset=checked.summary.ruleset)
    for part in _PARTS:
        found = [tally for tally in told.tallies if getattr(tally, part)]
        if found or part == "false_refusals":
            yield say(f"compare.parts.{part}" if found else "compare.no_false_refusal")
        for tally in found:
            yield _tally_line(tally, part)
    if told.pairs:
        yield say("compare.pairs")
        for pair in told.pairs:
            yield say("compare.pair", official=pair.official, ours=pair.ours, together=pair.together, of=pair.of)
            yield f"      {pair.row}"
    if told.unknown:
        yield say("compare.unknown", codes=", ".join(told.unknown))
    for figure in told.figures:
        name = say(f"compare.figures.{figure.name}")
        key = "same" if figure.agrees else "differs"
        yield say(f"compare.{key}", name=name, official=f"{figure.official:,}", ours=f"{figure.ours:,}")
    yield say("compare.nothing_personal")


def _tally_line(tally: Tally, part: str) -> str:
    row = checks().get(tally.code)
    why = row.reason if row is not None and not row.judged else ""
    places = ", ".join(map(str, tally.places))
    text = say("compare.code", code=tally.code, count=getattr(tally, part))
    if part != "agreed" and places:
        text += say("compare.places", places=places)
    if part == "missed" and row is None:
        return text + say("compare.not_known")
    return text + (say("compare.not_judged", why=why) if part == "missed" and why else "")
