"""The pages of certificates: a party applies, the office answers, revokes, and lets a second person decide."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from html import unescape

import pytest

from apps.desk_lab import FIRST, OPERATOR, PAYER, SECOND, certificates
from apps.pages_lab import Browser, Site, add, code_now, secret_of
from seikyu.ports.register import Certificate
from seikyu.services import applications, issuing
from seikyu.services.applications import Wish
from seikyu.services.issuing import Proof
from services.enrolment_lab import CLERK, TERMINAL, new_asked
from services.people_lab import FIRST as PASSWORD

APPLIED = {"terminal": TERMINAL, "department": "医事課", "phone": "03-0000-0000"}
NASTY = """<script>alert(1)</script>"'>{{ 7*7 }}"""


@pytest.fixture
def site() -> Iterator[Site]:
    """Return both faces over one office."""
    site = Site.make()
    yield site
    site.close()


def staff(site: Site, name: str = "ope", role: str = "operator") -> Browser:
    """Return the browser of somebody of the office who has set the second factor and logged in."""
    browser = add(site, name, party=OPERATOR, role=role)
    browser.post("/account/second-factor/app")
    browser.post("/account/second-factor/app/confirm", new_code=code_now(site, secret_of(browser)))
    return browser


def filed(site: Site, terminal: str = TERMINAL, *, party: str = FIRST) -> str:
    """Return an application that waits."""
    return applications.apply_for(site.enrolling, CLERK, Wish(terminal, "医事課 / 03"), party=party)[0].id


def apply(browser: Browser, **typed: str) -> int:
    """Apply on the page."""
    browser.get("/applications/new")
    return browser.post("/applications/new", **{**APPLIED, **typed}).status_code


def issue(site: Site, many: int, *, party: str = SECOND) -> list[str]:
    """Enter certificates of a party, and return their serials."""
    serials = [f"{number:x}" for number in range(0xC0DE0001, 0xC0DE0001 + many)]
    with site.lab.office.store.write() as tx:
        for number, serial in enumerate(serials):
            at = site.lab.clock.at
            tx.put_certificate(Certificate(serial, party, f"pc-{number + 10}", at, at.replace(year=2039)))
    return serials


def revoked(site: Site, serials: list[str]) -> int:
    """Return how many of these are revoked."""
    with site.lab.office.store.read() as tx:
        return sum(row.revoked_at is not None for row in tx.certificates_named(serials))


def tick(browser: Browser, serials: list[str], **typed: str) -> int:
    """Tick these in the list, go on, and say what else is asked."""
    browser.get(f"/certificates?party={SECOND}")
    browser.post("/certificates/revoke", **{f"serial.{serial}": "yes" for serial in serials})
    return browser.post("/certificates/revoke/now", **typed).status_code if typed else 0


# --- the party ---


def test_somebody_new_applies_without_a_certificate(site: Site) -> None:
    """On the public face, by login alone; the same again is a repeat, and what waits can be taken back."""
    add(site)
    browser = site.browser()
    browser.log_in("hanako", PASSWORD)
    assert apply(browser) == 200
    assert browser.page is not None
    assert browser.page.url.path == "/applications"
    assert "The application is filed" in browser.text()
    assert "waiting" in browser.text()

    apply(browser)
    assert "nothing new was filed" in browser.text()

    browser.post("/applications/withdraw")
    assert "The application is taken back" in browser.text()
    found = applications.list_applications(site.enrolling, party=FIRST, limit=9)
    assert [(each.state, each.filed_by, each.contact) for each in found] == [
        ("withdrawn", "hanako", "医事課 / 03-0000-0000")
    ]


def test_what_is_wrong_is_told_at_its_field(site: Site) -> None:
    """What was typed stays; nothing is filed."""
    browser = add(site)
    for wrong, texts in {
        "terminal": ("", "受付" * 11, "a\tb"),
        "department": (" ", "a\nb", "x" * 101),
        "phone": ("none", "0" * 41),
    }.items():
        for text in texts:
            assert apply(browser, **{wrong: text}) == 422
            assert browser.page is not None
            assert f'id="w-{wrong}"' in browser.page.text
            assert browser.page.text.count('aria-invalid="true"') == 1
            assert "医事課" in browser.page.text or wrong == "department"
    assert not applications.list_applications(site.enrolling, limit=9)


