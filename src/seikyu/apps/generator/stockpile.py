"""A stockpile of made claims, each cut at the places that every use fills anew: patient, numbers, search number.

Making a claim from dice costs a hundred times what copying it costs. The first claims of a file are made, and the later
ones are those again under other people's names and numbers, so that a large file costs little more than its bytes.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Final

from seikyu.apps.generator.claim import RECIPIENT, SLOTS, Claim, Share, encoded
from seikyu.apps.generator.people import full_names, wide
from seikyu.records.numbers import check_digit

#: A stockpile stops growing at so many claims or bytes.
_MOST_CLAIMS: Final = 1000
_MOST_BYTES: Final = 4 * 1024 * 1024

#: Later claims walk through the stockpile in steps, so that neighbours differ.
_STRIDE: Final = 100_003  # a prime above every count, so that each template has its turn
_NUMBERS: Final = 1_000_000
_SCRAMBLE: Final = 387_941  # odd and no multiple of 5: every number below a million comes once
_CUTS: Final = re.compile(f"([{''.join(SLOTS)}])".encode())
_RECIPIENT: Final = SLOTS.index(RECIPIENT)


@dataclass(frozen=True, slots=True)
class Template:
    """A made claim in pieces. Shape: every second piece is empty; `slots` says what stands there in each use."""

    pieces: tuple[bytes, ...]
    slots: tuple[int, ...]
    sex: str
    shares: tuple[Share, ...]

    def filled(self, values: list[bytes]) -> list[bytes]:
        """Return the pieces of the claim with the values of its slots."""
        pieces = list(self.pieces)
        pieces[1::2] = [values[slot] for slot in self.slots]
        return pieces


def template_of(claim: Claim) -> Template:
    """Cut a claim at its slots."""
    parts = _CUTS.split(encoded(claim.records))
    slots = tuple(SLOTS.index(slot.decode()) for slot in parts[1::2])
    parts[1::2] = [b""] * len(slots)
    return Template(tuple(parts), slots, claim.sex, claim.shares)


class Persons:
    """Who stands in which claim: every number has a name, a chart, a card and a search number of its own."""

    def __init__(self, seed: int, search_head: str) -> None:
        self._offset = Random(seed).randrange(_NUMBERS)  # noqa: S311  (made-up files must come out the same again)
        self._search_head = search_head.encode()
        self._names = {sex: full_names(sex) for sex in "12"}
        self._wide = [wide(f"{number:03d}").encode("cp932") for number in range(1000)]
        self._wide_one = wide("1").encode("cp932")

    def values(self, number: int, template: Template) -> list[bytes]:
        """Return what stands in the slots of claim `number`, in the order of SLOTS."""
        own = (number * _SCRAMBLE + self._offset) % _NUMBERS
        names = self._names[template.sex]
        name, kana = names[own % len(names)]
        thousands, ones = divmod(own, 1000)
        digits = b"%06d" % own
        recipient = digits + check_digit(digits.decode()).encode() if _RECIPIENT in template.slots else b""
        card = self._wide_one + self._wide[thousands] + self._wide[ones]
        search = self._search_head + b"%06d" % number
        return [b"%d" % number, name, kana, b"K" + digits, card, b"10" + digits, recipient, search, b"990" + digits]


class Stockpile:
    """The claims that a file is made of, made when they are first needed.

    What claim `number` is made of depends on nothing but the maker and the number, however long the file becomes.
    """

    def __init__(self, make: Callable[[int], Claim]) -> None:
        self._make = make
        self._size_bytes = 0
        self._full = False
        self.templates: list[Template] = []

    def index(self, number: int) -> int:
        """Return which template claim `number` is made of. Numbers must come one after the other, from 1."""
        count = len(self.templates)
        if not self._full:
            template = template_of(self._make(number))
            self.templates.append(template)
            self._size_bytes += sum(map(len, template.pieces))
            self._full = count + 1 == _MOST_CLAIMS or self._size_bytes >= _MOST_BYTES
            return count
        return number * _STRIDE % count
