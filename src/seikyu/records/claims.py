"""A claim file for those who work with claims: read lazily, by name, and written back byte for byte.

Reading keeps one claim in memory, whatever the file's size. Opening a path is the caller's: what is read here are
bytes, chunks of them, or a binary stream.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from typing import Any, Final, Protocol, Self, cast

from seikyu.limits import limit
from seikyu.records.characters import masked, text_of
from seikyu.records.layout import Item, Layout, RecordLayout, Scope
from seikyu.records.lines import Line, read_lines
from seikyu.records.secrecy import secret
from seikyu.records.sniffing import Header, sniff
from seikyu.records.uke import Record
from seikyu.records.values import value_of

#: So much is read of a stream at once, and so much at most is looked at to tell what file it is.
_CHUNK_BYTES: Final = 1 << 20
_HEAD_BYTES: Final = 1 << 16
#: While a file is rewritten, so much is kept of what was read and is not yet written: a claim, and what stands behind
#: the end mark. Claims are far shorter, and behind the mark a file has nothing, or a few line ends.
_KEPT_BYTES: Final = 1 << 26


class NoClaimFile(ValueError):
    """The bytes begin no claim file, and no layout was stated."""


class TooLong(ValueError):
    """A line, a claim, or what stands behind the end mark is longer than is kept; nothing is dropped in silence."""


class BinaryStream(Protocol):
    """What a file opened with mode `rb` is."""

    def read(self, size: int, /) -> bytes:
        """Return the next bytes, at most so many; none at the end."""


Source = bytes | bytearray | memoryview | Iterable[bytes] | BinaryStream


@dataclass(frozen=True, slots=True)
class ReadRecord:
    """One record with its items by name.

    Shape: `line` counts from 1. `layout` is None for a record that no layout knows. A line of a history block has
    `prefix` items before the record; of others it is 0.
    """

    record: Record
    layout: RecordLayout | None
    line: int
    prefix: int = 0

    def __repr__(self) -> str:
        """Tell nothing of what stands in the record: items may be personal."""
        return f"<{self.id or 'empty line'} in line {self.line}, {len(self.record.items)} items>"

    @property
    def id(self) -> str:
        """The record identification, as written."""
        return text_of(self.record.item(self.prefix + 1))

    @property
    def history_place(self) -> tuple[str, ...]:
        """The items before a record of a history block: data id, line and branch. Empty elsewhere."""
        return tuple(text_of(item) for item in self.record.items[: self.prefix])

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the items, in order; none of an unknown record."""
        return tuple(self.layout.by_name) if self.layout else ()

    def __getitem__(self, name: str) -> Any:
        """Return an item's value: int, Decimal, date, Month, tuple of codes or str; None if empty or unreadable.

        Errors: KeyError for a name that the record does not have.
        """
        return value_of(self._item(name), self.raw(name))

    def raw(self, name: str) -> bytes:
        """Return an item's bytes, empty past the end of the line.

        Errors: KeyError for a name that the record does not have.
        """
        return self.record.item(self.prefix + self._item(name).no)

    def text(self, name: str) -> str:
        """Return an item as it is written.

        Errors: KeyError for a name that the record does not have.
        """
        return text_of(self.raw(name))

    def values(self, *, show_personal: bool = False) -> dict[str, Any]:
        """Return the values of all items by name.

        Unless asked, the masked text stands for a personal one, and for one that a slip may have put where it stands.
        """
        items = self.layout.items if self.layout else ()
        return {item.name: self[item.name] if show_personal else self._shown(item) for item in items}

    def _shown(self, item: Item) -> Any:
        """Return the value of an item, or what stands for it if it must be masked."""
        text, value = self.text(item.name), self[item.name]
        return masked(text) if item.personal or (value is not None and secret(item, text)) else value

    def replaced(self, name: str, value: str | bytes) -> "ReadRecord":
        """Return the record with one item written anew, and every other byte kept.

        Errors: KeyError for an unknown name; ValueError for a value that would break the line or is no Shift_JIS.
        """
        data = value.encode("shift_jis") if isinstance(value, str) else value
        if data == self.raw(name):
            return self  # Past the end of a short line an empty item is written by no comma.
        return replace(self, record=self.record.replaced(self.prefix + self._item(name).no, data))

    def _item(self, name: str) -> Item:
        if self.layout is None:
            raise KeyError(name)
        return self.layout.by_name[name]

    @property
    def encoded(self) -> bytes:
        """The line as it stands in the file, its end included."""
        return self.record.content + self.record.ending


