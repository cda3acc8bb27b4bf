"""Claims as a payer receives them: rows with data kind, row number and branch; nothing else is changed.

A claim's own bytes stay as they came, but for the prefix, the line ends (always CRLF) and the review body's search
number in its RE. The history block of a claim claimed again (履歴管理ブロック: lines that bear such columns already)
stands at the end of the claim and is passed on untouched, without a row number of ours.
"""

from collections.abc import Iterator
from io import BytesIO
from re import compile as pattern
from typing import BinaryIO, Final
from unicodedata import normalize

from seikyu.limits import KIB
from seikyu.office.delivery.names import Form, forms, management_digits
from seikyu.office.errors import Damaged
from seikyu.records import full_width, outside_jis, read_lines
from seikyu.rules.index import IndexRow

_END: Final = b"\r\n"
_EOF: Final = b"\x1a"
_PIECE: Final = 64 * KIB
_HISTORY: Final = pattern(rb"\d{1,2},\d{1,5},\d{1,3},")

#: Records that open or end something; one of them inside a range, and the range is not a claim's.
_NOT_IN_A_CLAIM: Final = frozenset({b"RE", b"GO", b"HI", b"HG", b"MN"})

#: MN and the institution's row stand before the claim's own, which begin with RE.
_ROWS_BEFORE: Final = 2

#: Where a search number tells the claim month; it sets the claims of this delivery apart from those in a history.
_MONTH_OF_SEARCH_NO: Final = slice(3, 8)

#: As many payers as a claim can have. Source: payer:7.
_MOST_INSURERS: Final = 1
_MOST_PUBLIC_PAYERS: Final = 4

_ADDRESS_CHARS: Final = 40
_UNPRINTABLE: Final = "？".encode("cp932")

#: To full width: ASCII has its twins at a fixed distance; the space and two signs have theirs elsewhere.
_WIDENED: Final = {code: code + 0xFEE0 for code in range(0x21, 0x7F)} | {0x20: 0x3000, 0x2212: 0xFF0D, 0x301C: 0xFF5E}


def claim_rows(
    claim: bytes, header: bytes, *, kind: str, management_no: int, search_no: str, address: str = ""
) -> bytes:
    """Return a claim's rows in the payers' format.

    Shape: `claim` is what the index calls the claim's bytes, `header` the file's first record (IR) with or without its
    line end, `address` the institution's.
    Errors: Damaged, if the bytes are not one claim or could not be read back as one; ValueError for a bad number.
    """
    opening = _opening_rows(header, forms()[kind], management_no, search_no=search_no, address=address)
    return b"".join(_rows(BytesIO(claim), len(claim), opening, search_no=search_no, place=forms()[kind].search_no))


def stream_claim(
    source: BinaryIO,
    row: IndexRow,
    *,
    header: bytes,
    kind: str,
    management_no: int,
    search_no: str,
    address: str = "",
) -> Iterator[bytes]:
    """Yield the rows of the claim that `row` points to in `source`, holding one line at a time.

    Errors: as `claim_rows`, and Damaged if `source` ends within the claim. Rows yielded before an error must be
    discarded; try a claim whole before writing it where that cannot be done.
    """
    opening = _opening_rows(header, forms()[kind], management_no, search_no=search_no, address=address)
    source.seek(row.offset)
    yield from _rows(source, row.length, opening, search_no=search_no, place=forms()[kind].search_no)


def _opening_rows(
    header: bytes, form: Form, management_no: int, *, search_no: str, address: str
) -> tuple[bytes, bytes]:
    """Return the two rows before the claim's own: MN and the institution's."""
    plain = header.rstrip(b"\r\n")
    if not plain.startswith(form.header + b",") or b"\n" in plain or _EOF in plain:
        raise Damaged("the header is not the record that opens such a file")
    digits = management_digits(management_no)
    if not search_no.endswith(digits):
        raise ValueError("a search number ends in its management number")
    mn = b"2,1,0,MN,%b,%b,%b,,,%b" % (digits.encode(), _address(address), search_no.encode(), _END)
    return mn, b"1,2,0,%b%b" % (plain, _END)


