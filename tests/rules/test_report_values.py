"""How values of official lists are written, and read back."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seikyu.records import Month
from seikyu.rules.reports.values import Value, read_value, write_value

#: Every day of the eras of which the month belongs to one era in every form.
DAYS = st.dates(date(1873, 1, 1), date(2099, 12, 31))
MONTHS = DAYS.map(Month.of)


@pytest.mark.parametrize(
    ("way", "value", "width", "text"),
    [
        ("era_month_words", Month(2026, 8), 0, "令和　８年　８月"),
        ("era_month_words", Month(2028, 12), 0, "令和１０年１２月"),
        ("era_day_words", date(2026, 11, 5), 0, "令和　８年１１月　５日"),
        ("era_month_points", Month(2026, 8), 0, "令和　８．　８"),
        ("era_day_points", date(1980, 1, 1), 0, "昭和５５．　１．　１"),
        ("era_day_points", "*******", 0, "＊＊＊＊＊＊＊"),
        ("era_day_points", date(1867, 1, 1), 0, ""),
        ("era_day_points", 5, 0, ""),
        ("era_month", Month(2026, 9), 0, "50809"),
        ("era_day", date(2019, 4, 30), 0, "4310430"),
        ("era_day", "見本", 0, ""),
        ("era_day", date(1867, 1, 1), 0, ""),
        ("western_day", date(2026, 11, 5), 0, "20261105"),
        ("western_day", "x", 0, "x"),
        ("full", "HO 見本ﾐﾎﾝ", 5, "ＨＯ　見本"),
        ("full_code", "000001-0000", 11, "０００００１－００００"),
        ("half", "見本", 8, ""),
        ("half", "123456789", 8, "12345678"),
        ("either", "見本12", 40, ""),
        ("either", "見本見本", 5, "見本"),
        ("either", "ABCDEF", 4, "ABCD"),
        ("either", "ABCDEF", 0, "ABCDEF"),
        ("counted", 1, 3, "　　１"),
        ("counted", 123, 3, "１２３"),
        ("number", -12, 0, "-12"),
        ("text", "見本12", 3, "見本1"),
        ("none", "x", 0, ""),
        ("full", None, 0, ""),
    ],
)  # fmt: skip
def test_a_value_is_written_as_the_paper_says(way: str, value: Value, width: int, text: str) -> None:
    """Spaces for zeros in front, full-width where the paper says so, what does not fit is cut or dropped."""
    assert text == write_value(way, value, width)


@pytest.mark.parametrize(
    ("way", "text", "value"),
    [
        ("era_month_words", "令和 8年 8月", Month(2026, 8)),
        ("era_month_words", "令和元年５月", Month(2019, 5)),
        ("era_day_words", "R8.11.5", date(2026, 11, 5)),
        ("era_day_points", "2026/11/05", date(2026, 11, 5)),
        ("era_month", "202609", Month(2026, 9)),
        ("era_day_points", "＊＊＊＊＊＊＊", "*******"),
        ("era_day_points", "皇紀２．１．１", "皇紀2.1.1"),
        ("era_day", "5081399", "5081399"),
        ("number", "1,234", 1234),
        ("number", "１２", 12),
        ("number", "x", "x"),
        ("counted", "　　１", 1),
        ("full_code", "　Ｘ３００１　", "X3001"),
        ("full", "　", None),
        ("none", "x", "x"),
    ],
)
def test_a_value_is_read_however_it_was_written(way: str, text: str, value: Value) -> None:
    """Half-width, western years and letters of eras are taken; what cannot be read stays text."""
    assert value == read_value(way, text)


@given(day=DAYS)
def test_a_day_comes_back(day: date) -> None:
    """In words, with points and in digits."""
    for way in ("era_day_words", "era_day_points", "era_day", "western_day"):
        assert day == read_value(way, write_value(way, day, 0))


@given(month=MONTHS)
def test_a_month_comes_back(month: Month) -> None:
    """A month in which an era begins too."""
    for way in ("era_month_words", "era_month_points", "era_month"):
        assert month == read_value(way, write_value(way, month, 0))


@given(number=st.integers(0, 999))
def test_a_count_comes_back(number: int) -> None:
    """Spaces and full-width digits are the same number; none is 0 and is left empty."""
    assert (number or None) == read_value("counted", write_value("counted", number, 3))
    assert number == read_value("number", write_value("number", number, 0))
