"""Rules of the claim as a whole: numbering, order, patient, type, months and days."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from seikyu.limits import limit
from seikyu.records import Layout, Month, kind_ja, layouts, table
from seikyu.rules.rule import Rule, rule
from seikyu.rules.view import Claim, Phrase, Place, Record, at_most

_RE: Final = "RE,1,1112,202608,見本　太郎,1,19800101"
_BORN: Final = "RE,1,{},202608,見本　太郎,1,{}"
_INPATIENT: Final = "RE,1,1111,202608,見本　太郎,1,19800101,,20260801"
_SI: Final = "SI,11,1,111000110,,291,1,,,,,,,1"
_HISTORY: Final = "1,1,0,RE,1,1112,202607"
_SEARCH: Final = _RE + "," * 12 + "29915080700000001"

_SECOND_VOLUME: Final = "IR,1,99,1,0112342,,見本診療所,202609,01,"

_KATAKANA: Final = re.compile("[ァ-ヶー]+")
_MOST_KANA: Final = 40
_SCHOOL_AGE: Final = 6
_WORKING_AGE: Final = 15
_ELDERLY_FROM: Final = 70
_ELDERLY_UNTIL: Final = 75
_MOST_NOTES: Final = 5
_SHORTEST_SEARCH_NO: Final = 17
_LAWS_OF_OTHERS: Final = frozenset({"67", "39"})
_WARD_CLASSES: Final = frozenset({b"90", b"92", b"97"})
_OUT_OF_ORDER: Final = frozenset({"KH", "NI"})
#: Income classes (適用区分) of which a claim has one: of each group at most one code. Source: code-tables:9.
_INCOME_CLASSES: Final = (
    frozenset({"17", "18", "19"}),
    frozenset({"26", "27", "28", "29", "30", "41", "42"}),
    frozenset({"31", "32", "33", "34", "35", "43", "44"}),
)


@rule(
    code="L1917",
    title="the claim numbers do not run 1, 2, 3",
    title_ja="レセプト番号が１からの連番になっていません",
    passes=(f"{_RE}\n{_RE.replace('RE,1', 'RE,2')}", f"{_SECOND_VOLUME}\n{_RE.replace('RE,1', 'RE,501')}"),
    fails=(f"{_RE}\n{_RE.replace('RE,1', 'RE,3')}", _RE.replace("RE,1", "RE,2")),
)
def numbering(claim: Claim) -> Iterator[Place]:
    """A gap is a lost claim, a repetition a doubled one. After a gap the count goes on from there.

    A second volume, or a second file glued behind, begins with any number.
    """
    number = claim.head["claim_no"]
    if number is not None and claim.no_before is not None and number != claim.no_before + 1:
        yield claim.at("claim_no", found=number, expected=claim.no_before + 1)


@rule(
    code="L3001",
    title="the patient's name is missing",
    title_ja="氏名が記録されていません",
    passes=_RE,
    fails=("RE,1,1112,202608,,1,19800101", "RE,1,1112,202608,　,1,19800101"),
    when=[("RE.patient_name", "missing")],
)
def no_name(claim: Claim) -> Iterator[Place]:
    """The insurer finds the person by name and number."""
    name = claim.head["patient_name"]
    if name is not None and not name.strip(" \u3000"):
        yield claim.at("patient_name")


@rule(
    code="L3129",
    title="the type says pre-school child, the age does not",
    title_ja="未就学者のレセプト種別ですが、年齢が該当しません",
    passes=(_BORN.format(1114, 20200402), _BORN.format(1114, 20250101)),
    fails=(_BORN.format(1114, 20200401), _BORN.format(1114, 20150101)),
)
def not_pre_school(claim: Claim) -> Iterator[Place]:
    """Small children pay less; the share ends with the March after the sixth birthday."""
    row, born, month = claim.type_row, claim.birth_date, claim.service_month
    if row and row["beneficiary"] == "preschool" and born and month:
        late = (born.month, born.day) > (4, 1)
        school = Month(born.year + _SCHOOL_AGE + late, 4)
        if month >= school:
            yield claim.at("claim_type", found=claim.claim_type)


@rule(
    code="L3140",
    title="the type says insured person, the age is under 15",
    title_ja="医保本人のレセプト種別ですが、１５歳未満です",
    passes=(_BORN.format(1112, 20100101), f"{_BORN.format(1112, 20200101)}\nHO,  991018,見本,1,1,291"),
    fails=_BORN.format(1112, 20120101),
    on="HO",
)
def too_young_to_be_insured(claim: Claim) -> Iterator[Place]:
    """Nobody works at that age; the claim is a family member's."""
    row, born, month, insurer = claim.type_row, claim.birth_date, claim.service_month, claim.insurer_number
    if not (row and born and month and insurer and row["scheme"] == "insurance or NHI"):
        return
    employed = insurer.law_number and insurer.law_number not in _LAWS_OF_OTHERS
    if employed and row["beneficiary"] == "insured/householder" and _age(born, _after(month)) < _WORKING_AGE:
        yield claim.at("claim_type", found=claim.claim_type)


