"""What users accept: the terms of use and the rules of the certificate authority, in dated texts.

A text is a file `terms/NAME-DAY.toml`; the newest whose day has come is in force, and an older one stays readable for
ever, because acceptances name it. Whoever has not accepted what is in force is asked before anything else.
"""

import tomllib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib import resources
from typing import Any, Final
from zoneinfo import ZoneInfo

_JAPAN: Final = ZoneInfo("Asia/Tokyo")
_LIST: Final = "documents.toml"


@dataclass(frozen=True, slots=True)
class Part:
    """A section of a text, with its heading, in both languages."""

    ja_head: str
    ja: str
    en_head: str
    en: str


@dataclass(frozen=True, slots=True)
class Agreement:
    """One text of one document. Shape: `version` is the day from which it is in force, as 2026-10-01."""

    name: str
    ja: str
    en: str
    kinds: frozenset[str]
    version: str
    parts: tuple[Part, ...]


def in_force(now: datetime) -> tuple[Agreement, ...]:
    """Return the text of each document that is in force, in the order of the list; none before its first day."""
    today = now.astimezone(_JAPAN).date().isoformat()
    newest: dict[str, Agreement] = {}
    for text in agreements():
        if text.version <= today:
            newest[text.name] = text
    return tuple(newest.values())


def due(kind: str, accepted: Collection[tuple[str, str]], now: datetime) -> tuple[Agreement, ...]:
    """Return what somebody of such a party has still to accept. Shape: `accepted` are names and versions."""
    return tuple(each for each in in_force(now) if kind in each.kinds and (each.name, each.version) not in accepted)


@cache
def agreements() -> tuple[Agreement, ...]:
    """Return every text there is, by document in the order of the list, each from the oldest on."""
    folder = resources.files(__package__).joinpath("terms")
    names = [file.name for file in folder.iterdir() if file.name.endswith(".toml") and file.name != _LIST]
    documents = tomllib.loads(folder.joinpath(_LIST).read_text("utf-8"))
    trees = [(name, tomllib.loads(folder.joinpath(name).read_text("utf-8"))) for name in sorted(names)]
    return tuple(read_agreements(documents, trees))


def read_agreements(
    documents: Mapping[str, Mapping[str, Any]], trees: Iterable[tuple[str, Mapping[str, Any]]]
) -> Iterable[Agreement]:
    """Yield the texts of files by their names. Errors: ValueError, if a name does not say the text's day (a bug)."""
    found: dict[str, list[Agreement]] = {name: [] for name in documents}
    for file, tree in trees:
        name, _, day = file.removesuffix(".toml").partition("-")
        if tree["since"] != date.fromisoformat(day):
            raise ValueError(f"{file} says another day")
        row = documents[name]
        parts = tuple(Part(**part) for part in tree["parts"])
        found[name].append(Agreement(name, row["ja"], row["en"], frozenset(row["kinds"]), day, parts))
    for texts in found.values():
        yield from texts
