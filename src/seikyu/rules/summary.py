"""What one file comes to: the figures at its end."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from typing import Any, Final, Self

from seikyu.rules.index import IndexRow

#: How a claim stands before anybody decides: without remark above notice, to be looked at, or refused.
STANDINGS: Final = ("normal", "ask", "refused")


@dataclass(frozen=True, slots=True)
class Totals:
    """Claims (枚数), cases (件数) and points, or yen for home nursing, of the claims that stand alike."""

    claims: int = 0
    cases: int = 0
    points: int = 0

    def __add__(self, other: "Totals") -> "Totals":
        return Totals(self.claims + other.claims, self.cases + other.cases, self.points + other.points)


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The end of an examination; there is exactly one for any bytes.

    Shape: `kind` is None if the file is of no kind we know of; `body` is `1` or `2-NN`; `claim_month` YYYYMM; `claims`
    counts RE records and `points` is what GO should say, both over all claims; what would be accepted stands in
    `totals`. A refused file accepts nothing: all its claims are in `refused`. `findings` counts also those that were
    too many to list. `layout` names the edition, `masters` the versions of the masters that codes were looked up in,
    by kind (of several service months there may be several, with commas between). `silent` are the codes of the rules
    that could not speak about some claim, `missing` the masters that they, or parts of other rules, wanted for it.
    `engine` is the checker that read the file: `kernel` or `reference`.
    """

    kind: str | None
    body: str | None
    prefecture: str
    point_table: str
    institution_code: str
    claim_month: str | None
    claims: int
    points: int
    totals: Mapping[str, Totals]
    refused: bool
    findings: int
    ruleset: str
    layout: str | None
    masters: Mapping[str, str] = field(default_factory=dict)
    silent: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    engine: str = "reference"

    @property
    def institution(self) -> str:
        """The institution as a party id: prefecture, point table and code."""
        return self.prefecture + self.point_table + self.institution_code

    def to_json(self) -> dict[str, Any]:
        """Return the summary in the types of JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> Self:
        """Return the summary that `to_json` wrote.

        Errors: KeyError or TypeError for anything else.
        """
        totals = {name: Totals(**fields["totals"][name]) for name in STANDINGS}
        lists = {name: tuple(fields.get(name, ())) for name in ("silent", "missing")}
        return cls(**{**fields, **lists, "totals": totals})


def ruleset() -> str:
    """Return the name of the rules in use: they are part of the program and change with its version."""
    return f"seikyu-{version('seikyu')}"


def standing(row: IndexRow) -> str:
    """Return how a claim stands: `normal`, `ask` or `refused`."""
    if row.refused:
        return "refused"
    return "ask" if row.asks else "normal"


def totals_of(row: IndexRow) -> Totals:
    """Return what one claim adds to the totals."""
    return Totals(1, row.cases, row.main_points)
