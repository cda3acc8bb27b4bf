"""The operator with a real browser: signs in with certificate, password and code, and closes a month; every desk page."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from kit import Person, judged, person, shoot
from playwright.sync_api import Browser, expect
from real_house import House

#: A month of the demo's that is open: nothing was sent for it by the demo.
MONTH = "/desk/months/1/202611"


@pytest.fixture
def operator(chromium: Browser, office: House) -> Iterator[Person]:
    """Return somebody of the office, logged in with a second factor."""
    with person(chromium, office, "operator", viewport={"width": 1280, "height": 900}) as who:
        who.log_in()
        yield who


def confirmed(office: House) -> str:
    """Return a sending of the month that its institution has confirmed."""
    sending = str(office.ask("POST", "/api/v1/sendings", office.unsent(7)).json["id"])
    for _ in range(300):
        if office.ask("GET", f"/api/v1/sendings/{sending}").json["state"] != "checking":
            break
    answer = office.ask("POST", f"/api/v1/sendings/{sending}/confirm?errors=with", b"")
    assert answer.status == 200, answer.json
    return sending


def test_the_operator_closes_a_month(operator: Person, office: House) -> None:
    """From the list of months to the trial balance; a forced closing asks for its reason first."""
    sending = confirmed(office)
    page = operator.go("/desk/months")
    page.click(f"a[href='{MONTH}']")
    close = page.locator(f"form[action='{MONTH}/close']")
    close.locator("input[name=force]").check()
    close.locator("button").click()
    expect(page.locator("[role=alert]")).to_be_visible()

    close.locator("input[name=force]").check()
    close.locator("input[name=reason]").fill("試験のため")
    close.locator("button").click()
    expect(page.locator("[role=status]").first).to_be_visible()
    for _ in range(100):
        page.goto(page.url.partition("?")[0])
        if page.locator("text=貸借一致").count():
            break
        page.wait_for_timeout(200)

    expect(page.locator("text=貸借一致")).to_be_visible()
    shoot(page, "operator month closed")
    page = operator.go(f"/desk/sendings/{sending}")
    expect(page.locator(".timeline")).to_contain_text("締切処理が終わりました")


def test_the_desk_is_used_with_the_keyboard_alone(operator: Person) -> None:
    """From the first link of the page to the filters, and a search by Enter."""
    page = operator.go("/desk/sendings")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    page.locator("#f-prefecture").focus()
    page.keyboard.type("99")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"prefecture=99"))


@pytest.mark.parametrize(("lang", "scheme"), [("ja", "light"), ("en", "dark")])
def test_every_page_of_the_desk_is_whole(
    chromium: Browser, office: House, tmp_path: Path, lang: str, scheme: str
) -> None:
    """Accessible, valid, one heading, no sideways scrolling at 360 pixels; a picture of each."""
    sending = confirmed(office)
    with person(
        chromium, office, "operator", color_scheme=scheme, viewport={"width": 1280, "height": 900},
        locale="ja-JP" if lang == "ja" else "en-GB",
    ) as who:  # fmt: skip
        who.log_in()
        page = who.go(f"/desk/undo?sending={sending}")
        page.fill("#f-reason", "電話で依頼を受けたため")
        page.click("form[action='/desk/undo'] button")
        order = page.url.partition("?")[0].removeprefix(who.base)
        page = who.go(f"/desk/grants?sending={sending}")
        page.fill("#f-reason", "照会への回答のため")
        page.click("form[action='/desk/grants'] button")
        grant = page.url.partition("?")[0].removeprefix(who.base)
        places = ["/desk", "/desk/sendings", f"/desk/sendings/{sending}", "/desk/months", MONTH, "/desk/undo", order,
                  "/desk/grants", grant]  # fmt: skip
        pages = {f"operator {path.strip('/').replace(sending, 'one')} {lang} {scheme}": path for path in places}
        wrong = judged(who, pages, tmp_path)
    assert not wrong, "\n".join(wrong)
