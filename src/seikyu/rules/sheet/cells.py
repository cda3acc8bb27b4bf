"""How the items of a record become the text of a cell: names for codes, dates in words, sums with separators, masks."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from seikyu.records import Item, Kind, Month, eras, masked, parse_date, parse_month, secret, table, text_of
from seikyu.rules.sheet.form import page_of
from seikyu.rules.sheet.names import Names
from seikyu.rules.sheet.value import EMPTY, Cell
from seikyu.rules.view import Record

#: Japanese names are written with it; Python counts it among the characters that cannot be printed.
_WIDE_SPACE: Final = "\N{IDEOGRAPHIC SPACE}"
_MASTER: Final = "master:"
_DAY: Final = "day_"
_BETWEEN: Final = " "
_LISTED: Final = "、"
#: Names of items that are sums of points or money end so; they are written with separators.
_SUMS: Final = ("points", "_yen", "subtotal", "subtotal_sum", "month_total")
#: Modifiers from here on stand behind the disease (接尾語), such as の疑い; those below before it. Source: master z.
_SUFFIXES: Final = range(8000, 9000)
_MODIFIER_CHARS: Final = 4
#: Which table names the laws that payers' numbers begin with; numbers that begin so have eight digits.
_SCHEMES: Final[Mapping[str, str]] = {
    "insurer_number": "insurer_law_numbers",
    "payer_number": "public_payer_law_numbers",
}
_LAW_CHARS: Final = 2
_LAW_NUMBER_CHARS: Final = 8
#: Tooth codes: see forms/teeth.toml.
_TOOTH_CHARS: Final = 6
_TEETH: Final = "12345678"
_MILK_TEETH: Final = "ABCDE"
#: The code of a day of stay about which there is nothing to say. Source: code table overnight_codes.
_USUAL: Final = "0"


@dataclass(frozen=True, slots=True)
class Reading:
    """How a claim is read: the names that codes have in its month, and whether personal values may be shown."""

    kind: str
    month: Month | None
    names: Names
    show_personal: bool


def item_cell(record: Record, name: str, how: Reading) -> Cell:
    """Return what an item says, an empty cell if it is empty or the layout has no such item."""
    at = record.plan.index.get(name)
    if at is None or not record.raw(name):
        return EMPTY
    item = record.plan.layout.items[at]
    text = plain(text_of(record.items[at]))
    if not how.show_personal and secret(item, text):
        return Cell(masked(text), masked=True)
    # Of several codes side by side those that are known are named, though one is not.
    return Cell(text) if at in record.unreadable and not item.codes else _read(item, text, how)


def plain(text: str) -> str:
    """Return a text without control characters, so that it plays no tricks where it is shown."""
    return "".join(char if char.isprintable() or char == _WIDE_SPACE else "\N{REPLACEMENT CHARACTER}" for char in text)


def hidden(data: bytes, how: Reading) -> Cell:
    """Return bytes that no layout describes: they count as personal."""
    text = plain(text_of(data))
    return Cell(text) if how.show_personal or not text else Cell(masked(text), masked=True)


def joined(cells: Iterable[Cell], between: str = _BETWEEN) -> Cell:
    """Return the filled ones of some cells as one."""
    filled = [cell for cell in cells if cell.text]
    if len(filled) <= 1:
        return filled[0] if filled else EMPTY
    return Cell(
        between.join(cell.text for cell in filled),
        en=between.join(cell.en or cell.text for cell in filled) if any(cell.en for cell in filled) else "",
        code=_BETWEEN.join(cell.code for cell in filled if cell.code),
        masked=any(cell.masked for cell in filled),
    )


def _read(item: Item, text: str, how: Reading) -> Cell:
    """Return a value that parsed, in words."""
    if item.codes:
        return _coded(item, text, how)
    if item.kind is Kind.DATE and (day := parse_date(text)):
        return Cell(date_ja(day.date), en=day.date.isoformat())
    if item.kind is Kind.MONTH and (month := parse_month(text)):
        return month_cell(month.month)
    if item.kind is Kind.DIGITS and item.name.endswith(_SUMS):
        return Cell(f"{int(text):,}")
    return Cell(text.strip())


def month_cell(month: Month) -> Cell:
    """Return a month in words."""
    return Cell(date_ja(month.last_day).partition("月")[0] + "月", en=f"{month.year}-{month.month:02d}")


def date_ja(day: date) -> str:
    """Return a day as people write it.

    >>> date_ja(date(2026, 9, 1))
    '令和8年9月1日'
    """
    for era in reversed(tuple(eras().values())):
        if era.first_day <= day:
            return f"{era.ja}{day.year - era.first_year + 1}年{day.month}月{day.day}日"
    return f"{day.year}年{day.month}月{day.day}日"


# --- codes ---


def _coded(item: Item, text: str, how: Reading) -> Cell:
    width = item.code_width if item.kind is Kind.CODES and item.code_width else len(text)
    codes = [text[at : at + width] for at in range(0, len(text), width)]
    return joined([_named(item.codes or "", code, how) for code in codes], _LISTED)


def _named(codes: str, code: str, how: Reading) -> Cell:
    """Return the name of one code, with the code beside it; the code alone where nobody knows it."""
    if codes.startswith(_MASTER):
        named = how.names(codes.removeprefix(_MASTER), code, how.month)
        return Cell(plain(named.name), code=code) if named else Cell(code)
    row = _row_of(codes, code, how)
    if row is None or not row.get("name_ja"):
        return Cell(code)
    return Cell(row["name_ja"], en=row.get("name_en") or "", code=code)


def _row_of(name: str, code: str, how: Reading) -> Mapping[str, str] | None:
    """Return the row of a code that holds for this kind of claim and month; a table may serve several kinds."""
    newest = table(name).row(code, how.month)
    rows = [*([newest] if newest else []), *reversed(table(name).rows.get(code, ()))]
    return next((row for row in rows if how.kind in (row.get("kind") or how.kind).split(",")), newest)


# --- ways of showing that take more than one item ---


def show_times(record: Record, items: tuple[str, ...], how: Reading) -> Cell:
    """Show points and how often: `291 x 1`. A line of a unit that goes on has no points: `x 1`."""
    points, count = (item_cell(record, name, how).text for name in items)
    return Cell(f"{points} x {count}".strip() if count else points)


def show_quantity(record: Record, items: tuple[str, ...], how: Reading) -> Cell:
    """Show a quantity with its unit: the one that is written, else the one that the master counts the code in."""
    cell = joined(item_cell(record, name, how) for name in items)
    coded = (item for item in record.plan.layout.items if (item.codes or "").startswith(_MASTER))
    found = (how.names((each.codes or "").removeprefix(_MASTER), record.raw(each.name).decode("ascii", "replace"),
                       how.month) for each in coded if record.raw(each.name))  # fmt: skip
    unit = next((named.unit for named in found if named), "")
    return joined((cell, Cell(plain(unit)))) if unit and cell.text and _BETWEEN not in cell.text else cell


def show_teeth(record: Record, items: tuple[str, ...], how: Reading) -> Cell:
    """Show teeth as short as dentists write them: `右上1`; what a master calls them is longer than a column."""
    return joined((_teeth(record, name, how) for name in items), _LISTED)


def _teeth(record: Record, name: str, how: Reading) -> Cell:
    cell = item_cell(record, name, how)
    codes = record.raw(name).decode("ascii", "replace")
    if cell.masked or len(codes) % _TOOTH_CHARS:
        return cell
    return joined((_tooth(codes[at : at + _TOOTH_CHARS]) for at in range(0, len(codes), _TOOTH_CHARS)), _LISTED)


def _tooth(code: str) -> Cell:
    page = page_of("teeth")
    quadrant, state = page["quadrant"].get(code[2]), page["state"].get(code[4])
    if not code.startswith("10") or quadrant is None or state is None or code[3] not in _TEETH or code[5] != "0":
        return Cell(code)
    tooth = _MILK_TEETH[int(code[3]) - 1 :][:1] if quadrant.get("milk") else code[3]
    words = Cell(f"{quadrant['ja']}{tooth}{state['ja']}", en=f"{quadrant['en']}{tooth}{state['en']}", code=code)
    return words if tooth else Cell(code)


def show_pattern(record: Record, items: tuple[str, ...], how: Reading) -> Cell:
    """Show a code for each day of the month as the days that are something special: `8-10(9)`."""
    cell = item_cell(record, items[0], how)
    text = record.raw(items[0]).decode("ascii", "replace")
    if cell.masked or not text.isdigit():
        return cell
    days = [(day, code) for day, code in enumerate(text, start=1) if code != _USUAL]
    return Cell(", ".join(_runs(days)) or "-")


def show_days(record: Record, _: tuple[str, ...], how: Reading) -> Cell:
    """Show the days of the month as a short list: `1-3, 8(2)`; in brackets how often, or the kind of visit."""
    written = [(name, _plain_item(record, name, how)) for name in record.plan.index if name.startswith(_DAY)]
    days = [(int(name.removeprefix(_DAY)), text) for name, text in written if text.strip("0")]
    return Cell(", ".join(_runs(days)))


def _plain_item(record: Record, name: str, how: Reading) -> str:
    """Return an item as it was written, a code as a code."""
    cell = item_cell(record, name, how)
    return cell.code or cell.text


def _runs(days: Iterable[tuple[int, str]]) -> Iterator[str]:
    """Yield days that follow one another and say the same as one."""
    first = last = 0
    same = ""
    for day, text in days:
        if last and (day, text) == (last + 1, same):
            last = day
            continue
        if last:
            yield _run(first, last, same)
        first, last, same = day, day, text
    if last:
        yield _run(first, last, same)


def _run(first: int, last: int, text: str) -> str:
    span = f"{first}" if first == last else f"{first}-{last}"
    return span if text == "1" else f"{span}({text})"


def show_disease(record: Record, items: tuple[str, ...], how: Reading) -> Cell:
    """Show a disease with its modifiers where they belong: items are the modifiers, then what the disease is called."""
    modifiers = record.raw(items[0]).decode("ascii", "replace")
    parts = [modifiers[at : at + _MODIFIER_CHARS] for at in range(0, len(modifiers), _MODIFIER_CHARS)]
    shown = item_cell(record, items[0], how)
    disease = joined(item_cell(record, name, how) for name in items[1:])
    if shown.masked or not modifiers.isdigit():
        return joined((shown, disease))
    words = {code: _named(f"{_MASTER}modifier", code, how) for code in parts}
    behind = [words[code] for code in parts if int(code) in _SUFFIXES]
    before = [words[code] for code in parts if int(code) not in _SUFFIXES]
    cells = (*before, disease, *behind)
    return joined(cells, "" if all(cell.code for cell in cells) else _BETWEEN)


def show_scheme(record: Record, items: tuple[str, ...], how: Reading) -> Cell:
    """Show which scheme a payer's number belongs to: its law number (法別番号) says it, one of six digits is NHI."""
    for name in items:
        number = record.raw(name).strip()
        if number.isdigit() and not record.bad(name):
            law = number[:_LAW_CHARS].decode("ascii") if len(number) == _LAW_NUMBER_CHARS else ""
            return _named(_SCHEMES[name], law, how)
    return EMPTY


SHOWS: Final[Mapping[str, Callable[[Record, tuple[str, ...], Reading], Cell]]] = {
    "times": show_times,
    "quantity": show_quantity,
    "days": show_days,
    "disease": show_disease,
    "scheme": show_scheme,
    "teeth": show_teeth,
    "pattern": show_pattern,
}
