"""A body that arrives in time and could only be recorded too late."""

from datetime import datetime, timedelta

from seikyu.office.calendar import JST
from seikyu.office.errors import Closed, ClosedMeanwhile

END = datetime(2026, 10, 11, 0, 0, tzinfo=JST)


def test_it_is_closed_and_says_when_it_would_have_been_recorded() -> None:
    """Whoever handles `Closed` handles it too; only its words are others."""
    late = ClosedMeanwhile(END + timedelta(hours=8), "real", recorded_at=END)

    assert isinstance(late, Closed)
    assert ("closed", "closed.meanwhile") == (late.code, late.words_code)
    assert {"next_opens_at": END + timedelta(hours=8), "line": "real", "recorded_at": END} == late.facts
