"""How records of one layout are read: tables and one regular expression a record, made from the layout once.

A line that is right in every item is told by a single match; only another line is looked at item by item, and then
each item that is wrong gives exactly one problem. Nothing here knows a single item's name or code.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any, Final

from seikyu.records import (
    Item,
    Kind,
    Layout,
    Need,
    Reader,
    RecordLayout,
    Years,
    editions_of,
    parse_date,
    parse_month,
    reader_of,
    table,
)


class Problem(StrEnum):
    """What can be wrong with one item, or with the number of items of a record."""

    MISSING = "missing"  # empty, and always needed
    SHORT = "short"  # the record ends before an item that is always needed
    SURPLUS = "surplus"  # more items than the layout, and something stands in them
    EMPTY_END = "empty_end"  # more items than the layout, all empty
    FILLED = "filled"  # a reserved item holds something
    LONG = "long"  # longer than the item may be
    LENGTH = "length"  # an item of fixed length has another
    DIGITS = "digits"  # something else than digits
    NEGATIVE = "negative"  # a number below zero
    WIDTH = "width"  # wholly half-width where full-width belongs, or the reverse
    MIXED = "mixed"  # half-width and full-width together
    DATE = "date"  # no month or day of the calendar
    ERA = "era"  # a Japanese year where the edition writes western years
    CODE = "code"  # not in its code table
    CHARACTER = "character"  # a character outside JIS X 0201 and 0208, or half of one
    PADDED = "padded"  # a payer's number of 6 or 4 digits, filled up otherwise than by two spaces


#: After these a value is still there to be read, unless it is a number that is too long; after all others rules see
#: None.
READABLE: Final = frozenset(
    {Problem.ERA, Problem.FILLED, Problem.LONG, Problem.EMPTY_END, Problem.SURPLUS, Problem.PADDED}
)

#: Items that hold words. Where a file's characters cannot be read at all, they are not judged one by one.
WORDS: Final = frozenset({Kind.KANJI, Kind.TEXT, Kind.ALNUM})

Fault = tuple[int, Problem]

_HALF: Final = rb"[\x20-\x2b\x2d-\x7e]"
_HALF_OR_KANA: Final = rb"[\x20-\x2b\x2d-\x7e\xa1-\xdf]"
_FULL: Final = rb"(?:[\x81-\x9f\xe0-\xfc][\x40-\x7e\x80-\xfc])"
_FULL_ONLY: Final = re.compile(_FULL + b"*")
_HALF_ONLY: Final = re.compile(_HALF_OR_KANA + b"*")
_PRINTABLE: Final = re.compile(_HALF + b"*")
_DIGITS: Final = re.compile(rb"[0-9]+")
_NEGATIVE: Final = re.compile(rb"-[0-9]+")
_DECIMAL: Final = re.compile(rb"[0-9]+(?:\.([0-9]+))?")
_PAYER: Final = re.compile(rb"(?!00)[0-9]{8}|  [0-9]{6}")
_PADDED_PAYER: Final = re.compile(rb"00[0-9]{6}| *(?:[0-9]{6}|[0-9]{4})")

#: Tables of which every row is known to files of every kind; a rule says that it is of another kind.
_OF_ALL_KINDS: Final = frozenset({"claim_types"})


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """A record of a layout, ready for reading.

    Shape: `index` finds an item by name (0 is the record identification), `readers` turn its bytes into a value;
    `right` matches a line that has every comma and no fault but in dates, which `dated` looks up; `coded` and `listed`
    are the codes of items that hold one, or several side by side.
    """

    layout: RecordLayout
    index: Mapping[str, int]
    readers: tuple[Reader, ...]
    right: re.Pattern[bytes]
    coded: Mapping[int, frozenset[bytes]]
    listed: Mapping[int, frozenset[bytes]]
    dated: Mapping[int, Callable[[bytes], Any]]
    years: Years
    claim_kind: str = ""

    def faults(self, content: bytes, items: list[bytes]) -> list[Fault]:
        """Return what is wrong with the items of a line, at most one problem an item."""
        missing = len(self.readers) - len(items)
        right = missing >= 0 and self.right.fullmatch(content + b"," * missing)
        if right and (not self.dated or self._in_calendar(items)):
            return []
        return list(self._every(items))

    def unreadable(self, faults: list[Fault]) -> frozenset[int]:
        """Return the items of which rules must see nothing: what did not parse, and numbers that are too long."""
        return frozenset(
            at
            for at, problem in faults
            if problem not in READABLE or (problem is Problem.LONG and self.readers[at] is int)
        )

    def _in_calendar(self, items: list[bytes]) -> bool:
        """True if nothing is to be said of any date: it is in the calendar, and its year written as it should be."""
        return all(self._calendar(at, items[at]) is None for at in self.dated if at < len(items) and items[at])

    def _unlisted(self, at: int, value: bytes) -> bool:
        width = self.layout.items[at].code_width or len(value)
        return any(value[start : start + width] not in self.listed[at] for start in range(0, len(value), width))

    def _every(self, items: list[bytes]) -> Iterator[Fault]:
        """Yield the problems item by item."""
        known = self.layout.items
        for at, (item, value) in enumerate(zip(known, items, strict=False)):
            if at and (problem := self._problem(at, item, value)):
                yield at, problem
        lost = [at for at in range(len(items), len(known)) if known[at].need is Need.ALWAYS]
        if lost:
            yield lost[0], Problem.SHORT
        surplus = items[len(known) :]
        if surplus:
            yield len(known), Problem.SURPLUS if any(surplus) else Problem.EMPTY_END

    def _problem(self, at: int, item: Item, value: bytes) -> Problem | None:
        if not value:
            return Problem.MISSING if item.need is Need.ALWAYS else None
        if item.need is Need.NEVER:
            return Problem.FILLED
        if at in self.dated:
            return self._calendar(at, value)
        if problem := _FORMS[item.kind](item, value):
            return problem
        unknown = value not in self.coded[at] if at in self.coded else at in self.listed and self._unlisted(at, value)
        return Problem.CODE if unknown else None

    def _calendar(self, at: int, value: bytes) -> Problem | None:
        read = self.dated[at](value)
        if read is None:
            return Problem.DATE
        return Problem.ERA if read.years is Years.ERA and self.years is Years.WESTERN else None


@cache
def plans(layout_name: str) -> Mapping[str, Plan]:
    """Return the plans of a layout by record.

    Errors: KeyError or StopIteration for a name that no layout has (a bug).
    """
    layout = layout_named(layout_name)
    return {rid: _plan(record, layout) for rid, record in layout.records.items()}


@cache
def history_plans(layout_name: str) -> Mapping[str, Plan]:
    """Return the plans of the records that may stand behind the prefix of a history line (履歴).

    Errors: as `plans`.
    """
    layout = layout_named(layout_name)
    return {**plans(layout_name), **{rid: _plan(record, layout) for rid, record in layout.history.items()}}


def layout_named(layout_name: str) -> Layout:
    """Return the layout of a name, which begins with its kind: no layout of another kind is read."""
    editions = editions_of(layout_name.split("-", maxsplit=1)[0])
    return next(layout for layout in editions if layout.name == layout_name)


def _plan(record: RecordLayout, layout: Layout) -> Plan:
    tables = {
        item.no - 1: _codes_of(item, layout.claim_kind)
        for item in record.items[1:]
        if item.codes and ":" not in item.codes and item.need is not Need.NEVER
    }
    dated = {
        item.no - 1: parse_date if item.kind is Kind.DATE else parse_month
        for item in record.items
        if item.kind in {Kind.DATE, Kind.MONTH} and item.need is not Need.NEVER
    }
    return Plan(
        layout=record,
        index={item.name: item.no - 1 for item in record.items},
        readers=tuple(reader_of(item) for item in record.items),
        right=re.compile(b",".join([record.id.encode(), *(_pattern(item, tables) for item in record.items[1:])])),
        coded={at: codes for at, codes in tables.items() if record.items[at].kind is not Kind.CODES},
        listed={at: codes for at, codes in tables.items() if record.items[at].kind is Kind.CODES},
        dated=dated,
        years=layout.years,
        claim_kind=layout.claim_kind,
    )


def _codes_of(item: Item, kind: str) -> frozenset[bytes]:
    """Return the codes that the item may hold in claims of this kind; a table may serve several kinds."""
    codes = table(item.codes or "").items()
    if item.codes in _OF_ALL_KINDS:
        return frozenset(code.encode() for code, _ in codes)
    return frozenset(code.encode() for code, row in codes if kind in row.get("kind", kind).split(","))


def _pattern(item: Item, tables: Mapping[int, frozenset[bytes]]) -> bytes:
    """Return the pattern of an item's right values; what it lets through besides is in no calendar."""
    if item.need is Need.NEVER:
        return b""
    pattern = b"(?:" + _RIGHT[item.kind](item) + b")"
    if codes := tables.get(item.no - 1):
        most = item.width // item.code_width if item.kind is Kind.CODES and item.code_width else 1
        pattern = b"(?:(?:" + _any_of(codes) + f"){{1,{most}}})".encode()
    return pattern if item.need is Need.ALWAYS else pattern + b"?"


