"""The pages of lines: the list and the advice, for anybody, without scripts, in both languages."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest

from apps.desk_lab import FIRST
from apps.pages_lab import Site
from seikyu.adapters.lines_folder import MemoryLines
from seikyu.lines.advice import questions
from seikyu.lines.registry import example_list


@pytest.fixture
def site() -> Iterator[Site]:
    """Return both faces over one office."""
    site = Site.make()
    yield site
    site.close()


def test_the_example_says_that_it_is_one(site: Site) -> None:
    """Whoever has published nothing shows made-up carriers and says so; in Japanese too."""
    browser = site.browser()

    page = browser.get("/lines")
    assert page.status_code == 200
    assert "This is an example" in browser.text()
    assert "見本レセプト接続" in browser.text()
    assert "見本ISDN" not in browser.text(), "what cannot be ordered is not offered"
    browser.get("/lines?lang=ja")
    assert "これは見本です" in browser.text()


def test_the_list_is_narrowed_by_its_address(site: Site) -> None:
    """A GET form without scripts; a word that nobody knows narrows nothing."""
    browser = site.browser()

    page = browser.get("/lines?area=chubu&kind=ipvpn_ipv4&system=claims").text
    assert ["見本中部光"] == re.findall(r"<h2>(\S+) ", page)
    assert '<option value="chubu" selected>' in page
    assert "<script" not in page
    assert browser.get("/lines?area=<b>").text == browser.get("/lines").text
    browser.get("/lines?kind=isdn")
    assert "0 found" in browser.text()


def test_what_the_office_published_is_shown_from_its_day_on(site: Site) -> None:
    """On both faces, whatever the clock of the office itself says."""
    lists = MemoryLines()
    lists.publish(example_list()[:1], from_on=date(2026, 9, 1), at=datetime(2026, 9, 1, tzinfo=UTC), by="operator")
    for face, party in (("public", None), ("desk", FIRST)):
        site.pages[face].lists = lists
        browser = site.browser(face, party=party)
        browser.get("/lines")
        assert "in force from 2026-09-01" in browser.text()
        assert "1 found" in browser.text()


def test_advice_is_given_on_a_page_that_is_an_address(site: Site) -> None:
    """The same as the command gives; nothing is asked that a salesman may not see."""
    browser = site.browser()

    form = browser.get("/lines/advise").text
    assert list(questions()) == re.findall(r'<select id="f-([a-z]+)"', form)
    browser.get("/lines/advise?party=clinic&area=east&line=ftth&eligibility=none")
    assert "1. IP-VPN by IPv6 over the fibre that is there" in browser.text()
    assert "no contract with a provider is needed" in browser.text()
    assert browser.page is not None
    assert 'href="/lines/guide?line=ipvpn_ipv6"' in browser.page.text
    assert "an IPsec+IKE service over the Internet line" in browser.text()
    assert browser.get("/lines/guide?line=ipvpn_ipv6").status_code == 200


@pytest.mark.parametrize("query", ["party=shop", "line=ftth", "party=clinic&area=east&line=x&eligibility=none"])
def test_an_answer_that_means_nothing_is_told(site: Site, query: str) -> None:
    """With the form again, what was answered in it, and what is to be chosen by its label."""
    browser = site.browser()

    page = browser.get(f"/lines/advise?{query}")

    assert page.status_code == 422
    assert "choose: " in browser.text()
    assert "--help" not in browser.text(), "a page is no command"
