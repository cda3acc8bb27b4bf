"""Inquiries, how long checks waited, and incidents."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

INSTANT = sa.String(27).with_variant(sa.DateTime(timezone=True), "postgresql")


def upgrade() -> None:
    """Add six tables. A sending that a program of before took in has no run, and is not counted."""
    _inquiries()
    op.create_table(
        "check_runs",
        sa.Column("sending", sa.String(), nullable=False),
        sa.Column("files", sa.Integer(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("entered_at", INSTANT, nullable=False),
        sa.Column("done_at", INSTANT, nullable=True),
        sa.Column("wait_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["sending"], ["sendings.id"]),
        sa.PrimaryKeyConstraint("sending"),
    )
    op.create_index("check_runs_by_entry", "check_runs", ["entered_at"], unique=False)
    op.create_index("check_runs_by_end", "check_runs", ["done_at", "sending"], unique=False)
    op.create_table(
        "quarters",
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("arrivals", sa.Integer(), nullable=False),
        sa.Column("arrived_bytes", sa.BigInteger(), nullable=False),
        sa.Column("checked", sa.Integer(), nullable=False),
        sa.Column("longest_ms", sa.BigInteger(), nullable=True),
        sa.Column("p50_ms", sa.BigInteger(), nullable=True),
        sa.Column("p95_ms", sa.BigInteger(), nullable=True),
        sa.Column("busy", sa.Integer(), nullable=False),
        sa.Column("queued_files", sa.Integer(), nullable=False),
        sa.Column("queued_bytes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("at"),
    )
    _incidents()


def _inquiries() -> None:
    op.create_table(
        "inquiries",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("party", sa.String(), nullable=True),
        sa.Column("problem", sa.String(), nullable=False),
        sa.Column("line_kind", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.Column("lang", sa.String(), nullable=False),
        sa.Column("reply", sa.String(), nullable=False),
        sa.Column("asker_key", sa.String(), nullable=False),
        sa.Column("reach", sa.Text(), nullable=False),
        sa.Column("code_digest", sa.String(), nullable=True),
        sa.Column("desk", sa.String(), nullable=False),
        sa.Column("report", sa.Text(), nullable=True),
        sa.Column("idempotency_key", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("number", name="one_inquiry_per_number"),
        sa.UniqueConstraint("idempotency_key", name="one_inquiry_per_key"),
    )
    op.create_index("inquiries_of_party", "inquiries", ["party", "id"], unique=False)
    op.create_index("inquiries_in_state", "inquiries", ["state", "id"], unique=False)
    op.create_index("inquiries_of_asker", "inquiries", ["asker_key", "made_at"], unique=False)
    op.create_table(
        "inquiry_steps",
        sa.Column("inquiry", sa.String(), nullable=False),
        sa.Column("no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("side", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("desk", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["inquiry"], ["inquiries.id"]),
        sa.PrimaryKeyConstraint("inquiry", "no"),
    )


def _incidents() -> None:
    op.create_table(
        "incidents",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("began_at", INSTANT, nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("title_en", sa.String(), nullable=False),
        sa.Column("parts", sa.String(), nullable=False),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("incidents_by_end", "incidents", ["ended_at", "id"], unique=False)
    op.create_table(
        "incident_updates",
        sa.Column("incident", sa.String(), nullable=False),
        sa.Column("no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("text_en", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["incident"], ["incidents.id"]),
        sa.PrimaryKeyConstraint("incident", "no"),
    )
