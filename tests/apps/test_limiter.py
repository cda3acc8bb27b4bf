"""Who tries codes without a certificate: so often from one address, and so many at once."""

import asyncio
import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from seikyu.apps.api.limiter import Limiter, TooManyRequests, Turnstile, network_of
from seikyu.ports.errors import Busy


class Hands:
    """A clock that the test sets."""

    at = 1000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.at


def request_from(address: str | None) -> Request:
    """Return a request from there."""
    return Request({"type": "http", "headers": [], "client": (address, 1) if address else None})


@given(quarters=st.lists(st.integers(0, 120), max_size=60))
def test_no_window_holds_more_tries_than_it_may(quarters: list[int]) -> None:
    """Wherever the window is laid; and who waits as told gets in. Quarters of a second are exact in binary."""
    clock = Hands()
    limiter = Limiter(most=3, window_s=60, clock=clock)
    let_in: list[float] = []
    for wait in quarters:
        clock.at += wait / 4
        try:
            limiter.take("192.0.2.1")
        except TooManyRequests as refused:
            told_s = refused.retry_after_s
            assert 0 < told_s <= 60
            clock.at += told_s
            limiter.take("192.0.2.1")
        let_in.append(clock.at)

    assert all(later - earlier >= 60 for earlier, later in zip(let_in, let_in[3:], strict=False))


def test_a_network_counts_as_one_and_others_do_not_wait() -> None:
    """All addresses of one IPv6 network, and an IPv4 address however it is written."""
    limiter = Limiter(most=2, window_s=60, clock=Hands())
    for one, other, stranger in (
        ("2001:db8::1", "2001:db8::ffff:2", "2001:db8:0:1::1"), ("192.0.2.1", "::ffff:192.0.2.1", "192.0.2.2"),
    ):  # fmt: skip
        limiter.take(one)
        limiter.take(other)
        with pytest.raises(TooManyRequests):
            limiter.take(one)
        limiter.take(stranger)
    assert ("", "unix") == (network_of(""), network_of("unix"))


def test_a_site_counts_too() -> None:
    """Who has a whole /48 of IPv6 has not as many tries as that has networks; a refused try counts nowhere."""
    clock = Hands()
    limiter = Limiter(most=2, window_s=60, clock=clock)
    for no in range(8):
        limiter.take(f"2001:db8:0:{no:x}::1")
    for _ in range(3):
        with pytest.raises(TooManyRequests):
            limiter.take("2001:db8:0:99::1")
    limiter.take("2001:db8:1::1")
    clock.at += 60
    limiter.take("2001:db8:0:99::1")
    limiter.take("2001:db8:0:99::2")


def test_what_is_kept_of_addresses_is_bounded() -> None:
    """The quietest is forgotten, and who tries on is not."""
    limiter = Limiter(most=2, window_s=60, kept=5, clock=Hands())
    limiter.take("busy")
    for number in range(20):
        limiter.take(f"192.0.2.{number}")
        if number == 3:
            limiter.take("busy")

    assert 5 == len(limiter)
    limiter.take("busy")  # it was quiet for longest in the end


def test_only_so_many_codes_are_looked_at_at_once() -> None:
    """Some wait for their turn, the rest is told to come again and not counted; a place is free when its act failed."""
    inside, most, lock, full, go = 0, 0, threading.Lock(), threading.Event(), threading.Event()

    def act() -> str:
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
            if most == 2:
                full.set()
        go.wait(10)
        with lock:
            inside -= 1
        return "done"

    def fail() -> str:
        raise KeyError

    async def scenario() -> list[Any]:
        turnstile = Turnstile(Limiter(most=5, window_s=60, clock=Hands()), at_once=2, waiting=2)
        with pytest.raises(KeyError):
            await turnstile.through(request_from(None), fail)
        tasks = [asyncio.create_task(turnstile.through(request_from("192.0.2.1"), act)) for _ in range(6)]
        await asyncio.wait(tasks[4:])
        assert await asyncio.to_thread(full.wait, 10)  # Both are there before either may go.
        go.set()
        told = await asyncio.gather(*tasks, return_exceptions=True)
        assert "done" == await turnstile.through(request_from("192.0.2.1"), act)
        return told

    told = asyncio.run(scenario())

    assert (4, 2, 2) == (told.count("done"), sum(isinstance(each, Busy) for each in told), most)
