"""Tables of prefectures that were taken in: the same of every adapter; on a disk they say what is damaged."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from seikyu.adapters.prefectures_folder import MemoryPrefectures, PrefecturesFolder
from seikyu.office.prefectures import known_facts
from seikyu.ports.prefectures import PrefectureTables, TableDamaged

AT = datetime(2026, 11, 26, 9, 30, tzinfo=UTC)
ROWS = known_facts()


@pytest.fixture(params=["folder", "memory"])
def tables(request: pytest.FixtureRequest, tmp_path: Path) -> PrefectureTables:
    """Return each adapter, without any table."""
    return PrefecturesFolder(tmp_path / "tables") if request.param == "folder" else MemoryPrefectures()


def test_every_table_is_kept_in_the_order_of_taking_in(tables: PrefectureTables) -> None:
    """With its day, who took it in and when, whatever days they hold from."""
    assert [] == list(tables.tables())

    first = tables.take_in(ROWS, from_on=date(2026, 12, 1), at=AT, by="係 一")
    second = tables.take_in(ROWS[:2], from_on=date(2026, 11, 1), at=AT, by="operator")

    assert [first, second] == list(tables.tables())
    assert (1, date(2026, 12, 1), AT, "係 一", ROWS) == (first.number, first.from_on, first.at, first.by, first.rows)


def test_a_table_is_seen_by_others_at_once_and_what_broke_off_is_none(tmp_path: Path) -> None:
    """A server that runs sees what a command takes in; a file without its name yet is swept."""
    server = PrefecturesFolder(tmp_path)
    (tmp_path / ".arriving-0123").write_text("half")
    (tmp_path / "0001-20261101 copy.json").write_text("{}")

    PrefecturesFolder(tmp_path).take_in(ROWS, from_on=date(2026, 11, 1), at=AT, by="a")

    assert [1] == [each.number for each in server.tables()]
    assert not list(tmp_path.glob(".arriving-*"))


def test_a_damaged_table_is_told_by_its_file(tmp_path: Path) -> None:
    """And never half of it shown."""
    PrefecturesFolder(tmp_path).take_in(ROWS, from_on=date(2026, 11, 1), at=AT, by="a")
    file = tmp_path / "0001-20261101.json"
    told = json.loads(file.read_text("utf-8"))
    for content in (json.dumps({**told, "table": told["table"] + "2-01\r\n"}), "{}", "half"):
        file.write_text(content, "utf-8")
        with pytest.raises(TableDamaged) as caught:
            PrefecturesFolder(tmp_path).tables()
        assert file.name == caught.value.facts["file"]
