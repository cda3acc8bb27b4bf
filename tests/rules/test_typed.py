"""What somebody types into an item of a claim becomes bytes, or a word that says why not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seikyu.records import outside_jis, text_of
from seikyu.rules.plan import plans
from seikyu.rules.typed import Mistyped, typed

MEDICAL = plans("medical-western-2020")
RE, HO, SJ = MEDICAL["RE"], MEDICAL["HO"], MEDICAL["SJ"]
NAME, BIRTH, SEX = (RE.layout.by_name[name] for name in ("patient_name", "birth_date", "sex"))
INSURER, POINTS = (HO.layout.by_name[name] for name in ("insurer_number", "total_points"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("見本　太郎", "見本　太郎"),
        ("見本〜太郎−１", "見本～太郎－１"),
        ("", ""),
        ("凜", "凜"),
    ],
)
def test_text_becomes_the_bytes_of_the_file(text: str, expected: str) -> None:
    """In the characters that claims are written in; what other keyboards write alike is taken as the same."""
    assert expected.encode("cp932") == typed(text, NAME, RE)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("😀" * 10_000, "character"),
        ("髙橋", "character"),
        ("①", "character"),
        ("見本,太郎", "separator"),
        ("見本\n太郎", "control"),
        ("あ" * 21, "long"),
        ("あ" * 70_000, "long"),
        ("mihon", None),
    ],
)
def test_a_name_that_cannot_stand_there_says_why(text: str, why: str | None) -> None:
    """Emoji, characters outside the standard, what would break the line, and too much."""
    if why is None:
        assert text.encode() == typed(text, NAME, RE)
        return
    with pytest.raises(Mistyped) as refusal:
        typed(text, NAME, RE)

    assert (why, NAME.width) == (refusal.value.why, refusal.value.most_bytes)


@pytest.mark.parametrize(("text", "why"), [("19801301", "date"), ("abc", "date")])
def test_a_date_that_is_none_is_refused(text: str, why: str) -> None:
    """A day of no calendar helps nobody."""
    with pytest.raises(Mistyped) as refusal:
        typed(text, BIRTH, RE)

    assert why == refusal.value.why


def test_what_only_the_check_can_judge_passes() -> None:
    """Unknown codes, Japanese years and padded numbers are told by the check, which may be the one that is wrong."""
    assert b"9" == typed("9", SEX, RE)
    assert b"3550101" == typed("3550101", BIRTH, RE)
    assert b"990014" == typed("990014", INSURER, HO)
    with pytest.raises(Mistyped):
        typed("12a", POINTS, HO)


def test_an_item_in_doubt_takes_what_a_line_can_hold() -> None:
    """Its width may be wrong; a right value must not be turned away."""
    doubtful = next(
        (plan, item)
        for plan in plans("dpc-western-2020").values()
        for item in plan.layout.items[1:]
        if item.confidence.value != "H" and item.width and item.kind.value == "digits"
    )

    assert b"1" * (doubtful[1].width + 3) == typed("1" * (doubtful[1].width + 3), doubtful[1], doubtful[0])


@given(st.text(max_size=60))
def test_whatever_is_typed_is_bytes_for_a_line_or_turned_away(text: str) -> None:
    """What is taken can be read again, and breaks no line."""
    item = SJ.layout.items[2]
    try:
        data = typed(text, item, SJ)
    except Mistyped:
        return
    assert outside_jis(data) is None
    assert not any(byte in data for byte in b",\r\n\x1a")
    assert len(text_of(data)) == len(text)
