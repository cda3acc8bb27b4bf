"""Rules of pharmacy claims (調剤): the pharmacy's record, the prescriber, and the days of dispensing."""

from collections.abc import Iterator
from typing import Final

from seikyu.rules.rule import Rule, rule
from seikyu.rules.view import Claim, File, Place, Record

_KIND: Final = "kind pharmacy"
_YK: Final = "YK,1,99,4,0140008,見本薬局,202609,00,099-000-0000"
_RE: Final = "RE,1,4112,202608,見本　太郎,1,19800101,,,99,1,0112342,見本診療所"
_CZ: Final = "CZ,1,{},{},1,7,1,1,01,140000010,24,,,70" + "," * 57
_MOST_HEADERS: Final = 999


@rule(
    code="L1913",
    title="the phone number is missing or wrong",
    title_ja="電話番号が記録されていない、又は正しくありません",
    passes=_KIND,
    fails=(f"{_KIND}\nYK,1,99,4,0140008,見本薬局,202609,00,", f"{_KIND}\n{_YK}-0000000"),
    on="YK",
    when=[("YK.phone", "long width mixed")],
)
def phone(header: Record) -> Iterator[Place]:
    """It is the number that the office calls."""
    if not header.raw("phone"):
        yield header.at("phone")


@rule(
    code="L1923",
    title="the pharmacy's record (YK) is not followed by a claim (RE)",
    title_ja="薬局情報レコード（ＹＫ）の次がレセプト共通レコード（ＲＥ）ではありません",
    passes=_KIND,
    fails=f"{_KIND}\nHO,06990014,見本,1,1,141\n{_RE}",
)
def followed_by_claim(file: File) -> Iterator[Place]:
    """What stands between has lost its claim, and with it the patient."""
    yield from (stray.here(expected="RE") for stray in file.misplaced.get("L1923", ()))


@rule(
    code="L1928",
    title="more than 999 pharmacies in one file",
    title_ja="薬局情報レコード（ＹＫ）が９９９件を超えています",
    passes=_KIND,
    fails="\n".join([_KIND, *[_YK] * (_MOST_HEADERS + 1)]),
)
def too_many_pharmacies(file: File) -> Iterator[Place]:
    """One file is one pharmacy's; this one was put together wrongly."""
    if file.headers_seen > _MOST_HEADERS:
        yield file.here(found=file.headers_seen)


@rule(
    code="X3038",
    title="the prescriber is missing",
    title_ja="処方箋を交付した医療機関が記録されていません",
    passes=(_KIND, f"{_KIND}\n{_RE}", f"{_KIND}\nRE,1,4112,202608,見本　太郎,1,19800101,,,,,,見本診療所"),
    fails=f"{_KIND}\nRE,1,4112,202608,見本　太郎,1,19800101",
)
def no_prescriber(claim: Claim) -> Iterator[Place]:
    """What was dispensed is held against what was prescribed. Neither code nor name is there."""
    if not (claim.head.raw("prescriber_code") or claim.head.raw("prescriber_name")):
        yield claim.at("prescriber_code")


@rule(
    code="X3039",
    title="dispensed before it was prescribed",
    title_ja="調剤月日が処方月日より前になっています",
    passes=(_KIND, f"{_KIND}\n{_CZ.format(20260731, 20260801)}"),
    fails=f"{_KIND}\n{_CZ.format(20260802, 20260801)}",
    on="CZ",
)
def dispensed_too_early(claim: Claim) -> Iterator[Place]:
    """One of the two dates is a slip."""
    for record in claim.records("CZ"):
        prescribed, dispensed = record["prescription_date"], record["dispensing_date"]
        if prescribed and dispensed and dispensed < prescribed:
            yield record.at("dispensing_date", found=dispensed, expected=f">= {prescribed}")


@rule(
    code="X3040",
    title="the day of dispensing is not in the month of the claim",
    title_ja="調剤月日が調剤年月と異なります",
    passes=_KIND,
    fails=(f"{_KIND}\n{_CZ.format(20260731, 20260731)}", f"{_KIND}\n{_CZ.format(20260831, 20260901)}"),
    on="CZ",
)
def dispensed_in_other_month(claim: Claim) -> Iterator[Place]:
    """A claim holds one month."""
    month = claim.service_month
    for record in claim.records("CZ"):
        day = record["dispensing_date"]
        if day and month and (day.year, day.month) != (month.year, month.month):
            yield record.at("dispensing_date", found=day, expected=month)


RULES: Final[tuple[Rule, ...]] = (
    phone,
    followed_by_claim,
    too_many_pharmacies,
    no_prescriber,
    dispensed_too_early,
    dispensed_in_other_month,
)
