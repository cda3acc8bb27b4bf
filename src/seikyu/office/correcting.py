"""Correcting on the screen (レセプト訂正): which claims, how far each has come, and what it does to their sending.

A claim may be corrected as long as it came back with errors and is claimed nowhere: before its sending is decided, and
afterwards if it stayed unclaimed. Finishing (訂正完了) makes a new sending of the corrected claims; in the old one they
end unclaimed with the reason `corrected`, for good. So a claim is claimed at most once, whatever becomes of the new
sending. The others of the old sending are decided as before; only where none is left its life ends (`corrected`).

Source: provider:3.1 S7, provider:3.3 C3; decision 0028.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from seikyu.office.sending import ClaimsCorrected, CorrectionFinished, Event, State
from seikyu.rules.index import IndexRow, Outcome, Reason

#: Why a claim stays unclaimed that may still be corrected.
_CAME_BACK: Final = frozenset({Reason.REFUSED_FILE, Reason.REFUSED_CLAIM, Reason.ASKED})


class Mark(StrEnum):
    """How far the correction of a claim has come: 未訂正, 訂正済, 訂正不能."""

    OPEN = "open"
    CORRECTED = "corrected"
    IMPOSSIBLE = "impossible"


class Barred(StrEnum):
    """Why a claim cannot be corrected on the screen."""

    NO_ERRORS = "no_errors"
    CLAIMED = "claimed"
    FINISHED = "finished"
    LEFT_OUT = "left_out"
    ELSEWHERE = "elsewhere"


def barred(row: IndexRow, *, file_refused: bool, left_out: bool = False) -> Barred | None:
    """Return why a claim cannot be corrected, None if it can."""
    if row.reason is Reason.CORRECTED:
        return Barred.FINISHED
    if left_out or row.reason is Reason.LEFT_OUT:
        return Barred.LEFT_OUT
    if row.outcome is Outcome.CLAIMED:
        return Barred.CLAIMED
    if not (file_refused or row.refused or row.asks):
        return Barred.NO_ERRORS
    if row.outcome is Outcome.OPEN or (row.outcome is Outcome.UNCLAIMED and row.reason in _CAME_BACK):
        return None
    return Barred.ELSEWHERE


def event_of(state: State, reasons: Iterable[Reason]) -> Event:
    """Return the event that a finished correction is to its sending, whose claims have these reasons by then.

    A sending that waits for its decision ends with its last claim; a decided or refused one stays what it is.
    """
    all_gone = all(reason is Reason.CORRECTED for reason in reasons)
    return CorrectionFinished() if state is State.TO_DECIDE and all_gone else ClaimsCorrected()
