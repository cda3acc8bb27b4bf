"""Examining one stored file: what the checker sees becomes an index object and a findings object.

`Checker` is the seam where the work goes to another process: an order and its answer are plain values that pickle.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import BinaryIO, Final, Protocol

from seikyu.limits import MIB, limit
from seikyu.ports.errors import Damaged, NotThere
from seikyu.ports.objects import ObjectStore, ObjectWriter
from seikyu.rules.blocks import Findings, Rows
from seikyu.rules.context import Context
from seikyu.rules.examine import Block, examine
from seikyu.rules.index import header
from seikyu.rules.summary import Summary

CHUNK_BYTES: Final = MIB


@dataclass(frozen=True, slots=True)
class CheckOrder:
    """What to examine and where to put the result.

    Shape: `file`, `index` and `findings` are object names; the latter two are fresh. `size_bytes` and `sha256` are what
    the bytes were when they were received.
    """

    file: str
    size_bytes: int
    sha256: str
    index: str
    findings: str
    asp: bool
    context: Context


class Checker(Protocol):
    """Examines one file object; may do so in another process."""

    def __call__(self, order: CheckOrder) -> Summary:
        """Write the index and findings objects and return the summary; on return both are durable.

        Errors: Damaged, if the bytes are no longer those that were received; NoSpace. No object is left behind then.
        """
        ...


def examine_object(objects: ObjectStore, identity_key: bytes, order: CheckOrder) -> Summary:
    """Do what a `Checker` does, here and now.

    Shape: the findings object is UTF-8, one JSON object a line, its keys those of `Finding`; values are masked.
    Errors: Damaged, NoSpace, NotThere.
    """
    limit_bytes = limit("file_bytes")
    with (
        objects.open(order.file) as source,
        objects.writer(order.index, limit_bytes=limit_bytes) as index,
        objects.writer(order.findings, limit_bytes=limit_bytes) as findings,
    ):
        index.write(header())
        chunks = Chunks(source)
        summary = None
        pieces = iter(chunks)
        for block in examine(pieces, identity_key=identity_key, asp=order.asp, context=order.context):
            summary = _write(block, index=index, findings=findings)
        for _ in pieces:
            pass  # What the checker did not care to read belongs to the digest.
        if (chunks.size_bytes, chunks.sha256()) != (order.size_bytes, order.sha256):
            raise Damaged("the bytes are not those that were received", object=order.file)
        if summary is None:
            raise AssertionError("the checker ended without a summary")
        findings.commit()
        index.commit()
    return summary


class Chunks:
    """The bytes of an object in pieces; their digest and length when they have all been read."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self._digest = sha256()
        self.size_bytes = 0

    def __iter__(self) -> Iterator[bytes]:
        while piece := self._source.read(CHUNK_BYTES):
            self._digest.update(piece)
            self.size_bytes += len(piece)
            yield piece

    def sha256(self) -> str:
        """Return the digest of what was read so far, lower-case hex."""
        return self._digest.hexdigest()


def verify(objects: ObjectStore, name: str, *, size_bytes: int, sha256: str) -> bool:
    """Return whether an object is there with the bytes that were told."""
    try:
        with objects.open(name) as source:
            chunks = Chunks(source)
            for _ in chunks:
                pass
    except NotThere:
        return False
    return (chunks.size_bytes, chunks.sha256()) == (size_bytes, sha256)


def _write(block: Block, *, index: ObjectWriter, findings: ObjectWriter) -> Summary | None:
    if isinstance(block, Rows):
        index.write(block.packed)
    elif isinstance(block, Findings):
        for finding in block:
            findings.write(json.dumps(asdict(finding), ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
    else:
        return block
    return None
