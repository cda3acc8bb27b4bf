"""Identifiers that nobody can guess and that ascend with time."""

import os
import threading
import time
from typing import Final

_LETTERS: Final = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: no i, l, o, u
_CHARS: Final = 26
_RANDOM_BITS: Final = 80
_RANDOM_BYTES: Final = 10


class RandomIds:
    """Makes ULIDs: 48 bits of time in milliseconds, then 80 random bits (ports.clock.Ids).

    Within a millisecond, or while the machine's clock goes back, the last one is counted up by a random step: still
    ascending, still not to be guessed. Safe from many threads.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0

    def new(self) -> str:
        """Return a fresh identifier of 26 lower-case letters and digits, ascending with time."""
        chance = int.from_bytes(os.urandom(_RANDOM_BYTES), "big")
        with self._lock:
            fresh = (time.time_ns() // 1_000_000) << _RANDOM_BITS | chance
            if fresh <= self._last:
                # A step of up to 64 bits: the sum outgrows its millisecond only after 2^16 of them, which is harmless.
                fresh = self._last + 1 + (chance >> 16)
            self._last = fresh
        return _text(fresh)


def _text(number: int) -> str:
    """Return 130 bits as 26 letters, most significant first."""
    return "".join(_LETTERS[number >> shift & 31] for shift in range(5 * (_CHARS - 1), -1, -5))
