"""What is corrected on the screen, and what became of it."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

INSTANT = sa.String(27).with_variant(sa.DateTime(timezone=True), "postgresql")


def upgrade() -> None:
    """Add the corrections of single claims, and the sendings that were made of them."""
    op.create_table(
        "corrections",
        sa.Column("sending", sa.String(), nullable=False),
        sa.Column("file_no", sa.Integer(), nullable=False),
        sa.Column("claim_index", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("mark", sa.String(), nullable=False),
        sa.Column("edits", sa.Text(), nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("into", sa.String(), nullable=True),
        sa.Column("into_file_no", sa.Integer(), nullable=True),
        sa.Column("into_claim_index", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["sending"], ["sendings.id"]),
        sa.PrimaryKeyConstraint("sending", "file_no", "claim_index"),
    )
    op.create_table(
        "correction_runs",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("sending", sa.String(), nullable=False),
        sa.Column("correct_no", sa.Integer(), nullable=False),
        sa.Column("finished_at", INSTANT, nullable=False),
        sa.Column("claims", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["id"], ["sendings.id"]),
        sa.ForeignKeyConstraint(["sending"], ["sendings.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("correction_runs_of_sending", "correction_runs", ["sending", "id"], unique=False)
