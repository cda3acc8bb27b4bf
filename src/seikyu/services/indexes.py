"""Reading and rewriting claim index objects."""

from collections.abc import Iterable, Iterator
from io import BytesIO
from typing import BinaryIO, Final

from seikyu.ports.errors import Damaged
from seikyu.ports.objects import ObjectStore, ObjectWriter
from seikyu.rules.index import ROW_BYTES, IndexDamaged, IndexRow, header, pack, read, with_findings

#: So many rows are looked at in one piece.
_ROWS_AT_ONCE: Final = 4096


def rows_of(objects: ObjectStore, name: str | None) -> Iterator[IndexRow]:
    """Yield the rows of an index object; nothing if there is none (the file could not be read at all).

    Errors: Damaged, NotThere.
    """
    if name is None:
        return
    with objects.open(name) as source:
        try:
            yield from read(source)
        except IndexDamaged as reason:
            raise Damaged(str(reason), object=name) from reason


def write_rows(writer: ObjectWriter, rows: Iterable[IndexRow]) -> None:
    """Write an index of `rows`; the writer is left open."""
    writer.write(header())
    for row in rows:
        writer.write(pack(row))


def index_bytes(claims: int) -> int:
    """Return the length of an index of so many claims."""
    return len(header()) + claims * ROW_BYTES


def row_at(objects: ObjectStore, name: str, index: int) -> IndexRow | None:
    """Return one row by its place, None past the last; nothing else of the object is read.

    Errors: Damaged, NotThere.
    """
    with objects.open(name) as source:
        try:
            return next(read(_Rows(source, index, 1)), None)
        except IndexDamaged as reason:
            raise Damaged(str(reason), object=name) from reason


def asking_from(objects: ObjectStore, name: str, index: int) -> int | None:
    """Return the place of the first claim with findings from a place on. Errors: NotThere."""
    with objects.open(name) as source:
        while piece := _piece(source, index, _ROWS_AT_ONCE):
            if found := with_findings(piece):
                return index + found[0]
            index += _ROWS_AT_ONCE
    return None


def asking_before(objects: ObjectStore, name: str, index: int) -> int | None:
    """Return the place of the last claim with findings before a place. Errors: NotThere."""
    with objects.open(name) as source:
        while index > 0:
            first = max(index - _ROWS_AT_ONCE, 0)
            if found := with_findings(_piece(source, first, index - first)):
                return first + found[-1]
            index = first
    return None


def _piece(source: BinaryIO, index: int, rows: int) -> bytes:
    source.seek(len(header()) + index * ROW_BYTES)
    return source.read(rows * ROW_BYTES)


class _Rows(BytesIO):
    """Some rows of an index as an index of their own."""

    def __init__(self, source: BinaryIO, index: int, rows: int) -> None:
        super().__init__(source.read(len(header())) + _piece(source, index, rows))
