"""The last word: who may say it, when, once, and what it does to claims and ledger."""

from dataclasses import replace
from datetime import datetime

import pytest

from builders import claim, uke
from seikyu.office.calendar import JST
from seikyu.office.errors import Closed
from seikyu.office.outcome import policy
from seikyu.ports.errors import BadRequest, Forbidden, NotFound
from seikyu.rules.index import Outcome, Reason
from seikyu.services import decide
from seikyu.services.errors import AlreadyDecided, StillChecking
from seikyu.services.indexes import rows_of
from services.office_lab import (
    CLOSING,
    CORRECTIONS,
    LAST_MINUTE,
    MIDNIGHT,
    OTHER_INSTITUTION,
    PAYERS,
    Lab,
    institution,
    later,
    payer,
)

#: A claim in order, one that asks, one that is refused.
DATA = uke(claim(1), claim(2, insurer="06990015"), claim(3, birth_date="19800231"))


@pytest.mark.parametrize(("errors", "claimed"), [("with", 2), ("without", 1)])
def test_a_confirmation_decides_every_claim(lab: Lab, errors: str, claimed: int) -> None:
    """What asks follows the institution's choice, what is refused stays unclaimed; ledger and numbers follow."""
    sending = lab.send_and_check(DATA)
    assert (sending.claims, sending.refused, sending.ask) == (3, 1, 1)
    old = lab.files(sending.id)[0].index_object

    confirmed = lab.confirm(sending, errors)

    assert confirmed == lab.sending(sending.id)
    assert (confirmed.state, confirmed.decision) == ("confirmed", errors)
    assert (confirmed.claimed, confirmed.unclaimed, confirmed.confirm_no) == (claimed, 3 - claimed, 1)
    (file,) = lab.files(sending.id)
    assert file.management_base == 1
    rows = list(rows_of(lab.office.objects, file.index_object))
    asked = (Outcome.CLAIMED, Reason.NONE) if errors == "with" else (Outcome.UNCLAIMED, Reason.ASKED)
    refused = (Outcome.UNCLAIMED, Reason.REFUSED_CLAIM)
    assert [(row.outcome, row.reason) for row in rows] == [(Outcome.CLAIMED, Reason.NONE), asked, refused]
    assert lab.balance().total.claimed.claims == claimed
    assert old not in lab.names()
    assert not lab.orphans()


def test_claims_are_numbered_without_a_gap(lab: Lab) -> None:
    """Management numbers go on from file to file in the order of confirmation, whoever sent them."""
    first = lab.send_and_check(DATA)
    second = lab.send_and_check(uke(claim(1), claim(2), institution="0112359"), party=OTHER_INSTITUTION)

    lab.confirm(second)
    lab.confirm(first)

    assert [lab.files(each.id)[0].management_base for each in (second, first)] == [1, 3]
    third = lab.send_and_check(uke(claim(1)))
    assert lab.confirm(third).confirm_no == 2


def test_a_second_word_is_turned_away(lab: Lab) -> None:
    """Confirm after confirm, cancel after confirm, confirm after cancel: each says what had been said."""
    sending = lab.send_and_check(DATA)
    confirmed = lab.confirm(sending, "without")

    with pytest.raises(AlreadyDecided) as caught:
        lab.confirm(sending, "with")
    assert caught.value.facts["state"] == "confirmed"
    assert caught.value.facts["errors"] == "without"
    with pytest.raises(AlreadyDecided):
        decide.cancel(lab.office, institution(), sending.id)
    assert lab.sending(sending.id) == confirmed

    other = lab.send_and_check(uke(claim(1)))
    assert decide.cancel(lab.office, institution(), other.id).state == "cancelled"
    for act in (lambda: lab.confirm(other), lambda: decide.cancel(lab.office, institution(), other.id)):
        with pytest.raises(AlreadyDecided) as caught:
            act()
        assert caught.value.facts["state"] == "cancelled"
    assert len({posting.file for posting in _postings(lab)}) == 1  # type: ignore[attr-defined]


def test_nothing_is_decided_while_it_is_checked(memory_lab: Lab) -> None:
    """The check comes first, and the answer says so."""
    sending = memory_lab.send(DATA).sending

    with pytest.raises(StillChecking):
        memory_lab.confirm(sending)
    with pytest.raises(StillChecking):
        decide.cancel(memory_lab.office, institution(), sending.id)


def test_a_refused_sending_has_nothing_to_decide(memory_lab: Lab) -> None:
    """It came to its end by the check."""
    sending = memory_lab.send_and_check(b"no UKE file")

    with pytest.raises(AlreadyDecided) as caught:
        memory_lab.confirm(sending)
    assert caught.value.facts["state"] == "refused"


def test_of_two_words_at_once_one_wins(lab: Lab) -> None:
    """While one terminal confirms, another cancels: the loser is told, and leaves no object."""
    sending = lab.send_and_check(DATA)
    inner = lab.office.store

    class Interrupted:
        """A store in which somebody else is quicker."""

        def __init__(self) -> None:
            self.read = inner.read

        def write(self) -> object:
            if lab.sending(sending.id).state == "to_decide":
                decide.cancel(lab.office, institution(), sending.id)
            return inner.write()

    late = replace(lab.office, store=Interrupted())  # type: ignore[arg-type]
    with pytest.raises(AlreadyDecided):
        decide.confirm(late, institution(), sending.id, "with")

    assert lab.sending(sending.id).state == "cancelled"
    assert not lab.orphans()
    assert not lab.missing()
    assert _postings(lab) == []


