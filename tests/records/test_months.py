"""Months and dates, in western and Japanese years."""

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis.strategies import binary, dates, integers, text
from pytest import mark, raises  # noqa: PT013 (the house names them so)

from seikyu.records import Month, ReadDate, ReadMonth, Years, era_text, eras, parse_date, parse_month

claim_dates = dates(date(1868, 1, 25), date(2117, 12, 31))


def test_a_month_is_text_and_number_and_ordered() -> None:
    """It is written YYYYMM, in data files also YYYY-MM."""
    month = Month.parse("202609")

    assert (Month(2026, 9), "202609", 202609) == (month, str(month), int(month))
    assert month == Month.parse("2026-09") == Month.of(date(2026, 9, 30))
    assert Month(2025, 12) < month < Month(2026, 10)


@mark.parametrize(
    "wrong", ["", "2026", "202613", "202600", "2026-9", "20260901", "２０２６０９", "2026 9", "-20260", "000001"]
)
def test_what_is_no_month_is_refused(wrong: str) -> None:
    """Other lengths, months that the year does not have, digits that are not half-width."""
    with raises(ValueError, match=r"month|year"):
        Month.parse(wrong)


@given(start=dates(date(1900, 1, 1), date(2100, 1, 1)), months=integers(-1200, 1200))
def test_counting_months_forth_and_back_returns(start: date, months: int) -> None:
    """Twelve months are a year."""
    month = Month.of(start)

    assert month == month.plus(months).plus(-months)
    assert Month(month.year + 1, month.month) == month.plus(12)


@given(day=dates())
def test_a_month_knows_its_days(day: date) -> None:
    """From the first to the last; the day after belongs to the next."""
    month = Month.of(day)

    assert month.first_day <= day <= month.last_day
    assert (1, month.days) == (month.first_day.day, month.last_day.day)
    assert month.last_day == date.max or Month.of(month.last_day + timedelta(days=1)) == month.plus(1)


@mark.parametrize(
    ("written", "expected"),
    [
        ("202609", ReadMonth(Month(2026, 9), Years.WESTERN)),
        ("50809", ReadMonth(Month(2026, 9), Years.ERA)),
        ("43012", ReadMonth(Month(2018, 12), Years.ERA)),
        ("43104", ReadMonth(Month(2019, 4), Years.ERA)),
        ("50105", ReadMonth(Month(2019, 5), Years.ERA)),
        ("43105", ReadMonth(Month(2019, 5), Years.ERA, in_era=False)),
        ("50104", ReadMonth(Month(2019, 4), Years.ERA, in_era=False)),
        ("36401", ReadMonth(Month(1989, 1), Years.ERA)),
        ("40101", ReadMonth(Month(1989, 1), Years.ERA)),
        ("60101", None),
        ("00101", None),
        ("50013", None),
        ("50001", None),
        ("202613", None),
        ("000001", None),
        ("186712", None),
        ("999912", None),
        ("5 809", None),
        ("2026-09", None),
        ("", None),
    ],
)
def test_months_are_read_in_both_ways(written: str, expected: ReadMonth | None) -> None:
    """Which of the two it was is told, and a month outside its era is read but told."""
    assert expected == parse_month(written) == parse_month(written.encode())


@mark.parametrize(
    ("written", "expected"),
    [
        ("20260930", ReadDate(date(2026, 9, 30), Years.WESTERN)),
        ("20240229", ReadDate(date(2024, 2, 29), Years.WESTERN)),
        ("20230229", None),
        ("5080930", ReadDate(date(2026, 9, 30), Years.ERA)),
        ("3640107", ReadDate(date(1989, 1, 7), Years.ERA)),
        ("3640108", ReadDate(date(1989, 1, 8), Years.ERA, in_era=False)),
        ("4010108", ReadDate(date(1989, 1, 8), Years.ERA)),
        ("4010107", ReadDate(date(1989, 1, 7), Years.ERA, in_era=False)),
        ("4310430", ReadDate(date(2019, 4, 30), Years.ERA)),
        ("4310501", ReadDate(date(2019, 5, 1), Years.ERA, in_era=False)),
        ("5010501", ReadDate(date(2019, 5, 1), Years.ERA)),
        ("2151224", ReadDate(date(1926, 12, 24), Years.ERA)),
        ("3011225", ReadDate(date(1926, 12, 25), Years.ERA)),
        ("1450729", ReadDate(date(1912, 7, 29), Years.ERA)),
        ("2010730", ReadDate(date(1912, 7, 30), Years.ERA)),
        ("5000101", None),
        ("9010101", None),
        ("5081301", None),
        ("5080931", None),
        ("00010101", None),
        ("99991231", None),
        ("202609", None),
        ("2026093a", None),
    ],
)
def test_dates_are_read_in_both_ways(written: str, expected: ReadDate | None) -> None:
    """The years in which one era ends and the next begins belong to both; the day decides."""
    assert expected == parse_date(written) == parse_date(written.encode())


@given(data=binary(max_size=9) | text(max_size=9) | text(alphabet="0123456789", max_size=9))
def test_any_text_is_a_date_or_none(data: bytes | str) -> None:
    """Reading never raises, and what was read can be counted with."""
    month, day = parse_month(data), parse_date(data)

    assert month is None or (month.month.plus(-1).last_day < month.month.first_day)
    assert day is None or day.date.year >= 1868


@given(day=claim_dates)
def test_a_date_in_its_era_reads_back(day: date) -> None:
    """Written in Japanese years and read again it is the same, and within its era."""
    assert ReadDate(day, Years.ERA) == parse_date(era_text(day))
    assert ReadMonth(Month.of(day), Years.ERA) == parse_month(era_text(Month.of(day)))


def test_a_month_in_which_an_era_begins_belongs_to_the_new_one() -> None:
    """So 2019-05 is 令和1, and 1989-01 平成1."""
    assert ["50105", "43104", "40101"] == [era_text(Month(*m)) for m in ((2019, 5), (2019, 4), (1989, 1))]


def test_before_the_first_era_there_is_no_text() -> None:
    """Nobody alive was born then."""
    with raises(ValueError, match="first era"):
        era_text(date(1867, 12, 31))


def test_each_era_begins_the_day_after_the_last() -> None:
    """No day between two eras, none in both, and the present one is open."""
    ordered = list(eras().values())

    assert ["明治", "大正", "昭和", "平成", "令和"] == [era.ja for era in ordered]
    for before, after in pairwise(ordered):
        assert before.last_day is not None
        assert after.first_day == before.last_day + timedelta(days=1)
        assert after.first_year == after.first_day.year
    assert ordered[-1].last_day is None
