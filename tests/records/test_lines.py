"""Bytes cut into lines: whatever comes, in whatever chunks."""

import tracemalloc
from collections.abc import Iterator

from hypothesis import given
from hypothesis.strategies import binary, integers, lists, sampled_from
from pytest import mark, raises  # noqa: PT013 (the house names them so)

from seikyu.limits import limit
from seikyu.records import Line, Tail, read_lines

#: Bytes that matter to a reader of lines are frequent here.
files = lists(sampled_from([b"a", b"SI", b",", b"\r", b"\n", b"\r\n", b"\x1a", b"\x00", b"\x8a\xee"]), max_size=40).map(
    b"".join
)


def read(*chunks: bytes, line_bytes: int | None = None) -> tuple[list[Line], Tail | None]:
    """Return the lines and the tail of a file that comes in these chunks."""
    reader = read_lines(chunks, line_bytes=line_bytes)
    return list(reader), reader.tail


def contents(lines: list[Line]) -> list[tuple[bytes, bytes]]:
    """Return what stands in the lines, and their ends."""
    return [(line.content, line.ending) for line in lines]


@mark.parametrize(
    ("data", "lines", "tail"),
    [
        (b"", [], Tail(mark=False, offset=0)),
        (b"\x1a", [], Tail(mark=True, offset=0)),
        (b"A\r\nB\r\n\x1a", [(b"A", b"\r\n"), (b"B", b"\r\n")], Tail(mark=True, offset=6)),
        (b"A\r\nB\r\n", [(b"A", b"\r\n"), (b"B", b"\r\n")], Tail(mark=False, offset=6)),
        (b"A\nB\n\x1a", [(b"A", b"\n"), (b"B", b"\n")], Tail(mark=True, offset=4)),
        (b"A\rB\r\x1a", [(b"A", b"\r"), (b"B", b"\r")], Tail(mark=True, offset=4)),
        (b"A\r\nB", [(b"A", b"\r\n"), (b"B", b"")], Tail(mark=False, offset=4)),
        (b"A\r\nB\x1a", [(b"A", b"\r\n"), (b"B", b"")], Tail(mark=True, offset=4)),
        (b"A\r\nB\x1a\x1a", [(b"A", b"\r\n"), (b"B", b"")], Tail(mark=True, offset=4, after=1)),
        (b"A\r\n\r\nB\r\n", [(b"A", b"\r\n"), (b"", b"\r\n"), (b"B", b"\r\n")], Tail(mark=False, offset=8)),
        (b"A\r\r\nB", [(b"A", b"\r"), (b"", b"\r\n"), (b"B", b"")], Tail(mark=False, offset=5)),
        (b"A\r\n\x1a\r\n", [(b"A", b"\r\n")], Tail(mark=True, offset=3, after=2)),
        (b"A\r\n\x1aB\r\nC", [(b"A", b"\r\n")], Tail(mark=True, offset=3, after=4, after_filled=2)),
        (b"A\x1aB\r\n", [(b"A\x1aB", b"\r\n")], Tail(mark=False, offset=5)),
        (b"A\x1a\r\nB\r\n", [(b"A\x1a", b"\r\n"), (b"B", b"\r\n")], Tail(mark=False, offset=7)),
        (b"A\x00\r\n", [(b"A\x00", b"\r\n")], Tail(mark=False, offset=4)),
        (b"A\x0b\x0c\x85\x1cB\n", [(b"A\x0b\x0c\x85\x1cB", b"\n")], Tail(mark=False, offset=7)),
    ],
)
def test_lines_end_where_their_ends_say_and_the_tail_is_told(
    data: bytes, lines: list[tuple[bytes, bytes]], tail: Tail
) -> None:
    """CR LF, LF, CR and no end are told apart; the end mark, its absence and what follows it are reported."""
    assert (lines, tail) == (contents(read(data)[0]), read(data)[1])


def test_lines_know_number_and_place() -> None:
    """A line is numbered from 1 and stands at its offset, its end included in its length."""
    lines, _ = read(b"AB\r\nC\nDEF")

    assert [(1, 0, 4), (2, 4, 2), (3, 6, 3)] == [(line.no, line.offset, line.length) for line in lines]


