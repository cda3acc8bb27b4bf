"""Files that the doctor writes where the user says: there as a whole or not at all, and never over somebody else's."""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from seikyu.apps.doctor.options import WrongUsage

#: So much of a file tells whether the doctor wrote it.
_HEAD_BYTES = 4 * 1024 * 1024


def require_place(path: Path, ours: Callable[[bytes], bool]) -> None:
    """Errors: WrongUsage, if a file could not be written there, or something lies there that is not `ours`."""
    try:
        if not path.parent.is_dir():
            raise WrongUsage("no_folder", what=str(path.parent))
        if path.exists():
            if not path.is_file():  # A pipe would keep us waiting.
                raise WrongUsage("in_the_way", what=str(path))
            with path.open("rb") as file:
                head = file.read(_HEAD_BYTES)
            if head and not ours(head):
                raise WrongUsage("in_the_way", what=str(path))
    except OSError as reason:
        raise unwritable(path, reason) from None


def write_whole(path: Path, content: bytes, *, executable: bool = False) -> None:
    """Write a file. Errors: WrongUsage; nothing is left behind."""
    try:
        put_whole(path, content, executable=executable)
    except OSError as reason:
        raise unwritable(path, reason) from None


def put_whole(path: Path, content: bytes, *, executable: bool = False) -> None:
    """Write a file by way of one beside it, whose name nobody else has. Errors: OSError; nothing is left behind."""
    written = path.with_name(f".{path.name}.{os.urandom(4).hex()}")
    file = written.open("xb")
    try:
        with file:
            file.write(content)
        if executable:
            written.chmod(0o755)
        written.replace(path)
    except OSError:
        with suppress(OSError):
            written.unlink()
        raise


def unwritable(path: Path, reason: OSError) -> WrongUsage:
    """Return the error of a file that could not be written."""
    return WrongUsage("write", what=str(path), why=(reason.strerror or type(reason).__name__).lower())
