"""The contract of ports.operating, over every adapter: orders to undo, grants, arrivals by hour, sendings looked for."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from every_adapter import AnyStore
from some_rows import INSTITUTION, NOW, a_file, a_posting, a_sending
from test_sql import no_sort_no_scan

from seikyu.adapters.sql import SqlStore, open_store
from seikyu.ports.operating import Arrived, Grant, SendingQuery, UndoOrder

HOUR = NOW.replace(minute=0, second=0, microsecond=0)


def an_order(identity: str = "o1", **other: Any) -> UndoOrder:
    """Return a wish of an institution."""
    given = {"sending": "s1", "party": INSTITUTION, "body": "1", "month": "202609", "reason": "誤り", "state": "asked"}
    return UndoOrder(**{"id": identity, "asked_at": NOW, **given, **other})


def a_grant(identity: str = "g1", **other: Any) -> Grant:
    """Return a grant that waits."""
    given = {"sending": "s1", "party": INSTITUTION, "claim": "1-2", "reason": "照会", "hours": 2, "state": "waiting"}
    return Grant(**{"id": identity, "asked_at": NOW, "asked_by": "user:1/hanako", **given, **other})


def test_an_order_is_replaced_whole(store: AnyStore) -> None:
    """What was written is read back, by id, by sending and by state, newest first, page by page."""
    decided = an_order("o2", sending="s2", state="approved", ordered_at=NOW, ordered_by="a", decided_at=NOW,
                       decided_by="b", asked_by="x", answer="y")  # fmt: skip
    with store.write() as tx:
        for order in (an_order("o1"), an_order("o2"), an_order("o3")):
            tx.put_undo_order(order)
        tx.put_undo_order(decided)

    with store.read() as tx:
        assert tx.undo_order("o2") == decided
        assert tx.undo_order("nothing") is None
        assert [each.id for each in tx.undo_orders()] == ["o3", "o2", "o1"]
        assert [each.id for each in tx.undo_orders(sending="s1")] == ["o3", "o1"]
        assert [each.id for each in tx.undo_orders(state="approved")] == ["o2"]
        assert [each.id for each in tx.undo_orders(after="o3", limit=1)] == ["o2"]


def test_a_grant_is_replaced_whole(store: AnyStore) -> None:
    """As an order is."""
    given = a_grant("g2", state="given", until=NOW + timedelta(hours=2), decided_at=NOW, decided_by="b", ended_at=NOW)
    with store.write() as tx:
        tx.put_grant(a_grant("g1", sending="s2"))
        tx.put_grant(a_grant("g2"))
        tx.put_grant(given)

    with store.read() as tx:
        assert tx.grant("g2") == given
        assert tx.grant("nothing") is None
        assert [each.id for each in tx.grants()] == ["g2", "g1"]
        assert [each.id for each in tx.grants(sending="s2")] == ["g1"]
        assert [each.id for each in tx.grants(after="g2", limit=5)] == ["g1"]


def test_arrivals_are_counted_by_hour(store: AnyStore) -> None:
    """Each hour with its prefecture, kind, line and state; from the first instant on and before the last."""
    with store.write() as tx:
        for no, (party, kind, at, claims) in enumerate(
            [
                (INSTITUTION, "medical", NOW, 3),
                (INSTITUTION, "medical", NOW + timedelta(minutes=1), None),
                ("1311000015", None, NOW.astimezone(ZoneInfo("UTC")), 2),
                (INSTITUTION, "medical", NOW + timedelta(hours=1), 5),
                (INSTITUTION, "medical", NOW + timedelta(hours=2), 7),
                (INSTITUTION, "medical", NOW - timedelta(microseconds=1), 7),
            ]
        ):
            sending = a_sending(f"s{no}", party=party, kind=kind, received_at=at, claims=claims, digest=f"d{no}")
            tx.add_sending(sending, [])

    with store.read() as tx:
        found = tx.arrived(NOW, NOW + timedelta(hours=2))

    assert found == [
        Arrived(HOUR, "13", None, "real", "checking", 1, 2),
        Arrived(HOUR, "99", "medical", "real", "checking", 2, 3),
        Arrived(HOUR + timedelta(hours=1), "99", "medical", "real", "checking", 1, 5),
    ]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, ["s3", "s2", "s1"]),
        ({"party": INSTITUTION}, ["s2", "s1"]),
        ({"prefecture": "13"}, ["s3"]),
        ({"kind": "dental"}, ["s2"]),
        ({"state": "checking"}, ["s3", "s1"]),
        ({"month": "202608"}, ["s3"]),
        ({"line": "test"}, ["s1"]),
        ({"body": "1"}, ["s3"]),
        ({"prefecture": "99", "line": "test", "kind": "medical"}, ["s1"]),
        ({"prefecture": "99", "month": "202608"}, []),
    ],
)
def test_sendings_are_found_by_all_that_is_asked(store: AnyStore, asked: dict[str, Any], expected: list[str]) -> None:
    """Newest first, page by page."""
    with store.write() as tx:
        tx.add_sending(a_sending("s1", line="test", digest="1"), [])
        tx.add_sending(a_sending("s2", kind="dental", state="confirmed", digest="2"), [])
        tx.add_sending(a_sending("s3", party="1311000015", month="202608", body="1", digest="3"), [])

    with store.read() as tx:
        wanted = SendingQuery(**asked)
        assert [each.id for each in tx.sendings_found(wanted)] == expected
        paged = [each.id for each in tx.sendings_found(wanted, limit=1)]
        if paged:
            paged += [each.id for each in tx.sendings_found(wanted, after=paged[-1])]
        assert paged == expected


def test_files_and_postings_are_found_by_what_they_are_about(store: AnyStore) -> None:
    """Files by what the check said of them, postings by their files, in the order of posting."""
    with store.write() as tx:
        tx.add_sending(a_sending("s1", digest="1"), [a_file("f1", summary="x"), a_file("f2", no=2, summary="y")])
        old = a_sending("s2", digest="2", received_at=NOW - timedelta(days=1))
        tx.add_sending(old, [a_file("f3", sending="s2", summary="x")])
        tx.add_postings([a_posting("p2", file="f2"), a_posting("p1", file="f1"), a_posting("p3", file="f2")])

    with store.read() as tx:
        assert tx.files_with_summary("x", NOW) == [("f1", "s1")]
        assert tx.files_with_summary("x", NOW - timedelta(days=2)) == [("f1", "s1"), ("f3", "s2")]
        assert [each.id for each in tx.postings_of_files(["f2"])] == ["p2", "p3"]
        assert tx.postings_of_files(["f3"]) == []


def test_what_was_undone_is_no_repeat(store: AnyStore) -> None:
    """The same bytes are a new try."""
    with store.write() as tx:
        tx.add_sending(a_sending(state="undone"), [a_file()])

    with store.read() as tx:
        assert tx.repeat_of(INSTITUTION, "d1") is None
        assert not tx.has_sent(INSTITUTION, "ab" * 32)


@pytest.fixture
def sql(tmp_path: Path) -> Iterator[SqlStore]:
    """Return an empty store on a disk."""
    store = open_store(tmp_path / "o.sqlite")
    yield store
    store.close()


@pytest.mark.parametrize(
    "ask",
    [
        lambda tx: tx.undo_orders(sending="s1", limit=5),
        lambda tx: tx.undo_orders(state="waiting", limit=5),
        lambda tx: tx.undo_orders(after="o", limit=5),
        lambda tx: tx.grants(sending="s1"),
        lambda tx: tx.grants(after="g", limit=5),
        lambda tx: tx.postings_of_files(["f1"]),
        lambda tx: tx.sendings_found(SendingQuery(party=INSTITUTION), limit=5),
    ],
)
def test_every_list_goes_through_an_index(sql: SqlStore, ask: Any) -> None:
    """However many rows there are."""
    no_sort_no_scan(sql, ask)
