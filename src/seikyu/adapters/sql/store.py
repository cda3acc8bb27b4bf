"""Transactions over the rows. The statements themselves stand in one module per aggregate."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from seikyu.adapters.sql import deliveries, ledger, notices, sendings, values
from seikyu.adapters.sql.accounts import SqlAccountsRead, SqlAccountsWrite
from seikyu.adapters.sql.acme import SqlAcmeRead, SqlAcmeWrite
from seikyu.adapters.sql.announcements import SqlAnnouncementsRead, SqlAnnouncementsWrite
from seikyu.adapters.sql.contact import SqlContactRead, SqlContactWrite
from seikyu.adapters.sql.correcting import SqlCorrectingRead, SqlCorrectingWrite
from seikyu.adapters.sql.engine import begin_read, begin_write, errors_told
from seikyu.adapters.sql.enrolment import SqlEnrolmentRead, SqlEnrolmentWrite
from seikyu.adapters.sql.events import SqlEventsRead, SqlEventsWrite
from seikyu.adapters.sql.operating import SqlOperatingRead, SqlOperatingWrite
from seikyu.adapters.sql.people import SqlPeopleRead, SqlPeopleWrite
from seikyu.adapters.sql.register import SqlRegisterRead, SqlRegisterWrite
from seikyu.adapters.sql.waiting import SqlWaitingRead, SqlWaitingWrite
from seikyu.office.delivery.history import DeliveryStep
from seikyu.ports.errors import Unavailable
from seikyu.ports.store import Delivery, File, Month, Notice, NoticeStep, Posting, Sending


class SqlReadTx(
    SqlPeopleRead,
    SqlRegisterRead,
    SqlAccountsRead,
    SqlEnrolmentRead,
    SqlAcmeRead,
    SqlEventsRead,
    SqlOperatingRead,
    SqlAnnouncementsRead,
    SqlCorrectingRead,
    SqlContactRead,
    SqlWaitingRead,
):
    """One consistent view of the rows (ports.store.ReadTx)."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection

    def notice(self, notice_id: str) -> Notice | None:
        """Return the notice of that id."""
        return notices.notice_by_id(self.connection, notice_id)

    def notices(
        self, *, party: str | None = None, state: str | None = None, after: str | None = None, limit: int | None = None
    ) -> list[Notice]:
        """Return notices, newest first."""
        return notices.notices_page(self.connection, party=party, state=state, after=after, limit=limit)

    def notice_by_key(self, party: str, idempotency_key: str) -> Notice | None:
        """Return what that key of the party filed."""
        return notices.notice_by_key(self.connection, party, idempotency_key)

    def open_notice(self, party: str, digest: str, states: tuple[str, ...]) -> Notice | None:
        """Return the newest notice of the party with that digest that is in one of these states."""
        return notices.newest_open(self.connection, party, digest, states=states)

    def notice_steps(self, notice_id: str) -> list[NoticeStep]:
        """Return the history of a notice in its order."""
        return notices.steps_of(self.connection, notice_id)

    def sending(self, sending_id: str) -> Sending | None:
        """Return the sending of that id."""
        return sendings.sending_by_id(self.connection, sending_id)

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
        return sendings.sendings_page(
            self.connection,
            party=party, body=body, month=month, line=line, kind=kind, states=states, after=after,
            limit=limit,
        )  # fmt: skip

    def sending_by_key(self, party: str, idempotency_key: str) -> Sending | None:
        """Return what that key of the party made."""
        return sendings.sending_by_key(self.connection, party, idempotency_key)

    def repeat_of(self, party: str, digest: str) -> Sending | None:
        """Return the newest sending with that digest that is neither cancelled, refused nor undone."""
        return sendings.newest_with_digest(self.connection, party, digest)

    def has_sent(self, party: str, sha256: str) -> bool:
        """Return whether a living sending of the party has a file with that digest."""
        return sendings.has_file(self.connection, party, sha256)

    def files(self, sending_id: str) -> list[File]:
        """Return the files of a sending in their order."""
        return sendings.files_of(self.connection, sending_id)

    def file(self, file_id: str) -> File | None:
        """Return the file of that id."""
        return sendings.file_by_id(self.connection, file_id)

    def object_names(self) -> set[str]:
        """Return the names of every object that a row speaks of."""
        return {*sendings.object_names(self.connection), *deliveries.object_names(self.connection)}

    def month(self, body: str, month: str, line: str) -> Month | None:
        """Return a body's month."""
        return ledger.month_of(self.connection, body, month, line=line)

    def months(self, *, body: str | None = None) -> list[Month]:
        """Return months, newest first."""
        return ledger.all_months(self.connection, body=body)

    def postings(self, body: str, month: str, line: str, *, payer: str | None = None) -> list[Posting]:
        """Return the ledger of a body's month, or one payer's part of it, in the order of posting."""
        return ledger.postings_of(self.connection, body, month, line=line, payer=payer)

    def months_of_payer(self, payer: str, line: str) -> list[tuple[str, str]]:
        """Return body and month of whatever was posted to the payer, newest month first."""
        return ledger.months_of_payer(self.connection, payer, line)

    def delivery_steps(self, *delivery_ids: str) -> list[DeliveryStep]:
        """Return the histories of these deliveries, each in its order."""
        return deliveries.steps_of(self.connection, delivery_ids)

    def delivery(self, delivery_id: str) -> Delivery | None:
        """Return the delivery of that id."""
        return deliveries.delivery_by_id(self.connection, delivery_id)

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
        return deliveries.deliveries_page(
            self.connection, payer=payer, body=body, month=month, line=line, after=after, limit=limit
        )

    def states(self) -> dict[str, dict[str, int]]:
        """Return how many rows with a state are in which."""
        return values.states(self.connection)

    def setting(self, name: str) -> str | None:
        """Return a small value."""
        return values.setting(self.connection, name)


