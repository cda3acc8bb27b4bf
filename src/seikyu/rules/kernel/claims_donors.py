"""Scans of the rules on organ donors' blocks: the pass writes down each of their lines, as they are few."""

from collections.abc import Iterator
from typing import Final

import numpy as np

from seikyu.records import Block, Scope
from seikyu.rules.kernel.batch import Batch, Bools, Ints, Places
from seikyu.rules.kernel.jitted import scan as c
from seikyu.rules.kernel.scans import Exact, Might, where

#: No place in a block is as high.
_MOST_PLACE: Final = 1000
#: What each part of a block must have, one of each.
_NEEDED: Final = (("TS",), ("SY",), ("SI", "IY", "TO"))


def _lines(batch: Batch) -> Places:
    """Return the lines of all donors' blocks."""
    return batch.of_events(c.E_DONOR)


def _is(batch: Batch, *ids: str) -> Bools:
    """Return which of those lines are of these records."""
    known = batch.tables.record_ids
    return np.isin(batch.once(_lines).record, [known.index(rid) for rid in ids if rid in known])


def _starts(batch: Batch, block: Block) -> Bools:
    """Return which of those lines begin a part: the record that opens the block or opens it again, or a claim's first.

    A claim's first may be of another record: then its block was not opened.
    """
    claim = batch.once(_lines).claim
    starts = _is(batch, block.opens, block.again)
    starts[:1] = True
    starts[1:] |= claim[1:] != claim[:-1]
    return starts


def donors_out_of_order(batch: Batch, judged: Bools) -> Iterator[Exact]:
    """Yield the first line of each judged claim that stands behind a later one of its part."""
    lines = batch.once(_lines)
    for block in batch.layout.blocks.values():
        if len(lines) and batch.layout.records[block.opens].scope is Scope.DONOR:
            places = [block.records.get(rid, 0) for rid in batch.tables.record_ids]
            place, part = np.array(places, np.int64)[lines.record], np.cumsum(_starts(batch, block))
            reached = np.maximum.accumulate(part * _MOST_PLACE + place)
            back = where((part[1:] == part[:-1]) & (part[1:] * _MOST_PLACE + place[1:] < reached[:-1])) + 1
            back = back[judged[lines.claim[back]]]
            _, firsts = np.unique(lines.claim[back], return_index=True)
            yield Exact(lines, back[firsts])


def donor_block(batch: Batch) -> Iterator[Exact | Might]:
    lines, block = batch.once(_lines), batch.layout.blocks.get("donor")
    if block is None or not len(lines):
        return
    start = where(_starts(batch, block))
    claim = lines.claim[start]
    opened, again = (_is(batch, rid)[start] for rid in (block.opens, block.again))
    followed = np.append((claim[1:] == claim[:-1]) & again[1:], False)
    wrong = ~_complete(batch, start) & ~(opened & followed)
    first = np.append(True, claim[1:] != claim[:-1])
    headless = np.zeros(len(batch), np.bool_)
    headless[claim[first & ~opened]] = True
    yield Might(where(headless))
    yield Exact(lines, start[wrong & ~headless[claim]])


def _complete(batch: Batch, start: Ints) -> Bools:
    """Return which parts, by their first lines, have all that is needed."""
    complete = np.ones(len(start), np.bool_)
    for ids in _NEEDED:
        complete &= np.logical_or.reduceat(_is(batch, *ids), start)
    return complete
