"""A sheet in the terminal: columns that stand right though Japanese characters are two places wide."""

import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from typing import Final, TextIO

from rich.cells import cell_len, chop_cells
from rich.console import Console
from rich.text import Text

from seikyu.apps.drawing.plain import used_columns
from seikyu.apps.drawing.words import finding_line, fits, heading, shown
from seikyu.apps.words import language, say
from seikyu.rules import Finding
from seikyu.rules.reports import effect
from seikyu.rules.sheet import Cell, Column, Role, Row, Section, Shape, Sheet

#: The width where no window says how wide it is: in a file, a pipe.
_PLAIN_WIDTH: Final = 110
_LEAST_WIDTH: Final = 60
#: What the widest column keeps however much the others say, and the most that one of those may take.
_WIDE_LEAST: Final = 28
_OTHERS_MOST: Final = 24
_BETWEEN: Final = "  "
_MARK: Final = ">> "
_COLOURS: Final = {"file": "bold red", "claim": "bold red", "asks": "yellow", "tells": "cyan"}
_STYLES: Final = {Role.GROUP: "bold", Role.HEAD: "bold"}
#: Where a line may be broken: behind these signs.
_SPACES: Final = " 　、，/・"


def print_sheets(sheets: Iterable[Sheet], *, out: TextIO | None = None, width: int | None = None) -> None:
    """Print the sheets one below the other: coloured and as wide as the window, or plain where nobody watches."""
    out = out or sys.stdout
    window = out.isatty()
    width = max(_LEAST_WIDTH, width or (shutil.get_terminal_size().columns if window else _PLAIN_WIDTH))
    colours = Console(
        file=StringIO(), force_terminal=window, no_color=not window or "NO_COLOR" in os.environ, width=width
    )
    for number, sheet in enumerate(sheets):
        if number:
            print(file=out)
        for line in sheet_lines(sheet, width):
            line.rstrip()
            with colours.capture() as drawn:
                colours.print(line, end="", soft_wrap=True, highlight=False)
            print(drawn.get(), file=out)


def sheet_lines(sheet: Sheet, width: int) -> Iterator[Text]:
    """Yield the lines of a sheet, none wider than `width` places."""
    head = heading(sheet, language())
    for line in _broken(f"== {head} ", width):
        yield Text(line + "=" * (width - cell_len(line)), style="bold")
    for finding in sheet.findings:
        yield from _finding(finding, width)
    for section in sheet.sections:
        yield Text("")
        yield Text(f"[{fits(section.title, language())}]", style="bold")
        yield from _section(section, width)
    if sheet.left_out:
        yield Text(say("show.left_out", lines=sheet.left_out))


def _section(section: Section, width: int) -> Iterator[Text]:
    if section.shape is Shape.FIELDS:
        yield from _fields(section, width)
    elif section.shape is Shape.FOLDED:
        yield Text(f"  {say('show.folded', rows=len(section.rows))}", style="dim")
        for row in section.rows:
            yield from (line for finding in row.findings for line in _finding(finding, width))
    else:
        yield from _table(section, width)


def _fields(section: Section, width: int) -> Iterator[Text]:
    """Yield labels with their values in two columns."""
    labels = min(width // 3, max(cell_len(shown(row.cells[0], language())) for row in section.rows))
    for row in section.rows:
        cells = [shown(cell, language()) for cell in row.cells]
        yield from _row(cells, [labels, width - labels - 3], [False, False], style="")
        yield from _below(row, width, indent=labels + 3)


# --- tables ---


def _table(section: Section, width: int) -> Iterator[Text]:
    """Yield the head of a table and its rows; notes and findings run below their row to the right margin."""
    used = used_columns(section)
    columns = [section.columns[at] for at in used]
    heads = [fits(column.title, language()) for column in columns]
    rows = [[_said(row.cells[at], column) for at, column in zip(used, columns, strict=True)]
            if row.role is not Role.GROUP else [] for row in section.rows]  # fmt: skip
    widths = _widths(columns, [heads, *filter(None, rows)], width)
    right = [column.number for column in columns]
    yield from _row(heads, widths, right, style="dim")
    yield Text(" " + _BETWEEN.join("-" * each for each in widths), style="dim")
    indent = 1 + next((sum(widths[:at]) + len(_BETWEEN) * at for at, each in enumerate(columns) if each.wide), 0)
    for row, cells in zip(section.rows, rows, strict=True):
        if row.role is Role.GROUP:
            head = _BETWEEN.join(shown(cell, language()) for cell in row.cells)
            yield Text(f" {head}", style=_STYLES[row.role])
        else:
            yield from _row(cells, widths, right, style=_STYLES.get(row.role, ""))
        yield from _below(row, width, indent=indent + 2)


def _said(cell: Cell, column: Column) -> str:
    text = shown(cell, language())
    return f"{text} [{cell.code}]" if column.wide and cell.code else text


def _widths(columns: Sequence[Column], rows: Iterable[Sequence[str]], width: int) -> list[int]:
    """Return the places of each column: what its cells need, up to a share; the wide column has the rest."""
    needed = [max(map(cell_len, cells)) for cells in zip(*rows, strict=True)]
    most = _OTHERS_MOST if width >= _PLAIN_WIDTH else _OTHERS_MOST * 2 // 3
    widths = [min(need, most) for need in needed]
    room = width - 1 - len(_BETWEEN) * (len(widths) - 1)
    wide = next(at for at, column in enumerate(columns) if column.wide)
    widths[wide] = _WIDE_LEAST if width >= _PLAIN_WIDTH else _WIDE_LEAST // 2
    while sum(widths) > room:
        longest = max((at for at in range(len(widths)) if at != wide), key=lambda at: widths[at])
        widths[longest] -= 1
    widths[wide] += room - sum(widths)
    return widths


def _row(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool], *, style: str) -> Iterator[Text]:
    """Yield the lines of one row, its cells broken where they are too long."""
    broken = [list(_broken(cell, places)) for cell, places in zip(cells, widths, strict=True)]
    for at in range(max(map(len, broken))):
        parts = [lines[at] if at < len(lines) else "" for lines in broken]
        placed = (_placed(part, *place) for part, place in zip(parts, zip(widths, right, strict=True), strict=True))
        yield Text(" " + _BETWEEN.join(placed), style=style)


def _placed(text: str, places: int, right: bool) -> str:
    space = " " * max(0, places - cell_len(text))
    return space + text if right else text + space


def _broken(text: str, places: int) -> Iterator[str]:
    """Yield a text in lines of so many places, broken behind a space where one is near the end."""
    while cell_len(text) > places:
        line = chop_cells(text, places)[0]
        near = max(line.rfind(space) for space in _SPACES) + 1
        line = line[:near] if near > len(line) // 2 else line
        yield line.rstrip(" ")
        text = text[len(line) :].lstrip(" ")
    yield text


# --- what stands below a row ---


def _below(row: Row, width: int, *, indent: int) -> Iterator[Text]:
    """Yield a row's notes, then the findings on its line."""
    for note in row.notes:
        text = f"{fits(note.label, language())}: {shown(note.cell, language())}"
        for line in _broken(text, width - indent):
            yield Text(" " * indent + line, style="dim")
    for finding in row.findings:
        yield from _finding(finding, width)


def _finding(finding: Finding, width: int) -> Iterator[Text]:
    """Yield a finding, from the left margin: it must not be overlooked."""
    mark = _MARK
    for line in _broken(finding_line(finding, language()), width - len(_MARK)):
        yield Text(mark + line, style=_COLOURS[effect(finding)])
        mark = " " * len(_MARK)