def test_only_its_own_institution_decides(memory_lab: Lab) -> None:
    """To another it is not there; a payer may not at all; a word that is none is said so."""
    sending = memory_lab.send_and_check(DATA)

    with pytest.raises(NotFound):
        decide.confirm(memory_lab.office, institution(OTHER_INSTITUTION), sending.id, "with")
    with pytest.raises(NotFound):
        decide.cancel(memory_lab.office, institution(), "none")
    with pytest.raises(Forbidden):
        decide.cancel(memory_lab.office, payer(PAYERS[0]), sending.id)
    for errors in ("", "automatic", "both"):
        with pytest.raises(BadRequest):
            memory_lab.confirm(sending, errors)
    assert memory_lab.sending(sending.id) == sending


def test_a_closed_office_takes_no_word(memory_lab: Lab) -> None:
    """Deciding has the hours of sending."""
    sending = memory_lab.send_and_check(DATA)
    memory_lab.clock.at = datetime(2026, 9, 6, 22, 0, tzinfo=JST)

    with pytest.raises(Closed):
        memory_lab.confirm(sending)
    with pytest.raises(Closed):
        decide.cancel(memory_lab.office, institution(), sending.id)


def test_at_midnight_the_calendar_decides(lab: Lab) -> None:
    """Not a minute before; without what asks; test sendings, decided and unreadable ones are left alone."""
    sending = lab.send_and_check(DATA)
    cancelled = lab.send_and_check(uke(claim(1)))
    decide.cancel(lab.office, institution(), cancelled.id)
    test = lab.send_and_check(DATA, line="test")
    refused = lab.send_and_check(b"")
    lab.clock.at = LAST_MINUTE
    assert decide.decide_overdue(lab.office) == []
    assert lab.sending(sending.id).state == "to_decide"

    lab.clock.at = MIDNIGHT
    assert decide.decide_overdue(lab.office) == []
    later(lab, seconds=2)
    assert decide.decide_overdue(lab.office) == []

    decided = lab.sending(sending.id)
    assert (decided.state, decided.decision, decided.claimed) == ("confirmed_automatically", "automatic", 1)
    assert decided.decided_at == MIDNIGHT
    assert [lab.sending(each.id).state for each in (cancelled, test, refused)] == ["cancelled", "to_decide", "refused"]
    assert not lab.orphans()


@pytest.mark.parametrize("word", ["with", "cancel"])
def test_after_the_deadline_no_word_of_the_institution_counts(memory_lab: Lab, word: str) -> None:
    """Also when nothing ticked meanwhile (the server was down over midnight): the calendar has decided."""
    sending = memory_lab.send_and_check(DATA)
    memory_lab.clock.at = CORRECTIONS

    with pytest.raises(AlreadyDecided):
        if word == "cancel":
            decide.cancel(memory_lab.office, institution(), sending.id)
        else:
            memory_lab.confirm(sending, word)

    decided = memory_lab.sending(sending.id)
    assert (decided.state, decided.decision, decided.claimed) == ("confirmed_automatically", "automatic", 1)


def test_the_operator_sets_how_the_calendar_decides(memory_lab: Lab) -> None:
    """The two instants have settings of their own."""
    by = policy({"undecided_at_deadline": "with"})
    lab = Lab(replace(memory_lab.office, policy=by), memory_lab.clock)
    sending = memory_lab.send_and_check(DATA)
    lab.clock.at = CLOSING

    decide.decide_overdue(lab.office)

    assert (lab.sending(sending.id).decision, lab.sending(sending.id).claimed) == ("with", 2)


def test_a_test_has_no_legal_effect(lab: Lab) -> None:
    """The same states and outcomes, but no postings, no numbers of claims, and nothing to close."""
    sending = lab.send_and_check(DATA, line="test")

    confirmed = lab.confirm(sending)

    assert (confirmed.state, confirmed.claimed, confirmed.confirm_no) == ("confirmed", 2, 1)
    assert lab.files(sending.id)[0].management_base is None
    assert _postings(lab) == []
    lab.clock.at = CLOSING
    lab.close()
    assert lab.sending(sending.id).state == "confirmed"
    assert lab.deliveries() == []


def test_a_deadline_that_meets_a_word_does_not_mind(memory_lab: Lab) -> None:
    """Somebody decided in between: the calendar has nothing to do."""
    sending = memory_lab.send_and_check(DATA)
    memory_lab.clock.at = MIDNIGHT
    inner = memory_lab.office.store

    class Interrupted:
        """A store in which another worker is quicker."""

        def __init__(self) -> None:
            self.read = inner.read

        def write(self) -> object:
            decide.decide_if_overdue(memory_lab.office, sending.id)
            return inner.write()

    late = replace(memory_lab.office, store=Interrupted())  # type: ignore[arg-type]

    assert not decide.decide_if_overdue(late, sending.id)
    assert len(_postings(memory_lab)) == 1


def _postings(lab: Lab) -> list[object]:
    with lab.office.store.read() as tx:
        return list(tx.postings("1", "202609", "real"))
