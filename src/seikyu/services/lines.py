"""The list of lines and providers: which one is in force, what a new one would change, and publishing it.

A list holds from its day on until another's day has come. One that is published for the same day takes the place of
those before it; all of them are kept. Where none is in force, the example that comes along is shown, and says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import BinaryIO, Final

from seikyu.limits import limit
from seikyu.lines.registry import BadList, Offer, WrongCell, differences, example_list, read_list
from seikyu.ports.errors import SeikyuError, TooLong
from seikyu.ports.lines import LineLists, Published
from seikyu.services.office import Tell, silent
from seikyu.services.register import encoding_of

#: How many characters who published may have.
BY_CHARS: Final = 60


class LinesListUnreadable(SeikyuError):
    """The list of lines cannot be read as one; nothing was taken in. Shape: facts `why`, `what`, `line`, `known`."""

    code = "lines_list_unreadable"

    @property
    def words_code(self) -> str:
        """Which texts tell it."""
        return f"lines_list_{self.facts['why']}"


@dataclass(frozen=True, slots=True)
class InForce:
    """The list that holds on a day. Shape: `published` is None if it is the example."""

    offers: tuple[Offer, ...]
    published: Published | None

    @property
    def example(self) -> bool:
        """True if the office has published none that holds."""
        return self.published is None


@dataclass(frozen=True, slots=True)
class Coming:
    """What a list comes to.

    Shape: `wrong` cells refuse all of it; `changes` against what it follows; `until` takes its place, if there is one.
    """

    offers: tuple[Offer, ...]
    wrong: tuple[WrongCell, ...]
    changes: Mapping[str, tuple[str, ...]]
    published: Published | None = None
    until: Published | None = None


def in_force(lists: LineLists | None, on: date) -> InForce:
    """Return the list that holds on a day, or the example. Errors: ListDamaged."""
    here = [each for each in lists.published() if each.from_on <= on] if lists is not None else []
    if not here:
        return InForce(example_list(), None)
    last = max(here, key=lambda each: (each.from_on, each.number))
    return InForce(last.offers, last)


def import_lines(
    lists: LineLists,
    source: BinaryIO,
    *,
    from_on: date,
    at: datetime,
    by: str,
    apply: bool,
    tell: Tell = silent,
) -> Coming:
    """Read a list, and with `apply` publish it; if a cell is wrong, nothing is taken in.

    Errors: LinesListUnreadable, ListUnreadable; NoSpace, ListDamaged.
    """
    try:
        encoding = encoding_of(source, limit_bytes=limit("lines_list_bytes"))
    except TooLong:
        raise LinesListUnreadable(why="too_long", what=str(limit("lines_list_bytes")), line=0) from None
    source.seek(0)
    try:
        offers = read_list(source.read().decode(encoding))
    except BadList as bad:
        if bad.why == "cells":
            return Coming((), bad.wrong, {})
        raise _unreadable(bad) from None
    present = in_force(lists, from_on)
    changes = differences(() if present.example else present.offers, offers)
    later = [each for each in lists.published() if each.from_on > from_on]
    until = min(later, key=lambda each: (each.from_on, -each.number), default=None)
    if not apply:
        return Coming(offers, (), changes, until=until)
    made = lists.publish(offers, from_on=from_on, at=at, by=by[:BY_CHARS])
    tell("lines_published", number=made.number, rows=len(offers))
    return Coming(offers, (), changes, made, until)


def _unreadable(bad: BadList) -> LinesListUnreadable:
    return LinesListUnreadable(why=bad.why, what=", ".join(bad.names[:10]), line=bad.line)
