"""The offending place under a caret."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seikyu.records import Month, layout_for
from seikyu.rules import Finding, Level
from seikyu.rules.reports.caret import pointed, width

LAYOUT = layout_for("medical", Month.parse("202609"))


def at(item_no: int | None) -> Finding:
    """Return a finding at an item."""
    return Finding("X3001", Level.L3, None, 3, 1, 0, "HO", item_no, None, None, None, "", "", "")


@pytest.mark.parametrize(
    ("line", "item_no", "shown", "mark"),
    [
        ("HO,06990015,見本,1,1,291", 2, "HO,06990015,＊＊,*,1,291", "   ^^^^^^^^"),
        ("HO,06990015,見本,1,1,291", 6, "HO,06990015,＊＊,*,1,291", "                     ^^^"),
        ("HO,06990015,見本,1,1,291", None, "HO,06990015,＊＊,*,1,291", "^^"),
        ("HO,06990015,見本,,1,291", 4, "HO,06990015,＊＊,,1,291", "                 ^"),
        ("HO,06990015", 6, "HO,06990015", "           ^"),
        ("SI,11,1,見本,,29A", 6, "SI,11,1,＊＊,,29A", "              ^^^"),
    ],
)
def test_the_caret_stands_under_the_item(line: str, item_no: int | None, shown: str, mark: str) -> None:
    """Full-width characters take two columns; an empty item one caret, one that is not there a caret behind the line."""
    assert (shown, mark) == pointed(line.encode("cp932"), at(item_no), LAYOUT)


def test_personal_items_are_shown_when_they_may_be() -> None:
    """Masked otherwise, and so is everything of a line that no layout knows."""
    line = "HO,06990014,見本,1".encode("cp932")

    assert "HO,06990014,見本,1" == pointed(line, at(3), LAYOUT, show_personal=True)[0]
    assert "ZZ,********,＊＊,*" == pointed(b"ZZ" + line[2:], at(1), LAYOUT)[0]
    assert "HO,********,＊＊,*" == pointed(line, at(1), None)[0]
    assert "＊＊" == pointed("見本".encode("cp932"), at(1), LAYOUT)[0]


@pytest.mark.parametrize("day", [14, 29, 44])
def test_a_long_line_is_cut_down_around_the_place(day: int) -> None:
    """The record's identification stays, dots stand for what is left out, the caret stays under its item."""
    items = ["SI", "11", "1", "111000110", "", "291", "1", *([""] * 6), *(f"{no:03d}" for no in range(1, 32))]

    shown, mark = pointed(",".join(items).encode("cp932"), at(day), LAYOUT, columns=30)

    assert shown.startswith("SI,")
    assert "…" in shown
    assert width(shown) <= 30 + 8
    assert items[day - 1] == shown[mark.index("^") : mark.rindex("^") + 1]


def test_a_long_item_shows_its_beginning() -> None:
    """An item wider than half the line is clipped, also before the place."""
    shown, mark = pointed(b"HO," + b"1" * 70, at(2), LAYOUT, show_personal=True, columns=40)

    assert ("HO," + "1" * 19 + "…", "   " + "^" * 20) == (shown, mark)


@given(
    line=st.binary(min_size=1, max_size=300).filter(lambda line: b"\n" not in line and b"\r" not in line),
    item_no=st.one_of(st.none(), st.integers(1, 60)),
    columns=st.integers(20, 120),
)
def test_any_bytes_have_a_place(line: bytes, item_no: int | None, columns: int) -> None:
    """Whatever stands in a line, it is shown without control characters, in bounds, with a caret below it."""
    shown, mark = pointed(line, at(item_no), LAYOUT, columns=columns)

    assert shown.isprintable()
    assert set(mark.lstrip(" ")) == {"^"}
    assert width(shown) <= columns + columns // 2 + 8
    assert len(mark) <= width(shown) + 1
