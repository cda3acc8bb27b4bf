"""How often one address may try something that costs nothing but tries; it lives in memory only."""

import ipaddress
import threading
from collections import OrderedDict, deque
from datetime import datetime, timedelta
from typing import Final

#: So many addresses are remembered; past it the one that was silent longest is forgotten.
ADDRESSES: Final = 10_000

#: A network of IPv6 is one household.
_IPV6_PREFIX: Final = 64


class Turnstile:
    """Counts tries per address within a time. Safe from many threads."""

    def __init__(self, most: int, per: timedelta) -> None:
        self._most = most
        self._per = per
        self._turn = threading.Lock()
        self._tries: OrderedDict[str, deque[datetime]] = OrderedDict()

    def wait(self, address: str, now: datetime) -> timedelta:
        """Count a try, and return nothing to wait (zero); or, if there were too many, how long to wait, uncounted."""
        who = _household(address)
        with self._turn:
            tries = self._tries.setdefault(who, deque())
            self._tries.move_to_end(who)
            while tries and now - tries[0] >= self._per:
                tries.popleft()
            if len(tries) >= self._most:
                return tries[0] + self._per - now
            tries.append(now)
            if len(self._tries) > ADDRESSES:
                self._tries.popitem(last=False)
            return timedelta()


def _household(address: str) -> str:
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(known, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((known, _IPV6_PREFIX), strict=False))
    return str(known)
