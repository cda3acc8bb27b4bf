"""A version of a master in one block of bytes, made to be looked up without being read.

Shape: `MAGIC`, the length of the header in 8 bytes, the header (JSON: what the version is and where its columns lie),
the header's SHA-256, then the columns, each at a multiple of 8: the keys as signed numbers of 8 bytes in rising order,
whole numbers and dates in 4, decimals in hundredths in 8, texts as UTF-8 behind each other with where each one ends in
4 bytes; at last the SHA-256 of all before. Numbers are little-endian. What a cell lacks is the least number of its
width. `codes`, `numbers` and `texts` hand out memory that NumPy can take as it is (`numpy.frombuffer`).
"""

import json
import sys
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from hashlib import sha256
from itertools import accumulate
from struct import pack, unpack_from
from typing import Any, Final, NamedTuple

from seikyu.rules.masters.form import Form, MasterForm, forms

MAGIC: Final = b"seikyu-master-1\n"
_DIGEST_BYTES: Final = 32
_HEAD_BYTES: Final = len(MAGIC) + 8
_EIGHT: Final = 8
#: The letters of struct and memoryview for what a column holds.
_WIDTHS: Final = {Form.NUMBER: "i", Form.DATE: "i", Form.DECIMAL: "q"}
NO_NUMBER: Final = -(2**31)
NO_DECIMAL: Final = -(2**63)
_NONE: Final = {"i": NO_NUMBER, "q": NO_DECIMAL}
#: A date that stands for none. Source: master-layouts:3.
_NEVER: Final = frozenset({0, 99999999, NO_NUMBER})
_CENT: Final = Decimal("0.01")


class BadMaster(Exception):
    """The bytes of a stored version are not those that were written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionLabel:
    """What a version is, without its rows.

    Shape: `since` the first day that it holds, `known_until` the last day on which it is known to be the newest, both
    YYYYMMDD; `digest` the SHA-256 of the file that it was read from; `whole`: it has every code that there was.
    `imported` counts the imports of a home, so that of two versions of one day the later one is told.
    """

    kind: str
    since: int
    digest: str
    known_until: int
    whole: bool
    rows: int
    edition: str = ""
    file: str = ""
    imported: int = 0

    @property
    def name(self) -> str:
        """The version in verdicts: its first day, the beginning of its file's digest, the number of its import."""
        return f"{self.since}-{self.digest[:8]}-{self.imported}"


class TextColumn(NamedTuple):
    """Texts behind each other: that of row n lies in `text` from `ends[n]` to `ends[n + 1]`."""

    ends: memoryview
    text: memoryview


@dataclass(frozen=True, slots=True)
class Row:
    """One row: `row["points"]` is its value, None where the cell is empty or the version lacks the column."""

    version: "Version"
    at: int

    def __getitem__(self, column: str) -> Any:
        return self.version.value(column, self.at)

    @property
    def name(self) -> str:
        """What is called so; empty if the version has no names."""
        return self["name"] or ""

    def to_json(self) -> dict[str, Any]:
        """Return all values in the types of JSON."""
        values = {column: self[column] for column in self.version.columns}
        return {name: str(value) if isinstance(value, Decimal | date) else value for name, value in values.items()}


@dataclass(frozen=True, eq=False, slots=True)
class Version:
    """One version of a master, ready to be looked up."""

    label: VersionLabel
    form: MasterForm
    codes: memoryview
    numbers: Mapping[str, memoryview]
    texts: Mapping[str, TextColumn]

    @property
    def columns(self) -> list[str]:
        """The columns that the version has, in the order of the form."""
        return [name for name in self.form.columns if name in self.numbers or name in self.texts]

    def has(self, column: str) -> bool:
        """True if the version has the column. A column whose every cell is empty is none."""
        return column in self.numbers or column in self.texts

    def row(self, *key: str) -> Row | None:
        """Return the row of a key (one value a column of the key), the first if there are several; None if none."""
        number = self.form.number(*key)
        if number is None:
            return None
        at = bisect_left(self.codes, number)
        return Row(self, at) if at < len(self.codes) and self.codes[at] == number else None

    def rows(self, first: str) -> list[Row]:
        """Return the rows whose key begins with `first`."""
        span = self.form.span(first)
        if span is None:
            return []
        low, high = span
        return [Row(self, at) for at in range(bisect_left(self.codes, low), bisect_left(self.codes, high))]

    def value(self, column: str, at: int) -> Any:
        """Return the value of a cell: int, Decimal, date or str; None if it is empty or there is no such column."""
        if column in self.texts:
            ends, text = self.texts[column]
            return str(text[ends[at] : ends[at + 1]], "utf-8") or None
        if column not in self.numbers:
            return None
        number = self.numbers[column][at]
        form = self.form.columns[column].form
        if form is Form.DATE:
            return None if number in _NEVER else _date(number)
        if number == _NONE[_WIDTHS[form]]:
            return None
        return Decimal(number) * _CENT if form is Form.DECIMAL else number


