"""The contract of ports.jobs, over every adapter."""

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from every_adapter import Works

from seikyu.adapters.jobs_dbos import DbosJobs
from seikyu.adapters.sql import open_store
from seikyu.ports.errors import NoSpace, Unavailable
from seikyu.ports.jobs import Work, WorkOrder

LONG_S = 20.0  # How long a test waits for what must happen; it is over as soon as it has.


class Desk:
    """Handlers that note what they are asked to do."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.hold = threading.Event()
        self.hold.set()
        self.begun = threading.Event()

    def check(self, subject: str) -> None:
        """Take an order; wait while told to hold."""
        self.begun.set()
        self.hold.wait()
        self.done.append(subject)


def order(works: Works, subject: str, *, key: str | None = None, work: Work = Work.CHECK_SENDING) -> None:
    """Order work in a transaction of its own."""
    with works.store.write() as tx:
        works.jobs.submit(tx, WorkOrder(work, subject, key or subject))


def until(fact: Callable[[], bool]) -> None:
    """Wait until something is so. Errors: AssertionError."""
    end = time.monotonic() + LONG_S
    while not fact():
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.005)


@pytest.fixture
def desk(works: Works) -> Desk:
    """Return handlers that are registered."""
    desk = Desk()
    works.jobs.register(Work.CHECK_SENDING, desk.check)
    works.jobs.register(Work.CLOSE_MONTH, lambda subject: desk.done.append(f"close {subject}"))
    return desk


def test_what_is_ordered_is_done_once(works: Works, desk: Desk) -> None:
    """By who does that kind of work, with the subject of the order."""
    works.jobs.start()

    order(works, "s1")
    order(works, "2-99/202609", work=Work.CLOSE_MONTH)

    until(lambda: works.jobs.waiting() == 0)
    assert ["close 2-99/202609", "s1"] == sorted(desk.done)


def test_what_was_ordered_before_the_start_is_done_after_it(works: Works, desk: Desk) -> None:
    """Orders wait for somebody to do them."""
    for number in range(5):
        order(works, f"s{number}")
    assert works.jobs.waiting() == 5

    works.jobs.start()

    until(lambda: works.jobs.waiting() == 0)
    assert [f"s{number}" for number in range(5)] == sorted(desk.done)


def test_a_rollback_leaves_no_order(works: Works, desk: Desk) -> None:
    """The order is part of the transaction."""
    works.jobs.start()
    with pytest.raises(KeyError), works.store.write() as tx:
        works.jobs.submit(tx, WorkOrder(Work.CHECK_SENDING, "s1", "s1"))
        raise KeyError

    assert works.jobs.waiting() == 0
    order(works, "s2")

    until(lambda: works.jobs.waiting() == 0)
    assert desk.done == ["s2"]


def test_an_order_is_not_begun_before_its_commit(works: Works, desk: Desk) -> None:
    """Its rows would not be there yet."""
    works.jobs.start()
    with works.store.write() as tx:
        works.jobs.submit(tx, WorkOrder(Work.CHECK_SENDING, "s1", "s1"))
        time.sleep(0.3)
        assert desk.done == []

    until(lambda: desk.done == ["s1"])


def test_two_orders_of_one_key_are_one(works: Works, desk: Desk) -> None:
    """In one transaction, in two, and when the first is done already."""
    with works.store.write() as tx:
        works.jobs.submit(tx, WorkOrder(Work.CHECK_SENDING, "s1", "k"))
        works.jobs.submit(tx, WorkOrder(Work.CHECK_SENDING, "s1", "k"))
    order(works, "s1", key="k")
    assert works.jobs.waiting() == 1

    works.jobs.start()
    until(lambda: works.jobs.waiting() == 0)
    order(works, "s1", key="k")
    assert works.jobs.waiting() == 0
    order(works, "s1", key="k2")

    until(lambda: works.jobs.waiting() == 0)
    assert desk.done == ["s1", "s1"]


def test_unfinished_work_is_named_by_kind(works: Works, desk: Desk) -> None:
    """So that a start can tell what was never ordered from what waits."""
    order(works, "s1")
    order(works, "2-99/202609", work=Work.CLOSE_MONTH)

    assert works.jobs.unfinished(Work.CHECK_SENDING) == {"s1"}
    assert works.jobs.unfinished(Work.CLOSE_MONTH) == {"2-99/202609"}

    works.jobs.start()
    until(lambda: works.jobs.waiting() == 0)
    assert works.jobs.unfinished(Work.CHECK_SENDING) == set()


def test_a_paused_queue_accepts_and_does_nothing(works: Works, desk: Desk) -> None:
    """Until it is started in earnest."""
    works.jobs.start(paused=True)
    order(works, "s1")
    time.sleep(0.3)
    assert (1, []) == (works.jobs.waiting(), desk.done)

    works.jobs.stop(wait_s=1)
    works.jobs.start()

    until(lambda: desk.done == ["s1"])


def test_a_handler_that_raises_fails_its_order_only(works: Works, desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """The order is not done again, the others are done, and the log holds nothing that was in the error."""
    works.jobs.register(Work.CLOSE_MONTH, _raise_with_a_name)
    works.jobs.start()

    order(works, "2-99/202609", work=Work.CLOSE_MONTH)
    order(works, "s1")

    until(lambda: works.jobs.waiting() == 0)
    assert desk.done == ["s1"]
    assert works.jobs.unfinished(Work.CLOSE_MONTH) == set()
    assert "close_month of 2-99/202609 failed" in caplog.text
    assert "見本" not in caplog.text


def _raise_with_a_name(subject: str) -> None:
    raise ValueError("見本　太郎")


def test_a_reason_that_passes_only_delays_the_work(works: Works, desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """A full disk is not the fault of the sending that met it."""
    tries = []

    def full_at_first(subject: str) -> None:
        tries.append(subject)
        if len(tries) < 3:
            raise NoSpace(retry_after_s=0)
        desk.check(subject)

    works.jobs.register(Work.CHECK_SENDING, full_at_first)
    works.jobs.start()

    order(works, "s1")

    until(lambda: works.jobs.waiting() == 0)
    assert (["s1"] * 3, ["s1"]) == (tries, desk.done)
    assert all(record.levelno < logging.ERROR for record in caplog.records)


def test_a_stop_waits_for_what_is_under_way(works: Works, desk: Desk) -> None:
    """It is finished and counted as done; what had not begun still waits, and is done after the next start."""
    works.jobs.start()
    desk.hold.clear()
    for number in range(9):
        order(works, f"s{number}")
    desk.begun.wait(LONG_S)
    threading.Timer(0.3, desk.hold.set).start()

    works.jobs.stop(wait_s=LONG_S)

    done = len(desk.done)
    assert 0 < done < 9
    assert works.jobs.waiting() == 9 - done
    works.jobs.start()
    until(lambda: works.jobs.waiting() == 0)
    assert [f"s{number}" for number in range(9)] == sorted(desk.done)


def test_a_stop_does_not_wait_for_ever(works: Works, desk: Desk) -> None:
    """Work that goes on too long is left; it is still unfinished for the next start."""
    works.jobs.start()
    desk.hold.clear()
    order(works, "s1")
    desk.begun.wait(LONG_S)
    begun_at = time.monotonic()

    works.jobs.stop(wait_s=0.2)

    assert time.monotonic() - begun_at < 5
    assert works.jobs.unfinished(Work.CHECK_SENDING) == {"s1"}
    desk.hold.set()
    until(lambda: desk.done == ["s1"])


def test_purging_forgets_what_is_over(works: Works, desk: Desk) -> None:
    """Not what was finished lately, and never what waits."""
    works.jobs.start()
    order(works, "s1")
    until(lambda: works.jobs.waiting() == 0)
    works.jobs.stop(wait_s=1)
    order(works, "s2")

    assert works.jobs.purge(kept_days=1) == 0
    assert works.jobs.purge(kept_days=-1) == 1
    assert works.jobs.purge(kept_days=-1) == 0
    assert works.jobs.unfinished(Work.CHECK_SENDING) == {"s2"}


def test_an_order_needs_a_transaction_of_its_own_store(works: Works) -> None:
    """Else it could not commit with it."""
    with pytest.raises(TypeError, match="commit with rows"):
        works.jobs.submit(object(), WorkOrder(Work.CHECK_SENDING, "s1", "s1"))  # type: ignore[arg-type]


@pytest.fixture
def durable(tmp_path: Path) -> Iterator[Works]:
    """Return an empty durable queue whose record of what was done is kept for no time at all."""
    store = open_store(tmp_path / "o.sqlite")
    works = Works(DbosJobs(store, kept_days=-1, poll_s=0.05), store)
    yield works
    works.jobs.stop(wait_s=1)
    store.close()


def test_work_that_fails_because_we_stop_is_put_back(durable: Works) -> None:
    """What a handler leans on may be gone by then; the next start does the work."""
    begun, done = threading.Event(), threading.Event()

    def broken_by_the_stop(_subject: str) -> None:
        begun.set()
        until(lambda: durable.jobs._stopping)
        raise BrokenPipeError

    durable.jobs.register(Work.CHECK_SENDING, broken_by_the_stop)
    durable.jobs.start()
    order(durable, "s1")
    begun.wait(LONG_S)

    durable.jobs.stop(wait_s=LONG_S)

    assert durable.jobs.unfinished(Work.CHECK_SENDING) == {"s1"}
    durable.jobs.register(Work.CHECK_SENDING, lambda _: done.set())
    durable.jobs.start()
    assert done.wait(LONG_S)


def test_the_queue_forgets_old_orders_by_itself(durable: Works) -> None:
    """The library would keep them for ever; here it is done at each start, and now and then."""
    done: list[str] = []
    durable.jobs.register(Work.CHECK_SENDING, done.append)
    durable.jobs.start()
    order(durable, "s1")
    until(lambda: durable.jobs.waiting() == 0)
    durable.jobs.stop(wait_s=1)
    order(durable, "s1")
    assert durable.jobs.waiting() == 0

    durable.jobs.start()

    until(lambda: order(durable, "s1") or durable.jobs.waiting() > 0)
    until(lambda: done == ["s1", "s1"])


def test_a_purge_that_cannot_be_made_now_stops_nothing(durable: Works, caplog: pytest.LogCaptureFixture) -> None:
    """It is told, and made later."""
    done: list[str] = []
    durable.jobs.register(Work.CHECK_SENDING, done.append)

    def locked(*_words: object, **_named: object) -> int:
        raise Unavailable

    durable.jobs.purge = locked
    durable.jobs.start()
    order(durable, "s1")

    until(lambda: done == ["s1"] and "unavailable" in caplog.text)


def test_no_order_is_pickled(durable: Works) -> None:
    """What lies in the database can be read by anybody, and runs nothing when it is read."""
    order(durable, "s1")

    with durable.store.read() as tx:
        stored = tx.connection.exec_driver_sql("SELECT inputs FROM workflow_input").scalar()

    assert {"positionalArgs": ["s1"], "namedArgs": {}} == json.loads(stored)
