"""The offending place under a caret: the line of the file as it may be shown, and a mark below the item.

Personal items are masked; a long line is cut down around the place. Places are counted in columns of a terminal, of
which a full-width character takes two.
"""

import unicodedata
from collections.abc import Sequence
from typing import Final

from seikyu.records import Layout, masked, secret, text_of
from seikyu.rules.finding import Finding
from seikyu.rules.wording import plain

#: So many columns of the line are shown; with the indent they fit a usual terminal.
COLUMNS: Final = 96
_CUT: Final = "…"
_MARK: Final = "^"
_ID_BYTES: Final = 2


def pointed(
    content: bytes, finding: Finding, layout: Layout | None, *, show_personal: bool = False, columns: int = COLUMNS
) -> tuple[str, str]:
    """Return a line of the file for a reader's eyes, and the line of carets that belongs below it.

    Shape: `content` is the line without its end. The caret stands under the finding's item; under the record's
    identification if the finding is about the whole record; behind the line if the item is not there.
    """
    texts = _shown(content.split(b","), layout, show_personal=show_personal)
    at = (finding.item_no or 1) - 1
    if at >= len(texts):
        shown = _around(texts, len(texts) - 1, columns)[0]
        return shown, " " * width(shown) + _MARK
    shown, before = _around(texts, at, columns)
    return shown, " " * before + _MARK * max(1, width(_clipped(texts[at], columns)))


def width(text: str) -> int:
    """Return how many columns of a terminal a text takes.

    >>> width("見本 12"), width("ﾐﾎﾝ")
    (7, 3)
    """
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def _shown(items: Sequence[bytes], layout: Layout | None, *, show_personal: bool) -> list[str]:
    """Return the items as they may be shown. What no layout describes may be anybody's, and is masked."""
    rid = items[0].decode("ascii", "replace")
    record = layout.records.get(rid) if layout else None
    shown = []
    for no, value in enumerate(items, start=1):
        text = text_of(value)
        item = record.item(no) if record else None
        known = len(rid) == _ID_BYTES and rid.isalnum() if no == 1 else item is not None and not secret(item, text)
        shown.append(plain(text) if known or show_personal else masked(text))
    return shown


def _around(texts: Sequence[str], at: int, columns: int) -> tuple[str, int]:
    """Return the items that fit around one of them, joined, and how many columns stand before it."""
    first = last = at
    room = columns - width(_clipped(texts[at], columns))
    more = True
    while more:
        more = False
        if last + 1 < len(texts) and width(texts[last + 1]) + 1 <= room:
            last, more = last + 1, True
            room -= width(texts[last]) + 1
        if first > 0 and width(texts[first - 1]) + 1 <= room:
            first, more = first - 1, True
            room -= width(texts[first]) + 1
    head = _head(texts, first)
    before = [*head, *texts[first:at]]
    after = [*texts[at + 1 : last + 1], *([_CUT] if last + 1 < len(texts) else [])]
    shown = ",".join([*before, _clipped(texts[at], columns), *after])
    return shown, width(",".join(before)) + bool(before)


def _head(texts: Sequence[str], first: int) -> list[str]:
    """Return what stands for the items that are left out in front: always the record's identification."""
    if first == 0:
        return []
    return [texts[0]] if first == 1 else [texts[0], _CUT]


def _clipped(text: str, columns: int) -> str:
    """Return the item itself; of one that is very long, its beginning."""
    most = columns // 2
    if width(text) <= most:
        return text
    while width(text) > most - 1:
        text = text[:-1]
    return text + _CUT
