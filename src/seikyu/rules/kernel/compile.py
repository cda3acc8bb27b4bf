"""Layout, code tables and the list of wanted columns as arrays: what the compiled pass is driven by.

The pass knows types of items, never items. A layout that holds something it does not know is not compiled; then the
reference serves.
"""

from collections.abc import Collection, Mapping, Sized
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from seikyu.records import Item, Kind, Layout, Need, RecordLayout, Scope, Years, eras
from seikyu.rules.identity import PATIENT
from seikyu.rules.kernel.columns import HEAD, IDENTITY, PAYERS, PayerItems, column_of, tables_of
from seikyu.rules.kernel.jitted import scan as c
from seikyu.rules.plan import Plan, Problem, layout_named, plans
from seikyu.rules.reference import RETURNS
from seikyu.rules.structure import stands_anywhere

#: As plain Python: to call it compiled from here costs more than to work it out.
_slot: Final = getattr(c.slot, "py_func", c.slot)

Ints = NDArray[np.int64]
Bytes = NDArray[np.uint8]

#: The number of each problem in the arrays; 0 is none.
PROBLEMS: Final = (None, *Problem)
NUMBER_OF: Final[Mapping[Problem, int]] = {problem: at for at, problem in enumerate(PROBLEMS) if problem}
#: Keys of codes are whole numbers below this.
_MOST_DIGITS: Final = 17
_MOST_BYTES: Final = 7
_BYTE: Final = 255
#: What the pass adds to a code of so many digits, so that it has a 1 before it.
TENS: Final = np.array([10**digits for digits in range(_MOST_DIGITS + 2)], np.int64)
_MOST_RECORDS: Final = 60
_MOST_ITEMS: Final = 400


class NotCompiled(Exception):
    """The layout holds something that the pass does not know."""


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """Where an item's value is kept: the table, and the position in it."""

    table: str
    at: int


@dataclass(frozen=True, slots=True, eq=False)
class Tables:
    """A layout as arrays.

    Shape: `ids` gives the record's row by the two bytes of its identification (0xFF none); `records` one row a record,
    `items` one row an item (columns: `codes`); `keys` are the hash tables of code sets, `sets` their place and size;
    `record_ids` and `record_plans` go with the rows; `names` are the columns of each table in `TABLES`.
    """

    layout: Layout
    ids: Bytes
    records: Ints
    items: Ints
    quick: Ints
    lean: "Lean"
    keys: Ints
    sets: Ints
    eras: Ints
    single: Bytes
    double: Bytes
    identity_parts: int
    variant: tuple[int, int]
    record_ids: tuple[str, ...]
    record_plans: tuple[Plan, ...]
    names: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True, eq=False)
class Lean:
    """Records and items for an examination without rules on claims and records: it keeps the heads' columns only."""

    records: Ints
    items: Ints
    quick: Ints


def _lean(heads: list[list[int]], rows: list[list[int]]) -> Lean:
    records, items = np.array(heads, np.int64), np.array(rows, np.int64)
    for head in records:
        if not head[c.R_HEADS]:
            head[c.R_TABLE] = head[c.R_DAYS] = -1
            own = slice(head[c.R_FIRST], head[c.R_FIRST] + head[c.R_ITEMS])
            items[own, c.I_COLUMN], items[own, c.I_DAY] = -1, 0
    return Lean(records, items, np.array([_quick([int(number) for number in row]) for row in items], np.int64))


