"""レセプト訂正内容確認: what was corrected on the screen, item by item, before and after.

Source: provider:6.2.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from seikyu.records import ItemChange
from seikyu.rules.reports.forms import Form, Issue, Values, head_lines, header_of, row_line
from seikyu.rules.reports.heads import ClaimHead
from seikyu.rules.reports.values import Value

#: How a claim is marked whose correction went on; of others the mark is printed.
CORRECTED: Final = "corrected"


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectedClaim:
    """A claim with what was changed in it.

    Shape: `mark` is open, corrected or impossible; `confirm_no` is that of the sending that it went on in, None before;
    `failed` if every claim of that sending failed again.
    """

    head: ClaimHead
    mark: str
    changes: Sequence[ItemChange] = ()
    confirm_no: int | None = None
    failed: bool = False


def change_list(claims: Iterable[CorrectedClaim], form: Form, issue: Issue) -> Iterator[bytes]:
    """Yield the lines of the list: title, header, titles, and a row for each item that was changed.

    Shape: CSV in Shift_JIS with CR LF; texts are full-width, so that no program takes one for a formula.
    """
    header = {**header_of(issue), "corrected_send_no": f"({issue.corrected_send_no or 0})"}
    yield from head_lines(form, issue, header)
    for values in change_rows(claims, form):
        yield row_line(form, values)


def change_rows(claims: Iterable[CorrectedClaim], form: Form) -> Iterator[Values]:
    """Yield the values of each row, by the names of the form's columns."""
    number = 0
    for claim in claims:
        for told in _changes(claim, form):
            number += 1
            yield {"number": f"{number}", **_claim(claim, form), **told}


def _claim(claim: CorrectedClaim, form: Form) -> dict[str, Value]:
    """Return what the row says of the claim itself, as it was received."""
    confirmed = form.says("failed") if claim.failed else claim.confirm_no and str(claim.confirm_no)
    return {
        "confirm_no": confirmed,
        "birth_date": claim.head.birth_date,
        **{name: claim.head.text(name) for name in ("claim_no", "chart_no", "patient_name")},
    }


def _changes(claim: CorrectedClaim, form: Form) -> Iterator[dict[str, Value]]:
    """Yield the changes; of a claim that did not go on its mark, in the place of what it would have become."""
    if claim.mark != CORRECTED:
        yield {"after": form.says(claim.mark)}
        return
    for change in claim.changes:
        mark = form.says("added") if change.added else form.says("removed") if change.removed else ""
        name = change.record.ja if change.record else ""
        yield {
            "record": form.says("record").format(id=change.record_id, name=name) + mark,
            "item": change.item.ja if change.item else str(change.no),
            "before": change.before,
            "after": change.after,
        }
