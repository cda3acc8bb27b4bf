"""The tables of corrections. What changes here changes in a new migration too; a test compares the two."""

from typing import Final

import sqlalchemy as sa

from seikyu.adapters.sql.schema import Instant, metadata

corrections: Final = sa.Table(
    "corrections",
    metadata,
    sa.Column("sending", sa.String, sa.ForeignKey("sendings.id"), primary_key=True),
    sa.Column("file_no", sa.Integer, primary_key=True),
    sa.Column("claim_index", sa.Integer, primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("mark", sa.String, nullable=False),
    sa.Column("edits", sa.Text, nullable=False),
    sa.Column("changed_at", Instant, nullable=False),
    sa.Column("by", sa.String, nullable=False),
    sa.Column("into", sa.String),
    sa.Column("into_file_no", sa.Integer),
    sa.Column("into_claim_index", sa.Integer),
)

correction_runs: Final = sa.Table(
    "correction_runs",
    metadata,
    sa.Column("id", sa.String, sa.ForeignKey("sendings.id"), primary_key=True),
    sa.Column("sending", sa.String, sa.ForeignKey("sendings.id"), nullable=False),
    sa.Column("correct_no", sa.Integer, nullable=False),
    sa.Column("finished_at", Instant, nullable=False),
    sa.Column("claims", sa.Integer, nullable=False),
    sa.Index("correction_runs_of_sending", "sending", "id"),
)
