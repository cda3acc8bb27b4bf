"""The tables of announcements. What changes here changes in a new migration too; a test compares the two."""

from typing import Final

import sqlalchemy as sa

from seikyu.adapters.sql.schema import Instant, metadata

announcements: Final = sa.Table(
    "announcements",
    metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("published_at", Instant, nullable=False),
    sa.Column("kind", sa.String, nullable=False),
    sa.Column("importance", sa.String, nullable=False),
    sa.Column("title_ja", sa.Text, nullable=False),
    sa.Column("title_en", sa.Text, nullable=False),
    sa.Column("body_ja", sa.Text, nullable=False),
    sa.Column("body_en", sa.Text, nullable=False),
    sa.Column("by", sa.String, nullable=False),
    sa.Column("until", Instant),
    sa.Column("for_kinds", sa.String, nullable=False),
    sa.Column("for_bodies", sa.String, nullable=False),
    sa.Column("corrects", sa.String, sa.ForeignKey("announcements.id")),
    # The last guard against two corrections of one text: which of them holds nobody could say.
    sa.UniqueConstraint("corrects", name="one_correction_per_announcement"),
)

withdrawals: Final = sa.Table(
    "announcement_withdrawals",
    metadata,
    sa.Column("announcement", sa.String, sa.ForeignKey("announcements.id"), primary_key=True),
    sa.Column("at", Instant, nullable=False),
    sa.Column("by", sa.String, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
)
