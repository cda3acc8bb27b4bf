"""The sheet (明細書): a claim as people know it, as a value that pages, terminals and documents draw."""

from seikyu.rules.sheet.form import form_for, kinds_with_form
from seikyu.rules.sheet.names import Named, Names, names_of, no_names
from seikyu.rules.sheet.reading import ClaimLines, sheet_of
from seikyu.rules.sheet.value import Cell, Column, Note, Role, Row, Section, Shape, Sheet

__all__ = [
    "Cell",
    "ClaimLines",
    "Column",
    "Named",
    "Names",
    "Note",
    "Role",
    "Row",
    "Section",
    "Shape",
    "Sheet",
    "form_for",
    "kinds_with_form",
    "names_of",
    "no_names",
    "sheet_of",
]
