"""事項名: what a finding is about, with the names that the masters have, and never with a personal value."""

from datetime import date

import pytest

import builders
from builders import line
from seikyu.records import layout_for, layouts
from seikyu.rules import Finding, Level, Summary
from seikyu.rules.masters import NO_MASTERS, Masters
from seikyu.rules.reports.error_list import Entry, error_list
from seikyu.rules.reports.forms import Issue, forms
from seikyu.rules.reports.heads import read_claim
from seikyu.rules.sheet import names_of
from seikyu.rules.testing_masters import example_masters
from telling import told_of

MASTERS = example_masters()
NEWEST = {kind: layout_for(kind, None) for kind in {layout.kind for layout in layouts()}}


def subject(
    text: str,
    item: str | None = None,
    *,
    masters: Masters = MASTERS,
    kind: str = "medical",
    show_personal: bool = False,
) -> str:
    """Return the 事項名 of a finding on an item of the last line of a claim."""
    layout = NEWEST[kind]
    common = line("RE", claim_no=1, claim_type="1112", service_month="202608")
    head = read_claim(
        f"{common}\r\n{text}\r\n".encode("cp932"),
        layout_name=layout.name,
        wanted={2},
        show_personal=show_personal,
    )
    about = layout.records[text[:2]].by_name[item] if item else None
    finding = Finding(
        code="X2008", level=Level.L3, refuses=None, line=2, claim_no=1, claim_index=0, record=text[:2],
        item_no=about.no if about else None, item=about.name if about else None, item_ja=about.ja if about else None,
        value="値" if item else None, message="", message_ja="", source="",
    )  # fmt: skip
    (summary,) = (
        each for each in told_of(builders.uke(builders.claim()), identity_key=b"") if isinstance(each, Summary)
    )
    issue = Issue(summary=summary, sent_on=date(2026, 9, 5), names=names_of(masters))
    *_, row = error_list([Entry(finding, head)], forms()["hasp"], issue)
    return row.decode("cp932").split(",")[13]


SI = "SI,11,1,111000110,,291,1,{},,,,,,1" + "," * 30


@pytest.mark.parametrize(
    ("text", "item", "expected", "without"),
    [
        (SI.format(""), "points", "初診料　２９１×１", "１１１０００１１０　２９１×１"),
        ("SI,11,1,111000110", "day_01", "初診料", "１１１０００１１０"),
        ("SI,11,1,111000119,,291,1", "procedure_code", "１１１０００１１９　２９１×１", "１１１０００１１９　２９１×１"),
        (
            SI.format("850100015"),
            None,
            "初診料　加算を算定した入院年月日（地域医療支援病院入院診療加算）　２９１×１",
            "１１１０００１１０　８５０１０００１５　２９１×１",
        ),
        (
            "IY,21,1,699000001,3,4,14",
            "points",
            "見本錠１０ｍｇ　３錠　４×１４",
            "６９９０００００１　４×１４",
        ),
        ("TO,40,1,799000001,2,201,1", "points", "見本器材　２本　２０１×１", "７９９０００００１　２０１×１"),
        ("TO,40,1,799000002,2,201,1,001", "points", "見本器材（購入価格）　２分　２０１×１", "７９９０００００２　２分　２０１×１"),
        ("SY,8833421,20260901,1", "start_date", "高血圧症　診療開始日　［値］", "診療開始日　［値］"),
        ("SY,8833421,20260901,1,8002", "disease_code", "高血圧症の疑い　傷病名コード　［値］", "傷病名コード　［値］"),
        ("SY,8833421,20260901,1,8002", "modifier_codes", "高血圧症の疑い　修飾語コード　［値］", "修飾語コード　［値］"),
        ("SY,8833421,20260901,1", None, "高血圧症", ""),
        ("SY,1234567,20260901,1", "disease_code", "傷病名コード　［値］", "傷病名コード　［値］"),
        ("CO,,1,850100015", "comment_code", "加算を算定した入院年月日（地域医療支援病院入院診療加算）　コメントコード　［値］", "コメントコード　［値］"),
        ("HO,06990014,,1,1,291", "total_points", "合計点数　［値］", "合計点数　［値］"),
    ],
)  # fmt: skip
def test_a_code_is_called_by_its_name(text: str, item: str | None, expected: str, without: str) -> None:
    """Of a service name, comments, quantity with unit, points and count; else the name, the item and what is there."""
    assert expected == subject(text, item)
    assert without == subject(text, item, masters=NO_MASTERS)


@pytest.mark.parametrize(
    ("kind", "text", "item", "expected"),
    [
        ("dental", "SS,11,1,301000110,,,X0001" + "," * 69 + ",267,1", "points", "見本の歯科初診料　２６７×１"),
        ("dental", "SS,11,1,301000110,,,X0001" + "," * 69 + ",267,1", "addition_code_01", "見本の歯科初診料　Ｘ０００１　２６７×１"),
        ("pharmacy", "IY,1,699000001,3", "amount", "見本錠１０ｍｇ　使用量　［値］"),
    ],
)  # fmt: skip
def test_other_kinds_have_their_names(kind: str, text: str, item: str, expected: str) -> None:
    """A code beside the line's own is told if the finding is about it."""
    assert expected == subject(text, item, kind=kind)


def test_a_text_of_a_comment_is_shown_only_to_whoever_may_see_it() -> None:
    """Free text may tell of anybody."""
    text = SI.format("810000001,見本太郎")

    hidden, shown = subject(text), subject(text, show_personal=True)
    assert "初診料　８１００００００１　２９１×１" == hidden
    assert "初診料　８１００００００１　見本太郎　２９１×１" == shown


def test_a_value_that_a_shift_put_into_the_place_of_a_code_is_masked() -> None:
    """A name where a code belongs is not told, in whatever place."""
    assert "見本" not in subject("SI,11,1,見本太郎,,見本太郎,見本太郎", "points")
    assert "見本" not in subject("SY,見本太郎,見本太郎,1,見本太郎", "disease_code")
