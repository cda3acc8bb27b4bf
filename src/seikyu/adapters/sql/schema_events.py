"""The tables of events and webhooks. What changes here changes in a new migration too; a test compares the two."""

from typing import Final

import sqlalchemy as sa

from seikyu.adapters.sql.schema import Instant, metadata

events: Final = sa.Table(
    "events",
    metadata,
    sa.Column("party", sa.String, primary_key=True),
    sa.Column("no", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("id", sa.String, nullable=False),
    sa.Column("what", sa.String, nullable=False),
    sa.Column("subject", sa.String, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("facts", sa.Text, nullable=False),
    sa.Index("events_by_age", "at"),
)

webhooks: Final = sa.Table(
    "webhooks",
    metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("party", sa.String, nullable=False),
    sa.Column("address", sa.String, nullable=False),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("what", sa.String, nullable=False),
    sa.Column("secret", sa.String, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("next_at", Instant, nullable=False),
    sa.Column("own_no", sa.Integer, nullable=False),
    sa.Column("public_no", sa.Integer, nullable=False),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("failing_since", Instant),
    sa.Column("reason", sa.String, nullable=False),
    sa.Column("old_secret", sa.String),
    sa.Column("old_until", Instant),
    sa.Column("idempotency_key", sa.String),
    sa.UniqueConstraint("party", "idempotency_key", name="one_webhook_per_key"),
    sa.Index("webhooks_of_party", "party", "id"),
    sa.Index("webhooks_to_try", "state", "next_at"),
)

attempts: Final = sa.Table(
    "webhook_attempts",
    metadata,
    sa.Column("webhook", sa.String, primary_key=True),
    sa.Column("no", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("event", sa.String, nullable=False),
    sa.Column("what", sa.String, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("outcome", sa.String, nullable=False),
    sa.Column("status", sa.Integer),
    sa.Column("took_ms", sa.Integer, nullable=False),
)
