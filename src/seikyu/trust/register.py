"""The register as a list: what a row says, what it would change, and why it is refused.

A list is rows of cells under a heading. It says only what stands in it: a party that is not in the list stays as it is,
and so does what an empty cell or a missing column could have said; `-` alone empties an item. Days are days in Japan,
and the last day is a day too.

A cell that begins like a formula is written with an apostrophe in front, so that no spreadsheet runs it, and read
without it, so that a list that was written can be read again. Source: number-guide:check-digit; provider:5.6.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cache
from importlib.resources import files
from tomllib import loads
from typing import Any, Final

from seikyu.records.numbers import check_digit
from seikyu.trust.notices import JAPAN, connections, day_of, is_text, midnight, midnight_after

#: What a cell says that empties an item.
NOTHING: Final = "-"

_NHI_CHARS: Final = 6
_FORMULA: Final = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")


class Verdict(StrEnum):
    """What a row comes to."""

    ADDED = "added"
    CHANGED = "changed"
    ENDED = "ended"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Entry:
    """A party as the register has it. Shape: the fields of `ports.store.Party`, under the same names."""

    id: str
    kind: str
    name: str
    since: datetime
    until: datetime | None = None
    address: str = ""
    category: str = ""
    connection: str = ""
    connection_id: str = ""


@dataclass(frozen=True, slots=True)
class Remark:
    """Something about a row. Shape: `code` is a word that the texts for users are found by; `facts` fill them."""

    code: str
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Said:
    """What a row says. Shape: `cells` by the names of columns, silent ones left out; an item to be emptied is empty."""

    id: str
    category: str
    cells: Mapping[str, str]
    refused: tuple[Remark, ...] = ()
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """What a row comes to. Shape: `fields` names what differs; `entry` is None for a row that is refused."""

    id: str
    verdict: Verdict
    fields: tuple[str, ...] = ()
    refused: tuple[Remark, ...] = ()
    remarks: tuple[Remark, ...] = ()
    entry: Entry | None = None


class BadHeading(ValueError):
    """The list has no heading that can be read. Shape: `why` is missing, twice or unknown; `names` are headings."""

    def __init__(self, why: str, names: Sequence[str]) -> None:
        super().__init__(why)
        self.why = why
        self.names = tuple(names)


@dataclass(frozen=True, slots=True)
class Category:
    """A category of parties. Shape: the labels of `register.toml`."""

    name: str
    kind: str
    ja: str
    en: str
    also: tuple[str, ...]
    form: str
    check_digit: str


def heading(cells: Sequence[str]) -> tuple[str, ...]:
    """Return the columns that a heading names, in its order.

    Errors: BadHeading, also for a column that nobody knows: a slip in it would leave out what was meant.
    """
    known = _headings()
    names = [_coded(cell).casefold() for cell in cells]
    strange = [cell for cell, name in zip(cells, names, strict=True) if name not in known]
    if strange:
        raise BadHeading("unknown", strange)
    found = tuple(known[name] for name in names)
    twice = sorted({each for each in found if found.count(each) > 1})
    if twice:
        raise BadHeading("twice", twice)
    missing = [each for each in ("category", "name") if each not in found]
    if "id" not in found and "code" not in found:
        missing.append("id")
    if missing:
        raise BadHeading("missing", missing)
    return found


def read_row(cells: Sequence[str], columns: Sequence[str]) -> Said:
    """Return what a row says, with all that is wrong with it by itself."""
    if len(cells) != len(columns):
        half = Remark("half_row", {"cells": str(len(cells)), "columns": str(len(columns))})
        return Said("", "", {}, (half,))
    said = {name: _cell(name, cell.strip()) for name, cell in zip(columns, cells, strict=True) if cell.strip()}
    category = categories_by_word().get(said.get("category", "").casefold())
    if category is None:
        return Said("", "", said, (Remark("category", {"value": said.get("category", "")[:_SHOWN]}),))
    party, wrong = _id_of(said, category)
    wrong += _wrong(said)
    remarks: list[Remark] = []
    if not wrong and category.check_digit != "none":
        digit = check_digit(party[:-1])
        if digit != party[-1]:
            remarks.append(Remark("check_digit", {"id": party, "expected": digit}))
    remarks += [Remark("formula", {"column": name}) for name, text in said.items() if name in _FREE and _formula(text)]
    return Said(party, category.name, said, tuple(wrong), tuple(remarks))


def judge(said: Said, present: Entry | None, *, now: datetime) -> Change:
    """Return what a row comes to, given the party as the register has it, and the time at which it would begin."""
    if said.refused:
        return Change(said.id, Verdict.REFUSED, refused=said.refused, remarks=said.remarks)
    category = categories()[said.category]
    wrong = list(_refusals(said, present, category))
    kind_name = said.category if said.category != category.kind else ""
    base = present or Entry(said.id, category.kind, said.cells.get("name", ""), now, category=kind_name)
    entry = _with_days(replace(base, **_texts(said), category=kind_name or base.category), said, present)
    if not wrong and entry.until is not None and entry.until <= entry.since:
        wrong.append(Remark("days"))
    if wrong:
        return Change(said.id, Verdict.REFUSED, refused=tuple(wrong), remarks=said.remarks)
    if present is None:
        return Change(said.id, Verdict.ADDED, remarks=said.remarks, entry=entry)
    differs = tuple(each.name for each in fields(Entry) if getattr(entry, each.name) != getattr(present, each.name))
    verdict = Verdict.CHANGED if differs else Verdict.UNCHANGED
    if "until" in differs and entry.until is not None:
        verdict = Verdict.ENDED
    return Change(said.id, verdict, differs, remarks=said.remarks, entry=entry)


def headline(lang: str) -> list[str]:
    """Return the heading of a list that is written, in Japanese or English."""
    return [str(row[lang]) for row in _rows()["columns"].values()]


def written(entry: Entry, lang: str) -> list[str]:
    """Return the row of a party, safe for a spreadsheet; `read_row` reads it back."""
    institution = entry.kind == "institution"
    cells = {
        "category": str(_rows()["categories"][entry.category or entry.kind][lang]),
        "id": entry.id,
        "prefecture": entry.id[:2] if institution else "",
        "point_table": entry.id[2:3] if institution else "",
        "code": entry.id[3:] if institution else "",
        "name": entry.name,
        "address": entry.address,
        "connection": entry.connection,
        "connection_id": entry.connection_id,
        "since": _day(entry.since).isoformat(),
        "until": _last_day(entry.until).isoformat() if entry.until else "",
    }
    return [neutral(cells[name]) for name in _rows()["columns"]]


def neutral(text: str) -> str:
    """Return `text` so that no spreadsheet takes it for a formula; `plain` undoes it.

    >>> neutral("=cmd|' /C calc'!A0"), plain(neutral("'=1")), neutral("見本医院")
    ("'=cmd|' /C calc'!A0", "'=1", '見本医院')
    """
    return f"'{text}" if _formula(text) else text


def plain(text: str) -> str:
    """Return what `neutral` was given."""
    return text[1:] if text.startswith("'") and _formula(text) else text


def is_listed(kind: str) -> bool:
    """True if parties of that kind stand in the list; the office's own people do not."""
    return any(each.kind == kind for each in categories().values())


