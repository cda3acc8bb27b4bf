"""Facts: what probes have found out about a PC and its line, in words that rules are made of; rows of `facts.toml`.

A fact that is not there is not known, which is not the same as false: no rule concludes from silence.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from tomllib import loads
from typing import Final

#: What a fact can be. A list holds texts.
Value = bool | int | str | tuple[str, ...]
Facts = Mapping[str, Value]

_TYPES: Final[Mapping[str, type]] = {"true_or_false": bool, "number": int, "text": str, "list": tuple}

#: The longest text and list that a fact may have: an answer from the net may be anything.
TEXT_CHARS: Final = 300
MOST_TEXTS: Final = 64


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact that can be found out. Shape: the labels of `facts.toml`."""

    name: str
    type: str
    on: tuple[str, ...]
    ja: str
    en: str
    needs: str = ""


@cache
def known_facts() -> Mapping[str, Fact]:
    """Return the facts by name."""
    rows = loads((files("seikyu.lines") / "facts.toml").read_text(encoding="utf-8"))
    return {name: Fact(name, **row | {"on": tuple(row["on"])}) for name, row in rows.items()}


def take(facts: dict[str, Value], name: str, value: Value | None) -> None:
    """Add a fact, cut to what a fact may hold; None adds nothing.

    Errors: KeyError, TypeError for a name or type that `facts.toml` does not have: a fault of the probe.
    """
    if value is None:
        return
    if type(value) is not _TYPES[known_facts()[name].type]:
        raise TypeError(f"{name}: {type(value).__name__}")
    facts[name] = _cut(value)


def _cut(value: Value) -> Value:
    if isinstance(value, str):
        return "".join(each if each.isprintable() else "?" for each in value[:TEXT_CHARS])
    if isinstance(value, tuple):
        return tuple(str(_cut(each)) for each in value[:MOST_TEXTS])
    return value
