"""From the lines of a claim to its sheet: each record goes where the form says.

Nothing that a claim says is lost: items without a place become notes below their row, records without a section stand
in a section of their own, and so do lines that no layout knows.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from seikyu.records import Layout, Line, Month, Scope, kind_ja, parse_month, split
from seikyu.rules.finding import Finding
from seikyu.rules.plan import Plan, history_plans, plans
from seikyu.rules.sheet.cells import Reading, hidden, item_cell, joined
from seikyu.rules.sheet.form import Form, form_for
from seikyu.rules.sheet.names import Names, no_names
from seikyu.rules.sheet.rows import other_row, rows_of
from seikyu.rules.sheet.value import EMPTY, Cell, Column, Row, Section, Shape, Sheet
from seikyu.rules.view import Phrase, Record

_OTHER: Final = Phrase("other records", "その他の記録")
_DONOR: Final = Phrase("organ donor", "臓器提供者")
_HISTORY: Final = Phrase("history", "履歴")
_UNKNOWN: Final = Phrase("lines that the layout does not know", "記録条件仕様にない行")
_CUT: Final = Phrase("a line that is too long to be read", "長すぎて読めない行")
_RECORD: Final = Column(Phrase("record", "レコード"))
_CONTENT: Final = Column(Phrase("content", "内容"), wide=True)
_PREFIXED: Final = 3
_HEAD: Final = "RE"


@dataclass(frozen=True, slots=True)
class ClaimLines:
    """A claim as it stands in its file: its place there, the file's header, and its lines, numbered as in the file.

    Shape: `left_out` counts lines that were too many to be read.
    """

    kind: str
    layout: Layout
    index: int
    lines: Sequence[Line]
    left_out: int = 0
    header: Line | None = None


def sheet_of(
    claim: ClaimLines, *, findings: Iterable[Finding] = (), names: Names = no_names, show_personal: bool = False
) -> Sheet:
    """Return the sheet of a claim, with its findings beside their lines. Personal values are masked unless asked for.

    Errors: KeyError for a kind that has no form.
    """
    form = form_for(claim.kind)
    known, strange = _sorted(claim)
    head = next((record for record in known if record.id == _HEAD), None)
    month = _month_of(head)
    how = Reading(claim.layout.claim_kind, month, names, show_personal)
    own, donor = _apart(known, claim.layout)
    sections = [*_sections(form, own, how), *_sections(form, donor, how, _DONOR)]
    sections += _strange(strange, claim.layout, how)
    placed, rest = _placed(sections, findings)
    return Sheet(
        kind=claim.kind,
        title=_titled(form, claim.kind),
        subtitle=item_cell(head, "claim_type", how) if head else EMPTY,
        claim_no=head["claim_no"] if head else None,
        claim_index=claim.index,
        line=claim.lines[0].no if claim.lines else 0,
        month=str(month) if month else "",
        sections=tuple(placed),
        findings=tuple(rest),
        left_out=claim.left_out,
    )


def _titled(form: Form, kind: str) -> Phrase:
    """Return the title; of a returned claim with what it is."""
    if kind == form.kind:
        return form.title
    return Phrase(f"{form.title.en} ({kind.replace('_', ' ')})", f"{form.title.ja}　{kind_ja(kind)}")


def _month_of(head: Record | None) -> Month | None:
    read = parse_month(head.raw("service_month")) if head else None
    return read.month if read else None


def _sorted(claim: ClaimLines) -> tuple[list[Record], list[Line]]:
    """Return the records that the layout knows, the header first, and the lines that it does not know."""
    reading = {rid.encode(): plan for rid, plan in plans(claim.layout.name).items()}
    known: list[Record] = []
    strange: list[Line] = []
    for line in (*([claim.header] if claim.header else []), *claim.lines):
        plan = reading.get(line.content[:2]) if line.content[2:3] in (b",", b"") else None
        if plan and not line.cut:
            known.append(_record(plan, line.content, line.no))
        elif line.content:
            strange.append(line)
    return known, strange


def _record(plan: Plan, content: bytes, line_no: int) -> Record:
    items = split(content)
    return Record(plan, items, line=line_no, unreadable=plan.unreadable(plan.faults(content, items)))


def _apart(records: Iterable[Record], layout: Layout) -> tuple[list[Record], list[Record]]:
    """Return the claim's own records, and those from an organ donor's block on."""
    own: list[Record] = []
    donor: list[Record] = []
    for record in records:
        inside = donor or layout.records[record.id].scope is Scope.DONOR
        (donor if inside else own).append(record)
    return own, donor


# --- sections ---


def _sections(form: Form, records: Sequence[Record], how: Reading, whose: Phrase | None = None) -> Iterator[Section]:
    """Yield the sections of the form that have rows, and behind them what the form has no section for."""
    drawn: set[str] = set()
    for spec in form.sections:
        mine = [record for record in records if record.id in spec.records]
        drawn.update(spec.records)
        if rows := tuple(rows_of(form, spec, mine, how)):
            columns = tuple(each.column for each in spec.columns)
            yield Section(spec.name, _of(spec.title, whose), spec.shape, columns, rows)
    rest = tuple(other_row(record, how) for record in records if record.id not in drawn)
    if rest:
        yield Section("other", _of(_OTHER, whose), Shape.TABLE, (_RECORD, _CONTENT), rest)


def _of(title: Phrase, whose: Phrase | None) -> Phrase:
    return title if whose is None else Phrase(f"{whose.en}: {title.en}", f"{whose.ja}　{title.ja}")


# --- lines that the layout does not know, and history blocks ---


def _strange(lines: Sequence[Line], layout: Layout, how: Reading) -> Iterator[Section]:
    """Yield the lines that no layout knows, and folded behind them the history block."""
    history = [line for line in lines if not line.cut and _is_history(line.content)]
    inside = {line.no for line in history}
    rest = tuple(_stray(line, how) for line in lines if line.no not in inside)
    if rest:
        yield Section("strange", _UNKNOWN, Shape.TABLE, (_RECORD, _CONTENT), rest)
    if history:
        prefix = [Column(Phrase(item.name.replace("_", " "), item.ja), number=True) for item in layout.prefix]
        rows = tuple(_history_row(line, layout, how) for line in history)
        yield Section("history", _HISTORY, Shape.FOLDED, (*prefix, _RECORD, _CONTENT), rows)


def _is_history(content: bytes) -> bool:
    """True for a line with the three leading numbers of a history block and a record behind them."""
    items = split(content)
    return len(items) > _PREFIXED and all(item.isdigit() for item in items[:_PREFIXED])


def _stray(line: Line, how: Reading) -> Row:
    content = Cell(_CUT.ja, en=_CUT.en) if line.cut else joined(hidden(item, how) for item in split(line.content)[1:])
    return Row((Cell(_id(line.content)), content), line.no)


def _id(content: bytes) -> str:
    """Return a record identification, if that is what a line begins with."""
    rid = content[:2]
    return rid.decode("ascii") if rid.isalnum() and rid.isascii() and content[2:3] in (b",", b"") else "?"


def _history_row(line: Line, layout: Layout, how: Reading) -> Row:
    """Return a line of a history block: its three leading items, then the record inside."""
    items = split(line.content)
    prefix = tuple(Cell(item.decode("ascii")) for item in items[:_PREFIXED])
    inner = b",".join(items[_PREFIXED:])
    plan = history_plans(layout.name).get(_id(inner))
    if plan is None:
        content = joined(hidden(item, how) for item in items[_PREFIXED + 1 :])
        return Row((*prefix, Cell(_id(inner)), content), line.no)
    return Row((*prefix, *other_row(_record(plan, inner, line.no), how).cells), line.no)


# --- findings ---


def _placed(sections: Iterable[Section], findings: Iterable[Finding]) -> tuple[list[Section], list[Finding]]:
    """Put each finding beside the first row that shows its item or its line; return those that have no row."""
    todo: dict[int | None, list[Finding]] = {}
    for finding in findings:
        todo.setdefault(finding.line, []).append(finding)
    placed = [replace(section, rows=tuple(_with_findings(section, todo))) for section in sections]
    return placed, [finding for many in todo.values() for finding in many]


def _with_findings(section: Section, todo: Mapping[int | None, list[Finding]]) -> Iterator[Row]:
    """Yield the rows with the findings of their lines, and take those away from what is still to be placed."""
    for row in section.rows:
        here = todo.get(row.line, []) if row.line is not None else []
        label = row.cells[0].text
        mine = [finding for finding in here if section.shape is not Shape.FIELDS or finding.item_ja == label]
        for finding in mine:
            here.remove(finding)
        yield replace(row, findings=tuple(mine)) if mine else row
