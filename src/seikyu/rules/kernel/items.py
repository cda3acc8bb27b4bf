"""The different codes of each claim of a batch, with their days and counts, as scans with fee tables ask for them."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from seikyu.records import Month
from seikyu.rules.kernel.batch import Batch, Bools, Ints
from seikyu.rules.kernel.claims_coded import Coded, drugs, procedures
from seikyu.rules.kernel.claims_lines import lines_of, units_of
from seikyu.rules.kernel.coded import Sheet, codes_of, sheet_of
from seikyu.rules.kernel.jitted import fees
from seikyu.rules.kernel.jitted import scan as c
from seikyu.rules.kernel.scans import key
from seikyu.rules.masters import Masters
from seikyu.rules.with_fee_tables.lines import table_at

#: Day fields of a line.
DAYS: Final = 31
_INWARD: Final = key("21")
_BITS: Final = 64
_WORD: Final = 6
_LEAST_BITS: Final = 3
_THURSDAY: Final = 3
_WEEK: Final = 7
_EPOCH: Final = 1970
_MONTHS: Final = 12
#: So many sets of versions are kept by the months of a batch: a dozen kinds, each with a few sets of months.
_SETS_KEPT: Final = 64


@dataclass(frozen=True, slots=True, eq=False)
class ByCode:
    """Lines with their codes numbered, and the different codes of each claim (see `fees`).

    Shape: `codes` are the batch's different codes by number, `rows` the lines' rows in their table.
    """

    codes: Ints
    rows: Ints
    lines: fees.Lines
    items: fees.Items


def procedures_by_code(batch: Batch) -> ByCode:
    """Return the procedures (SI)."""
    return _by_code(batch, batch.once(procedures))


def drugs_by_code(batch: Batch) -> ByCode:
    """Return the drugs (IY)."""
    return _by_code(batch, batch.once(drugs))


def inward_by_code(batch: Batch) -> ByCode:
    """Return the drugs taken inwardly (内服薬)."""
    every = batch.once(drugs)
    service_class = batch.once(units_of).service_class[batch.once(unit_of_row)[every.rows]]
    return _by_code(batch, every.of((service_class == _INWARD) | (service_class == c.BAD)))


def unit_of_row(batch: Batch) -> Ints:
    """Return the calculation unit of each row in the table of lines, -1 where it is in none."""
    found = np.full(len(batch.table("lines")), -1, np.int64)
    found[batch.once(lines_of).service] = batch.once(units_of).of_row
    return found


def _by_code(batch: Batch, coded: Coded) -> ByCode:
    size, table = len(coded), coded.table
    codes, number = _numbered(coded.code)
    lines = fees.Lines(coded.claim, number, *(np.empty(size, np.int64) for _ in fees.Lines._fields[2:]))
    columns = fees.Columns(
        sum=table["days"],
        nonzero=table["days_nonzero"],
        odd=table["days_odd"],
        count=table["count"],
        start=table.start,
        length=table.length,
        unit=batch.once(unit_of_row),
    )
    fees.read(columns, coded.rows, coded.claim, batch.days, c.BIG, lines)
    items = fees.Items(np.empty(len(batch) + 1, np.int64), *(np.empty(size, np.int64) for _ in fees.Items._fields[1:]))
    found = fees.gather(lines, items, np.full(len(codes), -1, np.int64), np.empty(size, np.int64))
    return ByCode(codes, coded.rows, lines, fees.Items(items.start, *(values[:found] for values in items[1:])))


def _numbered(codes: Ints) -> tuple[Ints, Ints]:
    """Return the different codes, and of each code its number among them."""
    bits = max(_LEAST_BITS, (2 * len(codes)).bit_length())
    distinct, number = np.empty(len(codes), np.int64), np.empty(len(codes), np.int64)
    slots, places = np.full(1 << bits, -1, np.int64), np.empty(1 << bits, np.int64)
    count = fees.number_codes(codes, slots, places, _BITS - bits, distinct, number)
    return distinct[:count], number


def months_of(batch: Batch) -> fees.Months:
    """Return the months of the claims."""
    codes = batch.once(codes_of)
    first = ((codes.numbers // 100 - _EPOCH) * _MONTHS + codes.numbers % 100 - 1).astype("datetime64[M]")
    weekday = (first.astype("datetime64[D]").astype(np.int64) + _THURSDAY) % _WEEK
    return fees.Months(batch.month, batch.days, weekday[codes.month_of])


def first_day_item(batch: Batch, rid: str) -> int:
    """Return behind how many commas the day fields of a record begin."""
    return batch.tables.record_plans[batch.row_of(rid)].index["day_01"]


# --- versions ---


def versions(batch: Batch, *kinds: str, whole: bool = False) -> Iterator[tuple[tuple[Sheet | None, ...], Bools]]:
    """Yield the sets of versions that hold in the batch's months, and for which claims; one of a set may be None.

    A version is there if it is known to be the newest of that time, and, where that is asked, whole.
    """
    codes = batch.once(codes_of)
    for sheets, months in _sets(batch.masters, kinds, tuple(codes.numbers.tolist()), whole=whole):
        yield sheets, months[codes.month_of]


@lru_cache(maxsize=_SETS_KEPT)
def _sets(
    masters: Masters,
    kinds: tuple[str, ...],
    numbers: tuple[int, ...],
    *,
    whole: bool,
) -> list[tuple[tuple[Sheet | None, ...], Bools]]:
    found: dict[tuple[Sheet | None, ...], Bools] = {}
    for at, number in enumerate(numbers):
        month = Month(number // 100, number % 100) if number else None
        held = tuple(_held(masters, kind, month, whole=whole) for kind in kinds)
        if any(held):
            found.setdefault(held, np.zeros(len(numbers), np.bool_))[at] = True
    return list(found.items())


def _held(masters: Masters, kind: str, month: Month | None, *, whole: bool) -> Sheet | None:
    version = table_at(masters, kind, month, whole=whole)
    return sheet_of(version) if version and len(version.codes) else None


# --- codes against codes ---


def places(codes: Ints, wanted: Ints) -> Ints:
    """Return where wanted codes stand among rising codes, -1 for none."""
    if not len(codes):
        return np.full(len(wanted), -1, np.int64)
    at = np.minimum(np.searchsorted(codes, wanted), len(codes) - 1)
    return np.where(codes[at] == wanted, at, -1)


def bits_of(rows: Ints, columns: Ints, *, size: tuple[int, int]) -> Ints:
    """Return a matrix of bits that has these places."""
    bits = np.zeros((size[0], max(1, -(-size[1] // _BITS))), np.uint64)
    np.bitwise_or.at(bits, (rows, columns >> _WORD), np.uint64(1) << (columns & (_BITS - 1)).astype(np.uint64))
    return bits.view(np.int64)


def board(bits: NDArray[np.int64], items: fees.Items) -> fees.Board:
    """Return an empty board for a matrix."""
    words = bits.shape[1]
    return fees.Board(
        present=np.zeros(words, np.int64),
        heads=np.full(words, -1, np.int64),
        touched=np.empty(words, np.int64),
        chain=np.empty(len(items.number), np.int64),
    )


def starts_of(rows: Ints, count: int) -> Ints:
    """Return where each of so many rows begins in rising row numbers, and their end."""
    return np.searchsorted(rows, np.arange(count + 1))
