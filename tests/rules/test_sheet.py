"""How a claim becomes a sheet: names for codes, dates in words, days and teeth in short, and nothing left out."""

import pytest

import builders
import sheet_claims
from seikyu.records import Kind, Line, Month, Need, layout_for, layouts, read_lines
from seikyu.rules import Finding, Level, Refuses
from seikyu.rules.masters import masters_of, opened, read_version
from seikyu.rules.masters.reading import read_master
from seikyu.rules.sheet import (
    Cell,
    ClaimLines,
    Names,
    Role,
    Row,
    Section,
    Shape,
    Sheet,
    form_for,
    kinds_with_form,
    names_of,
    no_names,
    sheet_of,
)
from seikyu.rules.sheet.cells import SHOWS

MEDICAL = "medical"


def lines_of(lines: list[str]) -> list[Line]:
    """Return lines as a reader of the file finds them, its header away."""
    return list(read_lines([builders.encoded(lines)]))


def sheet(
    lines: list[str], kind: str = MEDICAL, *, names: Names = no_names, findings: tuple[Finding, ...] = (),
    show_personal: bool = True, layout_kind: str = "",
) -> Sheet:  # fmt: skip
    """Return the sheet of a claim without header."""
    layout = layout_for(layout_kind or kind, Month(2026, 10))
    claim = ClaimLines(kind, layout, 0, lines_of(lines))
    return sheet_of(claim, findings=findings, names=names, show_personal=show_personal)


def section(drawn: Sheet, name: str) -> Section:
    """Return a section of the sheet."""
    return next(each for each in drawn.sections if each.name == name)


def column(drawn: Sheet, name: str, ja: str) -> list[str]:
    """Return what stands in a column, row by row; rows that head a group aside."""
    found = section(drawn, name)
    at = [each.title.ja for each in found.columns].index(ja)
    return [row.cells[at].text for row in found.rows if row.role is not Role.GROUP]


def fields(drawn: Sheet, name: str) -> dict[str, str]:
    """Return labels and values of a section of fields."""
    return {row.cells[0].text: row.cells[1].text for row in section(drawn, name).rows}


def one(kind: str, rid: str, **items: object) -> list[str]:
    """Return a claim of RE and one record."""
    return [sheet_claims.head(kind, "1112"), sheet_claims.record(kind, rid, **items)]


# --- words ---


@pytest.mark.parametrize(
    ("day", "shown"),
    [
        ("20190430", "平成31年4月30日"),
        ("20190501", "令和1年5月1日"),
        ("3640107", "昭和64年1月7日"),
        ("20260231", "20260231"),
        ("x", "x"),
    ],
)
def test_dates_stand_in_words(day: str, shown: str) -> None:
    """By era, as people write them; what is no date stands as it was written."""
    drawn = sheet([sheet_claims.head(MEDICAL, "1112"), sheet_claims.record(MEDICAL, "SY", start_date=day)])

    assert [shown] == column(drawn, "diagnoses", "診療開始日")


def test_a_day_before_all_eras_stands_by_its_year() -> None:
    """Western years are read from 1868 on, the first era begins in October."""
    drawn = sheet(one(MEDICAL, "SY", start_date="18680101"))

    assert ["1868年1月1日"] == column(drawn, "diagnoses", "診療開始日")


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ({}, ""),
        (sheet_claims.days(1, 2, 3, 8), "1-3, 8"),
        (
            {**sheet_claims.days(1, 2), **sheet_claims.days(3, times=2), **sheet_claims.days(5, times=2)},
            "1-2, 3(2), 5(2)",
        ),
        (sheet_claims.days(*range(1, 32)), "1-31"),
        ({"day_04": 0, "day_05": "x"}, "5(x)"),
    ],
)
def test_days_stand_in_short(written: dict[str, int], shown: str) -> None:
    """Days that follow one another and say the same are one run."""
    drawn = sheet(one(MEDICAL, "SI", service_class="11", procedure_code="111000110", points=1, count=1, **written))

    assert [shown] == column(drawn, "services", "算定日")


@pytest.mark.parametrize(
    ("teeth", "shown"),
    [
        ("101600", "右上6"),
        ("104720108500", "右下7欠損、右下E"),
        ("101605", "101605"),
        ("108900", "108900"),
        ("108700", "108700"),
        ("100000", "100000"),
        ("1016", "1016"),
        ("", ""),
    ],
)
def test_teeth_stand_as_dentists_write_them(teeth: str, shown: str) -> None:
    """Quadrant, tooth and state; what does not fit stands as its code."""
    drawn = sheet([sheet_claims.head("dental", "3112"), sheet_claims.record("dental", "HS", teeth=teeth)], "dental")

    assert [shown] == column(drawn, "diagnoses", "部位")


