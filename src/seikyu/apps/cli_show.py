"""`seikyu show`: draws claims as people know them (明細書): in the terminal, as a page, or as a document.

Exit status: 0 drawn, 3 could not be drawn. What the findings say does not change it: that is the work of `check`.
"""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from seikyu.apps.cli_check import KINDS, chosen_masters
from seikyu.apps.cli_errors import tell
from seikyu.apps.words import say
from seikyu.records import Month

_NUMBERS: Final = re.compile(r"([0-9]{1,9})(?:-([0-9]{1,9}))?")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("show", help=say("show.help"))(show)


def show(
    file: Annotated[Path, typer.Argument(help=say("show.file"), metavar="FILE")],
    *,
    claim: Annotated[str | None, typer.Option(help=say("show.claim"), metavar="N[,N-M]")] = None,
    month: Annotated[str | None, typer.Option(help=say("show.month"), metavar="YYYYMM")] = None,
    html: Annotated[Path | None, typer.Option(help=say("show.html"))] = None,
    pdf: Annotated[Path | None, typer.Option(help=say("show.pdf"))] = None,
    as_json: Annotated[bool, typer.Option("--json", help=say("cli.json"))] = False,
    kind: Annotated[str | None, typer.Option(help=say("check.kind"))] = None,
    show_personal: Annotated[bool, typer.Option("--show-personal", help=say("check.show_personal"))] = False,
    masters: Annotated[str | None, typer.Option(metavar="DIR", help=say("check.masters"))] = None,
    home: Annotated[Path | None, typer.Option("--home", help=say("cli.home"))] = None,
    findings: Annotated[bool, typer.Option("--findings/--no-findings", help=say("show.findings"))] = True,
) -> None:
    """Draw the claims of one file."""
    from seikyu.apps.drawing.source import Wanted, draw
    from seikyu.apps.drawing.target import target

    if sum((html is not None, pdf is not None)) > 1:
        raise typer.BadParameter(say("show.two_outputs"), param_hint="--pdf")
    if kind is not None and kind not in KINDS:
        raise typer.BadParameter(say("check.unknown_kind", kinds=", ".join(KINDS)), param_hint="--kind")
    wanted = Wanted(_numbers(claim), _month(month), kind, findings=findings, show_personal=show_personal)
    out = html or pdf
    if out is not None:
        target(out, file)  # Before the work, so that nobody waits for it in vain.
    drawn = draw(file, wanted, chosen_masters(masters, home))
    if out is not None:
        _write(out, file, drawn.sheets, pdf=pdf is not None, masked=not show_personal)
    if as_json:
        _print_json(file, out, drawn, wanted)
    elif out is None:
        from seikyu.apps.drawing.text import print_sheets

        print_sheets(drawn.sheets)
    else:
        print(say("show.written", file=out, claims=len(drawn.sheets)))
    _remark(drawn, wanted)


def _numbers(text: str | None) -> tuple[range, ...]:
    """Return the ranges of claim numbers. Errors: BadParameter."""
    if text is None:
        return ()
    ranges = []
    for part in text.split(","):
        found = _NUMBERS.fullmatch(part.strip())
        first, last = (int(found[1]), int(found[2] or found[1])) if found else (1, 0)
        if last < first:
            raise typer.BadParameter(say("show.bad_claims"), param_hint="--claim")
        ranges.append(range(first, last + 1))
    return tuple(ranges)


def _month(text: str | None) -> Month | None:
    """Return the service month. Errors: BadParameter."""
    try:
        return Month.parse(text) if text is not None else None
    except ValueError:
        raise typer.BadParameter(say("show.bad_month"), param_hint="--month") from None


def _write(out: Path, source: Path, sheets: Sequence[Any], *, pdf: bool, masked: bool) -> None:
    from seikyu.apps.drawing.target import write

    if pdf:
        from seikyu.apps.drawing.pdf import pdf_of as drawing
    else:
        from seikyu.apps.drawing.html import html_of as drawing
    write(out, source, drawing(sheets, masked=masked))


def _print_json(file: Path, out: Path | None, drawn: Any, wanted: Any) -> None:
    from seikyu.apps.drawing.plain import to_json

    told = {
        "file": str(file),
        "claims": drawn.claims,
        "drawn": len(drawn.sheets),
        "left_out": drawn.left_out,
        "masked": not wanted.show_personal,
        "output": str(out) if out else None,
        "sheets": [to_json(sheet) for sheet in drawn.sheets],
    }
    print(json.dumps(told, ensure_ascii=False, indent=2))


def _remark(drawn: Any, wanted: Any) -> None:
    """Say beside the drawing what is not in it."""
    if drawn.left_out:
        tell("note", say("show.more", total=drawn.claims, drawn=len(drawn.sheets)))
    if drawn.file_findings:
        tell("note", say("show.file_findings"))
    if not wanted.show_personal:
        tell("note", say("show.masked"))
