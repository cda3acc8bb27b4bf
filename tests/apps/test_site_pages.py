"""The public site without login: entrances, prefectures, the calendar, and that no link of it is dead."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from html import unescape
from urllib.parse import urldefrag

import pytest

from apps.pages_lab import Site
from seikyu.adapters.prefectures_folder import MemoryPrefectures
from seikyu.apps.pages.public.questions import topics
from seikyu.apps.pages.public.tools import entrances, tools
from seikyu.apps.words import has
from seikyu.office.announcing import Draft, words
from seikyu.office.calendar import JST, Extension, load_calendar
from seikyu.office.month_plan import Mark
from seikyu.office.prefectures import BodyFacts
from seikyu.records import Month
from seikyu.services.announcements import publish


@pytest.fixture
def site() -> Iterator[Site]:
    """Return an office with both faces."""
    made = Site.make()
    yield made
    made.close()


def live_in(site: Site, calendar: str = "national", *, at: datetime, extensions: tuple[Extension, ...] = ()) -> None:
    """Put another calendar in force, and the clock somewhere."""
    site.lab.clock.at = at
    made = load_calendar(calendar, extensions)
    office = replace(site.pages["public"].office, calendar=lambda: made)
    for pages in site.pages.values():
        pages.office = office


def own_links(text: str) -> list[str]:
    """Return the addresses of ours that a page links to."""
    found = [unescape(each) for each in re.findall(r'<a[^>]* href="([^"]+)"', text)]
    return [each for each in found if each.startswith(("/", "#"))]


@pytest.mark.parametrize("face", ["public", "desk"])
def test_no_link_of_the_site_is_dead(site: Site, face: str) -> None:
    """From the front page on, every link leads to a page, and every fragment to a part of it, in both languages."""
    publish(site.lab.office, Draft("重要なお知らせ", "本文", importance="important"), by="operator")
    browser = site.browser(face, party="operator" if face == "desk" else None)
    waiting, seen, dead = ["/", *(f"/for/{name}" for name in entrances())], dict[str, str](), []
    while waiting:
        path, _ = urldefrag(waiting.pop())
        far = path.startswith("/calendar") and "month=" in path and "month=2026-1" not in path
        if far or path in seen or path.startswith(("/pki/", "/cert/", "/login", "/account", "/notices", "/static")):
            continue
        for lang in ("ja", "en"):
            page = browser.get(path, headers={"accept-language": lang})
            if page.status_code >= 400:
                dead.append(f"{path}: {page.status_code}")
                break
            links = own_links(page.text)
            for link in links:
                target, part = urldefrag(link)
                if part and (not target or target in seen):
                    shown = page.text if not target else seen[target]
                    if f'id="{part}"' not in shown and part != "main":
                        dead.append(f"{path}: {link}")
            seen[path] = page.text
            waiting += links

    assert [] == dead
    assert {"/faq", "/prefectures", "/calendar", "/news", "/lines", "/for/payers"} <= set(seen)


def test_every_tool_is_a_page_of_its_face_or_a_command(site: Site) -> None:
    """A page that is not there yet is among those that are awaited."""
    for tool in tools().values():
        assert bool(tool.path) != bool(tool.command), tool.name
        if tool.path:
            faces = ("desk", "public") if tool.face == "both" else (tool.face,)
            assert all(site.pages[face].has(tool.path) for face in faces), tool.name


def test_entrances_name_tools_topics_and_readers_that_there_are() -> None:
    """Each of the four kinds of users."""
    assert ["institutions", "payers", "municipalities", "everyone"] == list(entrances())
    for entrance in entrances().values():
        assert set(entrance.topics) <= set(topics())
        assert entrance.reader in {"", *words("readers")}
        assert all(set(purpose.tools) <= set(tools()) for purpose in entrance.purposes)
        assert entrance.purposes


def test_the_entrance_tells_who_it_is_for_and_what_is_open(site: Site) -> None:
    """With the newest announcement; the desk's own front page tells it too."""
    live_in(site, at=datetime(2026, 9, 6, 10, 0, tzinfo=JST))
    publish(site.lab.office, Draft("保守のお知らせ", "本文", title_en="Maintenance", body_en="Text"), by="operator")
    browser = site.browser()

    page = browser.get("/", headers={"accept-language": "ja"}).text

    assert all(f'href="/for/{name}"' in page for name in entrances())
    assert "請求を受け付けています（2026年9月6日（日）21:00 まで）" in page
    assert "保守のお知らせ" in page
    assert "Maintenance" in browser.get("/").text
    assert "保守のお知らせ" in site.browser("desk", party="operator").get("/", headers={"accept-language": "ja"}).text


