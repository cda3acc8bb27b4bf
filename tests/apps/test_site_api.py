"""News, prefectures, calendar and questions over the desk's API: what the pages can, programs can."""

from typing import Any

import pytest

from apps.desk_lab import FIRST, OPERATOR, PAYER, DeskLab
from seikyu.apps.pages.public.questions import questions

ASKED = {"title_ja": "期限の延長", "body_ja": "11日の12時まで延長します。"}


def publish(desk: DeskLab, *, party: str = OPERATOR, **asked: Any) -> Any:
    """Publish an announcement."""
    return desk.ask("POST", "/admin/news", party=party, json=ASKED | asked)


def test_the_operator_publishes_and_everybody_reads(desk: DeskLab) -> None:
    """Said again it is the same one; one page after the other, newest first."""
    first = publish(desk)
    again = publish(desk)
    publish(desk, title_ja="保険者へ", for_kinds=["payer"], importance="urgent")

    assert (201, 201) == (first.status_code, again.status_code)
    assert (False, True) == (first.json()["repeat"], again.json()["repeat"])
    assert first.json()["id"] == again.json()["id"]
    for party in (FIRST, PAYER, OPERATOR):
        told = desk.ask("GET", "/news", party=party).json()
        assert ["保険者へ", "期限の延長"] == [each["title_ja"] for each in told["items"]]
    one = desk.ask("GET", "/news?limit=1").json()
    two = desk.ask("GET", f"/news?limit=1&cursor={one['next']}").json()
    assert ["期限の延長"] == [each["title_ja"] for each in two["items"]]
    assert ["期限の延長"] == [each["title_ja"] for each in desk.ask("GET", "/news?reader=institution").json()["items"]]
    assert "published" == desk.ask("GET", f"/news/{first.json()['id']}").json()["state"]


def test_a_withdrawn_one_stays_in_the_history(desk: DeskLab) -> None:
    """With its reason; what is over cannot be corrected."""
    number = publish(desk).json()["id"]

    gone = desk.ask("POST", f"/admin/news/{number}/withdraw", party=OPERATOR, json={"reason": "誤り"})
    late = publish(desk, title_ja="訂正", corrects=number)

    assert (200, "withdrawn", "誤り") == (gone.status_code, gone.json()["state"], gone.json()["withdrawn_because"])
    assert (409, "announcement_over") == (late.status_code, late.json()["code"])
    assert [] == desk.ask("GET", "/news").json()["items"]
    assert [number] == [each["id"] for each in desk.ask("GET", "/admin/news", party=OPERATOR).json()["items"]]


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({"title_ja": ""}, 400, "bad_request"),
        ({"kind": "gossip"}, 400, "bad_request"),
        ({"until": "2020-01-01T00:00:00+09:00"}, 422, "bad_announcement"),
        ({"until": "2020-01-01T00:00:00"}, 400, "bad_request"),
        ({"title_en": "only a title"}, 422, "bad_announcement"),
        ({"body_ja": "a\u0000b"}, 422, "bad_announcement"),
        ({"for_kinds": ["operator"]}, 400, "bad_request"),
        ({"for_bodies": ["3"]}, 400, "bad_request"),
        ({"corrects": "0nothing"}, 404, "not_found"),
        ({"colour": "red"}, 400, "bad_request"),
    ],
)
def test_what_cannot_be_announced_is_a_problem(desk: DeskLab, asked: dict[str, Any], status: int, code: str) -> None:
    """And nothing is published."""
    answer = publish(desk, **asked)

    assert (status, code) == (answer.status_code, answer.json()["code"])
    assert [] == desk.ask("GET", "/admin/news", party=OPERATOR).json()["items"]


def test_only_the_operator_may(desk: DeskLab) -> None:
    """Publish, withdraw, and see the history."""
    number = publish(desk).json()["id"]

    for party in (FIRST, PAYER):
        assert 403 == publish(desk, party=party).status_code
        assert 403 == desk.ask("GET", "/admin/news", party=party).status_code
        path = f"/admin/news/{number}/withdraw"
        assert 403 == desk.ask("POST", path, party=party, json={"reason": "x"}).status_code
    assert 404 == desk.ask("GET", "/news/0nothing").status_code
    assert 401 == desk.ask("GET", "/news", party=None).status_code


def test_the_public_lists_are_there_for_programs(desk: DeskLab) -> None:
    """The same as on the public face."""
    assert 48 == len(desk.ask("GET", "/prefectures").json()["items"])
    month = desk.ask("GET", "/calendar?month=2026-12").json()
    assert ("202612", 31) == (month["month"], len(month["days"]))
    assert 400 == desk.ask("GET", "/calendar?month=soon").status_code
    assert len(questions()) == len(desk.ask("GET", "/faq").json()["items"])
    assert ["wireless"] == [each["id"] for each in desk.ask("GET", "/faq?q=Wi-Fi&topic=network").json()["items"]][:1]
    assert 400 == desk.ask("GET", f"/faq?q={'x' * 201}").status_code
