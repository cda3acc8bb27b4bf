"""Announcing (お知らせ): publishing, correcting and withdrawing, and reading what holds.

What was published never changes. A correction is another announcement that names the first; a withdrawal is a row of
its own with a reason. Both stay in the history. Who may announce is asked by the doors (`Forbidden` is theirs), so that
other acts of the office may announce too: an extension, an incident.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from seikyu.office.announcing import REASON_CHARS, Draft, is_reason, wrong_in
from seikyu.office.errors import NotAllowed
from seikyu.ports.announcements import Announcement, NewsQuery, Withdrawal
from seikyu.ports.errors import BadRequest, NotFound, ProtocolError
from seikyu.ports.store import ReadTx, WriteTx
from seikyu.services.office import Office
from seikyu.services.show import Page

#: How far back the same announcement is looked for, so that a button pressed twice announces once.
_RECENT: Final = 20


class BadAnnouncement(ProtocolError):
    """The draft cannot be announced; nothing is published (422). Shape: facts `wrong` (field: why), `fields`."""

    code = "bad_announcement"

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """What is wrong, field by field."""
        return [(name, why) for name, _, why in (each.partition(": ") for each in self.facts["wrong"])]


class AnnouncementOver(NotAllowed):
    """The announcement was withdrawn or corrected before. Shape: facts `state`."""

    code = "announcement_over"


@dataclass(frozen=True, slots=True)
class Announced:
    """What was announced. `repeat`: the same holds already, and nothing was added."""

    announcement: Announcement
    repeat: bool


def publish(office: Office, draft: Draft, *, by: str) -> Announced:
    """Announce a draft from now on; the same one again is the one that holds.

    Errors: BadAnnouncement; NotFound and AnnouncementOver for the one that is corrected; nothing is published then.
    """
    draft = _tidied(draft)
    now = office.clock.now()
    check_draft(office, draft)
    made = Announcement(
        id=office.ids.new(), published_at=now, kind=draft.kind, importance=draft.importance, title_ja=draft.title_ja,
        title_en=draft.title_en, body_ja=draft.body_ja, body_en=draft.body_en, by=by, until=draft.until,
        for_kinds=_padded(draft.for_kinds), for_bodies=_padded(draft.for_bodies), corrects=draft.corrects,
    )  # fmt: skip
    with office.store.write() as tx:
        for each in tx.announcements(NewsQuery(at=now), limit=_RECENT):
            if _content(each) == _content(made):
                return Announced(each, repeat=True)
        if draft.corrects is not None:
            _require_holding(tx, draft.corrects)
        tx.add_announcement(made)
    office.tell("announced", announcement=made.id, kind=made.kind, importance=made.importance)
    return Announced(made, repeat=False)


def check_draft(office: Office, draft: Draft) -> None:
    """Say what is wrong with a draft, before it is published. Errors: BadAnnouncement."""
    wrong = wrong_in(_tidied(draft), now=office.clock.now())
    if wrong:
        raise BadAnnouncement(
            fields=", ".join(dict.fromkeys(each.field for each in wrong)),
            wrong=[f"{each.field}: {each.why}" for each in wrong],
        )


def withdraw(office: Office, announcement_id: str, *, reason: str, by: str) -> dict[str, Any]:
    """Take an announcement back from now on; it stays in the history with the reason. Said again it changes nothing.

    Errors: BadRequest without a reason; NotFound; AnnouncementOver, if it was corrected.
    """
    if not is_reason(reason):
        raise BadRequest(f"a reason has 1 to {REASON_CHARS} characters on one line", parameter="reason")
    with office.store.write() as tx:
        if not tx.withdrawals([announcement_id]):
            _require_holding(tx, announcement_id)
            tx.add_withdrawal(Withdrawal(announcement_id, office.clock.now(), by, reason.strip()))
            office.tell("announcement_withdrawn", announcement=announcement_id)
    return show(office, announcement_id)


def list_news(
    office: Office,
    *,
    limit: int,
    cursor: str | None = None,
    party_kind: str = "",
    body: str = "",
    history: bool = False,
) -> Page:
    """Return the announcements that hold now, newest first; with `history` every one of them.

    Shape: `party_kind` and `body` leave out what is for others only. Errors: BadRequest.
    """
    most = office.limit("page_items")
    if not 1 <= limit <= most:
        raise BadRequest(f"limit is 1 to {most}", parameter="limit")
    wanted = NewsQuery(at=None if history else office.clock.now(), party_kind=party_kind, body=body)
    with office.store.read() as tx:
        found = tx.announcements(wanted, after=cursor, limit=limit + 1)
        views = _views(tx, found[:limit], office.clock.now())
    return Page(views, found[limit - 1].id if len(found) > limit else None)


def newest(office: Office, *, party_kind: str = "", body: str = "", most: int = 5) -> list[dict[str, Any]]:
    """Return what a front page tells: whatever is urgent or important, and the newest, so many in all at most."""
    holding = list_news(office, limit=office.limit("page_items"), party_kind=party_kind, body=body).items
    first = [each for each in holding if each["importance"] != "normal"]
    rest = [each for each in holding if each["importance"] == "normal"]
    first.sort(key=lambda each: each["importance"] != "urgent")
    return [*first, *rest][:most]


def show(office: Office, announcement_id: str) -> dict[str, Any]:
    """Return one announcement, also one that holds no more: its state says so. Errors: NotFound."""
    with office.store.read() as tx:
        found = tx.announcement(announcement_id)
        if found is None:
            raise NotFound("no such announcement")
        return _views(tx, [found], office.clock.now())[0]


def _views(tx: ReadTx, rows: list[Announcement], now: datetime) -> list[dict[str, Any]]:
    ids = [each.id for each in rows]
    withdrawn = {each.announcement: each for each in tx.withdrawals(ids)}
    corrected = {each.corrects: each for each in tx.announcement_corrections(ids)}
    return [_view(each, withdrawn.get(each.id), corrected.get(each.id), now=now) for each in rows]


def _view(
    row: Announcement, withdrawn: Withdrawal | None, corrected: Announcement | None, *, now: datetime
) -> dict[str, Any]:
    over = row.until is not None and row.until <= now
    return {
        "id": row.id,
        "published_at": row.published_at.isoformat(),
        "until": row.until.isoformat() if row.until else None,
        "kind": row.kind,
        "importance": row.importance,
        "title_ja": row.title_ja,
        "title_en": row.title_en,
        "body_ja": row.body_ja,
        "body_en": row.body_en,
        "for_kinds": row.for_kinds.split(),
        "for_bodies": row.for_bodies.split(),
        "state": "withdrawn" if withdrawn else "corrected" if corrected else "over" if over else "published",
        "corrects": row.corrects,
        "corrected_by": corrected.id if corrected else None,
        "withdrawn_at": withdrawn.at.isoformat() if withdrawn else None,
        "withdrawn_because": withdrawn.reason if withdrawn else None,
    }


def _require_holding(tx: WriteTx, announcement_id: str) -> None:
    """Errors: NotFound; AnnouncementOver, if it was withdrawn or corrected."""
    if tx.announcement(announcement_id) is None:
        raise NotFound("no such announcement")
    if tx.withdrawals([announcement_id]):
        raise AnnouncementOver("it was withdrawn before", state="withdrawn")
    if tx.announcement_corrections([announcement_id]):
        raise AnnouncementOver("it was corrected before", state="corrected")


def _tidied(draft: Draft) -> Draft:
    """Return a draft with plain line ends and nothing around its texts."""
    texts = {name: getattr(draft, name).replace("\r\n", "\n").strip() for name in
             ("title_ja", "title_en", "body_ja", "body_en")}  # fmt: skip
    return replace(draft, **texts, for_kinds=tuple(sorted(set(draft.for_kinds))), corrects=draft.corrects or None)


def _content(row: Announcement) -> tuple[Any, ...]:
    return (
        row.kind, row.importance, row.title_ja, row.title_en, row.body_ja, row.body_en, row.until, row.for_kinds,
        row.for_bodies, row.corrects,
    )  # fmt: skip


def _padded(names: tuple[str, ...]) -> str:
    return f" {' '.join(names)} " if names else ""
