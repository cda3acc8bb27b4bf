"""What a decision would come to, told beforehand: the same table, asked about groups of claims that are alike.

Claims that the table cannot tell apart are counted together, so that a file of any length is gone through once for
every way of deciding. Source: provider:3.2; provider:9, rows 1 and 8.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from seikyu.office.leaving import LeftOut
from seikyu.office.outcome import Decision, Policy, decide
from seikyu.rules.index import IndexRow, Outcome, Reason

#: What no decision changes: it was not to be sent at all, or goes on in another sending.
_FIXED: Final = frozenset({Reason.NOT_A_CORRECTION, Reason.CORRECTED})


@dataclass(frozen=True, slots=True, order=True)
class Fate:
    """What claims come to and why. Shape: `worst` is the worst that was found on them, None for nothing."""

    outcome: Outcome
    reason: Reason
    worst: str | None


@dataclass(frozen=True, slots=True)
class Sum:
    """How many claims (枚数), cases (件数: one for every payer) and points."""

    claims: int = 0
    cases: int = 0
    points: int = 0

    def __add__(self, other: "Sum") -> "Sum":
        return Sum(self.claims + other.claims, self.cases + other.cases, self.points + other.points)


def decided(
    row: IndexRow,
    decision: Decision,
    *,
    left_out: bool = False,
    asp: bool = True,
    file_refused: bool = False,
    by: Policy | None = None,
) -> IndexRow:
    """Return the claim as the decision makes it; what was not to be sent at all, or has gone on, stays as it is.

    This is the function that decides, and the one that tells beforehand.
    """
    if row.reason in _FIXED:
        return row
    return decide(row, decision, asp=asp, file_refused=file_refused, left_out=left_out, by=by)


def forecast(
    rows: Iterable[IndexRow],
    left: LeftOut,
    *,
    asp: bool = True,
    file_refused: bool = False,
    by: Policy | None = None,
) -> Mapping[Decision, Mapping[Fate, Sum]]:
    """Return for each way of deciding what the claims of a file come to."""
    sums: Counter[tuple[IndexRow, bool, str]] = Counter()
    for place, row in enumerate(rows):
        alike = _alike(row), place in left
        sums[*alike, "claims"] += 1
        sums[*alike, "cases"] += row.cases
        sums[*alike, "points"] += row.main_points
    groups = {(row, left_out) for row, left_out, _ in sums}
    told: dict[Decision, dict[Fate, Sum]] = {}
    for decision in Decision:
        fates: dict[Fate, Sum] = defaultdict(Sum)
        for row, left_out in groups:
            after = decided(row, decision, left_out=left_out, asp=asp, file_refused=file_refused, by=by)
            fates[Fate(after.outcome, after.reason, row.worst)] += Sum(
                *(sums[row, left_out, measure] for measure in ("claims", "cases", "points"))
            )
        told[decision] = dict(fates)
    return told


def _alike(row: IndexRow) -> IndexRow:
    """Return a claim that stands for all that the table cannot tell from this one."""
    return IndexRow(
        0, 0, 0, 0, 0, 0, row.worst, row.refused, has_insurer=False, payers=(), main_points=0, identity=b"",
        outcome=row.outcome, reason=row.reason,
    )  # fmt: skip
