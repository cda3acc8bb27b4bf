"""What a form sends, and how a page knows that the form was its own.

Three things keep a page of somebody else's from sending one: the browser says where the request comes from
(`require_own_page`), the cookie of a login does not travel with requests from elsewhere, and every form carries a token
that only a page of ours can have written: a keyed digest of a cookie of the same browser and of its login.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import Request

from seikyu.apps.api.bodies import body_of, stated_length
from seikyu.apps.api.identity import require_own_page
from seikyu.apps.pages.uploads import Sent, boundary_of, checked_text, read_parts
from seikyu.limits import limit
from seikyu.ports.errors import ProtocolError, SeikyuError

#: The field of the token.
TOKEN: Final = "token"  # noqa: S105  (the name of the field)

_MEDIA_TYPE: Final = "application/x-www-form-urlencoded"
#: What the cookie of a browser looks like that a page of ours has made.
_MARK: Final = re.compile(r"[0-9a-f]{32}")
MARK_BYTES: Final = 16


class FormOver(SeikyuError):
    """The form was not written by a page of ours for this browser and login; nothing was done (403)."""

    code = "form_over"


class NotAForm(ProtocolError):
    """The body is not what a form sends; nothing was done (400)."""

    code = "not_a_form"


class NotFilledIn(SeikyuError):
    """Something of the form is missing or cannot be taken; nothing was done (422). Shape: facts `said`, in words."""

    code = "not_filled_in"


async def read_form(request: Request, *, external_url: str | None = None) -> Sent:
    """Return what was typed, by the name of the field; of fields with one name the first.

    Whether the token fits is asked by `check_token`. Errors: ForeignPage, TooLong, NotAForm, LineBroken.
    """
    require_own_page(request.scope, external_url=external_url)
    most = limit("form_bytes")
    stated_length(request.headers, limit_bytes=most)
    said = request.headers.get("content-type", "")
    boundary = boundary_of(said)
    if boundary is None and said.split(";")[0].strip().lower() != _MEDIA_TYPE:
        raise NotAForm
    body = b"".join([piece async for piece in body_of(request, limit_bytes=most)])
    try:
        if boundary is not None:
            return read_parts(body, boundary, most=limit("form_fields"))
        pairs = parse_qsl(
            body.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=limit("form_fields")
        )
        sent = Sent()
        for name, value in pairs:
            sent.fields.setdefault(checked_text(name), checked_text(value))
    except ValueError:  # too many fields, or bytes that are no text
        raise NotAForm from None
    return sent


def token_for(key: bytes, *, face: str, mark: str, session: str) -> str:
    """Return the token of the forms of one browser and login."""
    return hmac.new(key, f"form|{face}|{mark}|{session}".encode(), hashlib.sha256).hexdigest()


def check_token(key: bytes, form: Mapping[str, str], *, face: str, mark: str, session: str) -> None:
    """Errors: FormOver, unless the form carries the token of this browser and login."""
    given = form.get(TOKEN, "").encode("utf-8", "surrogatepass")
    if not is_mark(mark) or not hmac.compare_digest(
        given, token_for(key, face=face, mark=mark, session=session).encode()
    ):
        raise FormOver


def is_mark(text: str) -> bool:
    """True if a cookie looks like one of ours."""
    return _MARK.fullmatch(text) is not None
