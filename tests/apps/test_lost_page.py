"""The page where a lost terminal is reported, over an office in memory."""

from collections.abc import Iterator

import pytest

from apps.desk_lab import FIRST
from apps.pages_lab import Site
from apps.test_download_site import opened
from seikyu.services import issuing
from seikyu.services.issuing import Proof
from seikyu.trust.codes import CHANCE_BYTES, make_code
from services.enrolment_lab import new_asked

WRONG = make_code("recovery", bytes(range(CHANCE_BYTES)))


@pytest.fixture
def site() -> Iterator[Site]:
    """Return both faces over one office."""
    site = Site.make()
    yield site
    site.close()


def living(site: Site) -> list[str]:
    """Return the serials of the party's terminal that are not revoked."""
    with site.enrolling.store.read() as tx:
        rows = tx.issued_of_terminal(FIRST, "受付2号機")
        return [row.serial for row in rows if (found := tx.certificate(row.serial)) and found.revoked_at is None]


def test_a_lost_terminal_is_revoked_by_a_form(site: Site) -> None:
    """A wrong code and a slip are told and revoke nothing, and are not shown again; twice is no error."""
    notice = opened(site)
    issuing.fetch(site.enrolling, Proof(notice.reference, notice.pin), new_asked())
    assert len(living(site)) == 1
    browser = site.browser()
    browser.get("/cert/lost")
    for code, status in ((WRONG, 401), (notice.recovery[:-1], 422), (notice.pin, 422)):
        answer = browser.post("/cert/lost/report", reference=notice.reference, recovery=code)
        assert answer.status_code == status
        assert code not in answer.text
    assert len(living(site)) == 1
    done = browser.post("/cert/lost/report", reference=notice.reference, recovery=notice.recovery.lower())
    assert (done.status_code, living(site)) == (200, [])
    browser.get("/cert/lost")
    again = browser.post("/cert/lost/report", reference=notice.reference, recovery=notice.recovery)
    assert (again.status_code, "1" in done.text) == (200, True)


def test_a_form_of_somebody_else_reports_nothing(site: Site) -> None:
    """Without the token of a page of ours nothing is looked at."""
    notice = opened(site)
    issuing.fetch(site.enrolling, Proof(notice.reference, notice.pin), new_asked())
    typed = {"reference": notice.reference, "recovery": notice.recovery}
    answer = site.browser().ask("POST", "/cert/lost/report", data=typed)
    assert answer.status_code == 403
    assert len(living(site)) == 1
