"""Signed requests as ACME carries them: one JWS in flattened JSON form, and the keys that may sign it.

What a request may be signed with is decided by the key, never by the request: each kind of key has one algorithm, and
"none", a MAC in place of a signature, or another hash are refused before anything is computed. Nothing outside the
protected header counts; it must not even be there.

No library is used for this but `cryptography`: this room may have no other, and what general libraries for JOSE are
good at (headers of the sender's choice, keys by address, compression) is what ACME forbids.

Source: rfc8555:6.2, 7.3.4, 7.3.5; rfc7515; rfc7518:3; rfc7638; rfc8037.
"""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384

from seikyu.trust.certificates import RSA_BITS_LEAST, RSA_BITS_MOST, RSA_EXPONENT_LEAST

#: The kinds of keys that may sign.
SigningKey: TypeAlias = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | rsa.RSAPublicKey

#: The algorithms, as a refusal names them.
ALGORITHMS: Final = ("ES256", "ES384", "EdDSA", "RS256")
_MAC: Final = "HS256"

#: Longer numbers of a key are none that is taken: 4096 bits as base64url.
_NUMBER_CHARS: Final = 700

_CURVES: Final[Mapping[str, tuple[type[ec.EllipticCurve], int, str]]] = {
    "P-256": (ec.SECP256R1, 32, "ES256"),
    "P-384": (ec.SECP384R1, 48, "ES384"),
}

_BASE64URL: Final = re.compile(r"[A-Za-z0-9_-]*")


class BadJWS(ValueError):
    """What came is no request of the form that ACME wants, or nobody signed it. `kind` is ACME's word for it."""

    def __init__(self, what: str, *, kind: str = "malformed") -> None:
        super().__init__(what)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class AccountKey:
    """A public key that signs requests.

    Shape: `jwk` is the key as JSON, its members in order and no others; `thumbprint` its SHA-256, base64url (rfc7638).
    """

    alg: str
    key: SigningKey = field(repr=False)
    jwk: str = field(repr=False)
    thumbprint: str


@dataclass(frozen=True, slots=True)
class JWS:
    """A request that was read and not yet verified. Shape: `nonce` and `url` are as the protected header says."""

    alg: str
    url: str
    nonce: str | None
    kid: str | None
    key: AccountKey | None
    payload: bytes = field(repr=False)
    signed: bytes = field(repr=False)
    signature: bytes = field(repr=False)


def from_base64url(text: object, *, what: str = "base64url") -> bytes:
    """Return the bytes of a base64url text without padding, of which there is one per value. Errors: BadJWS.

    >>> from_base64url("YWNtZQ")
    b'acme'
    """
    if not isinstance(text, str) or not _BASE64URL.fullmatch(text):
        raise BadJWS(f"{what} is not base64url")
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        raise BadJWS(f"{what} is not base64url") from None
    if base64url(raw) != text:
        raise BadJWS(f"{what} is not base64url")
    return raw


def base64url(raw: bytes) -> str:
    """Return bytes as base64url without padding."""
    return base64.urlsafe_b64encode(raw).decode("ascii").rstrip("=")


