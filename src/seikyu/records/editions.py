"""Where layouts come from: data files, one for each edition, in `layouts/`.

Their form is explained at the head of the medical one. An edition is chosen by the claim month of the file; it holds
from its `since` until the next one of its kind begins, and may name a `base` and say only what differs. What return
files and history blocks add stands in one file each and is put around every edition, so that no record is written
twice. A file is read when a kind that needs it is asked for.
"""

import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from importlib.resources import files
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import Any, Final

from seikyu.records.layout import (
    ID_ITEM,
    Block,
    Confidence,
    Item,
    Kind,
    Layout,
    Need,
    RecordLayout,
    Scope,
    Variant,
)
from seikyu.records.months import Month, Years

_ID_CHARS: Final = 2

Page = Mapping[str, Any]

#: Names of the two pages that are no editions: what stands in history blocks, and what is put around claims.
_HISTORY: Final = "history"
_RETURNS: Final = "returns"


@cache
def layouts() -> tuple[Layout, ...]:
    """Return all editions of all kinds, by kind, the oldest first."""
    return tuple(layout for kind in _our_shelf().kinds for layout in _our_shelf().editions(kind))


@cache
def layout_for(kind: str, claim_month: Month | None) -> Layout:
    """Return the edition of a kind that a file of that claim month follows.

    Errors: KeyError if there is no layout of that kind.
    """
    return edition_of(_our_shelf().editions(kind), claim_month)


def editions_of(kind: str) -> tuple[Layout, ...]:
    """Return all editions of a kind, the oldest first; no other kind is read for it.

    Errors: KeyError if there is no layout of that kind.
    """
    return _our_shelf().editions(kind)


def edition_of(editions: Sequence[Layout], claim_month: Month | None) -> Layout:
    """Return the one of a kind's editions, oldest first, that holds in the claim month.

    For a month that cannot be read it is the newest, for one before all editions the oldest.
    """
    if claim_month is None:
        return editions[-1]
    return next((layout for layout in editions if layout.holds(claim_month)), editions[0])


class Shelf:
    """Pages by name, `KIND-…` for an edition; each is read once, when it is needed."""

    def __init__(self, pages: Mapping[str, Callable[[], Page]]) -> None:
        self._pages = {name: cache(page) for name, page in pages.items()}
        self.editions = cache(self._editions)

    @classmethod
    def of(cls, texts: Iterable[str]) -> "Shelf":
        """Return the shelf of these TOML texts.

        Errors: KeyError or tomllib.TOMLDecodeError for a text that is not in our form.
        """
        read = [tomllib.loads(text) for text in texts]
        return cls({_name_of(page): partial(_as_it_is, page) for page in read})

    @property
    def kinds(self) -> tuple[str, ...]:
        """All kinds of files, those of returns included, in the order of their names."""
        own = {name.split("-")[0] for name in self._pages if name not in {_HISTORY, _RETURNS}}
        around = self._pages[_RETURNS]()["around"] if _RETURNS in self._pages else {"kinds": (), "suffixes": ()}
        return tuple(sorted(own | {f"{kind}_{suffix}" for kind in around["kinds"] for suffix in around["suffixes"]}))

    def _editions(self, kind: str) -> tuple[Layout, ...]:
        """Return the editions of a kind, the oldest first. Known to others as `editions`, which remembers.

        Errors: KeyError for a kind without any; TypeError or ValueError for a page that is not in our form.
        """
        if names := [name for name in self._pages if name.startswith(f"{kind}-")]:
            return dated(self._built(name) for name in names)
        claim_kind, _, suffix = kind.rpartition("_")
        page = self._pages[_RETURNS]() if _RETURNS in self._pages else None
        if page is None or claim_kind not in page["around"]["kinds"] or suffix not in page["around"]["suffixes"]:
            raise KeyError(kind)
        return tuple(_around(page, layout, suffix) for layout in self.editions(claim_kind))

    def _built(self, name: str) -> Layout:
        page = self._pages[name]()
        if page["edition"]["name"] != name or not name.startswith(f"{page['edition']['kind']}-"):
            raise ValueError(f"{name}: another edition or kind stands in it")
        base = page["edition"].get("base")
        return _changed(page, self._built(base) if base else self._blank())

    def _blank(self) -> Layout:
        """Return a layout without records of its own, but with those of history blocks."""
        return _with_history(_NO_LAYOUT, self._pages[_HISTORY]()) if _HISTORY in self._pages else _NO_LAYOUT


@cache
def _our_shelf() -> Shelf:
    folder = files("seikyu.records") / "layouts"
    return Shelf({path.name.removesuffix(".toml"): partial(_read, path) for path in folder.iterdir()})


def _read(path: Traversable) -> Page:
    return tomllib.loads(path.read_text("utf-8"))


def _as_it_is(page: Page) -> Page:
    return page


def _name_of(page: Page) -> str:
    if "history" in page:
        return _HISTORY
    name: str = _RETURNS if "around" in page else page["edition"]["name"]
    return name


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


def _with_history(layout: Layout, page: Page) -> Layout:
    """Return the layout with the records that stand in history blocks only."""
    prefix = sorted((item for n, t in page["prefix"].items() for item in _items(n, t, {})), key=lambda item: item.no)
    return replace(layout, prefix=tuple(prefix), history=MappingProxyType(_records(page, {})))


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
