"""What a master looks like: one TOML file a kind in `forms/`. A further kind is a further file, and no code.

A kind is named by its file: official ones by the letter that the masters bear (`s` medical procedures, `y` drugs ...),
our own registers and tables by a word (`insurers`). `key` tells what finds a row: one column or several side by side,
each with its alphabet and width. `[[edition]]` gives the numbers of columns that an official line may have; a kind
without editions is always read by the names in a header row.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Final

_DIGITS: Final = "0123456789"
#: Alphabets of keys: the characters in their order, and whether a key has always its full width.
_ALPHABETS: Final = {
    "digits": (_DIGITS, True),
    "dpc": (_DIGITS + "x", True),
    "alnum": (_DIGITS + "ABCDEFGHIJKLMNOPQRSTUVWXYZ", False),
}
#: Keys are held as signed numbers of eight bytes.
_MOST: Final = 2**63


class Form(StrEnum):
    """What a column holds."""

    TEXT = "text"
    NUMBER = "number"  # a whole number
    DECIMAL = "decimal"  # a number with up to two decimals
    DATE = "date"  # YYYYMMDD; 99999999 and zeros stand for none


@dataclass(frozen=True, slots=True)
class Column:
    """One column (項目). `no` is its place from 1 in the official file, 0 for tables of our own form."""

    name: str
    no: int
    ja: str
    form: Form
    confidence: str


@dataclass(frozen=True, slots=True)
class KeyPart:
    """One column of a key, with what it may hold."""

    column: str
    alphabet: str
    width: int

    @property
    def size(self) -> int:
        """How many different values there are."""
        letters, fixed = _ALPHABETS[self.alphabet]
        return int((len(letters) + (not fixed)) ** self.width)

    def number(self, value: str) -> int | None:
        """Return the place of a value in the order of all values, None if it is none of them.

        Digits of fixed width are their own number.
        """
        letters, fixed = _ALPHABETS[self.alphabet]
        if len(value) > self.width or not value or (fixed and len(value) < self.width):
            return None
        folded = value.lower() if self.alphabet == "dpc" else value
        if self.alphabet == "digits":
            return int(folded) if folded.isascii() and folded.isdigit() else None
        base, found = len(letters) + (not fixed), 0
        for char in folded:
            at = letters.find(char)
            if at < 0:
                return None
            found = found * base + at + (not fixed)
        return int(found * base ** (self.width - len(folded)))


@dataclass(frozen=True, slots=True)
class Edition:
    """One form of the official file: how many columns a line may have."""

    name: str
    columns: tuple[int, ...]


class Group(StrEnum):
    """Where a table comes from, as those who fetch it know it."""

    OFFICIAL = "official"
    FEE_TABLES = "fee_tables"
    REGISTERS = "registers"
    NOTICES = "notices"
    DPC = "dpc"
    OWN = "own"


@dataclass(frozen=True, eq=False)
class MasterForm:
    """One kind of master (マスター).

    Shape: `letter` is the second item of its official lines, `prefix` the first digit of all its codes; both may be
    empty. `special` are codes that stand in no master and are right nevertheless. A version with fewer than
    `whole_rows` rows is taken for a part, None: always, unless whoever imports it says that it is whole. `repeats`:
    several rows may have one key. `claims` are the kinds of claims that it is for, empty for all. Official files whose
    lines bear no letter are known by the beginning of their names, `named`; `heading` counts the rows above the lines.
    `group`: a form that says none is official if it has editions, else a table of our own.
    """

    kind: str
    letter: str
    prefix: str
    ja: str
    en: str
    source: str
    key: tuple[KeyPart, ...]
    columns: Mapping[str, Column]
    editions: tuple[Edition, ...]
    special: frozenset[str]
    whole_rows: int | None
    repeats: bool
    named: tuple[str, ...]
    heading: int
    claims: frozenset[str]
    group: Group

    def number(self, *values: str) -> int | None:
        """Return the number of a key, None if it has not the form of this kind's keys.

        >>> forms()["s"].number("111000110")
        111000110
        """
        found = 0
        for part, value in zip(self.key, values, strict=True):
            number = part.number(value)
            if number is None:
                return None
            found = found * part.size + number
        return found if not self.prefix or values[0].startswith(self.prefix) else None

    def span(self, first: str) -> tuple[int, int] | None:
        """Return the numbers from and before which all keys begin with `first`, None if none can."""
        number = self.key[0].number(first)
        if number is None:
            return None
        rest = 1
        for part in self.key[1:]:
            rest *= part.size
        return number * rest, (number + 1) * rest


@cache
def forms() -> Mapping[str, MasterForm]:
    """Return all kinds of masters by name: the official ones first."""
    found = (path for path in files(__package__).joinpath("forms").iterdir() if path.name.endswith(".toml"))
    every = [parse_form(path.name.removesuffix(".toml"), path.read_text("utf-8")) for path in found]
    every.sort(key=lambda form: (not form.editions, form.kind))
    return MappingProxyType({form.kind: form for form in every})


def kind_in_name(file_name: str) -> str | None:
    """Return the kind that the name of an official file tells, None if it tells none.

    >>> kind_in_name("05算定回数テーブル.csv"), kind_in_name("s_ALL20260501.csv")
    ('fee_limits', None)
    """
    plain = "".join(file_name.split()).casefold()
    found = (form.kind for form in forms().values() if any(plain.startswith(name.casefold()) for name in form.named))
    return next(found, None)


def kind_called(file_name: str) -> str | None:
    """Return the kind that a file is called by, None if it is called by none: its letter or its kind before a date.

    >>> kind_called("s_ALL20260501.csv"), kind_called("insurers.csv"), kind_called("r8_mine.csv")
    ('s', 'insurers', None)
    """
    stem = file_name.casefold().partition(".")[0]
    return next((kind for kind in forms() if re.fullmatch(kind + r"(_?all)?([_-]?20\d\d.*)?", stem)), None)


def parse_form(kind: str, text: str) -> MasterForm:
    """Return the form that a TOML text describes.

    Errors: KeyError or ValueError for a text that describes none (a bug in a data file).
    """
    told = tomllib.loads(text)
    confidence = told["confidence"]
    columns = {name: _column(name, fields, confidence) for name, fields in told["column"].items()}
    key = tuple(KeyPart(**part) for part in told["key"])
    size = 1
    for part in key:
        size *= part.size
    if size > _MOST or not columns.keys() >= {part.column for part in key}:
        raise ValueError(f"{kind}: the key is too wide or not among the columns")
    return MasterForm(
        kind=kind,
        letter=told.get("letter", ""),
        prefix=told.get("prefix", ""),
        ja=told["ja"],
        en=told["en"],
        source=told["source"],
        key=key,
        columns=MappingProxyType(columns),
        editions=tuple(_editions(told.get("edition", ()))),
        special=frozenset(told.get("special", ())),
        whole_rows=told.get("whole_rows"),
        repeats=told.get("repeats", False),
        named=tuple(told.get("named", ())),
        heading=told.get("heading", 0),
        claims=frozenset(told.get("claims", ())),
        group=Group(told.get("group", Group.OFFICIAL if told.get("edition") else Group.OWN)),
    )


def _column(name: str, fields: Mapping[str, Any], confidence: str) -> Column:
    return Column(
        name=name,
        no=fields.get("no", 0),
        ja=fields["ja"],
        form=Form(fields["form"]),
        confidence=fields.get("confidence", confidence),
    )


def _editions(told: Iterable[Mapping[str, Any]]) -> Iterable[Edition]:
    return (Edition(name=each["name"], columns=tuple(each["columns"])) for each in told)
