"""The register as a list: read from a CSV file that a spreadsheet has made, and written as one.

A list is looked at as a whole before anything changes, and it changes as a whole or not at all. However long it is,
only a batch of its rows is held at a time; of what it comes to, the first of each kind are told, the others counted.
"""

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from itertools import islice
from operator import attrgetter
from typing import BinaryIO, Final

from seikyu.ports.errors import SeikyuError, TooLong
from seikyu.ports.register import Party
from seikyu.ports.store import ReadTx, WriteTx
from seikyu.services.office import Office
from seikyu.trust.register import (
    BadHeading,
    Change,
    Entry,
    Remark,
    Said,
    Verdict,
    heading,
    headline,
    is_listed,
    judge,
    read_row,
    written,
)

#: Rows that are held, looked up and written at once.
BATCH: Final = 500

_PIECE_BYTES: Final = 1 << 20
#: What no text holds; the last four are what Python makes of bytes that are none of Shift_JIS.
_NO_TEXT: Final = re.compile("[\0\uf8f0-\uf8f3]")
#: From here on a character has three bytes in UTF-8; Shift_JIS hardly ever looks like one of those.
_FIRST_WIDE: Final = "\u0800"
_MARK: Final = b"\xef\xbb\xbf"
_WRITING: Final = {Verdict.ADDED, Verdict.CHANGED, Verdict.ENDED}


class ListUnreadable(SeikyuError):
    """The list cannot be read as one; nothing changed. Shape: facts `why` (a word with texts), `what`, `line`."""

    code = "list_unreadable"

    @property
    def words_code(self) -> str:
        """Which texts tell it."""
        return f"list_{self.facts['why']}"


class _ListRefused(Exception):
    """A row is refused, so the transaction must not commit."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A row of the list and what it comes to. Shape: `line` counts from 1, the heading included."""

    line: int
    change: Change


@dataclass(slots=True)
class Report:
    """What a list comes to.

    Shape: `counts` by verdict; `refused` and `changes` are the first of theirs in the order of the list, and so are
    `remarked`, rows that are taken and about which something is to be said. `applied`: the register has changed.
    """

    counts: Counter[Verdict] = field(default_factory=Counter)
    refused: list[Listed] = field(default_factory=list)
    changes: list[Listed] = field(default_factory=list)
    remarked: list[Listed] = field(default_factory=list)
    applied: bool = False

    def take(self, each: Listed, *, most: int) -> None:
        """Count a row, and keep it if there is room."""
        verdict = each.change.verdict
        self.counts[verdict] += 1
        kept = {Verdict.REFUSED: self.refused, Verdict.UNCHANGED: None}.get(verdict, self.changes)
        if kept is not None and len(kept) < most:
            kept.append(each)
        if verdict is not Verdict.REFUSED and each.change.remarks and len(self.remarked) < most:
            self.remarked.append(each)


def import_list(office: Office, source: BinaryIO, *, dry_run: bool) -> Report:
    """Read a list and bring the register up to it, or only say what that would change.

    Shape: `source` can be read from its start again. It is read twice: first without the right to write, so that nobody
    waits for a list that is refused.
    Errors: ListUnreadable, TooLong; Unavailable, NoSpace. The register is then as it was; so it is if a row is refused.
    """
    encoding = encoding_of(source, limit_bytes=office.limit("register_bytes"))
    most = office.limit("register_rows_told")
    with office.store.read() as tx:
        report = Report()
        for batch in _judged(office, tx, source, encoding):
            for each in batch:
                report.take(each, most=most)
    if dry_run or report.refused:
        return report
    if not report.changes:
        report.applied = True  # Nobody waits for a list that changes nothing.
        return report
    report = Report()
    try:
        with office.store.write() as tx:
            _write(office, tx, source, encoding=encoding, report=report)
    except _ListRefused:
        return report
    report.applied = True
    office.tell("register_list", **{verdict.value: count for verdict, count in report.counts.items()})
    return report


def _write(office: Office, tx: WriteTx, source: BinaryIO, *, encoding: str, report: Report) -> None:
    """Write what the list changes. Errors: _ListRefused, if the register has changed so that a row is refused now."""
    most = office.limit("register_rows_told")
    for batch in _judged(office, tx, source, encoding):
        for each in batch:
            report.take(each, most=most)
        entries = [each.change.entry for each in batch if each.change.verdict in _WRITING]
        rows = [Party(*_values(entry)) for entry in entries if entry is not None]
        if rows:
            tx.put_parties(rows)
    if report.refused:
        raise _ListRefused


