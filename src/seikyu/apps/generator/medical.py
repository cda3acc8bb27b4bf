"""Made-up medical claims (医科): visits and stays, from 430 bytes to 100 KB."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Any, Final

from seikyu.apps.generator.care import Care, Line, Unit, burden_code, in_order, points_of
from seikyu.apps.generator.claim import CHART, KANA, NAME, NUMBER, Claim, Record, days_row, row
from seikyu.apps.generator.payers import Asked, PayerItems, eligibility, payer_records, shares_of
from seikyu.apps.generator.people import Burden, Patient, Sheet, patient_of, written_day
from seikyu.apps.generator.places import Institution

_KIND: Final = "medical"
_ITEMS: Final = PayerItems(copay=12, meals=8, public_meals=11)

#: Where SI, IY and TO have their 31 days, and what stands there else. Source: medical-layout.
_FIRST_DAY: Final = {"SI": 14, "IY": 14, "TO": 18}
_HEAVY_TESTS: Final = 150
#: Above this many points a claim goes to a committee of its own or needs symptom details. Source: provider:5.4.
_MOST_POINTS: Final = 300_000
_TREATMENTS: Final = frozenset({"40", "60", "70"})


def head(place: Institution, *, body: str, month: int) -> Record:
    """Return the institution's record of a file."""
    items = {2: body, 3: place.id[:2], 4: place.id[2], 5: place.code, 7: place.name, 8: str(month)}
    return row(_KIND, "IR", items | {9: "00", 10: "099-000-0000"})


def claim(sheet: Sheet) -> Claim:
    """Return one claim."""
    patient = patient_of(sheet)
    stays = sheet.heavy or (sheet.place.hospital and sheet.happens("inpatient"))
    burdens = patient.cover.burdens
    care = inpatient(sheet, burdens) if stays else outpatient(sheet, burdens)
    asked = Asked(len(care.days), care.points, care.meals)
    records = [_common(sheet, patient, care, stays=stays)]
    records += payer_records(sheet, patient, asked, kind=_KIND, items=_ITEMS)
    records += eligibility(sheet, patient, dict.fromkeys(care.days, 1), kind=_KIND)
    if stays and sheet.happens("outside_bundle"):
        records.append(row(_KIND, "GR", {2: sheet.dice.choice(sheet.codes["outside_bundle"])}))
    records += diseases(sheet, patient, care.new_on)
    for unit in in_order(care.units):
        records += records_of(unit, _KIND, sheet.codes)
    records += _closing_words(sheet, burdens[0])
    if stays and sheet.happens("donor"):
        records += _donor(sheet)
    return Claim(records, shares_of(patient, asked), patient.sex)


def _common(sheet: Sheet, patient: Patient, care: Care, *, stays: bool) -> Record:
    items = {
        2: NUMBER,
        3: patient.claim_type(_KIND, stays=stays),
        4: str(sheet.month),
        5: NAME,
        6: patient.sex,
        7: patient.birthday,
        8: patient.rate,
        9: sheet.day(care.days[0]) if stays else "",
        10: sheet.dice.choice(sheet.codes["wards"]) if stays and sheet.happens("ward") else "",
        12: patient.income,
        14: CHART,
        37: KANA,
    }
    if sheet.happens("memo"):
        items[21] = f"{sheet.dice.randint(1, 99999):05d}"
    if sheet.happens("department"):
        items[22] = sheet.dice.choice(sheet.codes["departments"])
    return row(_KIND, "RE", items)


def outpatient(sheet: Sheet, burdens: tuple[Burden, ...]) -> Care:
    """Return some visits. `burdens` are the ways in which this patient's payers share; the first covers the visits."""
    dice = sheet.dice
    days = sorted(dice.sample(range(1, sheet.last_day + 1), dice.choices((1, 2, 3, 4), (60, 25, 10, 5))[0]))
    care = Care(tuple(days))
    is_new = sheet.happens("new_patient")
    again = days[1:] if is_new else days
    if is_new:
        care.new_on = days[0]
        care.units.append(_fee(sheet, "first", burdens[0], {days[0]: 1}))
    if again:
        care.units.append(_fee(sheet, "again", burdens[0], dict.fromkeys(again, 1)))
    acts = list(_acts(sheet, burdens, tuple(days)))
    if again and not any(unit.service_class in _TREATMENTS for unit in acts):
        care.units.append(_fee(sheet, "care", burdens[0], dict.fromkeys(again, 1)))
    if not sheet.place.hospital and again and sheet.happens("chronic_fee"):
        care.units.append(_fee(sheet, "chronic", dice.choice(burdens), {again[0]: 1}))
    care.units += acts
    care.units += _medicines(sheet, dice.choice(burdens), days)
    return care


