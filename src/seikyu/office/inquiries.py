"""The life of an inquiry (お問い合わせ): who may do what next.

An inquiry is received, taken in hand, and answered, unless the desk has to ask back; the asker may write at any time
until it is closed, and what is written to an answered one opens it again. A closed one stays closed: a new question is
a new inquiry.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from seikyu.office.errors import NotAllowed


class State(StrEnum):
    """Where an inquiry stands."""

    RECEIVED = "received"
    IN_HAND = "in_hand"
    ANSWERED = "answered"
    WAITING = "waiting"
    CLOSED = "closed"


class Act(StrEnum):
    """What is done: `ask`, `write` and `solve` by the asker, the others by the desk."""

    ASK = "ask"
    WRITE = "write"
    SOLVE = "solve"
    TAKE = "take"
    ANSWER = "answer"
    ASK_BACK = "ask_back"
    PASS_ON = "pass_on"  # noqa: S105  (an act, no secret)
    CLOSE = "close"


#: What the asker does; the desk does the rest.
BY_ASKER: Final = (Act.WRITE, Act.SOLVE)
BY_DESK: Final = (Act.TAKE, Act.ANSWER, Act.ASK_BACK, Act.PASS_ON, Act.CLOSE)

#: Acts that say something.
WITH_TEXT: Final = (Act.ASK, Act.WRITE, Act.ANSWER, Act.ASK_BACK)

#: How the asker wishes to be answered: on the page, by telephone, or not at all.
REPLIES: Final = ("page", "phone", "none")


class InquiryOver(NotAllowed):
    """The inquiry is closed, or the act has no sense in its state; nothing changes. Shape: facts `state`."""

    code = "inquiry_over"


_OPEN: Final = (State.RECEIVED, State.IN_HAND, State.ANSWERED, State.WAITING)

TRANSITIONS: Final[Mapping[tuple[State, Act], State]] = {
    (State.RECEIVED, Act.WRITE): State.RECEIVED,
    (State.IN_HAND, Act.WRITE): State.IN_HAND,
    (State.ANSWERED, Act.WRITE): State.RECEIVED,
    (State.WAITING, Act.WRITE): State.RECEIVED,
    (State.RECEIVED, Act.TAKE): State.IN_HAND,
    **{(state, Act.PASS_ON): State.RECEIVED for state in _OPEN},
    **{(state, Act.ANSWER): State.ANSWERED for state in _OPEN},
    **{(state, Act.ASK_BACK): State.WAITING for state in _OPEN},
    **{(state, act): State.CLOSED for state in _OPEN for act in (Act.SOLVE, Act.CLOSE)},
}


def step(state: State, act: Act) -> State:
    """Return the state after `act`. Errors: InquiryOver."""
    try:
        return TRANSITIONS[state, act]
    except KeyError:
        raise InquiryOver(f"{state}: {act}", state=state.value) from None


def is_text(text: str, *, chars: int) -> bool:
    r"""True if a message says something, is not too long, and is text: line breaks, but no other control characters.

    >>> is_text("a\nb", chars=3), is_text(" ", chars=3), is_text("abcd", chars=3), is_text("a\x1b", chars=3)
    (True, False, False, False)
    """
    return len(text.strip()) > 0 and len(text) <= chars and not any(_is_control(each) for each in text)


def is_line(text: str, *, chars: int) -> bool:
    """True if `text` is at most so long and one line without control characters; it may be empty."""
    return len(text) <= chars and not any(each == "\n" or _is_control(each) for each in text)


def plain(text: str) -> str:
    """Return a text with one kind of line break and nothing around it, as it is kept."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def _is_control(char: str) -> bool:
    return (ord(char) < ord(" ") and char not in "\n\t") or "\x7f" <= char <= "\x9f" or "\ud800" <= char <= "\udfff"