def export_list(office: Office, lang: str) -> Iterator[bytes]:
    """Yield the register as CSV that a spreadsheet opens as it is (UTF-8 with a mark), batch by batch."""
    yield _MARK + _line(headline(lang))
    after: str | None = ""
    while after is not None:
        with office.store.read() as tx:
            rows = tx.parties_after(after, limit=BATCH)
        yield b"".join(_line(written(_entry(row), lang)) for row in rows if is_listed(row.kind))
        after = rows[-1].id if len(rows) == BATCH else None


def encoding_of(source: BinaryIO, *, limit_bytes: int) -> str:
    """Return how the list is written: UTF-8, with or without a mark, or Shift_JIS as Windows has it.

    What begins as Japanese in UTF-8 and goes on as something else is damaged: read as Shift_JIS it would be rubbish.
    Errors: ListUnreadable, TooLong.
    """
    if source.seek(0, io.SEEK_END) > limit_bytes:
        raise TooLong(limit_bytes=limit_bytes)
    for encoding in ("utf-8-sig", "cp932"):
        wide = False
        try:
            for text in _decoded(source, encoding):
                wide = wide or _is_wide(text)
                if _NO_TEXT.search(text):
                    raise ListUnreadable(why="not_text", what="")
        except UnicodeDecodeError as odd:
            if wide or _is_wide(odd.object[: odd.start].decode(encoding)):
                break
            continue
        return encoding
    raise ListUnreadable(why="not_text", what="")


def _decoded(source: BinaryIO, encoding: str) -> Iterator[str]:
    """Yield a list's text, piece by piece. Errors: UnicodeDecodeError."""
    decoder = codecs.getincrementaldecoder(encoding)()
    source.seek(0)
    while piece := source.read(_PIECE_BYTES):
        yield decoder.decode(piece)
    yield decoder.decode(b"", final=True)


def _is_wide(text: str) -> bool:
    return any(char >= _FIRST_WIDE for char in text)


def _judged(office: Office, tx: ReadTx, source: BinaryIO, encoding: str) -> Iterator[list[Listed]]:
    """Yield what the rows come to, a batch at a time. Errors: ListUnreadable."""
    now = office.clock.now()
    seen: dict[str, int] = {}
    rows = _rows(office, source, encoding)
    while batch := list(islice(rows, BATCH)):
        once = [(line, _once(said, seen, line)) for line, said in batch]
        ids = sorted({said.id for _, said in once if not said.refused})
        present = {party.id: _entry(party) for party in tx.parties_named(ids)} if ids else {}
        yield [Listed(line, judge(said, present.get(said.id), now=now)) for line, said in once]


def _once(said: Said, seen: dict[str, int], line: int) -> Said:
    """Refuse a party that the list has named before: which row is meant nobody can know."""
    if said.refused:
        return said
    before = seen.setdefault(said.id, line)
    if before == line:
        return said
    return Said(said.id, said.category, said.cells, (Remark("twice", {"line": str(before)}),), said.remarks)


def _rows(office: Office, source: BinaryIO, encoding: str) -> Iterator[tuple[int, Said]]:
    """Yield the rows with their lines; rows without any text are none. Errors: ListUnreadable."""
    source.seek(0)
    text = io.TextIOWrapper(source, encoding=encoding, newline="")
    reader = csv.reader(text, strict=True)
    count = 0
    try:
        columns = _columns(next(reader, []))
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            count += 1
            if count > office.limit("register_rows"):
                raise ListUnreadable(why="too_many_rows", what=office.limit("register_rows"))
            yield reader.line_num, read_row(cells, columns)
    except csv.Error as odd:
        raise ListUnreadable(why="not_csv", what=str(odd), line=reader.line_num) from odd
    finally:
        text.detach()


def _columns(cells: list[str]) -> tuple[str, ...]:
    try:
        return heading(cells)
    except BadHeading as odd:
        raise ListUnreadable(why=f"heading_{odd.why}", what=", ".join(name[:40] for name in odd.names[:10])) from odd


def _entry(party: Party) -> Entry:
    return Entry(*_values(party))


#: A party of the rows and one of the domain have the same items under the same names.
_values: Final = attrgetter(*(each.name for each in fields(Entry)))


def _line(cells: list[str]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow(cells)
    return out.getvalue().encode()
