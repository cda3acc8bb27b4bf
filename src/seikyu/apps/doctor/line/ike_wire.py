"""The first message of IKEv2 and the answer to it, as bytes; an answer may be anything. Source: RFC 7296, 3.

The request is one that a gateway takes, with proposals that are in use. The public value is the generator of its
group, which is a valid one for the private key 1: no secret is ever agreed on, so none has to be kept.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha1
from ipaddress import ip_address
from typing import Final

#: What stands before IKE at port 4500.
NON_ESP: Final = b"\0\0\0\0"

_HEAD: Final = struct.Struct(">8s8sBBBBII")
_PAYLOAD: Final = struct.Struct(">BBH")
_VERSION, _SA_INIT, _INITIATOR, _RESPONSE = 0x20, 34, 0x08, 0x20
_SA, _KE, _NONCE, _NOTIFY, _NONE = 33, 34, 40, 41, 0
_ENCRYPTION, _PRF, _INTEGRITY, _GROUP = 1, 2, 3, 4
_KEY_BITS: Final = 0x800E
_SOURCE, _DESTINATION, COOKIE = 16388, 16389, 16390
_LAST_ERROR: Final = 16383

#: How many payloads of an answer are looked at, and how long a cookie may be.
_MOST_PAYLOADS: Final = 64
_COOKIE_BYTES: Final = 64

INVALID_KE: Final = "INVALID_KE_PAYLOAD"

#: Source: RFC 7296, 3.10.1.
ERRORS: Final = {
    1: "UNSUPPORTED_CRITICAL_PAYLOAD",
    4: "INVALID_IKE_SPI",
    5: "INVALID_MAJOR_VERSION",
    7: "INVALID_SYNTAX",
    9: "INVALID_MESSAGE_ID",
    14: "NO_PROPOSAL_CHOSEN",
    17: INVALID_KE,
    24: "AUTHENTICATION_FAILED",
    38: "TS_UNACCEPTABLE",
}

#: By the number of a group its generator as it goes over the line: P-384, P-256, Curve25519, and 2 for MODP 2048.
#: Source: SEC 2, 2.4.2 and 2.5.1; RFC 7748; RFC 3526.
GENERATORS: Final = {
    20: bytes.fromhex(
        "aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7"
        "3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f"
    ),
    19: bytes.fromhex(
        "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
        "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
    ),
    31: b"\x09" + bytes(31),
    14: bytes(255) + b"\x02",
}
FIRST_GROUP: Final = 20

_AES_CBC, _AES_GCM = 12, 20
_AEAD: Final = ((_ENCRYPTION, _AES_GCM, 256), (_ENCRYPTION, _AES_GCM, 128))
_CBC: Final = ((_ENCRYPTION, _AES_CBC, 256), (_ENCRYPTION, _AES_CBC, 128))
_PRFS: Final = ((_PRF, 6, 0), (_PRF, 5, 0), (_PRF, 7, 0))
_INTEGRITIES: Final = ((_INTEGRITY, 13, 0), (_INTEGRITY, 12, 0), (_INTEGRITY, 14, 0))


@dataclass(frozen=True, slots=True)
class IkeAnswer:
    """What a gateway answered.

    Shape: `notify` is an error by name, empty if there is none; `cookie` to come back with; `group` the one it wants.
    """

    notify: str
    accepted: bool
    cookie: bytes
    group: int


def request(spi: bytes, nonce: bytes, *, group: int = FIRST_GROUP, cookie: bytes = b"", ends: bytes = b"") -> bytes:
    """Return an IKE_SA_INIT request; `ends` are the two digests of `ends_of`, `cookie` what the gateway asked for."""
    payloads = [(_NOTIFY, _notify(COOKIE, cookie))] if cookie else []
    payloads += [
        (_SA, _proposals(group)),
        (_KE, struct.pack(">HH", group, 0) + GENERATORS[group]),
        (_NONCE, nonce),
    ]
    if ends:
        payloads += [(_NOTIFY, _notify(_SOURCE, ends[:20])), (_NOTIFY, _notify(_DESTINATION, ends[20:]))]
    body = b""
    for (_, content), (after, _) in zip(payloads, [*payloads[1:], (_NONE, b"")], strict=True):
        body += _PAYLOAD.pack(after, 0, _PAYLOAD.size + len(content)) + content
    return _HEAD.pack(spi, bytes(8), payloads[0][0], _VERSION, _SA_INIT, _INITIATOR, 0, _HEAD.size + len(body)) + body


def ends_of(spi: bytes, source: tuple[str, int], destination: tuple[str, int]) -> bytes:
    """Return the digests by which a gateway sees whether addresses are translated on the way."""
    return b"".join(
        sha1(spi + bytes(8) + ip_address(address).packed + struct.pack(">H", port), usedforsecurity=False).digest()
        for address, port in (source, destination)
    )


def read_response(data: bytes, spi: bytes) -> IkeAnswer | None:
    """Return what the response to our request says; None if it is none."""
    data = data.removeprefix(NON_ESP) if data[:8] != spi else data
    if len(data) < _HEAD.size:
        return None
    own, _, first, version, exchange, flags, number, size = _HEAD.unpack_from(data)
    if own != spi or version >> 4 != _VERSION >> 4 or not flags & _RESPONSE or exchange != _SA_INIT or number:
        return None
    notify, accepted, cookie, group = "", False, b"", 0
    for kind, body in _payloads(data[: min(size, len(data))], first):
        if kind == _SA:
            accepted = True
        elif kind == _NOTIFY and len(body) >= 4:  # noqa: PLR2004  (the head of a notify)
            code, content = int.from_bytes(body[2:4], "big"), body[4 + body[1] :]
            if code == COOKIE:
                cookie = content[:_COOKIE_BYTES]
            elif code <= _LAST_ERROR and not notify:
                notify = ERRORS.get(code, f"ERROR_{code}")
                group = int.from_bytes(content[:2], "big") if notify == INVALID_KE else 0
    return IkeAnswer(notify, accepted, cookie, group)


def _payloads(data: bytes, kind: int) -> Iterator[tuple[int, bytes]]:
    at = _HEAD.size
    for _ in range(_MOST_PAYLOADS):
        if kind == _NONE or at + _PAYLOAD.size > len(data):
            return
        after, _, size = _PAYLOAD.unpack_from(data, at)
        if size < _PAYLOAD.size or at + size > len(data):
            return
        yield kind, data[at + _PAYLOAD.size : at + size]
        kind, at = after, at + size


def _proposals(group: int) -> bytes:
    groups = tuple((_GROUP, each, 0) for each in (group, *(each for each in GENERATORS if each != group)))
    return _proposal(1, (*_AEAD, *_PRFS, *groups), last=False) + _proposal(
        2, (*_CBC, *_PRFS, *_INTEGRITIES, *groups), last=True
    )


def _proposal(number: int, transforms: tuple[tuple[int, int, int], ...], *, last: bool) -> bytes:
    body = b""
    for index, (kind, name, bits) in enumerate(transforms):
        attribute = struct.pack(">HH", _KEY_BITS, bits) if bits else b""
        more = 0 if index + 1 == len(transforms) else 3
        body += struct.pack(">BBHBBH", more, 0, 8 + len(attribute), kind, 0, name) + attribute
    return struct.pack(">BBHBBBB", 0 if last else 2, 0, 8 + len(body), number, 1, 0, len(transforms)) + body


def _notify(code: int, content: bytes) -> bytes:
    return struct.pack(">BBH", 0, 0, code) + content
