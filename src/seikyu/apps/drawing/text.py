"""A sheet in the terminal: tables whose columns stand right though Japanese characters are two places wide."""

import os
import shutil
import sys
from collections.abc import Iterable
from io import StringIO
from typing import Final, TextIO

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from seikyu.apps.drawing.plain import used_columns
from seikyu.apps.drawing.words import finding_line, fits, heading, shown
from seikyu.apps.words import language, say
from seikyu.rules import Finding
from seikyu.rules.report import effect
from seikyu.rules.sheet import Cell, Note, Role, Row, Section, Shape, Sheet

#: The width where no window says how wide it is: a page in a mail, a file, a pipe.
_PLAIN_WIDTH: Final = 110
#: What the widest column keeps, however much the others say.
_WIDE_COLUMNS: Final = 28
_COLOURS: Final = {"file": "bold red", "claim": "bold red", "asks": "yellow", "tells": "cyan"}


def print_sheets(sheets: Iterable[Sheet], *, out: TextIO | None = None, width: int | None = None) -> None:
    """Print the sheets one below the other: coloured and as wide as the window, or plain where nobody watches."""
    out = out or sys.stdout
    window = out.isatty()
    for number, sheet in enumerate(sheets):
        if number:
            print(file=out)
        console = Console(
            file=StringIO(),
            force_terminal=window,
            width=width or (shutil.get_terminal_size().columns if window else _PLAIN_WIDTH),
            no_color=not window or "NO_COLOR" in os.environ,
            highlight=False,
            markup=False,
            emoji=False,
            legacy_windows=False,
        )
        with console.capture() as drawn:
            _print_sheet(console, sheet)
        for line in drawn.get().splitlines():
            print(line.rstrip(), file=out)


def _print_sheet(console: Console, sheet: Sheet) -> None:
    console.rule(Text(heading(sheet, language()), style="bold"), characters="=", align="left")
    for finding in sheet.findings:
        console.print(_finding(finding))
    for section in sheet.sections:
        console.print()
        console.print(Text(fits(section.title, language()), style="bold"))
        _print_section(console, section)
    if sheet.left_out:
        console.print(say("show.left_out", lines=sheet.left_out))


def _print_section(console: Console, section: Section) -> None:
    if section.shape is Shape.FOLDED:
        console.print(Text(f"  {say('show.folded', rows=len(section.rows))}", style="dim"))
        for row in section.rows:
            for finding in row.findings:
                console.print(_finding(finding))
        return
    table = Table(
        box=box.SIMPLE_HEAD if section.columns else None,
        show_header=bool(section.columns),
        pad_edge=True,
        expand=bool(section.columns),
        show_edge=False,
        padding=(0, 1),
    )
    if section.columns:
        _table(table, section)
    else:
        _fields(table, section)
    console.print(table)


def _fields(table: Table, section: Section) -> None:
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    for row in section.rows:
        table.add_row(*(Text(shown(cell, language())) for cell in row.cells))
        for line in _below(row):
            table.add_row("", line)


def _table(table: Table, section: Section) -> None:
    """Lay out a table; what stands below a row stands in its wide column."""
    wide = next((at for at, column in enumerate(section.columns) if column.wide), 0)
    used = used_columns(section)
    for at in used:
        column = section.columns[at]
        table.add_column(
            fits(column.title, language()),
            justify="right" if column.number else "left",
            ratio=1 if column.wide else None,
            overflow="fold",
            min_width=_WIDE_COLUMNS if column.wide else None,
        )
    for row in section.rows:
        if row.role is Role.GROUP:
            head = "  ".join(shown(cell, language()) for cell in row.cells)
            table.add_row(*(Text(head, style="bold") if at == wide else "" for at in used))
        else:
            table.add_row(*(_text(row.cells[at], named=at == wide) for at in used))
        for line in _below(row):
            table.add_row(*(line if at == wide else "" for at in used))


def _text(cell: Cell, *, named: bool) -> Text:
    text = shown(cell, language())
    return Text(f"{text} [{cell.code}]" if named and cell.code else text, style="dim" if cell.masked else "")


def _below(row: Row) -> Iterable[Text]:
    """Return what stands below a row: its notes, then the findings on its line."""
    yield from (_note(note) for note in row.notes)
    yield from (_finding(finding) for finding in row.findings)


def _note(note: Note) -> Text:
    return Text(f"  {fits(note.label, language())}: {shown(note.cell, language())}", style="dim")


def _finding(finding: Finding) -> Text:
    return Text(f">> {finding_line(finding, language())}", style=_COLOURS[effect(finding)])
