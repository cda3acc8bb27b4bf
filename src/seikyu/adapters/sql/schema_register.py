"""The tables of the register. What changes here changes in a new migration too; a test compares the two."""

from typing import Final

import sqlalchemy as sa

from seikyu.adapters.sql.schema import Instant, metadata

parties: Final = sa.Table(
    "parties",
    metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("kind", sa.String, nullable=False),
    sa.Column("name", sa.String, nullable=False),
    sa.Column("since", Instant, nullable=False),
    sa.Column("until", Instant),
    sa.Column("address", sa.String, nullable=False),
    # A program of before the migration leaves them out, so that the database must know what stands there then.
    sa.Column("category", sa.String, nullable=False, server_default=""),
    sa.Column("connection", sa.String, nullable=False, server_default=""),
    sa.Column("connection_id", sa.String, nullable=False, server_default=""),
    # The name as it is looked for (`trust.party.folded_name`); empty in what a program of before 0005 wrote.
    sa.Column("folded", sa.String, nullable=False, server_default=""),
    sa.Index("parties_of_kind", "kind", "id"),
    # All that a look through every name needs, so that it reads nothing else.
    sa.Index("parties_named", "id", "kind", "folded"),
)

certificates: Final = sa.Table(
    "certificates",
    metadata,
    sa.Column("serial", sa.String, primary_key=True),
    sa.Column("party", sa.String, nullable=False),
    sa.Column("terminal", sa.String, nullable=False),
    sa.Column("issued_at", Instant, nullable=False),
    sa.Column("not_after", Instant, nullable=False),
    sa.Column("revoked_at", Instant),
    sa.Column("reason", sa.String),
    sa.Column("issuer", sa.String),
    # One for each order of a list; all that is asked besides is looked at row by row.
    sa.Index("certificates_of_party", "party", "issued_at", "serial"),
    sa.Index("certificates_by_issue", "issued_at", "serial"),
    sa.Index("certificates_by_end", "not_after", "serial"),
    sa.Index("certificates_by_terminal", "terminal", "serial"),
)

sa.Index(
    "certificates_revoked",
    certificates.c.revoked_at,
    certificates.c.serial,
    sqlite_where=certificates.c.revoked_at.is_not(None),
    postgresql_where=certificates.c.revoked_at.is_not(None),
)

revocation_orders: Final = sa.Table(
    "revocation_orders",
    metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("reason", sa.String, nullable=False),
    sa.Column("many", sa.Integer, nullable=False),
    sa.Column("digest", sa.String, nullable=False),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("ordered_at", Instant, nullable=False),
    sa.Column("ordered_by", sa.String, nullable=False),
    sa.Column("decided_at", Instant),
    sa.Column("decided_by", sa.String),
    # What it names: serials, sorted, a blank between two.
    sa.Column("serials", sa.Text, nullable=False),
    sa.Index("revocation_orders_in_state", "state", "id"),
)
