"""A file's bytes cut into lines, streaming, in bounded memory, nothing lost and nothing judged."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
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


class LineCutter:
    """Cuts lines out of chunks that are pushed into it; `tail` is there when `finish` is through.

    The end mark is 1A at the beginning of a line, or as the last byte of an unended last line. Behind it nothing is
    read as lines, only counted. 1A elsewhere is a byte like others. `no` lines and `offset` bytes went before.
    """

    def __init__(self, line_bytes: int, *, no: int = 0, offset: int = 0) -> None:
        self.tail: Tail | None = None
        self.no = no
        self.offset = offset
        self._most = line_bytes
        self._held = b""  # A CR whose LF may follow.
        self._rest, self._dropped = b"", 0  # The unended line so far, and how many bytes of it were let go.

    def feed(self, chunk: bytes) -> Iterator[Line]:
        """Yield the lines that end in this chunk; it must be gone through to its end."""
        data = self._held + chunk if self._held else chunk
        if self.tail is not None:
            self._held = b""
            self.tail = _further(self.tail, data)
            return
        self._held = b"\r" if data.endswith(b"\r") else b""
        yield from self._cut(data[:-1] if self._held else data)

    def finish(self) -> Iterator[Line]:
        """Yield what is left when no chunk will follow."""
        held, self._held = self._held, b""
        if held and self.tail is not None:
            self.tail = _further(self.tail, held)
        elif held:
            yield from self._cut(held)
        if self.tail is not None:
            return
        rest, dropped = self._rest, self._dropped
        content = rest if dropped else rest.rstrip(END_MARK)
        length = len(content) + dropped
        if rest:
            yield Line(self.no + 1, self.offset, content, b"", dropped > 0, length)
        marks = len(rest) - len(content)
        self.tail = Tail(mark=marks > 0, offset=self.offset + length, after=max(0, marks - 1))

    def _cut(self, chunk: bytes) -> Iterator[Line]:
        most, rest, dropped = self._most, self._rest, self._dropped
        skipped = _first_end(chunk) if len(rest) >= most else 0
        dropped += skipped
        data = rest + chunk[skipped:]
        mark = _mark(data)
        lines = (data if mark is None else data[:mark]).splitlines(keepends=True)
        rest = lines.pop() if lines and not lines[-1].endswith((b"\n", b"\r")) else b""
        for line in lines:
            width = 2 if line.endswith(b"\r\n") else 1
            length = len(line) + dropped
            told = Line(self.no + 1, self.offset, line[:-width][:most], line[-width:], length - width > most, length)
            self.no, self.offset, dropped = self.no + 1, self.offset + length, 0
            yield told
        if mark is not None:
            self.tail = _further(Tail(mark=True, offset=self.offset), data[mark + 1 :])
            return
        self._dropped = dropped + max(0, len(rest) - most)
        self._rest = rest[:most]


class LineReader:
    """Lines of a stream of chunks, each once; `tail` is there when they are through. They are cut by `LineCutter`."""

    def __init__(self, chunks: Iterable[bytes], line_bytes: int) -> None:
        self._cutter = LineCutter(line_bytes)
        self._lines = self._read(chunks)

    def __iter__(self) -> Iterator[Line]:
        return self._lines

    def __next__(self) -> Line:
        return next(self._lines)

    @property
    def tail(self) -> Tail | None:
        """What stands behind the last line, None while lines are still to come."""
        return self._cutter.tail if self._through else None

    _through = False

    def _read(self, chunks: Iterable[bytes]) -> Iterator[Line]:
        for chunk in chunks:
            yield from self._cutter.feed(chunk)
        yield from self._cutter.finish()
        self._through = True


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


def _further(tail: Tail, data: bytes) -> Tail:
    """Return the tail of a file with more bytes behind its end mark."""
    filled = len(data.translate(None, b"\r\n\x1a"))
    return replace(tail, after=tail.after + len(data), after_filled=tail.after_filled + filled)


def _first_end(chunk: bytes) -> int:
    """Return where the first line end of a chunk begins, its length if there is none. `find` is the fastest scan."""
    end = chunk.find(b"\n")
    end = len(chunk) if end < 0 else end
    earlier = chunk.find(b"\r", 0, end)
    return end if earlier < 0 else earlier
