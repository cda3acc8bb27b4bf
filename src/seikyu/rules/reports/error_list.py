"""受付・事務点検ＡＳＰ結果リスト and its kin: findings in the official columns.

A row is a finding. What the paper leaves open, how the place inside a claim is put into words, are texts of the form.

Source: provider:5.5, provider:6.2.
"""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from seikyu.rules.finding import Finding, Level, Refuses
from seikyu.rules.reports.forms import Form, Issue, head_lines, header_of, row_line
from seikyu.rules.reports.heads import ClaimHead, PlaceInClaim
from seikyu.rules.reports.subject import joined, subject_of
from seikyu.rules.reports.values import Value, narrowed

#: Findings of the clerical check: their claims are numbered with serials, and told the sender's own key.
_CLERICAL: Final = frozenset({Level.L3, Level.L4, Level.L7})
_NOBODY: Final = ClaimHead()


class Entry(NamedTuple):
    """A finding and what the list prints of its claim; `head` is None outside every claim.

    Shape: `file_no` counts the files that were sent together, from 1.
    """

    finding: Finding
    head: ClaimHead | None
    file_no: int = 1


def error_list(entries: Iterable[Entry], form: Form, issue: Issue) -> Iterator[bytes]:
    """Yield the lines of a list of findings: title, header, titles of the columns, a row a finding.

    Shape: CSV in Shift_JIS, lines end in CR LF. Findings of one claim must come together; they share its serial (項番).
    Findings of levels that the form does not print are passed over.
    """
    yield from head_lines(form, issue, header_of(issue))
    row, unit, before = 0, 0, object()
    for finding, head, file_no in entries:
        if finding.level not in form.levels:
            continue
        row += 1
        unit += (file_no, finding.claim_index) != before
        before = file_no, finding.claim_index
        values = _values(finding, head or _NOBODY, form, issue)
        yield row_line(form, {**values, "number": row if form.id == "csv" else unit})


def _values(finding: Finding, head: ClaimHead, form: Form, issue: Issue) -> dict[str, Value]:
    place = head.places.get(finding.line or 0)
    clerical = finding.level in _CLERICAL
    return {
        "claim_no": _claim_no(finding, place, form),
        "chart_no": _chart_no(head, place, form),
        "recipient_claim_no": _recipient_no(finding, place, form),
        "recipient_chart_no": head.text("chart_no") if clerical and place and place.donor_no else None,
        "service_month": head.service_month,
        "in_out": head.in_out if form.id != "csv" else narrowed(head.in_out).replace(" ", ""),
        "patient_name": head.text("patient_name"),
        "birth_date": head.birth_date,
        "code": finding.code.removeprefix("L"),
        "upper": (form.says("refused") if _marked(finding) else "") + finding.message_ja,
        "lower": None if clerical else _lower(finding, head, form),
        "service_class": place.service_class if place and clerical else None,
        "subject": subject_of(finding, head, form, issue),
        "memo": head.text("claim_memo") if clerical else None,
        "reclaimed": "1" if clerical and head.reclaimed else None,
    }


def _marked(finding: Finding) -> bool:
    """True for a finding of L3 that refuses (受付不能L3): L1 and L2 say so by their numbers."""
    return finding.level is Level.L3 and finding.refuses is Refuses.CLAIM


def _claim_no(finding: Finding, place: PlaceInClaim | None, form: Form) -> str | None:
    """Return the claim number as printed: 6 digits, of clerical findings with serials of part and donor."""
    if finding.claim_no is None:
        return None
    words = form.says("clerical_no" if finding.level in _CLERICAL else "reception_no")
    part, donor = (place.part, place.donor_no) if place else (0, 0)
    return words.format(claim_no=finding.claim_no, part=part, donor=donor)


def _recipient_no(finding: Finding, place: PlaceInClaim | None, form: Form) -> str | None:
    """Return the number of the claim that a donor's records belong to."""
    if finding.claim_no is None or finding.level not in _CLERICAL or not (place and place.donor_no):
        return None
    return form.says("clerical_no").format(claim_no=finding.claim_no, part=place.part, donor=0)


def _chart_no(head: ClaimHead, place: PlaceInClaim | None, form: Form) -> str:
    """Return the chart number; of a donor's records the donor's own and where the donor was."""
    if place is None or place.donor is None:
        return head.text("chart_no")
    return form.says("donor").format(
        chart_no=head.text("chart_no", place.donor),
        prefecture=head.text("prefecture", place.donor_place),
        point_table=head.text("point_table", place.donor_place),
        institution=head.text("institution_code", place.donor_place),
    )


def _lower(finding: Finding, head: ClaimHead, form: Form) -> str:
    """Return where and what, for the findings of the reception."""
    in_claim = finding.line is not None and finding.claim_index is not None
    return joined(
        form,
        "place",
        record_no=(finding.line or 0) - head.line + 1 if in_claim else "",
        item_no=finding.item_no or "",
        value=finding.value or "",
    )