@cache
def compiled(layout_name: str) -> Tables:
    """Return the arrays of a layout.

    Errors: NotCompiled.
    """
    layout = layout_named(layout_name)
    records = list(layout.records.values())
    _few(layout.records)
    sets = _Sets()
    rows: list[list[int]] = []
    heads: list[list[int]] = []
    kept = tables_of(layout)
    names = {table: {name: at for at, name in enumerate(wanted)} for table, (_, wanted) in kept.items()}
    for record in records:
        heads.append(_record_row(record, layout, len(rows)))
        plan = plans(layout_name)[record.id]
        rows += [_item_row(item, record, plan, sets, layout=layout) for item in record.items]
    ids = np.full(1 << 16, 0xFF, np.uint8)
    for at, record in enumerate(records):
        ids[int.from_bytes(record.id.encode(), "big")] = at
    for rid in RETURNS - {record.id.encode() for record in records}:
        ids[int.from_bytes(rid, "big")] = 0xFE
    keys, places = sets.arrays()
    single, double = _legal()
    return Tables(
        layout=layout,
        ids=ids,
        records=np.array(heads, np.int64),
        items=np.array(rows, np.int64),
        quick=np.array([_quick(row) for row in rows], np.int64),
        lean=_lean(heads, rows),
        keys=keys,
        sets=places,
        eras=_eras(),
        single=single,
        double=double,
        identity_parts=len(_head_parts(layout)) - (1 if layout.variant_item else 0),
        variant=_variant(layout),
        record_ids=tuple(record.id for record in records),
        record_plans=tuple(plans(layout_name)[record.id] for record in records),
        names=names,
    )


def _few(records: Sized) -> None:
    if len(records) > _MOST_RECORDS:
        raise NotCompiled("too many records")


def _record_row(record: RecordLayout, layout: Layout, first: int) -> list[int]:
    """Return what the pass must know of a record as a whole."""
    row = [0] * c.RECORD_COLUMNS
    row[c.R_DAYS] = -1
    row[c.R_FIRST], row[c.R_ITEMS] = first, len(record.items)
    row[c.R_SCOPE] = {Scope.FILE: c.SCOPE_FILE, Scope.CLAIM: c.SCOPE_CLAIM, Scope.DONOR: c.SCOPE_DONOR}[record.scope]
    row[c.R_ORDER] = 0 if stands_anywhere(record) else record.order
    row[c.R_OPENS], row[c.R_HEADS] = record.id == layout.opener, record.id == layout.head
    row[c.R_PAYER] = {payer: at + 1 for at, payer in enumerate(PAYERS)}.get(record.id, 0)
    kept = list(tables_of(layout).values())
    tables = [at for at, (members, _) in enumerate(kept) if record.id in members]
    row[c.R_TABLE] = tables[0] if tables else -1
    widths = [c.FIXED_COLUMNS + len(wanted) for _, wanted in kept]
    if tables:
        wanted = kept[tables[0]][1]
        row[c.R_BASE], row[c.R_WIDTH] = sum(widths[: tables[0]]), len(wanted)
        row[c.R_DAYS] = wanted.index("days") if "days" in wanted else -1
    month = record.by_name.get("claim_month")
    row[c.R_MONTH] = month.no - 1 if month else 0
    always = [item.no - 1 for item in record.items if item.need is Need.ALWAYS]
    row[c.R_LAST_ALWAYS] = max(always)
    if len(record.items) > _MOST_ITEMS or len(record.id) != 2:  # noqa: PLR2004  (identifications have two characters)
        raise NotCompiled(record.id)
    return row


_TYPES: Final[Mapping[Kind, int]] = {
    Kind.DIGITS: c.T_DIGITS,
    Kind.TIME: c.T_DIGITS,
    Kind.DECIMAL: c.T_DECIMAL,
    Kind.ALNUM: c.T_ALNUM,
    Kind.KANJI: c.T_KANJI,
    Kind.TEXT: c.T_TEXT,
    Kind.DATE: c.T_DATE,
    Kind.MONTH: c.T_MONTH,
    Kind.PAYER_NUMBER: c.T_PAYER,
    Kind.CODES: c.T_CODES,
}
_NEEDS: Final = {Need.ALWAYS: c.NEED_ALWAYS, Need.NEVER: c.NEED_NEVER}


