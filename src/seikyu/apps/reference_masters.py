"""The page of masters: which kinds there are, and the columns that each has, drawn from their forms."""

from collections.abc import Iterator

from seikyu.rules.masters import MasterForm, forms

_HEAD = """# Masters

What `seikyu masters import` reads ([how to bring them](../how-to/bring-masters.md)). Drawn from
`src/seikyu/rules/masters/forms`: a further kind is a further file there, and no code.

Official masters are recognised by their columns, their letter and their codes. Every kind can be given as a CSV of our
own form too: the first row has the names of the columns in this page, the key among them; further columns may be left
out. Texts are Shift_JIS or UTF-8. Dates are YYYYMMDD; 99999999, zeros or nothing mean none.

The place is that in the official file. Confidence: **H** read from the specification and held against public files,
**M** read in one extract or public program; a column of confidence M that does not fit its form is left out and said.
"""


def masters_page() -> str:
    """Return the page."""
    official = [form for form in forms().values() if form.editions]
    own = [form for form in forms().values() if not form.editions]
    parts = [
        _HEAD,
        "## Official masters\n",
        *map(_section, official),
        "## Tables of our own form\n",
        *map(_section, own),
    ]
    return "\n".join(parts)


def _section(form: MasterForm) -> str:
    return "\n".join([f"### {form.kind}: {form.ja} ({form.en})", "", *_facts(form), "", *_rows(form), ""])


def _facts(form: MasterForm) -> Iterator[str]:
    key = ", ".join(f"`{part.column}` ({part.width} characters)" for part in form.key)
    yield f"Key: {key}. Source: {form.source}."
    if form.editions:
        counts = "; ".join(f"{each.name}: {', '.join(map(str, each.columns))}" for each in form.editions)
        yield f"Letter {form.letter}. Columns a line by edition: {counts}."
    if form.whole_rows:
        yield f"An official file of {form.whole_rows:,} rows or more is taken for whole."
    if form.special:
        yield f"In no master and right nevertheless: {', '.join(sorted(form.special))}."


def _rows(form: MasterForm) -> Iterator[str]:
    yield "| column | place | 項目 | holds | confidence |"
    yield "| --- | --- | --- | --- | --- |"
    for column in form.columns.values():
        yield f"| `{column.name}` | {column.no or ''} | {column.ja} | {column.form.value} | {column.confidence} |"
