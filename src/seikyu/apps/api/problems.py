"""Errors on the wire: RFC 9457 problems in the asker's language, and a plain page for a person with a browser."""

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final

import msgspec
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from seikyu.apps.logs import report_bug
from seikyu.apps.outcomes import outcome_of
from seikyu.apps.pages.frame import HEADERS, plain_page
from seikyu.apps.told import told_facts
from seikyu.apps.words import Language, accepted_language, error_words
from seikyu.office.errors import OfficeError
from seikyu.ports.errors import SeikyuError, Unavailable
from seikyu.trust import UnknownCertificate
from seikyu.trust.certificates import BadRequestForCertificate
from seikyu.trust.codes import CodeMistyped
from seikyu.trust.passwords import PasswordRefused
from seikyu.trust.people import PeopleError

MEDIA_TYPE: Final = "application/problem+json"

#: Where a request keeps the number of the bug that ended it, in `scope["state"]`.
BUG: Final = "seikyu_bug"

#: The errors that have a text of their own; everything else is a bug.
Known = (
    SeikyuError | OfficeError | UnknownCertificate | PeopleError | PasswordRefused | CodeMistyped
    | BadRequestForCertificate
)  # fmt: skip

_LANGUAGES: Final[tuple[Language, ...]] = ("ja", "en")

_STATUS_CODES: Final = {404: "not_found", 405: "method_not_allowed"}


def problem(
    request: Request,
    code: str,
    facts: Mapping[str, Any] | None = None,
    *,
    words_code: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return the problem of `code`, worded for who asks. The facts are members of the problem.

    `words_code` is which texts tell it, where a code has several.
    """
    facts = facts or {}
    status = int(outcome_of(code).status)
    lang = accepted_language(request.headers.get("accept-language"))
    extra = {"Content-Language": lang, "Vary": "Accept-Language, Accept", "Cache-Control": "no-store"}
    if "retry_after_s" in facts:
        extra["Retry-After"] = str(facts["retry_after_s"])
    extra.update(headers or {})
    if wants_page(request):
        return Response(problem_page(code, facts), status, {**HEADERS, **extra}, "text/html; charset=utf-8")
    return Response(problem_document(code, facts, lang, words_code=words_code), status, extra, MEDIA_TYPE)


def problem_document(code: str, facts: Mapping[str, Any], lang: Language, *, words_code: str | None = None) -> bytes:
    """Return the problem of `code` as JSON."""
    words = error_words(words_code or code, lang, **told_facts(facts, lang))
    members = {name: _member(value) for name, value in facts.items() if name != "message"}
    body = members | {
        "type": f"urn:seikyu:problem:{code}",
        "title": words.title,
        "status": int(outcome_of(code).status),
        "detail": words.text,
        "code": code,
        "hint": words.hint,
    }
    return msgspec.json.encode(body)


def problem_page(code: str, facts: Mapping[str, Any]) -> str:
    """Return the problem of `code` as a page for a person."""
    ja, en = (error_words(outcome_of(code).code, lang, **told_facts(facts, lang)) for lang in _LANGUAGES)
    return plain_page({"ja": (ja.title, ja.text, ja.hint), "en": (en.title, en.text, en.hint)})


def facts_of(error: Known) -> dict[str, Any]:
    """Return what the texts of an error are filled with."""
    facts: dict[str, Any] = {"message": str(error), **error.facts}
    if isinstance(error, Unavailable):
        facts["retry_after_s"] = error.retry_after_s
        if error.retry_at is not None:
            facts["retry_at"] = error.retry_at
    return facts


async def answer_known(request: Request, error: Exception) -> Response:
    """Answer an error that has a code."""
    if not isinstance(error, Known):
        return await answer_bug(request, error)
    return problem(request, error.code, facts_of(error), words_code=getattr(error, "words_code", None))


async def answer_http(request: Request, error: Exception) -> Response:
    """Answer what the routing found wrong: an address or a method that is not there."""
    if not isinstance(error, HTTPException):
        return await answer_bug(request, error)
    code = _STATUS_CODES.get(error.status_code, "bad_request")
    facts = {"message": HTTPStatus(error.status_code).phrase}
    return problem(request, code, facts, headers=error.headers)


async def answer_unread(request: Request, error: Exception) -> Response:
    """Answer parameters that cannot be read: which ones and what is expected, never their values.

    What has not even the form of an id is the id of nothing.
    """
    if not isinstance(error, RequestValidationError):
        return await answer_bug(request, error)
    if any(each["loc"][0] == "path" for each in error.errors()):
        return problem(request, "not_found")
    told = [(".".join(str(part) for part in each["loc"][1:]) or "body", each["msg"]) for each in error.errors()]
    names = [name for name, _ in told]
    message = "; ".join(f"{name}: {text[:1].lower()}{text[1:]}" for name, text in told)
    return problem(request, "bad_request", {"message": message, "parameters": names})


async def answer_bug(request: Request, error: BaseException) -> Response:
    """Answer a fault of ours: log it under a number, and tell the outside only that number.

    An error passes several doors on its way out; the first of them has logged it.
    """
    state = request.scope.setdefault("state", {})
    if BUG not in state:
        state[BUG] = report_bug(error)
    return problem(request, "bug", {"number": state[BUG]})


def wants_page(request: Request) -> bool:
    """Return whether a person with a browser asks: HTML is named before JSON or anything."""
    first = request.headers.get("accept", "").split(",")[0].split(";")[0].strip().lower()
    return first in {"text/html", "application/xhtml+xml"}


def _member(value: Any) -> Any:
    """Return a fact as JSON carries it."""
    if isinstance(value, datetime):
        return value.isoformat()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple | set | frozenset):
        return [_member(each) for each in value]
    return str(value)
