"""Published lists of lines in a folder: a JSON file each, written beside and named when all of it is on the disk.

Names: `0003-20261201.json`: the number of the list, and the day from which it holds. The list itself stands in it as
CSV, under its digest.
"""

import hashlib
import json
import re
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Final

from seikyu.adapters.whole_files import alone_in, space_told, write_whole
from seikyu.lines.registry import BadList, Offer, read_list, written
from seikyu.ports.lines import ListDamaged, Published

_NAME: Final = re.compile(r"[0-9]{4,}-[0-9]{8}\.json")


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
        with space_told("lists"), alone_in(self.root):
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
        name = f"{made.number:04d}-{made.from_on:%Y%m%d}.json"
        write_whole(self.root / name, json.dumps(told, ensure_ascii=False, indent=1).encode())


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
