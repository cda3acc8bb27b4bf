"""Hand-written claims of every kind, for the tests of what is drawn: prefecture 99, plainly fictitious people."""

from typing import Final

from builders import CITY, INCURABLE, PREFECTURE, RECIPIENT, SOCIETY, encoded
from seikyu.records import check_digit, layout_for

MONTH: Final = "202609"
#: What no drawing may show unless it is asked for.
PERSONAL: Final = (
    "見本　花子", "ミホンハナコ", "19800101", "K-0042", "記号甲", "8675309", RECIPIENT, "内緒の補足", "内緒のコメント",
    "内緒の詳記", "内緒の病名", "見本　医師", "内緒の状態", "内緒の指示", "内緒の摘要", "内緒の死因", "99887766",
)  # fmt: skip


def record(kind: str, rid: str, **items: object) -> str:
    """Return a record of a kind of claim with its items given by their layout names."""
    layout = layout_for(kind, None).records[rid]
    unknown = set(items) - set(layout.by_name)
    if unknown:
        raise ValueError(f"{kind} {rid} has no {sorted(unknown)}")
    return ",".join([rid, *(str(items.get(item.name, "")) for item in layout.items[1:])])


def days(*wanted: int, times: int = 1) -> dict[str, int]:
    """Return the day fields of a line."""
    return {f"day_{day:02d}": times for day in wanted}


def header(kind: str, rid: str, point_table: int = 1, **items: object) -> str:
    """Return the first record of a file."""
    more = {"phone": "099-000-0000"} if "phone" in layout_for(kind, None).records[rid].by_name else {}
    own = {"review_body": 1, "prefecture": PREFECTURE, "point_table": point_table, "claim_month": "202610"}
    return record(kind, rid, institution_code=institution(point_table), **{**own, **more, **items})


def institution(point_table: int) -> str:
    """Return the code of the one institution of each kind."""
    digits = f"01{max(1, point_table)}234"
    return digits + check_digit(f"{PREFECTURE}{point_table}{digits}")


def head(kind: str, claim_type: str, no: int = 1, **items: object) -> str:
    """Return RE of the one patient of these tests."""
    layout = layout_for(kind, None).records["RE"].by_name
    more = {"patient_name_kana": "ミホンハナコ", "chart_no": "K-0042", "claim_memo": "99887766"}
    own = {name: value for name, value in more.items() if name in layout}
    return record(
        kind, "RE", claim_no=no, claim_type=claim_type, service_month=MONTH, patient_name="見本　花子", sex=2,
        birth_date="19800101", **{**own, **items},
    )  # fmt: skip


def insurer(kind: str, *, points: int, actual_days: int = 2, **items: object) -> str:
    """Return HO."""
    return record(
        kind, "HO", insurer_number=SOCIETY, card_symbol="記号甲", card_number="8675309", actual_days=actual_days,
        total_points=points, **items,
    )  # fmt: skip


def public(kind: str, number: str, *, points: int, **items: object) -> str:
    """Return KO."""
    return record(
        kind, "KO", payer_number=number, recipient_number=RECIPIENT, actual_days=2, total_points=points, **items
    )


def outpatient() -> list[str]:
    """Return 医科, outpatient, with a unit of two drugs, comments and a symptom detail."""
    m = "medical"
    return [
        header(m, "IR", institution_name="見本診療所", volume_id="00"),
        head(m, "1112", special_notes="0226"),
        insurer(m, points=463, copay_yen=1390),
        record(m, "SN", payer_kind=1, confirmation="01", branch_no="01"),
        record(m, "JD", payer_kind=1, **days(3, 17)),
        record(m, "SY", disease_code="8833421", start_date="20260903", outcome=1, main_disease="01"),
        record(m, "SY", disease_code="4660009", start_date="20260903", outcome=2, modifier_codes="40488002",
               comment="内緒の補足"),
        record(m, "SY", disease_code="0000999", start_date="20260917", outcome=1, disease_name="内緒の病名"),
        record(m, "SI", service_class="11", burden=1, procedure_code="111000110", points=291, count=1, **days(3)),
        record(m, "SI", service_class="12", burden=1, procedure_code="112007410", points=76, count=1, **days(17)),
        record(m, "IY", service_class="21", burden=1, drug_code="620000001", amount="3", count=5, **days(3, times=5)),
        record(m, "IY", burden=1, drug_code="620000002", amount="1.5", points=12, count=5, **days(3, times=5)),
        record(m, "CO", service_class="99", burden=1, comment_code="810000001", comment_text="内緒のコメント"),
        record(m, "TO", service_class="40", burden=1, material_code="710010001", amount="2", unit_code="001",
               unit_price="180", points=36, count=1, comment_code_1="830000001", comment_text_1="内緒のコメント", **days(17)),
        record(m, "SJ", detail_kind="01", detail_text="内緒の詳記"),
        record(m, "GO", claim_count=1, total_points=463, volume_id="99"),
    ]  # fmt: skip


