"""The institution's desk on a bench: home, sending, 請求状況, one sending and its last word."""

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx2
import pytest

from apps.desk_lab import FIRST, PAYER, SECOND, Connected, certificates
from apps.pages_lab import Browser, Site, _From, add
from apps.test_pages_account import NOW
from builders import CITY, claim, uke
from seikyu.limits import limit
from seikyu.office.announcing import Draft
from seikyu.office.calendar import JST
from seikyu.ports.trust import ClientIdentity
from seikyu.services import decide
from seikyu.services.announcements import publish
from seikyu.services.login import logout
from seikyu.services.people import CONSOLE, end_mandate, grant_mandate
from services.office_lab import institution

FILE = uke(claim(1), claim(2, points=300), claim(3, points=310))
NEXT = uke(claim(1, points=320, name="見本　花子"), claim(2, points=330, name="見本　次郎"))


@pytest.fixture
def site() -> Iterator[Site]:
    """Return both faces over one office."""
    site = Site.make()
    site.lab.clock.at = NOW
    yield site
    site.close()


@pytest.fixture
def browser(site: Site) -> Browser:
    """Return the browser of somebody of the first institution."""
    return add(site)


def form(*parts: tuple[str, str | None, bytes], boundary: str = "xX-xX") -> tuple[bytes, dict[str, str]]:
    """Return a form as browsers send it, and its header. Shape: name, file name, content."""
    body = b""
    for name, file_name, content in parts:
        said = f'; filename="{file_name}"' if file_name is not None else ""
        kind = "\r\nContent-Type: application/octet-stream" if file_name is not None else ""
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"{said}{kind}\r\n\r\n'
        body += head.encode() + content + b"\r\n"
    return body + f"--{boundary}--\r\n".encode(), {"content-type": f"multipart/form-data; boundary={boundary}"}


def send(
    browser: Browser, *files: tuple[str, bytes], line: str = "real", accept: str = "text/html", **fields: str
) -> Any:
    """Send files with the form of the page, in pieces as small as may be."""
    browser.get(f"/sendings/new?line={line}")
    hidden = browser.hidden("/sendings/new")
    parts = [(name, None, value.encode()) for name, value in {**hidden, "body": "", "asp": "yes", **fields}.items()]
    body, headers = form(*parts, *(("files", name, content) for name, content in files))
    return post(browser, body, headers, accept=accept)


def post(browser: Browser, body: bytes, headers: dict[str, str], *, accept: str = "text/html", piece: int = 777) -> Any:
    """Send the body of a form in pieces."""

    async def pieces() -> Any:
        for at in range(0, len(body), piece):
            yield body[at : at + piece]

    said = {"origin": browser.origin, "sec-fetch-site": "same-origin", "accept": accept, **headers}
    return browser.ask("POST", "/sendings/new", content=pieces(), headers=said)


def sent(browser: Browser, *files: tuple[str, bytes], **terms: str) -> str:
    """Send, have it checked, and return the id."""
    answer = send(browser, *(files or (("RECEIPTC.UKE", FILE),)), **terms)
    assert answer.status_code == 303, browser.text()
    browser.site.lab.work()
    found = re.fullmatch(r"/sendings/([0-9a-z]+)\?done=(sent|repeat)", answer.headers["location"])
    assert found
    return found[1]


def nothing_stays(site: Site) -> bool:
    """True if there is neither row nor object, nor an upload that waits."""
    lab = site.lab
    return not lab.sendings() and not lab.names() and not lab.office.desk.uploads and not lab.office.desk.arrivals


def test_a_form_sends_its_files_as_one_sending(site: Site, browser: Browser) -> None:
    """Their names without their ways; the answer leads to the sending, which says what next."""
    answer = send(browser, ("../../RECEIPTC.UKE", FILE), ("C:\\fakepath\\B.UKE", NEXT))
    assert answer.status_code == 303
    sending = site.lab.sendings()[0]
    files = site.lab.files(sending.id)
    assert [file.name for file in files] == ["RECEIPTC.UKE", "B.UKE"]
    assert [site.lab.read(f"files/{file.id}") for file in files] == [FILE, NEXT]
    page = browser.get(answer.headers["location"]).text
    assert "hx-get" in page
    assert "Sent. Nothing is claimed until you confirm." in browser.text()
    assert browser.get(f"/sendings/{sending.id}/checked").status_code == 200

    site.lab.work()

    assert browser.ask("GET", f"/sendings/{sending.id}/checked").headers["hx-refresh"] == "true"
    assert "Confirm or cancel" in browser.get(f"/sendings/{sending.id}").text


