"""What only a folder has: a disk that fills up or fails at every step, permissions, and remains of a dead process."""

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from test_objects import A_MEGABYTE, NAME, names_and_files, put, read

from seikyu.adapters.objects_local import LocalObjects
from seikyu.ports.errors import AlreadyThere, NoSpace
from seikyu.ports.objects import CLASSES


@pytest.fixture
def folder(tmp_path: Path) -> LocalObjects:
    """Return an empty folder of objects."""
    return LocalObjects(tmp_path / "objects")


def failing(call: Callable[..., Any], code: int, *, at: int) -> Callable[..., Any]:
    """Return `call`, failing the `at`-th time with an error of the operating system."""
    calls = 0

    def failing_call(*words: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == at:
            raise OSError(code, os.strerror(code))
        return call(*words, **named)

    return failing_call


#: Every call to the operating system that a store of one megabyte makes, and which one of its kind.
STEPS = [
    ("os.open", 1), ("os.write", 1), ("os.write", 2), ("os.fsync", 1), ("pathlib.Path.mkdir", 1), ("os.fsync", 2),
    ("os.link", 1), ("os.fsync", 3),
]  # fmt: skip


@pytest.mark.parametrize(("step", "at"), STEPS)
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EIO])
def test_a_disk_that_fails_at_any_step_leaves_nothing(
    folder: LocalObjects, monkeypatch: pytest.MonkeyPatch, step: str, at: int, code: int
) -> None:
    """A full disk or quota is told as such, any other failure as it is; the next try succeeds."""
    before = names_and_files(folder)
    holder, _, name = step.rpartition(".")
    place = os if holder == "os" else Path
    monkeypatch.setattr(place, name, failing(getattr(place, name), code, at=at))

    with pytest.raises(OSError if code == errno.EIO else NoSpace):
        put(folder, NAME, A_MEGABYTE[:700_000], A_MEGABYTE[700_000:])

    monkeypatch.undo()
    assert before == names_and_files(folder)
    assert put(folder, NAME, A_MEGABYTE).size_bytes == len(read(folder, NAME)) == 1 << 20


def test_every_step_is_synced_before_the_object_is_told_as_stored(
    folder: LocalObjects, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file before it has its name, a new folder in the folder above, and the name itself: in this order."""
    done: list[str] = []
    fsync, link, mkdir = os.fsync, os.link, Path.mkdir
    where = lambda file: Path(f"/proc/self/fd/{file}").readlink()  # noqa: E731 - one word for one test
    monkeypatch.setattr(os, "fsync", lambda file: (done.append(f"fsync {where(file).parent.name}"), fsync(file)))
    monkeypatch.setattr(os, "link", lambda *paths: (done.append("link"), link(*paths)))
    monkeypatch.setattr(Path, "mkdir", lambda path, **how: (done.append("mkdir"), mkdir(path, **how)))

    put(folder, NAME, b"x")

    assert ["fsync .arriving", "mkdir", "fsync objects", "link", "fsync files"] == done


def test_a_file_system_without_links_keeps_the_promise(folder: LocalObjects, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name is written once there, too, and nothing stays behind."""

    def no_links(*_paths: object) -> None:
        raise PermissionError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", no_links)

    put(folder, NAME, b"first")
    with pytest.raises(AlreadyThere):
        put(folder, NAME, b"second")

    assert read(folder, NAME) == b"first"
    assert [path.name for path in names_and_files(folder)[1]] == [".lock", NAME.partition("/")[2]]


def test_nobody_else_may_look(folder: LocalObjects, tmp_path: Path) -> None:
    """Folders 0700, files 0600."""
    put(folder, NAME, b"x")

    modes = {path.is_dir(): stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "objects").rglob("*")}

    assert modes == {True: 0o700, False: 0o600}


def test_what_a_dead_process_left_is_swept(folder: LocalObjects, tmp_path: Path) -> None:
    """Halves go; whole objects stay, also one whose temporary name had not gone yet."""
    put(folder, NAME, b"whole")
    os.link(folder.local_path(NAME), tmp_path / "objects" / ".arriving" / "second-name")
    (tmp_path / "objects" / ".arriving" / "half").write_bytes(b"ha")

    again = LocalObjects(tmp_path / "objects")

    assert again.sweep() == 2
    assert again.sweep() == 0
    assert read(again, NAME) == b"whole"
    assert len(names_and_files(again)[1]) == 1


def test_reading_goes_on_while_an_object_is_removed(folder: LocalObjects) -> None:
    """Whoever has it open has it whole."""
    put(folder, NAME, A_MEGABYTE)
    with folder.open(NAME) as file:
        folder.remove(NAME)

        assert file.read() == A_MEGABYTE


def test_a_disk_that_is_really_full_leaves_nothing(small_disk: Path) -> None:
    """The second megabyte does not fit; afterwards there is as much room as before, and the first is whole."""
    folder = LocalObjects(small_disk / "objects")
    for kind in CLASSES:  # Let every folder that will be needed be there, so that room can be compared.
        put(folder, f"{kind}/same", b"")
        folder.remove(f"{kind}/same")
    put(folder, "files/first", A_MEGABYTE)
    before, room = names_and_files(folder), folder.free_bytes()

    for _ in range(3):
        with pytest.raises(NoSpace):
            put(folder, "files/same", A_MEGABYTE)

    assert before == names_and_files(folder)
    assert room == folder.free_bytes()
    assert read(folder, "files/first") == A_MEGABYTE
    assert put(folder, "files/same", A_MEGABYTE[:4096]).size_bytes == 4096


def test_a_trade_sweeps_only_its_own(tmp_path: Path) -> None:
    """A worker that starts anew removes what the one before it left, and nothing that the server is writing."""
    server = LocalObjects(tmp_path / "objects")
    dead, worker = (LocalObjects(tmp_path / "objects", trade="work") for _ in range(2))
    arriving = server.writer(NAME, limit_bytes=100)
    dead.writer("indexes/a", limit_bytes=100)

    assert 1 == worker.sweep(own=True)
    arriving.write(b"one")
    arriving.commit()
    assert b"one" == read(server, NAME)
    assert 0 == server.sweep()


@pytest.mark.parametrize("growing", ["../office.sqlite", "a/b", ".hidden", ""])
def test_only_what_is_on_its_way_can_be_followed(folder: LocalObjects, growing: str) -> None:
    """A note from beside names a temporary and never a path."""
    with pytest.raises(ValueError, match="no name"):
        folder.follow(growing, name=NAME)