def inpatient() -> list[str]:
    """Return 医科, inpatient, with meals."""
    m, stay = "medical", range(3, 31)
    return [
        header(m, "IR", institution_name="見本病院", volume_id="00"),
        head(m, "1111", admission_date="20260903", ward_types="01", copay_category=1),
        insurer(m, points=28084, actual_days=28, meal_count=82, meals_yen=54940),
        record(m, "SY", disease_code="4779004", start_date="20260903", outcome=1, main_disease="01"),
        record(m, "SI", service_class="90", burden=1, procedure_code="190077610", points=1003, count=28, **days(*stay)),
        record(m, "SI", service_class="97", burden=1, procedure_code="197000110", points=670, count=82,
               **days(3), **days(*range(4, 31), times=3)),
        record(m, "GO", claim_count=1, total_points=28084, volume_id="99"),
    ]  # fmt: skip


def combined() -> list[str]:
    """Return 医科 with insurance and two public payers, each with a share of the lines of its own."""
    m = "medical"
    return [
        header(m, "IR", institution_name="見本診療所", volume_id="00"),
        head(m, "1132"),
        insurer(m, points=376),
        public(m, INCURABLE, points=291, copay_yen=500),
        public(m, CITY, points=376, copay_yen=300),
        record(m, "SY", disease_code="8833421", start_date="20260903", outcome=1, main_disease="01"),
        record(m, "SI", service_class="11", burden=4, procedure_code="111000110", points=291, count=1, **days(3)),
        record(m, "SI", service_class="12", burden=3, procedure_code="112007410", points=85, count=1, **days(17)),
        record(m, "GO", claim_count=3, total_points=376, volume_id="99"),
    ]


def dental() -> list[str]:
    """Return 歯科 with teeth and additions inside an act."""
    d = "dental"
    return [
        header(d, "UK", 3, institution_name="見本歯科", volume_id="00"),
        record(d, "IR", review_body=1, prefecture=PREFECTURE, point_table=3, institution_code=institution(3),
               claim_month="202610", notifications="0102"),
        head(d, "3112", start_date="20260903", outcome=1),
        insurer(d, points=502),
        record(d, "HS", start_date="20260903", outcome=1, teeth="101600104720105400", disease_code="5220064",
               comment="内緒の補足"),
        record(d, "SS", service_class="11", burden=1, procedure_code="301000110", points=264, count=1,
               addition_code_01="X0001", addition_quantity_01=1, addition_code_02="Y0002", **days(3)),
        record(d, "SS", service_class="12", burden=1, procedure_code="301000370", points=119, count=2, **days(10, 17)),
        record(d, "CO", service_class="99", burden=1, comment_code="810000001", comment_text="内緒のコメント",
               teeth="101610"),
        record(d, "GO", claim_count=1, total_points=502, volume_id="99"),
    ]  # fmt: skip


def pharmacy() -> list[str]:
    """Return 調剤 with a group of drugs dispensed twice, fees, and a remark."""
    p = "pharmacy"
    return [
        header(p, "YK", 4, institution_name="見本薬局", volume_id="00"),
        head(p, "4112", prescriber_prefecture=PREFECTURE, prescriber_point_table=1, prescriber_code=institution(1),
             prescriber_name="見本診療所", doctor_name_01="見本　医師"),
        insurer(p, points=345),
        record(p, "SH", group_no="01", dosage_form=1, usage_code="014", special_instruction="内緒の指示",
               unit_drug_points=9),
        record(p, "CZ", doctor_no=1, prescription_date="20260903", dispensing_date="20260903", reception_no=1,
               quantity=14, preparation_burden=1, preparation_calc_class=1, preparation_code="430000110",
               preparation_points=24, drug_points=126, addition_01_burden=1, addition_01_code="430000210",
               addition_01_points=8, management_burden=1, management_calc_class=1, management_code="440000110",
               management_points=28),
        record(p, "IY", burden=1, drug_code="620000001", amount="3"),
        record(p, "IY", burden=1, drug_code="620000002", amount="1"),
        record(p, "CO", comment_code="810000001", comment_text="内緒のコメント"),
        record(p, "TK", comment_code="810000001", comment_text="内緒の摘要"),
        record(p, "KI", calculation_date="20260903", reception_no=1, base_burden=1, base_code="410000110",
               base_points=45, management_01_burden=1, management_01_code="440000210", management_01_count=1,
               management_01_points=59, base_addition_01_burden=1, base_addition_01_code="410000310",
               base_addition_01_count=1, base_addition_01_points=55),
        record(p, "GO", claim_count=1, total_points=345, volume_id="99"),
    ]  # fmt: skip


