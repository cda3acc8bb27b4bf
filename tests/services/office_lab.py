"""An office on a bench: real services over real adapters, with a clock that the test sets."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from builders import CITY, ELDERLY, INSTITUTION_ID, NHI, SOCIETY, WELFARE
from seikyu.adapters.jobs_dbos import DbosJobs
from seikyu.adapters.memory import MemoryStore
from seikyu.adapters.memory_jobs import MemoryJobs
from seikyu.adapters.memory_objects import MemoryObjects
from seikyu.adapters.objects_local import LocalObjects
from seikyu.adapters.sql import SqlStore, open_store
from seikyu.office.calendar import JST, Calendar, load_calendar
from seikyu.office.charge import payer_id
from seikyu.office.ledger import Balance
from seikyu.ports.errors import LineBroken
from seikyu.ports.jobs import Work
from seikyu.ports.register import Party
from seikyu.ports.store import Delivery, File, Sending
from seikyu.ports.trust import ClientIdentity
from seikyu.services import close, decide, start
from seikyu.services.arrival import Stated
from seikyu.services.check import check_sending
from seikyu.services.examine import examine_object
from seikyu.services.ledger import balance_of
from seikyu.services.office import Office
from seikyu.services.receive import Answer, Terms, receive

KEY = b"k" * 32
BODY = "1"
MONTH = "202609"
OTHER_INSTITUTION = "9910112359"
PAYERS = tuple(payer_id(number) for number in (SOCIETY, ELDERLY, NHI, CITY, WELFARE))

#: Days of the national calendar that tests live on.
OPEN = datetime(2026, 9, 6, 10, 0, tzinfo=JST)
LAST_MINUTE = datetime(2026, 9, 10, 23, 59, tzinfo=JST)
MIDNIGHT = datetime(2026, 9, 11, 0, 0, tzinfo=JST)
CORRECTIONS = datetime(2026, 9, 11, 10, 0, tzinfo=JST)
CLOSING = datetime(2026, 9, 12, 21, 0, tzinfo=JST)


@dataclass
class LabClock:
    """A clock that stands still until it is set."""

    at: datetime = OPEN

    def now(self) -> datetime:
        """Return the time it was set to."""
        return self.at


@dataclass
class LabIds:
    """Ids that count up, so that a failing example fails the same way again."""

    last: int = 0

    def new(self) -> str:
        """Return the next one."""
        self.last += 1
        return f"{self.last:026d}"


def institution(party: str = INSTITUTION_ID) -> ClientIdentity:
    """Return what a sender's certificate says."""
    return ClientIdentity(serial="1", party=party, kind="institution", terminal="pc-1")


def payer(party: str) -> ClientIdentity:
    """Return what a payer's certificate says."""
    return ClientIdentity(serial="2", party=party, kind="payer", terminal="pc-2")


OPERATOR = ClientIdentity(serial="3", party="operator", kind="operator", terminal="desk")


async def whole(data: bytes, *, piece: int = 1000) -> AsyncIterator[bytes]:
    """Yield a body that arrives."""
    for at in range(0, len(data), piece):
        yield data[at : at + piece]


async def broken(data: bytes, *, after: int) -> AsyncIterator[bytes]:
    """Yield a body whose line breaks after so many bytes."""
    async for piece in whole(data[:after], piece=50):
        yield piece
    raise LineBroken("the test pulled the plug")


