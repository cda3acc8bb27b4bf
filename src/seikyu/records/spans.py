"""Where the claims of a file stand: found by looking for the records that open and end them, and nothing else.

The bytes are searched, not cut into lines, so that one claim of a large file is found at the speed of a search. Memory
is bounded by a chunk.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from seikyu.records.layout import Layout, Scope
from seikyu.records.lines import END_MARK

_CLAIM: Final = b"RE"
#: What is kept of a chunk for the next one: a line end, the identification, and the number of a claim with its commas.
_OVERLAP_BYTES: Final = 24
_NUMBER: Final = re.compile(rb"RE,([0-9]{1,10})(?:[,\r\n]|\x1a*\Z)")


class Span(NamedTuple):
    """One claim's place.

    Shape: `claim_index` counts claims from 0, `line` physical lines from 1; `offset` and `length` are bytes of the
    file, from the claim's first record to the end of its last line. `claim_no` is the number as printed, None if it is
    none.
    """

    claim_index: int
    line: int
    offset: int
    length: int
    claim_no: int | None


class _Mark(NamedTuple):
    """A line that begins a claim, ends one, or gives its number."""

    offset: int
    line: int
    record: bytes
    claim_no: int | None


def claim_spans(chunks: Iterable[bytes], layout: Layout) -> Iterator[Span]:
    """Yield the claims of a file in order, each when its end is known. Nothing behind the end mark is a claim."""
    opener = layout.claim_opener.encode()
    ends = {rid.encode() for rid, record in layout.records.items() if record.scope is Scope.FILE}
    index, start, number = 0, None, None
    for mark in _marks(chunks, {opener, _CLAIM, *ends}):
        if mark.record == opener or mark.record in ends or not mark.record:
            if start is not None:
                yield Span(index, start.line, start.offset, mark.offset - start.offset, number)
                index, number = index + 1, None
            start = mark if mark.record == opener else None
        if mark.record == _CLAIM and start is not None and number is None:
            number = mark.claim_no


def _marks(chunks: Iterable[bytes], ids: Iterable[bytes]) -> Iterator[_Mark]:
    """Yield the lines that begin with one of the identifications, and at the end one without."""
    begins = rb"(?:(" + b"|".join(sorted(ids)) + rb")(?=[,\r\n]|\x1a*\Z)|\x1a)"
    # One byte that is always there lets the search leap from line to line; a lone CR is rare and takes the slow way.
    usual, any_end = re.compile(rb"\n" + begins), re.compile(rb"[\r\n]" + begins)
    held, base, line = b"\n", -1, 1  # A line end stands before the first byte, so that every line is found alike.
    for chunk, last in _with_last(chunks):
        data = held + chunk
        safe = len(data) if last else max(1, len(data) - _OVERLAP_BYTES)
        if not last and data[safe - 1 : safe + 1] == b"\r\n":
            safe -= 1  # A line end stays whole.
        wanted = usual if data.count(b"\r") == data.count(b"\r\n") else any_end
        seen = 1
        for found in wanted.finditer(data):
            start = found.start() + 1
            if start >= safe:
                break
            line += _ends(data, seen, start)
            seen = start
            number = _NUMBER.match(data, start)
            yield _Mark(base + start, line, found[1] or b"", int(number[1]) if number else None)
            if not found[1]:
                return
        line += _ends(data, seen, safe)
        held, base = data[safe - 1 :], base + safe - 1
    yield _Mark(base + len(held.rstrip(END_MARK)), line, b"", None)


def _ends(data: bytes, start: int, end: int) -> int:
    """Return how many line ends (CR LF, LF, CR) stand between two places, none of them cut in two."""
    both = data.count(b"\r\n", start, end)
    return data.count(b"\n", start, end) + data.count(b"\r", start, end) - both


def _with_last(chunks: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Yield the chunks, each with whether it is the last one."""
    before: bytes | None = None
    for chunk in chunks:
        if before is not None:
            yield before, False
        before = chunk
    yield before or b"", True
