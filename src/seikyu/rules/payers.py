"""Rules of who pays: are there the payers that the type names, and do their figures go together."""

from collections.abc import Iterator
from typing import Final

from seikyu.rules.rule import Rule, rule
from seikyu.rules.view import Claim, Phrase, Place, Record, at_most, shares

_HO: Final = "HO,06990014,見本,1,1,291"
_KO: Final = "KO,80990013,0000018,,1,291"
_RE: Final = "RE,1,{},202608,見本　太郎,1,19800101"
_WITH_ONE: Final = f"{_RE.format(1122)}\n{_HO}\n{_KO}\nSI,11,2,111000110,,291,1,,,,,,,1"
_ALONE_TOO: Final = (
    f"{_RE.format(1122)}\n{_HO}\nKO,18990010,0000018,,1,391\n"
    "SI,11,2,111000110,,291,1,,,,,,,1\nSI,60,5,160000010,,100,1,,,,,,,1"
)
_IN: Final = "RE,1,1111,202608,見本　太郎,1,19800101,,20260801"

_MOST_PUBLIC: Final = 4
_MOST_DAYS: Final = 31
_MEALS_A_DAY: Final = 3
_YEN_A_POINT: Final = 10
_NO_RECIPIENT_NUMBER: Final = frozenset({"30"})
_SEAMEN: Final = "02"
_REDUCED: Final = "1"
_COUNTS_PRESCRIPTIONS: Final = "pharmacy"
#: A fee without a visit has no day; the guide shows one. Source: home-nursing-layout:HO.5.
_WITHOUT_DAYS: Final = "home_nursing"
_FORM: Final = "digits length long negative"


@rule(
    code="L2900",
    title="the payers of the claim do not fit its type",
    title_ja="レセプト種別と保険者・公費レコードの組合せが正しくありません",
    source="records:4",
    passes=(_WITH_ONE, f"{_RE.format(1212)}\n{_KO}\nSI,11,5,111000110,,291,1,,,,,,,1"),
    fails=(f"{_RE.format(1122)}\n{_HO}", f"{_RE.format(1112)}\n{_HO}\n{_KO}", f"{_RE.format(1112)}\n{_KO}"),
)
def payers_of_the_type(claim: Claim) -> Iterator[Place]:
    """The type says who is asked; other records say otherwise, and somebody would be charged wrongly."""
    found, wanted = _payers(claim)
    if found != wanted:
        yield claim.at("claim_type", found=_words(found), expected=_words(wanted))


@rule(
    code="X2012",
    title="the type and the records do not say the same of the insurer",
    title_ja="レセプト種別と保険者レコードの有無が一致しません",
    source="records:4",
    passes=("kind dental", "kind pharmacy", "kind home_nursing"),
    fails=f"kind dental\nRE,1,3212,202608,見本　太郎,1,19800101,,,20260801,1\n{_HO.replace('291', '234')}",
)
def insurer_of_the_type(claim: Claim) -> Iterator[Place]:
    """The type says who is asked; other records say otherwise, and somebody would be charged wrongly."""
    found, wanted = _payers(claim)
    if found[0] != wanted[0]:
        yield claim.at("claim_type", found=_words(found), expected=_words(wanted))


@rule(
    code="X2013",
    title="the type and the records do not say the same of the public payers",
    title_ja="レセプト種別と公費レコードの件数が一致しません",
    source="records:4",
    passes=("kind dental", "kind pharmacy", "kind home_nursing"),
    fails="kind home_nursing\nRE,1,6122,202608,見本　太郎,ミホンタロウ,1,19800101",
)
def public_payers_of_the_type(claim: Claim) -> Iterator[Place]:
    """The type says who is asked; other records say otherwise, and somebody would be charged wrongly."""
    found, wanted = _payers(claim)
    if found[0] == wanted[0] and found[1] != wanted[1]:
        yield claim.at("claim_type", found=_words(found), expected=_words(wanted))


