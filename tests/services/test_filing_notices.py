"""Notices: filed once, answered once, kept for ever, and nobody else's to see."""

from contextlib import suppress
from datetime import datetime, timedelta
from threading import Thread
from typing import Any

import pytest

from builders import INSTITUTION_ID
from seikyu.office.calendar import JST
from seikyu.office.errors import NotAllowed
from seikyu.ports.errors import BadRequest, Forbidden, KeyReused, NotFound, Unavailable
from seikyu.ports.register import Party
from seikyu.services.notices import (
    BadNotice,
    Filed,
    NoticeDecided,
    NoticeTooEarly,
    decide_notice,
    file_notice,
    list_notices,
    show_notice,
)
from seikyu.trust.notices import Act
from services.faults import Killed, Plug, plugged, unplugged
from services.office_lab import OPEN, OPERATOR, OTHER_INSTITUTION, PAYERS, Lab, institution, later, make_lab, payer

WHO = {"effective_on": "2026-09-06", "contact": "事務 見本", "phone": "03-0000-0000"}
IPV4 = {**WHO, "connection": "ipvpn_ipv4", "customer_id": "COP0000000001"}
IPV6 = {**WHO, "connection": "ipvpn_ipv6", "customer_id": "CAF0000000001"}
STOP = {**WHO, "cause": "廃院", "effective_on": "2026-09-30"}


def file(lab: Lab, kind: str = "change_connection", fields: dict[str, str] | None = None, **more: Any) -> Filed:
    """File a notice as the first institution."""
    identity = more.pop("identity", institution())
    key = more.pop("key", None)
    return file_notice(lab.office, identity, kind=kind, fields=fields or IPV6, idempotency_key=key)


def decide(lab: Lab, notice: str, act: Act, reason: str = "") -> dict[str, Any]:
    """Answer as the operator."""
    return decide_notice(lab.office, OPERATOR, notice, act=act, reason=reason)


def entry(lab: Lab, party: str = INSTITUTION_ID) -> Party:
    """Return the register's entry."""
    with lab.office.store.read() as tx:
        found = tx.party(party)
    assert found is not None
    return found


def states(lab: Lab, notice: str) -> list[tuple[str, str, str]]:
    """Return the history of a notice."""
    told = show_notice(lab.office, OPERATOR, notice)
    return [(each["state"], each["by"], each["reason"]) for each in told["history"]]


def test_a_notice_goes_from_the_party_to_the_register(lab: Lab) -> None:
    """Filed, seen, approved: the registered line changes with the approval and not before, and all of it is dated."""
    decide(lab, file(lab, "start", IPV4).notice.id, Act.APPROVE)
    assert ("ipvpn_ipv4", "COP0000000001") == (entry(lab).connection, entry(lab).connection_id)
    later(lab, hours=1)
    notice = file(lab).notice
    later(lab, hours=1)
    decide(lab, notice.id, Act.SEE)
    assert "ipvpn_ipv4" == entry(lab).connection
    later(lab, hours=1)

    told = decide(lab, notice.id, Act.APPROVE)

    assert ("ipvpn_ipv6", "CAF0000000001") == (entry(lab).connection, entry(lab).connection_id)
    assert ("approved", IPV6) == (told["state"], told["fields"])
    assert [("filed", INSTITUTION_ID, ""), ("seen", "operator", ""), ("approved", "operator", "")] == states(
        lab, notice.id
    )
    assert [OPEN + timedelta(hours=hours) for hours in (1, 2, 3)] == [
        datetime.fromisoformat(each["at"]) for each in told["history"]
    ]


def test_a_notice_sent_back_says_why_and_changes_nothing(lab: Lab) -> None:
    """The party files it anew, which is another notice."""
    before = entry(lab)
    first = file(lab).notice

    decide(lab, first.id, Act.SEND_BACK, " お客様IDが確認できません ")
    second = file(lab)

    assert before == entry(lab)
    assert ("sent_back", "operator", "お客様IDが確認できません") == states(lab, first.id)[-1]
    assert (False, True) == (second.repeat, second.notice.id != first.id)


