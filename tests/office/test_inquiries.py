"""The life of an inquiry: every pair of state and act, and what a message may be."""

import pytest

from seikyu.office.incidents import known_parts, parts
from seikyu.office.inquiries import (
    BY_ASKER,
    BY_DESK,
    TRANSITIONS,
    Act,
    InquiryOver,
    State,
    is_line,
    is_text,
    plain,
    step,
)


@pytest.mark.parametrize("act", Act)
@pytest.mark.parametrize("state", State)
def test_every_pair_of_state_and_act_is_decided(state: State, act: Act) -> None:
    """By the table, or not allowed, which names the state."""
    if (state, act) in TRANSITIONS:
        assert step(state, act) == TRANSITIONS[state, act]
        return
    with pytest.raises(InquiryOver) as refused:
        step(state, act)
    assert {"state": state.value} == refused.value.facts


def test_what_is_closed_stays_closed_and_the_rest_can_be_closed() -> None:
    """By either side; and a word of the asker opens what was answered."""
    assert not [act for (state, act) in TRANSITIONS if state is State.CLOSED]
    for state in set(State) - {State.CLOSED}:
        assert {State.CLOSED} == {step(state, act) for act in (Act.SOLVE, Act.CLOSE)}
    assert State.RECEIVED == step(State.ANSWERED, Act.WRITE)
    assert {*BY_ASKER, *BY_DESK, Act.ASK} == set(Act)


@pytest.mark.parametrize("text", ["", " \n ", "x" * 11, "a\x00", "a\x1b[1m", "\x85", "\ud800"])
def test_a_message_is_text(text: str) -> None:
    """Something, not too long, and nothing that plays with a terminal."""
    assert not is_text(text, chars=10)


def test_a_message_may_have_lines_and_a_line_may_not() -> None:
    """Line breaks of any system are kept as one kind."""
    assert "a\nb\nc" == plain(" a\r\nb\rc\n")
    assert is_text("a\n\tb", chars=10)
    assert not is_line("a\nb", chars=10)
    assert is_line("", chars=10)
    assert not is_line("x" * 11, chars=10)


def test_an_incident_names_known_parts() -> None:
    """In the order of the table, each once; none, or one that nobody knows, is refused."""
    assert ("receiving", "checking") == known_parts(["checking", "receiving", "checking"])
    assert known_parts([]) is None
    assert known_parts(["receiving", "moon"]) is None
    assert all(part.ja and part.en for part in parts().values())
