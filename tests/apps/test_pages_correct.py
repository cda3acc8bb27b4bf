"""Findings by claim, a claim drawn, and its correction on the screen, as an institution's clerk sees them."""

import html
import re
from collections.abc import Iterator
from typing import Any

import pytest

from apps.desk_lab import FIRST
from apps.pages_lab import Browser, Site, add
from builders import SOCIETY, claim, uke
from services.correcting_lab import ASKS, REFUSED, correct_both, data, spoilt
from services.office_lab import OTHER_INSTITUTION


@pytest.fixture
def site() -> Iterator[Site]:
    """Return an office with both faces."""
    made = Site.make()
    yield made
    made.close()


@pytest.fixture
def clerk(site: Site) -> Browser:
    """Return a clerk of the institution, logged in at the desk."""
    return add(site, role="clerk")


def sent(site: Site, body: bytes | None = None, **terms: Any) -> str:
    """Send the file with claims that come back; return the sending's id."""
    return site.lab.send_and_check(data() if body is None else body, party=FIRST, **terms).id


def text_of(browser: Browser) -> str:
    """Return the page as one reads it, with single spaces."""
    return re.sub(r"\s+", " ", browser.text())


def test_findings_stand_claim_by_claim_with_what_to_do(site: Site, clerk: Browser) -> None:
    """Code, effect in official words, place, remedy, whom to ask; a notice is never called an error."""
    at = f"/sendings/{sent(site)}"

    page = clerk.get(f"{at}/findings")

    assert 200 == page.status_code
    told = text_of(clerk)
    for word in ("X3020", "L2133" if "L2133" in told else "L2541", "What to do:", "asks for a look", "a notice"):
        assert word in told
    assert f'href="{at}/claims/1-2"' in page.text
    assert f'href="{at}/correct/1-2"' in page.text
    assert f'href="{at}/correct/1-1"' not in page.text
    assert "<svg" in page.text
    clerk.get(f"{at}/findings", headers={"accept-language": "ja"})
    assert "受付不能" in clerk.text()
    assert "連絡" in clerk.text()


@pytest.mark.parametrize(
    ("query", "there", "away"),
    [
        ("effect=refuses", "1-3", "1-2"),
        ("kind=ask", "1-2", "1-3"),
        ("level=L48", "1-1", "nothing"),
        ("code=X3020", "1-2", "1-3"),
        ("text=total+points", "1-2", "1-3"),
        ("file=1", "1-2", "nothing"),
        ("level=Q&effect=no&file=x&code=%22%3E", None, "1-2"),
    ],
)
def test_findings_are_narrowed(site: Site, clerk: Browser, query: str, there: str | None, away: str) -> None:
    """By effect, level, code, file and words; what nobody asks for in earnest is left aside."""
    at = f"/sendings/{sent(site)}"

    page = clerk.get(f"{at}/findings?{query}")

    assert 200 == page.status_code
    assert there is None or f"{at}/claims/{there}" in page.text
    assert f"{at}/claims/{away}" not in page.text


def test_many_findings_come_in_pages(site: Site, clerk: Browser) -> None:
    """Every claim once, on pages of a bounded size."""
    claims = [claim(no, insurer=SOCIETY, name=f"見本　{'一二三四五'[no % 5]}") for no in range(1, 31)]
    at = f"/sendings/{sent(site, uke(*claims))}"

    seen: list[str] = []
    address: str | None = f"{at}/findings"
    while address:
        page = clerk.get(html.unescape(address))
        seen += re.findall(rf'<h3><a href="{at}/claims/(\d+-\d+)"', page.text)
        found = re.search(r'<a href="([^"]+cursor=[^"]+)"', page.text)
        address = found[1] if found else None

    assert [f"1-{no}" for no in range(1, 31)] == seen


def test_a_claim_is_drawn_beside_its_findings_with_the_item_marked(site: Site, clerk: Browser) -> None:
    """The institution's own people see its personal items; no browser keeps the page."""
    at = f"/sendings/{sent(site)}"

    page = clerk.get(f"{at}/claims/1-2")

    assert "見本　花子" in page.text
    assert "no-store" == page.headers["cache-control"]
    assert re.search(r"<mark>292</mark>", page.text)
    assert f'href="{at}/claims/1-1"' in page.text
    assert f'href="{at}/claims/1-3"' in page.text
    assert "見本" not in page.text.partition("<title>")[2].partition("</title>")[0]
    clerk.get(f"{at}/claims/1-1")
    assert "it came back without errors" in clerk.text()


def test_a_name_that_is_markup_is_text(site: Site, clerk: Browser) -> None:
    """XSS in a patient's name: escaped on every page."""
    evil = "<script>alert(1)</script>"
    lines = spoilt()
    lines[ASKS][0] = lines[ASKS][0].replace("見本　花子", evil)
    sending = sent(site, uke(*lines))
    at = f"/sendings/{sending}"

    for path in ("findings", "claims/1-2", "correct", "correct/1-2", "correct/1-2?line=0"):
        page = clerk.get(f"{at}/{path}")
        assert 200 == page.status_code, path
        assert evil not in page.text
    assert html.escape(evil, quote=False) in clerk.get(f"{at}/correct/1-2?line=0").text


