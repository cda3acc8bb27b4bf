"""Made-up dental claims (歯科): visits, the teeth that were treated, and what was done to them."""

import math
from collections.abc import Iterator, Mapping
from typing import Any, Final

from seikyu.apps.generator.care import Care, Line, Unit, burden_code, in_order, points_of
from seikyu.apps.generator.claim import CHART, KANA, NAME, NUMBER, Claim, Record, days_row, row
from seikyu.apps.generator.payers import Asked, PayerItems, eligibility, payer_records, shares_of
from seikyu.apps.generator.people import Burden, Patient, Sheet, patient_of
from seikyu.apps.generator.places import Institution

_KIND: Final = "dental"
_ITEMS: Final = PayerItems(copay=11, meals=7, public_meals=9)

#: The items of a line by what stands there: days, points, count. Source: dental-layout.
_FIRST_DAY: Final = {"SS": 79, "SI": 8, "IY": 9, "TO": 15}
_POINTS: Final = {"SS": 77, "SI": 6, "IY": 6, "TO": 13}
_FIRST_ADDITION: Final = 7
_ORAL: Final = "1"
_ANAESTHETIC: Final = "6"
#: A tooth that is there: the last two digits of its code.
_TOOTH: Final = "00"
_MEDICINES: Final = "21"


def head(place: Institution, *, body: str, month: int) -> Record:
    """Return the first record of a file, 受付情報."""
    items = {2: body, 3: place.id[:2], 4: place.id[2], 5: place.code, 7: place.name, 8: str(month), 10: "00"}
    return row(_KIND, "UK", items)


def claim(sheet: Sheet) -> Claim:
    """Return one claim."""
    patient = patient_of(sheet)
    dice, place = sheet.dice, sheet.place
    burdens = patient.cover.burdens
    care, is_new = _care(sheet, burdens)
    asked = Asked(len(care.days), care.points)
    institution = {2: sheet.body, 3: place.id[:2], 4: place.id[2], 5: place.code, 7: str(sheet.claim_month)}
    records = [row(_KIND, "IR", institution | {8: "099-000-0000", 9: dice.choice(sheet.codes["notifications"])})]
    records.append(_common(sheet, patient, care, is_new=is_new))
    records += payer_records(sheet, patient, asked, kind=_KIND, items=_ITEMS)
    records += eligibility(sheet, patient, dict.fromkeys(care.days, 1), kind=_KIND)
    teeth = dice.sample(sheet.codes["teeth"], 16)
    records += _diseases(sheet, teeth)
    for unit in in_order(care.units):
        records += _records_of(sheet, unit, teeth)
    if sheet.happens("details"):
        records.append(row(_KIND, "SJ", {2: "07", 3: dice.choice(sheet.codes["comments"]["details"])}))
    return Claim(records, shares_of(patient, asked), patient.sex)


def _common(sheet: Sheet, patient: Patient, care: Care, *, is_new: bool) -> Record:
    begun = sheet.day(care.days[0]) if is_new else f"{sheet.month - 100}{sheet.dice.randint(1, 28):02d}"
    items = {
        2: NUMBER,
        3: patient.claim_type(_KIND),
        4: str(sheet.month),
        5: NAME,
        6: patient.sex,
        7: patient.birthday,
        8: patient.rate,
        10: begun if begun >= patient.birthday else sheet.day(care.days[0]),
        11: "1",
        14: patient.income,
        16: CHART,
        26: KANA,
    }
    return row(_KIND, "RE", items)


