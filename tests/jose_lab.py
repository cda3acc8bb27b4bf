"""The other end of ACME for tests: keys that sign requests, right ones and wrong ones."""

import base64
import hmac
import json
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384

PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey


def b64(raw: bytes | str) -> str:
    """Return base64url without padding."""
    return base64.urlsafe_b64encode(raw.encode() if isinstance(raw, str) else raw).decode().rstrip("=")


def packed(head: dict[str, Any], payload: Any, signature: bytes, **other: Any) -> dict[str, Any]:
    """Return a flattened JWS as a tree."""
    return {"protected": b64(json.dumps(head)), "payload": b64(_text(payload)), "signature": b64(signature), **other}


def mac(head: dict[str, Any], payload: Any, key: bytes) -> dict[str, Any]:
    """Return a JWS with a MAC (HS256)."""
    tree = packed({"alg": "HS256", **head}, payload, b"")
    signed = f"{tree['protected']}.{tree['payload']}".encode()
    return {**tree, "signature": b64(hmac.digest(key, signed, "sha256"))}


@dataclass(frozen=True)
class Signer:
    """A key that signs."""

    key: PrivateKey

    @classmethod
    def new(cls, kind: str = "ES256") -> "Signer":
        """Return a new key for an algorithm."""
        if kind == "EdDSA":
            return cls(ed25519.Ed25519PrivateKey.generate())
        if kind == "RS256":
            return cls(rsa.generate_private_key(65537, 2048))
        return cls(ec.generate_private_key(ec.SECP256R1() if kind == "ES256" else ec.SECP384R1()))

    @property
    def alg(self) -> str:
        """The algorithm that fits the key."""
        if isinstance(self.key, ed25519.Ed25519PrivateKey):
            return "EdDSA"
        if isinstance(self.key, rsa.RSAPrivateKey):
            return "RS256"
        return "ES256" if self.key.key_size == 256 else "ES384"

    @property
    def jwk(self) -> dict[str, str]:
        """The public key as JSON."""
        public = self.key.public_key()
        if isinstance(public, ed25519.Ed25519PublicKey):
            return {"kty": "OKP", "crv": "Ed25519", "x": b64(public.public_bytes_raw())}
        if isinstance(public, rsa.RSAPublicKey):
            numbers = public.public_numbers()
            return {"kty": "RSA", "n": b64(_bytes(numbers.n)), "e": b64(_bytes(numbers.e))}
        point, size = public.public_numbers(), public.key_size // 8
        name = f"P-{public.key_size}"
        return {"kty": "EC", "crv": name, "x": b64(point.x.to_bytes(size)), "y": b64(point.y.to_bytes(size))}

    def sign(self, payload: Any, **head: Any) -> dict[str, Any]:
        """Return a request; what `head` says counts, also a wrong `alg`."""
        tree = packed({"alg": self.alg, **head}, payload, b"")
        signed = f"{tree['protected']}.{tree['payload']}".encode()
        return {**tree, "signature": b64(self._signature(signed))}

    def _signature(self, signed: bytes) -> bytes:
        if isinstance(self.key, ed25519.Ed25519PrivateKey):
            return self.key.sign(signed)
        if isinstance(self.key, rsa.RSAPrivateKey):
            return self.key.sign(signed, padding.PKCS1v15(), SHA256())
        size = self.key.key_size // 8
        der = self.key.sign(signed, ec.ECDSA(SHA256() if self.alg == "ES256" else SHA384()))
        return b"".join(number.to_bytes(size) for number in decode_dss_signature(der))


def _text(payload: Any) -> str:
    return payload if isinstance(payload, str) else json.dumps(payload)


def _bytes(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8)
