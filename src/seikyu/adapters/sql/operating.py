"""Statements about orders to undo and grants."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from seikyu.adapters.sql.rows import columns, every, first, narrowed, page, put
from seikyu.adapters.sql.schema import JAPAN, files, postings, sendings
from seikyu.adapters.sql.schema_operating import grants, undo_orders
from seikyu.ports.operating import Arrived, Grant, SendingQuery, UndoOrder
from seikyu.ports.store import Posting, Sending

_ORDER = sa.select(*columns(undo_orders, UndoOrder))
_POSTING = sa.select(*columns(postings, Posting))
_SENDING = sa.select(*columns(sendings, Sending))
_GRANT = sa.select(*columns(grants, Grant))


class SqlOperatingRead:
    """What can be read (ports.operating.OperatingRead)."""

    connection: sa.Connection

    def undo_order(self, order_id: str) -> UndoOrder | None:
        """Return the order of that id."""
        return first(self.connection, UndoOrder, _ORDER.where(undo_orders.c.id == order_id))

    def undo_orders(
        self,
        *,
        sending: str | None = None,
        state: str | None = None,
        after: str | None = None,
        limit: int | None = None,
    ) -> list[UndoOrder]:
        """Return orders, newest first."""
        wanted = narrowed(_ORDER, undo_orders, sending=sending, state=state)
        return every(self.connection, UndoOrder, page(wanted, undo_orders.c.id, after=after, limit=limit))

    def arrived(self, since: datetime, until: datetime) -> list[Arrived]:
        """Return how many sendings were received, by hour; a stretch of the index of arrivals."""
        hour, prefecture = _hour(self.connection.dialect.name), sa.func.substr(sendings.c.party, 1, 2)
        keys = (hour, prefecture, sendings.c.kind, sendings.c.line, sendings.c.state)
        counted = (
            sa.select(*keys, sa.func.count(), sa.func.coalesce(sa.func.sum(sendings.c.claims), 0))
            .where(sendings.c.received_at >= since, sendings.c.received_at < until)
            .group_by(*keys)
        )
        found = [
            Arrived(datetime.fromisoformat(f"{row[0]}:00:00+00:00").astimezone(JAPAN), *row[1:])
            for row in self.connection.execute(counted)
        ]
        return sorted(found, key=lambda one: (one.hour, one.prefecture, one.kind or "", one.line, one.state))

    def sendings_found(
        self, wanted: SendingQuery, *, after: str | None = None, limit: int | None = None
    ) -> list[Sending]:
        """Return sendings, newest first."""
        asked = {name: getattr(wanted, name) for name in ("party", "kind", "state", "month", "line", "body")}
        statement = narrowed(_SENDING, sendings, **asked)
        if wanted.prefecture is not None:
            statement = statement.where(sa.func.substr(sendings.c.party, 1, 2) == wanted.prefecture)
        return every(self.connection, Sending, page(statement, sendings.c.id, after=after, limit=limit))

    def files_with_summary(self, summary: str, since: datetime) -> list[tuple[str, str]]:
        """Return file and sending of the files of which the check said just this."""
        statement = (
            sa.select(files.c.id, files.c.sending)
            .join(sendings, sendings.c.id == files.c.sending)
            .where(sendings.c.received_at >= since, files.c.summary == summary)
        )
        return sorted((str(row[0]), str(row[1])) for row in self.connection.execute(statement))

    def postings_of_files(self, files: list[str]) -> list[Posting]:
        """Return the lines of the ledger that are about these files."""
        wanted = _POSTING.where(postings.c.file.in_(files)).order_by(postings.c.posted_no)
        return every(self.connection, Posting, wanted)

    def grant(self, grant_id: str) -> Grant | None:
        """Return the grant of that id."""
        return first(self.connection, Grant, _GRANT.where(grants.c.id == grant_id))

    def grants(self, *, sending: str | None = None, after: str | None = None, limit: int | None = None) -> list[Grant]:
        """Return grants, newest first."""
        wanted = narrowed(_GRANT, grants, sending=sending)
        return every(self.connection, Grant, page(wanted, grants.c.id, after=after, limit=limit))


class SqlOperatingWrite:
    """What can be written (ports.operating.OperatingWrite)."""

    connection: sa.Connection

    def put_undo_order(self, order: UndoOrder) -> None:
        """Insert or replace an order."""
        put(self.connection, undo_orders, order)

    def put_grant(self, grant: Grant) -> None:
        """Insert or replace a grant."""
        put(self.connection, grants, grant)


def _hour(dialect: str) -> sa.ColumnElement[Any]:
    """Return the hour of arrival as UTC text, as in 2026-09-05T09."""
    if dialect == "sqlite":
        return sa.func.substr(sa.type_coerce(sendings.c.received_at, sa.String), 1, 13)
    return sa.func.to_char(sa.func.timezone("UTC", sendings.c.received_at), 'YYYY-MM-DD"T"HH24')
