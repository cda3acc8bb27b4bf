"""Rows, objects and work in memory: the same promises as the real ones, but for one process and until it ends.

For tests and for looking at things. Nothing here is canned: transactions roll back, names are written once, orders
commit with their transaction, and the contract suites run over all of it.
"""

import hashlib
import io
import itertools
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Final, Self, TypeVar

from seikyu.adapters.memory_accounts import AccountTables, MemoryAccountsRead, MemoryAccountsWrite
from seikyu.adapters.memory_acme import AcmeTables, MemoryAcmeRead, MemoryAcmeWrite
from seikyu.adapters.memory_announcements import (
    AnnouncementTables,
    MemoryAnnouncementsRead,
    MemoryAnnouncementsWrite,
)
from seikyu.adapters.memory_contact import ContactTables, MemoryContactRead, MemoryContactWrite
from seikyu.adapters.memory_correcting import CorrectingTables, MemoryCorrectingRead, MemoryCorrectingWrite
from seikyu.adapters.memory_enrolment import EnrolmentTables, MemoryEnrolmentRead, MemoryEnrolmentWrite
from seikyu.adapters.memory_events import EventTables, MemoryEventsRead, MemoryEventsWrite
from seikyu.adapters.memory_operating import MemoryOperatingRead, MemoryOperatingWrite, OperatingTables
from seikyu.adapters.memory_people import MemoryPeopleRead, MemoryPeopleWrite, PeopleTables
from seikyu.adapters.memory_register import MemoryRegisterRead, MemoryRegisterWrite, RegisterTables
from seikyu.office.delivery.history import DeliveryStep
from seikyu.ports.errors import AlreadyThere, NoSpace, NotThere, TooLong, Unavailable
from seikyu.ports.jobs import Work, WorkOrder
from seikyu.ports.objects import Stored, checked_name
from seikyu.ports.store import Delivery, File, Month, Notice, NoticeStep, Posting, Sending, WriteTx
from seikyu.ports.watching import Coming, NobodyWatches, Watching

Row = TypeVar("Row")

_OVER: Final = ("cancelled", "refused", "undone")
_WAIT_S: Final = 10.0
_LOOK_S: Final = 0.05  # How often a thread without work looks for some, should the bell fail it.
_DAY_S: Final = 86_400

_log = logging.getLogger("seikyu.jobs")


@dataclass(frozen=True)
class _Tables(
    PeopleTables,
    RegisterTables,
    AccountTables,
    EnrolmentTables,
    AcmeTables,
    EventTables,
    OperatingTables,
    AnnouncementTables,
    CorrectingTables,
    ContactTables,
):
    """All rows at one moment. A commit makes a new value; whoever reads keeps the old one."""

    notices: dict[str, Notice] = field(default_factory=dict)
    notice_steps: dict[tuple[str, int], NoticeStep] = field(default_factory=dict)
    sendings: dict[str, Sending] = field(default_factory=dict)
    files: dict[str, File] = field(default_factory=dict)
    months: dict[tuple[str, str, str], Month] = field(default_factory=dict)
    postings: dict[str, Posting] = field(default_factory=dict)
    deliveries: dict[str, Delivery] = field(default_factory=dict)
    delivery_steps: dict[tuple[str, int], DeliveryStep] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)
    sequences: dict[str, int] = field(default_factory=dict)
    orders: dict[str, "_Order"] = field(default_factory=dict)

    def copy(self) -> "_Tables":
        """Return tables that can change without changing these; rows are frozen and may be shared."""
        return _Tables(**{name: dict(table) for name, table in vars(self).items()})


@dataclass(frozen=True)
class _Order:
    """A work order and how far it is: waiting, done or failed, and since when."""

    order: WorkOrder
    state: str = "waiting"
    over_at_s: float = 0.0