def inpatient(sheet: Sheet, burdens: tuple[Burden, ...]) -> Care:
    """Return a stay with its meals."""
    dice, last = sheet.dice, sheet.last_day
    length = dice.randint(3, last)
    begin = dice.randint(1, last - length + 1)
    days = tuple(range(begin, begin + length))
    care = Care(days)
    stay, meal = sheet.codes["stay"]["day"], sheet.codes["stay"]["meal"]
    everybody = dict.fromkeys(days, 1)
    care.units.append(Unit(stay["class"], burdens[0], (Line("SI", stay["code"]),), stay["points"], everybody))
    thrice = dict.fromkeys(days[1:-1], 3) | {days[0]: 2, days[-1]: 1}
    care.units.append(Unit(meal["class"], dice.choice(burdens), (Line("SI", meal["code"]),), meal["yen"], thrice))
    care.units += _acts(sheet, burdens, days)
    care.units += _in_the_ward(sheet, burdens, care)
    return care


def _in_the_ward(sheet: Sheet, burdens: tuple[Burden, ...], care: Care) -> Iterator[Unit]:
    """Yield what is done again and again during a long stay, as long as the points stay usual ones."""
    if not (sheet.long_stays or sheet.heavy):
        return
    dice, lengths, days = sheet.dice, sheet.codes["lengths"], care.days
    wanted = int(dice.lognormvariate(math.log(lengths["median"]), lengths["spread"]))
    points = max(care.points(place) for place in (0, 1))
    for _ in range(min(max(wanted, _HEAVY_TESTS if sheet.heavy else 0), lengths["most"])):
        act = dice.choice(sheet.codes["ward"])
        once = sorted(dice.sample(days, dice.randint(1, min(3, len(days)))))
        points += act["points"] * len(once)
        if points > _MOST_POINTS:
            return
        yield act_unit(act, dice.choice(burdens), dict.fromkeys(once, 1))


def records_of(unit: Unit, kind: str, codes: Mapping[str, Any]) -> Iterator[Record]:
    """Yield the lines of a unit: 診療識別 on the first, points on the last, count and days on all."""
    burden, service_class, count = burden_code(unit.burden), unit.service_class, str(unit.count)
    if unit.comment:
        yield row(kind, "CO", {2: service_class, 3: burden, 4: codes["comments"]["free"], 5: unit.comment})
        service_class = ""
    for line in unit.lines:
        points = str(unit.points) if line is unit.lines[-1] else ""
        items = {2: service_class, 3: burden, 4: line.code, 5: line.amount, 6: points, 7: count}
        if line.price:
            items |= {8: codes["film"]["unit"], 9: line.price, 11: codes["film"]["name"]}
        elif unit.remark and line is unit.lines[0]:
            items |= {8: codes["comments"]["free"], 9: unit.remark}
        yield days_row(kind, line.record, items, first=_FIRST_DAY[line.record], days=unit.days)
        service_class = ""


def act_unit(act: Mapping[str, Any], burden: Burden, days: Mapping[int, int]) -> Unit:
    """Return what the stock describes as a unit."""
    price = act.get("price", "")
    lines = tuple(
        [Line(record, code, amount, price if record == "TO" else "") for record, code, amount in act["lines"]]
    )
    return Unit(act["class"], burden, lines, act["points"], days)


