"""Grants: nobody of the office looks at a claim without one, everybody who looked is known, and it ends by itself."""

import json

import pytest

from builders import claim, uke
from seikyu.apps.operating import sheet_of_look
from seikyu.ports.errors import BadRequest, NotFound
from seikyu.ports.operating import Grant
from seikyu.ports.store import Sending
from seikyu.services import grants
from seikyu.services.errors import GrantNeeded, OtherPersonNeeded, ReasonNeeded, WishDecided, WishLapsed
from seikyu.trust.people import NotPermitted
from services.office_lab import OTHER_INSTITUTION, Lab, institution, later
from services.staff_lab import FIRST, SECOND, staff, terminal

WHY = "照会 q123 への回答のため"
DATA = uke(claim(1), claim(2, insurer="06990015"), claim(3))


@pytest.fixture
def sending(lab: Lab) -> Sending:
    """Return a sending that was checked."""
    return lab.send_and_check(DATA)


def given(lab: Lab, sending: Sending, claim_: str = "1-2", hours: int = 2) -> Grant:
    """Return a grant that holds from now on."""
    asked = grants.ask_grant(lab.office, FIRST, sending.id, claim=claim_, reason=WHY, hours=hours)
    return grants.give_grant(lab.office, SECOND, asked.id)


def test_without_a_grant_nothing_is_shown(lab: Lab, sending: Sending) -> None:
    """Neither before it is given, nor another claim, nor to another person, nor after its end to the second."""
    asked = grants.ask_grant(lab.office, FIRST, sending.id, claim="1-2", reason=WHY, hours=2)
    with pytest.raises(GrantNeeded):
        grants.look_at_claim(lab.office, FIRST, sending.id, file_no=1, claim_no=2)
    grants.give_grant(lab.office, SECOND, asked.id)

    looked = grants.look_at_claim(lab.office, FIRST, sending.id, file_no=1, claim_no=2)

    assert looked.row.claim_no == 2
    with pytest.raises(GrantNeeded):
        grants.look_at_claim(lab.office, FIRST, sending.id, file_no=1, claim_no=1)
    with pytest.raises(GrantNeeded):
        grants.look_at_claim(lab.office, staff("three"), sending.id, file_no=1, claim_no=2)
    later(lab, hours=2, seconds=-1)
    grants.look_at_claim(lab.office, FIRST, sending.id, file_no=1, claim_no=2)
    later(lab, seconds=1)
    with pytest.raises(GrantNeeded):
        grants.look_at_claim(lab.office, FIRST, sending.id, file_no=1, claim_no=2)
    assert grants.show_grant(lab.office, asked.id).state == "ended"


def test_a_claim_is_drawn_with_its_values_and_findings(lab: Lab, sending: Sending) -> None:
    """The number that asks, in its place and unmasked, on the line of the file that it stands on."""
    given(lab, sending)

    looked = grants.look_at_claim(lab.office, FIRST, sending.id, file_no=1, claim_no=2)
    sheet = sheet_of_look(lab.office, looked)

    assert sheet.claim_index == 1
    assert {finding.claim_index for finding in sheet.all_findings} == {1}
    told = grants.findings_of_claim(lab.office, looked)
    assert {(each["code"], each["line"]) for each in told} == {(f.code, f.line) for f in sheet.all_findings}
    assert b"06990015" in grants.bytes_of_claim(lab.office, looked)


def test_every_look_is_in_the_journal_and_the_institution_reads_it(lab: Lab, sending: Sending) -> None:
    """Who, which claim, when and why, newest first; to another institution there is no such sending."""
    grant = given(lab, sending, "")
    for claim_no in (1, 3):
        grants.look_at_claim(lab.office, FIRST, sending.id, file_no=1, claim_no=claim_no)

    looks = grants.looks_of(lab.office, institution(), sending.id)

    assert [each["claim"] for each in looks] == ["1-3", "1-1"]
    assert {(each["by"], each["grant"], each["reason"]) for each in looks} == {("one", grant.id, WHY)}
    assert looks == grants.looks_at(lab.office, FIRST, sending.id)
    assert looks == grants.looks_at(lab.office, staff("four", "auditor"), sending.id)
    with pytest.raises(NotPermitted):
        grants.looks_at(lab.office, SECOND, sending.id)
    with pytest.raises(NotFound):
        grants.looks_of(lab.office, institution(OTHER_INSTITUTION), sending.id)
    with lab.office.store.read() as tx:
        acts = [entry.act for entry in tx.entries(subject=sending.id)]
        facts = [json.loads(entry.facts or "{}") for entry in tx.entries(subject=sending.id)]
    assert acts == ["ask_grant", "give_grant", "look_at_claim", "look_at_claim"]
    assert all(set(each) == {"grant", "claim", "reason"} for each in facts)