class MemoryReadTx(
    MemoryPeopleRead,
    MemoryRegisterRead,
    MemoryAccountsRead,
    MemoryEnrolmentRead,
    MemoryAcmeRead,
    MemoryEventsRead,
    MemoryOperatingRead,
    MemoryAnnouncementsRead,
    MemoryCorrectingRead,
    MemoryContactRead,
):
    """One consistent view of the rows (ports.store.ReadTx)."""

    def __init__(self, tables: _Tables) -> None:
        self.tables = tables

    def notice(self, notice_id: str) -> Notice | None:
        """Return the notice of that id."""
        return self.tables.notices.get(notice_id)

    def notices(
        self, *, party: str | None = None, state: str | None = None, after: str | None = None, limit: int | None = None
    ) -> list[Notice]:
        """Return notices, newest first."""
        return _page(_matching(self.tables.notices, party=party, state=state), after=after, limit=limit)

    def notice_by_key(self, party: str, idempotency_key: str) -> Notice | None:
        """Return what that key of the party filed."""
        found = _matching(self.tables.notices, party=party, idempotency_key=idempotency_key)
        return found[0] if found else None

    def open_notice(self, party: str, digest: str, states: tuple[str, ...]) -> Notice | None:
        """Return the newest notice of the party with that digest that is in one of these states."""
        found = _matching(self.tables.notices, party=party, digest=digest)
        return max((one for one in found if one.state in states), key=lambda one: one.id, default=None)

    def notice_steps(self, notice_id: str) -> list[NoticeStep]:
        """Return the history of a notice in its order."""
        return sorted(_matching(self.tables.notice_steps, notice=notice_id), key=lambda step: step.no)

    def sending(self, sending_id: str) -> Sending | None:
        """Return the sending of that id."""
        return self.tables.sendings.get(sending_id)

    def sendings(  # noqa: PLR0913  (each is one filter of the list)
        self,
        *,
        party: str | None = None,
        body: str | None = None,
        month: str | None = None,
        line: str | None = None,
        kind: str | None = None,
        states: tuple[str, ...] = (),
        after: str | None = None,
        limit: int | None = None,
    ) -> list[Sending]:
        """Return sendings, newest first."""
        found = _matching(self.tables.sendings, party=party, body=body, month=month, line=line, kind=kind)
        wanted = [sending for sending in found if not states or sending.state in states]
        return _page(wanted, after=after, limit=limit)

    def sending_by_key(self, party: str, idempotency_key: str) -> Sending | None:
        """Return what that key of the party made."""
        found = _matching(self.tables.sendings, party=party, idempotency_key=idempotency_key)
        return found[0] if found else None

    def repeat_of(self, party: str, digest: str) -> Sending | None:
        """Return the newest sending with that digest that is neither cancelled, refused nor undone."""
        found = _matching(self.tables.sendings, party=party, digest=digest)
        return max((one for one in found if one.state not in _OVER), key=lambda one: one.id, default=None)

    def has_sent(self, party: str, sha256: str) -> bool:
        """Return whether a living sending of the party has a file with that digest."""
        living = {one.id for one in _matching(self.tables.sendings, party=party) if one.state not in _OVER}
        return any(file.sending in living for file in _matching(self.tables.files, sha256=sha256))

    def files(self, sending_id: str) -> list[File]:
        """Return the files of a sending in their order."""
        return sorted(_matching(self.tables.files, sending=sending_id), key=lambda file: file.no)

    def file(self, file_id: str) -> File | None:
        """Return the file of that id."""
        return self.tables.files.get(file_id)

    def object_names(self) -> set[str]:
        """Return the names of every object that a row speaks of."""
        files, deliveries = self.tables.files.values(), self.tables.deliveries
        named = {name for file in files for name in (file.index_object, file.findings_object) if name is not None}
        sealed = {f"{kind}/{name}" for kind in ("deliveries", "provenance") for name in deliveries}
        return {f"files/{file.id}" for file in files} | named | sealed

    def month(self, body: str, month: str, line: str) -> Month | None:
        """Return a body's month."""
        return self.tables.months.get((body, month, line))

    def months(self, *, body: str | None = None) -> list[Month]:
        """Return months, newest first."""
        found = sorted(_matching(self.tables.months, body=body), key=lambda month: (month.body, month.line))
        return sorted(found, key=lambda month: month.month, reverse=True)

    def postings(self, body: str, month: str, line: str, *, payer: str | None = None) -> list[Posting]:
        """Return the ledger of a body's month, or one payer's part of it, in the order of posting."""
        return _matching(self.tables.postings, body=body, month=month, line=line, payer=payer)

    def months_of_payer(self, payer: str, line: str) -> list[tuple[str, str]]:
        """Return body and month of whatever was posted to the payer, newest month first."""
        found = {(row.body, row.month) for row in _matching(self.tables.postings, payer=payer, line=line)}
        return sorted(sorted(found), key=lambda each: each[1], reverse=True)

    def delivery_steps(self, *delivery_ids: str) -> list[DeliveryStep]:
        """Return the histories of these deliveries, each in its order."""
        found = [step for step in self.tables.delivery_steps.values() if step.delivery in delivery_ids]
        return sorted(found, key=lambda step: (step.delivery, step.no))

    def delivery(self, delivery_id: str) -> Delivery | None:
        """Return the delivery of that id."""
        return self.tables.deliveries.get(delivery_id)

    def deliveries(
        self,
        *,
        payer: str | None = None,
        body: str | None = None,
        month: str | None = None,
        line: str | None = None,
        after: str | None = None,
        limit: int | None = None,
    ) -> list[Delivery]:
        """Return deliveries, newest first."""
        found = _matching(self.tables.deliveries, payer=payer, body=body, month=month, line=line)
        return _page(found, after=after, limit=limit)

    def states(self) -> dict[str, dict[str, int]]:
        """Return how many rows with a state are in which."""
        tables: dict[str, Iterable[Sending | Month | Delivery]] = {
            "sendings": self.tables.sendings.values(),
            "months": self.tables.months.values(),
            "deliveries": self.tables.deliveries.values(),
        }
        return {name: dict(Counter(row.state for row in rows)) for name, rows in tables.items()}

    def count_ending(self, after: datetime, before: datetime) -> int:
        """Return how many certificates end by themselves in between, that nothing has taken over from yet."""
        over = {one.serial for one in self.tables.issued.values() if one.superseded_at is not None}
        return sum(
            row.revoked_at is None and after < row.not_after <= before and row.serial not in over
            for row in self.tables.certificates.values()
        )

    def setting(self, name: str) -> str | None:
        """Return a small value."""
        return self.tables.settings.get(name)


