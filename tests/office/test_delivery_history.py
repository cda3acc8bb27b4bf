"""The history of a delivery: few rows that tell who fetched from where to where."""

from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from seikyu.office.calendar import JST
from seikyu.office.delivery import DeliveryStep, noted, reached
from seikyu.office.delivery.history import MOST_STEPS

NOW = datetime(2026, 10, 8, 10, 0, tzinfo=JST)


def asked(start: int, end: int, *, after_s: int = 0, what: str = "fetch", user: str = "hanako") -> DeliveryStep:
    """Return a request for some bytes."""
    at = NOW + timedelta(seconds=after_s)
    return DeliveryStep("d1", 0, what, at, at, start, end, start, 1, user, "pc-1", "1f")


def told(*steps: DeliveryStep) -> list[DeliveryStep]:
    """Return the rows that these requests come to."""
    rows: list[DeliveryStep] = []
    for step in steps:
        row = noted(rows[-1] if rows else None, step)
        rows[row.no - 1 :] = [row]
    return rows


def test_pieces_that_follow_each_other_are_one_row() -> None:
    """However many there were."""
    rows = told(asked(0, 10), asked(10, 20, after_s=5), asked(20, 25, after_s=10))

    expected = replace(asked(0, 25), no=1, until=NOW + timedelta(seconds=10), reached=20, times=3)
    assert [expected] == rows


def test_a_break_begins_a_row_where_it_went_on() -> None:
    """Within a piece, after a long while, by another hand, or for another purpose."""
    rows = told(
        asked(0, 10), asked(4, 10), asked(10, 20, after_s=3600), asked(20, 30, after_s=3600, user="taro"),
        asked(0, 30, after_s=3600, what="received", user="taro"),
    )  # fmt: skip

    assert [(0, 10), (4, 10), (10, 20), (20, 30), (0, 30)] == [(row.start, row.end) for row in rows]
    assert [1, 2, 3, 4, 5] == [row.no for row in rows]


def test_how_far_a_payer_has_come_is_where_it_went_on_from() -> None:
    """What was asked for may not have come; what somebody goes on from has."""
    assert 0 == reached([])
    assert 0 == reached(told(asked(0, 100)))
    assert 40 == reached(told(asked(0, 100), asked(40, 100)))


def test_wrong_digests_said_again_and_again_are_one_row() -> None:
    """A program that goes wild fills nothing."""
    assert [9] == [row.times for row in told(*(asked(0, 9, what="mismatch") for _ in range(9)))]


def test_a_long_history_ends_with_its_receipt() -> None:
    """Past the most rows the last one is counted on; that it was received is noted all the same."""
    rows = told(*(asked(no % 2, 9) for no in range(MOST_STEPS + 50)))
    assert (MOST_STEPS, 51) == (len(rows), rows[-1].times)

    done = noted(rows[-1], asked(0, 9, what="received"))
    assert (MOST_STEPS + 1, "received") == (done.no, done.what)


@given(pieces=st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), max_size=30))
def test_no_request_is_lost(pieces: list[tuple[int, int]]) -> None:
    """The rows count every request, and their ranges hold each."""
    rows = told(*(asked(start, start + length) for start, length in pieces))

    assert len(pieces) == sum(row.times for row in rows)
    for start, length in pieces:
        assert any(row.start <= start and start + length <= row.end for row in rows)
