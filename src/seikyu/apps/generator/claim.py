"""One made-up claim as records of text items, and the places in it that every use of it fills anew."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

from seikyu.records import layout_for

Effect = Literal["refused", "ask"]

# What differs from claim to claim though the care is the same stands as one control character, which no claim has.
NUMBER: Final = "\x01"
NAME: Final = "\x02"
KANA: Final = "\x03"
CHART: Final = "\x04"
CARD: Final = "\x05"
ELDERLY_CARD: Final = "\x06"
RECIPIENT: Final = "\x07"
SEARCH: Final = "\x08"
MANAGEMENT: Final = "\x0e"
SLOTS: Final = (NUMBER, NAME, KANA, CHART, CARD, ELDERLY_CARD, RECIPIENT, SEARCH, MANAGEMENT)

Record = list[str]

#: Made-up files follow the newest layout of their kind.
_NEWEST: Final = None


@dataclass(frozen=True, slots=True)
class Share:
    """What one HO or KO says. `number` is the payer's id (8 digits). Units: points (home nursing: yen), yen."""

    number: str
    points: int
    meals_yen: int


@dataclass(slots=True)
class Claim:
    """A claim as records of text items, in file order, and what its payers are asked for, the main payer first."""

    records: list[Record]
    shares: tuple[Share, ...]
    sex: str

    def encode(self) -> bytes:
        """Return the claim's lines in Shift_JIS."""
        return encoded(self.records)


def encoded(records: Iterable[Record]) -> bytes:
    """Return records as lines in Shift_JIS."""
    return "".join([",".join(record) + "\r\n" for record in records]).encode("cp932")


def row(kind: str, record_id: str, items: Mapping[int, str]) -> Record:
    """Return a record with all its commas. Shape: `items` by their number as printed, the record's own id is 1."""
    record = list(_blank(kind, record_id))
    for no, item in items.items():
        record[no - 1] = item
    return record


@cache
def _blank(kind: str, record_id: str) -> Sequence[str]:
    layout = layout_for(kind, _NEWEST)
    items = (layout.history.get(record_id) or layout.records[record_id]).items
    return (record_id, *[""] * (len(items) - 1))


def days_row(kind: str, record_id: str, items: Mapping[int, str], *, first: int, days: Mapping[int, int]) -> Record:
    """Return a record whose item `first` is the first of the month's 31 days."""
    record = row(kind, record_id, items)
    for day, times in days.items():
        record[first + day - 2] = str(times)
    return record


def shares_in(lines: Iterable[bytes], meals: Mapping[bytes, int]) -> Iterator[Share]:
    """Yield what the HO and KO lines of a claim say now, as far as it is a number.

    Shape: `meals` says which item (from 0) of HO and of KO holds the yen of meals.
    """
    for line in lines:
        record_id = line[:2]
        if record_id in {b"HO", b"KO"}:
            items = line.rstrip(b"\r\n").split(b",")
            at = meals.get(record_id, len(items))
            yen = items[at] if at < len(items) else b""
            points = items[5] if len(items) > 5 else b""  # noqa: PLR2004  (item 6 of HO and KO of every kind)
            yield Share(items[1].decode("cp932").strip().zfill(8), _amount(points), _amount(yen))


def _amount(item: bytes) -> int:
    return int(item) if item.isdigit() else 0
