"""Statements about parties, their certificates, and orders to revoke."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from seikyu.adapters.sql.rows import columns, every, first, narrowed, page, put, replace, values
from seikyu.adapters.sql.schema_register import certificates, parties, revocation_orders
from seikyu.ports.errors import NotThere
from seikyu.ports.register import Certificate, CertificateQuery, Party, PartyQuery, RevocationOrder
from seikyu.trust.party import folded_name

_PARTY = sa.select(*columns(parties, Party))
_CERTIFICATE = sa.select(*columns(certificates, Certificate))
_ORDER = sa.select(*columns(revocation_orders, RevocationOrder))

#: Behind every text that begins with a prefix. A database other than SQLite needs the collation C.
_LAST: Final = "\U0010ffff"

_C: Final = certificates.c
#: The orders of a list of certificates, each with its index: the columns, and whether it runs backward.
_BY_ISSUE: Final = ((_C.issued_at, _C.serial), True)
_OF_PARTY: Final = ((_C.party, _C.issued_at, _C.serial), True)
_BY_PARTY: Final = ((_C.party, _C.issued_at, _C.serial), False)
_BY_SERIAL: Final = ((_C.serial,), False)
_BY_TERMINAL: Final = ((_C.terminal, _C.serial), False)
_BY_END: Final = ((_C.not_after, _C.serial), False)
_ENDED: Final = ((_C.not_after, _C.serial), True)
_REVOKED: Final = ((_C.revoked_at, _C.serial), True)


class SqlRegisterRead:
    """What can be read (ports.register.RegisterRead)."""

    connection: sa.Connection

    def party(self, party_id: str) -> Party | None:
        """Return the party of that id."""
        return first(self.connection, Party, _PARTY.where(parties.c.id == party_id))

    def parties(self, *, kind: str | None = None) -> list[Party]:
        """Return the register, or one kind of it, by id."""
        return every(self.connection, Party, narrowed(_PARTY, parties, kind=kind).order_by(parties.c.id))

    def parties_after(self, after: str, *, limit: int) -> list[Party]:
        """Return the part of the register behind an id, by id."""
        return every(self.connection, Party, _PARTY.where(parties.c.id > after).order_by(parties.c.id).limit(limit))

    def parties_named(self, ids: list[str]) -> list[Party]:
        """Return those of these that are in the register, by id."""
        return every(self.connection, Party, _PARTY.where(parties.c.id.in_(ids)).order_by(parties.c.id))

    def parties_page(self, wanted: PartyQuery, *, after: str | None = None, limit: int) -> list[Party]:
        """Return parties by id, from behind the id `after`."""
        conditions = [] if after is None else [parties.c.id > after]
        if wanted.id_prefix:
            conditions += _begins(parties.c.id, wanted.id_prefix)
        if wanted.name_part:
            named = _named(wanted.name_part).where(*conditions)
            if wanted.kind is not None:
                named = named.where(_seen(parties.c.kind) == wanted.kind)
            conditions = [parties.c.id.in_(named.order_by(parties.c.id).limit(limit))]
        elif wanted.kind is not None:
            conditions.append(parties.c.kind == wanted.kind)
        return every(self.connection, Party, _PARTY.where(*conditions).order_by(parties.c.id).limit(limit))

    def certificate(self, serial: str) -> Certificate | None:
        """Return the certificate of that serial; asked with every request, it may have been revoked a moment ago."""
        return first(self.connection, Certificate, _CERTIFICATE.where(_C.serial == serial))

    def certificates(self, *, party: str | None = None) -> list[Certificate]:
        """Return certificates in the order of issue."""
        wanted = narrowed(_CERTIFICATE, certificates, party=party)
        return every(self.connection, Certificate, wanted.order_by(_C.issued_at, _C.serial))

    def unrevoked_of_terminal(self, party: str, terminal: str) -> list[Certificate]:
        """Return what a terminal has in the register that is not revoked, oldest first."""
        wanted = narrowed(_CERTIFICATE, certificates, party=party, terminal=terminal)
        order = (certificates.c.issued_at, certificates.c.serial)
        return every(self.connection, Certificate, wanted.where(certificates.c.revoked_at.is_(None)).order_by(*order))

    def certificates_named(self, serials: list[str]) -> list[Certificate]:
        """Return those of these that are there, by serial."""
        return every(self.connection, Certificate, _CERTIFICATE.where(_C.serial.in_(serials)).order_by(_C.serial))

    def certificates_page(self, wanted: CertificateQuery, *, after: str | None = None, limit: int) -> list[Certificate]:
        """Return certificates in the order of the query, from behind the serial `after`. Errors: NotThere."""
        (keys, backward), statement = _sought(wanted)
        if after is not None:
            place = self.connection.execute(sa.select(*keys).where(_C.serial == after)).first()
            if place is None:
                raise NotThere("a page begins behind a certificate that is not there")
            behind = _behind(keys, place, backward=backward)
            statement = statement.where(behind)
        statement = statement.order_by(*(key.desc() if backward else key for key in keys)).limit(limit)
        return every(self.connection, Certificate, statement)

    def certificates_counted(self) -> tuple[int, int]:
        """Return how many certificates there are, and how many of them are revoked."""
        count = sa.select(sa.func.count()).select_from(certificates)
        issued, revoked = (
            self.connection.execute(each).scalar_one() for each in (count, count.where(_C.revoked_at.is_not(None)))
        )
        return issued, revoked

    def serials_issued(self, since: datetime | None = None) -> list[tuple[str, str | None]]:
        """Return serial and issuer of all that was issued, from an instant on, in no order."""
        statement = sa.select(_C.serial, _C.issuer)
        if since is not None:
            statement = statement.where(_C.issued_at >= since)
        return [(serial, issuer) for serial, issuer in self.connection.execute(statement)]

    def revoked_certificates(
        self, *, since: datetime | None = None, ending_from: datetime | None = None
    ) -> list[Certificate]:
        """Return the revoked in the order of revocation: from an instant on, or those that end at one or later."""
        statement = _CERTIFICATE.where(_C.revoked_at.is_not(None))
        if since is not None:
            statement = statement.where(_C.revoked_at >= since)
        if ending_from is not None:
            statement = statement.where(_seen(_C.not_after) >= ending_from)
        return every(self.connection, Certificate, statement.order_by(_C.revoked_at, _C.serial))

    def revocation_order(self, order_id: str) -> RevocationOrder | None:
        """Return the order of that id."""
        return first(self.connection, RevocationOrder, _ORDER.where(revocation_orders.c.id == order_id))

    def revocation_orders(
        self, *, state: str | None = None, after: str | None = None, limit: int | None = None
    ) -> list[RevocationOrder]:
        """Return orders, newest first."""
        wanted = narrowed(_ORDER, revocation_orders, state=state)
        return every(self.connection, RevocationOrder, page(wanted, revocation_orders.c.id, after=after, limit=limit))

    def serials_of_order(self, order_id: str) -> list[str]:
        """Return the serials that an order names, sorted; none if there is no such order."""
        statement = sa.select(revocation_orders.c.serials).where(revocation_orders.c.id == order_id)
        return str(self.connection.execute(statement).scalar() or "").split()


class SqlRegisterWrite:
    """What can be written (ports.register.RegisterWrite)."""

    connection: sa.Connection

    def put_party(self, party: Party) -> None:
        """Insert or replace a party."""
        self.put_parties([party])

    def put_parties(self, many: list[Party]) -> None:
        """Insert or replace many parties, in two statements; no other table points at them."""
        self.connection.execute(parties.delete().where(parties.c.id.in_([row.id for row in many])))
        self.connection.execute(parties.insert(), [values(row) | {"folded": folded_name(row.name)} for row in many])

    def put_certificate(self, certificate: Certificate) -> None:
        """Insert or replace a certificate."""
        put(self.connection, certificates, certificate)

    def revoke_certificates(self, serials: list[str], *, at: datetime, reason: str) -> None:
        """Revoke those of these that are not yet."""
        standing = certificates.update().where(_C.serial.in_(serials), _C.revoked_at.is_(None))
        self.connection.execute(standing.values(revoked_at=at, reason=reason))

    def add_revocation_order(self, order: RevocationOrder, serials: list[str]) -> None:
        """Insert an order with what it names. Errors: AlreadyThere."""
        self.connection.execute(revocation_orders.insert(), values(order) | {"serials": " ".join(sorted(serials))})

    def put_revocation_order(self, order: RevocationOrder) -> None:
        """Replace an order; what it names stays. Errors: NotThere."""
        replace(self.connection, revocation_orders, order)


def _sought(wanted: CertificateQuery) -> tuple[tuple[Sequence[sa.Column[Any]], bool], sa.Select[Any]]:
    """Return the order of a query, and its statement without one."""
    orders: list[tuple[tuple[Sequence[sa.Column[Any]], bool], list[Any]]] = []
    if wanted.party is not None:
        orders.append((_OF_PARTY, [_C.party == wanted.party]))
    if wanted.serial_prefix:
        orders.append((_BY_SERIAL, _begins(_C.serial, wanted.serial_prefix)))
    if wanted.terminal_prefix:
        orders.append((_BY_TERMINAL, _begins(_C.terminal, wanted.terminal_prefix)))
    if wanted.party_prefix:
        orders.append((_BY_PARTY, _begins(_C.party, wanted.party_prefix)))
    if wanted.name_part:
        orders.append((_BY_PARTY, [_C.party.in_(_named(wanted.name_part))]))
    if wanted.ends_until is not None:
        within = [_C.not_after > wanted.at, _C.not_after <= wanted.ends_until, _seen(_C.revoked_at).is_(None)]
        orders.append((_BY_END, within))
    if wanted.state == "expired":
        orders.append((_ENDED, [_C.not_after <= wanted.at, _seen(_C.revoked_at).is_(None)]))
    if wanted.state == "revoked":
        orders.append((_REVOKED, [_C.revoked_at.is_not(None)]))
    if wanted.state == "valid":
        orders.append((_ENDED, [_C.not_after > wanted.at, _seen(_C.revoked_at).is_(None)]))
    order = orders[0][0] if orders else _BY_ISSUE
    return order, _CERTIFICATE.where(*(condition for _, conditions in orders for condition in conditions))


def _behind(keys: Sequence[sa.Column[Any]], place: Sequence[Any], *, backward: bool) -> sa.ColumnElement[bool]:
    """Return the condition of a row that comes behind a place of the order."""
    here = sa.tuple_(*keys)
    there = sa.tuple_(*(sa.bindparam(None, value, type_=key.type) for key, value in zip(keys, place, strict=True)))
    return here < there if backward else here > there


def _begins(column: sa.Column[Any], prefix: str) -> list[sa.ColumnElement[bool]]:
    """Return the conditions of a text that begins so: a stretch of the index, and every character means itself."""
    return [column >= prefix, column < prefix + _LAST]


def _named(part: str) -> sa.Select[Any]:
    """Return the ids of the parties whose name has that part.

    Every name is looked at, in an index that holds nothing else: 100,000 take about 10 ms, and a part of one character
    is found too, which an index of pieces would not give.
    """
    return sa.select(parties.c.id).where(_Place(parties.c.folded, sa.literal(part)) > 0)


class _Place(FunctionElement[int]):
    """Where a text holds another, from 1; 0 if it does not. It takes two thirds of the time of LIKE."""

    name = "instr"
    inherit_cache = True
    type = sa.Integer()


@compiles(_Place, "postgresql")
def _place_in_postgresql(element: _Place, compiler: Any, **options: Any) -> str:
    return f"strpos({compiler.process(element.clauses, **options)})"


@compiles(_Place)
def _place(element: _Place, compiler: Any, **options: Any) -> str:
    return f"instr({compiler.process(element.clauses, **options)})"


def _seen(column: sa.Column[Any]) -> sa.ColumnElement[Any]:
    """Return a column that is only looked at: the order's index finds the rows, and no other is chosen."""
    return sa.type_coerce(sa.func.coalesce(column, column), column.type)
