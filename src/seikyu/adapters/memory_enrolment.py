"""Enrolment in memory: the part of `adapters.memory` that holds applications, notices and what was issued."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from seikyu.ports.enrolment import Application, IssuanceNotice, IssuedCertificate, Pairing
from seikyu.ports.errors import AlreadyThere


@dataclass(frozen=True)
class EnrolmentTables:
    """All rows of enrolment at one moment."""

    applications: dict[str, Application] = field(default_factory=dict)
    issuance_notices: dict[str, IssuanceNotice] = field(default_factory=dict)
    issued: dict[str, IssuedCertificate] = field(default_factory=dict)
    pairings: dict[str, Pairing] = field(default_factory=dict)


class _HasTables(Protocol):
    @property
    def tables(self) -> EnrolmentTables: ...


class MemoryEnrolmentRead:
    """What can be read (ports.enrolment.EnrolmentRead)."""

    def application(self: _HasTables, application_id: str) -> Application | None:
        """Return the application of that id."""
        return self.tables.applications.get(application_id)

    def applications(
        self: _HasTables,
        *,
        party: str | None = None,
        state: str | None = None,
        after: str | None = None,
        limit: int | None = None,
    ) -> list[Application]:
        """Return applications, newest first."""
        found = [
            one
            for one in self.tables.applications.values()
            if party in {None, one.party} and state in {None, one.state} and (after is None or one.id < after)
        ]
        return sorted(found, key=lambda one: one.id, reverse=True)[:limit]

    def issuance_notice(self: _HasTables, notice_id: str) -> IssuanceNotice | None:
        """Return the notice of that id."""
        return self.tables.issuance_notices.get(notice_id)

    def notice_by_reference(self: _HasTables, reference: str) -> IssuanceNotice | None:
        """Return the notice of that reference number."""
        found = [one for one in self.tables.issuance_notices.values() if one.reference == reference]
        return found[0] if found else None

    def notice_of_terminal(self: _HasTables, party: str, terminal: str) -> IssuanceNotice | None:
        """Return the notice of that terminal that has not ended."""
        found = [
            one
            for one in self.tables.issuance_notices.values()
            if (one.party, one.terminal, one.ended_at) == (party, terminal, None)
        ]
        return max(found, key=lambda one: one.issued_at) if found else None

    def issuance_notices(self: _HasTables, party: str) -> list[IssuanceNotice]:
        """Return the notices of a party, oldest first."""
        found = [one for one in self.tables.issuance_notices.values() if one.party == party]
        return sorted(found, key=lambda one: (one.issued_at, one.id))

    def issued(self: _HasTables, serial: str) -> IssuedCertificate | None:
        """Return what was issued under that serial."""
        return self.tables.issued.get(serial)

    def issued_of_terminal(self: _HasTables, party: str, terminal: str) -> list[IssuedCertificate]:
        """Return what was issued to a terminal, oldest first."""
        found = [one for one in self.tables.issued.values() if (one.party, one.terminal) == (party, terminal)]
        return sorted(found, key=lambda one: (one.issued_at, one.serial))

    def count_issued(self: _HasTables, party: str, terminal: str, *, since: datetime) -> int:
        """Return how many certificates a terminal was issued from then on."""
        return sum(
            (one.party, one.terminal) == (party, terminal) and one.issued_at >= since
            for one in self.tables.issued.values()
        )

    def issued_with_key(self: _HasTables, spki_sha256: str) -> list[IssuedCertificate]:
        """Return what was issued for a key, oldest first."""
        found = [one for one in self.tables.issued.values() if one.spki_sha256 == spki_sha256]
        return sorted(found, key=lambda one: (one.issued_at, one.serial))

    def superseded(self: _HasTables, before: datetime, *, limit: int) -> list[IssuedCertificate]:
        """Return what is to be revoked by now, the earliest first."""
        found = [
            (one.superseded_at, one.serial, one)
            for one in self.tables.issued.values()
            if one.superseded_at is not None and one.superseded_at <= before
        ]
        return [one for _, _, one in sorted(found, key=lambda each: each[:2])[:limit]]

    def pairing(self: _HasTables, pairing_id: str) -> Pairing | None:
        """Return the pairing of that id."""
        return self.tables.pairings.get(pairing_id)

    def pairings(self: _HasTables, party: str) -> list[Pairing]:
        """Return the terminals of a party that wait, or were approved, oldest first."""
        found = [one for one in self.tables.pairings.values() if one.party == party]
        return sorted(found, key=lambda one: (one.asked_at, one.id))

    def count_pairings(self: _HasTables, *, waiting_since: datetime | None = None) -> int:
        """Return how many pairings there are, of everybody; or those asked for later that are not approved."""
        every = self.tables.pairings.values()
        if waiting_since is None:
            return len(every)
        return sum(one.serial is None and one.asked_at > waiting_since for one in every)


class MemoryEnrolmentWrite:
    """What can be written (ports.enrolment.EnrolmentWrite)."""

    def put_application(self: _HasTables, application: Application) -> None:
        """Insert or replace."""
        self.tables.applications[application.id] = application

    def put_issuance_notice(self: _HasTables, notice: IssuanceNotice) -> None:
        """Insert or replace. Errors: AlreadyThere, if another notice has the reference number."""
        others = [one for one in self.tables.issuance_notices.values() if one.id != notice.id]
        if any(one.reference == notice.reference for one in others):
            raise AlreadyThere("a notice of that reference number is already there")
        self.tables.issuance_notices[notice.id] = notice

    def put_issued(self: _HasTables, issued: IssuedCertificate) -> None:
        """Insert or replace."""
        self.tables.issued[issued.serial] = issued

    def put_pairing(self: _HasTables, pairing: Pairing) -> None:
        """Insert or replace."""
        self.tables.pairings[pairing.id] = pairing

    def drop_pairing(self: _HasTables, pairing_id: str) -> None:
        """Remove a pairing, if it is there."""
        self.tables.pairings.pop(pairing_id, None)

    def forget_pairings(self: _HasTables, before: datetime) -> int:
        """Remove the pairings that were asked for earlier; return how many."""
        old = [name for name, one in self.tables.pairings.items() if one.asked_at < before]
        for name in old:
            del self.tables.pairings[name]
        return len(old)
