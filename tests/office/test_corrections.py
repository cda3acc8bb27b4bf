"""What may be sent on the 11th and 12th."""

from hypothesis import given
from hypothesis import strategies as st
from office_rows import claims, row

from seikyu.office.corrections import is_error_claim, may_correct
from seikyu.office.errors import OnlyCorrections
from seikyu.rules.index import IndexRow, Outcome

OPEN = Outcome.OPEN


def known(name: str, **changed: object) -> IndexRow:
    """A claim of that identity."""
    return row(identity=name.encode().ljust(16), **{"outcome": OPEN, **changed})


def test_only_claims_that_came_back_with_errors_may_be_sent_again() -> None:
    """Refused and asked claims may; a normal one, one with a notice, and one never seen may not."""
    earlier = [
        known("refused", worst="L2", refused=True),
        known("asked", worst="L4"),
        known("normal"),
        known("noticed", worst="L48"),
    ]
    new = [known(name) for name in ("refused", "normal", "asked", "never seen", "noticed")]

    assert [1, 3, 4] == may_correct(new, earlier)


def test_all_claims_of_a_refused_file_may_be_sent_again() -> None:
    """The file came back, and with it every claim in it."""
    assert [1] == may_correct([known("normal"), known("new")], [], refused_file_rows=[known("normal")])


def test_a_claim_that_is_claimed_already_is_no_correction() -> None:
    """Confirmed with its errors, or right in another sending: it would be claimed twice."""
    confirmed_with = known("asked", worst="L4", outcome=Outcome.CLAIMED)
    sent_twice = [known("twice", refused=True, outcome=Outcome.UNCLAIMED), known("twice", outcome=Outcome.CLAIMED)]

    assert [0, 1] == may_correct([known("asked"), known("twice")], [confirmed_with, *sent_twice])


def test_an_error_claim_that_stayed_unclaimed_may_be_corrected() -> None:
    """This is what エラー分除く is for."""
    assert [] == may_correct([known("asked")], [known("asked", worst="L3", outcome=Outcome.UNCLAIMED)])
    assert is_error_claim(known("asked", worst="L3", outcome=Outcome.UNCLAIMED))
    assert not is_error_claim(known("asked", worst="L3", outcome=Outcome.CLAIMED))
    assert not is_error_claim(known("normal"))


@given(new=st.lists(claims(), max_size=8), earlier=st.lists(claims(), max_size=8))
def test_each_claim_is_judged_by_itself(new: list[IndexRow], earlier: list[IndexRow]) -> None:
    """The answer for a claim does not depend on what else is sent, nor on the order of what was."""
    together = may_correct(new, earlier)

    assert together == [n for n, claim in enumerate(new) if may_correct([claim], list(reversed(earlier)))]
    assert list(range(len(new))) == may_correct(new, [])


def test_the_refusal_tells_how_many_and_never_who() -> None:
    """Its facts are counts and positions."""
    refusal = OnlyCorrections([4, 1])

    assert ("only_corrections", {"claims": 2, "first_index": 1}, (4, 1)) == (
        refusal.code,
        refusal.facts,
        refusal.indices,
    )
