"""The feed: own and public events in order, from any cursor on, without a gap and without a repeat."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders import INSTITUTION_ID, claim, uke
from seikyu.ports.errors import BadRequest, Forbidden
from seikyu.services import events, feed
from seikyu.services.events import What
from seikyu.services.feed import NOW, EventsGone, Place, kinds_of, read_feed
from services.office_lab import OTHER_INSTITUTION, PAYERS, Lab, institution, make_lab, payer

ALL = kinds_of(None)


def note(lab: Lab, party: str, subject: str) -> None:
    """Note something, a second later than the last."""
    lab.clock.at += timedelta(seconds=1)
    with lab.office.store.write() as tx:
        events.note(tx, lab.office, What.SENDING_CHECKED, party=party, subject=subject)


def read(lab: Lab, after: str | None = None, *, limit: int = 50, types: str | None = None) -> feed.Page:
    """Read as the first institution."""
    return read_feed(lab.office, institution(), after=after, wanted=kinds_of(types), limit=limit)


def test_the_feed_holds_ones_own_and_what_is_public(lab: Lab) -> None:
    """Oldest first, and nothing of another party."""
    for party, subject in ((INSTITUTION_ID, "a"), ("", "b"), (OTHER_INSTITUTION, "x"), (INSTITUTION_ID, "c")):
        note(lab, party, subject)

    page = read(lab)

    assert [(each["subject"], each["public"]) for each in page.items] == [("a", False), ("b", True), ("c", False)]
    assert [each["cursor"] for each in page.items] == ["1-0", "1-1", "2-1"]
    assert page.next == "2-1"
    assert read(lab, "2-1").items == []
    assert read(lab, "2-1").next == "2-1"
    assert [each["subject"] for each in read(lab, "1-1").items] == ["c"]


@settings(max_examples=30, deadline=None)
@given(whose=st.lists(st.booleans(), max_size=25), size=st.integers(1, 7))
def test_pages_of_any_size_make_up_the_whole(whose: list[bool], size: int) -> None:
    """Going on from `next`, and from the cursor of any item, gives the rest: each once, in order."""
    lab = make_lab()
    for number, own in enumerate(whose):
        note(lab, INSTITUTION_ID if own else "", f"s{number}")

    after, seen = None, []
    while page := read(lab, after, limit=size).items:
        seen += page
        after = page[-1]["cursor"]

    assert [each["subject"] for each in seen] == [f"s{number}" for number in range(len(whose))]
    for number, each in enumerate(seen):
        rest = read(lab, each["cursor"]).items
        assert [one["subject"] for one in rest] == [f"s{later}" for later in range(number + 1, len(whose))]


def test_only_the_kinds_that_are_wanted_come_and_the_place_moves_on(lab: Lab) -> None:
    """What is passed over is not looked at again; a kind that nobody knows is told."""
    sending = lab.send_and_check(uke(claim(1)))

    page = read(lab, types="sending.checked,sending.cancelled")

    assert [(each["type"], each["subject"]) for each in page.items] == [("sending.checked", sending.id)]
    assert page.items[0]["facts"]["claims"] == 1
    assert page.next == "2-0"
    with pytest.raises(BadRequest):
        kinds_of("sending.sent")


def test_who_begins_now_hears_what_comes(lab: Lab) -> None:
    """`now` gives a place and nothing else."""
    note(lab, INSTITUTION_ID, "a")
    place = read(lab, NOW)
    note(lab, INSTITUTION_ID, "b")

    assert place.items == []
    assert [each["subject"] for each in read(lab, place.next).items] == ["b"]


def test_what_is_past_its_keeping_is_gone_and_said_so(lab: Lab) -> None:
    """An old cursor is told; without one the feed begins with what is kept."""
    note(lab, INSTITUTION_ID, "a")
    lab.clock.at += timedelta(days=101)
    note(lab, INSTITUTION_ID, "b")
    assert feed.forget_old(lab.office) == 1

    with pytest.raises(EventsGone):
        read(lab, "0-0")
    assert [each["subject"] for each in read(lab).items] == ["b"]
    assert [each["subject"] for each in read(lab, "1-0").items] == ["b"]

    lab.clock.at += timedelta(days=101)
    feed.forget_old(lab.office)
    with pytest.raises(EventsGone):
        read(lab, "1-0")
    assert read(lab).next == read(lab, "2-0").next == "2-0"


@pytest.mark.parametrize("after", ["", "1", "a-b", "1-1-1", "-", "9-0", "0-9", "01234567890123456-0"])
def test_a_cursor_of_nobody_is_refused(lab: Lab, after: str) -> None:
    """No form of ours, or a place that is yet to come."""
    with pytest.raises(BadRequest):
        read(lab, after)


def test_the_feed_is_for_parties_of_the_register(lab: Lab) -> None:
    """And pages have their bounds."""
    with pytest.raises(Forbidden):
        read_feed(lab.office, institution("9999999999"), after=None, wanted=ALL, limit=1)
    with pytest.raises(BadRequest):
        read(lab, limit=0)
    assert read_feed(lab.office, payer(PAYERS[0]), after=None, wanted=ALL, limit=1).next == str(Place(0, 0))
