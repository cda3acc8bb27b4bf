"""Made-up patients and who pays for them, whatever the kind of claim."""

from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import product
from random import Random
from typing import Any, Final

from seikyu.apps.generator.places import Institution, Payer, World, happens, stock, world

#: The places of a claim's payers: 0 is the insurance, 1 to 4 the public payers.
Burden = frozenset[int]

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

#: What the first digit of a claim's type says of its kind.
_TYPE_OF_KIND: Final = {"medical": "1", "dpc": "1", "dental": "3", "pharmacy": "4", "home_nursing": "6"}


@dataclass(frozen=True, slots=True)
class Sheet:
    """What one claim is made from.

    Shape: `month` is the service month, both months are YYYYMM. `codes` is the stock of the kind or what a master gives
    in its form. `long_stays` lets stays be as long as in life; `heavy` asks for long claims only.
    """

    dice: Random
    place: Institution
    body: str
    claim_month: int
    month: int
    codes: Mapping[str, Any]
    long_stays: bool = False
    heavy: bool = False

    def happens(self, what: str) -> bool:
        """Return whether it happens this time; how often it does stands in the codes."""
        chance: float = self.codes["chances"][what]
        return self.dice.random() < chance

    @property
    def last_day(self) -> int:
        """How many days the service month has."""
        return days_of(self.month)

    def day(self, day: int) -> str:
        """Return a day of the service month as a claim writes it."""
        return f"{self.month}{day:02d}"


def days_of(month: int) -> int:
    """Return how many days the month (YYYYMM) has."""
    return monthrange(month // 100, month % 100)[1]


@dataclass(frozen=True, slots=True)
class Cover:
    """Who pays: an insurer or none, and public payers in their legal order."""

    insurer: Payer | None
    publics: tuple[Payer, ...]

    @property
    def late_stage(self) -> bool:
        """True for the scheme of people over 75."""
        return self.insurer is not None and self.insurer.law == _LATE_STAGE

    @property
    def places(self) -> range:
        """The places of the payers that are there."""
        return range(0 if self.insurer else 1, len(self.publics) + 1)

    @property
    def burdens(self) -> tuple[Burden, ...]:
        """How payers can share a line: all of them first; insurance, or else the first public payer, in every way."""
        always = 0 if self.insurer is not None else 1
        rest = [place for place in range(1, len(self.publics) + 1) if place != always]
        return tuple(
            frozenset({always, *(place for place, on in zip(rest, choice, strict=True) if on)})
            for choice in product((True, False), repeat=len(rest))
        )


@dataclass(frozen=True, slots=True)
class Patient:
    """A made-up person without a name, which each use of the claim gives anew.

    Shape: `group` is the last digit of an outpatient claim's type. `income` are special notes, `rate` is a percentage.
    """

    cover: Cover
    sex: str
    born_on: date
    group: str
    income: str
    rate: str

    @property
    def birthday(self) -> str:
        """The date of birth as a claim writes it."""
        return written_day(self.born_on)

    def claim_type(self, kind: str, *, stays: bool = False) -> str:
        """Return レセプト種別: kind, scheme, number of payers, beneficiary."""
        scheme = "2" if self.cover.insurer is None else "3" if self.cover.late_stage else "1"
        last = _INPATIENT_DIGIT[self.group] if stays else self.group
        return f"{_TYPE_OF_KIND[kind]}{scheme}{len(self.cover.places)}{last}"


def patient_of(sheet: Sheet) -> Patient:
    """Return a person whose claim goes to the sheet's review body."""
    dice, month = sheet.dice, sheet.month
    cover = _cover(dice, sheet.body, world())
    sex = dice.choice("12")
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
    classes = _INCOME_LATE_STAGE if cover.late_stage else _INCOME
    income = dice.choice(classes[group]) if group in classes and cover.insurer is not None else ""
    nhi = cover.insurer is not None and cover.insurer.written.startswith("  ")
    return Patient(cover, sex, born_on, group, income, _NHI_RATE[group] if nhi else "")


def _cover(dice: Random, body: str, world: World) -> Cover:
    extras = [payer for payer in world.publics if not payer.alone]
    alone = [payer for payer in world.publics if payer.alone]
    if body == "1" and happens(dice, "public_only"):
        others = dice.sample(extras[1:3], 1) if happens(dice, "second_public") else []
        return Cover(None, _in_priority((*others, *alone), world))
    count = dice.choices((0, 1, 2, 3, 4), (70, 14, 7, 5, 4))[0]
    chosen = dice.sample(extras, count)
    insurers = [payer for payer in world.insurers if payer.body == body]
    return Cover(dice.choice(insurers), _in_priority(chosen, world))


def _in_priority(payers: Sequence[Payer], world: World) -> tuple[Payer, ...]:
    """Return the payers in the order of their legal priority, which is that of the stock."""
    return tuple(sorted(payers, key=world.publics.index))


def full_names(sex: str) -> list[tuple[bytes, bytes]]:
    """Return all made-up names of a sex: name and katakana in Shift_JIS, the kanji apart by one space."""
    people = stock("people")["people"]
    given = people["male" if sex == "1" else "female"]
    return [
        (f"{one[0]}　{other[0]}".encode("cp932"), f"{one[1]}{other[1]}".encode("cp932"))
        for one, other in product(people["family"], given)
    ]


def written_day(day: date) -> str:
    """Return a date as a claim writes it: YYYYMMDD."""
    return day.strftime("%Y%m%d")


def wide(text: str) -> str:
    """Return half-width digits as full-width ones: a card's symbol and number are one or the other, never a mix."""
    return text.translate(_WIDE)


_WIDE: Final = str.maketrans("0123456789", "０１２３４５６７８９")
