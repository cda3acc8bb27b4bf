"""The list of lines of an office: which one holds, what a new one changes, and that nothing wrong is taken in."""

import io
from datetime import UTC, date, datetime
from typing import Any

import pytest

from seikyu.adapters.lines_folder import MemoryLines
from seikyu.lines.registry import example_list, written
from seikyu.services.lines import Coming, LinesListUnreadable, import_lines, in_force
from seikyu.services.register import ListUnreadable

AT = datetime(2026, 11, 26, tzinfo=UTC)
GOOD = written(example_list(), "ja")


def bring(
    lists: MemoryLines, content: bytes, *, on: date = date(2026, 12, 1), apply: bool = True, **more: Any
) -> Coming:
    """Bring a list in."""
    return import_lines(lists, io.BytesIO(content), from_on=on, at=AT, by="operator", apply=apply, **more)


def test_the_example_holds_until_a_list_does() -> None:
    """Before its first day too, and for a face that knows of no lists."""
    lists = MemoryLines()
    bring(lists, GOOD.encode())

    assert in_force(None, date(2026, 12, 1)).example
    assert in_force(lists, date(2026, 11, 30)).example
    assert 1 == in_force(lists, date(2026, 12, 1)).published.number  # type: ignore[union-attr]


def test_the_last_day_that_has_come_counts_and_then_the_last_list() -> None:
    """A correction of an old list changes nothing of a newer one."""
    lists = MemoryLines()
    for day in (1, 10, 10, 1):
        bring(lists, GOOD.encode(), on=date(2026, 12, day))

    found = [in_force(lists, date(2026, 12, day)).published for day in (1, 9, 10, 31)]

    assert [4, 4, 3, 3] == [each.number for each in found if each]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_a_list_is_read_as_spreadsheets_write_it(encoding: str) -> None:
    """In UTF-8 with or without a mark, and in Shift_JIS as Windows has it."""
    lists = MemoryLines()

    coming = bring(lists, GOOD.encode(encoding))

    assert example_list() == coming.offers == in_force(lists, date(2026, 12, 1)).offers


def test_a_list_is_looked_at_first() -> None:
    """Without `apply` nothing is published; what would change is told."""
    lists, told = MemoryLines(), []
    bring(lists, GOOD.encode())
    rows = GOOD.splitlines(keepends=True)

    coming = bring(lists, "".join([*rows[:-1], rows[1].replace("見本光東", "見本新光")]).encode(), apply=False,
                   tell=lambda event, **facts: told.append(event))  # fmt: skip

    assert coming.published is None
    assert {"added": ("見本東通信/見本新光",), "changed": (), "removed": ("見本データ/見本医療VPN",)} == coming.changes
    assert ([], 1) == (told, len(lists.published()))


def test_nothing_is_taken_in_if_a_cell_is_wrong() -> None:
    """Every wrong cell is told with its row and column."""
    lists = MemoryLines()

    coming = bring(lists, GOOD.replace("0120-000-012", "x").encode())

    assert [(5, "phone"), (6, "phone")] == [(each.line, each.column) for each in coming.wrong]
    assert ((), []) == (coming.offers, list(lists.published()))


@pytest.mark.parametrize(
    ("content", "error", "why"),
    [
        (GOOD.replace("備考", "備孝", 1).encode(), LinesListUnreadable, "heading_unknown"),
        (b"", LinesListUnreadable, "empty"),
        (GOOD.splitlines()[0].encode(), LinesListUnreadable, "empty"),
        (b"\xff\xfe\x00", ListUnreadable, "not_text"),
    ],
)
def test_what_is_no_list_is_refused(content: bytes, error: type[Exception], why: str) -> None:
    """With what is wrong with it; nothing is published."""
    lists = MemoryLines()

    with pytest.raises(error) as told:
        bring(lists, content)

    assert why == told.value.facts["why"]  # type: ignore[attr-defined]
    assert [] == list(lists.published())


def test_a_list_without_end_is_not_read() -> None:
    """Past the limit of bytes, and it is told as a list that is too long."""
    with pytest.raises(LinesListUnreadable) as told:
        bring(MemoryLines(), b"x" * (4 * 1024 * 1024 + 1))

    assert "too_long" == told.value.facts["why"]


def test_publishing_is_told_without_names() -> None:
    """The number of the list, and of its rows."""
    told: list[tuple[str, dict[str, Any]]] = []

    bring(MemoryLines(), GOOD.encode(), tell=lambda event, **facts: told.append((event, facts)))

    assert [("lines_published", {"number": 1, "rows": 10})] == told