@pytest.mark.parametrize(("pattern", "shown"), [("0" * 31, "-"), ("0" * 7 + "99" + "0" * 22, "8-9(9)"), ("x", "x")])
def test_days_away_stand_in_short(pattern: str, shown: str) -> None:
    """One digit a day; only the days that are something special are named."""
    drawn = sheet([sheet_claims.head("dpc", "1111"), sheet_claims.record("dpc", "GA", stay_pattern=pattern)], "dpc")

    assert [shown] == column(drawn, "stays", "外泊等")


def test_a_secret_in_a_code_is_masked_in_every_way_of_showing() -> None:
    """A shifted record may put a name where teeth, days away or modifiers belong."""
    dental = one("dental", "HS", teeth="見本　花子", modifier_codes="見本　花子")
    dpc = one("dpc", "GA", stay_pattern="見本　花子")

    for drawn in (sheet(dental, "dental", show_personal=False), sheet(dpc, "dpc", show_personal=False)):
        assert "見本" not in str(drawn)


def test_codes_are_named_for_the_kind_and_month_of_the_claim() -> None:
    """A code may have come or gone, or mean something else in another kind; an unknown one stands as it is."""
    drawn = sheet([sheet_claims.head(MEDICAL, "1112", special_notes="0199", copay_category="9")])

    assert "公、99" == fields(drawn, "claim")["レセプト特記事項"]
    assert "9" in fields(drawn, "claim").values()


@pytest.mark.parametrize(
    ("rid", "number", "scheme"),
    [
        ("HO", "06990014", ["組合管掌健康保険"]),
        ("HO", "  991018", ["国民健康保険"]),
        ("KO", "80990013", ["地方公共団体の医療費助成（地域により異なる）"]),
        ("KO", "12990016", ["生活保護法 医療扶助"]),
        ("KO", "0x", []),
        ("KO", "", []),
    ],
)
def test_the_scheme_of_a_payer_stands_below_it(rid: str, number: str, scheme: list[str]) -> None:
    """Its number begins with that of the law; what cannot be read has none."""
    name = "insurer_number" if rid == "HO" else "payer_number"
    (row,) = section(sheet([sheet_claims.record(MEDICAL, rid, **{name: number, "actual_days": 1})]), "payers").rows

    assert scheme == [note.cell.text for note in row.notes if note.label.ja == "制度"]


# --- masters ---


def master(kind: str, text: str) -> Names:
    """Return the names that a master of our own form knows."""
    read = read_master(text.encode(), kind=kind)
    block = read.pack(since=20240601, known_until=20240601, whole=False, file="test", imported=1)
    return names_of(masters_of([opened(read_version(block))]))


def test_a_name_and_a_unit_come_from_the_master() -> None:
    """The code stands beside the name; a quantity has the unit of what it counts, unless one is written."""
    names = master("y", "code,name,unit\n620000001,見本錠,錠\n620000002,見本散,\n")
    drawn = sheet(
        [
            sheet_claims.head(MEDICAL, "1112"),
            sheet_claims.record(MEDICAL, "IY", service_class="21", drug_code="620000001", amount="3"),
            sheet_claims.record(MEDICAL, "IY", drug_code="620000002", amount="2"),
            sheet_claims.record(MEDICAL, "IY", drug_code="620000003", amount="1"),
            sheet_claims.record(MEDICAL, "IY", drug_code="620000001"),
        ],
        names=names,
    )

    assert ["見本錠", "見本散", "620000003", "見本錠"] == column(drawn, "services", "名称")
    assert ["3 錠", "2", "1", ""] == column(drawn, "services", "数量")


def test_modifiers_stand_before_and_behind_the_disease() -> None:
    """As it is said: 急性 + 気管支炎 + の疑い. Without their names the codes stand apart."""
    names = master("z", "code,name\n4012,急性\n8002,の疑い\n")
    disease = one(MEDICAL, "SY", modifier_codes="80024012", disease_name="気管支炎")

    assert ["4012 気管支炎 8002"] == column(sheet(disease), "diagnoses", "傷病名")
    assert ["急性 気管支炎 の疑い"] == column(sheet(disease, names=names), "diagnoses", "傷病名")


def test_a_disease_with_all_names_is_one_word() -> None:
    """Nothing stands between its parts."""

    def names(_: str, code: str, __: object) -> object:
        from seikyu.rules.sheet import Named

        return Named({"4012": "急性", "8002": "の疑い", "4660009": "気管支炎"}[code])

    drawn = sheet(one(MEDICAL, "SY", modifier_codes="40128002", disease_code="4660009"), names=names)  # type: ignore[arg-type]

    assert ["急性気管支炎の疑い"] == column(drawn, "diagnoses", "傷病名")


