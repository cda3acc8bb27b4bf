"""受付・事務点検ＡＳＰ結果リスト and its kin: findings in the official columns.

A row is a finding. What the paper leaves open, how the place inside a claim is put into words, are texts of the form.

Source: provider:5.5, provider:6.2.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from seikyu.records import Item, masked, text_of
from seikyu.rules.finding import Finding, Level, Refuses
from seikyu.rules.reports.forms import Form, Issue, head_lines, header_of, row_line
from seikyu.rules.reports.heads import ClaimHead, PlaceInClaim
from seikyu.rules.reports.values import Value, narrowed
from seikyu.rules.view import Record
from seikyu.rules.wording import secret

#: Findings of the clerical check: their claims are numbered with serials, and told the sender's own key.
_CLERICAL: Final = frozenset({Level.L3, Level.L4, Level.L7})
_NOBODY: Final = ClaimHead()
_SYMPTOM: Final = "SJ"
_FACT: Final = re.compile(r"\{([a-z_]+)")


class Entry(NamedTuple):
    """A finding and what the list prints of its claim; `head` is None outside every claim."""

    finding: Finding
    head: ClaimHead | None


def error_list(entries: Iterable[Entry], form: Form, issue: Issue) -> Iterator[bytes]:
    """Yield the lines of a list of findings: title, header, titles of the columns, a row a finding.

    Shape: CSV in Shift_JIS, lines end in CR LF. Findings of one claim must come together; they share its serial (項番).
    Findings of levels that the form does not print are passed over.
    """
    yield from head_lines(form, issue, header_of(issue))
    row, unit, before = 0, 0, object()
    for finding, head in entries:
        if finding.level not in form.levels:
            continue
        row += 1
        unit += finding.claim_index != before
        before = finding.claim_index
        values = _values(finding, head or _NOBODY, form)
        yield row_line(form, {**values, "number": row if form.id == "csv" else unit})


def _values(finding: Finding, head: ClaimHead, form: Form) -> dict[str, Value]:
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
        "subject": _subject(finding, place, form),
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
    return _joined(
        form,
        "place",
        record_no=(finding.line or 0) - head.line + 1 if in_claim else "",
        item_no=finding.item_no or "",
        value=finding.value or "",
    )


def _subject(finding: Finding, place: PlaceInClaim | None, form: Form) -> str:
    """Return what the finding is about (事項名): the line of a service, the number of a text, or what stands there."""
    record = place.record if place else None
    facts = {"record": finding.record or "", "item": finding.item_ja or "", "value": finding.value or ""}
    if record is not None and record.id == _SYMPTOM and place is not None:
        return _joined(form, "symptom", number=place.symptom_no, **facts)
    if record is not None and record.raw("points"):
        return _joined(form, "service", **_service(record), **facts)
    return _joined(form, "item", **facts)


def _joined(form: Form, name: str, **facts: object) -> str:
    """Return a text of the form; a part of it that has nothing to tell is left out."""
    told = {fact: value for fact, value in facts.items() if value != ""}
    parts = [part for part in form.words[name] if all(fact in told for fact in _FACT.findall(part))]
    return form.says("gap").join(part.format(**told) for part in parts)


def _service(record: Record) -> dict[str, str]:
    """Return code, points and count of a service line, as written; masked where a slip may have put something else."""
    known = record.plan.layout.by_name
    code = next((name for name in known if name.endswith("_code")), "")
    named = {"code": code, "points": "points", "count": "count"}
    return {name: _shown(known[item], text_of(record.raw(item))) for name, item in named.items() if item in known}


def _shown(item: Item, text: str) -> str:
    return masked(text) if secret(item, text) else text
