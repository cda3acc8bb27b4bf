"""Layouts as rows to be read: items that repeat are told once, and a doubtful width carries its mark."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from seikyu.records import Confidence, Item, Layout, Month, RecordLayout, Scope, layouts

#: The number in the name of an item that repeats: day_01, addition_01_code.
_NUMBER: Final = re.compile(r"_\d\d(?=_|$)")
#: So many items at most repeat together.
_LONGEST_GROUP: Final = 4

#: Mark of a row that is to be confirmed.
DOUBTFUL: Final = "?"


@dataclass(frozen=True)
class ItemRow:
    """One item, or a row of equal ones: `last` is the last of them, the same item if there is one only."""

    item: Item
    last: Item
    step: int = 1

    @property
    def no(self) -> str:
        """The places, such as 4, 14-44, or 7-75/2 for every second one."""
        if self.item is self.last:
            return str(self.item.no)
        return f"{self.item.no}-{self.last.no}" + (f"/{self.step}" if self.step > 1 else "")

    @property
    def name(self) -> str:
        """The name, or the first and the last one."""
        return self.item.name if self.item is self.last else f"{self.item.name} .. {self.last.name}"

    @property
    def width(self) -> str:
        """The width: =8 exactly, 40 at most; with decimals behind a point; with a mark where it is doubtful."""
        item = self.item
        width = f"{'=' if item.fixed else ''}{item.width}" if item.width else ""
        places = f".{item.decimals}" if item.decimals else ""
        sign = "+-" if item.signed else ""
        each = f" ({item.code_width} each)" if item.code_width else ""
        return f"{sign}{width}{places}{'' if item.confidence is Confidence.HIGH else DOUBTFUL}{each}"

    @property
    def months(self) -> str:
        """The months of service in which the item may be written, empty if always."""
        return months_of(self.item)


def months_of(each: Item | RecordLayout | Layout) -> str:
    """Return the first and the last month in which something holds, such as `from 202109`; empty if always."""
    first, last = each.since, last_month(each)
    if first and last:
        return f"{first} through {last}"
    return f"from {first}" if first else f"through {last}" if last else ""


def last_month(each: Item | RecordLayout | Layout) -> Month | None:
    """Return the last month in which something holds, None if it still does."""
    return each.until.plus(-1) if each.until else None


def rows_of(items: Sequence[Item]) -> Iterator[ItemRow]:
    """Yield the items as rows, those that repeat as one row each."""
    at = 0
    while at < len(items):
        step, times = _group(items, at)
        for place in range(at, at + step):
            yield ItemRow(items[place], items[place + step * (times - 1)], step)
        at += step * times


def _group(items: Sequence[Item], at: int) -> tuple[int, int]:
    """Return how many items repeat together from a place on, and how often; 1 and 1 if none do."""
    for step in range(1, _LONGEST_GROUP + 1):
        times = 1
        while all(_same(items, at + place, at + place + step * times) for place in range(step)):
            times += 1
        if times > 1:
            return step, times
    return 1, 1


def _same(items: Sequence[Item], first: int, other: int) -> bool:
    """True if two items differ in their numbers only."""
    if other >= len(items) or not _NUMBER.search(items[first].name):
        return False
    return _bare(items[first]) == _bare(items[other])


def _bare(item: Item) -> Item:
    return replace(item, no=0, name=_NUMBER.sub("_", item.name), ja="", source="")


def in_order(records: Iterable[RecordLayout]) -> list[RecordLayout]:
    """Return records as they stand in a file: its header, the claims' records, donors', its trailer."""
    ordered = sorted(records, key=lambda record: (record.scope is Scope.DONOR, record.order))
    of_file = [record for record in ordered if record.scope is Scope.FILE]
    return [*of_file[:1], *(record for record in ordered if record.scope is not Scope.FILE), *of_file[1:]]


def count_of(record: RecordLayout) -> str:
    """Return how often a record stands in what it belongs to, such as 0-4, 1 or 1-* (no limit)."""
    most = "*" if record.maximum is None else str(record.maximum)
    return most if str(record.minimum) == most else f"{record.minimum}-{most}"


def latest(kind: str | None = None) -> list[Layout]:
    """Return the newest edition of each kind, or of the one that is asked for."""
    return [layout for layout in layouts() if layout.until is None and kind in (None, layout.kind)]


def item_object(item: Item) -> dict[str, Any]:
    """Return all that is known of an item, for JSON."""
    return {
        "no": item.no,
        "name": item.name,
        "ja": item.ja,
        "kind": item.kind.value,
        "width": item.width or None,
        "fixed": item.fixed,
        "need": item.need.value,
        "codes": item.codes,
        "code_width": item.code_width,
        "decimals": item.decimals,
        "signed": item.signed,
        "personal": item.personal,
        **dates_object(item),
        "confidence": item.confidence.value,
        "source": item.source,
        "note": item.note,
    }


def record_object(record: RecordLayout, *, items: bool) -> dict[str, Any]:
    """Return what is known of a record, for JSON, with its items or their count."""
    return {
        "id": record.id,
        "ja": record.ja,
        "name": record.name,
        "scope": record.scope.value,
        "order": record.order,
        "minimum": record.minimum,
        "maximum": record.maximum,
        **dates_object(record),
        "confidence": record.confidence.value,
        "source": record.source,
        "note": record.note,
        "items": [item_object(item) for item in record.items] if items else len(record.items),
    }


def layout_object(layout: Layout) -> dict[str, Any]:
    """Return what is known of an edition as a whole, for JSON."""
    return {
        "name": layout.name,
        "kind": layout.kind,
        "claim_kind": layout.claim_kind,
        "ja": layout.ja,
        **dates_object(layout),
        "since_confidence": layout.since_confidence.value,
        "years": layout.years.value,
        "unit": layout.unit,
        "header": layout.header,
        "opener": layout.opener,
        "head": layout.head,
        "trailer": layout.trailer,
        "one_of": [sorted(group) for group in layout.one_of],
        "blocks": [
            {"name": each.name, "ja": each.ja, "opens": each.opens, "again": each.again, "records": dict(each.records)}
            for each in layout.blocks.values()
        ],
        "variant_item": layout.variant_item or None,
        "variants": [
            {
                "name": each.name,
                "ja": each.ja,
                "codes": sorted(each.codes),
                "minimum": dict(each.minimum),
                "without": sorted(each.without),
            }
            for each in layout.variants.values()
        ],
        "prefix": [item_object(item) for item in layout.prefix],
        "source": layout.source,
        "note": layout.note,
    }


def dates_object(each: Item | RecordLayout | Layout) -> dict[str, str | None]:
    """Return the first month of something, the first in which it holds no more, and the last: `YYYYMM` or nothing."""
    months = {"since": each.since, "until": each.until, "last": last_month(each)}
    return {name: str(month) if month else None for name, month in months.items()}
