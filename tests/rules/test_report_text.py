"""Findings as lines and as JSON."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

import builders
from seikyu.rules import Finding, IndexRow, Level, Refuses, Summary
from seikyu.rules.masters import Group, forms
from seikyu.rules.reports import as_json, effect, file_as_json, from_json, in_order, line_of
from seikyu.rules.reports.text import group_words, silence_line
from telling import told_of

KEY = b"a key for tests"
WRONG = builders.uke(
    [line.replace("06990014", "06990015") for line in builders.claim(1)],
    [line.replace(",見本,2,", ",見本,,") for line in builders.claim(2)],
).replace(b"GO,2,582", b"GO,3,582")


def examined(data: bytes) -> tuple[list[Finding], list[IndexRow], Summary]:
    """Return findings, rows and summary of a file."""
    told = list(told_of([data], identity_key=KEY))
    findings = [each for each in told if isinstance(each, Finding)]
    rows = [each for each in told if isinstance(each, IndexRow)]
    last = told[-1]
    assert isinstance(last, Summary)
    return findings, rows, last


def finding(**fields: object) -> Finding:
    """Return a finding with some fields."""
    usual = {
        "code": "X3001", "level": Level.L3, "refuses": None, "line": 412, "claim_no": 7, "claim_index": 6,
        "record": "HO", "item_no": 2, "item": "insurer_number", "item_ja": "保険者番号", "value": "06990015",
        "message": "insurer number fails its check digit: is 5, expected 4",
        "message_ja": "保険者番号の検証番号が一致しません（記録：5、あるべき値：4）", "source": "number-guide:check-digit",
    }  # fmt: skip
    return Finding(**{**usual, **fields})  # type: ignore[arg-type]


def test_a_line_says_where_what_and_what_was_expected() -> None:
    """File, line, code, level, effect, item, message; in both languages."""
    assert (
        "RECEIPTC.UKE:412: X3001 (L3, asks): HO item 2 (insurer number): "
        "insurer number fails its check digit: is 5, expected 4 [06990015]"
    ) == line_of(finding(), "RECEIPTC.UKE")
    assert (
        "RECEIPTC.UKE:412: X3001（L3・要確認）: HO 項目2（保険者番号）: "
        "保険者番号の検証番号が一致しません（記録：5、あるべき値：4）［06990015］"
    ) == line_of(finding(), "RECEIPTC.UKE", "ja")


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        (
            {"line": None, "record": None, "item_no": None, "value": None, "message": "the file is empty",
             "refuses": Refuses.FILE},
            "F: X3001 (L3, refuses the file): the file is empty",
        ),
        (
            {"item_no": None, "value": None, "message": "wrong", "refuses": Refuses.CLAIM},
            "F:412: X3001 (L3, refuses the claim): HO: wrong",
        ),
        ({"level": Level.L48, "value": "", "message": "wrong"}, "F:412: X3001 (L48, tells): HO item 2 (insurer number): wrong"),
        ({"value": "5", "message": "wrong: is 5"}, "F:412: X3001 (L3, asks): HO item 2 (insurer number): wrong: is 5"),
        ({"value": "5", "message": "wrong: is 5, expected 4"}, "F:412: X3001 (L3, asks): HO item 2 (insurer number): wrong: is 5, expected 4"),
    ],
)  # fmt: skip
def test_a_line_leaves_out_what_there_is_not(fields: dict[str, object], line: str) -> None:
    """The whole file has no line, a record no item, and a value is told once."""
    assert line == line_of(finding(**fields), "F")


def test_what_could_not_be_judged_is_said_in_one_line() -> None:
    """A report without masters says so at its top, by where tables come from; one that lacks nothing says nothing."""
    summary = replace(examined(WRONG)[2], silent=("L3204", "X3026"), missing=("b", "insurers", "z"))

    assert (
        "F: 2 checks were not made for want of tables: official masters (diseases, modifiers); registers (insurers)"
        == silence_line(summary, "F")
    )
    assert silence_line(summary, "F", "ja").endswith(
        "2 個の点検は行っていません：公表マスター（傷病名、修飾語）、名簿（保険者）"
    )
    assert "" == silence_line(replace(summary, silent=(), missing=()), "F")


def test_many_tables_are_counted() -> None:
    """However many there are, it stays one line; each table has a place in it."""
    summary = replace(examined(WRONG)[2], silent=("L3204",), missing=tuple(forms()))

    line, japanese = (silence_line(summary, "F", language) for language in ("en", "ja"))

    assert sum(map(int, re.findall(r"(\d+) (?!checks)", line))) == len(forms())
    assert sum(map(int, re.findall(r"(\d+) 種類", japanese))) == len(forms())
    assert all(group_words(group) in line and group_words(group, "ja") in japanese for group in Group)
    assert len(line) < 250


def test_findings_outside_claims_stand_at_the_top() -> None:
    """The list begins with what concerns the whole file."""
    findings = in_order(examined(WRONG)[0])

    outside = [each.claim_index is None for each in findings]
    assert outside == sorted(outside, reverse=True)
    assert {"file": 0, "claim": 1} == {
        "file": sum(effect(each) == "file" for each in findings),
        "claim": sum(effect(each) == "claim" for each in findings),
    }


def test_json_has_the_keys_that_programs_rely_on() -> None:
    """The keys of a file, of a finding and of the totals are fixed."""
    findings, _, summary = examined(WRONG)

    told = file_as_json(summary, findings, file_name="RECEIPTC.UKE", sha256="00")

    assert ["file", "kind", "claims", "points", "sha256", "ruleset", "layout", "masters", "findings", "totals"] == list(
        told
    )
    assert [
        "code", "level", "refuses", "line", "claim_no", "claim_index", "record", "item_no", "item", "item_ja", "value",
        "message", "message_ja", "source",
    ] == list(told["findings"][0])  # fmt: skip
    assert {"normal", "ask", "refused"} == set(told["totals"])
    assert {"claims": 1, "cases": 1, "points": 291} == told["totals"]["ask"]


@given(
    level=st.sampled_from(Level),
    refuses=st.sampled_from([None, *Refuses]),
    value=st.one_of(st.none(), st.text(max_size=5)),
)
def test_a_finding_survives_json(level: Level, refuses: Refuses | None, value: str | None) -> None:
    """What is stored is what is read."""
    one = finding(level=level, refuses=refuses, value=value)

    assert one == from_json(as_json(one))