@rule(
    code="X3010",
    title="the type says elderly (70 to 74), the age does not",
    title_ja="高齢受給者のレセプト種別ですが、年齢が７０歳～７４歳ではありません",
    passes=(_BORN.format(1118, 19530101), _BORN.format(1118, 19510815)),
    fails=(_BORN.format(1118, 19800101), _BORN.format(1118, 19500101)),
)
def not_elderly(claim: Claim) -> Iterator[Place]:
    """Their share of the costs is another one. In doubt about the month of the birthday nothing is said."""
    row, born, month = claim.type_row, claim.birth_date, claim.service_month
    if not (row and born and month and row["scheme"] != "late-stage elderly"):
        return
    if row["beneficiary"].startswith("elderly") and (
        _age(born, _after(month)) < _ELDERLY_FROM or _age(born, month.first_day - timedelta(days=1)) >= _ELDERLY_UNTIL
    ):
        yield claim.at("claim_type", found=claim.claim_type)


def _after(month: Month) -> date:
    """Return the day on which everybody born in the month's days has had the birthday, also by the law's count."""
    return month.plus(1).first_day


def _age(born: date, on: date) -> int:
    """Return the completed years on a day, the birthday counting."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


@rule(
    code="X2001",
    title="the records of the claim are not in the order of the layout",
    title_ja="レセプト内のレコードの記録順が正しくありません",
    passes=(
        f"{_SI}\nSJ,01,見本",
        f"IR,1,99,1,0112342,,見本診療所,43012,00,\nRE,1,1112,43011,見本,1,3550101\nNI,1\n{_SI}\nKH,見本",
        "SJ,01,見本\nTI,1,1\nTR,1,1992,202608,,1,19800101\nTS,1,100\nSY,8833421,20260801,1\n" + _SI,
    ),
    fails=(
        "TI,1,1\nTR,1,1992,202608,,1,19800101\nSY,8833421,20260801,1\nTS,1,100\n" + _SI,
        f"{_RE}\n{_SI}\nHO,06990014,見本,1,1,291\nSY,8833421,20260801,1",
        f"SJ,01,見本\n{_RE}\n{_SI}\nSY,8833421,20260801,1",
    ),
)
def order(claim: Claim) -> Iterator[Place]:
    """Systems behind us read by position; a record at the wrong place belongs to something else."""
    last = 0
    for record in claim.own:
        place = record.plan.layout.order
        if record.id in _OUT_OF_ORDER:
            continue
        if place < last:
            yield record.here()
            return
        last = place
    yield from _donor_order(claim)


def _donor_order(claim: Claim) -> Iterator[Place]:
    for block in claim.layout.blocks.values():
        last = 0
        for record in claim.donor:
            place = block.records.get(record.id, 0)
            if record.id in {block.opens, block.again}:
                last = place
            elif place < last:
                yield record.here()
                return
            last = max(last, place)


@rule(
    code="X2055",
    title="the organ donor's records are not complete",
    title_ja="臓器提供者に係るレコードが揃っていません",
    passes="TI,1,1\nTR,1,1992,202608,,1,19800101\nTS,1,100\nSY,8833421,20260801,1\n" + _SI,
    fails=(
        "TI,1,1",
        "TI,1,1\nTR,1,1992,202608,,1,19800101\nSY,8833421,20260801,1\n" + _SI,
        "TR,1,1992,202608,,1,19800101\nTS,1,100\nSY,8833421,20260801,1\n" + _SI,
    ),
)
def donor_block(claim: Claim) -> Iterator[Place]:
    """What was done for the donor is paid by the recipient's insurer, if it can be read."""
    block = claim.layout.blocks.get("donor")
    if not (claim.donor and block):
        return
    first = claim.donor[0]
    if first.id != block.opens:
        yield first.here(expected=block.opens)
    part: list[Record] = []
    for record in [*claim.donor, None]:
        if record is None or record.id in {block.opens, block.again}:
            ids = {each.id for each in part}
            complete = not part or ({"TS", "SY"} <= ids and ids & {"SI", "IY", "TO"})
            opened = part and part[0].id == block.opens
            if not complete and not (opened and record and record.id == block.again):
                yield part[0].here()
            part = []
        if record is not None:
            part.append(record)


