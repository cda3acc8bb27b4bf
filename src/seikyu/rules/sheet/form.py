"""Forms of the sheet (明細書の様式): which items of which records stand where, for each kind of claim.

They are data, one file a kind in `forms/`; how such a file is written is explained at the head of the medical one.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Final

from seikyu.rules.sheet.value import Column, Shape
from seikyu.rules.view import Phrase

_ENDS: Final = ("_return", "_reexamination")


@dataclass(frozen=True, slots=True)
class FormColumn:
    """A column of a form: the items that may stand in it, and how their values become its text.

    Shape: of `items` those that a record has and that are filled are joined. `show` names the way of showing (see
    `cells.SHOWS`).
    """

    column: Column
    items: tuple[str, ...]
    show: str = ""


@dataclass(frozen=True, slots=True)
class FormSection:
    """A section of a form.

    Shape: `records` in the order of the file; `labels` name a record in the column that shows its role; `group` is the
    item whose change begins a new group; `notes` are items that stand together below a row; `leave` are items that
    stand in another section of the same record.
    """

    name: str
    title: Phrase
    shape: Shape
    records: tuple[str, ...]
    columns: tuple[FormColumn, ...] = ()
    items: tuple[str, ...] = ()
    labels: Mapping[str, Phrase] = field(default_factory=dict)
    group: str = ""
    amount: str = ""
    notes: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Form:
    """The form of one kind of claim."""

    kind: str
    title: Phrase
    sections: tuple[FormSection, ...]

    def items_elsewhere(self, record: str) -> frozenset[str]:
        """Return the items of a record that some section of fields shows."""
        return frozenset(
            item
            for section in self.sections
            if section.shape is Shape.FIELDS and record in section.records
            for item in section.items
        )


@cache
def form_for(kind: str) -> Form:
    """Return the form of a kind of file; returned claims are drawn as what they were sent as.

    Errors: KeyError if there is no such form.
    """
    base = kind
    for end in _ENDS:
        base = base.removesuffix(end)
    path = files("seikyu.rules.sheet") / "forms" / f"{base}.toml"
    if not path.is_file():
        raise KeyError(kind)
    return parse_form(tomllib.loads(path.read_text("utf-8")))


def parse_form(page: Mapping[str, Any]) -> Form:
    """Return the form that a TOML page holds.

    Errors: KeyError, TypeError or ValueError for a page that is not in our form.
    """
    return Form(page["kind"], _phrase(page), tuple(_section(each) for each in page["section"]))


def _section(text: Mapping[str, Any]) -> FormSection:
    return FormSection(
        name=text["name"],
        title=_phrase(text),
        shape=Shape(text["shape"]),
        records=tuple(text["records"]),
        columns=tuple(_column(each) for each in text.get("columns", ())),
        items=tuple(text.get("items", ())),
        labels=MappingProxyType({rid: _phrase(each) for rid, each in text.get("labels", {}).items()}),
        group=text.get("group", ""),
        amount=text.get("amount", ""),
        notes=tuple(tuple(each) for each in text.get("notes", ())),
    )


def _column(text: Mapping[str, Any]) -> FormColumn:
    column = Column(_phrase(text), number=text.get("number", False), wide=text.get("wide", False))
    return FormColumn(column, tuple(text.get("items", ())), text.get("show", ""))


def _phrase(text: Mapping[str, Any]) -> Phrase:
    return Phrase(text["en"], text["ja"])
