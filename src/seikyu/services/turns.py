"""Whose names are being asked for just now: so many at once in the whole office, and each only once at a time.

Nobody waits for a turn here: who waits holds a thread that all the others need.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock


class NoTurn(Exception):
    """So many names are being asked for already."""


class SameName(Exception):
    """This very name is being asked for already."""


class Turns:
    """The names that are being asked for. Safe from many threads. Shape: at most `most` at once."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = Lock()
        self._accounts: dict[str, str] = {}

    @contextmanager
    def taken(self, name: str, account: str) -> Iterator[int]:
        """Hold a turn for a name; the value is how many other names of the account have one.

        Errors: SameName; NoTurn.
        """
        with self._lock:
            if name in self._accounts:
                raise SameName
            if len(self._accounts) >= self._most:
                raise NoTurn
            others = list(self._accounts.values()).count(account)
            self._accounts[name] = account
        try:
            yield others
        finally:
            with self._lock:
                del self._accounts[name]
