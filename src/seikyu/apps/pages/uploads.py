"""A form with a file in it (multipart/form-data), read flat: fields and small files, no part within a part.

Source: rfc7578:4.
"""

import re
from typing import Final

_BOUNDARY: Final = re.compile(r"""(?i)multipart/form-data\s*;\s*boundary=("?)([0-9A-Za-z'()+_,./:=?-]{1,70})\1\s*""")
_NAME: Final = re.compile(rb'(?im)^content-disposition:\s*form-data\s*;[^\r\n]*?\bname="([^"\r\n]{1,100})"')


def boundary_of(content_type: str) -> bytes | None:
    """Return what stands between the parts; None for what is no such form.

    >>> boundary_of("multipart/form-data; boundary=xx"), boundary_of("text/plain")
    (b'xx', None)
    """
    found = _BOUNDARY.fullmatch(content_type.strip())
    return found[2].encode("ascii") if found else None


def read_parts(body: bytes, boundary: bytes, *, most: int) -> dict[str, str]:
    """Return what each field holds, of fields with one name the first.

    Shape: bytes that are no UTF-8 come as surrogates (`surrogateescape`), so that a file can be had back.
    Errors: ValueError for what is no such form, or has more than `most` fields.
    """
    first, *parts = (b"\r\n" + body).split(b"\r\n--" + boundary)
    if first or not parts or not parts[-1].startswith(b"--") or len(parts) - 1 > most:
        raise ValueError("not a form of that kind")
    typed: dict[str, str] = {}
    for part in parts[:-1]:
        head, blank, content = part.partition(b"\r\n\r\n")
        name = _NAME.search(head)
        if not blank or not head.startswith(b"\r\n") or name is None:
            raise ValueError("a part without a name")
        typed.setdefault(name[1].decode("utf-8", "replace"), content.decode("utf-8", "surrogateescape"))
    return typed
