"""Forms (様式集): papers that are filled in on screen and printed; nothing of what is filled in is kept anywhere.

Each form is a file of `blank_forms_data/`: what it is for, to whom it goes and by when, the act on the portal that does
the same where there is one, and its sections of fields, which stand on the paper in the order of the file, two in a
row where both are `half`. Labels are in both languages; a paper is set in one.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from tomllib import loads
from typing import Any, Final

from seikyu.office.inquiries import is_line, is_text, plain

_TEXT_CHARS: Final = 60
_LINE_CHARS: Final = 50
_PHONE: Final = re.compile(r"0[0-9]{1,4}-?[0-9]{1,4}-?[0-9]{3,4}")
_NUMBER: Final = re.compile(r"[0-9]{1,12}")
_MONTH: Final = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])")
_CHECKED: Final = "yes"

#: What a field can be. A report is a doctor's report, whose findings are written on the paper.
KINDS: Final = ("text", "lines", "date", "month", "number", "phone", "choice", "tick", "report")


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several that a field can be."""

    name: str
    ja: str
    en: str


@dataclass(frozen=True, slots=True)
class PaperField:
    """A field. Shape: `kind` is one of `KINDS`; `form` is a pattern of the whole text, or empty; `lines` its height."""

    name: str
    ja: str
    en: str
    kind: str
    need: bool = False
    half: bool = False
    chars: int = _TEXT_CHARS
    lines: int = 1
    form: str = ""
    personal: bool = False
    choices: tuple[Choice, ...] = ()

    @property
    def most_chars(self) -> int:
        """The longest text that it takes."""
        return self.lines * _LINE_CHARS if self.kind == "lines" else self.chars


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a paper with a head of its own."""

    ja: str
    en: str
    fields: tuple[PaperField, ...]


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence at the foot."""

    ja: str
    en: str


@dataclass(frozen=True, slots=True)
class PaperForm:
    """A form (様式). Shape: `act` is the address of the act on the portal that does the same, or empty."""

    id: str
    order: int
    ja: str
    en: str
    to_ja: str
    to_en: str
    lead_ja: str
    lead_en: str
    by_ja: str
    by_en: str
    send_ja: str
    send_en: str
    act: str
    act_ja: str
    act_en: str
    source: str
    sections: tuple[Section, ...]
    notes: tuple[Note, ...] = ()

    def fields(self) -> Mapping[str, PaperField]:
        """Return the fields by name, in the order of the paper."""
        return {field.name: field for section in self.sections for field in section.fields}


@dataclass(frozen=True, slots=True)
class Filled:
    """What was filled in. Shape: `wrong` names fields, each with why: missing, form, long, date, choice."""

    said: Mapping[str, str]
    wrong: Mapping[str, str]


@cache
def paper_forms() -> Mapping[str, PaperForm]:
    """Return the forms by id, in the order of the page."""
    folder = files("seikyu.office") / "blank_forms_data"
    read = [
        _form(file.name.removesuffix(".toml"), loads(file.read_text("utf-8")))
        for file in folder.iterdir()
        if file.name.endswith(".toml")
    ]
    return {form.id: form for form in sorted(read, key=lambda form: form.order)}


def fill(form: PaperForm, said: Mapping[str, str]) -> Filled:
    """Return what was said of a form's fields, blanks at the ends gone, with what is wrong; no other names."""
    known = {field.name: plain(said.get(field.name, "")) for field in form.fields().values() if field.kind != "report"}
    given = {name: text for name, text in known.items() if text}
    wrong = {}
    for field in form.fields().values():
        text = given.get(field.name, "")
        why = ("missing" if field.need else "") if not text else _judged(field, text)
        if why:
            wrong[field.name] = why
    return Filled(given, wrong)


def rows_of(section: Section) -> list[tuple[PaperField, ...]]:
    """Return the fields as they stand: two in a row where both are half as wide."""
    rows: list[tuple[PaperField, ...]] = []
    for field in section.fields:
        if field.half and rows and len(rows[-1]) == 1 and rows[-1][0].half:
            rows[-1] = (rows[-1][0], field)
        else:
            rows.append((field,))
    return rows


def _judged(field: PaperField, text: str) -> str:
    """Return why a text cannot stand in a field; empty if it can."""
    most, judge = field.most_chars, _JUDGES.get(field.kind)
    if len(text) > most:
        return "long"
    if field.kind == "lines":
        return "" if is_text(text, chars=most) and text.count("\n") < field.lines else "long"
    if not is_line(text, chars=most):
        return "form"
    if judge is not None:
        return str(judge(field, text))
    return "" if not field.form or re.fullmatch(field.form, text) else "form"


def _date(field: PaperField, text: str) -> str:
    del field
    try:
        return "" if date.fromisoformat(text).isoformat() == text else "date"
    except ValueError:
        return "date"


def _matching(pattern: re.Pattern[str], why: str) -> Any:
    return lambda _field, text: "" if pattern.fullmatch(text) else why


_JUDGES: Final[Mapping[str, Any]] = {
    "date": _date,
    "month": _matching(_MONTH, "date"),
    "number": _matching(_NUMBER, "form"),
    "phone": _matching(_PHONE, "form"),
    "choice": lambda field, text: "" if text in {each.name for each in field.choices} else "choice",
    "tick": lambda _field, text: "" if text == _CHECKED else "choice",
}


def _form(id_: str, row: dict[str, Any]) -> PaperForm:
    sections = tuple(_section(each) for each in row.pop("sections"))
    notes = tuple(Note(**each) for each in row.pop("notes", ()))
    return PaperForm(id=id_, sections=sections, notes=notes, **row)


def _section(row: Mapping[str, Any]) -> Section:
    return Section(row["ja"], row["en"], tuple(_fields(row["fields"])))


def _fields(rows: Iterable[dict[str, Any]]) -> Iterable[PaperField]:
    for row in rows:
        choices = tuple(Choice(**each) for each in row.get("choices", ()))
        yield PaperField(**row | {"choices": choices})
