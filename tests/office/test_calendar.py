"""When the office is open: every boundary to the second, and what must hold at any time."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seikyu.office.calendar import JST, Calendar, Extension, Window, load_calendar, parse_calendar
from seikyu.office.errors import Closed
from seikyu.records import Month

SECOND = timedelta(seconds=1)
NATIONAL = load_calendar("national")
SANDBOX = load_calendar("sandbox")
SEPTEMBER = Month(2026, 9)


def japan(text: str) -> datetime:
    """2026-09-05 08:00 or 2026-09-10 24:00, in Japan."""
    day, _, time = text.partition(" ")
    hours, minutes = time.split(":")
    return datetime.fromisoformat(day).replace(tzinfo=JST) + timedelta(hours=int(hours), minutes=int(minutes))


REAL = [
    *((f"2026-09-{day:02d}", "08:00", "21:00", Window.REGULAR) for day in (5, 6, 7)),
    *((f"2026-09-{day:02d}", "08:00", "24:00", Window.REGULAR) for day in (8, 9, 10)),
    *((f"2026-09-{day:02d}", "08:00", "21:00", Window.CORRECTION) for day in (11, 12)),
]
TEST = [(f"2026-09-{day:02d}", "08:00", "21:00", Window.REGULAR) for day in range(5, 31)]


@pytest.mark.parametrize(
    ("line", "day", "opens", "closes", "window"), [("real", *r) for r in REAL] + [("test", *r) for r in TEST]
)
def test_a_window_holds_its_first_second_and_not_its_end(
    line: str, day: str, opens: str, closes: str, window: Window
) -> None:
    """Every day of the month: shut until the second before, open from it, shut from the end on."""
    start, end = japan(f"{day} {opens}"), japan(f"{day} {closes}")

    before, first, last, after = (NATIONAL.at(now, line) for now in (start - SECOND, start, end - SECOND, end))

    assert (False, Window.CLOSED, None, start) == (before.open, before.window, before.closes_at, before.next_opens_at)
    assert (True, window, end) == (first.open, first.window, first.closes_at)
    assert first.next_opens_at is not None
    assert first.next_opens_at > start
    assert (True, window, end) == (last.open, last.window, last.closes_at)
    assert (False, Window.CLOSED, None) == (after.open, after.window, after.closes_at)


@pytest.mark.parametrize("day", [1, 2, 3, 4, 13, 20, 30])
def test_the_real_line_is_shut_on_all_other_days(day: int) -> None:
    """From the 13th to the 4th nothing is claimed."""
    assert not any(NATIONAL.at(japan(f"2026-09-{day:02d} {hour:02d}:00")).open for hour in range(24))


@pytest.mark.parametrize("day", [1, 2, 3, 4])
def test_the_test_line_is_shut_before_the_fifth(day: int) -> None:
    """The first four days belong to nobody."""
    assert not any(NATIONAL.at(japan(f"2026-09-{day:02d} {hour:02d}:00"), "test").open for hour in range(24))


def test_the_test_line_ends_with_the_year_on_28_december() -> None:
    """On 28 December it is open, from the 29th on nothing is until 5 January; the real line knows no pause."""
    assert NATIONAL.at(japan("2026-12-28 20:59"), "test").open
    assert not any(NATIONAL.at(japan(f"2026-12-{day} 12:00"), "test").open for day in (29, 30, 31))
    assert japan("2027-01-05 08:00") == NATIONAL.at(japan("2026-12-28 21:00"), "test").next_opens_at
    assert NATIONAL.at(japan("2026-12-12 12:00")).open


def test_months_of_every_length_keep_their_last_day() -> None:
    """A February has its 28th or 29th, and no 30th."""
    for month, last in ((Month(2026, 2), 28), (Month(2028, 2), 29), (Month(2026, 4), 30), (Month(2026, 5), 31)):
        assert last == NATIONAL.spans(month, "test")[-1].start.day


def test_the_deadline_is_the_midnight_of_the_tenth_and_the_closing_the_twelfth_at_nine() -> None:
    """24:00 of the 10th is 0:00 of the 11th."""
    assert japan("2026-09-11 00:00") == NATIONAL.deadline(SEPTEMBER)
    assert japan("2026-09-12 21:00") == NATIONAL.closing_from(SEPTEMBER)


def test_what_nobody_decides_is_decided_at_the_deadline_and_a_correction_at_the_closing() -> None:
    """The instant of arrival tells the two apart; on the test line nothing is ever decided by itself."""
    deadline, closing = japan("2026-09-11 00:00"), japan("2026-09-12 21:00")

    assert deadline == NATIONAL.decided_by(SEPTEMBER, received_at=deadline - SECOND)
    assert closing == NATIONAL.decided_by(SEPTEMBER, received_at=deadline)
    assert NATIONAL.decided_by(SEPTEMBER, received_at=deadline - SECOND, line="test") is None


def test_the_real_line_takes_the_month_of_the_day_also_for_corrections() -> None:
    """The claim month is the processing month; a test may be of the coming month too."""
    for now in ("2026-09-05 08:00", "2026-09-10 23:59", "2026-09-12 20:59", "2026-09-11 03:00"):
        assert frozenset({SEPTEMBER}) == NATIONAL.at(japan(now)).claim_months
    assert frozenset({Month(2026, 12), Month(2027, 1)}) == NATIONAL.at(japan("2026-12-20 12:00"), "test").claim_months


def test_any_offset_is_the_same_instant() -> None:
    """2026-09-04 23:00 UTC is eight in the morning of the 5th in Japan."""
    assert NATIONAL.at(datetime(2026, 9, 4, 23, tzinfo=UTC)).open
    assert not NATIONAL.at(datetime(2026, 9, 4, 22, 59, 59, tzinfo=UTC)).open


def test_a_naive_instant_is_a_bug() -> None:
    """A time that says no offset could be any of a day's."""
    with pytest.raises(ValueError, match="offset"):
        NATIONAL.at(datetime(2026, 9, 5, 8))  # noqa: DTZ001  the very thing that is refused


