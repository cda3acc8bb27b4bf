"""What an item's bytes mean: a number, a date, a month, codes, or a text, by the kind of the item."""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from seikyu.records.characters import text_of
from seikyu.records.layout import Item, Kind
from seikyu.records.months import parse_date, parse_month
from seikyu.records.numbers import InsurerNumber

Reader = Callable[[bytes], Any]

#: An item of digits of free length is a number up to this width; a longer one is a name (search numbers have 30).
_NUMBER_WIDTH: Final = 10

_DIGITS: Final = re.compile(rb"[0-9]+")
_SIGNED: Final = re.compile(rb"-?[0-9]+")
_DECIMAL: Final = re.compile(rb"[0-9]+(?:\.[0-9]+)?")


def is_number(item: Item) -> bool:
    """True if the item's digits are an amount to reckon with, not a code or the name of something."""
    coded = item.codes or item.fixed or item.width > _NUMBER_WIDTH or item.name.endswith("_number")
    return item.kind is Kind.DIGITS and not coded


def reader_of(item: Item) -> Reader:
    """Return what makes a value of an item's bytes, where they are as the item's kind says.

    A number is an int, a decimal a Decimal, a day a date, a month a Month, codes are a tuple; all others are texts.
    """
    if is_number(item):
        return int
    return _READERS[item.kind](item)


def value_of(item: Item, data: bytes) -> Any:
    """Return the value of an item, whatever stands in it; None if it is empty or cannot be read.

    >>> from seikyu.records import layout_for
    >>> records = layout_for("medical", None).records
    >>> birth, points = records["RE"].by_name["birth_date"], records["HO"].by_name["total_points"]
    >>> value_of(birth, b"19800101"), value_of(points, b"291"), value_of(points, b"x")
    (datetime.date(1980, 1, 1), 291, None)
    """
    return safe_reader_of(item)(data)


def safe_reader_of(item: Item) -> Reader:
    """Return what makes a value of whatever stands in an item, None of what is empty or cannot be read."""
    form = (_SIGNED if item.signed else _DIGITS) if item.kind is Kind.DIGITS else _FORMS.get(item.kind)
    read = reader_of(item)
    if form is None:
        return lambda data: read(data) if data else None
    right = form.fullmatch
    return lambda data: read(data) if right(data) else None


_FORMS: Final[Mapping[Kind, re.Pattern[bytes]]] = {Kind.DECIMAL: _DECIMAL, Kind.CODES: _DIGITS}


def _plain(data: bytes) -> str:
    return data.decode("ascii", "replace")


def _date_of(data: bytes) -> Any:
    read = parse_date(data)
    return read and read.date


def _month_of(data: bytes) -> Any:
    read = parse_month(data)
    return read and read.month


def _code_list(item: Item) -> Reader:
    width = item.code_width or 1
    return lambda data: tuple(_plain(data[at : at + width]) for at in range(0, len(data), width))


_READERS: Final[Mapping[Kind, Callable[[Item], Reader]]] = {
    Kind.DIGITS: lambda _: _plain,
    Kind.DECIMAL: lambda _: lambda data: Decimal(_plain(data)),
    Kind.ALNUM: lambda _: _plain,
    Kind.KANJI: lambda _: text_of,
    Kind.TEXT: lambda _: text_of,
    Kind.DATE: lambda _: _date_of,
    Kind.MONTH: lambda _: _month_of,
    Kind.TIME: lambda _: _plain,
    Kind.PAYER_NUMBER: lambda _: lambda data: InsurerNumber(_plain(data)),
    Kind.CODES: _code_list,
}
