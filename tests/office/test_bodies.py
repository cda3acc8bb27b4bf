"""The review bodies and their dated names."""

from datetime import date

import pytest

from seikyu.office.bodies import SSK, TEST_BODY, bodies, body, body_of, parse_bodies
from seikyu.office.errors import UnknownBody
from seikyu.records import table

DAY = date(2026, 9, 5)


def test_there_are_48_legal_bodies_and_a_test_body() -> None:
    """One for the country, one a prefecture; the test body only where it is asked for."""
    legal = bodies(DAY)

    assert ["1", *(f"2-{n:02d}" for n in range(1, 48))] == [each.id for each in legal]
    assert [TEST_BODY] == [each.id for each in bodies(DAY, test=True) if each not in legal]


@pytest.mark.parametrize(
    ("review_body", "prefecture", "body_id", "name"),
    [
        ("1", "13", "1", "社会保険診療報酬支払基金"),
        ("1", "", "1", "社会保険診療報酬支払基金"),
        ("2", "01", "2-01", "北海道国民健康保険団体連合会"),
        ("2", "13", "2-13", "東京都国民健康保険団体連合会"),
        ("2", "26", "2-26", "京都府国民健康保険団体連合会"),
        ("2", "14", "2-14", "神奈川県国民健康保険団体連合会"),
        ("2", "99", "2-99", "試験用国民健康保険団体連合会"),
    ],
)
def test_a_header_names_its_body(review_body: str, prefecture: str, body_id: str, name: str) -> None:
    """The fund works for the whole country, a federation for its prefecture."""
    assert body_id == body_of(review_body, prefecture)
    assert name == body(body_id, DAY).ja


@pytest.mark.parametrize(("review_body", "prefecture"), [("3", "13"), ("2", "48"), ("2", ""), ("", "13"), ("2", "1")])
def test_a_header_that_names_nobody_is_turned_away(review_body: str, prefecture: str) -> None:
    """No body is invented."""
    with pytest.raises(UnknownBody) as refusal:
        body_of(review_body, prefecture)
    assert "unknown_body" == refusal.value.code


def test_every_federation_bears_its_prefecture() -> None:
    """Japanese and English names begin as the code table of prefectures says."""
    for each in bodies(DAY):
        if each.id != SSK:
            prefecture = table("prefectures").row(each.prefecture)
            assert each.ja.startswith(prefecture["name_ja"])
            assert each.en.startswith(prefecture["name_en"])
            assert (f"2-{each.prefecture}", "2", False) == (each.id, each.review_body, each.test)


def test_a_body_keeps_its_id_under_a_new_name() -> None:
    """From the day of the change on the new name holds, to the day before the old one."""
    rows = parse_bodies(
        [
            "id,review_body,prefecture,ja,en,since,until,test,source",
            "1,1,,旧,Old,1948-09-01,2030-04-01,false,x",
            "1,1,,新,New,2030-04-01,,false,x",
        ]
    )

    names = [
        [each.ja for each in rows if each.named_on(day)]
        for day in (date(1948, 8, 31), date(2030, 3, 31), date(2030, 4, 1))
    ]

    assert [[], ["旧"], ["新"]] == names


def test_a_body_that_is_none_has_no_name() -> None:
    """Asked for an id there is no body of."""
    with pytest.raises(UnknownBody):
        body("2-48", DAY)
