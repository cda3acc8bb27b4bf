"""The payers' pages: what is there, the bytes in pieces, 受信確認, and that nobody sees another's."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from apps.desk_lab import FIRST, OTHER_PAYER, PAYER
from apps.pages_lab import Browser, Site, add
from seikyu.ports.store import Delivery, Month, Posting
from services.office_lab import BODY, MONTH, later

DATA = b"1,2,3\r\n" * 50


@pytest.fixture
def site() -> Iterator[Site]:
    """Return an office with both faces."""
    made = Site.make()
    yield made
    made.close()


def put(site: Site, data: bytes = DATA, *, payer: str = PAYER, no: int = 1, state: str = "waiting") -> Delivery:
    """Lay a sealed delivery out for a payer, and what the ledger has of it; its month is closed."""
    office = site.lab.office
    at = office.clock.now()
    row = Delivery(
        id=f"d{no:025d}", body=BODY, month=MONTH, line="real", payer=payer, kind="medical", volume=no, state=state,
        claims=2, points=291, size_bytes=len(data), sha256=hashlib.sha256(data).hexdigest(), sealed_at=at,
    )  # fmt: skip
    with office.objects.writer(f"deliveries/{row.id}", limit_bytes=len(data)) as writer:
        writer.write(data)
        writer.commit()
    sums = {"claims": 1, "main_points": 200, "cases": 2, "own_points": 291, "meals_yen": 640}
    with office.store.write() as tx:
        tx.put_delivery(row)
        tx.put_month(Month(BODY, MONTH, "real", "closed", at))
        tx.add_postings([
            Posting(
                id=f"{stage}{no}", body=BODY, month=MONTH, line="real", stage=stage, file="f", payer=payer, at=at, **sums
            )
            for stage in ("claimed", "delivered")
        ])  # fmt: skip
    return row


def state_of(site: Site, row: Delivery) -> str:
    """Return in which state a delivery is now."""
    with site.lab.office.store.read() as tx:
        found = tx.delivery(row.id)
    assert found
    return found.state


def received(browser: Browser, row: Delivery, digest: str) -> None:
    """Say with the page's form that a delivery is here."""
    browser.get(f"/deliveries/{row.id}")
    browser.post(f"/deliveries/{row.id}/received", sha256=digest)


def test_the_first_page_says_what_is_not_received(site: Site) -> None:
    """Before the month is closed, when to look again; then what there is, until all of it is here."""
    browser = add(site, party=PAYER)
    browser.get("/")
    assert "There are no deliveries yet." in browser.text()
    assert "2026-10-08" in browser.text()

    rows = [put(site, DATA + bytes([no]), no=no) for no in (1, 2)]
    browser.get("/")
    assert "Not received yet: 2." in browser.text()
    assert "Claims of September 2026" in browser.text()

    for row in rows:
        received(browser, row, row.sha256)
    browser.get("/")
    assert "All files of the month are received." in browser.text()


def test_the_menu_has_deliveries_for_payers_only(site: Site) -> None:
    """An institution has none, and its people find no such page."""
    assert 'href="/deliveries"' in add(site, party=PAYER).get("/").text
    other = add(site, "taro", party=FIRST)

    assert 'href="/deliveries"' not in other.get("/").text
    assert 404 == other.get("/deliveries").status_code
    assert 404 == other.get("/deliveries/fetch/list").status_code


def test_the_list_shows_each_delivery_and_the_ledger_of_this_payer(site: Site) -> None:
    """Sums of the list are those of the ledger's leg, and the balance says so; a break is said too."""
    put(site)
    put(site, DATA * 2, no=2)
    put(site, DATA, payer=OTHER_PAYER, no=3)
    browser = add(site, party=PAYER)

    page = browser.get("/deliveries").text
    shown = browser.text()

    assert 2 == len(set(re.findall(r"/deliveries/(d\d+)/content", page)))
    assert "Balance: ok" in shown
    assert "582" in shown
    assert f"seikyu fetch --as {PAYER} --month {MONTH} --to ." in shown
    counted_short = replace(put(site, DATA * 3, no=4), points=0)
    with site.lab.office.store.write() as tx:
        tx.put_delivery(counted_short)
    browser.get("/deliveries")
    assert "Balance: broken" in browser.text()


