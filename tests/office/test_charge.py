"""Who is charged for a claim."""

import pytest
from hypothesis import given
from office_rows import CITY, INSURER, NHI, WELFARE, claims, row, share

from seikyu.office.charge import UNNAMED, chargeable, payer_id, payers_of
from seikyu.records import Month
from seikyu.rules.index import IndexRow, PayerShare, Reason


def everybody(payer: str, month: Month) -> bool:
    """A register that knows all."""
    return True


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("06990014", "06990014"),
        ("  991018", "00991018"),
        ("00991018", "00991018"),
        ("991018", "00991018"),
        ("    0601", "00000601"),
        ("", UNNAMED),
        ("        ", UNNAMED),
        ("0699001A", UNNAMED),
        ("069900140", UNNAMED),
        ("０６９９００１４", UNNAMED),
        ("06 99014", UNNAMED),
    ],
)
def test_a_payer_is_known_by_eight_digits(number: str, expected: str) -> None:
    """NHI numbers are filled with zeros; what is no number is nobody's."""
    assert expected == payer_id(number)


def test_insurance_is_the_main_payer_and_public_payers_follow() -> None:
    """A combined claim is charged to each payer once, with what its own record says."""
    expected = (
        ("00991018", share(NHI, 500), True),
        (WELFARE, share(WELFARE, 300), False),
        (CITY, share(CITY, 200, meals_yen=640), False),
    )

    assert expected == payers_of(row(share(NHI, 500), share(WELFARE, 300), share(CITY, 200, meals_yen=640)))


def test_without_insurance_the_first_public_payer_is_the_main_one() -> None:
    """KO in file order."""
    assert [(WELFARE, True), (CITY, False)] == [
        (payer, main) for payer, _, main in payers_of(row(share(WELFARE), share(CITY)))
    ]


def test_a_payer_named_twice_is_charged_once_with_both_shares() -> None:
    """One case; points and meals are added, days are not, for they are the same days."""
    twice = payers_of(
        row(share(CITY, 100, days=3, meals_yen=10), share(INSURER, 7), share(CITY, 20, days=5, meals_yen=1))
    )

    assert ((CITY, PayerShare(CITY, 120, 5, 11), True), (INSURER, share(INSURER, 7), False)) == twice


def test_a_claim_that_names_nobody_stands_in_the_ledger_all_the_same() -> None:
    """Its account is one that no party can have."""
    assert ((UNNAMED, PayerShare("", 0, 0, 0), True),) == payers_of(row(payers=(), main_points=0))


@given(claim=claims())
def test_every_claim_has_exactly_one_main_payer(claim: IndexRow) -> None:
    """And no payer twice; all points that the records ask for are there."""
    payers = payers_of(claim)

    assert [True] == [main for _, _, main in payers if main]
    assert len(payers) == len({payer for payer, _, _ in payers})
    assert sum(each.points for _, each, _ in payers) == sum(each.points for each in claim.payers)
    assert sum(each.meals_yen for _, each, _ in payers) == sum(each.meals_yen for each in claim.payers)


def test_a_claim_of_known_payers_is_chargeable_in_its_month_of_care() -> None:
    """The register is asked for each payer and the service month, not the claim month."""
    asked = []

    assert chargeable(row(share(NHI), share(CITY)), lambda payer, month: not asked.append((payer, month))) is None
    assert [("00991018", Month(2026, 8)), (CITY, Month(2026, 8))] == asked


def test_one_unknown_payer_suspends_the_whole_claim() -> None:
    """A claim is not charged in part."""
    assert Reason.UNKNOWN_PAYER is chargeable(row(share(INSURER), share(CITY)), lambda payer, _: payer != CITY)
    assert Reason.UNKNOWN_PAYER is chargeable(row(share(INSURER), share("")), everybody)
    assert Reason.UNKNOWN_PAYER is chargeable(row(payers=(), main_points=0), everybody)


@pytest.mark.parametrize("month", [202601, 202612, 101])
def test_any_month_of_any_year_is_a_month_of_care(month: int) -> None:
    """From January to December."""
    assert chargeable(row(service_month=month), everybody) is None


@pytest.mark.parametrize("month", [0, 202600, 202613, 12])
def test_a_claim_without_a_month_of_care_finds_no_payer(month: int) -> None:
    """Nobody can be looked up for a month that cannot be read."""
    assert Reason.UNKNOWN_PAYER is chargeable(row(service_month=month), everybody)


def test_an_index_that_contradicts_itself_is_suspended() -> None:
    """The points of the claim are those of its main payer."""
    assert Reason.DOES_NOT_ADD_UP is chargeable(row(share(points=450), main_points=451), everybody)
