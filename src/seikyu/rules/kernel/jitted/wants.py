"""Compiled loops over the codes of claims: notes, diseases, comments and classes that they want or must not have.

This file stands alone, because Numba keeps what it has compiled by the file's date. The differential test is its
coverage. `Items` are those of `fees`.
"""

from typing import Any, Final

import numpy as np

from seikyu.rules.kernel.jitted.jit import jit

#: What an item of the master of procedures is to its note.
BASIC: Final = 1
ADDED: Final = 2
#: So many pairs of a code and a disease are remembered, as bits of their number: most of a batch come again and again.
REMEMBERED_BITS: Final = 14
_GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)
_SHIFT: Final = np.uint64(64 - REMEMBERED_BITS)


@jit
def _first_from(values: Any, wanted: int, start: int, end: int) -> int:
    """Return the first place from `start` with a value that is not below the wanted one; values rise."""
    while start < end:
        middle = (start + end) >> 1
        if values[middle] < wanted:
            start = middle + 1
        else:
            end = middle
    return start


@jit
def without_noted(items: Any, notes: Any, sorts: Any, seen: Any, mine: Any, hit: Any) -> None:
    """Mark the claims with an addition whose note no basic item on them has, unless one of their codes is unknown.

    By number of a code: `notes` is its note, 0 for none, -1 if the code is unknown; `sorts` is `BASIC`, `ADDED` or
    neither.
    """
    for claim in range(mine.shape[0]):
        start, end = items.start[claim], items.start[claim + 1]
        known = mine[claim]
        for item in range(start, end):
            number = items.number[item]
            known &= notes[number] >= 0
            if notes[number] > 0 and sorts[number] == BASIC:
                seen[notes[number]] = claim
        for item in range(start, end if known else start):
            number = items.number[item]
            if notes[number] > 0 and sorts[number] == ADDED and seen[notes[number]] != claim:
                hit[claim] = True


@jit
def met(
    groups: Any, starts: Any, keys: Any, rest: int, items: Any, others: Any, other_start: Any, known: Any, mine: Any,
    wanted: Any, hit: Any,
) -> None:  # fmt: skip
    """Mark the claims with a code for which it is (not) `wanted` that one of the claim's others completes a key.

    By number of a code: `groups` is its group of keys, -1 for none. The others of claim n stand from `other_start[n]`
    on; those below 0 are none. `known` remembers keys with what was found, and may forget them.
    """
    for claim in range(mine.shape[0]):
        if not mine[claim]:
            continue
        for item in range(items.start[claim], items.start[claim + 1]):
            group = groups[items.number[item]]
            if group < 0:
                continue
            start, end = starts[group], starts[group + 1]
            base = keys[start] // rest * rest
            found = False
            for at in range(other_start[claim], other_start[claim + 1]):
                if others[at] >= 0:
                    key = base + others[at]
                    slot = np.int64((np.uint64(key) * _GOLDEN) >> _SHIFT)
                    if known[slot] >> 1 != key:  # It was not asked for before, or forgotten.
                        place = _first_from(keys, key, start, end)
                        known[slot] = key * 2 + (place < end and keys[place] == key)
                    if known[slot] & 1:
                        found = True
                        break
            if found == wanted:
                hit[claim] = True
                break


@jit
def unsaid(
    rows: Any, sets: Any, bounds: Any, members: Any, known: Any, free: int, items: Any, said: Any, said_start: Any,
    seen: Any, mine: Any, hit: Any,
) -> None:  # fmt: skip
    """Mark the claims with a code that wants one of a set of comments, none of which was said, nor `free` text.

    The sets of a row are from `sets[row]` on, the members of a set from `bounds[set]` on, as places in `known`.
    """
    for claim in range(mine.shape[0]):
        needy = False
        for item in range(items.start[claim], items.start[claim + 1]):
            needy |= rows[items.number[item]] >= 0
        if not mine[claim] or not needy:
            continue
        freely = False
        for at in range(said_start[claim], said_start[claim + 1]):
            place = _first_from(known, said[at], 0, known.shape[0])
            if place < known.shape[0] and known[place] == said[at]:
                seen[place] = claim
            freely |= said[at] == free
        for item in range(items.start[claim], items.start[claim] if freely else items.start[claim + 1]):
            row = rows[items.number[item]]
            for one in range(sets[row], sets[row + 1] if row >= 0 else -1):
                there = False
                for at in range(bounds[one], bounds[one + 1]):
                    there |= members[at] >= 0 and seen[members[at]] == claim
                hit[claim] |= not there


@jit
def doubled(rows: Any, starts: Any, classes: Any, items: Any, seen: Any, days: Any, mine: Any, hit: Any) -> None:
    """Mark the claims with two codes of one class on one day. The classes of a row are from `starts[row]` on."""
    for claim in range(mine.shape[0]):
        if not mine[claim]:
            continue
        for item in range(items.start[claim], items.start[claim + 1]):
            row = rows[items.number[item]]
            for at in range(starts[row], starts[row + 1] if row >= 0 else -1):
                each = classes[at]
                if seen[each] != claim:
                    seen[each], days[each] = claim, 0
                hit[claim] |= days[each] & items.days[item] != 0
            # A code that stands in one class twice is not beside itself.
            for at in range(starts[row], starts[row + 1] if row >= 0 else -1):
                days[classes[at]] |= items.days[item]
