"""The body of a request as it comes off the line, and what its sender states about it."""

import re
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import AsyncIterator
from typing import Final

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from seikyu.apps.api.problems import problem
from seikyu.limits import limit
from seikyu.ports.errors import BadRequest, LineBroken, ProtocolError, TooLong

_SHA256: Final = re.compile(r"(?:^|,)\s*sha-256\s*=\s*:([^:]*):\s*(?=,|;|$)", re.IGNORECASE)
_SHA256_BYTES: Final = 32


class UnsupportedMedia(ProtocolError):
    """The body is compressed or wrapped; a file comes as it is (415)."""

    code = "unsupported_media"


async def body_of(request: Request, *, limit_bytes: int) -> AsyncIterator[bytes]:
    """Yield the body piece by piece.

    Errors: LineBroken, if the line ends before the body does or falls silent (the door takes both for one); TooLong,
    past `limit_bytes`.
    """
    seen = 0
    while True:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise LineBroken(received_bytes=seen)
        piece = message.get("body", b"")
        seen += len(piece)
        if seen > limit_bytes:
            raise TooLong(limit_bytes=limit_bytes)
        if piece:
            yield piece
        if not message.get("more_body", False):
            return


class SmallBodies:
    """An ASGI app before the API: what is no file is a small act, and no more of it is read than that."""

    def __init__(self, app: ASGIApp, *, root: str) -> None:
        self.app = app
        self._files = re.compile(re.escape(root) + r"/(sendings(/uploads/[^/]+/files/[^/]+)?|admin/register)")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, with as much of its body as it may have."""
        if scope["type"] != "http" or self._files.fullmatch(scope["path"]):
            await self.app(scope, receive, send)
            return
        try:
            stated_length(Headers(scope=scope), limit_bytes=limit("json_bytes"))
        except TooLong as error:
            await problem(Request(scope), error.code, error.facts)(scope, receive, send)
            return
        left = limit("json_bytes")

        async def receive_little() -> Message:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            return message if left >= 0 else {"type": "http.disconnect"}

        await self.app(scope, receive_little, send)


def must_be_plain(headers: Headers) -> None:
    """Refuse a body that is not the file's own bytes. Errors: UnsupportedMedia."""
    if headers.get("content-encoding", "identity").strip().lower() not in {"", "identity"}:
        raise UnsupportedMedia
    if headers.get("transfer-encoding", "chunked").strip().lower() != "chunked":
        raise UnsupportedMedia
    if headers.get("content-type", "").strip().lower().startswith("multipart/"):
        raise UnsupportedMedia


def stated_length(headers: Headers, *, limit_bytes: int) -> int | None:
    """Return the length that the sender states. Errors: TooLong, before a byte of it is read."""
    text = headers.get("content-length", "")
    if not text.isascii() or not text.isdigit():
        return None
    if int(text) > limit_bytes:
        raise TooLong(limit_bytes=limit_bytes)
    return int(text)


def stated_sha256(headers: Headers) -> str | None:
    """Return the SHA-256 that Content-Digest or Repr-Digest states, lower-case hex; other algorithms are passed over.

    Without a content encoding the two speak of the same bytes.
    Errors: BadRequest, if one cannot be read or they differ.
    Source: RFC 9530 §2, §3.
    """
    stated = set[str]()
    for name in ("content-digest", "repr-digest"):
        for value in headers.getlist(name):
            stated |= {_hex(name, text) for text in _SHA256.findall(value)}
            if "sha-256" in value.lower() and not _SHA256.search(value):
                raise BadRequest(f"{name} is not of the form sha-256=:BASE64:", parameter=name)
    if len(stated) > 1:
        raise BadRequest("the stated digests differ", parameter="repr-digest")
    return stated.pop() if stated else None


def idempotency_key(request: Request) -> str | None:
    """Return the idempotency key, with or without the quotes that the draft standard wants."""
    keys = request.headers.getlist("idempotency-key")
    if not keys:
        return None
    if len(keys) > 1:
        raise BadRequest("a request has one idempotency key", parameter="Idempotency-Key")
    bare = keys[0].strip()
    if len(bare) > 1 and bare[0] == bare[-1] == '"':
        bare = bare[1:-1]
    if not bare or not bare.isascii() or not bare.isprintable() or len(bare) > limit("idempotency_key_chars"):
        raise BadRequest("the idempotency key has 1 to 128 printable ASCII characters", parameter="Idempotency-Key")
    return bare


def _hex(name: str, text: str) -> str:
    try:
        digest = b64decode(text, validate=True)
    except NotBase64:
        digest = b""
    if len(digest) != _SHA256_BYTES:
        raise BadRequest(f"{name} does not hold a SHA-256 in base64", parameter=name)
    return digest.hex()