class MemoryWriteTx(
    MemoryReadTx,
    MemoryPeopleWrite,
    MemoryRegisterWrite,
    MemoryAccountsWrite,
    MemoryEnrolmentWrite,
    MemoryAcmeWrite,
    MemoryCorrectingWrite,
    MemoryEventsWrite,
    MemoryOperatingWrite,
    MemoryAnnouncementsWrite,
    MemoryContactWrite,
):
    """A transaction that writes (ports.store.WriteTx)."""

    def add_notice(self, notice: Notice, first: NoticeStep) -> None:
        """Insert a notice with the first line of its history. Errors: AlreadyThere."""
        if notice.idempotency_key is not None and self.notice_by_key(notice.party, notice.idempotency_key):
            raise AlreadyThere("a notice with that key is already there")
        _insert(self.tables.notices, notice)
        self._append(first)

    def move_notice(self, notice: Notice, step: NoticeStep) -> None:
        """Write where a notice stands now, and append to its history. Errors: NotThere, AlreadyThere."""
        _replace(self.tables.notices, notice)
        self._append(step)

    def _append(self, step: NoticeStep) -> None:
        """Append to a history. Errors: AlreadyThere."""
        if (step.notice, step.no) in self.tables.notice_steps:
            raise AlreadyThere("that line of the history is already there")
        self.tables.notice_steps[step.notice, step.no] = step

    def add_sending(self, sending: Sending, files: list[File]) -> None:
        """Insert a sending with its files. Errors: AlreadyThere."""
        _insert(self.tables.sendings, sending)
        self._check_key(sending)
        for file in files:
            _insert(self.tables.files, file)
            self._check_place(file)

    def put_sending(self, sending: Sending) -> None:
        """Replace a sending. Errors: NotThere, AlreadyThere."""
        _replace(self.tables.sendings, sending)
        self._check_key(sending)

    def put_file(self, file: File) -> None:
        """Replace a file. Errors: NotThere, AlreadyThere."""
        _replace(self.tables.files, file)
        self._check_place(file)

    def _check_key(self, sending: Sending) -> None:
        """Refuse a second sending for one idempotency key. Errors: AlreadyThere."""
        key = sending.idempotency_key
        if key is not None and len(_matching(self.tables.sendings, party=sending.party, idempotency_key=key)) > 1:
            raise AlreadyThere("a sending with that key is already there")

    def _check_place(self, file: File) -> None:
        """Refuse a file without a sending, or a second file of one number. Errors: NotThere, AlreadyThere."""
        if file.sending not in self.tables.sendings:
            raise NotThere("a file speaks of a sending that is not there")
        if len(_matching(self.tables.files, sending=file.sending, no=file.no)) > 1:
            raise AlreadyThere("a file with that number is already there")

    def next_number(self, sequence: str, step: int = 1) -> int:
        """Return the next number of a gapless sequence and move it on by `step`."""
        last = self.tables.sequences.get(sequence, 0)
        self.tables.sequences[sequence] = last + step
        return last + 1

    def put_month(self, month: Month) -> None:
        """Insert or replace a month."""
        self.tables.months[month.body, month.month, month.line] = month

    def add_postings(self, postings: list[Posting]) -> None:
        """Append to the ledger. Errors: AlreadyThere."""
        for posting in postings:
            _insert(self.tables.postings, posting)

    def remove_unsealed(self, body: str, month: str, line: str) -> list[Delivery]:
        """Remove the deliveries still `sealing`; return them."""
        found = _matching(self.tables.deliveries, body=body, month=month, line=line, state="sealing")
        for delivery in found:
            del self.tables.deliveries[delivery.id]
        return sorted(found, key=lambda delivery: delivery.id)

    def put_delivery(self, delivery: Delivery) -> None:
        """Insert or replace a delivery. Errors: AlreadyThere, if another has that payer, kind and volume."""
        if any(_volume(other) == _volume(delivery) and other.id != delivery.id for other in self.deliveries()):
            raise AlreadyThere("a delivery of that volume is already there")
        self.tables.deliveries[delivery.id] = delivery

    def put_delivery_step(self, step: DeliveryStep) -> None:
        """Insert a line of a delivery's history, or replace the one of its number."""
        self.tables.delivery_steps[step.delivery, step.no] = step

    def put_setting(self, name: str, value: str) -> None:
        """Write a small value."""
        self.tables.settings[name] = value


