"""Layouts (記録条件仕様): which records a form has, in which order, and what their items hold.

They are data, one file per edition in `layouts/`, whose form is explained at the head of the medical one. An edition is
chosen by the claim month of the file; it holds from its `since` until the next one of its kind begins, and may name a
`base` and say only what differs. What return files and history blocks add stands in one file each and is put around
every edition, so that no record is written twice. Engine code knows kinds of items, never single items.
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
    """What a record belongs to: the file, a claim, an organ donor inside a claim, or a claim's history (履歴)."""

    FILE = "file"
    CLAIM = "claim"
    DONOR = "donor"
    HISTORY = "history"


class Confidence(StrEnum):
    """How sure we are of what a layout says: official text, one transcription or older edition, inference."""

    HIGH = "H"
    MEDIUM = "M"
    LOW = "L"


@dataclass(frozen=True, slots=True)
class Item:
    """One place of a record (項目).

    Shape: `no` counts from 1, the record identification. `width` is the most bytes in Shift_JIS, exactly so many if
    `fixed`, 0 if not established. `codes` is a table of ours, or `master:NAME`. An item of kind `codes` holds several
    codes of `code_width` side by side. `decimals` are places after the point; only a `signed` number may begin with a
    minus sign. `since` (included) and `until` (not) are months of service. A `confidence` below H says that the width,
    the need or the meaning is to be confirmed.
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
    signed: bool = False
    personal: bool = False
    since: Month | None = None
    until: Month | None = None
    confidence: Confidence = Confidence.HIGH
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
    confidence: Confidence = Confidence.HIGH
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


@dataclass(frozen=True)
class Variant:
    """One of several forms that a claim of one kind may have, such as the summary claim of DPC (総括).

    Shape: a claim has this form if its head holds one of `codes` in the layout's `variant_item`; empty counts as "".
    `minimum` are the records that it needs beyond the layout's, `without` those that it may not have.
    """

    name: str
    ja: str
    codes: frozenset[str]
    minimum: Mapping[str, int]
    without: frozenset[str]
    source: str = ""


@dataclass(frozen=True, eq=False)
class Layout:
    """One form and edition (記録条件仕様の版). Each is there once, so it may be the key of what is made out of it.

    Shape: holds for claim months from `since` (None: always before) until `until` (not included; None: still).
    `claim_kind` is the kind of the claims in the file: of a return file, that of what is returned.
    `one_of`: of each group a claim needs at least one record. `service_class_lines`: so many lines in a row may leave
    the service class empty. `opener` begins a claim, `head` (RE) names its patient, `header` and `trailer` begin and
    end the file. `unit` is what points and totals count: points or yen. `prefix` are the items that stand before the
    record identification on each line of a history block; `history` are the records that stand only there.
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
    claim_kind: str = ""
    opener: str = ""
    head: str = ""
    header: str = ""
    trailer: str = ""
    unit: str = "points"
    variant_item: str = ""
    variants: Mapping[str, Variant] = field(default_factory=dict)
    prefix: tuple[Item, ...] = ()
    history: Mapping[str, RecordLayout] = field(default_factory=dict)
    since_confidence: Confidence = Confidence.HIGH
    note: str = ""

    def personal(self, record_id: str, no: int) -> bool:
        """True if what stands at place `no` of that record must be masked; unknown records count as personal."""
        record = self.records.get(record_id)
        return no > 1 and (record is None or record.personal(no))

    @property
    def claim_opener(self) -> str:
        """The record that begins a claim."""
        return self.opener

    def behind_prefix(self, items: Sequence[bytes]) -> Sequence[bytes]:
        """Return the record on a line of a history block, without the items before it; of another line, the line.

        A line is one of history if its first item is digits: no record identification is (records:11).
        """
        return items[len(self.prefix) :] if items[0].isdigit() else items

    def in_history(self, record_id: str) -> RecordLayout | None:
        """Return the layout of a record behind the prefix: one of the claim's own, or one that stands only there."""
        return self.history.get(record_id) or self.records.get(record_id)

    def variant(self, code: str) -> Variant | None:
        """Return the form of a claim whose head holds `code` in the variant item; None if there is none such."""
        return next((each for each in self.variants.values() if code in each.codes), None)

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
    """Return the layouts that the TOML texts hold, those built on a base and those put around others included.

    Errors: KeyError, TypeError, ValueError or tomllib.TOMLDecodeError for a text that is not in our form.
    """
    read = [tomllib.loads(text) for text in texts]
    pages = {page["edition"]["name"]: page for page in read if not {"history", "around"} & set(page)}
    history = [page for page in read if "history" in page]
    done: dict[str, Layout] = {}

    def build(name: str) -> Layout:
        if name not in done:
            base = pages[name]["edition"].get("base")
            done[name] = _changed(pages[name], build(base) if base else _with_history(_NO_LAYOUT, history))
        return done[name]

    own = [build(name) for name in pages]
    return own + [
        _around(page, layout, suffix)
        for page in read
        if "around" in page
        for suffix in page["around"]["suffixes"]
        for layout in own
        if layout.kind in page["around"]["kinds"]
    ]


