"""The published lists of lines and providers, every one of them kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from seikyu.lines.registry import Offer
from seikyu.ports.errors import SeikyuError


class ListDamaged(SeikyuError):
    """A list that was published cannot be read any more. Shape: facts `file`."""

    code = "lines_list_damaged"


@dataclass(frozen=True, slots=True)
class Published:
    """A list as it was published. Shape: `number` counts from 1 in the order of publishing; `by` is who did it."""

    number: int
    from_on: date
    at: datetime
    by: str
    offers: tuple[Offer, ...]


class LineLists(Protocol):
    """Lists that were published: nothing of them ever changes, and none is ever removed."""

    def published(self) -> Sequence[Published]:
        """Return every list in the order of publishing. Errors: ListDamaged."""
        ...

    def publish(self, offers: Sequence[Offer], *, from_on: date, at: datetime, by: str) -> Published:
        """Keep a list with the next number; one publisher after the other.

        Durable on return; it is there as a whole or not at all. Errors: NoSpace.
        """
        ...
