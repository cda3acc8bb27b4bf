"""The forms of files: one per kind of claim, each made by a module of its own."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from seikyu.apps.generator import dental, dpc, home_nursing, medical, pharmacy
from seikyu.apps.generator.claim import Claim, Record
from seikyu.apps.generator.people import Sheet
from seikyu.apps.generator.places import Institution


@dataclass(frozen=True, slots=True)
class Form:
    """How files of a kind are made.

    Shape: `head` returns the first record, `claim` one claim. `meals` says which item (from 0) of HO and KO holds yen
    of meals. `totals`: the last record carries count and points.
    """

    head: Callable[..., Record]
    claim: Callable[[Sheet], Claim]
    meals: Mapping[bytes, int] = field(default_factory=dict)
    totals: bool = True

    def first(self, place: Institution, *, body: str, month: int) -> Record:
        """Return the first record of a file."""
        return self.head(place, body=body, month=month)


FORMS: Final[Mapping[str, Form]] = {
    "medical": Form(medical.head, medical.claim, {b"HO": 8, b"KO": 11}),
    "dpc": Form(dpc.head, dpc.claim, {b"HO": 8, b"KO": 11}),
    "dental": Form(dental.head, dental.claim, {b"HO": 7, b"KO": 9}),
    "pharmacy": Form(pharmacy.head, pharmacy.claim),
    "home_nursing": Form(home_nursing.head, home_nursing.claim, totals=False),
}
