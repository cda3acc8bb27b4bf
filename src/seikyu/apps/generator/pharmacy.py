"""Made-up pharmacy claims (調剤): receptions of one prescriber's slips, groups of drugs, and the fees around them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from seikyu.apps.generator.care import burden_code, points_of
from seikyu.apps.generator.claim import CHART, KANA, NAME, NUMBER, Claim, Record, row
from seikyu.apps.generator.payers import Asked, PayerItems, eligibility, payer_records, shares_of
from seikyu.apps.generator.people import Burden, Patient, Sheet, patient_of
from seikyu.apps.generator.places import Institution, world

_KIND: Final = "pharmacy"
_ITEMS: Final = PayerItems(copay=10, public_copay=8)
_UNCODED_USAGE: Final = "900"
_ORAL: Final = "1"
_CALCULATED: Final = "1"

# Where fees stand: burden, code, points of an addition to a preparation; burden, code, count, points of the others.
_FIRST_ADDITION: Final = 16
_FIRST_MANAGEMENT: Final = 8
_FIRST_BASE_ADDITION: Final = 70
_FIRST_PUBLIC_POINTS: Final = 7
_GROUPS_OF_HEAVY: Final = 90


@dataclass(frozen=True, slots=True)
class _Dispensing:
    """A group on one day: the CZ record. Units: points."""

    day: int
    prescribed: int
    reception: int
    quantity: int
    addition: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class _Group:
    """What is taken together (Rp). Shape: `drugs` and `materials` are code, amount and yen, of all and of one."""

    kind: Mapping[str, Any]
    burden: Burden
    drugs: tuple[tuple[str, str, float], ...]
    dispensings: tuple[_Dispensing, ...]
    materials: tuple[tuple[str, str, int], ...] = ()

    @property
    def unit_points(self) -> int:
        """Points of one unit, such as a day's drugs."""
        needed = sum(int(amount) * yen for _, amount, yen in self.materials)
        return points_of(sum(yen for *_, yen in self.drugs) + needed)

    @property
    def points(self) -> int:
        """Points of all dispensings: preparation, additions and drugs."""
        fees = sum(self.kind["points"] + (each.addition["points"] if each.addition else 0) for each in self.dispensings)
        return int(fees) + sum(self.unit_points * each.quantity for each in self.dispensings)


@dataclass(frozen=True, slots=True)
class _Reception:
    """A slip that came in: the KI record. Shape: `fees` are management fees and additions to the base fee."""

    day: int
    no: int
    burden: Burden
    management: Mapping[str, Any]
    additions: tuple[Mapping[str, Any], ...]


def head(place: Institution, *, body: str, month: int) -> Record:
    """Return the first record of a file, 薬局情報."""
    items = {2: body, 3: place.id[:2], 4: place.id[2], 5: place.code, 6: place.name, 7: str(month)}
    return row(_KIND, "YK", items | {8: "00", 9: "099-000-0000"})


def claim(sheet: Sheet) -> Claim:
    """Return one claim."""
    patient = patient_of(sheet)
    dice, codes = sheet.dice, sheet.codes
    burdens = patient.cover.burdens
    days = sorted(dice.sample(range(1, sheet.last_day + 1), dice.choices((1, 2, 3, 4), (60, 25, 10, 5))[0]))
    receptions = [_reception(sheet, day, no, burdens[0]) for no, day in enumerate(days, start=1)]
    groups = list(_groups(sheet, receptions, burdens))

    def points(place: int) -> int:
        fees = sum(_fees(codes, each) for each in receptions if place in each.burden)
        return fees + sum(group.points for group in groups if place in group.burden)

    asked = Asked(len(days), points)
    records = [_common(sheet, patient)]
    records += payer_records(sheet, patient, asked, kind=_KIND, items=_ITEMS)
    records += eligibility(sheet, patient, dict.fromkeys(days, 1), kind=_KIND)
    for no, group in enumerate(groups, start=1):
        records += _records_of(sheet, group, no)
    comments = codes["comments"]
    if sheet.happens("remark"):
        records.append(row(_KIND, "TK", {2: comments["free"], 3: dice.choice(comments["texts"])}))
    records += [_base(sheet, each) for each in receptions]
    return Claim(records, shares_of(patient, asked), patient.sex)


def _common(sheet: Sheet, patient: Patient) -> Record:
    prescribers = sheet.codes["prescribers"]
    prescriber = sheet.dice.choice(world().institutions)
    items = {
        2: NUMBER,
        3: patient.claim_type(_KIND),
        4: str(sheet.month),
        5: NAME,
        6: patient.sex,
        7: patient.birthday,
        8: patient.rate,
        9: patient.income,
        10: prescriber.id[:2],
        11: prescriber.id[2],
        12: prescriber.code,
        13: prescriber.name,
        14: prescribers["address"],
        15: sheet.dice.choice(prescribers["doctors"]),
        36: CHART,
        42: KANA,
    }
    return row(_KIND, "RE", items)


