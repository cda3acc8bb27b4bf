"""Rows in memory: the same promises as the real ones, but for one process and until it ends.

For tests and for looking at things. Nothing here is canned: transactions roll back, and the contract suites run over
all of it. Objects and work in memory are `memory_objects` and `memory_jobs`.
"""

import logging
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TypeVar

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
from seikyu.ports.errors import AlreadyThere, NotThere, Unavailable
from seikyu.ports.jobs import WorkOrder
from seikyu.ports.store import Delivery, File, Month, Notice, NoticeStep, Posting, Sending

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
    orders: dict[str, "MemoryOrder"] = field(default_factory=dict)

    def copy(self) -> "_Tables":
        """Return tables that can change without changing these; rows are frozen and may be shared."""
        return _Tables(**{name: dict(table) for name, table in vars(self).items()})


@dataclass(frozen=True)
class MemoryOrder:
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