class SqlWriteTx(
    SqlReadTx,
    SqlPeopleWrite,
    SqlRegisterWrite,
    SqlAccountsWrite,
    SqlEnrolmentWrite,
    SqlAcmeWrite,
    SqlContactWrite,
    SqlWaitingWrite,
    SqlEventsWrite,
    SqlOperatingWrite,
    SqlAnnouncementsWrite,
    SqlCorrectingWrite,
):
    """A transaction that writes (ports.store.WriteTx). `connection` is open to other adapters that write with it."""

    def add_notice(self, notice: Notice, first: NoticeStep) -> None:
        """Insert a notice with the first line of its history. Errors: AlreadyThere."""
        notices.add_notice(self.connection, notice, first)

    def move_notice(self, notice: Notice, step: NoticeStep) -> None:
        """Write where a notice stands now, and append to its history. Errors: NotThere, AlreadyThere."""
        notices.move_notice(self.connection, notice, step)

    def add_sending(self, sending: Sending, files: list[File]) -> None:
        """Insert a sending with its files. Errors: AlreadyThere."""
        sendings.add_sending(self.connection, sending, files)

    def put_sending(self, sending: Sending) -> None:
        """Replace a sending. Errors: NotThere."""
        sendings.replace_sending(self.connection, sending)

    def put_file(self, file: File) -> None:
        """Replace a file. Errors: NotThere."""
        sendings.replace_file(self.connection, file)

    def next_number(self, sequence: str, step: int = 1) -> int:
        """Return the next number of a gapless sequence and move it on by `step`."""
        return values.next_number(self.connection, sequence, step=step)

    def put_month(self, month: Month) -> None:
        """Insert or replace a month."""
        ledger.put_month(self.connection, month)

    def add_postings(self, postings: list[Posting]) -> None:
        """Append to the ledger."""
        ledger.add_postings(self.connection, postings)

    def remove_unsealed(self, body: str, month: str, line: str) -> list[Delivery]:
        """Remove the deliveries still `sealing`; return them."""
        return deliveries.take_unsealed(self.connection, body, month, line=line)

    def put_delivery(self, delivery: Delivery) -> None:
        """Insert or replace a delivery."""
        deliveries.put_delivery(self.connection, delivery)

    def put_delivery_step(self, step: DeliveryStep) -> None:
        """Insert a line of a delivery's history, or replace the one of its number."""
        deliveries.put_step(self.connection, step)

    def put_setting(self, name: str, value: str) -> None:
        """Write a small value."""
        values.put_setting(self.connection, name, value)


class SqlStore:
    """The rows of one office in one database (ports.store.Store). Safe from many threads.

    Our writers queue up on a lock of this process, so that they get their turn without polling the file's lock.
    """

    def __init__(self, engine: sa.Engine, *, wait_s: float) -> None:
        self.engine = engine
        self._wait_s = wait_s
        self._turn = threading.Lock()
        self._writer: int | None = None

    @contextmanager
    def read(self) -> Iterator[SqlReadTx]:
        """Give one consistent view."""
        with errors_told(), self.engine.connect() as connection:
            begin_read(connection)
            yield SqlReadTx(connection)

    @contextmanager
    def write(self) -> Iterator[SqlWriteTx]:
        """Give a transaction that commits at the end of the block, durably; an exception rolls it back.

        Errors: Unavailable, if the database stays locked; NoSpace; nothing is written then.
        """
        with self._my_turn(), errors_told(), self.engine.connect() as connection:
            begin_write(connection)
            yield SqlWriteTx(connection)
            connection.commit()

    @contextmanager
    def _my_turn(self) -> Iterator[None]:
        """Wait for the writers before us. Errors: Unavailable; RuntimeError for a write inside a write (a bug)."""
        if self._writer == threading.get_ident():
            raise RuntimeError("a thread that writes cannot begin another transaction that writes")
        if not self._turn.acquire(timeout=self._wait_s):
            raise Unavailable("the writers before this one take too long")
        self._writer = threading.get_ident()
        try:
            yield
        finally:
            self._writer = None
            self._turn.release()

    def close(self) -> None:
        """Close every connection. The last one folds the write-ahead log into the file."""
        self.engine.dispose()
