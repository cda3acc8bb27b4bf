"""One made-up claim: who the patient is, who pays, and all its records with totals that are right."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from random import Random
from typing import Final

from seikyu.apps.generator.care import Burden, Care, Unit, in_order, inpatient, outpatient, records_of, ways_to_share
from seikyu.apps.generator.places import Institution, Payer, World, happens, stock
from seikyu.records.numbers import check_digit

#: Ages are kept away from the birthdays at which a scheme changes.
_AGES: Final = {"2": (22, 63), "4": (1, 4), "6": (8, 58), "8": (71, 73), "0": (71, 73)}
_LATE_STAGE_AGES: Final = (76, 96)
_LATE_STAGE: Final = "39"

#: Income classes (特記事項) that an elderly claim must name, by the last digit of its type.
_INCOME: Final = {"8": ("29", "30"), "0": ("26", "27", "28")}
_INCOME_LATE_STAGE: Final = {"8": ("30", "41", "42"), "0": ("26", "27", "28")}

#: NHI claims say what share NHI bears.
_NHI_RATE: Final = {"2": "70", "4": "80", "6": "70", "8": "80", "0": "70"}
_INPATIENT_DIGIT: Final = {"2": "1", "4": "3", "6": "5", "8": "7", "0": "9"}


@dataclass(frozen=True, slots=True)
class Share:
    """What one HO or KO says. `number` is the payer's id (8 digits)."""

    number: str
    points: int
    meals_yen: int


@dataclass(slots=True)
class Claim:
    """A claim as records of text items, in file order; faults change them."""

    records: list[list[str]]
    fault: str | None = None

    def find(self, record_id: str) -> list[str]:
        """Return the first record of that kind. Errors: StopIteration."""
        return next(record for record in self.records if record[0] == record_id)

    def all(self, record_id: str) -> list[list[str]]:
        """Return every record of that kind."""
        return [record for record in self.records if record[0] == record_id]

    @property
    def shares(self) -> tuple[Share, ...]:
        """What each payer's record says now, the main payer first."""
        return tuple(_shares(self.records))

    def encode(self) -> bytes:
        """Return the claim's lines in Shift_JIS."""
        return b"".join(",".join(record).encode("cp932") + b"\r\n" for record in self.records)


@dataclass(frozen=True, slots=True)
class Patient:
    """A made-up person as one claim sees them."""

    name: str
    kana: str
    sex: str
    born_on: date
    group: str  # the last digit of an outpatient claim's type


@dataclass(frozen=True, slots=True)
class Cover:
    """Who pays: an insurer or none, and public payers in their legal order."""

    insurer: Payer | None
    publics: tuple[Payer, ...]

    @property
    def late_stage(self) -> bool:
        """True for the scheme of people over 75."""
        return self.insurer is not None and self.insurer.law == _LATE_STAGE


def make_claim(
    dice: Random, number: int, *, place: Institution, body: str, month: int, world: World, extra: int = 0
) -> Claim:
    """Return claim `number` of a file to review body `body`; `month` is the service month as YYYYMM."""
    cover = _cover(dice, body, world)
    patient = _patient(dice, cover, month)
    stays = extra > 0 or (place.hospital and happens(dice, "inpatient"))
    burdens = ways_to_share(len(cover.publics), insured=cover.insurer is not None)
    if stays:
        care = inpatient(dice, burdens, month=month, extra=extra)
    else:
        care = outpatient(dice, burdens, month=month, hospital=place.hospital)
    records = [_re(number, patient, cover, care, month=month, stays=stays)]
    records += _payers(dice, cover, care)
    records += _eligibility(dice, cover, care)
    records += _diseases(dice, patient, month)
    for unit in in_order(care.units):
        records += records_of(unit)
    records += _closing_words(dice, burdens[0])
    return Claim(records)


def _cover(dice: Random, body: str, world: World) -> Cover:
    extras = [payer for payer in world.publics if not payer.alone]
    alone = [payer for payer in world.publics if payer.alone]
    if body == "1" and happens(dice, "public_only"):
        others = dice.sample(extras[1:3], 1) if happens(dice, "second_public") else []
        return Cover(None, (*others, *alone))
    count = dice.choices((0, 1, 2, 3, 4), (70, 14, 7, 5, 4))[0]
    chosen = dice.sample(range(len(extras)), count)
    insurers = [payer for payer in world.insurers if payer.body == body]
    return Cover(dice.choice(insurers), tuple(extras[place] for place in sorted(chosen)))


def _patient(dice: Random, cover: Cover, month: int) -> Patient:
    people = stock()["people"]
    sex = dice.choice("12")
    family, given = dice.choice(people["family"]), dice.choice(people["male" if sex == "1" else "female"])
    if cover.insurer is None:
        group, ages = "2", _AGES["2"]
    elif cover.late_stage:
        group, ages = dice.choices(("8", "0"), (8, 2))[0], _LATE_STAGE_AGES
    else:
        group = dice.choices(("2", "4", "6", "8", "0"), (50, 12, 25, 10, 3))[0]
        ages = _AGES[group]
    # The year before last birthday, so that the age in the service month is within the bounds on every day of it.
    year = month // 100 - dice.randint(*ages)
    born_on = date(year, dice.randint(1, 12), dice.randint(1, 28))
    return Patient(f"{family[0]}　{given[0]}", family[1] + given[1], sex, born_on, group)


