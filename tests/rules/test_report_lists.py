"""The official lists, line by line as the paper has them, and read back."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import builders
from builders import line
from seikyu.rules import Finding, IndexRow, Level, Refuses, Summary, Totals
from seikyu.rules.example import embedded
from seikyu.rules.index import Outcome
from seikyu.rules.reports.decisions import Errors, decision_list
from seikyu.rules.reports.error_list import Entry, error_list
from seikyu.rules.reports.forms import Column, Form, Issue, file_name, forms, kinds, row_line, title_of
from seikyu.rules.reports.heads import ClaimHead, read_claim
from seikyu.rules.reports.reading import NotAList, ReadList, read_list
from seikyu.rules.reports.tallies import TallyBook, divisions_of, tally_list, type_name
from telling import told_of

KEY = b"a key for tests"


def small_child() -> list[str]:
    """Return a claim of a child with one public payer, sent once more, whose insurer number has a slip."""
    return [
        line(
            "RE", claim_no=1, claim_type="1124", service_month="202608", patient_name="見本　花子", sex=2,
            birth_date="20220401", chart_no="A-12", claim_memo="KEY", search_no="2991508070000000", patient_name_kana="ミホンハナコ",
        ),
        line("HO", insurer_number="06990015", card_symbol="見本", card_number="12", actual_days=2, total_points=291, copay_yen=600),
        line("KO", payer_number="80990013", recipient_number="0000018", actual_days=2, total_points=291),
        line("SY", disease_code="8833421", start_date="20260801", outcome=1, main_disease="01"),
        line("SI", service_class="11", burden="2", procedure_code="111000110", points=291, count=1, day_01=1),
    ]  # fmt: skip


def no_child() -> list[str]:
    """Return a claim of the type of a small child for somebody older, which is not received (受付不能L3)."""
    return builders.claim(2, claim_type="1114", name="見本　三郎")


def stay() -> list[str]:
    """Return a claim of a stay with meals, with an unknown outcome of the disease."""
    return [
        line(
            "RE", claim_no=3, claim_type="1111", service_month="202607", patient_name="見本　次郎", sex=1,
            birth_date="19550215", admission_date="20260701", ward_types="01", patient_name_kana="ミホンジロウ",
        ),
        line("HO", insurer_number="06990014", card_symbol="見本", card_number="3", actual_days=5, total_points=1000, copay_yen=3000, meal_count=9, meals_yen=6030),
        line("SY", disease_code="8833421", start_date="20260801", outcome=1, main_disease="01"),
        line("SI", service_class="90", burden="1", procedure_code="190000010", points=1000, count=1, day_01=1),
        line("SJ", detail_kind="01", detail_text="見本"),
        line("SJ", detail_kind="77", detail_text="見本"),
    ]  # fmt: skip


DATA = builders.uke(small_child(), no_child(), stay()).replace(b"202609,00,", b"202609,00,099-000-0000")


def checked(data: bytes, *, asp: bool = True) -> tuple[list[Finding], list[IndexRow], Summary]:
    """Return findings, rows and summary of a file, however they are told."""
    findings, rows, last = [], [], None
    for told in told_of([data], identity_key=KEY, asp=asp, show_personal=True):
        for each in told if isinstance(told, Iterable) else [told]:
            if isinstance(each, Finding):
                findings.append(each)
            elif isinstance(each, IndexRow):
                rows.append(each)
            else:
                last = each
    assert isinstance(last, Summary)
    return findings, rows, last


def head_of(row: IndexRow, data: bytes, summary: Summary, *, wanted: Iterable[int] = ()) -> ClaimHead:
    """Return what lists print of a claim."""
    whole = data[row.offset : row.offset + row.length]
    return read_claim(whole, layout_name=summary.layout, line=row.line, wanted=set(wanted), show_personal=True)


def issue(summary: Summary, **fields: object) -> Issue:
    """Return a printing of the third sending, on 5 September 2026."""
    usual = {
        "institution_name": "見本診療所",
        "sent_on": date(2026, 9, 5),
        "confirmed_on": date(2026, 9, 10),
        "send_no": 3,
    }
    return Issue(summary=summary, **{**usual, **fields})  # type: ignore[arg-type]  # the fields are those of Issue


def printed(name: str, data: bytes = DATA, **fields: object) -> list[str]:
    """Return the lines of a list of findings of a file."""
    findings, rows, summary = checked(data)
    heads = [head_of(row, data, summary, wanted={f.line or 0 for f in findings}) for row in rows]
    entries = [Entry(each, None if each.claim_index is None else heads[each.claim_index]) for each in findings]
    lines = b"".join(error_list(entries, forms()[name], issue(summary, **fields)))
    assert lines.endswith(b"\r\n")
    return lines.decode("cp932").split("\r\n")[:-1]


def tallied(name: str, data: bytes = DATA, **fields: object) -> list[str]:
    """Return the lines of a summary of a file."""
    _, rows, summary = checked(data, asp=bool(fields.get("asp", True)))
    book = TallyBook()
    for row in rows:
        book.add(row, head_of(row, data, summary), refused=summary.refused)
    return b"".join(tally_list(book, forms()[name], issue(summary, **fields))).decode("cp932").split("\r\n")[:-1]


def decided(errors: Errors, data: bytes = DATA, **fields: object) -> list[str]:
    """Return the lines of 請求確定状況 of a file."""
    _, rows, summary = checked(data)
    claims = [(row, head_of(row, data, summary)) for row in rows]
    lines = b"".join(decision_list(claims, forms()["fixf"], issue(summary, **fields), errors=errors))
    return lines.decode("cp932").split("\r\n")[:-1]


#: 項番 … 予備: twenty places.
TITLES = (
    "項番,レセプト番号,カルテ番号等,受容者レセプト番号,受容者カルテ番号等,診療年月,入院・入院外の別,患者氏名,生年月日,"
    "エラーコード,エラー又は確認事項（上）,エラー又は確認事項（下）,診療識別,事項名,点数（誤）,点数（正）,請求情報,返戻再請求,再審査再請求,予備"
)
HEADER = "令和　８年　８月,令和　８年　９月　５日,社会保険診療報酬支払基金,医科,０１,０１１２３４２,見本診療所,,　　３"
CHILD = "１,０００００１－００００,Ａ－１２,,,令和　８．　８,入院外,見本　花子,令和　４．　４．　１"
STAY = "３,０００００３－００００,,,,令和　８．　７,入　院,見本　次郎,昭和３０．　２．１５"


# --- findings ---


def test_the_list_of_findings_is_the_papers() -> None:
    """Title, header, titles, a row a finding.

    Clerical ones have serials and the sender's key, those of reception their place; claims are numbered, not rows; what
    is not received says so.
    """
    assert [
        "受付・事務点検ＡＳＰ結果リスト",
        HEADER,
        TITLES,
        f"{CHILD},ＸＲ００２,検索番号が記録されていますが、履歴管理ブロックがありません,,,検索番号　［２９９１５０８０７０００００００］,,,KEY,1,,",
        f"{CHILD},Ｘ３００１,保険者番号の検証番号が一致しません（記録：５、あるべき値：４）,,,保険者番号　［０６９９００１５］,,,KEY,1,,",
        "２,０００００２－００００,,,,令和　８．　８,入院外,見本　三郎,昭和５５．　１．　１,３１２９,【受付不能】未就学者のレセプト種別ですが、年齢が該当しません（記録：１１１４）,,,レセプト種別　［１１１４］,,,,,,",
        "２,０００００２,,,,令和　８．　８,入院外,見本　三郎,昭和５５．　１．　１,Ｘ８００３,カタカナ氏名が記録されていません,レセプト内レコード番号［１］　レコード内項目位置［３７］,,カタカナ（氏名）,,,,,,",
        f"{STAY},Ｘ３０２４,診療開始日が診療年月より後になっています,,,診療開始日　［２０２６０８０１］,,,,,,",
        f"{STAY},Ｘ２０４８,症状詳記区分が別表にない、又は最初のレコードに記録されていません,,,エラー症状詳記等（２レコード目）,,,,,,",
    ] == printed("hasp")


def test_the_list_of_the_test_line_differs_in_its_title_only() -> None:
    """オンライン確認試験結果リスト."""
    assert ["オンライン確認試験結果リスト", *printed("hasp")[1:]] == printed("kasp")


def test_the_list_without_asp_has_only_what_cannot_be_received() -> None:
    """L1 and L2, and nothing in the places 13 to 16."""
    data = DATA.replace("HO,06990014,見本,2,".encode("cp932"), "HO,06990014,見本,,".encode("cp932"))

    title, _, _, *rows = printed("uasp", data)

    assert "受付処理結果リスト" == title
    assert [
        "１,０００００２,,,,令和　８．　８,入院外,見本　三郎,昭和５５．　１．　１,２１６２,被保険者証等の番号が記録されていません,レセプト内レコード番号［２］　レコード内項目位置［４］,,,,,,,,"
    ] == rows


def test_a_line_of_a_service_is_told_by_class_code_points_and_count() -> None:
    """事項名 of a service; the class stands in its own place."""
    data = builders.uke(
        builders.claim(services=[builders.service(291).replace("SI,11,1,111000110", "SI,11,1,11100011")])
    )

    row = next(row.split(",") for row in printed("hasp", data)[3:] if "Ｘ２０３５" in row)

    assert ["11", "１１１０００１１　２９１×１"] == row[12:14]


def test_records_of_a_donor_name_donor_and_recipient() -> None:
    """The donor's serial behind the claim number, the donor's chart and place, the recipient's number and chart."""
    claim = builders.claim()
    claim[0] = claim[0].replace("19800101" + "," * 7, "19800101" + "," * 7 + "R-1", 1)
    donor = [
        line(
            "TI",
            organ_kind="1",
            donor_institution_kind="1",
            prefecture="99",
            point_table="1",
            institution_code="0112342",
        ),
        line(
            "TR", claim_no=1, donor_claim_type="1", service_month="202608", sex=3, birth_date="19800101", chart_no="D-7"
        ),
    ]
    data = builders.uke([*claim, *donor])

    row = next(row.split(",") for row in printed("hasp", data)[3:] if "Ｘ２０１６" in row)

    assert ["０００００１－０００１", "Ｄ－７　９９－１－０１１２３４２", "０００００１－００００", "Ｒ－１"] == row[
        1:5
    ]


