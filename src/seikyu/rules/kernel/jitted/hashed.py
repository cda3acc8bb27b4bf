"""Compiled lookups: keys to their places, and whether one of several partners stands on the same claim.

This file stands alone, because Numba keeps what it has compiled by the file's date. The differential test is its
coverage.
"""

from typing import Any, Final

import numpy as np

from seikyu.rules.kernel.jitted.jit import jit

#: An empty place of a hash table; keys are never negative.
OPEN: Final = -1
_GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)


@jit
def _slot(key: int, shift: int) -> Any:
    """Return where a key is looked for first: the top bits of its product with the golden ratio."""
    return np.int64((np.uint64(key) * _GOLDEN) >> np.uint64(shift))


@jit
def fill(codes: Any, slots: Any, places: Any, shift: int) -> None:
    """Put keys into an empty hash table; of equal ones the first place stays."""
    mask = slots.shape[0] - 1
    for place in range(codes.shape[0]):
        key = codes[place]
        at = _slot(key, shift)
        while slots[at] != OPEN and slots[at] != key:
            at = (at + 1) & mask
        if slots[at] == OPEN:
            slots[at], places[at] = key, place


@jit
def _place(key: int, slots: Any, places: Any, shift: int) -> int:
    mask = slots.shape[0] - 1
    at = _slot(key, shift)
    while slots[at] != OPEN:
        if slots[at] == key:
            return places[at]
        at = (at + 1) & mask
    return -1


@jit
def find(wanted: Any, slots: Any, places: Any, shift: int, found: Any) -> None:
    """Write the place of each wanted key, -1 for none. Keys below zero are none."""
    for i in range(wanted.shape[0]):
        found[i] = _place(wanted[i], slots, places, shift) if wanted[i] >= 0 else -1


@jit
def meet(
    first: Any, start: Any, end: Any, others: Any, rest: int, slots: Any, places: Any, shift: int, found: Any
) -> None:
    """Write for each first part of a key the place of the first key that one of its others completes, -1 for none.

    The others of row i stand from `start[i]` to `end[i]`; a key is the first part times `rest` and the other.
    """
    for i in range(first.shape[0]):
        found[i] = -1
        for j in range(start[i], end[i]):
            if others[j] >= 0:
                place = _place(first[i] * rest + others[j], slots, places, shift)
                if place >= 0:
                    found[i] = place
                    break
