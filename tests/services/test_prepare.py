"""A check that is prepared while the file arrives: used if it is exactly the order's, and else as if it had never been."""

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import pytest

from builders import INSTITUTION_ID, claim, uke
from seikyu.adapters.memory_jobs import MemoryJobs, MemoryWatching
from seikyu.adapters.memory_objects import MemoryObjects
from seikyu.adapters.objects_local import LocalObjects
from seikyu.ports.errors import LineBroken, NoSpace, NotFound, Unavailable
from seikyu.ports.jobs import Work
from seikyu.ports.watching import Progress
from seikyu.records import Month
from seikyu.rules.masters import Masters
from seikyu.rules.summary import Summary
from seikyu.services import start, upload
from seikyu.services.arrivals import hear, list_arrivals
from seikyu.services.check import check_again
from seikyu.services.examine import CheckOrder, examine_object
from seikyu.services.office import Office
from seikyu.services.prepare import Preparations
from seikyu.services.receive import Terms, receive
from services.office_lab import (
    KEY,
    OPERATOR,
    OTHER_INSTITUTION,
    Lab,
    broken,
    institution,
    later,
    make_lab,
    whole,
    with_limits,
)

GOOD = uke(*(claim(no) for no in range(1, 30)))
LONG = uke(*(claim(no) for no in range(1, 1800)))
FAULTY = GOOD.replace(b"06990014", b"06990015")
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(range(256)) * 1000


@dataclass
class Watched:
    """An office with somebody who prepares checks."""

    lab: Lab
    line: MemoryWatching
    preparations: Preparations
    orders: list[CheckOrder]

    @property
    def events(self) -> list[str]:
        """What became of preparations."""
        return [event for event in self.lab.events if event.startswith("preparation") or event == "checked_anew"]

    def idle(self) -> bool:
        """Wait until nothing is prepared any more; return whether it came to that, and nothing is half written."""
        eventually(lambda: self.preparations.look() or not (len(self.preparations) or arriving(self.lab)))
        return True


def watched(lab: Lab, **limits: int) -> Watched:
    """Return the office with somebody who prepares checks, and what is checked otherwise."""
    if limits:
        lab = with_limits(lab, **limits)
    line, orders = MemoryWatching(), list[CheckOrder]()
    plain = lab.office.checker

    def noted(order: CheckOrder) -> Summary:
        orders.append(order)
        return plain(order)

    office = replace(lab.office, watching=line, checker=noted)
    preparations = Preparations(office, report=partial(hear, office))
    line.listener = preparations
    office = replace(office, checker=preparations.check)
    start.register(office)
    return Watched(replace(lab, office=office), line, preparations, orders)


def eventually(test: Callable[[], object]) -> None:
    """Wait for another thread."""
    until = time.monotonic() + 10
    while not test():
        assert time.monotonic() < until, "it did not come to that"
        time.sleep(0.005)


def arriving(lab: Lab) -> list[Any]:
    """Return what is half written."""
    objects: Any = getattr(lab.office.objects, "inner", lab.office.objects)
    return list(objects.arriving) if isinstance(objects, MemoryObjects) else list(objects._arriving.iterdir())


def result(lab: Lab, sending_id: str) -> list[Any]:
    """Return all that a check has made of a sending, names aside."""
    made: list[Any] = []
    for file in lab.files(sending_id):
        assert file.index_object
        assert file.findings_object
        made += [file.refused, file.summary, lab.read(file.index_object), lab.read(file.findings_object)]
    row = lab.sending(sending_id)
    return [*made, row.state, row.claims, row.refused, row.ask, row.findings]


@pytest.mark.parametrize(
    "data", [GOOD, LONG, FAULTY, JPEG, b"", b"hello"], ids=["good", "long", "faulty", "jpeg", "-", "no"]
)
@pytest.mark.parametrize("asp", [True, False])
def test_a_prepared_result_is_the_one_that_the_check_would_make(lab: Lab, data: bytes, *, asp: bool) -> None:
    """Index, findings, counts and state are the same bytes and numbers; nobody examines the file again."""
    plain = make_lab()
    expected = result(plain, plain.send_and_check(data, asp=asp).id)
    office = watched(lab)

    sending = office.lab.send_and_check(data, asp=asp)

    assert expected == result(office.lab, sending.id)
    assert ["preparation_used"] == office.events
    assert [] == office.orders
    assert office.idle()
    assert set() == office.lab.orphans() | office.lab.missing()


