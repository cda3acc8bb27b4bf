"""The 配信 button in a real browser: whatever breaks, the next press goes on from what is durable in the browser."""

import hashlib
import random
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import kit
import pytest
from fronted import Fronted
from playwright.sync_api import BrowserContext, Page, Playwright, expect
from real_house import House, moved
from throttled import Throttled

from seikyu.apps.wiring import find_home, office_at
from seikyu.ports.store import Delivery

#: Small pieces and a big file, so that there is a middle to break in.
PIECE = 256 * 1024
BIG = 6 * 1024 * 1024 + 123

#: Stands for the folder that a person would choose: a folder of the browser's own, where nobody has to press anything.
CHOOSE = """window.showDirectoryPicker = async () =>
  (await navigator.storage.getDirectory()).getDirectoryHandle('chosen', {create: true});"""
NO_PICKERS = "delete window.showDirectoryPicker; delete window.showSaveFilePicker;"


@pytest.fixture
def served(made: House, tmp_path: Path, front: str) -> Iterator[House]:
    """Return an office whose payer has small deliveries and a big one, served in small pieces."""
    home = tmp_path / "home"
    shutil.copytree(made.home, home, symlinks=True)
    kind = Fronted if front == "nginx" else House
    house = kind(home, moved(made.access, str(made.home), str(home)))
    set_limit(house.home, "delivery_piece_bytes", PIECE)
    add_big(house)
    try:
        house.start()
        yield house
    finally:
        house.close()


@pytest.fixture
def front(request: pytest.FixtureRequest) -> str:
    """Return what ends TLS: `embedded`, the server itself, or `nginx`, which sends the bytes of deliveries too."""
    return str(getattr(request, "param", "embedded"))


def set_limit(home: Path, name: str, number: int) -> None:
    """Change a limit, as an operator does."""
    path = home / "office.toml"
    lines = [line for line in path.read_text("utf-8").splitlines() if not re.match(rf"#?\s*{name}\s*=", line)]
    if "[limits]" not in lines:
        lines.append("[limits]")
    lines.insert(lines.index("[limits]") + 1, f"{name} = {number}")
    path.write_text("\n".join(lines) + "\n", "utf-8")


def add_big(house: House) -> None:
    """Seal one more volume for the payer, of bytes that no compression makes smaller."""
    with office_at(find_home(house.home)) as office:
        with office.store.read() as tx:
            other = tx.deliveries(payer=house.access["payer"]["id"])[0]
        content = random.Random(1).randbytes(BIG)
        row = Delivery(
            id=office.ids.new(), body=other.body, month=other.month, line="real", payer=other.payer, kind=other.kind,
            volume=9, state="waiting", claims=0, points=0, size_bytes=BIG, sha256=hashlib.sha256(content).hexdigest(),
            sealed_at=office.clock.now(),
        )  # fmt: skip
        with office.objects.writer(f"deliveries/{row.id}", limit_bytes=BIG) as writer:
            writer.write(content)
            writer.commit()
        with office.store.write() as tx:
            tx.put_delivery(row)


def deliveries(house: House) -> list[dict[str, Any]]:
    """Return what the API says of the payer's deliveries."""
    items: list[dict[str, Any]] = house.ask("GET", "/api/v1/deliveries?limit=200", party="payer").json["items"]
    return items


def big(house: House) -> dict[str, Any]:
    """Return the big one."""
    return next(each for each in deliveries(house) if each["volume"] == 9)


def steps(house: House) -> list[dict[str, Any]]:
    """Return the history of the big one."""
    path = f"/api/v1/deliveries/{big(house)['id']}/history"
    items: list[dict[str, Any]] = house.ask("GET", path, party="payer").json["items"]
    return items


@contextmanager
def somebody(
    playwright: Playwright, house: House, profile: Path, *, script: str = CHOOSE, line: Throttled | None = None
) -> Iterator[kit.Person]:
    """Open a browser with a profile that stays when it is closed, as somebody of the payer, over a slow line or not."""
    assert kit.CHROMIUM
    who = house.access["payer"]
    url = urlsplit(house.access["url"])
    base = f"https://{url.hostname}:{line.port if line else url.port}"
    context: BrowserContext = playwright.chromium.launch_persistent_context(
        profile, executable_path=kit.CHROMIUM, args=kit._FLAGS, ignore_https_errors=True, locale="en-GB",
        timezone_id="Asia/Tokyo",
        client_certificates=[{"origin": base, "certPath": who["cert"], "keyPath": who["key"]}],
    )  # fmt: skip
    context.set_default_timeout(30_000)
    context.add_init_script(script)
    try:
        seen = House(house.home, {**house.access, "url": base}, house.server)
        yield kit.Person(seen, "payer", context, context.pages[0])
    finally:
        context.close()


