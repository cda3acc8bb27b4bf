"""From the lines of a claim to its sheet: each record goes where the form says, and what the form leaves out stands too.

Nothing that a claim says is lost: items without a place become notes below their row, records without a section stand in
a section of their own, lines that nobody can read are counted there.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from seikyu.records import Layout, Line, Month, Scope, kind_ja, parse_month, split
from seikyu.rules.finding import Finding
from seikyu.rules.plan import plans
from seikyu.rules.sheet.cells import SHOWS, Names, Reading, hidden, item_cell, joined, no_names, plain
from seikyu.rules.sheet.form import Form, FormColumn, FormSection, form_for
from seikyu.rules.sheet.value import EMPTY, Cell, Column, Note, Role, Row, Section, Shape, Sheet
from seikyu.rules.view import Phrase, Record

_HISTORY: Final = re.compile(rb"([0-9]{1,2}),([0-9]{1,6}),([0-9]{1,6}),([A-Z]{2})(?=,|$)")
_OTHER: Final = Phrase("other records", "その他の記録")
_DONOR: Final = Phrase("organ donor", "臓器提供者")
_HISTORY_TITLE: Final = Phrase("history", "履歴")
_BEYOND: Final = Phrase("beyond the layout", "項目外")
_UNKNOWN: Final = Phrase("a record that the layout does not know", "記録条件仕様にないレコード")
_CUT: Final = Phrase("a line that is too long to be read", "長すぎて読めない行")
_RECORD: Final = Column(Phrase("record", "レコード"))
_CONTENT: Final = Column(Phrase("content", "内容"), wide=True)
_HISTORY_COLUMNS: Final = (
    Column(Phrase("kind", "区分"), number=True),
    Column(Phrase("line", "行"), number=True),
    Column(Phrase("branch", "枝"), number=True),
    _RECORD,
    _CONTENT,
)
_DAYS: Final = "day_"


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
    claim: ClaimLines,
    *,
    findings: Iterable[Finding] = (),
    names: Names = no_names,
    show_personal: bool = False,
) -> Sheet:
    """Return the sheet of a claim, with its findings beside their lines. Personal values are masked unless asked for.

    Errors: KeyError for a kind that has no form.
    """
    form = form_for(claim.kind)
    known, strange = _sorted(claim)
    head = next((record for record in known if record.id == "RE"), None)
    month = _month_of(head)
    how = Reading(claim.layout.kind, month, names, show_personal)
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
    known, strange = [], []
    for line in (*([claim.header] if claim.header else []), *claim.lines):
        plan = reading.get(line.content[:2]) if line.content[2:3] in (b",", b"") else None
        if plan is None or line.cut:
            if line.content:
                strange.append(line)
            continue
        items = split(line.content)
        known.append(Record(plan, items, line=line.no, unreadable=plan.unreadable(plan.faults(line.content, items))))
    return known, strange


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
        if rows := tuple(_rows(form, spec, mine, how)):
            columns = tuple(each.column for each in spec.columns)
            yield Section(spec.name, _of(spec.title, whose), spec.shape, columns, rows)
    rest = tuple(_other(record, how) for record in records if record.id not in drawn)
    if rest:
        yield Section("other", _of(_OTHER, whose), Shape.TABLE, (_RECORD, _CONTENT), rest)


def _of(title: Phrase, whose: Phrase | None) -> Phrase:
    return title if whose is None else Phrase(f"{whose.en}: {title.en}", f"{whose.ja}　{title.ja}")


def _rows(form: Form, spec: FormSection, records: Sequence[Record], how: Reading) -> Iterator[Row]:
    if spec.shape is Shape.FIELDS:
        for record in records:
            yield from _fields(form, spec, record, how)
    elif spec.group:
        yield from _grouped(form, spec, records, how)
    else:
        yield from _lines(form, spec, records, how)


def _fields(form: Form, spec: FormSection, record: Record, how: Reading) -> Iterator[Row]:
    """Yield a row for each filled item; the last section of fields of a record also shows the items that none names."""
    names = list(spec.items)
    last = [each for each in form.sections if each.shape is Shape.FIELDS and record.id in each.records][-1]
    if last is spec:
        elsewhere = form.items_elsewhere(record.id)
        names += [item.name for item in record.plan.layout.items[1:] if item.name not in elsewhere]
    for name in names:
        cell = item_cell(record, name, how)
        if cell.text:
            yield Row((_label(record, name), cell), record.line)
    if last is spec:
        yield from (Row((Cell(note.label.ja, en=note.label.en), note.cell), record.line) for note in _surplus(record, how))


def _label(record: Record, name: str) -> Cell:
    return Cell(record.plan.layout.by_name[name].ja, en=name.replace("_", " "))


def _lines(form: Form, spec: FormSection, records: Iterable[Record], how: Reading) -> Iterator[Row]:
    """Yield a row for each record; the role column counts the records of each name."""
    counts: dict[str, int] = {}
    for record in records:
        counts[record.id] = counts.get(record.id, 0) + 1
        cells = tuple(_cell(spec, column, record, counts[record.id], how) for column in spec.columns)
        role = Role.UNIT_END if spec.amount and record.raw(spec.amount) else Role.LINE
        yield Row(cells, record.line, role, tuple(_notes(spec, record, how)))


def _cell(spec: FormSection, column: FormColumn, record: Record, nth: int, how: Reading) -> Cell:
    if column.show == "role":
        words = spec.labels.get(record.id) or Phrase(record.plan.layout.name, record.plan.layout.ja)
        return Cell(words.ja.format(nth), en=words.en.format(nth))
    if column.show == "nth":
        return Cell(str(nth))
    if column.show:
        return SHOWS[column.show](record, column.items, how)
    return joined(item_cell(record, name, how) for name in column.items)


def _grouped(form: Form, spec: FormSection, records: Sequence[Record], how: Reading) -> Iterator[Row]:
    """Yield the rows with a head wherever the grouping item begins something new."""
    groups: list[list[Record]] = []
    current = None
    for record in records:
        value = record.raw(spec.group)
        if not groups or (value and value != current):
            groups.append([])
            current = value
        groups[-1].append(record)
    for group in groups:
        yield Row((_group_head(item_cell(group[0], spec.group, how), group, spec),), role=Role.GROUP)
        yield from _lines(form, spec, group, how)


def _group_head(cell: Cell, group: Sequence[Record], spec: FormSection) -> Cell:
    return Cell(f"{cell.code} {cell.text}".strip(), en=f"{cell.code} {cell.en or cell.text}".strip())


def _notes(spec: FormSection, record: Record, how: Reading) -> Iterator[Note]:
    """Yield the filled items of a record that have no column: those that stand together first, then one by one."""
    named = {name for column in spec.columns for name in column.items} | {spec.group}
    for together in spec.notes:
        cell = joined(item_cell(record, name, how) for name in together)
        named.update(together)
        if cell.text and together[0] in record.plan.index:
            label = record.plan.layout.by_name[together[0]].ja
            yield Note(Phrase(together[0].replace("_", " "), label), cell)
    days = any(column.show == "days" for column in spec.columns)
    yield from _left(record, named, how, days=days)
    yield from _surplus(record, how)


def _left(record: Record, named: set[str], how: Reading, *, days: bool) -> Iterator[Note]:
    for item in record.plan.layout.items[1:]:
        if item.name in named or (days and item.name.startswith(_DAYS)):
            continue
        cell = item_cell(record, item.name, how)
        if cell.text:
            yield Note(Phrase(item.name.replace("_", " "), item.ja), cell)


def _surplus(record: Record, how: Reading) -> Iterator[Note]:
    """Yield what stands behind the last item of the layout."""
    for value in record.items[len(record.plan.layout.items) :]:
        if value:
            yield Note(_BEYOND, hidden(value, how))


def _other(record: Record, how: Reading) -> Row:
    """Return a record that the form has no section for: its name and its filled items."""
    layout = record.plan.layout
    notes = [*_left(record, set(), how, days=False), *_surplus(record, how)]
    return Row((Cell(layout.ja, en=layout.name, code=record.id), _told(notes)), record.line)


def _told(notes: Sequence[Note]) -> Cell:
    """Return labels and values as one text."""
    return Cell(
        "　".join(f"{note.label.ja}：{note.cell.text}" for note in notes),
        en="; ".join(f"{note.label.en}: {note.cell.en or note.cell.text}" for note in notes),
        masked=any(note.cell.masked for note in notes),
    )


# --- lines that the layout does not know, and history blocks ---


def _strange(lines: Sequence[Line], layout: Layout, how: Reading) -> Iterator[Section]:
    history = [(line, found) for line in lines if not line.cut and (found := _HISTORY.match(line.content))]
    inside = {line.no for line, _ in history}
    rest = tuple(_stray(line, how) for line in lines if line.no not in inside)
    if rest:
        yield Section("strange", _UNKNOWN, Shape.TABLE, (_RECORD, _CONTENT), rest)
    if history:
        rows = tuple(_history_row(line, found, layout, how) for line, found in history)
        yield Section("history", _HISTORY_TITLE, Shape.FOLDED, _HISTORY_COLUMNS, rows)


def _stray(line: Line, how: Reading) -> Row:
    rid = line.content[:2]
    name = rid.decode("ascii") if rid.isalnum() and rid.isascii() else "?"
    content = Cell(_CUT.ja, en=_CUT.en) if line.cut else joined(hidden(item, how) for item in split(line.content)[1:])
    return Row((Cell(name), content), line.no)


def _history_row(line: Line, found: "re.Match[bytes]", layout: Layout, how: Reading) -> Row:
    """Return a line of a history block: its three leading items, then the record inside."""
    prefix = tuple(Cell(plain(found[no].decode("ascii"))) for no in (1, 2, 3))
    inner = line.content[found.start(4) :]
    plan = plans(layout.name).get(found[4].decode("ascii"))
    if plan is None:
        content = joined(hidden(item, how) for item in split(inner)[1:])
        return Row((*prefix, Cell(found[4].decode("ascii")), content), line.no)
    items = split(inner)
    record = Record(plan, items, line=line.no, unreadable=plan.unreadable(plan.faults(inner, items)))
    return Row((*prefix, *_other(record, how).cells), line.no)


# --- findings ---


def _placed(sections: Iterable[Section], findings: Iterable[Finding]) -> tuple[list[Section], list[Finding]]:
    """Put each finding beside the row that shows its item, else the first row of its line; return those without one."""
    todo: dict[int | None, list[Finding]] = {}
    for finding in findings:
        todo.setdefault(finding.line, []).append(finding)
    placed = [replace(section, rows=tuple(_with_findings(section, todo))) for section in sections]
    done = {id(finding) for section in placed for row in section.rows for finding in row.findings}
    return placed, [finding for many in todo.values() for finding in many if id(finding) not in done]


def _with_findings(section: Section, todo: Mapping[int | None, list[Finding]]) -> Iterator[Row]:
    for row in section.rows:
        mine = todo.get(row.line, []) if row.line is not None else []
        if section.shape is Shape.FIELDS:
            mine = [finding for finding in mine if finding.item_ja == row.cells[0].text]
        yield replace(row, findings=tuple(mine)) if mine else row


__all__ = ["ClaimLines", "sheet_of"]
