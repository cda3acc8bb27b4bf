"""How the values of an official list are written, and read back: full-width characters, Japanese years, numbers.

A form names for each of its columns one of the ways of this module (`as`). What is written and read again is the same
value, as far as the column has room for it. A date that somebody wrote otherwise is read all the same; what cannot be
read is given back as text.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date
from typing import Final

from seikyu.records import Month, era_text, eras, full_width, half_width, parse_date, parse_month

#: What stands in one place of a list. None and the empty text are written alike, and read as None.
Value = str | int | date | Month | None
Writer = Callable[[Value, int], str]
Reader = Callable[[str], Value]

_SPACE: Final = "　"
_TO_FULL: Final = {code: code + 0xFEE0 for code in range(0x21, 0x7F)} | {0x20: ord(_SPACE)}
_HALF_KANA: Final = re.compile(r"[｡-ﾟ]+")
_GAP: Final = re.compile(r"\s+")
_ERA_WORDS: Final = re.compile(r"(\D+?)(\d{1,2}|元)[年.](\d{1,2})[月.]?(?:(\d{1,2})日?)?")
_WESTERN: Final = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月]?(?:(\d{1,2})日?)?")
_NUMBER: Final = re.compile(r"[+-]?\d+")
_LONGEST_NUMBER: Final = 18


def widened(text: str) -> str:
    """Return a text in full-width characters.

    >>> widened("RE ﾐﾎﾝ 12")
    'ＲＥ　ミホン　１２'
    """
    return _HALF_KANA.sub(lambda kana: unicodedata.normalize("NFKC", kana[0]), text).translate(_TO_FULL)


def narrowed(text: str) -> str:
    """Return a text with its full-width letters, digits and signs half-width, and without spaces at its ends."""
    return unicodedata.normalize("NFKC", text).strip()


def write_value(way: str, value: Value, width: int) -> str:
    """Return a value as the list has it.

    Errors: KeyError for a way that this module does not know (a bug in a form).
    """
    writer = _WAYS[way][0]
    return "" if value is None else writer(value, width)


def read_value(way: str, text: str) -> Value:
    """Return the value that stands in a list; None for an empty place."""
    return _WAYS[way][1](text) if text.strip() else None


# --- texts ---


def _full(value: Value, width: int) -> str:
    return _cut(widened(str(value)), width)


def _half(value: Value, width: int) -> str:
    """Drop what is not half-width: the papers leave out a value of the wrong mode."""
    text = str(value)
    return _cut(text, width) if half_width(text.encode("cp932", "replace")) else ""


def _either(value: Value, width: int) -> str:
    """Cut by bytes, never through a character; drop a mixture."""
    coded = str(value).encode("cp932", "replace")
    if not (half_width(coded) or full_width(coded)):
        return ""
    return coded[:width].decode("cp932", "ignore") if width else str(value)


def _cut(text: str, width: int) -> str:
    return text[:width] if width else text


def _as_it_stands(text: str) -> Value:
    return text.strip()


# --- numbers ---


def _counted(value: Value, width: int) -> str:
    """Write a number with full-width spaces for the zeros in front."""
    return widened(str(value).lstrip("0").rjust(width))


def _number(text: str) -> Value:
    plain = narrowed(text).replace(",", "")
    return int(plain) if _NUMBER.fullmatch(plain) and len(plain) <= _LONGEST_NUMBER else plain


# --- dates ---


def _era_parts(value: Value) -> tuple[str, list[str]]:
    """Return the era's name, and year, month and perhaps day with spaces for zeros in front; nothing for no date."""
    if not isinstance(value, date | Month):
        return "", []
    try:
        digits = era_text(value)
    except ValueError:
        return "", []
    parts = [digits[at : at + 2] for at in range(1, len(digits), 2)]
    return eras()[digits[0]].ja, [widened(part.lstrip("0").rjust(2)) for part in parts]


def _in_words(value: Value, _: int) -> str:
    """Write 令和　８年　９月１０日."""
    era, parts = _era_parts(value)
    return era + "".join(part + sign for part, sign in zip(parts, "年月日", strict=False)) if era else _other(value)


def _with_points(value: Value, _: int) -> str:
    """Write 令和　８．　９．１０."""
    era, parts = _era_parts(value)
    return era + "．".join(parts) if era else _other(value)


def _other(value: Value) -> str:
    """Write what is no date as it is: a masked one, or one that could not be read."""
    return widened(value) if isinstance(value, str) else ""


def _in_digits(value: Value, width: int) -> str:
    if not isinstance(value, date | Month):
        return _half(value, width)
    try:
        return era_text(value)
    except ValueError:
        return ""


def _western(value: Value, width: int) -> str:
    return value.strftime("%Y%m%d") if isinstance(value, date) else _half(value, width)


def _read_date(text: str) -> Value:
    """Read a month or day in words, with points or in digits, of Japanese or western years."""
    plain = _GAP.sub("", narrowed(text))
    digits = _spelt(plain) or plain
    if (month := parse_month(digits)) is not None:
        return month.month
    day = parse_date(digits)
    return day.date if day else plain


def _spelt(plain: str) -> str:
    """Return the digits of a date in words, nothing if it is in none of the forms that we know."""
    if western := _WESTERN.fullmatch(plain):
        return "".join([western[1], *(part.zfill(2) for part in western.groups()[1:] if part)])
    found = _ERA_WORDS.fullmatch(plain)
    code = next((era.code for era in eras().values() if found and found[1] in {era.ja, era.letter}), None)
    if found is None or code is None:
        return ""
    year = "1" if found[2] == "元" else found[2]
    return "".join([code, *(part.zfill(2) for part in (year, *found.groups()[2:]) if part)])


_WAYS: Final[Mapping[str, tuple[Writer, Reader]]] = {
    "full": (_full, _as_it_stands),
    "full_code": (_full, narrowed),
    "half": (_half, narrowed),
    "either": (_either, _as_it_stands),
    "text": (lambda value, width: _cut(str(value), width), _as_it_stands),
    "number": (lambda value, _: str(value), _number),
    "counted": (_counted, _number),
    "era_month_words": (_in_words, _read_date),
    "era_day_words": (_in_words, _read_date),
    "era_month_points": (_with_points, _read_date),
    "era_day_points": (_with_points, _read_date),
    "era_month": (_in_digits, _read_date),
    "era_day": (_in_digits, _read_date),
    "western_day": (_western, _read_date),
    "none": (lambda _value, _width: "", narrowed),
}
