"""A whole UKE file in memory: bytes <-> records <-> claims, every byte kept.

For files that somebody looks at or edits, and for tests. The checker streams and does not come here.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Self

from seikyu.records.characters import text_of
from seikyu.records.layout import Layout, Scope
from seikyu.records.lines import END_MARK, read_lines

_SEPARATOR = b","
_FORBIDDEN = (_SEPARATOR, b"\r", b"\n", END_MARK)


def split(content: bytes) -> list[bytes]:
    """Return the items of a line. No double-byte character holds the byte of a comma, so bytes may be split."""
    return content.split(_SEPARATOR)


@dataclass(frozen=True, slots=True)
class Record:
    """One line of a file: its items as bytes, item 1 first, and its line end. Blank lines are records without id."""

    items: tuple[bytes, ...]
    ending: bytes = b"\r\n"

    def __repr__(self) -> str:
        """Tell nothing of what stands in the record: items may be personal."""
        return f"<record of {len(self.items)} items>"

    @classmethod
    def of(cls, content: bytes, ending: bytes = b"\r\n") -> Self:
        """Return the record that a line's content makes."""
        return cls(tuple(split(content)), ending)

    @property
    def id(self) -> str:
        """The record identification, as written."""
        return text_of(self.items[0])

    @property
    def content(self) -> bytes:
        """The line without its end."""
        return _SEPARATOR.join(self.items)

    def item(self, no: int) -> bytes:
        """Return the item at place `no`, counted from 1; empty past the end."""
        return self.items[no - 1] if 1 <= no <= len(self.items) else b""

    def text(self, no: int) -> str:
        """Return an item as a reader sees it."""
        return text_of(self.item(no))

    def replaced(self, no: int, value: bytes) -> "Record":
        """Return the record with one item replaced and every other byte kept; missing items before it become empty.

        Errors: ValueError if there is no such place, or the value would break the line.
        """
        if no < 1 or any(byte in value for byte in _FORBIDDEN):
            raise ValueError(f"item {no} cannot hold that")
        items = [*self.items, *([b""] * (no - len(self.items)))]
        items[no - 1] = value
        return replace(self, items=tuple(items))


@dataclass(frozen=True, slots=True)
class UKEFile:
    """レセプト電算ファイル: its records in order, and what stands behind the last line (end mark, surplus bytes)."""

    records: tuple[Record, ...]
    tail: bytes = END_MARK

    def __repr__(self) -> str:
        return f"<UKE file of {len(self.records)} records>"

    def replaced(self, index: int, record: Record) -> "UKEFile":
        """Return the file with the record at `index` replaced and every other byte kept."""
        records = list(self.records)
        records[index] = record
        return replace(self, records=tuple(records))

    def claims(self, layout: Layout) -> Iterator[tuple[Record, ...]]:
        """Yield each claim's records: from the one that opens a claim to the next, or to a record of the file."""
        claim: list[Record] = []
        for record in self.records:
            known = layout.records.get(record.id)
            opens = record.id == layout.claim_opener
            if claim and (opens or (known and known.scope is Scope.FILE)):
                yield tuple(claim)
                claim = []
            if opens or claim:
                claim.append(record)
        if claim:
            yield tuple(claim)


def decode(data: bytes) -> UKEFile:
    """Return the file that the bytes make. Any bytes make one, and `encode` gives them back."""
    lines = read_lines([data], line_bytes=len(data))
    records = tuple(Record.of(line.content, line.ending) for line in lines)
    end = sum(len(record.content) + len(record.ending) for record in records)
    return UKEFile(records, data[end:])


def encode(file: UKEFile) -> bytes:
    """Return the file's bytes."""
    return b"".join(record.content + record.ending for record in file.records) + file.tail
