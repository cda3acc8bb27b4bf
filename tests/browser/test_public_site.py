"""The public site in a real browser: pages behind those of the menu, and a search by keyboard."""

from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from kit import judged, person
from playwright.sync_api import Browser
from real_house import House

#: Pages that no menu names.
BEHIND = (
    "/for/institutions", "/for/payers", "/for/municipalities", "/for/everyone", "/faq/network", "/faq/period",
    f"/faq?q={quote('しょうめいしょ')}", "/faq?q=zzzqqq", "/prefectures/00", "/prefectures/20", "/prefectures/23",
    "/calendar?month=2026-12", "/news?for=payer",
)  # fmt: skip


@pytest.mark.parametrize(("lang", "scheme"), [("ja", "light"), ("en", "dark")])
def test_pages_behind_the_menu_are_whole(
    chromium: Browser, common: House, tmp_path: Path, lang: str, scheme: str
) -> None:
    """Accessible, valid, one heading, no sideways scrolling at 360 pixels, in both languages and both themes."""
    locale = "ja-JP" if lang == "ja" else "en-GB"
    with person(chromium, common, color_scheme=scheme, locale=locale, viewport={"width": 1280, "height": 900}) as who:
        pages = {f"site {lang} {scheme} {no:02d} {urlsplit(path).path}": path for no, path in enumerate(BEHIND)}
        wrong = judged(who, pages, tmp_path)

    assert not wrong, "\n".join(wrong)


def test_a_question_is_found_with_the_keyboard_alone(chromium: Browser, common: House) -> None:
    """From the front page: to the questions, into the field, a word in kana, an answer, the tool that solves it."""
    with person(chromium, common, java_script_enabled=False) as who:
        page = who.go("/")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")  # over the menus, to the content
        page.get_by_role("link", name="よくあるご質問").first.focus()
        page.keyboard.press("Enter")
        page.get_by_label("質問をさがす").focus()
        page.keyboard.type("つながらない")
        page.keyboard.press("Enter")
        page.wait_for_url("**/faq?q=*")
        first = page.locator("article.answer").first
        assert "開きません" in first.inner_text()
        assert first.locator("mark").count() >= 1
        first.get_by_role("link", name="回線の設定ガイド").focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**/lines/guide")


def test_the_language_is_a_click_away_and_stays(chromium: Browser, common: House) -> None:
    """On the same page, and on the next one."""
    with person(chromium, common) as who:
        page = who.go("/prefectures/13")
        page.get_by_role("link", name="English").click()
        assert urlsplit(page.url).path == "/prefectures/13"
        assert page.locator("html").get_attribute("lang") == "en"
        who.go("/calendar")
        assert page.locator("html").get_attribute("lang") == "en"