@rule(
    code="X2002",
    title="an unknown record in a claim",
    title_ja="レセプト内に不明なレコードがあります",
    passes=_SI,
    fails="ZZ,1",
)
def stray_inside(claim: Claim) -> Iterator[Place]:
    """It is kept and nobody reads it."""
    elsewhere = _known_elsewhere(claim.layout)
    yield from (stray.here() for stray in claim.strays if stray.record not in elsewhere)


def _known_elsewhere(layout: Layout) -> frozenset[str]:
    """Return the records that other editions of the kind know."""
    return frozenset(rid for other in layouts() if other.kind == layout.kind for rid in other.records)


@rule(
    code="L4835",
    title="an eligibility record for a month before there were any",
    title_ja="資格確認等のレコードの記録が開始される前の診療年月です",
    passes="SN,1,01",
    fails=(
        "RE,1,1112,202108,見本　太郎,1,19800101\nSN,1,01",
        "IR,1,99,1,0112342,,見本診療所,43012,00,\nRE,1,1112,43011,見本,1,3550101\nMF,00",
    ),
)
def eligibility_too_early(claim: Claim) -> Iterator[Place]:
    """SN, JD and MF exist since September 2021; earlier ones are skipped."""
    for record in claim.records("SN", "JD", "MF"):
        if not record.plan.layout.holds(claim.service_month):
            yield record.here()
    yield from (stray.here() for stray in claim.strays if stray.record in {"SN", "JD", "MF"})


@rule(
    code="X2057",
    title="a line of the claim is too long to be read",
    title_ja="レセプト内に長すぎる行があります",
    passes=_SI,
    fails="SJ,01," + "あ" * 40_000,
)
def long_line(claim: Claim) -> Iterator[Place]:
    """Only its beginning was looked at, so the claim is not read as a whole."""
    yield from (stray.here() for stray in claim.cut_lines)


@rule(
    code="X2058",
    title="the claim has too many lines to be read",
    title_ja="レセプトの行数が多すぎます",
    passes=_SI,
    fails="CO,11,1,810000001,見本\n" * 100_001 + _SI,
)
def too_many_lines(claim: Claim) -> Iterator[Place]:
    """A claim must fit in memory as a whole; the longest stay has a few thousand lines."""
    if claim.lines_left_out:
        most = limit("claim_lines")
        yield claim.here(found=claim.lines_left_out + most, expected=at_most(most))


@rule(
    code="XR001",
    title="a record that only a returned claim has",
    title_ja="返戻ファイルのレコード（ＨＩ・ＨＲ・ＨＧ）が残っています",
    passes=_SI,
    fails="HR,202608,1,,L1234,見本",
)
def return_record(claim: Claim) -> Iterator[Place]:
    """Header, reason and trailer of a return must be taken out before the claim is sent again."""
    yield from (stray.here() for stray in claim.returns)


@rule(
    code="X2056",
    title="a search number where none belongs, or a malformed one",
    title_ja="検索番号が正しくない、又は履歴のないレセプトに記録されています",
    passes=(_RE, f"{_SEARCH}\nHO,06990014,見本,1,1,291\nSY,8833421,20260801,1\n{_SI}\n{_HISTORY}"),
    fails=(_SEARCH, _RE + "," * 12 + "1" * 31, f"{_RE},,,,,,,,,,,,123\n{_SI}\n{_HISTORY}"),
    when=[("RE.search_no", "digits length long negative")],
)
def search_number(claim: Claim) -> Iterator[Place]:
    """It ties a returned claim to its history; a first claim has none."""
    number = claim.head["search_no"]
    if number and (len(number) < _SHORTEST_SEARCH_NO or not claim.history):
        yield claim.at("search_no")


