"""The tables of prefectures that an office has taken in, every one of them kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from seikyu.office.prefectures import BodyFacts
from seikyu.ports.errors import SeikyuError


class TableDamaged(SeikyuError):
    """A table that was taken in cannot be read any more. Shape: facts `file`."""

    code = "prefecture_table_damaged"


@dataclass(frozen=True, slots=True)
class TakenIn:
    """A table as it was taken in. Shape: `number` counts from 1 in the order of taking in; `by` is who did it."""

    number: int
    from_on: date
    at: datetime
    by: str
    rows: tuple[BodyFacts, ...]


class PrefectureTables(Protocol):
    """Tables that were taken in: nothing of them ever changes, and none is ever removed."""

    def tables(self) -> Sequence[TakenIn]:
        """Return every table in the order of taking in. Errors: TableDamaged."""
        ...

    def take_in(self, rows: Sequence[BodyFacts], *, from_on: date, at: datetime, by: str) -> TakenIn:
        """Keep a table with the next number; one writer after the other.

        Durable on return; it is there as a whole or not at all. Errors: NoSpace.
        """
        ...
