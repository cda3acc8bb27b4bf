"""Statements about announcements and their withdrawals."""

from datetime import datetime

import sqlalchemy as sa

from seikyu.adapters.sql.rows import columns, every, first, page, values
from seikyu.adapters.sql.schema_announcements import announcements, withdrawals
from seikyu.ports.announcements import Announcement, NewsQuery, Withdrawal
from seikyu.ports.errors import NotThere

_ONE = sa.select(*columns(announcements, Announcement))
_WITHDRAWAL = sa.select(*columns(withdrawals, Withdrawal))


class SqlAnnouncementsRead:
    """What can be read (ports.announcements.AnnouncementsRead)."""

    connection: sa.Connection

    def announcement(self, announcement_id: str) -> Announcement | None:
        """Return the announcement of that id."""
        return first(self.connection, Announcement, _ONE.where(announcements.c.id == announcement_id))

    def announcements(
        self, wanted: NewsQuery, *, after: str | None = None, limit: int | None = None
    ) -> list[Announcement]:
        """Return announcements, newest first."""
        conditions = [
            sa.or_(column == "", column.contains(f" {word} ", autoescape=True))
            for column, word in (
                (announcements.c.for_kinds, wanted.party_kind),
                (announcements.c.for_bodies, wanted.body),
            )
            if word
        ]
        if wanted.at is not None:
            conditions += _holding(wanted.at)
        found = page(_ONE.where(*conditions), announcements.c.id, after=after, limit=limit)
        return every(self.connection, Announcement, found)

    def withdrawals(self, ids: list[str]) -> list[Withdrawal]:
        """Return the withdrawals of these."""
        found = _WITHDRAWAL.where(withdrawals.c.announcement.in_(ids)).order_by(withdrawals.c.announcement)
        return every(self.connection, Withdrawal, found)

    def announcement_corrections(self, ids: list[str]) -> list[Announcement]:
        """Return what corrects these."""
        found = _ONE.where(announcements.c.corrects.in_(ids)).order_by(announcements.c.id)
        return every(self.connection, Announcement, found)


class SqlAnnouncementsWrite(SqlAnnouncementsRead):
    """What can be written (ports.announcements.AnnouncementsWrite)."""

    def add_announcement(self, announcement: Announcement) -> None:
        """Insert one. Errors: AlreadyThere."""
        self.connection.execute(announcements.insert(), values(announcement))

    def add_withdrawal(self, withdrawal: Withdrawal) -> None:
        """Append that one is withdrawn. Errors: AlreadyThere, NotThere."""
        if self.announcement(withdrawal.announcement) is None:
            raise NotThere("no announcement of that name")
        self.connection.execute(withdrawals.insert(), values(withdrawal))


def _holding(at: datetime) -> list[sa.ColumnElement[bool]]:
    """Return what makes an announcement hold at an instant."""
    later = announcements.alias("later")
    return [
        announcements.c.published_at <= at,
        sa.or_(announcements.c.until.is_(None), announcements.c.until > at),
        ~sa.exists().where(withdrawals.c.announcement == announcements.c.id, withdrawals.c.at <= at),
        ~sa.exists().where(later.c.corrects == announcements.c.id, later.c.published_at <= at),
    ]
