"""Undoing a confirmation: who asks, who orders, who approves, what it does to claims and ledger, and who wins a race."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from builders import claim, uke
from seikyu.ports.errors import NotFound, SeikyuError
from seikyu.ports.store import Sending
from seikyu.rules.index import Outcome, Reason
from seikyu.services import close, decide, events, undo
from seikyu.services.errors import (
    AlreadyDecided,
    MonthClosing,
    NothingToUndo,
    OtherPersonNeeded,
    ReasonNeeded,
    WishDecided,
    WishLapsed,
)
from seikyu.services.indexes import rows_of
from seikyu.trust.people import NotPermitted
from services.office_lab import (
    BODY,
    CLOSING,
    CORRECTIONS,
    MIDNIGHT,
    MONTH,
    OTHER_INSTITUTION,
    Lab,
    institution,
    later,
)
from services.staff_lab import FIRST, SECOND, staff, terminal

WHY = "件数の誤りがあるため"
#: A claim in order, one that asks, one that is refused.
DATA = uke(claim(1), claim(2, insurer="06990015"), claim(3, birth_date="19800231"))


def confirmed(lab: Lab, errors: str = "without") -> Sending:
    """Return a confirmed sending."""
    return lab.confirm(lab.send_and_check(DATA), errors)


def undone(lab: Lab, sending: Sending) -> Sending:
    """Undo a confirmation as two people."""
    order = undo.order_undo(lab.office, FIRST, sending.id, WHY)
    undo.approve_undo(lab.office, SECOND, order.id)
    return lab.sending(sending.id)


def test_two_people_undo_what_an_institution_asked_for(lab: Lab) -> None:
    """Asked, ordered, approved: claims end unclaimed with the reason, the ledger is back at nothing, events are told."""
    sending = confirmed(lab)
    old = lab.files(sending.id)[0].index_object
    wish = undo.ask_undo(lab.office, institution(), sending.id, f"  {WHY}\n")
    assert (wish.state, wish.reason, wish.asked_by) == ("asked", WHY, sending.party)

    order = undo.order_undo(lab.office, FIRST, sending.id, "電話でも確認した")
    assert (order.id, order.state, order.reason) == (wish.id, "waiting", WHY)
    done = undo.approve_undo(lab.office, SECOND, order.id)

    now = lab.sending(sending.id)
    assert (done.state, now.state) == ("approved", "undone")
    assert (now.claimed, now.unclaimed, now.confirm_no) == (0, 3, sending.confirm_no)
    (file,) = lab.files(sending.id)
    rows = list(rows_of(lab.office.objects, file.index_object))
    assert [row.outcome for row in rows] == [Outcome.UNCLAIMED] * 3
    assert [row.reason for row in rows] == [Reason.UNDONE, Reason.ASKED, Reason.REFUSED_CLAIM]
    assert not lab.balance().total.claimed
    assert lab.balance().balanced
    assert old not in lab.names()
    assert not lab.orphans()
    assert not lab.missing()
    with lab.office.store.read() as tx:
        told = [each.what for each in tx.events(sending.party, after=0, limit=99)]
        acts = [entry.act for entry in tx.entries(subject=sending.id)]
    assert told[-2:] == [events.What.SENDING_UNDO_ASKED, events.What.SENDING_UNDONE]
    assert acts == ["order_undo", "approve_undo"]


def test_what_was_undone_is_sent_again(lab: Lab) -> None:
    """The same bytes are a new sending, not a repeat, and what they claim is closed and delivered once."""
    first = undone(lab, confirmed(lab))

    second = lab.send(DATA)
    assert not second.repeat
    lab.work()
    lab.confirm(lab.sending(second.sending.id), "without")
    lab.clock.at = CLOSING
    lab.close()

    assert lab.sending(first.id).state == "undone"
    assert lab.sending(second.sending.id).state == "handed_over"
    assert lab.balance().balanced
    assert lab.balance().total.delivered.claims == 1


def test_in_the_correction_window_what_was_undone_is_a_correction(lab: Lab) -> None:
    """A confirmation undone on the 11th can be sent right until the closing, though it came back without errors."""
    sending = lab.confirm(lab.send_and_check(uke(claim(1))), "with")
    lab.clock.at = CORRECTIONS
    undone(lab, sending)

    again = lab.send_and_check(uke(claim(1)))

    assert (again.state, again.refused) == ("to_decide", 0)
    assert lab.confirm(again).claimed == 1


def test_an_automatic_confirmation_is_undone_too(lab: Lab) -> None:
    """What the calendar confirmed is no less a confirmation."""
    sending = lab.send_and_check(DATA)
    lab.clock.at = MIDNIGHT
    decide.decide_overdue(lab.office)
    assert lab.sending(sending.id).state == "confirmed_automatically"

    assert undone(lab, sending).state == "undone"
    assert not lab.balance().total.claimed


def test_on_the_test_line_nothing_was_posted_and_nothing_is(lab: Lab) -> None:
    """A test confirmation has no legal effect; undoing it is practice."""
    sending = lab.confirm(lab.send_and_check(DATA, line="test"))

    assert undone(lab, sending).state == "undone"
    assert not lab.balance().payers


@pytest.mark.parametrize("state", ["checking", "to_decide", "cancelled", "handed_over", "undone"])
def test_only_a_confirmation_before_the_closing_is_undone(lab: Lab, state: str) -> None:
    """Whoever asks or orders is told the state; nothing is kept."""
    sending = lab.send(DATA).sending
    if state != "checking":
        lab.work()
    if state == "cancelled":
        decide.cancel(lab.office, institution(), sending.id)
    if state in {"handed_over", "undone"}:
        lab.confirm(lab.sending(sending.id))
    if state == "handed_over":
        lab.clock.at = CLOSING
        lab.close()
    if state == "undone":
        undone(lab, sending)
    kept = undo.list_undo_orders(lab.office)

    for ask in (
        lambda: undo.ask_undo(lab.office, institution(), sending.id, WHY),
        lambda: undo.order_undo(lab.office, FIRST, sending.id, WHY),
    ):
        with pytest.raises(NothingToUndo) as caught:
            ask()
        assert caught.value.facts["state"] == state
    assert undo.list_undo_orders(lab.office) == kept
    assert not undo.may_be_undone(lab.office, sending.id)


def test_nobody_decides_alone(lab: Lab) -> None:
    """The same person, somebody newer than the order, or one known in the other way may not approve."""
    sending = confirmed(lab)
    order = undo.order_undo(lab.office, FIRST, sending.id, WHY)

    for other, why in (
        (staff("one", "approver"), "same_person"),
        (staff("new", "approver", since=order.ordered_at or order.asked_at), "too_new"),
        (terminal(), "other_way"),
    ):
        with pytest.raises(OtherPersonNeeded) as caught:
            undo.approve_undo(lab.office, other, order.id)
        assert caught.value.words_code == f"other_person_needed.{why}"
    with pytest.raises(NotPermitted):
        undo.approve_undo(lab.office, staff("three", "operator"), order.id)
    with pytest.raises(NotPermitted):
        undo.order_undo(lab.office, SECOND, sending.id, WHY)
    assert lab.sending(sending.id) == sending


def test_a_wish_alone_is_not_approved(lab: Lab) -> None:
    """Before somebody of the office has ordered it there is nothing to approve; it may be turned down."""
    sending = confirmed(lab)
    wish = undo.ask_undo(lab.office, institution(), sending.id, WHY)

    with pytest.raises(WishDecided):
        undo.approve_undo(lab.office, SECOND, wish.id)
    denied = undo.deny_undo(lab.office, FIRST, wish.id, "電話で確認してください")

    assert undo.deny_undo(lab.office, FIRST, wish.id, "同じ") == denied
    assert [each.answer for each in undo.undo_requests(lab.office, institution(), sending.id)] == [denied.answer]
    with pytest.raises(WishDecided):
        undo.deny_undo(lab.office, staff("three"), wish.id, "もう一度")
    assert undo.ask_undo(lab.office, institution(), sending.id, WHY).id != wish.id


def test_saying_it_again_changes_nothing(lab: Lab) -> None:
    """Asked, ordered and approved twice: one order, one reversal."""
    sending = confirmed(lab)
    assert undo.ask_undo(lab.office, institution(), sending.id, WHY) == undo.ask_undo(
        lab.office, institution(), sending.id, "ほかの理由"
    )
    order = undo.order_undo(lab.office, FIRST, sending.id, WHY)
    assert order == undo.order_undo(lab.office, staff("three"), sending.id, WHY)

    done = undo.approve_undo(lab.office, SECOND, order.id)

    assert undo.approve_undo(lab.office, SECOND, order.id) == done
    with pytest.raises(WishDecided):
        undo.approve_undo(lab.office, staff("four", "approver"), order.id)
    assert not lab.balance().total.claimed


def test_an_order_lapses(lab: Lab) -> None:
    """After a weekend and a day nobody approves it any more; a wish of the institution does not lapse."""
    sending = confirmed(lab)
    wish = undo.ask_undo(lab.office, institution(), sending.id, WHY)
    later(lab, hours=100)
    assert undo.show_undo_order(lab.office, wish.id).state == "asked"
    order = undo.order_undo(lab.office, FIRST, sending.id, WHY)
    later(lab, hours=72, seconds=-1)
    assert undo.show_undo_order(lab.office, order.id).state == "waiting"
    later(lab, seconds=1)

    with pytest.raises(WishLapsed):
        undo.approve_undo(lab.office, SECOND, order.id)
    assert [each.id for each in undo.list_undo_orders(lab.office, state="lapsed")] == [order.id]
    assert undo.list_undo_orders(lab.office, state="waiting") == []


@pytest.mark.parametrize("reason", ["", "   ", "あ", "x" * 501, "a\x00bcd"])
def test_a_reason_says_something(lab: Lab, reason: str) -> None:
    """Neither nothing nor a letter."""
    sending = confirmed(lab)

    with pytest.raises(ReasonNeeded):
        undo.ask_undo(lab.office, institution(), sending.id, reason)
    with pytest.raises(ReasonNeeded):
        undo.order_undo(lab.office, FIRST, sending.id, reason)


def test_what_belongs_to_others_is_not_there(lab: Lab) -> None:
    """Another institution neither asks nor reads; ids that are none are none."""
    sending = confirmed(lab)
    undo.ask_undo(lab.office, institution(), sending.id, WHY)
    asks: list[Callable[[], object]] = [
        lambda: undo.ask_undo(lab.office, institution(OTHER_INSTITUTION), sending.id, WHY),
        lambda: undo.undo_requests(lab.office, institution(OTHER_INSTITUTION), sending.id),
        lambda: undo.ask_undo(lab.office, institution(), "0" * 26, WHY),
        lambda: undo.order_undo(lab.office, FIRST, "0" * 26, WHY),
        lambda: undo.approve_undo(lab.office, SECOND, "0" * 26),
        lambda: undo.show_undo_order(lab.office, "0" * 26),
    ]
    for ask in asks:
        with pytest.raises(NotFound):
            ask()
    assert not undo.may_be_undone(lab.office, "0" * 26)


# --- races and kills ---


def test_a_month_that_is_closing_takes_no_undoing(lab: Lab) -> None:
    """Once the closing is ordered the order waits in vain; what the closing took is delivered."""
    sending = confirmed(lab)
    lab.clock.at = CLOSING
    order = undo.order_undo(lab.office, FIRST, sending.id, WHY)
    close.request_close(lab.office, BODY, MONTH)

    with pytest.raises(MonthClosing):
        undo.approve_undo(lab.office, SECOND, order.id)
    lab.work()

    assert lab.sending(sending.id).state == "handed_over"
    assert lab.balance().balanced
    assert not lab.orphans()
    with pytest.raises(NothingToUndo):
        undo.approve_undo(lab.office, SECOND, order.id)


def test_the_transaction_decides_between_undoing_and_closing(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """A closing that is ordered between an undoing's look and its transaction wins, and leaves no byte of the loser."""
    sending = confirmed(lab)
    lab.clock.at = CLOSING
    order = undo.order_undo(lab.office, FIRST, sending.id, WHY)
    names = set(lab.names())
    real = undo._undo_file

    def slow(*args: Any, **rest: Any) -> Any:
        made = real(*args, **rest)
        close.request_close(lab.office, BODY, MONTH)
        return made

    monkeypatch.setattr(undo, "_undo_file", slow)
    with pytest.raises(MonthClosing):
        undo.approve_undo(lab.office, SECOND, order.id)
    assert names == set(lab.names())
    lab.work()
    assert lab.sending(sending.id).state == "handed_over"
    assert lab.balance().balanced


