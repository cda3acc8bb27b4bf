"""A home with a CA and a register behind a public face, to see where others learn of revocations."""

import asyncio
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import httpx2
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import ocsp

from apps.page_parts import pages_of_lab
from pki import HOLDER
from seikyu.adapters.home import Home
from seikyu.adapters.sql import SqlStore
from seikyu.adapters.x509_ca import create_ca, issue_client, open_ca
from seikyu.apps import faces
from seikyu.apps.api.limiter import code_turnstile
from seikyu.apps.metrics import Metrics
from seikyu.apps.pki import Revocations
from seikyu.ports.errors import Unavailable
from seikyu.ports.register import Certificate, Party
from seikyu.services.revocation import SOURCES
from services.enrolment_lab import enrolling_over
from services.office_lab import make_lab

NOW = datetime(2026, 10, 5, 9, 0, tzinfo=UTC)


class Breakable:
    """The real store, which can be made to fail."""

    def __init__(self, inner: SqlStore) -> None:
        self.inner = inner
        self.broken = False

    def read(self) -> AbstractContextManager[Any]:
        """Begin to read, or fail."""
        if self.broken:
            raise Unavailable("the test pulled the plug")
        return self.inner.read()

    def write(self) -> AbstractContextManager[Any]:
        """Begin to write, or fail."""
        if self.broken:
            raise Unavailable("the test pulled the plug")
        return self.inner.write()


class Bench:
    """A home with a CA, a register in it, a clock that stands still, and the public face over all that."""

    def __init__(self, home: Home, store: SqlStore) -> None:
        self.home = home
        self.store = Breakable(store)
        self.at = NOW
        create_ca(home, organisation="office", now=NOW)
        with store.write() as tx:
            tx.put_party(Party(HOLDER.party, HOLDER.kind, HOLDER.name, NOW))
        self.metrics = Metrics()
        self.house = Revocations(home, self.store, count=self.metrics.tell, now=lambda: self.at)  # type: ignore[arg-type]
        self.metrics.watch_sources(SOURCES, self.house.alarms.silent_s)
        office = make_lab().office
        self.face = faces.public(
            office, enrolling_over(office), self.metrics, pages=pages_of_lab(office, "public"), given_out=home.ca,
            turnstile=code_turnstile(), responder=self.house.responder,
        )  # fmt: skip

    def issue(self) -> tuple[Certificate, x509.Certificate]:
        """Issue a certificate and enter it."""
        issued = issue_client(open_ca(self.home), HOLDER, now=NOW)
        with self.store.inner.write() as tx:
            tx.put_certificate(issued.row)
        return issued.row, x509.load_pem_x509_certificate(issued.certificate)

    def revoke(self, row: Certificate) -> None:
        """Revoke it in the rows."""
        with self.store.inner.write() as tx:
            tx.put_certificate(replace(row, revoked_at=self.at, reason="key_compromise"))

    def crl(self) -> x509.CertificateRevocationList:
        """Return the list as it is given out."""
        return x509.load_der_x509_crl(self.ask("GET", "/pki/crl.der").content)

    def ask(self, method: str, path: str, **options: Any) -> httpx2.Response:
        """Ask the public face."""

        async def once() -> httpx2.Response:
            transport = httpx2.ASGITransport(app=self.face)
            async with httpx2.AsyncClient(transport=transport, base_url="https://public.example") as client:
                return await client.request(method, path, **options)

        return asyncio.run(once())

    def question(
        self, certificate: x509.Certificate, *, nonce: bytes | None = None, issuer: x509.Certificate | None = None
    ) -> bytes:
        """Return a question (DER), of the CA that works or another."""
        above = issuer or open_ca(self.home).issuing.certificate
        asked = ocsp.OCSPRequestBuilder().add_certificate(certificate, above, SHA1())
        if nonce:
            asked = asked.add_extension(x509.OCSPNonce(nonce), critical=False)
        return asked.build().public_bytes(Encoding.DER)

    def word(self, serial: int, issuer: x509.Certificate) -> str:
        """Ask about a serial of an issuer, by its hashes; return the state."""
        point = issuer.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        hashes = [sha256(issuer.subject.public_bytes()).digest(), sha256(point).digest()]
        asked = ocsp.OCSPRequestBuilder().add_certificate_by_hash(*hashes, serial, SHA256()).build()
        return read(self.post(asked.public_bytes(Encoding.DER))).certificate_status.name

    def post(self, question: bytes) -> httpx2.Response:
        """Ask by POST."""
        return self.ask("POST", "/pki/ocsp", content=question, headers={"Content-Type": "application/ocsp-request"})

    def counted(self, name: str) -> float:
        """Return a number of the metrics."""
        lines = self.metrics.text().decode().splitlines()
        return next((float(line.split()[-1]) for line in lines if line.startswith(name + " ")), 0.0)

    def silent(self, source: str) -> float:
        """Return for how long the metrics say that a source is silent."""
        return self.counted(f'seikyu_revocation_source_silent_seconds{{source="{source}"}}')

    def alarms(self, word: str = "silent") -> float:
        """Return how often an alarm was raised, or ended."""
        return self.counted(f'seikyu_events_total{{event="revocation_source_{word}"}}')


def read(reply: httpx2.Response) -> ocsp.OCSPResponse:
    """Return the answer of a reply."""
    assert (reply.status_code, reply.headers["content-type"]) == (200, "application/ocsp-response")
    return ocsp.load_der_ocsp_response(reply.content)
