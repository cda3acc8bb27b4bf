"""Enrolment: applications, issuance notices, what was issued by them, and terminals that wait to be approved."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

INSTANT = sa.String(27).with_variant(sa.DateTime(timezone=True), "postgresql")


def upgrade() -> None:
    """Create the tables; the program before this one knows nothing of them."""
    op.create_table(
        "applications",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("party", sa.String(), nullable=False),
        sa.Column("terminal", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("hosts", sa.String(), nullable=False),
        sa.Column("contact", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("filed_at", INSTANT, nullable=False),
        sa.Column("filed_by", sa.String(), nullable=False),
        sa.Column("decided_at", INSTANT, nullable=True),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("notice", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("applications_of_party", "applications", ["party", "id"], unique=False)
    op.create_index("applications_in_state", "applications", ["state", "id"], unique=False)
    op.create_table(
        "issuance_notices",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("application", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("party", sa.String(), nullable=False),
        sa.Column("terminal", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("hosts", sa.String(), nullable=False),
        sa.Column("pin", sa.String(), nullable=False),
        sa.Column("recovery", sa.String(), nullable=False),
        sa.Column("binding", sa.String(), nullable=False),
        sa.Column("issued_at", INSTANT, nullable=False),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("failed_at", INSTANT, nullable=True),
        sa.Column("locked_until", INSTANT, nullable=True),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("reference", name="one_notice_per_reference"),
    )
    op.create_index("notices_of_terminal", "issuance_notices", ["party", "terminal"], unique=False)
    op.create_table(
        "issued_certificates",
        sa.Column("serial", sa.String(), nullable=False),
        sa.Column("notice", sa.String(), nullable=False),
        sa.Column("party", sa.String(), nullable=False),
        sa.Column("terminal", sa.String(), nullable=False),
        sa.Column("way", sa.String(), nullable=False),
        sa.Column("spki_sha256", sa.String(), nullable=False),
        sa.Column("issued_at", INSTANT, nullable=False),
        sa.Column("der", sa.LargeBinary(), nullable=False),
        sa.Column("superseded_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("serial"),
    )
    op.create_index("issued_of_terminal", "issued_certificates", ["party", "terminal", "issued_at"], unique=False)
    op.create_index("issued_with_key", "issued_certificates", ["spki_sha256"], unique=False)
    op.create_index("superseded_certificates", "issued_certificates", ["superseded_at"], unique=False)
    op.create_table(
        "pairings",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("party", sa.String(), nullable=False),
        sa.Column("terminal", sa.String(), nullable=False),
        sa.Column("pairing_code", sa.String(), nullable=False),
        sa.Column("request", sa.LargeBinary(), nullable=False),
        sa.Column("asked_at", INSTANT, nullable=False),
        sa.Column("approved_at", INSTANT, nullable=True),
        sa.Column("approved_by", sa.String(), nullable=True),
        sa.Column("serial", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("pairings_of_party", "pairings", ["party"], unique=False)
