"""Announcements in memory: the part of `adapters.memory` that holds them."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from seikyu.ports.announcements import Announcement, NewsQuery, Withdrawal
from seikyu.ports.errors import AlreadyThere, NotThere


@dataclass(frozen=True)
class AnnouncementTables:
    """All rows of announcements at one moment."""

    announcements: dict[str, Announcement] = field(default_factory=dict)
    withdrawals: dict[str, Withdrawal] = field(default_factory=dict)


class _HasTables(Protocol):
    @property
    def tables(self) -> AnnouncementTables: ...


class MemoryAnnouncementsRead:
    """What can be read (ports.announcements.AnnouncementsRead)."""

    def announcement(self: _HasTables, announcement_id: str) -> Announcement | None:
        """Return the announcement of that id."""
        return self.tables.announcements.get(announcement_id)

    def announcements(
        self: _HasTables, wanted: NewsQuery, *, after: str | None = None, limit: int | None = None
    ) -> list[Announcement]:
        """Return announcements, newest first."""
        found = [
            one
            for one in self.tables.announcements.values()
            if (after is None or one.id < after)
            and _concerns(one.for_kinds, wanted.party_kind)
            and _concerns(one.for_bodies, wanted.body)
            and (wanted.at is None or _holds(self.tables, one, wanted.at))
        ]
        return sorted(found, key=lambda one: one.id, reverse=True)[:limit]

    def withdrawals(self: _HasTables, ids: list[str]) -> list[Withdrawal]:
        """Return the withdrawals of these."""
        return [self.tables.withdrawals[one] for one in sorted(ids) if one in self.tables.withdrawals]

    def announcement_corrections(self: _HasTables, ids: list[str]) -> list[Announcement]:
        """Return what corrects these."""
        found = [one for one in self.tables.announcements.values() if one.corrects in ids]
        return sorted(found, key=lambda one: one.id)


class MemoryAnnouncementsWrite(MemoryAnnouncementsRead):
    """What can be written (ports.announcements.AnnouncementsWrite)."""

    def add_announcement(self: _HasTables, announcement: Announcement) -> None:
        """Insert one. Errors: AlreadyThere."""
        rows = self.tables.announcements
        if announcement.id in rows or (
            announcement.corrects and any(one.corrects == announcement.corrects for one in rows.values())
        ):
            raise AlreadyThere("an announcement of that name, or one that corrects the same, is already there")
        rows[announcement.id] = announcement

    def add_withdrawal(self: _HasTables, withdrawal: Withdrawal) -> None:
        """Append that one is withdrawn. Errors: AlreadyThere, NotThere."""
        if withdrawal.announcement not in self.tables.announcements:
            raise NotThere("no announcement of that name")
        if withdrawal.announcement in self.tables.withdrawals:
            raise AlreadyThere("that announcement is already withdrawn")
        self.tables.withdrawals[withdrawal.announcement] = withdrawal


def _concerns(told: str, wanted: str) -> bool:
    return not told or not wanted or f" {wanted} " in told


def _holds(tables: AnnouncementTables, one: Announcement, at: datetime) -> bool:
    withdrawn = tables.withdrawals.get(one.id)
    return (
        one.published_at <= at
        and (one.until is None or at < one.until)
        and (withdrawn is None or at < withdrawn.at)
        and not any(other.corrects == one.id and other.published_at <= at for other in tables.announcements.values())
    )
