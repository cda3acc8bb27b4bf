"""The contract of ports.contact and ports.waiting, over every adapter."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from every_adapter import AnyStore
from some_rows import INSTITUTION, NOW, a_file, a_party, a_sending

from seikyu.ports.contact import Inquiry, InquiryStep
from seikyu.ports.errors import AlreadyThere, NotThere
from seikyu.ports.waiting import CheckRun, Incident, IncidentUpdate, Quarter, Standing, Waits


def an_inquiry(identity: str = "i1", **other: Any) -> Inquiry:
    """Return an inquiry that was just made."""
    given = {"number": f"N{identity}", "party": None, "problem": "line", "line_kind": "ipvpn_ipv6", "body": "1"}
    given |= {"state": "received", "made_at": NOW, "changed_at": NOW, "lang": "ja", "reply": "page", "asker_key": "k"}
    given |= {"reach": "", "code_digest": "d", "report": '{"verdict": "connects"}'}
    return Inquiry(**{"id": identity, **given, **other})


def a_step(inquiry: str = "i1", no: int = 1, **other: Any) -> InquiryStep:
    """Return a line of an inquiry's history."""
    given = {"at": NOW, "side": "asker", "by": "", "act": "ask", "state": "received", "text": "つながりません"}
    return InquiryStep(**{"inquiry": inquiry, "no": no, **given, **other})


def an_incident(identity: str = "x1", **other: Any) -> Incident:
    """Return an incident that goes on."""
    given = {"began_at": NOW, "title": "見本", "title_en": "sample", "parts": "receiving lines"}
    return Incident(**{"id": identity, **given, **other})


def an_update(incident: str = "x1", no: int = 1) -> IncidentUpdate:
    """Return what is told of an incident."""
    return IncidentUpdate(incident, no, NOW, "operator", "調査中です。", "")


def a_quarter(at: datetime = NOW, **other: Any) -> Quarter:
    """Return a quarter."""
    given = {"arrivals": 2, "arrived_bytes": 1 << 40, "checked": 1, "longest_ms": 3, "p50_ms": 2, "p95_ms": 3}
    return Quarter(**{"at": at, "busy": 0, "queued_files": 1, "queued_bytes": 5, **given, **other})


def test_an_inquiry_comes_back_as_it_was_put(store: AnyStore) -> None:
    """Every field survives, by id, number and key, with its history in order."""
    with store.write() as tx:
        tx.add_inquiry(an_inquiry(idempotency_key="key"), a_step())
        tx.move_inquiry(an_inquiry(idempotency_key="key", state="answered"), a_step(no=2, side="desk", desk="carrier"))

    with store.read() as tx:
        expected = an_inquiry(idempotency_key="key", state="answered")
        assert expected == tx.inquiry("i1") == tx.inquiry_by_number("Ni1") == tx.inquiry_by_key("key")
        assert tx.inquiry("i2") is None
        assert tx.inquiry_by_number("i1") is None
        assert tx.inquiry_by_key("") is None
        assert [a_step(), a_step(no=2, side="desk", desk="carrier")] == tx.inquiry_steps("i1")


def test_a_number_a_key_and_a_line_of_history_are_written_once(store: AnyStore) -> None:
    """The second is refused, and nothing of it stays."""
    with store.write() as tx:
        tx.add_inquiry(an_inquiry(idempotency_key="key"), a_step())
    for wrong in (an_inquiry(), an_inquiry("i2", number="Ni1"), an_inquiry("i2", idempotency_key="key")):
        with pytest.raises(AlreadyThere), store.write() as tx:
            tx.add_inquiry(wrong, a_step(wrong.id))
    with pytest.raises(AlreadyThere), store.write() as tx:
        tx.move_inquiry(an_inquiry(idempotency_key="key"), a_step())
    with pytest.raises(NotThere), store.write() as tx:
        tx.move_inquiry(an_inquiry("i9"), a_step("i9", 2))

    with store.read() as tx:
        assert ["i1"] == [one.id for one in tx.inquiries()]
        assert 1 == len(tx.inquiry_steps("i1"))


def test_inquiries_are_listed_newest_first_and_counted(store: AnyStore) -> None:
    """By party and state, page by page; strangers and askers are counted."""
    with store.write() as tx:
        tx.add_inquiry(an_inquiry("i1"), a_step("i1"))
        tx.add_inquiry(an_inquiry("i2", party=INSTITUTION, asker_key=INSTITUTION, state="closed"), a_step("i2"))
        tx.add_inquiry(an_inquiry("i3", state="closed", made_at=NOW - timedelta(days=2)), a_step("i3"))

    with store.read() as tx:
        assert ["i3", "i2", "i1"] == [one.id for one in tx.inquiries()]
        assert ["i2"] == [one.id for one in tx.inquiries(party=INSTITUTION)]
        assert ["i3"] == [one.id for one in tx.inquiries(state="closed", limit=1)]
        assert ["i2"] == [one.id for one in tx.inquiries(state="closed", after="i3")]
        assert 1 == tx.count_inquiries(asker_key="k", since=NOW)
        assert 2 == tx.count_inquiries(asker_key="k", since=NOW - timedelta(days=3))
        assert 1 == tx.count_strangers(but="closed")
        assert {"received": 1, "closed": 2} == tx.inquiry_states()


