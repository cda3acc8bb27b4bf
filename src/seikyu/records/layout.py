"""Layouts (記録条件仕様): which records a form has, in which order, and what their items hold.

They are data, one file per edition in `layouts/`, whose form is explained at the head of the medical one. An edition is
chosen by the claim month of the file; it holds from its `since` until the next one of its kind begins, and may name a
`base` and say only what differs. Engine code knows kinds of items, never single items.
"""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cache, cached_property
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Final

from seikyu.records.months import Month, Years

#: The record identification, item 1 of every record.
ID_ITEM: Final = "record_id"
_ID_CHARS: Final = 2


class Kind(StrEnum):
    """What an item holds: its mode and form (モード)."""

    DIGITS = "digits"
    DECIMAL = "decimal"
    ALNUM = "alnum"
    KANJI = "kanji"
    TEXT = "text"
    DATE = "date"
    MONTH = "month"
    TIME = "time"
    PAYER_NUMBER = "payer_number"
    CODES = "codes"


class Need(StrEnum):
    """Whether an item must be written (必須, 条件, 任意, 予備)."""

    ALWAYS = "always"
    CONDITIONAL = "conditional"
    OPTIONAL = "optional"
    NEVER = "never"


class Scope(StrEnum):
    """What a record belongs to: the file, a claim, or an organ donor inside a claim."""

    FILE = "file"
    CLAIM = "claim"
    DONOR = "donor"


@dataclass(frozen=True, slots=True)
class Item:
    """One place of a record (項目).

    Shape: `no` counts from 1, the record identification. `width` is the most bytes in Shift_JIS, exactly so many if
    `fixed`, 0 if not established. `codes` is a table of ours, or `master:NAME`. An item of kind `codes` holds several
    codes of `code_width` side by side. `decimals` are places after the point. `since` (included) and `until` (not) are
    months of service.
    """

    no: int
    name: str
    ja: str
    kind: Kind
    width: int
    fixed: bool = False
    need: Need = Need.CONDITIONAL
    codes: str | None = None
    code_width: int | None = None
    decimals: int | None = None
    personal: bool = False
    since: Month | None = None
    until: Month | None = None
    source: str = ""
    note: str = ""


@dataclass(frozen=True)
class RecordLayout:
    """One record (レコード): where it stands and what its items are.

    Shape: `order` is its place among the records of its scope; equal ones interleave. `maximum` is None without limit.
    `items[0]` is the record identification.
    """

    id: str
    ja: str
    name: str
    scope: Scope
    order: int
    minimum: int
    maximum: int | None
    items: tuple[Item, ...]
    since: Month | None = None
    until: Month | None = None
    source: str = ""
    note: str = ""

    @cached_property
    def by_name(self) -> Mapping[str, Item]:
        """The items by name."""
        return MappingProxyType({item.name: item for item in self.items})

    def item(self, no: int) -> Item | None:
        """Return the item at place `no`, counted from 1; None past the layout's end."""
        return self.items[no - 1] if 1 <= no <= len(self.items) else None

    def personal(self, no: int) -> bool:
        """True if what stands at place `no` must be masked. What no layout describes counts as personal."""
        item = self.item(no)
        return item is None or item.personal

    def holds(self, month: Month | None) -> bool:
        """True if the record exists in claims of that month of service, or if the month is unknown."""
        if month is None:
            return True
        return (self.since is None or self.since <= month) and (self.until is None or month < self.until)


@dataclass(frozen=True)
class Block:
    """Records that form a unit within a scope and may repeat, such as an organ donor's (臓器提供者).

    Shape: the block stands at `order` of `within`; `opens` begins it, `again` begins the next part of the same block.
    `records` gives each record's order inside the block.
    """

    name: str
    ja: str
    within: Scope
    order: int
    opens: str
    again: str
    records: Mapping[str, int]
    source: str = ""


@dataclass(frozen=True, eq=False)
class Layout:
    """One form and edition (記録条件仕様の版). Each is there once, so it may be the key of what is made out of it.

    Shape: holds for claim months from `since` (None: always before) until `until` (not included; None: still).
    `one_of`: of each group a claim needs at least one record. `service_class_lines`: so many lines in a row may leave
    the service class empty.
    """

    name: str
    kind: str
    ja: str
    since: Month | None
    until: Month | None
    years: Years
    records: Mapping[str, RecordLayout]
    blocks: Mapping[str, Block] = field(default_factory=dict)
    one_of: tuple[frozenset[str], ...] = ()
    service_class_lines: int | None = None
    source: str = ""

    def personal(self, record_id: str, no: int) -> bool:
        """True if what stands at place `no` of that record must be masked; unknown records count as personal."""
        record = self.records.get(record_id)
        return no > 1 and (record is None or record.personal(no))

    @cached_property
    def claim_opener(self) -> str:
        """The record that begins a claim: the first in order of its scope."""
        claims = (record for record in self.records.values() if record.scope is Scope.CLAIM)
        return min(claims, key=lambda record: record.order).id

    def holds(self, claim_month: Month) -> bool:
        """True if files of that claim month follow this edition."""
        return (self.since is None or self.since <= claim_month) and (self.until is None or claim_month < self.until)


@cache
def layouts() -> tuple[Layout, ...]:
    """Return all editions of all kinds, by kind, the oldest first."""
    folder = files("seikyu.records") / "layouts"
    return dated(parse_layouts(path.read_text("utf-8") for path in folder.iterdir() if path.name.endswith(".toml")))


