"""The claim ledger: what comes in equals what goes out, per payer and measure, to the unit."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from office_rows import CITY, INSURER, NHI, claims, row, share

from seikyu.office.balance_text import balance_text, reason_text
from seikyu.office.ledger import MEASURES, NOTHING, Amounts, Balance, Stage, amounts_of, postings_of, trial_balance
from seikyu.rules.index import IndexRow, Outcome

CLAIMED = st.just(Outcome.CLAIMED)
files = st.lists(claims(CLAIMED), max_size=12)


@dataclass(frozen=True)
class Line:
    """A posting as the balance sees it; the store's rows have more."""

    stage: str
    payer: str
    claims: int = 0
    main_points: int = 0
    cases: int = 0
    own_points: int = 0
    meals_yen: int = 0
    reason: str | None = None


def lines(stage: Stage, sums: dict[str, Amounts], reason: str | None = None) -> list[Line]:
    """Return the sums of a leg as postings."""
    return [
        Line(stage, payer, *(getattr(amounts, measure) for measure in MEASURES), reason)
        for payer, amounts in sums.items()
    ]


def balance_of(came: list[IndexRow], went: list[IndexRow], kept: Sequence[IndexRow] = ()) -> Balance:
    """The balance when `came` was claimed, `went` delivered and `kept` suspended."""
    return trial_balance(
        lines(Stage.CLAIMED, postings_of(came))
        + lines(Stage.DELIVERED, postings_of(went))
        + lines(Stage.SUSPENDED, postings_of(kept), "unknown_payer")
    )


def test_a_combined_claim_counts_once_and_is_a_case_of_each_payer() -> None:
    """Claims and main points on the insurer; points and meals of each payer are its own."""
    expected = {
        "00991018": Amounts(claims=1, main_points=500, cases=1, own_points=500, meals_yen=1280),
        CITY: Amounts(claims=0, main_points=0, cases=1, own_points=200, meals_yen=640),
    }

    assert expected == amounts_of(row(share(NHI, 500, meals_yen=1280), share(CITY, 200, meals_yen=640)))


def test_only_what_is_claimed_is_posted() -> None:
    """Unclaimed and open claims are nobody's; suspended ones were claimed first."""
    rows = [row(outcome=outcome) for outcome in Outcome]

    assert {INSURER: Amounts(2, 900, 2, 900, 0)} == postings_of(rows)


@given(rows=files)
def test_claims_are_re_records_and_main_points_are_go_points(rows: list[IndexRow]) -> None:
    """Over a file, whoever pays: each claim once, each claim's points once."""
    posted = postings_of(rows).values()

    assert len(rows) == sum(amounts.claims for amounts in posted)
    assert sum(claim.main_points for claim in rows) == sum(amounts.main_points for amounts in posted)
    assert sum(share.points for claim in rows for share in claim.payers) == sum(a.own_points for a in posted)
    assert sum(share.meals_yen for claim in rows for share in claim.payers) == sum(a.meals_yen for a in posted)


@given(rows=st.lists(claims(), max_size=12), cut=st.integers(0, 12))
def test_postings_of_parts_sum_to_those_of_the_whole(rows: list[IndexRow], cut: int) -> None:
    """Files may be posted in any order and any pieces."""
    whole, parts = postings_of(rows), [postings_of(rows[:cut]), postings_of(rows[cut:])]

    assert whole == {payer: sum((part.get(payer, NOTHING) for part in parts), NOTHING) for payer in whole}
    assert all(one < other for one, other in pairwise(whole))


@given(rows=files, suspended=st.sets(st.integers(0, 11)))
def test_what_is_claimed_is_delivered_or_suspended(rows: list[IndexRow], suspended: set[int]) -> None:
    """Whichever claims are held back, both legs balance."""
    kept = [claim for place, claim in enumerate(rows) if place in suspended]
    went = [claim for place, claim in enumerate(rows) if place not in suspended]

    balance = balance_of(rows, went, kept)

    assert balance.balanced
    assert () == balance.breaks
    assert NOTHING == balance.total.difference
    assert balance.total.claimed == balance.total.delivered + balance.total.suspense


@given(rows=st.lists(claims(CLAIMED), min_size=1, max_size=12), at=st.integers(0, 11))
def test_a_claim_lost_on_the_way_breaks_the_balance_and_names_its_payers(rows: list[IndexRow], at: int) -> None:
    """Every payer of the claim is named with every measure it is missing in, and nobody else."""
    lost = rows[at % len(rows)]
    went = [claim for place, claim in enumerate(rows) if place != at % len(rows)]

    balance = balance_of(rows, went)

    expected = {
        (payer, measure, getattr(amounts, measure))
        for payer, amounts in amounts_of(lost).items()
        for measure in MEASURES
        if getattr(amounts, measure)
    }
    assert not balance.balanced
    assert expected == {(found.payer, found.measure, found.difference) for found in balance.breaks}


@given(rows=st.lists(claims(CLAIMED), min_size=1, max_size=6), change=st.integers(-5, 5))
def test_a_claim_altered_on_the_way_breaks_just_the_measure_that_changed(rows: list[IndexRow], change: int) -> None:
    """One point more or less for one payer is found, though every count agrees."""
    assume(change and rows[0].payers)
    first = rows[0].payers[0]
    altered = replace(rows[0], payers=(replace(first, points=first.points + change), *rows[0].payers[1:]))

    balance = balance_of(rows, [altered, *rows[1:]])

    assert [("own_points", -change)] == [(found.measure, found.difference) for found in balance.breaks]


