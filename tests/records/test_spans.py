"""Where claims stand: a search over bytes finds what a reader of lines finds, however the bytes come."""

import pytest
from hypothesis import given
from hypothesis.strategies import binary, integers, lists, sampled_from

import builders
from seikyu.records import Layout, Scope, Span, claim_spans, layout_for, read_lines

MEDICAL = layout_for("medical", None)

PIECES = sampled_from(
    [b"RE,1,1112,202608\r\n", b"RE,22,1\n", b"RE\r\n", b"RE,x\r", b"IR,1\r\n", b"UK,1\r\n", b"GO,1,1,99\r\n", b"SI,11\r\n",
     b"\r\n", b"\r", b"\n", b"1,2,3,RE,7,1\r\n", b"REX,1\r\n", b" RE,1\r\n", b"\x1a", b"x" * 70 + b"\r\n", b"RE,5"]
)  # fmt: skip


def by_lines(data: bytes, layout: Layout) -> list[Span]:
    """Return the claims as a reader of lines finds them: the slow way."""
    found: list[Span] = []
    start = number = None
    end = 0
    for line in read_lines([data]):
        rid = line.content.split(b",")[0].decode("ascii", "replace")
        known = layout.records.get(rid)
        opens = rid == layout.claim_opener
        if start and (opens or (known and known.scope is Scope.FILE)):
            found.append(Span(len(found), start.no, start.offset, line.offset - start.offset, number))
            start = number = None
        start = line if opens else start
        if rid == "RE" and number is None and start:
            text = line.content.split(b",")[1:2]
            number = int(text[0]) if text and text[0].isdigit() else None
        end = line.offset + line.length
    if start:
        found.append(Span(len(found), start.no, start.offset, end - start.offset, number))
    return found


@pytest.mark.parametrize("kind", ["medical", "dental"])
@given(pieces=lists(PIECES, max_size=12), size=integers(1, 60))
def test_a_search_finds_what_a_reader_of_lines_finds(kind: str, pieces: list[bytes], size: int) -> None:
    """Line ends of all kinds, lines cut anywhere, and nothing behind the end mark."""
    data, layout = b"".join(pieces), layout_for(kind, None)
    chunks = [data[at : at + size] for at in range(0, len(data), size)]

    assert by_lines(data, layout) == list(claim_spans(chunks, layout))


@given(data=binary(max_size=300), size=integers(1, 40))
def test_any_bytes_are_searched_to_their_end(data: bytes, size: int) -> None:
    """No bytes end a search with an error, and no claim lies outside them."""
    spans = list(claim_spans([data[at : at + size] for at in range(0, len(data), size)], MEDICAL))

    assert all(0 <= span.offset < span.offset + span.length <= len(data) for span in spans)


def test_claims_of_one_number_are_both_found() -> None:
    """Numbers may stand twice by mistake; each claim has its own place."""
    data = builders.uke(builders.claim(7), builders.claim(7))
    spans = list(claim_spans([data], MEDICAL))

    assert [(0, 2, 7), (1, 6, 7)] == [(span.claim_index, span.line, span.claim_no) for span in spans]
    assert data[spans[1].offset :].startswith(b"RE,7,")