def test_news_for_payers_is_on_their_entrance_only(site: Site) -> None:
    """What is for everybody is on both."""
    publish(site.lab.office, Draft("保険者へのお知らせ", "本文", for_kinds=("payer",)), by="operator")
    browser = site.browser()

    shown = {name: "保険者へのお知らせ" in browser.get(f"/for/{name}").text for name in entrances()}

    assert {"institutions": False, "payers": True, "municipalities": True, "everyone": True} == shown


def test_a_page_of_the_other_face_is_named_and_not_linked(site: Site) -> None:
    """On the public face the users' page is said to be at the desk; at the desk it is a link."""
    public = site.browser().get("/faq/notices").text
    desk = site.browser("desk", party="operator").get("/faq/notices").text

    assert 'href="/users"' not in public
    assert "At the desk, by client certificate" in public
    assert 'href="/users"' in desk


def test_the_menu_shows_no_page_that_is_not_there(site: Site) -> None:
    """It is the same menu on every page, the present one marked."""
    page = site.browser().get("/calendar").text

    assert 'href="/calendar" aria-current="page"' in page
    assert 'href="/lines"' in page
    for path in re.findall(r'<li><a href="(/[^"]*)"', page.partition("<main")[0]):
        assert site.pages["public"].has(path)


# --- prefectures ---


def test_prefectures_show_what_is_known_and_where_it_is_from(site: Site) -> None:
    """48 of them; of one without facts the page says so and points to the body."""
    browser = site.browser()
    listed = browser.get("/prefectures").text

    assert 48 == len(re.findall(r'<a href="/prefectures/\d\d">', listed))
    assert "This table holds only what public pages say" in listed
    known = unescape(browser.get("/prefectures/23").text)
    assert "連記式医療費請求書は毎月10日まで" in known
    assert "Source: web: aichi-kokuho.or.jp" in known
    assert "Some of this is not certain" in known
    assert "Nothing is known of this body yet" in browser.get("/prefectures/20").text
    assert 404 == browser.get("/prefectures/99").status_code
    assert 404 == browser.get("/prefectures/..%2f..%2fetc").status_code


def test_prefectures_show_the_operators_own_table(site: Site) -> None:
    """From its day on, as a whole; what it says is shown as text and never as anything else."""
    tables = MemoryPrefectures()
    row = BodyFacts(
        "2-20", "own:desk", "sure", date(2026, 8, 1), phone="026-000-0000", note="<script>alert(1)</script>"
    )
    tables.take_in([row], from_on=date(2026, 8, 1), at=datetime(2026, 8, 1, tzinfo=UTC), by="operator")
    for pages in site.pages.values():
        pages.office = replace(pages.office, prefectures=tables)
    browser = site.browser()

    page = browser.get("/prefectures/20").text
    told = browser.get("/prefectures.json").json()

    assert "026-000-0000" in page
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert (True, 48) == (told["own_table"], len(told["items"]))
    assert ["2-20"] == [each["body"] for each in told["items"] if each["known"]]


# --- the calendar ---


