"""The rows of a section: what each record of the claim says in the columns of the form, and what is left over."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from seikyu.rules.sheet.cells import SHOWS, Reading, hidden, item_cell, joined
from seikyu.rules.sheet.form import ROLE, Form, FormColumn, FormSection
from seikyu.rules.sheet.value import Cell, Note, Role, Row, Shape
from seikyu.rules.view import Phrase, Record

_BEYOND: Final = Phrase("beyond the layout", "項目外")
_DAYS: Final = "day_"
_DAYS_LABEL: Final = Phrase("days", "日")
_COUNT: Final = "count"


def rows_of(form: Form, spec: FormSection, records: Sequence[Record], how: Reading) -> Iterator[Row]:
    """Yield the rows of a section."""
    if spec.shape is Shape.FIELDS:
        yield from _fields(form, spec, records, how)
    elif spec.group:
        yield from _grouped(spec, records, how)
    else:
        yield from _lines(spec, records, how)


# --- fields ---


def _fields(form: Form, spec: FormSection, records: Sequence[Record], how: Reading) -> Iterator[Row]:
    """Yield a row for each filled item; what a record before has said in the same words is not said again."""
    said: set[tuple[str, str]] = set()
    for record in records:
        for row in _fields_of(form, spec, record, how):
            key = (row.cells[0].text, row.cells[1].text)
            if key not in said:
                yield row
            said.add(key)


def _fields_of(form: Form, spec: FormSection, record: Record, how: Reading) -> Iterator[Row]:
    """Yield the items of one record; its last section of fields also shows those that none names."""
    sections = form.fields_of(record.id)
    names = list(_expanded(spec.items, record))
    if sections[-1] is spec:
        elsewhere = {name for section in sections for name in _expanded(section.items, record)}
        names += [item.name for item in record.plan.layout.items[1:] if item.name not in elsewhere]
    for name in names:
        cell = item_cell(record, name, how)
        if cell.text:
            yield Row((_label(record, name), cell), record.line)
    if sections[-1] is spec:
        for note in _surplus(record, how):
            yield Row((Cell(note.label.ja, en=note.label.en), note.cell), record.line)


def _expanded(names: Iterable[str], record: Record) -> Iterator[str]:
    """Yield names, those with {} once for each number that the record has an item of."""
    for name in names:
        if "{}" not in name:
            yield name
            continue
        no = 1
        while (numbered := name.format(f"{no:02d}")) in record.plan.index:
            yield numbered
            no += 1


def _label(record: Record, name: str) -> Cell:
    return Cell(record.plan.layout.by_name[name].ja, en=name.replace("_", " "))


# --- tables ---


def _grouped(spec: FormSection, records: Sequence[Record], how: Reading) -> Iterator[Row]:
    """Yield the rows with a head wherever the grouping item begins something new."""
    groups: list[list[Record]] = []
    current = b""
    for record in records:
        value = record.raw(spec.group)
        if not groups or (value and value != current):
            groups.append([])
            current = value
        groups[-1].append(record)
    for group in groups:
        yield Row(tuple(_group_head(item_cell(group[0], spec.group, how), group, spec)), role=Role.GROUP)
        yield from _lines(spec, group, how)


def _group_head(cell: Cell, group: Sequence[Record], spec: FormSection) -> Iterator[Cell]:
    """Yield what the group is called, and what its lines come to."""
    yield Cell(f"{cell.code} {cell.text}".strip(), en=f"{cell.code} {cell.en or cell.text}".strip())
    parts = [(record[spec.amount], record[_COUNT]) for record in group]
    total = sum(amount * count for amount, count in parts if isinstance(amount, int) and isinstance(count, int))
    if total:
        yield Cell(f"計 {total:,}", en=f"sum {total:,}")


def _lines(spec: FormSection, records: Iterable[Record], how: Reading) -> Iterator[Row]:
    """Yield a row for each record, and behind it one for each of its parts; the role column counts by name."""
    counts: dict[str, int] = {}
    for record in records:
        counts[record.id] = counts.get(record.id, 0) + 1
        cells = tuple(_cell(spec, column, record, counts[record.id], how) for column in spec.columns)
        parts = _prefixes(spec, record)
        yield Row(cells, record.line, _role(spec, record), tuple(_notes(spec, record, how)))
        yield from (row for prefix in parts if (row := _part(spec, record, prefix, how)))


def _prefixes(spec: FormSection, record: Record) -> list[str]:
    """Return the prefixes of the parts that the record's layout has; those with {} once for each number."""
    first = spec.part_items[:1]
    found = (_expanded([prefix + name], record) for prefix in spec.prefixes for name in first)
    return [name.removesuffix(first[0]) for names in found for name in names]