@rule(
    code="X2011",
    title="the type is of another kind of claim",
    title_ja="レセプト種別が点数表と一致しません",
    passes=_RE,
    fails=_RE.replace("1112", "3112"),
)
def other_kind(claim: Claim) -> Iterator[Place]:
    """The first digit is the kind: 1 medical, 3 dental, 4 pharmacy, 6 home nursing."""
    row = claim.type_row
    if row and row["kind"] != claim.layout.kind:
        yield claim.at("claim_type", found=_kind(row["kind"]), expected=_kind(claim.layout.kind))


def _kind(kind: str) -> Phrase:
    return Phrase(kind.replace("_", " "), kind_ja(kind))


@rule(
    code="X2014",
    title="an outpatient type with lines of a hospital stay",
    title_ja="入院外のレセプト種別ですが、入院の診療識別が記録されています",
    passes=(_SI, f"{_INPATIENT}\nSI,90,1,190000110,,1000,1,,,,,,,1"),
    fails="SI,90,1,190000110,,1000,1,,,,,,,1",
)
def outpatient_with_ward(claim: Claim) -> Iterator[Place]:
    """The type decides who reviews the claim and what it may hold."""
    if claim.inpatient is False:
        for record in claim.service_lines:
            if record.raw("service_class") in _WARD_CLASSES:
                yield record.at("service_class")
                return


@rule(
    code="X2015",
    title="the service month is later than the month before the claim month",
    title_ja="診療年月が請求年月の前月より後になっています",
    passes=(_RE, _RE.replace("202608", "202601")),
    fails=(_RE.replace("202608", "202609"), _RE.replace("202608", "202710")),
)
def future_month(claim: Claim) -> Iterator[Place]:
    """A month is claimed when it is over."""
    if claim.claim_month and claim.service_month and claim.service_month > claim.claim_month.plus(-1):
        latest = claim.claim_month.plus(-1)
        expected = Phrase(f"{latest} or before", f"{latest}以前")
        yield claim.at("service_month", found=claim.service_month, expected=expected)


@rule(
    code="X2017",
    title="born after the service month",
    title_ja="生年月日が診療年月より後になっています",
    passes=_BORN.format(1114, 20260831),
    fails=_BORN.format(1114, 20260901),
)
def born_later(claim: Claim) -> Iterator[Place]:
    """One of the two is a slip."""
    if claim.birth_date and claim.last_day and claim.birth_date > claim.last_day:
        yield claim.at("birth_date")


@rule(
    code="X2018",
    title="the admission date of an inpatient claim is missing",
    title_ja="入院レセプトに入院年月日が記録されていません",
    passes=_INPATIENT,
    fails="RE,1,1111,202608,見本　太郎,1,19800101",
)
def no_admission(claim: Claim) -> Iterator[Place]:
    """Fees of a stay depend on how long it lasts."""
    if claim.inpatient and not claim.head.raw("admission_date"):
        yield claim.at("admission_date")


@rule(
    code="X2019",
    title="admitted after the service month",
    title_ja="入院年月日が診療年月より後になっています",
    passes=_INPATIENT,
    fails=_INPATIENT.replace("20260801", "20260901"),
)
def admitted_later(claim: Claim) -> Iterator[Place]:
    """One of the two is a slip."""
    admitted = claim.head["admission_date"]
    if admitted and claim.last_day and admitted > claim.last_day:
        yield claim.at("admission_date")


@rule(
    code="X2020",
    title="an admission date on an outpatient claim",
    title_ja="入院外レセプトに入院年月日が記録されています",
    passes=_INPATIENT,
    fails=_INPATIENT.replace("1111", "1112"),
)
def admission_of_outpatient(claim: Claim) -> Iterator[Place]:
    """Either the type or the date is wrong."""
    if claim.inpatient is False and claim.head["admission_date"]:
        yield claim.at("admission_date")


