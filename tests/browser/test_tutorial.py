"""The month of `docs/tutorial/month-on-screen.md`, lived by people with browsers; its pictures are made here.

They are kept in `.shots/tutorial`; what the tutorial shows are copies of them, and a house test holds the names.
"""

import re
from pathlib import Path

from kit import SHOTS, Person, person
from playwright.sync_api import Browser, expect
from real_house import House

from builders import SOCIETY, claim, uke

#: The month after the demo's own, which nobody has sent for.
MONTH = "202611"
VIEW = {"width": 1280, "height": 800}


def picture(who: Person, name: str) -> None:
    """Keep what the page shows without scrolling, small enough for a paper."""
    folder = SHOTS / "tutorial"
    folder.mkdir(parents=True, exist_ok=True)
    who.page.screenshot(path=folder / f"{name}.jpg", type="jpeg", quality=60)


def month_file(office: House) -> bytes:
    """Return a file of five claims: one asks (its points do not add up), one is refused (no date of birth)."""
    found = office.access["institution"]["id"]
    asks, refused = claim(4, insurer=SOCIETY, name="見本　花子"), claim(5, insurer=SOCIETY, name="見本　次郎")
    asks[1] = asks[1].replace(",291", ",292")
    refused[0] = refused[0].replace(",19800101", ",")
    return uke(*(claim(no, insurer=SOCIETY) for no in (1, 2, 3)), asks, refused, institution=found[3:], month=MONTH)


def test_the_month_of_the_tutorial(chromium: Browser, office: House, tmp_path: Path) -> None:
    """Anybody looks; a clerk sends, corrects, confirms; the office closes; the payer finds what it owes."""
    with person(chromium, office, viewport=VIEW) as anybody:
        for name, path in (("front", "/"), ("faq", "/faq?q=つながらない"), ("status", "/status")):
            anybody.go(path)
            picture(anybody, name)
    with person(chromium, office, "institution", viewport=VIEW) as clerk:
        confirmed = _clerk(clerk, office, tmp_path)
    with person(chromium, office, "operator", viewport=VIEW) as operator:
        _operator(operator)
    with person(chromium, office, "payer_2", viewport=VIEW) as payer:
        payer.log_in()
        payer.go("/deliveries")
        picture(payer, "deliveries")
    told = office.ask("GET", f"/api/v1{confirmed}").json
    assert ("handed_over", 1) == (told["state"], told["claimed"])


def _clerk(clerk: Person, office: House, folder: Path) -> str:
    """Send, look, correct, confirm both; return the address of the sending of the corrected claim."""
    clerk.log_in()
    clerk.go("/")
    picture(clerk, "home")
    file = folder / "RECEIPTC.UKE"
    file.write_bytes(month_file(office))
    page = clerk.go("/sendings/new")
    page.set_input_files("#f-files", file)
    picture(clerk, "send")
    page.click("#send button")
    page.wait_for_url(re.compile(r"/sendings/[0-9a-z]{20,}"))
    expect(page.locator("h1 .tag")).not_to_have_text("送信済・処理中", timeout=20_000)
    found = re.search(r"/sendings/[0-9a-z]+", page.url)
    assert found
    at = found[0]
    for name, path in (("sending", at), ("findings", f"{at}/findings"), ("claim", f"{at}/claims/1-4")):
        clerk.go(path)
        picture(clerk, name)

    page = clerk.go(f"{at}/correct/1-4")
    page.locator("#i6").fill("291")
    page.locator("form:has(#i6) button").first.click()
    expect(page.locator("ins")).to_have_text("291")
    picture(clerk, "correct")
    page.locator("form:has(input[value=mark_corrected]) button").click()
    page.locator(f"form[action='{at}/correct/finish'] button").click()
    page.wait_for_url(re.compile(r"done=corrected"))
    made = re.search(r"/sendings/[0-9a-z]+", page.url)
    assert made

    clerk.go(f"{at}/decide?errors=without&which=unclaimed")
    picture(clerk, "decide")
    for one in (at, made[0]):
        page = clerk.go(f"{one}/decide")
        page.locator(f"form[action='{one}/confirm']:has(input[value=without]) button").click()
        page.wait_for_url(re.compile(r"done=confirmed"))
    clerk.go(f"{at}/lists")
    picture(clerk, "lists")
    clerk.go(f"{at}/lists/hjry")
    picture(clerk, "receipt")
    return str(made[0])


def _operator(operator: Person) -> None:
    """Close the month, and see that it balances."""
    month = f"/desk/months/1/{MONTH}"
    operator.log_in()
    operator.go("/desk")
    picture(operator, "desk")
    page = operator.go(month)
    close = page.locator(f"form[action='{month}/close']")
    close.locator("input[name=force]").check()
    close.locator("input[name=reason]").fill("手引きのため")
    close.locator("button").click()
    for _ in range(100):
        page.goto(operator.base + month)
        if page.locator("text=貸借一致").count():
            break
        page.wait_for_timeout(200)
    expect(page.locator("text=貸借一致")).to_be_visible()
    picture(operator, "month")