def _role(spec: FormSection, record: Record) -> Role:
    if record.id in spec.heads:
        return Role.HEAD
    return Role.UNIT_END if spec.amount and record.raw(spec.amount) else Role.LINE


def _cell(spec: FormSection, column: FormColumn, record: Record, nth: int, how: Reading) -> Cell:
    if column.show == ROLE:
        words = spec.labels.get(record.id) or Phrase(record.plan.layout.name, record.plan.layout.ja)
        return Cell(words.ja.format(nth), en=words.en.format(nth))
    if column.show == "nth":
        return Cell(str(nth))
    if column.show:
        return SHOWS[column.show](record, column.items, how)
    label = spec.labels.get(record.id) if column.column.wide and not spec.has_role else None
    cells = [item_cell(record, name, how) for name in column.items]
    return joined((Cell(label.ja, en=label.en), *cells) if label else cells)


def _part(spec: FormSection, record: Record, prefix: str, how: Reading) -> Row | None:
    """Return the row of one part of a record, None if nothing stands there."""
    names = [prefix + name for name in spec.part_items if prefix + name in record.plan.index]
    if not any(record.raw(name) for name in names):
        return None
    cells: list[Cell] = []
    shown: set[str] = set()
    for column in spec.columns:
        mine = tuple(prefix + name for name in column.items if name in spec.part_items)
        shown.update(mine)
        if column.show and mine:
            cells.append(SHOWS[column.show](record, mine, how))
        else:
            label = [_part_label(record, mine[0], prefix)] if column.column.wide and mine else []
            cells.append(joined([*label, *(item_cell(record, name, how) for name in mine)]))
    notes = tuple(_note(record, name, how) for name in names if name not in shown and record.raw(name))
    return Row(tuple(cells), record.line, Role.PART, notes)


def _part_label(record: Record, name: str, prefix: str) -> Cell:
    """Return what a part is called: what its items' printed names begin with (薬剤調製料 コード)."""
    return Cell(record.plan.layout.by_name[name].ja.split(" ")[0], en=prefix.replace("_", " ").strip())


# --- what has no column ---


def _notes(spec: FormSection, record: Record, how: Reading) -> Iterator[Note]:
    """Yield the filled items of a record that have no column: those that stand together first, then one by one."""
    named = {name for column in spec.columns for name in column.items} | {spec.group}
    named.update(prefix + name for prefix in _prefixes(spec, record) for name in spec.part_items)
    for column in spec.said:
        if (cell := SHOWS[column.show](record, column.items, how)).text:
            yield Note(column.column.title, cell)
    for together in spec.notes:
        for names in zip(*(list(_expanded([name], record)) for name in together), strict=False):
            named.update(names)
            cell = joined(item_cell(record, name, how) for name in names)
            if cell.text:
                yield Note(_words(record, next(name for name in names if record.raw(name))), cell)
    days = any(column.show == "days" for column in spec.columns)
    yield from _left(record, named, how, days=days)
    yield from _surplus(record, how)


def _left(record: Record, named: set[str], how: Reading, *, days: bool) -> Iterator[Note]:
    for item in record.plan.layout.items[1:]:
        if item.name not in named and record.raw(item.name) and not (days and item.name.startswith(_DAYS)):
            yield _note(record, item.name, how)


def _note(record: Record, name: str, how: Reading) -> Note:
    return Note(_words(record, name), item_cell(record, name, how))


def _words(record: Record, name: str) -> Phrase:
    return Phrase(name.replace("_", " "), record.plan.layout.by_name[name].ja)


def _days(record: Record, how: Reading) -> Iterator[Note]:
    """Yield the days of the month in short, if the record has any."""
    cell = SHOWS["days"](record, (), how)
    if cell.text:
        yield Note(_DAYS_LABEL, cell)


def _surplus(record: Record, how: Reading) -> Iterator[Note]:
    """Yield what stands behind the last item of the layout."""
    for value in record.items[len(record.plan.layout.items) :]:
        if value:
            yield Note(_BEYOND, hidden(value, how))


def other_row(record: Record, how: Reading) -> Row:
    """Return a record that the form has no section for: its name and its filled items."""
    layout = record.plan.layout
    notes = [*_left(record, set(), how, days=True), *_days(record, how), *_surplus(record, how)]
    content = Cell(
        "　".join(f"{note.label.ja}：{note.cell.text}" for note in notes),
        en="; ".join(f"{note.label.en}: {note.cell.en or note.cell.text}" for note in notes),
        masked=any(note.cell.masked for note in notes),
    )
    return Row((Cell(layout.ja, en=layout.name, code=record.id), content), record.line)
