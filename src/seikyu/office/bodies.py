"""The review bodies (審査支払機関): 48 legal ones, and a test federation for sandboxes. Names are dated data."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Final

from seikyu.office.errors import UnknownBody

#: 社会保険診療報酬支払基金, which works for the whole country.
SSK: Final = "1"

#: The federation of no prefecture. Only a sandbox has it.
TEST_BODY: Final = "2-99"


@dataclass(frozen=True, slots=True)
class Body:
    """One review body under one of its names (`since` included, `until` not; None for open).

    Shape: `id` is `1` or `2-` and the prefecture; `review_body` and `prefecture` are what a file's header says
    (`prefecture` None: any).
    """

    id: str
    review_body: str
    prefecture: str | None
    ja: str
    en: str
    since: date | None
    until: date | None
    test: bool
    source: str

    def named_on(self, day: date) -> bool:
        """True if this is its name on `day`."""
        return (self.since is None or self.since <= day) and (self.until is None or day < self.until)


def body_of(review_body: str, prefecture: str) -> str:
    """Return the id of the body that a file's header names.

    >>> body_of("1", "13"), body_of("2", "13"), body_of("2", "99")
    ('1', '2-13', '2-99')

    Errors: UnknownBody.
    """
    body_id = review_body if review_body == SSK else f"{review_body}-{prefecture}"
    if not any(row.id == body_id for row in _rows()):
        raise UnknownBody(f"no review body {body_id}", body=body_id)
    return body_id


def body(body_id: str, day: date) -> Body:
    """Return the body under its name of `day`.

    Errors: UnknownBody.
    """
    for row in _rows():
        if row.id == body_id and row.named_on(day):
            return row
    raise UnknownBody(f"no review body {body_id}", body=body_id)


def bodies(day: date, *, test: bool = False) -> tuple[Body, ...]:
    """Return the legal bodies under their names of `day`, the test body with them if asked for."""
    return tuple(row for row in _rows() if row.named_on(day) and (test or not row.test))


@cache
def _rows() -> tuple[Body, ...]:
    text = (files("seikyu.office") / "bodies.csv").read_text(encoding="utf-8")
    return parse_bodies(text.splitlines())


def parse_bodies(lines: Iterable[str]) -> tuple[Body, ...]:
    """Return the rows of a list of bodies in the form of `bodies.csv`."""
    return tuple(
        Body(
            id=row["id"],
            review_body=row["review_body"],
            prefecture=row["prefecture"] or None,
            ja=row["ja"],
            en=row["en"],
            since=date.fromisoformat(row["since"]) if row["since"] else None,
            until=date.fromisoformat(row["until"]) if row["until"] else None,
            test=row["test"] == "true",
            source=row["source"],
        )
        for row in csv.DictReader(lines)
    )