def _item_row(item: Item, record: RecordLayout, plan: Plan, sets: "_Sets", *, layout: Layout) -> list[int]:
    """Return what the pass must know of an item."""
    at = item.no - 1
    row = [0] * c.ITEM_COLUMNS
    if item.kind not in _TYPES or (item.fixed and item.kind is Kind.DECIMAL) or (item.signed and item.fixed):
        raise NotCompiled(f"{record.id}.{item.name}")
    row[c.I_TYPE] = _TYPES[item.kind]
    row[c.I_NEED] = _NEEDS.get(item.need, c.NEED_NOT)
    row[c.I_WIDTH], row[c.I_FIXED] = item.width, item.fixed
    row[c.I_CODE_WIDTH] = item.code_width or 0
    row[c.I_DECIMALS] = -1 if item.decimals is None else item.decimals
    known = plan.coded.get(at, plan.listed.get(at))
    row[c.I_SET] = -1 if known is None else sets.number_of(known)
    row[c.I_NUMBER] = plan.readers[at] is int
    row[c.I_WESTERN] = plan.years is Years.WESTERN
    row[c.I_COLUMN] = _column(record.id, item.name, layout)
    row[c.I_DAY] = _day(record.id, item.name, layout)
    row[c.I_PART] = _part(record.id, item.name, layout)
    row[c.I_SIGNED] = item.signed
    return row


#: How the pass may look at words that are right at first sight.
_WORDS: Final = {
    c.T_KANJI: c.Q_FULL,
    c.T_TEXT: c.Q_FULL | c.Q_HALF | c.Q_KANA,
    c.T_ALNUM: c.Q_HALF,
}


def _quick(row: list[int]) -> int:
    """Return what the pass looks at first, packed (see `scan`)."""
    word = row[c.I_NEED]
    width, known = row[c.I_WIDTH], row[c.I_SET]
    if (
        row[c.I_TYPE] == c.T_DIGITS
        and row[c.I_NEED] != c.NEED_NEVER
        and not row[c.I_SIGNED]
        and 0 < width <= _MOST_DIGITS
        and known < _BYTE
    ):
        least = width if row[c.I_FIXED] else 1
        word |= c.Q_PLAIN | least << c.Q_LEAST | width << c.Q_MOST | (known + 1) << c.Q_SET
    elif row[c.I_NEED] != c.NEED_NEVER and known < 0 and not row[c.I_FIXED] and width <= _BYTE:
        word |= _WORDS.get(row[c.I_TYPE], 0) if row[c.I_COLUMN] < 0 or row[c.I_TYPE] != c.T_ALNUM else 0
        word |= (width or _BYTE) << c.Q_MOST
    if row[c.I_TYPE] == c.T_DATE and row[c.I_NEED] != c.NEED_NEVER:
        word |= c.Q_DATE
    word |= c.Q_NUMBER if row[c.I_NUMBER] else 0
    return word | (row[c.I_COLUMN] + 1) << c.Q_COLUMN | row[c.I_DAY] << c.Q_DAY | (row[c.I_PART] + 1) << c.Q_PART


def _column(record_id: str, name: str, layout: Layout) -> int:
    kept, name = tables_of(layout).values(), column_of(name)
    return next((wanted.index(name) for members, wanted in kept if record_id in members and name in wanted), -1)


def _day(record_id: str, name: str, layout: Layout) -> int:
    """Return which day field an item is, from 1, if its table keeps days; else 0."""
    keeps = any(record_id in members and "days" in wanted for members, wanted in tables_of(layout).values())
    return int(name[4:]) if keeps and name.startswith("day_") and name[4:].isdigit() else 0


def _head_parts(layout: Layout) -> list[str]:
    """Return the items of a claim's head that the index and the identity need, and last the one that tells its form."""
    known = layout.records[layout.head].by_name
    parts = [*HEAD, *(name for name in IDENTITY if name in known or name in PATIENT)]
    return [*parts, layout.variant_item] if layout.variant_item else parts


def _variant(layout: Layout) -> tuple[int, int]:
    """Return the part of the head that tells a claim's form (-1: none), and the plain form's code besides empty."""
    if not layout.variant_item:
        return -1, 0
    plain = layout.variant("")
    codes = sorted(plain.codes - {""}) if plain else []
    return len(_head_parts(layout)) - 1, key_of(codes[0].encode()) if codes else c.EMPTY


def _part(record_id: str, name: str, layout: Layout) -> int:
    """Return which part of the index row an item is, -1 if none."""
    parts: list[str] = _head_parts(layout) if record_id == layout.head else []
    if record_id in PAYERS:
        items: PayerItems = PAYERS[record_id]
        parts = [items.number, items.points, items.days, items.meals, *items.identity]
    return parts.index(name) if name in parts else -1


