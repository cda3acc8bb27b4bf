"""The office's own certificate authority, on disk.

| where | what | who may read |
|---|---|---|
| `secrets/ca/` | `issuing.key`, `issuing.pem`, `root.pem`, its list; `root.key` until it is taken away | the office |
| `secrets/server.pem` | the server's private key and certificates, in one file so that they always fit | the same |
| `secrets/ca/issuing-N/` | the N-th issuing CA; the highest works, the others sign their lists | the same |
| `ca/` | `root.pem`, `issuing.pem`, `chain.pem` (all), `crl.pem`: copies to give away | anybody |

`secrets/ca` is written under another name and renamed, so a CA is there as a whole or not at all; the copies are made
from it whenever one is missing. The root key is needed to certify an issuing CA and for nothing else: it can lie in a
safe, and then nothing of it was ever on this disk. Keys are encrypted only if that is asked for (`keys.Keep`): a server
that starts by itself has to know the passphrase, and often from the same disk.
Serials and rows are the caller's to store: a certificate without a row in the store is nobody's.

Times are the machine's, also in a sandbox: the other end of a TLS line looks at its own clock.
"""

import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from seikyu.adapters.ca_files import FileThere, alone, pem, sync, told, write_new, write_public
from seikyu.adapters.home import Home, sweep, write_private
from seikyu.adapters.keys import ROOT_PASSPHRASE, ROOT_PIN, Keep, as_well_kept, make_key, open_key
from seikyu.adapters.keys_file import key_pem
from seikyu.adapters.root_list import ROOT_LIST, root_list, write_root_list
from seikyu.ports.errors import Damaged, SeikyuError
from seikyu.ports.register import Certificate, Party
from seikyu.ports.store import Store
from seikyu.trust.certificates import (
    CLIENT_MONTHS,
    ISSUING_MONTHS,
    ROOT_MONTHS,
    SERIAL_BYTES,
    SERVER_MONTHS,
    Issuer,
    PublicKey,
    client_certificate,
    issuing_certificate,
    key_id,
    period_of,
    public_key_of,
    root_certificate,
    serial_from,
    serial_text,
    server_certificate,
)
from seikyu.trust.party import Holder
from seikyu.trust.status import pointers_below

#: A server certificate is renewed when it has less than this left; servers start more often than that.
SERVER_RENEWAL: Final = timedelta(days=30)

IN_FILES: Final = Keep()

_PUBLIC_FOLDER: Final = 0o755
_PRIVATE_FOLDER: Final = 0o700


class NoCA(SeikyuError):
    """This office has no certificate authority yet."""

    code = "no_ca"


class CAThere(SeikyuError):
    """This office has a certificate authority already; it was not touched."""

    code = "ca_there"


class NoRootKey(SeikyuError):
    """The root key is not where it was looked for; it may lie in a safe."""

    code = "no_root_key"


@dataclass(frozen=True, slots=True)
class Retired:
    """An issuing CA whose key was rolled over: what it issued stays good, and it still signs what it revokes."""

    certificate: x509.Certificate
    key_file: Path
    generation: int


@dataclass(frozen=True, slots=True)
class CA:
    """An office's authority, ready to sign. `root` is the root's certificate; its key is not here.

    Shape: `retired` begins with the newest; `generation` counts the keys that issue from 1.
    """

    home: Home
    root: x509.Certificate
    issuing: Issuer
    retired: tuple[Retired, ...] = ()
    generation: int = 1

    @property
    def chain_pem(self) -> bytes:
        """The issuing CAs, the working one first, and the root: what both ends of a line trust."""
        return pem(self.issuing.certificate, *(each.certificate for each in self.retired), self.root)


@dataclass(frozen=True, slots=True)
class Issued:
    """A client certificate, before it is written anywhere.

    Shape: `certificate` is PEM, with the issuing CA after it; `key` is PEM, or None if the asker has it; `row` is to be
    stored before anybody gets the files.
    """

    certificate: bytes
    key: bytes | None
    row: Certificate


