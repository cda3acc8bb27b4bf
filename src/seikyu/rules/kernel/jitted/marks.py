"""A set of marks of 8 bytes as a hash table with open places, compiled: what was seen, many marks at a time."""

from typing import Any

import numpy as np

from seikyu.rules.kernel.jitted.jit import jit

U = np.uintp


@jit
def see(marks: Any, slots: Any, held: Any, most: int, again: Any) -> None:
    """Write down which marks were seen before, one after the other, and hold the others while there is room.

    `slots` has a power of two of places, more than `most`; 0 is an open one. `held` counts what is held, and says
    whether the mark 0 is.
    """
    mask = slots.shape[0] - 1
    for at in range(marks.shape[0]):
        mark = marks[U(at)]
        if mark == 0:
            again[U(at)] = held[1]
            if held[1] == 0 and held[0] < most:
                held[0] += 1
                held[1] = 1
            continue
        place = np.int64(mark & np.uint64(mask))
        while slots[U(place)] != 0 and slots[U(place)] != mark:
            place = (place + 1) & mask
        again[U(at)] = slots[U(place)] == mark
        if slots[U(place)] == 0 and held[0] < most:
            held[0] += 1
            slots[U(place)] = mark
