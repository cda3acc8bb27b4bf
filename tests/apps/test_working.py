"""What keeps the server up when something beside it fails."""

import asyncio
import errno
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from seikyu.adapters.home import Face
from seikyu.adapters.watching_pipe import PipeWatching, Reports
from seikyu.apps import logs, serve, working
from seikyu.apps.places import Ports
from seikyu.apps.serve import House
from seikyu.apps.working import Worker


def test_a_worker_that_cannot_be_started_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without memory for another process receiving goes on; the next try may have it."""
    tries: list[int] = []
    often = asyncio.Event()
    monkeypatch.setattr(working, "AGAIN_S", 0.005)

    class Poor(Worker):
        """A worker on a machine that has nothing left."""

        async def _start(self) -> Any:
            tries.append(1)
            if len(tries) > 2:
                often.set()
            raise OSError(errno.ENOMEM, "no memory")

    async def steps() -> None:
        worker = Poor(tmp_path)
        keeping = asyncio.create_task(worker.keep())
        await asyncio.wait_for(often.wait(), 5)
        assert not worker.alive
        worker.stop()
        await asyncio.wait_for(keeping, 5)

    asyncio.run(steps())


def test_a_chore_that_fails_does_not_end_the_reception(monkeypatch: pytest.MonkeyPatch) -> None:
    """The list of revoked certificates cannot be written: it is noted, and tried again; the others are done."""
    monkeypatch.setattr(serve, "HOUSEKEEPING_S", 0.001)
    tries: list[int] = []

    def fail() -> None:
        tries.append(1)
        raise OSError(errno.ENOSPC, "no space")

    done: list[int] = []
    office = SimpleNamespace(clock=SimpleNamespace(now=lambda: None), desk=SimpleNamespace(uploads={}))
    house = SimpleNamespace(office=office, chores=(fail, lambda: done.append(1)))

    async def steps() -> None:
        chores = asyncio.create_task(House._keep_house(house))  # type: ignore[arg-type]  # all that it looks at
        while len(tries) < 3:
            assert not chores.done()
            await asyncio.sleep(0.001)
        chores.cancel()

    asyncio.run(steps())
    assert len(done) >= 2


@pytest.mark.parametrize("kept", ["", "[", "[1]", '{"desk": "x", "inside": 70000}', "\x80"])
def test_kept_ports_that_cannot_be_read_are_taken_anew(tmp_path: Path, kept: str) -> None:
    """A kill in the middle of the first start must not keep the office shut."""
    path = tmp_path / "ports.json"
    path.write_text(kept, "utf-8")
    faces = {"desk": Face("127.0.0.1", 0), "inside": Face("127.0.0.1", 0)}

    with Ports(path, faces) as first:
        numbers = dict(first.numbers)

    with Ports(path, faces) as again:
        assert numbers == again.numbers


def test_a_log_that_cannot_be_written_prints_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """What was not redacted yet stays unseen on a full disk."""
    logs.set_up(tmp_path / "logs", to_stderr=False)
    (tmp_path / "logs" / logs.FILE_NAME).mkdir()

    logging.getLogger("seikyu.test").error("\u898b\u672c")

    assert capfd.readouterr().err == ""


def open_files() -> int:
    """Return how many file handles this process has."""
    return len(list(Path("/proc/self/fd").iterdir()))


async def until(test: Callable[[], object]) -> None:
    """Wait for another process."""
    for _ in range(1000):
        if test():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come to that")


def test_a_worker_is_told_and_heard_and_its_lines_are_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the server notes reaches it, what it reports comes back, and no end of a pipe is left when it is gone."""
    echo = (
        'import sys\nfor line in sys.stdin:\n    print(\'{"event":"checked_anew"}\', flush=True)\n'
        '    print(\'{"event":"bogus"}\', flush=True)\n'
    )
    (tmp_path / "echo.py").write_text(echo, "ascii")
    start = asyncio.create_subprocess_exec

    async def started(*_: str, **lines: Any) -> Any:
        return await start(sys.executable, str(tmp_path / "echo.py"), **lines)

    monkeypatch.setattr(asyncio, "create_subprocess_exec", started)
    told: list[str] = []
    notes = PipeWatching()

    async def steps() -> None:
        worker = Worker(tmp_path, notes=notes, reports=lambda: Reports(hear=told.append, tell=told.append))
        keeping = asyncio.create_task(worker.keep())
        await until(lambda: worker.alive)
        notes.gone("a")
        notes.gone("b")
        await until(lambda: len(told) > 1)
        worker.stop()
        await asyncio.wait_for(keeping, 5)

    before = open_files()
    asyncio.run(steps())

    assert ["checked_anew"] * 2 == told
    assert not notes.say(gone="c")
    assert before == open_files()


def test_a_worker_that_cannot_be_started_leaves_no_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tried again and again it would eat up every file handle."""

    async def poor(*_: str, **__: Any) -> Any:
        raise OSError(errno.ENOMEM, "no memory")

    monkeypatch.setattr(asyncio, "create_subprocess_exec", poor)

    async def steps() -> None:
        before = open_files()
        for _ in range(3):
            with pytest.raises(OSError, match="no memory"):
                await Worker(tmp_path)._start()
        assert before == open_files()

    asyncio.run(steps())


def test_a_worker_that_dies_is_replaced_and_told_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lines of the dead one are closed; the next one has its own."""
    monkeypatch.setattr(working, "AGAIN_S", 0.005)
    (tmp_path / "once.py").write_text("import sys\nsys.stdin.readline()\n", "ascii")
    start = asyncio.create_subprocess_exec
    pids: list[int] = []

    async def started(*_: str, **lines: Any) -> Any:
        process = await start(sys.executable, str(tmp_path / "once.py"), **lines)
        pids.append(process.pid)
        return process

    monkeypatch.setattr(asyncio, "create_subprocess_exec", started)
    notes = PipeWatching()

    async def steps() -> None:
        worker = Worker(tmp_path, notes=notes)
        keeping = asyncio.create_task(worker.keep())
        await until(lambda: notes.gone("a") or len(pids) > 2)
        worker.stop()
        await asyncio.wait_for(keeping, 5)

    before = open_files()
    asyncio.run(steps())

    assert before == open_files()