def test_findings_outside_claims_have_no_claim() -> None:
    """A file that nobody can read has a list all the same."""
    rows = printed("hasp", b"hello\r\n")

    assert [",,,医科,,,見本診療所,,　　３", "１,,,,,,,,,Ｘ１００８"] == [
        rows[1].replace("令和　８年　９月　５日", ""),
        rows[3][:15],
    ]


# --- summaries ---


def test_the_summary_of_a_stay_is_the_papers() -> None:
    """Seven places; what is refused holds a count and no further comma."""
    assert [
        "送信データ集計表",
        "令和　８年　８月,令和　８年　９月　５日,,医科,０１,０１１２３４２,見本診療所,,　　３,入院",
        "レセプト種別,療養の給付・件数,療養の給付・診療実日数,療養の給付・点数,療養の給付・一部負担金,食事療養・生活療養・金額,食事療養・生活療養・標準負担額",
        "医保単独・本人,1,5,1000,3000,6030,",
        "合計,1,5,1000,3000,6030,",
        "受付不能,0",
    ] == tallied("pjry", in_out="inpatient")


def test_the_summary_of_outpatients_is_the_papers() -> None:
    """Five places; a claim of two payers counts once, with what its insurer is asked for."""
    assert [
        "送信データ集計表（確認試験）",
        "令和　８年　８月,令和　８年　９月　５日,,医科,０１,０１１２３４２,見本診療所,,　　３,入院外",
        "レセプト種別,療養の給付・件数,療養の給付・診療実日数,療養の給付・点数,療養の給付・一部負担金",
        "医保１公併・六歳,1,2,291,600",
        "合計,1,2,291,600",
        "受付不能,1",
    ] == tallied("pjry", in_out="outpatient", marks=frozenset({"test"}))


