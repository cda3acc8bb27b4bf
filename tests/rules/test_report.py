"""Findings as lines, as JSON, and as the official list."""

import csv
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

import builders
from seikyu.records import Month
from seikyu.rules import Finding, IndexRow, Level, Refuses, Summary
from seikyu.rules.report import (
    FORM_NAME,
    TITLES,
    ClaimLabel,
    ListHeader,
    as_json,
    effect,
    file_as_json,
    from_json,
    hints_of,
    in_order,
    label_of,
    line_of,
    official_list,
)
from telling import told_of

KEY = b"a key for tests"
WRONG = builders.uke(
    [line.replace("06990014", "06990015") for line in builders.claim(1)],
    [line.replace(",見本,2,", ",見本,,") for line in builders.claim(2)],
).replace(b"GO,2,582", b"GO,3,582")


def examined(data: bytes) -> tuple[list[Finding], list[IndexRow], Summary]:
    """Return findings, rows and summary of a file."""
    told = told_of(data, identity_key=KEY)
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


def test_a_hint_is_given_once() -> None:
    """Two findings of one fault have one hint, in the reader's language; most have none."""
    findings = examined(b"hello")[0]

    assert ["X1008"] == [each.code for each in findings]
    assert 1 == len(hints_of(findings))
    assert hints_of(findings) != hints_of(findings, "ja")
    assert [] == hints_of([finding()])


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


def listed(data: bytes, *, show_personal: bool = False) -> list[list[str]]:
    """Return the rows of the official list of a file."""
    findings, rows, summary = examined(data)
    month = Month.parse(summary.claim_month) if summary.claim_month else None
    labels = {
        number: label_of(data[row.offset : row.offset + row.length].split(b"\r\n")[0], claim_month=month, show_personal=show_personal)
        for number, row in enumerate(rows)
    }  # fmt: skip
    lines = b"".join(official_list(findings, labels, ListHeader(summary, "見本診療所", "5081005", "001")))
    assert lines.endswith(b"\r\n")
    return list(csv.reader(StringIO(lines.decode("cp932"))))


def test_the_official_list_has_its_form() -> None:
    """Form name, a header of 9 items, titles and rows of 20 items."""
    form, header, titles, *rows = listed(WRONG)

    assert [FORM_NAME] == form
    assert [
        "50808", "5081005", "社会保険診療報酬支払基金", "医科", "01", "0112342", "見本診療所", "", "001",
    ] == header  # fmt: skip
    assert list(TITLES) == titles
    assert {20} == {len(row) for row in rows}
    assert [str(number) for number in range(1, len(rows) + 1)] == [row[0] for row in rows]


def test_the_official_list_names_claims_and_codes() -> None:
    """Official codes in 4 digits, claim numbers in 6, clerical ones with serials, dates in Japanese years."""
    rows = {row[9]: row for row in listed(WRONG, show_personal=True)[3:]}

    assert ["000002", "50808", "入院外", "見本　太郎", "3550101"] == [rows["2162"][at] for at in (1, 5, 6, 7, 8)]
    assert "000001-0000" == rows["X3001"][1]
    assert "HO 保険者番号" == rows["X3001"][13]
    assert "" == rows["X1024"][1]


def test_the_official_list_masks_persons() -> None:
    """Names, birth dates and chart numbers are masked unless they may be shown."""
    row = next(row for row in listed(WRONG)[3:] if row[9] == "2162")

    assert ("＊＊＊＊＊", "*******") == (row[7], row[8])


def test_a_label_bears_any_record() -> None:
    """What cannot be read is left empty or printed as written."""
    assert ClaimLabel() == label_of(b"RE", claim_month=None)
    assert ClaimLabel(birth_date="****", memo="") == label_of(b"RE,1,9999,2026,,1,abcd", claim_month=None)
    ancient = label_of(b"RE,1,1112,100001,,1,18000101", claim_month=None, show_personal=True)
    assert ("", "18000101") == (ancient.service_month, ancient.birth_date)
    before = label_of(b"RE,1,1112,202608,,1,18680110", claim_month=None, show_personal=True)
    assert "" == before.birth_date
    label = label_of(b"RE,1,1111,202608,,1,19800101" + b"," * 12 + b"1" * 17, claim_month=None)
    assert ("入院", True) == (label.in_out, label.reclaimed)


def test_the_official_list_marks_claims_that_come_again() -> None:
    """Claims with a search number are marked, and the sender's own key stands beside, on clerical remarks."""
    claim = builders.claim()
    items = claim[0].split(",")
    items[18], items[20] = "29915080700000001", "KEY"
    data = builders.uke([",".join(items), *claim[1:]])

    row = next(row for row in listed(data, show_personal=True)[3:] if row[9] == "XR002")

    assert ["KEY", "1", ""] == row[16:19]


def test_the_official_list_of_a_file_without_header_is_a_list() -> None:
    """What is not known is empty."""
    _, header, _, *rows = listed(b"hello\r\n")

    assert ["", "5081005", "", "", "", ""] == header[:6]
    assert ["X1008"] == [row[9] for row in rows]
