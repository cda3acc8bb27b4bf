"""What becomes of a claim: the official table, cell by cell, and the choices around it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from office_rows import claims, row

from seikyu.office.outcome import Decision, choices, decide, house_policy, policy
from seikyu.rules.index import WORST, IndexRow, Outcome, Reason

C, U = Outcome.CLAIMED, Outcome.UNCLAIMED

#: provider.md 3.2, row by row: with, without, automatic, no ASP; reason if unclaimed.
TABLE = {
    "file": ({"file_refused": True}, (U, U, U, U), Reason.REFUSED_FILE),
    "L1": ({"worst": "L1"}, (U, U, U, U), Reason.REFUSED_FILE),
    "L2": ({"worst": "L2", "refused": True}, (U, U, U, U), Reason.REFUSED_CLAIM),
    "L2 that does not say so": ({"worst": "L2"}, (U, U, U, U), Reason.REFUSED_CLAIM),
    "L3 that refuses": ({"worst": "L3", "refused": True}, (U, U, U, U), Reason.REFUSED_CLAIM),
    "L3 other": ({"worst": "L3"}, (C, U, U, C), Reason.ASKED),
    "L4": ({"worst": "L4"}, (C, U, U, C), Reason.ASKED),
    "L7": ({"worst": "L7"}, (C, U, U, C), Reason.ASKED),
    "L48": ({"worst": "L48"}, (C, C, C, C), Reason.NONE),
    "none": ({"worst": None}, (C, C, C, C), Reason.NONE),
}
COLUMNS = [(Decision.WITH, True), (Decision.WITHOUT, True), (Decision.AUTOMATIC, True), (Decision.WITHOUT, False)]


@pytest.mark.parametrize("found", TABLE)
@pytest.mark.parametrize("column", range(4))
def test_the_decision_table_is_the_official_one(found: str, column: int) -> None:
    """Each cell gives its outcome; a claim that stays unclaimed has the row's reason, a claimed one none."""
    stated, outcomes, reason = TABLE[found]
    changed = dict(stated)
    file_refused = changed.pop("file_refused", False)
    decision, asp = COLUMNS[column]

    decided = decide(row(outcome=Outcome.OPEN, **changed), decision, asp=asp, file_refused=file_refused)

    assert (outcomes[column], reason if outcomes[column] is U else Reason.NONE) == (decided.outcome, decided.reason)


@given(
    claim=claims(),
    decision=st.sampled_from(Decision),
    asp=st.booleans(),
    file_refused=st.booleans(),
    left_out=st.booleans(),
)
def test_every_claim_is_claimed_or_unclaimed_with_a_reason(
    claim: IndexRow, decision: Decision, *, asp: bool, file_refused: bool, left_out: bool
) -> None:
    """No claim stays open, none that is refused or left out is claimed, and nothing else of it changes."""
    decided = decide(claim, decision, asp=asp, file_refused=file_refused, left_out=left_out)

    assert decided.outcome in (C, U)
    assert (decided.outcome is C) == (decided.reason is Reason.NONE)
    assert not (decided.outcome is C and (file_refused or claim.refused or left_out))
    assert claim == decided.decided(claim.outcome, claim.reason)


@pytest.mark.parametrize("decision", Decision)
def test_with_errors_claims_what_without_does_and_more(decision: Decision) -> None:
    """Whatever is claimed without the claims that ask, or automatically, is claimed with them."""
    for worst in WORST:
        claim = row(worst=worst, outcome=Outcome.OPEN)
        if decide(claim, decision).outcome is C:
            assert decide(claim, Decision.WITH).outcome is C


def test_a_claim_left_out_says_so_unless_it_was_refused_anyway() -> None:
    """Refusal is the graver reason: leaving out something refused changes nothing."""
    assert Reason.LEFT_OUT is decide(row(), Decision.WITH, left_out=True).reason
    assert Reason.LEFT_OUT is decide(row(worst="L3"), Decision.WITHOUT, left_out=True).reason
    assert Reason.REFUSED_CLAIM is decide(row(refused=True), Decision.WITH, left_out=True).reason
    assert Reason.REFUSED_FILE is decide(row(), Decision.WITH, left_out=True, file_refused=True).reason


def test_a_guess_is_one_choice_to_change() -> None:
    """An operator who knows how L7 behaves says so, and only that cell changes."""
    chosen = policy({"l7_without": "claimed"})

    assert C is decide(row(worst="L7"), Decision.WITHOUT, by=chosen).outcome
    assert U is decide(row(worst="L7"), Decision.AUTOMATIC, by=chosen).outcome
    changed = {cell for cell, value in chosen.table.items() if house_policy().table[cell] != value}
    assert {("L7", Decision.WITHOUT)} == changed


def test_what_nobody_decides_falls_under_the_same_rule_at_the_closing_as_at_the_deadline() -> None:
    """Both are the automatic confirmation, and each can be chosen otherwise."""
    assert Decision.AUTOMATIC is house_policy().undecided_at_deadline is house_policy().undecided_at_closing
    assert Decision.WITH is policy({"undecided_at_closing": "with"}).undecided_at_closing


@pytest.mark.parametrize(
    "answers", [{"l7_without": "perhaps"}, {"l9_without": "claimed"}, {"undecided_at_closing": "claimed"}]
)
def test_an_answer_that_is_none_is_refused(answers: dict[str, str]) -> None:
    """Misspelt settings must not pass unseen."""
    with pytest.raises(ValueError, match=next(iter(answers))):
        policy(answers)


def test_every_choice_is_documented() -> None:
    """Each has its words in both languages, a source, and one of its own choices as our answer."""
    assert len(choices()) == len({choice.key for choice in choices()}) > 0
    for choice in choices():
        assert choice.value in choice.choices
        assert choice.ja
        assert choice.en
        assert choice.source
        assert choice.confidence in ("sure", "likely", "guess")