def test_the_summary_without_asp_is_one_for_all() -> None:
    """Only the total, count and points; the header does not say in or out."""
    assert [
        "送信データ集計表",
        "令和　８年　８月,令和　８年　９月　５日,,医科,０１,０１１２３４２,見本診療所,,　　３,",
        "レセプト種別,療養の給付・件数,療養の給付・診療実日数,療養の給付・点数,療養の給付・一部負担金",
        "合計,3,,1582,",
        "受付不能,0",
    ] == tallied("pjry", in_out="outpatient", asp=False)


def test_the_receipt_names_the_body_and_the_day() -> None:
    """オンライン受領書: the day of confirmation, and the body."""
    title, header, *rows = tallied("hjry", in_out="outpatient", marks=frozenset({"automatic"}))

    assert "オンライン受領書（自動確定）" == title
    assert (
        "令和　８年　８月,令和　８年　９月１０日,社会保険診療報酬支払基金,医科,０１,０１１２３４２,見本診療所,,　　３,入院外"
        == header
    )
    assert tallied("pjry", in_out="outpatient")[2:] == rows


def test_a_refused_file_has_a_total_of_nothing() -> None:
    """All its claims stand in the row of what is refused."""
    assert ["合計,0,0,0,0,0,", "受付不能,1"] == tallied("pjry", DATA.replace(b"IR,1,", b"IR,3,"), in_out="inpatient")[
        3:
    ]
    assert ["合計,0,0,0,0", "受付不能,2"] == tallied("pjry", DATA.replace(b"IR,1,", b"IR,3,"), in_out="outpatient")[3:]


