"""Is it a claim file at all? Other formats by their signature, other encodings by all of their bytes."""

import re
from codecs import getincrementaldecoder
from typing import Final

#: Signatures at the first byte. No claim file begins so: it begins with two capitals.
_SIGNATURES: Final = (
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG", "PNG"),
    (b"%PDF-", "PDF"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"\x1f\x8b", "gzip"),
)


def foreign_signature(head: bytes) -> str | None:
    """Return the name of another format or encoding that begins so, else None."""
    return next((name for signature, name in _SIGNATURES if head.startswith(signature)), None)


#: In Japanese text UTF-8 takes three bytes a character. A few of them may by chance be Shift_JIS as well (kanji of the
#: second level before half-width katakana); so many in a file, and not one byte against it, are no chance.
_CHARACTERS_ENOUGH: Final = 4
_THREE_BYTES: Final = re.compile("[\u0800-\uffff]")


class EncodingWatch:
    """Looks on while a file passes and tells at the end whether it is UTF-8 instead of Shift_JIS.

    It is if the bytes that are not ASCII form valid UTF-8, and either no valid Shift_JIS or several characters of three
    bytes: a short text may be both, and such a file must not be refused. A last character that is cut off does not
    count. Source: checks:X1004.
    """

    def __init__(self) -> None:
        self._utf8 = _Reading("utf-8")
        self._shift_jis = _Reading("shift_jis")

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes of the file."""
        if self._utf8.sound:  # Once it is not, nothing that follows can change the answer.
            self._utf8.feed(chunk)
            self._shift_jis.feed(chunk)

    @property
    def is_utf8(self) -> bool:
        """True if what has passed so far is UTF-8 and not Shift_JIS."""
        beyond_chance = not self._shift_jis.sound or self._utf8.three_bytes >= _CHARACTERS_ENOUGH
        return self._utf8.sound and self._utf8.beyond_ascii and beyond_chance


class _Reading:
    """An attempt to read the file in one encoding."""

    def __init__(self, encoding: str) -> None:
        self._decoder = getincrementaldecoder(encoding)()
        self._between_characters = True
        self.sound = True
        self.beyond_ascii = False
        self.three_bytes = 0

    def feed(self, chunk: bytes) -> None:
        if not self.sound or (self._between_characters and chunk.isascii()):
            return
        try:
            text = self._decoder.decode(chunk)
        except UnicodeDecodeError:
            self.sound = False
            return
        self._between_characters = not self._decoder.getstate()[0]
        self.beyond_ascii = self.beyond_ascii or not text.isascii()
        if self.three_bytes < _CHARACTERS_ENOUGH:
            self.three_bytes += len(_THREE_BYTES.findall(text))
