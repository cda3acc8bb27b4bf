"""Numbers of insurers, public payers, recipients and institutions."""

from hypothesis import given
from hypothesis.strategies import integers, text
from pytest import mark, raises  # noqa: PT013 (the house names them so)

from builders import CITY, ELDERLY, INSTITUTION_ID, NHI, RECIPIENT, SOCIETY
from seikyu.records import InstitutionCode, InsurerNumber, PublicPayerNumber, RecipientNumber, check_digit

digits = text(alphabet="0123456789", min_size=1, max_size=12)


@mark.parametrize("number", ["01130012", "06132013", "19136019", "138016", "3410712362"])
def test_check_digits_of_published_numbers_fit(number: str) -> None:
    """The rule is the published one (number-guide:check-digit, provider:5.6)."""
    assert number[-1] == check_digit(number[:-1])


@given(number=digits, place=integers(0, 11), key=integers(1, 9))
def test_a_slip_of_one_key_is_always_seen(number: str, place: int, key: int) -> None:
    """One digit typed wrong changes the check digit."""
    at = place % len(number)
    wrong = number[:at] + str((int(number[at]) + key) % 10) + number[at + 1 :]

    assert check_digit(number) != check_digit(wrong)


def test_what_is_no_digit_has_no_check_digit() -> None:
    """Rules ask only about what is digits."""
    with raises(ValueError, match="invalid literal"):
        check_digit("0B1")


@mark.parametrize(
    ("number", "law", "padded", "written", "fits"),
    [
        (SOCIETY, "06", SOCIETY, SOCIETY, True),
        (ELDERLY, "39", ELDERLY, ELDERLY, True),
        (NHI, "", "00991018", "  991018", True),
        ("991018", "", "00991018", "  991018", True),
        ("00991018", "", "00991018", "  991018", True),
        ("06990015", "06", "06990015", "06990015", False),
        ("  991019", "", "00991019", "  991019", False),
        ("0699001", "", "00699001", " 0699001", False),
        ("069900²4", "06", "069900²4", "069900²4", False),
        ("0699O014", "06", "0699O014", "0699O014", False),
        ("０６９９００１４", "０６", "０６９９００１４", "０６９９００１４", False),
        ("", "", "00000000", "        ", False),
    ],
)
def test_insurer_numbers(number: str, law: str, padded: str, written: str, fits: bool) -> None:  # noqa: FBT001 (a table)
    """Eight digits with a law number, or six (NHI), written behind two spaces and filed with two zeros."""
    insurer = InsurerNumber(number)

    assert (law, padded, written, fits) == (
        insurer.law_number,
        insurer.padded,
        insurer.written,
        insurer.check_digit_ok,
    )
    assert insurer == number


def test_public_payer_numbers_name_law_and_prefecture() -> None:
    """Two digits each; the last checks."""
    payer = PublicPayerNumber(CITY)

    assert ("80", "99", CITY, True) == (payer.law_number, payer.prefecture, payer.padded, payer.check_digit_ok)
    assert not PublicPayerNumber("80990014").check_digit_ok
    assert not PublicPayerNumber("8099001").check_digit_ok


def test_recipient_numbers_check_and_stay_masked() -> None:
    """Seven digits; a person's number never shows in a repr."""
    assert RecipientNumber(RECIPIENT).check_digit_ok
    assert not RecipientNumber("0000019").check_digit_ok
    assert repr(RecipientNumber(RECIPIENT)) == "RecipientNumber('*******')"


def test_institution_codes_check_over_prefecture_and_point_table() -> None:
    """The seven digits of a file alone do not tell."""
    institution = InstitutionCode(INSTITUTION_ID)

    assert ("99", "1", "0112342", True) == (
        institution.prefecture,
        institution.point_table,
        institution.code,
        institution.check_digit_ok,
    )
    assert InstitutionCode("3410712362").check_digit_ok
    assert not InstitutionCode("3510712362").check_digit_ok
    assert not InstitutionCode("0112342").check_digit_ok
