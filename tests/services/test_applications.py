"""Applications for certificates: filed, answered once, and the notices that they become."""

import threading
from datetime import timedelta
from typing import Any

import pytest

from seikyu.ports.errors import BadRequest, NotFound
from seikyu.ports.register import Certificate, Party
from seikyu.services import applications
from seikyu.services.applications import ApplicationDecided, ApplicationOwn, TerminalThere, Wish
from seikyu.services.people import CONSOLE, NoSuchParty
from seikyu.trust.codes import read_code
from seikyu.trust.enrolment import ApplicationState, Purpose
from seikyu.trust.people import Actor
from services.enrolment_lab import CLERK, OTHER, OWN, TERMINAL, EnrolmentLab

STRANGER = Actor("taro", OTHER, "1", "clerk")


def test_an_application_is_filed_once_and_approved_once(enrolment_lab: EnrolmentLab) -> None:
    """The same one again is the same; of two approvals the second is told that it was decided."""
    enrolling = enrolment_lab.enrolling
    first, repeat = applications.apply_for(enrolling, CLERK, Wish(TERMINAL, "事務課 099-000-0000"), party=OWN)
    again, repeated = applications.apply_for(enrolling, CLERK, Wish(TERMINAL), party=OWN)
    assert (again.id, repeat, repeated) == (first.id, False, True)
    opened = applications.approve(enrolling, CONSOLE, first.id)
    with pytest.raises(ApplicationDecided) as told:
        applications.approve(enrolling, CONSOLE, first.id)
    assert told.value.facts["state"] == "approved"
    assert opened.notice.reference == read_code("reference", opened.reference)
    found = applications.application_of(enrolling, first.id, party=OWN)
    assert (found.notice, found.decided_by, found.filed_by) == (opened.notice.id, "(console)", "hanako")
    assert enrolment_lab.acts() == ["apply_for_certificate", "approve_application"]


def test_an_application_that_says_something_else_takes_the_place_of_the_first(enrolment_lab: EnrolmentLab) -> None:
    """The first is withdrawn and not changed: whoever has read it approves nothing else."""
    enrolling, server = enrolment_lab.enrolling, Purpose.SERVER
    wishes = [
        Wish("gw", "医事課", server, ("a.example.jp",)),
        Wish("gw", "医事課", server, ("b.example.jp",)),
        Wish("gw", "事務課", server, ("b.example.jp",)),
    ]
    filed = [applications.apply_for(enrolling, CLERK, wish, party=OWN) for wish in wishes]
    assert [repeat for _, repeat in filed] == [False, False, False]
    waiting = applications.list_applications(enrolling, party=OWN, state="applied", limit=9)
    assert [(each.id, each.hosts, each.contact) for each in waiting] == [(filed[2][0].id, "b.example.jp", "事務課")]
    with pytest.raises(ApplicationDecided):
        applications.approve(enrolling, CONSOLE, filed[0][0].id)
    assert applications.apply_for(enrolling, CLERK, wishes[2], party=OWN) == (filed[2][0], True)
    assert enrolment_lab.acts().count("application_withdrawn") == 2


