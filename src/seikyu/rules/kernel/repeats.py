"""Claims that stand twice: what a batch says of itself is held against all that stood before in the file."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from seikyu.rules.identity import Known, short_of
from seikyu.rules.kernel.batch import Batch, Bools
from seikyu.rules.kernel.jitted.marks import see
from seikyu.rules.kernel.scans import filled


class Marks(Known):
    """What was seen in a file before, in an array, so that a batch is held against it at once."""

    def __init__(self) -> None:
        super().__init__()
        self._slots = np.zeros(1 << (2 * self._most).bit_length(), np.uint64)
        self._held = np.zeros(2, np.int64)

    def seen_short(self, short: int) -> bool:
        """Return whether a mark of 8 bytes was seen before, and remember it while there is room."""
        return bool(self.seen_many(np.array([short], np.uint64))[0])

    def seen_many(self, shorts: NDArray[np.uint64]) -> Bools:
        """Return the same of many marks, one after the other."""
        again = np.zeros(len(shorts), np.bool_)
        see(shorts, self._slots, self._held, self._most, again)
        return again


def remember(known: Marks, batch: Batch) -> None:
    """Hold the claims against those before them: each identity, and behind it the search number if there is one."""
    shorts = batch.identities[:, :8].copy().view("<u8")[:, 0]
    searches = dict(_search_numbers(batch))
    searched = np.array([*searches], np.int64)
    numbers = np.array([short_of(b"search " + number) for number in searches.values()], np.uint64)
    marks = np.insert(shorts, searched + 1, numbers)
    again = known.seen_many(marks)
    if not again.any():
        return
    of_search = searched + 1 + np.arange(len(searched))
    search = dict(zip(searches, again[of_search].tolist(), strict=True))
    for at, repeats in enumerate(np.delete(again, of_search).tolist()):
        if repeats or search.get(at):
            batch.repeats[at] = repeats, search.get(at, False)


def _search_numbers(batch: Batch) -> Iterator[tuple[int, bytes]]:
    """Yield the claims that have a search number, with that number as written."""
    head = batch.table("head")
    rows = np.flatnonzero(filled(head["search_no"]))
    for at, item in zip(rows.tolist(), head.no("search_no", rows).tolist(), strict=True):
        yield at, batch.bytes_of(int(head.start[at]), int(head.length[at])).split(b",")[item - 1]
