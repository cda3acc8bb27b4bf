"""The list of lines and providers (接続可能回線・事業者一覧表): what a row says, and what is wrong with it.

A list is rows of cells under a heading, as a spreadsheet has them. One that has anything wrong is not taken in at all,
and every wrong cell is named. A cell that begins like a formula is written with an apostrophe in front, so that no
spreadsheet runs it, and read without it. Columns and words are rows of `registry.toml`. Source: network:1.1.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from functools import cache
from importlib.resources import files
from tomllib import loads
from typing import Any, Final

from seikyu.limits import limit
from seikyu.lines.kinds import line_kinds

#: The longest text of a cell.
TEXT_CHARS: Final = 200

_FORMULA: Final = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
_PHONE: Final = re.compile(r"0[0-9-]{8,14}")
_URL: Final = re.compile(r"https?://[!-~]{3,190}")
_DAY: Final = re.compile(r"(20[0-9]{2})([-/])([0-9]{1,2})\2([0-9]{1,2})")
_BETWEEN: Final = re.compile(r"[;；、,，・/]")
_SHOWN_CHARS: Final = 40


@dataclass(frozen=True, slots=True)
class Offer:
    """A service of a carrier or provider (回線・サービス).

    Shape: codes of `registry.toml`, `kind` one of `line_kinds()`; `since` and `until` are the first and the last day on
    which it can be ordered, None without end.
    """

    carrier: str
    service: str
    areas: tuple[str, ...]
    kind: str
    access: tuple[str, ...]
    systems: str
    provider_contract: str
    contact: str
    phone: str = ""
    hours: str = ""
    url: str = ""
    since: date | None = None
    until: date | None = None
    note: str = ""

    @property
    def name(self) -> str:
        """How it is asked for: `carrier/service`."""
        return f"{self.carrier}/{self.service}"

    def status(self, on: date) -> str:
        """Return `current`, `coming` or `withdrawn`."""
        if self.since is not None and on < self.since:
            return "coming"
        return "withdrawn" if self.until is not None and on > self.until else "current"

    def serves(self, system: str) -> bool:
        """Return whether a system may use it."""
        return self.systems in {"both", system}

    def is_in(self, area: str) -> bool:
        """Return whether it is offered in an area."""
        return bool({area, *word("areas", area).within} & set(self.areas))

    def runs_over(self, access: str) -> bool:
        """Return whether it needs a line of that kind, or takes it as any."""
        return bool({access, *word("access", access).within} & set(self.access))


@dataclass(frozen=True, slots=True)
class Word:
    """A word that a cell may say. Shape: the labels of `registry.toml`."""

    name: str
    ja: str
    en: str
    also: tuple[str, ...] = ()
    within: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WrongCell:
    """What is wrong with a cell.

    Shape: `line` counts from 1, the heading included; `why` finds the text for users: missing, text, choice, phone,
    url, day, days, twice, contract, or half_row with no column; `known` is what could stand there.
    """

    line: int
    column: str
    why: str
    value: str = ""
    known: tuple[str, ...] = ()


class BadList(ValueError):
    """The list cannot be taken in, and nothing of it is.

    Shape: `why` is cells (then `wrong` is not empty), heading_unknown, heading_twice, heading_missing (then `names` are
    headings), not_csv (then `line` says where), empty or too_many_rows.
    """

    code = "bad_list_of_lines"

    def __init__(self, why: str, *, names: Sequence[str] = (), line: int = 0, wrong: Sequence[WrongCell] = ()) -> None:
        super().__init__(why)
        self.why = why
        self.names = tuple(names)
        self.line = line
        self.wrong = tuple(wrong)


def read_list(text: str) -> tuple[Offer, ...]:
    """Return the offers of a list, in its order. Shape: CSV with a heading. Errors: BadList."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    wrong: list[WrongCell] = []
    found: list[tuple[int, Offer]] = []
    try:
        heading = next(reader, [])
        if not any(cell.strip() for cell in heading):
            raise BadList("empty")
        columns = _heading(heading)
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(found) + len({each.line for each in wrong}) >= limit("lines_rows"):
                raise BadList("too_many_rows", line=reader.line_num)
            offer = _row(cells, columns, line=reader.line_num, wrong=wrong)
            if offer is not None:
                found.append((reader.line_num, offer))
    except csv.Error:
        raise BadList("not_csv", line=reader.line_num) from None
    wrong += _twice(found)
    if wrong:
        raise BadList("cells", wrong=sorted(wrong, key=lambda each: each.line))
    if not found:
        raise BadList("empty")
    return tuple(offer for _, offer in found)


