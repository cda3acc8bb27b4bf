"""A file that is to be sent: looked at before, hashed, and read piece by piece."""

import hashlib
import os
import stat
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Final

from seikyu.apps.client.errors import FileUnusable
from seikyu.limits import KIB

#: Small enough to say where a line broke, large enough to cost little.
_PIECE_BYTES: Final = 64 * KIB


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A file as it was when it was looked at. Shape: `sha256` is lower-case hex."""

    path: Path
    size_bytes: int
    sha256: str

    @property
    def digest_field(self) -> str:
        """The digest as Content-Digest writes it. Source: RFC 9530."""
        return f"sha-256=:{b64encode(bytes.fromhex(self.sha256)).decode()}:"

    def pieces(self, told: Callable[[int], None]) -> Iterator[bytes]:
        """Yield the bytes, telling how many at each piece; exactly as many as were hashed.

        Errors: FileUnusable, if the file has become shorter or cannot be read any more.
        """
        left = self.size_bytes
        with _open(self.path) as file:
            while left:
                piece = os.read(file.fileno(), min(_PIECE_BYTES, left))
                if not piece:
                    raise FileUnusable("changed", file=str(self.path))
                left -= len(piece)
                yield piece
                told(len(piece))


def look_at(path: Path) -> Outgoing:
    """Return the file, hashed. Errors: FileUnusable (missing, folder, special, unreadable, empty)."""
    with _open(path) as file:
        size_bytes = os.fstat(file.fileno()).st_size
        if size_bytes == 0:
            raise FileUnusable("empty", file=str(path))
        digest = hashlib.file_digest(file, "sha256")
        return Outgoing(path, size_bytes, digest.hexdigest())


def _open(path: Path) -> FileIO:
    """Open a regular file and nothing else; a FIFO must not make us wait for its writer."""
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise FileUnusable("folder", file=str(path))
        if not stat.S_ISREG(mode):
            raise FileUnusable("special", file=str(path))
        return path.open("rb", buffering=0)
    except FileNotFoundError:
        raise FileUnusable("missing", file=str(path)) from None
    except OSError as reason:
        raise FileUnusable("unreadable", file=str(path), reason=(reason.strerror or "?").lower()) from None