@pytest.mark.parametrize("reason", ["", "  ", "a\nb", "x" * 201])
def test_nothing_is_sent_back_without_a_reason(lab: Lab, reason: str) -> None:
    """One line of it."""
    notice = file(lab).notice

    with pytest.raises(BadRequest):
        decide(lab, notice.id, Act.SEND_BACK, reason)

    assert 1 == len(states(lab, notice.id))


def test_an_answer_is_given_once(lab: Lab) -> None:
    """The same answer again changes nothing and is no error; another one is."""
    notice = file(lab).notice
    decide(lab, notice.id, Act.APPROVE)
    before = states(lab, notice.id)

    again = decide(lab, notice.id, Act.APPROVE)
    for act in (Act.SEE, Act.SEND_BACK):
        with pytest.raises(NoticeDecided) as told:
            decide(lab, notice.id, act, "x")
        assert {"state": "approved"} == told.value.facts

    assert "approved" == again["state"]
    assert before == states(lab, notice.id)


def test_two_operators_that_answer_at_once_give_one_answer(lab: Lab) -> None:
    """The loser changes nothing and is told."""
    notice, lost = file(lab).notice, list[str]()

    def answer(act: Act) -> None:
        try:
            decide(lab, notice.id, act, "x" if act is Act.SEND_BACK else "")
        except NotAllowed:
            lost.append(act)

    threads = [Thread(target=answer, args=(act,)) for act in (Act.APPROVE, Act.SEND_BACK)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert 2 == len(states(lab, notice.id))
    assert 1 == len(lost)
    assert (entry(lab).connection == "ipvpn_ipv6") == (states(lab, notice.id)[-1][0] == "approved")


def test_the_register_changes_on_the_day_and_not_before(lab: Lab) -> None:
    """A move of tomorrow waits; it may be seen."""
    notice = file(lab, "change_address", {**WHO, "address": "新見本市", "effective_on": "2026-09-07"}).notice
    decide(lab, notice.id, Act.SEE)

    with pytest.raises(NoticeTooEarly) as told:
        decide(lab, notice.id, Act.APPROVE)
    assert {"day": "2026-09-07"} == told.value.facts
    assert "見本県見本市" == entry(lab).address
    lab.clock.at = datetime(2026, 9, 7, 0, 0, tzinfo=JST)
    decide(lab, notice.id, Act.APPROVE)

    assert "新見本市" == entry(lab).address


def test_who_stops_takes_part_to_the_end_of_the_day(lab: Lab) -> None:
    """It may be approved before; afterwards the party files and sees nothing, and its notices stay the operator's."""
    notice = file(lab, "stop", STOP).notice
    decide(lab, notice.id, Act.APPROVE)
    assert datetime(2026, 10, 1, tzinfo=JST) == entry(lab).until
    lab.clock.at = datetime(2026, 9, 30, 23, 59, tzinfo=JST)
    assert 1 == len(list_notices(lab.office, institution(), limit=50).items)

    lab.clock.at = datetime(2026, 10, 1, tzinfo=JST)

    with pytest.raises(Forbidden):
        file(lab)
    with pytest.raises(Forbidden):
        list_notices(lab.office, institution(), limit=50)
    assert [notice.id] == [each["id"] for each in list_notices(lab.office, OPERATOR, limit=50).items]


def test_the_same_filing_is_one_notice(lab: Lab) -> None:
    """With its key for ever, without one until it has had its answer; a key files one thing."""
    first = file(lab, key="k")
    assert [True, True] == [file(lab, key="k").repeat, file(lab).repeat]
    decide(lab, first.notice.id, Act.SEND_BACK, "x")

    again = file(lab, key="k")
    with pytest.raises(KeyReused):
        file(lab, "stop", STOP, key="k")
    with pytest.raises(KeyReused):
        file(lab, "change_connection", {**IPV6, "odd": "x"}, key="k")
    other = file(lab, key="k", identity=institution(OTHER_INSTITUTION))

    assert (True, "sent_back") == (again.repeat, again.notice.state)
    assert not other.repeat
    assert not file(lab).repeat
    assert 3 == len(list_notices(lab.office, OPERATOR, limit=50).items)


def test_a_notice_that_is_not_as_asked_is_not_kept(lab: Lab) -> None:
    """Every item that is wrong is named; what was typed is not told back."""
    with pytest.raises(BadNotice) as told:
        file(lab, "start", {"connection": "isdn", "secret" * 20: "x"})
    with pytest.raises(BadRequest):
        file(lab, "party")

    assert "dial_number: missing" in told.value.facts["wrong"]
    assert all(len(each) < 60 for each in told.value.facts["wrong"])
    assert [] == list_notices(lab.office, OPERATOR, limit=50).items


def test_anothers_notice_is_not_found(lab: Lab) -> None:
    """To the party of another, of another kind, and to a stranger; the operator answers and does not file."""
    notice = file(lab).notice

    for identity in (institution(OTHER_INSTITUTION), payer(PAYERS[0])):
        with pytest.raises(NotFound):
            show_notice(lab.office, identity, notice.id)
        assert [] == list_notices(lab.office, identity, limit=50).items
        with pytest.raises(Forbidden):
            decide_notice(lab.office, identity, notice.id, act=Act.SEE)
    with pytest.raises(Forbidden):
        show_notice(lab.office, institution("9911111111"), notice.id)
    with pytest.raises(Forbidden):
        file(lab, identity=OPERATOR)
    with pytest.raises(NotFound):
        decide(lab, "0", Act.SEE)
    assert 1 == len(states(lab, notice.id))


def test_lists_are_pages_newest_first(lab: Lab) -> None:
    """By state, too; the pages together are the whole list."""
    filed = [file(lab, "start", {**IPV4, "remarks": str(count)}).notice.id for count in range(3)]
    decide(lab, filed[1], Act.SEE)

    first = list_notices(lab.office, institution(), limit=2)
    rest = list_notices(lab.office, institution(), limit=2, cursor=first.next)

    assert (filed[::-1], None) == ([each["id"] for each in first.items + rest.items], rest.next)
    assert [filed[1]] == [each["id"] for each in list_notices(lab.office, OPERATOR, limit=9, state="seen").items]
    for wrong in ({"limit": 0}, {"limit": 201}, {"limit": 1, "state": "odd"}):
        with pytest.raises(BadRequest):
            list_notices(lab.office, institution(), **wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(("kill", "after"), [(kill, after) for kill in (True, False) for after in (True, False)])
@pytest.mark.parametrize("step", ["file", "approve"])
def test_a_fault_at_any_call_changes_nothing_in_the_end(step: str, kill: bool, after: bool) -> None:  # noqa: FBT001
    """Whatever call fails, asked again there is one notice, one answer, and one change of the register."""

    def begun() -> Lab:
        lab = make_lab()
        if step == "approve":
            file(lab, key="k")
        return lab

    def act(lab: Lab) -> None:
        notice = file(lab, key="k").notice
        if step == "approve":
            decide(lab, notice.id, Act.APPROVE)

    def told(lab: Lab) -> Any:
        (notice,) = list_notices(lab.office, OPERATOR, limit=9).items
        return notice["state"], states(lab, notice["id"]), entry(lab)

    counted = Plug()
    undisturbed = plugged(begun(), counted)
    act(undisturbed)
    assert counted.count > 4

    for at in range(1, counted.count + 1):
        hurt = plugged(begun(), Plug(at=at, after=after, kill=kill))
        with suppress(Killed, Unavailable):
            act(hurt)
        lab = unplugged(hurt)
        for each in list_notices(lab.office, OPERATOR, limit=9).items:
            approved = each["state"] == "approved"
            assert approved == (entry(lab).connection == "ipvpn_ipv6"), f"call {at}: half an approval"
            assert states(lab, each["id"])[-1][0] == each["state"], f"call {at}: a state without its line"
        act(lab)
        assert told(undisturbed) == told(lab), f"call {at}"
