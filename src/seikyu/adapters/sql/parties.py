"""Statements about parties and their certificates."""

import sqlalchemy as sa

from seikyu.adapters.sql.rows import columns, every, first, narrowed, put, values
from seikyu.adapters.sql.schema import certificates, parties
from seikyu.ports.store import Certificate, Party

_PARTY = sa.select(*columns(parties, Party))
_CERTIFICATE = sa.select(*columns(certificates, Certificate))


def party_by_id(connection: sa.Connection, party_id: str) -> Party | None:
    """Find who a certificate speaks for."""
    return first(connection, Party, _PARTY.where(parties.c.id == party_id))


def all_parties(connection: sa.Connection, *, kind: str | None) -> list[Party]:
    """List the register, for the operator and the closing."""
    return every(connection, Party, narrowed(_PARTY, parties, kind=kind).order_by(parties.c.id))


def parties_after(connection: sa.Connection, after: str, *, limit: int) -> list[Party]:
    """List a part of the register, for an export of any length."""
    return every(connection, Party, _PARTY.where(parties.c.id > after).order_by(parties.c.id).limit(limit))


def parties_named(connection: sa.Connection, ids: list[str]) -> list[Party]:
    """Find what a part of a list speaks of."""
    return every(connection, Party, _PARTY.where(parties.c.id.in_(ids)).order_by(parties.c.id))


def put_parties(connection: sa.Connection, rows: list[Party]) -> None:
    """Enter many parties, or what changed of them, in two statements; no other table points at them."""
    connection.execute(parties.delete().where(parties.c.id.in_([row.id for row in rows])))
    connection.execute(parties.insert(), [values(row) for row in rows])


def put_party(connection: sa.Connection, party: Party) -> None:
    """Enter a party or what changed of it."""
    put(connection, parties, party)


def certificate_by_serial(connection: sa.Connection, serial: str) -> Certificate | None:
    """Find a certificate on every request: it may have been revoked a moment ago."""
    return first(connection, Certificate, _CERTIFICATE.where(certificates.c.serial == serial))


def all_certificates(connection: sa.Connection, *, party: str | None) -> list[Certificate]:
    """List certificates for the operator and the revocation list."""
    wanted = narrowed(_CERTIFICATE, certificates, party=party)
    return every(connection, Certificate, wanted.order_by(certificates.c.issued_at, certificates.c.serial))


def put_certificate(connection: sa.Connection, certificate: Certificate) -> None:
    """Enter a certificate or its revocation."""
    put(connection, certificates, certificate)
