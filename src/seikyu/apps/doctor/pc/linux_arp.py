"""Who says that it has an address: a question by ARP that puts nothing into anybody's table.

It asks in nobody's name (sender 0.0.0.0), as a machine does before it takes an address. It needs the right to speak in
packets (CAP_NET_RAW). Source: RFC 826; RFC 5227, 1.1 and 2.1.1.
"""

import socket
import struct
from contextlib import suppress
from ipaddress import IPv4Address
from time import monotonic
from typing import Final

#: How long answers may take: all are on the same cable.
ANSWER_S: Final = 0.8

#: More answers than this are not counted.
_MOST_MACHINES: Final = 16

_ARP: Final = 0x0806
_EVERYBODY: Final = b"\xff" * 6
_BODY: Final = struct.Struct(">HHBBH6s4s6s4s")
_HEAD_BYTES: Final = 14
_ETHERNET, _IPV4, _ASKS, _ANSWERS = 1, 0x0800, 1, 2
_FRAME_BYTES: Final = 2048


def claimants(card: str, address: str) -> int | None:
    """Return how many machines on the cable say that they have an address; None if it cannot be asked."""
    try:
        wanted = IPv4Address(address)
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ARP)) as line:
            line.bind((card, _ARP))
            line.send(question(line.getsockname()[4], wanted))
            return len(_heard(line, wanted))
    except (OSError, ValueError, AttributeError):
        return None


def question(own: bytes, wanted: IPv4Address) -> bytes:
    """Return the frame that asks everybody for an address."""
    body = _BODY.pack(_ETHERNET, _IPV4, 6, 4, _ASKS, own, bytes(4), bytes(6), wanted.packed)
    return _EVERYBODY + own + struct.pack(">H", _ARP) + body


def answerer(frame: bytes, wanted: IPv4Address) -> bytes | None:
    """Return the hardware address of who says in a frame that it has an address; None if nobody does."""
    if len(frame) < _HEAD_BYTES + _BODY.size or frame[12:_HEAD_BYTES] != struct.pack(">H", _ARP):
        return None
    kind, protocol, _, _, does, sender, has, _, _ = _BODY.unpack_from(frame, _HEAD_BYTES)
    said = (kind, protocol, does, has) == (_ETHERNET, _IPV4, _ANSWERS, wanted.packed)
    return sender if said else None


def _heard(line: socket.socket, wanted: IPv4Address) -> set[bytes]:
    found: set[bytes] = set()
    until = monotonic() + ANSWER_S
    with suppress(TimeoutError):
        while (left := until - monotonic()) > 0 and len(found) < _MOST_MACHINES:
            line.settimeout(left)
            sender = answerer(line.recv(_FRAME_BYTES), wanted)
            if sender:
                found.add(sender)
    return found
