"""Every boundary of the calendar for every act, to the second: the table is `boundaries.toml`, the clock a parameter."""

import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from builders import claim, uke
from seikyu.apps.words import error_words
from seikyu.office.calendar import JST, Calendar, Extension, load_calendar
from seikyu.office.errors import Closed, ClosedMeanwhile, NotAllowed
from seikyu.office.sending import State
from seikyu.ports.store import Sending
from seikyu.records import Month
from seikyu.services import close, decide, leave
from seikyu.services.errors import AlreadyDecided, MonthNotOver, NothingToCorrect
from services.office_lab import BODY, OTHER_INSTITUTION, Lab, institution, make_lab

TABLE: Final = tomllib.loads(Path(__file__).with_name("boundaries.toml").read_text("utf-8"))
SECOND: Final = timedelta(seconds=1)
LINES: Final = ("real", "test")
CALENDARS: Final[dict[str, Calendar]] = {
    "ordinary": load_calendar("national"),
    **{
        name: load_calendar("national", [Extension(Month.parse(row["month"]), row["until"], row.get("closing"))])
        for name, row in TABLE["extensions"].items()
    },
}


@dataclass(frozen=True)
class Row:
    """One second of the table."""

    calendar: str
    month: str
    at: datetime
    real: str
    test: str
    decided: bool
    closable: bool

    def __str__(self) -> str:
        return f"{self.calendar}-{self.at:%Y%m%dT%H%M%S}"

    def window(self, line: str) -> str:
        """Return what a line takes."""
        return self.real if line == "real" else self.test


def rows() -> Iterator[Row]:
    """Yield the table."""
    for part in TABLE["rows"]:
        for text in part["seconds"].strip().splitlines():
            day, time, real, test, decided, closable = text.split()
            at = datetime.fromisoformat(f"{day}T{time}").replace(tzinfo=JST)
            yield Row(part["calendar"], part["month"], at, real, test, decided == "decided", closable == "closable")


ROWS: Final = list(rows())


@dataclass
class Bench:
    """An office by one of the calendars, and sendings of the month of a row."""

    row: Row
    lab: Lab

    @classmethod
    def of(cls, row: Row) -> "Bench":
        """Return an office whose clock stands at the first second of the month's window."""
        calendar = CALENDARS[row.calendar]
        lab = make_lab(wrap=lambda office: replace(office, calendar=lambda: calendar))
        year, month = int(row.month[:4]), int(row.month[4:])
        lab.clock.at = datetime(year, month, 5, 8, tzinfo=JST)
        return cls(row, lab)

    def file(self, *claims: Any) -> bytes:
        """Return a file of the month."""
        months = {"month": self.row.month}
        return uke(*(claims or (claim(1), claim(2, insurer="06990015"))), **months)

    def sent(self, line: str) -> Sending:
        """Return a sending that came in time, with a claim that asks."""
        return self.lab.send_and_check(self.file(), line=line)

    @property
    def may_have_sent(self) -> bool:
        """True if anything can have come before the row's second."""
        return self.lab.clock.at <= self.row.at

    def outcome(self, act: Callable[[], object]) -> str:
        """Return what an act comes to at the row's second."""
        self.lab.clock.at = self.row.at
        try:
            act()
        except Closed:
            return "closed"
        except AlreadyDecided as said:
            return str(said.facts["state"])
        except NotAllowed as said:
            return said.code
        return "done"


by_second = pytest.mark.parametrize("row", ROWS, ids=str)
by_line = pytest.mark.parametrize("line", LINES)


@by_second
@by_line
def test_a_file_is_received_in_the_window_alone(row: Row, line: str) -> None:
    """Whoever sends for the first time: taken in regular hours, nothing to correct in the others, else closed."""
    bench = Bench.of(row)

    came_to = bench.outcome(lambda: bench.lab.send(bench.file(), party=OTHER_INSTITUTION, line=line))

    expected = {"regular": "done", "correction": "nothing_to_correct", "closed": "closed"}[row.window(line)]
    assert expected == came_to
    assert len(bench.lab.sendings()) == (expected == "done")
    assert not bench.lab.orphans()