def test_a_script_gets_the_address_and_problems_as_json(site: Site, browser: Browser) -> None:
    """201 and the place; the same again is a repeat; what is wrong is a problem with words."""
    first = send(browser, ("RECEIPTC.UKE", FILE), accept="application/json", key="0" * 32)
    again = send(browser, ("RECEIPTC.UKE", FILE), accept="application/json", key="1" * 32)

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["address"].endswith("?done=sent")
    assert (again.json()["repeat"], again.json()["id"]) == (True, first.json()["id"])
    wrong = send(browser, ("RECEIPTC.UKE", FILE), accept="application/json", key="what")
    assert (wrong.status_code, wrong.json()["code"]) == (400, "bad_request")
    assert send(browser, accept="application/json").json()["code"] == "no_file_chosen"
    assert len(site.lab.sendings()) == 1


def test_a_field_without_a_file_is_no_file(site: Site, browser: Browser) -> None:
    """Browsers send an empty part then; the form comes again and says so. A file of no bytes is one, and is refused."""
    answer = send(browser, ("", b""))
    assert answer.status_code == 422
    assert "there is no file to send" in browser.text()
    assert nothing_stays(site)

    one = sent(browser, ("EMPTY.UKE", b""))

    assert site.lab.sending(one).state == "refused"
    assert "Every file is refused" in browser.get(f"/sendings/{one}").text


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_a_form_that_is_not_ours_sends_nothing(site: Site, browser: Browser, accept: str) -> None:
    """Without a token, with another's, with the file before it, from another page, or with no end."""
    browser.get("/sendings/new")
    token = browser.hidden("/sendings/new")["token"]
    good = [("token", None, token.encode()), ("line", None, b"real"), ("files", "A.UKE", FILE)]
    cases: dict[str, tuple[tuple[bytes, dict[str, str]], int]] = {
        "none": (form(*good[1:]), 403),
        "other": (form(("token", None, b"0" * 64), *good[1:]), 403),
        "late": (form(good[2], good[0], good[1]), 403),
        "no line": (form(good[0], good[2]), 400),
        "cut": ((form(*good)[0][:-20], form(*good)[1]), 400),
        "no name": ((form(*good)[0].replace(b'; name="files"', b""), form(*good)[1]), 400),
        "not a form": ((b"x" * 5000, form()[1]), 400),
        "no boundary": ((FILE, {"content-type": "application/octet-stream"}), 403),
        "long field": (form(("token", None, b"x" * (limit("form_bytes") + 1)), *good[1:]), 413),
    }
    for name, ((body, headers), status) in cases.items():
        assert post(browser, body, headers, accept=accept).status_code == status, name
        assert nothing_stays(site), name
    body, headers = form(*good)
    assert (
        post(browser, body, {**headers, "sec-fetch-site": "cross-site", "origin": "https://evil.example"}).status_code
        == 403
    )
    assert nothing_stays(site)
    assert post(browser, body, headers, piece=1).status_code == 303


def test_a_drop_that_is_too_large_is_refused_at_once(site: Site, browser: Browser) -> None:
    """By the length that is stated, before a byte is read; and too many files by their count."""
    browser.get("/sendings/new")
    token = browser.hidden("/sendings/new")["token"]
    body, headers = form(("token", None, token.encode()))
    answer = post(browser, body, {**headers, "content-length": str(3 << 30)})
    assert answer.status_code == 413
    many = [("files", f"{no}.UKE", b"x") for no in range(101)]
    body, headers = form(("token", None, token.encode()), ("line", None, b"real"), *many)
    assert post(browser, body, headers, piece=10**6).status_code == 413
    assert nothing_stays(site)


