"""What of a file is left out before its sending is decided."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Add a column; of a file of before nothing is left out."""
    op.add_column("files", sa.Column("left_out", sa.Text(), nullable=True))