def test_a_file_has_the_divisions_that_it_has_claims_of() -> None:
    """Medical has up to two lists, DPC one; without any claim there is one with a total of nothing."""
    _, rows, summary = checked(DATA)
    full, empty = TallyBook(), TallyBook()
    for row in rows:
        full.add(row, ClaimHead())
    medical = issue(summary)

    assert ["inpatient", "outpatient"] == divisions_of(full.divisions, medical)
    assert ["outpatient"] == divisions_of(full.divisions, replace(medical, asp=False))
    assert ["outpatient"] == divisions_of(empty.divisions, medical)
    assert ["inpatient"] == divisions_of(full.divisions, issue(replace(summary, kind="dpc")))


def test_what_patients_pay_for_meals_is_added_where_the_edition_has_it() -> None:
    """Medical files have no such item; then the place stays empty."""

    class Payer:
        """An insurer's record of an edition that has the item."""

        def __getitem__(self, name: str) -> int:
            return {"copay_yen": 100, "standard_copay_yen": 40}[name]

    _, rows, summary = checked(DATA)
    book = TallyBook()
    for _ in range(2):
        book.add(rows[2], ClaimHead(insurer=Payer()))  # type: ignore[arg-type]  # only two items are asked for

    lines = b"".join(tally_list(book, forms()["pjry"], issue(summary, in_out="inpatient"))).decode("cp932").split()

    assert "合計,2,10,2000,200,12060,80" in lines


def test_a_claim_without_payers_counts_all_the_same() -> None:
    """Nothing is added but the claim."""
    _, rows, summary = checked(DATA)
    book = TallyBook()
    book.add(replace(rows[2], payers=(), main_points=0, claim_type=9999), ClaimHead())

    lines = b"".join(tally_list(book, forms()["pjry"], issue(summary, in_out="outpatient"))).decode("cp932").split()

    assert "９９９９,1,0,0,0" in lines


@pytest.mark.parametrize(
    ("claim_type", "name"),
    [
        ("1124", "医保１公併・六歳"),
        ("1112", "医保単独・本人"),
        ("1150", "医保４公併・高７"),
        ("1318", "後期単独・一般"),
        ("1212", "公費単独"),
        ("1242", "公費４公併"),
        ("3112", "医保単独・本人"),
        ("1999", "１９９９"),
    ],
)
def test_claim_types_have_names(claim_type: str, name: str) -> None:
    """At most eight characters; of an unknown type its digits."""
    assert name == type_name(claim_type)
    assert len(name) <= 8


# --- what became of each claim ---


def test_the_decisions_are_the_papers() -> None:
    """Header and rows of ten and thirty-one places; only the worst level, and of L2 to L4 only."""
    assert [
        "1,50809,20260910,1,99,1,0112342,,3,1",
        "2,1,1124,50808,見本　花子,2,5040401,A-12,06990015,見本,12,291,,,,,80990013,0000018,291,,,,,,,,,,1,L3,KEY",
        "2,2,1114,50808,見本　三郎,1,3550101,,06990014,見本,2,291,,,,,,,,,,,,,,,,,2,L3,",
        "2,3,1111,50807,見本　次郎,1,3300215,,06990014,見本,3,1000,,,,,,,,,,,,,,,,,1,L3,",
    ] == decided(Errors.WITH, confirm_no=1)


