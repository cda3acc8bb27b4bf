"""Statements about review bodies' months and their claim ledger. Postings are only ever inserted."""

import sqlalchemy as sa

from seikyu.adapters.sql.rows import columns, every, first, narrowed, put, values
from seikyu.adapters.sql.schema import months, postings
from seikyu.ports.store import Month, Posting

_MONTH = sa.select(*columns(months, Month))
_POSTING = sa.select(*columns(postings, Posting))


def month_of(connection: sa.Connection, body: str, month: str, *, line: str) -> Month | None:
    """Find how far a body's month is."""
    return first(connection, Month, narrowed(_MONTH, months, body=body, month=month, line=line))


def all_months(connection: sa.Connection, *, body: str | None) -> list[Month]:
    """List months, newest first."""
    return every(
        connection,
        Month,
        narrowed(_MONTH, months, body=body).order_by(months.c.month.desc(), months.c.body, months.c.line),
    )


def put_month(connection: sa.Connection, month: Month) -> None:
    """Write the next state of a month."""
    put(connection, months, month)


def postings_of(
    connection: sa.Connection, body: str, month: str, *, line: str, payer: str | None = None
) -> list[Posting]:
    """List a month's ledger, or one payer's part of it, in the order of posting."""
    wanted = narrowed(_POSTING, postings, body=body, month=month, line=line, payer=payer)
    return every(connection, Posting, wanted.order_by(postings.c.posted_no))


def months_of_payer(connection: sa.Connection, payer: str, line: str) -> list[tuple[str, str]]:
    """List body and month of what was posted to a payer, newest month first."""
    found = sa.select(postings.c.body, postings.c.month).where(postings.c.payer == payer, postings.c.line == line)
    rows = connection.execute(found.distinct().order_by(postings.c.month.desc(), postings.c.body))
    return [(body, month) for body, month in rows]


def add_postings(connection: sa.Connection, new: list[Posting]) -> None:
    """Append to the ledger."""
    if new:
        connection.execute(postings.insert(), [values(posting) for posting in new])