def test_modifiers_that_are_no_numbers_stand_as_written() -> None:
    """Whoever reads the sheet sees what is wrong."""
    assert ["abc 4660009"] == column(
        sheet(one(MEDICAL, "SY", modifier_codes="abc", disease_code="4660009")), "diagnoses", "傷病名"
    )


# --- groups and parts ---


def test_a_group_begins_with_a_new_class_and_has_its_sum() -> None:
    """Points times count of its lines; a class that is written again goes on."""
    drawn = sheet(sheet_claims.outpatient()[1:-1])
    heads = [[cell.text for cell in row.cells] for row in section(drawn, "services").rows if row.role is Role.GROUP]

    assert [["11 初診", "計 291"], ["12 再診", "計 76"], ["21 投薬・内服", "計 60"], ["99 全体に係る識別コード"],
            ["40 処置", "計 36"]] == heads  # fmt: skip


def test_lines_before_the_first_class_have_a_head_without_name() -> None:
    """Nothing is lost where the class is missing."""
    drawn = sheet(one(MEDICAL, "SI", procedure_code="111000110", points=5))

    assert [Role.GROUP, Role.UNIT_END] == [row.role for row in section(drawn, "services").rows]
    assert ["5"] == column(drawn, "services", "点数x回数")


def test_a_record_with_parts_is_a_row_for_each() -> None:
    """Fees of a dispensing record, each with its own burden and points."""
    drawn = sheet(sheet_claims.pharmacy()[1:-1], "pharmacy")
    parts = [row for row in section(drawn, "prescriptions").rows if row.role is Role.PART]

    assert ["薬剤調製料 430000110", "加算料1 430000210", "調剤管理料 440000110"] == [row.cells[1].text for row in parts]
    assert ["24", "8", "28"] == [row.cells[3].text for row in parts]
    assert ["算定する"] == [note.cell.text for note in parts[0].notes]


def test_additions_of_a_dental_act_stand_below_it() -> None:
    """Code and quantity together, in their order."""
    drawn = sheet(sheet_claims.dental()[1:-1], "dental")
    (row, *_) = [row for row in section(drawn, "services").rows if row.notes]

    assert [("加算コード1", "X0001 1"), ("加算コード2", "Y0002")] == [
        (note.label.ja, note.cell.text) for note in row.notes
    ]


# --- nothing is lost ---


def test_what_stands_behind_the_layout_is_told_and_masked() -> None:
    """Items too many, in fields and in tables: they may be anything."""
    lines = [sheet_claims.head(MEDICAL, "1112") + ",余分", sheet_claims.record(MEDICAL, "SY") + ",,,秘密"]
    open_, masked = sheet(lines), sheet(lines, show_personal=False)

    assert "余分" in fields(open_, "patient").values()
    assert ["秘密"] == [note.cell.text for row in section(open_, "diagnoses").rows for note in row.notes]
    assert "余分" not in str(masked)
    assert "秘密" not in str(masked)


def test_lines_that_no_layout_knows_have_a_section() -> None:
    """With what can be said of them, masked unless asked for; a line that is too long is only named."""
    lines = [sheet_claims.head(MEDICAL, "1112"), "ZZ,秘密,1", "秘密", "5,5"]
    strange = section(sheet(lines), "strange")
    layout = layout_for(MEDICAL, None)
    (cut,) = read_lines([b"SI," + b"1" * 99], line_bytes=10)
    long = section(sheet_of(ClaimLines(MEDICAL, layout, 0, [cut])), "strange")

    assert [("ZZ", "秘密 1"), ("?", ""), ("?", "5")] == [(row.cells[0].text, row.cells[1].text) for row in strange.rows]
    assert "秘密" not in str(sheet(lines, show_personal=False))
    assert "長すぎて読めない行" == long.rows[0].cells[1].text


def test_records_without_a_section_stand_in_their_own() -> None:
    """As name and items."""
    drawn = sheet(one(MEDICAL, "TI", organ_kind=1, institution_name="見本病院"))
    other = section(drawn, "other")

    assert "臓器提供者　その他の記録" == other.title.ja
    assert "臓器提供区分：腎提供者　医療機関名称：見本病院" == other.rows[0].cells[1].text


def test_a_donors_records_stand_apart() -> None:
    """The patient's diseases and lines are not mixed with those of the donor."""
    sy = sheet_claims.record(MEDICAL, "SY", disease_code="8833421")
    drawn = sheet([*one(MEDICAL, "SY", disease_code="4660009"), sheet_claims.record(MEDICAL, "TI", organ_kind=1), sy])

    assert ["傷病名", "臓器提供者　傷病名"] == [each.title.ja for each in drawn.sections if each.name == "diagnoses"]


