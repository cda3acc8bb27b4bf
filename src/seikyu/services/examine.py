"""Examining one stored file: what the checker sees becomes an index object and a findings object.

`Checker` is the seam where the work goes to another process: an order and its answer are plain values that pickle.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any, BinaryIO, Final, Protocol

from seikyu.limits import MIB, limit
from seikyu.ports.errors import Damaged, NotThere
from seikyu.ports.objects import ObjectStore, ObjectWriter
from seikyu.rules.blocks import Certain, Rows
from seikyu.rules.context import Context
from seikyu.rules.examine import examine
from seikyu.rules.finding import Finding
from seikyu.rules.index import header
from seikyu.rules.masters import NO_MASTERS, Masters
from seikyu.rules.summary import Summary

CHUNK_BYTES: Final = MIB

#: Is told of so many more claims, and of these findings.


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


class Watcher(Protocol):
    """Watches a check go on."""

    def seen(self, claims: int, findings: Iterable[Finding]) -> None:
        """Be told in passing how many more claims and what findings have been written."""
        ...

    def decide(self, finding: Finding) -> None:
        """Be told what refuses the file, as soon as that is certain."""
        ...


def no_masters() -> Masters:
    """Return none."""
    return NO_MASTERS


def examine_object(
    objects: ObjectStore, identity_key: bytes, order: CheckOrder, *, masters: Callable[[], Masters] = no_masters
) -> Summary:
    """Do what a `Checker` does, here and now, with the masters that are there now.

    Shape: the findings object is UTF-8, one JSON object a line, its keys those of `Finding`; values are masked.
    Errors: Damaged, NoSpace, NotThere.
    """
    limit_bytes = limit("file_bytes")
    with (
        objects.open(order.file) as source,
        objects.writer(order.index, limit_bytes=limit_bytes) as index,
        objects.writer(order.findings, limit_bytes=limit_bytes) as findings,
    ):
        chunks = Chunks(source)
        known = masters()
        summary = written(iter(chunks), order, identity_key=identity_key, masters=known, index=index, findings=findings)
        if (chunks.size_bytes, chunks.sha256()) != (order.size_bytes, order.sha256):
            raise Damaged("the bytes are not those that were received", object=order.file)
        findings.commit()
        index.commit()
    return summary


def written(
    chunks: Iterator[bytes],
    order: CheckOrder,
    *,
    identity_key: bytes,
    masters: Masters,
    index: ObjectWriter,
    findings: ObjectWriter,
    watcher: Watcher | None = None,
) -> Summary:
    """Examine bytes that come piece by piece, to their last one; write what is found, and return the summary.

    Nothing is committed.
    Errors: NoSpace, and what `chunks` raises.
    """
    index.write(header())
    summary = None
    ask: dict[str, Any] = {"asp": order.asp, "context": order.context, "masters": masters, "eager": watcher is not None}
    for block in examine(chunks, identity_key=identity_key, **ask):
        if isinstance(block, Summary):
            summary = block
        elif isinstance(block, Certain):
            if watcher:
                watcher.decide(block.finding)
        elif isinstance(block, Rows):
            index.write(block.packed)
            if watcher:
                watcher.seen(len(block), ())
        else:
            found = list(block)
            _write(found, findings)
            if watcher:
                watcher.seen(0, found)
    for _ in chunks:
        pass  # A file that is nothing of ours is read no further than that shows; its digest wants all of it.
    if summary is None:
        raise AssertionError("the checker ended without a summary")
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


def _write(found: Iterable[Finding], findings: ObjectWriter) -> None:
    for each in found:
        findings.write(json.dumps(asdict(each), ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
