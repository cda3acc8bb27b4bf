"""Characters of a claim file: Shift_JIS with JIS X 0201 and JIS X 0208, and nothing beyond.

The specification names the edition of 1983. 凜 and 熙 came into the standard in 1990; both stand in people's names and
in every claims computer's character set, so they count as inside: in doubt, a right claim is not held up.

Text is looked at as bytes; it is decoded, leniently, only where somebody reads it.
"""

import re
from typing import Final

_HALF_WIDTH: Final = re.compile(rb"[\x20-\x7e\xa1-\xdf]*")
_FULL_WIDTH: Final = re.compile(rb"(?:[\x81-\x9f\xe0-\xfc][\x40-\x7e\x80-\xfc])*")
#: CR, LF and the end mark are the file's own; a reader of lines takes them away first.
_CONTROL: Final = re.compile(rb"[\x00-\x1f\x7f]")


def outside_jis(data: bytes) -> int | None:
    """Return where the first character outside JIS X 0201 and 0208 or half a double byte begins, else None.

    ①, 髙, emoji and user-defined characters are outside; half-width katakana is inside. Source: records:2.
    """
    if data.isascii():
        return None
    try:
        data.decode("shift_jis")
    except UnicodeDecodeError as reason:
        return reason.start
    return None


def control_byte(content: bytes) -> int | None:
    """Return where the first control byte of a line's content is, else None."""
    found = _CONTROL.search(content)
    return found.start() if found else None


def half_width(data: bytes) -> bool:
    """True if all characters are half-width (半角): one printable byte each."""
    return _HALF_WIDTH.fullmatch(data) is not None


def full_width(data: bytes) -> bool:
    """True if all characters are full-width (全角): two bytes each."""
    return _FULL_WIDTH.fullmatch(data) is not None


def text_of(data: bytes) -> str:
    """Return the text for a reader's eyes; what is no character shows as the replacement character."""
    return data.decode("cp932", "replace")


def masked(text: str) -> str:
    """Return a personal text so that only its length and widths are left.

    >>> masked("見本　太郎"), masked("ﾐﾎﾝ 12")
    ('＊＊＊＊＊', '******')
    """
    shown = "".join("*" if char.isascii() or "｡" <= char <= "ﾟ" else "＊" for char in text[:_MASK_CHARS])
    return shown if len(text) <= _MASK_CHARS else f"{shown}…({len(text)})"


#: So many characters are drawn before the mask is cut short and the length told instead.
_MASK_CHARS: Final = 40
