"""What may be sent on the 11th and 12th: a right correction is never turned away, and no more come than came back."""

from hypothesis import given
from hypothesis import strategies as st
from office_rows import claims, row

from seikyu.office.corrections import is_error_claim, turned_away
from seikyu.rules.index import IndexRow, Outcome


def known(name: str, **changed: object) -> IndexRow:
    """A claim of that identity, not claimed."""
    return row(identity=name.encode().ljust(16), **{"outcome": Outcome.OPEN, **changed})


ASKED = [known(f"asked {no}", worst="L3") for no in range(2)]


def test_refused_and_asked_claims_may_be_sent_again_and_no_others() -> None:
    """A normal one, one with a notice, and one never seen may not."""
    earlier = [
        known("refused", worst="L2", refused=True),
        known("asked", worst="L4"),
        known("normal"),
        known("noticed", worst="L48"),
    ]
    new = [known(name) for name in ("refused", "normal", "asked", "never seen", "noticed")]

    assert [1, 3, 4] == turned_away(new, earlier)


def test_a_claim_with_errors_is_one_until_it_is_claimed() -> None:
    """Left out by エラー分除く it may be corrected; claimed with its errors it is done."""
    assert is_error_claim(known("asked", worst="L3", outcome=Outcome.UNCLAIMED))
    assert not is_error_claim(known("asked", worst="L3", outcome=Outcome.CLAIMED))
    assert not is_error_claim(known("normal"))
    assert is_error_claim(known("normal"), file_refused=True)


def test_a_claim_whose_wrong_item_told_it_apart_is_a_correction() -> None:
    """As many unknown claims are taken as claims with errors have not come again."""
    new = [known("new 0"), known("asked 1"), known("new 1"), known("new 2")]

    assert [2, 3] == turned_away(new, ASKED)
    assert [] == turned_away([known("new 0"), known("new 1")], ASKED)


def test_a_claimed_claim_never_comes_again() -> None:
    """Neither one claimed by the deadline, with errors or in another sending, nor one claimed as a correction."""
    claimed = known("claimed", outcome=Outcome.CLAIMED)
    with_errors = known("with errors", worst="L4", outcome=Outcome.CLAIMED)
    twice = [known("twice", refused=True, outcome=Outcome.UNCLAIMED), known("twice", outcome=Outcome.CLAIMED)]
    corrected = known("asked 0", outcome=Outcome.CLAIMED)

    away = turned_away(
        [claimed, with_errors, twice[0], corrected],
        [*ASKED, claimed, with_errors, *twice],
        corrected_rows=[corrected],
    )

    assert [0, 1, 2, 3] == away


def test_a_correction_under_another_name_uses_up_an_error() -> None:
    """What was corrected before cannot be corrected again under a third name."""
    corrected = [known("new 0", outcome=Outcome.CLAIMED), known("undecided")]

    assert [1] == turned_away([known("new 1"), known("new 2")], ASKED, corrected_rows=corrected)


def test_every_claim_of_a_refused_file_came_back() -> None:
    """The file came back, and with it claims that no finding stands on."""
    assert [2] == turned_away([known("a"), known("x"), known("y")], [], refused_file_rows=[known("a"), known("b")])


@given(new=st.lists(claims(), max_size=6), earlier=st.lists(claims(), max_size=6))
def test_no_more_come_than_came_back(new: list[IndexRow], earlier: list[IndexRow]) -> None:
    """Each distinct error makes room for one claim; a claim known again has room by itself."""
    errors = {one.identity for one in earlier if is_error_claim(one)}
    claimed = {one.identity for one in earlier if one.outcome is Outcome.CLAIMED}

    away = turned_away(new + earlier, earlier)

    taken = {one.identity for index, one in enumerate(new + earlier) if index not in away}
    assert len(taken) <= len(errors - claimed)
    assert errors - claimed <= taken
    assert not taken & claimed
