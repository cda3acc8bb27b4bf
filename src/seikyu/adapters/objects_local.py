"""Objects in a local folder: temporary file, fsync, link, fsync of the folder. A power cut loses nothing.

Layout under the root: `files/ab/ID` (class, two letters that spread the names, id) and `.arriving/`, where an object
lies until it is whole. Only this module looks into either. Several processes may use one folder at once; sweeping is
for the one that starts.
"""

import errno
import fcntl
import hashlib
import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final, Self

from seikyu.adapters.whole_files import space_told
from seikyu.limits import KIB
from seikyu.ports.errors import AlreadyThere, NotThere, TooLong
from seikyu.ports.objects import CLASSES, Stored, checked_name

_ARRIVING: Final = ".arriving"
_LOCK: Final = ".lock"
_BUFFER: Final = 256 * KIB  # Small appends (rows, lines) are gathered to so much before they go to the disk.
_GROWING: Final = re.compile(r"[a-z0-9-]{1,64}")
_NO_LINKS: Final = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}


class LocalObjects:
    """Objects in one folder of one file system (ports.objects.ObjectStore). Safe from many threads and processes.

    Shape: `trade` is a word that the names of half written objects begin with, so that what a process of one trade left
    can be told from what others are writing.
    """

    def __init__(self, root: Path, *, trade: str = "") -> None:
        self._root = root
        self._trade = f"{trade}-" if trade else ""
        self._arriving = root / _ARRIVING
        self._lock = threading.Lock()
        self._durable: set[Path] = set()
        with space_told("objects"):
            root.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            for folder in (root, self._arriving, *(root / name for name in CLASSES)):
                self._make_folder(folder)

    def writer(self, name: str, *, limit_bytes: int) -> "LocalWriter":
        """Begin an object. Errors: NoSpace."""
        checked_name(name)
        # The name is chosen at random, not after the object: two tries of one name must not meet.
        path = self._arriving / f"{self._trade}{os.urandom(16).hex()}"
        with space_told("objects"):
            return LocalWriter(self, name, path=path, limit_bytes=limit_bytes)

    def open(self, name: str) -> BinaryIO:
        """Open an object for reading, seekable. Errors: NotThere."""
        with _absence_told(name):
            return self.local_path(name).open("rb")

    def follow(self, growing: str, *, name: str) -> "LocalGrowing":
        """Open what a writer is writing, or the object `name` if it has become that. Errors: NotThere."""
        if not _GROWING.fullmatch(growing):
            raise ValueError("no name of an object on its way in")
        with suppress(FileNotFoundError):
            return LocalGrowing(self._arriving / growing)
        with _absence_told(name):
            return LocalGrowing(self.local_path(name))

    def local_path(self, name: str) -> Path:
        """Return where the bytes lie, or would lie."""
        kind, _, identity = checked_name(name).partition("/")
        return self._root / kind / hashlib.sha256(identity.encode()).hexdigest()[:2] / identity

    def size_bytes(self, name: str) -> int:
        """Return the length. Errors: NotThere."""
        with _absence_told(name):
            return self.local_path(name).stat().st_size

    def remove(self, name: str) -> None:
        """Remove, durably. Harmless if it is not there."""
        path = self.local_path(name)
        with suppress(FileNotFoundError):
            path.unlink()
            _sync_folder(path.parent)

    def names(self, prefix: str = "") -> Iterator[str]:
        """Yield the names of committed objects that begin with `prefix`, in order."""
        for kind in sorted(CLASSES):
            if kind.startswith(prefix) or prefix.startswith(kind + "/"):
                found = (f"{kind}/{path.name}" for path in (self._root / kind).glob("*/*"))
                yield from sorted(name for name in found if name.startswith(prefix))

    def sweep(self, *, own: bool = False) -> int:
        """Remove what earlier runs left half written; return how many. Only at start, under the home's lock.

        `own`: only what one of our own trade left.
        """
        left = [path for path in self._arriving.iterdir() if not own or path.name.startswith(self._trade)]
        for path in left:
            path.unlink()
        _sync_folder(self._arriving)
        return len(left)

    def free_bytes(self) -> int:
        """Return how much room is left for us (not for root)."""
        room = os.statvfs(self._root)
        return room.f_bavail * room.f_frsize

    def publish(self, arrived: Path, name: str) -> None:
        """Give the whole and synced file `arrived` its name, durably and never over another's.

        Errors: AlreadyThere, NoSpace; `arrived` stays where it is then, and nothing has the name through us.
        """
        path = self.local_path(name)
        with space_told("objects"):
            self._make_folder(path.parent)
            self._link(arrived, path)
            try:
                _sync_folder(path.parent)
            except BaseException:
                path.unlink()
                raise

    def _make_folder(self, path: Path) -> None:
        """Make a folder, private and durable. Nobody goes on before its name is synced, whoever made it."""
        if path in self._durable:
            return
        with self._lock:
            path.mkdir(mode=0o700, exist_ok=True)
            _sync_folder(path.parent)
            self._durable.add(path)

    def _link(self, arrived: Path, path: Path) -> None:
        """Let `path` be a second name of `arrived`, atomically. Errors: AlreadyThere."""
        try:
            os.link(arrived, path)
        except FileExistsError:
            raise AlreadyThere(f"{path.parent.parent.name}/{path.name} is already there") from None
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            self._rename(arrived, path)

    def _rename(self, arrived: Path, path: Path) -> None:
        """Do as `_link` where the file system knows no links: one at a time, also among processes."""
        with (self._root / _LOCK).open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if path.exists():
                raise AlreadyThere(f"{path.parent.parent.name}/{path.name} is already there")
            arrived.rename(path)