def home_nursing() -> list[str]:
    """Return 訪問看護: yen instead of points."""
    h = "home_nursing"
    return [
        header(h, "HM", 6, institution_name="見本訪問看護ステーション"),
        head(h, "6112"),
        insurer(h, points=22710),
        record(h, "IH", prefecture=PREFECTURE, point_table=1, institution_code=institution(1), institution_name="見本診療所",
               doctor_name="見本　医師", last_report_date="20260915"),
        record(h, "HJ", order_kind="01", valid_from="20260901", valid_to="20261130"),
        record(h, "JS", condition="内緒の状態", disease_presence="01", diseases="001"),
        record(h, "SY", disease_code="8833421", comment="内緒の補足"),
        record(h, "RJ", start_date="20260801", place_1="01"),
        record(h, "CO", comment_code="810000001", comment_text="内緒のコメント"),
        record(h, "KA", service_date="20260903", burden=1, fee_code="510000110", points=5550, staff_kinds="03",
               visits_same_day="01", order_kind="01"),
        record(h, "KA", service_date="20260903", burden=1, fee_code="550000110", points=7670),
        record(h, "KA", service_date="20260910", burden=1, fee_code="510000110", points=9490, staff_kinds="03",
               visits_same_day="01", order_kind="01"),
        record(h, "GO"),
    ]  # fmt: skip


def dpc() -> list[str]:
    """Return ＤＰＣ with its groups, bundled evaluation and coding data."""
    d = "dpc"
    return [
        header(d, "IR", institution_name="見本病院", volume_id="00"),
        head(d, "1111", admission_date="20260910", summary_class=0),
        insurer(d, points=30152, actual_days=12),
        record(d, "BU", dpc_code="040080x099x0xx", admission_date="20260910", discharge_date="20260921", dpc_outcome=2,
               death_cause="内緒の死因"),
        record(d, "SB", disease_code="4860008", icd10="J189", disease_class="01", modifier_codes="2056"),
        record(d, "SB", disease_code="4860008", icd10="J189", disease_class="11"),
        record(d, "SB", disease_code="8833421", icd10="I10", disease_class="21"),
        record(d, "KK", transfer_to_general_ward=0, admission_kind=2, previous_same_disease=0, age=46),
        record(d, "SK", procedure_code="160072510", performed_date="20260911", care_name="内緒の補足"),
        record(d, "GA", service_month=MONTH, adjustment=2, stay_pattern="0" * 14 + "99" + "0" * 14,
               dpc_code="040080x099x0xx", hospital_coefficient="1.2345"),
        record(d, "HH", service_month=MONTH, adjustment=2, burden=1, period_class=1, points_per_day=2845, days=6,
               subtotal=17070),
        record(d, "HH", service_month=MONTH, adjustment=2, burden=1, period_class=2, points_per_day=2123, days=6,
               subtotal=12738),
        record(d, "GT", service_month=MONTH, adjustment=2, burden=1, subtotal_sum=29808, bundled_points=29808,
               month_total=29808, service_class="93"),
        record(d, "SI", service_class="60", burden=1, procedure_code="160072510", points=344, count=1, **days(11)),
        record(d, "CD", performed_date="20260911", service_class="60", sequence_no=1, detail_no=1, code="160072510",
               quantity=1, count=1),
        record(d, "GO", claim_count=1, total_points=30152, volume_id="99"),
    ]  # fmt: skip


def returned() -> list[str]:
    """Return a return file of 医科: the reason, the claim, and its history behind it."""
    m, r = "medical", "medical_return"
    own = outpatient()
    return [
        record(r, "HI", review_body=1, prefecture=PREFECTURE, point_table=1, institution_code=institution(1),
               claim_month="202611", volume_id="00"),
        head(m, "1112", search_no="0" * 29 + "1"),
        *own[2:-1],
        record(r, "HR", processing_month="202611", return_class=1, return_reason_code="0101",
               return_reason="保険者番号と資格が一致しません", search_no="0" * 29 + "1"),
        *(f"1,{no},0,{text}" for no, text in enumerate(own[1:-1], start=1)),
        "2,1,0,MN,1234567890",
        record(r, "HG", claim_count=1, total_points=463, volume_id="99"),
    ]  # fmt: skip


FILES: Final = {
    "medical_outpatient": outpatient,
    "medical_inpatient": inpatient,
    "medical_combined": combined,
    "dental": dental,
    "pharmacy": pharmacy,
    "home_nursing": home_nursing,
    "dpc": dpc,
    "medical_return": returned,
}


def file_of(name: str) -> bytes:
    """Return the bytes of one of the files."""
    return encoded(FILES[name]())
