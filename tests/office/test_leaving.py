"""What is left out of a file before its sending is decided, and what a decision comes to with it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from office_rows import claims, row

from seikyu.office.forecast import Fate, Sum, decided, forecast
from seikyu.office.leaving import LeftOut
from seikyu.office.outcome import Decision
from seikyu.rules.index import IndexRow, Outcome, Reason

PLACES = st.frozensets(st.integers(0, 50))


@given(whole=st.booleans(), places=PLACES)
def test_a_row_says_it_and_it_is_read_again(whole: bool, places: frozenset[int]) -> None:  # noqa: FBT001
    """Nothing, a file, claims, or both."""
    left = LeftOut(whole=whole, claims=places)

    assert left == LeftOut.read(left.word)
    assert (left.word is None) == (left == LeftOut())


@given(places=PLACES, one=st.none() | st.integers(0, 50))
def test_what_is_taken_back_in_is_not_left_out(places: frozenset[int], one: int | None) -> None:
    """And what was left out besides stays so; doing it again changes nothing."""
    left = LeftOut(claims=places)
    after = left.out(one)

    assert after == after.out(one)
    assert (0 if one is None else one) in after
    assert after.back(one) == after.back(one).back(one)
    assert after.back(one).claims == (places if one is None else places - {one})


@pytest.mark.parametrize("word", ["[x", "some", "all+[x]"])
def test_a_word_that_is_none_is_refused(word: str) -> None:
    """A row that says something else is a fault."""
    with pytest.raises(ValueError, match=r".*"):
        LeftOut.read(word)


@given(
    rows=st.lists(claims(), max_size=12), places=PLACES, whole=st.booleans(), asp=st.booleans(), refused=st.booleans()
)
def test_what_is_told_beforehand_is_what_is_decided(
    rows: list[IndexRow], places: frozenset[int], *, whole: bool, asp: bool, refused: bool
) -> None:
    """For every way of deciding, reason by reason, in claims, cases and points."""
    left = LeftOut(whole=whole, claims=places)

    told = forecast(rows, left, asp=asp, file_refused=refused)

    for decision in Decision:
        sums: dict[Fate, Sum] = {}
        for place, each in enumerate(rows):
            after = decided(each, decision, left_out=place in left, asp=asp, file_refused=refused)
            fate = Fate(after.outcome, after.reason, each.worst)
            sums[fate] = sums.get(fate, Sum()) + Sum(1, each.cases, each.main_points)
        assert sums == told[decision]


def test_what_is_no_correction_stays_so_whatever_is_decided() -> None:
    """It was not to be sent at all."""
    barred = row(outcome=Outcome.UNCLAIMED, reason=Reason.NOT_A_CORRECTION)

    assert barred == decided(barred, Decision.WITH, left_out=True)


def test_a_claim_that_is_left_out_is_not_claimed() -> None:
    """Whatever is decided."""
    open_claim = row(outcome=Outcome.OPEN)

    for decision in Decision:
        assert Reason.LEFT_OUT is decided(open_claim, decision, left_out=True).reason
        assert Outcome.CLAIMED is decided(open_claim, decision).outcome
