"""Who may decide, how long an order waits, and what a list of serials says."""

import csv
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seikyu.trust.certificates import REASONS
from seikyu.trust.revoking import (
    BadSerialList,
    Person,
    Rules,
    State,
    house_rules,
    reason_word,
    serial_word,
    serials_of_list,
    state_at,
    why_not,
)

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
RULES = Rules(more_than=10, waits=timedelta(hours=72), most=100)
BEFORE = NOON - timedelta(days=1)


def test_the_house_asks_for_a_second_person_above_ten() -> None:
    """The numbers are data, and read once."""
    assert (house_rules().more_than, house_rules().waits, house_rules().most) == (10, timedelta(hours=72), 100_000)
    assert house_rules() is house_rules()


@pytest.mark.parametrize("state", State)
def test_only_what_waits_lapses(state: State) -> None:
    """At the instant itself, and not before; what was decided stays decided."""
    end = NOON + RULES.waits
    assert state_at(state, NOON, end - timedelta(microseconds=1), rules=RULES) is state
    assert state_at(state, NOON, end, rules=RULES) is (State.LAPSED if state is State.WAITING else state)
    assert state_at(state, NOON, NOON - timedelta(days=9), rules=RULES) is state


@pytest.mark.parametrize(
    ("ordered_by", "person", "why"),
    [
        ("user:1/hanako", Person("user", "1/taro", BEFORE), None),
        ("user:1/hanako", Person("user", "1/hanako", BEFORE), "same_person"),
        ("user:1/hanako", Person("user", "2-13/hanako", BEFORE), None),
        ("user:1/hanako", Person("terminal", "desk-2", BEFORE), "other_way"),
        ("terminal:desk-1", Person("user", "1/taro", BEFORE), "other_way"),
        ("terminal:desk-1", Person("terminal", "desk-2", BEFORE), None),
        ("terminal:desk-1", Person("terminal", "desk-1", BEFORE), "same_person"),
        ("terminal:desk-1", Person("terminal", "desk-2", NOON), "too_new"),
        ("terminal:desk-1", Person("terminal", "desk-2", NOON + timedelta(days=1)), "too_new"),
        ("user:1/hanako", Person("user", "1/taro", BEFORE, made_by=frozenset({"user:1/hanako"})), "made_by_first"),
        ("user:1/hanako", Person("user", "1/taro", BEFORE, made_by=frozenset({"user:2-13/hanako"})), None),
        ("(console)", Person("user", "1/taro", BEFORE), "other_way"),
    ],
)
def test_a_second_person_is_another_of_the_same_way_who_was_there_before(
    ordered_by: str, person: Person, why: str | None
) -> None:
    """Neither oneself, nor somebody who cannot be told from oneself, nor somebody made for the purpose."""
    assert why_not(ordered_by, NOON, person) == why


@pytest.mark.parametrize("word", REASONS)
def test_a_reason_is_read_in_each_of_its_three_forms(word: str) -> None:
    """As rows have it, as RFC 5280 prints it, and with hyphens."""
    first, *rest = word.split("_")
    forms = (word, word.replace("_", "-"), first + "".join(each.title() for each in rest), word.upper())
    assert {word} == {reason_word(form) for form in forms}


@pytest.mark.parametrize("text", ["", "boredom", "key compromise", "_"])
def test_no_other_reason_is_one(text: str) -> None:
    """It is said, not guessed."""
    with pytest.raises(ValueError, match="is no reason"):
        reason_word(text)


@given(st.integers(1, (1 << 160) - 1))
def test_a_serial_is_read_as_programs_print_it(number: int) -> None:
    """OpenSSL's forms and our own come to the same word."""
    word = f"{number:x}"
    pairs = f"{number:040x}"
    with_colons = ":".join(pairs[at : at + 2] for at in range(0, 40, 2))
    assert {word} == {serial_word(each) for each in (word, f"0x{word.upper()}", with_colons, f" {pairs}\n")}


@pytest.mark.parametrize("text", ["", "0", "0x", "12 34", "xyz", "-1", "1" * 41, "１２"])
def test_what_is_no_serial_is_refused(text: str) -> None:
    """Zero is none either, and no certificate has more than 20 bytes of it."""
    with pytest.raises(ValueError, match="is no serial"):
        serial_word(text)


@pytest.mark.parametrize(
    "lines",
    [
        ["1f", "a0"],
        ["serial", "1f", "", "a0", "1F"],
        ["party,Serial,terminal", "9911000015,0x1f,pc", "x,a0"],
        ["\ufeff番号,名称", "1f,見本", "a0,"],
        ['"1f","two\r\nlines"', "a0"],
        ["00:1f,more", "a0,,,"],
    ],
)
def test_a_list_of_serials_is_read(lines: list[str]) -> None:
    """One a line, or the column that the heading names; each once, in its order."""
    assert serials_of_list(lines) == ["1f", "a0"]


@pytest.mark.parametrize(
    ("lines", "line"),
    [(["1f", "pc-1"], 2), (["name", "1f"], 1), (["a,serial", "x"], 2), (["serial", "1f", "serial"], 3)],
)
def test_a_line_that_is_no_serial_is_named(lines: list[str], line: int) -> None:
    """All of the list or nothing."""
    with pytest.raises(BadSerialList) as told:
        serials_of_list(lines)
    assert told.value.facts == {"line": line}


def test_a_list_that_is_no_csv_says_so() -> None:
    """An open quote to the end of the file is nobody's serial."""
    with pytest.raises(csv.Error):
        serials_of_list(['"1f', "a0"])


@given(st.lists(st.integers(1, 1 << 130), max_size=30), st.booleans())
def test_every_list_of_serials_comes_back(numbers: list[int], headed: bool) -> None:  # noqa: FBT001 (a property)
    """Whatever stands in it, each once."""
    words = [f"{number:x}" for number in numbers]
    assert serials_of_list(["serial"] * headed + words) == list(dict.fromkeys(words))
