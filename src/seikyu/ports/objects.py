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

    def write(self, data: bytes) -> None:
        """Append. Errors: TooLong, NoSpace; the object is discarded then."""
        ...

    def sha256(self) -> str:
        """Return the digest of what has been written so far, lower-case hex."""
        ...

    def commit(self) -> Stored:
        """Make the object durable and visible under its name.

        Durable and visible on return, never before; a power cut afterwards loses nothing (fsync of the file, rename,
        fsync of the folder). Errors: NoSpace, AlreadyThere; no byte is left behind then.
        """
        ...

    def discard(self) -> None:
        """Leave no byte behind. Harmless when repeated and after `commit`."""
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

    def sweep(self) -> int:
        """Remove what earlier runs left half written; return how many. Only at start, under the home's lock."""
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
