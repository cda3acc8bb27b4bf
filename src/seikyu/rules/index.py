"""The claim index: a fixed-width binary object beside a received file, one row a claim.

The checker fills it in one pass over the bytes. Closing, delivery and the ledger read it and never parse a file for
what stands here. The outcome column is empty (0) until the sending is confirmed; then the office writes it.

Layout of the object: a header of `HEADER_BYTES`, then rows of `ROW_BYTES`, little endian. The row count is what the
size says, so a torn object is seen at once.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import IntEnum
from struct import Struct
from typing import BinaryIO, Final

MAGIC: Final = b"SKIX0001"
HEADER_BYTES: Final = 16

#: offset, length, line, claim_no, service_month, claim_type, worst, refused, has_insurer, payers, outcome, reason,
#: main_points, identity, then five times (number, points, days, meals_yen)
_ROW: Final = Struct("<QQIiiH BBBBBB x q 16s" + " 8sqhq" * 5)
ROW_BYTES: Final = _ROW.size

#: The levels as small numbers; 0 is a claim without findings. Order is gravity, so that max() is the worst.
WORST: Final = (None, "L48", "L7", "L4", "L3", "L2", "L1")


class Outcome(IntEnum):
    """What became of a claim at confirmation (請求確定状況).

    Source: provider:3.2.
    """

    OPEN = 0
    CLAIMED = 1
    UNCLAIMED = 2
    SUSPENDED = 3


class Reason(IntEnum):
    """Why a claim ended unclaimed or suspended; a small number in the index, a word outside."""

    NONE = 0
    REFUSED_FILE = 1
    REFUSED_CLAIM = 2
    ASKED = 3
    LEFT_OUT = 4
    CORRECTED = 5
    UNKNOWN_PAYER = 6
    DOES_NOT_ADD_UP = 7
    FILE_DAMAGED = 8
    NOT_A_CORRECTION = 9
    UNDONE = 10


@dataclass(frozen=True, slots=True)
class PayerShare:
    """What one HO or KO of a claim says.

    Shape: `number` is the payer's number in 8 characters as written (NHI numbers keep their two spaces), or empty if
    it could not be read. Units: points (home nursing: yen), days, yen. 0 where the item was empty or unreadable.
    """

    number: str
    points: int
    days: int
    meals_yen: int


@dataclass(frozen=True, slots=True)
class IndexRow:
    """One claim.

    Shape: `offset`, `length` are bytes of the file, from the R of RE to the end of the claim's last line (with its
    line end); `line` is the physical line of its RE, from 1; `claim_no` as printed (-1 unreadable); `service_month`
    as YYYYMM (0 unreadable); `claim_type` the four digits (0 unreadable). `payers` is HO first if there is one, then KO
    in file order, at most five. `main_points` are the points of HO, else of the first KO. `identity` is a keyed hash
    of what makes the claim the same claim again.
    """

    offset: int
    length: int
    line: int
    claim_no: int
    service_month: int
    claim_type: int
    worst: str | None
    refused: bool
    has_insurer: bool
    payers: tuple[PayerShare, ...]
    main_points: int
    identity: bytes
    outcome: Outcome = Outcome.OPEN
    reason: Reason = Reason.NONE

    @property
    def cases(self) -> int:
        """件数: one for every payer that the claim names. Source: payer:7."""
        return len(self.payers)

    @property
    def asks(self) -> bool:
        """True if a finding above notice stands on a claim that is not refused."""
        return not self.refused and self.worst not in (None, "L48")

    def decided(self, outcome: Outcome, reason: Reason = Reason.NONE) -> "IndexRow":
        """Return the row with its outcome written."""
        return replace(self, outcome=outcome, reason=reason)


class IndexDamaged(Exception):
    """The object is not a claim index, or its size does not fit its rows."""


def header() -> bytes:
    """Return the bytes that open an index."""
    return MAGIC + ROW_BYTES.to_bytes(4, "little") + bytes(4)


def pack(row: IndexRow) -> bytes:
    """Return the row in its `ROW_BYTES` bytes."""
    shares: list[bytes | int] = []
    for share in (*row.payers, *([_NOBODY] * (5 - len(row.payers)))):
        shares += [share.number.encode("ascii", "replace")[:8], share.points, share.days, share.meals_yen]
    return _ROW.pack(
        row.offset,
        row.length,
        row.line,
        row.claim_no,
        row.service_month,
        row.claim_type,
        WORST.index(row.worst),
        row.refused,
        row.has_insurer,
        len(row.payers),
        row.outcome,
        row.reason,
        row.main_points,
        row.identity,
        *shares,
    )


def unpack(data: bytes) -> IndexRow:
    """Return the row that `pack` wrote."""
    fields = _ROW.unpack(data)
    shares = [
        PayerShare(number.rstrip(b"\0").decode("ascii"), points, days, meals_yen)
        for number, points, days, meals_yen in (fields[14 + i * 4 : 18 + i * 4] for i in range(fields[9]))
    ]
    return IndexRow(
        offset=fields[0],
        length=fields[1],
        line=fields[2],
        claim_no=fields[3],
        service_month=fields[4],
        claim_type=fields[5],
        worst=WORST[fields[6]],
        refused=bool(fields[7]),
        has_insurer=bool(fields[8]),
        payers=tuple(shares),
        outcome=Outcome(fields[10]),
        reason=Reason(fields[11]),
        main_points=fields[12],
        identity=fields[13],
    )


def write(rows: Iterable[IndexRow]) -> Iterator[bytes]:
    """Yield the bytes of an index over `rows`."""
    yield header()
    for row in rows:
        yield pack(row)


def read(source: BinaryIO) -> Iterator[IndexRow]:
    """Yield the rows of an index, in file order.

    Errors: IndexDamaged.
    """
    if source.read(HEADER_BYTES) != header():
        raise IndexDamaged("not a claim index of this edition")
    while data := source.read(ROW_BYTES):
        if len(data) != ROW_BYTES:
            raise IndexDamaged("the last row is cut")
        try:
            yield unpack(data)
        except (ValueError, IndexError) as reason:
            raise IndexDamaged("a row holds what no row can hold") from reason


def with_findings(rows: bytes) -> list[int]:
    """Return the places of the claims in packed rows of which something is to be told, by their worst level."""
    return [place for place, worst in enumerate(rows[_WORST_AT::ROW_BYTES]) if worst]


#: Where a row says the worst level.
_WORST_AT: Final = Struct("<QQIiiH").size
_NOBODY: Final = PayerShare("", 0, 0, 0)
