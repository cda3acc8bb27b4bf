"""Rows of announcements (お知らせ): what the office has told everybody, and what it took back.

Both tables only grow: a text that was published never changes. Who corrects one publishes another that names it; who
withdraws one adds a row that says so. The methods belong to the transactions of `ports.store`.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Announcement:
    """One announcement as it was published.

    Shape: `kind` and `importance` are words of `office/announcements.toml`; `for_kinds` and `for_bodies` are kinds of
    parties and ids of bodies with a blank around each (` institution payer `), empty for everybody; `until` None shows
    it without end; `corrects` names the one that it takes the place of.
    """

    id: str
    published_at: datetime
    kind: str
    importance: str
    title_ja: str
    title_en: str
    body_ja: str
    body_en: str
    by: str
    until: datetime | None = None
    for_kinds: str = ""
    for_bodies: str = ""
    corrects: str | None = None


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """That an announcement was withdrawn (取下げたお知らせ). It stays in the history with the reason."""

    announcement: str
    at: datetime
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class NewsQuery:
    """Which announcements are looked for.

    Shape: `at` asks for those that hold then (published, not over, neither withdrawn nor corrected by then), None for
    all; `party_kind` and `body` leave out what is for others only.
    """

    at: datetime | None = None
    party_kind: str = ""
    body: str = ""


class AnnouncementsRead(Protocol):
    """What can be read."""

    def announcement(self, announcement_id: str) -> Announcement | None: ...
    def announcements(
        self, wanted: NewsQuery, *, after: str | None = None, limit: int | None = None
    ) -> list[Announcement]:
        """Return announcements, newest first, from behind the id `after`."""
        ...

    def withdrawals(self, ids: list[str]) -> list[Withdrawal]:
        """Return the withdrawals of these."""
        ...

    def announcement_corrections(self, ids: list[str]) -> list[Announcement]:
        """Return the announcements that correct these."""
        ...


class AnnouncementsWrite(AnnouncementsRead, Protocol):
    """What can be written."""

    def add_announcement(self, announcement: Announcement) -> None:
        """Insert one. Errors: AlreadyThere, also if another corrects the same one."""
        ...

    def add_withdrawal(self, withdrawal: Withdrawal) -> None:
        """Append that one is withdrawn. Errors: AlreadyThere, NotThere."""
        ...
