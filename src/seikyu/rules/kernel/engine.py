"""The kernel's way through a file: whole claims in batches to the pass, all else line by line to the reference.

The pass reads claims; what stands outside of them (header, trailer, end mark), claims that are not regular, and what
follows a claim longer than a batch goes through the reference until the next claim begins. So the rare cases are
written once. What is carried from batch to batch is a few numbers, and they live in the reference.
"""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from seikyu.limits import KIB, MIB, limit
from seikyu.records import Layout
from seikyu.rules.blocks import Rows
from seikyu.rules.examine import Block, LineByLine, blocks_of
from seikyu.rules.kernel.batch import Batch
from seikyu.rules.kernel.columns import tables_of
from seikyu.rules.kernel.compile import TENS, NotCompiled, Tables, compiled
from seikyu.rules.kernel.jitted import scan as c
from seikyu.rules.kernel.jitted.blake import digests
from seikyu.rules.kernel.judge import Docket, count_claims, docket_of, judged, rows_of
from seikyu.rules.kernel.repeats import Marks, remember
from seikyu.rules.reading import PLACES_KEPT
from seikyu.rules.reference import Reference
from seikyu.rules.sequence import Step

BATCH_BYTES: Final = 2 * MIB
#: So much is worth a pass of its own where somebody watches a file arrive.
EAGER_BYTES: Final = 64 * KIB
#: Behind the data stand a line feed and so many zeros, so that the pass may look ahead.
_PADDING: Final = 32
#: Rows of columns; no power of two, or all columns would fall into the same places of the processor's cache.
_CLAIMS: Final = 16_384 + 72
_EVENTS: Final = 65_536
#: A batch has some 35,000 lines; where a table is full the pass is called again. The arrays are resident as a whole,
#: because NumPy asks for huge pages.
_ROWS: Final = 40_960 + 136
_MESSAGE_BYTES: Final = 2 * MIB
_IDENTITY_BYTES: Final = 16
#: A run of fewer claims than this between two odd ones is not worth a call of its own.
_SHORT_RUN: Final = 64
#: So many claims in a row go to the reference at most before the pass is tried again.
_MOST_PATIENCE: Final = 1024


def way_for(reference: Reference) -> "KernelWay | None":
    """Return the kernel's way through an opened file; None for a file that the reference must read."""
    layout = reference.layout
    if not reference.reads or layout is None or reference.file.utf8 or layout.kind != layout.claim_kind:
        return None  # Return files are rare and short: their history blocks and reasons are read by the reference.
    try:
        tables = compiled(layout.name)
    except NotCompiled:
        return None
    return KernelWay(reference, tables, docket_of(reference.book, tables))


class _Room:
    """The arrays that the pass writes into; they are used again for each call."""

    def __init__(self, layout: Layout) -> None:
        self._names = tuple(tables_of(layout))
        widths = [c.FIXED_COLUMNS + len(wanted) for _, wanted in tables_of(layout).values()]
        self.state = np.zeros(c.STATE, np.int64)
        self.events = np.empty((_EVENTS, c.EVENT_COLUMNS), np.int64)
        self.claims = np.empty((c.CLAIM_COLUMNS, _CLAIMS), np.int64)
        self.cells = np.empty((sum(widths), _ROWS), np.int64)
        self.counts = np.zeros(len(widths), np.int64)
        self.kept = np.zeros(len(widths), np.int64)
        self.numbers = np.zeros((_CLAIMS, 8 * c.MOST_PAYERS), np.uint8)
        self.message = np.empty(_MESSAGE_BYTES, np.uint8)
        self.ends = np.zeros(_CLAIMS, np.int64)
        self.parts = np.zeros((c.HEAD_PARTS, 3), np.int64)
        self.payers = np.zeros((1 + c.MOST_PUBLICS, c.PAYER_PARTS, 3), np.int64)
        self.faults = np.zeros((c.MOST_FAULTS + 4, 2), np.int64)
        self.words = np.zeros(48, np.uint64)
        self.identities = np.zeros((_CLAIMS, _IDENTITY_BYTES), np.uint8)
        self.starts = np.cumsum([0, *widths])

    def tables(self) -> dict[str, NDArray[np.int64]]:
        """Return the rows of each table that were written."""
        return {
            name: self.cells[self.starts[at] : self.starts[at + 1], : self.counts[at]]
            for at, name in enumerate(self._names)
        }


#: One room for each layout is kept for the next file: to touch fresh memory takes as long as to read it.
_ROOMS: Final[dict[str, _Room]] = {}


