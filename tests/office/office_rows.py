"""Claims as the index holds them, for tests: one by name, and any at all by chance."""

from typing import Any

from hypothesis import strategies as st

from seikyu.rules.index import WORST, IndexRow, Outcome, PayerShare, Reason

INSURER = "06990014"
NHI = "  991018"
CITY = "80990013"
WELFARE = "12990016"


def share(number: str = INSURER, points: int = 450, *, days: int = 2, meals_yen: int = 0) -> PayerShare:
    """Return what one payer of a claim is asked for."""
    return PayerShare(number, points, days, meals_yen)


def row(*payers: PayerShare, **changed: Any) -> IndexRow:
    """Return a claim in order, claimed unless said otherwise."""
    named = payers or (share(),)
    stated = {
        "offset": 0,
        "length": 100,
        "line": 2,
        "claim_no": 1,
        "service_month": 202608,
        "claim_type": 1112,
        "worst": None,
        "refused": False,
        "has_insurer": named[0].number == INSURER,
        "payers": named,
        "main_points": named[0].points,
        "identity": b"identity of one.",
        "outcome": Outcome.CLAIMED,
        "reason": Reason.NONE,
    }
    return IndexRow(**{**stated, **changed})


numbers = st.sampled_from([INSURER, NHI, CITY, WELFARE, "", "0699001A"]) | st.integers(0, 99999999).map(
    lambda n: f"{n:8d}"
)
_ANY_OUTCOME = st.sampled_from(Outcome)
shares = st.builds(PayerShare, numbers, st.integers(0, 99_999_999), st.integers(0, 31), st.integers(0, 99_999_999))


@st.composite
def claims(draw: st.DrawFn, outcome: st.SearchStrategy[Outcome] = _ANY_OUTCOME) -> IndexRow:
    """Any claim that the checker could have written."""
    payers = tuple(draw(st.lists(shares, max_size=5)))
    return row(
        payers=payers,
        main_points=payers[0].points if payers else 0,
        has_insurer=draw(st.booleans()),
        worst=draw(st.sampled_from(WORST)),
        refused=draw(st.booleans()),
        identity=draw(st.binary(min_size=16, max_size=16)),
        outcome=draw(outcome),
    )
