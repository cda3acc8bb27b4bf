"""The working process as the server sees it: started, watched, started again when it dies, and let go at the end."""

import asyncio
import errno
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from contextlib import suppress
from pathlib import Path
from typing import Final

import structlog

#: The wait before a worker that died is started again; it doubles up to the second number while it goes on dying.
AGAIN_S: Final = 0.5
AGAIN_MOST_S: Final = 30.0

#: A worker that lived so long died of something else than its start.
SETTLED_S: Final = 60.0

#: How long it may take to let go of its work; then it is killed, and its work is done again by the next.
LET_GO_S: Final = 7.0

log: Final = structlog.get_logger("seikyu.serve")


class Worker:
    """The process that checks and closes for one home."""

    def __init__(self, root: Path) -> None:
        self._root = root
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
        # Its standard input is the thread it hangs on: it ends when that does.
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "seikyu.apps.worker", str(self._root), str(os.getpid())), stdin=PIPE, stdout=DEVNULL
        )

    @staticmethod
    async def _see_off(process: Process) -> None:
        if process.stdin is not None:
            process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), LET_GO_S)
        except TimeoutError:
            process.kill()
            await process.wait()