class MemoryStore:
    """The rows of one office (ports.store.Store)."""

    def __init__(self, *, wait_s: float = _WAIT_S) -> None:
        self._tables = _Tables()
        self._turn = threading.Lock()
        self._writer: int | None = None
        self._wait_s = wait_s

    @contextmanager
    def read(self) -> Iterator[MemoryReadTx]:
        """Give one consistent view."""
        yield MemoryReadTx(self._tables)

    @contextmanager
    def write(self) -> Iterator[MemoryWriteTx]:
        """Give a transaction that commits at the end of the block; an exception rolls it back."""
        if self._writer == threading.get_ident():
            raise RuntimeError("a thread that writes cannot begin another transaction that writes")
        if not self._turn.acquire(timeout=self._wait_s):
            raise Unavailable("the writers before this one take too long")
        self._writer = threading.get_ident()
        try:
            tx = MemoryWriteTx(self._tables.copy())
            yield tx
            self._tables = tx.tables
        finally:
            self._writer = None
            self._turn.release()

    def close(self) -> None:
        """Do nothing: there is nothing to close."""


class MemoryObjects:
    """Objects in a dictionary (ports.objects.ObjectStore), with as much room as is given."""

    def __init__(self, *, room_bytes: int = 1 << 30) -> None:
        self.committed: dict[str, bytes] = {}
        self.arriving: dict[str, MemoryWriter] = {}
        self._room = room_bytes
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    def writer(self, name: str, *, limit_bytes: int) -> "MemoryWriter":
        """Begin an object."""
        writer = MemoryWriter(self, checked_name(name), limit_bytes=limit_bytes, growing=str(next(self._numbers)))
        self.arriving[writer.growing] = writer
        return writer

    def open(self, name: str) -> BinaryIO:
        """Open an object for reading, seekable. Errors: NotThere."""
        return io.BytesIO(self._bytes(name))

    def follow(self, growing: str, *, name: str) -> "MemoryGrowing":
        """Open what a writer is writing, or the object `name` if it has become that. Errors: NotThere."""
        writer = self.arriving.get(growing)
        body = writer.body if writer is not None else None
        return MemoryGrowing(self, name, self._bytes(name) if body is None else body, writer)

    def local_path(self, name: str) -> Path | None:
        """Return None: there is no file."""
        checked_name(name)
        return None

    def size_bytes(self, name: str) -> int:
        """Return the length. Errors: NotThere."""
        return len(self._bytes(name))

    def remove(self, name: str) -> None:
        """Remove. Harmless if it is not there."""
        self.committed.pop(checked_name(name), None)

    def names(self, prefix: str = "") -> Iterator[str]:
        """Yield the names of committed objects that begin with `prefix`, in order."""
        yield from sorted(name for name in list(self.committed) if name.startswith(prefix))

    def sweep(self, *, own: bool = False) -> int:
        """Return 0: what was half written died with its process."""
        del own
        return 0

    def free_bytes(self) -> int:
        """Return how much room is left."""
        return self._room - sum(map(len, list(self.committed.values())))

    def publish(self, name: str, body: bytes) -> None:
        """Give bytes their name. Errors: AlreadyThere."""
        with self._lock:
            if name in self.committed:
                raise AlreadyThere(f"{name} is already there")
            self.committed[name] = body

    def _bytes(self, name: str) -> bytes:
        """Return an object's bytes. Errors: NotThere."""
        try:
            return self.committed[checked_name(name)]
        except KeyError:
            raise NotThere(f"there is no object {name}") from None


