"""The claim index: what is packed is unpacked, and a torn object is seen."""

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seikyu.rules.index import (
    HEADER_BYTES,
    ROW_BYTES,
    WORST,
    IndexDamaged,
    IndexRow,
    Outcome,
    PayerShare,
    Reason,
    header,
    pack,
    read,
    unpack,
    with_findings,
    write,
)

SHARES = st.builds(
    PayerShare,
    number=st.from_regex(r"[0-9]{8}|  [0-9]{6}|", fullmatch=True),
    points=st.integers(0, 2**40),
    days=st.integers(0, 99),
    meals_yen=st.integers(0, 2**40),
)
ROWS = st.builds(
    IndexRow,
    offset=st.integers(0, 2**40),
    length=st.integers(0, 2**40),
    line=st.integers(1, 2**31),
    claim_no=st.integers(-1, 2**31 - 1),
    service_month=st.sampled_from([0, 202608]),
    claim_type=st.sampled_from([0, 1112]),
    worst=st.sampled_from(WORST),
    refused=st.booleans(),
    has_insurer=st.booleans(),
    payers=st.lists(SHARES, max_size=5).map(tuple),
    main_points=st.integers(0, 2**40),
    identity=st.binary(min_size=16, max_size=16),
    outcome=st.sampled_from(Outcome),
    reason=st.sampled_from(Reason),
)


@given(row=ROWS)
def test_a_row_is_unpacked_as_it_was(row: IndexRow) -> None:
    """Every field survives, in a fixed width."""
    data = pack(row)

    assert ROW_BYTES == len(data)
    assert row == unpack(data)


@given(rows=st.lists(ROWS, max_size=5))
def test_an_index_is_read_as_it_was_written(rows: list[IndexRow]) -> None:
    """In file order, behind a header."""
    data = b"".join(write(rows))

    assert header() == data[:HEADER_BYTES]
    assert rows == list(read(BytesIO(data)))


@given(row=ROWS, cut=st.integers(1, ROW_BYTES - 1))
def test_a_torn_index_is_seen(row: IndexRow, cut: int) -> None:
    """The size says how many rows there are; a cut one is damage."""
    data = b"".join(write([row]))

    with pytest.raises(IndexDamaged):
        list(read(BytesIO(data[:-cut])))


def test_what_is_no_index_is_not_read() -> None:
    """Another object, another edition, or a row that no row can be."""
    row = IndexRow(0, 0, 1, 1, 0, 0, None, False, False, (), 0, bytes(16))
    data = bytearray(b"".join(write([row])))
    data[HEADER_BYTES + 30] = 99  # the worst level

    for damaged in (b"", b"something else", bytes(data)):
        with pytest.raises(IndexDamaged):
            list(read(BytesIO(damaged)))


@given(row=ROWS)
def test_a_decided_row_keeps_all_else(row: IndexRow) -> None:
    """Deciding writes outcome and reason; a case is a payer that the claim names."""
    decided = row.decided(Outcome.UNCLAIMED, Reason.LEFT_OUT)

    assert (Outcome.UNCLAIMED, Reason.LEFT_OUT) == (decided.outcome, decided.reason)
    assert row == decided.decided(row.outcome, row.reason)
    assert len(row.payers) == row.cases
    assert row.asks == (not row.refused and row.worst not in {None, "L48"})


@given(st.lists(ROWS, max_size=6))
def test_rows_with_findings_are_found_without_unpacking(rows: list[IndexRow]) -> None:
    """By their worst level, wherever they stand."""
    packed = b"".join(map(pack, rows))

    assert [place for place, row in enumerate(rows) if row.worst] == with_findings(packed)
