"""Rules of the patient and the months: name, age, stay, special notes."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from seikyu.records import Month, table
from seikyu.rules.rule import Rule, rule
from seikyu.rules.view import Claim, Phrase, Place

_RE: Final = "RE,1,1112,202608,見本　太郎,1,19800101"
_BORN: Final = "RE,1,{},202608,見本　太郎,1,{}"
_INPATIENT: Final = "RE,1,1111,202608,見本　太郎,1,19800101,,20260801"
_KATAKANA: Final = re.compile("[ァ-ヶー]+")
_MOST_KANA: Final = 40
_SCHOOL_AGE: Final = 6
_WORKING_AGE: Final = 15
_ELDERLY_FROM: Final = 70
_ELDERLY_UNTIL: Final = 75
_MOST_NOTES: Final = 5
_LAWS_OF_OTHERS: Final = frozenset({"67", "39"})
#: Income classes (適用区分) of which a claim has one: of each group at most one code. Source: code-tables:9.
_INCOME_CLASSES: Final = (
    frozenset({"17", "18", "19"}),
    frozenset({"26", "27", "28", "29", "30", "41", "42"}),
    frozenset({"31", "32", "33", "34", "35", "43", "44"}),
)


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
    known = table(claim.head.plan.layout.by_name["special_notes"].codes or "special_notes")
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
    if claim.part_of is None and not claim.head.raw("patient_name_kana"):
        yield claim.at("patient_name_kana")


RULES: Final[tuple[Rule, ...]] = (
    no_name,
    not_pre_school,
    too_young_to_be_insured,
    not_elderly,
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
