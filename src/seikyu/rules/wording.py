"""How a place that a rule found becomes a finding: words in two languages, personal values masked."""

import re
from typing import Final

from seikyu.records import Item, Kind, Need, masked
from seikyu.rules.finding import Finding, Refuses
from seikyu.rules.rule import Rule
from seikyu.rules.view import Claim, Phrase, Place

#: So many characters of a value are shown; enough for a name, too few for a page.
_SHOWN_CHARS: Final = 80

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


def finding_of(rule: Rule, place: Place, claim: Claim | None, *, show_personal: bool) -> Finding:
    """Return the finding of a rule at a place; of a claim's effect outside every claim nothing is left but to ask."""
    item = place.item
    hidden = item is not None and not show_personal and secret(item, place.value or "")
    refuses = rule.refuses
    if claim is None and refuses is Refuses.CLAIM:
        refuses = None
    english, japanese = _detail(place, hidden=hidden)
    return Finding(
        code=rule.code,
        level=rule.level,
        refuses=refuses,
        line=place.line,
        claim_no=claim.head["claim_no"] if claim else None,
        claim_index=claim.index if claim else None,
        record=place.record,
        item_no=item.no if item else None,
        item=item.name if item else None,
        item_ja=item.ja if item else None,
        value=_shown(place.value, hidden=hidden),
        message=rule.title + english,
        message_ja=rule.title_ja + japanese,
        source=rule.source,
    )


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


def _detail(place: Place, *, hidden: bool) -> tuple[str, str]:
    """Return the words behind the title: what is there and what was expected, unless that would tell a secret."""
    if hidden:
        return "", ""
    if place.note:
        return f": {place.note.en}", f"（{place.note.ja}）"
    found, expected = _both(place.found), _both(place.expected)
    if expected is None:
        return (f": is {found.en}", f"（記録：{found.ja}）") if found else ("", "")
    if found is None:
        return f": expected {expected.en}", f"（あるべき値：{expected.ja}）"
    return f": is {found.en}, expected {expected.en}", f"（記録：{found.ja}、あるべき値：{expected.ja}）"


def _both(text: str | Phrase | None) -> Phrase | None:
    """Return a value in both languages; what was read from a file is shown as it stands there."""
    if text is None or isinstance(text, Phrase):
        return text
    shown = plain(text)
    return Phrase(shown, shown)


def _shown(text: str | None, *, hidden: bool) -> str | None:
    """Return a value as it may be shown: masked if it is a secret, cut if long, without control characters."""
    if text is None:
        return None
    return masked(text) if hidden else plain(text)


def plain(text: str) -> str:
    """Return a text cut if long, without control characters."""
    shown = "".join(char if char.isprintable() else "�" for char in text[:_SHOWN_CHARS])
    return shown if len(text) <= _SHOWN_CHARS else shown + "…"