def _payers(claim: Claim) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return how many insurers and public payers there are, and how many the type names.

    The same twice where nothing can be said: of a part of a summary claim, and where the payers themselves are the
    fault and another rule says so.
    """
    row, found = claim.type_row, (len(claim.records("HO")), len(claim.public_payers))
    if row is None or claim.part_of or found[0] > 1 or found[1] > _MOST_PUBLIC or not sum(found):
        return found, found
    return found, (int(row["has_ho"] == "yes"), int(row["public_payers"]))


def _words(payers: tuple[int, int]) -> str:
    return f"HO {payers[0]} / KO {payers[1]}"


@rule(
    code="L2162",
    title="the insured person's number is missing",
    title_ja="被保険者証等の番号が記録されていません",
    passes=_HO,
    fails=("HO,06990014,見本,,1,291", "HO,06990014,見本,　,1,291"),
    on="HO",
    when=[("HO.card_number", "missing")],
)
def no_card_number(payer: Record) -> Iterator[Place]:
    """The insurer cannot find the person. Spaces are no number."""
    number = payer["card_number"]
    if number is not None and not number.strip(" \u3000"):
        yield payer.at("card_number")


@rule(
    code="X2021",
    title="more than one insurer",
    title_ja="保険者レコード（ＨＯ）が複数あります",
    passes=_HO,
    fails=f"{_HO}\n{_HO}",
    on="HO",
)
def second_insurer(claim: Claim) -> Iterator[Place]:
    """When the insurer changes in a month there are two claims."""
    yield from (record.here() for record in claim.records("HO")[1:])


@rule(
    code="X2022",
    title="more than four public payers",
    title_ja="公費レコード（ＫＯ）が５件以上あります",
    passes="\n".join([_KO] * _MOST_PUBLIC),
    fails="\n".join([_KO] * (_MOST_PUBLIC + 1)),
    on="KO",
)
def fifth_public_payer(claim: Claim) -> Iterator[Place]:
    """No burden code has room for a fifth."""
    yield from (record.here() for record in claim.public_payers[_MOST_PUBLIC:])


@rule(
    code="X2023",
    title="neither insurer nor public payer",
    title_ja="保険者レコード（ＨＯ）も公費レコード（ＫＯ）もありません",
    passes=_HO,
    fails="-HO",
)
def nobody_pays(claim: Claim) -> Iterator[Place]:
    """There is nobody to be asked."""
    if not claim.payers:
        yield claim.here()


@rule(
    code="X2024",
    title="the same public payer twice",
    title_ja="同じ公費負担者番号が重複しています",
    passes=f"{_KO}\nKO,54990015,0000018,,1,291",
    fails=f"{_KO}\n{_KO}",
    on="KO",
)
def same_public_payer(claim: Claim) -> Iterator[Place]:
    """One of the two was meant to be another."""
    seen: set[str] = set()
    for record in claim.public_payers:
        number = record["payer_number"]
        if number in seen:
            yield record.at("payer_number")
        elif number:
            seen.add(number)


@rule(
    code="X2025",
    title="the recipient number is not 7 digits",
    title_ja="受給者番号が７桁の数字ではありません",
    passes=(_KO, "KO,30990012,,,1,291"),
    fails=("KO,80990013,00000A8,,1,291", "KO,80990013,123456,,1,291", "KO,80990013,,,1,291"),
    on="KO",
    when=[("KO.recipient_number", _FORM)],
)
def recipient_number(payer: Record) -> Iterator[Place]:
    """The public payer finds the person by it; under law 30 there is none."""
    number = payer["payer_number"]
    if number is None or number.law_number in _NO_RECIPIENT_NUMBER or payer.bad("recipient_number"):
        return
    if len(payer.raw("recipient_number")) != 7:  # noqa: PLR2004  (the title says it)
        yield payer.at("recipient_number")


@rule(
    code="X2026",
    title="the actual days are not 1 to 31",
    title_ja="診療実日数が１～３１ではありません",
    passes=(_HO, "HO,06990014,見本,1,0,0"),
    fails=(
        "HO,06990014,見本,1,,291",
        "HO,06990014,見本,1,0,291",
        "HO,06990014,見本,1,32,291",
        "HO,06990014,見本,1,x,291",
    ),
    on="HO KO",
    when=[(f"{payer}.actual_days", f"missing {_FORM}") for payer in ("HO", "KO")],
)
def actual_days(payer: Record) -> Iterator[Place]:
    """Reviewers and statistics count days. Who asks for no points may have none; so may home nursing.

    Pharmacies count prescriptions there, of which there may be any number.
    """
    days, layout = payer["actual_days"], payer.plan.claim_kind
    if days is None or layout == _COUNTS_PRESCRIPTIONS:
        return
    none = days == 0 and (layout == _WITHOUT_DAYS or payer["total_points"] == 0)
    if not none and not 1 <= days <= _MOST_DAYS:
        yield payer.at("actual_days")


@rule(
    code="X3016",
    title="more actual days than the month has",
    title_ja="診療実日数が診療年月の日数を超えています",
    passes="RE,1,1112,202602,見本　太郎,1,19800101\nHO,06990014,見本,1,28,291",
    fails="RE,1,1112,202602,見本　太郎,1,19800101\nHO,06990014,見本,1,29,291",
    on="HO",
)
def days_of_the_month(claim: Claim) -> Iterator[Place]:
    """February is short."""
    for insurer in claim.records("HO")[:1] if claim.kind != _COUNTS_PRESCRIPTIONS else ():
        days = insurer["actual_days"]
        if days and claim.last_day and claim.last_day.day < days <= _MOST_DAYS:
            yield insurer.at("actual_days", expected=at_most(claim.last_day.day))


@rule(
    code="X3018",
    title="more days with the public payer than with the insurer",
    title_ja="公費の診療実日数が医療保険の診療実日数を超えています",
    passes=(_WITH_ONE, _ALONE_TOO.replace(",,1,", ",,2,")),
    fails=_WITH_ONE.replace(",,1,291\nSI", ",,2,291\nSI"),
    on="KO",
)
def public_days(claim: Claim) -> Iterator[Place]:
    """What the public payer shares is part of what the insurer has, unless some lines are the public payer's alone."""
    days = claim.insurer["actual_days"] if claim.insurer else None
    if days:  # No days at all are another rule's to tell.
        for _, payer in _exceeding(claim, "actual_days", days):
            yield payer.at("actual_days", expected=at_most(days))


