"""Asking one resolver one question: by UDP, with EDNS0 or without, and by TCP. Whatever comes, no wait is longer."""

import os
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import Final

from seikyu.apps.doctor.line import names_wire as wire

DNS_PORT: Final = 53

#: What fits through every line that carries IPv6, and how long one answer may take; it is asked for once more.
EDNS_BYTES: Final = 1232
ANSWER_S: Final = 2.0
_AGAIN_S: Final = 0.9
_DATAGRAM_BYTES: Final = 65535


@dataclass(frozen=True, slots=True)
class Tried:
    """What a resolver said to a question in each way; None if nothing."""

    plain: wire.Answer | None
    edns: wire.Answer | None
    tcp: wire.Answer | None

    @property
    def all(self) -> tuple[wire.Answer, ...]:
        """The answers there are."""
        return tuple(each for each in (self.plain, self.edns, self.tcp) if each)

    @property
    def whole(self) -> wire.Answer | None:
        """An answer that has addresses and was not cut; None if there is none."""
        return next((each for each in self.all if each.addresses and not each.cut), None)

    @property
    def cut(self) -> bool:
        """True if an answer did not fit."""
        return any(each.cut for each in self.all)


def ways(resolver: str, name: str, kind: int, *, port: int = DNS_PORT) -> dict[str, Callable[[], wire.Answer]]:
    """Return the ways to ask, by the names of `Tried`; each raises OSError if no answer comes."""
    return {
        "plain": lambda: by_udp(resolver, name, kind, port=port),
        "edns": lambda: by_udp(resolver, name, kind, edns_bytes=EDNS_BYTES, port=port),
        "tcp": lambda: by_tcp(resolver, name, kind, port=port),
    }


def by_udp(resolver: str, name: str, kind: int, *, edns_bytes: int = 0, port: int = DNS_PORT) -> wire.Answer:
    """Ask by UDP. Errors: OSError, if no answer comes in time."""
    asked = wire.question(name, kind, number=_number(), edns_bytes=edns_bytes)
    # Looked up, because an address of a link keeps its card only so (fe80::1%eth0).
    family, _, _, _, at = socket.getaddrinfo(resolver, port, type=socket.SOCK_DGRAM, flags=socket.AI_NUMERICHOST)[0]
    with socket.socket(family, socket.SOCK_DGRAM) as line:
        line.connect(at)  # From then on nobody else's answer is taken.
        until = monotonic() + ANSWER_S
        for again in (_AGAIN_S, ANSWER_S):
            line.send(asked)
            before = min(until, monotonic() + again)
            while (left := before - monotonic()) > 0:
                line.settimeout(left)
                with suppress(wire.BadAnswer, TimeoutError):
                    return wire.read_answer(line.recv(_DATAGRAM_BYTES), asked)
    raise TimeoutError


def by_tcp(resolver: str, name: str, kind: int, *, port: int = DNS_PORT) -> wire.Answer:
    """Ask by TCP. Errors: OSError, if no answer comes in time."""
    asked = wire.question(name, kind, number=_number())
    until = monotonic() + ANSWER_S
    with socket.create_connection((resolver, port), timeout=ANSWER_S) as line:
        line.sendall(len(asked).to_bytes(2, "big") + asked)
        size = int.from_bytes(_exactly(line, 2, until), "big")
        try:
            return wire.read_answer(_exactly(line, size, until), asked)
        except wire.BadAnswer:
            raise ConnectionError from None


def _exactly(line: socket.socket, size: int, until: float) -> bytes:
    got = b""
    while len(got) < size:
        line.settimeout(max(until - monotonic(), 0.01))
        piece = line.recv(size - len(got))
        if not piece:
            raise ConnectionError
        got += piece
    return got


def _number() -> int:
    return int.from_bytes(os.urandom(2), "big")
