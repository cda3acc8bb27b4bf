"""Orders and grants as rules: to the second, and what no reason and no claim looks like."""

from datetime import datetime, timedelta

import pytest

from seikyu.office.calendar import JST
from seikyu.trust.operating import (
    WAITS,
    GrantState,
    Scope,
    UndoState,
    good_reason,
    grant_state_at,
    parse_scope,
    undo_state_at,
)

AT = datetime(2026, 9, 6, 10, tzinfo=JST)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize("state", UndoState)
def test_only_an_order_that_waits_lapses(state: UndoState) -> None:
    """Its last second still holds; a wish that nobody ordered waits for ever."""
    assert undo_state_at(state, AT, AT + WAITS - SECOND) is state
    assert undo_state_at(state, AT, AT + WAITS) is (UndoState.LAPSED if state is UndoState.WAITING else state)
    assert undo_state_at(state, None, AT + WAITS) is state


@pytest.mark.parametrize("state", GrantState)
def test_a_grant_ends_to_the_second(state: GrantState) -> None:
    """It holds until the second before its end, and never without one."""
    until = AT + timedelta(hours=1)
    assert grant_state_at(state, AT, until, until - SECOND) is state
    assert grant_state_at(state, AT, until, until) is (GrantState.ENDED if state is GrantState.GIVEN else state)
    waiting = GrantState.LAPSED if state is GrantState.WAITING else state
    assert grant_state_at(state, AT, until + WAITS, AT + WAITS) is waiting
    assert grant_state_at(GrantState.GIVEN, AT, None, AT) is GrantState.ENDED


@pytest.mark.parametrize("text", ["1", "0-1", "1-0", "1-", "-1", "a-b", "1-1 ", "１-1", "1-12345678"])
def test_a_claim_is_named_by_file_and_place(text: str) -> None:
    """Nothing else is one."""
    with pytest.raises(ValueError, match="names no claim"):
        parse_scope(text)


def test_a_scope_holds_its_claim_alone() -> None:
    """One claim, or every claim."""
    assert parse_scope("3-12") == Scope(3, 12)
    assert [parse_scope("3-12").holds(*place) for place in ((3, 12), (3, 1), (1, 12))] == [True, False, False]


@pytest.mark.parametrize("text", ["", " \n ", "x", "x" * 501, "a\u202eb"])
def test_a_reason_is_one_line_that_says_something(text: str) -> None:
    """Blanks are tidied; what cannot be shown is none."""
    with pytest.raises(ValueError, match="characters"):
        good_reason(text)


@pytest.mark.parametrize("text", ["2", "a-b", "-", "2-15-1", "２-15"])
def test_a_scope_that_names_no_claim_is_refused(text: str) -> None:
    """Nobody is let in by what nobody can read."""
    with pytest.raises(ValueError, match="names no claim"):
        parse_scope(text)


@pytest.mark.parametrize("text", ["", "あ", "理由\x07のある文", "x" * 1001])
def test_a_reason_says_something_and_not_too_much(text: str) -> None:
    """And is one line that can be printed."""
    with pytest.raises(ValueError, match="a reason has"):
        good_reason(text)


def test_what_can_be_read_is_read() -> None:
    """Nothing said is the whole sending; a reason loses its spaces."""
    assert (Scope(), Scope(2, 15)) == (parse_scope(""), parse_scope("2-15"))
    assert "件数の 誤り" == good_reason("  件数の\n誤り ")
