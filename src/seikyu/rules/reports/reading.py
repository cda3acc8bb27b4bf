"""The official lists read back, by the same forms: bytes to rows.

Whoever downloads a list may have opened and saved it with another program. So titles of columns are compared without
regard to width and spaces, columns are found by their title where there is one, quotes and a UTF-8 file are taken, and
a short row is filled up.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from csv import Error, reader
from dataclasses import dataclass
from io import StringIO
from typing import Final

from seikyu.rules.reports.forms import Column, Form, forms, kinds
from seikyu.rules.reports.values import Value, read_value

_UTF8_MARK: Final = b"\xef\xbb\xbf"
_GAP: Final = re.compile(r"\s+")
_MARKS: Final = re.compile(r"\([^()]*\)")
#: The lists that are read; `csv` has the title of `hasp` and is read as that.
_READ: Final = ("hasp", "uasp", "kasp", "pjry", "hjry", "fixf")
_HEADER_RECORD: Final = "1"
_ROW_RECORD: Final = "2"
#: So many titles of a line must be known before it counts as the line of titles.
_KNOWN_TITLES: Final = 3

Rows = tuple[Mapping[str, Value], ...]


class NotAList(Exception):
    """The bytes are none of the lists that we read. Nothing of what stands in them is told: lists name people."""


@dataclass(frozen=True, slots=True)
class ReadList:
    """A list as it was read.

    Shape: `form` says which; `title` is its first line as it stands, empty for a list without; `marks` are those of
    `test` and `automatic` that it bears, `kind` is dpc or None if the title does not tell. `header` and each of `rows`
    map a column's name to its value: a number, Month or date where it could be read as one, else the text, None for an
    empty place. Surplus places are let go.
    """

    form: Form
    title: str
    kind: str | None
    marks: frozenset[str]
    header: Mapping[str, Value]
    rows: Rows

    def __repr__(self) -> str:
        """Tell how much there is and nothing of what stands in it."""
        return f"<list {self.form.id}, {len(self.rows)} rows>"


def read_list(data: bytes) -> ReadList:
    """Return the rows of an official list.

    Errors: NotAList.
    """
    lines = _lines(data)
    if not lines:
        raise NotAList("the file is empty")
    form = _titled(lines[0])
    if form is not None:
        return _read_titled(form, lines)
    form = forms()["fixf"]
    if lines[0][0].strip() == _HEADER_RECORD and len(lines[0]) >= len(form.header) - 1:
        rows = (line for line in lines[1:] if line[0].strip() == _ROW_RECORD)
        header = _values(form.header, lines[0], range(len(form.header)))
        return ReadList(form, "", None, frozenset(), header, tuple(_by_place(form.columns, row) for row in rows))
    raise NotAList("the first line is not the title of a list")


def _lines(data: bytes) -> list[list[str]]:
    """Return the filled lines of a CSV file, in Shift_JIS or UTF-8."""
    text = _text(data)
    try:
        return [line for line in reader(StringIO(text, newline="")) if any(place.strip() for place in line)]
    except Error:
        raise NotAList("the file is no CSV file") from None


def _text(data: bytes) -> str:
    if data.startswith(_UTF8_MARK):
        return data[len(_UTF8_MARK) :].decode("utf-8", "replace")
    try:
        return data.decode("cp932")
    except UnicodeDecodeError:
        pass
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp932", "replace")


def _plain(text: str) -> str:
    return _GAP.sub("", unicodedata.normalize("NFKC", text))


def _titled(line: Sequence[str]) -> Form | None:
    """Return the form that a first line is the title of."""
    title = _MARKS.sub("", _plain(line[0]))
    return next((forms()[name] for name in _READ if _plain(forms()[name].title) == title), None)


def _read_titled(form: Form, lines: Sequence[Sequence[str]]) -> ReadList:
    title = _plain(lines[0][0])
    header = _values(form.header, lines[1], range(len(form.header))) if len(lines) > 1 else {}
    body = lines[2:]
    places = _places(form.columns, body[0]) if body else None
    rows = body[1:] if places is not None else body
    columns = form.columns if places is None else tuple(places)
    at = range(len(columns)) if places is None else list(places.values())
    dpc = _plain(kinds()["dpc"]["title"]) in title
    marks = frozenset(mark for mark, words in form.marks.items() if words and _plain(words) in title)
    return ReadList(
        form, lines[0][0], "dpc" if dpc else None, marks, header, tuple(_values(columns, row, at) for row in rows)
    )


def _places(columns: Sequence[Column], line: Sequence[str]) -> dict[Column, int] | None:
    """Return where each column stands by a line of titles, None if the line is none."""
    titles = [_plain(text) for text in line]
    found = {column: titles.index(_plain(column.title)) for column in columns if _plain(column.title) in titles}
    return found if len(found) >= _KNOWN_TITLES else None


def _by_place(columns: Sequence[Column], row: Sequence[str]) -> Mapping[str, Value]:
    return _values(columns, row, range(len(columns)))


def _values(columns: Sequence[Column], row: Sequence[str], at: Sequence[int]) -> Mapping[str, Value]:
    return {
        column.name: read_value(column.way, row[place] if place < len(row) else "")
        for column, place in zip(columns, at, strict=True)
    }