def opened(who: kit.Person) -> Page:
    """Log in if need be, and open the page of deliveries."""
    if who.page.goto(who.base + "/deliveries") and "/login" in who.page.url:
        who.log_in()
        who.go("/deliveries")
    return who.page


def press(page: Page) -> None:
    """Press 配信."""
    page.locator('#fetching [data-part="press"]').click()


def state(page: Page, word: str) -> None:
    """Wait until the button has come to a state."""
    expect(page.locator("#fetching")).to_have_attribute("data-state", word, timeout=60_000)


def come(page: Page, least: int) -> None:
    """Wait until so many bytes of all have come."""
    until = time.monotonic() + 60
    while page.locator('[data-part="total"]').evaluate("(bar) => bar.value") < least:
        assert time.monotonic() < until, page.locator('[data-part="said"]').inner_text()
        page.wait_for_timeout(50)


def kept(page: Page, folder: str = "deliveries") -> dict[str, int]:
    """Return what lies in the browser's own storage: lengths by path."""
    told: dict[str, int] = page.evaluate(
        """async (name) => {
          const found = {};
          const look = async (folder, path) => {
            for await (const [each, handle] of folder.entries()) {
              if (handle.kind === 'directory') { await look(handle, path + each + '/'); }
              else { found[path + each] = (await handle.getFile()).size; }
            }
          };
          const root = await navigator.storage.getDirectory();
          try { await look(await root.getDirectoryHandle(name), ''); } catch { return {}; }
          return found;
        }""",
        folder,
    )
    return told


def digests_of_chosen(page: Page) -> set[str]:
    """Return the digests of the files that were handed over into the chosen folder."""
    told: list[str] = page.evaluate(
        """async () => {
          const found = [];
          const look = async (folder) => {
            for await (const handle of folder.values()) {
              if (handle.kind === 'directory') { await look(handle); continue; }
              const digest = await crypto.subtle.digest('SHA-256', await (await handle.getFile()).arrayBuffer());
              found.push(Array.from(new Uint8Array(digest), (each) => each.toString(16).padStart(2, '0')).join(''));
            }
          };
          await look(await (await navigator.storage.getDirectory()).getDirectoryHandle('chosen'));
          return found;
        }"""
    )
    return set(told)