def test_a_prepared_result_is_used_once(lab: Lab) -> None:
    """What is lost of it later is examined anew."""
    office = watched(lab)
    sending = office.lab.send_and_check(GOOD)
    expected = result(office.lab, sending.id)

    check_again(office.lab.office, sending.id)

    assert expected == result(office.lab, sending.id)
    assert ["preparation_used", "checked_anew"] == office.events


ORDERS: dict[str, Callable[[CheckOrder], CheckOrder]] = {
    "the terms": lambda order: replace(order, asp=False),
    "the body": lambda order: replace(order, context=replace(order.context, body="2-13")),
    "the months": lambda order: replace(
        order, context=replace(order.context, claim_months=frozenset({Month(2026, 1)}))
    ),
    "the name": lambda order: replace(order, context=replace(order.context, file_name="RECEIPTD.UKE")),
}


@pytest.mark.parametrize("differs", ORDERS)
def test_a_result_for_other_circumstances_is_not_used(lab: Lab, differs: str) -> None:
    """Whatever differs between what was foreseen and the order: the file is checked as the order says."""
    office = watched(lab)
    sending = office.lab.send(GOOD).sending
    check = office.lab.office.checker

    changed = replace(office.lab.office, checker=lambda order: check(ORDERS[differs](order)))
    start.register(changed)
    replace(office.lab, office=changed).work()

    assert 1 == len(office.orders)
    assert ["preparation_dropped", "checked_anew"] == office.events
    assert office.idle()
    assert "checking" != office.lab.sending(sending.id).state
    assert set() == office.lab.orphans() | office.lab.missing()


def test_a_result_by_other_masters_is_not_used(lab: Lab) -> None:
    """A master came between: the file is judged by those that are there when its order is carried out."""
    office = watched(lab)
    versions = [Masters(), Masters()]
    office.preparations._office = replace(office.preparations._office, masters=lambda: versions[0])
    office.lab.send(GOOD)
    eventually(lambda: ready_ones(office) == 1)
    versions.reverse()

    office.lab.work()

    assert 1 == len(office.orders)
    assert ["preparation_dropped", "checked_anew"] == office.events
    assert office.idle()


def test_a_result_for_other_bytes_is_not_used(lab: Lab) -> None:
    """What was read while it arrived and what was received differ: the order's word counts, and the check finds out."""
    office = watched(lab)
    sending = office.lab.send(GOOD).sending
    with office.lab.office.store.write() as tx:
        (file,) = tx.files(sending.id)
        tx.put_file(replace(file, sha256="0" * 64))

    office.lab.work()

    (file,) = office.lab.files(sending.id)
    assert json.loads(file.summary or "")["damaged"]
    assert ["preparation_dropped", "checked_anew"] == office.events
    assert office.idle()


@pytest.mark.parametrize("lost", ["begin", "end", "gone"])
def test_a_note_that_is_lost_costs_time_only(lab: Lab, lost: str) -> None:
    """The order itself says where the end is, and an object that is gone says so itself."""
    office = watched(lab)
    setattr(office.line, lost, lambda *_, **__: None)
    with pytest.raises(LineBroken):
        send_broken(office.lab, GOOD)

    sending = office.lab.send_and_check(GOOD)

    assert "to_decide" == sending.state
    assert office.idle()
    expected = {"begin": ["checked_anew"], "end": ["preparation_dropped", "preparation_used"]}
    assert sorted(expected.get(lost, expected["end"])) == sorted(office.events)


def send_broken(lab: Lab, data: bytes, *, after: int = 9000) -> None:
    """Send a part of a file. Errors: LineBroken."""
    body = broken(data, after=after)
    asyncio.run(receive(lab.office, identity=institution(), terms=Terms(), body=body))


@pytest.mark.parametrize("after", [0, 1, 5000, 66_000, 300_000])
def test_a_broken_line_leaves_nothing(lab: Lab, after: int) -> None:
    """However far it came: no draft, no temporary, no entry."""
    office = watched(lab)

    with pytest.raises(LineBroken):
        send_broken(office.lab, LONG, after=after)

    assert office.idle()
    assert [] == office.lab.names()
    assert {} == office.lab.office.desk.arrivals
    assert ["preparation_dropped"] == office.events


def test_a_repeat_leaves_no_preparation(lab: Lab) -> None:
    """What was there before is not asked for again."""
    office = watched(lab)
    office.lab.send_and_check(GOOD)

    assert office.lab.send(GOOD).repeat

    assert office.idle()
    assert ["preparation_used", "preparation_dropped"] == office.events