def dated(editions: Iterable[Layout]) -> tuple[Layout, ...]:
    """Return the editions in order, each ending where the next one of its kind begins."""
    ordered = sorted(editions, key=lambda layout: (layout.kind, int(layout.since or 0)))
    following = [*ordered[1:], None]
    return tuple(
        replace(layout, until=after.since) if after and after.kind == layout.kind else layout
        for layout, after in zip(ordered, following, strict=True)
    )


_NOT_RECORDS: Final = ("edition", "kinds", "block", "variant", "history", "around", "prefix")
_NO_LAYOUT: Final = Layout("", "", "", None, None, Years.WESTERN, MappingProxyType({}))

#: What an edition takes over from its base as it is, unless it says otherwise.
_TAKEN_OVER: Final = ("unit", "variant_item", "opener", "head", "header", "trailer", "note")


def _changed(page: Mapping[str, Any], base: Layout) -> Layout:
    """Return the layout that the text makes out of its base."""
    edition, kinds = page["edition"], page.get("kinds", {})
    records = {rid: record for rid, record in base.records.items() if rid not in edition.get("without", ())}
    records = {rid: _with_kinds(record, kinds) for rid, record in records.items()}
    records |= _records(page, records)
    one_of = edition.get("one_of")
    without = edition.get("without_blocks", ())
    blocks = {name: block for name, block in base.blocks.items() if name not in without}
    made = Layout(
        name=edition["name"],
        kind=edition["kind"],
        ja=edition["ja"],
        since=_month(edition.get("since")),
        until=None,
        years=Years(edition["years"]),
        records=MappingProxyType(records),
        blocks=MappingProxyType(blocks | {n: _block(n, text) for n, text in page.get("block", {}).items()}),
        one_of=base.one_of if one_of is None else tuple(frozenset(group) for group in one_of),
        service_class_lines=edition.get("service_class_lines", base.service_class_lines) or None,
        source=edition["source"],
        claim_kind=edition["kind"],
        variants=MappingProxyType({**base.variants, **{n: _variant(n, t) for n, t in page.get("variant", {}).items()}}),
        prefix=base.prefix,
        history=MappingProxyType({rid: _with_kinds(record, kinds) for rid, record in base.history.items()}),
        since_confidence=Confidence(edition.get("since_confidence", "H")),
        **{key: edition.get(key, getattr(base, key)) for key in _TAKEN_OVER},
    )
    return replace(made, **{key: rid for key, rid in _ends(made).items() if not getattr(made, key)})


def _ends(layout: Layout) -> Mapping[str, Any]:
    """Return what begins and ends a claim and a file if the text does not say so: the first and last in order."""
    claims = sorted((r for r in layout.records.values() if r.scope is Scope.CLAIM), key=lambda record: record.order)
    of_file = sorted((r for r in layout.records.values() if r.scope is Scope.FILE), key=lambda record: record.order)
    return {"opener": claims[0].id, "head": claims[0].id, "header": of_file[0].id, "trailer": of_file[-1].id}


