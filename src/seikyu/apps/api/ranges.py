"""Which part of an immutable object a request wants, and the sending of it. Source: RFC 9110 §13, §14; RFC 9530."""

import asyncio
import re
from base64 import b64encode
from collections.abc import AsyncGenerator
from contextlib import aclosing, closing
from dataclasses import dataclass
from typing import BinaryIO, Final

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from seikyu.limits import KIB
from seikyu.ports.errors import ProtocolError

#: One read and one write. Smaller pieces cost a thread hop each, larger ones only memory.
CHUNK_BYTES: Final = 512 * KIB

_RANGE: Final = re.compile(r"bytes=\s*(\d{0,19})-(\d{0,19})\s*\Z", re.IGNORECASE)


#: Conditions that nginx would judge by the file's date or by no entity tag at all.
_CONDITIONS: Final = ("if-match", "if-none-match", "if-modified-since", "if-unmodified-since")

#: Longer numbers than these do not fit what nginx counts bytes with.
_DIGITS: Final = 18


class RangeNotSatisfiable(ProtocolError):
    """The range begins after the last byte (416)."""

    code = "range_not_satisfiable"


class PreconditionFailed(ProtocolError):
    """If-Match names another content than the one that is here (412)."""

    code = "precondition_failed"


@dataclass(frozen=True, slots=True)
class Part:
    """The bytes `start` up to `end`, which is not included, of `size_bytes`."""

    start: int
    end: int
    size_bytes: int

    @property
    def whole(self) -> bool:
        """True if nothing is left out."""
        return self.start == 0 and self.end == self.size_bytes


def etag_of(sha256: str) -> str:
    """Return the strong entity tag of the content with that digest."""
    return f'"{sha256}"'


def digest_field(sha256: str) -> str:
    """Return the digest as Repr-Digest and Content-Digest write it."""
    return f"sha-256=:{b64encode(bytes.fromhex(sha256)).decode('ascii')}:"


def part_wanted(headers: Headers, *, size_bytes: int, etag: str) -> Part | None:
    """Return the part that Range and If-Range ask for, None for the whole with status 200.

    A range that is no lawful one, several ranges, and a range for another content than `etag` are ignored, as the
    source allows: the whole is always a right answer. Errors: RangeNotSatisfiable.
    """
    asked = headers.get("range")
    if asked is None or headers.get("if-range", etag) != etag:
        return None
    match = _RANGE.match(asked)
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if not first:
        start, end = max(0, size_bytes - int(last)), size_bytes
    else:
        start, end = int(first), min(int(last) + 1 if last else size_bytes, size_bytes)
        if last and int(last) < int(first):
            return None
    if start >= size_bytes:
        raise RangeNotSatisfiable(size_bytes=size_bytes)
    return Part(start, end, size_bytes)


def unchanged(headers: Headers, *, etag: str) -> bool:
    """Return whether the asker has this content already (If-None-Match).

    Errors: PreconditionFailed, if it insists on another content (If-Match).
    """
    if (match := headers.get("if-match")) is not None and match != "*" and etag not in _tags(match):
        raise PreconditionFailed(etag=etag)
    none_match = headers.get("if-none-match")
    return none_match is not None and (
        none_match == "*" or etag in {tag.removeprefix("W/") for tag in _tags(none_match)}
    )


def sent_alike(headers: Headers, part: Part | None) -> bool:
    """Return whether a front server that is told to send the file would send exactly what we would.

    It decides on ranges and conditions anew, with the asker's headers. So only what both read alike is left to it: no
    range, or one that was taken as asked, and no other condition than the If-Range that has been met.
    """
    if any(name in headers for name in _CONDITIONS) or len(headers.getlist("range")) > 1:
        return False
    asked = headers.get("range")
    return asked is None or (part is not None and len(max(re.findall(r"\d+", asked), key=len)) <= _DIGITS)


class PartResponse(Response):
    """Sends a part of an open file, piece by piece: reads the next while the last is on its way, never more."""

    def __init__(self, source: BinaryIO, part: Part, *, status_code: int, headers: dict[str, str]) -> None:
        super().__init__(status_code=status_code, headers=headers)
        self.source = source
        self.part = part

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the headers and then the bytes. A reader that takes nothing is let go by the connection, not here."""
        del scope
        left = self.part.end - self.part.start
        gone = asyncio.ensure_future(_disconnected(receive))
        try:
            with closing(self.source):
                await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
                async with aclosing(pieces(self.source, self.part)) as each:
                    async for piece in each:
                        left -= len(piece)
                        await send({"type": "http.response.body", "body": piece, "more_body": left > 0})
                        if gone.done():
                            return  # The server passes over what is sent to nobody; reading on would be in vain.
        finally:
            gone.cancel()


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def pieces(source: BinaryIO, part: Part) -> AsyncGenerator[bytes]:
    """Yield the bytes of `part`, one piece read ahead in a thread."""
    left = part.end - part.start
    await asyncio.to_thread(source.seek, part.start)
    ahead = asyncio.ensure_future(asyncio.to_thread(source.read, min(CHUNK_BYTES, left)))
    try:
        while left > 0:
            piece = await ahead
            if not piece:
                raise EOFError("the object is shorter than its row says")
            left -= len(piece)
            if left > 0:
                ahead = asyncio.ensure_future(asyncio.to_thread(source.read, min(CHUNK_BYTES, left)))
            yield piece
    finally:
        # The file must not be closed under a read that is still on its way.
        await asyncio.gather(ahead, return_exceptions=True)


def _tags(header: str) -> set[str]:
    return {tag.strip() for tag in header.split(",")}
