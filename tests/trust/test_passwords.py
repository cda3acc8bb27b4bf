"""Passwords: what is turned away, and that right ones are not."""

import doctest
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seikyu.trust import passwords
from seikyu.trust.logins import house_rules
from seikyu.trust.passwords import LETTERS, PasswordRefused, check_password, initial_password, prepared

RULES = house_rules()


def refused(password: str, *, known: bool = False) -> str | None:
    """Return why a password of hanako's is turned away, or None."""
    try:
        check_password(password, rules=RULES, own=("hanako", "9911000015", "x1"), known=lambda _: known)
    except PasswordRefused as reason:
        return str(reason.facts["why"])
    return None


def test_examples_hold() -> None:
    """The examples in the docstrings are true."""
    assert doctest.testmod(passwords).failed == 0


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("kx7-Rutabag", "too_short"), ("", "too_short"), ("ｋｘ７－Ｒｕｔａ", "too_short"),
        ("q8Z" * 43, "too_long"),
        ("rutabaga\x00stew9", "invisible"), ("rutabaga\u202estew9", "invisible"), ("rutabaga\ud800stew", "invisible"),
        ("my-Hanako-rutabaga", "own_id"), ("x9911000015x", "own_id"), ("ｈａｎａｋｏrutabaga", "own_id"),
        ("aaaaaaaaaaaa", "pattern"), ("abc7abc7abc7", "pattern"), ("xk4vq2xk4vq2", "pattern"),
        ("１２３４５６７８９０１２", "pattern"), ("123456789012", "pattern"), ("qwertyuiopasdf", "pattern"),
        ("lkjhgfdsapoiu", "pattern"), ("1qaz2wsx3edc", "pattern"), ("9876543210zyxw", "pattern"),
        ("Password1234!", "common"), ("p@ssw0rd2026", "common"), ("!!!sakura!!!", "common"), ("Sakura202609", "common"),
        ("sakurahimawari", "common"), ("arigatougozaimasu", "common"), ("パスワード12345678", "common"),
        ("ﾊﾟｽﾜｰﾄﾞ12345678", "common"), ("iryouhoken2026", "common"), ("yamadataro01", "common"),
        ("onlineseikyu!", "common"), ("correcthorsebatterystaple", "common"),
    ],
)  # fmt: skip
def test_what_others_would_try_first_is_turned_away(password: str, why: str) -> None:
    """Each with its own reason, and never with the password itself."""
    assert why == refused(password)


@pytest.mark.parametrize(
    "password",
    [
        "kx7-Rutabaga", "rutabaga stew at noon", "青い鳥と三匹の河童と煙突", "x1 rutabaga stew", "1234 rutabaga!",
        "tmn4-99rk-wq2e", "aaaaaaaaaaab", "12345678rutab",
    ],
)  # fmt: skip
def test_a_right_password_is_taken(password: str) -> None:
    """Length is enough, in any letters, with blanks, with a piece of a pattern in it; short ids do not matter."""
    assert refused(password) is None


def test_a_refusal_says_the_bounds_and_not_the_password() -> None:
    """Neither in its text nor in its facts."""
    with pytest.raises(PasswordRefused) as reason:
        check_password("rutabaga", rules=RULES, known=lambda _: False)
    assert reason.value.facts == {"why": "too_short", "least": RULES.least_chars, "most": RULES.most_chars}
    assert "rutabaga" not in f"{reason.value} {reason.value!r}"


def test_a_larger_list_is_asked() -> None:
    """What it knows is common."""
    assert refused("rutabaga stew at noon", known=True) == "common"


def test_case_matters_and_width_does_not() -> None:
    """What an input method changes unseen is the same; what a person types otherwise is not."""
    assert prepared("ＡＢＣ１２３　ｶﾞ") == prepared("ABC123 ガ")
    assert prepared("abc") != prepared("ABC")


@given(st.text(max_size=200))
def test_whatever_is_typed_is_judged(text: str) -> None:
    """No text raises anything else, and what is taken is in its one form, and stays taken."""
    if refused(text) is None:
        ready = check_password(text, rules=RULES, known=lambda _: False)
        assert unicodedata.is_normalized("NFKC", ready)
        assert refused(ready) is None


@given(st.binary(min_size=16, max_size=16))
def test_an_initial_password_can_be_typed(chance: bytes) -> None:
    """It has no letter that can be misread, and says all of the chance that it was given."""
    made = initial_password(chance)
    assert set(made) <= {*LETTERS, "-"}
    assert not set(LETTERS) & set("0o1liIO")
    assert [byte % 31 for byte in chance] == [LETTERS.index(letter) for letter in made.replace("-", "")]


def test_the_list_is_in_one_form() -> None:
    """A line that the comparison can never meet would be dead."""
    words = passwords._common()
    assert len(words) > 400
    assert [word for word in words if word != prepared(word).lower().strip() or not word] == []
