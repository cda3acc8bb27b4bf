"""What is known of the review bodies' offices (都道府県情報): where, by when, with which forms, for which schemes.

A table has a row for each body of which anything is known; what nobody knows is an empty cell, and no row is made up.
It is dated: an office takes in a whole table from a day on, and one with any wrong cell not at all. A cell that begins
like a formula is written with an apostrophe in front, so that no spreadsheet runs it, and read without it.
Source: provider:1 (procedures differ by prefecture), provider:10 (what is not known of them).
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from tomllib import loads
from typing import Any, Final

from seikyu.limits import limit
from seikyu.office.bodies import bodies

#: The longest text of a cell.
TEXT_CHARS: Final = 600

_SHOWN_CHARS: Final = 40
_FORMULA: Final = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
_PHONE: Final = re.compile(r"0[0-9-]{8,14}")
_URL: Final = re.compile(r"https?://[!-~]{3,190}")
_DAY: Final = re.compile(r"(20[0-9]{2})([-/])([0-9]{1,2})\2([0-9]{1,2})")


@dataclass(frozen=True, slots=True)
class BodyFacts:
    """What is known of one review body's office. Shape: texts as people read them, empty where nothing is known."""

    body: str
    source: str
    confidence: str
    checked_on: date
    office: str = ""
    desk: str = ""
    phone: str = ""
    fax: str = ""
    hours: str = ""
    url: str = ""
    cut_off: str = ""
    forms: str = ""
    schemes: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class WrongCell:
    """What is wrong with a cell.

    Shape: `line` counts from 1, the heading included; `why` is missing, text, body, choice, phone, url, day or
    twice, or half_row with no column.
    """

    line: int
    column: str
    why: str
    value: str = ""


class BadTable(ValueError):
    """The table cannot be taken in, and nothing of it is.

    Shape: `why` is cells (then `wrong` is not empty), heading_unknown, heading_twice, heading_missing (then `names` are
    headings), not_csv (then `line` says where), empty or too_many_rows.
    """

    code = "bad_table_of_prefectures"

    def __init__(self, why: str, *, names: Sequence[str] = (), line: int = 0, wrong: Sequence[WrongCell] = ()) -> None:
        super().__init__(why)
        self.why = why
        self.names = tuple(names)
        self.line = line
        self.wrong = tuple(wrong)


def read_table(text: str) -> tuple[BodyFacts, ...]:
    """Return the rows of a table, by body. Shape: CSV with a heading. Errors: BadTable."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    wrong: list[WrongCell] = []
    found: dict[str, BodyFacts] = {}
    try:
        heading = next(reader, [])
        if not any(cell.strip() for cell in heading):
            raise BadTable("empty")
        named = _heading(heading)
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if reader.line_num > limit("prefecture_lines"):
                raise BadTable("too_many_rows", line=reader.line_num)
            row = _row(cells, named, line=reader.line_num, wrong=wrong)
            if row is not None and row.body in found:
                wrong.append(WrongCell(reader.line_num, "body", "twice", row.body))
            elif row is not None:
                found[row.body] = row
    except csv.Error:
        raise BadTable("not_csv", line=reader.line_num) from None
    if wrong:
        raise BadTable("cells", wrong=wrong)
    if not found:
        raise BadTable("empty")
    return tuple(found[body] for body in sorted(found))


def written(rows: Iterable[BodyFacts], lang: str, *, every: bool = True) -> str:
    """Return a table as CSV, safe for a spreadsheet, with headings in `ja` or `en`; `read_table` reads it back.

    Shape: with `every` a line for each body follows of which nothing is known, to be filled in; `read_table` passes
    over lines that only name a body.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([row[lang] for row in columns().values()])
    told = {row.body: row for row in rows}
    for body in _bodies() if every else sorted(told):
        facts = told.get(body)
        writer.writerow([neutral(_cell(facts, name, lang)) if facts else body * (name == "body") for name in columns()])
    return out.getvalue()


def differences(before: Sequence[BodyFacts], after: Sequence[BodyFacts]) -> dict[str, tuple[str, ...]]:
    """Return the bodies whose rows are added, changed and removed."""
    old, new = ({each.body: each for each in rows} for rows in (before, after))
    return {
        "added": tuple(body for body in new if body not in old),
        "changed": tuple(body for body in new if body in old and old[body] != new[body]),
        "removed": tuple(body for body in old if body not in new),
    }