@dataclass(frozen=True, slots=True)
class ReadClaim:
    """One claim (レセプト) with all of its lines.

    Shape: `index` counts the claims of the file from 0; `offset` is where its first line begins, in bytes.
    """

    index: int
    offset: int
    layout: Layout
    lines: tuple[ReadRecord, ...]

    def __repr__(self) -> str:
        return f"<claim {self.index} of {len(self.lines)} lines>"

    @property
    def records(self) -> tuple[ReadRecord, ...]:
        """The claim's own records: without empty lines and without its history block."""
        return tuple(each for each in self.lines if each.id and not each.prefix)

    @property
    def history(self) -> tuple[ReadRecord, ...]:
        """The records of the history block (履歴), if the claim was returned once."""
        return tuple(each for each in self.lines if each.prefix)

    @property
    def head(self) -> ReadRecord | None:
        """The record that names the patient (RE)."""
        return self.first(self.layout.head)

    def first(self, record_id: str) -> ReadRecord | None:
        """Return the first record of that identification, None if there is none."""
        return next((each for each in self.lines if each.id == record_id and not each.prefix), None)

    def all(self, record_id: str) -> tuple[ReadRecord, ...]:
        """Return all records of that identification."""
        return tuple(each for each in self.records if each.id == record_id)

    def value(self, record_id: str, name: str) -> Any:
        """Return an item's value in the first record of that identification; None if there is no such record.

        Errors: KeyError for a name that the record does not have.
        """
        record = self.first(record_id)
        return None if record is None else record[name]

    def replaced(self, old: ReadRecord, new: ReadRecord) -> Self:
        """Return the claim with one of its records replaced, and every other byte kept.

        Errors: ValueError if `old` is none of its records.
        """
        at = next((at for at, each in enumerate(self.lines) if each is old), None)
        if at is None:
            raise ValueError("the record is not of this claim")
        return replace(self, lines=(*self.lines[:at], new, *self.lines[at + 1 :]))

    @property
    def encoded(self) -> bytes:
        """The claim as it stands in the file."""
        return b"".join(each.encoded for each in self.lines)


class ClaimReader:
    """The claims of a file, each once, in order; in memory there is one at a time.

    Shape: `header` is what the first record says of the file, None where only the layout was stated. `parts` gives
    what stands outside claims as well; iterating gives the claims alone. Both read on in the same file.
    """

    def __init__(self, source: Source, *, layout: Layout | None = None, file_name: str = "") -> None:
        chunks = chunks_of(source)
        head = b""
        for chunk in chunks:
            head += chunk
            if len(head) >= _HEAD_BYTES:
                break
        self.header: Header | None = sniff(head[:_HEAD_BYTES], file_name=file_name)
        found = layout or (self.header.layout if self.header else None)
        if found is None:
            raise NoClaimFile("the bytes begin no claim file; state the layout if they are one nevertheless")
        self.layout: Layout = found
        self._known = {rid.encode(): record for rid, record in found.records.items()}
        self._opener = found.records[found.opener]
        self._lines = read_lines(chain((head,), chunks))
        self._parts = self._read()

    def __iter__(self) -> Iterator[ReadClaim]:
        """Yield the claims.

        Errors: TooLong, in place of the claim that is too long.
        """
        return (part for part in self._parts if isinstance(part, ReadClaim))

    def parts(self) -> Iterator[ReadClaim | ReadRecord]:
        """Yield the claims and, between them, the records that belong to the file: header, trailer, strays.

        Errors: TooLong, in place of the part that is too long.
        """
        return self._parts

    def _read(self) -> Iterator[ReadClaim | ReadRecord]:
        claim: list[ReadRecord] = []
        index = offset = 0
        for line in self._lines:
            record = self._record(line)
            opens = record.layout is self._opener and not record.prefix
            if claim and (opens or _of_file(record)):
                yield ReadClaim(index, offset, self.layout, tuple(claim))
                claim, index = [], index + 1
            if opens:
                offset = line.offset
            if not (opens or claim):
                yield record
                continue
            claim.append(record)
            if len(claim) > limit("claim_lines"):
                raise TooLong(f"claim {index} has more than {limit('claim_lines')} lines")
        if claim:
            yield ReadClaim(index, offset, self.layout, tuple(claim))

    def _record(self, line: Line) -> ReadRecord:
        if line.cut:
            raise TooLong(f"line {line.no} is longer than {limit('line_bytes')} bytes")
        record = Record.of(line.content, line.ending)
        known = self._known.get(record.items[0])
        if known or not record.items[0].isdigit():
            return ReadRecord(record, known, line.no)
        rest = self.layout.behind_prefix(record.items)
        known = self.layout.in_history(text_of(rest[0])) if rest else None
        return ReadRecord(record, known, line.no, len(record.items) - len(rest))


