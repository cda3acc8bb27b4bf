"""請求確定状況: what became of each claim when its sending was confirmed.

Source: provider:3.2, provider:6.2.
"""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Final

from seikyu.rules.index import IndexRow, Outcome
from seikyu.rules.reports.forms import Form, Issue, head_lines, header_of, row_line
from seikyu.rules.reports.heads import ClaimHead
from seikyu.rules.reports.values import Value

_ROW: Final = "2"
_TOLD: Final = frozenset({"L2", "L3", "L4"})
_PUBLIC: Final = 4
_CLAIMED: Final = (Outcome.CLAIMED, Outcome.SUSPENDED)


class Errors(StrEnum):
    """How a sending was confirmed: エラー分含む, or エラー分除く (also by the deadline)."""

    WITH = "with"
    WITHOUT = "without"


def decision_list(
    claims: Iterable[tuple[IndexRow, ClaimHead]], form: Form, issue: Issue, *, errors: Errors
) -> Iterator[bytes]:
    """Yield the lines of 請求確定状況: a header, and a row for each claim.

    Shape: CSV in Shift_JIS with CR LF, without a title. A claim whose outcome stands in the index already is printed
    with that one; a detail of a summary claim is left out. Only the worst level of a claim is printed, and of L2, L3
    and L4 only.
    """
    yield from head_lines(form, issue, header_of(issue))
    for row, head in claims:
        if head.detail:
            continue
        claimed = outcome_of(row, errors=errors, asp=issue.asp, refused_file=issue.summary.refused)
        yield row_line(form, {**_claim(head), "outcome": "1" if claimed else "2", "worst": _worst(row)})


def outcome_of(row: IndexRow, *, errors: Errors, asp: bool = True, refused_file: bool = False) -> bool:
    """True if the claim is claimed (請求済), False if not (未請求).

    What is in suspense was claimed: what became of it afterwards changes no list of the confirmation.
    Source: provider:3.2.
    """
    if row.outcome is not Outcome.OPEN:
        return row.outcome in _CLAIMED
    if row.refused or refused_file:
        return False
    return not (asp and errors is Errors.WITHOUT and row.asks)


def _worst(row: IndexRow) -> str | None:
    return row.worst if row.worst in _TOLD else None


def _claim(head: ClaimHead) -> dict[str, Value]:
    """Return what the row says of the claim itself, as it stands in the file."""
    values: dict[str, Value] = {
        "record": _ROW,
        "service_month": head.service_month,
        "birth_date": head.birth_date,
        **{name: head.text(name) for name in ("claim_no", "claim_type", "patient_name", "sex", "chart_no")},
        "memo": head.text("claim_memo"),
    }
    if head.insurer is not None:
        names = ("insurer_number", "card_symbol", "card_number", "total_points")
        values |= {name: head.text(name, head.insurer) for name in names}
    for no, payer in enumerate(head.public_payers[:_PUBLIC], start=1):
        values[f"public_{no}_number"] = head.text("payer_number", payer)
        values[f"public_{no}_recipient"] = head.text("recipient_number", payer)
        values[f"public_{no}_points"] = head.text("total_points", payer)
    return values
