"""The notices (届出) that a party files about its taking part, and what becomes of them.

A notice says when it takes effect (適用年月日), and what is to be known of the line or the place from then on. The
operator sees it, and approves it or sends it back with a reason; whoever was sent a notice back files a new one.
Nothing of a notice ever changes but where it stands, and every step is kept with its time and who took it. An approval
changes the party's entry in the register, never before the day it is about. The last day is a day too: who stops on
the 30th takes part on the 30th.

Kinds, items and kinds of lines are rows of `notices.toml`. Source: network:9; network:1.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cache
from importlib.resources import files
from tomllib import loads
from typing import Any, Final
from zoneinfo import ZoneInfo

JAPAN: Final = ZoneInfo("Asia/Tokyo")

#: The longest text of an item, and of the reason that comes with a notice that is sent back.
TEXT_CHARS: Final = 200

_TEXT: Final = "text"
_DATE: Final = "date"
_CONNECTION: Final = "connection"


class State(StrEnum):
    """Where a notice stands."""

    FILED = "filed"
    SEEN = "seen"
    APPROVED = "approved"
    SENT_BACK = "sent_back"


class Act(StrEnum):
    """What the operator does with a notice."""

    SEE = "see"
    APPROVE = "approve"
    SEND_BACK = "send_back"


TRANSITIONS: Final[Mapping[tuple[State, Act], State]] = {
    (State.FILED, Act.SEE): State.SEEN,
    (State.FILED, Act.APPROVE): State.APPROVED,
    (State.SEEN, Act.APPROVE): State.APPROVED,
    (State.FILED, Act.SEND_BACK): State.SENT_BACK,
    (State.SEEN, Act.SEND_BACK): State.SENT_BACK,
}

#: Where a notice still waits for its answer: the same filing again is the same notice.
OPEN: Final = (State.FILED, State.SEEN)


class NoticeOver(ValueError):
    """The notice has had its answer; nothing changes."""


@dataclass(frozen=True, slots=True)
class Connection:
    """A kind of line (接続方式), and which items the network knows a line of it by."""

    name: str
    ja: str
    en: str
    needs: tuple[str, ...]
    may: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Field:
    """An item of a notice. Shape: `form` is date, connection, text or a pattern."""

    name: str
    ja: str
    en: str
    form: str


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of notice. Shape: the labels of `notices.toml`."""

    name: str
    ja: str
    en: str
    needs: tuple[str, ...]
    may: tuple[str, ...]
    sets: tuple[str, ...]
    early: bool
    connection: str


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong with an item. Shape: `why` is a word that the texts for users are found by."""

    field: str
    why: str


@dataclass(frozen=True, slots=True)
class Filing:
    """What was filed, in the order of the form; `wrong` is empty if it may be kept."""

    kind: str
    fields: Mapping[str, str]
    wrong: tuple[Wrong, ...]


def step(state: State, act: Act) -> State:
    """Return the state after `act`; one that was reached already is reached again.

    Errors: NoticeOver.
    """
    if state in _REACHED[act]:
        return state
    try:
        return TRANSITIONS[state, act]
    except KeyError:
        raise NoticeOver(f"{state}: {act}") from None


_REACHED: Final = {act: {after for (_, each), after in TRANSITIONS.items() if each is act} for act in Act}


@cache
def kinds() -> Mapping[str, Kind]:
    """Return the kinds of notices by name."""
    return {name: Kind(name, **_tuples(row)) for name, row in _rows()["kinds"].items()}


@cache
def fields() -> Mapping[str, Field]:
    """Return the items of the form by name, in its order."""
    return {name: Field(name, **row) for name, row in _rows()["fields"].items()}


@cache
def connections() -> Mapping[str, Connection]:
    """Return the kinds of lines by name."""
    return {name: Connection(name, **_tuples(row)) for name, row in _rows()["connections"].items()}


def read(kind: str, said: Mapping[str, str], *, registered: str) -> Filing:
    """Return what a party files, blanks at the ends gone, with all that is wrong with it.

    Shape: `kind` is one of `kinds()`; `registered` is the party's connection in the register, empty if unknown.
    """
    asked = kinds()[kind]
    given = {name: text.strip() for name, text in said.items() if text.strip()}
    line = connections().get(given.get(_CONNECTION, "")) if _CONNECTION in asked.needs else None
    needs = (*asked.needs, *(line.needs if line else ()))
    may = (*asked.may, *(line.may if line else ()))
    wrong = [Wrong(name, "missing") for name in fields() if name in needs and name not in given]
    wrong += [Wrong(name, "not_asked") for name in given if name not in (*needs, *may)]
    known = {name: given[name] for name in fields() if name in given and name in (*needs, *may)}
    for name, text in known.items():
        wrong += _judged(fields()[name], text)
    if line is not None:
        wrong += _fitting(asked, line.name, registered)
    return Filing(kind, known, tuple(wrong))


def effect(filing_kind: str, filed: Mapping[str, str]) -> dict[str, Any]:
    """Return what an approval changes in the party's entry, by the names of the register."""
    changes: dict[str, Any] = {}
    sets = kinds()[filing_kind].sets
    if "connection" in sets:
        line = connections()[filed[_CONNECTION]]
        known_by = [filed[name] for name in (*line.needs, *line.may) if name in filed]
        changes |= {"connection": line.name, "connection_id": known_by[0] if known_by else ""}
    if "address" in sets:
        changes["address"] = filed["address"]
    if "until" in sets:
        changes["until"] = midnight_after(date.fromisoformat(filed["effective_on"]))
    return changes


