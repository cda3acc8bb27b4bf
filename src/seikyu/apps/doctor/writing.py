"""Files that the doctor writes where the user says: there as a whole or not at all, and never over somebody else's."""

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
        if path.is_dir():
            raise WrongUsage("in_the_way", what=str(path))
        if path.exists():
            with path.open("rb") as file:
                head = file.read(_HEAD_BYTES)
            if head and not ours(head):
                raise WrongUsage("in_the_way", what=str(path))
    except OSError as reason:
        raise unwritable(path, reason) from None


def write_whole(path: Path, content: bytes, *, executable: bool = False) -> None:
    """Write a file. Errors: WrongUsage; nothing is left behind."""
    written = path.with_name(f"{path.name}.new")
    try:
        written.write_bytes(content)
        if executable:
            written.chmod(0o755)
        written.replace(path)
    except OSError as reason:
        with suppress(OSError):
            written.unlink()
        raise unwritable(path, reason) from None


def unwritable(path: Path, reason: OSError) -> WrongUsage:
    """Return the error of a file that could not be written."""
    return WrongUsage("write", what=str(path), why=(reason.strerror or type(reason).__name__).lower())