def test_a_terminal_that_has_a_notice_is_not_applied_for_again(site: Site) -> None:
    """The page says to renew or to recover; the list has the terminal with its days and what to do."""
    opened = applications.approve(site.enrolling, CLERK, filed(site))
    handed = issuing.fetch(site.enrolling, Proof(opened.reference, opened.pin), new_asked())
    browser = add(site)
    assert apply(browser) == 409
    assert "renew, fetch again or recover" in browser.text()

    browser.get("/applications")
    assert handed.serial in browser.text()
    left = (handed.not_after - site.enrolling.clock.now()).days
    assert f"{left} days left" in browser.text()
    assert "renew it" not in browser.text()
    with site.lab.office.store.write() as tx:
        now, row = site.lab.clock.at, tx.certificates_named([handed.serial])[0]
        ending = replace(row, issued_at=now - timedelta(days=900), not_after=now + timedelta(days=59))
        tx.put_certificate(ending)
    browser.get("/applications")
    assert "renew it" in browser.text()


def test_another_partys_applications_are_not_there(site: Site) -> None:
    """They are in no list, and taking one back answers as for one that never was."""
    theirs = filed(site, "他院の受付機", party=SECOND)
    browser = add(site)
    apply(browser)
    assert "他院の受付機" not in browser.text()
    token = browser.hidden("/applications/withdraw")["token"]
    answers = [
        browser.send("/applications/withdraw", {"token": token, "application": each}) for each in (theirs, "0" * 26)
    ]
    assert [each.status_code for each in answers] == [404, 404]
    assert answers[0].text == answers[1].text
    assert applications.application_of(site.enrolling, theirs).state == "applied"


@pytest.mark.parametrize("role", ["clerk", "read_only"])
def test_only_who_may_apply_sees_the_pages(site: Site, role: str) -> None:
    """The menu does not show them to others, and the address is no way around it."""
    browser = add(site, role=role)
    assert 'href="/applications"' not in browser.get("/account").text
    assert {browser.get(path).status_code for path in ("/applications", "/applications/new")} == {403}
    typed = {"token": browser.get("/account") and browser.hidden("/logout")["token"], **APPLIED}
    assert browser.send("/applications/new", typed).status_code == 403
    assert not applications.list_applications(site.enrolling, limit=9)


# --- the office ---


def test_an_approver_gets_the_paper_once(site: Site) -> None:
    """It is the answer of the act and kept by nobody; with it the certificate is fetched; pressed again it is told."""
    one = filed(site)
    browser = staff(site, "kenji", "approver")
    browser.get("/issuance")
    assert TERMINAL in browser.text()
    browser.get(f"/issuance/{one}")
    form = browser.hidden(f"/issuance/{one}/approve")

    answer = browser.send(f"/issuance/{one}/approve", form)

    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    assert (answer.headers["cache-control"], answer.headers["x-content-type-options"]) == ("no-store", "nosniff")
    assert re.fullmatch(r'attachment; filename="notice-\w+\.pdf"', answer.headers["content-disposition"])
    (_, reference), (_, pin) = json.loads(answer.content)["codes"]
    assert issuing.look(site.enrolling, Proof(reference, pin)).terminal == TERMINAL
    again = browser.send(f"/issuance/{one}/approve", form)
    assert (again.status_code, pin in again.text) == (409, False)
    assert pin not in browser.get(f"/issuance/{one}").text

    browser.get(f"/issuance/notices?party={FIRST}")
    anew = browser.send("/issuance/notices/open", browser.hidden("/issuance/notices/open"))
    (_, reference), (_, newer) = json.loads(anew.content)["codes"]
    assert newer != pin
    with pytest.raises(issuing.CodeRefused):
        issuing.look(site.enrolling, Proof(reference, pin))
    assert issuing.look(site.enrolling, Proof(reference, newer)).terminal == TERMINAL