@rule(
    code="X3019",
    title="more points with the public payer than with the insurer",
    title_ja="公費の合計点数が医療保険の合計点数を超えています",
    passes=(_WITH_ONE, _ALONE_TOO, _WITH_ONE.replace("見本,1,1,291", "見本,1,1,290")),
    fails=_WITH_ONE.replace(",,1,291\nSI", ",,1,292\nSI"),
    on="KO",
)
def public_points(claim: Claim) -> Iterator[Place]:
    """What the public payer shares is part of what the insurer has, unless some lines are the public payer's alone.

    If the lines bear the public payer out, it is the insurer's total that is wrong, and that is told.
    """
    points = claim.insurer["total_points"] if claim.insurer else None
    if points is not None:
        for number, payer in _exceeding(claim, "total_points", points):
            if not claim.sums or payer["total_points"] != claim.sums[number]:
                yield payer.at("total_points", expected=at_most(points))


def _exceeding(claim: Claim, name: str, most: int) -> Iterator[tuple[int, Record]]:
    """Yield the public payers whose figure is higher and not explained by lines of their own."""
    for number, payer in enumerate(claim.public_payers[:_MOST_PUBLIC], start=1):
        if payer[name] is not None and payer[name] > most and not _without_insurance(claim, number):
            yield number, payer


def _without_insurance(claim: Claim, number: int) -> bool:
    """True if the public payer of that number shares lines in which the insurer has no part."""
    burdens = {record.raw("burden") for record in claim.service_lines}
    return any(number in there and 0 not in there for there in map(shares, burdens) if there)


@rule(
    code="L3531",
    title="more meals than the month can have",
    title_ja="食事療養・生活療養の回数が診療年月の日数の３倍を超えています",
    passes=f"{_IN}\nHO,06990014,見本,1,31,291,,93,59520",
    fails="RE,1,1111,202609,見本　太郎,1,19800101,,20260901\nHO,06990014,見本,1,30,291,,91,58240",
    on="HO",
)
def meals(claim: Claim) -> Iterator[Place]:
    """There are three meals a day."""
    for insurer in claim.records("HO")[:1]:
        count = insurer["meal_count"]
        if count and claim.last_day and count > claim.last_day.day * _MEALS_A_DAY:
            yield insurer.at("meal_count", expected=at_most(claim.last_day.day * _MEALS_A_DAY))