def test_two_errors_that_cancel_out_are_still_found() -> None:
    """A claim charged to the wrong payer leaves every total right and two payers wrong."""
    balance = balance_of([row(share(INSURER))], [row(share(CITY))])

    assert NOTHING == balance.total.difference
    assert not balance.balanced
    assert {INSURER, CITY} == {found.payer for found in balance.breaks}


def test_a_correction_is_a_further_posting_with_negative_numbers() -> None:
    """Posted and reversed leaves nothing, and the balance holds."""
    sums = postings_of([row()])
    reversal = {payer: -amounts for payer, amounts in sums.items()}

    balance = trial_balance(lines(Stage.CLAIMED, sums) + lines(Stage.CLAIMED, reversal))

    assert balance.balanced
    assert NOTHING == balance.total.claimed
    assert not balance.payers[INSURER].claimed


def test_suspense_is_kept_apart_by_reason() -> None:
    """Each reason is an account of its own."""
    rows = [row(share(CITY, 10)), row(share(INSURER, 20))]

    balance = trial_balance(
        lines(Stage.CLAIMED, postings_of(rows))
        + lines(Stage.SUSPENDED, postings_of(rows[:1]), "unknown_payer")
        + lines(Stage.SUSPENDED, postings_of(rows[1:]), "file_damaged")
    )

    assert balance.balanced
    assert {"file_damaged": 20, "unknown_payer": 10} == {r: a.own_points for r, a in balance.total.suspended.items()}


@pytest.mark.parametrize(
    "line",
    [Line("paid", INSURER), Line(Stage.SUSPENDED, INSURER), Line(Stage.DELIVERED, INSURER, reason="unknown_payer")],
)
def test_a_posting_that_cannot_be_meant_is_a_bug(line: Line) -> None:
    """An unknown stage, a suspense without reason, a reason elsewhere."""
    with pytest.raises(ValueError, match=r"paid|reason"):
        trial_balance([line])


def test_amounts_add_and_subtract_measure_by_measure() -> None:
    """Nothing leaks from one measure into another."""
    one, other = Amounts(1, 2, 3, 4, 5), Amounts(10, 20, 30, 40, 50)

    assert Amounts(11, 22, 33, 44, 55) == one + other
    assert Amounts(9, 18, 27, 36, 45) == other - one
    assert not one - one
    assert Amounts(meals_yen=-1)


def test_the_balance_as_json_holds_every_account() -> None:
    """Totals, payers, reasons and breaks; nothing but text and integers."""
    balance = balance_of(
        [row(share(NHI, 5, meals_yen=640)), row(share(CITY, 7))],
        [row(share(NHI, 4, meals_yen=640))],
        [row(share(CITY, 7))],
    )

    written = json.loads(json.dumps(balance.to_json()))

    assert written["balanced"] is False
    assert ["00991018", CITY] == list(written["payers"])
    assert {"claims": 2, "main_points": 12, "cases": 2, "own_points": 12, "meals_yen": 640} == written["total"][
        "claimed"
    ]
    assert 7 == written["total"]["reasons"]["unknown_payer"]["own_points"]
    assert 1 == written["payers"]["00991018"]["difference"]["own_points"]
    expected = {
        "payer": "00991018",
        "measure": "main_points",
        "claimed": 5,
        "delivered": 4,
        "suspended": 0,
        "difference": 1,
    }
    assert expected == written["breaks"][0]


ENGLISH = """\
                 claims  main points  cases  own points  meals (yen)
claimed               2        1,234      2       1,234            0
delivered             1        1,227      1       1,227            0
suspended             1            7      1           7            0
  unknown payer       1            7      1           7            0
difference            0            0      0           0            0
balance: ok
"""
JAPANESE = """\
      枚数  主負担者の点数  件数  負担者別の点数  食事・生活（円）
請求     1              10     1              10                 0
配信     0               0     0               0                 0
保留     0               0     0               0                 0
差       1              10     1              10                 0
! 80990013 枚数: 1 - 0 - 0 = 1
! 80990013 主負担者の点数: 10 - 0 - 0 = 10
! 80990013 件数: 1 - 0 - 0 = 1
! 80990013 負担者別の点数: 10 - 0 - 0 = 10
貸借: 不一致
"""


def test_the_balance_reads_as_a_table_in_english() -> None:
    """Sides down, measures across, suspense by reason, the verdict last."""
    rows = [row(share(INSURER, 1227)), row(share(CITY, 7))]

    assert ENGLISH == balance_text(balance_of(rows, rows[:1], rows[1:]), "en")


def test_the_balance_reads_as_a_table_in_japanese_and_names_every_break() -> None:
    """Full-width characters take two columns; each break says payer, measure and sum."""
    assert JAPANESE == balance_text(balance_of([row(share(CITY, 10))], []))


def test_a_reason_is_told_in_words_and_one_without_words_as_it_is() -> None:
    """For the report of a closing."""
    assert ("unknown payer", "登録のない保険者等") == (reason_text("unknown_payer", "en"), reason_text("unknown_payer"))
    assert "asked" == reason_text("asked")


def test_a_suspense_that_was_reversed_is_none() -> None:
    """Claims that were released leave no reason behind, and what was delivered of them balances."""
    rows = [row(share(INSURER, 20))]
    claimed = postings_of(rows)
    reversed_ = {payer: -amounts for payer, amounts in claimed.items()}

    balance = trial_balance(
        lines(Stage.CLAIMED, claimed)
        + lines(Stage.SUSPENDED, claimed, "unknown_payer")
        + lines(Stage.SUSPENDED, reversed_, "unknown_payer")
        + lines(Stage.DELIVERED, claimed)
    )

    assert balance.balanced
    assert {} == balance.total.suspended
