"""Codes of a batch against the masters that hold for the months of its claims, many at once.

Versions are taken as arrays with a hash table; what a scan asks of a code is one row number, and columns by it. It says
what `Masters` says of single codes: `held` is `Masters.at(...).row`, `settled` is `Masters.row`, `unknown` is `not
knows`.
"""

from collections.abc import Callable
from functools import cache, cached_property, lru_cache
from itertools import pairwise
from math import prod
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from seikyu.records import Month
from seikyu.rules.kernel.batch import Batch, Bools, Ints, days_of_month
from seikyu.rules.kernel.jitted import hashed
from seikyu.rules.masters import Masters, Version, forms
from seikyu.rules.masters.form import Form
from seikyu.rules.masters.packed import NO_DECIMAL, NO_NUMBER

#: What a column gives where a cell is empty, or there is no row.
NONE: Final = -1
#: Decimals stand in columns as hundredths.
HUNDREDTHS: Final = 100
_BITS: Final = 64
_LEAST_BITS: Final = 3
#: So many versions are kept as arrays: forty kinds, each with the last few.
_KEPT: Final = 128
#: What masters say of a kind in a month is kept so often.
_SAID_KEPT: Final = 4096
_NEVER: Final = 99_999_999
_MONTHS: Final = 12

_Value = TypeVar("_Value")


class Hash:
    """Keys by a hash table: `find` gives their places."""

    def __init__(self, codes: Ints) -> None:
        bits = max(_LEAST_BITS, (2 * len(codes)).bit_length())
        self.shift = _BITS - bits
        self.slots = np.full(1 << bits, hashed.OPEN, np.int64)
        self.places = np.zeros(1 << bits, np.int64)
        hashed.fill(codes, self.slots, self.places, self.shift)

    def find(self, wanted: Ints) -> Ints:
        """Return the place of each key, -1 for none; keys below zero are none."""
        found = np.empty(len(wanted), np.int64)
        hashed.find(np.ascontiguousarray(wanted), self.slots, self.places, self.shift, found)
        return found


class Sheet:
    """A version as arrays: a row each in the order of its keys, or a group for each first part of a key."""

    def __init__(self, version: Version) -> None:
        self.version = version
        self.codes = np.frombuffer(version.codes, np.int64)
        self.rest = prod(part.size for part in version.form.key[1:])
        self._columns: dict[str, Ints] = {}
        self._made: dict[Any, Any] = {}

    def __len__(self) -> int:
        return len(self.codes)

    @cached_property
    def rows(self) -> Hash:
        """The rows by whole keys: the first of each."""
        return Hash(self.codes)

    @cached_property
    def starts(self) -> Ints:
        """The first row of each group, and behind them the number of rows."""
        first = self.codes // self.rest
        opens = np.ones(len(first), np.bool_)
        opens[1:] = first[1:] != first[:-1]
        return np.append(np.flatnonzero(opens), len(first))

    @cached_property
    def firsts(self) -> Ints:
        """The first part of the key of each group."""
        return self.codes[self.starts[:-1]] // self.rest

    @cached_property
    def groups(self) -> Hash:
        """The groups by their first parts."""
        return Hash(self.firsts)

    def __getitem__(self, name: str) -> Ints:
        """Return a column of numbers (decimals in hundredths, dates as YYYYMMDD), `NONE` where a cell is empty."""
        if name not in self._columns:
            self._columns[name] = self.column(name)
        return self._columns[name]

    def padded(self, name: str) -> Ints:
        """Return the same with `NONE` behind the last row, where -1 finds it."""
        return self.once(_padded(name))

    def column(self, name: str) -> Ints:
        """Return the same without keeping it, for large tables of which something else is made."""
        held = self.version.numbers.get(name)
        if held is None:
            return np.full(len(self), NONE, np.int64)
        form = self.version.form.columns[name].form
        raw = np.frombuffer(held, np.int64 if form is Form.DECIMAL else np.int32).astype(np.int64)
        if form is Form.DATE:
            month, day = raw // 100, raw % 100
            real = (month % 100 >= 1) & (month % 100 <= _MONTHS) & (month >= 100)  # noqa: PLR2004  (years and months)
            real[real] = (day[real] >= 1) & (day[real] <= days_of_month(month[real]))
            return np.where(real & (raw != _NEVER), raw, NONE)
        return np.where((raw != NO_NUMBER) & (raw != NO_DECIMAL), raw, NONE)

    def text(self, name: str) -> list[str]:
        """Return a column of texts; empty ones where there is no such column."""
        column = self.version.texts.get(name)
        if column is None:
            return [""] * len(self)
        text, ends = bytes(column.text), column.ends.tolist()
        return [text[start:end].decode() for start, end in pairwise(ends)]

    def once(self, make: Callable[["Sheet"], _Value]) -> _Value:
        """Return what a function makes of the version; it is made once."""
        if make not in self._made:
            self._made[make] = make(self)
        return self._made[make]


