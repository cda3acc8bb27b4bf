"""The office's time, and names that nobody can guess."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from some_rows import NOW

from seikyu.adapters.clock import MovedClock, SystemClock, move_clock
from seikyu.adapters.ids import RandomIds
from seikyu.ports.objects import checked_name
from seikyu.ports.store import Store


class Standing:
    """A clock that stands until it is put forward."""

    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> datetime:
        """Return where it stands."""
        return self.time


def test_the_system_tells_japan_time() -> None:
    """An aware instant, nine hours before Greenwich."""
    now = SystemClock().now()

    assert now.utcoffset() == timedelta(hours=9)
    assert abs(now.timestamp() - time.time()) < 5


def test_a_sandbox_clock_goes_on_from_where_it_was_put(store: Store) -> None:
    """Forward, back, and for every process that shares the rows."""
    real = Standing()
    clock, elsewhere = MovedClock(store, real=real), MovedClock(store, real=real)
    assert clock.now() == NOW

    for target in (datetime(2026, 10, 12, 21, 0, tzinfo=ZoneInfo("Asia/Tokyo")), NOW - timedelta(days=1)):
        with store.write() as tx:
            move_clock(tx, target, real=real)
        assert clock.now() == target == elsewhere.now()
        real.time += timedelta(minutes=5)
        assert clock.now() == target + timedelta(minutes=5)


def test_a_move_that_is_rolled_back_did_not_happen(store: Store) -> None:
    """The clock is a row like others."""
    with pytest.raises(ZeroDivisionError), store.write() as tx:
        move_clock(tx, NOW)
        raise ZeroDivisionError

    assert abs(MovedClock(store).now() - SystemClock().now()) < timedelta(seconds=5)


def test_ids_ascend_and_are_names() -> None:
    """Also many in one millisecond, from many threads, and when the machine's clock goes back."""
    ids = RandomIds()
    made = [ids.new() for _ in range(5000)]

    assert made == sorted(set(made))
    assert all(len(one) == 26 and checked_name(f"files/{one}") for one in made)
    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(lambda _: ids.new(), range(5000)))) == 5000


def test_ids_ascend_when_the_clock_goes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """A correction of the machine's time must not put the new before the old."""
    ids = RandomIds()
    before = ids.new()
    monkeypatch.setattr(time, "time_ns", lambda: 0)

    after = [ids.new() for _ in range(100)]

    assert [before, *after] == sorted({before, *after})


def test_ids_begin_with_their_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first ten letters are milliseconds, so that lists by id are lists by time."""
    monkeypatch.setattr(time, "time_ns", lambda: 0)
    assert RandomIds().new().startswith("0000000000")
    monkeypatch.setattr(time, "time_ns", lambda: ((1 << 48) - 1) * 1_000_000)
    assert RandomIds().new().startswith("7zzzzzzzzz")


def test_ids_of_two_makers_have_nothing_in_common(monkeypatch: pytest.MonkeyPatch) -> None:
    """80 random bits each."""
    monkeypatch.setattr(time, "time_ns", lambda: 0)

    assert RandomIds().new() != RandomIds().new()
