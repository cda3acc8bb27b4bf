"""Which table of prefectures holds, what is shown of it, and taking in a new one."""

import io
from datetime import UTC, date, datetime

import pytest

from seikyu.adapters.prefectures_folder import MemoryPrefectures
from seikyu.limits import limit
from seikyu.office.prefectures import BodyFacts, known_facts, written
from seikyu.ports.errors import NotFound
from seikyu.services.prefectures import (
    Coming,
    PrefectureTableUnreadable,
    import_table,
    in_force,
    list_prefectures,
    show_prefecture,
)

AT = datetime(2026, 11, 26, 9, 30, tzinfo=UTC)
DAY = date(2026, 11, 26)
OWN = (BodyFacts("2-13", "own:desk", "sure", DAY, phone="03-0000-0000"),)


def bring(tables: MemoryPrefectures, text: str, *, from_on: date = DAY, apply: bool = True) -> Coming:
    """Bring a table in."""
    source = io.BytesIO(text.encode("utf-8-sig"))
    return import_table(tables, source, from_on=from_on, at=AT, by="operator", apply=apply)


def test_every_body_is_listed_and_an_unknown_one_is_empty() -> None:
    """48 of them, whatever is known; no fact is made up."""
    rows = {each["body"]: each for each in list_prefectures(None, DAY)}

    assert 48 == len(rows)
    assert (True, "支払基金") == (rows["1"]["known"], rows["1"]["name_ja"][-4:])
    unknown = rows["2-20"]
    assert (False, "", "", None) == (unknown["known"], unknown["phone"], unknown["source"], unknown["confidence"])
    assert "長野県国民健康保険団体連合会" == show_prefecture(None, DAY, "20")["name_ja"]
    assert "1" == show_prefecture(None, DAY, "00")["body"]
    with pytest.raises(NotFound):
        show_prefecture(None, DAY, "99")


def test_an_own_table_holds_from_its_day_as_a_whole() -> None:
    """What it does not say is not known; the last one of a day takes the place of the others."""
    tables = MemoryPrefectures()
    coming = bring(tables, written(OWN, "ja"), from_on=date(2026, 12, 1))

    assert (1, ("2-13",)) == (coming.taken_in.number if coming.taken_in else 0, coming.changes["changed"])
    assert known_facts() == in_force(tables, DAY).rows
    assert OWN == in_force(tables, date(2026, 12, 1)).rows
    bring(tables, written(known_facts(), "ja"), from_on=date(2026, 12, 1))
    assert known_facts() == in_force(tables, date(2026, 12, 1)).rows


def test_without_apply_it_is_only_said_what_changes() -> None:
    """And which table comes later."""
    tables = MemoryPrefectures()
    bring(tables, written(OWN, "ja"), from_on=date(2027, 1, 1))

    coming = bring(tables, written(OWN, "ja"), apply=False)

    assert (None, 1) == (coming.taken_in, coming.until.number if coming.until else 0)
    assert 1 == len(tables.tables())


def test_a_wrong_cell_takes_nothing_in() -> None:
    """It is named with row and column."""
    tables = MemoryPrefectures()

    coming = bring(tables, written(OWN, "ja").replace("03-0000-0000", "ask"))

    assert [("phone", "ask")] == [(each.column, each.value) for each in coming.wrong]
    assert [] == tables.tables()


@pytest.mark.parametrize(
    ("text", "why"),
    [("", "empty"), ("colour\n", "heading_unknown"), ("x" * (limit("prefecture_table_bytes") + 1), "too_long")],
)
def test_what_is_no_table_is_refused(text: str, why: str) -> None:
    """With the words that say why."""
    with pytest.raises(PrefectureTableUnreadable) as caught:
        bring(MemoryPrefectures(), text)

    assert (why, f"prefecture_table_{why}") == (caught.value.facts["why"], caught.value.words_code)
