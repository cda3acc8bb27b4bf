"""What an institution has to do today, and which claims it may correct."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from office_rows import row

from seikyu.office.calendar import JST, load_calendar
from seikyu.office.corrections import still_open
from seikyu.office.outcome import Decision
from seikyu.office.sending import State
from seikyu.office.today import Sent, Task, Urgency, tasks
from seikyu.records import Month
from seikyu.rules.index import Outcome

CALENDAR = load_calendar("national")
MONTH = Month(2026, 9)
DEADLINE = CALENDAR.deadline(MONTH)


def sent(state: State, **more: Any) -> Sent:
    """Return a sending of the month."""
    return Sent(**{"id": "s1", "body": "1", "kind": "medical", "month": "202609", "send_no": 1, "state": state, **more})


def found(*rows: Sent, at: datetime, tested: bool = False) -> list[Task]:
    """Return what there is to do then."""
    return tasks(rows, now=at, opening=CALENDAR.at(at), deadline=DEADLINE, tested=tested)


def at(day: int, hour: int = 10) -> datetime:
    """Return an hour of the month."""
    return datetime(2026, 9, day, hour, tzinfo=JST)


def test_whoever_has_sent_nothing_is_told_until_the_deadline() -> None:
    """The more pressing the nearer; whoever has only tested is told that it is no claim; afterwards nobody is."""
    assert [("nothing_sent", Urgency.SOON)] == [(t.code, t.urgency) for t in found(at=at(6))]
    assert [("nothing_sent", Urgency.NOW)] == [(t.code, t.urgency) for t in found(at=at(10, 1))]
    assert ["only_tested"] == [t.code for t in found(at=at(6), tested=True)]
    assert ["nothing_sent"] == [t.code for t in found(sent(State.CANCELLED), at=at(6), tested=True)]
    assert [] == found(at=at(11))
    no_deadline = tasks([], now=at(20), opening=CALENDAR.at(at(20)), deadline=None)
    assert ["nothing_sent"] == [t.code for t in no_deadline]


def test_what_is_undecided_comes_first_when_it_presses() -> None:
    """What is checked, what asks, and until when."""
    rows = [
        sent(State.CHECKING, id="a"),
        sent(State.TO_DECIDE, id="b", due_at=DEADLINE),
        sent(State.TO_DECIDE, id="c", ask=2, due_at=DEADLINE),
        sent(State.TO_DECIDE, id="d"),
    ]

    told = found(*rows, at=at(10, 12))

    assert [("b", "undecided", Urgency.NOW), ("c", "undecided_ask", Urgency.NOW)] == [
        (t.sending, t.code, t.urgency) for t in told[:2]
    ]
    assert [("d", Urgency.SOON), ("a", Urgency.CALM)] == [(t.sending, t.urgency) for t in told[2:]]
    assert told[1].claims == 2


def test_a_refused_sending_is_told_until_another_takes_its_place() -> None:
    """Of the same body and kind; a file that says no kind takes any place."""
    refused = sent(State.REFUSED, id="old")
    assert ["old"] == [t.sending for t in found(refused, at=at(6)) if t.code == "refused"]
    for newer in (sent(State.TO_DECIDE, id="new"), sent(State.CONFIRMED, id="new"), sent(State.CHECKING, kind=None)):
        assert not [t for t in found(newer, refused, at=at(6)) if t.code == "refused"]
    assert [t for t in found(sent(State.CANCELLED, id="new"), refused, at=at(6)) if t.code == "refused"]
    assert [t for t in found(sent(State.CONFIRMED, id="new", kind="dpc"), refused, at=at(6)) if t.code == "refused"]
    assert [Urgency.SOON] == [t.urgency for t in found(refused, at=at(11, 23)) if t.code == "refused"]


@pytest.mark.parametrize(("decision", "code"), [("without", "left_behind"), ("automatic", "left_behind_automatically")])
def test_claims_that_a_decision_left_behind_are_told(decision: str, code: str) -> None:
    """Not those that were left out on purpose; calmly when nothing can be sent."""
    rows = [sent(State.CONFIRMED, unclaimed=3, left_out=1, decision=decision)]
    assert [(code, 2, Urgency.SOON)] == [(t.code, t.claims, t.urgency) for t in found(*rows, at=at(11))]
    assert [Urgency.CALM] == [t.urgency for t in found(*rows, at=at(11, 23))]
    assert [] == found(sent(State.CONFIRMED, unclaimed=1, left_out=1), at=at(11))
    assert Decision.AUTOMATIC == "automatic"


def test_claims_may_be_corrected_that_came_back_and_are_claimed_nowhere() -> None:
    """Whether they were refused or asked about, in a refused file or not."""

    def known(name: str, **changed: Any) -> Any:
        return row(identity=name.encode().ljust(16), **{"outcome": Outcome.OPEN, **changed})

    earlier = [
        (1, known("refused", refused=True), False), (2, known("asked", worst="L3"), False),
        (3, known("normal"), False), (4, known("in a refused file"), True),
        (5, known("claimed later", worst="L3"), False), (6, known("claimed", worst="L3", outcome=Outcome.CLAIMED), False),
        (7, known("claimed"), True),
    ]  # fmt: skip

    assert [1, 2, 4] == still_open(earlier, corrected_rows=[known("claimed later", outcome=Outcome.CLAIMED)])
    assert DEADLINE == at(10) + timedelta(hours=14)
