"""The operator's desk in memory: the part of `adapters.memory` that holds orders to undo and grants."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeVar

from seikyu.ports.operating import Arrived, Grant, SendingQuery, UndoOrder
from seikyu.ports.store import File, Posting, Sending

Row = TypeVar("Row", UndoOrder, Grant, Sending)


@dataclass(frozen=True)
class OperatingTables:
    """All rows of the operator's desk at one moment."""

    undo_orders: dict[str, UndoOrder] = field(default_factory=dict)
    grants: dict[str, Grant] = field(default_factory=dict)


class _AllTables(Protocol):
    @property
    def undo_orders(self) -> dict[str, UndoOrder]: ...
    @property
    def grants(self) -> dict[str, Grant]: ...
    @property
    def sendings(self) -> dict[str, Sending]: ...
    @property
    def files(self) -> dict[str, File]: ...
    @property
    def postings(self) -> dict[str, Posting]: ...


class _HasTables(Protocol):
    @property
    def tables(self) -> _AllTables: ...


class MemoryOperatingRead:
    """What can be read (ports.operating.OperatingRead)."""

    def undo_order(self: _HasTables, order_id: str) -> UndoOrder | None:
        """Return the order of that id."""
        return self.tables.undo_orders.get(order_id)

    def undo_orders(
        self: _HasTables,
        *,
        sending: str | None = None,
        state: str | None = None,
        after: str | None = None,
        limit: int | None = None,
    ) -> list[UndoOrder]:
        """Return orders, newest first."""
        found = [
            one
            for one in self.tables.undo_orders.values()
            if sending in {None, one.sending} and state in {None, one.state}
        ]
        return _page(found, after=after, limit=limit)

    def arrived(self: _HasTables, since: datetime, until: datetime) -> list[Arrived]:
        """Return how many sendings were received, by hour."""
        sendings, claims = Counter[tuple[datetime, str, str | None, str, str]](), Counter[tuple[object, ...]]()
        for one in self.tables.sendings.values():
            if since <= one.received_at < until:
                hour = one.received_at.replace(minute=0, second=0, microsecond=0)
                key = (hour, one.party[:2], one.kind, one.line, one.state)
                sendings[key] += 1
                claims[key] += one.claims or 0
        found = [Arrived(*key, sendings=many, claims=claims[key]) for key, many in sendings.items()]
        return sorted(found, key=lambda one: (one.hour, one.prefecture, one.kind or "", one.line, one.state))

    def sendings_found(
        self: _HasTables, wanted: SendingQuery, *, after: str | None = None, limit: int | None = None
    ) -> list[Sending]:
        """Return sendings, newest first."""
        names = ("party", "kind", "state", "month", "line", "body")
        found = [
            one
            for one in self.tables.sendings.values()
            if all(getattr(wanted, name) in {None, getattr(one, name)} for name in names)
            and one.party.startswith(wanted.prefecture or "")
        ]
        return _page(found, after=after, limit=limit)

    def files_with_summary(self: _HasTables, summary: str, since: datetime) -> list[tuple[str, str]]:
        """Return file and sending of the files of which the check said just this."""
        young = {one.id for one in self.tables.sendings.values() if one.received_at >= since}
        found = [one for one in self.tables.files.values() if one.sending in young and one.summary == summary]
        return sorted((one.id, one.sending) for one in found)

    def postings_of_files(self: _HasTables, files: list[str]) -> list[Posting]:
        """Return the lines of the ledger that are about these files."""
        return [one for one in self.tables.postings.values() if one.file in files]

    def grant(self: _HasTables, grant_id: str) -> Grant | None:
        """Return the grant of that id."""
        return self.tables.grants.get(grant_id)

    def grants(
        self: _HasTables, *, sending: str | None = None, after: str | None = None, limit: int | None = None
    ) -> list[Grant]:
        """Return grants, newest first."""
        found = [one for one in self.tables.grants.values() if sending in {None, one.sending}]
        return _page(found, after=after, limit=limit)


class MemoryOperatingWrite:
    """What can be written (ports.operating.OperatingWrite)."""

    def put_undo_order(self: _HasTables, order: UndoOrder) -> None:
        """Insert or replace."""
        self.tables.undo_orders[order.id] = order

    def put_grant(self: _HasTables, grant: Grant) -> None:
        """Insert or replace."""
        self.tables.grants[grant.id] = grant


def _page(found: list[Row], *, after: str | None, limit: int | None) -> list[Row]:
    behind = [one for one in found if after is None or one.id < after]
    return sorted(behind, key=lambda one: one.id, reverse=True)[:limit]
