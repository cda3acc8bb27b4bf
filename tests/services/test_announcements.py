"""Announcing: what is published holds until its end, its correction or its withdrawal; nothing of it is ever lost."""

from dataclasses import replace
from datetime import timedelta

import pytest

from seikyu.office.announcing import Draft
from seikyu.ports.errors import BadRequest, NotFound
from seikyu.services.announcements import (
    AnnouncementOver,
    BadAnnouncement,
    list_news,
    newest,
    publish,
    show,
    withdraw,
)
from services.office_lab import Lab, later, make_lab

DRAFT = Draft(title_ja="期限の延長", body_ja="11日の12時まで延長します。")


@pytest.fixture
def lab() -> Lab:
    """Return an office in memory."""
    return make_lab()


def published(lab: Lab, **changes: object) -> str:
    """Publish a draft and return its id."""
    draft = replace(DRAFT, **changes)  # type: ignore[arg-type]
    return publish(lab.office, draft, by="operator").announcement.id


def titles(lab: Lab, **wanted: object) -> list[str]:
    """Return the titles that are listed."""
    return [each["title_ja"] for each in list_news(lab.office, limit=50, **wanted).items]  # type: ignore[arg-type]


def test_a_published_one_is_listed_at_once(lab: Lab) -> None:
    """With its texts tidied, and told to the log by its id only."""
    one = published(lab, title_ja="  期限の延長 ", body_ja="一行目\r\n二行目\n")

    told = show(lab.office, one)
    assert ("期限の延長", "一行目\n二行目", "published") == (told["title_ja"], told["body_ja"], told["state"])
    assert ["期限の延長"] == titles(lab)
    assert "announced" in lab.events


def test_a_button_pressed_twice_announces_once(lab: Lab) -> None:
    """The second answer is the first one; another text is another announcement."""
    first = publish(lab.office, DRAFT, by="a")
    again = publish(lab.office, replace(DRAFT, title_ja=" 期限の延長 "), by="b")
    other = publish(lab.office, replace(DRAFT, importance="urgent"), by="a")

    assert (False, True, False) == (first.repeat, again.repeat, other.repeat)
    assert first.announcement == again.announcement
    assert 2 == len(titles(lab, history=True))


def test_a_correction_takes_the_place_and_both_stay(lab: Lab) -> None:
    """The first names its correction; it cannot be corrected or withdrawn any more."""
    first = published(lab)
    later(lab, minutes=1)
    second = published(lab, title_ja="期限の延長（訂正）", corrects=first)

    assert ["期限の延長（訂正）"] == titles(lab)
    assert ["corrected", "published"] == [show(lab.office, each)["state"] for each in (first, second)]
    assert second == show(lab.office, first)["corrected_by"]
    assert ["期限の延長（訂正）", "期限の延長"] == titles(lab, history=True)
    with pytest.raises(AnnouncementOver):
        published(lab, title_ja="もう一つの訂正", corrects=first)
    with pytest.raises(AnnouncementOver):
        withdraw(lab.office, first, reason="誤り", by="operator")


def test_a_withdrawn_one_is_gone_and_stays_in_the_history(lab: Lab) -> None:
    """With the reason; said again nothing changes; and it cannot be corrected."""
    one = published(lab)
    later(lab, minutes=1)

    told = withdraw(lab.office, one, reason=" 誤って公開 ", by="operator")
    again = withdraw(lab.office, one, reason="別の理由", by="operator")

    assert ("withdrawn", "誤って公開") == (told["state"], told["withdrawn_because"])
    assert told == again
    assert ([], ["期限の延長"]) == (titles(lab), titles(lab, history=True))
    with pytest.raises(AnnouncementOver) as over:
        published(lab, title_ja="訂正", corrects=one)
    assert "withdrawn" == over.value.facts["state"]


def test_an_end_ends_it(lab: Lab) -> None:
    """At that very instant."""
    one = published(lab, until=lab.clock.at + timedelta(hours=1))

    later(lab, minutes=59)
    assert "published" == show(lab.office, one)["state"]
    later(lab, minutes=1)
    assert ("over", []) == (show(lab.office, one)["state"], titles(lab))


def test_what_is_wrong_publishes_nothing(lab: Lab) -> None:
    """A draft with a fault, a correction of nothing, a withdrawal without a reason or of nothing."""
    with pytest.raises(BadAnnouncement) as bad:
        published(lab, title_ja="", kind="gossip")
    assert [("title_ja", "missing"), ("kind", "choice")] == bad.value.pairs
    with pytest.raises(NotFound):
        published(lab, corrects="nothing")
    with pytest.raises(NotFound):
        withdraw(lab.office, "nothing", reason="誤り", by="operator")
    with pytest.raises(BadRequest):
        withdraw(lab.office, "nothing", reason=" ", by="operator")
    with pytest.raises(NotFound):
        show(lab.office, "nothing")
    with pytest.raises(BadRequest):
        list_news(lab.office, limit=0)
    assert [] == titles(lab, history=True)


def test_a_front_page_tells_what_matters_first(lab: Lab) -> None:
    """Urgent before important before the newest, so many in all, and nothing that is for others."""
    for number in range(6):
        published(lab, title_ja=f"通常{number}")
    published(lab, title_ja="重要", importance="important")
    published(lab, title_ja="緊急", importance="urgent")
    published(lab, title_ja="保険者へ", importance="urgent", for_kinds=("payer",))

    told = [each["title_ja"] for each in newest(lab.office, party_kind="institution")]

    assert ["緊急", "重要", "通常5", "通常4", "通常3"] == told
    assert "保険者へ" in [each["title_ja"] for each in newest(lab.office, party_kind="payer")]


def test_an_extension_is_announced_to_everybody_once(lab: Lab) -> None:
    """By the act of the operator, in both languages, until the month is over; the same act again adds nothing."""
    from datetime import datetime

    from seikyu.apps import acts
    from seikyu.apps.extending import announce
    from seikyu.office.calendar import JST, load_calendar

    office = replace(lab.office, calendar=lambda: load_calendar("national"))
    until = datetime(2026, 9, 11, 12, 0, tzinfo=JST)
    acts.set_calendar(office, "national", [{"month": "202609", "until": until, "closing": None}])

    (one,) = list_news(office, limit=5).items
    assert ("calendar", "urgent", True) == (one["kind"], one["importance"], bool(one["title_en"]))
    assert "2026-10-01T00:00:00+09:00" == one["until"]
    title, text = ({"ja": one[f"{part}_ja"], "en": one[f"{part}_en"]} for part in ("title", "body"))
    assert one["id"] == announce(office, title, text, by="operator")


def test_pages_follow_each_other(lab: Lab) -> None:
    """By the cursor of the page before."""
    for number in range(5):
        published(lab, title_ja=f"{number}")

    first = list_news(lab.office, limit=3)
    second = list_news(lab.office, limit=3, cursor=first.next)

    assert ["4", "3", "2"] == [each["title_ja"] for each in first.items]
    assert (["1", "0"], None) == ([each["title_ja"] for each in second.items], second.next)
