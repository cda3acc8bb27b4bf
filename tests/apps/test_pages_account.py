"""The pages of accounts: what a browser sees, and what an attacker does not get."""

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

import pytest

from apps.desk_lab import FIRST, OPERATOR, PAYER, SECOND, certificates
from apps.pages_lab import Browser, Site, add, code_now, secret_of, ticks
from apps.soft_key import SoftKey
from seikyu.limits import limit
from seikyu.services.accounts import post_codes
from seikyu.services.people import CONSOLE, Newcomer, add_user
from seikyu.trust.agreements import in_force
from seikyu.trust.codes import grouped, make_code
from seikyu.trust.people import Actor
from seikyu.trust.totp import STEP_S
from services.people_lab import FIRST as PASSWORD
from services.people_lab import SECOND as OTHER_PASSWORD

#: After the first day of the terms.
NOW = datetime(2026, 11, 2, 3, tzinfo=UTC)


@pytest.fixture
def site() -> Iterator[Site]:
    """Return both faces over one office, at a time when the terms are in force."""
    site = Site.make()
    site.lab.clock.at = NOW
    yield site
    site.close()


def post_code(site: Site, party: str = SECOND) -> str:
    """Return the code that is posted to a party, as it stands on the letter."""
    return grouped("registration", post_codes(site.pages["public"].people, CONSOLE, [party])[0].code)


def register(browser: Browser, code: str, *, party: str = SECOND, user: str = "taro") -> None:
    """Register with a code, to the end."""
    browser.get("/account/register")
    browser.post("/account/register", party=party, code=code)
    accepted = ticks(browser)
    browser.post(
        "/account/register/finish", user=user, password=OTHER_PASSWORD, again=OTHER_PASSWORD, body="1", **accepted
    )


def test_a_user_logs_in_and_out_at_the_desk(site: Site) -> None:
    """The first login changes the password and accepts the terms; logging out ends the session for its token too."""
    browser = add(site)
    assert "hanako, administrator of" in browser.text()
    kept = dict(browser.cookies)

    browser.post("/logout")

    assert "You are logged out" in browser.text()
    browser.cookies = kept
    assert str(browser.get("/account").url).endswith("/login?next=/account")


def test_a_certificate_that_is_revoked_while_a_form_comes_in_does_nothing(site: Site) -> None:
    """A form that was held back until then is refused as any other."""
    browser, store = add(site), site.lab.office.store
    browser.get("/account")
    form = urlencode(browser.hidden("/logout")).encode()
    with store.read() as tx:
        certificate = tx.certificate(certificates()[FIRST][0])
    assert certificate is not None

    async def late() -> AsyncIterator[bytes]:
        yield form[:5]
        with store.write() as tx:
            tx.put_certificate(replace(certificate, revoked_at=NOW, reason="key_compromise"))
        yield form[5:]

    headers = {"origin": browser.origin, "content-type": "application/x-www-form-urlencoded"}
    assert browser.ask("POST", "/logout", content=late(), headers=headers).status_code == 403
    with store.write() as tx:
        tx.put_certificate(certificate)
    browser.get("/account")
    assert "hanako, administrator of" in browser.text()


def test_pages_keep_everything_foreign_out(site: Site) -> None:
    """Each has its policy; cookies go to us alone; nothing inline is needed; the style is kept under its digest."""
    browser = site.browser()
    page = browser.get("/login")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert (page.headers["cache-control"], page.headers["x-frame-options"]) == ("no-store", "DENY")
    assert not re.search(r"<style|<script(?! src)| style=| on[a-z]+=", page.text)
    for line in page.headers.get_list("set-cookie"):
        assert line.startswith("__Host-seikyu-")
        assert {"path=/", "secure", "httponly", "samesite=strict"} <= {part.lower() for part in line.split("; ")}

    style = re.search(r'href="(/static/seikyu\.[0-9a-f]{12}\.css)"', page.text)
    assert style
    assert "immutable" in browser.get(style[1]).headers["cache-control"]
    assert browser.get("/static/seikyu.css").status_code == 404
    assert browser.get("/static/..%2fsite.py").status_code == 404


