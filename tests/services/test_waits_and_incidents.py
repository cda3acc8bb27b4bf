"""How busy it is, from real sendings through a real check; and incidents as the operator publishes them."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from builders import claim, uke
from seikyu.office.calendar import JST
from seikyu.office.incidents import IncidentEnded
from seikyu.ports.errors import Busy, Forbidden, NotFound
from seikyu.services import start
from seikyu.services.incidents import (
    BadIncident,
    Published,
    close_incident,
    incidents,
    open_incident,
    update_incident,
)
from seikyu.services.office import Office
from seikyu.services.waiting import USUAL_BYTES, Sampler, history, outlook, quarter_of
from services.office_lab import OPERATOR, Lab, LabClock, institution, later, make_lab

TOLD = Published("送信の障害", "調査中です。", ["receiving"], title_en="sending fails", text_en="We look into it.")


@pytest.fixture(params=["memory", "sqlite"])
def lab(request: pytest.FixtureRequest, tmp_path: Path) -> Lab:
    """Return an office whose own clock is not the machine's."""
    made = make_lab(calendar="sandbox", where=tmp_path if request.param == "sqlite" else None)
    made = replace(made, office=replace(made.office, real_clock=LabClock(datetime(2026, 9, 6, 10, 7, tzinfo=JST))))
    start.register(made.office)
    return made


def real(lab: Lab) -> LabClock:
    """Return the machine's clock."""
    clock = lab.office.real_clock
    assert isinstance(clock, LabClock)
    return clock


def wait(lab: Lab, **by: float) -> None:
    """Let real time pass."""
    real(lab).at += timedelta(**by)


def test_nothing_measured_is_told_as_that(lab: Lab) -> None:
    """No forecast, an empty queue, and no history."""
    told = outlook(lab.office)

    assert (None, None, 2) == (told["forecast"], told["pace"], told["workers"])
    assert {"sendings": 0, "files": 0, "size_bytes": 0, "oldest_s": 0.0} == told["queue"]
    assert [] == history(lab.office, days=7)
    assert 0 < USUAL_BYTES


def test_waits_go_by_the_machines_clock(lab: Lab) -> None:
    """A sandbox's clock may jump a month: the wait is what a person waited."""
    sent = lab.send(uke(claim(1))).sending
    wait(lab, seconds=20)
    later(lab, days=30)
    waiting = outlook(lab.office)
    lab.work()

    assert (1, 20.0) == (waiting["queue"]["sendings"], waiting["queue"]["oldest_s"])
    with lab.office.store.read() as tx:
        run = tx.check_run(sent.id)
        files = tx.files(sent.id)
    assert run is not None
    assert (20_000, 1, sum(file.size_bytes for file in files)) == (run.wait_ms, run.files, run.size_bytes)
    told = outlook(lab.office)
    assert 0 == told["queue"]["sendings"]
    assert told["forecast"]["size_bytes"] == run.size_bytes
    assert told["forecast"]["expected_s"] == pytest.approx(20, abs=0.01)
    assert told["forecast"]["expected_s"] < outlook(lab.office, size_bytes=10_000_000)["forecast"]["expected_s"]


def test_a_repeat_and_a_sending_that_never_was_are_not_counted(lab: Lab) -> None:
    """Only what entered waits."""
    lab.send(uke(claim(1)))
    lab.send(uke(claim(1)))

    assert 1 == outlook(lab.office)["queue"]["sendings"]


def test_a_quarter_is_kept_as_a_small_row(lab: Lab) -> None:
    """What arrived and how long it waited, made anew until the quarter is over, and once more after it."""
    busy = [3]
    sample = Sampler(lab.office, busy=lambda: busy[0])
    lab.send(uke(claim(1)))
    wait(lab, seconds=30)
    busy[0] = 5
    sample()
    (row,) = history(lab.office, days=1)
    assert ("2026-09-06T10:00:00+09:00", 1, 0, 30_000, 2, 1) == tuple(
        row[name] for name in ("at", "arrivals", "checked", "longest_ms", "busy", "queued_files")
    )
    lab.work()
    sample()
    (row,) = history(lab.office, days=1)
    assert (1, 30_000, 30_000, 30_000, 2, 1) == tuple(
        row[name] for name in ("checked", "p50_ms", "p95_ms", "longest_ms", "busy", "queued_files")
    )
    wait(lab, minutes=7, seconds=25)
    lab.send(uke(claim(2)))
    wait(lab, seconds=15)
    sample()
    first, second = history(lab.office, days=1)
    assert (2, 1, 2, 0) == (first["arrivals"], first["checked"], first["busy"], second["arrivals"])
    assert 15_000 == second["longest_ms"]


