"""Telling an address of the outside that something happened."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from seikyu.trust.webhooks import Target

ARRIVED: Final = "arrived"
GONE: Final = "gone"

#: What can become of a try. `address`: the name leads to none that may be told.
OUTCOMES: Final = (ARRIVED, GONE, "status", "redirect", "address", "tls", "connection", "late", "damaged")


@dataclass(frozen=True, slots=True)
class Posted:
    """What came of a try. Shape: `outcome` is one of `OUTCOMES`; `status` the HTTP status, if one came."""

    outcome: str
    status: int | None = None


class Posts(Protocol):
    """Posts messages to addresses of the outside. Safe from many threads."""

    def __call__(self, target: Target, body: bytes, headers: Mapping[str, str]) -> Posted:
        """Post once, over TLS, to an address that may be told; never raises, ends in time, follows nowhere."""
        ...
