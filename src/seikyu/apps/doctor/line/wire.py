"""Talking to others with limits: several at once, each for its time, and every wait bounded."""

import socket
from collections.abc import Callable, Hashable, Mapping
from functools import partial
from queue import Empty, SimpleQueue
from threading import Thread
from time import monotonic
from typing import Final, TypeVar
from urllib.parse import urlsplit

Key = TypeVar("Key", bound=Hashable)
Result = TypeVar("Result")

HTTPS_PORT: Final = 443

#: How long a connection may take to come about, and a name to be looked up.
CONNECT_S: Final = 2.0
LOOK_UP_S: Final = 2.5

#: How long a probe that asks for several things in a row may take for all of them.
LOOK_S: Final = 6.2

#: How many addresses of a name are tried.
MOST_ADDRESSES: Final = 4


def together(calls: Mapping[Key, Callable[[], Result]], *, limit_s: float) -> dict[Key, Result]:
    """Make calls side by side and return what came of those that were back in time.

    Errors: what a call raised; OSError is none: such a call has no result.
    """
    back: SimpleQueue[tuple[Key, Result | None, Exception | None]] = SimpleQueue()

    def one(key: Key, call: Callable[[], Result]) -> None:
        try:
            back.put((key, call(), None))
        except Exception as reason:  # noqa: BLE001  (carried over to the thread that asked)
            back.put((key, None, reason))

    until = monotonic() + limit_s
    for key, call in calls.items():
        Thread(target=one, args=(key, call), daemon=True).start()
    found: dict[Key, Result] = {}
    for _ in calls:
        try:
            key, result, reason = back.get(timeout=max(until - monotonic(), 0.0))
        except Empty:
            break
        if reason is None:
            found[key] = result  # type: ignore[assignment]  # without a reason there is a result
        elif not isinstance(reason, OSError):
            raise reason
    return found


def lasting(limit_s: float) -> Callable[[], float]:
    """Return what tells how much is left of a time that begins now; never nothing, so that a wait is one."""
    until = monotonic() + limit_s
    return lambda: max(until - monotonic(), 0.1)


def target(url: str) -> tuple[str, int] | None:
    """Return host and port of an address as `https://portal.claims.example:8443`; None if it is none.

    >>> target("https://portal.claims.example"), target("portal")
    (('portal.claims.example', 443), None)
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    return (host, port or HTTPS_PORT) if parts.scheme == "https" and host else None


def addresses_of(host: str, *, limit_s: float = LOOK_UP_S) -> tuple[str, ...]:
    """Return the addresses that the system knows for a name, in the order in which it would use them."""

    def ask() -> tuple[str, ...]:
        try:
            rows = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except UnicodeError:
            return ()
        return tuple(dict.fromkeys(str(row[4][0]) for row in rows))[:MOST_ADDRESSES]

    return together({host: ask}, limit_s=limit_s).get(host, ())


def connect(address: str, port: int, *, limit_s: float = CONNECT_S) -> socket.socket:
    """Return a TCP connection whose waits are bounded by the same limit. Errors: OSError."""
    return socket.create_connection((address, port), timeout=limit_s)


def connects(host: str, port: int = HTTPS_PORT) -> bool:
    """Return whether one of the addresses of a host takes a TCP connection."""

    def one(address: str) -> bool:
        connect(address, port).close()
        return True

    calls = {address: partial(one, address) for address in addresses_of(host)}
    return bool(together(calls, limit_s=CONNECT_S + 0.2))


def reachable(host: str, port: int) -> str | None:
    """Return the first address of a host that takes a TCP connection; None if none does."""
    return knocked(host, port)[0]


def knocked(host: str, port: int) -> tuple[str | None, bool]:
    """Return the first address of a host that takes a TCP connection, and whether it is refused where none does.

    Refused: packets got there and back, and nothing listens; a host that is not reached says nothing.
    """

    def one(address: str) -> bool:
        try:
            connect(address, port).close()
        except ConnectionRefusedError:
            return False
        return True

    known = addresses_of(host)
    found = together({address: partial(one, address) for address in known}, limit_s=CONNECT_S + 0.2)
    taken = next((address for address in known if found.get(address)), None)
    return taken, taken is None and False in found.values()
