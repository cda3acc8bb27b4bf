"""What one call of the compiled pass has read: claims and tables of columns, as rules' scans see them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from seikyu.records import Layout, RecordLayout
from seikyu.rules.kernel.columns import column_of
from seikyu.rules.kernel.compile import Tables
from seikyu.rules.kernel.jitted import scan as c
from seikyu.rules.masters import NO_MASTERS, Masters
from seikyu.rules.record import Record

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_Value = TypeVar("_Value")


class Places:
    """Lines of a batch: claim (its position in the batch), line, record (row in the layout), start and length."""

    def __init__(self, claim: Ints, line: Ints, record: Ints, *, start: Ints, length: Ints) -> None:
        self.claim, self.line, self.record, self.start, self.length = claim, line, record, start, length

    def __len__(self) -> int:
        return len(self.claim)


class Table(Places):
    """Rows of the records that stand in one table, in the order of the file.

    Shape: `own` is False in a donor's block; `marked` is the record, with `scan.DONOR` added there. An item's values
    are got by name: `EMPTY` and its like where there is none (see `scan`). `no` gives the item's number by the record's
    row.
    """

    def __init__(self, name: str, cells: Ints, tables: Tables) -> None:
        super().__init__(cells[0], cells[1], cells[2] & (c.DONOR - 1), start=cells[3], length=cells[4])
        self._names, self._cells, self._tables = tables.names[name], cells, tables
        self.marked: Ints = cells[2]
        self.own: Bools = self.marked < c.DONOR

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def __getitem__(self, name: str) -> Ints:
        return self._cells[c.FIXED_COLUMNS + self._names[name]]

    def no(self, name: str, rows: Ints) -> Ints:
        """Return the number of an item in the records of these rows."""
        return _numbers(self._tables, name)[self.record[rows]]


@cache
def _numbers(tables: Tables, name: str) -> Ints:
    """Return by the record's row the number of the item that stands in a column, 0 for none."""
    return np.array([_no(plan.layout, name) for plan in tables.record_plans], np.int64)


def _no(record: RecordLayout, name: str) -> int:
    item = record.by_name.get(name) or next((each for each in record.items if column_of(each.name) == name), None)
    return item.no if item else 0


@dataclass(eq=False)
class Batch:
    """Claims that were read at once.

    Shape: `buffer` are the bytes, in which starts and lengths count; `claims` has a column a claim (see `scan`);
    `events` a row each. `repeats` are the claims of which the identity, or the search number, stood before: the two, by
    position. `first` is the position of the first claim in the file, `header` that of the file.
    """

    tables: Tables
    buffer: NDArray[np.uint8]
    claims: Ints
    events: Ints
    cells: dict[str, NDArray[np.int64]]
    first: int
    review_body: str | None
    claim_month: int
    identities: NDArray[np.uint8]
    masters: Masters = NO_MASTERS
    institution: str = ""
    header: Record | None = None
    repeats: dict[int, tuple[bool, bool]] = field(default_factory=dict)

    def __len__(self) -> int:
        return int(self.claims.shape[1])

    @property
    def layout(self) -> Layout:
        """The layout of the file."""
        return self.tables.layout

    def table(self, name: str) -> Table:
        """Return a table by name."""
        known = self._tables.get(name)
        if known is None:
            known = self._tables[name] = Table(name, self.cells[name], self.tables)
        return known

    @cached_property
    def _tables(self) -> dict[str, Table]:
        return {}

    def of_events(self, problem: int) -> Places:
        """Return the lines of which the pass wrote that down."""
        events = self._apart[self._apart[:, c.V_PROBLEM] == problem]
        return Places(
            events[:, c.V_CLAIM],
            events[:, c.V_LINE],
            events[:, c.V_RECORD],
            start=events[:, c.V_START],
            length=events[:, c.V_LENGTH],
        )

    @cached_property
    def _apart(self) -> Ints:
        """The events that are no problems of items: few, also where many items are wrong."""
        return self.events[self.events[:, c.V_PROBLEM] >= c.E_CONTROL]

    def once(self, compute: Callable[["Batch"], _Value]) -> _Value:
        """Return what a function makes of the batch; it is made once."""
        if compute not in self._made:
            self._made[compute] = compute(self)
        return self._made[compute]

    @cached_property
    def _made(self) -> dict[Any, Any]:
        return {}

    def bytes_of(self, start: int, length: int) -> bytes:
        """Return bytes of the buffer."""
        return self.buffer[start : start + length].tobytes()

    def row_of(self, rid: str) -> int:
        """Return the row of a record in the layout, -1 if it has none."""
        return self.tables.record_ids.index(rid) if rid in self.tables.record_ids else -1

    def has(self, *ids: str) -> Bools:
        """Return which claims have one of these records of their own."""
        return (self.claims[c.C_PRESENT] & self._bits(ids)) != 0

    def again(self, *ids: str) -> Bools:
        """Return which claims have one of these records of their own more than once."""
        return (self.claims[c.C_AGAIN] & self._bits(ids)) != 0

    def _bits(self, ids: Sequence[str]) -> int:
        known = self.tables.record_ids
        return sum(1 << known.index(rid) for rid in ids if rid in known)

    @cached_property
    def month(self) -> Ints:
        """The service month of each claim as YYYYMM, 0 if it is unknown."""
        return np.maximum(self.claims[c.C_MONTH], 0)

    @cached_property
    def days(self) -> Ints:
        """How many days the service month of each claim has, 0 if it is unknown."""
        return days_of_month(self.month)

    @cached_property
    def last_day(self) -> Ints:
        """The last day of the service month as YYYYMMDD, 0 if it is unknown."""
        return np.where(self.month > 0, self.month * 100 + self.days, 0)


def days_of_month(month: Ints) -> Ints:
    """Return how many days each month YYYYMM has, 0 for no month."""
    year, index = month // 100, month % 100
    leap = ((year % 4 == 0) & (year % 100 != 0)) | (year % 400 == 0)
    return _DAYS[np.where(month > 0, index, 0)] + ((index == 2) & leap)  # noqa: PLR2004  (February)


_DAYS: Final = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], np.int64)