def test_two_operators_approve_at_once(enrolment_lab: EnrolmentLab) -> None:
    """One notice comes to be, whoever is first."""
    enrolling = enrolment_lab.enrolling
    application, _ = applications.apply_for(enrolling, CLERK, Wish(TERMINAL), party=OWN)
    start, ended = threading.Barrier(4), list[object]()

    def decide() -> None:
        start.wait()
        try:
            ended.append(applications.approve(enrolling, CONSOLE, application.id))
        except ApplicationDecided as told:
            ended.append(told)

    threads = [threading.Thread(target=decide) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sum(isinstance(each, ApplicationDecided) for each in ended) == 3
    with enrolling.store.read() as tx:
        assert len(tx.issuance_notices(OWN)) == 1


def test_who_applied_for_the_office_does_not_approve(enrolment_lab: EnrolmentLab) -> None:
    """Neither with the certificate that it was applied for with, nor with the terminal's renewed one."""
    enrolling = enrolment_lab.enrolling
    with enrolling.store.write() as tx:
        tx.put_party(Party("operator", "operator", "見本", enrolling.clock.now()))
        for serial, terminal in (("a1", "desk-1"), ("a2", "ＤＥＳＫ-1"), ("a3", "desk-2")):
            now = enrolling.clock.now()
            tx.put_certificate(Certificate(serial, "operator", terminal, now, now + timedelta(days=9)))
    first, renewed, another = (Actor(f"(certificate {serial})", "operator", "", "") for serial in ("a1", "a2", "a3"))
    filed, _ = applications.apply_for(enrolling, first, Wish("desk-3"), party="operator")
    for same in (first, renewed):
        with pytest.raises(ApplicationOwn):
            applications.approve(enrolling, same, filed.id)
    assert applications.approve(enrolling, another, filed.id).notice.terminal == "desk-3"
    filed, _ = applications.apply_for(enrolling, CONSOLE, Wish("desk-4"), party="operator")
    assert applications.approve(enrolling, CONSOLE, filed.id).notice.terminal == "desk-4"


def test_nothing_of_the_paper_is_kept_or_shown(enrolment_lab: EnrolmentLab) -> None:
    """Neither a row nor a repr has a code that stands on the paper."""
    opened = enrolment_lab.opened()
    codes = [read_code("pin", opened.pin), read_code("recovery", opened.recovery), opened.binding]
    with enrolment_lab.enrolling.store.read() as tx:
        row = tx.issuance_notice(opened.notice.id)
    assert row is not None
    rows = str([getattr(row, name) for name in row.__slots__])
    for code in (*codes, opened.pin, opened.recovery):
        assert code not in f"{rows} {opened!r} {row!r} {enrolment_lab.told}"


def test_a_lost_paper_is_replaced(enrolment_lab: EnrolmentLab) -> None:
    """The reference number stays; everything else on the paper is new, also for the account binding."""
    opened = enrolment_lab.opened()
    anew = applications.open_anew(enrolment_lab.enrolling, CONSOLE, opened.notice.id)
    assert anew.reference == opened.reference
    assert not {anew.pin, anew.recovery, anew.binding} & {opened.pin, opened.recovery, opened.binding}
    vault = enrolment_lab.vault
    assert not vault.fits(read_code("pin", opened.pin), anew.notice.pin)
    assert vault.fits(read_code("pin", anew.pin), anew.notice.pin)


def test_who_has_a_notice_does_not_apply_again(enrolment_lab: EnrolmentLab) -> None:
    """One terminal, one certificate; a terminal of that name of another party is another; an ended one is free."""
    enrolling = enrolment_lab.enrolling
    opened = enrolment_lab.opened()
    with pytest.raises(TerminalThere):
        applications.apply_for(enrolling, CLERK, Wish(TERMINAL), party=OWN)
    enrolment_lab.opened(party=OTHER)
    assert applications.end_terminal(enrolling, CONSOLE, opened.notice.id).ended_at is not None
    applications.end_terminal(enrolling, CONSOLE, opened.notice.id)
    with pytest.raises(NotFound):
        applications.open_anew(enrolling, CONSOLE, opened.notice.id)
    assert enrolment_lab.opened().notice.id != opened.notice.id


def test_sent_back_and_taken_back(enrolment_lab: EnrolmentLab) -> None:
    """Each with its reason, said again without harm, and over then; another party's is not found."""
    enrolling = enrolment_lab.enrolling
    one, _ = applications.apply_for(enrolling, CLERK, Wish("一号"), party=OWN)
    two, _ = applications.apply_for(enrolling, CLERK, Wish("二号"), party=OWN)
    with pytest.raises(BadRequest):
        applications.send_back(enrolling, CONSOLE, one.id, reason=" ")
    for _ in range(2):
        assert applications.send_back(enrolling, CONSOLE, one.id, reason=" 端末名称が重複 ").reason == "端末名称が重複"
    with pytest.raises(NotFound):
        applications.withdraw(enrolling, STRANGER, two.id)
    with pytest.raises(NotFound):
        applications.application_of(enrolling, two.id, party=OTHER)
    assert applications.withdraw(enrolling, CLERK, two.id).state == ApplicationState.WITHDRAWN
    for each in (one, two):
        with pytest.raises(ApplicationDecided):
            applications.approve(enrolling, CONSOLE, each.id)
    assert [each.id for each in applications.list_applications(enrolling, party=OWN, limit=1)] == [two.id]
    assert [each.id for each in applications.list_applications(enrolling, state="sent_back", limit=9)] == [one.id]
    with pytest.raises(BadRequest):
        applications.list_applications(enrolling, state="lost", limit=9)


@pytest.mark.parametrize(
    "wish",
    [
        {"terminal": ""}, {"terminal": "x" * 65}, {"terminal": "a\nb"}, {"terminal": "pc", "contact": "a\x00b"},
        {"terminal": "pc", "contact": "x" * 201}, {"terminal": "pc", "hosts": ("a.example",)},
        {"terminal": "gw", "purpose": Purpose.SERVER}, {"terminal": "gw", "purpose": Purpose.SERVER, "hosts": ("a b",)},
        {"terminal": "gw", "purpose": Purpose.SERVER, "hosts": ("a.example",) * 11},
    ],
)  # fmt: skip
def test_a_wish_that_cannot_be(enrolment_lab: EnrolmentLab, wish: dict[str, Any]) -> None:
    """Nothing of it is kept."""
    with pytest.raises(BadRequest):
        applications.apply_for(enrolment_lab.enrolling, CLERK, Wish(**wish), party=OWN)
    assert applications.list_applications(enrolment_lab.enrolling, limit=9) == []


def test_parties_of_the_register_apply(enrolment_lab: EnrolmentLab) -> None:
    """Who begins later applies before; who has left, or was never there, does not."""
    enrolling = enrolment_lab.enrolling
    applications.apply_for(enrolling, CLERK, Wish(TERMINAL), party="9911000049")
    for party in ("9911000031", "9911000056"):
        with pytest.raises(NoSuchParty):
            applications.apply_for(enrolling, CLERK, Wish(TERMINAL), party=party)