def test_a_rule_is_explained_to_anybody(site: Site, clerk: Browser) -> None:
    """On both faces, and unknown ones are not found."""
    for browser in (clerk, site.browser("public")):
        assert 200 == browser.get("/rules/X3020").status_code
        assert "Why it matters" in browser.text()
        assert 404 == browser.get("/rules/Q1").status_code
    assert 200 == clerk.get("/rules/L2541", headers={"accept-language": "ja"}).status_code


# --- correcting ---


def press(browser: Browser, at: str, **typed: str) -> None:
    """Press the button of the form that does that."""
    assert browser.page is not None
    forms = re.findall(rf'<form method="post" action="{re.escape(at)}">.*?</form>', browser.page.text, re.DOTALL)
    (form,) = [
        each for each in forms if all(f'value="{typed[name]}"' in each for name in ("act", "line") if name in typed)
    ][:1]
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))
    fields = {
        name: html.unescape(value)
        for name, value in re.findall(r'<input id="(i\d+)" name="i\d+" value="([^"]*)"', form)
    }
    for name, options in re.findall(r'<select id="(i\d+)".*?>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', options)
        fields[name] = html.unescape(chosen[1]) if chosen else ""
    browser._follow(browser.send(at, {**hidden, **fields, **typed}))


def test_a_correction_from_finding_to_new_sending(site: Site, clerk: Browser) -> None:
    """The form stands at the finding; keep, see the difference, mark, finish: the new sending has the claim."""
    sending = sent(site)
    at = f"/sendings/{sending}"
    page = clerk.get(f"{at}/correct/1-2")
    assert 'value="292"' in page.text

    press(clerk, f"{at}/correct/1-2", act="save", i6="291")
    assert "Kept, and checked again." in clerk.text()
    assert "<del>292</del>" in clerk.page.text  # type: ignore[union-attr]
    assert "<ins>291</ins>" in clerk.page.text  # type: ignore[union-attr]
    press(clerk, f"{at}/correct/1-2", act="mark_corrected")
    assert "corrected" in clerk.text()
    key = clerk.hidden(f"{at}/correct/finish")
    answer = clerk.send(f"{at}/correct/finish", key)

    assert 303 == answer.status_code
    new = answer.headers["location"].removeprefix("/sendings/").partition("?")[0]
    site.lab.work()
    assert (1, 0) == (site.lab.sending(new).claims, site.lab.sending(new).ask)
    again = clerk.send(f"{at}/correct/finish", key)
    assert answer.headers["location"] == again.headers["location"]
    clerk.get(f"{at}/correct")
    assert "finished correction 1" in clerk.text()


def test_a_correction_that_makes_things_worse_says_so(site: Site, clerk: Browser) -> None:
    """It is kept, and the new findings stand in a box of their own."""
    at = f"/sendings/{sent(site)}/correct/1-2"
    clerk.get(f"{at}?line=0")

    press(clerk, at, act="save", i7="")

    assert "This correction brings new findings." in clerk.text()
    assert "L2541" in clerk.text()
    press(clerk, at, act="discard")
    assert "The changes were undone." in clerk.text()


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"i5": "😀" * 10_000}, "characters that cannot be recorded"),
        ({"i5": "あ" * 21}, "at most 40 bytes"),
        ({"i5": "a,b"}, "A comma cannot stand here."),
        ({"i7": "99999999"}, "No such day."),
    ],
)
def test_what_cannot_be_recorded_is_told_at_its_field(
    site: Site, clerk: Browser, typed: dict[str, str], told: str
) -> None:
    """What was typed stands in the form again; nothing is kept."""
    sending = sent(site)
    at = f"/sendings/{sending}/correct/1-2"
    clerk.get(f"{at}?line=0")

    press(clerk, at, act="save", **typed)

    assert clerk.page is not None
    assert 422 == clerk.page.status_code
    assert told in clerk.text()
    assert 'aria-invalid="true"' in clerk.page.text
    with site.lab.office.store.read() as tx:
        assert [] == tx.corrections(sending)


def test_records_are_taken_out_and_put_in(site: Site, clerk: Browser) -> None:
    """Each with a button, and each can be undone."""
    at = f"/sendings/{sent(site)}/correct/1-2"
    clerk.get(at)
    press(clerk, at, act="remove", line="2")
    assert "This correction brings new findings." in clerk.text()
    clerk.get(f"{at}?record=SY&after=1")
    press(clerk, at, act="add", i2="8833421", i3="20260801", i4="1")
    assert "Take the added SY away" in clerk.text()
    press(clerk, at, act="take_away", line="0")
    press(clerk, at, act="restore", line="2")
    assert "What is changed" not in clerk.text()
    assert (
        422 == clerk.send(at, {**clerk.hidden(at), "act": "add", "record": "SY", "after": "1", "i2": "😀"}).status_code
    )
    assert 400 == clerk.send(at, {**clerk.hidden(at), "act": "nothing", "line": "0"}).status_code
    press(clerk, at, act="mark_impossible")
    assert "not correctable" in clerk.text()


