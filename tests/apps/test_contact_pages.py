"""お問い合わせ, the desk's side of it, and the status page, as people see them."""

import html
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from apps.desk_lab import FIRST, SECOND
from apps.pages_lab import Browser, Site, add
from apps.test_pages_certificates import staff
from builders import claim, uke
from seikyu.apps.status_told import by_day, by_hour, chart, level, wait_said
from seikyu.lines.contact import contact
from seikyu.services.waiting import Sampler

TRAP = "<script>alert('患者')</script>"
REPORT = json.dumps(
    {"verdict": "does_not_connect", "found": [{"id": "P01", "certain": True}], "facts": {"link.carrier": False}}
)
ASKED = {"problem": "line", "line_kind": "ipsec_ike", "text": TRAP}


@pytest.fixture
def site() -> Iterator[Site]:
    """Return both faces over one office."""
    site = Site.make()
    yield site
    site.close()


def ask(browser: Browser, *, file: bytes = b"", **other: str) -> Any:
    """Send a question from the page."""
    browser.get("/contact")
    said = {"origin": browser.origin, "sec-fetch-site": "same-origin"}
    typed = {**browser.hidden("/contact/ask"), **ASKED, **other}
    files = {"report": ("doctor.txt", file, "text/plain")}
    return browser.ask("POST", "/contact/ask", data=typed, files=files, headers=said)


def codes(browser: Browser) -> tuple[str, str]:
    """Return the number and the code that the present page shows."""
    assert browser.page is not None
    number, code = re.findall(r'class="secret">([0-9A-Z-]+)<', browser.page.text)
    return number, code


@pytest.mark.parametrize("problem", contact().problems)
@pytest.mark.parametrize("lang", ["ja", "en"])
def test_every_problem_says_who_explains_what(site: Site, problem: str, lang: str) -> None:
    """In the order in which to ask, and what to look at first; for every kind of line where that decides."""
    browser = site.browser()
    page = html.unescape(browser.get(f"/contact?problem={problem}&line_kind=ipsec_ike&lang={lang}").text)
    row = contact().problems[problem]

    for each in row.explains:
        assert getattr(contact().whom[each.whom], lang) in page
        assert getattr(each, lang) in page
    for name in row.first:
        assert f'href="{contact().first[name].path}"' in page
    assert (getattr(contact().whom["ipsec_provider"], lang) in page) == row.by_line
    assert f'<option value="{problem}" selected>' in page


def test_a_stranger_asks_and_looks_again(site: Site) -> None:
    """Number and code are shown once; both open the inquiry, where the asker writes on and closes it."""
    browser = site.browser()
    made = ask(browser, file=REPORT.encode())
    number, code = codes(browser)
    assert 200 == made.status_code
    assert "no-store" == made.headers["cache-control"]

    other = site.browser(address="198.51.100.7")
    page = other.get(f"/contact/{number}")
    assert f'value="{number}"' in page.text
    wrong = other.post("/contact/open", number=number, code=code[:-1] + ("2" if code[-1] != "2" else "3"))
    assert 422 == wrong.status_code
    other.get(f"/contact/{number}")
    shown = other.post("/contact/open", number=number.lower(), code=code)
    assert 200 == shown.status_code
    assert "alert(" in shown.text
    assert "<script>" not in shown.text
    assert "[P01]" in other.text()
    assert code not in shown.text
    written = other.post("/contact/write", act="write", text="追記です。")
    assert "追記です。" in written.text
    assert "Sent." in written.text
    empty = other.post("/contact/write", act="write", text=" ")
    assert 422 == empty.status_code
    solved = other.post("/contact/write", act="solve")
    assert "It is closed." in solved.text
    assert 'action="/contact/write"' not in solved.text


def test_a_wrong_code_opens_nothing_and_waits(site: Site) -> None:
    """Wrong number and wrong code look alike; many tries have to wait."""
    ask(browser := site.browser())
    number, code = codes(browser)
    ask(browser2 := site.browser(address="192.0.2.99"))
    _, foreign = codes(browser2)
    answers = []
    for _ in range(12):
        browser.get("/contact")
        answers.append(browser.post("/contact/open", number=number, code=foreign))

    assert 404 == answers[0].status_code
    assert 429 == answers[-1].status_code
    assert foreign not in answers[0].text
    browser.get("/contact")
    assert 429 == browser.post("/contact/open", number=number, code=code).status_code


def test_another_browser_cannot_use_a_ticket(site: Site) -> None:
    """What a browser holds for an opened inquiry is its own, and ends."""
    ask(browser := site.browser())
    number, code = codes(browser)
    browser.get("/contact")
    browser.post("/contact/open", number=number, code=code)
    ticket = browser.hidden("/contact/write")["ticket"]
    other = site.browser()
    other.get("/contact")
    token = other.hidden("/contact/ask")["token"]

    stolen = other.send("/contact/write", {"token": token, "ticket": ticket, "act": "write", "text": "x"})
    assert 200 != stolen.status_code
    assert TRAP not in stolen.text
    site.lab.clock.at += timedelta(hours=1)
    assert 200 != browser.post("/contact/write", act="write", text="x").status_code


