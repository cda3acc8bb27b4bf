"""What stands on the wire about events and webhooks. Names and values are fixed: other programs rely on them."""

from typing import Literal

from seikyu.apps.api.models import Instant, Wire

WebhookState = Literal["active", "paused", "dead"]


class Event(Wire):
    """One thing that happened. `subject` is the id of what it happened to; new types may come at any time."""

    id: str
    type: str
    at: Instant
    subject: str
    public: bool
    facts: dict[str, str | int | bool | None]
    cursor: str


class Events(Wire):
    """A part of the feed, oldest first. `next` is always there: the cursor to go on from."""

    items: list[Event]
    next: str


class Attempt(Wire):
    """One try to tell a webhook of an event. `outcome` is `arrived` or a word for what went wrong."""

    no: int
    event: str
    type: str
    at: Instant
    outcome: str
    status: int | None
    took_ms: int


class Webhook(Wire):
    """An address that is told of events. `types` empty: of all."""

    id: str
    address: str
    state: WebhookState
    reason: str
    types: list[str]
    created_at: Instant
    failures: int
    failing_since: Instant | None
    next_at: Instant
    old_secret_until: Instant | None


class WebhookDetail(Webhook):
    """A webhook with its last tries, newest first."""

    attempts: list[Attempt]


class WebhookSecret(WebhookDetail):
    """A webhook and its secret, shown this once. `secret` is null where it was shown before."""

    secret: str | None
    repeat: bool = False


class Webhooks(Wire):
    """The party's webhooks, oldest first."""

    items: list[Webhook]
