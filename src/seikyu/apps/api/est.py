"""EST (RFC 7030, with the clarifications of RFC 8951): certificates with `curl` and `openssl` alone.

| where | what | who |
|---|---|---|
| public face | `cacerts`, `csrattrs` | anybody |
| public face | `simpleenroll` | reference number and PIN (or recovery code) by HTTP Basic |
| desk | `cacerts`, `csrattrs`, `simplereenroll` | the certificate in hand |

Bodies are base64 of DER, with or without line ends; what a Content-Transfer-Encoding says is not looked at. A request
is answered at once: there is no 202. A failure is told as plain text in the asker's language; to a program that accepts
problems (RFC 9457), as one.

Of a request only its key counts, and a request that asks for another party, host or an authority is refused
(`trust.asking`). Requests are not linked to the line they come over (RFC 7030 §3.5): that is not possible with TLS 1.3.
"""

import asyncio
import binascii
from base64 import b64decode, encodebytes
from collections.abc import Callable
from functools import partial
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import serialize_certificates
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from seikyu.apps.api.bodies import UnsupportedMedia, body_of, stated_length
from seikyu.apps.api.identity import IDENTITY, require_own_page, who_asks
from seikyu.apps.api.limiter import Turnstile
from seikyu.apps.api.problems import MEDIA_TYPE as PROBLEM
from seikyu.apps.api.problems import Known, facts_of, problem
from seikyu.apps.outcomes import outcome_of
from seikyu.apps.words import accepted_language, error_words
from seikyu.limits import limit
from seikyu.office.errors import OfficeError
from seikyu.ports.errors import SeikyuError
from seikyu.services.applications import Enrolling
from seikyu.services.issuing import Handed, Proof, fetch, recover, renew
from seikyu.trust import UnknownCertificate
from seikyu.trust.asking import require_nothing_else, require_same_names, said_by
from seikyu.trust.certificates import BadRequestForCertificate, asked_by
from seikyu.trust.codes import CodeMistyped, read_code

ROOT: Final = "/.well-known/est"

_CERTS: Final = "application/pkcs7-mime; smime-type=certs-only"
_REQUEST: Final = "application/pkcs10"

#: What is told as it is; everything else is a bug, and passes on to the door.
_KNOWN: Final = (SeikyuError, OfficeError, UnknownCertificate, CodeMistyped, BadRequestForCertificate)

#: What asks for reference number and code.
_CHALLENGE: Final = {"WWW-Authenticate": 'Basic realm="issuance notice", charset="UTF-8"'}

#: Statuses that mean something else here than in the API.
_STATUSES: Final = {
    "code_mistyped": 401,
    "notice_closed": 403,
    "terminal_gone": 403,
    "bad_certificate_request": 400,
    "bad_holder": 403,
}

#: More characters than these in the header are no code.
_BASIC_CHARS: Final = 512


class NotAuthenticated(CodeMistyped):
    """Nobody said a reference number and a code."""

    def __init__(self) -> None:
        super().__init__("reference", "missing")


def public_est(enrolling: Enrolling, turnstile: Turnstile) -> list[Route]:
    """Return the routes of the face that needs no certificate."""

    async def enroll(request: Request) -> Response:
        try:
            proof, kind = _proof(request)
            der = await _request(request)
            handed = await turnstile.through(request, partial(_enrolled, enrolling, proof, kind, der))
        except _KNOWN as error:
            return _told(request, error)
        return _certificates([handed.der])

    return [*_open(enrolling), Route(ROOT + "/simpleenroll", enroll, methods=["POST"])]


def desk_est(enrolling: Enrolling) -> list[Route]:
    """Return the routes of the desk."""

    async def reenroll(request: Request) -> Response:
        try:
            require_own_page(request.scope)
            identity = await asyncio.to_thread(who_asks, enrolling.store, enrolling.register_clock, request.scope)
            request.scope.setdefault("state", {})[IDENTITY] = identity
            own: bytes = request.scope["extensions"]["tls"]["client_cert_der"]
            der = await _request(request)
            asked, names = asked_by(der), said_by(der)
            require_same_names(names, own)
            handed = await asyncio.to_thread(renew, enrolling, identity, asked)
        except _KNOWN as error:
            return _told(request, error)
        return _certificates([handed.der])

    return [*_open(enrolling), Route(ROOT + "/simplereenroll", reenroll, methods=["POST"])]