def create_ca(
    home: Home, *, organisation: str, now: datetime, root_out: Path | None = None, keep: Keep = IN_FILES
) -> CA:
    """Make root and issuing CA. With `root_out`, the root's key goes, with its certificate, there and nowhere else.

    Errors: CAThere; FileThere, if `root_out` holds a root; CannotWrite; BadRequestForCertificate, if `organisation`
    cannot be a name; KeyLocked, KeyUnusable. In each case, and if the program is killed, no CA is there; if it is
    killed, a root may be in `root_out`, and a key in the module.
    """
    with told(), alone(home):
        final = home.secrets / "ca"
        if final.exists():
            raise CAThere(folder=str(home.ca))
        for left in home.secrets.glob(".ca-*"):
            shutil.rmtree(left)
        arriving = home.secrets / f".ca-{secrets.token_hex(4)}"
        with ExitStack() as undo:
            undo.callback(shutil.rmtree, arriving, ignore_errors=True)
            arriving.mkdir(mode=_PRIVATE_FOLDER)
            ca = _make(home, organisation, now=now, keep=keep, folders=(arriving, root_out or arriving), undo=undo)
            sync(arriving)
            arriving.rename(final)
            undo.pop_all()
        sync(home.secrets)
        _publish(ca)
        return ca


def open_ca(home: Home) -> CA:
    """Return the office's CA.

    Errors: NoCA; Damaged, if its files cannot be read or do not belong together; KeyLocked, KeyUnusable.
    """
    place = home.secrets / "ca"
    if not place.is_dir():
        raise NoCA(home=str(home.root))
    folders = _generations(place)
    try:
        root = x509.load_pem_x509_certificate((place / "root.pem").read_bytes())
        older = [(each, x509.load_pem_x509_certificate((each / "issuing.pem").read_bytes())) for each in folders[1:]]
        issuing = _issuer_in(folders[0])
    except (OSError, ValueError, TypeError) as odd:
        raise Damaged(f"the CA in {place} cannot be read") from odd
    retired = tuple(Retired(each, folder / "issuing.key", _generation(folder)) for folder, each in older)
    ca = CA(home, root, issuing, retired, _generation(folders[0]))
    if not _is_published(ca):
        with told():
            _publish(ca)
    return ca


def issuing_certificates(home: Home) -> dict[int, x509.Certificate]:
    """Return the certificates of the issuing CAs by generation; no key is opened. Errors: NoCA; Damaged."""
    place = home.secrets / "ca"
    if not place.is_dir():
        raise NoCA(home=str(home.root))
    try:
        return {
            _generation(each): x509.load_pem_x509_certificate((each / "issuing.pem").read_bytes())
            for each in _generations(place)
        }
    except (OSError, ValueError) as odd:
        raise Damaged(f"the CA in {place} cannot be read") from odd


def open_issuing(home: Home, generation: int) -> Issuer:
    """Return one issuing CA with its key, also a retired one. Errors: as `open_ca`; NoCA, if it is not there."""
    place = home.secrets / "ca"
    folder = next((each for each in _generations(place) if _generation(each) == generation), None)
    if folder is None or not place.is_dir():
        raise NoCA(home=str(home.root))
    try:
        return _issuer_in(folder)
    except (OSError, ValueError, TypeError) as odd:
        raise Damaged(f"the issuing CA in {folder} cannot be read") from odd


def _issuer_in(folder: Path) -> Issuer:
    """Return the issuing CA in a folder. Errors: OSError, ValueError, TypeError; Damaged; KeyLocked, KeyUnusable."""
    certificate = x509.load_pem_x509_certificate((folder / "issuing.pem").read_bytes())
    key = open_key(folder / "issuing.key")
    if certificate.public_key() != key.public_key():
        raise Damaged(f"the issuing CA in {folder} has another key than its certificate")
    return Issuer(certificate, key)


