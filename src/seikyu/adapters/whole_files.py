"""Files of a folder of ours, there as a whole or not at all: written beside, then named, one writer at a time."""

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from seikyu.adapters.home import sync_folder
from seikyu.ports.errors import NoSpace

_ARRIVING: Final = ".arriving-"
_LOCK: Final = ".lock"
_NO_SPACE: Final = {errno.ENOSPC, errno.EDQUOT}


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Let one writer after the other count, in a folder that is made if need be; what one broke off left is swept.

    Errors: OSError.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / _LOCK).open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for left in folder.glob(f"{_ARRIVING}*"):
            left.unlink(missing_ok=True)
        yield


def write_whole(path: Path, content: bytes) -> None:
    """Write a file durably; whoever looks finds all of it or none. Errors: OSError, and nothing is there then."""
    arriving = path.parent / f"{_ARRIVING}{os.urandom(8).hex()}"
    try:
        with arriving.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        arriving.replace(path)
    finally:
        arriving.unlink(missing_ok=True)
    sync_folder(path.parent)


@contextmanager
def space_told(what: str) -> Iterator[None]:
    """Turn a full disk or quota into NoSpace: the disk of `what` is full."""
    try:
        yield
    except OSError as error:
        if error.errno in _NO_SPACE:
            raise NoSpace(f"the disk of the {what} is full") from error
        raise
