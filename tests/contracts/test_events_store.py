"""The contract of ports.events' rows, over every adapter."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from some_rows import INSTITUTION, NOW

from seikyu.ports.errors import AlreadyThere
from seikyu.ports.events import EVERYBODY, Attempt, Event, Webhook
from seikyu.ports.store import Store

LATER = NOW + timedelta(minutes=1)


def an_event(no: int, party: str = INSTITUTION, **other: Any) -> Event:
    """Return an event."""
    given = {"what": "sending.recorded", "subject": "s1", "at": NOW, "facts": '{"n": 1}'}
    return Event(**{"id": f"{party}-{no}", "party": party, "no": no, **given, **other})


def a_webhook(identity: str = "w1", **other: Any) -> Webhook:
    """Return a webhook that is due."""
    given = {"party": INSTITUTION, "address": "https://example.jp/", "state": "active", "what": "", "secret": "sealed"}
    return Webhook(**{"id": identity, "created_at": NOW, "next_at": NOW, **given, **other})


def an_attempt(no: int, **other: Any) -> Attempt:
    """Return a try."""
    given = {"event": "e1", "what": "sending.recorded", "at": NOW, "outcome": "arrived", "status": 204, "took_ms": 5}
    return Attempt(**{"webhook": "w1", "no": no, **given, **other})


def test_rows_of_events_come_back_as_they_were_put(store: Store) -> None:
    """Every field of every row survives, and putting a webhook again replaces it."""
    full = a_webhook(
        state="dead", what="a b", own_no=3, public_no=4, failures=5, failing_since=NOW, reason="days",
        old_secret="older", old_until=LATER, idempotency_key="k",
    )  # fmt: skip
    with store.write() as tx:
        tx.add_events([an_event(1), an_event(2, facts="{}")])
        tx.put_webhook(a_webhook())
        tx.put_webhook(full)
        tx.add_attempt(an_attempt(1), kept=2)
        tx.add_attempt(an_attempt(2, status=None, outcome="late"), kept=2)

    with store.read() as tx:
        assert tx.events(INSTITUTION, after=0, limit=9) == [an_event(1), an_event(2, facts="{}")]
        assert tx.events(INSTITUTION, after=1, limit=9) == [an_event(2, facts="{}")]
        assert tx.events(INSTITUTION, after=0, limit=1) == [an_event(1)]
        assert tx.webhook("w1") == tx.webhook_by_key(INSTITUTION, "k") == full
        assert tx.webhooks(INSTITUTION) == [full]
        assert (tx.webhook("x"), tx.webhook_by_key(INSTITUTION, "x"), tx.webhooks("x")) == (None, None, [])
        assert [one.no for one in tx.attempts("w1", limit=9)] == [2, 1]
        assert tx.attempts("w1", limit=1) == [an_attempt(2, status=None, outcome="late")]
    assert "sealed" not in repr(full)
    assert "older" not in repr(full)


def test_a_number_of_a_party_has_one_event(store: Store) -> None:
    """A second one is refused, and nothing of its transaction stays."""
    with store.write() as tx:
        tx.add_events([an_event(1)])
    with pytest.raises(AlreadyThere), store.write() as tx:
        tx.add_events([an_event(2), an_event(1, subject="s2")])

    with store.read() as tx:
        assert tx.events(INSTITUTION, after=0, limit=9) == [an_event(1)]


def test_old_events_are_forgotten_and_the_numbers_stay(store: Store) -> None:
    """Who comes later sees where the feed begins; the last number is told although the event is gone."""
    with store.write() as tx:
        for at in (NOW, LATER):
            tx.add_events([an_event(tx.next_number(f"events/{INSTITUTION}"), at=at)])

    with store.write() as tx:
        assert tx.forget_events(LATER) == 1

    with store.read() as tx:
        assert tx.oldest_event(INSTITUTION) == 2
        assert tx.oldest_event("x") is None
        assert tx.last_events([INSTITUTION, "x"]) == {INSTITUTION: 2}


def test_a_webhook_is_due_when_it_is_behind(store: Store) -> None:
    """Active, its time come, and an event of its party or of everybody that it has not been told of."""
    with store.write() as tx:
        tx.put_webhook(a_webhook())
        tx.put_webhook(a_webhook("w2", party="other"))
        tx.put_webhook(a_webhook("w3", state="paused"))
        tx.put_webhook(a_webhook("w4", next_at=LATER))
        assert tx.webhooks_due(NOW, limit=9) == []
        tx.next_number(f"events/{INSTITUTION}")
        assert [one.id for one in tx.webhooks_due(NOW, limit=9)] == ["w1"]
        assert [one.id for one in tx.webhooks_due(LATER, limit=9)] == ["w1", "w4"]
        assert [one.id for one in tx.webhooks_due(LATER, limit=1)] == ["w1"]
        tx.put_webhook(replace(a_webhook(), own_no=1))
        assert tx.webhooks_due(NOW, limit=9) == []
        tx.next_number(f"events/{EVERYBODY}")
        assert [one.id for one in tx.webhooks_due(NOW, limit=9)] == ["w1", "w2"]


def test_a_key_makes_one_webhook(store: Store) -> None:
    """The same key of another party is another key."""
    with store.write() as tx:
        tx.put_webhook(a_webhook(idempotency_key="k"))
        tx.put_webhook(a_webhook("w2", party="other", idempotency_key="k"))
    with pytest.raises(AlreadyThere), store.write() as tx:
        tx.put_webhook(a_webhook("w3", idempotency_key="k"))

    with store.write() as tx:
        tx.add_attempt(an_attempt(1), kept=1)
        tx.remove_webhook("w1")
        tx.remove_webhook("w1")
        assert (tx.webhook("w1"), tx.attempts("w1", limit=9)) == (None, [])


def test_only_the_last_attempts_are_kept(store: Store) -> None:
    """A webhook that fails for days fills nothing; a number is used once."""
    with store.write() as tx:
        for no in range(1, 6):
            tx.add_attempt(an_attempt(no), kept=3)
        assert [one.no for one in tx.attempts("w1", limit=9)] == [5, 4, 3]
    with pytest.raises(AlreadyThere), store.write() as tx:
        tx.add_attempt(an_attempt(5), kept=3)


def test_a_reader_never_finds_a_smaller_number_later(store: Store) -> None:
    """With writers beside it, a reader that follows by number sees every number, in order, without a gap."""
    many, writers = 20, 4

    def write(_: int) -> None:
        for _ in range(many):
            with store.write() as tx:
                tx.add_events([an_event(tx.next_number(f"events/{INSTITUTION}"))])

    with ThreadPoolExecutor(writers) as pool:
        done = [pool.submit(write, each) for each in range(writers)]
        seen: list[int] = []
        while len(seen) < many * writers:
            with store.read() as tx:
                seen += [one.no for one in tx.events(INSTITUTION, after=len(seen), limit=7)]
        for each in done:
            each.result()

    assert seen == list(range(1, many * writers + 1))