def renew_issuing(home: Home, *, now: datetime, root_key: Path | None = None) -> CA:
    """Let the root certify the issuing CA's key anew. What it issued stays good.

    `root_key` is the file, or the folder that `create_ca` wrote the root into.
    Errors: as `open_ca`; NoRootKey, if `root_key` (or the home) has none or another root's; CannotWrite.
    """
    ca = open_ca(home)
    folder = _generations(home.secrets / "ca")[0]
    root = _root(ca, root_key)
    issuing = _certified(root, ca.issuing.key, now=now, generation=_generation(folder))
    renewed = replace(ca, issuing=issuing)
    with told():
        write_root_list(home.secrets / "ca", root, now=now)
        write_private(folder / "issuing.pem", pem(issuing.certificate))
        _publish(renewed)
    return renewed


def roll_over(home: Home, *, now: datetime, root_key: Path | None = None, keep: Keep = IN_FILES) -> CA:
    """Give the issuing CA a new key, certified by the root. What the old one issued stays good until it ends.

    The old key stays, to sign the list of what it issued. `root_key` is as for `renew_issuing`. The new key is kept as
    well as the old one, or better.
    Errors: as `renew_issuing`; KeyLocked, KeyUnusable. In each case, and if the program is killed, the authority is
    the old one or the new one; if it is killed, a key may be left in the module.
    """
    with told(), alone(home):
        place = home.secrets / "ca"
        ca = open_ca(home)
        root = _root(ca, root_key)
        for left in place.glob(".issuing-*"):
            shutil.rmtree(left)
        old = _generations(place)[0]
        generation = _generation(old) + 1
        final, arriving = place / f"issuing-{generation}", place / f".issuing-{secrets.token_hex(4)}"
        with ExitStack() as undo:
            undo.callback(shutil.rmtree, arriving, ignore_errors=True)
            arriving.mkdir(mode=_PRIVATE_FOLDER)
            made = make_key(final / "issuing.key", as_well_kept(old / "issuing.key", keep))
            undo.callback(made.discard)
            issuing = _certified(root, made.key, now=now, generation=generation)
            write_new(arriving / "issuing.key", made.content)
            write_new(arriving / "issuing.pem", pem(issuing.certificate))
            if not root_list(place):
                write_root_list(arriving, root, now=now)
                (arriving / ROOT_LIST).rename(place / ROOT_LIST)
            sync(arriving)
            arriving.rename(final)
            undo.pop_all()
        sync(place)
        return open_ca(home)


def ensure_root_list(home: Home, *, now: datetime) -> None:
    """Sign the root's list, if there is none. Errors: as `open_ca`; NoRootKey, CannotWrite."""
    ca = open_ca(home)
    if not root_list(home.secrets / "ca"):
        with told():
            write_root_list(home.secrets / "ca", _root(ca, None), now=now)


def _generations(place: Path) -> list[Path]:
    """Return the folders of the issuing CAs, the working one first: `issuing-N`, and the CA's own for the first."""
    later = [each for each in place.glob("issuing-*") if each.name.removeprefix("issuing-").isdecimal()]
    return [*sorted(later, key=_generation, reverse=True), place]


def _generation(folder: Path) -> int:
    name = folder.name.removeprefix("issuing-")
    return int(name) if name.isdecimal() else 1


def _root(ca: CA, place: Path | None) -> Issuer:
    """Return the root at work. Errors: NoRootKey; KeyLocked, KeyUnusable."""
    path = place or ca.home.secrets / "ca"
    if path.is_dir():
        path /= "root.key"
    try:
        key = open_key(path, passphrase=ROOT_PASSPHRASE, pin=ROOT_PIN)
    except (OSError, ValueError, TypeError) as odd:
        raise NoRootKey(file=str(path)) from odd
    if key.public_key() != ca.root.public_key():
        raise NoRootKey(file=str(path))
    return Issuer(ca.root, key)


