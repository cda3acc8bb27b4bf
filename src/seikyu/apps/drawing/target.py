"""Where a drawing goes: a file that is there as a whole or not at all."""

import os
import stat
from contextlib import suppress
from pathlib import Path

from seikyu.apps.words import say


def target(path: Path, source: Path) -> Path:
    """Return where `path` really lies, if a drawing may be written there.

    Errors: FileUnusable for a folder, a pipe or device, a folder that is not there, and the file that is drawn.
    """
    from seikyu.apps.client.errors import FileUnusable, unwritable

    place = path.resolve()
    try:
        mode = place.stat().st_mode if place.exists() else stat.S_IFREG
        same = place.exists() and source.exists() and place.samefile(source)
    except OSError as reason:
        raise unwritable(str(path), reason) from None
    if stat.S_ISDIR(mode):
        raise FileUnusable("folder_named", file=str(path))
    if not stat.S_ISREG(mode):
        raise FileUnusable("special", file=str(path))
    if same:
        raise FileUnusable("unwritable", file=str(path), reason=say("show.same_file"))
    if not place.parent.is_dir():
        raise FileUnusable("unwritable", file=str(path), reason=say("show.no_folder"))
    return place


def write(path: Path, source: Path, data: bytes, *, private: bool = False) -> None:
    """Write a drawing; what stood under its name is replaced when all of it is on the disk, and only then.

    Shape: `private` ones only their owner may read.
    Errors: FileUnusable; then nothing has changed and nothing is left behind.
    """
    from seikyu.apps.client.errors import unwritable

    place = target(path, source)
    part = place.with_name(f".{place.name}.{os.getpid()}.part")
    try:
        with open(part, "xb", opener=_private if private else None) as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        part.replace(place)
    except OSError as reason:
        with suppress(OSError):
            part.unlink()
        raise unwritable(str(path), reason) from None


def _private(path: str, flags: int) -> int:
    """Open a file that nobody else may read."""
    return os.open(path, flags, 0o600)
