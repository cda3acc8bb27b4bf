"""Enrolment on a bench: a clock that the test sets, an authority that signs for real, and parties that are made up."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from pki import PKI, make_pki
from seikyu.adapters.memory import MemoryStore
from seikyu.adapters.sql import open_store
from seikyu.ports.enrolment import Signed
from seikyu.ports.register import Certificate, Party
from seikyu.ports.store import Store
from seikyu.ports.trust import ClientIdentity
from seikyu.services import applications, issuing
from seikyu.services.applications import Enrolling, Opened, Wish
from seikyu.services.issuing import Handed, Proof
from seikyu.services.office import Office
from seikyu.services.people import CONSOLE
from seikyu.trust.certificates import (
    Asked,
    PublicKey,
    asked_for,
    client_certificate,
    key_id,
    period_of,
    serial_from,
    serial_text,
    server_certificate,
)
from seikyu.trust.party import Holder
from seikyu.trust.people import Actor
from services.office_lab import LabClock, LabIds
from services.people_lab import NOON, OTHER, OWN, PAYER, CountingVault

TERMINAL: Final = "受付1号機"
#: Whoever works for the party, and whoever works at the office.
CLERK: Final = Actor("hanako", OWN, "1", "clerk")


@dataclass
class LabAuthority:
    """An issuing CA in memory (ports.enrolment.Authority)."""

    pki: PKI
    signed: int = 0

    def client(self, key: PublicKey, holder: Holder, *, now: datetime) -> Signed:
        """Sign the certificate of a terminal."""
        serial = self._next()
        return self._told(
            client_certificate(self.pki.issuing, key, holder=holder, serial=serial, period=period_of(now, months=39))
        )

    def server(self, key: PublicKey, hosts: Sequence[str], *, now: datetime) -> Signed:
        """Sign the certificate of a server."""
        serial = self._next()
        return self._told(
            server_certificate(self.pki.issuing, key, hosts=hosts, serial=serial, period=period_of(now, months=13))
        )

    def chain(self) -> tuple[bytes, ...]:
        """Return what stands above."""
        return tuple(each.public_bytes(Encoding.DER) for each in self.pki.chain)

    def _next(self) -> int:
        self.signed += 1
        return serial_from(self.signed.to_bytes(16))

    def _told(self, certificate: x509.Certificate) -> Signed:
        return Signed(
            serial_text(certificate.serial_number),
            certificate.public_bytes(Encoding.DER),
            certificate.not_valid_before_utc,
            certificate.not_valid_after_utc,
            key_id(self.pki.issuing.certificate),
        )


@dataclass
class EnrolmentLab:
    """Enrolment, and short words for what happens with it."""

    enrolling: Enrolling
    clock: LabClock
    vault: CountingVault
    authority: LabAuthority
    told: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def opened(self, terminal: str = TERMINAL, *, party: str = OWN, **wish: Any) -> Opened:
        """Return the notice of a terminal that was applied for and approved."""
        application, _ = applications.apply_for(self.enrolling, CLERK, Wish(terminal, **wish), party=party)
        return applications.approve(self.enrolling, CONSOLE, application.id)

    def fetched(self, opened: Opened, asked: Asked | None = None) -> Handed:
        """Fetch with what stands on the paper."""
        return issuing.fetch(self.enrolling, Proof(opened.reference, opened.pin), asked or new_asked())

    def row(self, serial: str) -> Certificate:
        """Return what the register says of a serial."""
        with self.enrolling.store.read() as tx:
            row = tx.certificate(serial)
        assert row is not None
        return row

    def living(self, party: str = OWN) -> list[str]:
        """Return the serials of a party that are not revoked, oldest first."""
        with self.enrolling.store.read() as tx:
            return [row.serial for row in tx.certificates(party=party) if row.revoked_at is None]

    def acts(self) -> list[str]:
        """Return what the journal says was done."""
        with self.enrolling.store.read() as tx:
            return [entry.act for entry in tx.entries()]

    def later(self, **by: float) -> None:
        """Let time pass."""
        self.clock.at += timedelta(**by)


def new_asked() -> Asked:
    """Return a key that nobody has asked for yet."""
    return asked_for(ec.generate_private_key(ec.SECP256R1()).public_key())


def inhand(serial: str, *, party: str = OWN, terminal: str = TERMINAL) -> ClientIdentity:
    """Return what a certificate in hand says."""
    return ClientIdentity(serial=serial, party=party, kind="institution", terminal=terminal)


def enrolling_over(office: Office) -> Enrolling:
    """Return enrolment at an office on its own bench."""
    return Enrolling(
        store=office.store, clock=office.clock, register_clock=office.clock, ids=office.ids, vault=CountingVault(),
        authority=LabAuthority(make_pki(now=NOON)), tell=office.tell,
    )  # fmt: skip


def make_enrolment_lab(where: Path | None = None) -> EnrolmentLab:
    """Return enrolment in memory, or on SQLite if `where` is given."""
    store: Store = MemoryStore() if where is None else open_store(where / "office.sqlite")
    clock, vault, told = LabClock(NOON), CountingVault(), list[tuple[str, dict[str, Any]]]()
    authority = LabAuthority(make_pki(now=NOON))
    since = NOON - timedelta(days=100)
    with store.write() as tx:
        for party, kind in ((OWN, "institution"), (OTHER, "institution"), (PAYER, "payer"), ("operator", "operator")):
            tx.put_party(Party(party, kind, "見本", since))
        tx.put_party(Party("9911000031", "institution", "見本", since, until=NOON))
        tx.put_party(Party("9911000049", "institution", "見本", NOON + timedelta(days=60)))
    enrolling = Enrolling(
        store=store, clock=clock, register_clock=clock, ids=LabIds(), vault=vault, authority=authority,
        tell=lambda event, **facts: told.append((event, facts)),
    )  # fmt: skip
    return EnrolmentLab(enrolling, clock, vault, authority, told)
