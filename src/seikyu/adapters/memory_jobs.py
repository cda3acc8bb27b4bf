"""Work and watching in memory: orders commit with their transaction, and are done by a thread or by hand."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Final

from seikyu.adapters.memory import MemoryOrder, MemoryStore, MemoryWriteTx
from seikyu.ports.errors import Unavailable
from seikyu.ports.jobs import Work, WorkOrder
from seikyu.ports.store import WriteTx
from seikyu.ports.watching import Coming, NobodyWatches, Watching

_LOOK_S: Final = 0.05  # How often a thread without work looks for some, should the bell fail it.
_DAY_S: Final = 86_400

_log = logging.getLogger("seikyu.jobs")


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
        tx.tables.orders.setdefault(order.key, MemoryOrder(order))
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
                tx.tables.orders[order.key] = MemoryOrder(order, state, time.time())

    def _waiting(self) -> list[MemoryOrder]:
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
