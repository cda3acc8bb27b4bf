"""Orders to undo a confirmation, and grants to look at a claim."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

INSTANT = sa.String(27).with_variant(sa.DateTime(timezone=True), "postgresql")


def upgrade() -> None:
    """Add two tables, and indexes of arrivals and of what was posted for a file."""
    op.create_index("sendings_by_arrival", "sendings", ["received_at"])
    op.create_index("postings_of_file", "postings", ["file"])
    op.create_table(
        "undo_orders",
        sa.Column("id", sa.String(), primary_key=True),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("sending", "party", "body", "month", "reason")),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("asked_at", INSTANT, nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("ordered_at", INSTANT),
        sa.Column("ordered_by", sa.String()),
        sa.Column("decided_at", INSTANT),
        sa.Column("decided_by", sa.String()),
        sa.Column("answer", sa.String(), nullable=False),
    )
    op.create_index("undo_orders_of_sending", "undo_orders", ["sending", "id"])
    op.create_index("undo_orders_in_state", "undo_orders", ["state", "id"])
    op.create_table(
        "grants",
        sa.Column("id", sa.String(), primary_key=True),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("sending", "party", "claim", "reason")),
        sa.Column("hours", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("asked_at", INSTANT, nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("until", INSTANT),
        sa.Column("decided_at", INSTANT),
        sa.Column("decided_by", sa.String()),
        sa.Column("ended_at", INSTANT),
    )
    op.create_index("grants_of_sending", "grants", ["sending", "id"])
