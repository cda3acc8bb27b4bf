"""Codes that are printed, posted and typed by hand: made so that nobody misreads them, and read kindly.

What is typed may be in small or full-width letters, with blanks and any hyphens. A slip of one character, or two
neighbours that changed places, is told before anything is looked up, so that it does not count as a wrong try.

Kinds, lengths and the alphabet are data (`codes.toml`). Source: network:11 (C01).
"""

import tomllib
import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final

#: Bytes of chance that any code is made of: so many that the remainder of a division favours no character.
CHANCE_BYTES: Final = 32

#: More characters than this are no code of ours, whatever they are.
_TYPED_CHARS: Final = 64

#: What may stand between the characters of a code.
_BETWEEN: Final = frozenset(" \t\u00a0\u3000-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u30fc\uff0d\uff70")


class CodeMistyped(ValueError):
    """What was typed cannot be a code of that kind, and nothing was looked up. What was typed is not shown.

    Shape: `code` names the text for users; facts `kind`, and `why`: `length`, `character` or `check`.
    """

    code = "code_mistyped"

    def __init__(self, kind: str, why: str) -> None:
        super().__init__(f"{kind}: {why}")
        self.facts = {"kind": kind, "why": why}


@dataclass(frozen=True, slots=True)
class CodeKind:
    """A kind of code. Shape: `chars` counts the check character, `group` those that stand together on paper."""

    name: str
    chars: int
    group: int
    ja: str
    en: str


@cache
def code_kinds() -> dict[str, CodeKind]:
    """Return the kinds of codes by name."""
    return {name: CodeKind(name, **row) for name, row in _data()["kinds"].items()}


def make_code(kind: str, chance: bytes) -> str:
    """Return a new code, as it is kept and compared (`grouped` is for paper).

    Shape: `chance` is 32 random bytes.
    """
    if len(chance) != CHANCE_BYTES:
        raise ValueError(f"a code is made of {CHANCE_BYTES} random bytes")
    letters, rest = _alphabet(), int.from_bytes(chance)
    places = []
    for _ in range(code_kinds()[kind].chars - 1):
        rest, place = divmod(rest, len(letters))
        places.append(place)
    return "".join(letters[place] for place in (*places, _check(places)))


def read_code(kind: str, typed: str) -> str:
    """Return what was typed as it is kept. Errors: CodeMistyped.

    >>> read_code("pairing", " 2345-678x ")
    Traceback (most recent call last):
    seikyu.trust.codes.CodeMistyped: pairing: check
    """
    if len(typed) > _TYPED_CHARS:
        raise CodeMistyped(kind, "length")
    plain = unicodedata.normalize("NFKC", "".join(each for each in typed if each not in _BETWEEN))
    code = "".join(each for each in plain if each not in _BETWEEN).upper()
    letters = _alphabet()
    if any(each not in letters for each in code):
        raise CodeMistyped(kind, "character")
    if len(code) != code_kinds()[kind].chars:
        raise CodeMistyped(kind, "length")
    places = [letters.index(each) for each in code]
    if places[-1] != _check(places[:-1]):
        raise CodeMistyped(kind, "check")
    return code


def grouped(kind: str, code: str) -> str:
    """Return a code as it stands on paper: `XXXX-XXXX-XXXX`."""
    size = code_kinds()[kind].group
    return "-".join(code[at : at + size] for at in range(0, len(code), size))


def _check(places: list[int]) -> int:
    """Return the place of the check character: weights 1, 2, 3 … modulo a prime, none of them its multiple."""
    return sum(weight * place for weight, place in enumerate(places, 1)) % len(_alphabet())


def _alphabet() -> str:
    letters: str = _data()["alphabet"]
    return letters


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads(resources.files(__package__).joinpath("codes.toml").read_text("utf-8"))