@pytest.mark.parametrize(
    ("headers", "path", "lang"),
    [
        ({"accept-language": "fr"}, "/login", "ja"), ({"accept-language": ""}, "/login", "ja"),
        ({"accept-language": "en,ja;q=0.5"}, "/login", "en"), ({"accept-language": "ja"}, "/login?lang=en", "en"),
        ({"accept-language": "en"}, "/login?lang=xx", "en"),
    ],
)  # fmt: skip
def test_a_page_speaks_japanese_unless_another_is_wished(
    site: Site, headers: dict[str, str], path: str, lang: str
) -> None:
    """Asked for in the address, preferred by the browser, else Japanese; a choice is remembered."""
    browser = site.browser()
    assert f'<html lang="{lang}">' in browser.get(path, headers=headers).text
    remembered = browser.get("/login", headers={"accept-language": "ja"})
    assert f'<html lang="{"en" if "lang=en" in path else "ja"}">' in remembered.text


@pytest.mark.parametrize(
    ("headers", "token", "code"),
    [
        ({"sec-fetch-site": "cross-site"}, True, "foreign_page"), ({"sec-fetch-site": "same-site"}, True, "foreign_page"),
        ({"sec-fetch-site": "", "origin": "https://evil.example"}, True, "foreign_page"),
        ({"sec-fetch-site": "", "origin": "null"}, True, "foreign_page"), ({}, False, "form_over"),
    ],
)  # fmt: skip
def test_no_page_of_somebody_else_sends_a_form(site: Site, headers: dict[str, str], *, token: bool, code: str) -> None:
    """The browser says where it comes from, and a form needs a token that only a page of ours writes."""
    browser = add(site)
    browser.get("/account")
    typed = browser.hidden("/logout") if token else {"token": "0" * 64}
    sent = {
        name: value
        for name, value in {"origin": browser.origin, "sec-fetch-site": "same-origin", **headers}.items()
        if value
    }

    answer = browser.ask("POST", "/logout", data=typed, headers={**sent, "accept": "application/json"})

    assert (answer.status_code, answer.json()["code"]) == (403, code)
    assert browser.get("/account").status_code == 200


def test_a_token_is_of_one_browser_and_login(site: Site) -> None:
    """Another browser's token, and one from before the login, are worth nothing: neither can be planted."""
    mine, theirs = add(site), add(site, "jiro", party=SECOND)
    theirs.get("/account")
    answer = mine.send("/logout", theirs.hidden("/logout"))
    assert answer.status_code == 403

    browser = site.browser("desk", party=FIRST)
    browser.get("/login")
    before = browser.hidden("/login")
    browser.log_in("hanako", PASSWORD)
    assert browser.send("/logout", before).status_code == 403


def test_a_session_cannot_be_planted(site: Site) -> None:
    """A token that an attacker put into the browser is not the one after the login, and the old one is over."""
    attacker = add(site, "mallory")
    planted = attacker.cookies["__Host-seikyu-desk"]
    victim = add(site, "hanako")
    victim.post("/logout")
    victim.cookies["__Host-seikyu-desk"] = planted
    victim.get("/account")
    victim.post("/logout")
    victim.cookies["__Host-seikyu-desk"] = "made-up"
    victim.log_in("hanako", PASSWORD)

    assert victim.cookies["__Host-seikyu-desk"] not in {planted, "made-up"}
    assert "/login" in str(attacker.get("/account").url)


def test_a_login_is_of_the_certificates_party(site: Site) -> None:
    """Row C17: the right password with another party's certificate is refused, and the page names that party."""
    add(site)
    browser = site.browser("desk", party=SECOND)
    answer = browser.log_in("hanako", PASSWORD)
    assert answer.status_code == 401
    assert f"speaks for {SECOND}" in browser.text()

    mine = add(site, "jiro", party=SECOND)
    thief = site.browser("desk", party=FIRST)
    thief.cookies = dict(mine.cookies)
    assert "/login" in str(thief.get("/account").url), "a session is worth nothing with another certificate"


def test_a_session_of_one_face_is_none_of_the_other(site: Site) -> None:
    """A login without a certificate does not open the desk, and one of the desk not the public face."""
    desk = add(site)
    public = site.browser()
    assert public.log_in("hanako", PASSWORD).status_code == 200
    assert "You are logged in without a certificate" in public.text()
    outside, inside = public.cookies["__Host-seikyu-public"], desk.cookies["__Host-seikyu-desk"]

    desk.cookies["__Host-seikyu-desk"] = outside
    public.cookies["__Host-seikyu-public"] = inside

    assert "/login" in str(desk.get("/account").url)
    assert "/login" in str(public.get("/account").url)