def neutral(text: str) -> str:
    """Return `text` so that no spreadsheet takes it for a formula; reading undoes it.

    >>> neutral("=1"), neutral("見本")
    ("'=1", '見本')
    """
    return f"'{text}" if _FORMULA.match(text) else text


@cache
def columns() -> Mapping[str, Mapping[str, Any]]:
    """Return the columns of a table in their order, by name."""
    found: Mapping[str, Mapping[str, Any]] = _rows()["columns"]
    return found


@cache
def confidences() -> Mapping[str, Mapping[str, str]]:
    """Return the words for how sure a row is."""
    found: Mapping[str, Mapping[str, str]] = _rows()["confidence"]
    return found


@cache
def known_facts() -> tuple[BodyFacts, ...]:
    """Return the table that comes along: what public pages say, each row with its source and confidence."""
    return read_table((files("seikyu.office") / "prefectures.csv").read_text(encoding="utf-8"))


def _heading(cells: Sequence[str]) -> tuple[str, ...]:
    known = {_coded(text): name for name, row in columns().items() for text in (name, row["ja"], row["en"])}
    strange = [cell.strip()[:_SHOWN_CHARS] for cell in cells if _coded(cell) not in known]
    if strange:
        raise BadTable("heading_unknown", names=strange)
    found = tuple(known[_coded(cell)] for cell in cells)
    twice = [name for name in columns() if found.count(name) > 1]
    if twice:
        raise BadTable("heading_twice", names=twice)
    missing = [name for name, row in columns().items() if row["need"] and name not in found]
    if missing:
        raise BadTable("heading_missing", names=missing)
    return found


def _row(cells: Sequence[str], named: Sequence[str], *, line: int, wrong: list[WrongCell]) -> BodyFacts | None:
    """Return what a row says; None for one that only names a body, and with what is wrong added, for a wrong one."""
    if len(cells) != len(named):
        wrong.append(WrongCell(line, "", "half_row", str(len(cells))))
        return None
    said = {name: _plain(cell.strip()) for name, cell in zip(named, cells, strict=True)}
    if not any(text for name, text in said.items() if name != "body"):
        if said["body"] not in _bodies():
            wrong.append(WrongCell(line, "body", "body", said["body"][:_SHOWN_CHARS]))
        return None
    read = {name: _value(name, said.get(name, "")) for name in columns()}
    bad = [WrongCell(line, name, value.why, said.get(name, "")[:_SHOWN_CHARS]) for name, value in read.items()
           if isinstance(value, _Wrong)]  # fmt: skip
    wrong += bad
    return None if bad else BodyFacts(**read)


@dataclass(frozen=True, slots=True)
class _Wrong:
    why: str


def _value(name: str, text: str) -> Any:
    """Return what a cell says, or what is wrong with it."""
    row = columns()[name]
    if not text:
        return _Wrong("missing") if row["need"] else ""
    if len(text) > TEXT_CHARS or any(unicodedata.category(char).startswith("C") for char in text):
        return _Wrong("text")
    form = row["form"]
    if form == "text":
        return text
    plain = unicodedata.normalize("NFKC", text)
    if form == "body":
        return plain if plain in _bodies() else _Wrong("body")
    if form == "code":
        return _confidence(plain) or _Wrong("choice")
    if form == "day":
        return _day(plain) or _Wrong("day")
    return plain if (_PHONE if form == "phone" else _URL).fullmatch(plain) else _Wrong(form)


def _confidence(text: str) -> str:
    return next((name for name, row in confidences().items() if text in {name, row["ja"], row["en"]}), "")


def _day(text: str) -> date | None:
    found = _DAY.fullmatch(text)
    if found is None:
        return None
    try:
        return date(int(found[1]), int(found[3]), int(found[4]))
    except ValueError:
        return None


@cache
def _bodies() -> tuple[str, ...]:
    """Return the ids of the legal bodies, under whatever names."""
    return tuple(dict.fromkeys(each.id for each in bodies(date.max)))


def _cell(facts: BodyFacts, name: str, lang: str) -> str:
    value = getattr(facts, name)
    if name == "confidence":
        return confidences()[value][lang]
    return value.isoformat() if isinstance(value, date) else str(value)


def _plain(text: str) -> str:
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def _coded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


@cache
def _rows() -> Mapping[str, Mapping[str, Any]]:
    return loads((files("seikyu.office") / "prefectures.toml").read_text(encoding="utf-8"))