def _rows(
    source: BinaryIO, length: int, opening: tuple[bytes, bytes], *, search_no: str, place: int
) -> Iterator[bytes]:
    yield from opening
    number, history = _ROWS_BEFORE, False
    payers = {b"HO": _MOST_INSURERS, b"KO": _MOST_PUBLIC_PAYERS}
    for content in _lines(source, length):
        if number > _ROWS_BEFORE and _HISTORY.match(content):
            _check_history(content, search_no, begins_after=None if history else number)
            history = True
            yield content + _END
            continue
        number += 1
        record_id = content.split(b",", 1)[0]
        first = number == _ROWS_BEFORE + 1
        if history or (record_id != b"RE" if first else record_id in _NOT_IN_A_CLAIM):
            raise Damaged("the bytes are not one claim", row=number)
        if record_id in payers:
            payers[record_id] -= 1
            if payers[record_id] < 0:
                raise Damaged("more payers than a claim can have", row=number)
        yield b"1,%d,0,%b%b" % (number, _with_search_no(content, search_no, place=place) if first else content, _END)
    if number == _ROWS_BEFORE:
        raise Damaged("the claim is empty")


def _check_history(content: bytes, search_no: str, *, begins_after: int | None) -> None:
    """A history must not begin like a later row of the claim, nor hold what reads like another claim of this month.

    Errors: Damaged.
    """
    items = content.split(b",")
    like_row = begins_after is not None and (items[0], items[2]) == (b"1", b"0") and int(items[1]) > begins_after
    month = search_no[_MONTH_OF_SEARCH_NO].encode("ascii")
    like_mn = items[:4] == [b"2", b"1", b"0", b"MN"] and items[6:7] and items[6][_MONTH_OF_SEARCH_NO] == month
    if like_mn or like_row:
        raise Damaged("a history block that reads like rows of this delivery")


def _lines(source: BinaryIO, length: int) -> Iterator[bytes]:
    """Yield the lines of the next `length` bytes without their ends, as the checker cuts them; empty ones are no rows.

    Only the last may lack its end, at the end of the file. Errors: Damaged.
    """
    reader, ending = read_lines(_pieces(source, length)), _END
    for line in reader:
        ending = line.ending
        if line.cut or (not line.ending and source.read(1)):
            raise Damaged("the bytes end within a line, or a line is too long")
        if _EOF in line.content:
            raise Damaged("a line holds an end-of-file mark")
        if line.content:
            yield line.content
    if ending == b"\r" and source.read(1) == b"\n":
        raise Damaged("the bytes end between the two bytes of a line end")
    if reader.tail is None or reader.tail.mark:
        raise Damaged("an end-of-file mark stands among the lines")


def _pieces(source: BinaryIO, length: int) -> Iterator[bytes]:
    """Yield the next `length` bytes in pieces. Errors: Damaged, if there are fewer."""
    while length:
        piece = source.read(min(length, _PIECE))
        if not piece:
            raise Damaged("the bytes end before the claim does")
        length -= len(piece)
        yield piece


def _with_search_no(record: bytes, search_no: str, *, place: int) -> bytes:
    """Return RE with our search number in its place; items that were dropped with their commas are put back."""
    items = record.split(b",")
    items += [b""] * (place - len(items))
    items[place - 1] = search_no.encode("ascii")
    return b",".join(items)


def _address(address: str) -> bytes:
    """Return an address as MN holds it: full-width, at most 80 bytes, what is no character of the standard as ？."""
    wide = normalize("NFKC", address).translate(_WIDENED)[:_ADDRESS_CHARS]
    chars = (char.encode("cp932", "replace") for char in wide)
    return b"".join(char if full_width(char) and outside_jis(char) is None else _UNPRINTABLE for char in chars)