class _Sets:
    """Code sets in one array of keys, each a hash table with open places (0)."""

    def __init__(self) -> None:
        self._numbers: dict[frozenset[bytes], int] = {}

    def number_of(self, known: Collection[bytes]) -> int:
        """Return the number of a set, the same for equal ones."""
        return self._numbers.setdefault(frozenset(known), len(self._numbers))

    def arrays(self) -> tuple[Ints, Ints]:
        """Return the keys of all sets, and for each set its start and mask."""
        chunks: list[Ints] = []
        places: list[tuple[int, int]] = [(0, 0)] if not self._numbers else []
        start = 0
        for known in self._numbers:
            size = 1 << max(3, (2 * len(known)).bit_length())
            slots = np.zeros(size, np.int64)
            for code in known:
                key = key_of(code)
                at = _slot(key, size - 1)
                while slots[at]:
                    at = (at + 1) & (size - 1)
                slots[at] = key
            chunks.append(slots)
            places.append((start, size - 1))
            start += size
        return np.concatenate([*chunks, np.zeros(1, np.int64)]), np.array(places, np.int64)


def key_of(code: bytes) -> int:
    """Return a code as a whole number: digits behind a 1, other bytes behind a 1, and 2**62.

    Errors: NotCompiled for a code that is too long.
    """
    if code.isdigit() and len(code) <= _MOST_DIGITS:
        return int(b"1" + code)
    if len(code) > _MOST_BYTES or code.isdigit():
        raise NotCompiled("a code is too long")
    return 1 << 62 | int.from_bytes(b"\x01" + code, "big")


def _eras() -> Ints:
    """Return the first year of each era by its digit, 0 where there is none."""
    years = np.zeros(10, np.int64)
    for code, era in eras().items():
        years[int(code)] = era.first_year
    return years


@cache
def _legal() -> tuple[Bytes, Bytes]:
    """Return the classes of single bytes, and which double-byte characters are in JIS X 0208.

    The Shift_JIS of the standard library decides, as it does for the reference.
    """
    single = np.zeros(256, np.uint8)
    for byte in range(256):
        single[byte] = _class_of(byte)
    double = np.zeros(1 << 16, np.uint8)
    for pair in range(0x8100, 0xFD00):
        if single[pair >> 8] == c.B_LEAD:
            double[pair] = _decodes(pair.to_bytes(2, "big"))
    return single, double


def _class_of(byte: int) -> int:
    if byte in (0x2C, 0x0A, 0x0D):
        return c.B_END
    if byte < 0x20 or byte == 0x7F:  # noqa: PLR2004  (control bytes)
        return c.B_CONTROL
    if byte < 0x7F:  # noqa: PLR2004  (ASCII)
        return c.B_DIGIT if 0x30 <= byte <= 0x39 else c.B_ASCII  # noqa: PLR2004  (0 to 9)
    if 0xA1 <= byte <= 0xDF:  # noqa: PLR2004  (half-width katakana)
        return c.B_KANA
    return c.B_LEAD if 0x81 <= byte <= 0xFC and byte != 0xA0 else c.B_NONE  # noqa: PLR2004  (first of two bytes)


def _decodes(data: bytes) -> bool:
    try:
        return len(data.decode("shift_jis")) == 1
    except UnicodeDecodeError:
        return False


def rule_numbers(book: Any, tables: Tables, number_of: Mapping[str, int]) -> NDArray[np.int32]:
    """Return the rule of each record, item and problem: `[record][item][problem]`, -1 where none is judged."""
    most = max(len(plan.layout.items) for plan in tables.record_plans) + 1
    rules = np.full((len(tables.record_ids), most, len(PROBLEMS)), -1, np.int32)
    for at, plan in enumerate(tables.record_plans):
        names = [item.name for item in plan.layout.items]
        for no in range(most):
            for problem, number in NUMBER_OF.items():
                name = names[no] if no < len(names) else "*"
                if problem is Problem.CHARACTER:
                    found = book.item_rule("*", "*", problem)
                else:
                    found = book.item_rule(plan.layout.id, name, problem)
                rules[at, no, number] = -1 if found is None else number_of[found.code]
    return rules