@cache
def _padded(name: str) -> Callable[[Sheet], Ints]:
    return lambda sheet: np.append(sheet[name], NONE)


@lru_cache(maxsize=_KEPT)
def sheet_of(version: Version) -> Sheet:
    """Return a version as arrays; it is made once."""
    return Sheet(version)


class Rows:
    """For each code the row (or group) that it has in the version of its claim's month.

    Shape: `sheets` are the versions, `which` the place among them, `at` the row there; both -1 for none.
    """

    def __init__(self, sheets: list[Sheet], which: Ints, at: Ints) -> None:
        self.sheets, self.which, self.at = sheets, which, at

    @property
    def there(self) -> Bools:
        """True where there is a row."""
        return self.at >= 0

    def of(self, rows: Ints | Bools) -> "Rows":
        """Return the same of some of the codes."""
        return Rows(self.sheets, self.which[rows], self.at[rows])

    def __getitem__(self, name: str) -> Ints:
        """Return a column of numbers, `NONE` where the cell is empty or there is no row."""
        if len(self.sheets) == 1:
            return self.sheets[0].padded(name)[self.at]
        return self.get(lambda sheet: sheet[name])

    def having(self, *columns: str) -> "Rows":
        """Return the rows in versions that have these columns."""
        lacking = [at for at, sheet in enumerate(self.sheets) if not all(map(sheet.version.has, columns))]
        if not lacking:
            return self
        there = ~np.isin(self.which, lacking)
        return Rows(self.sheets, np.where(there, self.which, -1), np.where(there, self.at, -1))

    def get(self, values: Callable[[Sheet], NDArray[Any]], default: int = NONE) -> Ints:
        """Return what an array over the rows (or groups) of each version says, the default where there is none."""
        if len(self.sheets) == 1:
            return np.append(values(self.sheets[0]).astype(np.int64, copy=False), default)[self.at]
        found = np.full(len(self.at), default, np.int64)
        for number, sheet in enumerate(self.sheets):
            mine = np.flatnonzero((self.which == number) & (self.at >= 0))
            if len(mine):
                found[mine] = values(sheet)[self.at[mine]]
        return found


