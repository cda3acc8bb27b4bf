"""The check: done once, counted right, and honest about what the office itself has damaged."""

import json
from dataclasses import replace
from typing import Any

import pytest

from builders import claim, uke
from seikyu.ports.errors import NoSpace, NotFound
from seikyu.rules.index import Outcome, Reason
from seikyu.services import decide
from seikyu.services.check import check_sending
from seikyu.services.indexes import rows_of
from services.office_lab import CLOSING, CORRECTIONS, LAST_MINUTE, MIDNIGHT, OPEN, Lab, later

#: Its insurer number fails its check digit, which asks.
ASKS = {"insurer": "06990015"}
DATA = uke(claim(1), claim(2, **ASKS), claim(3))


def rows(lab: Lab, sending_id: str) -> list[Any]:
    """Return the index rows of a sending's only file."""
    (file,) = lab.files(sending_id)
    return list(rows_of(lab.office.objects, file.index_object))


def test_a_check_counts_and_waits_for_a_decision(lab: Lab) -> None:
    """Claims, refused and asking ones, findings; the objects are named by the row."""
    sending = lab.send_and_check(DATA)

    assert (sending.state, sending.claims, sending.refused, sending.ask) == ("to_decide", 3, 0, 1)
    (file,) = lab.files(sending.id)
    assert file.refused is False
    assert file.checked_at == OPEN
    assert file.summary is not None
    assert json.loads(file.summary)["claims"] == 3
    assert file.findings_object is not None
    findings = [json.loads(line) for line in lab.read(file.findings_object).splitlines()]
    assert len(findings) == sending.findings
    assert {row["claim_index"] for row in findings if row["level"] != "L48"} == {1}
    assert [row.outcome for row in rows(lab, sending.id)] == [Outcome.OPEN] * 3
    assert not lab.orphans()


def test_a_check_done_again_changes_nothing(lab: Lab) -> None:
    """Orders may be carried out twice; rows and objects stay what they were."""
    sending = lab.send_and_check(DATA)
    files, names = lab.files(sending.id), lab.names()

    check_sending(lab.office, sending.id)

    assert (sending, files, names) == (lab.sending(sending.id), lab.files(sending.id), lab.names())


def test_two_checks_at_once_end_as_one(lab: Lab) -> None:
    """Another process may have taken the order over: the later transaction changes nothing, and its objects go."""
    answer = lab.send(DATA)
    checker = lab.office.checker

    def slow(order: Any) -> Any:
        summary = checker(order)
        if not lab.sending(answer.sending.id).claims:
            check_sending(replace(lab.office, checker=checker, desk=type(lab.office.desk)()), answer.sending.id)
        return summary

    check_sending(replace(lab.office, checker=slow), answer.sending.id)

    assert lab.sending(answer.sending.id).state == "to_decide"
    assert not lab.orphans()
    assert not lab.missing()
    assert len(lab.names()) == 3


def test_nobodys_sending_is_not_found(memory_lab: Lab) -> None:
    """An order for a sending that never was is a bug, and says so."""
    with pytest.raises(NotFound):
        check_sending(memory_lab.office, "none")


@pytest.mark.parametrize("change", ["other bytes", "gone", "shorter"])
def test_damaged_bytes_are_named_and_not_passed(lab: Lab, change: str) -> None:
    """Bytes that are no longer those received are the office's fault: nothing of them is claimed, and it is told."""
    answer = lab.send(DATA)
    name = f"files/{lab.files(answer.sending.id)[0].id}"
    if change == "gone":
        lab.office.objects.remove(name)
    else:
        lab.damage(name, DATA.replace(b"291", b"292") if change == "other bytes" else DATA[:-1])

    lab.work()

    sending = lab.sending(answer.sending.id)
    assert (sending.state, sending.claims) == ("refused", 0)
    (file,) = lab.files(sending.id)
    assert file.refused
    assert file.summary == '{"damaged": true}'
    assert "file_damaged" in lab.events
    assert not lab.orphans()
    assert not lab.send(DATA).repeat


def test_a_check_that_cannot_be_done_now_stays_ordered(lab: Lab) -> None:
    """A full disk undoes nothing: the sending is still checking, and the next try succeeds."""
    answer = lab.send(DATA)

    def full(order: Any) -> Any:
        raise NoSpace("full")

    with pytest.raises(NoSpace):
        check_sending(replace(lab.office, checker=full), answer.sending.id)
    assert lab.sending(answer.sending.id).state == "checking"

    check_sending(lab.office, answer.sending.id)
    assert lab.sending(answer.sending.id).state == "to_decide"


def test_an_order_that_was_given_up_is_ordered_anew(memory_lab: Lab) -> None:
    """A handler that raised for good does not leave a sending checking for ever."""
    checker = memory_lab.office.checker
    broken = replace(memory_lab.office, checker=lambda _: 1 / 0)
    memory_lab.office.jobs.register("check_sending", lambda subject: check_sending(broken, subject))  # type: ignore[arg-type]
    answer = memory_lab.send(DATA)
    with pytest.raises(ZeroDivisionError):
        memory_lab.work()
    assert memory_lab.office.jobs.waiting() == 0

    office = replace(memory_lab.office, checker=checker)
    office.jobs.register("check_sending", lambda subject: check_sending(office, subject))  # type: ignore[arg-type]
    assert memory_lab.restart().reordered == 1
    memory_lab.work()

    assert memory_lab.sending(answer.sending.id).state == "to_decide"
    assert memory_lab.restart().reordered == 0


def test_a_refused_file_counts_all_its_claims_as_refused(memory_lab: Lab) -> None:
    """Another institution's file: every claim of it is refused."""
    sending = memory_lab.send_and_check(uke(claim(1), claim(2), institution="0112359"))

    assert (sending.state, sending.claims, sending.refused, sending.ask) == ("refused", 2, 2, 0)


