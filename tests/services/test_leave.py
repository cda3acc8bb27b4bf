"""Leaving out, what a decision comes to, and an institution's day."""

from datetime import datetime
from typing import Any

import pytest

from builders import claim, uke
from seikyu.office.calendar import JST
from seikyu.ports.errors import BadRequest, Forbidden, NotFound
from seikyu.rules.index import Reason
from seikyu.services import decide, leave
from seikyu.services.decide import seen_of
from seikyu.services.errors import AlreadyDecided, ChangedSince
from seikyu.services.indexes import rows_of
from seikyu.services.preview import preview
from seikyu.services.today import today, today_view
from services.office_lab import (
    CLOSING,
    CORRECTIONS,
    MIDNIGHT,
    OPEN,
    OTHER_INSTITUTION,
    PAYERS,
    Lab,
    institution,
    payer,
)

#: A claim in order, one that asks, one that is refused, one more in order.
DATA = uke(claim(1), claim(2, insurer="06990015"), claim(3, birth_date="19800231"), claim(4, points=310))
ME = institution()


def reasons(lab: Lab, sending_id: str) -> list[Reason]:
    """Return why each claim is not claimed."""
    return [row.reason for file in lab.files(sending_id) for row in rows_of(lab.office.objects, file.index_object)]


def told(lab: Lab, sending_id: str, errors: str = "with", **more: Any) -> dict[str, Any]:
    """Return what a decision comes to."""
    return preview(lab.office, ME, sending_id, errors, **{"limit": 50, **more})


@pytest.mark.parametrize("errors", ["with", "without", "automatic"])
def test_what_is_left_out_is_not_claimed_whatever_is_decided(lab: Lab, errors: str) -> None:
    """Its reason stands in the index, the ledger has nothing of it, and the forecast said so."""
    sending = lab.send_and_check(DATA)
    leave.leave_out(lab.office, ME, sending.id, file_no=1, claim_index=0)
    leave.leave_out(lab.office, ME, sending.id, file_no=1, claim_index=2)
    before = told(lab, sending.id, "with" if errors == "with" else "without")

    if errors == "automatic":
        lab.clock.at = MIDNIGHT
        decide.decide_overdue(lab.office)
    else:
        lab.confirm(sending, errors)

    now = lab.sending(sending.id)
    asked = Reason.NONE if errors == "with" else Reason.ASKED
    assert reasons(lab, sending.id) == [Reason.LEFT_OUT, asked, Reason.REFUSED_CLAIM, Reason.NONE]
    assert now.claimed == before["claimed"]["claims"] == lab.balance().total.claimed.claims
    assert now.unclaimed == before["unclaimed"]["claims"]
    after = told(lab, sending.id, "with")
    assert after["decided"]
    assert (after["claimed"], after["fates"]) == (before["claimed"], before["fates"])
    assert not lab.orphans()
    assert not lab.missing()


def test_a_whole_file_is_left_out_and_taken_back_in(lab: Lab) -> None:
    """Claim by claim stays what was left out so."""
    sending = lab.send_and_check(DATA)
    leave.leave_out(lab.office, ME, sending.id, file_no=1, claim_index=3)
    leave.leave_out(lab.office, ME, sending.id, file_no=1)
    assert told(lab, sending.id)["claimed"]["claims"] == 0
    leave.take_in(lab.office, ME, sending.id, file_no=1)
    assert [item["claim_index"] for item in told(lab, sending.id)["items"] if item["left_out"]] == [3]
    leave.take_in(lab.office, ME, sending.id, file_no=1, claim_index=3)
    leave.take_in(lab.office, ME, sending.id, file_no=1, claim_index=3)

    lab.confirm(sending)

    assert reasons(lab, sending.id) == [Reason.NONE, Reason.NONE, Reason.REFUSED_CLAIM, Reason.NONE]


def test_only_ones_own_and_only_before_the_decision(lab: Lab) -> None:
    """No such file or claim, another's sending, a payer, too many, too late."""
    sending = lab.send_and_check(DATA)
    for wrong in ({"file_no": 2}, {"file_no": 1, "claim_index": 4}, {"file_no": 1, "claim_index": -1}):
        with pytest.raises(NotFound):
            leave.leave_out(lab.office, ME, sending.id, **wrong)
    with pytest.raises(NotFound):
        leave.leave_out(lab.office, institution(OTHER_INSTITUTION), sending.id, file_no=1)
    with pytest.raises(Forbidden):
        leave.leave_out(lab.office, payer(PAYERS[0]), sending.id, file_no=1)
    for wrong in ({"errors": "perhaps"}, {"which": "some"}):
        with pytest.raises(BadRequest):
            told(lab, sending.id, **wrong)
    lab.confirm(sending)
    for act in (leave.leave_out, leave.take_in):
        with pytest.raises(AlreadyDecided):
            act(lab.office, ME, sending.id, file_no=1)
    assert lab.files(sending.id)[0].left_out is None