def test_an_undoing_that_came_first_is_not_in_the_closing(lab: Lab) -> None:
    """The closing that follows takes the rest, and balances."""
    first = confirmed(lab)
    second = lab.confirm(lab.send_and_check(uke(claim(1), institution="0112359"), party=OTHER_INSTITUTION))
    undone(lab, first)
    lab.clock.at = CLOSING
    lab.close()

    assert (lab.sending(first.id).state, lab.sending(second.id).state) == ("undone", "handed_over")
    assert lab.balance().total.delivered.claims == 1
    assert lab.balance().balanced


def test_an_undone_sending_is_not_decided_again(lab: Lab) -> None:
    """Neither its institution nor the calendar confirms it; it was said no to for good."""
    sending = undone(lab, confirmed(lab))

    with pytest.raises(AlreadyDecided):
        lab.confirm(sending)
    lab.clock.at = CLOSING + timedelta(days=1)
    assert decide.decide_overdue(lab.office) == []
    assert lab.sending(sending.id).state == "undone"


def test_a_fault_anywhere_leaves_all_or_nothing(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """A transaction that cannot commit leaves the confirmation, the ledger and the objects as they were."""
    sending = confirmed(lab)
    order = undo.order_undo(lab.office, FIRST, sending.id, WHY)
    names, balance = set(lab.names()), lab.balance()

    def fails(*_: object, **__: object) -> None:
        raise SeikyuError("the test pulled the plug")

    monkeypatch.setattr(undo, "journal", fails)
    with pytest.raises(SeikyuError):
        undo.approve_undo(lab.office, SECOND, order.id)
    monkeypatch.undo()

    assert lab.sending(sending.id) == sending
    assert (names, balance) == (set(lab.names()), lab.balance())
    assert undo.approve_undo(lab.office, SECOND, order.id).state == "approved"