def test_a_history_block_is_drawn_line_by_line() -> None:
    """Three numbers, then the record inside; one that nobody knows is masked."""
    lines = [sheet_claims.head(MEDICAL, "1112"), "1,1,0,RE,1,1112", "2,1,0,MN,12345", "9,1,0,ZZ,秘密", "1,2,3,"]
    history = section(sheet(lines), "history")

    assert Shape.FOLDED is history.shape
    assert ["レセプト共通レコード", "レセプト管理レコード", "ZZ", "?"] == [row.cells[3].text for row in history.rows]
    assert "秘密" not in str(sheet(lines, show_personal=False))


def test_a_claim_without_head_is_drawn() -> None:
    """What opened it may be unreadable."""
    drawn = sheet([sheet_claims.record(MEDICAL, "SI", procedure_code="111000110")])
    empty = sheet_of(ClaimLines(MEDICAL, layout_for(MEDICAL, None), 3, [], left_out=7))

    assert (None, "", Cell("")) == (drawn.claim_no, drawn.month, drawn.subtitle)
    assert (0, 3, 7, ()) == (empty.line, empty.claim_index, empty.left_out, empty.sections)


def test_what_two_records_say_alike_is_said_once() -> None:
    """Header and first record of a dental claim name the same institution."""
    drawn = sheet(sheet_claims.dental()[:3], "dental")
    labels = [row.cells[0].text for row in section(drawn, "institution").rows]

    assert len(labels) == len(set(labels))


# --- findings ---


def finding(line: int | None, item_ja: str | None = None) -> Finding:
    """Return a finding on a line, or on an item of it."""
    return Finding("X1", Level.L3, Refuses.CLAIM, line, 1, 0, "RE", 5, "x", item_ja, None, "wrong", "誤り", "test")


def placed(drawn: Sheet) -> list[tuple[str, Row]]:
    """Return the rows that have findings."""
    return [(each.name, row) for each in drawn.sections for row in each.rows if row.findings]


def test_a_finding_stands_at_its_item_its_line_or_the_head() -> None:
    """Each exactly once."""
    at_item, at_line, lost, whole = finding(1, "氏名"), finding(2, "点数"), finding(1, "予備"), finding(None)
    drawn = sheet(one(MEDICAL, "SI", points=1), findings=(at_item, at_line, lost, whole))

    assert [("patient", (at_item,)), ("services", (at_line,))] == [(name, row.findings) for name, row in placed(drawn)]
    assert (lost, whole) == drawn.findings
    assert [lost, whole, at_item, at_line] == list(drawn.all_findings)


# --- forms ---


@pytest.mark.parametrize("kind", kinds_with_form())
def test_a_form_names_only_what_some_edition_has(kind: str) -> None:
    """A slip in a form would lose a column silently. Each table has a column that takes the room, and known ways."""
    form = form_for(f"{kind}_return")  # It has all that the form of the kind itself has.
    editions = layouts()  # Sections that several kinds share name what not each of them has.
    for spec in form.sections:
        known = {
            item.name
            for layout in editions
            for rid in spec.records
            if rid in layout.records
            for item in layout.records[rid].items
        }
        named = {name for each in spec.columns for name in each.items} | set(spec.items) | ({spec.group} - {""})
        whole = {name for name in named if "{}" not in name} - set(spec.part_items)
        assert set() == whole - known, (kind, spec.name)
        assert any(rid in layout.records for layout in editions for rid in spec.records), (kind, spec.name)
        if spec.shape is not Shape.FIELDS:
            assert 1 == sum(each.column.wide for each in spec.columns), (kind, spec.name)
            assert {each.show for each in spec.columns} <= {"", "role", "nth", *SHOWS}


def test_a_returned_claim_is_drawn_as_what_it_was() -> None:
    """Its title says that it came back."""
    drawn = sheet([*sheet_claims.returned()[1:-1], ""], "medical_return")

    assert "診療報酬明細書（医科）　医科 返戻" == drawn.title.ja
    assert "reasons_of_return" == drawn.sections[0].name


def test_an_unknown_kind_has_no_form() -> None:
    """The caller says so in words."""
    with pytest.raises(KeyError):
        form_for("legal")

    assert len(kinds_with_form()) == 5


def test_no_item_of_a_kind_is_shown_without_its_mask() -> None:
    """Each personal item of each record of each kind, one by one."""
    for kind in kinds_with_form():
        for rid, layout in layout_for(kind, None).records.items():
            for item in layout.items[1:]:
                if item.personal and item.need is not Need.NEVER and item.kind is not Kind.CODES:
                    drawn = sheet([f"{rid}{',' * (item.no - 1)}乖離蜃気楼"], kind, show_personal=False)
                    assert "乖離" not in str(drawn), (kind, rid, item.name)
