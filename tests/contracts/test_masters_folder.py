"""Masters in a folder: written as a whole, found again, and told when damaged."""

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seikyu.adapters.masters_folder import MastersFolder
from seikyu.ports.errors import NoSpace
from seikyu.ports.masters import MasterDamaged
from seikyu.records import Month
from seikyu.rules.masters import VersionLabel
from seikyu.rules.masters.reading import NotAMaster, read_master
from seikyu.services.masters import Import, NoDay, WithdrawsTooMany, import_master

CODES = "code,name\n" + "".join(f"1110001{n:02},見本{n}\n" for n in range(20))


def packing(text: str = CODES, *, since: int = 20260401) -> Callable[[int], bytes]:
    """Return what `add` asks for the bytes."""

    def pack(number: int) -> bytes:
        read = read_master(text.encode())
        return read.pack(since=since, known_until=since, whole=True, file="s.csv", imported=number)

    return pack


def files(root: Path) -> list[str]:
    """Return the names of all versions and leftovers."""
    return sorted(path.name for path in root.iterdir() if path.name != ".lock") if root.is_dir() else []


def test_a_folder_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    """And looking does not make it."""
    folder = MastersFolder(tmp_path / "masters")

    assert not folder.masters()
    assert [] == folder.labels()
    assert not (tmp_path / "masters").exists()


def test_a_version_is_found_again_by_every_process(tmp_path: Path) -> None:
    """Also by one that looked before it came."""
    early, writer = MastersFolder(tmp_path), MastersFolder(tmp_path)
    assert not early.masters()

    label = writer.add(packing())

    assert [label] == early.labels()
    held = early.masters().at("s", Month(2026, 4))
    assert held is not None
    assert label == held.label
    assert early.masters() is early.masters()
    assert (1, 20) == (label.imported, label.rows)


def test_imports_are_counted(tmp_path: Path) -> None:
    """The later of one day holds; a stranger's file does not disturb the count."""
    folder = MastersFolder(tmp_path)
    folder.add(packing())
    folder.add(packing(CODES.replace("見本", "別")))

    held = folder.masters().at("s", Month(2026, 4))
    assert held is not None
    assert 2 == held.label.imported
    (tmp_path / "odd.master").write_bytes(b"?")
    assert 3 == folder.add(packing()).imported


@pytest.mark.parametrize("at", [0, 30, 100, -1])
def test_a_damaged_version_is_told_and_judges_nobody(tmp_path: Path, at: int) -> None:
    """Whether its head or its columns were hit."""
    folder = MastersFolder(tmp_path)
    folder.add(packing())
    path = next(tmp_path.glob("*.master"))
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)

    with pytest.raises(MasterDamaged) as told:
        MastersFolder(tmp_path).masters().at("s", Month(2026, 4))
    assert {"file": path.name} == told.value.facts


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was there stays."""
    folder = MastersFolder(tmp_path)
    folder.add(packing())
    before = files(tmp_path)

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(NoSpace):
        folder.add(packing(CODES.replace("見本", "別")))
    assert before == files(tmp_path)


def test_another_trouble_of_the_disk_is_not_called_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a bug or a broken disk, and told as such."""

    def broken(_: int) -> None:
        raise OSError(errno.EIO, "broken")

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(OSError, match="broken"):
        MastersFolder(tmp_path).add(packing())


def test_what_a_broken_import_left_is_swept(tmp_path: Path) -> None:
    """By the next one."""
    (tmp_path / ".arriving-1").write_bytes(b"half")

    MastersFolder(tmp_path).add(packing())

    assert 1 == len(files(tmp_path))


# --- the act ---


def brought(folder: Path, text: str, **order: Any) -> Any:
    """Import a text."""
    order = {"file_name": "s_20260401.csv", **order}
    return import_master(MastersFolder(folder), text.encode(), Import(**order))


def test_an_import_tells_what_it_changes_and_stores_it(tmp_path: Path) -> None:
    """The day comes from the file's name."""
    first = brought(tmp_path, CODES)
    second = brought(tmp_path, CODES.replace("見本3\n", "別\n") + "199000010,新しい見本\n", file_name="s_20260501.csv")

    assert (20260401, None, False) == (first.label.since, first.changes.before, first.already_there)
    assert (1, 1, 0) == (second.changes.added, second.changes.changed, second.changes.withdrawn)
    assert 2 == len(files(tmp_path))


def test_the_same_file_is_not_stored_twice(tmp_path: Path) -> None:
    """Unless something is said of it that was not said before."""
    brought(tmp_path, CODES)

    assert brought(tmp_path, CODES).already_there
    assert 1 == len(files(tmp_path))
    assert not brought(tmp_path, CODES, whole=True).already_there
    assert not brought(tmp_path, CODES, whole=True, known_until=20260430).already_there
    assert 3 == len(files(tmp_path))


def test_a_dry_run_stores_nothing(tmp_path: Path) -> None:
    """It only tells."""
    assert 20 == brought(tmp_path / "masters", CODES, dry_run=True).changes.added
    assert not (tmp_path / "masters").exists()


def test_a_file_that_lacks_many_codes_needs_force(tmp_path: Path) -> None:
    """Half a file must not silently become the master."""
    brought(tmp_path, CODES)
    half = "\n".join(CODES.split("\n")[:11]) + "\n"

    with pytest.raises(WithdrawsTooMany) as told:
        brought(tmp_path, half, file_name="s_20260501.csv")
    assert (10, 20, 50) == tuple(told.value.facts[name] for name in ("withdrawn", "before", "percent"))
    assert 1 == len(files(tmp_path))
    assert 10 == brought(tmp_path, half, file_name="s_20260501.csv", force=True).label.rows


def test_the_day_may_be_told_or_found_in_the_file(tmp_path: Path) -> None:
    """In that order: told, name, newest change; a file that is known to be the newest is so on its first day too."""
    dated = "code,name,changed\n111000110,初診料,20260601\n"

    assert 20240101 == brought(tmp_path, dated, since=20240101).label.since
    assert 20260401 == brought(tmp_path, dated).label.since
    late = brought(tmp_path, dated, file_name="s.csv", known_until=20250101).label
    assert (20260601, 20260601) == (late.since, late.known_until)
    with pytest.raises(NoDay):
        brought(tmp_path, CODES, file_name="s.csv")


def test_what_is_no_master_is_not_stored(tmp_path: Path) -> None:
    """The reason is told by the reader."""
    with pytest.raises(NotAMaster):
        brought(tmp_path, "何か")
    assert [] == files(tmp_path)


def test_the_same_master_that_came_meanwhile_is_not_stored_twice(tmp_path: Path) -> None:
    """Two imports of one file may both have looked before either stored it."""

    class Slow(MastersFolder):
        """Somebody else imports the same while this import waits for its turn."""

        def add(self, pack: Callable[[int], bytes]) -> VersionLabel:
            """Store only what is still not there."""
            first = import_master(MastersFolder(tmp_path), CODES.encode(), order)
            assert not first.already_there
            return super().add(pack)

    order = Import("s_20260401.csv")
    second = import_master(Slow(tmp_path), CODES.encode(), order)

    assert second.already_there
    assert 1 == second.label.imported
    assert 1 == len(files(tmp_path))
