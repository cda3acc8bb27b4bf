"""The tables. What changes here changes in a new migration too; a test compares the two."""

from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.types import TypeDecorator, TypeEngine

#: The newest migration; a database that says so needs no migrating.
HEAD: Final = "0016"

JAPAN: Final = ZoneInfo("Asia/Tokyo")


class Instant(TypeDecorator[datetime]):
    """An aware instant, told in Japan time. SQLite keeps UTC text of fixed width: text order is time order."""

    impl = sa.DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> TypeEngine[Any]:
        """Return text for SQLite, a timestamp with time zone elsewhere."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(sa.String(27))
        return dialect.type_descriptor(sa.DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> Any:
        """Return what is stored. Errors: ValueError for a naive time."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive time cannot be stored")
        utc = value.astimezone(UTC)
        return utc.strftime("%Y-%m-%dT%H:%M:%S.%fZ") if dialect.name == "sqlite" else utc

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's
        """Return the instant in Japan time."""
        if value is None:
            return None
        return (datetime.fromisoformat(value) if isinstance(value, str) else value).astimezone(JAPAN)


metadata: Final = sa.MetaData()

notices: Final = sa.Table(
    "notices",
    metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("party", sa.String, nullable=False),
    sa.Column("kind", sa.String, nullable=False),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("filed_at", Instant, nullable=False),
    sa.Column("fields", sa.Text, nullable=False),
    sa.Column("digest", sa.String, nullable=False),
    sa.Column("idempotency_key", sa.String),
    # The last guard against one filing becoming two notices.
    sa.UniqueConstraint("party", "idempotency_key", name="one_notice_per_key"),
    sa.Index("notices_of_party", "party", "id"),
    sa.Index("notices_in_state", "state", "id"),
)

notice_steps: Final = sa.Table(
    "notice_steps",
    metadata,
    sa.Column("notice", sa.String, sa.ForeignKey("notices.id"), primary_key=True),
    sa.Column("no", sa.Integer, primary_key=True),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("by", sa.String, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
)

sendings: Final = sa.Table(
    "sendings",
    metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("body", sa.String, nullable=False),
    sa.Column("party", sa.String, nullable=False),
    sa.Column("line", sa.String, nullable=False),
    sa.Column("kind", sa.String),
    sa.Column("month", sa.String),
    sa.Column("asp", sa.Boolean, nullable=False),
    sa.Column("send_no", sa.Integer, nullable=False),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("received_at", Instant, nullable=False),
    sa.Column("digest", sa.String, nullable=False),
    sa.Column("idempotency_key", sa.String),
    sa.Column("claims", sa.Integer),
    sa.Column("refused", sa.Integer),
    sa.Column("ask", sa.Integer),
    sa.Column("findings", sa.Integer),
    sa.Column("decision", sa.String),
    sa.Column("decided_at", Instant),
    sa.Column("confirm_no", sa.Integer),
    sa.Column("claimed", sa.Integer),
    sa.Column("unclaimed", sa.Integer),
    sa.Column("agent", sa.String),
    sa.Column("mandate", sa.String),
    sa.Column("decided_agent", sa.String),
    # The last guard against one key making two sendings; rows without a key are free.
    sa.UniqueConstraint("party", "idempotency_key", name="one_sending_per_key"),
    sa.Index("sendings_of_party", "party", "id"),
    sa.Index("sendings_of_month", "body", "month", "line", "id"),
    sa.Index("sendings_in_state", "state", "id"),
    sa.Index("sendings_of_digest", "party", "digest", "id"),
    sa.Index("sendings_by_arrival", "received_at"),
)

files: Final = sa.Table(
    "files",
    metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("sending", sa.String, sa.ForeignKey("sendings.id"), nullable=False),
    sa.Column("no", sa.Integer, nullable=False),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("sha256", sa.String, nullable=False),
    sa.Column("name", sa.String),
    sa.Column("checked_at", Instant),
    sa.Column("refused", sa.Boolean),
    sa.Column("summary", sa.Text),
    sa.Column("index_object", sa.String),
    sa.Column("findings_object", sa.String),
    sa.Column("management_base", sa.BigInteger),
    sa.Column("left_out", sa.Text),
    sa.UniqueConstraint("sending", "no", name="one_file_per_number"),
)

months: Final = sa.Table(
    "months",
    metadata,
    sa.Column("body", sa.String, primary_key=True),
    sa.Column("month", sa.String, primary_key=True),
    sa.Column("line", sa.String, primary_key=True),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("closed_at", Instant),
    sa.Column("report", sa.Text),
)

postings: Final = sa.Table(
    "postings",
    metadata,
    # The order of posting; ids of one batch may share their time.
    sa.Column("posted_no", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
    sa.Column("id", sa.String, nullable=False, unique=True),
    sa.Column("body", sa.String, nullable=False),
    sa.Column("month", sa.String, nullable=False),
    sa.Column("line", sa.String, nullable=False),
    sa.Column("stage", sa.String, nullable=False),
    sa.Column("file", sa.String),
    sa.Column("payer", sa.String, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("claims", sa.BigInteger, nullable=False),
    sa.Column("main_points", sa.BigInteger, nullable=False),
    sa.Column("cases", sa.BigInteger, nullable=False),
    sa.Column("own_points", sa.BigInteger, nullable=False),
    sa.Column("meals_yen", sa.BigInteger, nullable=False),
    sa.Column("delivery", sa.String),
    sa.Column("reason", sa.String),
    sa.Index("postings_of_month", "body", "month", "line", "posted_no"),
    sa.Index("postings_of_file", "file"),
    sa.Index("postings_of_payer", "payer", "line", "month", "body", "posted_no"),
)

deliveries: Final = sa.Table(
    "deliveries",
    metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("body", sa.String, nullable=False),
    sa.Column("month", sa.String, nullable=False),
    sa.Column("line", sa.String, nullable=False),
    sa.Column("payer", sa.String, nullable=False),
    sa.Column("kind", sa.String, nullable=False),
    sa.Column("volume", sa.Integer, nullable=False),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("claims", sa.BigInteger, nullable=False),
    sa.Column("points", sa.BigInteger, nullable=False),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("sha256", sa.String, nullable=False),
    sa.Column("sealed_at", Instant, nullable=False),
    sa.Column("fetched_at", Instant),
    sa.Column("received_at", Instant),
    # The last guard against delivering one volume twice.
    sa.UniqueConstraint("body", "month", "line", "payer", "kind", "volume", name="one_delivery_per_volume"),
    sa.Index("deliveries_of_payer", "payer", "id"),
)

delivery_steps: Final = sa.Table(
    "delivery_steps",
    metadata,
    sa.Column("delivery", sa.String, primary_key=True),
    sa.Column("no", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("what", sa.String, nullable=False),
    sa.Column("since", Instant, nullable=False),
    sa.Column("until", Instant, nullable=False),
    sa.Column("start", sa.BigInteger, nullable=False),
    sa.Column("end", sa.BigInteger, nullable=False),
    sa.Column("reached", sa.BigInteger, nullable=False),
    sa.Column("times", sa.BigInteger, nullable=False),
    sa.Column("user", sa.String, nullable=False),
    sa.Column("terminal", sa.String, nullable=False),
    sa.Column("serial", sa.String, nullable=False),
)

settings: Final = sa.Table(
    "settings",
    metadata,
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)

sequences: Final = sa.Table(
    "sequences",
    metadata,
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("last", sa.BigInteger, nullable=False),
)