class Codes:
    """The masters of a batch.

    Shape: `numbers` are the service months of the batch as YYYYMM, `months` the same as months (None for an unknown
    one); `month_of` is the place there of each claim's.
    """

    def __init__(self, batch: Batch) -> None:
        self._masters: Masters = batch.masters
        self.numbers, self.month_of = np.unique(batch.month, return_inverse=True)
        self.months = [Month(int(number) // 100, int(number) % 100) if number else None for number in self.numbers]
        self._versions: dict[str, tuple[list[Sheet], Ints]] = {}
        self._known: dict[tuple[str, int, int], tuple[Ints, Ints, Rows]] = {}

    def by_month(self, says: Callable[[Month], int], default: int = 0) -> Ints:
        """Return for each claim what is said of its month."""
        said = [says(month) if month else default for month in self.months]
        return np.array(said, np.int64)[self.month_of]

    def sure(self, kind: str) -> Bools:
        """Return for which claims a code that no version has cannot have been there."""
        return self.by_month(lambda month: _is_sure(self._masters, kind, month)).astype(np.bool_)

    def current(self, kind: str) -> Bools:
        """Return for which claims the version is known to be the newest of that time."""
        return self.by_month(lambda month: _is_current(self._masters, kind, month)).astype(np.bool_)

    def held(self, kind: str, claim: Ints, key: Ints, *columns: str) -> Rows:
        """Return the rows in the versions that hold for the claims, where they have these columns.

        Keys below 0 are none.
        """
        asked = kind, id(claim), id(key)  # Scans ask for the same arrays, which are kept here as long as their answer.
        if asked not in self._known:
            self._known[asked] = claim, key, self._found(kind, claim, key, lambda sheet: sheet.rows)
        return self._known[asked][2].having(*columns)

    def groups(self, kind: str, claim: Ints, first: Ints, *columns: str) -> Rows:
        """Return the groups of rows whose keys begin so, in the versions that hold."""
        return self._found(kind, claim, first, lambda sheet: sheet.groups).having(*columns)

    def settled(self, kind: str, claim: Ints, key: Ints) -> Rows:
        """Return the rows in the versions that hold, else in the newest version that has the code."""
        held = self.held(kind, claim, key)
        lacking = np.flatnonzero((held.at < 0) & (key >= 0))
        if not len(lacking):
            return held
        sheets, which, at = list(held.sheets), held.which.copy(), held.at.copy()
        for version in self._masters.every(kind):
            if not len(lacking):
                break
            sheet = sheet_of(version)
            found = sheet.rows.find(key[lacking])
            there = found >= 0
            if there.any():
                which[lacking[there]], at[lacking[there]] = len(sheets), found[there]
                sheets.append(sheet)
                lacking = lacking[~there]
        return Rows(sheets, which, at)

    def unknown(self, kind: str, claim: Ints, key: Ints) -> Bools:
        """True for keys that no version has; keys below 0 are none."""
        lacking = np.flatnonzero((key >= 0) & (self.held(kind, claim, key).at < 0))
        lacking = lacking[~np.isin(key[lacking], _special(kind))]
        for version in self._masters.every(kind):
            if not len(lacking):
                break
            lacking = lacking[sheet_of(version).rows.find(key[lacking]) < 0]
        unknown = np.zeros(len(key), np.bool_)
        unknown[lacking] = True
        return unknown

    def meets(self, kind: str, claim: Ints, first: Ints, spans: tuple[Ints, Ints], others: Ints) -> Ints:
        """Return for each first part of a key the row that one of the claim's other parts completes, -1 for none.

        Shape: the others of claim n stand from `spans[0][n]` to `spans[1][n]`; keys below 0 are none.
        """
        rows = self.groups(kind, claim, first)
        found = np.full(len(first), -1, np.int64)
        for number, sheet in enumerate(rows.sheets):
            mine = np.flatnonzero((rows.which == number) & rows.there)
            met = np.empty(len(mine), np.int64)
            start, end = (np.ascontiguousarray(span[claim[mine]]) for span in spans)
            table = sheet.rows
            hashed.meet(first[mine], start, end, others, sheet.rest, table.slots, table.places, table.shift, met)
            found[mine] = met
        return found

    def _found(self, kind: str, claim: Ints, key: Ints, table: Callable[[Sheet], Hash]) -> Rows:
        sheets, by_month = self.sheets(kind)
        which = by_month[self.month_of[claim]]
        at = np.full(len(key), -1, np.int64)
        for number, sheet in enumerate(sheets):
            mine = which == number
            if mine.all():
                at = table(sheet).find(key)
            else:
                at[mine] = table(sheet).find(key[mine])
        return Rows(sheets, which, at)

    def sheets(self, kind: str, columns: tuple[str, ...] = ()) -> tuple[list[Sheet], Ints]:
        """Return the versions that hold in the months, and for each month which, -1 for none that has the columns."""
        known = self._versions.get(kind)
        if known is None:
            versions = [_holding(self._masters, kind, month) if month else None for month in self.months]
            several = list(dict.fromkeys(filter(None, versions)))
            which = [several.index(version) if version else -1 for version in versions]
            known = self._versions[kind] = list(map(sheet_of, several)), np.array(which, np.int64)
        sheets, which_of = known
        lacking = [at for at, sheet in enumerate(sheets) if not all(map(sheet.version.has, columns))]
        return (sheets, np.where(np.isin(which_of, lacking), -1, which_of)) if lacking else known


def codes_of(batch: Batch) -> Codes:
    """Return the masters of a batch; ask by `batch.once(codes_of)`."""
    return Codes(batch)


@lru_cache(maxsize=_SAID_KEPT)
def _holding(masters: Masters, kind: str, month: Month) -> Version | None:
    return masters.at(kind, month)


@lru_cache(maxsize=_SAID_KEPT)
def _is_sure(masters: Masters, kind: str, month: Month) -> bool:
    return masters.sure(kind, month)


@lru_cache(maxsize=_SAID_KEPT)
def _is_current(masters: Masters, kind: str, month: Month) -> bool:
    return masters.current(kind, month)


@cache
def _special(kind: str) -> Ints:
    """Return the keys that are right without standing in a master."""
    form = forms()[kind]
    found = [form.number(code) for code in form.special] if len(form.key) == 1 else []
    return np.array([number for number in found if number is not None], np.int64)
