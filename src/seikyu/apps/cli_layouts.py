"""`seikyu layouts`: the forms of claim files that this program knows, as it reads them."""

import json
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import typer

from seikyu.apps.layout_rows import (
    DOUBTFUL,
    ItemRow,
    count_of,
    in_order,
    last_month,
    latest,
    layout_object,
    record_object,
    rows_of,
)
from seikyu.apps.words import say
from seikyu.records import Confidence, Layout, RecordLayout, layout_for, layouts, parse_month


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("layouts", help=say("layouts.help"))(show)


def show(
    record: Annotated[str | None, typer.Argument(help=say("layouts.record"), metavar="RECORD")] = None,
    *,
    kind: Annotated[str | None, typer.Option(help=say("layouts.kind"))] = None,
    month: Annotated[str | None, typer.Option(help=say("layouts.month"))] = None,
    as_json: Annotated[bool, typer.Option("--json", help=say("cli.json"))] = False,
) -> None:
    """Print the editions, the records of one kind, or the items of one record."""
    chosen = _chosen(kind, month)
    if record is not None:
        found = _found(record.upper(), chosen)
        if not found:
            raise typer.BadParameter(say("layouts.no_record", record=record), param_hint="RECORD")
        if as_json:
            _print_json([{"layouts": names, "record": record_object(each, items=True)} for names, each in found])
        else:
            print("\n\n".join("\n".join(_record_lines(names, each)) for names, each in found))
    elif kind is None and month is None:
        every = layouts()
        if as_json:
            _print_json([layout_object(layout) for layout in every])
        else:
            print("\n".join(_edition_lines(every)))
    elif as_json:
        _print_json([{**layout_object(each), **_records_object(each)} for each in chosen])
    else:
        print("\n\n".join("\n".join(_layout_lines(each)) for each in chosen))


def _chosen(kind: str | None, month: str | None) -> list[Layout]:
    """Return the editions that are asked for: of a month, else the newest; of a kind, else of all.

    Errors: typer.BadParameter.
    """
    kinds = sorted({layout.kind for layout in layouts()})
    if kind is not None and kind not in kinds:
        raise typer.BadParameter(say("check.unknown_kind", kinds=", ".join(kinds)), param_hint="--kind")
    if month is None:
        return latest(kind)
    read = parse_month(month)
    if read is None:
        raise typer.BadParameter(say("layouts.bad_month"), param_hint="--month")
    return [layout_for(each, read.month) for each in kinds if kind in (None, each)]


def _found(rid: str, chosen: Sequence[Layout]) -> list[tuple[list[str], RecordLayout]]:
    """Return the different layouts of a record, each with the names of the editions that have it so."""
    found: list[tuple[list[str], RecordLayout]] = []
    for layout in chosen:
        record = layout.in_history(rid)
        names = next((names for names, each in found if each == record), None)
        own = layout.claim_kind + layout.name.removeprefix(layout.kind)
        if record is None or (names and own in names):
            continue  # Return files have the records of their kind; telling so of each would hide the rest.
        if names is None:
            found.append(([layout.name], record))
        else:
            names.append(layout.name)
    return found


def _records_object(layout: Layout) -> dict[str, Any]:
    """Return the records of an edition, for JSON: those of the file and its claims, and those of history only."""
    return {
        name: [record_object(record, items=False) for record in in_order(records)]
        for name, records in (("records", layout.records.values()), ("history", layout.history.values()))
    }


def _print_json(objects: list[dict[str, Any]]) -> None:
    print(json.dumps(objects, ensure_ascii=False, indent=2))


# --- text ---


def _edition_lines(every: Sequence[Layout]) -> Iterator[str]:
    """Yield a line an edition, under its kind."""
    kind = ""
    for layout in every:
        if layout.kind != kind:
            kind = layout.kind
            yield f"{kind}  {say(f'check.kinds.{kind}')}"
        doubt = "" if layout.since_confidence is Confidence.HIGH or not layout.since else DOUBTFUL
        yield f"  {layout.name}  {_when(layout)}{doubt}".rstrip()
    yield say("layouts.more")


def _layout_lines(layout: Layout) -> Iterator[str]:
    """Yield what an edition is, and a line a record in the order in which they stand."""
    yield f"{layout.name}  {layout.ja}"
    yield say("layouts.unit", unit=say(f"layouts.units.{layout.unit}"))
    if layout.note:
        yield say("layouts.note", note=layout.note)
    for record in in_order(layout.records.values()):
        yield _record_line(record)
    yield say("layouts.history")
    for record in in_order(layout.history.values()):
        yield _record_line(record)


def _record_line(record: RecordLayout) -> str:
    doubt = DOUBTFUL if record.confidence is not Confidence.HIGH else " "
    scope = say(f"layouts.scopes.{record.scope}")
    return f"  {record.id}{doubt} {count_of(record)}  {scope}  {record.ja}  {_when(record)}".rstrip()


def _record_lines(names: Sequence[str], record: RecordLayout) -> Iterator[str]:
    """Yield what a record is, and a line an item."""
    yield f"{record.id}  {record.ja}  ({', '.join(names)})"
    if record.note:
        yield say("layouts.note", note=record.note)
    rows = [(_cells(row), row) for row in rows_of(record.items)]
    widths = [max(len(cells[at]) for cells, _ in rows) for at in range(len(rows[0][0]))]
    for cells, row in rows:
        yield "  ".join([*(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)), _words(row)]).rstrip()


def _cells(row: ItemRow) -> list[str]:
    """Return what stands in columns: half-width characters only, or the columns would not meet."""
    item = row.item
    personal = "personal" if item.personal else ""
    return [row.no, row.name, item.kind, row.width, item.need, item.codes or "", personal, row.months, item.source]


def _words(row: ItemRow) -> str:
    note = f"  [{row.item.note}]" if row.item.note else ""
    doubt = "" if row.item.confidence is Confidence.HIGH else f"  ({say('layouts.doubtful')}: {row.item.confidence})"
    return f"{row.item.ja}{doubt}{note}"


def _when(each: Layout | RecordLayout) -> str:
    """Return in words the first and the last month in which something holds, nothing if always."""
    first, last = each.since, last_month(each)
    if not (first or last):
        return ""
    months = say(f"layouts.months.{'both' if first and last else 'first' if first else 'last'}", first=first, last=last)
    key = "claim_months" if isinstance(each, Layout) else "service_months"
    return say(f"layouts.{key}", months=months)
