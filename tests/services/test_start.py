"""Beginning after a kill, and keeping going."""

from dataclasses import replace

from builders import claim, uke
from seikyu.services import close, start
from services.office_lab import CLOSING, MIDNIGHT, Lab

DATA = uke(claim(1))


def test_a_start_sweeps_what_nobody_speaks_of(lab: Lab) -> None:
    """Temporaries and orphans go; what rows speak of stays."""
    sending = lab.confirm(lab.send_and_check(DATA))
    lab.clock.at = CLOSING
    lab.close()
    names = lab.names()
    with lab.office.objects.writer("files/orphan", limit_bytes=10) as writer:
        writer.write(b"x")
        writer.commit()
    half = lab.office.objects.writer("files/half", limit_bytes=10)
    half.write(b"x")

    started = lab.restart()

    assert started.orphans == 1
    assert names == lab.names()
    assert lab.office.objects.sweep() == 0
    assert lab.sending(sending.id).state == "handed_over"
    assert started.reordered == 0


def test_a_closing_that_was_given_up_is_ordered_anew(memory_lab: Lab) -> None:
    """Its handler failed for good; the next start orders it again, once."""
    memory_lab.confirm(memory_lab.send_and_check(DATA))
    memory_lab.clock.at = CLOSING
    with memory_lab.office.store.write() as tx:
        row = close.MonthRow("1", "202609", "real", "closing")
        tx.put_month(row)

    assert start.reorder(memory_lab.office) == 1
    assert start.reorder(memory_lab.office) == 0
    memory_lab.work()

    assert len(memory_lab.deliveries()) == 1


def test_young_sendings_are_left_to_their_own_order(memory_lab: Lab) -> None:
    """While the office works, only what has waited long is ordered anew."""
    sending = memory_lab.send_and_check(DATA)
    with memory_lab.office.store.write() as tx:
        tx.put_sending(replace(sending, state="checking"))

    assert start.reorder(memory_lab.office, came_before=sending.received_at) == 0
    assert start.reorder(memory_lab.office, came_before=MIDNIGHT) == 1
    assert start.reorder(memory_lab.office, came_before=MIDNIGHT) == 0


def test_a_tick_does_what_has_fallen_due(memory_lab: Lab) -> None:
    """Decides at the deadline, closes at the closing."""
    sending = memory_lab.send_and_check(DATA)
    start.tick(memory_lab.office)
    assert memory_lab.sending(sending.id).state == "to_decide"

    memory_lab.clock.at = MIDNIGHT
    start.tick(memory_lab.office)
    assert memory_lab.sending(sending.id).state == "confirmed_automatically"

    memory_lab.clock.at = CLOSING
    start.tick(memory_lab.office)
    memory_lab.work()
    assert memory_lab.sending(sending.id).state == "handed_over"


def test_an_office_begins_to_work(memory_lab: Lab) -> None:
    """Paused, it takes orders and does none; else it does what waits."""
    answer = memory_lab.send(DATA)
    start.start(memory_lab.office, paused=True)
    assert memory_lab.sending(answer.sending.id).state == "checking"

    start.start(memory_lab.office)
    while memory_lab.office.jobs.waiting():
        pass
    memory_lab.office.jobs.stop(wait_s=5)

    assert memory_lab.sending(answer.sending.id).state == "to_decide"


def test_what_cannot_be_removed_is_told_and_left(memory_lab: Lab) -> None:
    """Tidying up never spoils an act that is done; the next start sweeps."""
    sending = memory_lab.send_and_check(DATA)
    inner = memory_lab.office.objects

    class Stubborn:
        """Objects that cannot be removed."""

        def __getattr__(self, name: str) -> object:
            return getattr(inner, name)

        def remove(self, name: str) -> None:
            raise OSError(name)

    stubborn = Lab(replace(memory_lab.office, objects=Stubborn()), memory_lab.clock)  # type: ignore[arg-type]

    assert stubborn.confirm(sending).state == "confirmed"
    assert "object_left" in memory_lab.events
    assert len(memory_lab.orphans()) == 1
    assert memory_lab.restart().orphans == 1


def test_a_lost_check_is_made_again_and_stops_nobody(lab: Lab) -> None:
    """An index is damaged on the disk when the deadline comes: the others are decided, then this one, and all close."""
    bad, good = lab.send_and_check(DATA), lab.send_and_check(uke(claim(1), claim(2)))
    (file,) = lab.files(bad.id)
    assert file.index_object is not None
    lab.damage(file.index_object, b"?")
    lab.clock.at = MIDNIGHT

    start.tick(lab.office)
    assert (lab.sending(bad.id).state, lab.sending(good.id).state) == ("to_decide", "confirmed_automatically")
    start.tick(lab.office)
    assert lab.sending(bad.id).state == "confirmed_automatically"
    lab.clock.at = CLOSING
    start.tick(lab.office)
    lab.work()

    assert {"handed_over"} == {each.state for each in lab.sendings()}
    assert lab.balance().balanced
    assert lab.sending(bad.id).claimed == 1
    assert "decision_failed" in lab.events
    assert (lab.orphans(), lab.missing()) == (set(), set())


def test_a_file_that_is_lost_with_its_check_claims_nothing(lab: Lab) -> None:
    """Nothing can be made again of it: it is damaged, as it would have been in its first check."""
    sending = lab.send_and_check(DATA)
    (file,) = lab.files(sending.id)
    assert file.index_object is not None
    for name in (file.index_object, f"files/{file.id}"):
        lab.damage(name, b"?")
    lab.clock.at = MIDNIGHT

    start.tick(lab.office)
    start.tick(lab.office)

    assert (lab.sending(sending.id).state, lab.sending(sending.id).claimed) == ("confirmed_automatically", 0)
    assert "file_damaged" in lab.events