@cache
def categories() -> Mapping[str, Category]:
    """Return the categories of parties by name."""
    rows = _rows()["categories"]
    return {name: Category(name, **{**row, "also": tuple(row["also"])}) for name, row in rows.items()}


@cache
def categories_by_word() -> Mapping[str, Category]:
    """Return the categories of parties by every word that a list may call them."""
    found = {}
    for each in categories().values():
        for word in (each.name, each.ja, each.en, *each.also):
            found[_coded(word).casefold()] = each
    return found


#: Columns whose cells are free texts; all others are compared in their plain form (half-width digits and letters).
_FREE: Final = ("name", "address", "connection_id")

#: How much of a wrong cell is shown.
_SHOWN: Final = 40


def _cell(name: str, cell: str) -> str:
    if cell == NOTHING:
        return ""
    return plain(cell) if name in _FREE else _coded(plain(cell))


def _coded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip()


def _formula(text: str) -> bool:
    return _FORMULA.match(text) is not None


def _id_of(said: Mapping[str, str], category: Category) -> tuple[str, list[Remark]]:
    """Return the id of the party, and why not: an institution's may stand in one column, in three, or in both ways."""
    party = said.get("id", "")
    if category.kind == "institution":
        parts = {"prefecture": slice(0, 2), "point_table": slice(2, 3), "code": slice(3, None)}
        given = {name: said[name].zfill(2) if name == "prefecture" else said[name] for name in parts if said.get(name)}
        if not party:
            party = "".join(given.get(name, "") for name in parts)
        if any(party[place] != given.get(name, party[place]) for name, place in parts.items()):
            return party[:_SHOWN], [Remark("id_parts", {"value": party[:_SHOWN]})]
    else:
        party = party or said.get("code", "")
    if category.kind == "payer" and len(party) == _NHI_CHARS:
        party = party.zfill(8)
    if not re.fullmatch(category.form, party, re.ASCII):
        return party[:_SHOWN], [Remark("id", {"value": party[:_SHOWN]})]
    return party, []