def approvable_on(filing_kind: str, filed: Mapping[str, str]) -> date | None:
    """Return the first day on which the notice may be approved; None if any day will do."""
    return None if kinds()[filing_kind].early else date.fromisoformat(filed["effective_on"])


def midnight(day: date) -> datetime:
    """Return the instant at which a day begins in Japan."""
    return datetime(day.year, day.month, day.day, tzinfo=JAPAN)


def midnight_after(day: date) -> datetime:
    """Return the instant at which a day is over in Japan.

    >>> str(midnight_after(date(2026, 9, 30)))
    '2026-10-01 00:00:00+09:00'
    """
    return midnight(day + timedelta(days=1))


def is_text(text: str, *, chars: int = TEXT_CHARS) -> bool:
    """True if `text` is one line of visible characters, and not too long."""
    plain = text.isprintable() or not any(unicodedata.category(each).startswith("C") for each in text)
    return plain and 0 < len(text) <= chars


def day_of(text: str) -> date | None:
    """Return the day that is written as 2026-09-30 or 2026/9/30, or None.

    >>> day_of("2026/9/30"), day_of("2026-02-30")
    (datetime.date(2026, 9, 30), None)
    """
    found = re.fullmatch(r"(20[0-9]{2})([-/])([0-9]{1,2})\2([0-9]{1,2})", text, re.ASCII)
    if found is None:
        return None
    try:
        return date(int(found[1]), int(found[3]), int(found[4]))
    except ValueError:
        return None


def _judged(field: Field, text: str) -> Iterator[Wrong]:
    if not is_text(text):
        yield Wrong(field.name, "bad_text")
    elif field.form == _DATE:
        day = day_of(text)
        if day is None or day.isoformat() != text:
            yield Wrong(field.name, "bad_date")
    elif field.form == _CONNECTION:
        if text not in connections():
            yield Wrong(field.name, "bad_choice")
    elif field.form != _TEXT and not re.fullmatch(field.form, text):
        yield Wrong(field.name, "bad_form")


def _fitting(kind: Kind, line: str, registered: str) -> Iterator[Wrong]:
    """Judge the kind of line against the registered one: a change of nothing is the wrong form."""
    if kind.connection == "same" and registered and line != registered:
        yield Wrong(_CONNECTION, "other_connection")
    if kind.connection == "other" and line == registered:
        yield Wrong(_CONNECTION, "same_connection")


def _tuples(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in row.items()}


@cache
def _rows() -> Mapping[str, Mapping[str, Any]]:
    return loads((files("seikyu.trust") / "notices.toml").read_text(encoding="utf-8"))
