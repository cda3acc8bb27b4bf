"""The second factor: the vectors of the standard, clocks that are off, and codes that come twice."""

import doctest
import unicodedata
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seikyu.trust import totp
from seikyu.trust.totp import STEP_S, as_letters, code_at, fitting_step, uri_of

SECRET = b"12345678901234567890"
NOW = datetime(2026, 9, 7, 12, 0, 15, tzinfo=UTC)
STEP = int(NOW.timestamp()) // STEP_S


def test_examples_hold() -> None:
    """The examples in the docstrings are true."""
    assert doctest.testmod(totp).failed == 0


@pytest.mark.parametrize(
    ("second", "code"),
    [
        (59, "94287082"), (1111111109, "07081804"), (1111111111, "14050471"), (1234567890, "89005924"),
        (2000000000, "69279037"), (20000000000, "65353130"),
    ],
)  # fmt: skip
def test_the_vectors_of_the_standard_hold(second: int, code: str) -> None:
    """RFC 6238, appendix B, of which we show the last six digits."""
    assert code[-6:] == code_at(SECRET, second // STEP_S)


@pytest.mark.parametrize(("off", "fits"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_clock_may_be_one_step_off(off: int, fits: bool) -> None:  # noqa: FBT001
    """Half a minute, either way."""
    assert (STEP + off if fits else None) == fitting_step(SECRET, code_at(SECRET, STEP + off), NOW, last_step=None)


def test_a_code_is_good_once() -> None:
    """Neither the same step nor one before it is taken after it was used; the next one is."""
    assert fitting_step(SECRET, code_at(SECRET, STEP), NOW, last_step=STEP) is None
    assert fitting_step(SECRET, code_at(SECRET, STEP - 1), NOW, last_step=STEP) is None
    assert fitting_step(SECRET, code_at(SECRET, STEP), NOW, last_step=STEP - 1) == STEP
    later = NOW + timedelta(seconds=STEP_S)
    assert fitting_step(SECRET, code_at(SECRET, STEP + 1), later, last_step=STEP) == STEP + 1


@given(st.text(max_size=8))
def test_whatever_is_typed_is_looked_at(text: str) -> None:
    """No text raises, and none but the three codes fits."""
    codes = {code_at(SECRET, STEP + off) for off in (-1, 0, 1)}
    plain = "".join(unicodedata.normalize("NFKC", text).split())
    assert (fitting_step(SECRET, text, NOW, last_step=None) is not None) == (plain in codes)


@pytest.mark.parametrize("between", ["", " ", "\u3000", "\t"])
@pytest.mark.parametrize("wide", [False, True])
def test_a_code_is_read_as_it_was_typed(between: str, wide: bool) -> None:  # noqa: FBT001
    """Digits of any width, with blanks in the middle and around."""
    code = code_at(SECRET, STEP)
    typed = f"{between}{code[:3]}{between}{code[3:]}{between}"
    if wide:
        typed = "".join(chr(ord(each) - ord("0") + ord("０")) if each.isdigit() else each for each in typed)
    assert fitting_step(SECRET, typed, NOW, last_step=None) == STEP


@pytest.mark.parametrize("text", ["", "12345", "1234567", "12345\n", "------", "\u0661" * 6])
def test_what_is_no_code_does_not_fit(text: str) -> None:
    """Six digits, and nothing else."""
    assert fitting_step(SECRET, text, NOW, last_step=None) is None


def test_a_long_text_is_no_code() -> None:
    """Not even with the code at its front."""
    code = code_at(SECRET, STEP)
    assert fitting_step(SECRET, code + " " * 26, NOW, last_step=None) == STEP
    assert fitting_step(SECRET, code + " " * 27, NOW, last_step=None) is None


def test_the_address_escapes_what_stands_in_it() -> None:
    """A blank or colon in a name must not end its part."""
    uri = uri_of(SECRET, user="a b", issuer="seikyu 2-13:x")
    assert uri.startswith("otpauth://totp/seikyu%202-13%3Ax:a%20b?")
    assert as_letters(SECRET) in uri
