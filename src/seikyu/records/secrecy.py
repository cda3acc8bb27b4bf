"""Which values are masked wherever they are shown: those of personal items, and what a slip may have put elsewhere."""

import re
from typing import Final

from seikyu.records.layout import Item, Kind, Need

#: So many characters too many are a slip and no shift; a date of birth in an item of one digit has seven.
_OVERHANG: Final = 1

#: So many characters may tell of somebody: the shortest numbers of charts and cards. Fewer help nobody.
_TELLING: Final = 4

#: So many digits has the shortest of the official numbers of persons, a recipient's (受給者番号).
_NUMBER_OF_PERSON: Final = 7

#: What may stand in words of any length. Letters and digits (英数) are codes and numbers, and no words.
_PROSE: Final = frozenset({Kind.KANJI, Kind.TEXT})

_MASTER: Final = "master:"
_NUMBERS: Final = frozenset({Kind.DIGITS, Kind.DECIMAL, Kind.DATE, Kind.MONTH, Kind.TIME})
_NUMBER: Final = re.compile(r" *[-+]?[0-9.]* *")
#: A number of a payer, or one of NHI; a wrong one is mostly a digit short or a space in the wrong place.
_PAYER_NUMBER: Final = re.compile(r"[0-9]{8}| {0,2}[0-9]{6}")


def secret(item: Item, value: str) -> bool:
    """True if a value must be masked: in a personal item, or where a shift or a swap may have put a personal value.

    That shows as words, or as far too many characters, in an item of codes or numbers; as anything in an item that must
    be empty; and as a value that is long enough to tell of somebody and has not the form of its item.
    """
    if item.personal or (item.need is Need.NEVER and value):
        return True
    if item.kind in _PROSE:
        return False
    if not value.isascii() or (item.width and len(value) > item.width + _OVERHANG):
        return True
    return len(value) >= _TELLING and not _fits(item, value)


def _fits(item: Item, value: str) -> bool:
    """True if a value has the form of its item: its characters, and its length where that is fixed."""
    if item.kind is Kind.PAYER_NUMBER:
        return _PAYER_NUMBER.fullmatch(value) is not None
    if (item.codes or "").startswith(_MASTER) and value.isdigit():
        return True  # A digit more or less of a long code: what is wrong with it must be seen.
    if item.kind in _NUMBERS and _NUMBER.fullmatch(value) is None:
        return False
    return not item.fixed or len(value) == item.width or (item.kind in _NUMBERS and len(value) < _NUMBER_OF_PERSON)
