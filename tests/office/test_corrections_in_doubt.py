"""Corrections in doubt: a right correction is never turned away, and no more come than came back."""

from hypothesis import given
from hypothesis import strategies as st
from office_rows import claims, row

from seikyu.office.corrections import is_error_claim, turned_away
from seikyu.rules.index import IndexRow, Outcome


def known(name: str, **changed: object) -> IndexRow:
    """A claim of that identity, not claimed."""
    return row(identity=name.encode().ljust(16), **{"outcome": Outcome.OPEN, **changed})


ASKED = [known(f"asked {no}", worst="L3") for no in range(2)]


def test_a_claim_known_again_is_a_correction() -> None:
    """It came back and comes again."""
    assert [] == turned_away([known("asked 0"), known("asked 1")], ASKED)


def test_a_claim_whose_wrong_item_told_it_apart_is_a_correction() -> None:
    """As many unknown claims are taken as claims with errors have not come again."""
    new = [known("new 0"), known("asked 1"), known("new 1"), known("new 2")]

    assert [2, 3] == turned_away(new, ASKED)


def test_a_claimed_claim_never_comes_again() -> None:
    """Neither one claimed by the deadline nor one claimed as a correction."""
    claimed = known("claimed", outcome=Outcome.CLAIMED)
    corrected = known("asked 0", outcome=Outcome.CLAIMED)

    assert [0, 1] == turned_away([claimed, corrected], [*ASKED, claimed], corrected_rows=[corrected])


def test_a_correction_under_another_name_uses_up_an_error() -> None:
    """What was corrected before cannot be corrected again under a third name."""
    corrected = [known("new 0", outcome=Outcome.CLAIMED), known("undecided")]

    assert [1] == turned_away([known("new 1"), known("new 2")], ASKED, corrected_rows=corrected)


def test_every_claim_of_a_refused_file_came_back() -> None:
    """The file came back, and with it claims that no finding stands on."""
    assert [2] == turned_away([known("a"), known("x"), known("y")], [], refused_file_rows=[known("a"), known("b")])


@given(st.lists(claims(), max_size=6), st.lists(claims(), max_size=6))
def test_no_more_come_than_came_back(new: list[IndexRow], earlier: list[IndexRow]) -> None:
    """Each distinct error makes room for one claim; a claim known again has room by itself."""
    errors = {one.identity for one in earlier if is_error_claim(one)}
    away = turned_away(new + earlier, earlier)

    taken = [one for index, one in enumerate(new + earlier) if index not in away]
    assert len({one.identity for one in taken}) <= len(errors)
    assert not any(one.outcome is Outcome.CLAIMED and one.identity not in errors for one in taken if one in earlier)
