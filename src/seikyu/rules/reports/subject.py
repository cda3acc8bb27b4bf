"""What a finding is about (事項名), as the official lists tell it: a line of a service in words, else item and value.

Codes are called by the names that masters have for them in the month of the claim; where no master has one the code
stands there itself. Personal items are masked as everywhere else.

Source: provider:5.5.
"""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from seikyu.records import Item, Month
from seikyu.rules.finding import Finding
from seikyu.rules.reports.forms import Form, Issue
from seikyu.rules.reports.heads import ClaimHead
from seikyu.rules.sheet.cells import Reading, item_cell, show_disease, show_quantity
from seikyu.rules.table import claim_kind_of
from seikyu.rules.view import Record

_SYMPTOM: Final = "SJ"
_FACT: Final = re.compile(r"\{([a-z_]+)")
_POINTS: Final = "points"
_MASTER: Final = "master:"
_COMMENT: Final = "master:comment"
#: Codes that only say more of another code of their record: the line is not called by them.
_BESIDE: Final = frozenset({"master:tooth", "master:modifier"})
_DISEASE: Final = ("modifier_codes", "disease_code")
#: How layouts call a quantity; behind it may stand the unit.
_QUANTITIES: Final = ("amount", "quantity")
_UNIT: Final = "unit_code"
_BETWEEN: Final = " "


def subject_of(finding: Finding, head: ClaimHead, form: Form, issue: Issue) -> str:
    """Return what a finding is about: the line of a service, the number of a text, or what stands at its place."""
    place = head.places.get(finding.line or 0)
    facts = {"record": finding.record or "", "item": finding.item_ja or "", "value": finding.value or ""}
    if place is None:
        return joined(form, "item", **facts)
    if place.record.id == _SYMPTOM:
        return joined(form, "symptom", number=place.symptom_no, **facts)
    month = head.service_month if isinstance(head.service_month, Month) else None
    how = Reading(claim_kind_of(issue.summary.kind or ""), month, issue.names, show_personal=head.show_personal)
    if _POINTS in place.record.plan.index:
        return joined(form, "service", **_service(place.record, finding, how), **facts)
    about = _code_of(place.record, finding)
    return joined(form, "item", name=_name(place.record, about, how) if about else "", **facts)


def joined(form: Form, name: str, /, **facts: object) -> str:
    """Return a text of the form; a part of it that has nothing to tell is left out."""
    told = {fact: value for fact, value in facts.items() if value != ""}
    parts = [part for part in form.words[name] if all(fact in told for fact in _FACT.findall(part))]
    return form.says("gap").join(part.format(**told) for part in parts)


def _service(record: Record, finding: Finding, how: Reading) -> dict[str, str]:
    """Return what a line of a service is called, with comments, quantity, points and count."""
    main, about = _main_code(record), _code_of(record, finding)
    beside = about if about and about is not main and about.codes != _COMMENT else None
    return {
        "name": _shown(record, main, how) if main else "",
        "beside": _shown(record, beside, how) if beside else "",
        "comments": _BETWEEN.join(_comments(record, how)),
        "quantity": _quantity(record, how),
        "points": item_cell(record, _POINTS, how).text.replace(",", ""),
        "count": item_cell(record, "count", how).text,
    }


def _main_code(record: Record) -> Item | None:
    """Return the item whose code the line is called by, None if the record has none."""
    coded = (item for item in record.plan.layout.items if (item.codes or "").startswith(_MASTER))
    return next((item for item in coded if item.codes not in _BESIDE), None)


def _code_of(record: Record, finding: Finding) -> Item | None:
    """Return the item whose code the finding is about: its own if that has one, else the one of the line."""
    own = record.plan.layout.by_name.get(finding.item or "")
    return own if own and (own.codes or "").startswith(_MASTER) else _main_code(record)


def _name(record: Record, item: Item, how: Reading) -> str:
    """Return what masters call the code of an item, a disease with its modifiers; nothing if they do not know it."""
    cell = item_cell(record, item.name, how)
    if not cell.code or item.name not in _DISEASE:
        return cell.text if cell.code else ""
    return show_disease(record, _DISEASE, how).text


def _shown(record: Record, item: Item, how: Reading) -> str:
    """Return the name of the code of an item, or the code where it has none."""
    return _name(record, item, how) or item_cell(record, item.name, how).text


def _comments(record: Record, how: Reading) -> Iterator[str]:
    """Yield the comments that are written into a line: their names or codes, and texts that may be shown."""
    items = record.plan.layout.items
    for code, text in pairwise(items):
        if code.codes == _COMMENT and record.raw(code.name):
            yield _shown(record, code, how)
            words = item_cell(record, text.name, how)
            if words.text and not words.masked:
                yield words.text


def _quantity(record: Record, how: Reading) -> str:
    """Return the quantity with its unit; one without a unit says nothing."""
    names = tuple(name for name in (*_QUANTITIES, _UNIT) if name in record.plan.index)
    amount = next((item_cell(record, name, how) for name in names if name in _QUANTITIES), None)
    whole = show_quantity(record, names, how).text
    return "" if amount is None or not amount.text or whole == amount.text else whole.replace(_BETWEEN, "")