def _any_of(codes: Collection[bytes]) -> bytes:
    """Return a pattern of all the codes that decides character by character, however many there are."""
    heads = sorted({code[:1] for code in codes if code})
    tails = {head: {code[1:] for code in codes if code[:1] == head} for head in heads}
    branches = [re.escape(head) + (b"(?:" + _any_of(tails[head]) + b")" if any(tails[head]) else b"") for head in heads]
    return b"|".join([*branches, *([b""] if b"" in codes else [])])


def _times(item: Item, unit: int = 1) -> bytes:
    """Return how often a character of `unit` bytes may stand in an item."""
    most = item.width // unit if item.width else ""
    return f"{{{most}}}".encode() if item.fixed else f"{{1,{most}}}".encode()


def _signed(item: Item) -> bytes:
    """Return the pattern of a number that may be below zero; the sign takes one of its bytes."""
    return f"(?=[-0-9]{{1,{item.width or ''}}}(?:,|$))-?[0-9]+".encode()


_RIGHT: Final[Mapping[Kind, Callable[[Item], bytes]]] = {
    Kind.DIGITS: lambda item: _signed(item) if item.signed else b"[0-9]" + _times(item),
    Kind.DECIMAL: lambda item: (
        f"(?=[0-9.]{{1,{item.width or ''}}}(?:,|$))[0-9]+(?:\\.[0-9]{{1,{item.decimals or ''}}})?".encode()
    ),
    Kind.ALNUM: lambda item: _HALF + _times(item),
    Kind.KANJI: lambda item: _FULL + _times(item, 2),
    Kind.TEXT: lambda item: _HALF_OR_KANA + _times(item) + b"|" + _FULL + _times(item, 2),
    Kind.DATE: lambda item: b"[0-9]" + _times(item),
    Kind.MONTH: lambda item: b"[0-9]" + _times(item),
    Kind.TIME: lambda item: b"[0-9]" + _times(item),
    Kind.PAYER_NUMBER: lambda _: _PAYER.pattern,
    Kind.CODES: lambda item: (
        f"(?:[0-9]{{{item.code_width}}}){{1,{item.width // (item.code_width or 1) or ''}}}".encode()
    ),
}


