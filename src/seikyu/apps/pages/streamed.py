"""A form with large files, read as it comes off the line: fields first, then file after file, none of them held whole.

`python_multipart` finds the parts; here they become one thing after another, so that a file's bytes go straight to who
stores them. A sender that is too slow, too long or breaks off is seen by who reads the body (`api.bodies`).

Source: rfc7578:4.
"""

import re
import unicodedata
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Final

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from seikyu.apps.pages.forms import NotAForm
from seikyu.limits import KIB, limit
from seikyu.ports.errors import TooLong

#: A header of a part: a name of 255 characters in UTF-8, percent-encoded, and what stands around it.
_HEADER_BYTES: Final = 4 * KIB
_HEADERS: Final = 8
_NAME_CHARS: Final = 255


@dataclass(frozen=True, slots=True)
class Field:
    """A field and what was typed into it."""

    name: str
    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class FileBegins:
    """A file whose bytes come next. Shape: `file_name` is the last part of what the sender said, in one line."""

    name: str
    file_name: str


class StreamedForm:
    """One form on its way in. Ask for what comes `next`; of a file read the `content` before asking again."""

    def __init__(self, pieces: AsyncIterator[bytes], boundary: bytes) -> None:
        self._pieces = pieces
        self._come: deque[Field | FileBegins | bytes | None] = deque()
        self._parts = 0
        self._left = limit("form_bytes")
        self._ended = False
        self._in_file = False
        self._head = _Head()
        self._typed = bytearray()
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._part_begins,
                "on_header_field": lambda data, start, end: self._head.named(data[start:end]),
                "on_header_value": lambda data, start, end: self._head.said(data[start:end]),
                "on_header_end": self._head_end,
                "on_headers_finished": self._headers_finished,
                "on_part_data": lambda data, start, end: self._data(data[start:end]),
                "on_part_end": self._part_ends,
                "on_end": self._end,
            },
            max_header_count=_HEADERS,
            max_header_size=_HEADER_BYTES,
        )

    async def next(self) -> Field | FileBegins | None:
        """Return what comes next, None at the end; what is left of a file is passed over.

        Errors: NotAForm, TooLong, and whatever the line raises (LineBroken).
        """
        while True:
            while not self._come:
                if self._ended:
                    return None
                await self._pull()
            one = self._come.popleft()
            if isinstance(one, Field | FileBegins):
                return one

    async def content(self) -> AsyncIterator[bytes]:
        """Yield the bytes of the file that has begun. Errors: as `next`."""
        while True:
            while not self._come:
                await self._pull()
            one = self._come.popleft()
            if one is None:
                return
            if isinstance(one, bytes):
                yield one

    async def _pull(self) -> None:
        """Take the next piece of the body apart."""
        try:
            piece = await anext(self._pieces, None)
            if piece is None:
                raise NotAForm  # The body is whole, and no form's end was seen.
            self._parser.write(piece)
        except (FormParserError, ValueError):
            raise NotAForm from None

    def _part_begins(self) -> None:
        self._parts += 1
        if self._parts > limit("form_fields") + limit("files_per_sending"):
            raise NotAForm
        self._head = _Head()
        self._typed.clear()

    def _head_end(self) -> None:
        self._head.ended()

    def _headers_finished(self) -> None:
        self._in_file = self._head.file_name is not None
        if self._in_file:
            self._come.append(FileBegins(self._head.name, plain_name(self._head.file_name or "")))

    def _data(self, data: bytes) -> None:
        if self._in_file:
            self._come.append(data)
            return
        self._left -= len(data)
        if self._left < 0:
            raise TooLong(limit_bytes=limit("form_bytes"))
        self._typed += data

    def _part_ends(self) -> None:
        if self._in_file:
            self._come.append(None)
        else:
            self._come.append(Field(self._head.name, self._typed.decode("utf-8").replace("\0", "")))

    def _end(self) -> None:
        self._ended = True


@dataclass(slots=True)
class _Head:
    """The header of a part, as it comes."""

    name: str = ""
    file_name: str | None = None
    _field: bytearray = field(default_factory=bytearray)
    _value: bytearray = field(default_factory=bytearray)

    def named(self, data: bytes) -> None:
        self._field += data

    def said(self, data: bytes) -> None:
        self._value += data

    def ended(self) -> None:
        """Take the header in. Errors: ValueError for a part without a name, or with one that is no text."""
        if self._field.lower() == b"content-disposition":
            kind, options = parse_options_header(bytes(self._value))
            if kind != b"form-data" or b"name" not in options:
                raise ValueError("a part without a name")
            self.name = options[b"name"].decode("utf-8")
            if b"filename" in options:
                self.file_name = options[b"filename"].decode("utf-8", "replace")
        self._field.clear()
        self._value.clear()


def plain_name(said: str) -> str:
    r"""Return a file's own name, without its way there and without what no name has.

    >>> plain_name(r"C:\fakepath\..\RECEIPTC.UKE"), plain_name("../../etc/passwd"), plain_name("a\x00\nb")
    ('RECEIPTC.UKE', 'passwd', 'ab')
    >>> plain_name("..")
    ''
    """
    last = re.split(r"[/\\]", said)[-1]
    kept = "".join(char for char in last if unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co"}).strip()
    return "" if set(kept) <= {"."} else kept[-_NAME_CHARS:]
