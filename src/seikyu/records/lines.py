"""A file's bytes cut into lines, streaming, in bounded memory, nothing lost and nothing judged."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Final, NamedTuple

from seikyu.limits import limit

#: EOF, the one byte after the last line end of a file.
END_MARK: Final = b"\x1a"


class Line(NamedTuple):
    """One physical line.

    Shape: `no` from 1, `offset` and `length` in bytes of the file, the line end included. `ending` is CR LF, LF, CR or
    nothing (the last line of a file that stops there). `cut` is True if the line was longer than the limit: then
    `content` is only its beginning.
    """

    no: int
    offset: int
    content: bytes
    ending: bytes
    cut: bool
    length: int

    def __repr__(self) -> str:
        """Tell where the line is and nothing of what stands in it: lines hold personal items."""
        return f"<line {self.no} at {self.offset}, {self.length} bytes>"


@dataclass(frozen=True, slots=True)
class Tail:
    """What stands behind the last line.

    Shape: `mark` is True if the end mark 1A is there; `offset` is where it stands, else the end of the file. `after`
    counts the bytes behind the mark, `after_filled` those of them that are more than line ends and further marks.
    """

    mark: bool
    offset: int
    after: int = 0
    after_filled: int = 0


class LineReader:
    """Lines of a stream of chunks, each once; `tail` is there when they are through.

    The end mark is 1A at the beginning of a line, or as the last byte of an unended last line. Behind it nothing is
    read as lines, only counted. 1A elsewhere is a byte like others.
    """

    def __init__(self, chunks: Iterable[bytes], line_bytes: int) -> None:
        self.tail: Tail | None = None
        self._most = line_bytes
        self._chunks = _whole_ends(chunks)
        self._lines = self._read()

    def __iter__(self) -> Iterator[Line]:
        return self._lines

    def __next__(self) -> Line:
        return next(self._lines)

    def _read(self) -> Iterator[Line]:
        most, no, offset = self._most, 0, 0
        rest, dropped = b"", 0  # The unended line so far, and how many bytes of it were let go.
        for chunk in self._chunks:
            skipped = _first_end(chunk) if len(rest) >= most else 0
            dropped += skipped
            data = rest + chunk[skipped:]
            mark = _mark(data)
            lines = (data if mark is None else data[:mark]).splitlines(keepends=True)
            rest = lines.pop() if lines and not lines[-1].endswith((b"\n", b"\r")) else b""
            for line in lines:
                width = 2 if line.endswith(b"\r\n") else 1
                no, length = no + 1, len(line) + dropped
                yield Line(no, offset, line[:-width][:most], line[-width:], length - width > most, length)
                offset, dropped = offset + length, 0
            if mark is not None:
                self.tail = _behind(offset, data[mark + 1 :], self._chunks)
                return
            dropped += max(0, len(rest) - most)
            rest = rest[:most]
        content = rest if dropped else rest.rstrip(END_MARK)
        length = len(content) + dropped
        if rest:
            yield Line(no + 1, offset, content, b"", dropped > 0, length)
        marks = len(rest) - len(content)
        self.tail = Tail(mark=marks > 0, offset=offset + length, after=max(0, marks - 1))


def read_lines(chunks: Iterable[bytes], *, line_bytes: int | None = None) -> LineReader:
    """Return the lines of a file that comes in chunks of any size; however they are cut, the lines are the same.

    Memory is bounded by the longest chunk and the limit `line_bytes`; the rest of a longer line is skipped, not kept.
    """
    return LineReader(chunks, limit("line_bytes") if line_bytes is None else line_bytes)


_MARK_AT_LINE_START: Final = re.compile(rb"(?:\A|(?<=[\r\n]))\x1a")


def _mark(data: bytes) -> int | None:
    """Return where the end mark stands in bytes that begin a line."""
    if END_MARK not in data:
        return None
    found = _MARK_AT_LINE_START.search(data)
    return found.start() if found else None


def _behind(offset: int, first: bytes, others: Iterable[bytes]) -> Tail:
    """Return the tail of a file whose end mark stands at `offset`, counting what follows it."""
    after = filled = 0
    for chunk in chain((first,), others):
        after += len(chunk)
        filled += len(chunk.translate(None, b"\r\n\x1a"))
    return Tail(mark=True, offset=offset, after=after, after_filled=filled)


def _first_end(chunk: bytes) -> int:
    """Return where the first line end of a chunk begins, its length if there is none. `find` is the fastest scan."""
    end = chunk.find(b"\n")
    end = len(chunk) if end < 0 else end
    earlier = chunk.find(b"\r", 0, end)
    return end if earlier < 0 else earlier


def _whole_ends(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the chunks so that none ends between CR and LF."""
    held = b""
    for chunk in chunks:
        data = held + chunk if held else chunk
        held = b"\r" if data.endswith(b"\r") else b""
        yield data[:-1] if held else data
    if held:
        yield held
