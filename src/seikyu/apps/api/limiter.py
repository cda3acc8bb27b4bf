"""Who tries codes without a certificate: so often from one address, and so many at once in the whole house.

One `Turnstile` stands before every endpoint of the public face where codes or passwords are tried. It holds no secret
and keeps nobody out of their own: what protects one notice from many addresses is the lock of that notice
(`trust.enrolment`). This keeps one address from trying many, and the hashing, which takes memory on purpose, from
taking all of it.

In memory, bounded, and gone with the process; behind a front server the address is what `request.client` says.
"""

import asyncio
import ipaddress
import math
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar

from starlette.requests import Request

from seikyu.limits import limit
from seikyu.ports.errors import Busy, Unavailable

#: A household or a small office has one network of this size (RFC 6177); whoever has it has all of its addresses.
_NETWORK_BITS: Final = 64

#: The network that one customer can have (RFC 6177): in it are many of the others.
_SITE_BITS: Final = 48

#: Who finds the house full is told to come again after this.
_BUSY_S: Final = 5

Result = TypeVar("Result")


class TooManyRequests(Unavailable):
    """So many tries from one address within a time; nothing was looked at (429). Shape: facts `until`."""

    code = "too_many_requests"


class Limiter:
    """A sliding window for every address: `most` tries within `window_s`. Safe from many threads.

    Of IPv6 the networks of one site together have some times as many (`networks_of_site`).

    A try that is refused does not count, so that whoever waits as told gets in. Of more addresses than `kept` the one
    that was quiet for longest is forgotten.
    """

    def __init__(
        self,
        *,
        most: int,
        window_s: float,
        kept: int = limit("addresses_kept"),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most = most
        self._window_s = window_s
        self._kept = kept
        self._clock = clock
        self._tries: OrderedDict[str, deque[float]] = OrderedDict()
        self._turn = threading.Lock()

    def take(self, address: str) -> None:
        """Count a try. Errors: TooManyRequests; the try does not count then."""
        network, site = network_of(address), network_of(address, bits=_SITE_BITS)
        counted = {network: self._most}
        if site != network:
            counted[site] = self._most * limit("networks_of_site")
        with self._turn:
            self._take(counted, self._clock())

    def _take(self, counted: Mapping[str, int], now: float) -> None:
        every = [self._tries.setdefault(name, deque(maxlen=most)) for name, most in counted.items()]
        full = [tries[0] + self._window_s - now for tries in every if len(tries) == tries.maxlen]
        if (left := max(full, default=0)) > 0:
            wait_s = math.ceil(left)
            until = datetime.now(UTC) + timedelta(seconds=wait_s)
            raise TooManyRequests("too many tries from one address", retry_after_s=wait_s, until=until)
        for name, tries in zip(counted, every, strict=True):
            tries.append(now)
            self._tries.move_to_end(name)
        while len(self._tries) > self._kept:
            self._tries.popitem(last=False)

    def __len__(self) -> int:
        """Return how many addresses are kept."""
        return len(self._tries)


class Turnstile:
    """What stands before an endpoint where codes are tried: the limiter, and so many at once.

    Shape: `at_once` run in threads, `waiting` more wait for their turn, the rest is told to come again.
    """

    def __init__(self, limiter: Limiter, *, at_once: int, waiting: int) -> None:
        self.limiter = limiter
        self._places = asyncio.Semaphore(at_once)
        self._most = at_once + waiting
        self._inside = 0

    async def through(self, request: Request, act: Callable[[], Result]) -> Result:
        """Do what blocks, in a thread, when it is its turn. Errors: Busy (no try counts); TooManyRequests; of `act`."""
        if self._inside >= self._most:
            raise Busy("every place is taken", retry_after_s=_BUSY_S)
        self.limiter.take(address_of(request))
        self._inside += 1
        try:
            async with self._places:
                return await asyncio.to_thread(act)
        finally:
            self._inside -= 1


def code_turnstile(*, per_address: int = limit("code_tries_per_address")) -> Turnstile:
    """Return the one that stands before codes; a face has one for all of its endpoints."""
    limiter = Limiter(most=per_address, window_s=limit("code_tries_window_s"))
    return Turnstile(limiter, at_once=limit("codes_at_once"), waiting=limit("codes_waiting"))


def address_of(request: Request) -> str:
    """Return the address at the other end of the line, empty if nobody can say it."""
    return request.client.host if request.client else ""


def network_of(address: str, *, bits: int = _NETWORK_BITS) -> str:
    """Return what tries are counted for: an address, or the network of one of IPv6.

    >>> network_of("2001:db8::7"), network_of("::ffff:192.0.2.1"), network_of("fe80::1%eth0")
    ('2001:db8::/64', '192.0.2.1', 'fe80::/64')
    """
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((int(found), bits), strict=False))
