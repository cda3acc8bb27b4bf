"""The sheet (明細書): a claim as people know it, as a value that pages, terminals and documents draw."""

from seikyu.rules.sheet.cells import Names, no_names
from seikyu.rules.sheet.form import form_for
from seikyu.rules.sheet.reading import ClaimLines, sheet_of
from seikyu.rules.sheet.value import Cell, Column, Note, Role, Row, Section, Shape, Sheet

__all__ = [
    "Cell",
    "ClaimLines",
    "Column",
    "Names",
    "Note",
    "Role",
    "Row",
    "Section",
    "Shape",
    "Sheet",
    "form_for",
    "no_names",
    "sheet_of",
]
