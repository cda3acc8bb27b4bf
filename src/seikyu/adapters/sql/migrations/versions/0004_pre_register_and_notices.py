"""What the register says besides, and the notices that parties file."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

INSTANT = sa.String(27).with_variant(sa.DateTime(timezone=True), "postgresql")


def upgrade() -> None:
    """Add three columns to the register, and the notices with their history."""
    for name in ("category", "connection", "connection_id"):
        op.add_column("parties", sa.Column(name, sa.String(), nullable=False, server_default=""))
    op.create_table(
        "notices",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("party", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("filed_at", INSTANT, nullable=False),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("idempotency_key", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("party", "idempotency_key", name="one_notice_per_key"),
    )
    op.create_index("notices_of_party", "notices", ["party", "id"], unique=False)
    op.create_index("notices_in_state", "notices", ["state", "id"], unique=False)
    op.create_table(
        "notice_steps",
        sa.Column("notice", sa.String(), nullable=False),
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["notice"], ["notices.id"]),
        sa.PrimaryKeyConstraint("notice", "no"),
    )