def test_every_file_of_an_upload_is_prepared(lab: Lab) -> None:
    """Their results are ready before the sending is; the sending has the counts of all."""
    office = watched(lab)
    files = [GOOD, LONG]

    async def steps() -> str:
        begun = await upload.begin(office.lab.office, identity=institution(), terms=Terms(), files=2)
        for no, data in enumerate(files, start=1):
            await put(office.lab, begun.id, no, data)
        await asyncio.to_thread(eventually, lambda: all_told(office.lab, [29, 1799]))
        return (await upload.finish(office.lab.office, identity=institution(), upload_id=begun.id)).sending.id

    sending = asyncio.run(steps())
    office.lab.work()

    assert 1828 == office.lab.sending(sending).claims
    assert ["preparation_used"] * 2 == office.events
    assert {} == office.lab.office.desk.arrivals
    assert office.idle()


async def put(lab: Lab, upload_id: str, no: int, data: bytes) -> None:
    """Put a file into an upload."""
    await upload.put_file(lab.office, identity=institution(), upload_id=upload_id, no=no, body=whole(data))


def all_told(lab: Lab, claims: list[int]) -> bool:
    """Return whether so many claims have been seen in the files that arrive, by number."""
    page = list_arrivals(lab.office, institution(), limit=10)
    return claims == [item["claims"] for item in sorted(page.items, key=lambda item: item["no"])]


@pytest.mark.parametrize("way", ["expired", "erased", "replaced"])
def test_an_upload_that_ends_otherwise_leaves_nothing(lab: Lab, way: str) -> None:
    """Past its life, by a file that breaks off, or by another in a file's place: its preparations go with the bytes."""
    office = watched(lab)

    async def steps() -> None:
        begun = await upload.begin(office.lab.office, identity=institution(), terms=Terms(), files=2)
        await put(office.lab, begun.id, 1, GOOD)
        if way == "replaced":
            await put(office.lab, begun.id, 1, FAULTY)
            await asyncio.to_thread(eventually, lambda: office.events == ["preparation_dropped"])
        if way == "erased":
            with suppress(LineBroken):
                body = broken(GOOD, after=100)
                await upload.put_file(office.lab.office, identity=institution(), upload_id=begun.id, no=2, body=body)
        later(office.lab, hours=2)
        upload.drop_expired(office.lab.office)
        with pytest.raises(NotFound):
            await upload.finish(office.lab.office, identity=institution(), upload_id=begun.id)

    asyncio.run(steps())

    assert office.idle()
    assert [] == office.lab.names()
    assert {} == office.lab.office.desk.arrivals


@pytest.mark.parametrize("limit", ["preparations", "preparations_per_party"])
def test_past_the_limit_files_are_checked_when_they_are_in(lab: Lab, limit: str) -> None:
    """One holds the only place; the other waits for nobody."""
    office = watched(lab, **{limit: 1})

    async def steps() -> None:
        begun = await upload.begin(office.lab.office, identity=institution(), terms=Terms(), files=1)
        await put(office.lab, begun.id, 1, GOOD)
        answer = await receive(office.lab.office, identity=institution(), terms=Terms(), body=whole(LONG))
        await asyncio.to_thread(office.lab.work)
        assert "to_decide" == office.lab.sending(answer.sending.id).state

    asyncio.run(steps())

    assert ["preparation_dropped", "checked_anew"] == office.events


class FullObjects:
    """Objects on a disk that has no room for what checks write, after so many objects."""

    def __init__(self, inner: Any, *, room: int) -> None:
        self.inner = inner
        self.room = room

    def writer(self, name: str, **named: Any) -> Any:
        """Begin an object, if there is room for it. Errors: NoSpace."""
        if not name.startswith("files/"):
            self.room -= 1
            if self.room < 0:
                raise NoSpace
        return self.inner.writer(name, **named)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


@pytest.mark.parametrize("room", [0, 1])
def test_a_full_disk_ends_a_preparation_and_nothing_else(lab: Lab, room: int) -> None:
    """The file is received all the same; its check waits for room, as every check does."""
    full: Any = FullObjects(lab.office.objects, room=room)
    full_office = replace(lab.office, objects=full, checker=partial(examine_object, full, KEY))
    office = watched(replace(lab, office=full_office))
    sending = office.lab.send(GOOD).sending
    eventually(lambda: office.events == ["preparation_dropped"])
    assert office.idle()
    with pytest.raises(NoSpace):
        do_check(office.lab, sending.id)
    assert "checking" == office.lab.sending(sending.id).state
    full.room = 10

    do_check(office.lab, sending.id)

    assert "to_decide" == office.lab.sending(sending.id).state
    assert set() == office.lab.orphans() | office.lab.missing()


def do_check(lab: Lab, sending_id: str) -> None:
    """Carry out the order of a check once."""
    from seikyu.services.check import check_sending

    check_sending(lab.office, sending_id)