@dataclass
class Lab:
    """An office and short words for what happens in it."""

    office: Office
    clock: LabClock
    events: list[str] = field(default_factory=list)

    def send(self, data: bytes, *, party: str = INSTITUTION_ID, stated: Stated | None = None, **terms: Any) -> Answer:
        """Send a file."""
        return asyncio.run(
            receive(self.office, identity=institution(party), terms=Terms(**terms), body=whole(data), stated=stated)
        )

    def work(self) -> None:
        """Do what is ordered."""
        jobs = self.office.jobs
        if isinstance(jobs, MemoryJobs):
            jobs.run_waiting()
            return
        for work, act in ((Work.CHECK_SENDING, check_sending), (Work.CLOSE_MONTH, close.carry_out_close)):
            for subject in sorted(jobs.unfinished(work)):
                act(self.office, subject)

    def send_and_check(self, data: bytes, **terms: Any) -> Sending:
        """Send a file, have it checked and return it."""
        answer = self.send(data, **terms)
        self.work()
        return self.sending(answer.sending.id)

    def confirm(self, sending: Sending, errors: str = "with") -> Sending:
        """Confirm as its institution."""
        return decide.confirm(self.office, institution(sending.party), sending.id, errors)

    def close(self, *, body: str = BODY, month: str = MONTH, force: bool = False) -> None:
        """Close the month."""
        close.request_close(self.office, body, month, force=force)
        self.work()

    def restart(self) -> start.Started:
        """Begin anew as after a kill: what lived in memory is gone."""
        return start.clean_up(self.office)

    def sending(self, sending_id: str) -> Sending:
        """Return a sending as it is now."""
        with self.office.store.read() as tx:
            found = tx.sending(sending_id)
        assert found is not None
        return found

    def sendings(self) -> list[Sending]:
        """Return every sending."""
        with self.office.store.read() as tx:
            return tx.sendings()

    def files(self, sending_id: str) -> list[File]:
        """Return the files of a sending."""
        with self.office.store.read() as tx:
            return tx.files(sending_id)

    def deliveries(self, **wanted: Any) -> list[Delivery]:
        """Return deliveries, newest first."""
        with self.office.store.read() as tx:
            return tx.deliveries(**wanted)

    def balance(self, *, body: str = BODY, month: str = MONTH) -> Balance:
        """Return the trial balance."""
        with self.office.store.read() as tx:
            return balance_of(tx, body, month)

    def names(self) -> list[str]:
        """Return every object that is there."""
        return list(self.office.objects.names())

    def orphans(self) -> set[str]:
        """Return the objects that no row speaks of."""
        with self.office.store.read() as tx:
            return set(self.names()) - tx.object_names()

    def missing(self) -> set[str]:
        """Return the objects that rows speak of and that are not there."""
        with self.office.store.read() as tx:
            return tx.object_names() - set(self.names())

    def read(self, name: str) -> bytes:
        """Return an object's bytes."""
        with self.office.objects.open(name) as source:
            return source.read()

    def damage(self, name: str, data: bytes) -> None:
        """Let the disk change an object behind the office's back."""
        if isinstance(self.office.objects, MemoryObjects):
            self.office.objects.committed[name] = data
        else:
            path = self.office.objects.local_path(name)
            assert path is not None
            path.write_bytes(data)


def register(office: Office, *, payers: Iterable[str] = PAYERS) -> None:
    """Enter the parties."""
    since = datetime(2026, 4, 1, tzinfo=JST)
    with office.store.write() as tx:
        for party in (INSTITUTION_ID, OTHER_INSTITUTION):
            tx.put_party(Party(party, "institution", "見本診療所", since, address="見本県見本市"))
        for party in payers:
            tx.put_party(Party(party, "payer", "見本保険者", since))
        tx.put_party(Party("operator", "operator", "見本", since))


def make_lab(where: Path | None = None, *, calendar: str = "national", wrap: Any = None) -> Lab:
    """Return an office in memory, or on SQLite and a folder if `where` is given; `wrap` may replace its ports."""
    clock = LabClock()
    store: MemoryStore | SqlStore
    if where is None:
        store = MemoryStore()
        objects: Any = MemoryObjects()
        jobs: Any = MemoryJobs(store)
    else:
        store = open_store(where / "office.sqlite")
        objects, jobs = LocalObjects(where / "objects"), DbosJobs(store)
    told: list[str] = []
    office = Office(
        store=store,
        objects=objects,
        jobs=jobs,
        clock=clock,
        ids=LabIds(),
        checker=partial(examine_object, objects, KEY),
        calendar=partial(load_named, calendar),
        identity_key=KEY,
        sandbox=calendar == "sandbox",
        tell=lambda event, **facts: told.append(event),
    )
    register(office)
    if wrap is not None:
        office = wrap(office)
    start.register(office)
    return Lab(office, clock, told)


_CALENDARS = {name: load_calendar(name) for name in ("national", "sandbox")}


def load_named(name: str) -> Calendar:
    """Return one of our calendars without reading it each time."""
    return _CALENDARS[name]


def with_limits(lab: Lab, **limits: int) -> Lab:
    """Return the lab with other limits."""
    limited = replace(lab, office=replace(lab.office, limits=limits))
    start.register(limited.office)
    return limited


def later(lab: Lab, **by: float) -> None:
    """Let time pass."""
    lab.clock.at += timedelta(**by)