@cache
def layout_for(kind: str, claim_month: Month | None) -> Layout:
    """Return the edition of a kind that a file of that claim month follows.

    Errors: KeyError if there is no layout of that kind.
    """
    editions = [layout for layout in layouts() if layout.kind == kind]
    if not editions:
        raise KeyError(kind)
    return edition_of(editions, claim_month)


def edition_of(editions: Sequence[Layout], claim_month: Month | None) -> Layout:
    """Return the one of a kind's editions, oldest first, that holds in the claim month.

    For a month that cannot be read it is the newest, for one before all editions the oldest.
    """
    if claim_month is None:
        return editions[-1]
    return next((layout for layout in editions if layout.holds(claim_month)), editions[0])


def parse_layouts(texts: Iterable[str]) -> list[Layout]:
    """Return the layouts that the TOML texts hold, those built on a base included.

    Errors: KeyError, TypeError, ValueError or tomllib.TOMLDecodeError for a text that is not in our form.
    """
    pages = {page["edition"]["name"]: page for page in map(tomllib.loads, texts)}
    done: dict[str, Layout] = {}

    def build(name: str) -> Layout:
        if name not in done:
            base = pages[name]["edition"].get("base")
            done[name] = _changed(pages[name], build(base) if base else _NO_LAYOUT)
        return done[name]

    return [build(name) for name in pages]


def dated(editions: Iterable[Layout]) -> tuple[Layout, ...]:
    """Return the editions in order, each ending where the next one of its kind begins."""
    ordered = sorted(editions, key=lambda layout: (layout.kind, int(layout.since or 0)))
    following = [*ordered[1:], None]
    return tuple(
        replace(layout, until=after.since) if after and after.kind == layout.kind else layout
        for layout, after in zip(ordered, following, strict=True)
    )


_NOT_RECORDS: Final = ("edition", "kinds", "block")
_NO_LAYOUT: Final = Layout("", "", "", None, None, Years.WESTERN, MappingProxyType({}))


def _changed(page: Mapping[str, Any], base: Layout) -> Layout:
    """Return the layout that the text makes out of its base."""
    edition = page["edition"]
    records = {rid: record for rid, record in base.records.items() if rid not in edition.get("without", ())}
    records = {rid: _with_kinds(record, page.get("kinds", {})) for rid, record in records.items()}
    for rid, text in page.items():
        if rid not in _NOT_RECORDS:
            records[rid] = _record(rid, text, records.get(rid))
    one_of = edition.get("one_of")
    return Layout(
        name=edition["name"],
        kind=edition["kind"],
        ja=edition["ja"],
        since=_month(edition.get("since")),
        until=None,
        years=Years(edition["years"]),
        records=MappingProxyType(records),
        blocks=MappingProxyType({**base.blocks, **{n: _block(n, text) for n, text in page.get("block", {}).items()}}),
        one_of=base.one_of if one_of is None else tuple(frozenset(group) for group in one_of),
        service_class_lines=edition.get("service_class_lines", base.service_class_lines),
        source=edition["source"],
    )


def _with_kinds(record: RecordLayout, kinds: Mapping[str, Mapping[str, Any]]) -> RecordLayout:
    """Return the record with what the edition says about whole kinds of items."""
    return replace(record, items=tuple(replace(item, **kinds.get(item.kind, {})) for item in record.items))


def _record(rid: str, text: Mapping[str, Any], base: RecordLayout | None) -> RecordLayout:
    """Return a record from its table; of a record in the base, only what the table says is changed."""
    own = {key: value for key, value in text.items() if not isinstance(value, dict)}
    before = {item.no: item for item in base.items} if base else {1: _id_item(own["source"])}
    tables = [(name, table) for name, table in text.items() if isinstance(table, dict)]
    stated = [item for name, table in tables for item in _items(name, table, before)]
    if len({item.no for item in stated}) < len(stated):
        raise ValueError(f"{rid}: two items at one place")
    items = before | {item.no: item for item in stated}
    ordered = tuple(items[no] for no in range(1, len(items) + 1))
    if base:
        return replace(base, **_typed(own), items=ordered)
    return RecordLayout(**{"id": rid, "maximum": None, **_typed(own), "items": ordered})


def _items(name: str, table: Mapping[str, Any], base: Mapping[int, Item]) -> list[Item]:
    """Return the item of a table, or the row of them if it repeats."""
    own = _typed({key: value for key, value in table.items() if key != "repeat"})
    if "repeat" not in table:
        before = base.get(table["no"])
        return [replace(before, name=name, **own) if before else Item(**{"name": name, **own})]
    return [
        Item(**{**own, "no": own["no"] + i, "name": f"{name}_{i + 1:02d}", "ja": own["ja"].format(i + 1)})
        for i in range(table["repeat"])
    ]


def _id_item(source: str) -> Item:
    return Item(
        1, ID_ITEM, "レコード識別情報", Kind.ALNUM, _ID_CHARS, fixed=True, need=Need.ALWAYS, source=f"{source}.1"
    )


def _block(name: str, text: Mapping[str, Any]) -> Block:
    return Block(
        **{**text, "name": name, "within": Scope(text["within"]), "records": MappingProxyType(text["records"])}
    )


_TYPES: Final[Mapping[str, Any]] = {
    "kind": Kind,
    "need": Need,
    "scope": Scope,
    "since": Month.parse,
    "until": Month.parse,
}


def _typed(text: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keys of a table with their values in our types."""
    return {key: _TYPES[key](value) if key in _TYPES else value for key, value in text.items()}


def _month(text: str | None) -> Month | None:
    return None if text is None else Month.parse(text)