@pytest.mark.parametrize(
    ("query", "number"),
    [
        ("", 2), ("state=received", 0), ("state=waiting", 2), ("kind=medical", 2), ("kind=dental", 0), ("body=2-13", 0),
        ("month=202601", 0), ("state=sealing", 2), ("kind=x&body=y&month=z&cursor=%27", 2),
    ],
)  # fmt: skip
def test_the_list_is_narrowed(site: Site, query: str, number: int) -> None:
    """By month, body, kind and state; what is none of these narrows nothing."""
    for no in (1, 2):
        put(site, DATA, no=no)
    browser = add(site, party=PAYER)

    page = browser.get(f"/deliveries?{query}").text

    assert number == len(set(re.findall(r'<th scope="row"><a href="/deliveries/(d\d+)"', page)))
    assert number or "No delivery fits." in browser.text()


def test_the_bytes_come_in_pieces_behind_the_login(site: Site) -> None:
    """Range with If-Range, HEAD and the official name, exactly as programs have them; the state and how far are kept."""
    row = put(site)
    path, etag = f"/deliveries/{row.id}/content", f'"{row.sha256}"'
    browser = add(site, party=PAYER)

    head = browser.ask("HEAD", path)
    assert (200, etag, str(len(DATA))) == (head.status_code, head.headers["etag"], head.headers["content-length"])
    assert 'attachment; filename="11_RECODEINFO_MED.CSV"' == head.headers["content-disposition"]
    assert "waiting" == state_of(site, row)
    pieces = [(0, 100), (100, 200), (200, len(DATA))]
    got = b""
    for start, end in pieces:
        answer = browser.ask("GET", path, headers={"range": f"bytes={start}-{end - 1}", "if-range": etag})
        assert (206, f"bytes {start}-{end - 1}/{len(DATA)}") == (answer.status_code, answer.headers["content-range"])
        got += answer.content
    assert DATA == got
    assert 416 == browser.ask("GET", path, headers={"range": f"bytes={len(DATA)}-"}).status_code
    assert 200 == browser.ask("GET", path, headers={"range": "bytes=5-", "if-range": '"other"'}).status_code
    assert "fetching" == state_of(site, row)
    browser.get("/deliveries")
    assert f"as far as {100 * 200 // len(DATA)} %" in browser.text()


def test_the_history_says_who_fetched_from_where_to_where(site: Site) -> None:
    """Pieces that follow each other are one line; a break begins another; a person is named, and their certificate."""
    row = put(site)
    browser = add(site, party=PAYER)
    for start, end in ((0, 100), (100, 200), (150, len(DATA))):
        browser.ask("GET", f"/deliveries/{row.id}/content", headers={"range": f"bytes={start}-{end - 1}"})
        later(site.lab, seconds=1)
    browser.get(f"/deliveries/{row.id}")
    browser.post(f"/deliveries/{row.id}/received", sha256="0" * 64)
    received(browser, row, row.sha256)

    shown = re.sub(r"\s+", " ", browser.get(f"/deliveries/{row.id}").text and browser.text())
    assert "Fetched bytes 0 to 200 (in 2 requests) hanako (terminal pc-1" in shown
    assert f"Fetched bytes 150 to {len(DATA)} (in 1 requests)" in shown
    assert shown.index("Confirmed with a digest that is not ours") < shown.rindex("Confirmed as received")


def test_receiving_is_confirmed_with_the_right_digest_alone(site: Site) -> None:
    """A wrong one, or none at all, changes nothing and is said above the form; spaces do not matter."""
    row = put(site)
    browser = add(site, party=PAYER)

    for wrong in ("0" * 64, "", "x", row.sha256[:-1]):
        received(browser, row, wrong)
        assert browser.page
        assert (422, "waiting") == (browser.page.status_code, state_of(site, row))
    spaced = " ".join(re.findall("..", row.sha256.upper()))
    received(browser, row, spaced)

    assert "received" == state_of(site, row)
    assert "It is confirmed as received." in browser.text()


