"""What is known of the review bodies' offices (都道府県情報): which table holds, and taking in a new one.

A table holds from its day on until another's day has come. One that is taken in for the same day takes the place of
those before it; all of them are kept. Where none holds, the table that comes along is shown, and says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, BinaryIO, Final

from seikyu.limits import limit
from seikyu.office.bodies import Body, bodies
from seikyu.office.prefectures import BadTable, BodyFacts, WrongCell, columns, differences, known_facts, read_table
from seikyu.ports.errors import NotFound, SeikyuError, TooLong
from seikyu.ports.prefectures import PrefectureTables, TakenIn
from seikyu.services.office import Tell, silent
from seikyu.services.register import encoding_of

#: How many characters who took a table in may have.
BY_CHARS: Final = 60

#: What is told of a body beside its name.
FACTS: Final = tuple(name for name in columns() if name != "body")


class PrefectureTableUnreadable(SeikyuError):
    """The table cannot be read as one; nothing was taken in. Shape: facts `why`, `what`, `line`."""

    code = "prefecture_table_unreadable"

    @property
    def words_code(self) -> str:
        """Which texts tell it."""
        return f"prefecture_table_{self.facts['why']}"


@dataclass(frozen=True, slots=True)
class InForce:
    """The table that holds on a day. Shape: `taken_in` is None if it is the one that comes along."""

    rows: tuple[BodyFacts, ...]
    taken_in: TakenIn | None


@dataclass(frozen=True, slots=True)
class Coming:
    """What a table comes to. Shape: `wrong` cells refuse all of it; `changes` against what it follows."""

    rows: tuple[BodyFacts, ...]
    wrong: tuple[WrongCell, ...]
    changes: Mapping[str, tuple[str, ...]]
    taken_in: TakenIn | None = None
    until: TakenIn | None = None


def in_force(tables: PrefectureTables | None, on: date) -> InForce:
    """Return the table that holds on a day, or the one that comes along. Errors: TableDamaged."""
    here = [each for each in tables.tables() if each.from_on <= on] if tables is not None else []
    if not here:
        return InForce(known_facts(), None)
    last = max(here, key=lambda each: (each.from_on, each.number))
    return InForce(last.rows, last)


def list_prefectures(tables: PrefectureTables | None, on: date, *, test: bool = False) -> list[dict[str, Any]]:
    """Return every body under its name of the day with what is known of it, as programs read it."""
    known = {row.body: row for row in in_force(tables, on).rows}
    return [prefecture_view(each, known.get(each.id)) for each in bodies(on, test=test)]


def show_prefecture(tables: PrefectureTables | None, on: date, number: str) -> dict[str, Any]:
    """Return one body by its prefecture's two digits, `00` for the one of the whole country. Errors: NotFound."""
    for each in list_prefectures(tables, on):
        if each["number"] == number:
            return each
    raise NotFound("no such prefecture")


def prefecture_view(body: Body, facts: BodyFacts | None) -> dict[str, Any]:
    """Return a body and what is known of it. Shape: `facts` without anything known has empty texts."""
    told = {name: getattr(facts, name) if facts else "" for name in FACTS}
    day = facts.checked_on.isoformat() if facts else None
    return {
        "body": body.id,
        "number": body.prefecture or "00",
        "name_ja": body.ja,
        "name_en": body.en,
        "known": facts is not None,
        **told,
        "confidence": facts.confidence if facts else None,
        "checked_on": day,
    }


def import_table(
    tables: PrefectureTables,
    source: BinaryIO,
    *,
    from_on: date,
    at: datetime,
    by: str,
    apply: bool,
    tell: Tell = silent,
) -> Coming:
    """Read a table, and with `apply` take it in; if a cell is wrong, nothing is taken in.

    Errors: PrefectureTableUnreadable, ListUnreadable; NoSpace, TableDamaged.
    """
    try:
        encoding = encoding_of(source, limit_bytes=limit("prefecture_table_bytes"))
    except TooLong:
        raise PrefectureTableUnreadable(why="too_long", what=str(limit("prefecture_table_bytes")), line=0) from None
    source.seek(0)
    try:
        rows = read_table(source.read().decode(encoding))
    except BadTable as bad:
        if bad.why == "cells":
            return Coming((), bad.wrong, {})
        raise PrefectureTableUnreadable(why=bad.why, what=", ".join(bad.names[:10]), line=bad.line) from None
    changes = differences(in_force(tables, from_on).rows, rows)
    later = [each for each in tables.tables() if each.from_on > from_on]
    until = min(later, key=lambda each: (each.from_on, -each.number), default=None)
    if not apply:
        return Coming(rows, (), changes, until=until)
    made = tables.take_in(rows, from_on=from_on, at=at, by=by[:BY_CHARS])
    tell("prefectures_taken_in", number=made.number, rows=len(rows))
    return Coming(rows, (), changes, made, until)
