"""The page of layouts: every record of every kind of claim file, each told once, and what older editions had."""

from collections.abc import Iterator, Mapping
from typing import Final

from seikyu.apps.layout_rows import DOUBTFUL, ItemRow, count_of, in_order, latest, months_of, rows_of
from seikyu.records import Confidence, Item, Kind, Layout, RecordLayout, kind_ja, layouts

_HEAD: Final = """# Layouts

Drawn from `seikyu.records`; a test fails if it is not up to date. `seikyu layouts` prints the same.

A file is read by the edition of its claim month. Item names are the same in all kinds for what means the same.
**Width** is the most bytes in Shift_JIS: `=8` exactly, `11.5` with at most 5 decimal places, `10 (2 each)` several
codes side by side, `+-7` with a sign at need. A `?` marks what is to be confirmed: no official text of the edition was
at hand. To correct such a width, change its one row in `records/layouts` and its confidence. **Personal** items are
masked wherever they are shown. **Months** are months of service, the first and the last included. Sources are listed in
`docs/sources.toml`."""

_KINDS: Final = ("medical", "dpc", "dental", "pharmacy", "home_nursing")
_ITEM_HEAD: Final = "| no | name | 日本語 | kind | width | need | codes | personal | months | note | source |"
_ITEM_RULE: Final = "|---|---|---|---|---|---|---|---|---|---|---|"


def layouts_page() -> str:
    """Return the page in Markdown."""
    told: dict[RecordLayout, str] = {}
    parts = [_HEAD, "## Editions", "\n".join(_editions())]
    for kind in _KINDS:
        parts += _kind_parts(kind, told)
    returned = latest("medical_return")[0]
    parts += [
        "## Return files (返戻)",
        "The claims of each kind between another header and trailer, each with its reasons and its history block.",
        *(_record_part("return", returned.records[rid]) for rid in ("HI", "HR", "HG")),
        "## History blocks (履歴)",
        (
            "On each line three items stand before the record. It is one of the claim's own, or one of these. "
            "A claim that is sent again carries its block on, byte for byte."
        ),
        "\n".join(_table(returned.prefix)),
        *(_record_part("history", record) for record in in_order(returned.history.values())),
    ]
    return "\n\n".join(parts) + "\n"


def _editions() -> Iterator[str]:
    yield "| edition | kind | claim months | years | unit | source |"
    yield "|---|---|---|---|---|---|"
    for layout in layouts():
        doubt = "" if layout.since_confidence is Confidence.HIGH or not layout.since else DOUBTFUL
        months = months_of(layout) + doubt
        cells = (layout.name, kind_ja(layout.kind), months, layout.years, layout.unit, layout.source)
        yield f"| {' | '.join(cells)} |"


def _kind_parts(kind: str, told: dict[RecordLayout, str]) -> Iterator[str]:
    """Yield what a kind's newest edition is, its records that were not told yet, and what older editions change."""
    newest = latest(kind)[0]
    yield f"## {kind_ja(kind)} ({kind})"
    new = [record for record in in_order(newest.records.values()) if record not in told]
    told |= {record: f"{kind} {record.id}" for record in new}
    yield "\n".join(_records(newest, told))
    if structure := "\n".join(_structure(newest)):
        yield structure
    for record in new:
        yield _record_part(kind, record)
    for older in (each for each in layouts() if each.kind == kind and each is not newest):
        yield f"### {older.name}"
        yield "\n".join(_changes(older, newest))


def _records(layout: Layout, told: Mapping[RecordLayout, str]) -> Iterator[str]:
    """Yield the table of an edition's records, each with the way to its items."""
    yield "| record | 日本語 | what | of | count | service months |"
    yield "|---|---|---|---|---|---|"
    for record in in_order(layout.records.values()):
        anchor = told[record].lower().replace(" ", "-")
        doubt = "" if record.confidence is Confidence.HIGH else f" {DOUBTFUL}"
        cells = (record.ja, record.name, record.scope, count_of(record), months_of(record))
        yield f"| [{record.id}](#{anchor}){doubt} | {' | '.join(cells)} |"


def _structure(layout: Layout) -> Iterator[str]:
    """Yield what binds the records of a claim together."""
    for group in layout.one_of:
        yield f"- A claim needs at least one of {', '.join(sorted(group))}."
    if layout.opener != layout.head:
        yield f"- A claim begins with {layout.opener}; {layout.head} names the patient."
    if layout.unit != "points":
        yield f"- Points are {layout.unit}."
    for block in layout.blocks.values():
        ids = ", ".join(block.records)
        yield f"- {block.ja} ({block.name}): {ids}; {block.opens} begins it, {block.again} goes on."
    for variant in layout.variants.values():
        codes = " or ".join(code or "empty" for code in sorted(variant.codes))
        needs = f"; needs {', '.join(variant.minimum)}" if variant.minimum else ""
        without = f"; has no {', '.join(sorted(variant.without))}"
        yield f"- {variant.ja} ({layout.head} `{layout.variant_item}` is {codes}){needs}{without}."


def _changes(older: Layout, newer: Layout) -> Iterator[str]:
    """Yield what an older edition has otherwise."""
    widths = {item.kind: item.width for record in older.records.values() for item in record.items}
    yield f"Months have {widths[Kind.MONTH]} digits, dates {widths[Kind.DATE]}."
    if without := [rid for rid in newer.records if rid not in older.records]:
        yield f"Without {', '.join(without)}."
    yield ""
    yield "| record " + _ITEM_HEAD
    yield "|---" + _ITEM_RULE
    for record in in_order(older.records.values()):
        after = newer.records.get(record.id)
        changed = [item for item in record.items if not (after and _as_before(item, after.item(item.no)))]
        for row in rows_of(changed):
            yield f"| {record.id} {_row(row)}"


def _as_before(item: Item, after: Item | None) -> bool:
    return after is not None and (item.name, item.need, item.ja) == (after.name, after.need, after.ja)


def _record_part(kind: str, record: RecordLayout) -> str:
    """Return the section of a record."""
    note = f"\n\n{_cell(record.note)}" if record.note else ""
    return f"### {kind} {record.id}\n\n{record.ja} ({record.name}){note}\n\n" + "\n".join(_table(record.items))


def _table(items: tuple[Item, ...]) -> Iterator[str]:
    yield _ITEM_HEAD
    yield _ITEM_RULE
    for row in rows_of(items):
        yield _row(row)


def _row(row: ItemRow) -> str:
    item = row.item
    doubt = "" if item.confidence is Confidence.HIGH else f" ({item.confidence})"
    cells = (
        row.no,
        f"`{row.name}`",
        item.ja,
        item.kind,
        row.width,
        item.need,
        f"`{item.codes}`" if item.codes else "",
        "yes" if item.personal else "",
        row.months,
        _cell(item.note),
        item.source + doubt,
    )
    return f"| {' | '.join(cells)} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