def _open(enrolling: Enrolling) -> list[Route]:
    """Return what anybody may ask."""

    async def cacerts(request: Request) -> Response:
        try:
            chain = await asyncio.to_thread(enrolling.authority.chain)
        except _KNOWN as error:
            return _told(request, error)
        return _certificates(chain)

    async def csrattrs(_request: Request) -> Response:
        # Any of the kinds of keys will do, and nothing else of a request counts: there is nothing to ask for.
        return Response(status_code=204)

    return [
        Route(ROOT + "/cacerts", cacerts, methods=["GET"]),
        Route(ROOT + "/csrattrs", csrattrs, methods=["GET"]),
    ]


def _enrolled(enrolling: Enrolling, proof: Proof, kind: str, der: bytes) -> Handed:
    """Errors: those of `fetch` and `recover`; BadRequestForCertificate."""
    asked, said = asked_by(der), said_by(der)
    act: Callable[..., Handed] = recover if kind == "recovery" else fetch
    return act(enrolling, proof, asked, vet=partial(require_nothing_else, said))


def _proof(request: Request) -> tuple[Proof, str]:
    """Return what stands in the header, and which kind of code it is. Errors: CodeMistyped."""
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic" or len(text) > _BASIC_CHARS:
        raise NotAuthenticated
    try:
        reference, colon, code = b64decode(text.strip(), validate=True).decode("utf-8").partition(":")
    except (binascii.Error, ValueError):
        raise NotAuthenticated from None
    if not colon or not reference:
        raise NotAuthenticated
    return Proof(reference, code), "recovery" if _is_long(code) else "pin"


def _is_long(code: str) -> bool:
    """True if a code has the length of a recovery code; a PIN is shorter."""
    try:
        read_code("recovery", code)
    except CodeMistyped as odd:
        return odd.facts["why"] == "check"
    return True


async def _request(request: Request) -> bytes:
    """Return the certification request of a body (DER).

    Errors: UnsupportedMedia, TooLong, LineBroken; BadRequestForCertificate.
    """
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != _REQUEST:
        raise UnsupportedMedia
    most = limit("certificate_request_bytes")
    stated_length(request.headers, limit_bytes=most)
    body = b"".join([piece async for piece in body_of(request, limit_bytes=most)])
    try:
        return b64decode(b"".join(body.split()), validate=True)
    except binascii.Error:
        raise BadRequestForCertificate("the body is not base64 of a request (PKCS#10, DER)") from None


def _certificates(ders: tuple[bytes, ...] | list[bytes]) -> Response:
    pkcs7 = serialize_certificates([x509.load_der_x509_certificate(each) for each in ders], Encoding.DER)
    headers = {"Content-Transfer-Encoding": "base64", "Cache-Control": "no-store", "Content-Type": _CERTS}
    return Response(encodebytes(pkcs7), headers=headers)


def _told(request: Request, error: Known) -> Response:
    """Return a failure as text."""
    facts = facts_of(error)
    if PROBLEM in request.headers.get("accept", ""):
        return problem(request, error.code, facts)
    status = _STATUSES.get(error.code, int(outcome_of(error.code).status))
    lang = accepted_language(request.headers.get("accept-language"))
    words = error_words("est_not_authenticated" if isinstance(error, NotAuthenticated) else error.code, lang, **facts)
    headers = {"Content-Language": lang, "Cache-Control": "no-store", "Vary": "Accept-Language, Accept"}
    if status == 401:  # noqa: PLR2004 - the status that the header belongs to
        headers |= _CHALLENGE
    if "retry_after_s" in facts:
        headers["Retry-After"] = str(facts["retry_after_s"])
    lines = [words.title, words.text, words.hint]
    return Response("\n".join(line for line in lines if line) + "\n", status, headers, "text/plain; charset=utf-8")
