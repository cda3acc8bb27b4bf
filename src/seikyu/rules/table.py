"""The table of checks (受付・事務点検): one row a code, with its level, its effect, and whether we judge it.

The rows are those of the official lists and of our own, for claims of every kind. Level, effect and kinds of a rule
stand here and nowhere else. A row that is not judged says why.
"""

from collections.abc import Mapping
from csv import DictReader
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from seikyu.rules.finding import Level, Refuses

JUDGED: Final = "judged"
NOT_JUDGED: Final = "not judged"

#: The kinds of claims by the signs of the column `kinds`; 全 is all of them.
_SIGNS: Final = {"医": "medical", "D": "dpc", "歯": "dental", "調": "pharmacy", "訪": "home_nursing"}
_ALL: Final = "全"
#: What the kind of a return file says behind the kind of its claims.
_OF_RETURNS: Final = ("_return", "_reexamination")


@dataclass(frozen=True, slots=True)
class Check:
    """One row.

    Shape: `status` is `judged` or `not judged`; `reason` says why not, or how where the condition leaves it open.
    `needs` is what a judge must know besides the file: file, context, masters, fee tables, notices, request.
    """

    code: str
    origin: str
    kinds: str
    level: Level | None
    refuses: Refuses | None
    needs: str
    place: str
    condition: str
    ruling: str
    status: str
    reason: str

    @property
    def judged(self) -> bool:
        """True if a rule of ours judges the row."""
        return self.status == JUDGED

    @property
    def claim_kinds(self) -> frozenset[str]:
        """The kinds of claims that the row is about, by the names of their layouts."""
        return frozenset(name for sign, name in _SIGNS.items() if sign in self.kinds or self.kinds == _ALL)


def claim_kind_of(kind: str) -> str:
    """Return the kind of the claims in files of a kind.

    >>> claim_kind_of("dental_return"), claim_kind_of("dental")
    ('dental', 'dental')
    """
    for suffix in _OF_RETURNS:
        kind = kind.removesuffix(suffix)
    return kind


@cache
def checks() -> Mapping[str, Check]:
    """Return all rows by code, in the order of the table."""
    text = files(__package__).joinpath("checks.csv").read_text("utf-8")
    rows = (
        Check(
            code=row["code"],
            origin=row["origin"],
            kinds=row["kinds"],
            level=Level(row["level"]) if row["level"] else None,
            refuses=Refuses(row["refuses"]) if row["refuses"] in {"file", "claim"} else None,
            needs=row["needs"],
            place=row["place"],
            condition=row["condition"],
            ruling=row["ruling"],
            status=row["status"],
            reason=row["reason"],
        )
        for row in DictReader(text.splitlines())
    )
    return {row.code: row for row in rows}
