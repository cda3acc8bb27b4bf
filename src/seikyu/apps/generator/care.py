"""What was done for a patient: calculation units (点数・回数算定単位), and the lines they become."""

from calendar import monthrange
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import product
from random import Random
from typing import Any, Final

from seikyu.apps.generator.places import happens, stock
from seikyu.records.tables import table

#: The places of a claim's payers: 0 is the insurance, 1 to 4 the public payers.
Burden = frozenset[int]

_DAYS: Final = 31
_MEALS: Final = "97"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a unit: a procedure (SI), drug (IY) or material (TO), and its quantity as printed."""

    record: str
    code: str
    amount: str = ""
    price: str = ""


@dataclass(frozen=True, slots=True)
class Unit:
    """One calculation. Shape: `days` says how often on which day. Units: points a time; yen for meals."""

    service_class: str
    burden: Burden
    lines: tuple[Line, ...]
    points: int
    days: Mapping[int, int]
    comment: str = ""

    @property
    def count(self) -> int:
        """How often (回数)."""
        return sum(self.days.values())

    @property
    def total(self) -> int:
        """Points (or yen) of all times."""
        return self.points * self.count

    @property
    def is_meal(self) -> bool:
        """Meals carry yen and stay out of the points."""
        return self.service_class == _MEALS


@dataclass(slots=True)
class Care:
    """A month of one patient: the days of visits or of the stay, and what was done on them."""

    days: tuple[int, ...]
    units: list[Unit] = field(default_factory=list)


def days_of(month: int) -> int:
    """Return how many days the month (YYYYMM) has."""
    return monthrange(month // 100, month % 100)[1]


def outpatient(dice: Random, burdens: tuple[Burden, ...], *, month: int, hospital: bool) -> Care:
    """Return some visits. `burdens` are the ways in which this patient's payers share; the first covers the visits."""
    days = sorted(dice.sample(range(1, days_of(month) + 1), dice.choices((1, 2, 3, 4), (60, 25, 10, 5))[0]))
    care = Care(tuple(days))
    is_new = happens(dice, "new_patient")
    again = days[1:] if is_new else days
    if is_new:
        care.units.append(_fee("first", burdens[0], {days[0]: 1}))
    if again:
        care.units.append(_fee("again", burdens[0], dict.fromkeys(again, 1)))
    acts = list(_acts(dice, burdens, tuple(days)))
    if again and not any(unit.service_class in {"40", "60", "70"} for unit in acts):
        care.units.append(_fee("care", burdens[0], dict.fromkeys(again, 1)))
    if not hospital and again and happens(dice, "chronic_fee"):
        care.units.append(_fee("chronic", dice.choice(burdens), {again[0]: 1}))
    care.units += acts
    care.units += _medicines(dice, dice.choice(burdens), days)
    return care


def inpatient(dice: Random, burdens: tuple[Burden, ...], *, month: int, extra: int = 0) -> Care:
    """Return a stay with its meals; `extra` more tests a day make a long claim."""
    last = days_of(month)
    length = dice.randint(3, last)
    begin = dice.randint(1, last - length + 1)
    days = tuple(range(begin, begin + length))
    care = Care(days)
    stay, meal = stock()["stay"]["day"], stock()["stay"]["meal"]
    care.units += _acts(dice, burdens, days)
    for _ in range(extra):
        care.units.append(_act(dice.choice(stock()["act"][3:7]), dice.choice(burdens), {dice.choice(days): 1}))
    everybody = dict.fromkeys(days, 1)
    care.units.append(Unit(stay["class"], burdens[0], (Line("SI", stay["code"]),), stay["points"], everybody))
    thrice = dict.fromkeys(days[1:-1], 3) | {days[0]: 2, days[-1]: 1}
    care.units.append(Unit(meal["class"], dice.choice(burdens), (Line("SI", meal["code"]),), meal["yen"], thrice))
    return care


def in_order(units: list[Unit]) -> list[Unit]:
    """Return the units by 診療識別, as a claim lists them."""
    return sorted(units, key=lambda unit: unit.service_class)


def records_of(unit: Unit) -> Iterator[list[str]]:
    """Yield the lines of a unit: 診療識別 on the first, points on the last, count and days on all."""
    burden = burden_code(unit.burden)
    days = [str(unit.days.get(day, "")) for day in range(1, _DAYS + 1)]
    service_class = unit.service_class
    if unit.comment:
        yield ["CO", service_class, burden, stock()["comments"]["free"], unit.comment]
        service_class = ""
    for line in unit.lines:
        points = str(unit.points) if line is unit.lines[-1] else ""
        comments = [""] * 6
        head = [line.record, service_class, burden, line.code, line.amount, points, str(unit.count)]
        if line.record == "TO":
            head += ["", line.price, "", ""]
        yield [*head, *comments, *days]
        service_class = ""


@cache
def burden_code(burden: Burden) -> str:
    """Return the 負担区分 of payers that share. Example: insurance and the first public payer, {0, 1}, are `2`."""
    return _burden_codes()[burden]


@cache
def _burden_codes() -> Mapping[Burden, str]:
    columns = ("insurance", "public_1", "public_2", "public_3", "public_4")
    return {
        frozenset(place for place, column in enumerate(columns) if row[column] == "1"): code
        for code, row in table("burden_codes").items()
    }


def ways_to_share(publics: int, *, insured: bool) -> tuple[Burden, ...]:
    """Return how payers can share a line: everyone first; insurance, or else the first public payer, in every way."""
    always = 0 if insured else 1
    rest = [place for place in range(1, publics + 1) if place != always]
    ways = [frozenset({always, *(place for place, on in zip(rest, choice, strict=True) if on)})
            for choice in product((True, False), repeat=len(rest))]  # fmt: skip
    return tuple(ways)


def _acts(dice: Random, burdens: tuple[Burden, ...], days: tuple[int, ...]) -> Iterator[Unit]:
    for act in dice.sample(stock()["act"], dice.choices((0, 1, 2, 3), (30, 35, 25, 10))[0]):
        chosen = dice.sample(days, 1 if act.get("once") else min(len(days), dice.randint(1, 2)))
        comment = dice.choice(stock()["comments"]["texts"]) if happens(dice, "line_comment") else ""
        yield _act(act, dice.choice(burdens), dict.fromkeys(sorted(chosen), 1), comment)


def _act(act: Mapping[str, Any], burden: Burden, days: Mapping[int, int], comment: str = "") -> Unit:
    lines = tuple(
        Line(record, code, amount, act["price"] if record == "TO" else "") for record, code, amount in act["lines"]
    )
    return Unit(act["class"], burden, lines, act["points"], days, comment)


def _fee(name: str, burden: Burden, days: Mapping[int, int]) -> Unit:
    row = stock()["visit"][name]
    return Unit(row["class"], burden, (Line("SI", row["code"]),), row["points"], days)


def _medicines(dice: Random, burden: Burden, days: list[int]) -> Iterator[Unit]:
    """Yield a prescription filled in the house, or a slip for a pharmacy, or nothing."""
    if happens(dice, "slip"):
        yield _fee("slip", burden, {days[-1]: 1})
    elif happens(dice, "in_house"):
        drugs = dice.sample(stock()["drugs"]["oral"], dice.randint(1, 3))
        lines = tuple(Line("IY", code, amount) for code, amount, _ in drugs)
        day, length = dice.choice(days), dice.choice((5, 7, 14, 28))
        yield Unit("21", burden, lines, sum(points for *_, points in drugs), {day: length})
        yield _fee("dispense", burden, {day: 1})
        yield _fee("prescribe", burden, {day: 1})
