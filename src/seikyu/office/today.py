"""What an institution has to do today: its sendings held against the calendar, the most urgent first.

Nothing is claimed until it is confirmed, and what nobody decides is confirmed at the deadline without the claims that
ask: who has sent must be told so in time (provider:9, row 1). Who may send on the 11th and 12th, and what, is told per
review body and kind (provider:9, row 9). Pure: sendings, calendar and now go in, words to be told come out.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Final

from seikyu.office.calendar import Opening, Window
from seikyu.office.outcome import Decision
from seikyu.office.sending import State

#: So long before the deadline what is undecided is pressing.
_SOON: Final = timedelta(hours=24)


class Urgency(IntEnum):
    """How a task stands out."""

    CALM = 0
    SOON = 1
    NOW = 2


@dataclass(frozen=True, slots=True)
class Sent:
    """One sending on the real line, as far as it matters here. Shape: `due_at` is when it is decided by itself."""

    id: str
    body: str
    kind: str | None
    month: str | None
    send_no: int
    state: State
    ask: int = 0
    refused: int = 0
    unclaimed: int = 0
    left_out: int = 0
    decision: str | None = None
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to do. Shape: `code` is a word that has a text; `sending` is what it is about, if it is about one."""

    code: str
    urgency: Urgency
    sending: str | None = None
    body: str | None = None
    kind: str | None = None
    claims: int = 0
    send_no: int = 0
    due_at: datetime | None = None


def tasks(
    sent: Sequence[Sent], *, now: datetime, opening: Opening, deadline: datetime | None, tested: bool = False
) -> list[Task]:
    """Return what there is to do, the most urgent first.

    Shape: `sent` are the sendings of the month on the real line, newest first; `opening` and `deadline` those of that
    line now; `tested` if something came on the test line this month.
    """
    found = [*_undecided(sent, now), *_came_back(sent, opening), *_unclaimed(sent, opening)]
    before_deadline = deadline is None or now < deadline
    if before_deadline and not any(each.state not in {State.CANCELLED, State.REFUSED, State.UNDONE} for each in sent):
        code = "only_tested" if tested and not sent else "nothing_sent"
        found.append(Task(code, _urgency(deadline, now), due_at=deadline))
    return sorted(found, key=lambda task: (-task.urgency, task.due_at is None, task.due_at))


def _undecided(sent: Iterable[Sent], now: datetime) -> Iterator[Task]:
    for each in sent:
        if each.state is State.CHECKING:
            yield Task("checking", Urgency.CALM, each.id, each.body, each.kind, send_no=each.send_no)
        if each.state is State.TO_DECIDE:
            code = "undecided_ask" if each.ask else "undecided"
            urgency = max(Urgency.SOON, _urgency(each.due_at, now))
            yield Task(
                code, urgency, each.id, each.body, each.kind, claims=each.ask, send_no=each.send_no, due_at=each.due_at
            )


def _came_back(sent: Sequence[Sent], opening: Opening) -> Iterator[Task]:
    """Whole sendings that were refused and have no later one of the same body and kind in their place."""
    replaced: set[tuple[str, str | None]] = set()
    for each in sent:
        about = each.body, each.kind
        if each.state is State.REFUSED and about not in replaced and (each.body, None) not in replaced:
            urgency = Urgency.NOW if opening.open else Urgency.SOON
            yield Task("refused", urgency, each.id, each.body, each.kind, claims=each.refused, send_no=each.send_no)
        if each.state not in {State.CANCELLED, State.UNDONE}:
            replaced.add(about)


def _unclaimed(sent: Iterable[Sent], opening: Opening) -> Iterator[Task]:
    """Claims that a decision has left behind: they may still be corrected while the month is open."""
    for each in sent:
        behind = each.unclaimed - each.left_out
        if each.state not in {State.CONFIRMED, State.CONFIRMED_AUTOMATICALLY} or behind <= 0:
            continue
        by_itself = each.decision == Decision.AUTOMATIC
        code = "left_behind_automatically" if by_itself else "left_behind"
        now = opening.window in {Window.REGULAR, Window.CORRECTION, Window.ALWAYS}
        urgency = Urgency.SOON if now else Urgency.CALM
        yield Task(code, urgency, each.id, each.body, each.kind, claims=behind, send_no=each.send_no)


def _urgency(due_at: datetime | None, now: datetime) -> Urgency:
    return Urgency.NOW if due_at is not None and due_at - now <= _SOON else Urgency.SOON