@pytest.mark.parametrize(("accept", "status"), [("text/html", 303), ("application/json", 401)])
def test_a_login_that_ends_in_the_middle_sends_nothing(site: Site, browser: Browser, accept: str, status: int) -> None:
    """The file came in, and the sending is not made: who sends is looked at once more."""
    browser.get("/sendings/new")
    token = browser.hidden("/sendings/new")["token"]
    body, headers = form(("token", None, token.encode()), ("line", None, b"real"), ("files", "A.UKE", FILE))
    pages = site.pages["desk"]
    session = browser.cookies[pages.session_cookie]
    serial = certificates()[FIRST][0]

    async def pieces() -> Any:
        yield body[:-200]
        logout(pages.people, ClientIdentity(serial, FIRST, "institution", "pc-1"), session)
        yield body[-200:]

    said = {"origin": browser.origin, "sec-fetch-site": "same-origin", "accept": accept, **headers}
    answer = browser.ask("POST", "/sendings/new", content=pieces(), headers=said)

    assert answer.status_code == status
    assert answer.headers.get("location", "/login?next=/sendings/new") == "/login?next=/sendings/new"
    assert nothing_stays(site)


def test_the_list_shows_counts_as_links_and_can_be_narrowed(site: Site, browser: Browser) -> None:
    """By month, body, kind, line and state; the other party's are not there; the list for a spreadsheet says the same."""
    one, test = sent(browser), sent(browser, ("RECEIPTC.UKE", NEXT), line="test")
    theirs = sent(add(site, "jiro", party=SECOND), ("RECEIPTC.UKE", FILE))
    page = browser.get("/sendings").text
    assert f'href="/sendings/{one}"' in page
    assert f"/sendings/{one}/decide" in page
    assert theirs not in page
    for query, shown, hidden in (
        ("line=test", test, one), ("line=real", one, test), ("state=to_decide&line=real", one, test),
        ("month=202609&line=real", one, test), ("kind=medical&line=test", test, one), ("body=2-99", "", one),
        ("kind=dental", "", one), ("month=202608", "", one), ("month=x&kind=%3Cb%3E&state=eaten&line=q&body=9", one, "<b>"),
    ):  # fmt: skip
        page = browser.get(f"/sendings?{query}").text
        assert shown in page, query
        assert hidden not in page, query
    answer = browser.get("/sendings.csv?line=real")
    text = answer.content.decode("cp932")
    assert "attachment" in answer.headers["content-disposition"]
    assert text.count("\r\n") == 2
    assert ",001," in text


def test_a_long_list_has_pages(site: Site, browser: Browser) -> None:
    """The older ones are a link away."""
    for no in range(1, 53):
        site.lab.send(uke(claim(no)), line="test")
    page = browser.get("/sendings").text
    assert page.count('<th scope="row" class="num"') == 50
    older = re.search(r'href="(/sendings\?cursor=[^"]+)"', page)
    assert older
    assert browser.get(older[1]).text.count('<th scope="row" class="num"') == 2


def test_what_a_decision_comes_to_is_told_before_and_after(site: Site, browser: Browser) -> None:
    """The numbers of the page are those of the decision."""
    asks = claim(2, points=300, birth_date="20990101")
    one = sent(browser, ("RECEIPTC.UKE", uke(claim(1), asks, claim(3, points=310))))
    row = site.lab.sending(one)
    assert row.ask or row.refused, "the file of this test has something to look at"
    browser.get(f"/sendings/{one}/decide")
    told = browser.text()
    assert "Nothing" not in told or told
    claimed = [int(n) for n in re.findall(r"Claimed: (\d+) claims", told)]

    browser.post(f"/sendings/{one}/confirm", **{**browser_form(browser, one, "without"), "errors": "without"})

    now = site.lab.sending(one)
    assert now.decision == "without"
    assert now.claimed == claimed[1]
    after = browser.get(f"/sendings/{one}/decide")
    assert f"Claimed: {now.claimed} claims" in browser.text()
    assert f'action="/sendings/{one}/confirm"' not in after.text


def browser_form(browser: Browser, one: str, errors: str) -> dict[str, str]:
    """Return what the form of that button says."""
    assert browser.page is not None
    forms = re.findall(
        rf'<form method="post" action="/sendings/{one}/confirm">(.*?)</form>', browser.page.text, re.DOTALL
    )
    said = [dict(re.findall(r'name="([^"]+)" value="([^"]*)"', each)) for each in forms]
    return next(each for each in said if each["errors"] == errors)


