"""Bytes on their way in: written down as they come, seen by nobody, gone if the line breaks.

While a body arrives nothing is locked: a sender whose old connection still hangs may begin anew at once.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from string import hexdigits
from typing import Final

from seikyu.limits import MIB, limit
from seikyu.ports.errors import BadRequest, DigestMismatch, LineBroken, NoSpace, TooLong
from seikyu.ports.objects import ObjectWriter
from seikyu.records import Header, sniff
from seikyu.services.arrivals import Arrival, Source, begin, end, forget
from seikyu.services.office import Office

SHA256_CHARS: Final = 64

#: How often a body that arrives is asked whether there is still room: whoever states no length may have a long one.
LOOK_EVERY_BYTES: Final = MIB


@dataclass(frozen=True, slots=True)
class Stated:
    """What the sender says of a body beforehand; it is held to it. Shape: `sha256` is hex."""

    sha256: str | None = None
    length: int | None = None


@dataclass(frozen=True, slots=True)
class Arrived:
    """A body that is there as a whole and not committed yet.

    Shape: `header` is None if its first record is no IR; `writer` is None if the body was only listened to.
    """

    file_id: str
    writer: ObjectWriter | None
    size_bytes: int
    sha256: str
    header: Header | None
    file_name: str | None

    @property
    def object_name(self) -> str:
        """The name under which it will be visible."""
        return f"files/{self.file_id}"

    def discard(self) -> None:
        """Leave no byte behind. Harmless when repeated and after the commit."""
        if self.writer is not None:
            self.writer.discard()


class Heard:
    """Stands where a writer does while a body is only listened to: what came can be told, and no byte is kept."""

    def __init__(self, *, limit_bytes: int) -> None:
        self.size_bytes = 0
        self._limit_bytes = limit_bytes
        self._digest = sha256()

    def write(self, data: bytes) -> None:
        """Take notice. Errors: TooLong."""
        self.size_bytes += len(data)
        if self.size_bytes > self._limit_bytes:
            raise TooLong("more bytes came than the limit", limit_bytes=self._limit_bytes)
        self._digest.update(data)

    def flush(self) -> None:
        """Do nothing: nobody follows what is not kept."""

    def sha256(self) -> str:
        """Return the digest of what came so far, lower-case hex."""
        return self._digest.hexdigest()


async def take_in(
    office: Office,
    body: AsyncIterator[bytes],
    *,
    source: Source,
    stated: Stated,
    file_name: str | None = None,
    keep: bool = True,
) -> Arrived:
    """Write a body down as it comes; without `keep`, only listen to it.

    It may take no more room than leaves `free_bytes`, whatever was stated. Errors: whatever `body` raises (LineBroken),
    TooLong, DigestMismatch, NoSpace; no byte is left behind then.
    """
    if keep:
        require_room(office, stated.length or 0)
    file_id = office.ids.new()
    limit_bytes = office.limit("file_bytes") if stated.length is None else stated.length
    writer = office.objects.writer(f"files/{file_id}", limit_bytes=limit_bytes) if keep else None
    heard = writer or Heard(limit_bytes=limit_bytes)
    arrival = Arrival(file_id, source, file_name, stated.length)
    try:
        begin(office, arrival, growing=None if writer is None else writer.growing)
        head = await _write_all(
            heard, body, arrival=arrival, look=partial(require_room, office, 0) if keep else _no_look
        )
        _hold_to(stated, heard)
        heard.flush()
        end(office, arrival, sha256=heard.sha256())
    except BaseException:  # a cancelled request leaves as little as a broken line
        if writer is not None:
            writer.discard()
        forget(office, [file_id])
        raise
    return Arrived(
        file_id=file_id,
        writer=writer,
        size_bytes=heard.size_bytes,
        sha256=heard.sha256(),
        header=sniff(head, file_name=file_name or ""),
        file_name=file_name,
    )


def check_stated(office: Office, stated: Stated) -> None:
    """Look at what is stated before a byte is read.

    Errors: BadRequest; TooLong, if the stated length is over the limit already.
    """
    if stated.sha256 is not None and (len(stated.sha256) != SHA256_CHARS or not set(stated.sha256) <= set(hexdigits)):
        raise BadRequest("sha256 must be 64 hex digits", parameter="sha256")
    limit_bytes = office.limit("file_bytes")
    if stated.length is not None and stated.length > limit_bytes:
        raise TooLong("the stated length is over the limit", limit_bytes=limit_bytes)
    if stated.length is not None and stated.length < 0:
        raise BadRequest("a length is not negative", parameter="length")


def require_room(office: Office, size_bytes: int) -> None:
    """Look whether the disk may take so much. Errors: NoSpace, if too little would be left to work with."""
    if office.objects.free_bytes() < office.limit("free_bytes") + size_bytes:
        raise NoSpace("the disk is nearly full", retry_after_s=300)


def _no_look() -> None:
    """What is not kept needs no room."""


async def _write_all(
    writer: ObjectWriter | Heard, body: AsyncIterator[bytes], *, arrival: Arrival, look: Callable[[], None]
) -> bytes:
    """Write `body` to its end, looking for room now and then; return its head, as much as a first record may take.

    Who follows it has its head as soon as it is there, for much can be told from that. The writes go to the page cache
    and are not worth a thread; what waits for the disk is the commit.
    """
    seen = 0
    head = bytearray()
    head_bytes = limit("line_bytes")
    async for chunk in body:
        seen += len(chunk)
        if seen >= LOOK_EVERY_BYTES:
            look()
            seen = 0
        writer.write(chunk)
        arrival.received_bytes += len(chunk)
        if len(head) < head_bytes:
            head += chunk[: head_bytes - len(head)]
            if len(head) == head_bytes:
                writer.flush()
    return bytes(head)


def _hold_to(stated: Stated, writer: ObjectWriter | Heard) -> None:
    if stated.length is not None and writer.size_bytes < stated.length:
        raise LineBroken("the body ended early", received_bytes=writer.size_bytes, stated_bytes=stated.length)
    received = writer.sha256()
    if stated.sha256 is not None and stated.sha256.lower() != received:
        raise DigestMismatch("the digest does not agree", stated=stated.sha256.lower(), received=received)
