"""The register in memory: the part of `adapters.memory` that holds parties, certificates and orders to revoke."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol

from seikyu.ports.errors import AlreadyThere, NotThere
from seikyu.ports.register import Certificate, CertificateQuery, Party, PartyQuery, RevocationOrder
from seikyu.trust.party import folded_name


@dataclass(frozen=True)
class RegisterTables:
    """All rows of the register at one moment."""

    parties: dict[str, Party] = field(default_factory=dict)
    certificates: dict[str, Certificate] = field(default_factory=dict)
    revocation_orders: dict[str, RevocationOrder] = field(default_factory=dict)
    order_serials: dict[str, list[str]] = field(default_factory=dict)


class _HasTables(Protocol):
    @property
    def tables(self) -> RegisterTables: ...


class MemoryRegisterRead:
    """What can be read (ports.register.RegisterRead)."""

    def party(self: _HasTables, party_id: str) -> Party | None:
        """Return the party of that id."""
        return self.tables.parties.get(party_id)

    def parties(self: _HasTables, *, kind: str | None = None) -> list[Party]:
        """Return the register, or one kind of it, by id."""
        found = [one for one in self.tables.parties.values() if kind in {None, one.kind}]
        return sorted(found, key=lambda one: one.id)

    def parties_after(self: _HasTables, after: str, *, limit: int) -> list[Party]:
        """Return the part of the register behind an id, by id."""
        found = [one for one in self.tables.parties.values() if one.id > after]
        return sorted(found, key=lambda one: one.id)[:limit]

    def parties_named(self: _HasTables, ids: list[str]) -> list[Party]:
        """Return those of these that are in the register, by id."""
        return [self.tables.parties[one] for one in sorted(ids) if one in self.tables.parties]

    def parties_page(self: _HasTables, wanted: PartyQuery, *, after: str | None = None, limit: int) -> list[Party]:
        """Return parties by id, from behind the id `after`."""
        found = [
            one
            for one in self.tables.parties.values()
            if wanted.kind in {None, one.kind}
            and one.id.startswith(wanted.id_prefix)
            and wanted.name_part in folded_name(one.name)
            and (after is None or one.id > after)
        ]
        return sorted(found, key=lambda one: one.id)[:limit]

    def certificate(self: _HasTables, serial: str) -> Certificate | None:
        """Return the certificate of that serial."""
        return self.tables.certificates.get(serial)

    def certificates(self: _HasTables, *, party: str | None = None) -> list[Certificate]:
        """Return certificates in the order of issue."""
        found = [one for one in self.tables.certificates.values() if party in {None, one.party}]
        return sorted(found, key=_issue)

    def unrevoked_of_terminal(self: _HasTables, party: str, terminal: str) -> list[Certificate]:
        """Return what a terminal has in the register that is not revoked, oldest first."""
        found = [
            one
            for one in self.tables.certificates.values()
            if (one.party, one.terminal) == (party, terminal) and one.revoked_at is None
        ]
        return sorted(found, key=lambda one: (one.issued_at, one.serial))

    def certificates_named(self: _HasTables, serials: list[str]) -> list[Certificate]:
        """Return those of these that are there, by serial."""
        return [self.tables.certificates[one] for one in sorted(set(serials)) if one in self.tables.certificates]

    def certificates_page(
        self: _HasTables, wanted: CertificateQuery, *, after: str | None = None, limit: int
    ) -> list[Certificate]:
        """Return certificates in the order of the query, from behind the serial `after`. Errors: NotThere."""
        key, backward = _order(wanted)
        found = [one for one in self.tables.certificates.values() if _fits(one, wanted, self.tables.parties)]
        if after is not None:
            if after not in self.tables.certificates:
                raise NotThere("a page begins behind a certificate that is not there")
            place = key(self.tables.certificates[after])
            found = [one for one in found if (key(one) < place if backward else key(one) > place)]
        return sorted(found, key=key, reverse=backward)[:limit]

    def certificates_counted(self: _HasTables) -> tuple[int, int]:
        """Return how many certificates there are, and how many of them are revoked."""
        rows = self.tables.certificates.values()
        return len(rows), sum(one.revoked_at is not None for one in rows)

    def serials_issued(self: _HasTables, since: datetime | None = None) -> list[tuple[str, str | None]]:
        """Return serial and issuer of all that was issued, from an instant on, in no order."""
        rows = self.tables.certificates.values()
        return [(one.serial, one.issuer) for one in rows if since is None or one.issued_at >= since]

    def revoked_certificates(
        self: _HasTables, *, since: datetime | None = None, ending_from: datetime | None = None
    ) -> list[Certificate]:
        """Return the revoked in the order of revocation: from an instant on, or those that end at one or later."""
        rows = [
            one
            for one in self.tables.certificates.values()
            if one.revoked_at is not None
            and (since is None or one.revoked_at >= since)
            and (ending_from is None or one.not_after >= ending_from)
        ]
        return sorted(rows, key=_revocation)

    def revocation_order(self: _HasTables, order_id: str) -> RevocationOrder | None:
        """Return the order of that id."""
        return self.tables.revocation_orders.get(order_id)

    def revocation_orders(
        self: _HasTables, *, state: str | None = None, after: str | None = None, limit: int | None = None
    ) -> list[RevocationOrder]:
        """Return orders, newest first."""
        rows = self.tables.revocation_orders.values()
        found = [one for one in rows if state in {None, one.state} and (after is None or one.id < after)]
        return sorted(found, key=lambda one: one.id, reverse=True)[:limit]

    def serials_of_order(self: _HasTables, order_id: str) -> list[str]:
        """Return the serials that an order names, sorted; none if there is no such order."""
        return list(self.tables.order_serials.get(order_id, ()))


class MemoryRegisterWrite:
    """What can be written (ports.register.RegisterWrite)."""

    def put_party(self: _HasTables, party: Party) -> None:
        """Insert or replace a party."""
        self.tables.parties[party.id] = party

    def put_parties(self: _HasTables, many: list[Party]) -> None:
        """Insert or replace many parties."""
        self.tables.parties.update({party.id: party for party in many})

    def put_certificate(self: _HasTables, certificate: Certificate) -> None:
        """Insert or replace a certificate."""
        self.tables.certificates[certificate.serial] = certificate

    def revoke_certificates(self: _HasTables, serials: list[str], *, at: datetime, reason: str) -> None:
        """Revoke those of these that are not yet."""
        for serial in serials:
            row = self.tables.certificates.get(serial)
            if row is not None and row.revoked_at is None:
                self.tables.certificates[serial] = replace(row, revoked_at=at, reason=reason)

    def add_revocation_order(self: _HasTables, order: RevocationOrder, serials: list[str]) -> None:
        """Insert an order with what it names. Errors: AlreadyThere."""
        if order.id in self.tables.revocation_orders:
            raise AlreadyThere("an order of that name is already there")
        self.tables.revocation_orders[order.id] = order
        self.tables.order_serials[order.id] = sorted(serials)

    def put_revocation_order(self: _HasTables, order: RevocationOrder) -> None:
        """Replace an order; what it names stays. Errors: NotThere."""
        if order.id not in self.tables.revocation_orders:
            raise NotThere("no order of that name")
        self.tables.revocation_orders[order.id] = order


def _issue(one: Certificate) -> tuple[Any, ...]:
    return one.issued_at, one.serial


def _revocation(one: Certificate) -> tuple[Any, ...]:
    return one.revoked_at, one.serial


def _order(wanted: CertificateQuery) -> tuple[Callable[[Certificate], tuple[Any, ...]], bool]:
    """Return the key of a query's order, and whether it runs backward; `CertificateQuery` says which comes first."""
    orders: tuple[tuple[object, Callable[[Certificate], tuple[Any, ...]], bool], ...] = (
        (wanted.party, lambda one: (one.party, *_issue(one)), True),
        (wanted.serial_prefix, lambda one: (one.serial,), False),
        (wanted.terminal_prefix, lambda one: (one.terminal, one.serial), False),
        (wanted.party_prefix or wanted.name_part, lambda one: (one.party, *_issue(one)), False),
        (wanted.ends_until, lambda one: (one.not_after, one.serial), False),
        (wanted.state in {"valid", "expired"}, lambda one: (one.not_after, one.serial), True),
        (wanted.state == "revoked", _revocation, True),
        (True, _issue, True),
    )
    return next((key, backward) for there, key, backward in orders if there)


def _fits(one: Certificate, wanted: CertificateQuery, parties: dict[str, Party]) -> bool:
    """Return whether a certificate is one of those that are looked for."""
    state = "revoked" if one.revoked_at else "expired" if one.not_after <= wanted.at else "valid"
    whose = parties.get(one.party)
    return (
        wanted.party in {None, one.party}
        and one.serial.startswith(wanted.serial_prefix)
        and one.terminal.startswith(wanted.terminal_prefix)
        and one.party.startswith(wanted.party_prefix)
        and (not wanted.name_part or (whose is not None and wanted.name_part in folded_name(whose.name)))
        and (wanted.ends_until is None or (state == "valid" and one.not_after <= wanted.ends_until))
        and wanted.state in {None, state}
    )
