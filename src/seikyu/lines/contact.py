"""Whom to ask about what (お問い合わせ先): a problem and a kind of line lead to who explains which part of it.

Rows of `contact.toml`. Source: network:10; provider:9 (5).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from tomllib import loads
from typing import Any, Final

from seikyu.lines.kinds import line_kinds


@dataclass(frozen=True, slots=True)
class Whom:
    """Who explains. Shape: `desk` is one of `kinds.desks()` or empty; `page` an address of the portal or empty."""

    name: str
    ja: str
    en: str
    desk: str
    page: str


@dataclass(frozen=True, slots=True)
class Explains:
    """Which part of a problem somebody explains. Shape: `whom` names one of `Contact.whom`."""

    whom: str
    ja: str
    en: str


@dataclass(frozen=True, slots=True)
class Problem:
    """A kind of problem. Shape: `by_line` if who is asked first depends on the line; `first` names pages."""

    name: str
    ja: str
    en: str
    by_line: bool
    explains: tuple[Explains, ...]
    first: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class First:
    """What to look at before asking. Shape: `path` stands on the portal."""

    name: str
    path: str
    ja: str
    en: str


@dataclass(frozen=True, slots=True)
class Contact:
    """The whole table, each part by name."""

    whom: Mapping[str, Whom]
    problems: Mapping[str, Problem]
    first: Mapping[str, First]


#: What the desk that a line's kind leads to explains.
_LINE: Final = Explains(
    "",
    "接続方式の設定、接続先につながらない、接続に使うID・パスワード",
    "setting up this kind of line, names that are not reached, ids and passwords of the line",
)


@cache
def contact() -> Contact:
    """Return the table."""
    rows = loads((files("seikyu.lines") / "contact.toml").read_text(encoding="utf-8"))
    return Contact(
        {name: Whom(name, **row) for name, row in rows["whom"].items()},
        {name: _problem(name, row) for name, row in rows["problems"].items()},
        {name: First(name, **row) for name, row in rows["first"].items()},
    )


def who_explains(problem: str, line_kind: str = "") -> tuple[Explains, ...]:
    """Return who explains what about a problem, in the order in which to ask.

    Shape: both are names of their tables; without a kind of line the desks of every kind that is given are named.
    """
    asked = contact().problems[problem]
    if not asked.by_line:
        return asked.explains
    kinds = [line_kinds()[line_kind]] if line_kind else [kind for kind in line_kinds().values() if kind.current]
    desks = dict.fromkeys(kind.desk for kind in kinds)
    return (*(Explains(desk, _LINE.ja, _LINE.en) for desk in desks), *asked.explains)


def _problem(name: str, row: dict[str, Any]) -> Problem:
    explains = tuple(Explains(**each) for each in row["explains"])
    return Problem(name, **row | {"explains": explains, "first": tuple(row["first"])})
