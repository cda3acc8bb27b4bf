"""Published lists of lines in a folder: a JSON file each, written beside and named when all of it is on the disk.

Names: `0003-20261201.json`: the number of the list, and the day from which it holds. The list itself stands in it as
CSV, under its digest.
"""

import errno
import fcntl
import hashlib
import json
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Final

from seikyu.lines.registry import BadList, Offer, read_list, written
from seikyu.ports.errors import NoSpace
from seikyu.ports.lines import ListDamaged, Published

_LOCK: Final = ".lock"
_ARRIVING: Final = ".arriving-"
_NAME: Final = re.compile(r"[0-9]{4,}-[0-9]{8}\.json")
_NO_SPACE: Final = {errno.ENOSPC, errno.EDQUOT}


class LinesFolder:
    """Lists in one folder (ports.lines.LineLists), which is made when the first one comes."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._read: dict[str, Published] = {}

    def published(self) -> Sequence[Published]:
        """Return every list in the order of publishing. Errors: ListDamaged."""
        return [self._one(path) for path in self._files()]

    def publish(self, offers: Sequence[Offer], *, from_on: date, at: datetime, by: str) -> Published:
        """Keep a list with the next number. Errors: NoSpace."""
        with _space_told():
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self._alone():
                number = 1 + max(map(_number, self._files()), default=0)
                made = Published(number, from_on, at, by, tuple(offers))
                self._write(made)
        return made

    def _files(self) -> list[Path]:
        found = self.root.iterdir() if self.root.is_dir() else ()
        return sorted((path for path in found if _NAME.fullmatch(path.name)), key=_number)

    def _one(self, path: Path) -> Published:
        """Return a list; its file never changes, so it is read once. Errors: ListDamaged."""
        if path.name not in self._read:
            try:
                told = json.loads(path.read_bytes())
                if told["sha256"] != _digest(told["list"]):
                    raise ListDamaged(file=path.name)
                self._read[path.name] = Published(
                    _number(path), date.fromisoformat(told["from_on"]), datetime.fromisoformat(told["at"]),
                    told["by"], read_list(told["list"]),
                )  # fmt: skip
            except (OSError, ValueError, KeyError, TypeError, BadList) as reason:
                raise ListDamaged(file=path.name) from reason
        return self._read[path.name]

    def _write(self, made: Published) -> None:
        text = written(made.offers, "ja")
        told = {
            "from_on": made.from_on.isoformat(), "at": made.at.isoformat(), "by": made.by, "sha256": _digest(text),
            "list": text,
        }  # fmt: skip
        arriving = self.root / f"{_ARRIVING}{os.urandom(8).hex()}"
        try:
            with arriving.open("xb") as file:
                file.write(json.dumps(told, ensure_ascii=False, indent=1).encode())
                file.flush()
                os.fsync(file.fileno())
            arriving.replace(self.root / f"{made.number:04d}-{made.from_on:%Y%m%d}.json")
        finally:
            arriving.unlink(missing_ok=True)
        folder = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Let one publisher after the other count; what one broke off left behind is swept."""
        with (self.root / _LOCK).open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            for left in self.root.glob(f"{_ARRIVING}*"):
                left.unlink(missing_ok=True)
            yield


class MemoryLines:
    """Lists in memory (ports.lines.LineLists), for tests and for a face that has no home."""

    def __init__(self) -> None:
        self._lists: list[Published] = []

    def published(self) -> Sequence[Published]:
        """Return every list in the order of publishing."""
        return list(self._lists)

    def publish(self, offers: Sequence[Offer], *, from_on: date, at: datetime, by: str) -> Published:
        """Keep a list with the next number."""
        made = Published(len(self._lists) + 1, from_on, at, by, tuple(offers))
        self._lists.append(made)
        return made


def _number(path: Path) -> int:
    """Return the number of a list, which its file's name begins with."""
    return int(path.name.partition("-")[0])


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@contextmanager
def _space_told() -> Iterator[None]:
    """Turn a full disk or quota into NoSpace."""
    try:
        yield
    except OSError as error:
        if error.errno in _NO_SPACE:
            raise NoSpace("the disk of the lists is full") from error
        raise
