"""The pages of a party: notices, users and mandates, at the desk and on the public face."""

import re
from collections.abc import Iterator

import pytest

from apps.desk_lab import FIRST, OPERATOR, PAYER, SECOND
from apps.pages_lab import Browser, Site
from apps.test_pages_account import NOW, PASSWORD, add
from apps.test_pages_account import secret_of as _secret_of
from seikyu.trust.totp import STEP_S, code_at

NOTICE = {
    "effective_on": "2026-11-01", "contact": "受付 見本", "phone": "03-0000-0000", "customer_id": "CAF0000000001",
}  # fmt: skip
START = "/notices/new?kind=start&connection=ipvpn_ipv6"


@pytest.fixture
def site() -> Iterator[Site]:
    """Return both faces over one office."""
    site = Site.make()
    site.lab.clock.at = NOW
    yield site
    site.close()


def operator(site: Site) -> Browser:
    """Return the operator's browser, second factor and all."""
    browser = add(site, "ope", party=OPERATOR, role="operator")
    browser.post("/account/second-factor/app")
    code = code_at(_secret_of(browser), int(NOW.timestamp()) // STEP_S)
    browser.post("/account/second-factor/app/confirm", new_code=code)
    return browser


def file(browser: Browser) -> str:
    """File a notice; return its address."""
    browser.get(START)
    browser.post("/notices/new", **NOTICE)
    assert browser.page is not None
    assert "The notice is filed" in browser.text()
    return browser.page.url.path


@pytest.mark.parametrize("face", ["desk", "public"])
def test_a_notice_is_filed_seen_and_approved(site: Site, face: str) -> None:
    """With a certificate or without; the history names the person; the form is a document."""
    browser = add(site)
    if face == "public":
        browser = site.browser()
        browser.log_in("hanako", PASSWORD)
    kinds = browser.get("/notices/new").text
    assert kinds.count('href="/notices/new?kind=') == 5
    assert browser.get("/notices/new?kind=start").text.count("connection=") == 4
    place = file(browser)
    assert f"{FIRST}/hanako" in browser.text()
    assert "CAF0000000001" in browser.text()
    form = browser.get(f"{place}/form.pdf")
    assert (form.headers["content-type"], form.content[:5]) == ("application/pdf", b"%PDF-")

    office = operator(site)
    assert place in office.get("/notices").text
    office.get(place)
    office.post(place, act="see")
    office.post(place, act="approve")
    assert "The answer is recorded" in office.text()
    assert f"{OPERATOR}/ope" in office.text()
    assert "approved" in re.sub(r"\s+", " ", browser.get(place).text)
    assert "/notices/new" not in office.get("/notices").text, "the office files none"


def test_a_notice_comes_back_with_its_reason(site: Site) -> None:
    """Without a reason it does not; what has had its answer gets no other."""
    browser, office = add(site), operator(site)
    place = file(browser)
    office.get(place)
    typed = office.hidden(place)
    assert office.send(place, {**typed, "act": "send_back", "reason": " "}).status_code == 400
    office.get(place)
    assert office.send(place, {**typed, "act": "send_back", "reason": "<b>no such id</b>"}).status_code == 303
    assert office.send(place, {**typed, "act": "approve"}).status_code == 409
    assert office.send(place, {**typed, "act": "eat"}).status_code == 400
    assert "<b>no such id</b>" in browser.get(place).text.replace("&lt;", "<").replace("&gt;", ">")
    assert "<b>" not in browser.get(place).text


def test_what_is_wrong_stands_at_its_field(site: Site) -> None:
    """The items that are right stay typed; nothing is kept."""
    browser = add(site)
    browser.get(START)
    answer = browser.post("/notices/new", **{**NOTICE, "phone": "abc", "customer_id": '"><script>'})
    assert answer.status_code == 422
    assert answer.text.count('aria-invalid="true"') == 2
    assert 'value="受付 見本"' in answer.text
    assert "<script>" not in answer.text
    with site.lab.office.store.read() as tx:
        assert not tx.notices()


def test_anothers_notice_is_not_found(site: Site) -> None:
    """Neither the page nor the form, with or without a certificate, nor an answer to one's own."""
    mine, theirs = add(site), add(site, "jiro", party=SECOND)
    place = file(mine)
    for path in (place, f"{place}/form.pdf", "/notices/nothing", "/notices/%2e%2e", f"/notices/{'x' * 60}"):
        assert theirs.get(path).status_code == 404
    assert place not in theirs.get("/notices").text
    theirs.get("/notices")
    mine.get(place)
    assert mine.send(place, {**mine.hidden("/logout"), "act": "approve"}).status_code == 403


def test_an_administrator_keeps_the_partys_users(site: Site) -> None:
    """Add with an initial password that is shown once, lock, unlock, another role, reset, remove."""
    boss = add(site)
    boss.get("/users")
    boss.post("/users/add", user="Jiro", role="clerk")
    initial = re.search(r'class="secret">([a-z0-9-]{19})<', boss.page.text if boss.page else "")
    assert initial
    assert initial[1] not in boss.get("/users").text
    clerk = site.browser("desk", party=FIRST)
    assert clerk.log_in("jiro", initial[1]).url.path == "/account/password"

    def act(word: str, **more: str) -> str:
        boss.get("/users")
        return boss.post("/users/act", user="jiro", act=word, **more).text

    assert "locked until somebody unlocks" in act("lock")
    assert clerk.log_in("jiro", initial[1]).status_code == 403
    assert "The user is unlocked" in act("unlock")
    assert "read-only" in act("role", role="read_only")
    assert "Initial password of jiro" in act("reset")
    assert clerk.log_in("jiro", initial[1]).status_code == 401
    assert "never given again" in act("remove")
    boss.get("/users")
    assert boss.post("/users/add", user="jiro", role="clerk").status_code == 409


def test_nobody_keeps_users_of_others_or_without_the_role(site: Site) -> None:
    """Another party's are not there, one's own lock is not one's own, and a clerk has no such page."""
    boss, _ = add(site), add(site, "theirs", party=SECOND)
    assert "theirs" not in boss.get("/users").text
    for user, status in (("theirs", 404), ("hanako", 403), ("nobody", 404)):
        boss.get("/users")
        token = {"token": boss.hidden("/users/add")["token"]}
        assert boss.send("/users/act", {**token, "user": user, "act": "lock"}).status_code == status
    boss.get("/users")
    forged = boss.post("/users/add", user="spy", role="clerk", party=SECOND)
    assert forged.status_code == 200
    with site.lab.office.store.read() as tx:
        spy = tx.user_by_name("1", "spy")
    assert spy
    assert spy.party == FIRST
    assert boss.post("/users/add", user="root", role="operator").status_code == 422

    clerk = add(site, "clerk", role="clerk")
    assert {clerk.get(path).status_code for path in ("/users", "/mandates", "/notices")} == {403}
    assert "/users" not in clerk.get("/account").text


def test_a_mandate_is_given_by_one_and_ended_by_either(site: Site) -> None:
    """The principal alone gives it; it ends at once, and both see the history."""
    principal, agent = add(site), add(site, "jiro", party=SECOND)
    agent.get("/mandates")
    assert agent.post("/mandates/grant", agent=SECOND, principal=FIRST).status_code == 403
    principal.get("/mandates")
    principal.post("/mandates/grant", agent=SECOND)
    assert "The mandate is in force" in principal.text()
    assert FIRST in agent.get("/mandates").text
    agent.post("/mandates/end")
    assert "The mandate has ended" in agent.text()
    assert 'action="/mandates/end"' not in principal.get("/mandates").text

    principal.get("/mandates")
    assert principal.post("/mandates/grant", agent="nobody").status_code == 404
    principal.get("/mandates")
    assert principal.post("/mandates/grant", agent=FIRST).status_code == 422
    payer = add(site, "kenpo", party=PAYER)
    assert 'action="/mandates/grant"' not in payer.get("/mandates").text


def test_an_administrator_takes_a_lost_second_factor_away(site: Site) -> None:
    """Code app and security keys go with it, and the user chooses a new password."""
    from apps.soft_key import SoftKey
    from apps.test_pages_account import with_key

    boss, clerk = add(site), add(site, "jiro", role="clerk")
    with_key(site, clerk, SoftKey())
    assert "yes" in boss.get("/users").text
    boss.post("/users/act", user="jiro", act="reset_factor")
    initial = re.search(r'class="secret">([a-z0-9-]{19})<', boss.page.text if boss.page else "")
    assert initial
    assert clerk.get("/account").url.path == "/login", "every session has ended"
    assert clerk.log_in("jiro", initial[1]).url.path == "/account/password"
    with site.lab.office.store.read() as tx:
        user = tx.user_by_name("1", "jiro")
        assert user
        assert not tx.security_keys(user.id)
