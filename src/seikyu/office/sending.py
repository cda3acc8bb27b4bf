"""The life of a sending (送信): every state, every event, and which follows which.

An institution sends one or more files; the office checks them. A sending of which every file is refused ends there.
Any other waits for a decision: the institution confirms (請求確定, with or without the claims that ask) or cancels
(請求取消). Claims that came back with errors may be corrected on the screen, before the decision and, if they stayed
unclaimed, after it: they go on in a new sending and change nothing of this one's state, unless none is left in a
sending that waits; then the new one has taken its place. What nobody decides is confirmed at the deadline. Confirmed
sendings are handed over to review when the month closes; until then the review body may undo one at the institution's
request. Leaving a file or claim out changes no state, and a file still arriving has none.

Source: provider:3.1. `docs/reference/states.md` is drawn from this module.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

from seikyu.office.errors import NotAllowed


class State(StrEnum):
    """What a sending has come to. The values are those of the wire and the database."""

    CHECKING = "checking"
    TO_DECIDE = "to_decide"
    REFUSED = "refused"
    CONFIRMED = "confirmed"
    CONFIRMED_AUTOMATICALLY = "confirmed_automatically"
    CANCELLED = "cancelled"
    CORRECTED = "corrected"
    HANDED_OVER = "handed_over"
    UNDONE = "undone"


@dataclass(frozen=True, slots=True)
class ChecksFinished:
    """The check is done and at least one file stands (処理済)."""


@dataclass(frozen=True, slots=True)
class EveryFileRefused:
    """The check is done and no file stands (受付不能)."""


@dataclass(frozen=True, slots=True)
class InstitutionConfirmed:
    """The institution's last word is yes (請求確定)."""


@dataclass(frozen=True, slots=True)
class InstitutionCancelled:
    """The institution's last word is no (請求取消)."""


@dataclass(frozen=True, slots=True)
class CorrectionFinished:
    """Every claim was corrected on the screen; a new sending takes this one's place (訂正完了)."""


@dataclass(frozen=True, slots=True)
class ClaimsCorrected:
    """Some claims were corrected on the screen and go on in a new sending; the others stay here (訂正完了)."""


@dataclass(frozen=True, slots=True)
class DeadlinePassed:
    """Nobody decided in time (自動請求確定)."""


@dataclass(frozen=True, slots=True)
class MonthClosed:
    """The month closed; the claims are with the reviewers (審査へ)."""


@dataclass(frozen=True, slots=True)
class ReviewBodyUndid:
    """The review body undid a confirmation at the institution's request (請求確定の取消)."""


Event: TypeAlias = (
    ChecksFinished
    | EveryFileRefused
    | InstitutionConfirmed
    | InstitutionCancelled
    | CorrectionFinished
    | ClaimsCorrected
    | DeadlinePassed
    | MonthClosed
    | ReviewBodyUndid
)

TRANSITIONS: Final[Mapping[tuple[State, type[Event]], State]] = {
    (State.CHECKING, ChecksFinished): State.TO_DECIDE,
    (State.CHECKING, EveryFileRefused): State.REFUSED,
    (State.TO_DECIDE, InstitutionConfirmed): State.CONFIRMED,
    (State.TO_DECIDE, InstitutionCancelled): State.CANCELLED,
    (State.TO_DECIDE, CorrectionFinished): State.CORRECTED,
    (State.TO_DECIDE, ClaimsCorrected): State.TO_DECIDE,
    (State.REFUSED, ClaimsCorrected): State.REFUSED,
    (State.TO_DECIDE, DeadlinePassed): State.CONFIRMED_AUTOMATICALLY,
    (State.CONFIRMED, MonthClosed): State.HANDED_OVER,
    (State.CONFIRMED, ReviewBodyUndid): State.UNDONE,
    (State.CONFIRMED, ClaimsCorrected): State.CONFIRMED,
    (State.CONFIRMED_AUTOMATICALLY, ClaimsCorrected): State.CONFIRMED_AUTOMATICALLY,
    (State.CONFIRMED_AUTOMATICALLY, MonthClosed): State.HANDED_OVER,
    (State.CONFIRMED_AUTOMATICALLY, ReviewBodyUndid): State.UNDONE,
}

#: Where claims are claimed: confirmed, and not yet with the reviewers.
CLAIMING: Final = frozenset({State.CONFIRMED, State.CONFIRMED_AUTOMATICALLY})

#: What a sending ends in: no other state can follow.
FINAL: Final = frozenset(State) - {state for (state, _), after in TRANSITIONS.items() if after is not state}


def step(state: State, event: Event) -> State:
    """Return the state after `event`.

    Errors: NotAllowed, if the table has no row for the pair; nothing changes.
    Source: provider:3.1.

    >>> step(State.TO_DECIDE, InstitutionConfirmed())
    <State.CONFIRMED: 'confirmed'>
    """
    try:
        return TRANSITIONS[state, type(event)]
    except KeyError:
        act = type(event).__name__
        raise NotAllowed(f"{act} is not allowed when {state}", state=state.value, act=act) from None


def checked(files_refused: Iterable[bool]) -> Event:
    """Return the event that ends the check of a sending: refused only if every file is.

    >>> checked([True, False])
    ChecksFinished()
    """
    return EveryFileRefused() if all(files_refused) else ChecksFinished()
