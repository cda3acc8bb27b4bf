"""Who says that it has an IPv6 address: one neighbour solicitation, as the system itself sends them all the time.

The system's own table remembers for half a minute that a router was there, and so says nothing of now. It needs the
right to speak in packets (CAP_NET_RAW). Source: RFC 4861, 4.3, 4.4 and 7.1.2; RFC 4291, 2.7.1.
"""

import socket
import struct
from contextlib import suppress
from ipaddress import IPv6Address
from time import monotonic
from typing import Final

from seikyu.apps.doctor.pc.linux_arp import ANSWER_S

_SOLICITATION, _ADVERTISEMENT = 135, 136
_OWN_LAYER, _TARGET_LAYER = 1, 2
_HEAD: Final = struct.Struct(">BBHI16s")
_OPTION_BYTES: Final = 8

#: No router lets it pass, and a host takes no other.
_HOPS: Final = 255

_GROUP: Final = int(IPv6Address("ff02::1:ff00:0"))
_MOST_MACHINES: Final = 16
_PACKET_BYTES: Final = 2048


def claimants(card: str, address: str, hardware: str) -> int | None:
    """Return how many machines on the cable say that they have an address; None if it cannot be asked.

    Shape: `hardware` is the card's own address as `02:00:00:00:00:01`.
    """
    try:
        wanted, own = IPv6Address(address), bytes.fromhex(hardware.replace(":", ""))
        with socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6) as line:
            line.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, _HOPS)
            group = (str(group_of(wanted)), 0, 0, socket.if_nametoindex(card))
            line.sendto(question(own, wanted), group)
            return len(_heard(line, wanted, group[3]))
    except (OSError, ValueError, AttributeError):
        return None


def group_of(wanted: IPv6Address) -> IPv6Address:
    """Return the group that whoever has an address listens to.

    >>> str(group_of(IPv6Address("fe80::12:3456")))
    'ff02::1:ff12:3456'
    """
    return IPv6Address(_GROUP | int(wanted) & 0xFFFFFF)


def question(own: bytes, wanted: IPv6Address) -> bytes:
    """Return the message that asks who has an address; the system adds its sum."""
    return _HEAD.pack(_SOLICITATION, 0, 0, 0, wanted.packed) + bytes([_OWN_LAYER, 1]) + own


def answerer(message: bytes, wanted: IPv6Address) -> bytes | None:
    """Return the hardware address of who says in a message that it has an address; None if nobody does."""
    if len(message) < _HEAD.size + _OPTION_BYTES:
        return None
    kind, code, _, _, target = _HEAD.unpack_from(message)
    option = message[_HEAD.size : _HEAD.size + _OPTION_BYTES]
    said = (kind, code, target, option[0], option[1]) == (_ADVERTISEMENT, 0, wanted.packed, _TARGET_LAYER, 1)
    return option[2:] if said else None


def _heard(line: socket.socket, wanted: IPv6Address, card: int) -> set[bytes]:
    found: set[bytes] = set()
    until = monotonic() + ANSWER_S
    with suppress(TimeoutError):
        while (left := until - monotonic()) > 0 and len(found) < _MOST_MACHINES:
            line.settimeout(left)
            message, whence = line.recvfrom(_PACKET_BYTES)
            sender = answerer(message, wanted)
            if sender and whence[3] in {0, card}:
                found.add(sender)
    return found
