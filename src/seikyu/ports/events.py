"""Rows of what happened, for programs that follow it: events of a party, and the addresses that are told of them.

The methods belong to the transactions of `ports.store`. No personal item stands in an event: ids, states and numbers.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

#: Whose events everybody may see.
EVERYBODY: Final = ""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened; append-only, and forgotten after its keeping.

    Shape: `party` is who may see it, `EVERYBODY` for all; `no` counts from 1 per party without a gap; `what` is a value
    of `services.events.What`; `subject` the id of what it happened to; `facts` JSON of ids, states and numbers.
    """

    id: str
    party: str
    no: int
    what: str
    subject: str
    at: datetime
    facts: str = "{}"


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address of a party that is told of events.

    Shape: `state` is active, paused or dead, `reason` why it is not active; `what` are the kinds of events that it
    wants, with blanks between, none for all. `secret` and `old_secret` are sealed for the webhook's id; the old one
    signs as well until `old_until`. `own_no` and `public_no` are the last events that arrived or were not wanted.
    `failures` counts tries since the last that arrived; `next_at` is when the next try may be, in real time.
    """

    id: str
    party: str
    address: str
    state: str
    what: str
    secret: str = field(repr=False)
    created_at: datetime
    next_at: datetime
    own_no: int = 0
    public_no: int = 0
    failures: int = 0
    failing_since: datetime | None = None
    reason: str = ""
    old_secret: str | None = field(default=None, repr=False)
    old_until: datetime | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to tell a webhook of an event.

    Shape: `no` counts from 1 per webhook; `event` is the event's id; `status` the HTTP status that came, if any;
    `outcome` is arrived, or a word for what went wrong.
    """

    webhook: str
    no: int
    event: str
    what: str
    at: datetime
    outcome: str
    status: int | None
    took_ms: int


class EventsRead(Protocol):
    """What can be read of events."""

    def events(self, party: str, *, after: int, limit: int) -> list[Event]:
        """Return events of a party behind number `after`, oldest first."""
        ...

    def oldest_event(self, party: str) -> int | None:
        """Return the number of the oldest event that is still kept, or None."""
        ...

    def last_events(self, parties: Collection[str]) -> dict[str, int]:
        """Return the number of the newest event of each of these parties; one without events is left out."""
        ...

    def webhook(self, webhook_id: str) -> Webhook | None: ...
    def webhooks(self, party: str) -> list[Webhook]:
        """Return the webhooks of a party, oldest first."""
        ...

    def webhook_by_key(self, party: str, idempotency_key: str) -> Webhook | None: ...
    def webhooks_due(self, now: datetime, *, limit: int) -> list[Webhook]:
        """Return active webhooks that may be tried now and have not been told of every event, longest due first."""
        ...

    def attempts(self, webhook_id: str, *, limit: int) -> list[Attempt]:
        """Return the last tries of a webhook, newest first."""
        ...


class EventsWrite(Protocol):
    """What can be written of events."""

    def add_events(self, events: list[Event]) -> None:
        """Append. The numbers come from `next_number` of `events/PARTY` in the same transaction. Errors: AlreadyThere.

        Whoever takes a number holds the sequence's row until the commit. So the numbers of one party become visible in
        their order: who has read up to a number never finds a smaller one later.
        """
        ...

    def forget_events(self, before: datetime) -> int:
        """Remove events that are older; return how many."""
        ...

    def put_webhook(self, webhook: Webhook) -> None:
        """Insert or replace. Errors: AlreadyThere, if the party has used the key for another."""
        ...

    def remove_webhook(self, webhook_id: str) -> None:
        """Remove a webhook and its attempts. Harmless if it is not there."""
        ...

    def add_attempt(self, attempt: Attempt, *, kept: int) -> None:
        """Append a try, and forget all of that webhook but the last `kept`."""
        ...
