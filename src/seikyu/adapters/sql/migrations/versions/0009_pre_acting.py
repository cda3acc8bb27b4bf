"""Who sent and decided for another party."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add three columns; a sending of before names nobody."""
    for name in ("agent", "mandate", "decided_agent"):
        op.add_column("sendings", sa.Column(name, sa.String(), nullable=True))
