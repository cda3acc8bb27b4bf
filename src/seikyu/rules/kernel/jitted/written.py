"""What stands in items, compared as it is written, where the bytes are: for rules that ask for more than values.

All of it is jitted, apart from the pass.
"""

from typing import Any

import numpy as np

from seikyu.rules.kernel.jitted.jit import jit

U = np.uintp


@jit
def item_at(buffer: Any, start: int, end: int, number: int) -> int:
    """Return where an item of a line begins, counting from 1; the line's end if it has fewer."""
    p = start
    while number > 1 and p < end:
        if buffer[U(p)] == 0x2C:
            number -= 1
        p += 1
    return p


@jit
def compare(
    buffer: Any, starts: Any, lengths: Any, numbers: Any, count: int, starts2: Any, lengths2: Any, numbers2: Any,
    count2: int, same: Any,
) -> None:  # fmt: skip
    """Write down for each pair of places whether so many items from there on, put together, hold the same bytes."""
    for at in range(starts.shape[0]):
        end, end2 = starts[at] + lengths[at], starts2[at] + lengths2[at]
        p, q = item_at(buffer, starts[at], end, numbers[at]), item_at(buffer, starts2[at], end2, numbers2[at])
        left, left2 = count, count2
        while True:
            while left > 0 and p < end and buffer[U(p)] == 0x2C:
                p, left = p + 1, left - 1
            while left2 > 0 and q < end2 and buffer[U(q)] == 0x2C:
                q, left2 = q + 1, left2 - 1
            over, over2 = left == 0 or p >= end, left2 == 0 or q >= end2
            if over or over2:
                same[at] = over and over2
                break
            if buffer[U(p)] != buffer[U(q)]:
                break
            p, q = p + 1, q + 1