def test_too_many_claims_are_not_left_out_one_by_one(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """One leaves the file out then."""
    sending = lab.send_and_check(DATA)
    monkeypatch.setattr(leave, "limit", lambda _name: 1)
    leave.leave_out(lab.office, ME, sending.id, file_no=1, claim_index=0)
    with pytest.raises(BadRequest):
        leave.leave_out(lab.office, ME, sending.id, file_no=1, claim_index=1)


def test_a_decision_follows_what_is_left_out_while_it_is_written(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """The transaction decides the race: who only confirms gets what is there then, who has looked is told."""
    for seen in (False, True):
        sending = lab.send_and_check(DATA if seen else uke(claim(1), claim(2, points=300)))
        word = seen_of(sending, lab.files(sending.id)) if seen else None
        written = decide._decide_file
        left: list[int] = []

        def slowly(
            *args: Any, _written: Any = written, _left: list[int] = left, _id: str = sending.id, **more: Any
        ) -> Any:
            outcome = _written(*args, **more)
            if not _left:
                _left.append(0)
                leave.leave_out(lab.office, ME, _id, file_no=1, claim_index=0)
            return outcome

        monkeypatch.setattr(decide, "_decide_file", slowly)
        if seen:
            with pytest.raises(ChangedSince):
                decide.confirm(lab.office, ME, sending.id, "with", seen=word)
            assert lab.sending(sending.id).state == "to_decide"
        else:
            assert decide.confirm(lab.office, ME, sending.id, "with").claimed == 1
            assert reasons(lab, sending.id)[0] is Reason.LEFT_OUT
        monkeypatch.setattr(decide, "_decide_file", written)
        assert not lab.orphans()
        assert not lab.missing()


def test_what_is_left_out_stays_so_when_a_file_is_examined_again(lab: Lab) -> None:
    """The check writes its own findings and nothing else."""
    from seikyu.services.check import check_again

    sending = lab.send_and_check(DATA)
    leave.leave_out(lab.office, ME, sending.id, file_no=1, claim_index=0)

    check_again(lab.office, sending.id)

    assert lab.files(sending.id)[0].left_out == "[0]"


def test_cancelling_needs_what_was_seen_too(lab: Lab) -> None:
    """What has changed since is not cancelled unseen."""
    sending = lab.send_and_check(DATA)
    word = seen_of(sending, lab.files(sending.id))
    leave.leave_out(lab.office, ME, sending.id, file_no=1, seen=word)
    for act in (leave.leave_out, leave.take_in):
        with pytest.raises(ChangedSince):
            act(lab.office, ME, sending.id, file_no=1, seen=word)
    with pytest.raises(ChangedSince):
        decide.cancel(lab.office, ME, sending.id, seen=word)
    decide.cancel(lab.office, ME, sending.id, seen=told(lab, sending.id)["seen"])
    assert lab.sending(sending.id).state == "cancelled"


def test_the_list_of_fates_has_pages(lab: Lab) -> None:
    """All claims, those that are not claimed, those with something found; the cursor goes on where the page ended."""
    sending = lab.send_and_check(DATA)
    first = told(lab, sending.id, which="all", limit=3)
    rest = told(lab, sending.id, which="all", limit=3, cursor=first["next"])
    assert [item["claim_index"] for item in (*first["items"], *rest["items"])] == [0, 1, 2, 3]
    assert rest["next"] is None
    assert [item["claim_index"] for item in told(lab, sending.id, "without")["items"]] == [1, 2]
    assert {item["claim_index"] for item in told(lab, sending.id, which="found")["items"]} >= {1, 2}
    refused = lab.send_and_check(b"nothing of a claim")
    assert told(lab, refused.id)["claimed"]["claims"] == 0


def test_a_day_in_the_month(lab: Lab) -> None:
    """Before the deadline, after it, in the correction window, and when it is over."""
    lab.clock.at = OPEN
    assert [task["code"] for task in today_view(today(lab.office, ME))["tasks"]] == ["nothing_sent"]
    sending = lab.send_and_check(DATA)
    day = today_view(today(lab.office, ME))
    assert [task["code"] for task in day["tasks"]] == ["undecided_ask"]
    assert (day["month"], day["deadline"]) == ("202609", "2026-09-11T00:00:00+09:00")
    assert day["figures"] == [
        {"body": "1", "sendings": 1, "claims": 4, "refused": 1, "ask": 1, "claimed": 0, "waiting": 3}
    ]
    assert day["corrections"] == []

    lab.clock.at = MIDNIGHT
    decide.decide_overdue(lab.office)
    lab.clock.at = CORRECTIONS

    day = today_view(today(lab.office, ME))
    assert [task["code"] for task in day["tasks"]] == ["left_behind_automatically"]
    (right,) = day["corrections"]
    assert (right["may"], right["claims"], right["unknown"]) == (True, 2, False)
    assert [(place["sending"], place["claim_no"]) for place in right["places"]] == [(sending.id, 2), (sending.id, 3)]
    fixed = lab.send_and_check(uke(claim(1, points=291), claim(2, points=292)))
    assert fixed.refused == 0 or fixed.refused
    lab.clock.at = CLOSING
    assert today_view(today(lab.office, ME))["corrections"] == []
    with pytest.raises(Forbidden):
        today(lab.office, payer(PAYERS[0]))


def test_whoever_had_no_errors_may_send_nothing_as_a_correction(lab: Lab) -> None:
    """And whose file nobody could read may send all of it."""
    lab.clock.at = OPEN
    lab.confirm(lab.send_and_check(uke(claim(1), claim(2, points=300))))
    lab.clock.at = datetime(2026, 9, 11, 10, tzinfo=JST)
    (right,) = today(lab.office, ME).corrections
    assert (right.may, right.claims) == (False, 0)
