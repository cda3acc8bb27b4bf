"""The office's working process: checks sendings, closes months, and does what the calendar wants done.

The server starts it and lives beside it, so that receiving stays fast while one core checks. It takes its orders from
the queue in the database alone; on its standard input the server only notes what arrives, so that the check of a file
may be ready when its order comes (`services.prepare`), and on its standard output it says how far that is.

It dies with the server, however that dies: the kernel kills it, and where it cannot, the end of its standard input
does. What it had begun is done again by the next one.
"""

import ctypes
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, BinaryIO, Final

import structlog

from seikyu.adapters.home import open_home
from seikyu.adapters.watching_pipe import PipeReport, hand_on
from seikyu.apps import logs
from seikyu.apps.logs import report_bug
from seikyu.apps.telling import Teller, telling_of
from seikyu.apps.wiring import open_office
from seikyu.ports.errors import Unavailable
from seikyu.services.feed import forget_old
from seikyu.services.office import Office
from seikyu.services.prepare import Preparations
from seikyu.services.retention import retire
from seikyu.services.start import register, reorder, tick

#: How often the calendar is looked at. A sandbox's clock is moved by hand, and somebody watches.
TICK_S: Final = 2.0

#: How often it is looked whether a row waits for work that nobody has any more, and how old such a row is at least.
REORDER_S: Final = 300.0

#: How often objects past their keeping are looked for.
RETIRE_S: Final = 6 * 3600.0

#: How the names of what this process leaves half written begin.
TRADE: Final = "work"

#: How long preparations may take to let go at the end; what they still leave is swept at the next start.
LET_GO_S: Final = 0.5

#: How long work under way may go on once the server stops; less than the server itself waits.
STOP_S: Final = 5.0

_PR_SET_PDEATHSIG: Final = 1

log: Final = structlog.get_logger("seikyu.worker")


def die_with(parent_pid: int) -> None:
    """Have the kernel kill this process when its parent is gone (Linux); elsewhere the standard input must do."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent_pid:
        os._exit(1)


def work(root: Path, *, stop: threading.Event, notes: BinaryIO, report: PipeReport) -> None:
    """Work on the home until `stop`, or until the `notes` of the server end."""
    home = open_home(root)
    logs.set_up(home.logs, file_name="worker.jsonl")

    def tell(event: str, **facts: Any) -> None:
        log.info(event, **facts)
        report.event(event)

    office = open_office(home, tell=tell, trade=TRADE)
    office.objects.sweep(own=True)
    preparations = Preparations(office, report=report.progress)
    office = replace(office, checker=preparations.check)
    register(office)
    office.jobs.start()
    teller = Teller(office, telling_of(home))
    teller.start()
    log.info("working", pid=os.getpid())
    threading.Thread(target=_listen, args=(notes, preparations, stop), daemon=True).start()
    try:
        _tick_until(office, stop, preparations)
    finally:
        teller.stop(wait_s=LET_GO_S)
        office.jobs.stop(wait_s=STOP_S)
        preparations.stop(wait_s=LET_GO_S)
        log.info("stopped", pid=os.getpid())


def _tick_until(office: Office, stop: threading.Event, preparations: Preparations) -> None:
    chores = [
        Chore(TICK_S, tick),
        Chore(TICK_S, lambda _: preparations.look()),
        Chore(REORDER_S, _reorder),
        Chore(RETIRE_S, retire),
        Chore(RETIRE_S, forget_old),
    ]
    while not stop.wait(TICK_S):
        for chore in chores:
            try:
                chore.do_if_due(office)
            except Unavailable as error:
                log.warning("chore_waits", code=error.code)
            except Exception as error:  # noqa: BLE001  (the door of this process: the next time tries again)
                report_bug(error)


class Chore:
    """What is done again and again."""

    def __init__(self, every_s: float, act: Callable[[Office], object]) -> None:
        self._every_s = every_s
        self._act = act
        self._done_at = time.monotonic()

    def do_if_due(self, office: Office) -> None:
        """Do it, unless it was done just now."""
        if time.monotonic() - self._done_at >= self._every_s:
            self._done_at = time.monotonic()
            self._act(office)


def _reorder(office: Office) -> None:
    reorder(office, came_before=office.clock.now() - timedelta(seconds=REORDER_S))


def main() -> None:
    """Run until the standard input ends."""
    root, parent_pid = Path(sys.argv[1]), int(sys.argv[2])
    die_with(parent_pid)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the server says when to stop.
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    work(root, stop=stop, notes=sys.stdin.buffer, report=PipeReport(_own_output()))
    os._exit(0)  # Threads of libraries may linger; everything that matters is durable.


def _own_output() -> int:
    """Take the standard output for our reports; what anything else prints goes nowhere."""
    own = os.dup(sys.stdout.fileno())
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())
    return own


def _listen(notes: BinaryIO, preparations: Preparations, stop: threading.Event) -> None:
    try:
        hand_on(notes, preparations)
    finally:
        stop.set()


if __name__ == "__main__":
    main()