def _wrong(said: Mapping[str, str]) -> list[Remark]:
    wrong = [Remark("text", {"column": name}) for name in _FREE if said.get(name) and not is_text(said[name])]
    if said.get("name", "x") == "":
        wrong.append(Remark("no_name"))
    if said.get("connection", "") not in {"", *connections()}:
        wrong.append(Remark("connection", {"value": said["connection"][:_SHOWN]}))
    for name in ("since", "until"):
        text = said.get(name, "")
        if (text or name == "since") and name in said and day_of(text) is None:
            wrong.append(Remark("day", {"column": name, "value": text[:_SHOWN]}))
    return wrong


def _refusals(said: Said, present: Entry | None, category: Category) -> list[Remark]:
    """Return what refuses the row, given what the register has: a party that is there keeps a number it was given."""
    if present is None:
        wrong = [] if said.cells.get("name") else [Remark("no_name")]
        if category.check_digit == "refuse":
            wrong += [each for each in said.remarks if each.code == "check_digit"]
        return wrong
    return [] if present.kind == category.kind else [Remark("kind", {"kind": present.kind})]


def _texts(said: Said) -> dict[str, Any]:
    named = ("name", "address", "connection", "connection_id")
    return {name: said.cells[name] for name in named if name in said.cells}


def _with_days(entry: Entry, said: Said, present: Entry | None) -> Entry:
    """Return the entry with the days that the row says; an instant within the same day stays as it is."""
    since, until = day_of(said.cells.get("since", "")), said.cells.get("until")
    if since is not None and (present is None or _day(present.since) != since):
        entry = replace(entry, since=midnight(since))
    if until == "":
        return replace(entry, until=None)
    last = day_of(until or "")
    if last is not None and (entry.until is None or _last_day(entry.until) != last):
        entry = replace(entry, until=midnight_after(last))
    return entry


def _day(at: datetime) -> date:
    return at.astimezone(JAPAN).date()


def _last_day(until: datetime) -> date:
    """Return the last day of which at least a part is before `until`."""
    return _day(until - timedelta(microseconds=1))


@cache
def _headings() -> Mapping[str, str]:
    found = {}
    for name, row in _rows()["columns"].items():
        for word in (name, row["ja"], row["en"], *row["also"]):
            found[_coded(word).casefold()] = name
    return found


@cache
def _rows() -> Mapping[str, Mapping[str, Any]]:
    return loads((files("seikyu.trust") / "register.toml").read_text(encoding="utf-8"))