def test_two_tabs_do_not_overwrite_each_other(site: Site, clerk: Browser) -> None:
    """The second is told, and sees what the first has kept."""
    at = f"/sendings/{sent(site)}/correct/1-2"
    clerk.get(at)
    stale = {**clerk.hidden(at), "act": "save", "line": "1", "i6": "300"}
    press(clerk, at, act="save", i6="291")

    answer = clerk.send(at, stale)

    assert 409 == answer.status_code
    assert "another window was first" in clerk.text()
    assert "<ins>291</ins>" in answer.text


def test_the_list_of_corrections_is_a_page_a_csv_and_a_pdf(site: Site, clerk: Browser) -> None:
    """Under its official name; formulas are no formulas; before and after finishing."""
    sending = sent(site)
    at = f"/sendings/{sending}/correct"
    clerk.get(f"{at}/list")
    assert "No claim has been corrected yet." in clerk.text()
    with site.lab.office.store.read() as tx:
        old = tx.sending(sending)
    assert old is not None
    correct_both(site.lab, old)
    assert "RIchng" in clerk.get(f"{at}/list.csv").headers["content-disposition"]
    clerk.get(at)
    new = clerk.send(f"{at}/finish", clerk.hidden(f"{at}/finish")).headers["location"]
    made = new.removeprefix("/sendings/").partition("?")[0]

    listed = clerk.get(f"{at}/list.csv?in={made}")
    lines = listed.content.decode("cp932").split("\r\n")
    assert "レセプト訂正内容確認" == lines[0]
    assert "002.csv" in listed.headers["content-disposition"]
    assert any("２９２,２９１" in line for line in lines)
    assert clerk.get(f"{at}/list.pdf?in={made}").content.startswith(b"%PDF")
    clerk.get(f"{at}/list?in={made}")
    assert "合計点数" in clerk.text()
    assert 404 == clerk.get(f"{at}/list?in={sending}").status_code


# --- who may ---


def test_other_parties_find_nothing(site: Site, clerk: Browser) -> None:
    """Whatever page and whatever place: not found."""
    sending = sent(site)
    other = add(site, "taro", party=OTHER_INSTITUTION)
    paths = ("findings", "claims/1-1", "correct", "correct/1-2", "correct/list", "correct/list.csv", "correct/list.pdf")
    for path in paths:
        assert 404 == other.get(f"/sendings/{sending}/{path}").status_code, path
        assert 404 == clerk.get(f"/sendings/{sending}x/{path}").status_code, path
    for path in ("claims/0-1", "claims/1-0", "claims/1-9", "claims/x", "claims/9-1", "correct/1-9", "correct/x"):
        assert 404 == clerk.get(f"/sendings/{sending}/{path}").status_code, path
    for path in ("findings", "claims/1-1"):
        assert 404 == clerk.get(f"/sendings/A'B/{path}").status_code


def test_who_may_only_look_corrects_nothing(site: Site) -> None:
    """The role sees findings and claims; buttons are not there and presses are refused."""
    sending = sent(site)
    reader = add(site, "reader", role="read_only")
    assert 200 == reader.get(f"/sendings/{sending}/findings").status_code
    assert f"/sendings/{sending}/correct" not in reader.page.text  # type: ignore[union-attr]
    assert 200 == reader.get(f"/sendings/{sending}/claims/1-2").status_code
    assert 403 == reader.get(f"/sendings/{sending}/correct").status_code


def test_a_form_without_its_token_changes_nothing(site: Site, clerk: Browser) -> None:
    """CSRF: each form has the token of its login."""
    sending = sent(site)
    at = f"/sendings/{sending}/correct"
    assert 403 == clerk.send(f"{at}/1-2", {"act": "save", "version": "0", "line": "1", "i6": "1"}).status_code
    assert 403 == clerk.send(f"{at}/finish", {"key": "k"}).status_code
    with site.lab.office.store.read() as tx:
        assert [] == tx.corrections(sending)


def test_nothing_to_finish_is_told_on_the_page(site: Site, clerk: Browser) -> None:
    """No claim is marked as corrected yet."""
    at = f"/sendings/{sent(site)}/correct"
    clerk.get(f"{at}/1-2")
    token = clerk.hidden(f"{at}/1-2")["token"]
    answer = clerk.send(f"{at}/finish", {"token": token})
    assert 409 == answer.status_code
    assert "no claim is corrected" in clerk.text()


def test_a_sending_on_the_test_line_has_its_colour(site: Site, clerk: Browser) -> None:
    """確認試験 must not be taken for a claim."""
    at = f"/sendings/{sent(site, line='test')}"
    for path in ("findings", "claims/1-2", "correct", "correct/1-2"):
        assert 'class="test-line"' in clerk.get(f"{at}/{path}").text


def test_a_refused_place_of_a_claim_is_marked(site: Site, clerk: Browser) -> None:
    """An empty item is marked as well as a wrong one."""
    page = clerk.get(f"/sendings/{sent(site)}/claims/1-3")
    assert "<mark>(empty)</mark>" in page.text
    assert REFUSED == 2
