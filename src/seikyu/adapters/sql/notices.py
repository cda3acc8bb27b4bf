"""Statements about notices and their history."""

import sqlalchemy as sa

from seikyu.adapters.sql.rows import columns, every, first, narrowed, page, replace, values
from seikyu.adapters.sql.schema import notice_steps, notices
from seikyu.ports.store import Notice, NoticeStep

_NOTICE = sa.select(*columns(notices, Notice))
_STEP = sa.select(*columns(notice_steps, NoticeStep))


def notice_by_id(connection: sa.Connection, notice_id: str) -> Notice | None:
    """Find one notice."""
    return first(connection, Notice, _NOTICE.where(notices.c.id == notice_id))


def notices_page(
    connection: sa.Connection, *, party: str | None, state: str | None, after: str | None, limit: int | None
) -> list[Notice]:
    """List notices newest first, one page at a time."""
    wanted = narrowed(_NOTICE, notices, party=party, state=state)
    return every(connection, Notice, page(wanted, notices.c.id, after=after, limit=limit))


def notice_by_key(connection: sa.Connection, party: str, idempotency_key: str) -> Notice | None:
    """Find what a party's idempotency key filed before."""
    return first(connection, Notice, narrowed(_NOTICE, notices, party=party, idempotency_key=idempotency_key))


def newest_open(connection: sa.Connection, party: str, digest: str, *, states: tuple[str, ...]) -> Notice | None:
    """Find the notice that the same filing would repeat."""
    wanted = narrowed(_NOTICE, notices, party=party, digest=digest).where(notices.c.state.in_(states))
    return first(connection, Notice, wanted.order_by(notices.c.id.desc()))


def steps_of(connection: sa.Connection, notice_id: str) -> list[NoticeStep]:
    """List what happened to a notice."""
    return every(connection, NoticeStep, _STEP.where(notice_steps.c.notice == notice_id).order_by(notice_steps.c.no))


def add_notice(connection: sa.Connection, notice: Notice, step: NoticeStep) -> None:
    """Enter a notice that was filed."""
    connection.execute(notices.insert(), values(notice))
    connection.execute(notice_steps.insert(), values(step))


def move_notice(connection: sa.Connection, notice: Notice, step: NoticeStep) -> None:
    """Write the next state of a notice and the line of its history that says who and when."""
    replace(connection, notices, notice)
    connection.execute(notice_steps.insert(), values(step))
