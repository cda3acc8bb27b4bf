"""The folder that an office lives in: its database, objects, secrets, clients, lock and logs."""

import fcntl
import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TextIO

from seikyu.adapters.settings import BadSettings, Face, Settings, read_settings, settings_text
from seikyu.ports.errors import Damaged, HomeLocked

#: The names of files and folders under way: `write_private`, `x509_ca.staged`, and what a client throws away.
_LEFT: Final = re.compile(
    r"\.((ca|cert|key)\.pem|client\.toml|(pairing|reminded)\.json)\.[0-9a-f]{16}|\.new-[0-9a-f]{8}|\.gone-[0-9a-f]{16}"
)
_LEFT_S: Final = 24 * 60 * 60

__all__ = ["BadSettings", "Face", "Home", "Settings", "open_home"]

_KEY_BYTES: Final = 32
_PRIVATE: Final = 0o700
_LOCK_WAIT_S: Final = 0.2


@dataclass(frozen=True, slots=True)
class Home:
    """Where everything of one office lies. Nothing outside `root` is ever written."""

    root: Path

    @property
    def database(self) -> Path:
        """The rows."""
        return self.root / "office.sqlite"

    @property
    def objects(self) -> Path:
        """Files, indexes, findings, deliveries, provenance."""
        return self.root / "objects"

    @property
    def masters(self) -> Path:
        """Versions of masters, a file each."""
        return self.root / "masters"

    @property
    def lines(self) -> Path:
        """Published lists of lines and providers, a file each."""
        return self.root / "lines"

    @property
    def prefectures(self) -> Path:
        """Tables of prefectures, a file each."""
        return self.root / "prefectures"

    @property
    def secrets(self) -> Path:
        """Keys; nobody but the office's own account may look (0700)."""
        return self.root / "secrets"

    @property
    def ca(self) -> Path:
        """The office's certificate authority."""
        return self.root / "ca"

    @property
    def clients(self) -> Path:
        """One folder per client that works from this home."""
        return self.root / "clients"

    @property
    def run(self) -> Path:
        """The lock, and the ports that were taken."""
        return self.root / "run"

    @property
    def front(self) -> Path:
        """Where a front server meets the office: sockets, its process number, what it lays aside."""
        return self.run / "front"

    @property
    def logs(self) -> Path:
        """Logs, without a personal byte."""
        return self.root / "logs"

    @property
    def settings_file(self) -> Path:
        """What an operator decides."""
        return self.root / "office.toml"

    def settings(self) -> Settings:
        """Read the settings. Errors: BadSettings."""
        return read_settings(self.settings_file)

    def secret(self, name: str) -> bytes:
        """Return the secret `name`: 32 random bytes, made when first asked for. Errors: Damaged, if it is cut."""
        path = self.secrets / name
        if not path.exists():
            write_private(path, os.urandom(_KEY_BYTES), over=False)
        key = path.read_bytes()
        if len(key) != _KEY_BYTES:
            raise Damaged(f"the secret {name} is not whole")
        return key

    def identity_key(self) -> bytes:
        """Return the key under which claims' identities are hashed; it never leaves this home."""
        return self.secret("identity_key")

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep every other server off this home while the block runs.

        The lock dies with the process, however it dies. Errors: HomeLocked, naming who holds it.
        """
        with (self.run / "lock").open("a+", encoding="ascii") as file:
            if not _locked(file):
                file.seek(0)
                holder = file.read().strip() or "?"
                raise HomeLocked(f"process {holder} works on this home", pid=holder)
            file.seek(0)
            file.truncate()
            file.write(str(os.getpid()))
            file.flush()
            yield

    def locked_by(self) -> str | None:
        """Return the process id of whoever holds the lock, or None."""
        try:
            with self.lock():
                return None
        except HomeLocked as error:
            return str(error.facts["pid"])


def open_home(root: Path) -> Home:
    """Return the home at `root`; make its folders (private) and its settings file if they are not there."""
    home = Home(root.absolute())
    for folder in (home.root, home.secrets, home.clients, home.run, home.logs):
        folder.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
    home.secrets.chmod(_PRIVATE)
    sync_folder(home.root.parent)
    if not home.settings_file.exists():
        write_private(home.settings_file, settings_text().encode())
    return home


def _locked(file: TextIO) -> bool:
    """Lock a file and return whether that succeeded; wait a moment for those who only look whether it is locked."""
    end = time.monotonic() + _LOCK_WAIT_S
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > end:
                return False
            time.sleep(_LOCK_WAIT_S / 10)
        else:
            return True


def write_private(path: Path, content: bytes, *, over: bool = True) -> None:
    """Write a file as a whole, readable by its owner only, durably: what is there is never half a key.

    `over`: replace a file that is there; else it stays, and nothing is written.
    Errors: OSError; the old file, or none, is there then.
    """
    arriving = path.with_name(f".{path.name}.{os.urandom(8).hex()}")
    try:
        with os.fdopen(os.open(arriving, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if over:
            arriving.replace(path)
        else:
            _name_first(arriving, path)
    finally:
        arriving.unlink(missing_ok=True)
    sync_folder(path.parent)


def sweep(folder: Path) -> None:
    """Remove what programs that were killed have left half written in a folder: there may be a key in it.

    What is younger than a day may still be somebody's, unless it was to be removed anyhow. Only names that are made
    here are looked at, as a client's folder may hold other things too. What cannot be removed stays.
    """
    before = time.time() - _LEFT_S
    with suppress(OSError):
        for left in list(folder.iterdir()):
            if not _LEFT.fullmatch(left.name):
                continue
            with suppress(OSError):
                if not left.name.startswith(".gone-") and left.lstat().st_mtime > before:
                    continue
                if left.is_dir() and not left.is_symlink():
                    shutil.rmtree(left, ignore_errors=True)
                else:
                    left.unlink()


def _name_first(arriving: Path, path: Path) -> None:
    """Name a file unless another has the name; without links (some file systems), nearly so."""
    try:
        os.link(arriving, path)
    except OSError:
        if not path.exists():
            arriving.replace(path)


def sync_folder(path: Path) -> None:
    """Make the names in a folder durable."""
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
