"""A larger list of known passwords in a file: the form in which the large collections are given out.

Shape: one line for each, the SHA-1 of the password in 40 capital hexadecimal digits, then perhaps a colon and a count;
in ascending order. The file is searched where it lies, however long it is. SHA-1 is what the collections use; nothing
of ours hangs on it.
"""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

_HASH_CHARS: Final = 40


@dataclass(frozen=True, slots=True)
class KnownPasswordsFile:
    """Looks a password up (ports.people.KnownPasswords). Without the file no password is known."""

    path: Path

    def __call__(self, password: str) -> bool:
        """Return whether the list has it. Errors: OSError, if the file is there and cannot be read."""
        wanted = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper().encode("ascii")
        try:
            with self.path.open("rb") as file:
                return _found(file, wanted)
        except FileNotFoundError:
            return False


def _found(file: BinaryIO, wanted: bytes) -> bool:
    """Halve until the first line that begins at or behind `low` is not smaller than what is wanted."""
    low, high = 0, file.seek(0, os.SEEK_END)
    while low < high:
        middle = (low + high) // 2
        line = _line_behind(file, middle)
        if line and line[:_HASH_CHARS].upper() < wanted:
            low = middle + 1
        else:
            high = middle
    return _line_behind(file, low)[:_HASH_CHARS].upper() == wanted


def _line_behind(file: BinaryIO, at: int) -> bytes:
    """Return the first line that begins at `at` or behind it; empty at the end."""
    file.seek(max(at - 1, 0))
    if at:
        file.readline()
    return file.readline()