def _with_history(layout: Layout, pages: Iterable[Mapping[str, Any]]) -> Layout:
    """Return the layout with the records that stand in history blocks only."""
    for page in pages:
        prefix = sorted(
            (item for n, t in page["prefix"].items() for item in _items(n, t, {})), key=lambda item: item.no
        )
        layout = replace(layout, prefix=tuple(prefix), history=MappingProxyType(_records(page, {})))
    return layout


def _around(page: Mapping[str, Any], layout: Layout, suffix: str) -> Layout:
    """Return the layout of files that hold claims of `layout` between a header and a trailer of their own."""
    around = page["around"]
    kinds: dict[str, dict[str, int]] = {
        item.kind: {"width": item.width}
        for item in (*layout.records[layout.head].items, *layout.records[layout.header].items)
        if item.kind in {Kind.MONTH, Kind.DATE}
    }
    own = {rid: _with_kinds(record, kinds) for rid, record in _records(page, {}).items()}
    inner = {rid: r for rid, r in layout.records.items() if rid not in {layout.header, layout.trailer}}
    edition = layout.name.removeprefix(layout.kind)
    return replace(
        layout,
        name=f"{layout.kind}_{suffix}{edition}",
        kind=f"{layout.kind}_{suffix}",
        ja=f"{layout.ja} {around['suffixes'][suffix]}",
        records=MappingProxyType({**own, **inner}),
        header=around["header"],
        trailer=around["trailer"],
        source=around["source"],
    )


def _with_kinds(record: RecordLayout, kinds: Mapping[str, Mapping[str, Any]]) -> RecordLayout:
    """Return the record with what the edition says about whole kinds of items."""
    return replace(record, items=tuple(replace(item, **kinds.get(item.kind, {})) for item in record.items))


def _records(page: Mapping[str, Any], base: Mapping[str, RecordLayout]) -> dict[str, RecordLayout]:
    """Return the records of a page, each built on the one of its name in the base if the page does not begin anew."""
    return {
        rid: _record(rid, text, None if text.get("anew") else base.get(rid))
        for rid, text in page.items()
        if rid not in _NOT_RECORDS
    }


def _record(rid: str, text: Mapping[str, Any], base: RecordLayout | None) -> RecordLayout:
    """Return a record from its table; of a record in the base, only what the table says is changed."""
    own = {key: value for key, value in text.items() if not isinstance(value, dict) and key != "anew"}
    before = {item.no: item for item in base.items} if base else {1: _id_item(own["source"])}
    sure = {"confidence": own["confidence"]} if "confidence" in own else {}
    tables = [(name, {**sure, **table}) for name, table in text.items() if isinstance(table, dict)]
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
    own = _typed({key: value for key, value in table.items() if key not in {"repeat", "step"}})
    if "repeat" not in table:
        before = base.get(table["no"])
        return [replace(before, name=name, **own) if before else Item(**{"name": name, **own})]
    names, step = name if "{}" in name else name + "_{}", table.get("step", 1)
    return [
        Item(
            **{
                **own,
                "no": own["no"] + i * step,
                "name": names.format(f"{i + 1:02d}"),
                "ja": own["ja"].format(i + 1),
            }
        )
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


def _variant(name: str, text: Mapping[str, Any]) -> Variant:
    return Variant(
        **{
            **text,
            "name": name,
            "codes": frozenset(text["codes"]),
            "minimum": MappingProxyType(text.get("minimum", {})),
            "without": frozenset(text.get("without", ())),
        }
    )


_TYPES: Final[Mapping[str, Any]] = {
    "kind": Kind,
    "need": Need,
    "scope": Scope,
    "since": Month.parse,
    "until": Month.parse,
    "confidence": Confidence,
}


def _typed(text: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keys of a table with their values in our types."""
    return {key: _TYPES[key](value) if key in _TYPES else value for key, value in text.items()}


def _month(text: str | None) -> Month | None:
    return None if text is None else Month.parse(text)
