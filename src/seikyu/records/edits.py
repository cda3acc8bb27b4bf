"""A claim changed in single places: items written anew, lines taken out, lines put in. Every other byte stays.

Lines are cut out of the claim's own bytes and joined again, so that what nobody touched cannot change: not the history
block of a claim that comes again, not an empty line, not a record that no layout knows.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from seikyu.records.characters import text_of
from seikyu.records.layout import Item, Layout, RecordLayout, Scope
from seikyu.records.lines import END_MARK, Line, read_lines
from seikyu.records.uke import Record

_CR_LF: Final = b"\r\n"
_NUMBER: Final = "claim_no"
_LAST_VOLUME: Final = "99"
_BREAKING: Final = (b",", b"\r", b"\n", END_MARK)


class NotEditable(ValueError):
    """What is to be changed cannot be: no such place, a line that stays as it is, or a value that breaks the line.

    Shape: `line` counts from 0 in the claim as it was received; `why` is a word.
    """

    def __init__(self, line: int, why: str) -> None:
        super().__init__(f"line {line} of the claim: {why}")
        self.line = line
        self.why = why


@dataclass(frozen=True, slots=True)
class AddedRecord:
    """A record that is put in behind a line of the claim as it was received. Shape: `items` with the identification."""

    after: int
    items: tuple[bytes, ...]

    def __repr__(self) -> str:
        """Tell nothing of what stands in the record: items may be personal."""
        return f"<record of {len(self.items)} items behind line {self.after}>"


@dataclass(frozen=True, slots=True)
class Edits:
    """All that is changed in one claim.

    Shape: lines count from 0 in the claim as it was received, whatever is taken out or put in; `items` has the new
    bytes of an item by line and number.
    """

    items: Mapping[tuple[int, int], bytes] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    removed: frozenset[int] = frozenset()
    added: tuple[AddedRecord, ...] = ()

    @property
    def empty(self) -> bool:
        """True if nothing is changed."""
        return not (self.items or self.removed or self.added)


@dataclass(frozen=True, slots=True)
class ItemChange:
    """One item before and after.

    Shape: `line` as in `Edits`, of an added record the line that it stands behind; `added` and `removed` tell of its
    record as a whole. `item` is None for what stands beyond the layout.
    """

    line: int
    record: RecordLayout | None
    record_id: str
    no: int
    item: Item | None
    before: str = field(repr=False)
    after: str = field(repr=False)
    added: bool = False
    removed: bool = False


def claim_lines(claim: bytes) -> list[Line]:
    """Return the lines of a claim's bytes, numbered from 1."""
    return list(read_lines([claim]))


def record_layout_of(line: Line, layout: Layout) -> RecordLayout | None:
    """Return the layout of a line that may be edited: a record of the claim itself that the layout knows."""
    if line.cut:
        return None
    found = layout.records.get(_id_of(line))
    return None if found is None or (found.scope is Scope.FILE and found.id != layout.opener) else found


def edited(claim: bytes, edits: Edits, layout: Layout) -> bytes:
    """Return the claim with the edits and with every other byte as it was.

    Errors: NotEditable.
    """
    lines = claim_lines(claim)
    _check(edits, lines, layout)
    pieces: list[bytes] = []
    for at, line in enumerate(lines):
        if at not in edits.removed:
            pieces.append(_rewritten(claim, line, {no: new for (on, no), new in edits.items.items() if on == at}))
        for added in edits.added:
            if added.after == at:
                pieces = [*_ended(pieces), b",".join(added.items) + (line.ending or _CR_LF)]
    end = lines[-1].offset + lines[-1].length if lines else 0
    return b"".join(pieces) + claim[end:]


def _rewritten(claim: bytes, line: Line, items: Mapping[int, bytes]) -> bytes:
    if not items:
        return claim[line.offset : line.offset + line.length]
    record = Record.of(line.content, line.ending)
    for no, new in sorted(items.items()):
        if new or record.item(no):  # Past the end of a short line an empty item is written by no comma.
            record = record.replaced(no, new)
    return record.content + record.ending


def _check(edits: Edits, lines: list[Line], layout: Layout) -> None:
    """Errors: NotEditable, if anything of the edits cannot be done."""
    for at, no in edits.items:
        _check_item(at, no, edits, _known(at, lines, layout), layout)
    for at in edits.removed:
        _require_place(at, lines)
        if _is_history(lines[at]) or _id_of(lines[at]) in {layout.opener, layout.head}:
            raise NotEditable(at, "stays")
    for added in edits.added:
        _require_place(added.after, lines)
        _check_added(added, layout)
    values = [(at, new) for (at, _), new in edits.items.items()]
    values += [(added.after, new) for added in edits.added for new in added.items]
    for at, new in values:
        if any(byte in new for byte in _BREAKING):
            raise NotEditable(at, "breaks_the_line")


def _check_item(at: int, no: int, edits: Edits, record: RecordLayout, layout: Layout) -> None:
    if not 1 < no <= len(record.items) or at in edits.removed:
        raise NotEditable(at, "no_such_place")
    if record.id == layout.head and record.items[no - 1].name == _NUMBER:
        raise NotEditable(at, "numbered")


