"""The files of the CA: written whole, private or for anybody, by one program at a time."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from seikyu.adapters.home import Home, write_private
from seikyu.ports.errors import SeikyuError

_PRIVATE_FILE: Final = 0o600
_PUBLIC_FILE: Final = 0o644


class FileThere(SeikyuError):
    """A key or certificate stands where one should be written; nothing was overwritten."""

    code = "file_there"


class CannotWrite(SeikyuError):
    """A file or folder cannot be written; nothing was issued."""

    code = "cannot_write"


def pem(*certificates: x509.Certificate) -> bytes:
    """Return certificates one after the other."""
    return b"".join(certificate.public_bytes(Encoding.PEM) for certificate in certificates)


def write_new(path: Path, content: bytes) -> None:
    """Write a file that is not there yet, for its owner only. Errors: FileThere, OSError."""
    try:
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE_FILE)
    except FileExistsError:
        raise FileThere(file=str(path)) from None
    with os.fdopen(number, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(number)


def write_public(path: Path, content: bytes) -> None:
    """Replace a file that anybody may read, in one step."""
    write_private(path, content)
    path.chmod(_PUBLIC_FILE)


def sync(folder: Path) -> None:
    """Make the names in a folder durable."""
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


@contextmanager
def alone(home: Home, what: str = "ca") -> Iterator[None]:
    """Let one program at a time make a CA, or a key of it, in this home; or a list (`crl`)."""
    with (home.run / f"{what}.lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def told(path: Path | None = None) -> Iterator[None]:
    """Tell what the disk refuses in our words. Shape: `path` is named where the disk names none, as when it is full."""
    try:
        yield
    except OSError as refused:
        reason = (refused.strerror or type(refused).__name__).lower()
        raise CannotWrite(file=str(refused.filename or path), reason=reason) from refused