def diseases(sheet: Sheet, patient: Patient, new_on: int | None) -> Iterator[Record]:
    """Yield SY: the first is the main disease and certain; it begins on the day on which a patient came anew."""
    dice, names = sheet.dice, sheet.codes["diseases"]
    codes = dice.sample(names["codes"], dice.choices((1, 2, 3, 5), (45, 30, 15, 10))[0])
    latest = date(sheet.month // 100, sheet.month % 100, 1)
    earliest = max(patient.born_on, latest.replace(year=latest.year - 1))
    for place, code in enumerate(codes):
        begun = date.fromordinal(dice.randint(earliest.toordinal(), latest.toordinal()))
        items = {2: code, 3: written_day(begun), 4: "1"}
        if place == 0:
            items |= {3: sheet.day(new_on) if new_on else written_day(begun), 7: "01"}
        elif place == 1 and sheet.happens("uncoded"):
            items |= {2: "0000999", 6: dice.choice(names["uncoded"])}
        elif sheet.happens("suspected"):
            items[5] = names["suspected"]
        yield row(_KIND, "SY", items)


def _acts(sheet: Sheet, burdens: tuple[Burden, ...], days: tuple[int, ...]) -> Iterator[Unit]:
    dice = sheet.dice
    for act in dice.sample(sheet.codes["act"], dice.choices((0, 1, 2, 3, 5), (30, 30, 20, 12, 8))[0]):
        chosen = dice.sample(days, 1 if act.get("once") else min(len(days), dice.randint(1, 2)))
        unit = act_unit(act, dice.choice(burdens), dict.fromkeys(sorted(chosen), 1))
        if sheet.happens("line_comment"):
            yield replace(unit, comment=dice.choice(sheet.codes["comments"]["texts"]))
        elif sheet.happens("remark"):
            yield replace(unit, remark=dice.choice(sheet.codes["comments"]["texts"]))
        else:
            yield unit


def _fee(sheet: Sheet, name: str, burden: Burden, days: Mapping[int, int]) -> Unit:
    fee = sheet.codes["visit"][name]
    return Unit(fee["class"], burden, (Line("SI", fee["code"]),), fee["points"], days)


def _medicines(sheet: Sheet, burden: Burden, days: list[int]) -> Iterator[Unit]:
    """Yield a prescription filled in the house, or a slip for a pharmacy, or nothing."""
    dice = sheet.dice
    if sheet.happens("slip"):
        yield _fee(sheet, "slip", burden, {days[-1]: 1})
    elif sheet.happens("in_house"):
        drugs = dice.sample(sheet.codes["drugs"]["oral"], dice.randint(1, 3))
        lines = tuple(Line("IY", code, amount) for code, amount, _ in drugs)
        day, length = dice.choice(days), dice.choice((5, 7, 14, 28))
        yield Unit("21", burden, lines, points_of(sum(yen for *_, yen in drugs)), {day: length})
        yield _fee(sheet, "dispense", burden, {day: 1})
        yield _fee(sheet, "prescribe", burden, {day: 1})


def _closing_words(sheet: Sheet, burden: Burden) -> Iterator[Record]:
    comments = sheet.codes["comments"]
    if sheet.happens("claim_comment"):
        text = sheet.dice.choice(comments["texts"])
        yield from records_of(Unit("99", burden, (), 0, {}, text), _KIND, sheet.codes)
    if sheet.happens("details"):
        yield row(_KIND, "SJ", {2: "07", 3: sheet.dice.choice(comments["details"])})


def _donor(sheet: Sheet) -> Iterator[Record]:
    """Yield what was done for an organ donor in the same house; it stays out of the recipient's totals."""
    dice, place = sheet.dice, sheet.place
    act = dice.choice(sheet.codes["ward"])
    unit = act_unit(act, frozenset({0}), {dice.randint(1, sheet.last_day): 1})
    yield row(_KIND, "TI", {2: dice.choice(sheet.codes["donor"]["organs"]), 3: "1", 8: place.name})
    born = f"{sheet.month // 100 - dice.randint(22, 60)}0401"
    yield row(_KIND, "TR", {2: "1", 3: "1992", 4: str(sheet.month), 6: dice.choice("12"), 7: born})
    yield row(_KIND, "TS", {2: "1", 3: str(unit.total)})
    yield row(_KIND, "SY", {2: sheet.codes["diseases"]["codes"][0], 3: sheet.day(1), 4: "1", 7: "01"})
    yield from records_of(unit, _KIND, sheet.codes)