class MemoryWriter:
    """An object on its way in (ports.objects.ObjectWriter)."""

    def __init__(self, objects: MemoryObjects, name: str, *, limit_bytes: int, growing: str) -> None:
        self._objects = objects
        self._name = name
        self._limit = limit_bytes
        self.growing = growing
        self.body: bytearray | None = bytearray()
        self._size = 0
        self._digest = hashlib.sha256()

    @property
    def size_bytes(self) -> int:
        """How many bytes have been written so far."""
        return self._size

    def write(self, data: bytes) -> None:
        """Append. Errors: TooLong, NoSpace; the object is discarded then."""
        body = self._opened()
        self._size += len(data)
        if self._size > self._limit:
            self.discard()
            raise TooLong(f"more than {self._limit} bytes", limit_bytes=self._limit)
        if self._size > self._objects.free_bytes():
            self.discard()
            raise NoSpace("the room for objects is full")
        body += data
        self._digest.update(data)

    def flush(self) -> None:
        """Do nothing: who follows reads what has been written."""
        self._opened()

    def sha256(self) -> str:
        """Return the digest of what has been written so far, lower-case hex."""
        return self._digest.hexdigest()

    def commit(self, *, name: str | None = None) -> Stored:
        """Make the object visible. Errors: AlreadyThere; no byte is left behind then."""
        self._name = checked_name(name or self._name)
        body = self._opened()
        try:
            self._objects.publish(self._name, bytes(body))
        finally:
            self.discard()
        return Stored(self._name, self._size, self.sha256())

    def discard(self) -> None:
        """Leave no byte behind. Harmless when repeated and after `commit`."""
        self.body = None
        self._objects.arriving.pop(self.growing, None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *reason: object) -> None:
        self.discard()

    def _opened(self) -> bytearray:
        """Return what has come so far. Errors: ValueError after commit or discard (a bug)."""
        if self.body is None:
            raise ValueError(f"{self._name} is committed or discarded already")
        return self.body


class MemoryGrowing:
    """The bytes of an object on its way in (ports.objects.Growing)."""

    def __init__(self, objects: MemoryObjects, name: str, body: bytes | bytearray, writer: MemoryWriter | None) -> None:
        self._objects = objects
        self._name = name
        self._body = body
        self._writer = writer
        self._read = 0

    @property
    def gone(self) -> bool:
        """Whether the object was discarded, or removed since."""
        writing = self._writer is not None and self._writer.body is not None
        return not writing and self._name not in self._objects.committed

    def read(self, size_bytes: int) -> bytes:
        """Return the next bytes that can be read, at most so many."""
        piece = bytes(self._body[self._read : self._read + size_bytes])
        self._read += len(piece)
        return piece

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *reason: object) -> None:
        """Do nothing: there is nothing to close."""