def test_an_operator_sends_back_and_ends_and_makes_no_codes(site: Site) -> None:
    """Who may do the office's work turns down and takes away; codes come into the hands of who may approve alone."""
    browser, one = staff(site), filed(site)
    page = browser.get(f"/issuance/{one}")
    assert f'action="/issuance/{one}/approve"' not in page.text
    token = browser.hidden("/logout")["token"]
    assert browser.send(f"/issuance/{one}/approve", {"token": token}).status_code == 403
    browser.get(f"/issuance/{one}")
    assert browser.post(f"/issuance/{one}/send-back", reason=" ").status_code == 422
    browser.post(f"/issuance/{one}/send-back", reason=f"OS の名前です {NASTY}")
    assert "The application is sent back" in browser.text()
    theirs = add(site)
    theirs.get("/applications")
    assert f"OS の名前です {NASTY}" in unescape(theirs.page.text if theirs.page else "")
    assert "<script>" not in (theirs.page.text if theirs.page else "<script>")

    opened = applications.approve(site.enrolling, CLERK, filed(site, "受付2号機"))
    handed = issuing.fetch(site.enrolling, Proof(opened.reference, opened.pin), new_asked())
    browser.get(f"/issuance/notices?party={FIRST}")
    typed = browser.hidden("/issuance/notices/end")
    assert browser.send("/issuance/notices/open", typed).status_code == 403
    assert browser.send("/issuance/notices/end", typed).status_code == 422
    assert revoked(site, [handed.serial]) == 0
    browser.post("/issuance/notices/end", sure="yes")
    assert "what it had is revoked" in browser.text()
    assert revoked(site, [handed.serial]) == 1


def test_the_offices_pages_are_the_offices(site: Site) -> None:
    """A party's administrator and the office's auditor do not see them; the public face has none of them."""
    inside = [add(site), add(site, "sachi", party=PAYER), staff(site, "aki", "auditor")]
    public = site.browser()
    public.log_in("hanako", PASSWORD)
    for path in ("/issuance", "/issuance/notices", "/certificates", "/orders"):
        assert [each.get(path).status_code for each in (*inside, public)] == [403, 403, 403, 404], path


@pytest.mark.parametrize(
    "path", ["/issuance/x", "/issuance/%3Cb%3E", "/orders/x", "/certificates/x", "/certificates/00"]
)
def test_what_is_not_there_is_not_found(site: Site, path: str) -> None:
    """Whatever form the address has."""
    assert staff(site).get(path).status_code == 404


# --- revoking ---


def test_an_operator_looks_for_a_certificate_and_revokes_it(site: Site) -> None:
    """By a part of the name, a number, a serial, state and days; asked twice, and told to be revoked."""
    serial = issue(site, 1)[0]
    with site.lab.office.store.write() as tx:
        party = tx.party(SECOND)
        assert party
        tx.put_party(replace(party, name=f"さくら医院 {NASTY}"))
    browser = staff(site)
    for query in ("q=サクラ", f"q={SECOND[:8]}", f"q={serial}", f"party={SECOND}&state=valid", "q=&days=36500"):
        page = browser.get(f"/certificates?{query}")
        assert serial in page.text, query
        assert "<script>" not in page.text
    for query in ("q=nobody", "state=revoked", "days=1", f"q={'f' * 60}", "q=00000000000000"):
        page = browser.get(f"/certificates?{query}")
        assert (page.status_code, serial in page.text) == (200, False), query

    browser.get(f"/certificates/{serial}")
    browser.post("/certificates/revoke")
    assert "cannot be taken back" in browser.text()
    assert browser.post("/certificates/revoke/now", reason="").status_code == 422
    assert revoked(site, [serial]) == 0
    browser.post("/certificates/revoke/now", reason="key_compromise")
    assert "1 certificate(s) are revoked" in browser.text()
    assert "the terminal was lost" in unescape(browser.get(f"/certificates/{serial}").text)
    with site.lab.office.store.read() as tx:
        acts = [(entry.user, entry.subject) for entry in tx.entries() if entry.act == "revoke"]
    assert acts == [("ope", serial)], "the person is who has logged in"


