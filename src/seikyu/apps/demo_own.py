"""A file of the user's own that goes through the demo's month: who sent it, who is to pay, and what for."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final

from seikyu.apps.client import look_at
from seikyu.apps.demo_office import Someone
from seikyu.apps.generator import Sums, Tally
from seikyu.apps.words import say
from seikyu.rules.index import IndexRow

_HEAD_BYTES: Final = 64 * 1024
_INSTITUTION_DIGITS: Final = 10

#: The bodies' names change with time; which there are does not.
_DAY: Final = date(2026, 10, 1)

#: Claim months that a calendar can be laid around; a file of another is refused by its check.
_MONTHS: Final = range(198901, 209913)


@dataclass(frozen=True, slots=True)
class OwnFile:
    """What the file says of itself, and our own sums of what its payers are to be charged.

    Shape: `body` as the office names it, `institution` and `payers` as ids, `month` YYYYMM; None or empty where the
    file does not say.
    """

    path: Path
    body: str | None = None
    institution: str | None = None
    month: int | None = None
    payers: tuple[str, ...] = ()
    tally: Tally = field(default_factory=Tally)

    @property
    def people(self) -> tuple[Someone, ...]:
        """Those who must be in the register for it."""
        sender = (Someone(self.institution, "institution", say("demo.own_institution")),) if self.institution else ()
        return (*sender, *(Someone(payer, "payer", say("demo.own_payer", id=payer)) for payer in self.payers))


def own_file(path: Path) -> OwnFile:
    """Look at a file. Errors: FileUnusable."""
    from seikyu.office.bodies import bodies
    from seikyu.office.charge import UNNAMED, payers_of
    from seikyu.records import sniff

    look_at(path)
    with path.open("rb") as file:
        header = sniff(file.read(_HEAD_BYTES), file_name=path.name)
    if header is None:
        return OwnFile(path)
    rows, refused = _examined(path)
    payers = {payer for row in rows for payer, _, _ in payers_of(row)} - {UNNAMED}
    month = int(header.claim_month) if header.claim_month else 0
    sender = header.institution
    known = sender.isascii() and sender.isdigit() and len(sender) == _INSTITUTION_DIGITS
    return OwnFile(
        path,
        body=header.body if any(each.id == header.body for each in bodies(_DAY, test=True)) else None,
        institution=sender if known else None,
        month=month if month in _MONTHS else None,
        payers=tuple(sorted(payers)),
        tally=_tally(rows, refused=refused),
    )


def _examined(path: Path) -> tuple[list[IndexRow], bool]:
    """Return every claim, and whether the file is refused, as the checker on the user's own machine has it."""
    from seikyu.rules.blocks import Rows
    from seikyu.rules.examine import examine
    from seikyu.rules.summary import Summary

    rows: list[IndexRow] = []
    refused = False
    with path.open("rb") as file:
        for told in examine(iter(lambda: file.read(_HEAD_BYTES), b""), identity_key=bytes(32)):
            if isinstance(told, Rows):
                rows += told
            elif isinstance(told, Summary):
                refused = told.refused
    return rows, refused


def _tally(rows: list[IndexRow], *, refused: bool) -> Tally:
    """Return what the file amounts to, as the maker's tally of a made-up one does."""
    tally = Tally()
    for row in rows:
        effect = "refused" if refused else _effect(row)
        for payer, sums in _shares(row):
            tally.by_effect[effect][payer].add(sums)
    return tally


def _effect(row: IndexRow) -> str:
    """Return what should become of a claim. Every payer with a readable number is registered for the demo."""
    from seikyu.office.charge import chargeable

    if row.refused:
        return "refused"
    if chargeable(row, lambda *_: True) is not None:
        return "suspended"
    return "ask" if row.asks else "normal"


def _shares(row: IndexRow) -> Iterator[tuple[str, Sums]]:
    """Yield what a claim charges each of its payers; the first is the main one."""
    from seikyu.office.charge import payers_of

    for payer, share, main in payers_of(row):
        points = row.main_points if main else 0
        yield payer, Sums(int(main), points, 1, share.points, share.meals_yen)
