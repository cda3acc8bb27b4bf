"""Secrets of people (ports.people.Vault): argon2id for passwords, AES-GCM for what must be read again."""

import base64
import hashlib
import hmac
import os
from typing import Final

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from seikyu.ports.errors import Damaged

#: RFC 9106, section 4, second choice: 64 MiB, three passes, four lanes.
MEMORY_KIB: Final = 1 << 16
PASSES: Final = 3
LANES: Final = 4

_NONCE_BYTES: Final = 12


class Argon2Vault:
    """Hashes and seals. Safe from many threads.

    Shape: `key` is the 32 bytes under which secrets are sealed. The numbers are those of RFC 9106; a test takes smaller
    ones.
    """

    def __init__(self, key: bytes, *, memory_kib: int = MEMORY_KIB, passes: int = PASSES, lanes: int = LANES) -> None:
        self._hasher = PasswordHasher(time_cost=passes, memory_cost=memory_kib, parallelism=lanes, type=Type.ID)
        self._aead = AESGCM(key)
        # Another key for digests: one key serves one purpose.
        self._digest_key = HKDF(SHA256(), 32, salt=None, info=b"seikyu people digests").derive(key)
        # Whom nobody knows is compared with this, so that it takes as long; nothing fits it but chance of 256 bits.
        self._nobody = self._hasher.hash(os.urandom(32))

    def hashed(self, password: str) -> str:
        """Return an encoded hash under a fresh salt."""
        return self._hasher.hash(_raw(password))

    def fits(self, password: str, encoded: str | None) -> bool:
        """Return whether the password fits the hash; without one compare all the same, and say no."""
        try:
            fits = self._hasher.verify(encoded or self._nobody, _raw(password))
        except (VerificationError, InvalidHashError):
            return False
        return fits and encoded is not None

    def is_outdated(self, encoded: str) -> bool:
        """Return whether the hash was made with other parameters than those of today."""
        return self._hasher.check_needs_rehash(encoded)

    def sealed(self, secret: bytes, *, owner: str) -> str:
        """Return a secret encrypted for one owner."""
        nonce = os.urandom(_NONCE_BYTES)
        return base64.b64encode(nonce + self._aead.encrypt(nonce, secret, owner.encode())).decode("ascii")

    def opened(self, sealed: str, *, owner: str) -> bytes:
        """Return a secret. Errors: Damaged, if it was changed or sealed for another."""
        try:
            raw = base64.b64decode(sealed, validate=True)
            return self._aead.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], owner.encode())
        except (InvalidTag, ValueError):
            raise Damaged("a sealed secret is not what was sealed") from None

    def keyed(self, text: str) -> str:
        """Return a digest of a text that nobody without the key of the home can make or test."""
        return hmac.new(self._digest_key, _raw(text), hashlib.sha256).hexdigest()

    def chance(self, size_bytes: int) -> bytes:
        """Return bytes that nobody can guess."""
        return os.urandom(size_bytes)


def _raw(password: str) -> bytes:
    """Return a password as bytes, whatever a peer has sent as text."""
    return password.encode("utf-8", "surrogatepass")