def test_a_disk_that_is_nearly_full_prepares_nothing(memory_lab: Lab) -> None:
    """What room is left is for what is ordered."""
    office = watched(memory_lab)
    office.preparations._office = replace(office.preparations._office, limits={"free_bytes": 1 << 40})

    office.lab.send(GOOD)

    assert ["preparation_dropped"] == office.events
    assert 0 == len(office.preparations)


def test_a_fault_of_the_checker_ends_a_preparation_without_a_word_of_the_file(memory_lab: Lab) -> None:
    """The order's own check meets it again, and that is where it is told."""
    told: list[Any] = []
    office = watched(memory_lab)
    office.preparations._office = replace(
        office.preparations._office, identity_key=b"x" * 100, tell=lambda event, **facts: told.append((event, facts))
    )

    office.lab.send_and_check(GOOD)

    assert ("preparation_dropped", "bug_ValueError") == (told[0][0], told[0][1]["reason"])
    assert 1 == len(office.orders)


def test_without_a_thread_nothing_is_prepared(memory_lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine at its end receives and checks on."""
    start_thread = threading.Thread.start

    def refuse(thread: threading.Thread) -> None:
        if thread.name == "preparation":
            raise RuntimeError("can't start new thread")
        start_thread(thread)

    office = watched(memory_lab)
    monkeypatch.setattr(threading.Thread, "start", refuse)

    sending = office.lab.send_and_check(GOOD)

    assert "to_decide" == sending.state
    assert ["preparation_dropped", "checked_anew"] == office.events


def test_a_stop_leaves_nothing(lab: Lab) -> None:
    """What is under way and what is ready is let go of; the next worker checks anew."""
    office = watched(lab)

    async def steps() -> str:
        ready = (await receive(office.lab.office, identity=institution(), terms=Terms(), body=whole(GOOD))).sending
        await asyncio.to_thread(eventually, lambda: ready_ones(office) == 1)
        begun = await upload.begin(office.lab.office, identity=institution(), terms=Terms(), files=1)
        hanging = asyncio.create_task(
            upload.put_file(
                office.lab.office, identity=institution(), upload_id=begun.id, no=1, body=silent_after(LONG[:70_000])
            )
        )
        await asyncio.to_thread(eventually, lambda: len(office.preparations) == 2)
        await asyncio.to_thread(office.preparations.stop, wait_s=10)
        assert 0 == len(office.preparations)
        hanging.cancel()
        with suppress(asyncio.CancelledError):
            await hanging
        return ready.id

    sending = asyncio.run(steps())

    assert not arriving(office.lab)
    with pytest.raises(Unavailable):
        do_check(office.lab, sending)
    assert not arriving(office.lab)
    again = watched(lab)
    again.lab.work()
    assert "to_decide" == again.lab.sending(sending).state
    assert 1 == len(again.orders)


def ready_ones(office: Watched) -> int:
    """Return how many results are ready."""
    return sum(one.done.is_set() for one in list(office.preparations._by_file.values()))


async def silent_after(data: bytes) -> AsyncIterator[bytes]:
    """Yield a body whose line falls silent."""
    yield data
    await asyncio.sleep(3600)


# --- what can be seen while it arrives ---


async def while_it_arrives(office: Watched, data: bytes, *, at: int, look: Callable[[], Any]) -> Any:
    """Send a file, and before its rest goes off wait for what `look` shows; return that."""
    seen: list[Any] = []

    async def body() -> AsyncIterator[bytes]:
        yield data[:at]
        await asyncio.to_thread(eventually, look)
        seen.append(look())
        yield data[at:]

    await receive(office.lab.office, identity=institution(), terms=Terms(idempotency_key="k"), body=body())
    return seen[0]


def arrivals(office: Office, party: str = INSTITUTION_ID) -> list[dict[str, Any]]:
    """Return what a party sees arriving."""
    return list_arrivals(office, institution(party), limit=10).items


FAR = LONG.index(b"\r\nRE,", 200_000) + 2


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (LONG[:FAR] + LONG[: LONG.index(b"\n") + 1] + LONG[FAR:], "X1011"),
        (LONG[:FAR] + b"SY,\0\r\n" + LONG[FAR:], "X1006"),
    ],
    ids=["a second header", "a control byte"],
)
def test_what_refuses_a_file_far_behind_its_beginning_is_told_before_it_ends(lab: Lab, data: bytes, code: str) -> None:
    """Two files glued together, or zeros of a broken disk, in the middle."""
    office = watched(lab)

    def look() -> Any:
        return [item for item in arrivals(office.lab.office) if item["refused"]]

    (item,) = asyncio.run(while_it_arrives(office, data, at=340_000, look=look))
    office.lab.work()

    assert code == item["refused"]["code"]
    assert 340_000 == item["received_bytes"]
    assert "refused" == office.lab.sendings()[0].state


@pytest.mark.parametrize(
    ("data", "code", "line"),
    [
        (JPEG, "X1004", None),
        (LONG.replace(b"IR,1,99,1,0112342", b"IR,2,99,1,0112342"), None, None),
        (LONG.replace(b"IR,1,99,1,0112342", b"IR,1,99,1,0112359"), "X1019", 1),
        (LONG.replace(b"202609,00", b"202501,00", 1), "X1021", 1),
        (LONG[:300] + b"\r\nRE,x" + LONG[300:], "L1910", 2),
    ],
    ids=["an image", "another federation", "another institution", "an old month", "a claim number"],
)
def test_a_file_that_is_certain_to_be_refused_is_told_before_it_ends(
    lab: Lab, data: bytes, code: str | None, line: int | None
) -> None:
    """The verdict is there while the rest is still on its way, and it is what the check says in the end."""
    office = watched(lab)
    data = data + b"\r\n" * 10 if len(data) < 80_000 else data

    def look() -> Any:
        return [item for item in arrivals(office.lab.office) if item["refused"] or code is None]

    (item,) = asyncio.run(while_it_arrives(office, data, at=70_000, look=look))
    office.lab.work()

    if code is None:
        assert item["refused"] is None
        return
    assert (code, "L1") == (item["refused"]["code"], item["refused"]["level"])
    assert line is None or item["refused"]["line"] >= line
    assert item["refused"]["message"]
    assert item["refused"]["message_ja"]
    assert "refused" == office.lab.sendings()[0].state
    assert ["preparation_used"] == office.events


def test_how_far_a_file_is_can_be_seen_by_its_own_party(lab: Lab) -> None:
    """Bytes, claims and findings so far; to another party it is not there, to the operator it is."""
    office = watched(lab)
    data = LONG.replace(b"06990014", b"06990015", 1)

    def look() -> Any:
        items = arrivals(office.lab.office)
        others = arrivals(office.lab.office, OTHER_INSTITUTION)
        everybody = list_arrivals(office.lab.office, OPERATOR, limit=10).items
        return (items, others, everybody) if items and items[0]["claims"] > 100 else None

    (item,), others, everybody = asyncio.run(while_it_arrives(office, data, at=300_000, look=look))

    assert [] == others
    assert [item["id"]] == [each["id"] for each in everybody]
    assert 300_000 == item["received_bytes"]
    assert (None, None, None, False, None) == tuple(
        item[name] for name in ("stated_bytes", "upload", "no", "ended", "refused")
    )
    assert ("real", "k", INSTITUTION_ID) == (item["line"], item["idempotency_key"], item["party"])
    assert item["findings"]["L3"] >= 1
    assert [] == arrivals(office.lab.office)


def test_the_list_of_what_arrives_has_pages(memory_lab: Lab) -> None:
    """Newest first, as every list."""
    office = watched(memory_lab)

    async def steps() -> None:
        begun = await upload.begin(office.lab.office, identity=institution(), terms=Terms(), files=3)
        for no in (1, 2, 3):
            await put(office.lab, begun.id, no, GOOD)

    asyncio.run(steps())
    first = list_arrivals(office.lab.office, institution(), limit=2)
    rest = list_arrivals(office.lab.office, institution(), limit=2, cursor=first.next)

    assert [3, 2, 1] == [item["no"] for item in [*first.items, *rest.items]]
    assert rest.next is None


def test_what_is_said_of_a_file_that_is_not_there_is_nothing(memory_lab: Lab) -> None:
    """A report that comes late changes nothing."""
    hear(memory_lab.office, Progress("gone"))

    assert {} == memory_lab.office.desk.arrivals


def test_the_queue_is_left_as_it_was(lab: Lab) -> None:
    """A prepared check is ordered like every other, so a kill before it is carried out loses nothing."""
    office = watched(lab)
    sending = office.lab.send(GOOD).sending

    assert {sending.id} == office.lab.office.jobs.unfinished(Work.CHECK_SENDING)
    assert isinstance(office.lab.office.objects, LocalObjects | MemoryObjects)
    if isinstance(office.lab.office.jobs, MemoryJobs):
        office.lab.office.jobs.run_waiting()
        assert set() == office.lab.office.jobs.unfinished(Work.CHECK_SENDING)
