"""The tables of enrolment. What changes here changes in a new migration too; a test compares the two."""

from typing import Final

import sqlalchemy as sa

from seikyu.adapters.sql.schema import Instant, metadata

applications: Final = sa.Table(
    "applications",
    metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("party", sa.String, nullable=False),
    sa.Column("terminal", sa.String, nullable=False),
    sa.Column("purpose", sa.String, nullable=False),
    sa.Column("hosts", sa.String, nullable=False),
    sa.Column("contact", sa.String, nullable=False),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("filed_at", Instant, nullable=False),
    sa.Column("filed_by", sa.String, nullable=False),
    sa.Column("decided_at", Instant),
    sa.Column("decided_by", sa.String),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("notice", sa.String),
    sa.Index("applications_of_party", "party", "id"),
    sa.Index("applications_in_state", "state", "id"),
)

issuance_notices: Final = sa.Table(
    "issuance_notices",
    metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("application", sa.String, nullable=False),
    sa.Column("reference", sa.String, nullable=False),
    sa.Column("party", sa.String, nullable=False),
    sa.Column("terminal", sa.String, nullable=False),
    sa.Column("purpose", sa.String, nullable=False),
    sa.Column("hosts", sa.String, nullable=False),
    sa.Column("pin", sa.String, nullable=False),
    sa.Column("recovery", sa.String, nullable=False),
    sa.Column("binding", sa.String, nullable=False),
    sa.Column("issued_at", Instant, nullable=False),
    sa.Column("opened_at", Instant, nullable=False),
    sa.Column("failed", sa.Integer, nullable=False),
    sa.Column("failed_at", Instant),
    sa.Column("locked_until", Instant),
    sa.Column("ended_at", Instant),
    sa.UniqueConstraint("reference", name="one_notice_per_reference"),
    sa.Index("notices_of_terminal", "party", "terminal"),
)

issued_certificates: Final = sa.Table(
    "issued_certificates",
    metadata,
    sa.Column("serial", sa.String, primary_key=True),
    sa.Column("notice", sa.String, nullable=False),
    sa.Column("party", sa.String, nullable=False),
    sa.Column("terminal", sa.String, nullable=False),
    sa.Column("way", sa.String, nullable=False),
    sa.Column("spki_sha256", sa.String, nullable=False),
    sa.Column("issued_at", Instant, nullable=False),
    sa.Column("der", sa.LargeBinary, nullable=False),
    sa.Column("superseded_at", Instant),
    sa.Index("issued_of_terminal", "party", "terminal", "issued_at"),
    sa.Index("issued_with_key", "spki_sha256"),
    sa.Index("superseded_certificates", "superseded_at"),
)

pairings: Final = sa.Table(
    "pairings",
    metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("party", sa.String, nullable=False),
    sa.Column("terminal", sa.String, nullable=False),
    sa.Column("pairing_code", sa.String, nullable=False),
    sa.Column("request", sa.LargeBinary, nullable=False),
    sa.Column("asked_at", Instant, nullable=False),
    sa.Column("approved_at", Instant),
    sa.Column("approved_by", sa.String),
    sa.Column("serial", sa.String),
    sa.Index("pairings_of_party", "party"),
)
