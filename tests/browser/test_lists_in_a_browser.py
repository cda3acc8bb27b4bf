"""The official lists as a clerk sees and takes them with a real browser."""

from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit
from zipfile import ZipFile

import pytest
from kit import axe, person, shoot, too_wide, validate
from playwright.sync_api import Browser, Page
from real_house import House


def newest(house: House, state: str = "") -> str:
    """Return the newest sending, perhaps of a state."""
    return next(str(each["id"]) for each in house.sendings() if state in ("", each["state"]))


def taken(page: Page, link: str) -> tuple[str, bytes]:
    """Press a link that gives a file; return its name and bytes."""
    with page.expect_download() as waiting:
        page.locator(link).first.click()
    return waiting.value.suggested_filename, Path(waiting.value.path()).read_bytes()


@pytest.mark.parametrize("look", [("ja-JP", "light"), ("en-GB", "dark")], ids="-".join)
def test_the_pages_of_lists_are_whole(chromium: Browser, common: House, tmp_path: Path, look: tuple[str, str]) -> None:
    """Accessible, valid, one heading, no wider than a telephone; a picture of each."""
    lang, scheme = look
    here, wrong = f"/sendings/{newest(common)}/lists", list[str]()
    with person(chromium, common, "institution", locale=lang, color_scheme=scheme) as who:
        who.log_in()
        for no, path in enumerate(("/lists", "/lists/month", here, f"{here}/hasp", f"{here}/pjry", f"{here}/hjry")):
            answer = who.page.goto(who.base + path)
            if not answer or answer.status == 409:  # The list is not there yet: another page says so.
                continue
            assert answer.status == 200, path
            for wide in (1280, 360):
                who.page.set_viewport_size({"width": wide, "height": 800})
                wrong += [f"{path} at {wide}: {each}" for each in axe(who.page)]
                wrong += [f"{path}: wider than {wide}"] * too_wide(who.page)
                shoot(who.page, f"lists {no} {path.rpartition('/')[2]} {lang} {scheme} {wide}")
            if who.page.locator("h1").count() != 1:
                wrong.append(f"{path}: {who.page.locator('h1').count()} first headings")
            (tmp_path / f"{no}.html").write_text(who.context.request.get(who.base + path).text(), "utf-8")
    wrong += validate(tmp_path)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_a_clerk_takes_the_lists(chromium: Browser, common: House, *, scripts: bool) -> None:
    """From the menu to the files: what the browser keeps is what the API gives, under the official name."""
    with person(chromium, common, "institution", java_script_enabled=scripts) as who:
        page = who.log_in()
        page.locator(".ways a[href='/lists']").click()
        page.locator("main table tbody th a").first.click()
        page.wait_for_url("**/sendings/*/lists")
        here = urlsplit(page.url).path
        name, data = taken(page, "main table a[href$='format=csv'], main table a[href*='format=csv&']")
        given = who.context.request.get(f"{who.base}/api/v1{here}/{name[2:6]}")
        assert (200, True) == (given.status, given.body() == data)
        assert taken(page, "main table a[href*='format=pdf']")[1].startswith(b"%PDF")
        assert taken(page, "main table a[href*='format=spreadsheet']")[1].startswith(b"\xef\xbb\xbf")

        name, data = taken(page, "main a[href$='/lists/archive']")
        assert name.endswith(".zip")
        with ZipFile(BytesIO(data)) as archive:
            assert archive.testzip() is None
            assert archive.namelist()


def test_a_list_is_reached_with_the_keyboard(chromium: Browser, common: House) -> None:
    """A wide table can be scrolled and left again."""
    with person(chromium, common, "institution") as who:
        page = who.log_in()
        who.go(f"/sendings/{newest(common)}/lists/pjry")
        page.locator("main .files a").last.focus()
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "table"
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.tagName") == "A"