def test_two_tabs_confirm_once(site: Site, browser: Browser) -> None:
    """The second is told that it was decided, with what, and nothing is done twice; so is a form that is sent again."""
    one = sent(browser)
    browser.get(f"/sendings/{one}/decide")
    first, second = browser_form(browser, one, "with"), browser_form(browser, one, "without")
    assert browser.send(f"/sendings/{one}/confirm", first).headers["location"] == f"/sendings/{one}?done=confirmed"

    late = browser.send(f"/sendings/{one}/confirm", second)

    assert late.headers["location"] == f"/sendings/{one}?done=already"
    browser.get(late.headers["location"])
    assert "had had its last word" in browser.text()
    assert site.lab.sending(one).decision == "with"
    assert browser.send(f"/sendings/{one}/cancel", second).headers["location"].endswith("done=already")


def test_what_has_changed_since_is_not_confirmed(site: Site, browser: Browser) -> None:
    """Another tab has left a claim out: the page comes again with what is there now."""
    one = sent(browser)
    browser.get(f"/sendings/{one}/decide?which=all")
    old = browser_form(browser, one, "with")
    leave = {"token": old["token"], "file": "1", "claim": "0", "seen": old["seen"], "from": "decide"}
    answer = browser.send(f"/sendings/{one}/leave-out", leave)
    assert answer.headers["location"] == f"/sendings/{one}/decide?done=left_out"

    late = browser.send(f"/sendings/{one}/confirm", old)

    assert late.status_code == 409
    assert "it has changed" in browser.text()
    assert "Left out by you" in browser.text()
    assert site.lab.sending(one).state == "to_decide"
    browser.send(f"/sendings/{one}/confirm", browser_form(browser, one, "with"))
    assert (site.lab.sending(one).claimed, site.lab.sending(one).unclaimed) == (2, 1)
    assert "Something was left out" in browser.get(f"/sendings/{one}").text


def test_a_file_or_a_claim_is_left_out_and_taken_back_in(site: Site, browser: Browser) -> None:
    """From the page of the sending; then the whole sending is cancelled."""
    one = sent(browser, ("A.UKE", FILE), ("B.UKE", NEXT))
    for act, word in (("leave-out", "left_out"), ("take-in", "taken_in")):
        browser.get(f"/sendings/{one}")
        assert browser.post(f"/sendings/{one}/{act}", file="2").url.query.decode() == f"done={word}"
    assert site.lab.files(one)[1].left_out is None
    browser.get(f"/sendings/{one}/decide")
    old = browser_form(browser, one, "with")
    wrong: list[tuple[dict[str, str], int]] = [
        ({"file": "9"}, 404), ({"file": "1", "claim": "77"}, 404), ({}, 400), ({"file": "x"}, 400), ({"file": "1" * 9}, 400),
    ]  # fmt: skip
    for typed, status in wrong:
        assert browser.send(f"/sendings/{one}/leave-out", {**old, **typed}).status_code == status
    browser.get(f"/sendings/{one}/decide")
    browser.post(f"/sendings/{one}/cancel")
    assert site.lab.sending(one).state == "cancelled"
    assert "nothing of it is claimed" in browser.text()


def test_home_says_what_to_do(site: Site, browser: Browser) -> None:
    """Nothing sent, then undecided, then confirmed; the countdown is text; the test line has its own words."""
    assert "Nothing has been sent for this month" in browser.get("/").text
    one = sent(browser)
    assert "Sending 001 is not confirmed" in browser.get("/").text
    decide.confirm(site.lab.office, institution(), one, "with")
    assert "There is nothing to do today" in browser.get("/").text
    page = browser.get("/sendings/new?line=test").text
    assert 'class="test-line"' in page
    assert "This is the test line" in page


