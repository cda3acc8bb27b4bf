"""The tables of accounts. What changes here changes in a new migration too; a test compares the two."""

from typing import Final

import sqlalchemy as sa

from seikyu.adapters.sql.schema import Instant, metadata

registration_codes: Final = sa.Table(
    "registration_codes",
    metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("party", sa.String, nullable=False),
    sa.Column("digest", sa.String, nullable=False),
    sa.Column("made_at", Instant, nullable=False),
    sa.Column("until", Instant, nullable=False),
    sa.Column("used_at", Instant),
    sa.Column("user", sa.String),
    sa.Index("registration_codes_of_party", "party", "made_at"),
)

acceptances: Final = sa.Table(
    "acceptances",
    metadata,
    sa.Column("user", sa.String, primary_key=True),
    sa.Column("document", sa.String, primary_key=True),
    sa.Column("version", sa.String, primary_key=True),
    sa.Column("lang", sa.String, nullable=False),
    sa.Column("at", Instant, nullable=False),
)

guesses: Final = sa.Table(
    "guesses",
    metadata,
    sa.Column("key", sa.String, primary_key=True),
    sa.Column("failed", sa.Integer, nullable=False),
    sa.Column("failed_at", Instant, nullable=False),
    sa.Column("locked_until", Instant),
    sa.Index("guesses_by_time", "failed_at"),
)

security_keys: Final = sa.Table(
    "security_keys",
    metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("user", sa.String, nullable=False),
    sa.Column("name", sa.String, nullable=False),
    sa.Column("public_key", sa.String, nullable=False),
    sa.Column("sign_count", sa.BigInteger, nullable=False),
    sa.Column("added_at", Instant, nullable=False),
    sa.Column("used_at", Instant),
    sa.Index("security_keys_of_user", "user"),
)

half_logins: Final = sa.Table(
    "half_logins",
    metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("user", sa.String, nullable=False),
    sa.Column("purpose", sa.String, nullable=False),
    sa.Column("serial", sa.String, nullable=False),
    sa.Column("challenge", sa.String, nullable=False),
    sa.Column("password", sa.String, nullable=False),
    sa.Column("until", Instant, nullable=False),
    sa.Index("half_logins_by_time", "until"),
)
