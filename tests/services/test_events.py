"""Events: every act leaves its own, in its transaction, numbered without a gap, and nothing personal in it."""

import json
from dataclasses import replace

import pytest

from builders import INSTITUTION_ID, claim, uke
from seikyu.ports.events import EVERYBODY, Event
from seikyu.services import decide, deliver, events
from seikyu.services.events import What
from services.office_lab import CLOSING, MIDNIGHT, MONTH, PAYERS, Lab, institution, payer

DATA = uke(claim(1), claim(2, insurer="06990015"), claim(3, birth_date="19800231"))


def told(lab: Lab, party: str = INSTITUTION_ID) -> list[Event]:
    """Return every event of a party."""
    with lab.office.store.read() as tx:
        return tx.events(party, after=0, limit=1000)


def test_a_sending_is_followed_from_its_record_to_its_end(lab: Lab) -> None:
    """Recorded, checked, confirmed, handed over: one event each, in order, with the numbers that hold then."""
    sending = lab.send_and_check(DATA)
    lab.confirm(sending)
    lab.clock.at = CLOSING
    lab.close()

    mine = told(lab)

    assert [event.what for event in mine] == [
        "sending.recorded", "sending.checked", "sending.confirmed", "sending.handed_over",
    ]  # fmt: skip
    assert [event.no for event in mine] == [1, 2, 3, 4]
    assert {event.subject for event in mine} == {sending.id}
    facts = [json.loads(event.facts) for event in mine]
    assert (facts[1]["claims"], facts[1]["refused"], facts[1]["ask"]) == (3, 1, 1)
    assert (facts[2]["claimed"], facts[2]["unclaimed"]) == (2, 1)
    assert "claims" not in facts[0]
    assert [(event.what, event.subject) for event in told(lab, EVERYBODY)] == [("month.closed", f"1/{MONTH}")]


def test_a_delivery_is_followed_by_its_payer_only(lab: Lab) -> None:
    """Sealed, fetched, received; said again it is no event."""
    lab.confirm(lab.send_and_check(uke(claim(1))))
    lab.clock.at = CLOSING
    lab.close()
    (delivery,) = [one for one in lab.deliveries() if one.payer == PAYERS[0]]
    who = payer(PAYERS[0])

    for _ in range(2):
        deliver.open_delivery(lab.office, who, delivery.id)
        deliver.mark_received(lab.office, who, delivery.id, delivery.sha256)

    assert [event.what for event in told(lab, PAYERS[0])] == [
        "delivery.sealed",
        "delivery.fetched",
        "delivery.received",
    ]
    assert all(event.subject != delivery.id for event in told(lab))


def test_what_the_calendar_decides_and_what_is_cancelled_are_told(lab: Lab) -> None:
    """The institution learns what it did not do itself, and its own cancelling."""
    first = lab.send_and_check(uke(claim(1)))
    decide.cancel(lab.office, institution(), first.id)
    lab.send_and_check(uke(claim(1), claim(2)))
    lab.clock.at = MIDNIGHT
    decide.decide_overdue(lab.office)

    assert [event.what for event in told(lab)][2:] == [
        "sending.cancelled", "sending.recorded", "sending.checked", "sending.confirmed_automatically",
    ]  # fmt: skip


def test_what_does_not_commit_is_no_event(lab: Lab) -> None:
    """A change that is taken back takes its event back, and its number is given again."""
    with pytest.raises(RuntimeError), lab.office.store.write() as tx:
        events.note(tx, lab.office, What.SENDING_UNDONE, party="a", subject="s")
        raise RuntimeError("an accident")
    with lab.office.store.write() as tx:
        events.note(tx, lab.office, What.SENDING_UNDONE, party="a", subject="t")

    assert [(event.no, event.subject) for event in told(lab, "a")] == [(1, "t")]


@pytest.mark.parametrize("fact", ["山田 太郎", "", "a b", "x" * 101, "<b>"])
def test_a_fact_cannot_be_a_text(lab: Lab, fact: str) -> None:
    """A name of a person cannot get into an event, whoever notes it."""
    with pytest.raises(ValueError, match="neither id"), lab.office.store.write() as tx:
        events.note(tx, lab.office, What.SENDING_UNDONE, party="a", subject="s", name=fact)

    assert told(lab, "a") == []


def test_a_second_look_of_the_check_is_no_second_event(lab: Lab) -> None:
    """Where a check is done again, its finding stands in the sending; it was told once."""
    sending = lab.send_and_check(uke(claim(1)))
    with lab.office.store.write() as tx:
        tx.put_file(replace(tx.files(sending.id)[0], checked_at=None))

    lab.restart()
    lab.work()

    assert [event.what for event in told(lab)] == ["sending.recorded", "sending.checked"]


def test_every_state_of_a_sending_has_an_event() -> None:
    """A state that no program could learn of is forgotten nowhere."""
    from seikyu.office.sending import State

    assert {state.value for state in State} == set(events._OF_STATE)
    assert set(events._OF_DELIVERY) == {deliver.WAITING, deliver.FETCHING, deliver.RECEIVED}