def test_the_calendar_shows_every_day_and_every_turn(site: Site) -> None:
    """In both ways of counting years; today is marked; the months beside it are a link away."""
    live_in(site, at=datetime(2026, 12, 10, 23, 0, tzinfo=JST))
    browser = site.browser()

    page = browser.get("/calendar", headers={"accept-language": "ja"}).text

    assert "請求カレンダー：2026年（令和8年）12月" in page
    assert 31 == len(re.findall(r'<th scope="row"', page))
    assert 1 == page.count('aria-current="date"')
    assert "請求を受け付けています（2026年12月10日（木）24:00 まで）" in page
    for text in ("請求期限", "自動請求確定", "訂正期間の開始", "訂正期間の終了", "届出の締切", "年末の休止", "休止"):
        assert text in page
    assert "2026年（令和8年）12月10日（木）24:00" in page
    assert 'href="/calendar?month=2026-11"' in page
    assert 'href="/calendar?month=2027-01"' in page
    assert 'aria-current="date"' not in browser.get("/calendar?month=2027-01").text


def test_the_calendar_tells_an_extension(site: Site) -> None:
    """On the page, in the feed and to a program."""
    until = datetime(2026, 9, 11, 12, 0, tzinfo=JST)
    live_in(site, at=datetime(2026, 9, 11, 3, 0, tzinfo=JST), extensions=(Extension(Month(2026, 9), until),))
    browser = site.browser()

    page = browser.get("/calendar", headers={"accept-language": "ja"}).text
    told = browser.get("/calendar.json").json()

    assert "請求期限が延長されています：2026年9月11日（金）12:00 まで" in page
    assert (True, until.isoformat()) == (told["extended"], told["deadline"])
    assert ("regular", True) == (told["lines"]["real"]["window"], told["lines"]["real"]["open"])
    assert "DTSTART:20260911T030000Z" in browser.get("/calendar.ics").text


def test_a_sandbox_says_that_it_is_always_open(site: Site) -> None:
    """And shows no table of days."""
    page = site.browser().get("/calendar").text

    assert "always open" in page
    assert '<table class="month">' not in page


@pytest.mark.parametrize("month", ["x", "2026-13", "0001-01", "999999", "2026-09-01", "' OR 1=1", "2026９9"])
def test_a_month_that_is_none_is_refused(site: Site, month: str) -> None:
    """As a page, with what was wrong, and as a problem for a program."""
    for path in ("/calendar", "/calendar.json", "/calendar.ics"):
        assert 400 == site.browser().ask("GET", path, params={"month": month}).status_code


def lines_of(text: str) -> list[str]:
    """Return the lines of an iCalendar text, unfolded."""
    return text.replace("\r\n ", "").split("\r\n")


def test_the_icalendar_can_be_read(site: Site) -> None:
    """Lines of at most 75 octets that end as they should, events with ids of their own, times in UTC."""
    live_in(site, at=datetime(2026, 12, 1, 9, 0, tzinfo=JST))
    answer = site.browser().get("/calendar.ics?month=2026-12", headers={"accept-language": "ja"})
    text = answer.text

    assert answer.headers["content-type"].startswith("text/calendar")
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    assert "\n" not in text.replace("\r\n", "")
    lines = lines_of(text)
    ids = [line for line in lines if line.startswith("UID:")]
    assert len(ids) == len(set(ids)) == lines.count("BEGIN:VEVENT") == lines.count("END:VEVENT") > 20
    assert "DTSTART:20261210T150000Z" in lines  # the deadline, midnight of the 10th in Japan
    assert "DTSTART;VALUE=DATE:20261229" in lines
    assert "DTEND;VALUE=DATE:20270101" in lines
    assert {"SUMMARY:請求期限", "SUMMARY:届出の締切", "SUMMARY:年末の休止"} <= set(lines)


def test_every_mark_and_window_has_words() -> None:
    """A mark that the domain knows is told on the page."""
    assert all(has(f"pages.site.{part}.{mark.value}") for mark in Mark for part in ("mark", "about"))


def test_the_site_works_for_who_came_by_another_line(site: Site) -> None:
    """Language is switched where one is: the switch leads to the same page."""
    page = site.browser().get("/prefectures/13").text

    assert 'href="/prefectures/13?lang=ja"' in page


def test_the_lists_for_programs_are_json(site: Site) -> None:
    """Each of the public face's lists."""
    browser = site.browser()
    for path in ("/faq.json", "/prefectures.json", "/calendar.json", "/news.json", "/lines.json"):
        assert isinstance(json.loads(browser.get(path).text), dict), path
