"""The tables of inquiries, waits and incidents. What changes here changes in a new migration too; a test compares."""

from typing import Final

import sqlalchemy as sa

from seikyu.adapters.sql.schema import Instant, metadata

inquiries: Final = sa.Table(
    "inquiries",
    metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("number", sa.String, nullable=False),
    sa.Column("party", sa.String),
    sa.Column("problem", sa.String, nullable=False),
    sa.Column("line_kind", sa.String, nullable=False),
    sa.Column("body", sa.String, nullable=False),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("made_at", Instant, nullable=False),
    sa.Column("changed_at", Instant, nullable=False),
    sa.Column("lang", sa.String, nullable=False),
    sa.Column("reply", sa.String, nullable=False),
    sa.Column("asker_key", sa.String, nullable=False),
    sa.Column("reach", sa.Text, nullable=False),
    sa.Column("code_digest", sa.String),
    sa.Column("desk", sa.String, nullable=False),
    sa.Column("report", sa.Text),
    sa.Column("idempotency_key", sa.String),
    sa.UniqueConstraint("number", name="one_inquiry_per_number"),
    sa.UniqueConstraint("idempotency_key", name="one_inquiry_per_key"),
    sa.Index("inquiries_of_party", "party", "id"),
    sa.Index("inquiries_in_state", "state", "id"),
    sa.Index("inquiries_of_asker", "asker_key", "made_at"),
)

inquiry_steps: Final = sa.Table(
    "inquiry_steps",
    metadata,
    sa.Column("inquiry", sa.String, sa.ForeignKey("inquiries.id"), primary_key=True),
    sa.Column("no", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("side", sa.String, nullable=False),
    sa.Column("by", sa.String, nullable=False),
    sa.Column("act", sa.String, nullable=False),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("desk", sa.String, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
)

check_runs: Final = sa.Table(
    "check_runs",
    metadata,
    sa.Column("sending", sa.String, sa.ForeignKey("sendings.id"), primary_key=True),
    sa.Column("files", sa.Integer, nullable=False),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("entered_at", Instant, nullable=False),
    sa.Column("done_at", Instant),
    sa.Column("wait_ms", sa.BigInteger),
    sa.Index("check_runs_by_entry", "entered_at"),
    sa.Index("check_runs_by_end", "done_at", "sending"),
)

quarters: Final = sa.Table(
    "quarters",
    metadata,
    sa.Column("at", Instant, primary_key=True),
    sa.Column("arrivals", sa.Integer, nullable=False),
    sa.Column("arrived_bytes", sa.BigInteger, nullable=False),
    sa.Column("checked", sa.Integer, nullable=False),
    sa.Column("longest_ms", sa.BigInteger),
    sa.Column("p50_ms", sa.BigInteger),
    sa.Column("p95_ms", sa.BigInteger),
    sa.Column("busy", sa.Integer, nullable=False),
    sa.Column("queued_files", sa.Integer, nullable=False),
    sa.Column("queued_bytes", sa.BigInteger, nullable=False),
)

incidents: Final = sa.Table(
    "incidents",
    metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("began_at", Instant, nullable=False),
    sa.Column("title", sa.String, nullable=False),
    sa.Column("title_en", sa.String, nullable=False),
    sa.Column("parts", sa.String, nullable=False),
    sa.Column("ended_at", Instant),
    sa.Index("incidents_by_end", "ended_at", "id"),
)

incident_updates: Final = sa.Table(
    "incident_updates",
    metadata,
    sa.Column("incident", sa.String, sa.ForeignKey("incidents.id"), primary_key=True),
    sa.Column("no", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("by", sa.String, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("text_en", sa.Text, nullable=False),
)
