"""Masters in a folder: a file a version, written beside and renamed, mapped into memory when it is opened.

Names: `s-20260601-1f2e3d4c-7.master`: kind, first day, digest of the file that was read, number of the import.
"""

import errno
import fcntl
import mmap
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Final

from seikyu.limits import KIB
from seikyu.ports.errors import NoSpace
from seikyu.ports.masters import MasterDamaged
from seikyu.rules.masters import BadMaster, Filed, Masters, Version, VersionLabel, masters_of, read_version
from seikyu.rules.masters.packed import read_label

_END: Final = ".master"
_ARRIVING: Final = ".arriving-"
_LOCK: Final = ".lock"
#: The header of a version lies within its first bytes.
_HEAD_BYTES: Final = 64 * KIB
_NO_SPACE: Final = {errno.ENOSPC, errno.EDQUOT}


class MastersFolder:
    """Versions of masters in one folder (ports.masters.MasterStore), which is made when the first one comes."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._seen: tuple[str, ...] = ()
        self._masters = Masters()

    def masters(self) -> Masters:
        """Return all versions, as they are now. Errors: MasterDamaged."""
        names = tuple(path.name for path in self._files())
        if names != self._seen:
            self._masters = masters_of(Filed(_label(path), partial(_opened, path)) for path in self._files())
            self._seen = names
        return self._masters

    def labels(self) -> list[VersionLabel]:
        """Return what each version is, by kind, day and import. Errors: MasterDamaged."""
        return sorted(map(_label, self._files()), key=lambda label: (label.kind, label.since, label.imported))

    def add(self, pack: Callable[[int], bytes]) -> VersionLabel:
        """Store a version durably. Errors: NoSpace."""
        with _space_told():
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self._alone():
                number = 1 + max((_number(path) for path in self._files()), default=0)
                block = pack(number)
                label = read_label(block)
                self._write(block, f"{label.kind}-{label.name}{_END}")
        return label

    def _files(self) -> list[Path]:
        """Return the files of versions, in one order."""
        return sorted(self.root.glob(f"*{_END}")) if self.root.is_dir() else []

    def _write(self, block: bytes, name: str) -> None:
        arriving = self.root / f"{_ARRIVING}{os.urandom(8).hex()}"
        try:
            with arriving.open("xb") as file:
                file.write(block)
                file.flush()
                os.fsync(file.fileno())
            arriving.replace(self.root / name)
        finally:
            arriving.unlink(missing_ok=True)
        folder = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Let one import after the other count; what one broke off left behind is swept."""
        with (self.root / _LOCK).open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            for left in self.root.glob(f"{_ARRIVING}*"):
                left.unlink(missing_ok=True)
            yield


def _number(path: Path) -> int:
    """Return the number of the import in a file's name, 0 for a name that is not ours."""
    with suppress(ValueError):
        return int(path.stem.rpartition("-")[2])
    return 0


def _label(path: Path) -> VersionLabel:
    """Return a version's label. Errors: MasterDamaged."""
    try:
        with path.open("rb") as file:
            return read_label(file.read(_HEAD_BYTES))
    except (BadMaster, OSError) as reason:
        raise MasterDamaged(f"the stored master {path.name} cannot be read", file=path.name) from reason


def _opened(path: Path) -> Version:
    """Map a version into memory. Errors: MasterDamaged."""
    try:
        with path.open("rb") as file:
            return read_version(memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)))
    except (BadMaster, OSError, ValueError) as reason:
        raise MasterDamaged(f"the stored master {path.name} is not what was written", file=path.name) from reason


@contextmanager
def _space_told() -> Iterator[None]:
    """Turn a full disk or quota into NoSpace."""
    try:
        yield
    except OSError as error:
        if error.errno in _NO_SPACE:
            raise NoSpace("the disk of the masters is full") from error
        raise
