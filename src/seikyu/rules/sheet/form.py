"""Forms of the sheet (明細書の様式): which items of which records stand where, for each kind of claim.

They are data, one file a kind in `forms/`; how such a file is written is explained at the head of `common.toml`.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import Any, Final

from seikyu.rules.sheet.value import Column, Shape
from seikyu.rules.view import Phrase

_ENDS: Final = ("_return", "_reexamination")
#: The way of showing that says which record a row is.
ROLE: Final = "role"
_COMMON: Final = "common"
_RETURNS: Final = "returns"
_NOT_KINDS: Final = frozenset({_COMMON, _RETURNS, "teeth"})
_LISTS: Final = ("records", "items", "heads", "prefixes", "part_items")


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

    Shape: `records` are drawn in the order of the file; `labels` name a record in the column that shows its role;
    `group` is the item whose change begins a new group, `amount` the one that ends a calculation unit; rows of `heads`
    stand out. A record that holds the same items several times, under names that begin with one of `prefixes`, is drawn
    as a row for each; `part_items` are the names without the prefix. `notes` are items that stand together below a row,
    `said` what is said there besides, by the ways of showing that columns have.
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
    heads: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    part_items: tuple[str, ...] = ()
    notes: tuple[tuple[str, ...], ...] = ()
    said: tuple[FormColumn, ...] = ()

    @property
    def has_role(self) -> bool:
        """True if a column says which record a row is."""
        return any(column.show == ROLE for column in self.columns)


@dataclass(frozen=True, slots=True)
class Form:
    """The form of one kind of claim."""

    kind: str
    title: Phrase
    sections: tuple[FormSection, ...]

    def fields_of(self, record: str) -> list[FormSection]:
        """Return the sections of fields that show items of a record."""
        return [each for each in self.sections if each.shape is Shape.FIELDS and record in each.records]


@cache
def form_for(kind: str) -> Form:
    """Return the form of a kind of file; returned claims are drawn as what they were sent as, with why they came back.

    Errors: KeyError if there is no such form.
    """
    base = kind
    for end in _ENDS:
        base = base.removesuffix(end)
    form = _read(base)
    return form if base == kind else replace(form, sections=(*_read(_RETURNS).sections, *form.sections))


def kinds_with_form() -> tuple[str, ...]:
    """Return the kinds of claims that can be drawn."""
    names = (path.name.removesuffix(".toml") for path in _folder().iterdir())
    return tuple(sorted(name for name in names if name not in _NOT_KINDS))


@cache
def page_of(name: str) -> Mapping[str, Any]:
    """Return a data file of the forms. Errors: KeyError if there is none."""
    path = _folder() / f"{name}.toml"
    if not path.is_file():
        raise KeyError(name)
    return tomllib.loads(path.read_text("utf-8"))


def _folder() -> Traversable:
    return files("seikyu.rules.sheet") / "forms"


def _read(kind: str) -> Form:
    page = page_of(kind)
    own = {each["name"]: each for each in (*page_of(_COMMON)["section"], *page.get("section", ()))}
    return Form(page["kind"], _phrase(page), tuple(_section(own[name]) for name in page["sections"]))


def _section(text: Mapping[str, Any]) -> FormSection:
    return FormSection(
        name=text["name"],
        title=_phrase(text),
        shape=Shape(text["shape"]),
        columns=tuple(_column(each) for each in text.get("columns", ())),
        labels=MappingProxyType({rid: _phrase(each) for rid, each in text.get("labels", {}).items()}),
        group=text.get("group", ""),
        amount=text.get("amount", ""),
        notes=tuple(tuple(each) for each in text.get("notes", ())),
        said=tuple(_column(each) for each in text.get("said", ())),
        **{key: tuple(text.get(key, ())) for key in _LISTS},
    )


def _column(text: Mapping[str, Any]) -> FormColumn:
    column = Column(_phrase(text), number=text.get("number", False), wide=text.get("wide", False))
    return FormColumn(column, tuple(text.get("items", ())), text.get("show", ""))


def _phrase(text: Mapping[str, Any]) -> Phrase:
    return Phrase(text["en"], text["ja"])
