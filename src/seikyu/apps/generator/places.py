"""The made-up prefecture 99: its institutions, insurers and public payers, all with right check digits."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from random import Random
from typing import Any, Final

from seikyu.records.numbers import check_digit

PREFECTURE: Final = "99"
MEDICAL: Final = "1"

#: Which point table (点数表) an institution of each kind of claim has.
POINT_TABLES: Final[Mapping[str, str]] = {
    "medical": MEDICAL,
    "dpc": MEDICAL,
    "dental": "3",
    "pharmacy": "4",
    "home_nursing": "6",
}
_MEDICAL_KINDS: Final = frozenset({"hospital", "clinic"})


@dataclass(frozen=True, slots=True)
class Institution:
    """A made-up institution. Shape: `id` is prefecture 2, point table 1, code 7."""

    id: str
    name: str
    hospital: bool

    @property
    def code(self) -> str:
        """The seven digits that IR carries."""
        return self.id[3:]


@dataclass(frozen=True, slots=True)
class Payer:
    """A made-up payer.

    Shape: `number` is 8 digits, zeros in front (the party's id); `written` are the 8 characters of HO or KO, with two
    spaces before an NHI number. `body` is the review body of an insurer (1, 2), empty for a public payer.
    """

    number: str
    written: str
    name: str
    body: str = ""
    alone: bool = False
    city: bool = False

    @property
    def law(self) -> str:
        """The law number (法別番号); empty for NHI."""
        return self.written[:2].strip()


@dataclass(frozen=True, slots=True)
class World:
    """Everyone who takes part, in fixed order; public payers stand in their legal order."""

    institutions: tuple[Institution, ...]
    insurers: tuple[Payer, ...]
    publics: tuple[Payer, ...]

    @property
    def payers(self) -> tuple[Payer, ...]:
        """All payers, insurers first."""
        return (*self.insurers, *self.publics)

    def institution(self, institution_id: str) -> Institution:
        """Return the institution of that id. Errors: KeyError."""
        return {each.id: each for each in self.institutions}[institution_id]


@cache
def stock(kind: str) -> Mapping[str, Any]:
    """Return the file of codes that claims of a kind are made of; `people` is that of people, payers and places."""
    return tomllib.loads(resources.files(__package__).joinpath("stock", f"{kind}.toml").read_text("utf-8"))


@cache
def world() -> World:
    """Return the made-up prefecture."""
    rows = stock("people")
    here = [row for row in rows["institution"] if row["kind"] in _MEDICAL_KINDS]
    return World(
        institutions=tuple(_institution(row) for row in here),
        insurers=tuple(_payer(row) for row in rows["insurer"]),
        publics=tuple(_payer(row) for row in rows["public"]),
    )


@cache
def place_of(kind: str) -> Institution:
    """Return the made-up institution that sends files of a kind if no other is named."""
    if POINT_TABLES[kind] == MEDICAL:
        return world().institutions[0]
    return next(_institution(row) for row in stock("people")["institution"] if row["kind"] == kind)


def happens(dice: Random, what: str, kind: str = "people") -> bool:
    """Return whether it happens this time; how often it does stands in the stock of the kind."""
    chance: float = stock(kind)["chances"][what]
    return dice.random() < chance


def institution_id(digits: str, point_table: str = MEDICAL) -> str:
    """Return the id of an institution of prefecture 99 from its code without check digit (six digits)."""
    head = PREFECTURE + point_table + digits
    return head + check_digit(head)


def _institution(row: Mapping[str, Any]) -> Institution:
    table = POINT_TABLES.get(row["kind"], MEDICAL)
    return Institution(institution_id(row["digits"], table), row["name"], hospital=row["kind"] == "hospital")


def _payer(row: Mapping[str, Any]) -> Payer:
    number = row["digits"] + check_digit(row["digits"])
    return Payer(
        number=number.zfill(8),
        written=number.rjust(8),
        name=row["name"],
        body=row.get("body", ""),
        alone=row.get("alone", False),
        city=row.get("city", False),
    )