def issue_client(ca: CA, holder: Holder, *, now: datetime, request: bytes | None = None) -> Issued:
    """Sign a client certificate, for a new key or for the key of a certification request (CSR, PEM).

    Errors: BadRequestForCertificate, BadSettings.
    """
    key: ec.EllipticCurvePrivateKey | None = None
    if request is None:
        key = ec.generate_private_key(ec.SECP256R1())
        public_key: PublicKey = key.public_key()
    else:
        public_key = public_key_of(request)
    certificate = client_certificate(
        ca.issuing,
        public_key,
        holder=holder,
        serial=new_serial(),
        period=period_of(now, months=CLIENT_MONTHS),
        pointers=pointers_below(ca.home.settings().public_url, generation=ca.generation),
    )
    row = Certificate(
        serial=serial_text(certificate.serial_number),
        party=holder.party,
        terminal=holder.terminal,
        issued_at=now.replace(microsecond=0),
        not_after=certificate.not_valid_after_utc,
        issuer=key_id(ca.issuing.certificate),
    )
    return Issued(pem(certificate, ca.issuing.certificate), None if key is None else key_pem(key), row)


@contextmanager
def staged(ca: CA, issued: Issued, folder: Path) -> Iterator[dict[str, Path]]:
    """Write a client's files under other names; they get theirs when the block ends well. In it, store the row.

    Shape: `cert.pem`, `ca.pem` and, unless the asker has it, `key.pem` (0600); yields the paths they will have. A crash
    between the row and the names leaves a row of a certificate that nobody has, and nothing in the way of another try.
    Errors: FileThere, CannotWrite; nothing is left behind.
    """
    files = {"ca": ca.chain_pem, "cert": issued.certificate} | ({"key": issued.key} if issued.key else {})
    paths = {name: folder / f"{name}.pem" for name in reversed(files)}
    staging = folder / f".new-{secrets.token_hex(4)}"
    for name, path in paths.items():
        if name != "ca" and path.exists():
            raise FileThere(file=str(path))
    try:
        with told():
            folder.mkdir(mode=_PRIVATE_FOLDER, parents=True, exist_ok=True)
            sweep(folder)
            staging.mkdir(mode=_PRIVATE_FOLDER)
            for name, path in paths.items():
                write_new(staging / path.name, files[name])
        yield paths
        with told():
            for path in paths.values():
                (staging / path.name).rename(path)
            sync(folder)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def enrol(
    ca: CA,
    store: Store,
    holder: Holder,
    *,
    folder: Path,
    now: datetime,
    request: bytes | None = None,
    newcomer: Party | None = None,
) -> tuple[Certificate, dict[str, Path]]:
    """Issue a certificate, store its row and put the client's files into `folder`; return the row and the paths.

    `newcomer` is entered in the register in the same transaction.
    Errors: as `issue_client` and `staged`, and those of the store; neither rows nor files are there then.
    """
    issued = issue_client(ca, holder, now=now, request=request)
    with staged(ca, issued, folder) as paths, store.write() as tx:
        if newcomer is not None:
            tx.put_party(newcomer)
        tx.put_certificate(issued.row)
    return issued.row, paths


def ensure_server(home: Home, hosts: Sequence[str], *, now: datetime) -> Path:
    """Return the server's PEM file, made anew if there is none, it ends soon, or is for other hosts or of another CA.

    A server that runs goes on with the old one until it is told (`tls_server.renew`).
    Errors: as `open_ca`; BadRequestForCertificate, for hosts that cannot be certified; CannotWrite.
    """
    ca = open_ca(home)
    path = home.secrets / "server.pem"
    if not _serves(path, ca, hosts, now=now):
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = server_certificate(
            ca.issuing,
            key.public_key(),
            hosts=hosts,
            serial=new_serial(),
            period=period_of(now, months=SERVER_MONTHS),
            pointers=pointers_below(home.settings().public_url, generation=ca.generation),
        )
        with told():
            write_private(path, key_pem(key) + pem(certificate, ca.issuing.certificate))
    return path