class LocalWriter:
    """An object on its way in (ports.objects.ObjectWriter). For one thread at a time."""

    def __init__(self, objects: LocalObjects, name: str, *, path: Path, limit_bytes: int) -> None:
        self._objects = objects
        self._name = name
        self._path = path
        self._limit = limit_bytes
        self._digest = hashlib.sha256()
        self._waiting = bytearray()
        self._size = 0
        self._file: int | None = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)

    @property
    def size_bytes(self) -> int:
        """How many bytes have been written so far."""
        return self._size

    @property
    def growing(self) -> str:
        """What `LocalObjects.follow` takes, also in another process."""
        return self._path.name

    def write(self, data: bytes) -> None:
        """Append. Errors: TooLong, NoSpace; the object is discarded then."""
        with self._discarded_on_error(), space_told("objects"):
            self._opened()
            self._size += len(data)
            if self._size > self._limit:
                raise TooLong(f"more than {self._limit} bytes", limit_bytes=self._limit)
            self._digest.update(data)
            self._waiting += data
            if len(self._waiting) >= _BUFFER:
                self._flush()

    def flush(self) -> None:
        """Let who follows read all that has been written. Errors: NoSpace; the object is discarded then."""
        with self._discarded_on_error(), space_told("objects"):
            self._flush()

    def sha256(self) -> str:
        """Return the digest of what has been written so far, lower-case hex."""
        return self._digest.hexdigest()

    def commit(self, *, name: str | None = None) -> Stored:
        """Make the object durable and visible. Errors: NoSpace, AlreadyThere; no byte is left behind then."""
        self._name = checked_name(name or self._name)
        with self._discarded_on_error(), space_told("objects"):
            self._flush()
            os.fsync(self._opened())
            self._objects.publish(self._path, self._name)
        self.discard()  # The file lives on under its name; only the temporary name goes.
        return Stored(self._name, self._size, self.sha256())

    def discard(self) -> None:
        """Leave no byte behind. Harmless when repeated and after `commit`."""
        if self._file is None:
            return
        file, self._file = self._file, None
        with suppress(OSError):  # Nothing that closing could tell matters: the bytes are synced or unwanted.
            os.close(file)
        self._path.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *reason: object) -> None:
        self.discard()

    def _opened(self) -> int:
        """Return the open file. Errors: ValueError after commit or discard (a bug)."""
        if self._file is None:
            raise ValueError(f"{self._name} is committed or discarded already")
        return self._file

    def _flush(self) -> None:
        """Hand what waits to the operating system; it may take it in parts."""
        file = self._opened()
        with memoryview(self._waiting) as rest:
            done = 0
            while done < len(rest):
                done += os.write(file, rest[done:])
        self._waiting.clear()

    @contextmanager
    def _discarded_on_error(self) -> Iterator[None]:
        """Discard the object if the block raises anything."""
        try:
            yield
        except BaseException:
            self.discard()
            raise


class LocalGrowing:
    """The bytes of an object on its way in (ports.objects.Growing). An open file outlives its names."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)

    @property
    def gone(self) -> bool:
        """Whether the object was discarded, or removed since."""
        return os.fstat(self._file).st_nlink == 0

    def read(self, size_bytes: int) -> bytes:
        """Return the next bytes that can be read, at most so many."""
        return os.read(self._file, size_bytes)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *reason: object) -> None:
        os.close(self._file)


@contextmanager
def _absence_told(name: str) -> Iterator[None]:
    """Turn a missing file into NotThere."""
    try:
        yield
    except FileNotFoundError:
        raise NotThere(f"there is no object {name}") from None


def _sync_folder(path: Path) -> None:
    """Make the names in a folder durable."""
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
