"""Revocation lists as somebody else than their office keeps them: never an older one after a newer.

Each list is verified before it is kept, by the authorities that were given once. What is kept outlives whoever keeps
it, so that a start without the office goes on with the last word and not with none.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding

from seikyu.adapters.home import write_private
from seikyu.ports.errors import SeikyuError
from seikyu.trust.certificates import key_id, serial_text

_END: Final = b"-----END X509 CRL-----"


class BadLists(SeikyuError):
    """What came is no file of lists, or not of these authorities; what was kept stays. Shape: `facts["why"]`."""

    code = "bad_lists"


@dataclass(frozen=True, slots=True)
class KeptList:
    """A list that was verified. Shape: `issuer` identifies the key that signed it; `revoked` are serials, in hex."""

    issuer: str
    number: int
    next_update: datetime
    revoked: frozenset[str]
    der: bytes


class KeptLists:
    """The lists of a folder, the newest of each authority. Errors: BadLists, if none can be read at all."""

    def __init__(self, folder: Path, authorities: Sequence[x509.Certificate]) -> None:
        self._folder = folder
        self._authorities = {key_id(each): each for each in authorities}
        self._lists: dict[str, KeptList] = {}
        self._unwritten: dict[str, KeptList] = {}
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for file in sorted(folder.glob("*.crl")):
            try:
                kept = self._verified(x509.load_der_x509_crl(file.read_bytes()))
            except (OSError, ValueError, BadLists):
                continue  # Of an authority that is not ours any more, or half of a disk: the office has another.
            self._lists[kept.issuer] = kept

    @property
    def all(self) -> tuple[KeptList, ...]:
        """The lists that count."""
        return tuple(self._lists.values())

    @property
    def revoked(self) -> frozenset[str]:
        """The serials that stand on any of them."""
        return frozenset[str]().union(*(each.revoked for each in self._lists.values()))

    @property
    def missing(self) -> tuple[str, ...]:
        """The authorities that have no list here: what they issued is refused."""
        return tuple(name for name in self._authorities if name not in self._lists)

    def take(self, text: bytes) -> bool:
        """Keep what of a file (PEM) is newer than what is here; return whether anything was.

        What is newer counts at once; whether it could be written, `write` says. A list of an authority that nobody has
        told us of is passed over: the office has a new key, perhaps.
        Errors: BadLists, also if none is of our authorities.
        """
        try:
            own = [each for each in _parsed(text) if _issuer_of(each) in self._authorities]
            came = [self._verified(each) for each in own]
        except (ValueError, x509.DuplicateExtension) as odd:
            raise BadLists(why=str(odd)) from odd
        if not came:
            raise BadLists(why="a list of another authority")
        newer = [each for each in came if each.number > self._number(each.issuer)]
        for each in newer:
            self._lists[each.issuer] = self._unwritten[each.issuer] = each
        self.write()
        return bool(newer)

    def write(self) -> str:
        """Write what has not been written yet; return why something could not be, nothing if all was."""
        try:
            for each in list(self._unwritten.values()):
                write_private(self._folder / f"{each.issuer}.crl", each.der)
                del self._unwritten[each.issuer]
        except OSError as odd:
            return odd.strerror or str(odd)
        return ""

    def _number(self, issuer: str) -> int:
        return self._lists[issuer].number if issuer in self._lists else -1

    def _verified(self, crl: x509.CertificateRevocationList) -> KeptList:
        try:
            number = crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
        except x509.ExtensionNotFound as odd:
            raise BadLists(why="a list without a number") from odd
        issuer, next_update = self._authorities.get(_issuer_of(crl)), crl.next_update_utc
        if issuer is None or next_update is None:
            raise BadLists(why="a list of another authority, or without an end")
        try:
            signed = crl.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]  # a CA's key signs
        except (InvalidSignature, TypeError):  # pragma: no cover  (the library's two ways to say no)
            signed = False
        if not signed:
            raise BadLists(why="a list whose signature does not fit")
        revoked = frozenset(serial_text(each.serial_number) for each in crl)
        return KeptList(key_id(issuer), number, next_update, revoked, crl.public_bytes(Encoding.DER))


def certificates_in(text: bytes) -> list[x509.Certificate]:
    """Return the certificates of a file (PEM). Errors: ValueError."""
    return x509.load_pem_x509_certificates(text)


def _parsed(text: bytes) -> Iterator[x509.CertificateRevocationList]:
    *lists, rest = text.split(_END)
    if not lists or rest.strip():
        raise ValueError("not a file of lists")
    for each in lists:
        yield x509.load_pem_x509_crl(each.lstrip() + _END + b"\n")


def _issuer_of(crl: x509.CertificateRevocationList) -> str:
    """Return the identifier of the key that a list says it is signed by; nothing, if it does not say."""
    try:
        own = crl.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    except x509.ExtensionNotFound:
        return ""
    return (own or b"").hex()


def soonest(lists: Iterable[KeptList]) -> datetime | None:
    """Return when the first of the lists ends."""
    return min((each.next_update for each in lists), default=None)
