"""Looking through a large register, and orders to revoke that wait for a second person."""

import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

INSTANT = sa.String(27).with_variant(sa.DateTime(timezone=True), "postgresql")

PARTIES = sa.table("parties", *(sa.column(name, sa.String) for name in ("id", "name", "folded")))


def upgrade() -> None:
    """Add indexes, the folded name, the orders and the facts of the journal; the program before this one goes on."""
    op.add_column("parties", sa.Column("folded", sa.String(), nullable=False, server_default=""))
    connection = op.get_bind()
    rows = connection.execute(sa.select(PARTIES.c.id, PARTIES.c.name)).all()
    if rows:
        change = PARTIES.update().where(PARTIES.c.id == sa.bindparam("at")).values(folded=sa.bindparam("as"))
        connection.execute(change, [{"at": each.id, "as": _folded(each.name)} for each in rows])
    op.create_index("parties_of_kind", "parties", ["kind", "id"], unique=False)
    op.create_index("parties_named", "parties", ["id", "kind", "folded"], unique=False)
    op.drop_index("certificates_of_party", table_name="certificates")
    for name, columns in (
        ("of_party", ["party", "issued_at", "serial"]),
        ("by_issue", ["issued_at", "serial"]),
        ("by_end", ["not_after", "serial"]),
        ("by_terminal", ["terminal", "serial"]),
    ):
        op.create_index(f"certificates_{name}", "certificates", columns, unique=False)
    revoked = sa.text("revoked_at IS NOT NULL")
    op.create_index(
        "certificates_revoked", "certificates", ["revoked_at", "serial"], unique=False,
        sqlite_where=revoked, postgresql_where=revoked,
    )  # fmt: skip
    op.create_table(
        "revocation_orders",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("many", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("ordered_at", INSTANT, nullable=False),
        sa.Column("ordered_by", sa.String(), nullable=False),
        sa.Column("decided_at", INSTANT, nullable=True),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("serials", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("revocation_orders_in_state", "revocation_orders", ["state", "id"], unique=False)
    op.add_column("entries", sa.Column("facts", sa.Text(), nullable=True))


def _folded(name: str) -> str:
    """Return a name as it was folded when this migration was made."""
    text = unicodedata.normalize("NFKC", name).casefold()
    return "".join(chr(ord(each) - 96) if "ァ" <= each <= "ヶ" else each for each in text if each not in " \t・")