def test_what_was_over_long_ago_is_removed_with_its_history(store: AnyStore) -> None:
    """Only in that state, and only what nobody has touched since."""
    old = NOW - timedelta(days=400)
    with store.write() as tx:
        tx.add_inquiry(an_inquiry("i1", changed_at=old), a_step("i1"))
        tx.add_inquiry(an_inquiry("i2", changed_at=old, state="closed"), a_step("i2"))
        tx.add_inquiry(an_inquiry("i3", state="closed"), a_step("i3"))
        assert 1 == tx.drop_inquiries(state="closed", changed_before=NOW)

    with store.read() as tx:
        assert ["i3", "i1"] == [one.id for one in tx.inquiries()]
        assert [] == tx.inquiry_steps("i2")


def runs(store: AnyStore, *waits_s: int) -> None:
    """Enter sendings, one a minute, of which each was done after so many seconds; -1 is not done yet."""
    with store.write() as tx:
        tx.put_party(a_party())
        for no, wait_s in enumerate(waits_s):
            name, at = f"s{no}", NOW + timedelta(minutes=no)
            tx.add_sending(a_sending(name, digest=name), [a_file(f"f{no}", sending=name)])
            tx.add_check_run(CheckRun(name, 1, 1000 + no, at))
            if wait_s >= 0:
                tx.put_sending(a_sending(name, digest=name, state="to_decide"))
                tx.end_check_run(name, at + timedelta(seconds=wait_s))


def test_a_run_is_ended_once_and_its_wait_is_kept(store: AnyStore) -> None:
    """A second end, one of nobody, and a clock that was put back do no harm."""
    runs(store, 2, -1)
    with store.write() as tx:
        tx.end_check_run("s0", NOW + timedelta(hours=1))
        tx.end_check_run("s9", NOW)
        tx.end_check_run("s1", NOW)

    with store.read() as tx:
        assert CheckRun("s0", 1, 1000, NOW, NOW + timedelta(seconds=2), 2000) == tx.check_run("s0")
        assert (run := tx.check_run("s1")) is not None
        assert 0 == run.wait_ms
        assert tx.check_run("s9") is None
    with pytest.raises(AlreadyThere), store.write() as tx:
        tx.add_check_run(CheckRun("s0", 1, 1, NOW))


def test_what_stands_is_what_is_being_checked(store: AnyStore) -> None:
    """Nothing at first; then the runs that are not done, of sendings that are still checked."""
    with store.read() as tx:
        assert Standing() == tx.standing()
    runs(store, 5, -1, -1, -1)
    with store.write() as tx:
        tx.put_sending(a_sending("s3", digest="s3", state="cancelled"))

    with store.read() as tx:
        assert Standing(2, 2, 1001 + 1002, NOW + timedelta(minutes=1)) == tx.standing()
        assert ["s0"] == [run.sending for run in tx.checks_done(limit=5)]


def test_a_time_tells_what_came_in_it_and_how_long_waited_what_was_done_in_it(store: AnyStore) -> None:
    """Percentiles by the nearest rank, and nothing where nothing was done."""
    runs(store, *range(1, 21))
    with store.read() as tx:
        whole = tx.waits(NOW, NOW + timedelta(hours=1))
        none = tx.waits(NOW - timedelta(hours=1), NOW)
        newest = tx.checks_done(limit=2)

    assert Waits(20, sum(range(1000, 1020)), 20, 20_000, 10_000, 19_000) == whole
    assert Waits() == none
    assert ["s19", "s18"] == [run.sending for run in newest]


def test_quarters_are_kept_replaced_and_forgotten(store: AnyStore) -> None:
    """Oldest first; forgetting takes runs that are done and quarters, each by its own age."""
    runs(store, 1, -1)
    hour = timedelta(hours=1)
    with store.write() as tx:
        tx.put_quarter(a_quarter(NOW + hour))
        tx.put_quarter(a_quarter(NOW, longest_ms=None, p50_ms=None, p95_ms=None, checked=0))
        tx.put_quarter(a_quarter(NOW + hour, busy=7))
    with store.read() as tx:
        assert [NOW, NOW + hour] == [one.at for one in tx.quarters(NOW)]
        assert [a_quarter(NOW + hour, busy=7)] == tx.quarters(NOW + hour)
        assert a_quarter(NOW + hour, busy=7) == tx.quarter(NOW + hour)
        assert tx.quarter(NOW + 2 * hour) is None
    with store.write() as tx:
        tx.drop_waits_before(runs=NOW + hour, quarters=NOW + hour)
    with store.read() as tx:
        assert [NOW + hour] == [one.at for one in tx.quarters(NOW)]
        assert tx.check_run("s0") is None
        assert tx.check_run("s1") is not None


def test_incidents_go_on_until_they_end(store: AnyStore) -> None:
    """With everything that was told of them, in its order."""
    with store.write() as tx:
        tx.add_incident(an_incident(), an_update())
        tx.add_incident(an_incident("x2"), an_update("x2"))
        tx.move_incident(an_incident(ended_at=NOW), an_update(no=2))
    with pytest.raises(AlreadyThere), store.write() as tx:
        tx.add_incident(an_incident(), an_update("x1", 3))
    with pytest.raises(AlreadyThere), store.write() as tx:
        tx.move_incident(an_incident(), an_update())
    with pytest.raises(NotThere), store.write() as tx:
        tx.move_incident(an_incident("x9"), an_update("x9", 2))

    with store.read() as tx:
        assert replace(an_incident(), ended_at=NOW) == tx.incident("x1")
        assert tx.incident("x9") is None
        assert ["x2", "x1"] == [one.id for one in tx.incidents()]
        assert ["x2"] == [one.id for one in tx.incidents(going_on=True)]
        assert ["x1"] == [one.id for one in tx.incidents(going_on=False)]
        assert ["x1"] == [one.id for one in tx.incidents(after="x2", limit=1)]
        assert [an_update(), an_update(no=2)] == tx.incident_updates("x1")
