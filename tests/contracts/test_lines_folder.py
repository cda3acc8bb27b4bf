"""Published lists of lines: the same of every adapter; on a disk they survive what breaks off, and say what is damaged."""

import errno
import json
import os
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from seikyu.adapters.lines_folder import LinesFolder, MemoryLines
from seikyu.lines.registry import example_list
from seikyu.ports.errors import NoSpace
from seikyu.ports.lines import LineLists, ListDamaged

AT = datetime(2026, 11, 26, 9, 30, tzinfo=UTC)
LIST = example_list()


@pytest.fixture(params=["folder", "memory"])
def lists(request: pytest.FixtureRequest, tmp_path: Path) -> LineLists:
    """Return each adapter, without any list."""
    return LinesFolder(tmp_path / "lines") if request.param == "folder" else MemoryLines()


def test_every_list_is_kept_in_the_order_of_publishing(lists: LineLists) -> None:
    """With its day, who published it and when, whatever days they hold from."""
    assert [] == list(lists.published())

    first = lists.publish(LIST, from_on=date(2026, 12, 1), at=AT, by="係 一")
    second = lists.publish(LIST[:2], from_on=date(2026, 11, 1), at=AT, by="operator")

    assert [first, second] == list(lists.published())
    assert (1, date(2026, 12, 1), AT, "係 一", LIST) == (first.number, first.from_on, first.at, first.by, first.offers)
    assert (2, LIST[:2]) == (second.number, second.offers)


def test_a_list_is_seen_by_others_at_once_and_after_a_restart(tmp_path: Path) -> None:
    """A server that runs sees what a command publishes."""
    server, command = LinesFolder(tmp_path), LinesFolder(tmp_path)
    server.publish(LIST, from_on=date(2026, 11, 1), at=AT, by="a")

    command.publish(LIST, from_on=date(2026, 12, 1), at=AT, by="b")

    assert ["a", "b"] == [each.by for each in server.published()]
    assert list(server.published()) == list(LinesFolder(tmp_path).published())


def test_the_ten_thousandth_list_takes_no_others_place_and_a_copy_is_none(tmp_path: Path) -> None:
    """However long the number is; what somebody put beside them is left alone."""
    lists = LinesFolder(tmp_path)
    lists.publish(LIST, from_on=date(2026, 11, 1), at=AT, by="a")
    (tmp_path / "0001-20261101.json").rename(tmp_path / "9999-20261101.json")
    (tmp_path / "9999-20261101 copy.json").write_text("{}")

    made = [LinesFolder(tmp_path).publish(LIST, from_on=date(2026, 11, 2), at=AT, by=by).number for by in "bc"]

    assert [10_000, 10_001] == made
    assert [9_999, 10_000, 10_001] == [each.number for each in LinesFolder(tmp_path).published()]


def test_what_broke_off_is_no_list_and_is_swept(tmp_path: Path) -> None:
    """A file that was not named yet, of a publisher that was killed."""
    (tmp_path / ".arriving-0123").write_text("half")
    lists = LinesFolder(tmp_path)
    assert [] == list(lists.published())

    lists.publish(LIST, from_on=date(2026, 11, 1), at=AT, by="a")

    assert {"0001-20261101.json", ".lock"} == {path.name for path in tmp_path.iterdir()}


@pytest.mark.parametrize(
    "change",
    [
        lambda told: told | {"list": told["list"].replace("0120", "0121", 1)},
        lambda told: told | {"from_on": "soon"},
        lambda told: {"list": ""},
        lambda told: [],
    ],
)
def test_a_list_that_was_changed_by_hand_is_damaged(tmp_path: Path, change: Callable[[Any], Any]) -> None:
    """It is named, and nothing is shown in its stead."""
    LinesFolder(tmp_path).publish(LIST, from_on=date(2026, 11, 1), at=AT, by="a")
    path = tmp_path / "0001-20261101.json"
    path.write_text(json.dumps(change(json.loads(path.read_text("utf-8")))), "utf-8")

    with pytest.raises(ListDamaged) as told:
        LinesFolder(tmp_path).published()

    assert {"file": path.name} == told.value.facts


def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No half list, and the next number is the same."""
    lists = LinesFolder(tmp_path)

    def full(_fd: int) -> None:
        raise OSError(errno.ENOSPC, "no space")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(NoSpace):
            lists.publish(LIST, from_on=date(2026, 11, 1), at=AT, by="a")

    assert [] == list(lists.published())
    assert 1 == lists.publish(LIST, from_on=date(2026, 11, 1), at=AT, by="a").number
