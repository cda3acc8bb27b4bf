"""Made-up home nursing claims (訪問看護): visits of a month by a doctor's order. All amounts are yen."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from seikyu.apps.generator.care import burden_code
from seikyu.apps.generator.claim import CHART, KANA, NAME, NUMBER, Claim, Record, row
from seikyu.apps.generator.payers import Asked, PayerItems, eligibility, payer_records, shares_of
from seikyu.apps.generator.people import Burden, Patient, Sheet, patient_of, wide
from seikyu.apps.generator.places import Institution, world

_KIND: Final = "home_nursing"
_ITEMS: Final = PayerItems(copay=9)
_NO_LISTED_DISEASE: Final = "03"
_AT_HOME: Final = "01"
_IMPROVED: Final = "01"
_ONE_VISIT: Final = "01"
_FIRST_DAYS: Final = 3
_REIWA_BEGAN: Final = 2018
_REIWA: Final = 5


@dataclass(frozen=True, slots=True)
class _Fee:
    """One KA record. Units: yen."""

    day: int
    burden: Burden
    code: str
    yen: int
    staff: str = ""
    order: str = ""


def head(place: Institution, *, body: str, month: int) -> Record:
    """Return the first record of a file, 訪問看護ステーション情報."""
    items = {2: body, 3: place.id[:2], 4: place.id[2], 5: place.code, 6: place.name, 7: str(month)}
    return row(_KIND, "HM", items | {8: "099-000-0000"})


def claim(sheet: Sheet) -> Claim:
    """Return one claim."""
    patient = patient_of(sheet)
    dice, codes = sheet.dice, sheet.codes
    most = sheet.last_day if sheet.heavy else dice.choices((2, 5, 10, 20, sheet.last_day), (20, 35, 30, 10, 5))[0]
    days = sorted(dice.sample(range(1, sheet.last_day + 1), dice.randint(1, most)))
    order = dice.choice(codes["orders"])
    emergency = dice.choice(days) if order == "01" and sheet.happens("emergency") else None
    fees = sorted(_fees(sheet, days, order, emergency, burdens=patient.cover.burdens), key=lambda fee: fee.day)
    asked = Asked(len(days), lambda place: sum(fee.yen for fee in fees if place in fee.burden))
    records = [_common(sheet, patient)]
    records += payer_records(sheet, patient, asked, kind=_KIND, items=_ITEMS)
    records += eligibility(sheet, patient, dict.fromkeys(days, 1), kind=_KIND, always=True)
    records += _nursing(sheet, patient, days, order)
    records += _remarks(sheet, emergency)
    records += map(_record_of, [sheet] * len(fees), fees)
    return Claim(records, shares_of(patient, asked), patient.sex)


def _common(sheet: Sheet, patient: Patient) -> Record:
    items = {
        2: NUMBER,
        3: patient.claim_type(_KIND),
        4: str(sheet.month),
        5: NAME,
        6: KANA,
        7: patient.sex,
        8: patient.birthday,
        11: patient.rate,
        12: patient.income,
        14: CHART,
    }
    return row(_KIND, "RE", items)


def _fees(
    sheet: Sheet, days: list[int], order: str, emergency: int | None, *, burdens: tuple[Burden, ...]
) -> Iterator[_Fee]:
    """Yield what each day costs: the basic fee by its place in the week, management, additions."""
    dice, codes = sheet.dice, sheet.codes
    basic, management = codes["basic"][order], codes["management"]
    visited: dict[int, int] = {}
    for day in days:
        week = date(sheet.month // 100, sheet.month % 100, day).isocalendar()[1]
        visited[week] = visited.get(week, 0) + 1
        code, yen = basic["first" if visited[week] <= _FIRST_DAYS else "later"]
        yield _Fee(day, burdens[0], code, yen, dice.choice(basic["staff"]), order)
        code, yen = management["first" if day == days[0] else "later"]
        yield _Fee(day, burdens[0], code, yen)
        if order == "01" and sheet.happens("daily"):
            addition = dice.choice(codes["daily"])
            yield _Fee(day, burdens[0], addition["code"], addition["yen"])
        if day == emergency:
            yield _Fee(day, burdens[0], codes["emergency"]["code"], codes["emergency"]["yen"])
    for fee in codes["monthly"]:
        if sheet.happens("monthly"):
            yield _Fee(days[0], dice.choice(burdens), fee["code"], fee["yen"])


def _record_of(sheet: Sheet, fee: _Fee) -> Record:
    items = {2: sheet.day(fee.day), 3: burden_code(fee.burden), 4: fee.code, 6: str(fee.yen)}
    if fee.staff:
        items |= {7: fee.staff, 8: _ONE_VISIT, 9: fee.order}
    return row(_KIND, "KA", items)


def _nursing(sheet: Sheet, patient: Patient, days: list[int], order: str) -> Iterator[Record]:
    """Yield IH to RJ: whose order it is, how the patient is, what for and where."""
    dice, codes = sheet.dice, sheet.codes
    doctor = dice.choice(world().institutions)
    items = {2: doctor.id[:2], 3: doctor.id[2], 4: doctor.code, 5: doctor.name, 6: dice.choice(codes["doctors"])}
    if sheet.happens("report"):
        items[7] = sheet.day(days[0])
    yield row(_KIND, "IH", items)
    yield row(_KIND, "HJ", {2: order, 3: sheet.day(1), 4: sheet.day(sheet.last_day)})
    yield row(_KIND, "JS", {2: dice.choice(codes["conditions"]), 3: _NO_LISTED_DISEASE})
    for code in dice.sample(codes["diseases"], dice.randint(1, 3)):
        yield row(_KIND, "SY", {2: code})
    if sheet.happens("uncoded"):
        yield row(_KIND, "SY", {2: "0000999", 4: dice.choice(codes["uncoded"])})
    began = max(f"{sheet.month - 100}{dice.randint(1, 28):02d}", patient.birthday)
    user: dict[int, str] = {2: began, 3: _AT_HOME}
    if sheet.happens("ended"):
        user |= {11: sheet.day(days[-1]), 12: f"{dice.randint(9, 17):02d}30", 13: _IMPROVED}
    yield row(_KIND, "RJ", user)


def _remarks(sheet: Sheet, emergency: int | None) -> Iterator[Record]:
    codes: Mapping[str, Any] = sheet.codes
    if emergency is not None:
        reason = codes["emergency"]
        ordered = f"{_REIWA}{sheet.month // 100 - _REIWA_BEGAN:02d}{sheet.month % 100:02d}{emergency:02d}"
        yield row(_KIND, "TZ", {2: reason["remark"], 3: reason["reason"], 4: reason["reason_text"]})
        yield row(_KIND, "TZ", {2: reason["remark"], 3: reason["ordered"], 4: wide(ordered)})
    if sheet.happens("comment"):
        yield row(_KIND, "CO", {2: codes["comments"]["free"], 3: sheet.dice.choice(codes["comments"]["texts"])})
