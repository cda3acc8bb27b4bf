"""The keys of the CA by their place: a file that holds a key, or one that holds a security module's address.

`handle` makes a signer a key of the library that builds certificates, lists and answers, so that all of them are
signed through the port and none asks where a key lies.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, NoReturn

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import Hash, HashAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, KeySerializationEncryption, PrivateFormat

from seikyu.adapters.keys_file import FileKey, is_encrypted, key_pem, new_passphrase, read_file_key
from seikyu.adapters.keys_pkcs11 import (
    SCHEME,
    Address,
    address_of,
    drop_module_key,
    make_module_key,
    open_module_key,
)
from seikyu.ports.keys import KeyUnusable, Signer

#: Where the secrets of keys are looked for, each also with `_FILE` behind it.
CA_PASSPHRASE: Final = "SEIKYU_CA_PASSPHRASE"  # noqa: S105 - the variable's name
ROOT_PASSPHRASE: Final = "SEIKYU_ROOT_PASSPHRASE"  # noqa: S105 - the variable's name
CA_PIN: Final = "SEIKYU_CA_PIN"
ROOT_PIN: Final = "SEIKYU_ROOT_PIN"


Buffer = bytes | bytearray | memoryview


class Handle(ec.EllipticCurvePrivateKey):
    """A signer in the form of a private key; there is no key in it to take out."""

    def __init__(self, signer: Signer) -> None:
        self.signer = signer

    def public_key(self) -> ec.EllipticCurvePublicKey:
        """Return the public half."""
        return self.signer.public_key()

    @property
    def curve(self) -> ec.EllipticCurve:
        """The key's curve."""
        return self.public_key().curve

    @property
    def key_size(self) -> int:
        """The curve's size in bits."""
        return self.public_key().key_size

    def sign(self, data: Buffer, signature_algorithm: ec.EllipticCurveSignatureAlgorithm) -> bytes:
        """Hash here, sign there. Errors: as `Signer.sign`; ValueError, if the signer has another hash."""
        wanted = signature_algorithm.algorithm
        if not isinstance(wanted, HashAlgorithm) or wanted.name != self.signer.algorithm.name:
            raise ValueError(f"this key signs with {self.signer.algorithm.name}")
        digest = Hash(wanted)
        digest.update(data)
        return self.signer.sign(digest.finalize())

    def exchange(self, algorithm: ec.ECDH, peer_public_key: ec.EllipticCurvePublicKey) -> NoReturn:  # noqa: ARG002
        """Refuse: it only signs."""
        raise TypeError("this key only signs")

    def private_numbers(self) -> NoReturn:
        """Refuse: the key stays where it is."""
        raise TypeError("this key stays where it is")

    def private_bytes(
        self,
        encoding: Encoding,  # noqa: ARG002
        format: PrivateFormat,  # noqa: A002, ARG002 - the library's names
        encryption_algorithm: KeySerializationEncryption,  # noqa: ARG002
    ) -> NoReturn:
        """Refuse: the key stays where it is."""
        raise TypeError("this key stays where it is")

    def __copy__(self) -> "Handle":
        return self

    def __deepcopy__(self, memo: object) -> "Handle":
        return self


def open_key(path: Path, *, passphrase: str = CA_PASSPHRASE, pin: str = CA_PIN) -> Handle:
    """Return the key that `path` holds or tells where to find. `passphrase` and `pin` name variables.

    Errors: KeyLocked, KeyUnusable; OSError, ValueError, TypeError, if the file cannot be read or is no such key.
    """
    content = path.read_bytes()
    if content.startswith(SCHEME.encode()):
        return Handle(open_module_key(address_of(content.decode(), variable=pin)))
    return Handle(read_file_key(path, content, variable=passphrase))


@dataclass(frozen=True, slots=True)
class Keep:
    """How new keys are kept: in files, encrypted or not; the issuing CA's in a module if `module` is its address."""

    encrypted: bool = False
    module: str | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """A new key, and what the file is to hold that `open_key` reads."""

    key: Handle
    content: bytes
    address: Address | None = None

    def discard(self) -> None:
        """Destroy it where it outlives this process: what it was made for did not come about."""
        if self.address is not None:
            drop_module_key(self.address)


def make_key(path: Path, keep: Keep, *, passphrase: str = CA_PASSPHRASE, pin: str = CA_PIN) -> Made:
    """Make a key (P-384) for the file `path`, which is not written here. Errors: KeyLocked, KeyUnusable."""
    if keep.module is not None:
        address = address_of(keep.module, variable=pin)
        return Made(Handle(make_module_key(address)), f"{address.uri}\n".encode(), address)
    secret = new_passphrase(passphrase, path) if keep.encrypted else None
    private = ec.generate_private_key(ec.SECP384R1())
    return Made(Handle(FileKey(path, private)), key_pem(private, secret))


def as_well_kept(path: Path, keep: Keep) -> Keep:
    """Return how the successor of the key that `path` leads to is kept: never worse than that one.

    Errors: KeyUnusable, if that one is in a module and `keep` names no place in one.
    """
    content = path.read_bytes()
    if content.startswith(SCHEME.encode()) and keep.module is None:
        raise KeyUnusable(key=content.decode().strip(), why="its successor needs a place in a module, too: --pkcs11")
    return replace(keep, encrypted=keep.encrypted or is_encrypted(content))