@by_second
def test_a_correction_is_taken_in_both_windows(row: Row) -> None:
    """What came in time and came back with errors may be sent again until the closing."""
    bench = Bench.of(row)
    if not bench.may_have_sent:
        return
    bench.sent("real")

    came_to = bench.outcome(lambda: bench.lab.send(bench.file(claim(1), claim(2))))

    assert came_to == ("closed" if row.real == "closed" else "done")


@by_second
@by_line
@pytest.mark.parametrize("act", ["confirm", "cancel", "leave_out"])
def test_what_came_in_time_is_decided_by_its_institution_until_the_deadline(row: Row, line: str, act: str) -> None:
    """In open hours; from the deadline on the calendar has decided, and on the test line it never does."""
    bench = Bench.of(row)
    if not bench.may_have_sent:
        return
    sending = bench.sent(line)
    asked = institution(sending.party)
    acts: dict[str, Callable[[], object]] = {
        "confirm": lambda: decide.confirm(bench.lab.office, asked, sending.id, "with"),
        "cancel": lambda: decide.cancel(bench.lab.office, asked, sending.id),
        "leave_out": lambda: leave.leave_out(bench.lab.office, asked, sending.id, file_no=1, claim_index=0),
    }

    came_to = bench.outcome(acts[act])

    if line == "real" and row.decided:
        assert came_to == "confirmed_automatically"
    else:
        assert came_to == ("closed" if row.window(line) == "closed" else "done")
    states = {
        "done": {"confirm": "confirmed", "cancel": "cancelled", "leave_out": "to_decide"}[act],
        "closed": "to_decide",
    }
    assert bench.lab.sending(sending.id).state == states.get(came_to, came_to)


@by_second
@by_line
def test_what_nobody_decided_is_confirmed_at_the_deadline_without_what_asks(row: Row, line: str) -> None:
    """To the second, like エラー分除く; the test line is left alone."""
    bench = Bench.of(row)
    if not bench.may_have_sent:
        return
    sending = bench.sent(line)
    bench.lab.clock.at = row.at

    decide.decide_overdue(bench.lab.office)

    now = bench.lab.sending(sending.id)
    if line == "real" and row.decided:
        assert (now.state, now.decision, now.claimed, now.unclaimed) == ("confirmed_automatically", "automatic", 1, 1)
    else:
        assert now == sending


@by_second
def test_a_month_is_closed_from_the_closing_on(row: Row) -> None:
    """Not a second before; then everything is decided and handed over, and the books balance."""
    bench = Bench.of(row)
    if not bench.may_have_sent:
        return
    sending = bench.sent("real")
    bench.lab.clock.at = row.at

    if not row.closable:
        with pytest.raises(MonthNotOver):
            close.request_close(bench.lab.office, BODY, row.month)
        assert close.close_due(bench.lab.office) == []
        return
    decide.decide_overdue(bench.lab.office)
    assert close.close_due(bench.lab.office) == [f"{BODY}/{row.month}"]
    bench.lab.work()
    assert bench.lab.sending(sending.id).state == State.HANDED_OVER
    assert bench.lab.balance(month=row.month).balanced


@by_second
def test_a_correction_that_nobody_decides_is_confirmed_at_the_closing(row: Row) -> None:
    """The deadline of what came as a correction is the end of corrections."""
    if row.real != "correction":
        return
    bench = Bench.of(row)
    bench.sent("real")
    bench.lab.clock.at = row.at
    decide.decide_overdue(bench.lab.office)
    correction = bench.lab.send_and_check(bench.file(claim(1), claim(2)))
    closing = CALENDARS[row.calendar].closing_from(Month.parse(row.month))
    assert closing is not None

    bench.lab.clock.at = closing - SECOND
    decide.decide_overdue(bench.lab.office)
    assert bench.lab.sending(correction.id).state == "to_decide"
    bench.lab.clock.at = closing
    decide.decide_overdue(bench.lab.office)

    assert bench.lab.sending(correction.id).state == "confirmed_automatically"


