"""ACME: accounts, orders and authorizations."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

INSTANT = sa.String(27).with_variant(sa.DateTime(timezone=True), "postgresql")


def upgrade() -> None:
    """Create the tables; the program before this one knows nothing of them."""
    op.create_table(
        "acme_accounts",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("notice", sa.String(), nullable=False),
        sa.Column("party", sa.String(), nullable=False),
        sa.Column("thumbprint", sa.String(), nullable=False),
        sa.Column("jwk", sa.Text(), nullable=False),
        sa.Column("contact", sa.Text(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.Column("binding_of", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("thumbprint", name="one_account_per_key"),
    )
    op.create_index("acme_accounts_of_notice", "acme_accounts", ["notice"], unique=False)
    op.create_table(
        "acme_orders",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("hosts", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("ordered_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("serial", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("acme_orders_of_account", "acme_orders", ["account", "id"], unique=False)
    op.create_index("acme_orders_ending", "acme_orders", ["expires_at"], unique=False)
    op.create_table(
        "acme_names",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("order", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("token", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("validated_at", INSTANT, nullable=True),
        sa.Column("failed_at", INSTANT, nullable=True),
        sa.Column("failure", sa.String(), nullable=False),
        sa.Column("failed_what", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("acme_names_of_order", "acme_names", ["order"], unique=False)
    op.create_index("acme_names_failed", "acme_names", ["account", "failed_at"], unique=False)
