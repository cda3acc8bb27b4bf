"""The second factor: a code of six digits that changes every 30 seconds (TOTP, with SHA-1 as all apps have it).

A code is good for its own step and one on either side, for clocks that are a little off, and only once: whoever looks
over a shoulder cannot use it again. Digits may be typed in full width, and with blanks as apps show them.

Source: rfc6238:4; rfc4226:5.3.
"""

import base64
import hashlib
import hmac
import re
import unicodedata
from datetime import datetime
from typing import Final

STEP_S: Final = 30
DIGITS: Final = 6
#: RFC 4226, section 4, R6: the secret should have 160 bits.
SECRET_BYTES: Final = 20
#: How many steps a clock may be off.
_DRIFT: Final = 1
_CODE: Final = re.compile(r"[0-9]{6}")
#: More characters than this are no code, whatever they are.
_TYPED_CHARS: Final = 32
#: What stands for itself in an address (RFC 3986, unreserved).
_PLAIN: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


def code_at(secret: bytes, step: int) -> str:
    """Return the code of a step.

    >>> code_at(b"12345678901234567890", 59 // 30)
    '287082'
    """
    digest = hmac.digest(secret, step.to_bytes(8, "big"), hashlib.sha1)
    at = digest[-1] & 15
    number = int.from_bytes(digest[at : at + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}d}"


def fitting_step(secret: bytes, code: str, now: datetime, *, last_step: int | None) -> int | None:
    """Return the step that a code belongs to, or None if it fits none, or none after `last_step` (it was used).

    Every step is compared, whatever fitted before, and each comparison takes the same time.
    """
    present = int(now.timestamp()) // STEP_S
    plain = "".join(unicodedata.normalize("NFKC", code[: _TYPED_CHARS + 1]).split())
    given = plain if len(code) <= _TYPED_CHARS and _CODE.fullmatch(plain) else "-" * DIGITS
    found: int | None = None
    for step in range(present - _DRIFT, present + _DRIFT + 1):
        fits = hmac.compare_digest(code_at(secret, step), given)
        if fits and (last_step is None or step > last_step):
            found = step
    return found


def as_letters(secret: bytes) -> str:
    """Return a secret as people type it into their app: letters and digits of base 32."""
    return base64.b32encode(secret).decode("ascii").rstrip("=")


def uri_of(secret: bytes, *, user: str, issuer: str) -> str:
    """Return what the square code says that an app reads. It holds the secret: shown once, never logged.

    >>> uri_of(b"12345678901234567890", user="hanako", issuer="1")
    'otpauth://totp/1:hanako?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=1&digits=6&period=30'
    """
    label, letters = f"{_escaped(issuer)}:{_escaped(user)}", as_letters(secret)
    return f"otpauth://totp/{label}?secret={letters}&issuer={_escaped(issuer)}&digits={DIGITS}&period={STEP_S}"


def _escaped(text: str) -> str:
    """Return a text for an address: every byte but letters, digits and four signs as a percent sign and two digits."""
    return "".join(chr(byte) if byte in _PLAIN else f"%{byte:02X}" for byte in text.encode())
