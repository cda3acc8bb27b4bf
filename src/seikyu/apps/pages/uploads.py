"""A form with a file in it (multipart/form-data), read flat: fields and small files, no part within a part.

Source: rfc7578:4.
"""

import re
from dataclasses import dataclass, field
from typing import Final

_BOUNDARY: Final = re.compile(r"""(?i)multipart/form-data\s*;\s*boundary=("?)([0-9A-Za-z'()+_,./:=?-]{1,70})\1\s*""")
_NAME: Final = re.compile(rb'(?im)^content-disposition:\s*form-data\s*;[^\r\n]*?\bname="([^"\r\n]{1,100})"')


#: A part with it holds a file, whatever it is called.
_FILE: Final = re.compile(rb"(?im)^content-disposition:[^\r\n]*;\s*filename\*?=")


@dataclass(frozen=True, slots=True)
class Sent:
    """What a form sends: fields, which are text, and files, which are bytes as they came."""

    fields: dict[str, str] = field(default_factory=dict, repr=False)
    files: dict[str, bytes] = field(default_factory=dict, repr=False)


def checked_text(text: str) -> str:
    """Return a text that was typed. Errors: ValueError for NUL, which nobody types and no database keeps."""
    if "\0" in text:
        raise ValueError("NUL in a field")
    return text


def boundary_of(content_type: str) -> bytes | None:
    """Return what stands between the parts; None for what is no such form.

    >>> boundary_of("multipart/form-data; boundary=xx"), boundary_of("text/plain")
    (b'xx', None)
    """
    found = _BOUNDARY.fullmatch(content_type.strip())
    return found[2].encode("ascii") if found else None


def read_parts(body: bytes, boundary: bytes, *, most: int) -> Sent:
    """Return what each field and each file holds, of those with one name the first.

    Errors: ValueError for what is no such form, has more than `most` parts, or has a field that is no text.
    """
    first, *parts = (b"\r\n" + body).split(b"\r\n--" + boundary)
    if first or not parts or not parts[-1].startswith(b"--") or len(parts) - 1 > most:
        raise ValueError("not a form of that kind")
    sent = Sent()
    for part in parts[:-1]:
        head, blank, content = part.partition(b"\r\n\r\n")
        name = _NAME.search(head)
        if not blank or not head.startswith(b"\r\n") or name is None:
            raise ValueError("a part without a name")
        if _FILE.search(head):
            sent.files.setdefault(name[1].decode("utf-8"), content)
        else:
            sent.fields.setdefault(checked_text(name[1].decode("utf-8")), checked_text(content.decode("utf-8")))
    return sent
