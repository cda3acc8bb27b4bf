"""The operator's desk as pure rules: undoing a confirmation with four eyes, and grants to look at a claim.

A confirmation is undone in three steps: the institution asks (by its page, or by telephone, which the office then
writes down), one person of the office orders it, another person approves. A grant is asked for by the one who needs to
look, and given by another person; it ends by itself. Who may be the second person is `trust.revoking.why_not`.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

#: An order or a wish for a grant that nobody has decided by then lapses: a weekend and a day, as for revoking.
WAITS: Final = timedelta(hours=72)

#: A grant lasts so many hours at most: a working day and its evening. What takes longer is asked for again.
MOST_HOURS: Final = 12

#: A reason says something, and is no letter.
REASON_CHARS: Final = (2, 500)

#: A claim of a sending: the number of its file, and its place in the file from 1.
_CLAIM: Final = re.compile(r"([1-9][0-9]{0,3})-([1-9][0-9]{0,6})")


class UndoState(StrEnum):
    """Where an undoing stands. `asked` waits for the office's order, `waiting` for the second person."""

    ASKED = "asked"
    WAITING = "waiting"
    APPROVED = "approved"
    DENIED = "denied"
    LAPSED = "lapsed"


class GrantState(StrEnum):
    """Where a grant stands."""

    WAITING = "waiting"
    GIVEN = "given"
    DENIED = "denied"
    LAPSED = "lapsed"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Scope:
    """What a grant lets one look at. Shape: `file_no` and `claim_no` from 1; None for every claim of the sending."""

    file_no: int | None = None
    claim_no: int | None = None

    def holds(self, file_no: int, claim_no: int) -> bool:
        """Return whether a claim is in it."""
        return self.file_no is None or (self.file_no, self.claim_no) == (file_no, claim_no)


def undo_state_at(state: UndoState, ordered_at: datetime | None, now: datetime) -> UndoState:
    """Return where an undoing stands now: an order that waits too long lapses; a wish of the institution stays."""
    over = state is UndoState.WAITING and ordered_at is not None and now - ordered_at >= WAITS
    return UndoState.LAPSED if over else state


def grant_state_at(state: GrantState, asked_at: datetime, until: datetime | None, now: datetime) -> GrantState:
    """Return where a grant stands now: it ends at `until`, its last second not included, whatever a row says."""
    if state is GrantState.WAITING and now - asked_at >= WAITS:
        return GrantState.LAPSED
    if state is GrantState.GIVEN and (until is None or now >= until):
        return GrantState.ENDED
    return state


def parse_scope(text: str) -> Scope:
    """Return what a grant is for. Errors: ValueError.

    >>> parse_scope("2-15").holds(2, 15), parse_scope("").holds(7, 7)
    (True, True)
    """
    if not text:
        return Scope()
    found = _CLAIM.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} names no claim")
    return Scope(int(found[1]), int(found[2]))


def good_reason(text: str) -> str:
    """Return a reason as rows carry it: one line. Errors: ValueError, if it says nothing or too much.

    >>> good_reason("  件数の誤り  ")
    '件数の誤り'
    """
    line = " ".join(text.split())
    least, most = REASON_CHARS
    if not least <= len(line) <= most or not line.isprintable():
        raise ValueError(f"a reason has {least} to {most} characters")
    return line