def _re(number: int, patient: Patient, cover: Cover, care: Care, *, month: int, stays: bool) -> list[str]:
    scheme = "2" if cover.insurer is None else "3" if cover.late_stage else "1"
    payers = len(cover.publics) + (cover.insurer is not None)
    last = _INPATIENT_DIGIT[patient.group] if stays else patient.group
    notes = ""
    if patient.group in _INCOME:
        # The same patient may fall in any class; the number decides, so that files need no more dice.
        choices = (_INCOME_LATE_STAGE if cover.late_stage else _INCOME)[patient.group]
        notes = choices[number % len(choices)]
    rate = _NHI_RATE[patient.group] if cover.insurer is not None and cover.insurer.written.startswith("  ") else ""
    record = [""] * 38
    record[:7] = [
        "RE",
        str(number),
        f"1{scheme}{payers}{last}",
        str(month),
        patient.name,
        patient.sex,
        _day(patient.born_on),
    ]
    record[7] = rate
    record[8] = f"{month}{care.days[0]:02d}" if stays else ""
    record[11] = notes
    record[13] = f"K{number:06d}"
    record[36] = patient.kana
    return record


def _payers(dice: Random, cover: Cover, care: Care) -> Iterator[list[str]]:
    if cover.insurer is not None:
        meals, yen = _meals(care.units, 0)
        symbol = "" if cover.late_stage else str(dice.randint(100, 9999)).translate(_WIDE)
        number = (
            f"{dice.randint(1, 99999999):08d}" if cover.late_stage else str(dice.randint(1, 99999)).translate(_WIDE)
        )
        head = ["HO", cover.insurer.written, symbol, number, str(len(care.days)), str(_points(care.units, 0)), ""]
        yield [*head, meals, yen, *[""] * 6]
    for place, payer in enumerate(cover.publics, start=1):
        meals, yen = _meals(care.units, place)
        recipient = f"{dice.randint(1, 999999):06d}"
        points = _points(care.units, place)
        copay = str(min(2500, points)) if payer.law in {"21", "54"} and happens(dice, "copay") else ""
        head = ["KO", payer.written, recipient + check_digit(recipient), "", str(len(care.days)), str(points), copay]
        yield [*head, "", "", "", meals, yen]


def _eligibility(dice: Random, cover: Cover, care: Care) -> Iterator[list[str]]:
    """Yield SN, JD and MF as an institution writes them; JD stands for every payer of the claim or for none."""
    if not happens(dice, "eligibility"):
        return
    if cover.insurer is not None:
        yield ["SN", "1", "01", "", "", "", "" if cover.late_stage else f"{dice.randint(1, 4):02d}", "", ""]
    if happens(dice, "visit_days"):
        first = 1 if cover.insurer is not None else 2
        for kind in range(first, len(cover.publics) + 2):
            yield ["JD", str(kind), *("1" if day in care.days else "" for day in range(1, 32))]
    yield ["MF", "00", *[""] * 31]


def _diseases(dice: Random, patient: Patient, month: int) -> Iterator[list[str]]:
    codes = dice.sample(stock()["diseases"]["codes"], dice.choices((1, 2, 3), (50, 35, 15))[0])
    earliest = max(patient.born_on, date(month // 100 - 1, month % 100, 1))
    latest = date(month // 100, month % 100, 1)
    for place, code in enumerate(codes):
        begun = date.fromordinal(dice.randint(earliest.toordinal(), latest.toordinal()))
        is_main = place == 0
        modifier = stock()["diseases"]["suspected"] if not is_main and happens(dice, "suspected") else ""
        yield ["SY", code, _day(begun), "1", modifier, "", "01" if is_main else "", ""]


def _closing_words(dice: Random, burden: Burden) -> Iterator[list[str]]:
    comments = stock()["comments"]
    if happens(dice, "claim_comment"):
        unit = Unit("99", burden, (), 0, {}, dice.choice(comments["texts"]))
        yield from records_of(unit)
    if happens(dice, "details"):
        yield ["SJ", "07", dice.choice(comments["details"])]


def _points(units: list[Unit], place: int) -> int:
    return sum(unit.total for unit in units if place in unit.burden and not unit.is_meal)


def _meals(units: list[Unit], place: int) -> tuple[str, str]:
    meals = [unit for unit in units if place in unit.burden and unit.is_meal]
    if not meals:
        return "", ""
    return str(sum(unit.count for unit in meals)), str(sum(unit.total for unit in meals))


def _shares(records: list[list[str]]) -> Iterator[Share]:
    for record in records:
        if record[0] == "HO":
            yield Share(_number(record[1]), int(record[5] or 0), int(record[8] or 0))
        elif record[0] == "KO":
            yield Share(_number(record[1]), int(record[5] or 0), int(record[11] or 0))


def _number(written: str) -> str:
    return written.strip().zfill(8)


@cache
def _day(day: date) -> str:
    return day.strftime("%Y%m%d")


#: Half-width digits to full-width ones: a card's symbol and number are one or the other, never a mix.
_WIDE: Final = str.maketrans("0123456789", "０１２３４５６７８９")
