"""Which claims may be corrected on the screen, and what that is to their sending."""

import pytest

from office.office_rows import row
from seikyu.office.correcting import Barred, barred, event_of
from seikyu.office.sending import ClaimsCorrected, CorrectionFinished, Event, State
from seikyu.rules.index import Outcome, Reason


@pytest.mark.parametrize(
    ("changed", "file_refused", "expected"),
    [
        ({"worst": "L3", "outcome": Outcome.OPEN}, False, None),
        ({"worst": "L2", "refused": True, "outcome": Outcome.OPEN}, False, None),
        ({"outcome": Outcome.OPEN}, True, None),
        ({"worst": "L3", "outcome": Outcome.UNCLAIMED, "reason": Reason.ASKED}, False, None),
        ({"refused": True, "outcome": Outcome.UNCLAIMED, "reason": Reason.REFUSED_CLAIM}, False, None),
        ({"outcome": Outcome.UNCLAIMED, "reason": Reason.REFUSED_FILE}, True, None),
        ({"outcome": Outcome.OPEN}, False, Barred.NO_ERRORS),
        ({"worst": "L48", "outcome": Outcome.OPEN}, False, Barred.NO_ERRORS),
        ({"worst": "L3", "outcome": Outcome.CLAIMED}, False, Barred.CLAIMED),
        ({"worst": "L3", "outcome": Outcome.UNCLAIMED, "reason": Reason.CORRECTED}, False, Barred.FINISHED),
        ({"worst": "L3", "outcome": Outcome.UNCLAIMED, "reason": Reason.LEFT_OUT}, False, Barred.LEFT_OUT),
        ({"worst": "L3", "outcome": Outcome.UNCLAIMED, "reason": Reason.NOT_A_CORRECTION}, False, Barred.ELSEWHERE),
        ({"worst": "L3", "outcome": Outcome.SUSPENDED, "reason": Reason.UNKNOWN_PAYER}, False, Barred.ELSEWHERE),
    ],
)
def test_only_a_claim_that_came_back_and_is_claimed_nowhere_may_be_corrected(
    changed: dict[str, object],
    file_refused: bool,  # noqa: FBT001
    expected: Barred | None,
) -> None:
    """What is claimed, finished, left out or without errors stays as it is."""
    assert expected is barred(row(**changed), file_refused=file_refused)


@pytest.mark.parametrize(
    ("state", "reasons", "expected"),
    [
        (State.TO_DECIDE, [Reason.CORRECTED, Reason.CORRECTED], CorrectionFinished),
        (State.TO_DECIDE, [Reason.CORRECTED, Reason.NONE], ClaimsCorrected),
        (State.TO_DECIDE, [Reason.CORRECTED, Reason.LEFT_OUT], ClaimsCorrected),
        (State.CONFIRMED_AUTOMATICALLY, [Reason.CORRECTED], ClaimsCorrected),
        (State.REFUSED, [Reason.CORRECTED], ClaimsCorrected),
    ],
)
def test_a_sending_that_waits_ends_with_its_last_claim(
    state: State, reasons: list[Reason], expected: type[Event]
) -> None:
    """Whatever else is in it must still be decided; what is decided stays decided."""
    assert expected() == event_of(state, reasons)


def test_a_claim_that_is_left_out_is_not_corrected() -> None:
    """Who wants it corrected takes it back in first."""
    assert Barred.LEFT_OUT is barred(row(worst="L3", outcome=Outcome.OPEN), file_refused=False, left_out=True)
