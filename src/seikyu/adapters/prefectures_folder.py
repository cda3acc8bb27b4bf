"""Tables of prefectures in a folder: a JSON file each, written beside and named when all of it is on the disk.

Names: `0003-20261201.json`: the number of the table, and the day from which it holds. The table itself stands in it as
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
from seikyu.office.prefectures import BadTable, BodyFacts, read_table, written
from seikyu.ports.prefectures import TableDamaged, TakenIn

_NAME: Final = re.compile(r"[0-9]{4,}-[0-9]{8}\.json")


class PrefecturesFolder:
    """Tables in one folder (ports.prefectures.PrefectureTables), which is made when the first one comes."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._read: dict[str, TakenIn] = {}

    def tables(self) -> Sequence[TakenIn]:
        """Return every table in the order of taking in. Errors: TableDamaged."""
        return [self._one(path) for path in self._files()]

    def take_in(self, rows: Sequence[BodyFacts], *, from_on: date, at: datetime, by: str) -> TakenIn:
        """Keep a table with the next number. Errors: NoSpace."""
        with space_told("tables"), alone_in(self.root):
            number = 1 + max(map(_number, self._files()), default=0)
            made = TakenIn(number, from_on, at, by, tuple(rows))
            text = written(made.rows, "ja", every=False)
            told = {
                "from_on": from_on.isoformat(), "at": at.isoformat(), "by": by, "sha256": _digest(text), "table": text,
            }  # fmt: skip
            name = f"{number:04d}-{from_on:%Y%m%d}.json"
            write_whole(self.root / name, json.dumps(told, ensure_ascii=False, indent=1).encode())
        return made

    def _files(self) -> list[Path]:
        found = self.root.iterdir() if self.root.is_dir() else ()
        return sorted((path for path in found if _NAME.fullmatch(path.name)), key=_number)

    def _one(self, path: Path) -> TakenIn:
        """Return a table; its file never changes, so it is read once. Errors: TableDamaged."""
        if path.name not in self._read:
            try:
                told = json.loads(path.read_bytes())
                if told["sha256"] != _digest(told["table"]):
                    raise TableDamaged(file=path.name)
                self._read[path.name] = TakenIn(
                    _number(path), date.fromisoformat(told["from_on"]), datetime.fromisoformat(told["at"]),
                    told["by"], read_table(told["table"]),
                )  # fmt: skip
            except (OSError, ValueError, KeyError, TypeError, BadTable) as reason:
                raise TableDamaged(file=path.name) from reason
        return self._read[path.name]


class MemoryPrefectures:
    """Tables in memory (ports.prefectures.PrefectureTables), for tests."""

    def __init__(self) -> None:
        self._tables: list[TakenIn] = []

    def tables(self) -> Sequence[TakenIn]:
        """Return every table in the order of taking in."""
        return list(self._tables)

    def take_in(self, rows: Sequence[BodyFacts], *, from_on: date, at: datetime, by: str) -> TakenIn:
        """Keep a table with the next number."""
        made = TakenIn(len(self._tables) + 1, from_on, at, by, tuple(rows))
        self._tables.append(made)
        return made


def _number(path: Path) -> int:
    """Return the number of a table, which its file's name begins with."""
    return int(path.name.partition("-")[0])


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
