"""The working process as the server sees it: started, watched, started again when it dies, and let go at the end."""

import asyncio
import errno
import os
import sys
from asyncio.subprocess import Process
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Final

import structlog

from seikyu.adapters.watching_pipe import NotePipe, Reports

#: The wait before a worker that died is started again; it doubles up to the second number while it goes on dying.
AGAIN_S: Final = 0.5
AGAIN_MOST_S: Final = 30.0

#: A worker that lived so long died of something else than its start.
SETTLED_S: Final = 60.0

#: How long it may take to let go of its work; then it is killed, and its work is done again by the next.
LET_GO_S: Final = 7.0

log: Final = structlog.get_logger("seikyu.serve")


class Worker:
    """The process that checks and closes for one home.

    Shape: `notes` is the line on which it is told things; `reports` takes what it says.
    """

    def __init__(
        self, root: Path, *, notes: NotePipe | None = None, reports: Callable[[], Reports] | None = None
    ) -> None:
        self._root = root
        self._notes = notes or NotePipe()
        self._reports = reports
        self._listening: int | None = None
        self._process: Process | None = None
        self._stopping = asyncio.Event()

    @property
    def alive(self) -> bool:
        """Whether it runs just now."""
        return self._process is not None and self._process.returncode is None

    async def keep(self) -> None:
        """Keep one running until `stop`, then see it off."""
        loop = asyncio.get_running_loop()
        wait_s = AGAIN_S
        while not self._stopping.is_set():
            began_at = loop.time()
            try:
                self._process = await self._start()
            except OSError as error:  # no memory, no file handle: receiving goes on, and checking when there is one
                wait_s = min(2 * wait_s, AGAIN_MOST_S)
                log.error("worker_not_started", error=errno.errorcode.get(error.errno or 0, "?"), wait_s=wait_s)  # noqa: TRY400  (no stack: it says nothing more)
                await self._stopped_within(wait_s)
                continue
            ended = asyncio.ensure_future(self._process.wait())
            asked = asyncio.ensure_future(self._stopping.wait())
            await asyncio.wait({ended, asked}, return_when=asyncio.FIRST_COMPLETED)
            asked.cancel()
            if self._stopping.is_set():
                await self._see_off(self._process)
                return
            self._hang_up()
            wait_s = AGAIN_S if loop.time() - began_at > SETTLED_S else min(2 * wait_s, AGAIN_MOST_S)
            log.error("worker_died", exit_status=self._process.returncode, wait_s=wait_s)
            await self._stopped_within(wait_s)

    def stop(self) -> None:
        """Ask it to end."""
        self._stopping.set()

    async def _stopped_within(self, wait_s: float) -> None:
        """Wait so long, or until told to stop."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), wait_s)

    async def _start(self) -> Process:
        """Start it with its two lines. Its standard input is also the thread that it hangs on: it ends when that does.

        Errors: OSError; no line is left open then.
        """
        with ExitStack() as theirs, ExitStack() as ours:
            hears, says = _pipe(theirs, ours)
            reads, writes = _pipe(ours, theirs)
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "seikyu.apps.worker", str(self._root), str(os.getpid())),
                stdin=hears,
                stdout=writes,
            )
            ours.pop_all()
        self._notes.connect(says)
        self._listen(reads)
        return process

    def _listen(self, file: int) -> None:
        """Take what the process says until it hangs up."""
        os.set_blocking(file, False)
        reports = self._reports() if self._reports else Reports(hear=lambda _: None, tell=lambda _: None)
        self._listening = file

        def read() -> None:
            if not reports.read(file):
                self._hang_up()

        asyncio.get_running_loop().add_reader(file, read)

    def _hang_up(self) -> None:
        """Close both lines. Harmless when repeated."""
        self._notes.disconnect()
        file, self._listening = self._listening, None
        if file is not None:
            asyncio.get_running_loop().remove_reader(file)
            os.close(file)

    async def _see_off(self, process: Process) -> None:
        self._notes.disconnect()
        try:
            await asyncio.wait_for(process.wait(), LET_GO_S)
        except TimeoutError:
            process.kill()
            await process.wait()
        self._hang_up()


def _pipe(reading: ExitStack, writing: ExitStack) -> tuple[int, int]:
    """Return the reading and the writing end of a pipe, each closed by its own stack. Errors: OSError."""
    ends = os.pipe()
    for stack, end in zip((reading, writing), ends, strict=True):
        stack.callback(os.close, end)
    return ends