def _care(sheet: Sheet, burdens: tuple[Burden, ...]) -> tuple[Care, bool]:
    """Return what was done, and whether the patient came for the first time."""
    dice, codes = sheet.dice, sheet.codes
    days = sorted(dice.sample(range(1, sheet.last_day + 1), dice.choices((1, 2, 3, 4, 6), (40, 30, 15, 10, 5))[0]))
    care = Care(tuple(days))
    is_new = sheet.happens("new_patient")
    again = days[1:] if is_new else days
    if is_new:
        care.units.append(_fee(sheet, "first", burdens[0], {days[0]: 1}))
    if again:
        care.units.append(_fee(sheet, "again", burdens[0], dict.fromkeys(again, 1)))
    care.units.append(_fee(sheet, "care", burdens[0], {days[0]: 1}))
    lengths = codes["lengths"]
    median = lengths["most"] if sheet.heavy or sheet.happens("long") else lengths["median"]
    wanted = int(dice.lognormvariate(math.log(median), lengths["spread"]))
    once = [act for act in codes["act"] if act.get("once")]
    often = [act for act in codes["act"] if not act.get("once")]
    acts = dice.sample(once, min(len(once), wanted // 3)) + dice.choices(often, k=min(wanted, lengths["most"]))
    for act in acts:
        chosen = dice.sample(days, 1 if act.get("once") else min(len(days), dice.randint(1, 2)))
        care.units.append(_act(sheet, act, dice.choice(burdens), sorted(chosen)))
    care.units += _medicines(sheet, burdens[0], days)
    return care, is_new


def _act(sheet: Sheet, act: Mapping[str, Any], burden: Burden, days: list[int]) -> Unit:
    additions = tuple((_FIRST_ADDITION + 2 * place, code) for place, code in enumerate(act.get("additions", ())))
    lines = tuple(
        Line(record, code, amount, act["price"] if record == "TO" else "", additions if record == "SS" else ())
        for record, code, amount in act["lines"]
    )
    comment = sheet.dice.choice(sheet.codes["comments"]["texts"]) if sheet.happens("line_comment") else ""
    return Unit(act["class"], burden, lines, act["points"], dict.fromkeys(days, 1), comment)


def _fee(sheet: Sheet, name: str, burden: Burden, days: Mapping[int, int]) -> Unit:
    fee = sheet.codes["visit"][name]
    return Unit(fee["class"], burden, (Line("SS", fee["code"]),), fee["points"], days)


def _medicines(sheet: Sheet, burden: Burden, days: list[int]) -> Iterator[Unit]:
    if sheet.happens("slip"):
        yield _fee(sheet, "slip", burden, {days[-1]: 1})
    elif sheet.happens("in_house"):
        drugs = sheet.dice.sample(sheet.codes["drugs"]["oral"], sheet.dice.randint(1, 2))
        lines = tuple(Line("IY", code, amount) for code, amount, _ in drugs)
        points = points_of(sum(yen for *_, yen in drugs))
        yield Unit(_MEDICINES, burden, lines, points, {sheet.dice.choice(days): sheet.dice.choice((3, 5, 7))})


def _diseases(sheet: Sheet, teeth: list[str]) -> Iterator[Record]:
    """Yield HS: each disease on teeth of its own; what is done is done to one of them."""
    dice = sheet.dice
    left = list(teeth)
    for code, most in dice.sample(sheet.codes["diseases"], dice.choices((1, 2, 3), (50, 35, 15))[0]):
        count = min(dice.randint(1, most), len(left))
        items = {4: "".join(f"{tooth}{_TOOTH}" for tooth in sorted(left[:count])), 5: code}
        del left[:count]
        if sheet.happens("suspected"):
            items[6] = sheet.codes["suspected"]
        if sheet.happens("transition"):
            items[9] = "1"
        yield row(_KIND, "HS", items)


def _records_of(sheet: Sheet, unit: Unit, teeth: list[str]) -> Iterator[Record]:
    """Yield the lines of a unit: 診療識別 on the first, points on the last, count and days on all."""
    burden, service_class, comments = burden_code(unit.burden), unit.service_class, sheet.codes["comments"]
    for line in unit.lines:
        points = str(unit.points) if line is unit.lines[-1] else ""
        at = _POINTS[line.record]
        items = {2: service_class, 3: burden, 4: line.code, 5: line.amount, at: points, at + 1: str(unit.count)}
        items |= dict(line.more)
        if line.record == "IY":
            items[8] = _ORAL if unit.service_class == _MEDICINES else _ANAESTHETIC
        if line.price:
            items |= {6: "006", 7: line.price}
        yield days_row(_KIND, line.record, items, first=_FIRST_DAY[line.record], days=unit.days)
        service_class = ""
    if unit.comment:
        yield row(_KIND, "CO", {3: burden, 4: comments["free"], 5: unit.comment})
    elif sheet.happens("tooth_comment"):
        yield row(_KIND, "CO", {3: burden, 4: comments["of_teeth"], 6: f"{teeth[0]}{_TOOTH}"})
