"""A claim is corrected on the screen with a real browser, by the keyboard alone, from its finding to a new sending."""

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from kit import Person, judged, person
from playwright.sync_api import Browser, Page, expect
from real_house import House

from builders import SOCIETY, claim, uke

_MOST_TABS = 400


@pytest.fixture
def clerk(chromium: Browser, office: House) -> Iterator[Person]:
    """Return somebody of the institution, logged in."""
    with person(chromium, office, "institution", viewport={"width": 1280, "height": 900}) as who:
        who.log_in()
        yield who


def sent(house: House) -> str:
    """Send three claims of which two come back; return the address of the sending once it is checked."""
    institution = house.access["institution"]["id"]
    asks, refused = claim(2, insurer=SOCIETY, name="見本　花子"), claim(3, insurer=SOCIETY, name="見本　次郎")
    asks[1] = asks[1].replace(",291", ",292")
    refused[0] = refused[0].replace(",19800101", ",")
    body = uke(claim(1, insurer=SOCIETY), asks, refused, institution=institution[3:])
    at = f"/sendings/{house.ask('POST', '/api/v1/sendings', body).json['id']}"
    for _ in range(200):
        if house.ask("GET", f"/api/v1{at}").json["state"] != "checking":
            return at
        time.sleep(0.1)
    raise AssertionError("it is still being checked")


def tab_to(page: Page, wanted: str) -> None:
    """Go with the tabulator until that element has the focus, and see that the focus shows."""
    for _ in range(_MOST_TABS):
        page.keyboard.press("Tab")
        if page.evaluate("(wanted) => document.activeElement.matches(wanted)", wanted):
            outline = page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle")
            assert outline != "none"
            return
    raise AssertionError(f"the keyboard does not reach {wanted}")


def press(page: Page) -> None:
    """Press what has the focus, and wait for the next page."""
    with page.expect_navigation():
        page.keyboard.press("Enter")


def test_a_claim_is_corrected_with_the_keyboard_alone(clerk: Person, office: House) -> None:
    """From the finding to the form, the difference, the mark, the finish; the new sending holds the claim alone."""
    at = sent(office)
    page = clerk.go(f"{at}/findings")
    tab_to(page, f"a[href='{at}/correct/1-2']")
    press(page)
    tab_to(page, "#i6")
    page.keyboard.press("Control+a")
    page.keyboard.type("291")
    press(page)
    expect(page.locator("ins")).to_have_text("291")
    expect(page.locator("del")).to_have_text("292")
    tab_to(page, "form:has(input[value=mark_corrected]) button")
    press(page)
    tab_to(page, f"form[action='{at}/correct/finish'] button")
    press(page)

    assert page.url.partition("?")[0] != clerk.base + at
    made = re.search(r"/sendings/[0-9a-z]+", page.url)
    assert made
    told = office.ask("GET", f"/api/v1{made[0]}").json
    assert at.endswith(told["corrects"])
    old = office.ask("GET", f"/api/v1{at}/claims").json["items"]
    assert [None, "corrected", None] == [each["reason"] for each in old]


def test_the_back_button_after_finishing_finishes_nothing_twice(clerk: Person, office: House) -> None:
    """The form that was left behind has the key of the first press."""
    at = sent(office)
    wanted = {"version": 0, "mark": "corrected", "items": [{"line": 1, "no": 6, "value": "291"}]}
    headers = {"content-type": "application/json"}
    office.ask("PUT", f"/api/v1{at}/corrections/1/1", json.dumps(wanted).encode(), **headers)
    page = clerk.go(f"{at}/correct")
    page.click(f"form[action='{at}/correct/finish'] button")
    page.wait_for_url(re.compile(r"done=corrected"))
    first = page.url
    page.go_back()
    again = page.locator(f"form[action='{at}/correct/finish'] button")
    if again.count():
        again.click()
        page.wait_for_load_state()
        assert page.url == first
    assert 1 == len(office.ask("GET", f"/api/v1{at}").json["corrected_in"])


@pytest.mark.parametrize(("lang", "scheme"), [("ja", "light"), ("en", "dark")])
def test_the_pages_are_whole(chromium: Browser, office: House, tmp_path: Path, lang: str, scheme: str) -> None:
    """Accessible by axe's rules, valid, one heading, no wider than a telephone; a picture of each."""
    at = sent(office)
    wanted = {"version": 0, "mark": "corrected", "items": [{"line": 0, "no": 7, "value": ""}], "removed": [2]}
    wanted["added"] = [{"after": 1, "items": ["SY", "8833421", "20260801", "1"]}]
    headers = {"content-type": "application/json"}
    office.ask("PUT", f"/api/v1{at}/corrections/1/1", json.dumps(wanted).encode(), **headers)
    paths = (
        "findings", "findings?text=nothing", "claims/1-2", "correct", "correct/1-2", "correct/1-2?line=0",
        "correct/1-3?record=SY&after=1", "correct/list",
    )  # fmt: skip
    with person(
        chromium, office, "institution", color_scheme=scheme, viewport={"width": 1280, "height": 900},
        locale="ja-JP" if lang == "ja" else "en-GB",
    ) as who:  # fmt: skip
        who.log_in()
        pages = {
            f"institution {re.sub(r'^/sendings/[0-9a-z]+', 'sending', path)} {lang} {scheme}": path
            for path in [*(f"{at}/{each}" for each in paths), "/rules/X3020"]
        }
        wrong = judged(who, pages, tmp_path)
    assert not wrong, "\n".join(wrong)
