"""What a rule's scan is: a function over the columns of a batch that says where the rule hits, or where it might.

A scan yields `Exact` places, each of which the rule itself would name, no more and no fewer; or it yields `Might`:
claims or records among which all are that the rule hits; those are given to the rule. Both may be mixed as long as they
do not speak of the same claim. A rule without a scan looks at every claim.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np

from seikyu.records import table
from seikyu.rules.kernel.batch import Batch, Bools, Ints, Places, Table
from seikyu.rules.kernel.compile import key_of
from seikyu.rules.kernel.jitted import scan as c
from seikyu.rules.kernel.jitted.written import compare


@dataclass(frozen=True, slots=True, eq=False)
class Exact:
    """Hits: rows of a table, and the number of the item there (0: the record as a whole).

    Shape: `alone` says that the rule looks at the claim's first record only, so that its words need no more.
    """

    table: Places
    rows: Ints
    item: Ints | int = 0
    alone: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Might:
    """Claims of the batch (by position) that the rule has to look at."""

    claims: Ints


@dataclass(frozen=True, slots=True, eq=False)
class MightRows:
    """Records that a rule on single records has to look at."""

    table: Places
    rows: Ints


Found = Exact | Might | MightRows
Scan = Callable[[Batch], Iterable[Found]]


def key(code: str) -> int:
    """Return a code as it stands in a column."""
    return key_of(code.encode())


def where(mask: Bools) -> Ints:
    """Return the positions that are true."""
    return np.flatnonzero(mask)


def filled(values: Ints) -> Bools:
    """True where something is written, readable or not."""
    return (values != c.EMPTY) & (values != c.MISSING)


def readable(values: Ints) -> Bools:
    """True where there is a value, though it may be too long to be kept."""
    return (values >= 0) | (values == c.BIG)


def bad(values: Ints) -> Bools:
    """True where the value did not parse, or is missed."""
    return (values == c.BAD) | (values == c.MISSING)


def alike(batch: Batch, items: "Items", others: "Items") -> Bools:
    """Return row by row whether items, put together, are written like the others."""
    same = np.zeros(len(items.rows), np.bool_)
    compare(batch.buffer, *items.places(), *others.places(), same)
    return same


@dataclass(frozen=True, slots=True, eq=False)
class Items:
    """Items of rows of a table: so many side by side, from the one of that name on."""

    table: Table
    rows: Ints
    name: str
    count: int = 1

    def places(self) -> tuple[Ints, Ints, Ints, int]:
        """Return starts and lengths of the lines, numbers of the items, and how many they are."""
        table, rows = self.table, self.rows
        return table.start[rows], table.length[rows], table.no(self.name, rows), self.count


def digits(values: Ints) -> tuple[Ints, Ints]:
    """Return the digits of codes without the 1 before them, and how many they are (-1 for no code of digits)."""
    length = np.maximum(np.searchsorted(_TENS, values, side="right") - 1, 0)
    ten = _TENS[length]
    count = np.where((values >= ten) & (values < 2 * ten), length, -1)
    return values - np.where(count >= 0, ten, 1), count


_TENS: Final = np.array([10**length for length in range(c.MOST_DIGITS + 1)], np.int64)


def check_ok(numbers: Ints, length: int) -> Bools:
    """True where a number of so many digits ends in its check digit (weights 2 and 1 in turn from the right)."""
    low, high = _weighed()
    known = np.where((numbers >= 0) & (numbers < 10**length), numbers, 0)
    upper = known // _HALF
    return (low[known - upper * _HALF] + high[upper]) % 10 == 0


_HALF: Final = 10_000


@cache
def _weighed() -> tuple[Ints, Ints]:
    """Return the weighed sums of four digits: the last four, check digit included, and the four before them."""
    digit = np.arange(_HALF)[:, None] // np.array([1, 10, 100, 1000]) % 10
    doubled = digit * 2 // 10 + digit * 2 % 10
    low = digit[:, 0] + doubled[:, 1] + digit[:, 2] + doubled[:, 3]
    high = digit[:, 0] + doubled[:, 1] + digit[:, 2] + doubled[:, 3]
    return low, high


_LAWS: Final = 101
#: In lists by law number: the place of a number without one (NHI).
NO_LAW: Final = 100


def laws_of(values: Ints) -> Ints:
    """Return the law number of payers' numbers: 0 to 99, `NO_LAW` for shorter numbers, -1 for none."""
    law = np.where(values >= 10**8, (values - 10**8) // 10**6, NO_LAW)
    return np.where(values >= 0, law, -1)


@cache
def by_law(name: str, column: str, meanings: tuple[tuple[str, int], ...], default: int) -> Ints:
    """Return what a column of a table by law numbers says, as numbers; -1 where the table has no row."""
    numbers = np.full(_LAWS, -1, np.int64)
    meaning = dict(meanings)
    for law in range(_LAWS):
        row = table(name).row("" if law == NO_LAW else f"{law:02d}")
        if row is not None:
            numbers[law] = meaning.get(row[column], default) if column else default
    return numbers
