"""Signed requests: the examples of the standards, every algorithm, and whoever tries to get around them."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jose_lab import Signer, b64, mac, packed
from seikyu.trust.jws import (
    ALGORITHMS,
    JWS,
    AccountKey,
    BadJWS,
    account_key,
    base64url,
    from_base64url,
    read_json,
    read_jws,
    read_key,
    verify,
    verify_mac,
)

URL = "https://office.example/acme/new-order"
CLAIMS = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
SIGNERS = {alg: Signer.new(alg) for alg in ALGORITHMS}

# rfc7515:A.2, A.3; rfc8037:A.4 - the public key, what is signed, the signature.
EXAMPLES = {
    "RS256": (
        {
            "kty": "RSA", "e": "AQAB",
            "n": "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ",
        },
        f"eyJhbGciOiJSUzI1NiJ9.{CLAIMS}",
        "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw",
    ),
    "ES256": (
        {
            "kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        },
        f"eyJhbGciOiJFUzI1NiJ9.{CLAIMS}",
        "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
    ),
    "EdDSA": (
        {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
        "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
    ),
}  # fmt: skip


def told(alg: str, signed: str, signature: str) -> JWS:
    """Return an example as it would have been read."""
    return JWS(alg, URL, None, None, None, b"", signed.encode(), from_base64url(signature))


@pytest.mark.parametrize("alg", EXAMPLES)
def test_the_examples_of_the_standards_verify(alg: str) -> None:
    """And not with a byte changed."""
    jwk, signed, signature = EXAMPLES[alg]
    key = read_key(jwk)
    assert key.alg == alg
    verify(told(alg, signed, signature), key)
    with pytest.raises(BadJWS, match="does not fit"):
        verify(told(alg, signed + "A", signature), key)


def test_the_mac_of_the_standard_verifies() -> None:
    """rfc7515:A.1."""
    key = from_base64url("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow")
    jws = told(
        "HS256", f"eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.{CLAIMS}", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    )
    verify_mac(jws, key)
    with pytest.raises(BadJWS) as refused:
        verify_mac(jws, key[:-1])
    assert refused.value.kind == "unauthorized"
    with pytest.raises(BadJWS) as refused:
        verify_mac(replace(jws, alg="none"), key)
    assert refused.value.kind == "badSignatureAlgorithm"


def test_thumbprints_are_those_of_the_standards() -> None:
    """rfc7638:3.1 (with members that do not count), rfc8037:A.3."""
    rsa = {
        "kty": "RSA", "e": "AQAB", "alg": "RS256", "kid": "2011-04-29",
        "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
    }  # fmt: skip
    assert read_key(rsa).thumbprint == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
    assert read_key(EXAMPLES["EdDSA"][0]).thumbprint == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    assert account_key(read_key(rsa).jwk) == read_key(rsa)


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_a_request_is_read_and_verified(alg: str) -> None:
    """Every kind of key that is taken; another key of the same kind did not sign."""
    signer, other = SIGNERS[alg], Signer.new(alg)
    jws = read_jws(json.dumps(signer.sign({"a": 1}, url=URL, nonce="n", jwk=signer.jwk)).encode())
    assert (jws.alg, jws.url, jws.nonce, jws.kid, jws.payload) == (alg, URL, "n", None, b'{"a": 1}')
    assert jws.key is not None
    verify(jws, jws.key)
    with pytest.raises(BadJWS, match="does not fit"):
        verify(jws, read_key(other.jwk))
    with pytest.raises(BadJWS, match="does not fit"):
        verify(replace(jws, signature=jws.signature[:-1]), jws.key)


@pytest.mark.parametrize("alg", ["none", "HS256", "RS512", "ES512", "PS256", "ES384", "RS256", ""])
def test_the_key_decides_with_what_it_signs(alg: str) -> None:
    """No other algorithm, no MAC with the public key as its secret, no "none"."""
    signer = SIGNERS["ES256"]
    public = json.dumps(signer.jwk).encode()
    forged = [
        signer.sign({}, url=URL, jwk=signer.jwk, alg=alg),
        packed({"alg": alg, "url": URL, "jwk": signer.jwk}, {}, b""),
        {
            **mac({"url": URL, "jwk": signer.jwk}, {}, public),
            "protected": b64(json.dumps({"alg": alg, "url": URL, "jwk": signer.jwk})),
        },
    ]
    for tree in forged:
        jws = read_jws(tree)
        assert jws.key is not None
        with pytest.raises(BadJWS) as refused:
            verify(jws, jws.key)
        assert refused.value.kind == "badSignatureAlgorithm"


def head(**other: Any) -> dict[str, Any]:
    """Return a protected header that would do."""
    return {"alg": "ES256", "url": URL, "nonce": "n", "kid": "k", **other}


@pytest.mark.parametrize(
    "tree",
    [
        {},
        {"protected": "", "payload": "", "signature": ""},
        packed(head(), {}, b"", header={"kid": "k"}),
        {"payload": "", "signatures": [packed(head(), {}, b"")]},
        packed(head(jwk={}), {}, b""),
        packed({"alg": "ES256", "url": URL}, {}, b""),
        packed(head(crit=["x"], x=1), {}, b""),
        packed(head(b64=False), {}, b""),
        packed(head(x5u="https://evil.example"), {}, b""),
        packed(head(url=1), {}, b""),
        packed(head(nonce=None), {}, b""),
        packed({"alg": "ES256", "kid": "k"}, {}, b""),
        packed({"url": URL, "kid": "k"}, {}, b""),
        {**packed(head(), {}, b""), "protected": 1},
        {**packed(head(), {}, b""), "protected": b64("[]")},
        {**packed(head(), {}, b""), "protected": b64('{"alg":"ES256","alg":"none","url":"u","kid":"k"}')},
        {**packed(head(), {}, b""), "payload": "AA=="},
        {**packed(head(), {}, b""), "payload": "AB"},
        {**packed(head(), {}, b""), "payload": "A"},
        {**packed(head(), {}, b""), "signature": "+/+/"},
    ],
)  # fmt: skip
def test_what_has_another_form_is_malformed(tree: dict[str, Any]) -> None:
    """No unprotected header, no second signature, no member that changes the meaning, one text per value."""
    for raw in (tree, json.dumps(tree).encode()):
        with pytest.raises(BadJWS) as refused:
            read_jws(raw)
        assert refused.value.kind in {"malformed", "badPublicKey"}


@pytest.mark.parametrize("raw", [b"", b"[]", b"\xff", b"{", b"[" * 100_000, b'{"a":1,"a":1}', b'{"a":{"b":1,"b":1}}'])
def test_json_is_an_object_without_doubles(raw: bytes) -> None:
    """And a deep one ends as malformed, not as a bug."""
    with pytest.raises(BadJWS):
        read_json(raw, what="the request")


EC, RSA, OKP = (SIGNERS[alg].jwk for alg in ("ES256", "RS256", "EdDSA"))


@pytest.mark.parametrize(
    "jwk",
    [
        None, [], {}, {"kty": "oct", "k": "AA"}, {**EC, "d": "AA"}, {"kty": 1}, {**EC, "crv": "P-521"}, {**EC, "crv": []},
        {**EC, "crv": "secp256k1"}, {**EC, "y": EC["x"]}, {**EC, "x": "AA" + EC["x"]}, {**EC, "x": 1}, {**EC, "x": b64(bytes(32)), "y": b64(bytes(32))},
        {**OKP, "x": "AA"}, {**OKP, "x": None}, {**OKP, "crv": "Ed448"}, {**OKP, "crv": "X25519"},
        {**RSA, "n": b64(b"\xff" * 128)}, {**RSA, "n": b64(b"\0" + b"\xff" * 256)}, {**RSA, "n": b64(b"\xff" * 520)}, {**RSA, "n": ""},
        {**RSA, "n": "A" * 100_000}, {**RSA, "e": "Aw"}, {**RSA, "e": b64(b"\xff" * 5)}, {**RSA, "e": b64(b"\1\0\0")},
    ],
)  # fmt: skip
def test_a_key_that_is_weak_odd_or_secret_is_no_key(jwk: Any) -> None:
    """Also a point that is not on its curve, and numbers with zeros before them."""
    with pytest.raises(BadJWS) as refused:
        read_key(jwk)
    assert refused.value.kind == "badPublicKey"


@given(st.binary(max_size=64))
def test_base64url_there_and_back(raw: bytes) -> None:
    """One text per value."""
    assert from_base64url(base64url(raw)) == raw


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_and_nothing_else(raw: bytes) -> None:
    """Never an error of another kind."""
    with pytest.raises(BadJWS):
        read_jws(raw)


def test_a_key_shows_nothing_but_its_name() -> None:
    """In logs a key is its thumbprint."""
    key: AccountKey = read_key(EC)
    assert EC["x"] not in repr(key)