def test_the_same_form_sent_twice_is_one_inquiry(site: Site) -> None:
    """The second answer knows the number and not the code."""
    browser = site.browser()
    browser.get("/contact")
    typed = {**browser.hidden("/contact/ask"), **ASKED}
    browser.send("/contact/ask", typed)
    number, code = codes(browser)
    again = browser.send("/contact/ask", typed)

    assert number in again.text
    assert code not in again.text


@pytest.mark.parametrize(
    ("wrong", "file", "status"),
    [
        ({"text": ""}, b"", 422),
        ({"text": "😀" * 2001}, b"", 422),
        ({"problem": "moon"}, b"", 422),
        ({"reply": "phone"}, b"", 422),
        ({}, b"#!/bin/sh", 422),
        ({}, b"{" + b" " * 41_000 + b"}", 422),
        ({}, b"x" * 250_000, 413),
    ],
)
def test_what_cannot_be_taken_is_told_and_what_was_typed_stays(
    site: Site, wrong: dict[str, str], file: bytes, status: int
) -> None:
    """On the page, to who typed it; nothing is kept."""
    answer = ask(site.browser(), file=file, **wrong)

    assert status == answer.status_code
    if status == 422 and "text" not in wrong:
        assert "&lt;script&gt;alert" in answer.text
    with site.lab.office.store.read() as tx:
        assert [] == tx.inquiries()


def test_a_stranger_asks_so_often_a_day(site: Site) -> None:
    """Then it is told when to come again."""
    answers = [ask(site.browser()).status_code for _ in range(6)]

    assert [200] * 5 + [429] == answers


def test_who_has_logged_in_finds_their_inquiries_again(site: Site) -> None:
    """Without a code; another party does not, whatever address they type."""
    browser = add(site)
    answer = browser._follow(ask(browser))
    assert re.fullmatch(r"/contact/[0-9A-Z]{4}(-[0-9A-Z]{4}){2}", answer.url.path)
    assert "Your inquiry was received." in answer.text
    path = answer.url.path
    assert path in browser.get("/contact").text
    browser.get(path)
    assert "続きです。" in browser.post("/contact/write", act="write", text="続きです。").text
    other = add(site, "jiro", party=SECOND)
    assert "alert" not in other.get(path).text
    other.get("/contact")
    token = other.hidden("/contact/ask")["token"]
    stolen = other.send("/contact/write", {"token": token, "number": path[9:], "act": "write", "text": "x"})
    assert 404 == stolen.status_code
    nobody = site.browser()
    nobody.get("/contact")
    token = nobody.hidden("/contact/ask")["token"]
    assert 303 == nobody.send("/contact/write", {"token": token, "number": path[9:], "act": "solve"}).status_code


def test_the_desk_answers(site: Site) -> None:
    """By state, one by one; the asker sees the answer; nobody but the office comes in."""
    asker = add(site)
    number = asker._follow(ask(asker, file=REPORT.encode())).url.path[9:]
    desk = staff(site)
    assert number in desk.get("/desk/inquiries").text
    page = desk.get(f"/desk/inquiries/{number}")
    assert "&lt;script&gt;alert" in page.text
    assert "[P01]" in desk.text()
    path = f"/desk/inquiries/{number}"
    assert "taken in hand" in desk.post(path, act="take").text
    assert 422 == desk.post(path, act="answer", text="").status_code
    assert 400 == desk.post(path, act="solve").status_code
    desk.get(path)
    desk.post(path, act="pass_on", desk="carrier")
    desk.post(path, act="answer", text="ONUを再起動してください。")
    assert number not in desk.get("/desk/inquiries").text
    assert number in desk.get("/desk/inquiries?state=answered").text
    assert number in desk.get("/desk/inquiries?state=all").text
    seen = asker.get(f"/contact/{number}").text
    assert "ONUを再起動してください。" in seen
    assert "the carrier of the line" in seen
    assert "ope" not in re.findall(r"<ol class=.timeline.*?</ol>", seen, re.DOTALL)[0]
    assert 404 == desk.get("/desk/inquiries/ABCD").status_code
    for path in ("/desk/inquiries", f"/desk/inquiries/{number}", "/desk/incidents"):
        assert 403 == asker.get(path).status_code


