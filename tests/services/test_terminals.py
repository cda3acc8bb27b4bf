"""What a party sees of its certificates: states, days left, pages."""

from datetime import timedelta

import pytest

from seikyu.ports.errors import BadRequest
from seikyu.services import issuing
from seikyu.services.issuing import Proof
from seikyu.services.people import CONSOLE
from seikyu.services.terminals import issuance_view, list_certificates, list_issuance_notices, page_of_applications
from services.enrolment_lab import OTHER, OWN, EnrolmentLab, inhand, new_asked


def test_every_state_is_told(enrolment_lab: EnrolmentLab) -> None:
    """Good, ending once a newer one took over, revoked, expired; another party sees none of them."""
    enrolling = enrolment_lab.enrolling
    opened = enrolment_lab.opened()
    old = enrolment_lab.fetched(opened)
    enrolment_lab.later(minutes=1)
    new = enrolment_lab.fetched(opened)

    def states() -> list[tuple[str, str]]:
        page = list_certificates(enrolling, inhand(new.serial), limit=10)
        return [(each["serial"], each["state"]) for each in page.items]

    assert [(new.serial, "good"), (old.serial, "ending")] == states()
    told = list_certificates(enrolling, inhand(new.serial), limit=1)
    assert (True, 1187, "download") == (told.items[0]["in_hand"], told.items[0]["days_left"], told.items[0]["way"])
    rest = list_certificates(enrolling, inhand(new.serial), limit=1, cursor=told.next)
    assert ([old.serial], None) == ([each["serial"] for each in rest.items], rest.next)
    assert enrolment_lab.clock.at + timedelta(days=1) == rest.items[0]["ends_at"]
    issuing.report_lost(enrolling, Proof(opened.reference, opened.recovery))
    assert ["revoked", "revoked"] == [state for _, state in states()]
    last = issuing.recover(enrolling, Proof(opened.reference, opened.recovery), new_asked())
    enrolment_lab.later(days=1200)
    assert (last.serial, "expired") == states()[0]
    assert [] == list_certificates(enrolling, inhand(new.serial, party=OTHER), limit=10).items
    assert [] == list_certificates(enrolling, inhand(new.serial), limit=10, cursor="nothing").items


def test_applications_come_page_by_page(enrolment_lab: EnrolmentLab) -> None:
    """Newest first; how long one can be fetched is told until its terminal ends."""
    opened = [enrolment_lab.opened(f"pc-{number}") for number in range(3)]
    issuing.end_of_terminal(enrolment_lab.enrolling, CONSOLE, opened[1].notice.id)

    first = page_of_applications(enrolment_lab.enrolling, party=OWN, limit=2)
    second = page_of_applications(enrolment_lab.enrolling, party=OWN, limit=2, cursor=first.next)

    told = [*first.items, *second.items]
    assert ["pc-2", "pc-1", "pc-0"] == [each["terminal"] for each in told]
    assert [False, True, False] == [each["open_until"] is None for each in told]
    assert second.next is None


def test_the_operator_sees_notices_without_their_secrets(enrolment_lab: EnrolmentLab) -> None:
    """Neither codes nor hashes; and says whose."""
    opened = enrolment_lab.opened()
    listed = list_issuance_notices(enrolment_lab.enrolling, party=OWN)
    assert [issuance_view(enrolment_lab.enrolling, opened.notice)] == listed
    assert not {opened.pin, opened.recovery, opened.binding, opened.notice.pin} & set(map(str, listed[0].values()))
    with pytest.raises(BadRequest):
        list_issuance_notices(enrolment_lab.enrolling, party="")
