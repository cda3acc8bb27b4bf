"""The form of one record of a claim, made from its layout, and what was typed put together with what was kept."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from seikyu.apps.corrections_told import choices_of
from seikyu.apps.pages.visit import Visit
from seikyu.office.correcting import Mark
from seikyu.ports.errors import BadRequest
from seikyu.records import Item, Kind, Layout, Need, RecordLayout, Scope, claim_lines, record_layout_of, text_of
from seikyu.services.correcting import ShownCorrection, Typed, kept_as_typed
from seikyu.services.errors import Wrong

#: Items of so many bytes get a field of several lines.
_LONG: Final = 120
_NUMBER: Final = "claim_no"


def number_in(form: Mapping[str, str], name: str) -> int:
    """Return a number that a form of ours carries. Errors: BadRequest."""
    text = form.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) <= len("1000000")):
        raise BadRequest(f"{name} is a number", parameter=name)
    return int(text)


def wanted_of(visit: Visit, shown: ShownCorrection) -> Typed:
    """Return all that is to be kept after one press of a button. Errors: BadRequest."""
    act = visit.typed("act")
    kept = replace(kept_as_typed(shown.row), version=number_in(visit.form, "version"))
    if act in _MARKS:
        return replace(kept, mark=_MARKS[act])
    kept = replace(kept, mark=Mark.OPEN if kept.mark is Mark.IMPOSSIBLE else kept.mark)
    if act == "save":
        return _saved(visit, kept)
    if act == "add":
        return _with_record(visit, shown, kept)
    if act == "discard":
        return replace(kept, mark=Mark.OPEN, items={}, removed=(), added=())
    line = number_in(visit.form, "line")
    if act == "remove":
        return replace(kept, items=_without(kept.items, line), removed=sorted({*kept.removed, line}))
    if act == "restore":
        return replace(kept, items=_without(kept.items, line), removed=[at for at in kept.removed if at != line])
    if act == "take_away" and line < len(kept.added):
        return replace(kept, added=[each for at, each in enumerate(kept.added) if at != line])
    raise BadRequest("no such act", parameter="act")


_MARKS: Final = {"mark_open": Mark.OPEN, "mark_corrected": Mark.CORRECTED, "mark_impossible": Mark.IMPOSSIBLE}


def _without(items: Mapping[tuple[int, int], str], line: int) -> dict[tuple[int, int], str]:
    return {place: text for place, text in items.items() if place[0] != line}


def _saved(visit: Visit, kept: Typed) -> Typed:
    """Take the items of one record as they stand in the form; what is as it was received is no change."""
    line = number_in(visit.form, "line")
    typed = {(line, no): text for no, text in _items(visit.form).items()}
    return replace(kept, items={**_without(kept.items, line), **typed})


def _with_record(visit: Visit, shown: ShownCorrection, kept: Typed) -> Typed:
    record = shown.claim.layout.records.get(visit.typed("record"))
    if record is None:
        raise BadRequest("no such record", parameter="record")
    typed = _items(visit.form)
    values = [typed.get(item.no, "") for item in record.items[1:]]
    return replace(kept, added=[*kept.added, (number_in(visit.form, "after"), [record.id, *values])])


def _items(form: Mapping[str, str]) -> dict[int, str]:
    """Return what was typed into the items of a form, by their numbers."""
    named = {name[1:]: text for name, text in form.items() if name[:1] == "i"}
    return {int(no): text for no, text in named.items() if no.isascii() and no.isdigit() and len(no) < len("1000")}


# --- the form ---


def record_form(
    visit: Visit, shown: ShownCorrection, line: int, *, typed: bool, wrongs: tuple[Wrong, ...] = ()
) -> dict[str, Any] | None:
    """Return the form of one record of the claim, None for a line that cannot be edited.

    Shape: `typed` if what the visitor typed stands in it, else what is kept.
    """
    lines = claim_lines(shown.claim.data)
    record = record_layout_of(lines[line], shown.claim.layout) if 0 <= line < len(lines) else None
    if record is None or line in shown.edits.removed:
        return None
    written = lines[line].content.split(b",")
    values = {no: text_of(value) for no, value in enumerate(written, start=1)}
    values |= {no: text_of(new) for (at, no), new in shown.edits.items.items() if at == line}
    if typed:
        values |= _items(visit.form)
    errors = (each for each in shown.claim.findings if each.asks or each.refuses)  # A notice (連絡) is no error.
    marked = {each.item_no for each in errors if each.line == shown.claim.lines[line].no}
    return {
        "line": line,
        "record": record.id,
        "name": record.ja if visit.lang == "ja" else record.name,
        "fields": _fields(visit, shown.claim.layout, record, values, line=line, wrongs=wrongs, marked=marked),
    }


def new_record_form(
    visit: Visit, shown: ShownCorrection, record_id: str, after: int, *, wrongs: tuple[Wrong, ...] = ()
) -> dict[str, Any] | None:
    """Return the empty form of a record that is to be put in behind a line, None for one that cannot be."""
    record = shown.claim.layout.records.get(record_id)
    if record is None or record not in addable(shown.claim.layout):
        return None
    values = _items(visit.form) if wrongs else {}
    return {
        "after": after,
        "record": record.id,
        "name": record.ja if visit.lang == "ja" else record.name,
        "fields": _fields(visit, shown.claim.layout, record, values, line=after, wrongs=wrongs, marked=set()),
    }


def addable(layout: Layout) -> list[RecordLayout]:
    """Return the records that may be put into a claim, in the order of the layout."""
    fixed = {layout.opener, layout.head}
    found = [each for each in layout.records.values() if each.scope is not Scope.FILE and each.id not in fixed]
    return sorted(found, key=lambda each: (each.order, each.id))


def _fields(
    visit: Visit,
    layout: Layout,
    record: RecordLayout,
    values: Mapping[int, str],
    *,
    line: int,
    wrongs: tuple[Wrong, ...],
    marked: set[int | None],
) -> list[dict[str, Any]]:
    told = {wrong.no: wrong for wrong in wrongs if wrong.line == line}
    fields = []
    for item in record.items[1:]:
        value = values.get(item.no, "")
        numbered = record.id == layout.head and item.name == _NUMBER
        if numbered or (item.need is Need.NEVER and not value):
            continue
        fields.append(_field(visit, layout, item, value, told.get(item.no), marked=item.no in marked))
    return fields


def _field(
    visit: Visit, layout: Layout, item: Item, value: str, wrong: Wrong | None, *, marked: bool
) -> dict[str, Any]:
    choices = choices_of(item, layout.claim_kind)
    if choices and value not in {code for code, _ in choices}:
        choices = [(value, visit.say("pages.correct.as_written", value=value)), *choices]
    name = item.ja if visit.lang == "ja" else item.name.replace("_", " ")
    return {
        "name": f"i{item.no}",
        "label": f"{item.no} {name}",
        "value": value,
        "choices": choices,
        "long": item.width > _LONG,
        "most": item.width // 2 if item.kind is Kind.KANJI and item.width else item.width or 2400,
        "hint": _hint(visit, item),
        "wrong": visit.say(f"pages.correct.wrong.{wrong.why}", most=wrong.most_bytes) if wrong else "",
        "marked": marked,
        "digits": item.kind in {Kind.DIGITS, Kind.DATE, Kind.MONTH, Kind.TIME, Kind.CODES} and not item.signed,
    }


def _hint(visit: Visit, item: Item) -> str:
    """Return what may stand in an item: its mode, and how much."""
    form = visit.say(f"pages.correct.modes.{item.kind.value}")
    if not item.width:
        return form
    key = "exactly" if item.fixed else "at_most"
    return visit.say(f"pages.correct.{key}", mode=form, bytes=item.width)