def test_what_was_asked_is_in_no_log_and_no_address(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """Texts, telephone numbers, codes, numbers of inquiries."""
    browser = site.browser()
    ask(browser, reply="phone", reach="090-1111-2222")
    number, code = codes(browser)
    browser.get(f"/contact/{number}")
    browser.post("/contact/open", number=number, code=code)
    told = capsys.readouterr()

    for secret in ("alert", "090-1111", code, number):
        assert secret not in told.out + told.err
    assert "/contact/{number}" in told.out


def test_the_table_and_the_status_are_for_programs_too(site: Site) -> None:
    """On the public face, as JSON; kept by nobody for long."""
    browser = site.browser()
    table = browser.get("/contact.json").json()
    assert list(contact().problems) == list(table["problems"])
    assert table["example"]
    told = browser.get("/status.json?size_bytes=1000&days=x").json()
    assert (None, "quiet", []) == (told["forecast"], told["level"], told["history"])
    assert 404 == site.browser("desk", party=FIRST).get("/status.json").status_code


def test_the_status_page_says_what_is_not_known(site: Site) -> None:
    """Before anything was measured; then what a file would wait, for any size, with the days in a table."""
    browser = site.browser()
    page = browser.get("/status").text
    assert "not known: no check was measured yet" in page
    assert "<svg" not in page
    site.lab.send_and_check(uke(claim(1)))
    Sampler(site.lab.office)()
    other = Site(site.lab, site.enrolling, site.pages, site.apps, site.loop).browser()
    shown = other.get("/status?size_mb=12").text
    assert "for a file of" in shown
    assert "not known" not in shown
    assert 2 == shown.count("<table")
    assert "<svg" in shown
    assert 'value="12"' in shown
    for odd in ("0", "-1", "5000", "x", "1" * 400, "²"):
        assert 'value=""' in other.get(f"/status?size_mb={odd}").text


def test_incidents_are_published_on_the_page(site: Site) -> None:
    """By the office; everybody reads them on the status page, in their language, escaped."""
    desk, reader = staff(site), site.browser()
    desk.get("/desk/incidents")
    assert 422 == desk.post("/desk/incidents", title="x", text="調査中", began_at="いつか").status_code
    typed = {"title": f"障害{TRAP}", "title_en": "sending fails", "text": "調査中", "text_en": "We look into it."}
    desk.post("/desk/incidents", **typed, **{"part.receiving": "yes", "part.lines": "yes"}, began_at="2026-09-06 09:00")
    with site.lab.office.store.read() as tx:
        (incident,) = tx.incidents()
    _later(site)
    assert "sending fails" in reader.get("/status?lang=en").text
    page = reader.get("/status?lang=ja").text
    assert "障害&lt;script&gt;" in page
    assert "<script>" not in page
    assert "請求データの送信（受付）、接続回線・ネットワーク" in page
    assert "2026-09-06 09:00" in page
    desk.get("/desk/incidents")
    path = f"/desk/incidents/{incident.id}"
    assert 400 == desk.post(path, act="x", text="a").status_code
    desk.get("/desk/incidents")
    desk.post(path, act="update", text="復旧中")
    desk.post(path, act="close", text="復旧しました")
    _later(site)
    assert "現在、障害は発生していません" in reader.get("/status?lang=ja").text
    assert "復旧しました" in reader.get("/status?lang=ja").text
    assert 404 == desk.send("/desk/incidents/0", {**_token(desk), "act": "close", "text": "a"}).status_code


def _token(browser: Browser) -> dict[str, str]:
    browser.get("/desk/incidents")
    return {"token": browser.hidden("/desk/incidents")["token"]}


def _later(site: Site) -> None:
    """Let what is kept for a moment be made anew."""
    for app in site.apps.values():
        _forget(app.app.routes)


def _forget(routes: Any) -> None:
    from gc import get_objects

    from seikyu.apps.status_told import Outlook

    del routes
    for each in get_objects():
        if isinstance(each, Outlook):
            each._kept.clear()


def test_hours_and_days_are_joined_from_quarters() -> None:
    """Sums of what is counted, the worst of what was waited; a picture has a bar for each hour."""
    rows = [
        {"at": f"2026-09-0{day}T10:{minute:02d}:00+09:00", "arrivals": 2, "arrived_bytes": 5, "checked": 1, "busy": 1,
         "longest_ms": wait, "p50_ms": None, "p95_ms": wait, "queued_files": 0, "queued_bytes": 0}
        for day, minute, wait in ((5, 0, 10), (5, 15, None), (6, 0, 30))
    ]  # fmt: skip
    hours, days = by_hour(rows), by_day(rows)
    from datetime import datetime

    drawn = chart(rows, datetime.fromisoformat("2026-09-06T12:00:00+09:00"))

    assert [("2026-09-05 10:00", 4, 10), ("2026-09-06 10:00", 2, 30)] == [
        (row["at"], row["arrivals"], row["p95_ms"]) for row in hours
    ]
    assert ["2026-09-06", "2026-09-05"] == [row["at"] for row in days]
    assert days[1]["p50_ms"] is None
    assert (2, 2, 30, 4) == (len(drawn["waits"]), len(drawn["arrivals"]), drawn["most_ms"], drawn["most_arrivals"])
    assert all(bar["y"] + bar["height"] <= drawn["base"] + 0.1 for bar in drawn["waits"])


def test_a_wait_is_said_no_finer_than_needed() -> None:
    """Seconds, minutes, hours; and how busy it is in a word."""
    said = [wait_said(each, "ja") for each in (None, 0.2, 61, 600, 7200)]

    assert ["-", "1秒未満", "約61秒", "約10分", "約2.0時間"] == said
    told = {"queue": {"sendings": 1}}
    assert ["quiet", "usual", "busy", "crowded", "unknown"] == [
        level({**told, "forecast": None if each is None else {"expected_s": each}}) for each in (1, 60, 600, 9000, None)
    ]
