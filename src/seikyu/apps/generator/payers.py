"""The records of who pays and of the eligibility check: HO, KO, SN, JD and MF, which the kinds have in common."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from seikyu.apps.generator.claim import CARD, ELDERLY_CARD, RECIPIENT, Record, Share, days_row, row
from seikyu.apps.generator.people import Patient, Sheet, wide
from seikyu.apps.generator.places import Payer, happens
from seikyu.records.numbers import check_digit

#: Yen that a patient pays at most, under a public payer's law and as one with a small income.
_MOST_COPAY: Final = 2500
_MOST_INSURED_COPAY: Final = 8000
_COPAY_LAWS: Final = frozenset({"21", "54"})


@dataclass(frozen=True, slots=True)
class Asked:
    """What each payer of a claim is asked for, by place.

    Shape: `days` are days or receptions. `meals` gives number and yen as written, both empty without meals.
    """

    days: int
    points: Callable[[int], int]
    meals: Callable[[int], tuple[str, str]] = lambda _: ("", "")

    def share(self, payer: Payer, place: int) -> Share:
        """Return what the payer's record says."""
        return Share(payer.number, self.points(place), int(self.meals(place)[1] or 0))


@dataclass(frozen=True, slots=True)
class PayerItems:
    """Where HO and KO of a kind have what not all kinds have at the same place; 0 if they have it not."""

    copay: int
    meals: int = 0
    public_meals: int = 0
    public_copay: int = 7


def shares_of(patient: Patient, asked: Asked) -> tuple[Share, ...]:
    """Return what each payer is asked for, the main payer first."""
    cover = patient.cover
    payers = [(cover.insurer, 0)] if cover.insurer else []
    payers += [(payer, place) for place, payer in enumerate(cover.publics, start=1)]
    return tuple(asked.share(payer, place) for payer, place in payers if payer)


def payer_records(sheet: Sheet, patient: Patient, asked: Asked, *, kind: str, items: PayerItems) -> Iterator[Record]:
    """Yield HO and KO."""
    cover = patient.cover
    if cover.insurer is not None:
        symbol = "" if cover.late_stage else wide(str(sheet.dice.randint(100, 9999)))
        number = ELDERLY_CARD if cover.late_stage else CARD
        head = {2: cover.insurer.written, 3: symbol, 4: number, 5: str(asked.days), 6: str(asked.points(0))}
        if asked.points(0) and happens(sheet.dice, "insured_copay"):
            head[items.copay] = str(min(_MOST_INSURED_COPAY, asked.points(0)))
        yield row(kind, "HO", head | _meals(asked, 0, items.meals))
    for place, payer in enumerate(cover.publics, start=1):
        recipient = RECIPIENT
        if cover.insurer is not None or place > 1:
            digits = f"{sheet.dice.randint(1, 999999):06d}"
            recipient = digits + check_digit(digits)
        points = asked.points(place)
        head = {2: payer.written, 3: recipient, 5: str(asked.days), 6: str(points)}
        if points and payer.law in _COPAY_LAWS and happens(sheet.dice, "copay"):
            head[items.public_copay] = str(min(_MOST_COPAY, points))
        yield row(kind, "KO", head | _meals(asked, place, items.public_meals))


def _meals(asked: Asked, place: int, first: int) -> dict[int, str]:
    count, yen = asked.meals(place)
    return {first: count, first + 1: yen} if first and count else {}


def eligibility(
    sheet: Sheet, patient: Patient, days: Mapping[int, int], *, kind: str, always: bool = False
) -> Iterator[Record]:
    """Yield SN, JD and MF as an institution writes them; JD stands for every payer of the claim or for none."""
    cover = patient.cover
    if not (happens(sheet.dice, "eligibility") or always):
        return
    if cover.insurer is not None:
        branch = "" if cover.late_stage else f"{sheet.dice.randint(1, 4):02d}"
        yield row(kind, "SN", {2: "1", 3: "01", 7: branch})
    if always:
        places = enumerate(cover.publics, start=2)
        yield from (row(kind, "SN", {2: str(place), 3: "01"}) for place, payer in places if payer.alone)
    if happens(sheet.dice, "visit_days"):
        for place in cover.places:
            yield days_row(kind, "JD", {2: str(place + 1)}, first=3, days=dict.fromkeys(days, 1))
    yield row(kind, "MF", {2: "00"})
