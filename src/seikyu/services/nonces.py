"""Nonces against replay, of which each works once and only for a time.

A nonce says when it was made and carries a MAC, so that handing one out costs no memory: nobody can fill the office by
asking for nonces. Remembered are those that signed requests have used, until they are too old to be used again. If
they are too many, the oldest are forgotten and everything that old stops working: a nonce is refused too early rather
than taken twice. After a restart those from before are refused, and clients ask again by themselves (badNonce).

Source: rfc8555:6.5.
"""

import hmac
import threading
from collections import deque
from datetime import datetime, timedelta
from typing import Final

from seikyu.trust.jws import BadJWS, base64url, from_base64url

#: Random bytes of a nonce; with its time they are unlike any other.
CHANCE_BYTES: Final = 16

_TIME_BYTES: Final = 8
_MAC_BYTES: Final = 16


class Nonces:
    """The nonces of one server. Safe from many threads. Shape: `key` is random and lives as long as the process."""

    def __init__(self, key: bytes, *, life: timedelta, spent_most: int) -> None:
        self._key = key
        self._life = life
        self._most = spent_most
        self._turn = threading.Lock()
        self._spent: set[str] = set()
        self._in_turn: deque[tuple[int, str]] = deque()
        self._floor = 0

    def new(self, now: datetime, chance: bytes) -> str:
        """Return a nonce."""
        body = _micros(now).to_bytes(_TIME_BYTES) + chance
        return base64url(body + self._mac(body))

    def is_ours(self, nonce: str, now: datetime) -> bool:
        """True if the nonce was made here and is neither used nor too old; it can still be used afterwards."""
        made = self._made(nonce)
        with self._turn:
            return self._is_good(nonce, made, now)

    def spend(self, nonce: str, now: datetime) -> bool:
        """Use a nonce; False if it is not good (any more). Of two who use it at once one is told so."""
        made = self._made(nonce)
        with self._turn:
            if made is None or not self._is_good(nonce, made, now):
                return False
            self._forget(now)
            self._spent.add(nonce)
            self._in_turn.append((made, nonce))
            return True

    def _is_good(self, nonce: str, made: int | None, now: datetime) -> bool:
        oldest = max(self._floor, _micros(now - self._life))
        return made is not None and oldest < made <= _micros(now) and nonce not in self._spent

    def _forget(self, now: datetime) -> None:
        """Make room. What is forgotten is old anyway, or raises the floor under which nothing is taken."""
        old = _micros(now - self._life)
        while self._in_turn and (self._in_turn[0][0] <= old or len(self._in_turn) >= self._most):
            made, nonce = self._in_turn.popleft()
            self._spent.discard(nonce)
            self._floor = max(self._floor, made)

    def _made(self, nonce: str) -> int | None:
        """Return when a nonce was made here, or None."""
        try:
            raw = from_base64url(nonce)
        except BadJWS:
            return None
        body, mac = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
        if len(body) != _TIME_BYTES + CHANCE_BYTES or not hmac.compare_digest(mac, self._mac(body)):
            return None
        return int.from_bytes(body[:_TIME_BYTES])

    def _mac(self, body: bytes) -> bytes:
        return hmac.digest(self._key, body, "sha256")[:_MAC_BYTES]


def _micros(at: datetime) -> int:
    return int(at.timestamp() * 1_000_000)
