"""`POST /cert/fetch`: a certificate for a program, with the reference number and the PIN of an issuance notice.

Reference number and PIN come as user and password of HTTP's Basic scheme, over TLS, and nowhere else. What is wanted
says Accept:

- `application/pem-certificate-chain` (or anything): the body is a certification request (PKCS#10, PEM or DER); the
  answer is its certificate and those above it, as PEM. The key stays where it was made.
- `application/pkix-cert`: the same, and the answer is the certificate alone, as DER.
- `application/x-pkcs12`: the body is the password for the file, chosen by who asks; the answer is a new key with its
  certificate. The office keeps no copy of the key.

The same request for a certificate gets the same certificate again.

Source: rfc2986:4, rfc7292:4, rfc7617:2, network:7.
"""

from base64 import b64decode
from collections.abc import Callable
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from seikyu.adapters.authority import new_key, packed, pem_of
from seikyu.apps.api.bodies import body_of, stated_length
from seikyu.apps.api.limiter import Turnstile
from seikyu.apps.api.problems import facts_of, problem
from seikyu.limits import limit
from seikyu.ports.enrolment import IssuanceNotice
from seikyu.ports.errors import BadRequest
from seikyu.services.applications import Enrolling
from seikyu.services.issuing import CodeRefused, Handed, Proof, fetch_looked_at, look
from seikyu.trust.certificates import asked_by, asked_for
from seikyu.trust.codes import CodeMistyped

PATH: Final = "/cert/fetch"

PKCS12_TYPE: Final = "application/x-pkcs12"
CHAIN_TYPE: Final = "application/pem-certificate-chain"
CERTIFICATE_TYPE: Final = "application/pkix-cert"

#: A password of a file that was chosen by hand: its key is as safe as this is long.
PASSWORD_CHARS: Final = range(12, 129)

_CHALLENGE: Final = {"WWW-Authenticate": 'Basic realm="issuance notice", charset="UTF-8"'}


def fetch_routes(enrolling: Enrolling, turnstile: Turnstile) -> list[Route]:
    """Return the way for programs."""

    async def by_post(request: Request) -> Response:
        most = limit("csr_bytes")
        stated_length(request.headers, limit_bytes=most)
        try:
            proof = _proof_of(request)
            body = b"".join([piece async for piece in body_of(request, limit_bytes=most)])
            act = _act(enrolling, proof, wanted=_wanted(request), body=body)
            return await turnstile.through(request, act)
        except (CodeRefused, CodeMistyped) as error:
            # 401 has to say how one proves oneself (RFC 9110, 11.6.1); 422 says it to programs all the same.
            return problem(request, error.code, facts_of(error), headers=_CHALLENGE)

    return [Route(PATH, by_post, methods=["POST"])]


def attachment(content: bytes, media_type: str, *, name: str, handed: Handed) -> Response:
    """Return a certificate as an answer: to be saved, and kept by nobody on the way."""
    headers = {
        "Cache-Control": "no-store",
        "Content-Disposition": f'attachment; filename="{name}"',
        "X-Content-Type-Options": "nosniff",
        "Seikyu-Serial": handed.serial,
        "Seikyu-Not-After": handed.not_after.isoformat(),
        "Seikyu-Again": "true" if handed.again else "false",
    }
    return Response(content, 200, headers, media_type)


def chain_file(handed: Handed, notice: IssuanceNotice) -> Response:
    """Return a certificate with those above it, but for the root, which whoever trusts it has already."""
    return attachment(pem_of((handed.der, *handed.chain[:-1])), CHAIN_TYPE, name=f"{notice.party}.pem", handed=handed)


def key_file(handed: Handed, notice: IssuanceNotice, key: EllipticCurvePrivateKey, *, password: str) -> Response:
    """Return a key with its certificate as one file to import; stores show it by party and terminal."""
    name = f"{notice.party} {notice.terminal}"
    content = packed(key, handed.der, handed.chain, name=name, password=password)
    return attachment(content, PKCS12_TYPE, name=f"{notice.party}.p12", handed=handed)


def _act(enrolling: Enrolling, proof: Proof, *, wanted: str, body: bytes) -> Callable[[], Response]:
    """Return what hands the certificate out. Errors: BadRequest for a password that is none."""
    password = _password_of(body) if wanted == PKCS12_TYPE else ""

    def act() -> Response:
        if wanted == PKCS12_TYPE:
            notice, key = look(enrolling, proof), new_key()
            asked = asked_for(key.public_key())
            handed = fetch_looked_at(enrolling, notice.id, asked, opened_at=notice.opened_at)
            return key_file(handed, notice, key, password=password)
        asked = asked_by(body)  # What cannot be read costs no try.
        notice = look(enrolling, proof)
        handed = fetch_looked_at(enrolling, notice.id, asked, opened_at=notice.opened_at)
        if wanted == CERTIFICATE_TYPE:
            return attachment(handed.der, CERTIFICATE_TYPE, name=f"{notice.party}.cer", handed=handed)
        return chain_file(handed, notice)

    return act


def _wanted(request: Request) -> str:
    """Return which of the three is wanted: the first of them that Accept names."""
    for part in request.headers.get("accept", "").split(","):
        media_type = part.split(";")[0].strip().lower()
        if media_type in {PKCS12_TYPE, CERTIFICATE_TYPE, CHAIN_TYPE}:
            return media_type
    return CHAIN_TYPE


def _proof_of(request: Request) -> Proof:
    """Return reference number and PIN. Errors: CodeRefused, if the request has none of them; nothing counts then."""
    scheme, _, told = request.headers.get("authorization", "").partition(" ")
    try:
        if scheme.lower() != "basic":
            raise CodeRefused("no reference number and PIN")
        reference, colon, pin = b64decode(told.strip(), validate=True).decode().partition(":")
    except ValueError:
        raise CodeRefused("what was told cannot be read") from None
    if not colon:
        raise CodeRefused("no PIN")
    return Proof(reference, pin)


def _password_of(body: bytes) -> str:
    """Return the password for the file. Errors: BadRequest; it is not shown."""
    try:
        password = body.decode("ascii").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        password = ""
    if len(password) not in PASSWORD_CHARS or not password.isprintable():
        raise BadRequest("the body is the password for the file: 12 to 128 printable ASCII characters")
    return password