def went_on(house: House, there: int) -> None:
    """The office was asked for every byte of the big one, and for none again that lay in the browser at the break.

    A break between two pieces leaves one row with as many requests as pieces; one within a piece begins another row.
    """
    first, *more = [each for each in steps(house) if each["what"] == "fetch"]
    pieces = -(-BIG // PIECE)
    assert 0 == first["start"]
    assert BIG == (more or [first])[-1]["end"]
    if not more:
        assert pieces == first["requests"]
    for before, after in pairwise([first, *more]):
        assert there <= after["start"] or before is not first
        assert before["end"] - after["start"] <= PIECE


def hand_over(page: Page) -> None:
    """Choose a folder and wait until the office knows that everything is received."""
    page.locator('[data-part="save-all"]').click()
    state(page, "received")


@pytest.mark.parametrize("front", ["embedded", "nginx"], indirect=True)
def test_one_press_fetches_everything_and_the_office_knows(
    playwright: Playwright, served: House, tmp_path: Path
) -> None:
    """All files of the month, in pieces, checked, in the official folders; nothing is left in the browser."""
    with somebody(playwright, served, tmp_path / "profile") as who:
        page = opened(who)
        page.check('[data-part="again"]')
        press(page)
        state(page, "whole")
        hand_over(page)

        rows = deliveries(served)
        assert {"received"} == {row["state"] for row in rows}
        assert {row["sha256"] for row in rows} == digests_of_chosen(page)
        assert {} == kept(page)
        names = kept(page, "chosen")
        assert all(re.fullmatch(r"[^/]+/\d{6}/\d{8}/0_COMMON\d{3}/\d\d_RECODEINFO_[A-Z]+\.CSV", name) for name in names)
        one = steps(served)[0]
        assert (0, BIG, -(-BIG // PIECE)) == (one["start"], one["end"], one["requests"])
        assert served.access["payer"]["user"] == one["user"]
        page.uncheck('[data-part="again"]')
        press(page)
        state(page, "nothing")


@pytest.fixture
def slow(served: House) -> Iterator[Throttled]:
    """Return a line to the office on which the big delivery takes some seconds."""
    with Throttled(int(urlsplit(served.access["url"]).port or 0), bytes_per_s=1_500_000) as line:
        yield line


def test_the_server_is_killed_in_the_middle_and_the_next_press_goes_on(
    playwright: Playwright, served: House, slow: Throttled, tmp_path: Path
) -> None:
    """What was durable in the browser is not fetched again: the office saw no byte of it asked for twice."""
    with somebody(playwright, served, tmp_path / "profile", line=slow) as who:
        page = opened(who)
        press(page)
        come(page, BIG // 3)
        served.kill()
        state(page, "broken")
        assert "The line broke." in page.locator('[data-part="said"]').inner_text()
        there = max(kept(page).values())
        assert BIG // 3 - PIECE <= there < BIG

        served.start()
        press(page)
        state(page, "whole")
        hand_over(page)

        went_on(served, there)
        assert ["received"] == [each["what"] for each in steps(served) if each["what"] != "fetch"]
        assert big(served)["sha256"] in digests_of_chosen(page)
        assert {"received"} == {row["state"] for row in deliveries(served)}


def test_the_browser_is_closed_in_the_middle_and_the_next_one_goes_on(
    playwright: Playwright, served: House, slow: Throttled, tmp_path: Path
) -> None:
    """The profile holds what has come; a fresh browser with it reads it back and fetches the rest."""
    with somebody(playwright, served, tmp_path / "profile", line=slow) as who:
        page = opened(who)
        press(page)
        come(page, BIG // 3)
    before = big(served)
    assert ("fetching", True) == (before["state"], 0 < before["reached_bytes"] < BIG)

    with somebody(playwright, served, tmp_path / "profile", line=slow) as who:
        page = opened(who)
        assert "% (" in page.locator("main").inner_text()
        there = max(kept(page).values())
        assert there >= before["reached_bytes"]
        press(page)
        state(page, "whole")
        hand_over(page)
        went_on(served, there)
        assert big(served)["sha256"] in digests_of_chosen(page)


def test_two_tabs_do_not_fetch_into_each_other(
    playwright: Playwright, served: House, slow: Throttled, tmp_path: Path
) -> None:
    """The second one is told; when the first is closed it goes on from there."""
    with somebody(playwright, served, tmp_path / "profile", line=slow) as who:
        page = opened(who)
        press(page)
        come(page, BIG // 4)
        other = who.context.new_page()
        other.goto(who.base + "/deliveries")
        press(other)
        state(other, "other_tab")
        other.locator("#fetching").evaluate("(root) => root.removeAttribute('data-state')")
        other.locator('[data-part="clear"]').click()
        state(other, "other_tab")

        page.close()
        there = max(kept(other).values())
        press(other)
        state(other, "whole")
        hand_over(other)
        went_on(served, there)


def test_a_damaged_piece_alone_is_fetched_again(
    playwright: Playwright, served: House, slow: Throttled, tmp_path: Path
) -> None:
    """Bytes that are not the right ones any more are found by their digest, and one piece is fetched anew."""
    with somebody(playwright, served, tmp_path / "profile", line=slow) as who:
        page = opened(who)
        press(page)
        come(page, BIG // 2)
        page.reload()
        page.evaluate(
            """async () => {
              const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('deliveries');
              for await (const handle of folder.values()) {
                if ((await handle.getFile()).size < 1000000) { continue; }
                const writable = await handle.createWritable({keepExistingData: true});
                await writable.write({type: 'write', position: 700000, data: new Uint8Array(10)});
                await writable.close();
              }
            }"""
        )
        press(page)
        state(page, "whole")
        hand_over(page)
        asked = [(each["start"], each["end"]) for each in steps(served) if each["what"] == "fetch"]
        assert (2 * PIECE, 3 * PIECE) in asked
        assert big(served)["sha256"] in digests_of_chosen(page)


def test_without_room_it_says_so_and_goes_on_later(playwright: Playwright, served: House, tmp_path: Path) -> None:
    """What has come is kept; with room the same press goes on."""
    with somebody(playwright, served, tmp_path / "profile") as who:
        page = opened(who)
        devtools = who.context.new_cdp_session(page)
        devtools.send("Storage.overrideQuotaForOrigin", {"origin": who.base, "quotaSize": 1_000_000})
        press(page)
        expect(page.locator("#fetching")).to_have_attribute("data-state", re.compile("no_room"), timeout=60_000)
        assert "room" in page.locator('[data-part="said"]').inner_text()
        assert "received" != big(served)["state"]
        devtools.send("Storage.overrideQuotaForOrigin", {"origin": who.base})
        press(page)
        state(page, "whole")


def test_a_login_that_ended_is_told_and_gone_on_from(
    playwright: Playwright, served: House, slow: Throttled, tmp_path: Path
) -> None:
    """What has come stays; after another login the press goes on."""
    with somebody(playwright, served, tmp_path / "profile", line=slow) as who:
        page = opened(who)
        press(page)
        come(page, BIG // 3)
        who.context.clear_cookies()
        state(page, "login_over")
        there = max(kept(page).values())
        assert "Your login has ended." in page.locator('[data-part="said"]').inner_text()
        page = opened(who)
        press(page)
        state(page, "whole")
        went_on(served, there)


def test_without_pickers_files_go_to_the_downloads(playwright: Playwright, served: House, tmp_path: Path) -> None:
    """One press is all: each file is downloaded under its official name, and the office knows."""
    got: dict[str, str] = {}
    with somebody(playwright, served, tmp_path / "profile", script=NO_PICKERS) as who:
        page = opened(who)
        page.check('[data-part="again"]')
        page.on("download", lambda each: got.update({str(each.path()): each.suggested_filename}))
        press(page)
        state(page, "received")
        page.wait_for_timeout(500)
        files = {hashlib.sha256(Path(path).read_bytes()).hexdigest(): name for path, name in got.items()}
        assert {row["sha256"] for row in deliveries(served)} == set(files)
        assert all(re.fullmatch(r"\d\d_RECODEINFO_[A-Z]+\.CSV", name) for name in files.values())
        assert {"received"} == {row["state"] for row in deliveries(served)}


def test_what_is_left_can_be_removed(playwright: Playwright, served: House, slow: Throttled, tmp_path: Path) -> None:
    """The page says that there is something, and one button takes it away."""
    with somebody(playwright, served, tmp_path / "profile", line=slow) as who:
        page = opened(who)
        press(page)
        come(page, BIG // 4)
        page.reload()
        page.locator('[data-part="clear"]').click()
        state(page, "cleared")
        assert {} == kept(page)
        assert not page.locator('[data-part="left"]').is_visible()


def test_without_scripts_a_plain_link_gives_the_file(playwright: Playwright, served: House) -> None:
    """The list, the link and 受信確認 need none; there is no button that would do nothing."""
    with (
        kit.browser(playwright) as opened_browser,
        kit.person(opened_browser, served, "payer", java_script_enabled=False, locale="en-GB") as who,
    ):
        who.log_in()
        page = who.go("/deliveries")
        assert not page.locator('[data-part="press"]').is_visible()
        assert "seikyu fetch --as" in page.locator("main").inner_text()
        row = big(served)
        with page.expect_download() as coming:
            page.locator(f'a[href="/deliveries/{row["id"]}/content"]').click()
        content = coming.value.path().read_bytes()
        assert row["sha256"] == hashlib.sha256(content).hexdigest()
        who.go(f"/deliveries/{row['id']}")
        page.fill("#f-sha256", row["sha256"])
        page.locator("form[action$='/received'] button").click()
        assert "It is confirmed as received." in page.locator("main").inner_text()
        assert "received" == big(served)["state"]


def test_a_digest_is_reckoned_on_the_persons_machine(playwright: Playwright, served: House, tmp_path: Path) -> None:
    """A chosen file is not sent; its digest is typed into the form. Ours agrees with others' for every length."""
    with somebody(playwright, served, tmp_path / "profile") as who:
        opened(who)
        page = who.go(f"/deliveries/{big(served)['id']}")
        for size in (0, 1, 55, 56, 63, 64, 65, 119, 128, 1_000_003):
            content = random.Random(size).randbytes(size)
            page.set_input_files("#f-own-file", {"name": "x.csv", "mimeType": "text/csv", "buffer": content})
            expect(page.locator("#f-sha256")).to_have_value(hashlib.sha256(content).hexdigest())