def _check_added(added: AddedRecord, layout: Layout) -> None:
    new = layout.records.get(text_of(added.items[0])) if added.items else None
    if new is None or new.scope is Scope.FILE or new.id == layout.head or len(added.items) > len(new.items):
        raise NotEditable(added.after, "no_such_record")


def _require_place(at: int, lines: list[Line]) -> None:
    if not 0 <= at < len(lines):
        raise NotEditable(at, "no_such_place")


def _known(at: int, lines: list[Line], layout: Layout) -> RecordLayout:
    _require_place(at, lines)
    record = record_layout_of(lines[at], layout)
    if record is None:
        raise NotEditable(at, "stays")
    return record


def _id_of(line: Line) -> str:
    return text_of(line.content.partition(b",")[0])


def _is_history(line: Line) -> bool:
    return line.content.partition(b",")[0].isdigit()


def changes_of(claim: bytes, edits: Edits, layout: Layout) -> Iterator[ItemChange]:
    """Yield what the edits change, line by line and item by item; of a whole record every item that holds something.

    Errors: NotEditable.
    """
    lines = claim_lines(claim)
    _check(edits, lines, layout)
    for at, line in enumerate(lines):
        if at in edits.removed:
            yield from _whole(at, Record.of(line.content).items, layout, removed=True)
        else:
            yield from _items_changed(at, Record.of(line.content), edits, layout)
        for added in edits.added:
            if added.after == at:
                yield from _whole(at, added.items, layout, removed=False)


def _items_changed(at: int, record: Record, edits: Edits, layout: Layout) -> Iterator[ItemChange]:
    known = layout.records.get(record.id)
    for no in sorted(no for on, no in edits.items if on == at):
        new = edits.items[at, no]
        if known is not None and new != record.item(no):
            yield ItemChange(at, known, record.id, no, known.item(no), record.text(no), text_of(new))


def _whole(at: int, items: Iterable[bytes], layout: Layout, *, removed: bool) -> Iterator[ItemChange]:
    texts = [text_of(item) for item in items]
    record = layout.records.get(texts[0])
    told = [(no, text) for no, text in enumerate(texts, start=1) if text and no > 1] or [(1, texts[0])]
    for no, text in told:
        before, after = (text, "") if removed else ("", text)
        item = record.item(no) if record else None
        yield ItemChange(at, record, texts[0], no, item, before, after, added=not removed, removed=removed)


def numbered(claim: bytes, number: int, layout: Layout) -> tuple[bytes, int]:
    """Return the claim under another number (レセプト番号), and the number of the claim that may follow it.

    Details of a summary claim have an RE of their own: they go on from it, or have its number, as they had before.
    """
    at = layout.records[layout.head].by_name[_NUMBER].no
    first: bytes | None = None
    last, pieces, end = number, [], 0
    for line in read_lines([claim]):
        record = Record.of(line.content, line.ending)
        end = line.offset + line.length
        if line.cut or record.id != layout.head:
            pieces.append(claim[line.offset : end])
            continue
        if first is None:
            first = record.item(at)
        elif record.item(at) != first:
            last += 1
        renumbered = record.replaced(at, str(last).encode())
        pieces.append(renumbered.content + renumbered.ending)
    return b"".join(pieces) + claim[end:], last + 1


def file_head(head: bytes, layout: Layout) -> bytes:
    """Return the records of the file (IR, UK, YK, HM) that stand before its first claim, byte for byte."""
    kept = []
    for line in read_lines([head]):
        record = layout.records.get(_id_of(line))
        if record is not None and record.scope is Scope.FILE and record.id != layout.trailer:
            kept.append(head[line.offset : line.offset + line.length])
    return b"".join(_ended(kept))


def file_of(head: bytes, claims: Iterable[bytes], layout: Layout, *, cases: int, points: int) -> bytes:
    """Return a whole file: the head as it is, the claims numbered from 1, a new last record (GO), and the end mark."""
    numbers, bodies = 1, []
    for claim in claims:
        body, numbers = numbered(claim, numbers, layout)
        bodies.append(body)
    return head + b"".join(_ended(bodies)) + trailer_of(layout, cases=cases, points=points) + _CR_LF + END_MARK


def trailer_of(layout: Layout, *, cases: int, points: int) -> bytes:
    """Return the last record (GO) of a file in one volume; of kinds without totals only its identification."""
    record = layout.records[layout.trailer]
    said = {"claim_count": str(cases), "total_points": str(points), "volume_id": _LAST_VOLUME}
    values = (said.get(item.name, "").encode() for item in record.items[1:])
    return b",".join([layout.trailer.encode(), *values])


def _ended(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield pieces of whole lines; one that breaks off without a line end gets one, lest the next runs into it."""
    for piece in pieces:
        yield piece if not piece or piece.endswith((b"\r", b"\n")) else piece + _CR_LF
