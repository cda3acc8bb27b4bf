"""Objects in memory: written once under their name, whole or not at all, until the process ends."""

import hashlib
import io
import itertools
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Self

from seikyu.ports.errors import AlreadyThere, NoSpace, NotThere, TooLong
from seikyu.ports.objects import Stored, checked_name


class MemoryObjects:
    """Objects in a dictionary (ports.objects.ObjectStore), with as much room as is given."""

    def __init__(self, *, room_bytes: int = 1 << 30) -> None:
        self.committed: dict[str, bytes] = {}
        self.arriving: dict[str, MemoryWriter] = {}
        self._room = room_bytes
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    def writer(self, name: str, *, limit_bytes: int) -> "MemoryWriter":
        """Begin an object."""
        writer = MemoryWriter(self, checked_name(name), limit_bytes=limit_bytes, growing=str(next(self._numbers)))
        self.arriving[writer.growing] = writer
        return writer

    def open(self, name: str) -> BinaryIO:
        """Open an object for reading, seekable. Errors: NotThere."""
        return io.BytesIO(self._bytes(name))

    def follow(self, growing: str, *, name: str) -> "MemoryGrowing":
        """Open what a writer is writing, or the object `name` if it has become that. Errors: NotThere."""
        writer = self.arriving.get(growing)
        body = writer.body if writer is not None else None
        return MemoryGrowing(self, name, self._bytes(name) if body is None else body, writer)

    def local_path(self, name: str) -> Path | None:
        """Return None: there is no file."""
        checked_name(name)
        return None

    def size_bytes(self, name: str) -> int:
        """Return the length. Errors: NotThere."""
        return len(self._bytes(name))

    def remove(self, name: str) -> None:
        """Remove. Harmless if it is not there."""
        self.committed.pop(checked_name(name), None)

    def names(self, prefix: str = "") -> Iterator[str]:
        """Yield the names of committed objects that begin with `prefix`, in order."""
        yield from sorted(name for name in list(self.committed) if name.startswith(prefix))

    def sweep(self, *, own: bool = False) -> int:
        """Return 0: what was half written died with its process."""
        del own
        return 0

    def free_bytes(self) -> int:
        """Return how much room is left."""
        return self._room - sum(map(len, list(self.committed.values())))

    def publish(self, name: str, body: bytes) -> None:
        """Give bytes their name. Errors: AlreadyThere."""
        with self._lock:
            if name in self.committed:
                raise AlreadyThere(f"{name} is already there")
            self.committed[name] = body

    def _bytes(self, name: str) -> bytes:
        """Return an object's bytes. Errors: NotThere."""
        try:
            return self.committed[checked_name(name)]
        except KeyError:
            raise NotThere(f"there is no object {name}") from None


class MemoryWriter:
    """An object on its way in (ports.objects.ObjectWriter)."""

    def __init__(self, objects: MemoryObjects, name: str, *, limit_bytes: int, growing: str) -> None:
        self._objects = objects
        self._name = name
        self._limit = limit_bytes
        self.growing = growing
        self.body: bytearray | None = bytearray()
        self._size = 0
        self._digest = hashlib.sha256()

    @property
    def size_bytes(self) -> int:
        """How many bytes have been written so far."""
        return self._size

    def write(self, data: bytes) -> None:
        """Append. Errors: TooLong, NoSpace; the object is discarded then."""
        body = self._opened()
        self._size += len(data)
        if self._size > self._limit:
            self.discard()
            raise TooLong(f"more than {self._limit} bytes", limit_bytes=self._limit)
        if self._size > self._objects.free_bytes():
            self.discard()
            raise NoSpace("the room for objects is full")
        body += data
        self._digest.update(data)

    def flush(self) -> None:
        """Do nothing: who follows reads what has been written."""
        self._opened()

    def sha256(self) -> str:
        """Return the digest of what has been written so far, lower-case hex."""
        return self._digest.hexdigest()

    def commit(self, *, name: str | None = None) -> Stored:
        """Make the object visible. Errors: AlreadyThere; no byte is left behind then."""
        self._name = checked_name(name or self._name)
        body = self._opened()
        try:
            self._objects.publish(self._name, bytes(body))
        finally:
            self.discard()
        return Stored(self._name, self._size, self.sha256())

    def discard(self) -> None:
        """Leave no byte behind. Harmless when repeated and after `commit`."""
        self.body = None
        self._objects.arriving.pop(self.growing, None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *reason: object) -> None:
        self.discard()

    def _opened(self) -> bytearray:
        """Return what has come so far. Errors: ValueError after commit or discard (a bug)."""
        if self.body is None:
            raise ValueError(f"{self._name} is committed or discarded already")
        return self.body


class MemoryGrowing:
    """The bytes of an object on its way in (ports.objects.Growing)."""

    def __init__(self, objects: MemoryObjects, name: str, body: bytes | bytearray, writer: MemoryWriter | None) -> None:
        self._objects = objects
        self._name = name
        self._body = body
        self._writer = writer
        self._read = 0

    @property
    def gone(self) -> bool:
        """Whether the object was discarded, or removed since."""
        writing = self._writer is not None and self._writer.body is not None
        return not writing and self._name not in self._objects.committed

    def read(self, size_bytes: int) -> bytes:
        """Return the next bytes that can be read, at most so many."""
        piece = bytes(self._body[self._read : self._read + size_bytes])
        self._read += len(piece)
        return piece

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *reason: object) -> None:
        """Do nothing: there is nothing to close."""
