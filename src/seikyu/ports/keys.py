"""Private keys at work, wherever they lie: in a file, encrypted or not, or in a security module."""

from typing import Protocol

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import HashAlgorithm

from seikyu.ports.errors import SeikyuError


class KeyLocked(SeikyuError):
    """The passphrase or PIN of a key is missing or wrong; nothing was signed."""

    code = "key_locked"


class KeyUnusable(SeikyuError):
    """A key cannot be reached or made where it should lie; nothing was signed."""

    code = "key_unusable"


class Signer(Protocol):
    """A private key that signs where it lies. Whoever holds the signer never sees the key.

    Everything the office's CA signs goes through one: certificates, revocation lists, answers about revocation.
    Threads may share a signer.
    """

    @property
    def name(self) -> str:
        """Where the key lies, for messages: a path, or an address without its PIN."""

    @property
    def algorithm(self) -> HashAlgorithm:
        """The hash whose digests it signs (by ECDSA)."""

    def public_key(self) -> ec.EllipticCurvePublicKey:
        """Return the public half."""

    def sign(self, digest: bytes) -> bytes:
        """Return the signature of a digest of `algorithm`, in DER.

        Errors: KeyLocked, KeyUnusable, if the key cannot be reached any more; ValueError, if it is no such digest.
        """
