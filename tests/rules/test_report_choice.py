"""Which findings are shown, how grave they are, and how many of each code there are."""

from collections import Counter

import pytest

from seikyu.rules import Finding, Level, Refuses
from seikyu.rules.reports.choice import (
    Choice,
    CodeCount,
    by_gravity,
    code_lines,
    parse_claims,
    parse_codes,
    parse_levels,
    rank,
)


def finding(
    code: str = "X3001", *, level: Level = Level.L3, refuses: Refuses | None = None, no: int | None = 7
) -> Finding:
    """Return a finding of a claim, or of none."""
    index = None if no is None else no - 1
    return Finding(code, level, refuses, 3, no, index, "HO", 2, "x", "x", "1", "wrong", "誤り", "x:1")


def test_codes_may_be_written_as_lists_print_them() -> None:
    """Four digits are an official code; a code that no check has is an error."""
    assert {"L2541", "X3001"} == parse_codes("2541, x3001")
    with pytest.raises(KeyError):
        parse_codes("X9999")


def test_levels_and_claims_are_lists() -> None:
    """Spans run upwards; what is no number or no level is an error."""
    assert {Level.L1, Level.L48} == parse_levels("l1,L48")
    assert ((3, 3), (7, 9)) == parse_claims("3,7-9")
    for wrong in ("", "x", "9-7", "1-", "-3"):
        with pytest.raises(ValueError, match=r".*"):
            parse_claims(wrong)
    with pytest.raises(ValueError, match="L9"):
        parse_levels("L9")


@pytest.mark.parametrize(
    ("choice", "takes"),
    [
        (Choice(), True),
        (Choice(codes=frozenset({"X3001"})), True),
        (Choice(codes=frozenset({"L2541"})), False),
        (Choice(levels=frozenset({Level.L3})), True),
        (Choice(levels=frozenset({Level.L1})), False),
        (Choice(claims=((7, 9),)), True),
        (Choice(claims=((1, 6), (8, 8))), False),
    ],
)
def test_a_choice_takes_what_it_names(choice: Choice, *, takes: bool) -> None:
    """By code, by level, by claim; without a wish everything."""
    assert takes is choice.takes(finding())
    assert (choice != Choice()) is choice.narrows


def test_with_claims_nothing_outside_a_claim_is_shown() -> None:
    """Who asks for a claim does not ask for the file."""
    assert not Choice(claims=((1, 9),)).takes(finding(no=None))


def test_the_gravest_refuses_the_file_and_the_mildest_only_tells() -> None:
    """File, claim, then what asks by its level, L48 last."""
    ordered = [
        finding(level=Level.L1, refuses=Refuses.FILE),
        finding(level=Level.L3, refuses=Refuses.CLAIM),
        finding(level=Level.L3),
        finding(level=Level.L4),
        finding(level=Level.L7),
        finding(level=Level.L48),
    ]

    assert ordered == sorted(set(ordered), key=rank)


def test_findings_are_counted_by_code() -> None:
    """What is hidden is counted apart; what stands outside claims is known."""
    count = CodeCount(Choice(codes=frozenset({"X3001"})))

    assert [True, True, False] == [count.add(each) for each in (finding(), finding(no=None), finding("L2541"))]
    assert (Counter({"X3001": 2}), 1, 1) == (count.shown, count.hidden, count.outside)


def test_codes_are_told_with_what_to_do() -> None:
    """The gravest first; two lines each, in the reader's language."""
    counts = by_gravity(Counter({"X8001": 9, "X3001": 1200, "L2541": 3, "X1002": 1, "L3001": 1}))

    assert ["X1002", "L2541", "L3001", "X3001", "X8001"] == [code for code, _ in counts]
    lines = list(code_lines(counts))
    assert "X3001   1,200  L3 asks: insurer number fails its check digit" == lines[6]
    assert lines[7].strip().startswith("Compare the insurer number")
    assert any("資格確認の結果" in line for line in code_lines(counts, "ja"))