def test_a_closed_office_says_when_it_opens() -> None:
    """Asked outside the hours, it names the line and the next opening."""
    with pytest.raises(Closed) as refusal:
        NATIONAL.require_open(japan("2026-09-12 21:00"))

    assert "closed" == refusal.value.code
    assert {"next_opens_at": japan("2026-10-05 08:00"), "line": "real"} == refusal.value.facts
    assert japan("2026-10-05 08:00") == refusal.value.next_opens_at


def test_an_open_office_lets_pass() -> None:
    """Within the hours the answer is the opening itself."""
    assert Window.CORRECTION is NATIONAL.require_open(japan("2026-09-11 08:00")).window


instants = st.datetimes(datetime(2000, 1, 1), datetime(2090, 1, 1), timezones=st.just(JST))  # noqa: DTZ001  the zone is added


@st.composite
def extended(draw: st.DrawFn) -> Calendar:
    """The national calendar with extensions of a few months around one another."""
    extensions = []
    for month in draw(st.sets(st.builds(Month, st.just(2026), st.integers(1, 12)), max_size=4)):
        deadline = NATIONAL.deadline(month)
        assert deadline is not None
        month_end = datetime(month.year, month.month, 1, tzinfo=JST) + timedelta(days=month.days)
        until = deadline + timedelta(minutes=draw(st.integers(1, (month_end - deadline) // timedelta(minutes=1))))
        closing = draw(
            st.none()
            | st.integers(0, (month_end - until) // timedelta(minutes=1)).map(
                lambda m, u=until: u + timedelta(minutes=m)
            )
        )
        extensions.append(Extension(month, until, closing))
    return NATIONAL.extended(extensions)


@given(calendar=extended(), month=st.integers(1, 12), line=st.sampled_from(["real", "test"]))
def test_windows_follow_each_other_and_share_no_instant(calendar: Calendar, month: int, line: str) -> None:
    """The windows of a month are in order, none is empty, and between them the office is shut."""
    spans = calendar.spans(Month(2026, month), line)

    assert all(span.start < span.end for span in spans)
    assert all(one.end <= other.start for one, other in pairwise(spans))


@given(calendar=extended(), now=instants, line=st.sampled_from(["real", "test"]))
def test_every_instant_is_in_one_window_or_shut_until_the_next(calendar: Calendar, now: datetime, line: str) -> None:
    """Open or shut, `at` says where the present ends, and the next opening really opens."""
    opening = calendar.at(now, line)

    assert opening.open == (opening.window is not Window.CLOSED) == (opening.closes_at is not None)
    assert opening.next_opens_at is not None
    assert now < opening.next_opens_at <= now + timedelta(days=62)
    assert calendar.at(opening.next_opens_at, line).open
    if opening.closes_at is not None:
        assert calendar.at(opening.closes_at - timedelta(microseconds=1), line).window is opening.window
        assert opening.closes_at <= opening.next_opens_at
    else:
        assert not calendar.at(opening.next_opens_at - timedelta(microseconds=1), line).open


@given(calendar=extended(), month=st.integers(1, 12))
def test_regular_sending_ends_with_the_deadline_and_all_sending_with_the_closing(
    calendar: Calendar, month: int
) -> None:
    """The windows agree with the two turns of the month, extended or not."""
    spans = calendar.spans(Month(2026, month))

    assert calendar.deadline(Month(2026, month)) == max(span.end for span in spans if span.window is Window.REGULAR)
    assert calendar.closing_from(Month(2026, month)) == max(span.end for span in spans)


def test_an_extension_keeps_the_office_open_and_corrections_wait_for_it() -> None:
    """Extended to noon of the 11th: open through the night, corrections from noon; other months stay as they are."""
    noon = japan("2026-09-11 12:00")
    calendar = load_calendar("national", [Extension(SEPTEMBER, noon)])

    assert (Window.REGULAR, noon) == (
        calendar.at(japan("2026-09-11 03:00")).window,
        calendar.at(japan("2026-09-11 03:00")).closes_at,
    )
    assert Window.CORRECTION is calendar.at(noon).window
    assert (noon, japan("2026-09-12 21:00")) == (calendar.deadline(SEPTEMBER), calendar.closing_from(SEPTEMBER))
    assert calendar.decided_by(SEPTEMBER, received_at=japan("2026-09-11 11:00")) == noon
    assert not calendar.at(japan("2026-10-11 03:00")).open
    assert not calendar.at(japan("2026-09-11 03:00"), "test").open


def test_an_extension_past_the_corrections_moves_the_closing() -> None:
    """Extended to the 14th with corrections to the 15th: no correction window is left before."""
    calendar = NATIONAL.extended([Extension(SEPTEMBER, japan("2026-09-14 24:00"), japan("2026-09-15 21:00"))])

    assert Window.REGULAR is calendar.at(japan("2026-09-12 12:00")).window
    assert Window.CORRECTION is calendar.at(japan("2026-09-15 00:00")).window
    assert japan("2026-09-15 21:00") == calendar.closing_from(SEPTEMBER)
    assert japan("2026-09-14 24:00") == NATIONAL.extended(
        [Extension(SEPTEMBER, japan("2026-09-14 24:00"))]
    ).closing_from(SEPTEMBER)


@pytest.mark.parametrize(
    ("until", "closing"),
    [
        ("2026-09-11 00:00", None),
        ("2026-10-01 00:01", None),
        ("2026-09-12 00:00", "2026-09-11 23:59"),
        ("2026-09-12 00:00", "2026-10-01 00:01"),
    ],
)
def test_an_extension_that_shortens_or_leaves_its_month_is_refused(until: str, closing: str | None) -> None:
    """Nothing that was announced can take time away."""
    with pytest.raises(ValueError, match=r"deadline|closing"):
        NATIONAL.extended([Extension(SEPTEMBER, japan(until), closing and japan(closing))])


def test_a_month_has_one_extension_at_most() -> None:
    """Two would contradict each other; a later announcement replaces the earlier."""
    with pytest.raises(ValueError, match="two extensions"):
        NATIONAL.extended(
            [Extension(SEPTEMBER, japan("2026-09-11 12:00")), Extension(SEPTEMBER, japan("2026-09-11 13:00"))]
        )


@given(now=instants, line=st.sampled_from(["real", "test"]))
def test_a_sandbox_is_always_open_for_any_month(now: datetime, line: str) -> None:
    """Nothing closes, nothing is decided by itself, and asked for the next opening it says now."""
    opening = SANDBOX.at(now, line)

    assert (True, Window.ALWAYS, None, None, None) == (
        opening.open,
        opening.window,
        opening.closes_at,
        opening.next_opens_at,
        opening.claim_months,
    )
    assert now == SANDBOX.next_opening(now, line)
    assert SANDBOX.deadline(SEPTEMBER) is SANDBOX.closing_from(SEPTEMBER) is None
    assert SANDBOX.decided_by(SEPTEMBER, received_at=now, line=line) is None


def test_a_sandbox_cannot_be_extended() -> None:
    """It has no deadline."""
    with pytest.raises(ValueError, match="no deadline"):
        SANDBOX.extended([Extension(SEPTEMBER, japan("2026-09-11 12:00"))])


@pytest.mark.parametrize("name", ["lunar", "../bodies", ""])
def test_there_are_no_other_calendars(name: str) -> None:
    """A name is a name and no path."""
    with pytest.raises(ValueError, match="no calendar"):
        load_calendar(name)


def calendar_text(hours: str) -> str:
    """A calendar whose real line has these hours."""
    return f'name = "x"\nja = "x"\n[lines.real]\nbinding = true\n{hours}'


def hours(days: str, opens: str, closes: str, window: str = "regular") -> str:
    """A row of hours."""
    return f'[[lines.real.hours]]\ndays = "{days}"\nfrom = "{opens}"\nuntil = "{closes}"\nwindow = "{window}"\n'


#: Every month but February has its 29th taken away.
BUT_FEBRUARY = "".join(f'[[pauses]]\nmonth = {month}\ndays = "29-29"\n' for month in (1, *range(3, 13)))


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (calendar_text(""), "never opens"),
        (calendar_text(hours("5-7", "08:00", "21:00") + hours("7-8", "20:00", "22:00")), "overlap"),
        (calendar_text(hours("5-7", "21:00", "08:00")), "overlap"),
        (calendar_text(hours("5-7", "08:00", "08:00")), "overlap"),
        (calendar_text(hours("29-29", "08:00", "21:00") + BUT_FEBRUARY), "never opens"),
        (calendar_text(hours("5-7", "08:00", "21:00", "sometimes")), "sometimes"),
        (calendar_text(hours("soon", "08:00", "21:00")), "unpack"),
        (calendar_text(hours("5-7", "08:00", "21:00")).replace("binding", "bound"), "misspells 'binding'"),
        (calendar_text("").replace('name = "x"', ""), "misspells 'name'"),
        ('name = "x"\nja = "x"\nlines = 3', "misspells"),
        ('name = "x', "Unterminated|unterminated|Illegal|Expected"),
    ],
)
def test_a_calendar_that_cannot_be_meant_is_refused(text: str, fault: str) -> None:
    """An operator's own file is read strictly."""
    with pytest.raises(ValueError, match=fault):
        parse_calendar(text)


def test_windows_may_touch() -> None:
    """Regular sending may go over into corrections without a break."""
    calendar = parse_calendar(
        calendar_text(hours("5-5", "08:00", "12:00") + hours("5-5", "12:00", "21:00", "correction"))
    )

    assert Window.REGULAR is calendar.at(japan("2026-09-05 11:59")).window
    assert Window.CORRECTION is calendar.at(japan("2026-09-05 12:00")).window


def test_a_calendar_without_deadline_still_has_hours() -> None:
    """Nothing forces an office to have turns; its line then takes any month."""
    calendar = parse_calendar(calendar_text(hours("5-7", "08:00", "21:00")))

    assert calendar.at(japan("2026-09-05 08:00")).open
    assert calendar.at(japan("2026-09-05 08:00")).claim_months is None
    assert calendar.deadline(SEPTEMBER) is None
