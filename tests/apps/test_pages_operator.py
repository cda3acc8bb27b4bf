"""The operator's desk: counts and shapes, months, undoing with four eyes, and grants; nothing of a patient without one."""

import re
from collections.abc import Iterator
from datetime import datetime

import pytest

from apps.desk_lab import FIRST, OPERATOR
from apps.pages_lab import Browser, Site, add, code_now, secret_of
from builders import claim, uke
from seikyu.office.calendar import JST
from seikyu.ports.store import Sending
from seikyu.services import undo
from services.office_lab import institution, later

#: A claim in order, and one that asks. The name of the patient must not be anywhere.
DATA = uke(claim(1), claim(2, insurer="06990015"))
NUMBER = "06990015"
WHY = "電話で依頼を受けたため"


@pytest.fixture
def site() -> Iterator[Site]:
    """Return both faces over one office."""
    site = Site.make()
    site.lab.clock.at = datetime(2026, 9, 6, 10, tzinfo=JST)
    yield site
    site.close()


def staff(site: Site, name: str = "ope", role: str = "operator") -> Browser:
    """Return the browser of somebody of the office who has set the second factor and logged in."""
    browser = add(site, name, party=OPERATOR, role=role)
    browser.post("/account/second-factor/app")
    browser.post("/account/second-factor/app/confirm", new_code=code_now(site, secret_of(browser)))
    return browser


def confirmed(site: Site) -> Sending:
    """Return a confirmed sending."""
    return site.lab.confirm(site.lab.send_and_check(DATA), "with")


def order_of(browser: Browser) -> str:
    """Return the id at the end of the present address."""
    assert browser.page is not None
    return browser.page.url.path.rpartition("/")[2]


def test_the_desk_says_how_the_office_stands(site: Site) -> None:
    """Today's sendings by prefecture and kind, the curve with its table, queue, disk; the same to an auditor."""
    confirmed(site)
    for role in ("operator", "approver", "auditor"):
        browser = staff(site, role, role)

        page = browser.get("/desk")

        assert page.status_code == 200
        assert re.search(
            r"99 </a></th><td class=\"num\">1</td><td class=\"num\">1</td><td class=\"num\">2</td>", page.text
        )
        assert page.text.count("<rect") == 6
        assert 'href="/desk"' in browser.get("/").text


def test_a_party_finds_no_desk(site: Site) -> None:
    """Neither an institution's administrator nor nobody in particular; no entry of the menu leads there."""
    browser = add(site)
    sending = confirmed(site)

    for path in (
        "/desk",
        "/desk/sendings",
        f"/desk/sendings/{sending.id}",
        "/desk/months",
        "/desk/undo",
        "/desk/grants",
    ):
        assert browser.get(path).status_code == 403
    assert 'href="/desk"' not in browser.get("/").text
    assert site.browser("public").get("/desk").status_code == 404


def test_sendings_are_found_by_what_is_asked(site: Site) -> None:
    """By party, prefecture, kind, state, month and line; words that are none ask nothing."""
    sending = confirmed(site)
    browser = staff(site)
    link = f"/desk/sendings/{sending.id}"

    for query in ("", f"party={FIRST}", "prefecture=99", "kind=medical", "state=confirmed", "month=202609", "line=real",
                  "state=nonsense", "line=x"):  # fmt: skip
        assert link in browser.get(f"/desk/sendings?{query}").text, query
    for query in ("party=1311111111", "prefecture=13", "kind=dental", "state=checking", "month=202608", "line=test"):
        assert link not in browser.get(f"/desk/sendings?{query}").text, query


def test_one_sending_shows_its_way_and_nothing_of_a_patient(site: Site) -> None:
    """Recorded, checked, decided, closed, sealed; findings by code; no name, number or value of the file."""
    sending = confirmed(site)
    site.lab.close(force=True)
    browser = staff(site)

    text = browser.get(f"/desk/sendings/{sending.id}").text

    for said in ("Recorded", "Checked", "Confirmed by", "The month was closed", "Sealed for", "X3001", "Waiting"):
        assert said in text, said
    assert NUMBER not in text
    assert DATA.decode("cp932").split("RE,")[1].split(",")[3] not in text
    for nothing in ("0" * 26, "../etc", "A%00"):
        assert browser.get(f"/desk/sendings/{nothing}").status_code == 404


def test_two_people_undo_a_confirmation_on_the_page(site: Site) -> None:
    """One orders and cannot approve; another approves; the sending and the institution's list say what became of it."""
    sending = confirmed(site)
    undo.ask_undo(site.lab.office, institution(), sending.id, "枚数の誤り")
    first, second = staff(site), staff(site, "app", "approver")
    later(site.lab, minutes=1)  # Nobody approves who came with the order.

    first.get("/desk/undo")
    first.post("/desk/undo", sending=sending.id, reason=WHY)
    order = order_of(first)
    assert "枚数の誤り" in first.text()
    assert "Approve and undo" not in first.text()
    first.send(f"/desk/undo/{order}", {**first.hidden(f"/desk/undo/{order}"), "act": "approve"})
    assert first.page is not None
    assert first.page.status_code == 403
    second.get(f"/desk/undo/{order}")
    second.post(f"/desk/undo/{order}", act="approve")

    assert "The confirmation is undone." in second.text()
    assert site.lab.sending(sending.id).state == "undone"
    assert "Undone" in first.get(f"/desk/sendings/{sending.id}").text
    first.get("/desk/undo")
    assert first.post("/desk/undo", sending=sending.id, reason=WHY).status_code == 409