def test_old_rows_are_forgotten(lab: Lab) -> None:
    """Runs after a week, quarters after two months; the pace is then not known again."""
    sample = Sampler(lab.office)
    lab.send_and_check(uke(claim(1)))
    sample()
    wait(lab, days=8)
    sample()
    assert outlook(lab.office)["pace"] is None
    assert 2 == len(history(lab.office, days=31))
    wait(lab, days=60)
    sample()
    assert 2 == len(history(lab.office, days=100))


def test_a_quarter_begins_on_the_quarter() -> None:
    """Of the hour."""
    assert datetime(2026, 9, 6, 10, 45, tzinfo=JST) == quarter_of(datetime(2026, 9, 6, 10, 59, 59, 9, tzinfo=JST))


def test_bodies_that_find_no_place_are_counted(lab: Lab) -> None:
    """As refusals because of load."""
    full: Office = replace(lab.office, limits={"receiving_at_once": 0})

    with pytest.raises(Busy), full.place_for(institution()):
        pass
    assert 1 == lab.office.desk.turned_away


def test_an_incident_is_published_updated_and_ended(lab: Lab) -> None:
    """Everybody reads it; nobody's name is in it."""
    office = lab.office
    made = open_incident(office, OPERATOR, TOLD, by="operator/taro")
    update_incident(office, OPERATOR, made["id"], text="復旧中です。")
    assert [made["id"]] == [each["id"] for each in incidents(office, past=5)["going_on"]]
    wait(lab, minutes=5)
    ended = close_incident(office, OPERATOR, made["id"], text="復旧しました。", text_en="It works again.")

    told = incidents(office, past=5)
    assert ([], [ended]) == (told["going_on"], told["past"])
    assert ["調査中です。", "復旧中です。", "復旧しました。"] == [each["text"] for each in ended["updates"]]
    assert real(lab).at.isoformat() == ended["ended_at"]
    assert "taro" not in str(told)
    with pytest.raises(IncidentEnded):
        update_incident(office, OPERATOR, made["id"], text="また")
    assert [] == incidents(office, past=0)["past"]


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"title": " "}, "title"),
        ({"title": "x" * 101}, "title"),
        ({"title_en": "a\nb"}, "title_en"),
        ({"text": ""}, "text"),
        ({"text_en": "x" * 1001}, "text_en"),
        ({"parts": []}, "parts"),
        ({"parts": ["moon"]}, "parts"),
        ({"began_at": datetime(2030, 1, 1, tzinfo=JST)}, "began_at"),
    ],
)
def test_an_incident_that_cannot_be_read_is_not_published(lab: Lab, wrong: dict[str, object], named: str) -> None:
    """Item by item; nothing is kept."""
    with pytest.raises(BadIncident) as refused:
        open_incident(lab.office, OPERATOR, replace(TOLD, **wrong))  # type: ignore[arg-type]

    assert named == refused.value.facts["wrong"]
    assert {"going_on": [], "past": []} == incidents(lab.office, past=5)


def test_incidents_are_the_operators(lab: Lab) -> None:
    """Nobody else publishes, updates or ends one; one that is not there is not found; none ends before it began."""
    office = lab.office
    made = open_incident(office, OPERATOR, TOLD)
    for act in (
        lambda: open_incident(office, institution(), TOLD),
        lambda: update_incident(office, institution(), made["id"], text="a"),
        lambda: close_incident(office, institution(), made["id"], text="a"),
    ):
        with pytest.raises(Forbidden):
            act()
    with pytest.raises(NotFound):
        update_incident(office, OPERATOR, "0", text="a")
    with pytest.raises(BadIncident):
        close_incident(office, OPERATOR, made["id"], text="a", ended_at=real(lab).at - timedelta(hours=1))
