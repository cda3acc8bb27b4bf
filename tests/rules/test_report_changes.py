"""レセプト訂正内容確認: its official name, header and columns, and a row for every item that was changed."""

from csv import reader
from datetime import date
from io import StringIO

from builders import INSTITUTION, SOCIETY, claim, line
from seikyu.records import AddedRecord, Edits, changes_of, layout_for
from seikyu.rules.reports.changes import CorrectedClaim, change_list
from seikyu.rules.reports.forms import Issue, file_name, forms
from seikyu.rules.reports.heads import read_claim
from seikyu.rules.summary import Summary

MEDICAL = layout_for("medical", None)
FORM = forms()["chng"]
CLAIM = "".join(f"{text}\r\n" for text in claim(7, insurer=SOCIETY)).encode("cp932")
EDITS = Edits(
    {(1, 6): b"300"}, frozenset({2}), (AddedRecord(3, tuple(line("CO", service_class="01").encode().split(b","))),)
)


def issue(**more: object) -> Issue:
    """Return a printing of the list."""
    summary = Summary(
        kind="medical", body="1", prefecture="99", point_table="1", institution_code=INSTITUTION, claim_month="202609",
        claims=1, points=291, totals={}, refused=False, findings=1, ruleset="", layout=MEDICAL.name,
    )  # fmt: skip
    return Issue(summary=summary, institution_name="見本診療所", **more)  # type: ignore[arg-type]


def rows(lines: bytes) -> list[list[str]]:
    """Return a list as a spreadsheet reads it."""
    return list(reader(StringIO(lines.decode("cp932"))))


def test_the_list_has_its_official_name() -> None:
    """The number is that of the new sending, 000 before; the test line says TEST."""
    assert f"RIchng1991{INSTITUTION}000.csv" == file_name(FORM, issue())
    named = issue(corrected_send_no=12, marks=frozenset({"test"}))
    assert f"RIchng1991{INSTITUTION}012TEST.csv" == file_name(FORM, named)


def test_every_change_is_a_row_with_its_claim() -> None:
    """Before and after, the record by id and name, added and removed ones marked so."""
    head = read_claim(CLAIM, layout_name=MEDICAL.name, show_personal=True)
    told = CorrectedClaim(head=head, mark="corrected", changes=list(changes_of(CLAIM, EDITS, MEDICAL)), confirm_no=3)
    listed = rows(
        b"".join(change_list([told], FORM, issue(correct_no=2, corrected_on=date(2026, 9, 11), corrected_send_no=4)))
    )

    assert ["レセプト訂正内容確認"] == listed[0]
    assert ["０１１２３４２", "見本診療所", "　　２", "令和　８年　９月１１日", "（４）"] == listed[1]
    assert 11 == len(listed[2])
    assert ["項番", "診療科", "請求確定回", "レセプト番号"] == listed[2][:4]
    first = ["１", "", "３", "７", "", "見本　太郎", "昭和５５．　１．　１", "ＨＯ：保険者レコード", "合計点数"]
    assert [*first, "２９１", "３００"] == listed[3]
    assert ["ＳＹ：傷病名レコード（削除）", "傷病名コード", "８８３３４２１", ""] == listed[4][7:]
    assert ["ＣＯ：コメントレコード（追加）", "診療識別", "", "０１"] == listed[-1][7:]
    assert [str(no) for no in range(1, len(listed) - 2)] == [row[0].translate(_HALF) for row in listed[3:]]


def test_claims_that_did_not_go_on_are_listed_with_their_mark() -> None:
    """未訂正, 訂正不能; a sending that failed again has a dash for its confirmation; persons are masked unless shown."""
    head = read_claim(CLAIM, layout_name=MEDICAL.name)
    change = next(changes_of(CLAIM, Edits(removed=frozenset({2})), MEDICAL))
    marked = [CorrectedClaim(head=head, mark=mark) for mark in ("open", "impossible")]
    failed = CorrectedClaim(head=head, mark="corrected", changes=[change], failed=True)
    listed = rows(b"".join(change_list([*marked, failed], FORM, issue())))

    assert ["未訂正", "訂正不能", ""] == [row[-1] for row in listed[3:]]
    assert ["", "", "－"] == [row[2] for row in listed[3:]]
    assert {"＊＊＊＊＊"} == {row[5] for row in listed[3:]}


def test_a_line_that_no_layout_knows_is_listed_by_its_place() -> None:
    """It has neither a name nor items."""
    strange = CLAIM + b"ZZ,=1+1\r\n"
    (change,) = changes_of(strange, Edits(removed=frozenset({4})), MEDICAL)
    head = read_claim(strange, layout_name=MEDICAL.name)
    listed = rows(b"".join(change_list([CorrectedClaim(head=head, mark="corrected", changes=[change])], FORM, issue())))

    assert ["ＺＺ：（削除）", "２", "＝１＋１", ""] == listed[-1][7:]


_HALF = {0xFF10 + digit: 0x30 + digit for digit in range(10)}
