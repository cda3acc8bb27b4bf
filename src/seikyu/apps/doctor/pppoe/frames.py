"""Frames between a PC and an access concentrator (アクセス集約装置): PPPoE, LCP, PAP and CHAP, as bytes and as values.

A PPPoE line begins with a discovery (PADI, PADO, PADR, PADS) that ends in a session number, and goes on with PPP inside
that session: the link is agreed on (LCP), then the user id and password are proved (PAP sends them, CHAP answers a
challenge). Nothing here opens a socket. Whatever bytes come, a reader returns what was whole, or nothing; none raises.

Source: rfc2516:4; rfc1661:5; rfc1334:2; rfc1994:4.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum
from hashlib import md5
from struct import Struct
from typing import Final

#: The two EtherTypes: discovery, and the session that comes of it.
DISCOVERY: Final = 0x8863
SESSION: Final = 0x8864

BROADCAST: Final = b"\xff" * 6

#: The longest payload of an Ethernet frame, less the six bytes of the PPPoE header.
PAYLOAD_BYTES: Final = 1494

#: More tags or options than any concentrator sends; what comes after them is not read.
ITEMS: Final = 64

#: The longest text of a peer that is kept.
TEXT_CHARS: Final = 128

_ETHERNET: Final = Struct("!6s6sH")
_PPPOE: Final = Struct("!BBHH")
_TAG: Final = Struct("!HH")
_PACKET: Final = Struct("!HBBH")
_VERSION_AND_TYPE: Final = 0x11
#: Code, identifier and length are counted in a packet's length; the protocol before them is not.
_PACKET_HEAD: Final = 4
_OPTION_HEAD: Final = 2


class Discovery(IntEnum):
    """The code of a PPPoE frame; DATA is a frame of the session. Source: rfc2516:5."""

    DATA = 0x00
    PADI = 0x09
    PADO = 0x07
    PADR = 0x19
    PADS = 0x65
    PADT = 0xA7


class Tag(IntEnum):
    """What a discovery frame carries. Source: rfc2516:A."""

    END = 0x0000
    SERVICE = 0x0101
    CONCENTRATOR = 0x0102
    HOST_UNIQUE = 0x0103
    COOKIE = 0x0104
    RELAY = 0x0110
    SERVICE_ERROR = 0x0201
    SYSTEM_ERROR = 0x0202
    GENERIC_ERROR = 0x0203


#: How an error tag is called in the standard, and at every desk.
ERRORS: Final = {
    Tag.SERVICE_ERROR: "Service-Name-Error",
    Tag.SYSTEM_ERROR: "AC-System-Error",
    Tag.GENERIC_ERROR: "Generic-Error",
}


class Protocol(IntEnum):
    """The PPP protocols of a link that comes up. Source: rfc1661:2."""

    IPV4 = 0x0021
    IPCP = 0x8021
    LCP = 0xC021
    PAP = 0xC023
    CHAP = 0xC223


class Code(IntEnum):
    """The codes of LCP, and of IPCP up to CODE_REJECT. Source: rfc1661:5."""

    CONFIGURE = 1
    CONFIGURE_ACK = 2
    CONFIGURE_NAK = 3
    CONFIGURE_REJECT = 4
    TERMINATE = 5
    TERMINATE_ACK = 6
    CODE_REJECT = 7
    PROTOCOL_REJECT = 8
    ECHO = 9
    ECHO_REPLY = 10


class Proof(IntEnum):
    """The codes of CHAP; PAP has 1 (ask), 2 (accepted) and 3 (refused). Source: rfc1994:4; rfc1334:2.2."""

    CHALLENGE = 1
    RESPONSE = 2
    SUCCESS = 3
    FAILURE = 4


PAP_ASK: Final = 1
PAP_ACCEPTED: Final = 2
PAP_REFUSED: Final = 3


class Option(IntEnum):
    """What the two ends of a link agree on. Source: rfc1661:6."""

    MRU = 1
    AUTHENTICATION = 3
    MAGIC = 5


#: The value of Option.AUTHENTICATION: PAP has no more to say, CHAP names its hash (5 is MD5).
PAP_DEMAND: Final = Protocol.PAP.to_bytes(2, "big")
CHAP_MD5_DEMAND: Final = Protocol.CHAP.to_bytes(2, "big") + b"\x05"

TypeAndValue = tuple[int, bytes]


@dataclass(frozen=True, slots=True)
class Frame:
    """One PPPoE frame; what it carries is not shown, for it may be a password.

    Shape: addresses of 6 bytes; `code` DATA means a frame of the session, else of the discovery.
    """

    to: bytes
    sender: bytes
    code: int
    session: int
    payload: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Packet:
    """A packet of LCP, IPCP, PAP or CHAP: they share one form. Shape: code and identifier of one byte each."""

    protocol: int
    code: int
    identifier: int
    body: bytes = field(default=b"", repr=False)


def encode_frame(frame: Frame) -> bytes:
    """Return the bytes of a frame as they go over the wire, without padding."""
    kind = SESSION if frame.code == Discovery.DATA else DISCOVERY
    head = _PPPOE.pack(_VERSION_AND_TYPE, frame.code, frame.session, len(frame.payload))
    return _ETHERNET.pack(frame.to, frame.sender, kind) + head + frame.payload


def decode_frame(wire: bytes) -> Frame | None:
    """Return the frame that these bytes are, without padding, or None if they are none."""
    if len(wire) < _ETHERNET.size + _PPPOE.size:
        return None
    to, sender, kind = _ETHERNET.unpack_from(wire)
    version, code, session, length = _PPPOE.unpack_from(wire, _ETHERNET.size)
    if version != _VERSION_AND_TYPE or kind != (SESSION if code == Discovery.DATA else DISCOVERY):
        return None
    start = _ETHERNET.size + _PPPOE.size
    if length > PAYLOAD_BYTES or start + length > len(wire):
        return None
    return Frame(to, sender, code, session, wire[start : start + length])


def encode_tags(tags: Iterable[TypeAndValue]) -> bytes:
    """Return the payload of a discovery frame."""
    return b"".join(_TAG.pack(kind, len(value)) + value for kind, value in tags)


def decode_tags(payload: bytes) -> tuple[TypeAndValue, ...]:
    """Return the tags that are whole, up to the end-of-list or the first broken one, and no more than ITEMS."""
    tags: list[TypeAndValue] = []
    place = 0
    while place + _TAG.size <= len(payload) and len(tags) < ITEMS:
        kind, length = _TAG.unpack_from(payload, place)
        place += _TAG.size
        if kind == Tag.END or place + length > len(payload):
            break
        tags.append((kind, payload[place : place + length]))
        place += length
    return tuple(tags)


def encode_packet(packet: Packet) -> bytes:
    """Return the payload of a session frame."""
    length = _PACKET_HEAD + len(packet.body)
    return _PACKET.pack(packet.protocol, packet.code, packet.identifier, length) + packet.body


def decode_packet(payload: bytes) -> Packet | None:
    """Return the packet in the payload of a session frame, or None if it is broken or too short to be one."""
    if len(payload) < _PACKET.size:
        return None
    protocol, code, identifier, length = _PACKET.unpack_from(payload)
    end = _PACKET.size - _PACKET_HEAD + length
    if length < _PACKET_HEAD or end > len(payload):
        return None
    return Packet(protocol, code, identifier, payload[_PACKET.size : end])


def encode_options(options: Iterable[TypeAndValue]) -> bytes:
    """Return the body of a configure packet."""
    return b"".join(bytes((kind, _OPTION_HEAD + len(value))) + value for kind, value in options)


def decode_options(body: bytes) -> tuple[TypeAndValue, ...] | None:
    """Return the options of a configure packet, or None if one is broken: such a packet is dropped whole."""
    options: list[TypeAndValue] = []
    place = 0
    while place < len(body):
        length = body[place + 1] if place + 1 < len(body) else 0
        if length < _OPTION_HEAD or place + length > len(body) or len(options) == ITEMS:
            return None
        options.append((body[place], body[place + _OPTION_HEAD : place + length]))
        place += length
    return tuple(options)


def encode_pap(user: bytes, password: bytes) -> bytes:
    """Return the body of a PAP request; each of the two has at most 255 bytes. Source: rfc1334:2.2.1."""
    return bytes((len(user),)) + user + bytes((len(password),)) + password


def decode_pap(body: bytes) -> tuple[bytes, bytes] | None:
    """Return user id and password of a PAP request, or None if it is broken."""
    user = short(body)
    password = None if user is None else short(body[1 + len(user) :])
    return None if user is None or password is None else (user, password)


def encode_chap(value: bytes, name: bytes) -> bytes:
    """Return the body of a CHAP challenge or response. Source: rfc1994:4.1."""
    return bytes((len(value),)) + value + name


def decode_chap(body: bytes) -> tuple[bytes, bytes] | None:
    """Return value and name of a CHAP challenge or response, or None if it is broken or the value is empty."""
    value = short(body)
    return (value, body[1 + len(value) :]) if value else None


def chap_answer(identifier: int, password: bytes, challenge: bytes) -> bytes:
    """Return what proves the password for a challenge. Source: rfc1994:4.1."""
    return md5(bytes((identifier,)) + password + challenge, usedforsecurity=False).digest()


def short(body: bytes) -> bytes | None:
    """Return the bytes that a body begins with, their count in front, or None if they are not all there."""
    if not body or 1 + body[0] > len(body):
        return None
    return body[1 : 1 + body[0]]


def text(value: bytes) -> str:
    """Return what a peer wrote as one line that is safe to print, cut at TEXT_CHARS."""
    read = value[: 4 * TEXT_CHARS].decode("utf-8", "replace")
    return " ".join("".join(each if each.isprintable() else " " for each in read).split())[:TEXT_CHARS]
