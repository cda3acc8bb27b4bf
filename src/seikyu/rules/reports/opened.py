"""The official lists laid open for people: title, header and rows of the very bytes that are handed out.

From here a list goes to a screen, onto paper, or into a program for tables. For the last one there is a file of its own
beside the official one (`for_spreadsheet`): UTF-8 with a mark, a line of titles, dates and numbers as such programs
read them, and nothing that they would take for a formula.
"""

from collections.abc import Iterable, Iterator, Sequence
from csv import reader, writer
from dataclasses import dataclass
from datetime import date
from io import StringIO
from itertools import islice
from typing import Final

from seikyu.records import Month
from seikyu.rules.reports.forms import Column, Form, Issue, title_of
from seikyu.rules.reports.values import Value, read_value

#: Tells programs that a file is UTF-8.
UTF8_MARK: Final = b"\xef\xbb\xbf"

_SPACES: Final = " 　"
#: What a program for tables may take for the beginning of a formula; in Japan also the full-width ones.
_FORMULA: Final = tuple("=+-@\t\r\n＝＋－＠")


@dataclass(frozen=True, slots=True)
class OpenList:
    """A list laid open.

    Shape: `header` are pairs of title and value, those without a value left out; `heads` are the titles of the columns;
    each of `rows` has a text for each of them. Rows are read once.
    """

    title: str
    header: tuple[tuple[str, str], ...]
    columns: tuple[Column, ...]
    rows: Iterator[tuple[str, ...]]

    @property
    def heads(self) -> tuple[str, ...]:
        """The titles of the columns."""
        return tuple(column.title for column in self.columns)


def open_list(form: Form, issue: Issue, lines: Iterable[bytes]) -> OpenList:
    """Return a list of that form laid open."""
    columns = form.of(issue.in_out)
    texts = reader(line.decode("cp932") for line in lines)
    if form.titled:
        next(texts)
    head = next(texts)
    if form.named:
        next(texts)
    pairs = zip((column.title for column in form.header), map(_bare, head), strict=True)
    return OpenList(
        title_of(form, issue), tuple(pair for pair in pairs if pair[1]), columns, (_row(columns, row) for row in texts)
    )


def for_spreadsheet(heads: Sequence[str], rows: Iterable[Iterable[str]]) -> Iterator[bytes]:
    """Yield the lines of a table for programs: UTF-8 with its mark, CR LF, and nothing that is run as a formula."""
    yield UTF8_MARK + _line(heads)
    for row in rows:
        yield _line(map(harmless, row))


def plain_rows(opened: OpenList) -> Iterator[tuple[str, ...]]:
    """Yield the rows with dates as 2026-09-10, months as 2026-08, codes and numbers half-width."""
    for row in opened.rows:
        yield tuple(_told(read_value(column.way, text)) for column, text in zip(opened.columns, row, strict=True))


def part_of(opened: OpenList, no: int, *, rows: int) -> tuple[list[tuple[str, ...]], bool]:
    """Return part `no` (from 1) of the rows, so many a part, and whether more follow."""
    found = list(islice(opened.rows, (no - 1) * rows, no * rows + 1))
    return found[:rows], len(found) > rows


def harmless(text: str) -> str:
    """Return a text that no program for tables runs: an apostrophe stands before what might be a formula.

    >>> harmless("=1+1"), harmless("-216"), harmless("見本")
    ("'=1+1", '-216', '見本')
    """
    number = text[1:].isdecimal() and text.isascii() and text[0] == "-"
    return f"'{text}" if text.startswith(_FORMULA) and not number else text


def _row(columns: Sequence[Column], row: Sequence[str]) -> tuple[str, ...]:
    """Return a row with a text in each place: the row of what is refused has two only."""
    return (*map(_bare, row), *[""] * (len(columns) - len(row)))


def _bare(text: str) -> str:
    return text.strip(_SPACES)


def _told(value: Value) -> str:
    if isinstance(value, Month):
        return f"{value.year:04d}-{value.month:02d}"
    return value.isoformat() if isinstance(value, date) else "" if value is None else str(value)


def _line(texts: Iterable[str]) -> bytes:
    out = StringIO()
    writer(out, lineterminator="\r\n").writerow(texts)
    return out.getvalue().encode()