def test_without_a_certificate_there_is_little_power(site: Site) -> None:
    """Notices and the own account, and neither users nor mandates; the office's people do not come in at all."""
    add(site)
    browser = site.browser()
    browser.log_in("hanako", PASSWORD)
    assert browser.get("/notices").status_code == 200
    assert {browser.get(path).status_code for path in ("/users", "/mandates")} == {404}

    given = add_user(site.pages["desk"].people, CONSOLE, Newcomer("1", "ope", OPERATOR, "operator"))
    assert site.browser().log_in("ope", given.initial or "").status_code == 401


@pytest.mark.parametrize(
    "place", ["https://evil.example/", "//evil.example", "/\\evil.example", "/login?x=//e", "/a b"]
)
def test_a_login_leads_to_our_own_pages_alone(site: Site, place: str) -> None:
    """Where somebody wanted to go is followed only if it is a plain address of ours."""
    add(site)
    browser = site.browser("desk", party=FIRST)
    browser.ask("GET", "/login", params={"next": place})
    typed = {**browser.hidden("/login"), "user": "hanako", "password": PASSWORD, "body": "1", "next": place}
    answer = browser.send("/login", typed)
    assert (answer.status_code, answer.headers["location"]) == (303, "/account")


def test_a_page_that_needs_a_login_is_one_field_of_the_address(site: Site) -> None:
    """Whatever stands in it."""
    for path in ("/notices/x%26lang=en%26done=registered", "/notices/%E5%B1%8A", "/notices/x%23y"):
        answer = site.browser().ask("GET", path)
        assert answer.status_code == 303
        place = urlsplit(answer.headers["location"])
        assert (place.path, parse_qs(place.query), place.fragment) == ("/login", {"next": [unquote(path)]}, "")


def test_a_form_is_small_and_a_form(site: Site) -> None:
    """What is too long, has too many fields or is no form is not read."""
    browser = site.browser()
    browser.get("/login")
    token = browser.hidden("/login")["token"]
    many = {f"f{number}": "" for number in range(limit("form_fields") + 1)}
    own = {"origin": browser.origin, "accept": "application/json"}
    assert browser.send("/login", {"token": token, "user": "x" * limit("form_bytes")}).status_code == 413
    assert browser.send("/login", {"token": token, **many}).status_code == 400
    assert browser.ask("POST", "/login", json={"user": "x"}, headers=own).json()["code"] == "not_a_form"
    raw = {**own, "content-type": "application/x-www-form-urlencoded"}
    assert browser.ask("POST", "/login", content=b"user=\xff\xfe", headers=raw).json()["code"] == "not_a_form"


def test_whatever_a_name_holds_is_text(site: Site) -> None:
    """A party's name with markup, and what was typed, come out as they are and nothing of them is read."""
    nasty = """<script>alert(1)</script>"'><img src=x onerror=alert(2)>{{ 7*7 }}"""
    with site.lab.office.store.write() as tx:
        party = tx.party(FIRST)
        assert party
        tx.put_party(type(party)(**{name: getattr(party, name) for name in party.__slots__} | {"name": nasty}))
    browser = add(site)
    for path in ("/", "/account", "/mandates"):
        text = browser.get(path).text
        assert "<script>alert" not in text
        assert "<img src=x" not in text
        assert nasty not in text
    assert nasty in browser.text() or nasty in unescape(browser.get("/account").text)
    stranger = site.browser()
    stranger.log_in(nasty, "x")
    assert stranger.page is not None
    assert "<img src=x" not in stranger.page.text


