"""Which of the office's keys signed a certificate."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the column; rows that are there say nothing, and the first key signed them."""
    op.add_column("certificates", sa.Column("issuer", sa.String(), nullable=True))