def _date(number: int) -> date | None:
    try:
        return date(number // 10000, number // 100 % 100, number % 100)
    except ValueError:
        return None


def write_version(label: VersionLabel, codes: Sequence[int], columns: Mapping[str, Sequence[Any]]) -> bytes:
    """Return the bytes of a version whose rows stand in the order of their keys.

    Shape: `columns` has a list a column: texts, or numbers as `number_in` gives them.
    """
    form = forms()[label.kind]
    places: dict[str, list[int]] = {}
    body = bytearray()

    def put(letter: str, values: Sequence[int]) -> int:
        body.extend(bytes(-len(body) % _EIGHT))
        start = len(body)
        body.extend(pack(f"<{len(values)}{letter}", *values))
        return start

    first = put("q", codes)
    for name, values in columns.items():
        if form.columns[name].form is Form.TEXT:
            encoded = [value.encode() for value in values]
            ends = put("i", [0, *accumulate(map(len, encoded))])
            places[name] = [ends, len(body)]
            body.extend(b"".join(encoded))
        else:
            places[name] = [put(_WIDTHS[form.columns[name].form], values)]
    head = json.dumps({"label": asdict(label), "codes": first, "columns": places}).encode()
    head += b" " * (-(_HEAD_BYTES + len(head)) % _EIGHT)
    whole = b"".join([MAGIC, len(head).to_bytes(_EIGHT, "little"), head, sha256(head).digest(), body])
    return whole + sha256(whole).digest()


def read_label(head: bytes | memoryview) -> VersionLabel:
    """Return what a version is from its first bytes; nothing behind the header is looked at.

    Errors: BadMaster, also if there are too few bytes.
    """
    return VersionLabel(**_head(memoryview(head))[0]["label"])


def read_version(block: bytes | memoryview) -> Version:
    """Return the version in a block of bytes, nothing of which is copied.

    Errors: BadMaster.
    """
    memory = memoryview(block)
    told, start = _head(memory)
    if sha256(memory[:-_DIGEST_BYTES]).digest() != memory[-_DIGEST_BYTES:]:
        raise BadMaster("the digest is another")
    label, body = VersionLabel(**told["label"]), memory[start:-_DIGEST_BYTES]
    form = forms().get(label.kind)
    if form is None:
        raise BadMaster("a kind of master that this program does not know")
    numbers, texts = {}, {}
    for name, place in told["columns"].items():
        column = form.columns.get(name)
        if column is None:
            continue  # A later program knew more of this kind.
        if column.form is Form.TEXT:
            ends = _cast(body, place[0], "i", label.rows + 1)
            texts[name] = TextColumn(ends, body[place[1] : place[1] + ends[label.rows]])
        else:
            numbers[name] = _cast(body, place[0], _WIDTHS[column.form], label.rows)
    return Version(label, form, _cast(body, told["codes"], "q", label.rows), numbers, texts)


def _head(memory: memoryview) -> tuple[dict[str, Any], int]:
    """Return what the header tells, and where the columns begin. Errors: BadMaster."""
    if bytes(memory[: len(MAGIC)]) != MAGIC or sys.byteorder != "little":
        raise BadMaster("not a stored master")
    end = _HEAD_BYTES + unpack_from("<Q", memory, len(MAGIC))[0] if len(memory) > _HEAD_BYTES else len(memory)
    head = memory[_HEAD_BYTES:end]
    if sha256(head).digest() != memory[end : end + _DIGEST_BYTES]:
        raise BadMaster("the digest of the header is another")
    return json.loads(bytes(head)), end + _DIGEST_BYTES


def _cast(body: memoryview, start: int, letter: str, count: int) -> memoryview:
    if letter == "i":
        return body[start : start + 4 * count].cast("i")
    return body[start : start + _EIGHT * count].cast("q")


def number_in(form: Form, text: str) -> int | None:
    """Return a cell's text as its column holds it, None if it is no such number.

    >>> number_in(Form.DECIMAL, "120.5"), number_in(Form.DATE, "20260401")
    (12050, 20260401)
    """
    letter = _WIDTHS[form]
    if not text:
        return _NONE[letter]
    whole, dot, part = text.partition(".")
    if not (whole.isascii() and whole.isdigit() and len(whole) <= (9 if letter == "i" else 15)):
        return None
    if form is not Form.DECIMAL:
        return None if dot else int(whole)
    if dot and not (part.isascii() and part.isdigit() and len(part) <= 2):  # noqa: PLR2004  (hundredths)
        return None
    return int(whole) * 100 + int((part + "00")[:2])