def test_a_claim_month_that_is_not_open_refuses_the_file(memory_lab: Lab) -> None:
    """The months are those of the day of receiving, not of the check."""
    sending = memory_lab.send_and_check(uke(claim(1), month="202608"))
    assert sending.state == "refused"

    memory_lab.clock.at = LAST_MINUTE
    answer = memory_lab.send(uke(claim(1)))
    memory_lab.clock.at = MIDNIGHT.replace(month=10)
    memory_lab.work()
    assert memory_lab.sending(answer.sending.id).state == "confirmed_automatically"


def test_without_asp_only_the_first_levels_are_judged(memory_lab: Lab) -> None:
    """What would ask is not looked for, and is claimed whatever is said."""
    sending = memory_lab.send_and_check(DATA, asp=False)
    assert (sending.ask, sending.findings) == (0, 0)

    assert memory_lab.confirm(sending, "without").claimed == 3


def test_a_check_that_ends_after_the_deadline_decides(lab: Lab) -> None:
    """Sent in the last minute, checked after midnight: confirmed at once, without what asks."""
    lab.clock.at = LAST_MINUTE
    answer = lab.send(DATA)
    lab.clock.at = MIDNIGHT

    lab.work()

    sending = lab.sending(answer.sending.id)
    assert (sending.state, sending.claimed, sending.unclaimed) == ("confirmed_automatically", 2, 1)
    assert lab.balance().total.claimed.claims == 2


def correction(lab: Lab, first: bytes, second: bytes, *, errors: str | None = "without") -> Any:
    """Send and decide `first` in time, then `second` in the correction window; return it checked."""
    sending = lab.send_and_check(first)
    if errors and sending.state == "to_decide":
        lab.confirm(sending, errors)
    lab.clock.at = CORRECTIONS
    return lab.send_and_check(second)


def test_the_claims_of_a_correction_are_judged_one_by_one(lab: Lab) -> None:
    """What came back is taken, what is claimed already or too many ends unclaimed with that reason, and is counted."""
    first = uke(claim(1, name="見本　一郎"), claim(2, name="見本　二郎", **ASKS), claim(3, name="見本　三郎"))
    again = uke(claim(1, name="見本　二郎", **ASKS), claim(2, name="見本　四郎"), claim(3, name="見本　一郎"))

    sending = correction(lab, first, again)

    assert (sending.state, sending.claims, sending.refused, sending.ask) == ("to_decide", 3, 2, 1)
    confirmed = lab.confirm(sending, "with")
    assert (confirmed.claimed, confirmed.unclaimed) == (1, 2)
    reasons = [row.reason for row in rows(lab, sending.id)]
    assert reasons == [Reason.NONE, Reason.NOT_A_CORRECTION, Reason.NOT_A_CORRECTION]
    assert lab.balance().total.claimed.claims == 3
    assert not lab.orphans()


def test_a_corrected_payer_is_a_correction(lab: Lab) -> None:
    """What was wrong is part of what tells claims apart; the right claim is taken all the same, but only once."""
    sending = correction(lab, DATA, uke(claim(1, name="見本　太郎", month="202607")))
    assert (sending.refused, sending.ask) == (0, 0)
    assert lab.confirm(sending).claimed == 1

    later(lab, minutes=1)
    further = lab.send_and_check(uke(claim(1, name="見本　花子")))
    assert further.refused == 1


def test_a_correction_waits_for_what_it_corrects(memory_lab: Lab) -> None:
    """The sending of the last minute is not checked yet when its correction is: it is checked first."""
    memory_lab.clock.at = LAST_MINUTE
    first = memory_lab.send(DATA).sending
    memory_lab.clock.at = CORRECTIONS
    second = memory_lab.send(uke(claim(1, **ASKS))).sending

    check_sending(memory_lab.office, second.id)

    assert memory_lab.sending(first.id).state == "confirmed_automatically"
    assert (memory_lab.sending(second.id).refused, memory_lab.sending(second.id).ask) == (0, 1)


@pytest.mark.parametrize("earlier", [b"no UKE file", b"IR,1,99,1,0112342,,,202609,00,\r\n"])
def test_after_an_unreadable_file_any_claim_may_come(memory_lab: Lab, earlier: bytes) -> None:
    """Nobody can say which claims it held, and the first duty is no false refusal."""
    sending = correction(memory_lab, earlier, DATA)

    assert (sending.month, sending.state, sending.refused) == ("202609", "to_decide", 0)


def test_an_undecided_correction_is_decided_at_the_closing(memory_lab: Lab) -> None:
    """Not at the deadline, which is over when it comes."""
    sending = correction(memory_lab, DATA, uke(claim(1, **ASKS)))
    assert not decide.decide_if_overdue(memory_lab.office, sending.id)

    memory_lab.clock.at = CLOSING

    assert decide.decide_overdue(memory_lab.office) == []
    assert memory_lab.sending(sending.id).state == "confirmed_automatically"


def test_an_unreadable_file_is_refused_also_as_a_correction(memory_lab: Lab) -> None:
    """It says no month, so nobody can say that it corrects nothing; its check says what is wrong."""
    memory_lab.clock.at = CORRECTIONS

    assert memory_lab.send_and_check(b"no UKE file").state == "refused"


def test_a_large_file_of_another_format_is_refused_as_what_it_is(lab: Lab) -> None:
    """Nothing of an image is read past its beginning, but its digest wants all of it: it is not damaged."""
    sending = lab.send_and_check(b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(range(256)) * 6000)

    (file,) = lab.files(sending.id)
    assert "refused" == sending.state
    assert "damaged" not in json.loads(file.summary or "")
    assert 1 == sending.findings