def test_the_script_has_a_list_with_a_token_and_says_received(site: Site) -> None:
    """What the button works with: every delivery of the month, oldest first, and the form's token."""
    rows = [put(site, DATA + bytes([no]), no=no) for no in (1, 2)]
    browser = add(site, party=PAYER)
    browser.get(f"/deliveries/{rows[0].id}")

    told = browser.ask("GET", f"/deliveries/fetch/list?month={MONTH}", headers={"accept": "application/json"}).json()
    one = told["items"][0]
    assert [row.id for row in rows] == [each["id"] for each in told["items"]]
    assert f"{BODY}/{MONTH}/{PAYER}/0_COMMON001/11_RECODEINFO_MED.CSV" == one["path"]
    said = browser.ask(
        "POST", one["received"], data={"token": told["token"], "sha256": one["sha256"]},
        headers={"accept": "application/json", "origin": browser.origin, "sec-fetch-site": "same-origin"},
    )  # fmt: skip
    assert (200, "received") == (said.status_code, said.json()["state"])
    pieces = browser.ask("GET", one["pieces"], headers={"accept": "application/json"}).json()
    assert [rows[0].sha256] == pieces["pieces"]
    assert [] == browser.ask("GET", "/deliveries/fetch/list?month=202601").json()["items"]


def test_nobody_sees_another_payers_delivery(site: Site) -> None:
    """Every address of it is not found, for reading and for acting."""
    row = put(site, payer=OTHER_PAYER)
    put(site, no=2)
    browser = add(site, party=PAYER)
    own = f"d{2:025d}"

    for delivery in (row.id, "D", "x" * 41, "%2e%2e"):
        for rest in ("", "/content", "/pieces"):
            assert 404 == browser.ask("GET", f"/deliveries/{delivery}{rest}").status_code
        browser.get(f"/deliveries/{own}")
        token = browser.hidden(f"/deliveries/{own}/received")
        answer = browser.send(f"/deliveries/{delivery}/received", {**token, "sha256": row.sha256})
        assert 404 == answer.status_code
    assert "waiting" == state_of(site, row)


def test_a_reader_may_look_and_fetches_nothing(site: Site) -> None:
    """閲覧者 see the list; there is no button for them, and no bytes."""
    row = put(site)
    browser = add(site, party=PAYER, role="read_only")

    assert "/content" not in browser.get("/deliveries").text
    assert 'id="fetching"' not in browser.get("/deliveries").text
    for path in (f"/deliveries/{row.id}/content", f"/deliveries/{row.id}/pieces", "/deliveries/fetch/list"):
        assert 403 == browser.ask("GET", path).status_code
    assert 200 == browser.get(f"/deliveries/{row.id}").status_code
    assert "waiting" == state_of(site, row)


def test_without_a_login_there_are_no_bytes(site: Site) -> None:
    """A certificate alone is not enough on the pages; the browser is sent to log in."""
    row = put(site)
    browser = site.browser("desk", party=PAYER)

    for path in ("/deliveries", f"/deliveries/{row.id}/content", "/deliveries/fetch/list"):
        answer = browser.ask("GET", path)
        assert (303, f"/login?next={path}") == (answer.status_code, answer.headers["location"].replace("%2F", "/"))
    assert "waiting" == state_of(site, row)


def test_the_worker_may_ask_us_and_nobody_else(site: Site) -> None:
    """A worker goes by the policy of its own script: that of the pages, so it loads and asks at its own origin alone."""
    put(site)
    browser = add(site, party=PAYER)
    worker = re.findall(r'data-(?:worker|sha256)="([^"]+)"', browser.get("/deliveries").text)

    for path in worker:
        policy = browser.ask("GET", path).headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert {"script-src 'self'", "connect-src 'self'"} <= {each.strip() for each in policy.split(";")}
    assert len(worker) == 2
