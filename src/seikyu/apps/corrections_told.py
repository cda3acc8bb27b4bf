"""Claims and their corrections as programs read them: one shape for the API, the pages and the command line."""

from collections.abc import Iterator
from typing import Any, Final

from seikyu.records import Item, ItemChange, Need, RecordLayout, record_layout_of, table, text_of
from seikyu.rules import Finding
from seikyu.rules.plan import history_plans
from seikyu.rules.reports import as_json
from seikyu.services.claims import OpenedClaim
from seikyu.services.correcting import ShownCorrection

#: A table of so many codes is offered as choices.
CHOICES: Final = 60


def claim_told(claim: OpenedClaim) -> dict[str, Any]:
    """Return a claim: its lines with the names of the layout, and its findings. It holds personal items."""
    return {
        "file_no": claim.file.no,
        "claim_index": claim.index,
        "claim_no": claim.row.claim_no if claim.row.claim_no >= 0 else None,
        "kind": claim.kind,
        "layout": claim.layout.name,
        "line": claim.first_line,
        "worst": claim.row.worst,
        "refused": claim.row.refused or bool(claim.file.refused),
        "lines": list(lines_told(claim)),
        "findings": [as_json(finding) for finding in claim.findings],
    }


def lines_told(claim: OpenedClaim) -> Iterator[dict[str, Any]]:
    """Yield the lines of a claim, counted from 0 in it; a line that no layout knows has items without names."""
    for at, line in enumerate(claim.lines):
        known = record_layout_of(line, claim.layout)
        items = line.content.split(b",")
        behind = claim.layout.behind_prefix(items) if items[0] else items
        inner = history_plans(claim.layout.name).get(text_of(behind[0])) if behind is not items and behind else None
        layout = known or (inner.layout if inner else None)
        skipped = len(items) - len(behind) if known is None else 0
        yield {
            "line": at,
            "file_line": line.no,
            "record": text_of(items[skipped] if skipped < len(items) else b""),
            "name": layout.name if layout else None,
            "name_ja": layout.ja if layout else None,
            "history": skipped > 0,
            "editable": known is not None,
            "items": [item_told(layout, no, value) for no, value in enumerate(items[skipped:], start=1)],
        }


def item_told(layout: RecordLayout | None, no: int, value: bytes) -> dict[str, Any]:
    """Return one item with its name and what it holds."""
    item = layout.item(no) if layout else None
    return {
        "no": no,
        "name": item.name if item else None,
        "name_ja": item.ja if item else None,
        "personal": item.personal if item else True,
        "value": text_of(value),
    }


def change_told(change: ItemChange) -> dict[str, Any]:
    """Return one change, before and after."""
    return {
        "line": change.line,
        "record": change.record_id,
        "record_ja": change.record.ja if change.record else None,
        "no": change.no,
        "item": change.item.name if change.item else None,
        "item_ja": change.item.ja if change.item else None,
        "before": change.before,
        "after": change.after,
        "added": change.added,
        "removed": change.removed,
    }


def correction_told(shown: ShownCorrection) -> dict[str, Any]:
    """Return a claim with what is corrected in it and what the checker says of that."""
    row, edits = shown.row, shown.edits
    return {
        "claim": claim_told(shown.claim),
        "version": shown.version,
        "mark": shown.mark.value,
        "barred": shown.barred,
        "into": row.into if row else None,
        "items": [{"line": at, "no": no, "value": text_of(new)} for (at, no), new in sorted(edits.items.items())],
        "removed": sorted(edits.removed),
        "added": [{"after": each.after, "items": [text_of(item) for item in each.items]} for each in edits.added],
        "changes": [change_told(change) for change in shown.changes],
        "findings": [as_json(finding) for finding in shown.after.findings],
        "new_findings": [as_json(finding) for finding in shown.after.new],
        "refuses_file": told_or_none(shown.after.refuses_file),
    }


def told_or_none(finding: Finding | None) -> dict[str, Any] | None:
    """Return a finding as programs read it, if there is one."""
    return None if finding is None else as_json(finding)


def choices_of(item: Item, kind: str) -> list[tuple[str, str]]:
    """Return the codes that an item may hold with their names, if they are few enough to choose from; else nothing."""
    if not item.codes or ":" in item.codes or item.kind.value == "codes":
        return []
    rows = [(code, row) for code, row in table(item.codes).items() if kind in row.get("kind", kind).split(",")]
    if not 0 < len(rows) <= CHOICES:
        return []
    named = [(code, f"{code} {row.get('name_ja') or row.get('ja') or ''}".strip()) for code, row in rows]
    return named if item.need is Need.ALWAYS else [("", ""), *named]
