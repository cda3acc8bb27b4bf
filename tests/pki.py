"""A small PKI for tests: keys are made once per run, everything else by the builders under test."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from seikyu.trust.certificates import (
    Issuer,
    Period,
    client_certificate,
    issuing_certificate,
    period_of,
    root_certificate,
    serial_from,
    server_certificate,
)
from seikyu.trust.party import Holder

NOW = datetime(2026, 10, 5, 9, 0, tzinfo=UTC)
HOLDER = Holder("institution", "9911000015", "見本　医院", "受付 1号機")


@functools.cache
def key(name: str) -> ec.EllipticCurvePrivateKey:
    """Return the P-384 or P-256 key of that name; the same name gives the same key within a run."""
    return ec.generate_private_key(ec.SECP384R1() if name.startswith("ca") else ec.SECP256R1())


def serial(no: int) -> int:
    """Return serial `no` of a row of serials."""
    return serial_from(no.to_bytes(16))


@dataclass(frozen=True)
class PKI:
    """A root and an issuing CA made at `now`."""

    root: Issuer
    issuing: Issuer
    now: datetime

    @property
    def chain(self) -> list[x509.Certificate]:
        """The issuing CA, then the root."""
        return [self.issuing.certificate, self.root.certificate]

    def client(self, holder: Holder = HOLDER, *, no: int = 3, period: Period | None = None) -> x509.Certificate:
        """Return a client certificate for the key `client`."""
        period = period or period_of(self.now, months=39)
        return client_certificate(
            self.issuing, key("client").public_key(), holder=holder, serial=serial(no), period=period
        )

    def server(
        self, hosts: Sequence[str] = ("localhost", "127.0.0.1"), *, no: int = 4, period: Period | None = None
    ) -> x509.Certificate:
        """Return a server certificate for the key `server`."""
        period = period or period_of(self.now, months=13)
        return server_certificate(
            self.issuing, key("server").public_key(), hosts=hosts, serial=serial(no), period=period
        )


def make_pki(now: datetime = NOW, *, name: str = "test office", keys: str = "ca") -> PKI:
    """Return a PKI whose root and issuing keys are named after `keys`, which begins with `ca`."""
    root_key, issuing_key = key(f"{keys}-root"), key(f"{keys}-issuing")
    root = Issuer(
        root_certificate(root_key, organisation=name, serial=serial(1), period=period_of(now, months=240)), root_key
    )
    certificate = issuing_certificate(
        root, issuing_key.public_key(), organisation=name, serial=serial(2), period=period_of(now, months=120)
    )
    return PKI(root, Issuer(certificate, issuing_key), now)


def write_pem(path: Path, *parts: x509.Certificate | ec.EllipticCurvePrivateKey) -> Path:
    """Write certificates and keys one after the other, readable by the owner only."""
    path.touch(mode=0o600)
    path.write_bytes(
        b"".join(
            part.public_bytes(Encoding.PEM)
            if isinstance(part, x509.Certificate)
            else part.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            for part in parts
        )
    )
    return path
