"""The payers' days: when claims can be fetched, are billed, and are to be paid."""

from datetime import date

import pytest

from seikyu.office.payer_days import payer_days
from seikyu.records import Month


@pytest.mark.parametrize(
    ("month", "first", "last"),
    [
        (Month(2026, 8), date(2026, 9, 8), date(2026, 9, 10)),
        (Month(2026, 9), date(2026, 10, 8), date(2026, 10, 9)),  # the 10th is a Saturday
        (Month(2026, 10), date(2026, 11, 6), date(2026, 11, 10)),  # the 8th is a Sunday
        (Month(2026, 7), date(2026, 8, 7), date(2026, 8, 10)),  # the 8th is a Saturday
        (Month(2027, 9), date(2027, 10, 8), date(2027, 10, 8)),  # the 10th is a Sunday, the 11th the holiday
        (Month(2022, 9), date(2022, 10, 7), date(2022, 10, 7)),  # 8th to 10th: weekend, then スポーツの日
        (Month(2022, 12), date(2023, 1, 6), date(2023, 1, 10)),  # the 8th is a Sunday, the 9th 成人の日
        (Month(2027, 12), date(2028, 1, 7), date(2028, 1, 7)),  # 8th to 10th: weekend, then 成人の日
    ],
)
def test_days_on_weekends_and_holidays_move_to_the_weekday_before(month: Month, first: date, last: date) -> None:
    """Source: payer:2."""
    assert (first, last) == payer_days(month).online


def test_the_demand_and_the_payment_do_not_move() -> None:
    """By the 10th and by the 20th of the month after; December's are in January."""
    days = payer_days(Month(2026, 12))

    assert (date(2027, 1, 10), date(2027, 1, 20)) == (days.demand, days.payment)
