"""Very many serials in little memory: 20 bytes each, found in a handful of steps."""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

_BYTES: Final = 20
_CHARS: Final = 2 * _BYTES

#: So many that came later lie beside the others; then all are sorted anew, which takes a while.
_BESIDE: Final = 4096


@dataclass(frozen=True, slots=True)
class Serials:
    """A set of serials. Shape: `packed` are sorted, one behind the other; `beside` those that came later.

    >>> some = Serials().with_more(["1f", "a0"])
    >>> "1f" in some, "2" in some, len(some.with_more(["1f", "2"]))
    (True, False, 3)
    """

    packed: bytes = b""
    beside: frozenset[bytes] = frozenset()

    def __len__(self) -> int:
        return len(self.packed) // _BYTES + len(self.beside)

    def __contains__(self, serial: str) -> bool:
        if len(serial) > _CHARS:
            return False
        wanted = _packed(serial)
        return wanted in self.beside or self._has(wanted)

    def with_more(self, serials: Iterable[str]) -> "Serials":
        """Return the set with these besides. Shape: lower-case hex of at most 40 characters."""
        new = frozenset(each for each in map(_packed, serials) if not self._has(each)) | self.beside
        if len(new) <= _BESIDE:
            return Serials(self.packed, new)
        old = (self.packed[place : place + _BYTES] for place in range(0, len(self.packed), _BYTES))
        return Serials(b"".join(sorted((*old, *new))))

    def _has(self, wanted: bytes) -> bool:
        place = bisect_left(range(len(self.packed) // _BYTES), wanted, key=self._at)
        return self._at(place) == wanted

    def _at(self, place: int) -> bytes:
        return self.packed[_BYTES * place : _BYTES * (place + 1)]


def _packed(serial: str) -> bytes:
    return bytes.fromhex(serial.zfill(_CHARS))
