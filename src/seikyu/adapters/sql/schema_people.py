"""The tables of people. What changes here changes in a new migration too; a test compares the two."""

from typing import Final

import sqlalchemy as sa

from seikyu.adapters.sql.schema import Instant, metadata

users: Final = sa.Table(
    "users",
    metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("body", sa.String, nullable=False),
    sa.Column("name", sa.String, nullable=False),
    sa.Column("party", sa.String, nullable=False),
    sa.Column("role", sa.String, nullable=False),
    sa.Column("password", sa.String, nullable=False),
    sa.Column("initial", sa.Boolean, nullable=False),
    sa.Column("password_at", Instant, nullable=False),
    sa.Column("added_at", Instant, nullable=False),
    sa.Column("failed", sa.Integer, nullable=False),
    sa.Column("failed_at", Instant),
    sa.Column("locked_until", Instant),
    sa.Column("locked_at", Instant),
    sa.Column("second_factor", sa.String),
    sa.Column("new_second_factor", sa.String),
    sa.Column("last_step", sa.BigInteger),
    sa.Column("removed_at", Instant),
    sa.UniqueConstraint("body", "name", name="one_user_per_name"),
    sa.Index("users_of_party", "party"),
)

sessions: Final = sa.Table(
    "sessions",
    metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("user", sa.String, nullable=False),
    sa.Column("serial", sa.String, nullable=False),
    sa.Column("started_at", Instant, nullable=False),
    sa.Column("seen_at", Instant, nullable=False),
    sa.Column("ended_at", Instant),
    sa.Index("sessions_of_user", "user"),
)

mandates: Final = sa.Table(
    "mandates",
    metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("body", sa.String, nullable=False),
    sa.Column("agent", sa.String, nullable=False),
    sa.Column("principal", sa.String, nullable=False),
    sa.Column("since", Instant, nullable=False),
    sa.Column("until", Instant),
    sa.Index("mandates_of_agent", "agent"),
    sa.Index("mandates_of_principal", "principal"),
)

entries: Final = sa.Table(
    "entries",
    metadata,
    # The order of the journal; ids of one act may share their time.
    sa.Column("entry_no", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
    sa.Column("id", sa.String, nullable=False, unique=True),
    sa.Column("at", Instant, nullable=False),
    sa.Column("act", sa.String, nullable=False),
    sa.Column("body", sa.String, nullable=False),
    sa.Column("user", sa.String, nullable=False),
    sa.Column("party", sa.String, nullable=False),
    sa.Column("subject", sa.String, nullable=False),
    sa.Column("acts_for", sa.String),
    sa.Column("mandate", sa.String),
    sa.Column("facts", sa.Text),
    sa.Index("entries_of_subject", "subject"),
)
