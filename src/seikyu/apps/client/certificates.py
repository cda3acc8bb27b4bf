"""The certificate of a terminal from its own end: got with the notice, renewed, replaced, reported lost.

Keys are made here and never leave; the office is asked by EST (RFC 7030). Every step is on the disk before the next one
is taken, so that whatever breaks off is gone on with by the same command: the same key gets the same certificate.
What comes is looked at before it is kept: it must be for our key and, renewed, for the same terminal, and come from the
root that this client trusts.
"""

import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Self, TypeAlias

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import load_der_pkcs7_certificates

from seikyu.adapters.home import write_private
from seikyu.adapters.tls_client import BadClientFile
from seikyu.apps.client.errors import LineFailed, OddAnswer, OfficeSaid
from seikyu.apps.client.folder import ClientFolder
from seikyu.apps.client.line import Line, Note
from seikyu.apps.client.own_files import NEXT, alone, drop, key_for_next, settle, take_over, told
from seikyu.trust import UnknownCertificate, identity_from_der
from seikyu.trust.certificates import asked_for

#: The kind of keys that are made here.
Key: TypeAlias = ec.EllipticCurvePrivateKey

EST: Final = "/.well-known/est"
_OWN: Final = "/certificates/own"

#: What a machine that waits to be approved looks at, and how often.
_PAIRINGS: Final = "/recover/pairings"
LOOK_S: Final = 3.0

#: What says that the office does not take a certificate, and never will.
_REFUSALS: Final = frozenset(
    {
        "certificate_revoked",
        "unknown_certificate",
        "certificate_expired",
        "certificate_foreign",
        "certificate_refused",
        "party_unknown",
    }
)


@dataclass(frozen=True, slots=True)
class Held:
    """What a certificate says. Shape: `not_before` and `not_after` are what it says itself."""

    serial: str
    party: str
    kind: str
    terminal: str
    not_before: datetime
    not_after: datetime


@dataclass(frozen=True, slots=True)
class Waiting:
    """A machine that waits to be approved: what its screen shows.

    Shape: `spki_sha256` (hex) is of its key; `until` is the office's time.
    """

    pairing_code: str
    until: datetime
    spki_sha256: str

    @classmethod
    def of(cls, said: Mapping[str, str], spki_sha256: str) -> Self:
        """Return what an answer of the office comes to. Errors: OddAnswer."""
        try:
            return cls(said["pairing_code"], datetime.fromisoformat(said["until"]), spki_sha256)
        except ValueError as odd:
            raise OddAnswer(url="", status="pairing") from odd


def held(folder: ClientFolder) -> Held:
    """Return what the certificate in a folder says. Errors: BadClientFile."""
    try:
        return _held(x509.load_pem_x509_certificate(folder.certificate.read_bytes()))
    except OSError as odd:
        raise BadClientFile(file=str(folder.certificate), reason=(odd.strerror or "?").lower()) from odd
    except (ValueError, UnknownCertificate) as odd:
        raise BadClientFile(file=str(folder.certificate), reason="not a certificate") from odd


def renew(
    folder: ClientFolder, *, tries: int | None = None, note: Note = lambda _: None, timeout_s: float | None = None
) -> Held:
    """Renew the certificate of a folder, and go on with a renewal that broke off; the old one stays until then.

    The new one is used once before it takes the old one's place. Errors: RenewalRunning; FileUnusable; BadClientFile;
    LineFailed, OfficeSaid, OddAnswer. What is in use works on in each case.
    """
    with alone(folder.path):
        settle(folder.path)
        coming = replace(folder, pair=NEXT)
        before = _before(folder, coming)
        key = key_for_next(folder.path)
        if not coming.certificate.exists():
            with Line(folder, root="", tries=tries, note=note, timeout_s=timeout_s) as line:
                pem = reenrolled(line, key)
            if _who(identity_in(pem, url=folder.url)) != _who(before):
                raise OddAnswer(url=folder.url, status="certificate")
            with told(folder.path):
                write_private(coming.certificate, pem)
        _use_once(coming, tries=tries, note=note, timeout_s=timeout_s)
        take_over(folder.path, coming.certificate.parent)
    return held(folder)


def reenrolled(line: Line, key: Key) -> bytes:
    """Return the certificate in hand, renewed for a key, and its issuer (PEM). Errors: as Line.get."""
    return _certified(line, "simplereenroll", key)


def enrolled(line: Line, key: Key, *, reference: str, code: str) -> bytes:
    """Return the certificate of a notice for a key, and its issuer (PEM), by PIN or recovery code.

    Errors: as Line.get.
    """
    basic = b64encode(f"{reference}:{code}".encode()).decode("ascii")
    return _certified(line, "simpleenroll", key, Authorization=f"Basic {basic}")


def ask_to_pair(line: Line, key: Key, *, party: str, terminal: str) -> dict[str, str]:
    """Ask to be approved by another terminal; return the secret and the code. Errors: as Line.post; OddAnswer."""
    request = _request(key).public_bytes(Encoding.PEM).decode("ascii")
    asked = {"party": party, "terminal": terminal, "request": request}
    answer = line.post(_PAIRINGS, json=asked)
    names = ("secret", "pairing_code", "until")
    if not all(isinstance(answer.get(name), str) for name in names):
        raise OddAnswer(url=line.folder.url, status="pairing")
    return {name: answer[name] for name in names}


