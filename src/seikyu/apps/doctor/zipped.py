"""The doctor as one file that runs without installation (`seikyu doctor --write-zipapp FILE`).

What runs on a PC without Internet is the same code: `seikyu.lines` and `seikyu.apps.doctor`, with their data files.
The same code gives the same bytes, so that two who made it can compare.
"""

import io
import json
import stat
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from seikyu.apps.doctor.words import say
from seikyu.apps.doctor.writing import require_place, write_whole

_START: Final = b"#!/usr/bin/env python3\n"
_MAIN: Final = b"from seikyu.apps.doctor.main import main\n\nmain()\n"

#: The earliest time that a zip file can hold: no file in it tells when it was made.
_TIME: Final = (1980, 1, 1, 0, 0, 0)
_FILE: Final = (stat.S_IFREG | 0o644) << 16
_UNIX: Final = 3
#: What of `seikyu.lines` the doctor needs; the rest of that room is for who chooses or sets up a line.
_LINES: Final = (
    "__init__.py", "diagnosis.py", "facts.py", "facts.toml", "faults", "kinds.py", "lines.toml", "network.py",
    "site.py", "wrong.py",
)  # fmt: skip

_LEFT_OUT: Final = {"__pycache__"}


def zipapp() -> bytes:
    """Return the doctor as one file."""
    written = io.BytesIO()
    written.write(_START)
    with ZipFile(written, "w") as archive:
        for name, content in sorted(_contents()):
            entry = ZipInfo(name, _TIME)
            entry.compress_type, entry.external_attr, entry.create_system = ZIP_DEFLATED, _FILE, _UNIX
            archive.writestr(entry, content)
    return written.getvalue()


def write(path: Path, *, lang: str = "", as_json: bool = False) -> int:
    """Write it and say so. Errors: WrongUsage."""
    require_place(path, lambda head: head.startswith(_START + b"PK"))
    write_whole(path, zipapp(), executable=True)
    print(json.dumps({"written": str(path)}) if as_json else say("told.written", lang, file=str(path)))
    return 0


def _contents() -> Iterator[tuple[str, bytes]]:
    yield "__main__.py", _MAIN
    for package in ("seikyu", "seikyu.apps"):
        yield f"{package.replace('.', '/')}/__init__.py", (files(package) / "__init__.py").read_bytes()
    yield from _all(files("seikyu.lines"), "seikyu/lines", only=_LINES)
    yield from _all(files("seikyu.apps.doctor"), "seikyu/apps/doctor")


def _all(folder: Traversable, path: str, *, only: tuple[str, ...] = ()) -> Iterator[tuple[str, bytes]]:
    for each in folder.iterdir():
        if only and each.name not in only:
            continue
        if each.is_dir() and each.name not in _LEFT_OUT:
            yield from _all(each, f"{path}/{each.name}")
        elif each.name.endswith((".py", ".toml")):
            yield f"{path}/{each.name}", each.read_bytes()
