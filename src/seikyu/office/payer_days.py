"""The payers' days (保険者等の日程): when a month's claims can be fetched, are billed, and are to be paid.

Claims of a claim month (請求年月) are there from the 8th to the 10th of the month after it, on the weekday before if
such a day is a Saturday, Sunday or holiday. Of the holidays only the second Mondays of January and October can fall on
these days.

Source: payer:2.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from seikyu.records import Month

_ONLINE: Final = (8, 10)
_DEMAND: Final = 10
_PAYMENT: Final = 20

#: 成人の日 and スポーツの日: the second Monday of these months.
_SECOND_MONDAYS: Final = frozenset({1, 10})
_SECOND_WEEK: Final = range(8, 15)
_SATURDAY: Final = 5
_MONDAY: Final = 0


@dataclass(frozen=True, slots=True)
class PayerDays:
    """The days of one claim month. Shape: `online` are the first and the last day on which it begins to be there."""

    online: tuple[date, date]
    demand: date
    payment: date


def payer_days(month: Month) -> PayerDays:
    """Return the days of the claims of a claim month.

    >>> days = payer_days(Month(2026, 9))
    >>> [str(day) for day in (*days.online, days.demand, days.payment)]
    ['2026-10-08', '2026-10-09', '2026-10-10', '2026-10-20']

    Source: payer:2.
    """
    after = month.plus(1)
    first, last = (_weekday_before(date(after.year, after.month, day)) for day in _ONLINE)
    return PayerDays((first, last), date(after.year, after.month, _DEMAND), date(after.year, after.month, _PAYMENT))


def _weekday_before(day: date) -> date:
    while day.weekday() >= _SATURDAY or _is_holiday(day):
        day -= timedelta(days=1)
    return day


def _is_holiday(day: date) -> bool:
    return day.month in _SECOND_MONDAYS and day.weekday() == _MONDAY and day.day in _SECOND_WEEK