def test_nobody_else_sees_a_sending(site: Site, browser: Browser) -> None:
    """Neither another institution nor a payer, by any address or act; a reader may not decide."""
    one = sent(browser)
    theirs, payer = add(site, "jiro", party=SECOND), add(site, "hoken", party=PAYER)
    for other in (theirs, payer):
        other.get("/account")
        token = other.hidden("/logout")
        for path in ("", "/decide", "/checked"):
            assert other.ask("GET", f"/sendings/{one}{path}").status_code == 404
        for act, typed in (
            ("confirm", {"errors": "with"}),
            ("cancel", {}),
            ("leave-out", {"file": "1"}),
            ("take-in", {"file": "1"}),
        ):
            assert other.send(f"/sendings/{one}/{act}", {**token, **typed}).status_code == 404
    assert payer.ask("GET", "/sendings").status_code == 404
    assert payer.ask("GET", "/sendings/new").status_code == 404
    assert site.lab.sending(one).state == "to_decide"
    reader = add(site, "yomu", role="read_only")
    page = reader.get(f"/sendings/{one}/decide").text
    assert f"/sendings/{one}/confirm" not in page
    token = reader.hidden("/logout")
    assert reader.send(f"/sendings/{one}/confirm", {**token, "errors": "with"}).status_code == 403
    assert reader.ask("GET", "/sendings/new").status_code == 403


def test_names_of_files_are_text(site: Site, browser: Browser) -> None:
    """Whatever a file is called, the page shows it as it is and a spreadsheet takes it for text."""
    one = sent(browser, ("<img src=x onerror=alert(1)>.UKE", FILE))
    page = browser.get(f"/sendings/{one}").text
    assert "<img src=x" not in page
    assert "&lt;img" in page


def test_the_hours_are_told_where_one_sends(site: Site, browser: Browser) -> None:
    """Outside them the form says when it opens; what is sent all the same is refused with that."""
    from dataclasses import replace
    from functools import partial

    from services.office_lab import load_named

    for pages in site.pages.values():
        pages.office = replace(pages.office, calendar=partial(load_named, "national"))
    site.lab.clock.at = datetime(2026, 9, 6, 22, 0, tzinfo=JST)
    again = add(site, "jiro")
    assert "Closed. It opens 2026-09-07 08:00" in again.get("/sendings/new").text
    assert "Closed. It opens 2026-09-07 08:00" in again.get("/").text
    assert send(again, ("RECEIPTC.UKE", FILE)).status_code == 409
    assert nothing_stays(site)


def test_an_agent_chooses_for_whom_it_works(site: Site, browser: Browser) -> None:
    """At the top of home; what it sends is the principal's and names it. When the mandate ends, so does the choice."""
    people = site.pages["desk"].people
    agent = add(site, "jiro", party=SECOND)
    assert "Work for" not in agent.get("/").text
    grant_mandate(people, CONSOLE, "1", agent=SECOND, principal=FIRST)
    agent.get("/")
    agent.post("/sendings/acting", **{"for": FIRST})
    one = sent(agent)
    assert (site.lab.sending(one).party, site.lab.sending(one).agent) == (FIRST, SECOND)
    assert f"/sendings/{one}" in agent.get("/sendings").text
    assert f"{SECOND}/jiro" in browser.get(f"/sendings/{one}").text, "the principal sees who it was"
    agent.get("/")
    agent.post("/sendings/acting", **{"for": SECOND})
    assert agent.get(f"/sendings/{one}").status_code == 404
    agent.get("/")
    token = agent.hidden("/sendings/acting")["token"]
    assert agent.send("/sendings/acting", {"token": token, "for": PAYER}).status_code == 404
    agent.get("/")
    agent.post("/sendings/acting", **{"for": FIRST})

    end_mandate(people, CONSOLE, "1", agent=SECOND, principal=FIRST)

    assert agent.ask("GET", f"/sendings/{one}").status_code == 404
    assert agent.ask("GET", "/sendings/new").status_code == 404, "nobody sends for themselves without having said so"
    assert "The mandate has ended" in agent.get("/").text
    assert agent.ask("GET", "/sendings/new").status_code == 200


