"""Bytes that are there as a whole or not at all."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, Protocol, Self


@dataclass(frozen=True, slots=True)
class Stored:
    """What a commit returns. Shape: `sha256` is lower-case hex."""

    name: str
    size_bytes: int
    sha256: str


class ObjectWriter(Protocol):
    """An object that is being written; nobody can see it yet. Use it in a `with`: leaving without `commit` discards."""

    @property
    def size_bytes(self) -> int:
        """How many bytes have been written so far."""
        ...

    @property
    def growing(self) -> str:
        """What `ObjectStore.follow` takes, also in another process."""
        ...

    def write(self, data: bytes) -> None:
        """Append. Errors: TooLong, NoSpace; the object is discarded then."""
        ...

    def flush(self) -> None:
        """Let who follows read all that has been written. Errors: NoSpace; the object is discarded then."""
        ...

    def sha256(self) -> str:
        """Return the digest of what has been written so far, lower-case hex."""
        ...

    def commit(self, *, name: str | None = None) -> Stored:
        """Make the object durable and visible under its name, or under another one if it is told so only now.

        Durable and visible on return, never before; a power cut afterwards loses nothing (fsync of the file, rename,
        fsync of the folder). Errors: NoSpace, AlreadyThere; no byte is left behind then.
        """
        ...

    def discard(self) -> None:
        """Leave no byte behind. Harmless when repeated and after `commit`."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *reason: object) -> None: ...


class Growing(Protocol):
    """The bytes of an object that is still being written, for a reader beside its writer. Use it in a `with`."""

    @property
    def gone(self) -> bool:
        """Whether the object was discarded, or removed since: nobody will read it."""
        ...

    def read(self, size_bytes: int) -> bytes:
        """Return the next bytes that can be read, at most so many; none if no more are there yet."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *reason: object) -> None: ...


class ObjectStore(Protocol):
    """Objects by name; a name is written once.

    Names have the form `class/id` with class one of CLASSES and id of lower-case letters, digits, `-` and `.`.
    All calls block; a server calls them from a worker thread.
    """

    def writer(self, name: str, *, limit_bytes: int) -> ObjectWriter:
        """Begin an object. Errors: NoSpace."""
        ...

    def open(self, name: str) -> BinaryIO:
        """Open an object for reading, seekable. Errors: NotThere."""
        ...

    def follow(self, growing: str, *, name: str) -> Growing:
        """Open what a writer is writing, or the object `name` if it has become that. Errors: NotThere."""
        ...

    def local_path(self, name: str) -> Path | None:
        """Return where the bytes lie if they lie in one local file (so that a server may send it), else None."""
        ...

    def size_bytes(self, name: str) -> int:
        """Return the length. Errors: NotThere."""
        ...

    def remove(self, name: str) -> None:
        """Remove, durably. Harmless if it is not there."""
        ...

    def names(self, prefix: str = "") -> Iterator[str]:
        """Yield the names of committed objects that begin with `prefix`, in order."""
        ...

    def sweep(self, *, own: bool = False) -> int:
        """Remove what earlier runs left half written; return how many. Only at start, under the home's lock.

        `own`: only what one of our own trade left, for a process that starts beside others at work.
        """
        ...

    def free_bytes(self) -> int:
        """Return how much room is left."""
        ...


#: The classes of objects; retention is set per class (settings.RETENTION).
CLASSES = ("files", "indexes", "findings", "deliveries", "provenance")

_NAME: Final = re.compile(rf"(?:{'|'.join(CLASSES)})/[a-z0-9][a-z0-9.-]{{0,127}}")


def checked_name(name: str) -> str:
    """Return `name` if it is the name of an object.

    Errors: ValueError. Names are made by us, never taken from outside, so a wrong one is a bug.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name of an object")
    return name
