"""Statements about events and webhooks."""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa

from seikyu.adapters.sql.rows import columns, every, first, narrowed, put, values
from seikyu.adapters.sql.schema import sequences
from seikyu.adapters.sql.schema_events import attempts, events, webhooks
from seikyu.ports.events import EVERYBODY, Attempt, Event, Webhook

_EVENT = sa.select(*columns(events, Event))
_WEBHOOK = sa.select(*columns(webhooks, Webhook))
_ATTEMPT = sa.select(*columns(attempts, Attempt))
_PREFIX = "events/"


class SqlEventsRead:
    """What can be read (ports.events.EventsRead)."""

    connection: sa.Connection

    def events(self, party: str, *, after: int, limit: int) -> list[Event]:
        """Return events of a party behind a number, oldest first."""
        wanted = _EVENT.where(events.c.party == party, events.c.no > after).order_by(events.c.no).limit(limit)
        return every(self.connection, Event, wanted)

    def oldest_event(self, party: str) -> int | None:
        """Return the number of the oldest event that is still kept."""
        return self.connection.execute(sa.select(sa.func.min(events.c.no)).where(events.c.party == party)).scalar()

    def last_events(self, parties: Collection[str]) -> dict[str, int]:
        """Return the number of the newest event of each party."""
        names = [f"{_PREFIX}{party}" for party in parties]
        wanted = sa.select(sequences.c.name, sequences.c.last).where(sequences.c.name.in_(names))
        return {name.removeprefix(_PREFIX): int(last) for name, last in self.connection.execute(wanted)}

    def webhook(self, webhook_id: str) -> Webhook | None:
        """Return the webhook of that id."""
        return first(self.connection, Webhook, _WEBHOOK.where(webhooks.c.id == webhook_id))

    def webhooks(self, party: str) -> list[Webhook]:
        """Return the webhooks of a party, oldest first."""
        return every(self.connection, Webhook, narrowed(_WEBHOOK, webhooks, party=party).order_by(webhooks.c.id))

    def webhook_by_key(self, party: str, idempotency_key: str) -> Webhook | None:
        """Return what that key of the party made."""
        return first(
            self.connection, Webhook, narrowed(_WEBHOOK, webhooks, party=party, idempotency_key=idempotency_key)
        )

    def webhooks_due(self, now: datetime, *, limit: int) -> list[Webhook]:
        """Return active webhooks that are due and have not been told of everything."""
        own, public = sequences.alias("own"), sequences.alias("public")
        behind = sa.or_(own.c.last > webhooks.c.own_no, public.c.last > webhooks.c.public_no)
        source = webhooks.outerjoin(own, own.c.name == sa.literal(_PREFIX) + webhooks.c.party).outerjoin(
            public, public.c.name == _PREFIX + EVERYBODY
        )
        due = _WEBHOOK.select_from(source).where(webhooks.c.state == "active", webhooks.c.next_at <= now, behind)
        return every(self.connection, Webhook, due.order_by(webhooks.c.next_at, webhooks.c.id).limit(limit))

    def attempts(self, webhook_id: str, *, limit: int) -> list[Attempt]:
        """Return the last tries of a webhook, newest first."""
        wanted = _ATTEMPT.where(attempts.c.webhook == webhook_id).order_by(attempts.c.no.desc()).limit(limit)
        return every(self.connection, Attempt, wanted)


class SqlEventsWrite:
    """What can be written (ports.events.EventsWrite)."""

    connection: sa.Connection

    def add_events(self, rows: list[Event]) -> None:
        """Append. Errors: AlreadyThere."""
        if rows:
            self.connection.execute(events.insert(), [values(row) for row in rows])

    def forget_events(self, before: datetime) -> int:
        """Remove events that are older; return how many."""
        return self.connection.execute(events.delete().where(events.c.at < before)).rowcount

    def put_webhook(self, webhook: Webhook) -> None:
        """Insert or replace. Errors: AlreadyThere."""
        put(self.connection, webhooks, webhook)

    def remove_webhook(self, webhook_id: str) -> None:
        """Remove a webhook and its attempts."""
        self.connection.execute(attempts.delete().where(attempts.c.webhook == webhook_id))
        self.connection.execute(webhooks.delete().where(webhooks.c.id == webhook_id))

    def add_attempt(self, attempt: Attempt, *, kept: int) -> None:
        """Append a try, and forget the oldest."""
        self.connection.execute(attempts.insert(), values(attempt))
        old = (attempts.c.webhook == attempt.webhook, attempts.c.no <= attempt.no - kept)
        self.connection.execute(attempts.delete().where(*old))