def look(line: Line, secret: str) -> dict[str, Any]:
    """Look once whether somebody has approved. Errors: OfficeSaid, LineFailed, OddAnswer."""
    answer = line.answer("GET", _PAIRINGS, headers={"Authorization": f"Bearer {secret}"})
    try:
        said = answer.json()
    except ValueError:
        said = None
    if not isinstance(said, dict):
        raise OddAnswer(url=line.folder.url, status="pairing")
    return said


def wait_to_pair(line: Line, key: Key, secret: str, *, sleep: Callable[[float], None] = time.sleep) -> bytes:
    """Wait until another terminal has approved; return the certificate and its issuer (PEM).

    Errors: OfficeSaid (`pairing_over`, when nobody has in time); as Line.get.
    """
    while True:
        said = line.again(lambda: look(line, secret))
        try:
            if said["state"] == "waiting":
                sleep(LOOK_S)
                continue
            text = str(said["certificate"]) + str(said["chain"])
            come = x509.load_pem_x509_certificates(text.encode())
        except (ValueError, KeyError, TypeError) as odd:
            raise OddAnswer(url=line.folder.url, status="pairing") from odd
        return _checked(line, key, come)


def report_lost(line: Line, *, reference: str, recovery: str) -> list[str]:
    """Have whatever a terminal has revoked; return the serials. Again changes nothing. Errors: as Line.post."""
    answer = line.post("/recover/lost", repeatable=True, json={"reference": reference, "recovery": recovery})
    return [str(serial) for serial in answer.get("revoked", [])]


def fingerprint_of(key: Key) -> str:
    """Return the SHA-256 of a key as both screens show it."""
    return asked_for(key.public_key()).spki_sha256


def identity_in(pem: bytes, *, url: str) -> Held:
    """Return what a certificate (PEM) says that came from an address. Errors: OddAnswer."""
    try:
        return _held(x509.load_pem_x509_certificate(pem))
    except (ValueError, UnknownCertificate) as odd:
        raise OddAnswer(url=url, status="certificate") from odd


def _before(folder: ClientFolder, coming: ClientFolder) -> Held:
    """Return what is in use; what an earlier try has brought and cannot be used any more is thrown away."""
    before = held(folder)
    if coming.certificate.exists():
        try:
            usable = held(coming).not_after > datetime.now(before.not_after.tzinfo)
        except BadClientFile:
            usable = False
        if not usable:
            drop(coming.certificate.parent)
    return before


def _use_once(coming: ClientFolder, *, tries: int | None, note: Note, timeout_s: float | None) -> None:
    """Show the office the new certificate. One that it does not take is thrown away, and the old one stays."""
    try:
        with Line(coming, tries=tries, note=note, timeout_s=timeout_s) as line:
            line.get(_OWN)
    except (LineFailed, OfficeSaid) as trouble:
        if trouble.words_code == "not_found":
            return  # An older office has no such question; but it has taken the certificate.
        if trouble.words_code in _REFUSALS:
            drop(coming.certificate.parent)
        raise
    except BadClientFile:
        drop(coming.certificate.parent)
        raise


def _certified(line: Line, act: str, key: Key, **headers: str) -> bytes:
    """Ask for the certificate of a key. Errors: as Line.get; OddAnswer, if what comes is not what was asked for."""
    body = b64encode(_request(key).public_bytes(Encoding.DER))
    said = {"Content-Type": "application/pkcs10", "Accept": "application/pkcs7-mime, application/problem+json"}
    answer = line.again(lambda: line.answer("POST", f"{EST}/{act}", content=body, headers=said | headers))
    come = _pkcs7(line, answer.content)
    return _checked(line, key, come)


def _checked(line: Line, key: Key, come: Sequence[x509.Certificate]) -> bytes:
    """Return the certificate for our key and its issuer (PEM). Errors: as Line.get; OddAnswer."""
    own = next((each for each in come if each.public_key() == key.public_key()), None)
    if own is None:
        raise OddAnswer(url=line.folder.url, status="certificate")
    issuers = [each for each in come if each is not own]
    if not any(_issued(own, each) for each in issuers):
        issuers = _pkcs7(line, line.again(lambda: line.answer("GET", f"{EST}/cacerts")).content)
    roots = x509.load_pem_x509_certificates(line.folder.ca.read_bytes())
    path = next((each for each in issuers if _issued(own, each) and any(_issued(each, root) for root in roots)), None)
    if path is None:
        raise OddAnswer(url=line.folder.url, status="certificate")
    return own.public_bytes(Encoding.PEM) + path.public_bytes(Encoding.PEM)


def _pkcs7(line: Line, body: bytes) -> list[x509.Certificate]:
    try:
        return load_der_pkcs7_certificates(b64decode(body))
    except (ValueError, UnsupportedAlgorithm) as odd:
        raise OddAnswer(url=line.folder.url, status="pkcs7") from odd


def _issued(certificate: x509.Certificate, by: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(by)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _request(key: Key) -> x509.CertificateSigningRequest:
    """Return a request that names nobody: the office knows who asks, and writes what the register says."""
    return x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, SHA256())


def _held(certificate: x509.Certificate) -> Held:
    """Errors: UnknownCertificate."""
    said = identity_from_der(certificate.public_bytes(Encoding.DER))
    return Held(
        said.serial, said.party, said.kind, said.terminal,
        certificate.not_valid_before_utc, certificate.not_valid_after_utc,
    )  # fmt: skip


def _who(one: Held) -> tuple[str, str, str]:
    return one.kind, one.party, one.terminal