def read_json(raw: bytes, *, what: str) -> dict[str, Any]:
    """Return a JSON object in which no name stands twice. Errors: BadJWS."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) != len(pairs):
            raise BadJWS(f"{what} has a name twice")
        return dict(pairs)

    try:
        found = json.loads(raw.decode("utf-8"), object_pairs_hook=once)
    except BadJWS:
        raise
    except (ValueError, RecursionError):
        raise BadJWS(f"{what} is not JSON") from None
    if not isinstance(found, dict):
        raise BadJWS(f"{what} is not a JSON object")
    return found


def read_jws(raw: bytes | Mapping[str, Any]) -> JWS:
    """Read a flattened JWS, as bytes or as the member of another's payload; nothing of it is verified.

    Errors: BadJWS, also for a key in it that may not sign (badPublicKey).
    """
    tree = read_json(raw, what="the request") if isinstance(raw, bytes) else raw
    if set(tree) != {"protected", "payload", "signature"}:
        raise BadJWS("a request has protected, payload and signature, and nothing else")
    head = read_json(from_base64url(tree["protected"], what="protected"), what="protected")
    if set(head) - {"alg", "jwk", "kid", "nonce", "url", "typ"}:
        raise BadJWS("the protected header has a member that is not known here")
    if ("jwk" in head) == ("kid" in head):
        raise BadJWS("the protected header has either jwk or kid")
    texts = {name: head.get(name) for name in ("alg", "kid", "nonce", "url")}
    if not all(isinstance(text, str) or (text is None and name not in head) for name, text in texts.items()):
        raise BadJWS("alg, kid, nonce and url are texts")
    if texts["alg"] is None or texts["url"] is None:
        raise BadJWS("the protected header says alg and url")
    return JWS(
        alg=texts["alg"],
        url=texts["url"],
        nonce=texts["nonce"],
        kid=texts["kid"],
        key=read_key(head["jwk"]) if "jwk" in head else None,
        payload=from_base64url(tree["payload"], what="payload"),
        signed=f"{tree['protected']}.{tree['payload']}".encode("ascii"),
        signature=from_base64url(tree["signature"], what="signature"),
    )


def read_key(jwk: object) -> AccountKey:
    """Return the public key of a JWK, whatever else stands in it. Errors: BadJWS (badPublicKey).

    A private key is refused: whoever sends one has given it away.
    """
    if not isinstance(jwk, dict):
        raise BadJWS("jwk is not a JSON object", kind="badPublicKey")
    if {"d", "k", "p", "q"} & set(jwk):
        raise BadJWS("jwk holds a secret; make a new key", kind="badPublicKey")
    try:
        alg, key, members = _key_of(jwk)
    except ValueError as odd:
        raise BadJWS(
            "the key is none of P-256, P-384, Ed25519, RSA with 2048 to 4096 bits", kind="badPublicKey"
        ) from odd
    text = json.dumps({name: jwk[name] for name in sorted(members)}, separators=(",", ":"))
    return AccountKey(alg, key, text, base64url(hashlib.sha256(text.encode("ascii")).digest()))


def account_key(jwk: str) -> AccountKey:
    """Return a key from its text in a row. Errors: BadJWS."""
    return read_key(json.loads(jwk))


def verify(jws: JWS, key: AccountKey) -> None:
    """Hold a request against a key. Errors: BadJWS, if its algorithm is not the key's, or the key did not sign it."""
    if jws.alg not in ALGORITHMS:
        raise BadJWS(f"alg is none of {', '.join(ALGORITHMS)}", kind="badSignatureAlgorithm")
    if jws.alg != key.alg:
        raise BadJWS(f"this key signs with {key.alg}", kind="badSignatureAlgorithm")
    try:
        _verify(key.key, jws)
    except InvalidSignature:
        raise BadJWS("the signature does not fit the key") from None


def verify_mac(jws: JWS, key: bytes) -> None:
    """Hold a binding against the key on the notice. Errors: BadJWS."""
    if jws.alg != _MAC:
        raise BadJWS(f"the binding's alg is {_MAC}", kind="badSignatureAlgorithm")
    if not hmac.compare_digest(hmac.digest(key, jws.signed, "sha256"), jws.signature):
        raise BadJWS("the binding's MAC does not fit its key", kind="unauthorized")


def _key_of(jwk: Mapping[str, Any]) -> tuple[str, SigningKey, tuple[str, ...]]:
    """Return algorithm, key, and the members that make the key up. Errors: ValueError (BadJWS is one)."""
    kind, curve = jwk.get("kty"), jwk.get("crv")
    if kind == "EC" and isinstance(curve, str) and curve in _CURVES:
        form, size_bytes, alg = _CURVES[curve]
        x, y = (_number(jwk, name, size_bytes=size_bytes) for name in ("x", "y"))
        return alg, ec.EllipticCurvePublicNumbers(x, y, form()).public_key(), ("crv", "kty", "x", "y")
    if kind == "OKP" and curve == "Ed25519":
        raw = from_base64url(jwk.get("x"))
        return "EdDSA", ed25519.Ed25519PublicKey.from_public_bytes(raw), ("crv", "kty", "x")
    if kind == "RSA":
        n, e = _number(jwk, "n"), _number(jwk, "e")
        if RSA_BITS_LEAST <= n.bit_length() <= RSA_BITS_MOST and RSA_EXPONENT_LEAST <= e < 1 << 32:
            return "RS256", rsa.RSAPublicNumbers(e, n).public_key(), ("e", "kty", "n")
    raise ValueError("no key that is taken")


def _number(jwk: Mapping[str, Any], name: str, *, size_bytes: int | None = None) -> int:
    """Return a number of a key, written as rfc7518 wants it: one key has one text, and so one thumbprint."""
    text = jwk.get(name)
    if not isinstance(text, str) or len(text) > _NUMBER_CHARS:
        raise ValueError(name)
    raw = from_base64url(text)
    if len(raw) != size_bytes if size_bytes else raw[:1] in {b"", b"\0"}:
        raise ValueError(name)
    return int.from_bytes(raw)


def _verify(key: SigningKey, jws: JWS) -> None:
    if isinstance(key, ed25519.Ed25519PublicKey):
        key.verify(jws.signature, jws.signed)
    elif isinstance(key, rsa.RSAPublicKey):
        key.verify(jws.signature, jws.signed, padding.PKCS1v15(), SHA256())
    else:
        size_bytes = key.key_size // 8
        if len(jws.signature) != 2 * size_bytes:
            raise InvalidSignature
        r, s = (int.from_bytes(half) for half in (jws.signature[:size_bytes], jws.signature[size_bytes:]))
        digest = SHA256() if isinstance(key.curve, ec.SECP256R1) else SHA384()
        key.verify(encode_dss_signature(r, s), jws.signed, ec.ECDSA(digest))
