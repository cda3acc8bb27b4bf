"""The time, as the office is told it."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the office's time. Real offices tell the real time; a demo or sandbox may move it."""

    def now(self) -> datetime:
        """Return the present as an aware instant, in Japan time."""
        ...


class Ids(Protocol):
    """Makes names nobody can guess and that say nothing about their subject."""

    def new(self) -> str:
        """Return a fresh identifier of 26 lower-case letters and digits, ascending with time."""
        ...