def written(offers: Iterable[Offer], lang: str) -> str:
    """Return a list as CSV, safe for a spreadsheet, in words of `ja` or `en`; `read_list` reads it back."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([row[lang] for row in columns().values()])
    for offer in offers:
        writer.writerow([neutral(_cell(offer, name, lang)) for name in columns()])
    return out.getvalue()


def narrowed(
    offers: Iterable[Offer], *, area: str = "", kind: str = "", system: str = "", access: str = ""
) -> tuple[Offer, ...]:
    """Return the offers that fit; an empty word fits all. Errors: KeyError for a word that no table has."""
    return tuple(
        each
        for each in offers
        if (not area or each.is_in(area))
        and (not kind or each.kind == line_kinds()[kind].name)
        and (not system or each.serves(word("systems", system).name))
        and (not access or each.runs_over(access))
    )


def named(offers: Iterable[Offer], wish: str) -> tuple[Offer, ...]:
    """Return the offers of that name, `carrier/service` or one of both, in any width of letters."""
    plain_wish = _coded(wish)
    return tuple(
        each for each in offers if plain_wish in {_coded(text) for text in (each.name, each.carrier, each.service)}
    )


def differences(before: Sequence[Offer], after: Sequence[Offer]) -> dict[str, tuple[str, ...]]:
    """Return the names of the offers that are added, changed and removed."""
    old, new = ({_key(each): each for each in offers} for offers in (before, after))
    return {
        "added": tuple(each.name for key, each in new.items() if key not in old),
        "changed": tuple(each.name for key, each in new.items() if key in old and old[key] != each),
        "removed": tuple(each.name for key, each in old.items() if key not in new),
    }


def neutral(text: str) -> str:
    """Return `text` so that no spreadsheet takes it for a formula; reading undoes it.

    >>> neutral("=1"), neutral("見本")
    ("'=1", '見本')
    """
    return f"'{text}" if _FORMULA.match(text) else text


@cache
def columns() -> Mapping[str, Mapping[str, Any]]:
    """Return the columns of a list in their order, by name."""
    found: Mapping[str, Mapping[str, Any]] = _rows()["columns"]
    return found


@cache
def words(table: str) -> Mapping[str, Word]:
    """Return the words of a table by code: areas, access, systems, provider_contract, or the kinds of lines."""
    if table == "kind":
        kinds = line_kinds().values()
        return {each.name: Word(each.name, each.ja, each.en, tuple(_shorter(each.ja))) for each in kinds}
    return {
        name: Word(name, row["ja"], row["en"], tuple(row["also"]), tuple(row.get("within", ())))
        for name, row in _rows()[table].items()
    }


def word(table: str, name: str) -> Word:
    """Return one word. Errors: KeyError."""
    return words(table)[name]


@cache
def example_list() -> tuple[Offer, ...]:
    """Return the list of the documentation: made-up carriers, numbers that nobody has."""
    return read_list((files("seikyu.lines") / "example" / "registry.csv").read_text(encoding="utf-8"))


def _shorter(label: str) -> Iterable[str]:
    """Yield the label of a kind without what stands in brackets behind it, as notices write it."""
    short = label.rpartition("（")[0]
    if short.startswith("IP-VPN"):
        yield short


def _heading(cells: Sequence[str]) -> tuple[str, ...]:
    known = {
        _coded(text): name for name, row in columns().items() for text in (name, row["ja"], row["en"], *row["also"])
    }
    strange = [cell.strip()[:_SHOWN_CHARS] for cell in cells if _coded(cell) not in known]
    if strange:
        raise BadList("heading_unknown", names=strange)
    found = tuple(known[_coded(cell)] for cell in cells)
    twice = [name for name in columns() if found.count(name) > 1]
    if twice:
        raise BadList("heading_twice", names=twice)
    missing = [name for name, row in columns().items() if row["need"] and name not in found]
    if missing:
        raise BadList("heading_missing", names=missing)
    return found


def _row(cells: Sequence[str], named: Sequence[str], *, line: int, wrong: list[WrongCell]) -> Offer | None:
    """Return what a row says, or None and what is wrong with it."""
    if len(cells) != len(named):
        wrong.append(WrongCell(line, "", "half_row", str(len(cells)), (str(len(named)),)))
        return None
    said = {name: _plain(cell.strip()) for name, cell in zip(named, cells, strict=True)}
    read = {name: _value(name, said.get(name, "")) for name in columns()}
    bad = [WrongCell(line, name, value.why, said[name][:_SHOWN_CHARS], value.known) for name, value in read.items()
           if isinstance(value, _Wrong)]  # fmt: skip
    if bad:
        wrong += bad
        return None
    offer = Offer(**{each.name: read[each.name] for each in fields(Offer)})
    if offer.since and offer.until and offer.until < offer.since:
        wrong.append(WrongCell(line, "until", "days", said["until"]))
        return None
    if (offer.provider_contract == "needed") != line_kinds()[offer.kind].provider_contract:
        wrong.append(WrongCell(line, "provider_contract", "contract", said["provider_contract"]))
        return None
    return offer


@dataclass(frozen=True, slots=True)
class _Wrong:
    why: str
    known: tuple[str, ...] = ()


def _value(name: str, text: str) -> Any:
    """Return what a cell says, or what is wrong with it."""
    row = columns()[name]
    form = row["form"]
    if not text:
        return _Wrong("missing", _known(name)) if row["need"] else None if form == "day" else ""
    if len(text) > TEXT_CHARS or any(unicodedata.category(char).startswith("C") for char in text):
        return _Wrong("text")
    if form == "text":
        return text
    if form == "code":
        return _word_of(name, text) or _Wrong("choice", _known(name))
    if form == "many":
        found = [_word_of(name, part) for part in _BETWEEN.split(text) if part.strip()]
        return tuple(dict.fromkeys(found)) if found and all(found) else _Wrong("choice", _known(name))
    if form == "day":
        return _day(text) or _Wrong("day")
    plain = unicodedata.normalize("NFKC", text)
    return plain if (_PHONE if form == "phone" else _URL).fullmatch(plain) else _Wrong(form)


def _word_of(column: str, text: str) -> str:
    """Return the code that a cell means, or nothing."""
    return _spelled(column).get(_coded(text), "")


@cache
def _spelled(column: str) -> Mapping[str, str]:
    return {
        _coded(text): name
        for name, each in words(column).items()
        for text in (name, each.ja, each.en, *each.also)
    }  # fmt: skip


def _known(name: str) -> tuple[str, ...]:
    return tuple(words(name)) if columns()[name]["form"] in {"code", "many"} else ()


def _day(text: str) -> date | None:
    found = _DAY.fullmatch(unicodedata.normalize("NFKC", text))
    if found is None:
        return None
    try:
        return date(int(found[1]), int(found[3]), int(found[4]))
    except ValueError:
        return None


def _twice(found: Sequence[tuple[int, Offer]]) -> list[WrongCell]:
    """Return the rows that speak of the same offer as one before: which is meant nobody can know."""
    seen: dict[tuple[str, ...], int] = {}
    wrong = []
    for line, offer in found:
        before = seen.setdefault(_key(offer), line)
        if before != line:
            wrong.append(WrongCell(line, "service", "twice", offer.service[:_SHOWN_CHARS], (str(before),)))
    return wrong


def _key(offer: Offer) -> tuple[str, ...]:
    return (_coded(offer.carrier), _coded(offer.service), offer.kind)


def _cell(offer: Offer, name: str, lang: str) -> str:
    value = getattr(offer, name)
    if columns()[name]["form"] == "code":
        return str(getattr(word(name, value), lang))
    if columns()[name]["form"] == "many":
        return ";".join(str(getattr(word(name, each), lang)) for each in value)
    return value.isoformat() if isinstance(value, date) else value or ""


def _plain(text: str) -> str:
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def _coded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


@cache
def _rows() -> Mapping[str, Mapping[str, Any]]:
    return loads((files("seikyu.lines") / "registry.toml").read_text(encoding="utf-8"))
