"""ACME as decisions: names, states, proofs."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seikyu.trust.acme import (
    NameState,
    NotOrderable,
    OrderState,
    acme_rules,
    identifier_of,
    is_shown,
    key_authorization,
    name_state,
    order_state,
    ordered_hosts,
    plain,
    renewal_window,
)

NOW = datetime(2026, 11, 26, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
APPROVED = ("GW.example.jp", "www.example.jp", "192.0.2.7", "2001:DB8:0::7")


def dns(*names: str) -> list[dict[str, str]]:
    """Return identifiers."""
    return [{"type": "dns", "value": name} for name in names]


def test_names_of_the_notice_can_be_ordered() -> None:
    """In any letters, each once, addresses too."""
    asked = [*dns("gw.EXAMPLE.jp", "gw.example.jp"), {"type": "ip", "value": "2001:db8::7"}]
    assert ordered_hosts(asked, APPROVED) == ("gw.example.jp", "2001:db8::7")
    assert [identifier_of(plain(host)) for host in APPROVED[2:]] == [
        {"type": "ip", "value": "192.0.2.7"},
        {"type": "ip", "value": "2001:db8::7"},
    ]


@pytest.mark.parametrize(
    ("asked", "kind"),
    [
        (None, "malformed"), ([], "malformed"), ({}, "malformed"), (dns(*["gw.example.jp"] * 9), "malformed"), (["gw.example.jp"], "malformed"),
        ([{"type": "dns", "value": "192.0.2.7"}], "malformed"), ([{"type": "ip", "value": "gw.example.jp"}], "malformed"),
        ([{"type": "email", "value": "a@b"}], "unsupportedIdentifier"), ([{"value": "gw.example.jp"}], "unsupportedIdentifier"),
        ([{"type": [], "value": "gw.example.jp"}], "unsupportedIdentifier"),
        (dns("*.example.jp"), "rejectedIdentifier"), (dns("evil.example"), "rejectedIdentifier"), (dns("gw.example.jp."), "rejectedIdentifier"),
        (dns("gw.example.jp", "evil.example"), "rejectedIdentifier"), ([{"type": "dns", "value": 1}], "rejectedIdentifier"),
        (dns("gw.example.jp\n"), "rejectedIdentifier"), (dns("gw.example.jp/x"), "rejectedIdentifier"),
    ],
)  # fmt: skip
def test_nothing_else_can_be_ordered(asked: object, kind: str) -> None:
    """No wildcard, no name that was not approved, no other kind of name."""
    with pytest.raises(NotOrderable) as refused:
        ordered_hosts(asked, APPROVED)
    assert refused.value.kind == kind


def test_a_proof_is_exact_but_for_its_end() -> None:
    """Blanks and line ends behind it do not count; anything before it does."""
    right = key_authorization("token", "print").encode()
    assert is_shown(right, "token", "print")
    assert is_shown(right + b" \r\n\t", "token", "print")
    for wrong in (b"", b" " + right, right + b"x", b"token.other", right + b"\0"):
        assert not is_shown(wrong, "token", "print")


@given(states=st.lists(st.sampled_from(NameState), min_size=1, max_size=4), over=st.booleans())
def test_an_order_follows_its_names(*, states: list[NameState], over: bool) -> None:
    """Ready when all are proved, invalid when one cannot be any more or its time is over; and then it stays so."""
    found = order_state("pending", states, expires_at=LATER, now=LATER if over else NOW)
    lost = over or any(each not in {NameState.PENDING, NameState.VALID} for each in states)
    every = all(each is NameState.VALID for each in states)
    assert found is (OrderState.INVALID if lost else OrderState.READY if every else OrderState.PENDING)
    for final in (OrderState.VALID, OrderState.INVALID):
        assert order_state(final.value, states, expires_at=NOW, now=LATER) is final


def test_proofs_end_with_their_time() -> None:
    """Those that were given too; what failed or was given up stays that."""
    assert name_state("pending", LATER, NOW) is NameState.PENDING
    assert {name_state(state, NOW, NOW) for state in ("pending", "valid")} == {NameState.EXPIRED}
    assert name_state("invalid", NOW, LATER) is NameState.INVALID
    assert name_state("deactivated", NOW, LATER) is NameState.DEACTIVATED


def test_the_window_for_renewal_lies_before_the_end() -> None:
    """For a certificate of a year and for one of a day."""
    rules = acme_rules()
    year, day = timedelta(days=365), timedelta(days=1)
    begin, end = renewal_window(NOW, NOW + year, rules=rules)
    assert (begin, end - begin) == (NOW + year * 0.75, rules.renewal_window)
    begin, end = renewal_window(NOW, NOW + day, rules=rules)
    assert NOW < begin < end == NOW + day
