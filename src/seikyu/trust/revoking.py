"""Revoking as pure rules: who may decide an order to revoke many, how long it waits, and what a list of serials says.

An act that revokes more certificates than `more_than` is an order, and only another person puts it in force. A person
is a user id, or, where the desk asks for a certificate alone, the terminal that the certificate belongs to: a renewed
certificate is the same person's. The two ways cannot be told apart, so one who ordered in one of them is not approved
in the other. Who came to be after the order, or was given a new password by somebody else since, approves nothing:
otherwise whoever orders could make the second person themselves. For the same reason nobody approves who was made, or
given a new password, by the one who ordered, whenever that was, or by somebody whom that one made. To turn an order
down anybody will do.
"""

import csv
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Final

from seikyu.trust.certificates import REASONS

#: How a list names the column that it means; without such a heading it is the first.
HEADINGS: Final = frozenset({"serial", "serial number", "証明書番号", "番号"})

#: The longest serial that there may be, in hex (RFC 5280: 20 bytes).
_SERIAL_CHARS: Final = 40
_HEX: Final = frozenset("0123456789abcdef")


class State(StrEnum):
    """Where an order stands. It waits until somebody decides it or its time is over."""

    WAITING = "waiting"
    APPROVED = "approved"
    DENIED = "denied"
    LAPSED = "lapsed"


@dataclass(frozen=True, slots=True)
class Rules:
    """The numbers of `revoking.toml`."""

    more_than: int
    waits: timedelta
    most: int


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who orders or decides.

    Shape: `kind` is user or terminal; `since` when they came to be as they are now; `made_by` the persons (as `name`)
    who may know how to log in as them.

    >>> Person("user", "1/hanako", datetime(2026, 4, 1)).name
    'user:1/hanako'
    """

    kind: str
    id: str
    since: datetime
    made_by: frozenset[str] = field(default=frozenset(), kw_only=True)

    @property
    def name(self) -> str:
        """The person as orders carry them."""
        return f"{self.kind}:{self.id}"


class BadSerialList(ValueError):
    """A line of a list is no serial. Shape: facts `line` counts from 1."""

    code = "bad_serial_list"

    def __init__(self, line: int) -> None:
        super().__init__(f"line {line}")
        self.facts = {"line": line}


@cache
def house_rules() -> Rules:
    """Return the rules as the house has them."""
    row = tomllib.loads(resources.files(__package__).joinpath("revoking.toml").read_text("utf-8"))["second_person"]
    return Rules(row["more_than"], timedelta(hours=row["hours"]), row["most"])


def state_at(state: State, ordered_at: datetime, now: datetime, *, rules: Rules) -> State:
    """Return where an order stands now: one that still waits when its time is over has lapsed."""
    over = state is State.WAITING and now - ordered_at >= rules.waits
    return State.LAPSED if over else state


def why_not(ordered_by: str, ordered_at: datetime, person: Person) -> str | None:
    """Return why a person may not approve an order, as `SecondPersonNeeded` says it; None, if they may.

    Shape: same_person, other_way, too_new, made_by_first.
    """
    if person.name == ordered_by:
        return "same_person"
    if not ordered_by.startswith(f"{person.kind}:"):
        return "other_way"
    if person.since >= ordered_at:
        return "too_new"
    return "made_by_first" if ordered_by in person.made_by else None


def reason_word(text: str) -> str:
    """Return a reason as rows carry it; the standard's words are written in three ways. Errors: ValueError.

    >>> reason_word("keyCompromise"), reason_word("key-compromise"), reason_word("Superseded")
    ('key_compromise', 'key_compromise', 'superseded')
    """
    spaced = "".join(f"_{each}" if each.isupper() and before.islower() else each for before, each in _pairs(text))
    word = spaced.replace("-", "_").lower()
    if word not in REASONS:
        raise ValueError(f"{text!r} is no reason")
    return word


def serial_word(text: str) -> str:
    """Return a serial as rows carry it, however a program printed it. Errors: ValueError.

    >>> serial_word("0x5F:0A"), serial_word("005f0a")
    ('5f0a', '5f0a')
    """
    word = text.strip().replace(":", "").lower().removeprefix("0x").lstrip("0")
    if not 0 < len(word) <= _SERIAL_CHARS or not _HEX.issuperset(word):
        raise ValueError(f"{text!r} is no serial")
    return word


def serials_of_list(lines: Iterable[str]) -> list[str]:
    """Return the serials of a list (CSV) in its order, each once.

    Shape: the column that a heading names (`HEADINGS`), or the first; empty lines say nothing.
    Errors: BadSerialList; csv.Error, if it cannot be read.
    """
    found: dict[str, None] = {}
    reader = csv.reader(lines, strict=True)
    column, first = 0, True
    for row in reader:
        if not any(cell.strip() for cell in row):
            continue
        named = [no for no, cell in enumerate(row) if first and cell.strip().removeprefix("\ufeff").lower() in HEADINGS]
        first = False
        if named:
            column = named[0]
            continue
        try:
            found[serial_word(row[column].removeprefix("\ufeff"))] = None
        except (ValueError, IndexError):
            raise BadSerialList(reader.line_num) from None
    return list(found)


def _pairs(text: str) -> Iterable[tuple[str, str]]:
    return zip(" " + text, text, strict=False)
