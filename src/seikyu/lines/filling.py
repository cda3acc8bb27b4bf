"""Filling configuration files: a template, values, and one quoting for each format, so that no value breaks out.

A template is text with `@@name@@` where a value goes. A line that is only `@@for one in names@@`, `@@if name@@` or
`@@if not name@@` opens a block that ends with `@@end@@`; `number` counts the rounds of a `for` from 1. Nothing else is
special, so that every format keeps its own signs. Whoever writes a template writes no quotation marks around a place:
the format brings those that it needs.

A value is text, a whole number or a list of them; control characters go into no file. Where a format knows no way to
write a sign, the value is refused.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

Value = str | int | Sequence[str]

#: The longest text that goes into a file: names of interfaces and realms are far shorter.
VALUE_CHARS: Final = 255

_NUMBER: Final = "number"
_PLACE: Final = re.compile(r"@@([a-z][a-z0-9_]*)@@")
_BLOCK: Final = re.compile(
    r"\s*@@(?:(for) ([a-z][a-z0-9_]*) in ([a-z][a-z0-9_]*)|(if)(?: (not))? ([a-z][a-z0-9_]*))@@\s*"
)
_END: Final = re.compile(r"\s*@@end@@\s*")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
#: Names, addresses and prefixes: nothing that any of our formats could read as its own.
_PLAIN: Final = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9._:/~-]*|::(?:/[0-9]{1,3})?|::[0-9a-f:]+(?:/[0-9]{1,3})?|~[A-Za-z0-9.-]+"
)
#: As the kernel has them: up to 15 bytes. A star at the end is a pattern to nftables, so it is none of ours.
_INTERFACE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,14}")
#: Windows PowerShell ends a text in single quotation marks with any of these.
_SINGLE_QUOTES: Final = re.compile("(['‘’‚‛])")


class BadValue(ValueError):
    """A value cannot be written in that file. Shape: `name` is the place, `format` the file's."""

    code = "bad_line_value"

    def __init__(self, name: str, value: str, form: str) -> None:
        super().__init__(f"{name} cannot be written in a file of the format {form}")
        self.facts = {"name": name, "value": _CONTROL.sub("?", value)[:80], "format": form}


@dataclass(frozen=True, slots=True)
class Form:
    """A format: how it writes a value, and what stands between those of a list."""

    write: Callable[[str], str | None]
    between: str


def _plain(text: str) -> str | None:
    return text if _PLAIN.fullmatch(text) else None


def _nft(text: str) -> str | None:
    """Nftables has no way to write a quotation mark in a name."""
    return text if _PLAIN.fullmatch(text) or _INTERFACE.fullmatch(text) else None


def _keyfile(text: str) -> str:
    """As GLib reads it: a backslash begins an escape, and a blank at the front would go."""
    written = text.replace("\\", "\\\\")
    return "\\s" + written[1:] if written.startswith(" ") else written


def _double(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _powershell(text: str) -> str:
    return "'" + _SINGLE_QUOTES.sub(r"\1\1", text) + "'"


def _shell(text: str) -> str:
    return "'" + text.replace("'", "'\"'\"'") + "'"


def _phone_book(text: str) -> str | None:
    """A section's name ends with a bracket, and there is no escape."""
    return None if re.search(r"[\[\]=;]", text) else text


#: The formats by name. `text` is for people and takes what can be printed.
FORMS: Final[Mapping[str, Form]] = {
    "keyfile": Form(_keyfile, ";"),
    "ppp": Form(_double, " "),
    "swanctl": Form(_double, ", "),
    "nft": Form(_nft, ", "),
    "plain": Form(_plain, " "),
    "powershell": Form(_powershell, ", "),
    "shell": Form(_shell, " "),
    "phone_book": Form(_phone_book, ";"),
    "xml": Form(escape, ", "),
    "text": Form(str, ", "),
}

#: Formats where the parts of a list stand within one text; there they are addresses and names without odd signs.
_PLAIN_PARTS: Final = ("keyfile", "swanctl")


def fill(template: str, values: Mapping[str, Value], form: str) -> str:
    """Return the file.

    Errors: BadValue, if a value cannot be written in this format; KeyError for a place without a value (a bug).
    """
    return "".join(_lines(template.splitlines(keepends=True), values, form))


def places(template: str) -> set[str]:
    """Return the names that a template uses, those that a `for` brings left out."""
    used: set[str] = set(_PLACE.findall(template)) - {"end"}
    brought: set[str] = set()
    for line in template.splitlines():
        if found := _BLOCK.fullmatch(line):
            used.add(found[3] or found[6])
            brought |= {found[2], _NUMBER} if found[1] else set()
    return used - brought


def _lines(lines: Sequence[str], values: Mapping[str, Value], form: str) -> Iterator[str]:
    at = 0
    while at < len(lines):
        found = _BLOCK.fullmatch(lines[at])
        if found is None:
            yield _PLACE.sub(lambda place: _written(place[1], values[place[1]], form), lines[at])
            at += 1
            continue
        end = _end(lines, at)
        for inner in _rounds(found, values):
            yield from _lines(lines[at + 1 : end], inner, form)
        at = end + 1


def _rounds(found: re.Match[str], values: Mapping[str, Value]) -> Iterator[Mapping[str, Value]]:
    """Yield the values for each time that a block is written."""
    if found[1]:
        several = values[found[3]]
        if isinstance(several, str | int):
            raise TypeError(f"{found[3]} is no list")
        for number, one in enumerate(several, 1):
            yield {**values, found[2]: one, _NUMBER: number}
    elif bool(values[found[6]]) is not bool(found[5]):
        yield values


def _end(lines: Sequence[str], begin: int) -> int:
    """Return where the block ends that begins there. Errors: ValueError, if it does not (a bug)."""
    depth = 0
    for at in range(begin, len(lines)):
        if _BLOCK.fullmatch(lines[at]):
            depth += 1
        elif _END.fullmatch(lines[at]):
            depth -= 1
            if depth == 0:
                return at
    raise ValueError(f"a block has no end: {lines[begin].strip()}")


def _written(name: str, value: Value, form: str) -> str:
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, str):
        return _one(name, value, form)
    if form in _PLAIN_PARTS:
        parts = FORMS[form].between.join(_one(name, each, "plain") for each in value)
        return _double(parts) if form == "swanctl" else parts
    return FORMS[form].between.join(_one(name, each, form) for each in value)


def _one(name: str, text: str, form: str) -> str:
    written = None if _CONTROL.search(text) or len(text) > VALUE_CHARS else FORMS[form].write(text)
    if written is None:
        raise BadValue(name, text, form)
    return written
