"""Claims as Arrow tables, one for each record, with typed columns. Needs pyarrow (`pip install 'seikyu[arrow]'`).

The columns of a table are `claim` (from 0) and `line` (from 1), then the items of the record by name. Of history
blocks there are tables of their own, `history MN` and so on, with the three items before the record. What a column
holds in Japanese, its kind and whether it is personal stand in its metadata.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from typing import Any, Final

from seikyu.records.characters import masked, text_of
from seikyu.records.claims import ReadClaim, ReadRecord
from seikyu.records.layout import Item, Kind, Layout, RecordLayout
from seikyu.records.secrecy import secret
from seikyu.records.values import Reader, is_number, safe_reader_of

#: So many rows of a table are gathered before a batch of it is given out.
_BATCH_ROWS: Final = 8192
#: Name of the table of a record of a history block.
_HISTORY: Final = "history {}"


class PyarrowMissing(ImportError):
    """pyarrow is not installed; the message says how to install it."""


def arrow_batches(
    claims: Iterable[ReadClaim],
    *,
    records: Collection[str] | None = None,
    show_personal: bool = False,
    batch_rows: int = _BATCH_ROWS,
) -> Iterator[tuple[str, Any]]:
    """Yield the tables piece by piece, as pairs of a table's name and a RecordBatch; memory holds one of each.

    `records` names the tables that are wanted, all if not given. Of personal items the text is masked and every other
    value is null, unless asked. What cannot be read is null; unknown records have no table.

    Errors: PyarrowMissing, at once.
    """
    library = _pyarrow()
    return _batches(library, claims, records, show_personal=show_personal, batch_rows=batch_rows)


def arrow_tables(
    claims: Iterable[ReadClaim], *, records: Collection[str] | None = None, show_personal: bool = False
) -> dict[str, Any]:
    """Return the tables of all claims by name; see `arrow_batches`, which does not keep them.

    Errors: PyarrowMissing.
    """
    library = _pyarrow()
    pieces: dict[str, list[Any]] = {}
    for name, batch in arrow_batches(claims, records=records, show_personal=show_personal):
        pieces.setdefault(name, []).append(batch)
    return {name: library.Table.from_batches(batches) for name, batches in pieces.items()}


def arrow_schema(layout: Layout, name: str, *, show_personal: bool = False) -> Any:
    """Return the schema of a table, such as `HO` or `history MN`.

    Errors: KeyError for a record that the layout does not have; PyarrowMissing.
    """
    in_history = name.startswith(_HISTORY.format(""))
    record = layout.in_history(name.removeprefix(_HISTORY.format(""))) if in_history else layout.records[name]
    if record is None:
        raise KeyError(name)
    return _Rows(_pyarrow(), record, layout.prefix if in_history else (), show_personal=show_personal).schema


def _pyarrow() -> Any:
    try:
        return import_module("pyarrow")
    except ImportError as reason:
        raise PyarrowMissing("tables need pyarrow; install it by: pip install 'seikyu[arrow]'") from reason


def _batches(
    library: Any,
    claims: Iterable[ReadClaim],
    records: Collection[str] | None,
    *,
    show_personal: bool,
    batch_rows: int,
) -> Iterator[tuple[str, Any]]:
    tables: dict[str, _Rows] = {}
    for claim in claims:
        for record in claim.lines:
            name = _HISTORY.format(record.id) if record.prefix else record.id
            if record.layout is None or (records is not None and name not in records):
                continue
            rows = tables.get(name)
            if rows is None:
                prefix = claim.layout.prefix if record.prefix else ()
                rows = tables[name] = _Rows(library, record.layout, prefix, show_personal=show_personal)
            rows.add(claim.index, record)
            if rows.count >= batch_rows:
                yield name, rows.taken()
    yield from ((name, rows.taken()) for name, rows in tables.items() if rows.count)


@dataclass
class _Column:
    """One column that grows: what makes a value of the bytes at a place of the line, and the values so far."""

    at: int
    of: Reader
    type: Any
    name: str
    metadata: dict[str, str]
    values: list[Any] = field(default_factory=list)


class _Rows:
    """Rows of one table, gathered until they are taken as a batch."""

    def __init__(self, library: Any, record: RecordLayout, prefix: tuple[Item, ...], *, show_personal: bool) -> None:
        self._library = library
        self._claims: list[int] = []
        self._lines: list[int] = []
        before = [
            _Column(
                at,
                text_of if show_personal else partial(_text_shown, item),
                library.string(),
                item.name,
                _metadata(item),
            )
            for at, item in enumerate(prefix)
        ]
        own = [
            _Column(
                len(prefix) + item.no - 1,
                _cell(item, show_personal=show_personal),
                _type(library, item),
                item.name,
                _metadata(item),
            )
            for item in record.items[1:]
        ]
        self._columns = [*before, *own]
        places = [library.field(name, library.int64()) for name in ("claim", "line")]
        fields = [library.field(each.name, each.type, metadata=each.metadata) for each in self._columns]
        about = {"record": record.id, "ja": record.ja, "source": record.source}
        self.schema = library.schema([*places, *fields], metadata=about)

    @property
    def count(self) -> int:
        """How many rows there are."""
        return len(self._claims)

    def add(self, claim: int, read: ReadRecord) -> None:
        """Add a record."""
        items = read.record.items
        self._claims.append(claim)
        self._lines.append(read.line)
        for column in self._columns:
            data = items[column.at] if column.at < len(items) else b""
            column.values.append(column.of(data) if data else None)

    def taken(self) -> Any:
        """Return the rows so far as a batch and begin anew."""
        arrays = [self._library.array(numbers, type=self._library.int64()) for numbers in (self._claims, self._lines)]
        arrays += [self._library.array(each.values, type=each.type) for each in self._columns]
        self._claims, self._lines = [], []
        for column in self._columns:
            column.values = []
        return self._library.record_batch(arrays, schema=self.schema)


def _cell(item: Item, *, show_personal: bool) -> Reader:
    """Return what makes of an item's bytes a value as its column holds it.

    Unless they are asked for, personal texts are masked and other personal values are null; so is what a slip may have
    put into the item.
    """
    typed = _typed(item)
    if show_personal:
        return typed
    if _is_text(item):
        return lambda data: masked(text) if secret(item, text := text_of(data)) else typed(data)
    return lambda data: None if secret(item, text_of(data)) else typed(data)


def _text_shown(item: Item, data: bytes) -> str:
    """Return a text, masked if it must be."""
    text = text_of(data)
    return masked(text) if secret(item, text) else text


def _typed(item: Item) -> Reader:
    """Return what makes of an item's bytes a value of its column's type."""
    read = safe_reader_of(item)
    if item.kind is Kind.MONTH:
        return lambda data: (month := read(data)) and month.first_day
    if item.kind is Kind.DECIMAL:
        return lambda data: _fitting(read(data), item)
    if is_number(item):
        return lambda data: number if (number := read(data)) is not None and abs(number) < _INT64 else None
    return read


_INT64: Final = 1 << 63


def _fitting(value: Any, item: Item) -> Any:
    """Return a decimal if its column can hold it, else nothing."""
    if value is None:
        return None
    places = -value.as_tuple().exponent
    digits = len(value.as_tuple().digits)
    return value if places <= (item.decimals or 0) and digits - places <= item.width - (item.decimals or 0) else None


def _is_text(item: Item) -> bool:
    return item.kind not in {Kind.DATE, Kind.MONTH, Kind.CODES, Kind.DECIMAL} and not is_number(item)


def _type(library: Any, item: Item) -> Any:
    """Return the type of an item's column: a month is the first day of it."""
    if item.kind in {Kind.DATE, Kind.MONTH}:
        return library.date32()
    if item.kind is Kind.DECIMAL:
        return library.decimal128(item.width, item.decimals or 0)
    if item.kind is Kind.CODES:
        return library.list_(library.string())
    return library.int64() if is_number(item) else library.string()


def _metadata(item: Item) -> dict[str, str]:
    return {"ja": item.ja, "kind": item.kind, "personal": str(item.personal).lower(), "source": item.source}
