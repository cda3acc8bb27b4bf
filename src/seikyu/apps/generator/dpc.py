"""Made-up DPC claims: stays that are paid by class and day, with every single act in the coding data."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from seikyu.apps.generator import medical
from seikyu.apps.generator.care import Care, Line, Unit, burden_code, in_order
from seikyu.apps.generator.claim import CHART, KANA, NAME, NUMBER, Claim, Record, row
from seikyu.apps.generator.payers import Asked, PayerItems, eligibility, payer_records, shares_of
from seikyu.apps.generator.people import Burden, Patient, Sheet, patient_of, written_day
from seikyu.apps.generator.places import Institution, stock

_KIND: Final = "dpc"
_ITEMS: Final = PayerItems(copay=12, meals=8, public_meals=11)
_IN_THE_WARD: Final = "0"
_THIS_MONTH: Final = "2"
_PLAIN: Final = "0"
_EASED: Final = "2"
_BUNDLED: Final = "93"
_COEFFICIENT: Final = 10_000
#: Classes of diseases (傷病名区分): most resources, main, reason of the stay, present at admission.
_REQUIRED: Final = ("11", "21", "01")
_PRESENT: Final = ("41", "42", "43")


@dataclass(frozen=True, slots=True)
class _Stay:
    """One stay that ends in the month. Shape: `first` and `last` are days of it, `before` counts those before it."""

    admitted_on: date
    first: int
    last: int
    before: int = 0

    @property
    def days(self) -> tuple[int, ...]:
        """The days of the month in the ward."""
        return tuple(range(self.first, self.last + 1))


@dataclass(frozen=True, slots=True)
class _Bundle:
    """What the class pays. Shape: `periods` are number, points a day and days. Units: points, ten-thousandths."""

    periods: tuple[tuple[int, int, int], ...]
    coefficient: int

    @property
    def subtotal(self) -> int:
        """Points before the hospital's coefficient."""
        return sum(points * days for _, points, days in self.periods)

    @property
    def points(self) -> int:
        """Points with the coefficient, half a point up."""
        return (self.subtotal * self.coefficient + _COEFFICIENT // 2) // _COEFFICIENT


def head(place: Institution, *, body: str, month: int) -> Record:
    """Return the institution's record of a file."""
    items = {2: body, 3: place.id[:2], 4: place.id[2], 5: place.code, 7: place.name, 8: str(month)}
    return row(_KIND, "IR", items | {9: "00", 10: "099-000-0000"})


def claim(sheet: Sheet) -> Claim:
    """Return one claim."""
    dice, codes = sheet.dice, sheet.codes
    patient = patient_of(sheet)
    burdens = patient.cover.burdens
    stay = _stay(sheet)
    group = dice.choice(codes["class"])
    bundle = _bundle(group, stay, dice.choice(codes["coefficients"]))
    care = _extras(sheet, stay, burdens)
    asked = Asked(
        len(stay.days), lambda place: care.points(place) + (bundle.points if place in burdens[0] else 0), care.meals
    )
    records = [_common(sheet, patient, stay)]
    records += payer_records(sheet, patient, asked, kind=_KIND, items=_ITEMS)
    records += eligibility(sheet, patient, dict.fromkeys(stay.days, 1), kind=_KIND)
    records += _classified(sheet, stay, group)
    records += _bundled(sheet, group, bundle, burden=burden_code(burdens[0]))
    for unit in in_order(care.units):
        records += medical.records_of(unit, _KIND, codes)
    if sheet.happens("details"):
        records.append(row(_KIND, "SJ", {2: "07", 3: dice.choice(codes["comments"]["details"])}))
    records += _coding(sheet, stay, care)
    return Claim(records, shares_of(patient, asked), patient.sex)


def _stay(sheet: Sheet) -> _Stay:
    dice, last = sheet.dice, sheet.last_day
    end = dice.randint(4, last)
    begin = dice.randint(1, end - 2)
    admitted = date(sheet.month // 100, sheet.month % 100, begin)
    if not sheet.happens("earlier"):
        return _Stay(admitted, begin, end)
    before = dice.randint(1, 20)
    return _Stay(admitted.replace(day=1) - timedelta(days=before), 1, end, before)


def _bundle(group: Mapping[str, Any], stay: _Stay, coefficient: int) -> _Bundle:
    """Divide the days of the month by how long the patient has been there."""
    counts = [0, 0, 0]
    for nth in range(stay.before + 1, stay.before + len(stay.days) + 1):
        counts[0 if nth <= group["ends"][0] else 1 if nth <= group["ends"][1] else 2] += 1
    periods = tuple((no, group["points"][no - 1], days) for no, days in enumerate(counts, start=1) if days)
    return _Bundle(periods, coefficient)


def _common(sheet: Sheet, patient: Patient, stay: _Stay) -> Record:
    items = {
        2: NUMBER,
        3: patient.claim_type(_KIND, stays=True),
        4: str(sheet.month),
        5: NAME,
        6: patient.sex,
        7: patient.birthday,
        8: patient.rate,
        9: written_day(stay.admitted_on),
        12: patient.income,
        14: CHART,
        19: _PLAIN,
        29: KANA,
    }
    return row(_KIND, "RE", items)


def _classified(sheet: Sheet, stay: _Stay, group: Mapping[str, Any]) -> Iterator[Record]:
    """Yield BU, SB and KK: the class, the diseases that lead to it, the patient."""
    dice = sheet.dice
    admitted = written_day(stay.admitted_on)
    yield row(_KIND, "BU", {2: group["code"], 3: admitted, 4: sheet.day(stay.last), 5: _EASED})
    for disease_class in _REQUIRED:
        yield row(_KIND, "SB", {2: group["disease"], 5: group["icd"], 6: disease_class})
    others = dice.sample(sheet.codes["others"], dice.randint(0, len(_PRESENT)))
    for disease_class, (code, icd) in zip(_PRESENT, others, strict=False):
        yield row(_KIND, "SB", {2: code, 5: icd, 6: disease_class})
    yield row(_KIND, "KK", {4: dice.choice("12")})


def _bundled(sheet: Sheet, group: Mapping[str, Any], bundle: _Bundle, *, burden: str) -> Iterator[Record]:
    """Yield GA, HH and GT: the days, what they cost, and the month's sum."""
    month, coefficient = str(sheet.month), f"{bundle.coefficient / _COEFFICIENT:.4f}".rstrip("0")
    items = {2: month, 3: _THIS_MONTH, 4: _IN_THE_WARD * sheet.last_day, 5: group["code"], 6: coefficient}
    yield row(_KIND, "GA", items)
    for no, points, days in bundle.periods:
        items = {2: month, 3: _THIS_MONTH, 4: "1", 5: burden, 6: str(no), 7: str(points), 8: str(days)}
        yield row(_KIND, "HH", items | {9: str(points * days)})
    items = {2: month, 3: _THIS_MONTH, 4: "1", 5: burden, 6: str(bundle.subtotal), 7: str(bundle.points)}
    yield row(_KIND, "GT", items | {9: str(bundle.points), 10: _BUNDLED})


def _extras(sheet: Sheet, stay: _Stay, burdens: tuple[Burden, ...]) -> Care:
    """Return meals, and what is paid by item."""
    dice, codes, days = sheet.dice, sheet.codes, stay.days
    care = Care(days)
    for act in dice.sample(codes["extra"], dice.randint(0, len(codes["extra"]))):
        chosen = sorted(dice.sample(days, dice.randint(1, len(days))))
        care.units.append(medical.act_unit(act, dice.choice(burdens), dict.fromkeys(chosen, 1)))
    meal = codes["meal"]
    thrice = dict.fromkeys(days[1:-1], 3) | {days[0]: 2, days[-1]: 1}
    care.units.append(Unit(meal["class"], burdens[0], (Line("SI", meal["code"]),), meal["yen"], thrice))
    return care


def _coding(sheet: Sheet, stay: _Stay, care: Care) -> Iterator[Record]:
    """Yield CD: every act with its day, whether bundled or not, in the order of days."""
    dice, lengths = sheet.dice, sheet.codes["lengths"]
    wanted = min(int(dice.lognormvariate(math.log(lengths["median"]), lengths["spread"])), lengths["most"])
    ward, stays = stock("medical")["ward"], stock("medical")["stay"]["day"]
    acts = dice.choices(ward, k=lengths["most"] if sheet.heavy else wanted)
    by_day: dict[int, list[tuple[str, list[list[str]]]]] = {
        day: [(stays["class"], [["SI", stays["code"], ""]])] for day in stay.days
    }
    for act in acts:
        by_day[dice.choice(stay.days)].append((act["class"], act["lines"]))
    for unit in care.units:
        for day in unit.days:
            if not unit.is_meal:
                by_day[day].append((unit.service_class, [[line.record, line.code, line.amount] for line in unit.lines]))
    for day, units in by_day.items():
        for no, (service_class, lines) in enumerate(sorted(units, key=lambda unit: unit[0]), start=1):
            for detail, (record, code, amount) in enumerate(lines, start=1):
                items = {2: sheet.day(day), 3: service_class, 4: str(no), 5: str(detail), 6: code, 10: "1"}
                items[8 if record == "SI" else 7] = amount
                yield row(_KIND, "CD", items)
