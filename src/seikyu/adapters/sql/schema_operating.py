"""The tables of the operator's desk. What changes here changes in a new migration too; a test compares the two."""

from typing import Final

import sqlalchemy as sa

from seikyu.adapters.sql.schema import Instant, metadata

undo_orders: Final = sa.Table(
    "undo_orders",
    metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("sending", sa.String, nullable=False),
    sa.Column("party", sa.String, nullable=False),
    sa.Column("body", sa.String, nullable=False),
    sa.Column("month", sa.String, nullable=False),
    sa.Column("reason", sa.String, nullable=False),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("asked_at", Instant, nullable=False),
    sa.Column("asked_by", sa.String, nullable=False),
    sa.Column("ordered_at", Instant),
    sa.Column("ordered_by", sa.String),
    sa.Column("decided_at", Instant),
    sa.Column("decided_by", sa.String),
    sa.Column("answer", sa.String, nullable=False),
    sa.Index("undo_orders_of_sending", "sending", "id"),
    sa.Index("undo_orders_in_state", "state", "id"),
)

grants: Final = sa.Table(
    "grants",
    metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("sending", sa.String, nullable=False),
    sa.Column("party", sa.String, nullable=False),
    sa.Column("claim", sa.String, nullable=False),
    sa.Column("reason", sa.String, nullable=False),
    sa.Column("hours", sa.Integer, nullable=False),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("asked_at", Instant, nullable=False),
    sa.Column("asked_by", sa.String, nullable=False),
    sa.Column("until", Instant),
    sa.Column("decided_at", Instant),
    sa.Column("decided_by", sa.String),
    sa.Column("ended_at", Instant),
    sa.Index("grants_of_sending", "sending", "id"),
)
