"""The contract of ports.acme's rows, over every adapter."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from some_rows import INSTITUTION, NOW

from seikyu.ports.acme import AcmeAccount, AcmeName, AcmeOrder, hosts_of
from seikyu.ports.errors import AlreadyThere
from seikyu.ports.store import Store

LATER = NOW + timedelta(minutes=1)


def an_account(identity: str = "a1", **other: Any) -> AcmeAccount:
    """Return an account."""
    given = {"notice": "n1", "party": INSTITUTION, "thumbprint": identity, "jwk": "{}", "contact": "[]"}
    return AcmeAccount(**{"id": identity, "state": "valid", "opened_at": NOW, "binding_of": NOW, **given, **other})


def an_order(identity: str = "o1", **other: Any) -> AcmeOrder:
    """Return an order."""
    given = {"account": "a1", "hosts": "gw.example.jp 192.0.2.7", "state": "pending"}
    return AcmeOrder(**{"id": identity, "ordered_at": NOW, "expires_at": LATER, **given, **other})


def a_name(identity: str = "h1", **other: Any) -> AcmeName:
    """Return an authorization that waits."""
    given = {"order": "o1", "account": "a1", "host": "gw.example.jp", "token": "t", "state": "pending"}
    return AcmeName(**{"id": identity, "expires_at": LATER, **given, **other})


def test_rows_of_acme_come_back_as_they_were_put(store: Store) -> None:
    """Every field of every row survives, and putting again replaces."""
    first = (an_account(), an_order(), a_name())
    full = (
        an_account(state="revoked", thumbprint="other", jwk='{"kty":"EC"}', contact='["mailto:a@b"]', ended_at=LATER),
        an_order(state="valid", serial="1f"),
        a_name(state="invalid", validated_at=NOW, failed_at=LATER, failure="dns", failed_what="no address"),
    )
    for account, order, name in (first, full):
        with store.write() as tx:
            tx.put_acme_account(account)
            tx.put_acme_order(order)
            tx.put_acme_name(name)
        with store.read() as tx:
            assert (tx.acme_account("a1"), tx.acme_order("o1"), tx.acme_name("h1")) == (account, order, name)
    with store.read() as tx:
        assert (tx.acme_account("x"), tx.acme_order("x"), tx.acme_name("x")) == (None, None, None)
        assert tx.acme_account_by_key("other") == full[0]
        assert tx.acme_account_by_key("a1") is None
    assert list(hosts_of(full[1])) == ["gw.example.jp", "192.0.2.7"]
    assert "kty" not in repr(full[0])
    assert "mailto" not in repr(full[0])


def test_a_key_has_one_account(store: Store) -> None:
    """A second one is refused, and nothing of its transaction stays."""
    with store.write() as tx:
        tx.put_acme_account(an_account())
    with pytest.raises(AlreadyThere), store.write() as tx:
        tx.put_acme_order(an_order())
        tx.put_acme_account(an_account("a2", thumbprint="a1"))
    with store.read() as tx:
        assert tx.acme_order("o1") is None
        assert tx.acme_accounts_of("n1") == [an_account()]


def test_rows_of_acme_are_found_by_whom_they_belong_to(store: Store) -> None:
    """Accounts of a notice, orders of an account (newest first, in pages), authorizations of an order."""
    accounts = [an_account("a2"), an_account("a1", opened_at=LATER), an_account("a3", notice="n2")]
    with store.write() as tx:
        for account in accounts:
            tx.put_acme_account(account)
        for no in range(1, 5):
            tx.put_acme_order(an_order(f"o{no}"))
        tx.put_acme_order(an_order("o5", account="a2"))
        for name in (a_name("h2"), a_name("h1"), a_name("h3", order="o2")):
            tx.put_acme_name(name)
    with store.read() as tx:
        assert tx.acme_accounts_of("n1") == accounts[:2]
        assert [each.id for each in tx.acme_orders("a1")] == ["o4", "o3", "o2", "o1"]
        assert [each.id for each in tx.acme_orders("a1", after="o4", limit=2)] == ["o3", "o2"]
        assert [each.id for each in tx.acme_names("o1")] == ["h1", "h2"]
        assert tx.acme_names("o9") == []


def test_tries_of_an_account_are_counted(store: Store) -> None:
    """Orders and failures since a time, the moment itself included; others' do not count."""
    with store.write() as tx:
        tx.put_acme_order(an_order("o1"))
        tx.put_acme_order(an_order("o2", ordered_at=LATER))
        tx.put_acme_order(an_order("o3", ordered_at=LATER, account="a2"))
        tx.put_acme_name(a_name("h1"))
        tx.put_acme_name(a_name("h2", failed_at=NOW, state="invalid"))
        tx.put_acme_name(a_name("h3", failed_at=LATER, state="invalid"))
        tx.put_acme_name(a_name("h4", failed_at=LATER, state="invalid", account="a2"))
    with store.read() as tx:
        assert [tx.acme_orders_since("a1", at) for at in (NOW, LATER, LATER + timedelta(seconds=1))] == [2, 1, 0]
        assert [tx.acme_failures_since("a1", at) for at in (NOW, LATER, LATER + timedelta(seconds=1))] == [2, 1, 0]


def test_old_orders_are_forgotten_with_their_names(store: Store) -> None:
    """What ended at that moment or later stays."""
    with store.write() as tx:
        tx.put_acme_order(an_order("o1", expires_at=NOW))
        tx.put_acme_order(an_order("o2"))
        tx.put_acme_name(a_name("h1"))
        tx.put_acme_name(replace(a_name("h2"), order="o2"))
        assert tx.forget_acme_orders(NOW) == 0
        assert tx.forget_acme_orders(LATER) == 1
    with store.read() as tx:
        assert (tx.acme_order("o1"), tx.acme_name("h1")) == (None, None)
        assert tx.acme_order("o2") is not None
        assert tx.acme_name("h2") is not None
