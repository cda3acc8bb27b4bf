"""A clinic without a line asks the office, and the desk answers; forms, contact and status in a real browser."""

import json
import re
from pathlib import Path

from kit import axe, person, shoot
from playwright.sync_api import Browser
from real_house import House

REPORT = {"verdict": "does_not_connect", "found": [{"id": "P01", "certain": True}], "facts": {"link.carrier": False}}


def test_a_stranger_asks_with_a_report_and_reads_the_answer(chromium: Browser, office: House, tmp_path: Path) -> None:
    """Number and code are shown once; the desk sees the findings and answers; every page is accessible."""
    report = tmp_path / "doctor.json"
    report.write_text(json.dumps(REPORT), "utf-8")
    with person(chromium, office) as stranger, person(chromium, office, "operator") as desk:
        page = stranger.go("/contact?problem=line&line_kind=ipvpn_ipv6")
        assert "ネットワークサポートデスク" in page.locator(".explains").inner_text()
        page.fill("#f-text", "今朝からつながりません。")
        page.set_input_files("#f-report", report)
        page.click("form[action='/contact/ask'] button")
        number, code = page.locator(".secret").all_inner_texts()
        wrong = axe(page)
        shoot(page, "contact made")

        desk.log_in()
        page = desk.go(f"/desk/inquiries/{number}")
        assert "[P01]" in page.locator("main").inner_text()
        wrong += axe(page)
        page.select_option("select[name=act]", "answer")
        page.fill("#f-text", "ケーブルを確かめてください。")
        page.click("form.sheet button")
        wrong += axe(desk.go("/desk/inquiries?state=answered"))
        shoot(desk.page, "desk inquiries")

        page = stranger.go(f"/contact/{number}")
        page.fill("input[name=code]", code)
        page.click("form[action='/contact/open'] button")
        assert "ケーブルを確かめてください。" in page.locator(".timeline").inner_text()
        wrong += axe(page)
        shoot(page, "contact answered")
    assert not wrong, "\n".join(wrong)


def test_a_form_is_filled_in_with_the_keyboard_and_comes_as_a_paper(chromium: Browser, office: House) -> None:
    """What is missing is said by the browser; the paper is a download, and the page stays."""
    with person(chromium, office) as clerk:
        page = clerk.go("/forms/undo")
        typed = {"institution_code": "9910112342", "phone": "03-0000-0000", "institution_name": "見本医院", "contact": "見本",
                 "claim_month": "2026-09", "sent_on": "2026-09-08", "send_no": "1", "reason": "取り消します"}  # fmt: skip
        for name, text in typed.items():
            page.fill(f"[name={name}]", text)
        page.select_option("[name=scope]", "sending")
        page.focus("form.paper button")
        with page.expect_download() as paper:
            page.keyboard.press("Enter")
        assert re.fullmatch(r"form-undo-ja\.pdf", paper.value.suggested_filename)
        assert Path(paper.value.path()).read_bytes().startswith(b"%PDF")


def test_an_incident_stands_on_the_status_page(chromium: Browser, office: House) -> None:
    """As soon as the operator has published it."""
    with person(chromium, office, "operator") as desk, person(chromium, office) as anybody:
        desk.log_in()
        page = desk.go("/desk/incidents")
        page.fill("[name=title]", "送信の障害")
        page.fill("form[action='/desk/incidents'] [name=text]", "調査中です。")
        page.check("[name='part.receiving']")
        page.click("form[action='/desk/incidents'] button")
        assert not axe(page)
        page = anybody.go("/status")
        page.get_by_text("送信の障害").wait_for()
        assert not axe(page)
        shoot(page, "status incident")
