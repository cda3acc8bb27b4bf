"""Events and webhooks in memory: the part of `adapters.memory` that holds them."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from seikyu.ports.errors import AlreadyThere
from seikyu.ports.events import EVERYBODY, Attempt, Event, Webhook


@dataclass(frozen=True)
class EventTables:
    """All rows of events at one moment."""

    events: dict[tuple[str, int], Event] = field(default_factory=dict)
    webhooks: dict[str, Webhook] = field(default_factory=dict)
    attempts: dict[tuple[str, int], Attempt] = field(default_factory=dict)


class _Tables(Protocol):
    @property
    def events(self) -> dict[tuple[str, int], Event]: ...
    @property
    def webhooks(self) -> dict[str, Webhook]: ...
    @property
    def attempts(self) -> dict[tuple[str, int], Attempt]: ...
    @property
    def sequences(self) -> dict[str, int]: ...


class _HasTables(Protocol):
    @property
    def tables(self) -> _Tables: ...


class MemoryEventsRead:
    """What can be read (ports.events.EventsRead)."""

    def events(self: _HasTables, party: str, *, after: int, limit: int) -> list[Event]:
        """Return events of a party behind a number, oldest first."""
        found = [one for one in list(self.tables.events.values()) if one.party == party and one.no > after]
        return sorted(found, key=lambda one: one.no)[:limit]

    def oldest_event(self: _HasTables, party: str) -> int | None:
        """Return the number of the oldest event that is still kept."""
        return min((no for whose, no in list(self.tables.events) if whose == party), default=None)

    def last_events(self: _HasTables, parties: Collection[str]) -> dict[str, int]:
        """Return the number of the newest event of each party."""
        found = {party: self.tables.sequences.get(f"events/{party}") for party in parties}
        return {party: last for party, last in found.items() if last is not None}

    def webhook(self: _HasTables, webhook_id: str) -> Webhook | None:
        """Return the webhook of that id."""
        return self.tables.webhooks.get(webhook_id)

    def webhooks(self: _HasTables, party: str) -> list[Webhook]:
        """Return the webhooks of a party, oldest first."""
        found = [one for one in list(self.tables.webhooks.values()) if one.party == party]
        return sorted(found, key=lambda one: one.id)

    def webhook_by_key(self: _HasTables, party: str, idempotency_key: str) -> Webhook | None:
        """Return what that key of the party made."""
        for one in list(self.tables.webhooks.values()):
            if one.party == party and one.idempotency_key == idempotency_key:
                return one
        return None

    def webhooks_due(self: _HasTables, now: datetime, *, limit: int) -> list[Webhook]:
        """Return active webhooks that are due and have not been told of everything."""
        last, public = self.tables.sequences, self.tables.sequences.get(f"events/{EVERYBODY}", 0)
        found = [
            one
            for one in list(self.tables.webhooks.values())
            if one.state == "active"
            and one.next_at <= now
            and (last.get(f"events/{one.party}", 0) > one.own_no or public > one.public_no)
        ]
        return sorted(found, key=lambda one: (one.next_at, one.id))[:limit]

    def attempts(self: _HasTables, webhook_id: str, *, limit: int) -> list[Attempt]:
        """Return the last tries of a webhook, newest first."""
        found = [one for one in list(self.tables.attempts.values()) if one.webhook == webhook_id]
        return sorted(found, key=lambda one: one.no, reverse=True)[:limit]


class MemoryEventsWrite:
    """What can be written (ports.events.EventsWrite)."""

    def add_events(self: _HasTables, rows: list[Event]) -> None:
        """Append. Errors: AlreadyThere."""
        for row in rows:
            if (row.party, row.no) in self.tables.events:
                raise AlreadyThere("an event of that number is already there")
            self.tables.events[row.party, row.no] = row

    def forget_events(self: _HasTables, before: datetime) -> int:
        """Remove events that are older; return how many."""
        old = [key for key, one in self.tables.events.items() if one.at < before]
        for key in old:
            del self.tables.events[key]
        return len(old)

    def put_webhook(self: _HasTables, webhook: Webhook) -> None:
        """Insert or replace. Errors: AlreadyThere."""
        key = (webhook.party, webhook.idempotency_key)
        others = [one for one in self.tables.webhooks.values() if one.id != webhook.id]
        if webhook.idempotency_key and any((one.party, one.idempotency_key) == key for one in others):
            raise AlreadyThere("a webhook with that key is already there")
        self.tables.webhooks[webhook.id] = webhook

    def remove_webhook(self: _HasTables, webhook_id: str) -> None:
        """Remove a webhook and its attempts."""
        self.tables.webhooks.pop(webhook_id, None)
        for key in [key for key in self.tables.attempts if key[0] == webhook_id]:
            del self.tables.attempts[key]

    def add_attempt(self: _HasTables, attempt: Attempt, *, kept: int) -> None:
        """Append a try, and forget the oldest. Errors: AlreadyThere."""
        if (attempt.webhook, attempt.no) in self.tables.attempts:
            raise AlreadyThere("a try of that number is already there")
        self.tables.attempts[attempt.webhook, attempt.no] = attempt
        for key in [key for key in self.tables.attempts if key[0] == attempt.webhook and key[1] <= attempt.no - kept]:
            del self.tables.attempts[key]