def _make(
    home: Home, organisation: str, *, now: datetime, keep: Keep, folders: tuple[Path, Path], undo: ExitStack
) -> CA:
    """Make both keys and certificates; write the CA into the first folder, and the root's key into the second."""
    folder, root_folder = folders
    # What is named in messages is where the keys will be.
    place = home.secrets / "ca"
    root_made = make_key(
        (place if folder == root_folder else root_folder) / "root.key",
        Keep(encrypted=keep.encrypted),
        passphrase=ROOT_PASSPHRASE,
    )
    certificate = root_certificate(
        root_made.key, organisation=organisation, serial=new_serial(), period=period_of(now, months=ROOT_MONTHS)
    )
    root = Issuer(certificate, root_made.key)
    made = make_key(place / "issuing.key", keep)
    undo.callback(made.discard)
    issuing = _certified(root, made.key, now=now)
    write_new(folder / "issuing.key", made.content)
    write_new(folder / "issuing.pem", pem(issuing.certificate))
    write_new(folder / "root.pem", pem(certificate))
    write_root_list(folder, root, now=now)
    if root_folder != folder:
        root_folder.mkdir(mode=_PRIVATE_FOLDER, parents=True, exist_ok=True)
        write_new(root_folder / "root.pem", pem(certificate))
        undo.callback((root_folder / "root.pem").unlink)
    write_new(root_folder / "root.key", root_made.content)
    if root_folder != folder:
        undo.callback((root_folder / "root.key").unlink)
        sync(root_folder)
    return CA(home, certificate, issuing)


def _certified(root: Issuer, key: ec.EllipticCurvePrivateKey, *, now: datetime, generation: int = 1) -> Issuer:
    """Let the root certify the key of an issuing CA."""
    organisation = str(root.certificate.subject.get_attributes_for_oid(x509.NameOID.ORGANIZATION_NAME)[0].value)
    certificate = issuing_certificate(
        root,
        key.public_key(),
        organisation=organisation,
        generation=generation,
        serial=new_serial(),
        period=period_of(now, months=ISSUING_MONTHS),
    )
    return Issuer(certificate, key)


def _is_published(ca: CA) -> bool:
    """True if the copies are those of this CA: a program that is killed may have left older ones."""
    try:
        return (ca.home.ca / "chain.pem").read_bytes() == ca.chain_pem
    except OSError:
        return False


def _publish(ca: CA) -> None:
    """Copy what anybody may have; `chain.pem` last, because it is looked for."""
    ca.home.ca.mkdir(parents=True, exist_ok=True)
    ca.home.ca.chmod(_PUBLIC_FOLDER)
    write_public(ca.home.ca / "root.pem", pem(ca.root))
    write_public(ca.home.ca / "issuing.pem", pem(ca.issuing.certificate))
    write_public(ca.home.ca / "chain.pem", ca.chain_pem)


def _serves(path: Path, ca: CA, hosts: Sequence[str], *, now: datetime) -> bool:
    """True if the server's file can go on being used."""
    try:
        content = path.read_bytes()
        certificate = x509.load_pem_x509_certificate(content)
        key = load_pem_private_key(content, None)
        certificate.verify_directly_issued_by(ca.issuing.certificate)
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (OSError, ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
        return False  # Whatever is wrong with it, it is made anew.
    return (
        certificate.public_key() == key.public_key()
        and {str(name.value) for name in names} == set(hosts)
        and certificate.not_valid_after_utc - now > SERVER_RENEWAL
    )


def new_serial() -> int:
    """Return the serial of a certificate that is to be signed."""
    return serial_from(secrets.token_bytes(SERIAL_BYTES))