def test_several_are_revoked_by_ticking(site: Site) -> None:
    """Ten at once, what was revoked before is told; nothing ticked is told too."""
    serials, browser = issue(site, 10), staff(site)
    assert tick(browser, serials[:3], reason="superseded") == 200
    browser.get("/certificates")
    assert browser.post("/certificates/revoke").status_code == 422
    assert "no certificate was ticked" in browser.text()
    token = browser.hidden("/logout")["token"]
    typed = {"token": token, "reason": "superseded", **{f"serial.{serial}": "yes" for serial in serials}}
    browser.send("/certificates/revoke/now", typed)
    assert "7 certificate(s) are revoked" in browser.text()
    assert "3 had been revoked before" in browser.text()
    assert browser.send("/certificates/revoke/now", typed | {"serial.c0de9999": "yes"}).status_code == 404


def test_more_than_ten_are_decided_by_a_second_person(site: Site) -> None:
    """An order; whoever gave it is refused in plain words, another approver puts it in force."""
    second, browser = staff(site, "kenji", "approver"), staff(site)
    serials = issue(site, 11)
    assert tick(browser, serials, reason="cessation_of_operation") == 200
    assert "Nothing is revoked before another person approves it" in browser.text()
    assert browser.page is not None
    order = browser.page.url.path
    assert tick(browser, serials, reason="cessation_of_operation") == 200
    assert "The same order waits already" in browser.text()
    assert "whoever ordered it does not approve it" in browser.text()
    typed = {**browser.hidden(order), "act": "approve"}
    assert browser.send(order, typed).status_code == 403
    assert revoked(site, serials) == 0

    with site.lab.office.store.write() as tx:
        user = tx.user_by_name("1", "ope")
        assert user
        tx.put_user(replace(user, role="approver"))
    assert browser.send(order, typed).status_code == 403
    assert "whoever ordered it does not approve it" in browser.text()

    second.get("/orders")
    second.get(order)
    assert second.send(order, {**second.hidden(order), "act": "burn"}).status_code == 400
    second.get(order)
    second.post(order, act="approve")
    assert "The order is in force" in second.text()
    assert revoked(site, serials) == 11
    token = second.hidden("/logout")["token"]
    assert second.send(order, {"token": token, "act": "deny"}).status_code == 409


def test_an_order_is_turned_down_and_newcomers_approve_nothing(site: Site) -> None:
    """Whoever was added after the order may deny it and not approve it; so may an order of a certificate be."""
    browser, serials = staff(site), issue(site, 11)
    tick(browser, serials, reason="unspecified")
    assert browser.page is not None
    order = browser.page.url.path
    site.lab.clock.at = site.lab.clock.at.replace(year=2099)
    newcomer = staff(site, "kenji", "approver")
    newcomer.get(order)
    assert "made, or made anew, after the order" in newcomer.text()
    token = newcomer.hidden(order)["token"]
    assert newcomer.send(order, {"token": token, "act": "approve"}).status_code == 403
    newcomer.get(order)
    newcomer.post(order, act="deny")
    assert "The order is turned down" in newcomer.text()
    assert revoked(site, serials) == 0


def test_forms_need_their_token_and_revoking_its_power(site: Site) -> None:
    """No other page, and no approver, revokes or answers."""
    serial, one = issue(site, 1)[0], filed(site)
    browser, approver = staff(site), staff(site, "kenji", "approver")
    acts = {
        "/certificates/revoke/now": {f"serial.{serial}": "yes", "reason": "superseded"},
        f"/issuance/{one}/send-back": {"reason": "x"}, f"/issuance/{one}/approve": {},
        "/issuance/notices/end": {"sure": "yes"}, "/orders/x": {"act": "deny"}, "/applications/new": APPLIED,
    }  # fmt: skip
    for path, typed in acts.items():
        for who in (browser, approver):
            assert who.send(path, {"token": "0" * 64, **typed}).status_code == 403, path
    token = approver.get("/orders") and approver.hidden("/logout")["token"]
    page = approver.get("/certificates")
    assert "serial." not in page.text
    typed = {"token": token, **acts["/certificates/revoke/now"]}
    assert approver.send("/certificates/revoke/now", typed).status_code == 403
    assert revoked(site, [serial, certificates()[FIRST][0]]) == 0
    assert applications.application_of(site.enrolling, one).state == "applied"
