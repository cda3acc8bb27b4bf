"""The life of a sending: every pair of state and event, and the page drawn from the table."""

from pathlib import Path
from typing import get_args

import pytest

from seikyu.office.diagram import EVENTS, STATES, states_page
from seikyu.office.errors import NotAllowed
from seikyu.office.sending import (
    CLAIMING,
    FINAL,
    TRANSITIONS,
    ChecksFinished,
    ClaimsCorrected,
    CorrectionFinished,
    DeadlinePassed,
    Event,
    EveryFileRefused,
    InstitutionCancelled,
    InstitutionConfirmed,
    MonthClosed,
    ReviewBodyUndid,
    State,
    checked,
    step,
)

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "states.md"

#: The table once more, as provider.md 3.1 tells it: state by state, what may come.
EXPECTED = {
    "checking": {ChecksFinished: "to_decide", EveryFileRefused: "refused"},
    "to_decide": {
        InstitutionConfirmed: "confirmed",
        InstitutionCancelled: "cancelled",
        CorrectionFinished: "corrected",
        ClaimsCorrected: "to_decide",
        DeadlinePassed: "confirmed_automatically",
    },
    "refused": {ClaimsCorrected: "refused"},
    "confirmed": {MonthClosed: "handed_over", ReviewBodyUndid: "undone", ClaimsCorrected: "confirmed"},
    "confirmed_automatically": {
        MonthClosed: "handed_over",
        ReviewBodyUndid: "undone",
        ClaimsCorrected: "confirmed_automatically",
    },
    "cancelled": {},
    "corrected": {},
    "handed_over": {},
    "undone": {},
}
PAIRS = [(state, event) for state in State for event in get_args(Event)]


@pytest.mark.parametrize(("state", "event"), PAIRS, ids=lambda one: getattr(one, "__name__", str(one)))
def test_every_pair_of_state_and_event_is_a_step_or_turned_away(state: State, event: type[Event]) -> None:
    """What the table does not have is not allowed, and says state and act."""
    expected = EXPECTED[state].get(event)

    if expected is not None:
        assert expected == step(state, event())
        return
    with pytest.raises(NotAllowed) as refusal:
        step(state, event())
    assert {"state": state.value, "act": event.__name__} == refusal.value.facts
    assert "not_allowed" == refusal.value.code


def test_every_state_can_be_reached_and_final_ones_cannot_be_left() -> None:
    """From `checking` every state follows; what is final is what no row leads on from."""
    reached = {State.CHECKING}
    for _ in State:
        reached |= {after for (state, _), after in TRANSITIONS.items() if state in reached}

    assert set(State) == reached
    assert {"refused", "cancelled", "corrected", "handed_over", "undone"} == FINAL
    assert {State.CONFIRMED, State.CONFIRMED_AUTOMATICALLY} == CLAIMING


@pytest.mark.parametrize(
    ("files_refused", "expected"),
    [
        ([False], ChecksFinished),
        ([True], EveryFileRefused),
        ([True, False, True], ChecksFinished),
        ([True, True], EveryFileRefused),
    ],
)
def test_a_sending_is_refused_only_if_every_file_is(files_refused: list[bool], expected: type[Event]) -> None:
    """One file that stands keeps the sending alive."""
    assert expected() == checked(files_refused)


def test_the_page_of_states_is_up_to_date() -> None:
    """`python -c "from seikyu.office.diagram import states_page; print(states_page(), end='')"` writes it anew."""
    assert states_page() == PAGE.read_text(encoding="utf-8")


def test_the_page_tells_every_state_and_every_event() -> None:
    """A state or event without words would leave the page silently."""
    assert set(State) == set(STATES)
    assert set(get_args(Event)) == set(EVENTS)
    assert all(
        f"{state} --> {after}: {event.__name__}" in states_page() for (state, event), after in TRANSITIONS.items()
    )