def test_a_bug_tells_a_number_and_nothing_else(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """No word of what went wrong is on the page."""

    def broken() -> None:
        raise RuntimeError("secret of the house")

    monkeypatch.setattr(site.lab.office.store, "read", broken)
    browser = site.browser()
    browser.ask("GET", "/")
    assert browser.page is not None
    assert browser.page.status_code == 500
    assert "secret" not in browser.page.text
    assert "RuntimeError" not in browser.page.text
    assert "default-src" in browser.page.headers["content-security-policy"]


# --- strangers ---


def test_a_stranger_slows_a_user_down_and_locks_nobody(site: Site) -> None:
    """After some failures from everywhere the next try waits, at most a minute; the desk is not concerned."""
    desk = add(site)
    desk.post("/logout")
    for number in range(30):
        site.browser(address=f"198.51.100.{number}").log_in("hanako", "wrong")
        site.lab.clock.at += timedelta(seconds=61)
    assert site.browser(address="198.51.100.99").log_in("hanako", "wrong").status_code == 401
    owner = site.browser()
    assert owner.log_in("hanako", PASSWORD).status_code == 429
    assert "Wait a little" in owner.text() or "nothing is looked at before" in owner.text()
    assert desk.log_in("hanako", PASSWORD).status_code == 200

    site.lab.clock.at += timedelta(seconds=60)
    assert owner.log_in("hanako", PASSWORD).status_code == 200


def test_a_browser_that_was_here_before_does_not_wait_behind_strangers(site: Site) -> None:
    """It has a door of its own; a made-up cookie, or another user's, opens none."""
    add(site)
    known = site.browser()
    known.log_in("hanako", PASSWORD)
    known.post("/logout")
    for number in range(limit("logins_at_once") + 4):
        site.browser(address=f"198.51.100.{number}").log_in("hanako", "wrong")

    forged = site.browser(address="203.0.113.1")
    forged.cookies["__Host-seikyu-public-known"] = "00." + "0" * 64
    assert forged.log_in("hanako", PASSWORD).status_code == 429
    assert known.log_in("hanako", PASSWORD).status_code == 200
    assert known.page is not None
    assert known.page.url.path == "/account"

    known.post("/logout")
    for _ in range(site.pages["public"].people.rules.known_failures):
        assert known.log_in("hanako", "wrong").status_code == 401
    assert known.log_in("hanako", PASSWORD).status_code == 429, "it waits where everybody waits"
    site.lab.clock.at += site.pages["public"].people.rules.most_wait
    assert known.log_in("hanako", PASSWORD).status_code == 200


def test_an_address_that_tries_many_is_locked_for_a_time(site: Site) -> None:
    """Whoever it tries, there or not; another address goes on, and the time is told."""
    add(site)
    rules = site.pages["public"].people.rules
    for number in range(rules.address_failures):
        assert site.browser(address="2001:db8::1").log_in(f"nobody{number}", "x").status_code in {401, 429}
    same_network = site.browser(address="2001:db8::beef")
    assert same_network.log_in("hanako", PASSWORD).status_code == 429
    assert "2026-11-02 12:15" in same_network.text()
    assert site.browser(address="2001:db8:1::1").log_in("hanako", PASSWORD).status_code == 200
    site.lab.clock.at += rules.address_for
    assert same_network.log_in("hanako", PASSWORD).status_code == 200


def test_no_stranger_learns_who_is_there(site: Site) -> None:
    """A user who is there and one who is not get the same page, hash for hash, wait for wait."""
    add(site)
    vault = site.pages["public"].people.vault
    pages = []
    for name in ("hanako", "nobody"):
        vault.asked.clear()  # type: ignore[attr-defined]
        seen = [site.browser(address=f"198.51.100.{n}").log_in(name, "wrong") for n in range(7)]
        pages.append(([each.status_code for each in seen], list(vault.asked)))  # type: ignore[attr-defined]
    assert pages[0] == pages[1]
    assert pages[0][0] == [401] * 5 + [429] * 2


# --- registering ---


def test_a_posted_code_makes_the_first_administrator_once(site: Site) -> None:
    """Number and code, the terms, a user id and a password; then the code is used."""
    browser = site.browser()
    code = post_code(site)
    register(browser, code.lower().replace("-", " "))
    assert "You are registered" in browser.text()
    assert browser.log_in("taro", OTHER_PASSWORD).status_code == 200
    assert "taro, administrator of" in browser.text()
    with site.lab.office.store.read() as tx:
        user = tx.user_by_name("1", "taro")
        assert user
        texts = [(each.document, each.version, each.at) for each in tx.acceptances(user.id)]
        assert sorted(texts) == sorted((each.name, each.version, NOW) for each in in_force(NOW))
        assert {"post_code", "register", "login_outside"} <= {each.act for each in tx.entries()}
        row = tx.registration_code(SECOND)
        assert row
        assert code.replace("-", "") not in repr(row)

    again = site.browser()
    again.get("/account/register")
    assert again.post("/account/register", party=SECOND, code=code).status_code == 403


def test_who_begins_next_month_gets_ready_before(site: Site) -> None:
    """The code, the account and the login are there before the party's first day; the certificate is applied for."""
    with site.lab.office.store.write() as tx:
        party = tx.party(SECOND)
        assert party is not None
        tx.put_party(replace(party, since=NOW + timedelta(days=30)))
    browser = site.browser()
    register(browser, post_code(site))
    assert browser.log_in("taro", OTHER_PASSWORD).status_code == 200
    browser.get("/applications/new")
    applied = browser.post("/applications/new", terminal="受付1号機", department="事務課", phone="099-000-0000")
    assert applied.status_code == 200
    with site.lab.office.store.read() as tx:
        assert [each.terminal for each in tx.applications(party=SECOND)] == ["受付1号機"]
    boss = Actor("taro", SECOND, "1", "administrator")
    assert add_user(site.pages["public"].people, boss, Newcomer("1", "jiro", SECOND, "clerk")).user.party == SECOND


@pytest.mark.parametrize("how", ["too old", "replaced", "another party", "gone from the register", "has users"])
def test_a_code_that_does_not_count_is_refused(site: Site, how: str) -> None:
    """All of them look alike."""
    code, party = post_code(site), SECOND
    if how == "too old":
        site.lab.clock.at += site.pages["public"].people.rules.code_for
    elif how == "replaced":
        post_code(site)
    elif how == "has users":
        add_user(site.pages["public"].people, CONSOLE, Newcomer("1", "jiro", SECOND, "clerk"))
    elif how == "another party":
        post_code(site, FIRST)
        party = FIRST
    else:
        with site.lab.office.store.write() as tx:
            row = tx.party(SECOND)
            assert row
            tx.put_party(type(row)(SECOND, row.kind, row.name, row.since, until=NOW))
    browser = site.browser()
    browser.get("/account/register")
    answer = browser.post("/account/register", party=party, code=code)
    assert answer.status_code == 403
    assert "do not belong together" in browser.text()


def test_codes_cannot_be_guessed_from_many_addresses(site: Site) -> None:
    """Wrong ones for a party are told to wait, from anywhere; the right one is let in; a slip does not count."""
    good, rules = post_code(site), site.pages["public"].people.rules
    wrong = [post_code(site, FIRST) for _ in range(rules.code_failures)]
    slipped = good[:-1] + ("2" if good[-1] != "2" else "3")

    def trial(number: int, code: str) -> int:
        browser = site.browser(address=f"198.51.100.{number}")
        browser.get("/account/register")
        return browser.post("/account/register", party=SECOND, code=code).status_code

    assert {trial(number, slipped) for number in range(rules.code_failures + 1)} == {422}
    assert [trial(number, code) for number, code in enumerate(wrong)] == [403] * rules.code_failures
    assert trial(98, wrong[0]) == 429
    assert trial(99, good) == 200
    site.lab.clock.at += rules.code_locked_for
    assert trial(98, wrong[0]) == 403


def test_who_tries_for_a_closed_party_is_counted_still(site: Site) -> None:
    """An address that goes on with wrong codes is locked, whatever they are for; others are let in by theirs."""
    good, rules = post_code(site), site.pages["public"].people.rules
    wrong = grouped("registration", make_code("registration", b"x" * 32))
    evil = site.browser(address="198.51.100.1")
    evil.get("/account/register")
    tries = max(rules.code_failures, rules.address_failures) + 1
    told = [evil.post("/account/register", party=SECOND, code=wrong).status_code for _ in range(tries)]
    assert told[-1] == 429
    assert evil.post("/account/register", party=SECOND, code=good).status_code == 429
    browser = site.browser()
    register(browser, good)
    assert "You are registered" in browser.text()


@pytest.mark.parametrize(("lang", "says"), [("ja", "どこかの文字が違う"), ("en", "a character is wrong")])
@pytest.mark.parametrize("why", ["check", "length", "character"])
def test_a_slip_is_told_in_words(site: Site, lang: str, says: str, why: str) -> None:
    """And where the code stands, for a newcomer has a letter and no notice."""
    good, browser = post_code(site), site.browser()
    slipped = {
        "check": good[:-1] + ("2" if good[-1] != "2" else "3"),
        "length": good[:-1],
        "character": good[:-1] + "0",
    }
    browser.get(f"/account/register?lang={lang}")
    assert browser.post("/account/register", party=SECOND, code=slipped[why]).status_code == 422
    assert (says in browser.text()) == (why == "check")
    assert {"ja": "手紙又は発行通知書", "en": "in the letter or on the notice"}[lang] in browser.text()
    assert f"（{why}）" not in browser.text()
    assert f": {why})" not in browser.text()


def test_who_waits_to_register_is_told_a_way_that_they_have(site: Site) -> None:
    """Not the desk: a newcomer has no certificate."""
    wrong = grouped("registration", make_code("registration", b"x" * 32))
    browser = site.browser()
    browser.get("/account/register")
    for _ in range(site.pages["public"].people.rules.address_failures + 1):
        answer = browser.post("/account/register", party=SECOND, code=wrong)
    assert answer.status_code == 429
    assert "ask the review body" in browser.text()
    assert "the desk, from a terminal" not in browser.text()


def test_the_only_administrator_is_told_whom_to_ask(site: Site) -> None:
    """Nobody else of the party can help them."""
    browser = add(site)
    with_key(site, browser, SoftKey())
    browser.post("/logout")
    for path in ("/login", "/login/second"):
        assert "if you are the only one, ask the review body" in browser.text()
        browser.log_in("hanako", PASSWORD)
        assert browser.page
        assert browser.page.url.path == "/login/second", path


@pytest.mark.parametrize("typed", ["９９１０１１２３５９", "9910 112 359", "\u30009910112359 "])
def test_a_number_is_read_as_it_was_typed(site: Site, typed: str) -> None:
    """Wide digits and blanks are the same number."""
    assert SECOND == "9910112359"
    code, browser = post_code(site), site.browser()
    browser.get("/account/register")
    assert browser.post("/account/register", party=typed, code=code).status_code == 200


def test_nothing_is_registered_without_terms_or_with_a_poor_password(site: Site) -> None:
    """The code stays good until all is right."""
    code = post_code(site)
    browser = site.browser()
    browser.get("/account/register")
    browser.post("/account/register", party=SECOND, code=code)
    accepted = ticks(browser)
    assert len(accepted) == 2
    good = {"user": "taro", "password": OTHER_PASSWORD, "again": OTHER_PASSWORD, "body": "1"}
    one = dict([next(iter(accepted.items()))])
    for typed in (
        good, {**good, **one}, {**good, **accepted, "again": "other"}, {**good, **accepted, "user": "no good id"},
        {**good, **accepted, "password": "password1234", "again": "password1234"},
        {**good, **{name.replace("2026-10-01", "2020-01-01"): "yes" for name in accepted}},
    ):  # fmt: skip
        assert browser.post("/account/register/finish", **typed).status_code == 422
    with site.lab.office.store.read() as tx:
        assert not tx.users()
    assert browser.post("/account/register/finish", **good, **accepted).status_code == 200


@pytest.mark.parametrize("body", ["9-99 none", "2", "１"])
def test_nobody_registers_at_a_body_that_is_not_here(site: Site, body: str) -> None:
    """The code stays good; and nobody logs in there."""
    assert body not in site.pages["public"].served
    code, browser = post_code(site), site.browser()
    browser.get("/account/register")
    browser.post("/account/register", party=SECOND, code=code)
    typed = {"user": "taro", "password": OTHER_PASSWORD, "again": OTHER_PASSWORD, **ticks(browser)}
    assert browser.post("/account/register/finish", body=body, **typed).status_code == 422
    with site.lab.office.store.read() as tx:
        assert not tx.users()
    add_user(site.pages["public"].people, CONSOLE, Newcomer(body, "hanako", FIRST, "clerk"), password=PASSWORD)
    assert site.browser().log_in("hanako", PASSWORD, body=body).status_code == 401
    assert browser.post("/account/register/finish", body="1", **typed).status_code == 200


def test_new_terms_are_asked_for_with_the_next_request(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing else is shown before; which text and when is kept; what was accepted before stays."""
    from seikyu.trust import agreements

    browser = add(site)
    assert browser.get("/notices").status_code == 200
    newer = [*agreements.agreements()]
    newer.append(type(newer[0])("use", "利用規約", "Terms of use", newer[0].kinds, "2026-11-02", newer[0].parts))
    monkeypatch.setattr(agreements, "agreements", lambda: tuple(newer))

    assert browser.get("/notices").url.path == "/account/terms"
    assert browser.post("/account/terms").status_code == 422
    assert list(ticks(browser)) == ["accept.use.2026-11-02"]
    browser.post("/account/terms", **ticks(browser))
    assert browser.get("/notices").url.path == "/notices"
    with site.lab.office.store.read() as tx:
        user = tx.user_by_name("1", "hanako")
        assert user
        assert ["2026-10-01", "2026-11-02"] == [e.version for e in tx.acceptances(user.id) if e.document == "use"]


# --- second factors ---


def test_an_operator_sets_a_code_app_before_anything_else(site: Site) -> None:
    """The square code is a drawing without scripts; afterwards the code is asked for, once each."""
    browser = add(site, "ope", party=OPERATOR, role="operator")
    assert browser.get("/users").url.path == "/account/second-factor"
    browser.post("/account/second-factor/app")
    assert browser.page is not None
    assert re.search(r"<svg [^>]*viewBox", browser.page.text)
    secret = secret_of(browser)
    assert browser.post("/account/second-factor/app/confirm", new_code="000000").status_code == 403
    browser.post("/account/second-factor/app/confirm", new_code=code_now(site, secret))
    assert "The code app is in force" in browser.text()
    assert browser.get("/users").status_code == 200
    browser.post("/logout")

    site.lab.clock.at += timedelta(seconds=STEP_S)
    assert browser.log_in("ope", PASSWORD).url.path == "/login/second"
    assert browser.get("/users").url.path == "/login", "half a login is none"
    browser.get("/login/second")
    assert browser.post("/login/second", code="123456").status_code == 401
    assert browser.post("/login/second", code=wide_digits(code_now(site, secret))).url.path == "/account"
    browser.post("/logout")
    browser.log_in("ope", PASSWORD)
    assert browser.post("/login/second", code=code_now(site, secret)).status_code == 401, "a code is good once"


def wide_digits(code: str) -> str:
    """Return a code as a Japanese keyboard may type it."""
    return f"{code[:3]} {code[3:]}".translate({ord("0") + digit: ord("０") + digit for digit in range(10)})


def question_of(browser: Browser) -> str:
    """Return what the present page asks a security key."""
    assert browser.page is not None
    asked = re.search(r'data-question="([^"]+)"', browser.page.text)
    assert asked, browser.page.text
    return unescape(asked[1])


def with_key(site: Site, browser: Browser, key: SoftKey) -> None:
    """Register a security key."""
    browser.get("/account/second-factor")
    browser.post("/account/second-factor/key", name="black", password=PASSWORD)
    browser.post("/account/second-factor/key/finish", answer=key.create(question_of(browser), browser.origin))
    assert "The security key is in force" in browser.text()


def test_a_security_key_finishes_a_login(site: Site) -> None:
    """Registered at the desk, used on the public face too: the two have one name. It is asked anew each time."""
    browser, key = add(site), SoftKey()
    with_key(site, browser, key)
    assert "black" in browser.text()
    browser.post("/logout")

    browser.log_in("hanako", PASSWORD)
    first = key.get(question_of(browser), browser.origin)
    assert browser.post("/login/second", answer=first).url.path == "/account"
    browser.post("/logout")
    browser.log_in("hanako", PASSWORD)
    assert browser.post("/login/second", answer=first).status_code == 401, "an old answer is worth nothing"
    assert browser.post("/login/second", answer=key.get(question_of(browser), browser.origin)).url.path == "/account"

    public = site.browser()
    public.log_in("hanako", PASSWORD)
    assert public.post("/login/second", answer=key.get(question_of(public), public.origin)).url.path == "/account"


@pytest.mark.parametrize("how", ["elsewhere", "unseen", "copied", "other key", "rubbish", "other challenge"])
def test_an_answer_that_is_none_is_refused_and_counts(site: Site, how: str) -> None:
    """From another site, without its owner, of a copy, of another key, or of no key at all."""
    browser, key = add(site), SoftKey(count=5)
    with_key(site, browser, key)
    browser.post("/logout")
    browser.log_in("hanako", PASSWORD)
    question, origin = question_of(browser), browser.origin
    if how == "elsewhere":
        origin = "https://desk.example.evil.example"
    elif how == "unseen":
        key.verifies = False
    elif how == "copied":
        key.count = 1
    elif how == "other key":
        key = SoftKey()
    elif how == "other challenge":
        question = question.replace('"challenge": "', '"challenge": "AAAA')
    answer = "{" if how == "rubbish" else key.get(question, origin)

    assert browser.post("/login/second", answer=answer).status_code == 401
    with site.lab.office.store.read() as tx:
        user = tx.user_by_name("1", "hanako")
    assert user
    assert user.failed == 1


def test_keys_are_several_and_need_the_password(site: Site) -> None:
    """Another needs the password, as removing does; the same key is not registered twice; one question, one answer."""
    browser, key = add(site), SoftKey()
    with_key(site, browser, key)
    browser.get("/account/second-factor")
    assert browser.post("/account/second-factor/key", name="x", password="wrong").status_code == 403
    browser.get("/account/second-factor")
    browser.post("/account/second-factor/key", name="x", password=PASSWORD)
    assert json_ids(question_of(browser)) == 1, "the browser is told which keys are there"
    path, answer = "/account/second-factor/key/finish", key.create(question_of(browser), browser.origin)
    typed = {**browser.hidden(path), "answer": answer}
    assert browser.send(path, typed).status_code == 409
    assert browser.send(path, typed).status_code == 401, "what was asked is over"
    with_key(site, browser, SoftKey())

    browser.get("/account/second-factor")
    path = "/account/second-factor/key/remove"
    assert browser.post(path, password="wrong").status_code == 403
    browser.get("/account/second-factor")
    browser.post(path, password=PASSWORD)
    assert "It is removed" in browser.text()
    with site.lab.office.store.read() as tx:
        user = tx.user_by_name("1", "hanako")
        assert user
        assert len(tx.security_keys(user.id)) == 1


def json_ids(question: str) -> int:
    """Return how many keys a question tells the browser to leave out."""
    import json

    return len(json.loads(question)["excludeCredentials"])


@pytest.mark.parametrize("has", ["key", "app"])
def test_a_session_alone_sets_no_code_app_beside_what_there_is(site: Site, has: str) -> None:
    """Whoever finds an open browser does not know the password; the failure counts."""
    browser, path = add(site), "/account/second-factor/app/confirm"
    typed: dict[str, str] = {}
    if has == "key":
        with_key(site, browser, SoftKey())
    else:
        browser.get("/account/second-factor")
        browser.post("/account/second-factor/app")
        old = secret_of(browser)
        assert 'name="password"' not in (browser.page.text if browser.page else "")
        assert browser.post(path, new_code=code_now(site, old)).url.path == "/account/second-factor"
        site.lab.clock.at += timedelta(seconds=STEP_S)
        typed = {"present_code": code_now(site, old)}
    browser.get("/account/second-factor")
    browser.post("/account/second-factor/app")
    assert 'name="password"' in (browser.page.text if browser.page else "")
    typed["new_code"] = code_now(site, secret_of(browser))

    assert browser.post(path, **typed).status_code == 403
    assert browser.post(path, **typed, password="wrong").status_code == 403
    with site.lab.office.store.read() as tx:
        user = tx.user_by_name("1", "hanako")
    assert user
    assert user.failed == 2
    browser.post(path, **typed, password=PASSWORD)
    assert "The code app is in force" in browser.text()


def test_the_last_second_factor_of_an_operator_stays(site: Site) -> None:
    """The role needs one; a clerk may take theirs away."""
    browser, key = add(site, "ope", party=OPERATOR, role="operator"), SoftKey()
    with_key(site, browser, key)
    assert browser.get("/users").status_code == 200
    browser.get("/account/second-factor")
    assert browser.post("/account/second-factor/key/remove", password=PASSWORD).status_code == 409


def test_a_half_login_ends_by_itself_and_with_its_certificate(site: Site) -> None:
    """After some minutes, with another certificate, or when the password was changed, it begins again."""
    browser, key = add(site), SoftKey()
    with_key(site, browser, key)
    browser.post("/logout")
    browser.log_in("hanako", PASSWORD)
    other = site.browser("desk", party=SECOND)
    other.cookies = dict(browser.cookies)
    assert other.get("/login/second").url.path == "/login"
    answer = key.get(question_of(browser), browser.origin)
    site.lab.clock.at += site.pages["desk"].people.rules.half_for
    assert browser.post("/login/second", answer=answer).url.path == "/login"


def test_sessions_end(site: Site) -> None:
    """Idle for long, or old, they are over."""
    rules = site.pages["desk"].people.rules
    browser = add(site)
    site.lab.clock.at += rules.idle
    assert browser.get("/account").url.path == "/login"
    browser.log_in("hanako", PASSWORD)
    for _ in range(int(rules.absolute / rules.idle * 2) - 1):
        site.lab.clock.at += rules.idle / 2
        assert browser.get("/account").url.path == "/account"
    site.lab.clock.at += rules.idle / 2
    assert browser.get("/account").url.path == "/login"


def test_a_payer_logs_in_as_well(site: Site) -> None:
    """Payers have people too."""
    assert "administrator of" in add(site, "kenpo", party=PAYER).text()


def test_a_flood_of_logins_is_told_to_come_again(site: Site) -> None:
    """Past the queue nothing is hashed; pages that hash nothing are not concerned."""
    pages, browser = site.pages["public"], site.browser()
    browser.get("/login")
    pages._waiting = limit("logins_waiting")
    pages.people.vault.asked.clear()  # type: ignore[attr-defined]
    answer = browser.post("/login", user="hanako", password="x", body="1")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert not pages.people.vault.asked  # type: ignore[attr-defined]
    assert browser.get("/").status_code == 200
    pages._waiting = 0
    browser.get("/login")
    assert browser.post("/login", user="hanako", password="x", body="1").status_code == 401
    assert pages._waiting == 0
