"""kill -9 at the worst moments: what was told stays, what was not is nothing, and ordered work is done."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from some_rows import a_file, a_sending

from seikyu.adapters.jobs_dbos import DbosJobs
from seikyu.adapters.objects_local import LocalObjects
from seikyu.adapters.sql import open_store
from seikyu.ports.jobs import Work

BEGIN = """
import os, signal, sys, time
from pathlib import Path
from some_rows import a_file, a_sending
from seikyu.adapters.objects_local import LocalObjects
from seikyu.adapters.sql import open_store
from seikyu.ports.jobs import Work, WorkOrder

home = Path(sys.argv[1])
die = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
objects = LocalObjects(home / "objects")
store = open_store(home / "o.sqlite")

def receive(before_row=lambda: None, before_commit=lambda tx: None):
    with objects.writer("files/f1", limit_bytes=9_000_000) as writer:
        for _ in range(20):
            writer.write(bytes(100_000))
        writer.commit()
    before_row()
    with store.write() as tx:
        tx.add_sending(a_sending(), [a_file()])
        before_commit(tx)
"""

WORK = """
from seikyu.adapters.jobs_dbos import DbosJobs
jobs = DbosJobs(store, poll_s=0.05)
log = home / "log"

def handler(subject):
    with log.open("a") as file:
        file.write(f"begun {subject}\\n")
    if "die in the middle" in sys.argv:
        die()
    with log.open("a") as file:
        file.write(f"done {subject}\\n")

jobs.register(Work.CHECK_SENDING, handler)
order = lambda tx: jobs.submit(tx, WorkOrder(Work.CHECK_SENDING, "s1", "s1"))
"""


def killed(home: Path, code: str, *words: str) -> None:
    """Run a program that kills itself."""
    done = subprocess.run(
        [sys.executable, "-c", code, str(home), *words],
        env={"PYTHONPATH": str(Path(__file__).parent)}, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL, done.stderr


def found(home: Path) -> tuple[list[str], set[str], int]:
    """Return the objects, the objects that rows speak of, and how many halves were swept, after a start."""
    objects, store = LocalObjects(home / "objects"), open_store(home / "o.sqlite")
    try:
        swept = objects.sweep()
        with store.read() as tx:
            return list(objects.names()), tx.object_names(), swept
    finally:
        store.close()


@pytest.mark.parametrize(
    ("moment", "objects", "swept"),
    [
        ("os.write = die", [], 1),
        ("os.fsync = die", [], 1),
        ("os.link = die", [], 1),
        ("link = os.link; os.link = lambda *names: (link(*names), die())", ["files/f1"], 1),
        ("unlink = Path.unlink; Path.unlink = lambda path, **how: die()", ["files/f1"], 1),
    ],
    ids=["while writing", "before the fsync", "before the name", "after the name", "before the temporary name goes"],
)
def test_a_kill_while_an_object_is_stored(tmp_path: Path, moment: str, objects: list[str], swept: int) -> None:
    """Before it has its name it is nothing; afterwards it is whole, but an orphan until a row speaks of it."""
    killed(tmp_path, f"{BEGIN}\n{moment}\nreceive()")

    assert (objects, set(), swept) == found(tmp_path)
    for name in objects:
        assert LocalObjects(tmp_path / "objects").size_bytes(name) == 2_000_000


@pytest.mark.parametrize("moment", ["receive(before_row=die)", "receive(before_commit=die)"])
def test_a_kill_between_object_and_commit_leaves_an_orphan(tmp_path: Path, moment: str) -> None:
    """It shows as a name that no row speaks of, and can be removed; the same file can then be received."""
    killed(tmp_path, f"{BEGIN}\n{moment}")

    names, spoken_of, swept = found(tmp_path)

    assert (["files/f1"], set(), 0) == (names, spoken_of, swept)
    for orphan in set(names) - spoken_of:
        LocalObjects(tmp_path / "objects").remove(orphan)
    killed(tmp_path, f"{BEGIN}\nreceive()\ndie()")
    assert (["files/f1"], {"files/f1"}, 0) == found(tmp_path)


def test_a_kill_right_after_the_commit_loses_nothing(tmp_path: Path) -> None:
    """The sender was not answered, but the sending is there: its new try is a repeat."""
    killed(tmp_path, f"{BEGIN}\nreceive()\ndie()")

    assert (["files/f1"], {"files/f1"}, 0) == found(tmp_path)
    store = open_store(tmp_path / "o.sqlite")
    with store.read() as tx:
        assert a_sending() == tx.repeat_of(a_sending().party, "d1")
        assert [a_file()] == tx.files("s1")
    store.close()


def test_a_kill_before_the_commit_leaves_no_order(tmp_path: Path) -> None:
    """Neither sending nor work."""
    killed(tmp_path, f"{BEGIN}{WORK}\nreceive(before_commit=lambda tx: (order(tx), die()))")

    assert [] == worked_after(tmp_path)


def test_ordered_work_survives_a_kill_before_it_began(tmp_path: Path) -> None:
    """The order committed, nobody had seen it yet: it is done after the start, once."""
    killed(tmp_path, f"{BEGIN}{WORK}\nreceive(before_commit=order)\ndie()")

    assert ["begun s1", "done s1"] == worked_after(tmp_path)


def test_work_that_a_kill_cut_is_done_again(tmp_path: Path) -> None:
    """It had begun; the next start begins it anew."""
    code = f"{BEGIN}{WORK}\njobs.start()\nreceive(before_commit=order)\ntime.sleep(60)"
    killed(tmp_path, code, "die in the middle")

    assert ["begun s1", "begun s1", "done s1"] == worked_after(tmp_path)


def test_work_that_was_done_is_not_done_again(tmp_path: Path) -> None:
    """The kill came after the end of the work."""
    wait = "while jobs.waiting(): time.sleep(0.01)"
    killed(tmp_path, f"{BEGIN}{WORK}\njobs.start()\nreceive(before_commit=order)\n{wait}\ndie()")

    assert ["begun s1", "done s1"] == worked_after(tmp_path)


def worked_after(home: Path) -> list[str]:
    """Start the queue in this process, let it do what waits, and return the log of the work."""
    log = home / "log"
    store = open_store(home / "o.sqlite")
    jobs = DbosJobs(store, poll_s=0.05)

    def handler(subject: str) -> None:
        with log.open("a") as file:
            file.write(f"begun {subject}\ndone {subject}\n")

    jobs.register(Work.CHECK_SENDING, handler)
    jobs.start()
    try:
        end = time.monotonic() + 20
        while jobs.waiting():
            assert time.monotonic() < end, "the work is not done"
            time.sleep(0.01)
        return log.read_text().splitlines() if log.exists() else []
    finally:
        jobs.stop(wait_s=5)
        store.close()