def _length(item: Item, value: bytes) -> Problem | None:
    if item.fixed and item.width:
        return None if len(value) == item.width else Problem.LENGTH
    return Problem.LONG if item.width and len(value) > item.width else None


def _digits(item: Item, value: bytes) -> Problem | None:
    if _DIGITS.fullmatch(value) or (item.signed and _NEGATIVE.fullmatch(value)):
        return _length(item, value)
    return Problem.NEGATIVE if _NEGATIVE.fullmatch(value) else Problem.DIGITS


def _decimal(item: Item, value: bytes) -> Problem | None:
    number = _DECIMAL.fullmatch(value)
    if number is None:
        return Problem.DIGITS
    places = len(number[1] or b"")
    return Problem.LONG if item.decimals is not None and places > item.decimals else _length(item, value)


def _alnum(item: Item, value: bytes) -> Problem | None:
    if _PRINTABLE.fullmatch(value):
        return _length(item, value)
    return Problem.WIDTH if _FULL_ONLY.fullmatch(value) else Problem.MIXED


def _kanji(item: Item, value: bytes) -> Problem | None:
    if _FULL_ONLY.fullmatch(value):
        return _length(item, value)
    return Problem.WIDTH if _HALF_ONLY.fullmatch(value) else Problem.MIXED


def _text(item: Item, value: bytes) -> Problem | None:
    right = _FULL_ONLY.fullmatch(value) or _HALF_ONLY.fullmatch(value)
    return _length(item, value) if right else Problem.MIXED


def _payer_number(_: Item, value: bytes) -> Problem | None:
    if _PAYER.fullmatch(value):
        return None
    return Problem.PADDED if _PADDED_PAYER.fullmatch(value) else Problem.DIGITS


def _codes(item: Item, value: bytes) -> Problem | None:
    if not _DIGITS.fullmatch(value):
        return Problem.DIGITS
    return Problem.LENGTH if len(value) % (item.code_width or 1) else _length(item, value)


_FORMS: Final[Mapping[Kind, Callable[[Item, bytes], Problem | None]]] = {
    Kind.DIGITS: _digits,
    Kind.DECIMAL: _decimal,
    Kind.ALNUM: _alnum,
    Kind.KANJI: _kanji,
    Kind.TEXT: _text,
    Kind.TIME: _digits,
    Kind.PAYER_NUMBER: _payer_number,
    Kind.CODES: _codes,
}