def _room_for(layout: Layout) -> _Room:
    return _ROOMS.pop(layout.name, None) or _Room(layout)


class KernelWay:
    """An engine's way through one file (see `examine.Way`)."""

    def __init__(self, reference: Reference, tables: Tables, docket: Docket) -> None:
        self._reference, self._tables, self._docket = reference, tables, docket
        reference.engine = "kernel"
        reference.known = Marks()
        self._room = _room_for(tables.layout)
        self._opener = b"\n" + tables.layout.opener.encode() + b","
        header = reference.header
        institution = (header.institution if header else "").encode("ascii", "replace")
        prefix = len(institution).to_bytes(4, "big") + institution
        self._prefix = np.frombuffer(prefix, np.uint8)
        self._key = np.frombuffer(reference.key or b"", np.uint8)
        self._bytes = bytearray(BATCH_BYTES + _PADDING)
        self._buffer = np.frombuffer(self._bytes, np.uint8)
        self._filled = 0
        self._looked_at = False
        self._offset = self._line = 0
        self._lines: LineByLine | None = LineByLine(reference)
        self._at_end = False
        self._patience = self._waiting = 0

    def feed(self, data: bytes) -> Iterator[Block]:
        """Take the next bytes; yield what is certain by now."""
        view, at = memoryview(data), 0
        while at < len(view):
            if self._at_end and self._lines:
                yield from self._lines.feed(bytes(view[at:]))
                return
            count = min(len(view) - at, BATCH_BYTES - self._filled)
            self._bytes[self._filled : self._filled + count] = view[at : at + count]
            self._filled += count
            at += count
            if self._filled == BATCH_BYTES:
                yield from self._read(final=False)

    def flush(self) -> Iterator[Block]:
        """Read what is whole by now, if it is worth a pass."""
        if self._filled >= EAGER_BYTES:
            yield from self._read(final=False)

    def finish(self) -> Iterator[Block]:
        """Yield what is left to tell of the lines and claims."""
        yield from self._read(final=True)
        lines = self._lines or LineByLine(self._reference, no=self._line, offset=self._offset)
        yield from lines.finish()
        _ROOMS.setdefault(self._tables.layout.name, self._room)

    # --- what stands in the buffer ---

    def _read(self, *, final: bool) -> Iterator[Block]:
        """Read as much as is whole, and keep the rest at the buffer's beginning."""
        at = 0
        self._bytes[self._filled : self._filled + _PADDING] = b"\n".ljust(_PADDING, b"\0")
        while at < self._filled or (final and self._lines is None):
            if self._lines is not None:
                before = at
                at = yield from self._by_line(at, final=final)
                if (self._lines is not None and not self._at_end) or at == before:
                    break
            else:
                end = self._filled if final else self._bytes.rfind(self._opener, at, self._filled) + 1
                if end <= at:
                    if at or final or self._filled < BATCH_BYTES:
                        break
                    self._by_reference(at)  # A claim that is longer than the buffer.
                    continue
                at = yield from self._claims(at, end)
                if final and at == self._filled:
                    break
        self._keep_from(at)

    def _keep_from(self, at: int) -> None:
        """Move what is not yet read to the beginning of the buffer; of a new one, if findings look at this one."""
        rest = self._bytes[at : self._filled]
        if self._looked_at:
            self._bytes = bytearray(BATCH_BYTES + _PADDING)
            self._buffer = np.frombuffer(self._bytes, np.uint8)
            self._looked_at = False
        self._bytes[: len(rest)] = rest
        self._filled = len(rest)
        self._offset += at

    def _by_reference(self, at: int) -> None:
        """Let the reference go on from here."""
        self._lines = LineByLine(self._reference, no=self._line, offset=self._offset + at)

    def _by_line(self, at: int, *, final: bool) -> Any:
        """Give lines to the reference up to the next claim; return where that is, or what is not yet given."""
        lines, data, filled = self._lines, self._bytes, self._filled
        assert lines is not None  # noqa: S101  (asked by the caller)
        if self._at_end:
            yield from lines.feed(bytes(data[at:filled]))
            return filled
        found = 0
        while found >= 0:
            found = data.find(self._opener, at, filled)
            end = found + 1 if found >= 0 else filled if final else max(at, filled - len(self._opener) + 1)
            yield from lines.feed(bytes(data[at:end]))
            at = end
            if lines.cutter.tail is not None:
                self._at_end = True
                break
            if found >= 0 and self._waiting:
                self._waiting -= 1
            elif found >= 0 and self._reference.rests():
                yield from blocks_of(self._reference)
                self._line, self._lines = lines.cutter.no, None
                break
        return at

    # --- the pass ---

    def _claims(self, at: int, end: int) -> Any:
        """Let the pass read claims; yield what it found, and return where it stopped."""
        room = self._room
        self._prepare(at)
        tables = self._tables
        kept = tables if self._docket.keeps else tables.lean
        c.scan(
            self._buffer, end, room.state, tables.ids, kept.records, kept.items, kept.quick, TENS, tables.keys,
            tables.sets, tables.eras, tables.single, tables.double, room.events, room.claims, room.cells, room.counts,
            room.kept,
            room.numbers, room.message, room.ends, self._prefix, room.parts, room.payers, room.faults,
        )  # fmt: skip
        count, why = int(room.state[c.S_CLAIMS]), int(room.state[c.S_WHY])
        self._line = int(room.state[c.S_LINE])
        self._take_over()
        if count:
            yield from self._told(count)
        stopped = int(room.state[c.S_POS])
        if why in (c.AT_FILE_RECORD, c.AT_MARK, c.AT_ODD_CLAIM) or (why == c.FULL and not count):
            if why == c.AT_ODD_CLAIM:
                self._patience = min(2 * self._patience + 1, _MOST_PATIENCE) if count < _SHORT_RUN else 0
                self._waiting = self._patience
            self._by_reference(stopped)
        return stopped

    def _prepare(self, at: int) -> None:
        reference, state = self._reference, self._room.state
        state[:] = 0
        state[c.S_POS], state[c.S_LINE] = at, self._line
        state[c.S_NO_BEFORE] = -1 if reference.no_before is None else reference.no_before
        state[c.S_TOLD] = sum(1 << self._tables.record_ids.index(rid) for rid in reference.item_reader.told)
        state[c.S_LINE_BYTES], state[c.S_CLAIM_LINES] = limit("line_bytes"), limit("claim_lines")
        state[c.S_KEEP], state[c.S_CAPACITY] = PLACES_KEPT, _ROWS
        state[c.S_IDENTITY] = self._tables.identity_parts
        state[c.S_VARIANT], state[c.S_PLAIN] = self._tables.variant
        self._room.counts[:] = 0

    def _take_over(self) -> None:
        """Tell the reference what the pass has seen of lines and line ends."""
        state, file, reference = self._room.state, self._reference.file, self._reference
        seen = ((int(state[c.S_CRLF]), b"\r\n"), (int(state[c.S_LF]), b"\n"), (int(state[c.S_CR]), b"\r"))
        for line, end in sorted(seen):
            if line:
                file.endings.setdefault(end, line)
        file.blank += int(state[c.S_BLANKS])
        file.blank_line = file.blank_line or int(state[c.S_BLANK])
        if state[c.S_LAST_LINE]:
            file.last = (int(state[c.S_LAST_LINE]), int(state[c.S_LAST_ID]).to_bytes(2, "big").rstrip(b"\0"))
        before = int(state[c.S_NO_BEFORE])
        if state[c.S_CLAIMS]:
            reference.no_before = None if before < 0 else before
            reference.last_step = Step.CLAIM
        told = int(state[c.S_TOLD])
        reference.item_reader.told |= {rid for at, rid in enumerate(self._tables.record_ids) if told >> at & 1}

    def _told(self, count: int) -> Iterator[Block]:
        """Yield the findings and rows of the claims that the pass has read."""
        room, reference = self._room, self._reference
        header = reference.header
        month = header.claim_month if header else None
        digests(room.message, room.ends, count, self._key, _IDENTITY_BYTES, room.words, room.identities)
        batch = Batch(
            tables=self._tables,
            buffer=self._buffer,
            claims=room.claims[:, :count],
            events=room.events[: int(room.state[c.S_EVENTS])],
            cells=room.tables(),
            first=reference.file.claims,
            review_body=header.body if header else None,
            claim_month=int(month) if month else 0,
            identities=room.identities[:count],
            masters=reference.file.masters,
            institution=header.institution if header else "",
            header=reference.file.header,
        )
        assert isinstance(reference.known, Marks)  # noqa: S101  (it was put there)
        remember(reference.known, batch)
        told, block = judged(batch, self._docket, reference)
        rows = rows_of(batch, told, self._docket, room.numbers, self._offset)
        count_claims(reference, batch, rows)
        if len(block):
            self._looked_at = True
            yield block
        yield Rows(rows.tobytes())
