"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

INSTANT = sa.String(27).with_variant(sa.DateTime(timezone=True), "postgresql")


def upgrade() -> None:
    """Create every table."""
    op.create_table(
        "certificates",
        sa.Column("serial", sa.String(), nullable=False),
        sa.Column("party", sa.String(), nullable=False),
        sa.Column("terminal", sa.String(), nullable=False),
        sa.Column("issued_at", INSTANT, nullable=False),
        sa.Column("not_after", INSTANT, nullable=False),
        sa.Column("revoked_at", INSTANT, nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("serial"),
    )
    op.create_index("certificates_of_party", "certificates", ["party"], unique=False)
    op.create_table(
        "deliveries",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("month", sa.String(), nullable=False),
        sa.Column("line", sa.String(), nullable=False),
        sa.Column("payer", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("volume", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("claims", sa.BigInteger(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("sealed_at", INSTANT, nullable=False),
        sa.Column("fetched_at", INSTANT, nullable=True),
        sa.Column("received_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("body", "month", "line", "payer", "kind", "volume", name="one_delivery_per_volume"),
    )
    op.create_index("deliveries_of_payer", "deliveries", ["payer", "id"], unique=False)
    op.create_table(
        "months",
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("month", sa.String(), nullable=False),
        sa.Column("line", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("closed_at", INSTANT, nullable=True),
        sa.Column("report", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("body", "month", "line"),
    )
    op.create_table(
        "parties",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("until", INSTANT, nullable=True),
        sa.Column("address", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "postings",
        sa.Column(
            "posted_no", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("month", sa.String(), nullable=False),
        sa.Column("line", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("file", sa.String(), nullable=True),
        sa.Column("payer", sa.String(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("claims", sa.BigInteger(), nullable=False),
        sa.Column("main_points", sa.BigInteger(), nullable=False),
        sa.Column("cases", sa.BigInteger(), nullable=False),
        sa.Column("own_points", sa.BigInteger(), nullable=False),
        sa.Column("meals_yen", sa.BigInteger(), nullable=False),
        sa.Column("delivery", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("posted_no"),
        sa.UniqueConstraint("id"),
    )
    op.create_index("postings_of_month", "postings", ["body", "month", "line", "posted_no"], unique=False)
    op.create_table(
        "sendings",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("party", sa.String(), nullable=False),
        sa.Column("line", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=True),
        sa.Column("month", sa.String(), nullable=True),
        sa.Column("asp", sa.Boolean(), nullable=False),
        sa.Column("send_no", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("idempotency_key", sa.String(), nullable=True),
        sa.Column("claims", sa.Integer(), nullable=True),
        sa.Column("refused", sa.Integer(), nullable=True),
        sa.Column("ask", sa.Integer(), nullable=True),
        sa.Column("findings", sa.Integer(), nullable=True),
        sa.Column("decision", sa.String(), nullable=True),
        sa.Column("decided_at", INSTANT, nullable=True),
        sa.Column("confirm_no", sa.Integer(), nullable=True),
        sa.Column("claimed", sa.Integer(), nullable=True),
        sa.Column("unclaimed", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("party", "idempotency_key", name="one_sending_per_key"),
    )
    op.create_index("sendings_in_state", "sendings", ["state", "id"], unique=False)
    op.create_index("sendings_of_digest", "sendings", ["party", "digest", "id"], unique=False)
    op.create_index("sendings_of_month", "sendings", ["body", "month", "line", "id"], unique=False)
    op.create_index("sendings_of_party", "sendings", ["party", "id"], unique=False)
    op.create_table(
        "sequences",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "settings",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "files",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("sending", sa.String(), nullable=False),
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=True),
        sa.Column("checked_at", INSTANT, nullable=True),
        sa.Column("refused", sa.Boolean(), nullable=True),
        sa.Column("summary", sa.Text(), nullable=True),
        sa.Column("index_object", sa.String(), nullable=True),
        sa.Column("findings_object", sa.String(), nullable=True),
        sa.Column("management_base", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["sending"],
            ["sendings.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("sending", "no", name="one_file_per_number"),
    )
