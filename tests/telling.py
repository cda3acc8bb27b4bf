"""What an examination tells, one by one and in the old order: a claim's findings, then its row, at the end the summary."""

from collections.abc import Iterable, Iterator
from typing import Any

from seikyu.rules import Block, Finding, Findings, IndexRow, Rows, Summary, examine

Told = Finding | IndexRow | Summary


def told_of(data: bytes | Iterable[bytes], **options: Any) -> list[Told]:
    """Return all that is told of a file."""
    chunks = [data] if isinstance(data, bytes) else data
    return list(one_by_one(examine(chunks, **options)))


def one_by_one(blocks: Iterable[Block]) -> Iterator[Told]:
    """Yield what stands in blocks, each claim's findings before its row."""
    waiting: list[Finding] = []
    claims = 0
    for block in blocks:
        if isinstance(block, Findings):
            waiting += block
        elif isinstance(block, Rows):
            for row in block:
                while waiting and (waiting[0].claim_index is None or waiting[0].claim_index <= claims):
                    yield waiting.pop(0)
                yield row
                claims += 1
        else:
            yield from waiting
            yield block