def test_what_arrives_is_told_to_its_own_page(site: Site, browser: Browser) -> None:
    """By the key of the form; another's key finds nothing, and another party sees nothing."""
    browser.get("/sendings/new")
    token, key = browser.hidden("/sendings/new")["token"], "ab" * 16
    other = add(site, "jiro", party=SECOND)
    body, headers = form(
        ("token", None, token.encode()), ("line", None, b"real"), ("key", None, key.encode()), ("files", "A.UKE", FILE)
    )
    seen: dict[str, Any] = {}

    async def asked(who: Browser, path: str, accept: str) -> httpx2.Response:
        app = _From(Connected(site.apps["desk"], who.party), who.address)
        said = {
            "accept": accept,
            "accept-language": "en",
            "cookie": "; ".join(f"{n}={v}" for n, v in who.cookies.items()),
        }
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url=who.origin) as client:
            return await client.get(path, headers=said)

    async def pieces() -> Any:
        yield body[:-100]
        await asyncio.sleep(0)
        seen["mine"] = await asked(browser, f"/sendings/arriving?key={key}", "application/json")
        seen["page"] = await asked(browser, f"/sendings/arriving?key={key}", "text/html")
        seen["other key"] = await asked(browser, f"/sendings/arriving?key={'0' * 32}", "application/json")
        seen["theirs"] = await asked(other, f"/sendings/arriving?key={key}", "application/json")
        yield body[-100:]

    said = {"origin": browser.origin, "sec-fetch-site": "same-origin", "accept": "application/json", **headers}
    assert browser.ask("POST", "/sendings/new", content=pieces(), headers=said).status_code == 201
    (item,) = seen["mine"].json()["items"]
    assert (item["name"], item["no"], item["idempotency_key"]) == ("A.UKE", 1, key)
    assert "A.UKE" in seen["page"].text
    assert "<html" not in seen["page"].text
    assert seen["other key"].json() == seen["theirs"].json() == {"items": []}


def test_a_line_that_breaks_in_a_form_leaves_nothing(site: Site, browser: Browser) -> None:
    """After every piece of it, be it in a field, a file, or between two files."""
    browser.get("/sendings/new")
    token = browser.hidden("/sendings/new")["token"]
    body, headers = form(
        ("token", None, token.encode()), ("line", None, b"real"), ("files", "A.UKE", FILE), ("files", "B.UKE", NEXT)
    )
    app = site.apps["desk"]
    for at in range(0, len(body), 97):
        site.apps["desk"] = Cut(app, at)
        assert post(browser, body, headers, piece=50).status_code == 408
        assert nothing_stays(site), at


@dataclass
class Cut:
    """An app whose line breaks after so many bytes of a request."""

    app: Any
    after: int

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Hand on no more than that."""
        seen = 0

        async def cut() -> Any:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            return message if seen <= self.after else {"type": "http.disconnect"}

        await self.app(scope, cut, send)


def test_both_ways_of_counting_are_told(site: Site, browser: Browser) -> None:
    """A claim on insurance and a public fund is one claim and two cases."""
    one = sent(browser, ("RECEIPTC.UKE", uke(claim(1), claim(2, publics=[CITY], points=300))))
    text = re.sub(r"\s+", " ", browser.get(f"/sendings/{one}").text)
    assert "File 1: 2 claims (RE), as the receipt counts; 3 cases (GO), as an invoice counts" in text


def test_undoing_is_asked_for_on_the_page_of_the_sending(site: Site, browser: Browser) -> None:
    """Only of what is confirmed; the wish stands there afterwards."""
    one = sent(browser)
    assert "undo-request" not in browser.get(f"/sendings/{one}").text
    decide.confirm(site.lab.office, institution(), one, "with")
    browser.get(f"/sendings/{one}")
    browser.post(f"/sendings/{one}/undo-request", reason="正しいファイルを送信し直したため")
    assert "The office has been asked to undo the confirmation" in browser.text()
    assert "正しいファイルを送信し直したため" in browser.text()
    assert f'action="/sendings/{one}/undo-request"' not in browser.page.text if browser.page else False


def test_home_tells_what_is_announced(site: Site, browser: Browser) -> None:
    """What is important stands above what there is to do; without announcements nothing is said of them."""
    assert "news-list" not in browser.get("/").text
    publish(
        site.lab.office,
        Draft("受付を延長します", "本文", importance="important", title_en="Extended", body_en="t"),
        by="ope",
    )
    page = browser.get("/").text
    assert page.index("Extended") < page.index("To do today")
