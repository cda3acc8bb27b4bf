"""The issuing CA of a home, at work for services; and a key with its certificate as one file to import (PKCS#12).

Times are the caller's, and are the machine's: the other end of a TLS line looks at its own clock.
"""

import threading
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PrivateFormat
from cryptography.hazmat.primitives.serialization.pkcs12 import PBES, serialize_key_and_certificates

from seikyu.adapters.home import Home
from seikyu.adapters.x509_ca import CA, new_serial, open_ca
from seikyu.ports.enrolment import Signed
from seikyu.trust.certificates import (
    CLIENT_MONTHS,
    SERVER_MONTHS,
    PublicKey,
    client_certificate,
    key_id,
    period_of,
    serial_text,
    server_certificate,
)
from seikyu.trust.party import Holder
from seikyu.trust.status import pointers_below

#: Rounds of PBKDF2 for a PKCS#12 file: its password is made by chance, so that more would only take time.
_ROUNDS = 100_000

#: Bytes of chance that a key is made of.
KEY_CHANCE_BYTES: Final = 48

#: The order of P-256 (SP 800-186, 3.2.1.3): a private key is a number from 1 to one less.
_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def new_key() -> ec.EllipticCurvePrivateKey:
    """Return a key for a terminal that does not make its own; it is handed over and kept nowhere."""
    return ec.generate_private_key(ec.SECP256R1())


def key_from(chance: bytes) -> ec.EllipticCurvePrivateKey:
    """Return the key that random bytes stand for: the same bytes, the same key, so that a download can be repeated.

    Shape: 48 bytes, so many that the remainder favours no key. Source: FIPS 186-5, A.2.1.
    """
    if len(chance) != KEY_CHANCE_BYTES:
        raise ValueError(f"a key is made of {KEY_CHANCE_BYTES} random bytes")
    return ec.derive_private_key(int.from_bytes(chance) % (_ORDER - 1) + 1, ec.SECP256R1())


def packed(key: ec.EllipticCurvePrivateKey, der: bytes, chain: Sequence[bytes], *, name: str, password: str) -> bytes:
    """Return a PKCS#12 file (AES-256, HMAC-SHA-256): the key, its certificate and what stands above it.

    Shape: `der` and `chain` as `services.issuing.Handed` has them; `name` is what certificate stores show.
    """
    encryption = (
        PrivateFormat.PKCS12.encryption_builder()
        .kdf_rounds(_ROUNDS)
        .key_cert_algorithm(PBES.PBESv2SHA256AndAES256CBC)
        .hmac_hash(SHA256())
        .build(password.encode())
    )
    above = [x509.load_der_x509_certificate(each) for each in chain]
    return serialize_key_and_certificates(name.encode(), key, x509.load_der_x509_certificate(der), above, encryption)


def pem_of(ders: Sequence[bytes]) -> bytes:
    """Return certificates as PEM, one behind the other."""
    return b"".join(x509.load_der_x509_certificate(each).public_bytes(Encoding.PEM) for each in ders)


class HomeAuthority:
    """The issuing CA of a home at work (ports.enrolment.Authority). Safe from many threads.

    The key is opened once, and again after a rollover: opening an encrypted one takes long on purpose.
    Errors: as `open_ca`, of every method.
    """

    def __init__(self, home: Home) -> None:
        self._home = home
        self._turn = threading.Lock()
        self._open: tuple[object, CA] | None = None

    def client(self, key: PublicKey, holder: Holder, *, now: datetime) -> Signed:
        """Sign the certificate of a terminal."""
        ca = self._ca()
        period = period_of(now, months=CLIENT_MONTHS)
        return _told(
            ca,
            client_certificate(
                ca.issuing, key, holder=holder, serial=new_serial(), period=period, pointers=self._pointers(ca)
            ),
        )

    def server(self, key: PublicKey, hosts: Sequence[str], *, now: datetime) -> Signed:
        """Sign the certificate of a server. Errors: BadRequestForCertificate."""
        ca = self._ca()
        period = period_of(now, months=SERVER_MONTHS)
        return _told(
            ca,
            server_certificate(
                ca.issuing, key, hosts=hosts, serial=new_serial(), period=period, pointers=self._pointers(ca)
            ),
        )

    def chain(self) -> tuple[bytes, ...]:
        """Return the certificates of the issuing CAs, the working one first, and the root, as DER."""
        ca = self._ca()
        own = (ca.issuing.certificate, *(each.certificate for each in ca.retired), ca.root)
        return tuple(each.public_bytes(Encoding.DER) for each in own)

    def _pointers(self, ca: CA) -> tuple[x509.ExtensionType, ...]:
        return tuple(pointers_below(self._home.settings().public_url, generation=ca.generation))

    def _ca(self) -> CA:
        place = self._home.secrets / "ca"
        with self._turn:
            files = sorted(place.glob("**/issuing.pem"))
            seen = tuple((each, each.stat().st_mtime_ns, each.stat().st_ino) for each in files)
            if self._open is None or self._open[0] != seen:
                self._open = (seen, open_ca(self._home))
            return self._open[1]


def _told(ca: CA, certificate: x509.Certificate) -> Signed:
    return Signed(
        serial=serial_text(certificate.serial_number),
        der=certificate.public_bytes(Encoding.DER),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        issuer=key_id(ca.issuing.certificate),
    )