@pytest.mark.parametrize(
    ("worst", "refused", "errors", "asp", "claimed", "printed_level"),
    [
        ("L2", True, Errors.WITH, True, "2", "L2"),
        ("L3", True, Errors.WITH, True, "2", "L3"),
        ("L3", False, Errors.WITH, True, "1", "L3"),
        ("L3", False, Errors.WITHOUT, True, "2", "L3"),
        ("L4", False, Errors.WITHOUT, True, "2", "L4"),
        ("L7", False, Errors.WITHOUT, True, "2", ""),
        ("L48", False, Errors.WITHOUT, True, "1", ""),
        (None, False, Errors.WITHOUT, True, "1", ""),
        ("L3", False, Errors.WITHOUT, False, "1", "L3"),
    ],
)  # fmt: skip
def test_a_claim_is_claimed_by_the_official_table(
    worst: str | None, *, refused: bool, errors: Errors, asp: bool, claimed: str, printed_level: str
) -> None:  # fmt: skip
    """Refused never, asked only with errors or without ASP, told always."""
    _, rows, summary = checked(DATA)
    row = replace(rows[2], worst=worst, refused=refused)

    (_, line_) = decision_list([(row, ClaimHead())], forms()["fixf"], issue(summary, asp=asp), errors=errors)

    assert [claimed, printed_level] == line_.decode().split(",")[28:30]


def test_an_outcome_that_was_decided_is_printed() -> None:
    """And a refused file claims nothing."""
    _, rows, summary = checked(DATA)
    row = replace(rows[0], outcome=Outcome.UNCLAIMED)
    form = forms()["fixf"]

    lines = [
        *decision_list([(row, ClaimHead())], form, issue(summary), errors=Errors.WITH),
        *decision_list([(rows[0], ClaimHead())], form, issue(replace(summary, refused=True)), errors=Errors.WITH),
    ]

    assert ["2", "2"] == [lines[at].decode().split(",")[28] for at in (1, 3)]


# --- DPC ---

SUMMED = """IR,1,99,1,0112342,,見本病院,202609,00,099-000-0000
RE,1,1111,202608,見本　次郎,1,19800101,,20260801,,,,,,,,,,1,2,,,,,,,,,ミホンタロウ,
HO,06990014,見本,1,31,76830,,,,,,,,,,
CO,01,1,810000001,見本
RE,1,1111,202608,見本　次郎,1,19800101,,20260801,,,,,,,,,,2,,,,,,,,,,ミホンタロウ,
HO,06990015,見本,1,31,76830,,,,,,,,,,
BU,040080XX99X0XX,20260801,,,
RE,1,1111,202608,見本　次郎,1,19800101,,20260801,,,,,,,,,,3,,,,,,,,,,ミホンタロウ,
HO,06990015,見本,1,31,76830,,,,,,,,,,
RE,2,1111,202608,見本　次郎,1,19800101,,20260801,,,,,,,,,,,,,,,,,,,,ミホンタロウ,
HO,06990015,見本,1,31,100,,,300,,,5000,,,,1000
GO,2,76930,99"""
DPC = (SUMMED.replace("\n", "\r\n") + "\r\n\x1a").encode("cp932")


def test_parts_of_a_dpc_claim_have_serials() -> None:
    """A claim by itself 00, a summary 01, its details 02 and up."""
    findings, rows, summary = checked(DPC)
    heads = [head_of(row, DPC, summary, wanted={each.line or 0 for each in findings}) for row in rows]
    entries = [Entry(each, heads[each.claim_index]) for each in findings if each.claim_index is not None]
    lines = b"".join(error_list(entries, forms()["hasp"], issue(summary))).decode("cp932").split("\r\n")

    assert "受付・事務点検ＡＳＰ結果リスト（ＤＰＣ）" == lines[0]
    numbers = [row.split(",")[1] for row in lines[3:] if "Ｘ３００１" in row]
    assert ["０００００１－０２００", "０００００１－０３００", "０００００２－００００"] == numbers


def test_details_of_a_summary_count_in_their_summary() -> None:
    """In the tallies and in the decisions; DPC has the amounts of meals, and one list for all."""
    rows = tallied("pjry", DPC, in_out="inpatient", asp=True)

    assert ["送信データ集計表（ＤＰＣ）", "合計,2,62,76930,5000,300,1000"] == [rows[0], rows[-2]]
    assert ["1", "2"] == [row.split(",")[1] for row in decided(Errors.WITH, DPC)[1:]]


def test_a_detail_that_lost_its_summary_is_in_no_list_of_claims() -> None:
    """What it asks for stood in the summary."""
    _, rows, summary = checked(DPC)
    detail = read_claim(DPC.split(b"\r\n")[4], layout_name=summary.layout)
    book = TallyBook()
    book.add(rows[0], detail)

    assert "合計,0,0,0,0,0," in b"".join(tally_list(book, forms()["pjry"], issue(summary, in_out="inpatient"))).decode(
        "cp932"
    )
    assert 1 == len(list(decision_list([(rows[0], detail)], forms()["fixf"], issue(summary), errors=Errors.WITH)))