def read_claims(source: Source, *, layout: Layout | None = None, file_name: str = "") -> ClaimReader:
    r"""Return the claims of a file, which is bytes, chunks of bytes, or a stream opened with mode `rb`.

    The layout is that of the file's kind and claim month, unless one is stated. `file_name` tells returns of
    re-examination apart.

    >>> lines = ("IR,1,99,1,0112342,,,202609,00,", "RE,1,1112,202608,MIHON TARO,1,19800101", "HO,06990014,,1,2,291")
    >>> claims = read_claims("\n".join(lines).encode())
    >>> [(claim.value("HO", "insurer_number"), claim.value("HO", "total_points")) for claim in claims]
    [('06990014', 291)]

    Errors: NoClaimFile; TooLong while reading; TypeError for a path, which the caller opens.
    """
    return ClaimReader(source, layout=layout, file_name=file_name)


def rewritten(
    source: Source, change: Callable[[ReadClaim], ReadClaim | None], *, layout: Layout | None = None
) -> Iterator[bytes]:
    """Yield the bytes of a file after `change` was asked for each of its claims; what it returns as it was, stays so.

    A claim for which it returns None is left out. Numbers and totals elsewhere are not touched.

    Errors: those of `read_claims`; in each case the bytes so far are a piece of the file and nothing else.
    """
    kept = _Kept(chunks_of(source))
    end = 0
    for part in ClaimReader(kept, layout=layout).parts():
        end += len(part.encoded)
        kept.forget(end)
        new = change(part) if isinstance(part, ReadClaim) else part
        if new is not None:
            yield new.encoded
    yield kept.rest(end)


def chunks_of(source: Source) -> Iterator[bytes]:
    """Yield the bytes of a source in chunks.

    Errors: TypeError for a path or a text.
    """
    if isinstance(source, str) or hasattr(source, "__fspath__"):
        raise TypeError("a path is opened by the caller: open(path, 'rb')")
    if isinstance(source, bytes | bytearray | memoryview):
        return iter((bytes(source),))
    read = getattr(source, "read", None)
    return iter(cast("Iterable[bytes]", source)) if read is None else iter(partial(read, _CHUNK_BYTES), b"")


class _Kept:
    """Chunks that pass on their way to a reader, kept until what they hold has come out of it."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._kept: deque[bytes] = deque()
        self._start = self._read = 0

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self._kept.append(chunk)
            self._read += len(chunk)
            if self._read - self._start > max(_KEPT_BYTES, 2 * len(chunk)):
                raise TooLong(f"more than {_KEPT_BYTES} bytes behind the last line that could be written")
            yield chunk

    def forget(self, end: int) -> None:
        """Let go of the chunks that end before a place of the file."""
        while self._kept and self._start + len(self._kept[0]) <= end:
            self._start += len(self._kept.popleft())

    def rest(self, end: int) -> bytes:
        """Return what stands from a place on."""
        return b"".join(self._kept)[end - self._start :]


def _of_file(record: ReadRecord) -> bool:
    return record.layout is not None and not record.prefix and record.layout.scope is Scope.FILE