@rule(
    code="X3014",
    title="a special note is unknown or repeated, or there are more than five",
    title_ja="特記事項コードが正しくない、重複している、又は６個以上あります",
    passes=(_RE + ",,,,,0126", _RE),
    fails=(_RE + ",,,,,99", _RE + ",,,,,010", _RE + ",,,,,0101", "RE,1,1318,202208,見本,1,19400101,,,,,41"),
    when=[("RE.special_notes", "digits length long negative code")],
)
def special_notes(claim: Claim) -> Iterator[Place]:
    """A note that is wrong changes who pays how much."""
    notes = claim.head["special_notes"]
    if notes is None:
        return
    known = table("special_notes")
    doubtful = [code for code in notes if not known.valid(code, claim.service_month)]
    if doubtful or len(set(notes)) < len(notes) or len(notes) > _MOST_NOTES:
        yield claim.at("special_notes", found=" ".join(doubtful) or None)


@rule(
    code="X3015",
    title="two income classes exclude each other",
    title_ja="特記事項の適用区分が重複しています",
    passes=(_RE + ",,,,,26", _RE + ",,,,,0128"),
    fails=(_RE + ",,,,,2628", _RE + ",,,,,3135"),
)
def income_classes(claim: Claim) -> Iterator[Place]:
    """The class sets the ceiling of what the patient pays."""
    notes = frozenset(claim.head["special_notes"] or ())
    for group in _INCOME_CLASSES:
        if len(notes & group) > 1:
            yield claim.at("special_notes", found=" ".join(sorted(notes & group)))


@rule(
    code="L4801",
    title="a benefit rate where none is needed",
    title_ja="給付割合の記録は不要です",
    passes=(f"{_RE},70\nHO,  991018,見本,1,1,291", _RE),
    fails=f"{_RE},70",
    on="HO",
)
def needless_rate(claim: Claim) -> Iterator[Place]:
    """Accepted and ignored: only NHI and retirees have one."""
    number = claim.insurer_number
    if number and number.law_number not in {"", "67"} and claim.head["benefit_rate"] is not None:
        yield claim.at("benefit_rate")


@rule(
    code="L4805",
    title="a bed count where none is needed",
    title_ja="病床数の記録は不要です",
    passes=_RE + ",,,,,,200",
    fails=_INPATIENT + ",,,,200",
)
def needless_beds(claim: Claim) -> Iterator[Place]:
    """Accepted and ignored: only certain outpatient services ask for it."""
    if claim.inpatient and claim.head["bed_count"] is not None:
        yield claim.at("bed_count")


@rule(
    code="L4834",
    title="the name in katakana is not full-width katakana of at most 40 characters",
    title_ja="カタカナ氏名が全角カタカナ４０文字以内ではありません",
    passes=_RE + "," * 30 + "ミホンタロー",
    fails=tuple(_RE + "," * 30 + name for name in ("ﾐﾎﾝ", "見本", "ミホン　タロウ", "ミホンタロ－")),
    when=[("RE.patient_name_kana", "long width mixed")],
)
def odd_kana(claim: Claim) -> Iterator[Place]:
    """It is accepted as it is. There is no space in it, and the long mark is ー (815B), not a dash."""
    name = claim.head["patient_name_kana"]
    if name and not claim.head.bad("patient_name_kana") and len(name) <= _MOST_KANA and not _KATAKANA.fullmatch(name):
        yield claim.at("patient_name_kana")


@rule(
    code="X8003",
    title="the name in katakana is missing",
    title_ja="カタカナ氏名が記録されていません",
    passes=_RE + "," * 30 + "ミホンタロウ",
    fails=_RE,
    since="2018-04",
)
def no_kana(claim: Claim) -> Iterator[Place]:
    """Accepted; with it the insurer finds the person faster."""
    if not claim.head.raw("patient_name_kana"):
        yield claim.at("patient_name_kana")


RULES: Final[tuple[Rule, ...]] = (
    numbering,
    no_name,
    not_pre_school,
    too_young_to_be_insured,
    not_elderly,
    order,
    donor_block,
    stray_inside,
    eligibility_too_early,
    long_line,
    too_many_lines,
    return_record,
    search_number,
    other_kind,
    outpatient_with_ward,
    future_month,
    born_later,
    no_admission,
    admitted_later,
    admission_of_outpatient,
    special_notes,
    income_classes,
    needless_rate,
    needless_beds,
    odd_kana,
    no_kana,
)