# --- titles and names ---


@pytest.mark.parametrize(
    ("kind", "form", "fields", "title", "name"),
    [
        ("medical", "hasp", {}, "受付・事務点検ＡＳＰ結果リスト", "RIhasp1991011234250003.csv"),
        ("dpc", "hasp", {}, "受付・事務点検ＡＳＰ結果リスト（ＤＰＣ）", "RDhasp1991011234250003.csv"),
        ("medical", "uasp", {}, "受付処理結果リスト", "RIuasp1991011234250003.csv"),
        ("medical", "kasp", {"test"}, "オンライン確認試験結果リスト", "RIkasp1991011234250003.csv"),
        ("medical", "pjry", {"test"}, "送信データ集計表（確認試験）", "RIpjry19910112342502003TEST.csv"),
        ("dpc", "hjry", {"automatic"}, "オンライン受領書（ＤＰＣ）（自動確定）", "RDhjry19910112342502003.csv"),
        ("medical", "fixf", {}, "請求確定状況", "RIfixf1991011234250003001.csv"),
        ("dental_return", "hasp", {}, "受付・事務点検ＡＳＰ結果リスト", "RShasp1991011234250003.csv"),
        ("pharmacy", "hasp", {}, "受付・事務点検ＡＳＰ結果リスト", "RYhasp1991011234250003.csv"),
        ("home_nursing", "hasp", {}, "受付・事務点検ＡＳＰ結果リスト", "RHhasp1991011234250003.csv"),
    ],
)  # fmt: skip
def test_titles_and_file_names_are_the_papers(kind: str, form: str, fields: set[str], title: str, name: str) -> None:
    """System, form, body, prefecture, point table, institution, 50, in or out, sending, confirmation, TEST."""
    each = issue(replace(checked(DATA)[2], kind=kind), marks=frozenset(fields), in_out="outpatient")

    assert (title, name) == (title_of(forms()[form], each), file_name(forms()[form], each))


def test_a_name_is_made_of_digits_whatever_the_file_holds() -> None:
    """No path and no other trick comes out of a file into a name."""
    summary = replace(checked(DATA)[2], prefecture="..", point_table="/", institution_code="", body=None)

    assert "RIhasp0000000000050001.csv" == file_name(forms()["hasp"], Issue(summary=summary))


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ("2-13", "東京都国民健康保険団体連合会"),
        ("2-01", "北海道国民健康保険団体連合会"),
        ("2-26", "京都府国民健康保険団体連合会"),
        ("2-47", "沖縄県国民健康保険団体連合会"),
        ("2-99", "見本県国民健康保険団体連合会"),
        ("1", "社会保険診療報酬支払基金"),
        (None, ""),
    ],
)
def test_the_review_body_is_named_in_full(body: str | None, name: str) -> None:
    """A federation by its prefecture with 都, 道, 府 or 県."""
    lines = list(error_list([], forms()["hasp"], issue(replace(checked(DATA)[2], body=body, claim_month=None))))

    assert ["", name] == [lines[1].decode("cp932").split(",")[at] for at in (0, 2)]


def test_every_kind_is_found_and_every_guess_is_marked() -> None:
    """What the papers do not say of a kind is a guess, and the data say so."""
    named = {name: row["confidence"] for name, row in kinds().items() if isinstance(row, dict) and "system" in row}

    assert {"medical": "sure", "dpc": "sure", "dental": "guess", "pharmacy": "guess", "home_nursing": "guess"} == named


# --- reading ---


@pytest.mark.parametrize("name", ["hasp", "uasp", "kasp"])
def test_a_list_of_findings_is_read_back(name: str) -> None:
    """Codes and numbers half-width, dates as dates, texts as they stand."""
    read = read_list("\r\n".join(printed(name)).encode("cp932"))

    assert (name, None, frozenset()) == (read.form.id, read.kind, read.marks)
    assert (date(2026, 9, 5), "0112342", 3) == tuple(read.header[key] for key in ("sent_on", "institution", "send_no"))
    if name != "uasp":
        assert ["XR002", "X3001", "3129", "X8003", "X3024", "X2048"] == [row["code"] for row in read.rows]
        assert ("000001-0000", date(2022, 4, 1), "KEY") == tuple(
            read.rows[0][key] for key in ("claim_no", "birth_date", "memo")
        )
    assert "見本" not in repr(read)


