"""Dates and times as people in Japan read them: western and by era, in both languages, in one place for all pages."""

from datetime import date, datetime, timedelta
from typing import Final

from seikyu.apps.words import Language
from seikyu.office.calendar import JST
from seikyu.records import Month, eras

_WEEKDAYS: Final = {
    "ja": ("月", "火", "水", "木", "金", "土", "日"),
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
}
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_ERAS_EN: Final = {"明治": "Meiji", "大正": "Taisho", "昭和": "Showa", "平成": "Heisei", "令和": "Reiwa"}


def day_in_japan(instant: datetime) -> date:
    """Return the day in Japan."""
    return instant.astimezone(JST).date()


def era_year(day: date, lang: Language = "ja") -> str:
    """Return the year by its era; the first one is 元年. Nothing before the first era.

    >>> era_year(date(2026, 11, 26)), era_year(date(2019, 5, 1)), era_year(date(2026, 1, 1), "en")
    ('令和8年', '令和元年', 'Reiwa 8')
    """
    for era in reversed(tuple(eras().values())):
        if era.first_day <= day:
            year = day.year - era.first_year + 1
            if lang == "en":
                return f"{_ERAS_EN.get(era.ja, era.letter)} {year}"
            return f"{era.ja}{'元' if year == 1 else year}年"
    return ""


def weekday(day: date, lang: Language) -> str:
    """Return the day of the week, short.

    >>> weekday(date(2026, 11, 26), "ja")
    '木'
    """
    return _WEEKDAYS[lang][day.weekday()]


def day_said(day: date, lang: Language) -> str:
    """Return a day by the western year, with its day of the week.

    >>> day_said(date(2026, 11, 5), "ja"), day_said(date(2026, 11, 5), "en")
    ('2026年11月5日（木）', 'Thu 5 November 2026')
    """
    if lang == "ja":
        return f"{day.year}年{day.month}月{day.day}日（{weekday(day, lang)}）"
    return f"{weekday(day, lang)} {day.day} {_MONTHS[day.month - 1]} {day.year}"


def era_day_said(day: date, lang: Language) -> str:
    """Return a day in both ways of counting years.

    >>> era_day_said(date(2026, 11, 5), "ja"), era_day_said(date(2026, 11, 5), "en")
    ('2026年（令和8年）11月5日（木）', 'Thu 5 November 2026 (Reiwa 8)')
    """
    era = era_year(day, lang)
    if lang == "ja":
        told = f"（{era}）" if era else ""
        return f"{day.year}年{told}{day.month}月{day.day}日（{weekday(day, lang)}）"
    return f"{day_said(day, lang)} ({era})" if era else day_said(day, lang)


def month_said(month: Month, lang: Language) -> str:
    """Return a month in both ways of counting years.

    >>> month_said(Month(2026, 11), "ja"), month_said(Month(2026, 11), "en")
    ('2026年（令和8年）11月', 'November 2026 (Reiwa 8)')
    """
    era = era_year(month.last_day, lang)
    if lang == "ja":
        return f"{month.year}年{f'（{era}）' if era else ''}{month.month}月"
    return f"{_MONTHS[month.month - 1]} {month.year}{f' ({era})' if era else ''}"


def month_text(text: str, lang: Language) -> str:
    """Return a month as `month_said` does, from the form that the API and the rows have it in.

    >>> month_text("202611", "ja")
    '2026年（令和8年）11月'
    """
    return month_said(Month.parse(text), lang)


def time_said(instant: datetime) -> str:
    """Return the time of day in Japan.

    >>> time_said(datetime(2026, 11, 5, 8, 0, tzinfo=JST))
    '08:00'
    """
    return instant.astimezone(JST).strftime("%H:%M")


def end_said(instant: datetime) -> str:
    """Return the time at which something ends; the midnight that ends a day is 24:00 of that day.

    >>> end_said(datetime(2026, 11, 11, 0, 0, tzinfo=JST)), end_said(datetime(2026, 11, 7, 21, 0, tzinfo=JST))
    ('24:00', '21:00')
    """
    told = time_said(instant)
    return "24:00" if told == "00:00" else told


def until_said(instant: datetime, lang: Language) -> str:
    """Return day and time at which something ends, as calendars of the field say it.

    >>> until_said(datetime(2026, 11, 11, 0, 0, tzinfo=JST), "ja")
    '2026年11月10日（火）24:00'
    """
    day = day_in_japan(instant - timedelta(microseconds=1))
    return f"{day_said(day, lang)}{'' if lang == 'ja' else ', '}{end_said(instant)}"


def moment_said(instant: datetime, lang: Language) -> str:
    """Return day and time at which something begins or happened."""
    return f"{day_said(day_in_japan(instant), lang)}{'' if lang == 'ja' else ', '}{time_said(instant)}"
