"""Code tables (別表): which codes an item may hold, what they mean, and in which months.

One CSV file per table in `codes/`. Columns: `code` first; `since` (included) and `until` (not included) are months of
service where a code has not always been or is no more; `source`; the rest belongs to the table. A code may be a range
of numbers such as 80-99. A table that holds for some kinds of claims only says so in `kind`.
"""

from collections.abc import Iterator, Mapping
from csv import DictReader
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import SupportsInt

Row = Mapping[str, str]


@dataclass(frozen=True)
class CodeTable:
    """One table. `code in table` asks whether a code was ever valid, `valid` whether it is in a month."""

    name: str
    rows: Mapping[str, tuple[Row, ...]]

    def __contains__(self, code: object) -> bool:
        return code in self.rows

    def __iter__(self) -> Iterator[str]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def items(self) -> Iterator[tuple[str, Row]]:
        """Yield each code with its newest row."""
        return ((code, rows[-1]) for code, rows in self.rows.items())

    def row(self, code: str, month: SupportsInt | None = None) -> Row | None:
        """Return the row of a code that holds in `month`, the newest if no month is given, None if there is none."""
        for row in reversed(self.rows.get(code, ())):
            if month is None or _holds(row, int(month)):
                return row
        return None

    def valid(self, code: str, month: SupportsInt | None) -> bool:
        """True if the code may stand in a claim of that month of service; without a month, if it ever might."""
        return self.row(code, month) is not None


@cache
def table(name: str) -> CodeTable:
    """Return the table `name`.

    Errors: KeyError if there is none (a bug in a layout or a rule).
    """
    path = files("seikyu.records") / "codes" / f"{name}.csv"
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        raise KeyError(name) from None
    return parse_table(name, text)


def parse_table(name: str, text: str) -> CodeTable:
    """Return the table that a CSV text holds. Several rows of one code stand from old to new."""
    rows: dict[str, tuple[Row, ...]] = {}
    for fields in DictReader(text.splitlines()):
        row = MappingProxyType(fields)
        for code in _expanded(fields["code"]):
            rows[code] = (*rows.get(code, ()), row)
    return CodeTable(name, MappingProxyType(rows))


def _expanded(code: str) -> Iterator[str]:
    """Yield the codes of a range such as 80-99, or the one code."""
    first, dash, last = code.partition("-")
    if not dash:
        yield code
        return
    for number in range(int(first), int(last) + 1):
        yield f"{number:0{len(first)}d}"


def _holds(row: Row, month: int) -> bool:
    since, until = row.get("since"), row.get("until")
    return not (since and month < _month(since)) and not (until and month >= _month(until))


def _month(text: str) -> int:
    """Return 202210 for 2022-10, as data files write months."""
    return int(text.replace("-", ""))