class MemoryJobs:
    """Work orders among the rows of a MemoryStore (ports.jobs.Jobs): done by a thread, or by `run_waiting`."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self._handlers: dict[Work, Callable[[str], None]] = {}
        self._bell = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def register(self, work: Work, handler: Callable[[str], None]) -> None:
        """Say who does `work`."""
        self._handlers[work] = handler

    def submit(self, tx: WriteTx, order: WorkOrder) -> None:
        """Order work as part of `tx`."""
        if not isinstance(tx, MemoryWriteTx):
            raise TypeError("orders in memory commit with rows in memory")
        tx.tables.orders.setdefault(order.key, _Order(order))
        self._bell.set()

    def start(self, *, paused: bool = False) -> None:
        """Begin a thread that does what is waiting, unless `paused`."""
        self._stopping.clear()
        if not paused:
            self._thread = threading.Thread(target=self._work, name="memory-jobs", daemon=True)
            self._thread.start()

    def stop(self, *, wait_s: float) -> None:
        """Finish what is under way; the rest stays waiting."""
        self._stopping.set()
        self._bell.set()
        if self._thread is not None:
            self._thread.join(wait_s)
            self._thread = None

    def unfinished(self, work: Work) -> set[str]:
        """Return the subjects of the orders of `work` that are not done yet."""
        return {one.order.subject for one in self._waiting() if one.order.work == work}

    def waiting(self) -> int:
        """Return how many orders are not done yet."""
        return len(self._waiting())

    def purge(self, *, kept_days: int) -> int:
        """Forget orders that were finished more than `kept_days` ago; return how many."""
        before = time.time() - kept_days * _DAY_S
        with self._store.write() as tx:
            orders = tx.tables.orders
            over = [key for key, one in orders.items() if one.state != "waiting" and one.over_at_s < before]
            for key in over:
                del orders[key]
        return len(over)

    def run_waiting(self) -> None:
        """Do everything that waits, here and now.

        Errors: whatever a handler raises; its order has failed then, or goes on waiting if it was Unavailable.
        """
        while orders := self._waiting():
            self._run(orders[0].order)

    def _work(self) -> None:
        """Do orders until told to stop. A handler that raises ends its order, not the thread."""
        while not self._stopping.is_set():
            orders = self._waiting()
            if not orders:
                self._bell.wait(_LOOK_S)
                self._bell.clear()
                continue
            try:
                self._run(orders[0].order)
            except Unavailable as error:
                self._stopping.wait(error.retry_after_s)
            except Exception:  # noqa: BLE001 - the door of the worker: a bug ends its order, not the queue
                _log.error("%s of %s failed", orders[0].order.work, orders[0].order.subject)

    def _run(self, order: WorkOrder) -> None:
        """Do one order and mark it as done; as failed, if its handler raises for good."""
        state = "failed"
        try:
            self._handlers[order.work](order.subject)
            state = "done"
        except Unavailable:
            state = "waiting"
            raise
        finally:
            with self._store.write() as tx:
                tx.tables.orders[order.key] = _Order(order, state, time.time())

    def _waiting(self) -> list[_Order]:
        """Return the orders that are not done yet, oldest first."""
        with self._store.read() as tx:
            return [one for one in tx.tables.orders.values() if one.state == "waiting"]


class MemoryWatching:
    """Hands notes of what arrives straight on (ports.watching.Watching); without a listener they are lost."""

    def __init__(self, listener: Watching | None = None) -> None:
        self.listener: Watching = listener or NobodyWatches()

    def begin(self, coming: Coming) -> None:
        """A file has begun to arrive."""
        self.listener.begin(coming)

    def end(self, file_id: str, *, size_bytes: int, sha256: str) -> None:
        """Its last byte is there."""
        self.listener.end(file_id, size_bytes=size_bytes, sha256=sha256)

    def gone(self, file_id: str) -> None:
        """It is given up."""
        self.listener.gone(file_id)


def _matching(table: dict[Any, Row], **wanted: Any) -> list[Row]:
    """Return the rows that have every wanted value that is not None, in the order of insertion."""
    conditions = [(name, value) for name, value in wanted.items() if value is not None]
    return [row for row in list(table.values()) if all(getattr(row, name) == value for name, value in conditions)]


def _page(rows: list[Row], *, after: str | None, limit: int | None) -> list[Row]:
    """Return rows newest first, from behind `after`, at most `limit`."""
    newest = sorted(rows, key=lambda row: row.id, reverse=True)  # type: ignore[attr-defined]
    return [row for row in newest if after is None or row.id < after][:limit]  # type: ignore[attr-defined]


def _insert(table: dict[str, Row], row: Row) -> None:
    """Insert by id. Errors: AlreadyThere."""
    if row.id in table:  # type: ignore[attr-defined]
        raise AlreadyThere("a row of that name is already there")
    table[row.id] = row  # type: ignore[attr-defined]


def _replace(table: dict[str, Row], row: Row) -> None:
    """Replace by id. Errors: NotThere."""
    if row.id not in table:  # type: ignore[attr-defined]
        raise NotThere("no row of that name")
    table[row.id] = row  # type: ignore[attr-defined]


def _volume(delivery: Delivery) -> tuple[str, str, str, str, str, int]:
    """Return what no two deliveries share."""
    return delivery.body, delivery.month, delivery.line, delivery.payer, delivery.kind, delivery.volume