def test_summaries_and_decisions_are_read_back() -> None:
    """Counts and points are numbers; the short row is filled up."""
    data = "\r\n".join(tallied("hjry", in_out="inpatient", marks=frozenset({"automatic"}))).encode("cp932")
    read = read_list(data)
    assert ("hjry", frozenset({"automatic"})) == (read.form.id, read.marks)
    assert ("医保単独・本人", 1, 1000) == tuple(read.rows[0][key] for key in ("claim_type", "claims", "points"))
    assert {"claim_type": "受付不能", "claims": 0, "days": None} == {
        key: read.rows[-1][key] for key in ("claim_type", "claims", "days")
    }

    read = read_list("\r\n".join(decided(Errors.WITH)).encode("cp932"))
    assert ("fixf", 3) == (read.form.id, len(read.rows))
    assert ("2", "1114", "2", "L3") == tuple(
        read.rows[1][key] for key in ("claim_no", "claim_type", "outcome", "worst")
    )


def dpc(data: bytes) -> bytes:
    """Return a list of the same rows with the title that DPC has."""
    return data.replace("結果リスト".encode("cp932"), "結果リスト（ＤＰＣ）".encode("cp932"), 1)


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data,
        lambda data: data.replace(b"\r\n", b"\n"),
        lambda data: data.decode("cp932").encode("utf-8"),
        lambda data: b"\xef\xbb\xbf" + data.decode("cp932").encode("utf-8"),
        lambda data: data.replace("受付・事務点検ＡＳＰ".encode("cp932"), "受付・事務点検 ASP ".encode("cp932")),
        lambda data: b"\r\n".join(
            b",".join(b'"' + each + b'"' for each in row.split(b",")) for row in data.split(b"\r\n")
        ),
        lambda data: data.replace(
            "エラー又は確認事項（上）".encode("cp932"), "エラー又は 確認事項(上)".encode("cp932")
        ),
        lambda data: b"\r\n".join(row for row in data.split(b"\r\n") if not row.startswith("項番".encode("cp932"))),
        lambda data: data + b"\r\n\r\n,,,\r\n",
    ],
)
def test_a_list_is_read_though_another_program_saved_it(change: object) -> None:
    """Line ends, UTF-8, quotes, widths of titles, no titles at all, and empty lines make no difference."""
    data = "\r\n".join(printed("hasp")).encode("cp932")

    assert read_list(data).rows == read_list(change(data)).rows  # type: ignore[operator]  # a function of the table above


def test_columns_are_found_by_their_titles() -> None:
    """Also when somebody has moved or left out some of them."""
    lines = [row.split(",") for row in printed("hasp")]
    moved = [lines[0], lines[1], *([row[9], row[1], row[10]] for row in lines[2:])]
    data = "\r\n".join(",".join(row) for row in moved).encode("cp932")

    assert {"code": "XR002", "claim_no": "000001-0000"} == {
        key: read_list(data).rows[0][key] for key in ("code", "claim_no")
    }


def test_the_title_tells_dpc() -> None:
    """Behind the title stands （ＤＰＣ）."""
    assert "dpc" == read_list(dpc("\r\n".join(printed("hasp")).encode("cp932"))).kind


@pytest.mark.parametrize(
    "data", [b"", b"\r\n", b"hello", b"1,50809", b"\x81" * 9, b"\x00", "送信".encode(), b'"' + b"x" * 200_000]
)
def test_what_is_no_list_is_said(data: bytes) -> None:
    """Nothing of it is told."""
    with pytest.raises(NotAList) as wrong:
        read_list(data)
    assert "x" * 9 not in str(wrong.value)


def test_a_list_may_end_anywhere() -> None:
    """The title alone, or without rows."""
    lines = printed("hasp")
    assert ({}, ()) == (read_list(lines[0].encode("cp932")).header, read_list(lines[0].encode("cp932")).rows)
    assert () == read_list("\r\n".join(lines[:2]).encode("cp932")).rows


@given(data=st.binary(max_size=300))
def test_any_bytes_are_a_list_or_none(data: bytes) -> None:
    """Nothing else is raised."""
    for title in (b"", "送信データ集計表\r\n".encode("cp932"), b"1,50809,20260910,1,99,1,0112342,,3,1\r\n"):
        with suppress(NotAList):
            assert read_list(title + data).form.id in {"pjry", "fixf"}


WIDE = st.text(st.sampled_from("見本コード点検ＡＢ１２（）・"), min_size=1, max_size=9)
PLAIN = st.text(st.sampled_from("0123456789ABX-"), min_size=1, max_size=8)