def test_an_order_is_turned_down_with_words(site: Site) -> None:
    """The reason is asked for, and the institution reads it."""
    sending = confirmed(site)
    wish = undo.ask_undo(site.lab.office, institution(), sending.id, "枚数の誤り")
    first = staff(site)
    path = f"/desk/undo/{wish.id}"

    first.get(path)
    first.post(path, act="deny", reason=" ")
    assert first.page is not None
    assert first.page.status_code == 422
    first.post(path, act="deny", reason="締切が近いため返戻で扱います")

    assert "Turned down." in first.text()
    (told,) = undo.undo_requests(site.lab.office, institution(), sending.id)
    assert told.answer == "締切が近いため返戻で扱います"
    first.get("/desk/undo")
    assert first.post("/desk/undo", sending="0" * 26, reason=WHY).status_code == 404
    first.get("/desk/undo")
    assert first.post("/desk/undo", sending=sending.id, reason="").status_code == 422


def test_a_claim_is_seen_by_a_grant_alone(site: Site) -> None:
    """Asked for by one, given by another; then the values are there, the look is logged, and the end ends it."""
    sending = confirmed(site)
    first, second = staff(site), staff(site, "app", "approver")
    later(site.lab, minutes=1)  # Nobody approves who came with the order.
    claim_page = f"/desk/sendings/{sending.id}/claims/1-2"
    assert first.get(claim_page).status_code == 403
    assert NUMBER not in first.text()

    first.get("/desk/grants")
    first.post("/desk/grants", sending=sending.id, claim="1-2", reason="照会への回答のため", hours="2")
    grant = order_of(first)
    assert first.get(claim_page).status_code == 403
    second.get(f"/desk/grants/{grant}")
    second.post(f"/desk/grants/{grant}", act="give")

    page = first.get(claim_page)
    assert page.status_code == 200
    assert NUMBER in page.text
    assert second.get(claim_page).status_code == 403
    assert first.get(f"/desk/sendings/{sending.id}/claims/1-1").status_code == 403
    for nothing in ("1", "x", "1-0"):
        assert first.get(f"/desk/sendings/{sending.id}/claims/{nothing}").status_code == 404
    assert "照会への回答のため" in first.get(f"/desk/sendings/{sending.id}").text
    first.get(f"/desk/grants/{grant}")
    first.post(f"/desk/grants/{grant}", act="end")
    assert "Ended." in first.text()
    assert first.get(claim_page).status_code == 403


def test_asking_wrongly_says_so(site: Site) -> None:
    """No such sending, no hours, no reason, no act: the page once more, or an error page; nothing is kept."""
    sending = confirmed(site)
    browser = staff(site)
    for typed, status in (
        ({"sending": sending.id, "claim": "7-1", "reason": WHY, "hours": "1"}, 404),
        ({"sending": sending.id, "claim": "x", "reason": WHY, "hours": "1"}, 400),
        ({"sending": sending.id, "claim": "", "reason": WHY, "hours": "99"}, 400),
        ({"sending": sending.id, "claim": "", "reason": "", "hours": "1"}, 422),
    ):
        browser.get("/desk/grants")
        assert browser.post("/desk/grants", **typed).status_code == status
    browser.get("/desk/grants")
    browser.post("/desk/grants", sending=sending.id, claim="", reason=WHY, hours="1")
    path = f"/desk/grants/{order_of(browser)}"
    assert browser.post(path, act="nonsense").status_code == 400


def test_a_month_is_closed_and_its_balance_read(site: Site) -> None:
    """Forced only with a reason; then the trial balance is there, and the history says who."""
    confirmed(site)
    browser = staff(site)
    path = "/desk/months/1/202609"
    assert path in browser.get("/desk/months").text
    browser.get(path)
    assert browser.post(f"{path}/close", force="yes", reason="").status_code == 422

    browser.get(path)
    page = browser.post(f"{path}/close", force="yes", reason="試験のため")
    assert "The closing is ordered." in page.text
    site.lab.work()
    text = browser.get(path).text

    assert "Balanced" in text
    assert "ope ordered the closing" in browser.text()
    for nothing in ("/desk/months/1/209913", "/desk/months/7/202609", "/desk/months/2-98/202609"):
        assert browser.get(nothing).status_code == 404


def test_a_reader_acts_on_nothing(site: Site) -> None:
    """An auditor and an approver see the months; neither closes nor extends one, whatever they send."""
    confirmed(site)
    for role in ("auditor", "approver"):
        browser = staff(site, role, role)
        text = browser.get("/desk/months/1/202609").text
        assert "/close" not in text
        token = {"token": browser.hidden("/logout")["token"]}
        for path in ("/desk/months/1/202609/close", "/desk/months/extend", "/desk/undo", "/desk/grants"):
            assert browser.send(path, token).status_code == 403


def test_an_institution_asks_on_its_own_page(site: Site) -> None:
    """The form is there while it can be undone; then the wish with its state, and the office's answer."""
    sending = confirmed(site)
    clerk, other = add(site), staff(site)
    page = f"/sendings/{sending.id}"
    clerk.get(page)

    clerk.post(f"{page}/undo-request", reason="枚数の誤りがあるため")

    assert "The office has been asked to undo the confirmation" in clerk.text()
    assert "枚数の誤りがあるため" in clerk.text()
    assert "/undo-request" not in clerk.get(page).text
    wish = undo.undo_requests(site.lab.office, institution(), sending.id)[0]
    other.get(f"/desk/undo/{wish.id}")
    other.post(f"/desk/undo/{wish.id}", act="deny", reason="返戻で扱います")
    assert "返戻で扱います" in clerk.get(page).text
    assert "/undo-request" in clerk.get(page).text