@given(data=files, cuts=lists(integers(0, 60), max_size=6), line_bytes=integers(1, 12))
def test_lines_do_not_depend_on_the_chunks(data: bytes, cuts: list[int], line_bytes: int) -> None:
    """However the bytes arrive, the lines and the tail are the same."""
    places = sorted(min(cut, len(data)) for cut in cuts)
    chunks = [data[a:b] for a, b in zip([0, *places], [*places, len(data)], strict=True)]

    assert read(data, line_bytes=line_bytes) == read(*chunks, line_bytes=line_bytes)


@given(data=files | binary(), line_bytes=integers(1, 12))
def test_every_byte_is_accounted_for(data: bytes, line_bytes: int) -> None:
    """Lines follow each other without gap, then the mark, then what is behind it, and that is the file."""
    lines, tail = read(data, line_bytes=line_bytes)

    assert tail is not None
    assert [line.offset for line in lines] == [sum(before.length for before in lines[:i]) for i in range(len(lines))]
    assert tail.offset == sum(line.length for line in lines)
    assert len(data) == tail.offset + tail.mark + tail.after
    for line in lines:
        whole = data[line.offset : line.offset + line.length]
        assert line.cut == (line.length - len(line.ending) > line_bytes)
        assert line.content == whole[: len(whole) - len(line.ending)][:line_bytes]
        assert line.ending == whole[len(whole) - len(line.ending) :]


@mark.parametrize("chunk_bytes", [1, 2, 3, 7, 100])
def test_a_line_past_the_limit_is_cut_and_the_next_is_whole(chunk_bytes: int) -> None:
    """Only its beginning is kept; its length and end are told."""
    data = b"A" * 20 + b"\r\nB\r\n" + b"C" * 9 + b"\x1a"
    chunks = [data[i : i + chunk_bytes] for i in range(0, len(data), chunk_bytes)]

    lines, tail = read(*chunks, line_bytes=8)

    assert [b"A" * 8, b"B", b"C" * 8] == [line.content for line in lines]
    assert [True, False, True] == [line.cut for line in lines]
    assert [22, 3, 10] == [line.length for line in lines]
    assert [b"\r\n", b"\r\n", b""] == [line.ending for line in lines]
    assert Tail(mark=False, offset=35) == tail


def test_a_line_exactly_at_the_limit_is_whole() -> None:
    """The limit itself is allowed."""
    most = limit("line_bytes")

    lines, _ = read(b"A" * most + b"\r\n" + b"B" * (most + 1) + b"\r\n")

    assert [(most, False), (most, True)] == [(len(line.content), line.cut) for line in lines]


def test_a_giant_line_takes_bounded_memory() -> None:
    """256 MiB of zeros without a line end never stand in memory at once."""
    chunk, chunks = bytes(1024 * 1024), 256

    def zeros() -> Iterator[bytes]:
        for _ in range(chunks):
            yield chunk

    tracemalloc.start()
    try:
        reader = read_lines(zeros())
        lines = list(reader)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert [(256 * 1024 * 1024, True)] == [(line.length, line.cut) for line in lines]
    assert peak < 8 * 1024 * 1024


def test_what_stands_behind_the_mark_takes_bounded_memory() -> None:
    """It is counted, chunk by chunk, and not kept."""
    reader = read_lines(iter([b"A\r\n\x1a", b"\r\n\r\n", b"\x00" * 10, b"\x1a"]))

    assert [b"A"] == [line.content for line in reader]
    assert Tail(mark=True, offset=3, after=15, after_filled=10) == reader.tail


def test_a_reader_gives_each_line_once() -> None:
    """It is an iterator: what was taken does not come again, and the tail is there at the end."""
    reader = read_lines([b"A\r\nB\r\n"])

    assert next(reader).content == b"A"
    assert reader.tail is None
    assert [b"B"] == [line.content for line in reader]
    with raises(StopIteration):
        next(reader)


def test_a_line_shows_nothing_of_its_content_in_its_repr() -> None:
    """Lines hold personal items, and a repr ends up in logs."""
    line = read("RE,1,1112,202608,見本　太郎\r\n".encode("cp932"))[0][0]

    assert repr(line) == "<line 1 at 0, 29 bytes>"
