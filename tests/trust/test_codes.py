"""Codes that are typed by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seikyu.trust.codes import CHANCE_BYTES, CodeMistyped, code_kinds, grouped, make_code, read_code

KINDS = sorted(code_kinds())
CHANCES = st.binary(min_size=CHANCE_BYTES, max_size=CHANCE_BYTES)
LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


@given(st.sampled_from(KINDS), CHANCES)
def test_a_code_is_read_as_it_stands_on_paper_and_as_people_type_it(kind: str, chance: bytes) -> None:
    """Small and full-width letters, blanks and any hyphens are read past."""
    code = make_code(kind, chance)
    on_paper = grouped(kind, code)
    full_width = "".join(chr(ord(each) + 0xFEE0) for each in on_paper)
    assert len(code) == code_kinds()[kind].chars
    assert set(code) <= set(LETTERS)
    for typed in (code, on_paper, on_paper.lower(), f"　{on_paper.replace('-', 'ー')} ", full_width):
        assert read_code(kind, typed) == code


@given(st.sampled_from(KINDS), CHANCES, st.data())
def test_one_slip_and_two_neighbours_that_changed_places_are_told(
    kind: str, chance: bytes, data: st.DataObject
) -> None:
    """No slip of that kind is another code."""
    code = make_code(kind, chance)
    at = data.draw(st.integers(0, len(code) - 1))
    other = data.draw(st.sampled_from([each for each in LETTERS if each != code[at]]))
    assert _why(kind, code[:at] + other + code[at + 1 :]) == "check"
    place = data.draw(st.integers(0, len(code) - 3))  # the check character itself has no weight
    swapped = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
    if swapped != code:
        assert _why(kind, swapped) == "check"


@pytest.mark.parametrize("letter", "0O1Il!あ\x00\ud800")
def test_characters_that_no_code_has(letter: str) -> None:
    """What is misread for something else never occurs, nor what is no character of a code."""
    code = make_code("pin", bytes(range(32)))
    assert _why("pin", letter + code[1:]) == "character"


@pytest.mark.parametrize("typed", ["", "23", "2" * 13, "2" * 65, "2" * 1_000_000])
def test_too_few_and_too_many(typed: str) -> None:
    """The length is told; a very long text is not even read."""
    assert _why("pin", typed) == "length"


def test_what_was_typed_is_not_in_the_error() -> None:
    """A log may have the error."""
    code = make_code("pin", bytes(range(32)))
    with pytest.raises(CodeMistyped) as told:
        read_code("pin", code[:-1] + "?")
    assert code[:4] not in f"{told.value} {told.value.facts}"


def test_chance_has_its_size_and_every_bit_of_it_counts() -> None:
    """No two chances of one changed byte make the same code."""
    with pytest.raises(ValueError, match="32 random bytes"):
        make_code("pin", b"\x00" * 31)
    made = {make_code("recovery", bytes([number]) + bytes(31)) for number in range(256)}
    made |= {make_code("recovery", bytes(31) + bytes([number])) for number in range(256)}
    assert len(made) == 511


def _why(kind: str, typed: str) -> str:
    with pytest.raises(CodeMistyped) as told:
        read_code(kind, typed)
    assert told.value.code == "code_mistyped"
    return str(told.value.facts["why"])