def test_the_table_has_both_sides_of_every_boundary() -> None:
    """Whatever window opens or ends in a month of the table: its last and its next second agree with the calendar."""
    for row in ROWS:
        calendar = CALENDARS[row.calendar]
        for line in LINES:
            assert calendar.at(row.at, line).window == row.window(line), row
        deadline, closing = (f(Month.parse(row.month)) for f in (calendar.deadline, calendar.closing_from))
        assert deadline is not None
        assert closing is not None
        assert (row.decided, row.closable) == (row.at >= deadline, row.at >= closing), row
    seconds = {(row.calendar, row.at) for row in ROWS}
    for day in (5, 7, 8, 10, 11, 12):
        spans = [span for span in CALENDARS["ordinary"].spans(Month(2026, 9)) if span.start.day == day]
        for span in spans:
            assert ("ordinary", span.end - SECOND) in seconds
            assert ("ordinary", span.end) in seconds


# --- a sending counts when it is recorded ---


class _LateStore:
    """A store whose writers wait until a time for their turn."""

    def __init__(self, store: Any, lab_clock: Any) -> None:
        self._store, self._clock = store, lab_clock
        self.turn_comes_at: datetime | None = None

    def read(self) -> Any:
        """Look."""
        return self._store.read()

    @contextmanager
    def write(self) -> Iterator[Any]:
        """Wait for the turn, and write."""
        with self._store.write() as tx:
            if self.turn_comes_at is not None:
                self._clock.at = self.turn_comes_at
            yield tx

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


def late(calendar: str = "ordinary") -> tuple[Lab, _LateStore]:
    """Return an office in the last second of the deadline, and its store."""
    stores = []

    def wrap(office: Any) -> Any:
        stores.append(_LateStore(office.store, office.clock))
        return replace(office, store=stores[0], calendar=lambda: CALENDARS[calendar])

    lab = make_lab(wrap=wrap)
    lab.clock.at = datetime(2026, 9, 10, 23, 59, 59, tzinfo=JST)
    return lab, stores[0]


def test_what_is_recorded_after_the_deadline_has_not_been_sent_in_time() -> None:
    """Its last byte came before midnight, its turn to be recorded after: refused with words, and nothing is kept."""
    lab, store = late()
    store.turn_comes_at = midnight = lab.clock.at + SECOND

    with pytest.raises(ClosedMeanwhile) as caught:
        lab.send(uke(claim(1)))

    assert caught.value.facts["recorded_at"] == midnight
    assert caught.value.code == "closed"
    said = error_words(caught.value.words_code, "ja", **caught.value.facts).text
    assert "2026-09-11 00:00" in said
    assert not lab.sendings()
    assert not lab.names()


def test_what_is_recorded_in_the_last_second_counts_for_that_second() -> None:
    """The instant is that of the record, not of the first or last byte."""
    lab, store = late()
    began = lab.clock.at - timedelta(hours=2)
    lab.clock.at, store.turn_comes_at = began, lab.clock.at

    sending = lab.send(uke(claim(1))).sending

    assert sending.received_at == store.turn_comes_at
    lab.clock.at = sending.received_at + SECOND
    store.turn_comes_at = None
    lab.work()
    assert lab.sending(sending.id).state == "confirmed_automatically"


def test_an_extension_is_the_remedy_for_our_own_slowness() -> None:
    """With one that was announced the same sending counts, by the new deadline."""
    lab, store = late("noon")
    store.turn_comes_at = lab.clock.at + timedelta(minutes=5)

    sending = lab.send(uke(claim(1))).sending

    assert sending.received_at == store.turn_comes_at
    lab.work()
    assert lab.sending(sending.id).state == "to_decide"


def test_a_first_sending_recorded_in_the_correction_window_is_no_correction() -> None:
    """Begun at 11:59:59 before an extended deadline, recorded at 12:00:00: the window has changed meanwhile."""
    lab, store = late("noon")
    lab.clock.at = datetime(2026, 9, 11, 11, 59, 59, tzinfo=JST)
    store.turn_comes_at = lab.clock.at + SECOND

    with pytest.raises(NothingToCorrect):
        lab.send(uke(claim(1)))
    assert not lab.sendings()
