"""Statements about enrolment: applications, issuance notices, issued certificates and pairings."""

from datetime import datetime

import sqlalchemy as sa

from seikyu.adapters.sql.rows import columns, every, first, narrowed, page, put
from seikyu.adapters.sql.schema_enrolment import applications, issuance_notices, issued_certificates, pairings
from seikyu.adapters.sql.schema_register import certificates
from seikyu.ports.enrolment import Application, IssuanceNotice, IssuedCertificate, Pairing

_APPLICATION = sa.select(*columns(applications, Application))
_NOTICE = sa.select(*columns(issuance_notices, IssuanceNotice))
_ISSUED = sa.select(*columns(issued_certificates, IssuedCertificate))
_PAIRING = sa.select(*columns(pairings, Pairing))


class SqlEnrolmentRead:
    """What can be read (ports.enrolment.EnrolmentRead)."""

    connection: sa.Connection

    def application(self, application_id: str) -> Application | None:
        """Return the application of that id."""
        return first(self.connection, Application, _APPLICATION.where(applications.c.id == application_id))

    def applications(
        self, *, party: str | None = None, state: str | None = None, after: str | None = None, limit: int | None = None
    ) -> list[Application]:
        """Return applications, newest first."""
        wanted = narrowed(_APPLICATION, applications, party=party, state=state)
        return every(self.connection, Application, page(wanted, applications.c.id, after=after, limit=limit))

    def issuance_notice(self, notice_id: str) -> IssuanceNotice | None:
        """Return the notice of that id."""
        return first(self.connection, IssuanceNotice, _NOTICE.where(issuance_notices.c.id == notice_id))

    def notice_by_reference(self, reference: str) -> IssuanceNotice | None:
        """Return the notice of that reference number."""
        return first(self.connection, IssuanceNotice, _NOTICE.where(issuance_notices.c.reference == reference))

    def notice_of_terminal(self, party: str, terminal: str) -> IssuanceNotice | None:
        """Return the notice of that terminal that has not ended."""
        wanted = narrowed(_NOTICE, issuance_notices, party=party, terminal=terminal)
        living = wanted.where(issuance_notices.c.ended_at.is_(None))
        return first(self.connection, IssuanceNotice, living.order_by(issuance_notices.c.issued_at.desc()))

    def issuance_notices(self, party: str) -> list[IssuanceNotice]:
        """Return the notices of a party, oldest first."""
        wanted = narrowed(_NOTICE, issuance_notices, party=party)
        order = (issuance_notices.c.issued_at, issuance_notices.c.id)
        return every(self.connection, IssuanceNotice, wanted.order_by(*order))

    def issued(self, serial: str) -> IssuedCertificate | None:
        """Return what was issued under that serial."""
        return first(self.connection, IssuedCertificate, _ISSUED.where(issued_certificates.c.serial == serial))

    def issued_of_terminal(self, party: str, terminal: str) -> list[IssuedCertificate]:
        """Return what was issued to a terminal, oldest first."""
        wanted = narrowed(_ISSUED, issued_certificates, party=party, terminal=terminal)
        order = (issued_certificates.c.issued_at, issued_certificates.c.serial)
        return every(self.connection, IssuedCertificate, wanted.order_by(*order))

    def count_issued(self, party: str, terminal: str, *, since: datetime) -> int:
        """Return how many certificates a terminal was issued from then on."""
        rows = issued_certificates.c
        wanted = (rows.party == party, rows.terminal == terminal, rows.issued_at >= since)
        return self.connection.execute(sa.select(sa.func.count()).where(*wanted)).scalar_one()

    def issued_with_key(self, spki_sha256: str) -> list[IssuedCertificate]:
        """Return what was issued for a key, oldest first."""
        wanted = narrowed(_ISSUED, issued_certificates, spki_sha256=spki_sha256)
        order = (issued_certificates.c.issued_at, issued_certificates.c.serial)
        return every(self.connection, IssuedCertificate, wanted.order_by(*order))

    def superseded(self, before: datetime, *, limit: int) -> list[IssuedCertificate]:
        """Return what is to be revoked by now, the earliest first."""
        at = issued_certificates.c.superseded_at
        wanted = _ISSUED.where(at <= before).order_by(at, issued_certificates.c.serial).limit(limit)
        return every(self.connection, IssuedCertificate, wanted)

    def pairing(self, pairing_id: str) -> Pairing | None:
        """Return the pairing of that id."""
        return first(self.connection, Pairing, _PAIRING.where(pairings.c.id == pairing_id))

    def pairings(self, party: str) -> list[Pairing]:
        """Return the terminals of a party that wait, or were approved, oldest first."""
        wanted = narrowed(_PAIRING, pairings, party=party)
        return every(self.connection, Pairing, wanted.order_by(pairings.c.asked_at, pairings.c.id))

    def count_pairings(self, *, waiting_since: datetime | None = None) -> int:
        """Return how many pairings there are, of everybody; or those asked for later that are not approved."""
        counted = sa.select(sa.func.count()).select_from(pairings)
        if waiting_since is not None:
            counted = counted.where(pairings.c.serial.is_(None), pairings.c.asked_at > waiting_since)
        return self.connection.execute(counted).scalar_one()

    def count_ending(self, after: datetime, before: datetime) -> int:
        """Return how many certificates end by themselves in between, that nothing has taken over from yet."""
        over = sa.select(issued_certificates.c.serial).where(issued_certificates.c.superseded_at.is_not(None))
        ending = sa.select(sa.func.count()).where(
            certificates.c.revoked_at.is_(None),
            certificates.c.not_after > after,
            certificates.c.not_after <= before,
            certificates.c.serial.not_in(over),
        )
        return self.connection.execute(ending).scalar_one()


class SqlEnrolmentWrite:
    """What can be written (ports.enrolment.EnrolmentWrite)."""

    connection: sa.Connection

    def put_application(self, application: Application) -> None:
        """Insert or replace."""
        put(self.connection, applications, application)

    def put_issuance_notice(self, notice: IssuanceNotice) -> None:
        """Insert or replace. Errors: AlreadyThere, if another notice has the reference number."""
        put(self.connection, issuance_notices, notice)

    def put_issued(self, issued: IssuedCertificate) -> None:
        """Insert or replace."""
        put(self.connection, issued_certificates, issued)

    def put_pairing(self, pairing: Pairing) -> None:
        """Insert or replace."""
        put(self.connection, pairings, pairing)

    def drop_pairing(self, pairing_id: str) -> None:
        """Remove a pairing, if it is there."""
        self.connection.execute(pairings.delete().where(pairings.c.id == pairing_id))

    def forget_pairings(self, before: datetime) -> int:
        """Remove the pairings that were asked for earlier; return how many."""
        return self.connection.execute(pairings.delete().where(pairings.c.asked_at < before)).rowcount
