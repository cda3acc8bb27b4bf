"""Masters in a folder: a file a version, written beside and renamed, mapped into memory when it is opened.

Names: `s-20260601-1f2e3d4c-7.master`: kind, first day, digest of the file that was read, number of the import.
"""

import mmap
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final

from seikyu.adapters.whole_files import alone_in, space_told, write_whole
from seikyu.limits import KIB
from seikyu.ports.masters import MasterDamaged
from seikyu.rules.masters import BadMaster, Filed, Masters, Version, VersionLabel, masters_of, read_version
from seikyu.rules.masters.packed import read_label

_END: Final = ".master"
#: The header of a version lies within its first bytes.
_HEAD_BYTES: Final = 64 * KIB


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
        with space_told("masters"), alone_in(self.root):
            number = 1 + max((_number(path) for path in self._files()), default=0)
            block = pack(number)
            label = read_label(block)
            write_whole(self.root / f"{label.kind}-{label.name}{_END}", block)
        return label

    def _files(self) -> list[Path]:
        """Return the files of versions, in one order."""
        return sorted(self.root.glob(f"*{_END}")) if self.root.is_dir() else []


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