@rule(
    code="X3022",
    title="meals on an outpatient claim, or a count without an amount",
    title_ja="入院外で食事療養が記録されている、又は回数と金額の一方のみ記録されています",
    passes=f"{_IN}\nHO,06990014,見本,1,1,291,,3,1920",
    fails=("HO,06990014,見本,1,1,291,,3,1920", f"{_IN}\nHO,06990014,見本,1,1,291,,3,"),
    on="HO",
)
def meal_items(claim: Claim) -> Iterator[Place]:
    """Meals are for those who stay, and somebody has cooked them."""
    for insurer in claim.records("HO")[:1]:
        count, yen = insurer["meal_count"], insurer["meals_yen"]
        if claim.inpatient is False and (count or yen):
            yield insurer.at("meal_count")
        elif count and not insurer.raw("meals_yen"):
            yield insurer.at("meals_yen")


@rule(
    code="L4510",
    title="the co-payment under the first public payer is implausible",
    title_ja="第１公費の負担金額が点数に対して大きすぎます",
    passes=_KO + ",500",
    fails=_KO + ",2910",
    on="KO",
)
def public_copay(claim: Claim) -> Iterator[Place]:
    """A point is ten yen, and nobody pays all of it or more."""
    for payer in claim.public_payers[:1]:
        yield from _implausible(payer)


@rule(
    code="L4516",
    title="the co-payment is implausible",
    title_ja="一部負担金額が点数に対して大きすぎます",
    passes=_HO + ",,,,,,870",
    fails=_HO + ",,,,,,2910",
    on="HO",
)
def copay(payer: Record) -> Iterator[Place]:
    """A point is ten yen, and nobody pays all of it or more."""
    yield from _implausible(payer)


def _implausible(payer: Record) -> Iterator[Place]:
    yen, points = payer["copay_yen"], payer["total_points"]
    if yen and points is not None and yen >= points * _YEN_A_POINT:
        most = points * _YEN_A_POINT
        yield payer.at("copay_yen", expected=Phrase(f"under {most}", f"{most}未満"))


@rule(
    code="X3035",
    title="a reduction without rate or amount, or the reverse",
    title_ja="減免区分と減額割合・減額金額の記録が一致しません",
    passes=(_HO + ",,,,,,,1,30", _HO + ",,,,,,,2", _HO + ",,,,,,,x,30"),
    fails=(_HO + ",,,,,,,1", _HO + ",,,,,,,,30"),
    on="HO",
)
def reduction(payer: Record) -> Iterator[Place]:
    """How much less the patient pays must be said."""
    kind, amount = payer["reduction_type"], payer.raw("reduction_rate") or payer.raw("reduction_yen")
    if payer.bad("reduction_type"):
        return
    if (kind == _REDUCED and not amount) or (kind is None and amount):
        yield payer.at("reduction_type")


@rule(
    code="X3036",
    title="the work-related reason is not 1, 2 or 3, or not on seamen's insurance",
    title_ja="職務上の事由が正しくない、又は船員保険以外に記録されています",
    passes=(_HO, "HO,02990018,見本,1,1,291,,,,1"),
    fails=("HO,02990018,見本,1,1,291,,,,4", _HO + ",,,,1"),
    on="HO",
    when=[("HO.work_reason", f"{_FORM} code")],
)
def work_reason(payer: Record) -> Iterator[Place]:
    """Only seamen's insurance pays for accidents at work."""
    number = payer["insurer_number"]
    if payer["work_reason"] and number and number.law_number != _SEAMEN:
        yield payer.at("work_reason")


RULES: Final[tuple[Rule, ...]] = (
    payers_of_the_type,
    insurer_of_the_type,
    public_payers_of_the_type,
    no_card_number,
    second_insurer,
    fifth_public_payer,
    nobody_pays,
    same_public_payer,
    recipient_number,
    actual_days,
    days_of_the_month,
    public_days,
    public_points,
    meals,
    meal_items,
    public_copay,
    copay,
    reduction,
    work_reason,
)
