"""Nonces work once, whatever comes."""

import os
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seikyu.services.nonces import CHANCE_BYTES, Nonces

NOW = datetime(2026, 11, 26, tzinfo=UTC)
HOUR = timedelta(hours=1)


def make(most: int = 1000) -> Nonces:
    """Return the nonces of a new server."""
    return Nonces(os.urandom(32), life=HOUR, spent_most=most)


def new(nonces: Nonces, at: datetime = NOW) -> str:
    """Return a nonce."""
    return nonces.new(at, os.urandom(CHANCE_BYTES))


def test_a_nonce_works_once_and_for_an_hour() -> None:
    """Not before it was made either, nor at another server."""
    nonces = make()
    nonce = new(nonces)
    assert nonces.is_ours(nonce, NOW)
    assert nonces.spend(nonce, NOW)
    assert not nonces.spend(nonce, NOW)
    assert not nonces.is_ours(nonce, NOW)
    late, early = new(nonces), new(nonces, NOW + HOUR)
    assert not nonces.spend(late, NOW + HOUR)
    assert nonces.spend(late, NOW + HOUR - timedelta(seconds=1))
    assert not nonces.spend(early, NOW)
    assert not make().is_ours(new(nonces), NOW)


@pytest.mark.parametrize("change", [lambda n: n[:-1], lambda n: n + "AA", lambda n: "B" + n[1:], lambda n: "", lambda n: "é", lambda n: n + "="])  # fmt: skip
def test_a_changed_nonce_is_nobodys(change: Any) -> None:
    """A later time in it above all."""
    nonces = make()
    assert not nonces.is_ours(change(new(nonces)), NOW)
    assert not nonces.spend(change(new(nonces)), NOW)


@given(st.lists(st.tuples(st.integers(0, 7200), st.integers(0, 7200)), max_size=60), st.integers(1, 8))
def test_no_nonce_ever_works_twice(uses: list[tuple[int, int]], most: int) -> None:
    """However many there are, however few are remembered, in whatever order they come."""
    nonces, taken = make(most), set[str]()
    at = NOW
    made = [new(nonces, NOW + timedelta(seconds=second)) for second, _ in uses]
    for nonce, (_, ahead) in zip(made * 2, uses * 2, strict=True):
        at = max(at, NOW + timedelta(seconds=ahead))
        if nonces.spend(nonce, at):
            assert nonce not in taken
            taken.add(nonce)
        assert len(nonces._spent) <= most


def test_a_flood_of_nonces_costs_no_memory() -> None:
    """Those that nobody uses are not remembered; those that are used, up to a number."""
    nonces = make(most=10)
    for _ in range(100):
        new(nonces)
    assert len(nonces._spent) == 0
    for no in range(100):
        assert nonces.spend(new(nonces, NOW + timedelta(seconds=no)), NOW + timedelta(seconds=no))
    assert len(nonces._spent) == 10


def test_of_two_at_once_one_is_told_so() -> None:
    """Sixteen threads with one nonce."""
    nonces = make()
    nonce, told = new(nonces), list[bool]()
    gate = threading.Barrier(16)

    def use() -> None:
        gate.wait()
        told.append(nonces.spend(nonce, NOW))

    threads = [threading.Thread(target=use) for _ in range(16)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(told) == [False] * 15 + [True]
