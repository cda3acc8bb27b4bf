"""Reading and rewriting claim index objects."""

from collections.abc import Iterable, Iterator

from seikyu.ports.errors import Damaged
from seikyu.ports.objects import ObjectStore, ObjectWriter
from seikyu.rules.index import ROW_BYTES, IndexDamaged, IndexRow, header, pack, read


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
