"""The contract of ports.announcements, over every adapter: rows that only grow, and what holds at an instant."""

from datetime import timedelta
from typing import Any

import pytest
from some_rows import NOW

from seikyu.ports.announcements import Announcement, NewsQuery, Withdrawal
from seikyu.ports.errors import AlreadyThere, NotThere
from seikyu.ports.store import Store

HOUR = timedelta(hours=1)


def an_announcement(identity: str = "a1", **other: Any) -> Announcement:
    """Return an announcement to everybody."""
    given = {
        "published_at": NOW, "kind": "calendar", "importance": "important", "title_ja": "延長", "title_en": "Extended",
        "body_ja": "本文\n二行目", "body_en": "Text", "by": "operator/hanako",
    }  # fmt: skip
    return Announcement(**{"id": identity, **given, **other})


def ids(store: Store, **wanted: Any) -> list[str]:
    """Return what is found, in its order."""
    with store.read() as tx:
        return [each.id for each in tx.announcements(NewsQuery(**wanted))]


def test_an_announcement_comes_back_as_it_was_written(store: Store) -> None:
    """Every field, with and without an end, and the withdrawal with its reason."""
    bare = an_announcement()
    full = an_announcement("a2", until=NOW + HOUR, for_kinds=" institution ", for_bodies=" 1 2-13 ", corrects="a1")
    gone = Withdrawal("a2", NOW + HOUR, "operator", "誤り")

    with store.write() as tx:
        tx.add_announcement(bare)
        tx.add_announcement(full)
        tx.add_withdrawal(gone)

    with store.read() as tx:
        assert (bare, full, None) == (tx.announcement("a1"), tx.announcement("a2"), tx.announcement("a3"))
        assert [gone] == tx.withdrawals(["a1", "a2"])
        assert [full] == tx.announcement_corrections(["a1", "a2"])
        assert ([], []) == (tx.withdrawals([]), tx.announcement_corrections(["a2"]))


def test_pages_are_newest_first(store: Store) -> None:
    """From behind the last id of the page before."""
    with store.write() as tx:
        for number in range(5):
            tx.add_announcement(an_announcement(f"a{number}"))

    with store.read() as tx:
        assert ["a4", "a3"] == [each.id for each in tx.announcements(NewsQuery(), limit=2)]
        assert ["a2", "a1", "a0"] == [each.id for each in tx.announcements(NewsQuery(), after="a3")]


def test_what_holds_is_published_and_neither_over_withdrawn_nor_corrected(store: Store) -> None:
    """At that very instant: an end holds no more, a beginning does."""
    with store.write() as tx:
        tx.add_announcement(an_announcement("a1"))
        tx.add_announcement(an_announcement("a2", until=NOW + HOUR))
        tx.add_announcement(an_announcement("a3"))
        tx.add_announcement(an_announcement("a4", published_at=NOW + HOUR, corrects="a1"))
        tx.add_withdrawal(Withdrawal("a3", NOW + HOUR, "operator", "誤り"))

    assert [] == ids(store, at=NOW - HOUR)
    assert ["a3", "a2", "a1"] == ids(store, at=NOW)
    assert ["a4"] == ids(store, at=NOW + HOUR)
    assert ["a4", "a3", "a2", "a1"] == ids(store)


def test_what_is_for_others_only_is_left_out(store: Store) -> None:
    """By kind of party and by body; no body is found within the name of another."""
    with store.write() as tx:
        tx.add_announcement(an_announcement("a1"))
        tx.add_announcement(an_announcement("a2", for_kinds=" payer "))
        tx.add_announcement(an_announcement("a3", for_bodies=" 2-13 "))

    assert ["a3", "a2", "a1"] == ids(store)
    assert ["a3", "a1"] == ids(store, party_kind="institution")
    assert ["a2", "a1"] == ids(store, body="1")
    assert ["a3", "a2", "a1"] == ids(store, party_kind="payer", body="2-13")
    assert ["a2", "a1"] == ids(store, body="%")


def test_no_row_is_written_twice_or_into_nothing(store: Store) -> None:
    """Two corrections of one text would leave nobody knowing which holds."""
    with store.write() as tx:
        tx.add_announcement(an_announcement("a1"))
        tx.add_announcement(an_announcement("a2", corrects="a1"))
        tx.add_withdrawal(Withdrawal("a2", NOW, "operator", "誤り"))

    for again in (an_announcement("a1"), an_announcement("a3", corrects="a1")):
        with pytest.raises(AlreadyThere), store.write() as tx:
            tx.add_announcement(again)
    with pytest.raises(AlreadyThere), store.write() as tx:
        tx.add_withdrawal(Withdrawal("a2", NOW, "operator", "もう一度"))
    with pytest.raises(NotThere), store.write() as tx:
        tx.add_withdrawal(Withdrawal("none", NOW, "operator", "誤り"))
