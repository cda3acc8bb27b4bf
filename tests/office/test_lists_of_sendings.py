"""Which official lists a sending has, state by state."""

import pytest

from seikyu.office.papers import papers, papers_of
from seikyu.office.sending import State

CHECK, CONFIRMATION = ["hasp", "pjry"], ["hjry", "fixf"]


def there(state: State, *, line: str = "real", asp: bool = True) -> list[str]:
    """Return the forms that a sending in that state has."""
    return [paper.form for paper in papers_of(line=line, asp=asp) if paper.why_not(state) is None]


@pytest.mark.parametrize(
    ("state", "forms"),
    [
        (State.CHECKING, []),
        (State.TO_DECIDE, CHECK),
        (State.REFUSED, CHECK),
        (State.CANCELLED, CHECK),
        (State.CORRECTED, CHECK),
        (State.UNDONE, CHECK),
        (State.CONFIRMED, CHECK + CONFIRMATION),
        (State.CONFIRMED_AUTOMATICALLY, CHECK + CONFIRMATION),
        (State.HANDED_OVER, CHECK + CONFIRMATION),
    ],
)
def test_a_sending_has_the_lists_of_its_state(state: State, forms: list[str]) -> None:
    """What was sent from the check on; a receipt only while something is claimed."""
    assert forms == there(state)


def test_the_list_of_results_is_that_of_line_and_choice() -> None:
    """One of three, never two."""
    assert "uasp" in there(State.TO_DECIDE, asp=False)
    assert "hasp" not in there(State.TO_DECIDE, asp=False)
    for asp in (True, False):
        assert ["kasp", "pjry"] == there(State.TO_DECIDE, line="test", asp=asp)


def test_every_absence_has_a_reason() -> None:
    """No list is away without a word."""
    reasons = {paper.why_not(state) for paper in papers() for state in State} - {None}

    assert {"checking", "not_confirmed", "refused", "cancelled", "corrected", "undone"} == reasons