def test_nobody_gives_it_to_themselves(lab: Lab, sending: Sending) -> None:
    """Another person gives, by the same rules as an undoing; roles without the power do neither."""
    asked = grants.ask_grant(lab.office, FIRST, sending.id, claim="", reason=WHY, hours=1)

    with pytest.raises(OtherPersonNeeded):
        grants.give_grant(lab.office, staff("one", "approver"), asked.id)
    with pytest.raises(OtherPersonNeeded):
        grants.give_grant(lab.office, terminal(), asked.id)
    with pytest.raises(NotPermitted):
        grants.give_grant(lab.office, staff("three"), asked.id)
    with pytest.raises(NotPermitted):
        grants.ask_grant(lab.office, SECOND, sending.id, claim="", reason=WHY, hours=1)
    by_desk = grants.ask_grant(lab.office, terminal("desk-1"), sending.id, claim="", reason=WHY, hours=1)
    assert grants.give_grant(lab.office, terminal("desk-2"), by_desk.id).state == "given"


def test_a_grant_ends_before_its_time_or_is_never_given(lab: Lab, sending: Sending) -> None:
    """Whoever asked or may approve ends it; what waits too long lapses; what was decided is not decided anew."""
    grant = given(lab, sending)
    assert grants.give_grant(lab.office, SECOND, grant.id) == grant
    ended = grants.end_grant(lab.office, FIRST, grant.id)
    assert (ended.state, grants.end_grant(lab.office, SECOND, grant.id).state) == ("ended", "ended")
    with pytest.raises(GrantNeeded):
        grants.look_at_claim(lab.office, FIRST, sending.id, file_no=1, claim_no=2)
    with pytest.raises(WishDecided):
        grants.give_grant(lab.office, SECOND, grant.id)

    waits = grants.ask_grant(lab.office, FIRST, sending.id, claim="", reason=WHY, hours=1)
    assert grants.ask_grant(lab.office, FIRST, sending.id, claim="", reason=WHY, hours=1) == waits
    later(lab, hours=72)
    with pytest.raises(WishLapsed):
        grants.give_grant(lab.office, SECOND, waits.id)
    with pytest.raises(WishLapsed):
        grants.end_grant(lab.office, FIRST, waits.id)
    denied = grants.ask_grant(lab.office, FIRST, sending.id, claim="", reason=WHY, hours=1)
    assert grants.end_grant(lab.office, SECOND, denied.id).state == "denied"
    assert [each.state for each in grants.list_grants(lab.office)] == ["denied", "lapsed", "ended"]


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({"claim": "2-1"}, NotFound),
        ({"claim": "1"}, BadRequest),
        ({"claim": "1-0"}, BadRequest),
        ({"hours": 0}, BadRequest),
        ({"hours": 13}, BadRequest),
        ({"reason": "あ"}, ReasonNeeded),
    ],
)
def test_what_makes_no_sense_is_not_asked_for(
    lab: Lab, sending: Sending, asked: dict[str, object], error: type[Exception]
) -> None:
    """A claim of no file, no reason, no hours or a whole week: nothing is kept."""
    with pytest.raises(error):
        grants.ask_grant(lab.office, FIRST, sending.id, **{"claim": "", "reason": WHY, "hours": 1, **asked})  # type: ignore[arg-type]
    assert not grants.list_grants(lab.office)


def test_what_is_not_there_cannot_be_looked_at(lab: Lab, sending: Sending) -> None:
    """No such sending, file, claim or grant; and nothing is written for it."""
    given(lab, sending, "")
    for file_no, claim_no in ((2, 1), (1, 4)):
        with pytest.raises(NotFound):
            grants.look_at_claim(lab.office, FIRST, sending.id, file_no=file_no, claim_no=claim_no)
    for ask in (
        lambda: grants.look_at_claim(lab.office, FIRST, "0" * 26, file_no=1, claim_no=1),
        lambda: grants.ask_grant(lab.office, FIRST, "0" * 26, claim="", reason=WHY, hours=1),
        lambda: grants.show_grant(lab.office, "0" * 26),
    ):
        with pytest.raises(NotFound):
            ask()
    assert not grants.looks_of(lab.office, institution(), sending.id)
