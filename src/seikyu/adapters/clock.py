"""The office's time: the machine's, or a sandbox's that is moved by hand."""

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from seikyu.ports.clock import Clock
from seikyu.ports.store import ReadTx, Store, WriteTx

JAPAN: Final = ZoneInfo("Asia/Tokyo")

#: The setting beside the rows that moves the clock of a sandbox: a number of seconds, or nothing.
CLOCK: Final = "clock"


class SystemClock:
    """The machine's time, in Japan (ports.clock.Clock)."""

    def now(self) -> datetime:
        """Return the present."""
        return datetime.now(JAPAN)


class MovedClock:
    """A sandbox's time: the machine's, moved by what the rows say; it goes on ticking from where it was put.

    It asks the store each time, so that a move by another process is seen at once.
    """

    def __init__(self, store: Store, *, real: Clock | None = None) -> None:
        self._store = store
        self._real = real or SystemClock()

    def now(self) -> datetime:
        """Return the present as the sandbox has it."""
        with self._store.read() as tx:
            return self._real.now() + moved_by(tx)


def moved_by(tx: ReadTx) -> timedelta:
    """Return how far the rows say that the clock is moved."""
    return timedelta(seconds=float(tx.setting(CLOCK) or 0))


def move_clock(tx: WriteTx, to: datetime, *, real: Clock | None = None) -> None:
    """Put the sandbox's clock to `to`; None of the rows' own times change."""
    moved = to - (real or SystemClock()).now()
    tx.put_setting(CLOCK, str(moved.total_seconds()))