def value_of(column: Column) -> st.SearchStrategy[object]:
    """Return values that a column has room for."""
    days = st.dates(date(1912, 8, 1), date(2099, 12, 31))
    by_way: dict[str, st.SearchStrategy[object]] = {
        "full": WIDE.map(lambda text: text[: column.width or 9]),
        "full_code": PLAIN.map(lambda text: text[: column.width or 9]),
        "half": PLAIN.map(lambda text: text[: column.width or 9]),
        "either": WIDE.map(lambda text: text[: column.width // 2]),
        "number": st.integers(-(10**7), 10**10),
        "counted": st.integers(1, 999),
        "none": st.none(),
        "western_day": days,
    }
    if column.way.startswith("era_month"):
        return st.one_of(st.none(), days.map(lambda day: date(day.year, day.month, 28)).map(_month))
    return st.one_of(st.none(), days if column.way.startswith("era_day") else by_way[column.way])


def _month(day: date) -> object:
    from seikyu.records import Month

    return Month.of(day)


@pytest.mark.parametrize("name", ["hasp", "uasp", "kasp", "pjry", "hjry", "fixf"])
@settings(max_examples=30)
@given(drawn=st.data())
def test_what_is_written_is_read(name: str, drawn: st.DataObject) -> None:
    """Every row has the form's number of places, and reading gives the values again."""
    form: Form = forms()[name]
    columns = [column for column in form.columns if column.name not in form.empty]
    values = {column.name: drawn.draw(value_of(column), label=column.name) for column in columns}
    if "record" in values:
        values["record"] = "2"
    values[columns[1].name] = drawn.draw(value_of(columns[1]).filter(lambda value: value is not None))
    title = f"{form.title}\r\n見出し\r\n" if form.titled else "1,50809,20260910,1,99,1,0112342,,3,1\r\n"

    line_ = row_line(form, values)

    assert line_.count(b",") == len(form.columns) - 1
    read: ReadList = read_list(title.encode("cp932") + line_)
    assert values == {column.name: read.rows[0][column.name] for column in columns}


def test_places_in_a_claim_that_no_layout_knows_are_none() -> None:
    """A file without layout has claims without places."""
    head = read_claim(b"RE,1,1112\r\n", layout_name=None)

    assert (None, None, "", "", False) == (
        head.service_month,
        head.birth_date,
        head.in_out,
        head.text("chart_no"),
        head.reclaimed,
    )
    assert "" == ClaimHead().text("chart_no")


def test_a_claim_bears_any_record() -> None:
    """What cannot be read is left empty or printed as written; unknown lines are passed over."""
    name = checked(DATA)[2].layout

    head = read_claim(b"RE,1,9999,2026,,1,abcd\r\nZZ,1\r\n", layout_name=name, show_personal=True)
    assert (None, "abcd", "") == (head.service_month, head.birth_date, head.in_out)
    hidden = read_claim("RE,1,1112,202608,見本,1,19800101\r\n".encode("cp932"), layout_name=name)
    assert ("*******", "＊＊", "") == (hidden.birth_date, hidden.text("patient_name"), hidden.text("no_such_item"))


def test_a_character_that_shift_jis_lacks_becomes_a_question_mark() -> None:
    """As the office does it."""
    summary = replace(checked(DATA)[2], totals={"normal": Totals()})

    lines = list(error_list([], forms()["hasp"], issue(summary, institution_name="見本😀")))

    assert "見本？" in lines[1].decode("cp932")


def test_levels_and_effects_are_there_for_the_lists() -> None:
    """A finding of a level that no list prints would be lost."""
    assert set(Level) == forms()["hasp"].levels
    assert {"file", "claim"} == set(Refuses)


def test_places_of_a_dental_claim_are_those_of_its_lines() -> None:
    """It begins with IR, and the index names the line of its RE: class, name and number of a record must not slip."""
    data = embedded("kind dental").replace(b",234,1,", b",234,2,", 1)
    findings, rows, summary = checked(data)
    (finding,) = (each for each in findings if each.code == "X2043")
    lines = data.split(b"\r\n")
    assert lines[finding.line - 1].startswith(b"SS,")

    head = head_of(rows[0], data, summary, wanted={finding.line})

    assert head.places[finding.line].record.id == "SS"
    assert lines[head.line - 1].startswith(b"IR,")
    assert "301000110" == head.places[finding.line].record["procedure_code"]
