"""What several pages of the public site tell: what is open now, and the newest announcements."""

from datetime import datetime
from typing import Any, Final

from seikyu.apps.dates import day_in_japan, day_said, moment_said, until_said
from seikyu.apps.pages.visit import Visit
from seikyu.office.announcing import words
from seikyu.office.calendar import Window
from seikyu.services.announcements import newest
from seikyu.services.office import REAL, TEST

#: How a tag of an importance looks.
TAGS: Final = {"normal": "", "important": "warn", "urgent": "bad"}


def open_now(visit: Visit, line: str = REAL) -> dict[str, Any]:
    """Return what a line of the office takes now, in words."""
    now = visit.office.clock.now()
    opening = visit.office.calendar().at(now, line)
    if opening.open and opening.closes_at is None:
        key, when = "always", ""
    elif opening.open and opening.closes_at is not None:
        key, when = opening.window.value, until_said(opening.closes_at, visit.lang)
    else:
        key, when = "closed", moment_said(opening.next_opens_at or now, visit.lang)
    named = "correction" if opening.window is Window.CORRECTION else key
    prefix = "test_" if line == TEST else ""
    return {"open": opening.open, "text": visit.say(f"pages.site.now.{prefix}{named}", when=when)}


def news_lines(visit: Visit, *, party_kind: str = "") -> list[dict[str, Any]]:
    """Return the newest announcements as lines of a list."""
    return [news_line(visit, each) for each in newest(visit.office, party_kind=party_kind)]


def news_line(visit: Visit, row: dict[str, Any]) -> dict[str, Any]:
    """Return one announcement in the language of the page."""
    english = visit.lang == "en" and bool(row["title_en"])
    published = datetime.fromisoformat(row["published_at"])
    return {
        "id": row["id"],
        "path": f"/news/{row['id']}",
        "title": row["title_en"] if english else row["title_ja"],
        "text_lang": "en" if english else "ja",
        "paragraphs": (row["body_en"] if english else row["body_ja"]).split("\n"),
        "day": day_said(day_in_japan(published), visit.lang),
        "published": moment_said(published, visit.lang),
        "published_at": row["published_at"],
        "until": until_said(datetime.fromisoformat(row["until"]), visit.lang) if row["until"] else "",
        "kind": visit.label(words("kinds")[row["kind"]]),
        "importance": row["importance"],
        "importance_said": visit.label(words("importances")[row["importance"]]),
        "tag": TAGS[row["importance"]],
        "state": row["state"],
        "state_said": visit.say(f"pages.site.news.{row['state']}"),
        "readers": [visit.label(words("readers")[each]) for each in row["for_kinds"]],
        "bodies": row["for_bodies"],
        "corrects": row["corrects"],
        "corrected_by": row["corrected_by"],
        "reason": row["withdrawn_because"] or "",
    }
