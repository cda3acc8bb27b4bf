"""What was done for a patient: calculation units (点数・回数算定単位), what they add up to, and their order."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from math import ceil
from typing import Final

from seikyu.apps.generator.people import Burden
from seikyu.records.tables import table

_MEALS: Final = "97"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a unit: a procedure (SI, SS), drug (IY) or material (TO), and its quantity as printed.

    Shape: `more` are further items by number, such as additions of dental procedures.
    """

    record: str
    code: str
    amount: str = ""
    price: str = ""
    more: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Unit:
    """One calculation.

    Shape: `days` says how often on which day. `comment` is a record of its own before the lines, `remark` a comment
    inside the first. Units: points a time; yen for meals.
    """

    service_class: str
    burden: Burden
    lines: tuple[Line, ...]
    points: int
    days: Mapping[int, int]
    comment: str = ""
    remark: str = ""

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
    """A month of one patient: the days of visits or of the stay, what was done, and the day he came anew."""

    days: tuple[int, ...]
    units: list[Unit] = field(default_factory=list)
    new_on: int | None = None

    def points(self, place: int) -> int:
        """Return the points that the payer at a place shares."""
        return sum([unit.total for unit in self.units if place in unit.burden and not unit.is_meal])

    def meals(self, place: int) -> tuple[str, str]:
        """Return number and yen of the meals that the payer at a place shares, as a claim writes them."""
        meals = [unit for unit in self.units if place in unit.burden and unit.is_meal]
        if not meals:
            return "", ""
        return str(sum(unit.count for unit in meals)), str(sum(unit.total for unit in meals))


def points_of(yen: float) -> int:
    """Return the points of drugs that cost so much: one up to 15 yen, then one a ten, half a ten rounded down.

    Source: provider:5.4 (X4002).
    """
    return max(1, ceil((round(yen, 2) - 5) / 10))


def in_order(units: Iterable[Unit]) -> list[Unit]:
    """Return the units by 診療識別, as a claim lists them."""
    return sorted(units, key=lambda unit: unit.service_class)


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