def _reception(sheet: Sheet, day: int, no: int, burden: Burden) -> _Reception:
    management = sheet.dice.choice(sheet.codes["management"])
    additions = sheet.codes["base_addition"] if sheet.happens("base_addition") else ()
    return _Reception(day, no, burden, management, tuple(additions))


def _fees(codes: Mapping[str, Any], reception: _Reception) -> int:
    fees: list[Mapping[str, int]] = [codes["base"], reception.management, *reception.additions]
    return sum(fee["points"] for fee in fees)


def _groups(sheet: Sheet, receptions: list[_Reception], burdens: tuple[Burden, ...]) -> Iterator[_Group]:
    dice, codes = sheet.dice, sheet.codes
    for reception in receptions:
        most = _GROUPS_OF_HEAVY // len(receptions) if sheet.heavy else dice.choices((1, 2, 3, 5), (50, 30, 15, 5))[0]
        for _ in range(most):
            kind = dice.choices(codes["group"], (68, 10, 18, 4))[0]
            drugs = dice.sample(kind["drugs"], dice.randint(1, min(kind["most"], len(kind["drugs"]))))
            burden = dice.choice(burdens) if sheet.happens("other_burden") else burdens[0]
            again = [each for each in receptions if each.no > reception.no] if sheet.happens("again") else []
            dispensings = tuple(_dispensing(sheet, kind, each) for each in (reception, *again[:1]))
            needles = [dice.choice(kind["needles"])] if "needles" in kind else []
            given, needed = (tuple(tuple(each) for each in rows) for rows in (drugs, needles))
            yield _Group(kind, burden, given, dispensings, needed)


def _dispensing(sheet: Sheet, kind: Mapping[str, Any], reception: _Reception) -> _Dispensing:
    dice = sheet.dice
    oral = kind["form"] == _ORAL
    addition = dice.choice(sheet.codes["addition"]) if oral and sheet.happens("addition") else None
    prescribed = max(1, reception.day - dice.choices((0, 1, 2, 3), (85, 10, 3, 2))[0])
    return _Dispensing(reception.day, prescribed, reception.no, dice.choice(kind["quantities"]), addition)


def _records_of(sheet: Sheet, group: _Group, no: int) -> Iterator[Record]:
    dice, comments, burden = sheet.dice, sheet.codes["comments"], burden_code(group.burden)
    usage = dice.choice(group.kind["usages"])
    base = {2: f"{no:02d}", 3: group.kind["form"], 4: usage, 6: str(group.unit_points)}
    if usage == _UNCODED_USAGE:
        base[5] = comments["instructions"][group.kind["form"]]
    shared = [place for place in sorted(group.burden) if place]
    yield row(_KIND, "SH", base | {_FIRST_PUBLIC_POINTS + place - 1: str(group.unit_points) for place in shared})
    for each in group.dispensings:
        items = {
            2: "01",
            3: sheet.day(each.prescribed),
            4: sheet.day(each.day),
            5: str(each.reception),
            6: str(each.quantity),
            7: burden,
            8: _CALCULATED,
            9: f"{no:02d}",
            10: group.kind["code"],
            11: str(group.kind["points"]),
            14: str(group.unit_points * each.quantity),
        }
        if each.addition:
            items |= dict(enumerate((burden, each.addition["code"], str(each.addition["points"])), _FIRST_ADDITION))
        yield row(_KIND, "CZ", items)
    for code, amount, _ in group.drugs:
        yield row(_KIND, "IY", {2: burden, 3: code, 4: amount})
    for code, amount, yen in group.materials:
        yield row(_KIND, "TO", {2: burden, 3: code, 4: amount, 6: str(yen)})
    if sheet.happens("comment"):
        yield row(_KIND, "CO", {2: comments["free"], 3: dice.choice(comments["texts"])})


def _base(sheet: Sheet, reception: _Reception) -> Record:
    burden, base = burden_code(reception.burden), sheet.codes["base"]
    items = {2: sheet.day(reception.day), 3: str(reception.no), 4: burden, 5: base["code"], 6: str(base["points"])}
    fees = [(_FIRST_MANAGEMENT, reception.management)]
    fees += [(_FIRST_BASE_ADDITION + 4 * place, fee) for place, fee in enumerate(reception.additions)]
    for first, fee in fees:
        items |= dict(enumerate((burden, fee["code"], "1", str(fee["points"])), first))
    return row(_KIND, "KI", items)
