"""The clerk at the desk with a real browser: sends, watches, decides; two tabs, the back button, a login that ends."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from kit import Person, judged, person, shoot
from playwright.sync_api import Browser, Page, expect
from real_house import House

from builders import claim, uke


@pytest.fixture
def clerk(chromium: Browser, office: House) -> Iterator[Person]:
    """Return somebody of the institution, logged in."""
    with person(chromium, office, "institution", viewport={"width": 1280, "height": 900}) as who:
        who.log_in()
        yield who


def large(office: House, *, claims: int = 6000) -> bytes:
    """Return a file of the institution that takes a while on a slow line."""
    found = office.access["institution"]["id"]
    return uke(*(claim(no, points=291 + no % 50) for no in range(1, claims + 1)), institution=found[3:])


def choose(page: Page, *files: tuple[str, bytes]) -> None:
    """Choose files in the form."""
    page.set_input_files(
        "#f-files",
        [{"name": name, "mimeType": "application/octet-stream", "buffer": content} for name, content in files],
    )


def slow(who: Person, *, bytes_s: int) -> None:
    """Let what the page sends take its time."""
    line = who.context.new_cdp_session(who.page)
    told = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": bytes_s}
    line.send("Network.enable")
    line.send("Network.emulateNetworkConditions", told)


def sent(who: Person, content: bytes, *, line: str = "real") -> str:
    """Send a file, wait for its check, and return the address of its sending."""
    page = who.go(f"/sendings/new?line={line}")
    choose(page, ("RECEIPTC.UKE", content))
    page.click("#send button")
    page.wait_for_url(re.compile(r"/sendings/[0-9a-z]{20,}"))
    expect(page.locator("h1 .tag")).not_to_have_text("送信済・処理中", timeout=20_000)
    found = re.search(r"/sendings/[0-9a-z]+", page.url)
    assert found
    return found[0]


def own_file(office: House) -> bytes:
    """Return the file that the demo has made for the institution."""
    return Path(office.access["institution"]["file"]).read_bytes()


def test_the_way_of_a_file_is_shown_while_it_is_being_sent(clerk: Person, office: House) -> None:
    """The bar moves, and the file stands there with how far its check is; then the sending comes."""
    sent(clerk, own_file(office), line="test")  # The first check of an office takes its time.
    page = clerk.go("/sendings/new")
    content = large(office)
    slow(clerk, bytes_s=60_000)
    choose(page, ("RECEIPTC.UKE", content))
    page.click("#send button")
    expect(page.locator("#way")).to_be_visible()
    expect(page.locator("#bytes-said")).to_contain_text("MiB")
    expect(page.locator("#arriving .arrival").first).to_be_visible()
    expect(page.locator("#arriving .num").first).to_contain_text("点検済み")
    assert page.url.endswith("/sendings/new"), "it is still being sent"
    shoot(page, "desk sending under way")
    page.wait_for_url(re.compile(r"/sendings/[0-9a-z]{20,}"), timeout=60_000)


def test_dropped_files_are_sent_and_confirmed(clerk: Person, office: House) -> None:
    """A drop is as good as a choice; what is told beforehand is what comes of it."""
    page = clerk.go("/sendings/new")
    handle = page.evaluate_handle(
        "(text) => { const held = new DataTransfer(); held.items.add(new File([Uint8Array.from(atob(text), c => c.charCodeAt(0))],"
        " 'RECEIPTC.UKE')); return held; }",
        __import__("base64").b64encode(own_file(office)).decode(),
    )
    page.dispatch_event("#drop", "dragover", {"dataTransfer": handle})
    page.dispatch_event("#drop", "drop", {"dataTransfer": handle})
    expect(page.locator("#chosen li")).to_have_count(1)
    page.click("#send button")
    page.wait_for_url(re.compile(r"/sendings/[0-9a-z]{20,}"))
    expect(page.locator("h1 .tag")).to_have_text("処理済・確定待ち", timeout=20_000)
    page.click("text=請求確定・請求取消へ")
    told = page.locator("form[action$='/confirm']:has(input[value=with]) button").inner_text()
    page.click("form[action$='/confirm']:has(input[value=with]) button")
    expect(page.locator("[role=status] strong").first).to_have_text("請求確定しました。")
    claims = re.search(r"(\d+) 枚", told)
    assert claims
    expect(page.locator("main")).to_contain_text(f"請求済 {claims[1]} 枚")


def test_two_tabs_and_the_back_button_confirm_once(clerk: Person, office: House) -> None:
    """The later tab is told that it is decided; going back and pressing again is told so too, and asks nothing."""
    place = sent(clerk, own_file(office))
    page = clerk.go(f"{place}/decide")
    other = clerk.context.new_page()
    other.goto(clerk.base + f"{place}/decide")

    page.click("form[action$='/confirm']:has(input[value=with]) button")
    expect(page.locator("[role=status] strong").first).to_have_text("請求確定しました。")
    other.click("form[action$='/confirm']:has(input[value=without]) button")

    expect(other.locator("[role=status] strong").first).to_contain_text("すでに処理が決まっていました")
    expect(other.locator("h1 .tag")).to_have_text("請求確定（エラー分含む）")
    page.go_back()
    if page.locator("form[action$='/confirm']").count():
        page.locator("form[action$='/confirm'] button").first.click()
        expect(page.locator("[role=status] strong").first).to_contain_text("すでに処理が決まっていました")
    else:
        expect(page.locator("main")).to_contain_text("もう一度確定や取消をすることはできません")


def test_a_login_that_ends_while_a_file_is_sent_sends_nothing(clerk: Person, office: House) -> None:
    """One is asked to log in again, and no sending is there."""
    page = clerk.go("/sendings/new")
    slow(clerk, bytes_s=300_000)
    choose(page, ("RECEIPTC.UKE", large(office)))
    page.click("#send button")
    expect(page.locator("#arriving .arrival").first).to_be_visible()
    other = clerk.context.new_page()
    other.goto(clerk.base + "/sendings")
    before = other.locator("tbody tr").count()
    other.click("form[action='/logout'] button")
    page.wait_for_url(re.compile(r"/login"), timeout=60_000)
    clerk.log_in()
    clerk.go("/sendings")
    assert clerk.page.locator("tbody tr").count() == before


def test_everything_works_without_scripts(chromium: Browser, office: House) -> None:
    """A plain form sends the file; the pages lead from there to the confirmation."""
    with person(chromium, office, "institution", java_script_enabled=False) as who:
        who.log_in()
        page = who.go("/sendings/new")
        choose(page, ("RECEIPTC.UKE", own_file(office)), ("RECEIPTC.UKE", b""))
        page.click("#send button")
        place = re.search(r"/sendings/[0-9a-z]{20,}", page.url)
        assert place
        for _ in range(100):
            page = who.go(place[0])
            if page.locator("h1 .tag").inner_text() != "送信済・処理中":
                break
            page.wait_for_timeout(100)
        page.click("text=請求確定・請求取消へ")
        page.click("form[action$='/confirm']:has(input[value=without]) button")
        expect(page.locator("h1 .tag")).to_have_text("請求確定（エラー分除く）")


@pytest.mark.parametrize(("lang", "scheme"), [("ja-JP", "light"), ("en-GB", "dark")])
def test_the_desks_pages_are_whole(chromium: Browser, office: House, tmp_path: Path, lang: str, scheme: str) -> None:
    """Accessible, valid, no wider than a telephone, and a picture of each."""
    pages = tmp_path / "pages"
    pages.mkdir()
    with person(
        chromium, office, "institution", locale=lang, color_scheme=scheme, viewport={"width": 1280, "height": 900}
    ) as who:
        who.log_in()
        content = large(office, claims=30).replace(b",06990014,", b",06990015,", 1)
        page = who.go("/sendings/new")
        choose(page, ("RECEIPTC.UKE", content))
        page.click("#send button")
        page.wait_for_url(re.compile(r"/sendings/[0-9a-z]{20,}"))
        page.wait_for_selector("h1 .tag:not(.busy)")
        found = re.search(r"/sendings/[0-9a-z]+", page.url)
        assert found
        one = found[0]
        places = {
            "home": "/", "send": "/sendings/new", "send test": "/sendings/new?line=test", "sendings": "/sendings",
            "none": "/sendings?kind=dental", "sending": one, "decide": f"{one}/decide?which=all",
            "claims": f"{one}/decide?errors=without",
        }  # fmt: skip
        wrong = judged(who, {f"desk {name} {lang} {scheme}": place for name, place in places.items()}, pages)
    assert not wrong, "\n".join(wrong)
