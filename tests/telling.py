"""What an examination tells, one by one and in the old order: a claim's findings, then its row, at the end the summary."""

from collections.abc import Iterable
from typing import Any

from seikyu.rules import Finding, IndexRow, Summary, examine
from seikyu.rules.blocks import one_by_one

Told = Finding | IndexRow | Summary


def told_of(data: bytes | Iterable[bytes], **options: Any) -> list[Told]:
    """Return all that is told of a file."""
    chunks = [data] if isinstance(data, bytes) else data
    return list(one_by_one(examine(chunks, **options)))


__all__ = ["Told", "one_by_one", "told_of"]
