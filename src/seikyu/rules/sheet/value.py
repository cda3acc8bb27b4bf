"""A claim as people know it (明細書), as a pure value: sections, rows and cells, and the findings beside their places.

Whatever must be masked is masked here already, so that no page can show it by mistake.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from seikyu.rules.finding import Finding
from seikyu.rules.view import Phrase


class Shape(StrEnum):
    """How a section is laid out: labels with values, a table, or a table that may be folded away."""

    FIELDS = "fields"
    TABLE = "table"
    FOLDED = "folded"


class Role(StrEnum):
    """What a row is: a record, a part of one, a record that stands out, the head of a group, or the end of a unit."""

    LINE = "line"
    PART = "part"
    HEAD = "head"
    GROUP = "group"
    UNIT_END = "unit_end"


@dataclass(frozen=True, slots=True)
class Cell:
    """One place of the sheet.

    Shape: `text` is shown in both languages as it stands unless `en` has words; `code` is what the file says where
    `text` is a name for it. `masked` is True if the value is not shown.
    """

    text: str
    en: str = ""
    code: str = ""
    masked: bool = False


@dataclass(frozen=True, slots=True)
class Note:
    """Something that stands below its row: an item without a column, a comment written into a line."""

    label: Phrase
    cell: Cell


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table. `number` columns stand to the right, the `wide` one takes the room that is left."""

    title: Phrase
    number: bool = False
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A row: in a section of fields a label and its value, else a cell a column; of a group only the first cell counts.

    Shape: `line` is the physical line of the file, None for a row that no single line makes.
    """

    cells: tuple[Cell, ...]
    line: int | None = None
    role: Role = Role.LINE
    notes: tuple[Note, ...] = ()
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the sheet; a section without rows is not there."""

    name: str
    title: Phrase
    shape: Shape
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One claim, drawn.

    Shape: `month` is the service month as YYYYMM, empty if unreadable; `line` the physical line of the claim's first
    record. `findings` are those that belong to no row; `left_out` counts lines of the claim that were too many.
    """

    kind: str
    title: Phrase
    subtitle: Cell
    claim_no: int | None
    claim_index: int
    line: int
    month: str
    sections: tuple[Section, ...]
    findings: tuple[Finding, ...] = ()
    left_out: int = 0

    @property
    def all_findings(self) -> tuple[Finding, ...]:
        """Every finding of the sheet: those of the claim as a whole, then row by row."""
        placed = (finding for section in self.sections for row in section.rows for finding in row.findings)
        return (*self.findings, *placed)


EMPTY: Final = Cell("")
