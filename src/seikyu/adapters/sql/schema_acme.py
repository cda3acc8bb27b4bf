"""The tables of ACME. What changes here changes in a new migration too; a test compares the two."""

from typing import Final

import sqlalchemy as sa

from seikyu.adapters.sql.schema import Instant, metadata

acme_accounts: Final = sa.Table(
    "acme_accounts",
    metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("notice", sa.String, nullable=False),
    sa.Column("party", sa.String, nullable=False),
    sa.Column("thumbprint", sa.String, nullable=False),
    sa.Column("jwk", sa.Text, nullable=False),
    sa.Column("contact", sa.Text, nullable=False),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("opened_at", Instant, nullable=False),
    sa.Column("binding_of", Instant, nullable=False),
    sa.Column("ended_at", Instant),
    sa.UniqueConstraint("thumbprint", name="one_account_per_key"),
    sa.Index("acme_accounts_of_notice", "notice"),
)

acme_orders: Final = sa.Table(
    "acme_orders",
    metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("account", sa.String, nullable=False),
    sa.Column("hosts", sa.String, nullable=False),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("ordered_at", Instant, nullable=False),
    sa.Column("expires_at", Instant, nullable=False),
    sa.Column("serial", sa.String),
    sa.Index("acme_orders_of_account", "account", "id"),
    sa.Index("acme_orders_ending", "expires_at"),
)

acme_names: Final = sa.Table(
    "acme_names",
    metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("order", sa.String, nullable=False),
    sa.Column("account", sa.String, nullable=False),
    sa.Column("host", sa.String, nullable=False),
    sa.Column("token", sa.String, nullable=False),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("expires_at", Instant, nullable=False),
    sa.Column("validated_at", Instant),
    sa.Column("failed_at", Instant),
    sa.Column("failure", sa.String, nullable=False),
    sa.Column("failed_what", sa.Text, nullable=False),
    sa.Index("acme_names_of_order", "order"),
    sa.Index("acme_names_failed", "account", "failed_at"),
)
