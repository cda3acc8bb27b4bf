"""Keys in a security module, by PKCS#11: the module makes them, keeps them and signs; they never leave it.

A key's address is a URI: `pkcs11:token=office;object=issuing?module-path=/usr/lib/softhsm/libsofthsm2.so`. The PIN is
in the file that `pin-source` names, else where `passphrases` looks; `pin-value` is refused, because an address is
written down. The library is the extra `pkcs11`.

A login holds for the process and not for the session, and modules differ in what threads may do: one call at a time
works on a module, each with a session and login of its own, so nothing goes stale when a token is taken out.

Source: rfc7512:2.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Final
from urllib.parse import unquote

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, HashAlgorithm
from cryptography.hazmat.primitives.serialization import load_der_public_key

from seikyu.adapters.passphrases import forget, passphrase, read_passphrase
from seikyu.ports.keys import KeyLocked, KeyUnusable

SCHEME: Final = "pkcs11:"

_ONE_AT_A_TIME: Final = threading.Lock()
_PATH_PARTS: Final = frozenset({"token", "object", "type"})
_QUERY_PARTS: Final = frozenset({"module-path", "pin-source"})


@dataclass(frozen=True, slots=True)
class Address:
    """Where a key lies in a module. `variable` leads to the PIN if no `pin_source` does."""

    uri: str
    module: str
    token: str
    label: str
    pin_source: str | None
    variable: str


class ModuleKey:
    """A signer whose key is in a security module."""

    def __init__(self, address: Address, public_key: ec.EllipticCurvePublicKey) -> None:
        self.name = address.uri
        self.algorithm: HashAlgorithm = SHA256() if isinstance(public_key.curve, ec.SECP256R1) else SHA384()
        self._address = address
        self._public_key = public_key

    def public_key(self) -> ec.EllipticCurvePublicKey:
        """Return the public half."""
        return self._public_key

    def sign(self, digest: bytes) -> bytes:
        """Return the signature of a digest."""
        if len(digest) != self.algorithm.digest_size:
            raise ValueError("the digest is of another hash")
        with _session(self._address) as (pkcs11, session):
            key = session.get_key(
                object_class=pkcs11.ObjectClass.PRIVATE_KEY, key_type=pkcs11.KeyType.EC, label=self._address.label
            )
            signed = bytes(key.sign(digest, mechanism=pkcs11.Mechanism.ECDSA))
        half = len(signed) // 2
        return encode_dss_signature(int.from_bytes(signed[:half]), int.from_bytes(signed[half:]))


def address_of(uri: str, *, variable: str) -> Address:
    """Return what a PKCS#11 URI says. Errors: KeyUnusable, if it lacks something or has what it should not."""
    path, _, query = uri.strip().removeprefix(SCHEME).partition("?")
    parts = dict(_split(path, ";", _PATH_PARTS)) | dict(_split(query, "&", _QUERY_PARTS))
    for needed in ("token", "object", "module-path"):
        if not parts.get(needed):
            raise KeyUnusable(key=SCHEME + path, why=f"{needed} is missing")
    return Address(
        uri.strip(), parts["module-path"], parts["token"], parts["object"], parts.get("pin-source"), variable
    )


def open_module_key(address: Address) -> ModuleKey:
    """Return the key at an address. Errors: KeyLocked, KeyUnusable."""
    with _session(address) as (pkcs11, session):
        found = session.get_key(
            object_class=pkcs11.ObjectClass.PUBLIC_KEY, key_type=pkcs11.KeyType.EC, label=address.label
        )
        return ModuleKey(address, _public(pkcs11, found))


def make_module_key(address: Address) -> ModuleKey:
    """Let the module make a key that cannot be taken out of it. Errors: KeyLocked; KeyUnusable, also if it is there."""
    with _session(address, write=True) as (pkcs11, session):
        attribute = pkcs11.Attribute
        if any(session.get_objects({attribute.LABEL: address.label})):
            raise KeyUnusable(key=address.uri, why="there is an object of that name already")
        curve = {attribute.EC_PARAMS: pkcs11.util.ec.encode_named_curve_parameters("secp384r1")}
        found, _ = session.create_domain_parameters(pkcs11.KeyType.EC, curve, local=True).generate_keypair(
            store=True,
            label=address.label,
            private_template={attribute.SENSITIVE: True, attribute.EXTRACTABLE: False},
        )
        return ModuleKey(address, _public(pkcs11, found))


def drop_module_key(address: Address) -> None:
    """Destroy a key that was made in vain. Errors: KeyLocked, KeyUnusable."""
    with _session(address, write=True) as (pkcs11, session):
        for found in list(session.get_objects({pkcs11.Attribute.LABEL: address.label})):
            found.destroy()


def _split(text: str, mark: str, known: frozenset[str]) -> Iterator[tuple[str, str]]:
    for part in filter(None, text.split(mark)):
        name, _, value = part.partition("=")
        if name not in known:
            raise KeyUnusable(key=SCHEME, why=f"{name} is not taken in an address")
        yield name, unquote(value)


def _public(pkcs11: ModuleType, found: Any) -> ec.EllipticCurvePublicKey:
    key = load_der_public_key(pkcs11.util.ec.encode_ec_public_key(found))
    assert isinstance(key, ec.EllipticCurvePublicKey)  # noqa: S101 - it was asked for by that kind
    return key


def _pin(address: Address) -> str:
    if address.pin_source is None:
        return passphrase(address.variable, address.uri)
    path = Path(address.pin_source.removeprefix("file://").removeprefix("file:"))
    pin = read_passphrase(path, address.uri, variable="pin-source")
    if not pin:
        raise KeyLocked(key=address.uri, variable="pin-source")
    return pin


@contextmanager
def _session(address: Address, *, write: bool = False) -> Iterator[tuple[ModuleType, Any]]:
    """Log in, alone, and yield the library and the session; tell what the module refuses in our words."""
    try:
        import pkcs11  # noqa: PLC0415 - an extra that most offices do not have
    except ImportError as odd:
        raise KeyUnusable(key=address.uri, why="seikyu[pkcs11] is not installed") from odd
    pin = _pin(address)
    with _ONE_AT_A_TIME:
        try:
            token = pkcs11.lib(address.module).get_token(token_label=address.token)
            with token.open(rw=write, user_pin=pin) as session:
                yield pkcs11, session
        except (pkcs11.PinIncorrect, pkcs11.PinLenRange, pkcs11.PinInvalid, pkcs11.PinLocked) as refused:
            forget(address.variable)
            raise KeyLocked(key=address.uri, variable=address.variable) from refused
        except pkcs11.PKCS11Error as refused:
            raise KeyUnusable(key=address.uri, why=type(refused).__name__) from refused
        except (OSError, RuntimeError) as refused:
            raise KeyUnusable(key=address.uri, why=f"{address.module} cannot be loaded") from refused
