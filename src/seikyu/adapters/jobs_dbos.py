"""Durable work through dbos: its tables lie in our database, so an order commits with the rows it belongs to.

How an order lives: `submit` writes it with the caller's own connection. The library's queue thread looks for new orders
every POLL_S seconds, claims up to PREFETCH of them and runs each on a thread; `at_once` of those work, the others wait
for a place. When a handler returns, the order is marked as done. When the process dies, what it had claimed is claimed
again by the next one, which has the same EXECUTOR name. So a handler may run twice, and must be idempotent.

What the library would do otherwise and may not: its version of us is set by hand (else it is a hash of the source, and
an upgrade strands what waits); it makes no logger of its own; its error texts hold the class of an error, never its
message, because a message may hold a personal item.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from dbos import DBOS, DBOSClient, WorkflowSerializationFormat
from sqlalchemy.exc import SQLAlchemyError

from seikyu.adapters.sql.engine import errors_told
from seikyu.adapters.sql.store import SqlStore, SqlWriteTx
from seikyu.ports.errors import Unavailable
from seikyu.ports.jobs import Work, WorkOrder
from seikyu.ports.store import WriteTx

#: How long a new order waits at most until it is seen. Measured: 0.2 s costs about one per cent of a core when idle.
POLL_S: Final = 0.2

#: Orders claimed at once: the queue is looked at only every POLL_S, and small orders must not wait for that each.
PREFETCH: Final = 32

#: The longest wait before an order is tried again that could not be done now (disk full, database locked).
RETRY_S: Final = 30

#: How long the record of what was done is kept, and how often older ones are looked for.
KEPT_DAYS: Final = 30
PURGE_S: Final = 6 * 3600.0

_APPLICATION: Final = "seikyu"
_VERSION: Final = "1"  # Changes only with the meaning of an order that may be waiting; then old orders need a reader.
_EXECUTOR: Final = "office"
_QUEUE: Final = "work"
_WAITING: Final = ("ENQUEUED", "PENDING", "DELAYED")
_OVER: Final = ("SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED")
_PURGED_AT_ONCE: Final = 500  # The library deletes by lists of ids; a list has its limits.

_log = logging.getLogger("seikyu.jobs")


class WorkFailed(Exception):
    """A handler raised for good. Shape: the text is the class of its error only."""


class _PutBack(BaseException):
    """Ends an order without an outcome: it stays claimed by us and is done after the next start.

    No Exception, or the library would mark the order as failed.
    """


class DbosJobs:
    """A queue in the store's own database (ports.jobs.Jobs). One may be started per process."""

    def __init__(
        self, store: SqlStore, *, at_once: int = 2, kept_days: int = KEPT_DAYS, poll_s: float = POLL_S
    ) -> None:
        _quiet()
        self._store = store
        self._at_once = at_once
        self._kept_days = kept_days
        self._poll_s = poll_s
        self._handlers: dict[Work, Callable[[str], None]] = {}
        self._started = False
        self._stopping = False
        self._busy = 0
        self._line: list[object] = []
        self._last_done = 0.0
        self._change = threading.Condition()
        self._purger: threading.Thread | None = None
        with errors_told():
            DBOS.migrate(store.engine.url.render_as_string(hide_password=False))
        self._client = DBOSClient(system_database_engine=store.engine, application_name=_APPLICATION, lazy=True)

    def register(self, work: Work, handler: Callable[[str], None]) -> None:
        """Say who does `work`. All handlers are registered before `start`."""
        self._handlers[work] = handler

    def submit(self, tx: WriteTx, order: WorkOrder) -> None:
        """Order work as part of `tx`: it is done if and only if `tx` commits. A known key orders nothing."""
        if not isinstance(tx, SqlWriteTx):
            raise TypeError("orders commit with rows in the same database")
        self._client.enqueue_in_transaction(
            tx.connection,
            {
                "workflow_name": order.work,
                "queue_name": _QUEUE,
                "workflow_id": order.key,
                "app_version": _VERSION,
                "serialization_type": WorkflowSerializationFormat.PORTABLE,  # JSON; by default it would pickle.
            },
            order.subject,
        )

    def start(self, *, paused: bool = False) -> None:
        """Take up what is waiting and what a dead process left. `paused`: accept orders but do none."""
        if paused:
            return
        for work in self._handlers:
            self._make_workflow(work)
        DBOS(
            config={
                "name": _APPLICATION,
                "application_version": _VERSION,
                "executor_id": _EXECUTOR,
                "system_database_engine": self._store.engine,
                "log_level": "WARNING",
                "enable_otlp": False,
            }
        )
        self._stopping = False
        with errors_told():
            # Before the launch: the library looks for queues only now and then.
            self._client.register_queue(
                _QUEUE, worker_concurrency=max(PREFETCH, self._at_once), polling_interval_sec=self._poll_s
            )
            DBOS.launch()
        self._started = True
        self._purger = threading.Thread(target=self._purge_now_and_then, name="jobs-purge", daemon=True)
        self._purger.start()

    def stop(self, *, wait_s: float) -> None:
        """Let handlers at work finish for `wait_s`; what has not begun, or is not finished by then, is put back."""
        with self._change:
            self._stopping = True
            self._change.notify_all()
            self._change.wait_for(lambda: self._busy == 0, timeout=wait_s)
            # The library notes an outcome a moment after the handler is back, and waits for that in whole seconds.
            moment_s = 1 if self._busy == 0 and time.monotonic() - self._last_done < 1 else 0
        if self._purger is not None:
            self._purger.join(wait_s)
            self._purger = None
        if self._started:
            self._started = False
            DBOS.destroy(workflow_completion_timeout_sec=moment_s, destroy_registry=True)

    def unfinished(self, work: Work) -> set[str]:
        """Return the subjects of the orders of `work` that are not done yet and have not failed for good."""
        found = self._client.list_workflows(
            name=work.value, queue_name=_QUEUE, status=list(_WAITING), load_output=False
        )
        return {str(one.input["args"][0]) for one in found if one.input is not None}

    def waiting(self) -> int:
        """Return how many orders are not done yet."""
        orders = sa.table("workflow_status", sa.column("queue_name"), sa.column("status"))
        count = sa.select(sa.func.count()).where(orders.c.queue_name == _QUEUE, orders.c.status.in_(_WAITING))
        with errors_told(), self._store.engine.connect() as connection:
            return int(connection.execute(count).scalar_one())

    def purge(self, *, kept_days: int) -> int:
        """Forget orders that were finished more than `kept_days` ago; return how many. Their keys are free again."""
        before = (datetime.now(UTC) - timedelta(days=kept_days)).isoformat()
        purged = 0
        while over := self._client.list_workflows(
            status=list(_OVER), completed_before=before, limit=_PURGED_AT_ONCE, load_input=False, load_output=False
        ):
            self._client.delete_workflows([one.workflow_id for one in over])
            purged += len(over)
        return purged

    def _make_workflow(self, work: Work) -> None:
        """Tell the library what to call for orders of `work`."""

        @DBOS.workflow(name=work.value)
        def run(subject: str) -> None:
            self._do(work, subject)

    def _do(self, work: Work, subject: str) -> None:
        """Do one order; try again while the reason is one that passes."""
        while (wait_s := self._try(work, subject)) is not None:
            with self._change:
                self._change.wait_for(lambda: self._stopping, timeout=wait_s)

    def _purge_now_and_then(self) -> None:
        """Forget old orders until we stop: the library keeps them for ever."""
        while not self._stopping:
            try:
                self.purge(kept_days=self._kept_days)
            except (SQLAlchemyError, Unavailable) as error:
                _log.warning("old orders are not purged now: %s", getattr(error, "code", None))
            with self._change:
                self._change.wait_for(lambda: self._stopping, timeout=PURGE_S)

    def _try(self, work: Work, subject: str) -> float | None:
        """Call the handler once. Return None when it is done, or after how many seconds to try again.

        Errors: WorkFailed, if the handler raised; the order has failed then.
        """
        with self._place():
            try:
                self._handlers[work](subject)
            except Unavailable as error:
                _log.warning("%s of %s must wait: %s", work, subject, error.code)
                return min(error.retry_after_s, RETRY_S)
            except Exception as error:  # noqa: BLE001 - the door of the worker: a bug ends its order, not the queue
                if self._stopping:  # What a handler leans on may be going down already.
                    raise _PutBack from None
                _log.error("%s of %s failed: %s", work, subject, _where(error))
                raise WorkFailed(type(error).__name__) from None
        return None

    @contextmanager
    def _place(self) -> Iterator[None]:
        """Hold one of the `at_once` places; who came first is the next. Errors: _PutBack, if we are told to stop."""
        with self._change:
            here = object()
            self._line.append(here)
            self._change.wait_for(lambda: self._stopping or (self._busy < self._at_once and self._line[0] is here))
            self._line.remove(here)
            if self._stopping:
                raise _PutBack
            self._busy += 1
            self._change.notify_all()
        try:
            yield
        finally:
            with self._change:
                self._busy -= 1
                self._last_done = time.monotonic()
                self._change.notify_all()


def _where(error: BaseException) -> str:
    """Return an error's class and the line that raised it: enough to find a bug, and nothing that was in a file."""
    trace: Any = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = "" if trace is None else f" at {trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
    return f"{type(error).__name__}{place}"


def _quiet() -> None:
    """Let the library's log go where ours goes: with a handler there, it makes none of its own."""
    logger = logging.getLogger("dbos")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
        logger.addFilter(_is_news)
        logger.setLevel(logging.WARNING)


def _is_news(record: logging.LogRecord) -> bool:
    """Return False for a failed order, which we have told of ourselves."""
    return record.exc_info is None or not isinstance(record.exc_info[1], WorkFailed)
