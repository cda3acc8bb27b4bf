"""A sealed delivery read again: the payers' leg of the claim ledger.

Who is charged and for how much is taken from the HO and KO bytes that the payer will see, by positions of this room's
own (`forms.toml`); neither the claim index nor the writer has a part in it. Anything odd about the rows is an error:
the office itself wrote them, so there is nothing to be lenient about. Of the institution's items only those are looked
at that charge somebody; an empty or unreadable amount counts 0, as it does in the index.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from re import compile as pattern
from typing import BinaryIO, Final

from seikyu.limits import limit
from seikyu.office.delivery.names import Form, Places, forms
from seikyu.office.errors import Damaged
from seikyu.office.ledger import Amounts

_OPENS: Final = b"2,1,0,MN,"
_NUMBERS: Final = pattern(rb"2,1,0,MN,(\d{9,16}),[^,]*,(\d{3}(\d{5})\1),,,")
_HISTORY: Final = pattern(rb"(\d{1,2}),(\d{1,5}),(\d{1,3}),")
_PAYER: Final = pattern(rb" {0,7}\d{1,8}")
_AMOUNT: Final = pattern(rb"\d{1,18}")
_PAYER_CHARS: Final = 8
_MOST_PUBLIC_PAYERS: Final = 4
_HEADER_ROW: Final = 2
_RE_ROW: Final = 3


@dataclass(frozen=True, slots=True)
class Charged:
    """What one payer is charged by one delivered claim. Shape: `payer` is 8 digits. Units: days, points, yen."""

    payer: str
    days: int
    points: int
    meals_yen: int


@dataclass(frozen=True, slots=True)
class DeliveredClaim:
    """A claim as it stands in a delivery.

    Shape: `row` is the line of its MN in the delivery from 1, `offset` and `length` the bytes of all its rows; `payers`
    begins with the main payer, and `main_points` are the points of its first record.
    """

    management_no: int
    search_no: str
    row: int
    offset: int
    length: int
    payers: tuple[Charged, ...]
    main_points: int

    def amounts_for(self, payer: str) -> Amounts:
        """Return what the claim posts to `payer`.

        Errors: Damaged, if the claim does not name the payer: it lies in a foreign delivery.
        """
        for place, charged in enumerate(self.payers):
            if charged.payer == payer:
                main = place == 0
                return Amounts(int(main), self.main_points if main else 0, 1, charged.points, charged.meals_yen)
        raise Damaged("a claim that does not name the payer of the delivery", row=self.row)


def read_delivery(source: BinaryIO, *, kind: str) -> Iterator[DeliveredClaim]:
    """Yield the claims of a delivery in order, holding one line at a time.

    Errors: Damaged, at the first thing that the office would not have written; claims yielded before are not to be
    trusted alone.
    """
    form, longest = forms()[kind], limit("line_bytes")
    claim: _Claim | None = None
    month, offset, row = b"", 0, 0
    while line := source.readline(longest * 2):
        row += 1
        if not line.endswith(b"\r\n") or b"\x1a" in line:
            raise Damaged("a line without its end, or an end-of-file mark", row=row)
        content = line[:-2]
        numbers = _NUMBERS.fullmatch(content)
        if numbers and (claim is None or numbers[3] == month):
            if claim:
                yield claim.finished(offset)
            month = numbers[3]
            claim = _Claim(int(numbers[1]), numbers[2], row=row, offset=offset)
        elif claim is None:
            raise Damaged("a delivery that does not begin with a claim", row=row)
        else:
            claim.take(content, row, form=form)
        offset += len(line)
    if claim is None:
        raise Damaged("a delivery without claims")
    yield claim.finished(offset)


@dataclass(slots=True)
class _Claim:
    """A claim whose rows are still coming."""

    management_no: int
    search_no: bytes
    row: int
    offset: int
    rows: int = 1
    history: bool = False
    insurer: list[Charged] = field(default_factory=list)
    public: list[Charged] = field(default_factory=list)

    def take(self, content: bytes, row: int, *, form: Form) -> None:
        """Take the next row; a history block may only end a claim."""
        prefix = b"1,%d,0," % (self.rows + 1)
        if not self.history and content.startswith(prefix):
            self.rows += 1
            self._take_record(content[len(prefix) :].split(b","), row, form=form)
        elif self.history or self.rows >= _RE_ROW:
            self._take_history(content, row)
        else:
            raise Damaged("a row that does not follow the one before", row=row)

    def _take_history(self, content: bytes, row: int) -> None:
        """A history begins with a row that goes back or is none of ours; a later row of ours would mean a gap."""
        columns = _HISTORY.match(content)
        if columns is None or (
            not self.history and columns[1] == b"1" and columns[3] == b"0" and int(columns[2]) > self.rows
        ):
            raise Damaged("a row that does not follow the one before", row=row)
        self.history = True

    def _take_record(self, items: list[bytes], row: int, *, form: Form) -> None:
        record_id = items[0]
        expected = {_HEADER_ROW: form.header, _RE_ROW: b"RE"}.get(self.rows)
        if (expected and record_id != expected) or (not expected and record_id in (b"RE", b"MN", b"GO")):
            raise Damaged("a record where it cannot stand", row=row)
        if record_id == b"RE" and items[form.search_no - 1 : form.search_no] != [self.search_no]:
            raise Damaged("a claim whose search number is not that of its MN", row=row)
        if record_id == b"HO":
            self.insurer.append(_charged(items, row, places=form.HO))
        elif record_id == b"KO":
            self.public.append(_charged(items, row, places=form.KO))

    def finished(self, end: int) -> DeliveredClaim:
        """Return the claim, whose rows end at `end`."""
        named = self.insurer + self.public
        if not named or len(self.insurer) > 1 or len(self.public) > _MOST_PUBLIC_PAYERS:
            raise Damaged("a claim without payers, or with more than there can be", row=self.row)
        charged: dict[str, Charged] = {}
        for one in named:
            charged[one.payer] = _sum(charged[one.payer], one) if one.payer in charged else one
        return DeliveredClaim(
            management_no=self.management_no,
            search_no=self.search_no.decode("ascii"),
            row=self.row,
            offset=self.offset,
            length=end - self.offset,
            payers=tuple(charged.values()),
            main_points=named[0].points,
        )


def _charged(items: list[bytes], row: int, *, places: Places) -> Charged:
    number = items[places.number - 1] if len(items) >= places.number else b""
    if not _PAYER.fullmatch(number):
        raise Damaged("a claim whose payer cannot be read", row=row)
    return Charged(
        payer=number.decode("ascii").lstrip(" ").rjust(_PAYER_CHARS, "0"),
        days=_amount(items, places.days),
        points=_amount(items, places.points),
        meals_yen=_amount(items, places.meals) if places.meals else 0,
    )


def _amount(items: list[bytes], place: int) -> int:
    item = items[place - 1] if len(items) >= place else b""
    return int(item) if _AMOUNT.fullmatch(item) else 0


def _sum(one: Charged, other: Charged) -> Charged:
    """One payer named twice: one case with both shares."""
    return Charged(one.payer, max(one.days, other.days), one.points + other.points, one.meals_yen + other.meals_yen)
