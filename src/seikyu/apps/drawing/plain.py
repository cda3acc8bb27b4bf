"""A sheet as plain values: for programs in both languages (JSON), for templates in the reader's."""

from typing import Any, Final

from rich.cells import cell_len

from seikyu.apps.drawing.words import finding_line, fits, heading, shown
from seikyu.apps.words import Language, say
from seikyu.rules import Finding
from seikyu.rules.reports import as_json, effect
from seikyu.rules.sheet import Cell, Note, Role, Row, Section, Shape, Sheet
from seikyu.rules.view import Phrase

#: A column of more places (a Japanese character is two) is broken into lines.
_LONG_PLACES: Final = 24

# --- for programs: the keys are part of the program's face ---


def to_json(sheet: Sheet) -> dict[str, Any]:
    """Return a sheet in the types of JSON, words in both languages."""
    return {
        "kind": sheet.kind,
        "title": _both(sheet.title),
        "claim_type": _cell(sheet.subtitle),
        "claim_no": sheet.claim_no,
        "claim_index": sheet.claim_index,
        "line": sheet.line,
        "service_month": sheet.month or None,
        "lines_left_out": sheet.left_out,
        "sections": [_section(section) for section in sheet.sections],
        "findings": [as_json(finding) for finding in sheet.findings],
    }


def _section(section: Section) -> dict[str, Any]:
    return {
        "name": section.name,
        "title": _both(section.title),
        "shape": section.shape.value,
        "columns": [_both(column.title) for column in section.columns],
        "rows": [_row(row) for row in section.rows],
    }


def _row(row: Row) -> dict[str, Any]:
    return {
        "line": row.line,
        "role": row.role.value,
        "cells": [_cell(cell) for cell in row.cells],
        "notes": [{"label": _both(note.label), **_cell(note.cell)} for note in row.notes],
        "findings": [as_json(finding) for finding in row.findings],
    }


def _cell(cell: Cell) -> dict[str, Any]:
    return {"text": cell.text, "en": cell.en or cell.text, "code": cell.code or None, "masked": cell.masked}


def _both(phrase: Phrase) -> dict[str, str]:
    return {"ja": phrase.ja, "en": phrase.en}


# --- for templates: the reader's language, and only what is drawn ---


def for_page(sheet: Sheet, lang: Language) -> dict[str, Any]:
    """Return a sheet as templates want it.

    Shape: columns without any text are left out, the wide one always stays; a row's cells fit the columns.
    """
    return {
        "heading": heading(sheet, lang),
        "title": fits(sheet.title, lang),
        "heading_facts": say("show.heading_facts", lang, claim_no=sheet.claim_no, line=sheet.line),
        "claim_type": shown(sheet.subtitle, lang),
        "claim_no": sheet.claim_no,
        "line": sheet.line,
        "left_out": say("show.left_out", lang, lines=sheet.left_out) if sheet.left_out else "",
        "findings": [_finding(finding, lang) for finding in sheet.findings],
        "count": len(sheet.all_findings),
        "sections": [_page_section(section, lang) for section in sheet.sections],
    }


def _page_section(section: Section, lang: Language) -> dict[str, Any]:
    used = used_columns(section)
    return {
        "name": section.name,
        "title": fits(section.title, lang),
        "shape": section.shape.value,
        "fold": say("show.lines", lang, rows=len(section.rows)) if section.shape is Shape.FOLDED else "",
        "columns": [_page_column(section, at, lang) for at in used],
        "rows": [_page_row(row, used, lang) for row in section.rows],
    }


def _page_column(section: Section, at: int, lang: Language) -> dict[str, Any]:
    """Return a column; `long` if its cells must be broken lest nothing is left for the wide one."""
    column = section.columns[at]
    cells = (row.cells[at] for row in section.rows if row.role is not Role.GROUP)
    places = max(cell_len(shown(cell, lang)) for cell in cells)
    wide, number = column.wide, column.number
    long = places > _LONG_PLACES and not wide and not number
    return {"title": fits(column.title, lang), "number": number, "wide": wide, "long": long}


def used_columns(section: Section) -> list[int]:
    """Return the columns that hold any text, and the wide one."""

    def filled(at: int) -> bool:
        return any(len(row.cells) > at and row.cells[at].text for row in section.rows if row.role is not Role.GROUP)

    return [at for at, column in enumerate(section.columns) if column.wide or filled(at)]


def _page_row(row: Row, used: list[int], lang: Language) -> dict[str, Any]:
    cells = row.cells if row.role is Role.GROUP or not used else [row.cells[at] for at in used]
    return {
        "role": row.role.value,
        "line": say("show.line", lang, line=row.line) if row.line else "",
        "cells": [_page_cell(cell, lang) for cell in cells],
        "notes": [_page_note(note, lang) for note in row.notes],
        "findings": [_finding(finding, lang) for finding in row.findings],
    }


def _page_cell(cell: Cell, lang: Language) -> dict[str, Any]:
    return {"text": shown(cell, lang), "code": cell.code, "masked": cell.masked}


def _page_note(note: Note, lang: Language) -> dict[str, Any]:
    return {"label": fits(note.label, lang), **_page_cell(note.cell, lang)}


def _finding(finding: Finding, lang: Language) -> dict[str, str]:
    return {"text": finding_line(finding, lang), "effect": effect(finding)}
