"""The contract of the rows of accounts, over every adapter."""

from datetime import timedelta

import pytest
from some_rows import (
    INSTITUTION,
    NOW,
    PAYER,
    a_code,
    a_half_login,
    a_security_key,
    a_sending,
    an_acceptance,
    an_entry,
    everything,
    some_guesses,
)

from seikyu.adapters.vault import Argon2Vault
from seikyu.ports.errors import AlreadyThere
from seikyu.ports.store import Store

LATER = NOW + timedelta(minutes=1)


def test_accounts_come_back_as_they_were_put(store: Store) -> None:
    """Every field of every row survives, and putting again replaces; an acceptance stays the first."""
    with store.write() as tx:
        for no in (1, 2):
            more = {} if no == 1 else {"used_at": LATER, "user": "u1"}
            tx.put_registration_code(a_code(**more))
            tx.put_acceptance(an_acceptance(lang="ja" if no == 1 else "en"))
            tx.put_guesses(some_guesses(failed=no, locked_until=LATER if no == 2 else None))
            tx.put_security_key(a_security_key(sign_count=no, used_at=LATER if no == 2 else None))
            tx.put_half_login(a_half_login(challenge=str(no)))
    with store.read() as tx:
        assert a_code(used_at=LATER, user="u1") == tx.registration_code(INSTITUTION)
        assert [an_acceptance()] == tx.acceptances("u1")
        assert some_guesses(failed=2, locked_until=LATER) == tx.guesses("k1")
        key = a_security_key(sign_count=2, used_at=LATER)
        assert (key, [key]) == (tx.security_key("key1"), tx.security_keys("u1"))
        assert a_half_login(challenge="2") == tx.half_login("4a" * 32)


def test_nothing_of_others_is_found(store: Store) -> None:
    """Each by its own key; lists in their order; of codes the newest."""
    with store.write() as tx:
        for code in (a_code("c2", made_at=LATER), a_code("c1"), a_code("c3", party=PAYER, made_at=LATER)):
            tx.put_registration_code(code)
        for text in (
            an_acceptance(document="use", version="2"),
            an_acceptance(document="ca"),
            an_acceptance(user="u2"),
        ):
            tx.put_acceptance(text)
        for key in (a_security_key("b"), a_security_key("a"), a_security_key("c", user="u2")):
            tx.put_security_key(key)
    with store.read() as tx:
        assert a_code("c2", made_at=LATER) == tx.registration_code(INSTITUTION)
        assert [("ca", "2026-10-01"), ("use", "2")] == [(e.document, e.version) for e in tx.acceptances("u1")]
        assert ["a", "b"] == [each.id for each in tx.security_keys("u1")]
        assert [None] * 4 == [
            tx.registration_code("x"), tx.guesses("x"), tx.security_key("x"), tx.half_login("x")
        ]  # fmt: skip


def test_what_is_dropped_is_gone_and_nothing_else(store: Store) -> None:
    """One by its key, or all that is older than an instant."""
    with store.write() as tx:
        for no in range(3):
            at = NOW + no * timedelta(minutes=1)
            tx.put_guesses(some_guesses(str(no), failed_at=at))
            tx.put_half_login(a_half_login(str(no), until=at))
            tx.put_security_key(a_security_key(str(no)))
        tx.drop_guesses_before(LATER)
        tx.drop_half_logins_before(LATER)
        for drop in (tx.drop_guesses, tx.drop_half_login, tx.drop_security_key):
            drop("2")
            drop("not there")
    with store.read() as tx:
        assert [False, True, False] == [tx.guesses(str(no)) is not None for no in range(3)]
        assert [False, True, False] == [tx.half_login(str(no)) is not None for no in range(3)]
        assert ["0", "1"] == [each.id for each in tx.security_keys("u1")]


def test_a_write_that_fails_changes_no_account(store: Store) -> None:
    """All of a transaction or nothing."""
    with store.write() as tx:
        tx.put_guesses(some_guesses())
        tx.put_security_key(a_security_key())
        tx.add_entry(an_entry())
    with store.read() as tx:
        before = everything(tx)
    with pytest.raises(AlreadyThere), store.write() as tx:
        tx.drop_guesses("k1")
        tx.drop_security_key("key1")
        tx.put_half_login(a_half_login())
        tx.add_entry(an_entry())
    with store.read() as tx:
        assert before == everything(tx)


def test_a_sending_says_who_acted(store: Store) -> None:
    """By what mandate, and who decided; of who acts for themselves nothing."""
    by_agent = a_sending("s2", digest="d2", agent=PAYER, mandate="m1", decided_agent=PAYER)
    with store.write() as tx:
        tx.add_sending(a_sending(), [])
        tx.add_sending(by_agent, [])
    with store.read() as tx:
        assert by_agent == tx.sending("s2")
        first = tx.sending("s1")
    assert first
    assert (first.agent, first.mandate, first.decided_agent) == (None, None, None)


def test_a_keyed_digest_is_of_one_home() -> None:
    """The same text gives the same, another text or another key gives another; odd text is no error."""
    one, other = (Argon2Vault(key * 32, memory_kib=8, passes=1, lanes=1) for key in (b"a", b"b"))
    assert one.keyed("text") == one.keyed("text")
    assert len({one.keyed("text"), one.keyed("texts"), other.keyed("text"), one.keyed("\ud800")}) == 4
