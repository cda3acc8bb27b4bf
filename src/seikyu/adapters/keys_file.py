"""Keys in files: PKCS#8 in PEM, encrypted with a passphrase or, as a server that starts alone needs it, not."""

from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, HashAlgorithm
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from seikyu.adapters.passphrases import forget, passphrase
from seikyu.ports.keys import KeyLocked

#: A file that somebody carries away can be guessed at for ever, and the format's stretching is weak (PBKDF2 with 2048
#: rounds): the passphrase alone must be strong enough.
PASSPHRASE_LEAST: Final = 20


class FileKey:
    """A signer whose key was read from a file."""

    def __init__(self, path: Path, key: ec.EllipticCurvePrivateKey) -> None:
        self.name = str(path)
        self.algorithm: HashAlgorithm = SHA256() if isinstance(key.curve, ec.SECP256R1) else SHA384()
        self._key = key

    def public_key(self) -> ec.EllipticCurvePublicKey:
        """Return the public half."""
        return self._key.public_key()

    def sign(self, digest: bytes) -> bytes:
        """Return the signature of a digest."""
        return self._key.sign(digest, ec.ECDSA(Prehashed(self.algorithm)))


def read_file_key(path: Path, content: bytes, *, variable: str) -> FileKey:
    """Return the key in the PEM `content` of `path`; if it is encrypted, with the passphrase that `variable` leads to.

    Errors: KeyLocked; ValueError, TypeError, if it is no key on an elliptic curve.
    """
    secret = None
    if is_encrypted(content):
        secret = passphrase(variable, str(path)).encode()
    try:
        key = load_pem_private_key(content, secret)
    except ValueError as odd:
        if secret is None:
            raise
        forget(variable)
        raise KeyLocked(key=str(path), variable=variable) from odd
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError("not a key on an elliptic curve")
    return FileKey(path, key)


def is_encrypted(content: bytes) -> bool:
    """True if the PEM `content` is a key that needs a passphrase."""
    return b"BEGIN ENCRYPTED" in content


def key_pem(key: ec.EllipticCurvePrivateKey, secret: str | None = None) -> bytes:
    """Return a key as PEM, encrypted if there is a passphrase."""
    how = BestAvailableEncryption(secret.encode()) if secret else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how)


def new_passphrase(variable: str, path: Path) -> str:
    """Return the passphrase for a key that is to be written. Errors: KeyLocked, if there is none or it is too short."""
    secret = passphrase(variable, str(path))
    if len(secret) < PASSPHRASE_LEAST:
        forget(variable)
        raise KeyLocked(key=str(path), variable=variable)
    return secret
