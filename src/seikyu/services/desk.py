"""What lives in memory only: who is sending what just now, what works on what, and the uploads not finished.

Nothing here survives a restart and nothing needs to: until a sending's transaction has committed there is no sending.
"""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from seikyu.ports.errors import Busy

if TYPE_CHECKING:
    from seikyu.services.arrivals import Arrival
    from seikyu.services.upload import Upload


@dataclass(slots=True)
class Desk:
    """The memory of one running server; one per process, shared by all its threads.

    Shape: `turned_away` counts the bodies that found every place taken since the start.
    """

    uploads: "dict[str, Upload]" = field(default_factory=dict)
    arrivals: "dict[str, Arrival]" = field(default_factory=dict)
    turned_away: int = 0
    _guard: threading.Lock = field(default_factory=threading.Lock)
    _receiving: Counter[str] = field(default_factory=Counter)
    _turns: dict[str, "_Turn"] = field(default_factory=dict)

    @property
    def receiving(self) -> int:
        """How many bodies are arriving just now."""
        return self._receiving.total()

    @contextmanager
    def place(self, party: str, *, at_once: int, per_party: int) -> Iterator[None]:
        """Hold one of the places for bodies that arrive.

        Errors: Busy, if every place is taken or the party has its share already.
        """
        with self._guard:
            if self._receiving.total() >= at_once or self._receiving[party] >= per_party:
                self.turned_away += 1
                raise Busy("every place is taken", retry_after_s=10)
            self._receiving[party] += 1
        try:
            yield
        finally:
            with self._guard:
                self._receiving[party] -= 1
                if not self._receiving[party]:
                    del self._receiving[party]

    @contextmanager
    def turn(self, subject: str) -> Iterator[None]:
        """Let one thread at a time work on `subject` (a sending's check, a body's month); the others wait.

        It saves doing a thing twice. That a thing done twice does no harm is held by the transactions.
        """
        with self._guard:
            turn = self._turns.setdefault(subject, _Turn())
            turn.wanted += 1
        try:
            with turn.lock:
                yield
        finally:
            with self._guard:
                turn.wanted -= 1
                if not turn.wanted:
                    del self._turns[subject]


@dataclass(slots=True)
class _Turn:
    lock: threading.Lock = field(default_factory=threading.Lock)
    wanted: int = 0
