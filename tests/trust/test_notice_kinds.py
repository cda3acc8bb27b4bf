"""Notices: what each kind asks for, where a notice may stand, and what an approval changes."""

from datetime import date, datetime
from itertools import product

import pytest

from seikyu.trust.notices import (
    JAPAN,
    OPEN,
    TRANSITIONS,
    Act,
    NoticeOver,
    State,
    approvable_on,
    connections,
    day_of,
    effect,
    fields,
    kinds,
    read,
    step,
)

WHO = {"effective_on": "2026-10-01", "contact": "事務 見本", "phone": "03-0000-0000"}
IPV6 = {**WHO, "connection": "ipvpn_ipv6", "customer_id": "CAF0000000001"}


@pytest.mark.parametrize(("state", "act"), list(product(State, Act)))
def test_every_pair_of_state_and_act(state: State, act: Act) -> None:
    """An answer is given once; the same act again changes nothing."""
    reached = {Act.SEE: State.SEEN, Act.APPROVE: State.APPROVED, Act.SEND_BACK: State.SENT_BACK}[act]
    if (state, act) in TRANSITIONS or state is reached:
        assert step(state, act) is reached
        return
    with pytest.raises(NoticeOver):
        step(state, act)


def test_an_answer_is_final() -> None:
    """No row of the table begins where a notice has had its answer."""
    assert {state for state, _ in TRANSITIONS} == set(OPEN)


@pytest.mark.parametrize(
    ("kind", "said", "registered"),
    [
        ("start", IPV6, ""),
        ("start", {**WHO, "connection": "ipvpn_ipv4"}, ""),
        ("start", {**WHO, "connection": "isdn", "dial_number": "0300000000", "remarks": "無し"}, ""),
        ("change_line", IPV6, "ipvpn_ipv6"),
        ("change_line", IPV6, ""),
        ("change_connection", IPV6, "ipvpn_ipv4"),
        ("change_connection", {**WHO, "connection": "ipsec_ike", "provider": "見本"}, "ipvpn_ipv6"),
        ("change_address", {**WHO, "address": "見本市1-2-3", "cause": "移転"}, ""),
        ("stop", {**WHO, "cause": "廃院"}, "isdn"),
    ],
)
def test_a_notice_that_says_what_is_asked_may_be_kept(kind: str, said: dict[str, str], registered: str) -> None:
    """In the order of the form, blanks at the ends gone."""
    blanks = {name: f" {text} " for name, text in said.items()}

    filing = read(kind, {"remarks": " "} | blanks, registered=registered)

    assert filing.wrong == ()
    assert [name for name in fields() if name in said] == list(filing.fields)
    assert said == filing.fields


@pytest.mark.parametrize(
    ("kind", "said", "registered", "wrong"),
    [
        ("start", {}, "", [(name, "missing") for name in ("effective_on", "connection", "contact", "phone")]),
        ("start", {**WHO, "connection": "ipvpn_ipv6"}, "", [("customer_id", "missing")]),
        ("start", {**WHO, "connection": "isdn"}, "", [("dial_number", "missing")]),
        ("start", {**WHO, "connection": "ipsec_ike"}, "", [("provider", "missing")]),
        ("start", {**WHO, "connection": "radio"}, "", [("connection", "bad_choice")]),
        ("start", {**IPV6, "dial_number": "0300000000"}, "", [("dial_number", "not_asked")]),
        ("stop", {**IPV6, "cause": "x"}, "", [("connection", "not_asked"), ("customer_id", "not_asked")]),
        ("stop", {**WHO, "cause": "x", "odd": "y"}, "", [("odd", "not_asked")]),
        ("stop", {**WHO, "cause": "a\nb"}, "", [("cause", "bad_text")]),
        ("stop", {**WHO, "cause": "x" * 201}, "", [("cause", "bad_text")]),
        ("stop", {**WHO, "cause": "x", "phone": "call me"}, "", [("phone", "bad_form")]),
        ("stop", {**WHO, "cause": "x", "effective_on": "2026-02-30"}, "", [("effective_on", "bad_date")]),
        ("stop", {**WHO, "cause": "x", "effective_on": "2026/10/1"}, "", [("effective_on", "bad_date")]),
        ("change_line", IPV6, "ipvpn_ipv4", [("connection", "other_connection")]),
        ("change_connection", IPV6, "ipvpn_ipv6", [("connection", "same_connection")]),
    ],
)
def test_what_is_missing_or_wrong_is_named(
    kind: str, said: dict[str, str], registered: str, wrong: list[tuple[str, str]]
) -> None:
    """Every item of it, each with why."""
    assert wrong == [(each.field, each.why) for each in read(kind, said, registered=registered).wrong]


def test_an_approval_changes_what_the_notice_is_about() -> None:
    """And nothing else of the register."""
    stop = effect("stop", {**WHO, "cause": "x"})
    isdn = {**WHO, "connection": "isdn", "dial_number": "0300000000"}

    assert {"connection": "ipvpn_ipv6", "connection_id": "CAF0000000001"} == effect("change_connection", IPV6)
    assert {"connection": "isdn", "connection_id": "0300000000"} == effect("start", isdn)
    assert {"connection": "ipvpn_ipv4", "connection_id": ""} == effect("start", {**WHO, "connection": "ipvpn_ipv4"})
    assert {"address": "見本市"} == effect("change_address", {**WHO, "address": "見本市"})
    assert {"until": datetime(2026, 10, 2, tzinfo=JAPAN)} == stop


def test_what_changes_at_once_is_not_approved_before_its_day() -> None:
    """A start and a stop change nothing before their day, so they may be."""
    days = {kind: approvable_on(kind, WHO) for kind in kinds()}

    first = date(2026, 10, 1)
    assert days == {
        "start": None, "change_line": first, "change_connection": first, "change_address": first, "stop": None,
    }  # fmt: skip


def test_every_row_of_the_data_speaks_of_items_that_exist() -> None:
    """A slip in the data would ask for an item that nobody can give."""
    named = {name for row in (*kinds().values(), *connections().values()) for name in (*row.needs, *row.may)}

    assert named == fields().keys()
    assert {name for row in kinds().values() for name in row.sets} == {"connection", "address", "until"}


@pytest.mark.parametrize("text", ["", "2026-9/30", "26-09-30", "2026-13-01", "２０２６-09-30", "1926-01-01"])
def test_what_is_no_day(text: str) -> None:
    """One separator, ASCII digits, this century."""
    assert day_of(text) is None
