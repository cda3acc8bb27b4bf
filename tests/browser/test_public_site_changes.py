"""What the operator changes is on the public site at once: the calendar in force, and an announcement."""

import subprocess
import sys
from pathlib import Path

from kit import axe, person, shoot, too_wide
from playwright.sync_api import Browser
from real_house import House


def test_the_month_is_a_table_that_prints(chromium: Browser, office: House) -> None:
    """Under the calendar of the whole country: every day, its hours and its turns, also on paper."""
    seikyu = str(Path(sys.executable).parent / "seikyu")
    subprocess.run([seikyu, "admin", "calendar", "national", "--home", str(office.home)], check=True, timeout=60)
    with person(chromium, office, viewport={"width": 1280, "height": 900}) as who:
        page = who.go("/calendar?month=2026-12")
        assert page.locator("table.month tbody tr").count() == 31
        assert "請求期限" in page.locator("table.month").inner_text()
        wrong = axe(page)
        shoot(page, "site month 1280")
        page.set_viewport_size({"width": 360, "height": 740})
        wrong += axe(page)
        if too_wide(page):
            wrong.append("wider than 360 pixels")
        shoot(page, "site month 360")
        page.emulate_media(media="print")
        shoot(page, "site month printed")
        assert not page.locator("nav.ways").is_visible()

    assert not wrong, "\n".join(wrong)


def test_the_operator_announces_and_a_visitor_reads_it(chromium: Browser, office: House, tmp_path: Path) -> None:
    """The form, its preview and its history are whole; what was published stands on the entrance at once."""
    with person(chromium, office, "operator") as boss:
        boss.log_in()
        page = boss.go("/desk/announcements")
        wrong = axe(page)
        page.get_by_label("重要度").select_option("urgent")
        page.get_by_label("件名（日本語）").fill("請求期限を延長します")
        page.get_by_label("本文（日本語）").fill("障害のため、11日の12時まで延長します。\n訂正期間はそのあとです。")
        page.get_by_role("button", name="確認する").click()
        wrong += axe(page)
        shoot(page, "site announcement preview")
        page.get_by_role("button", name="公開する").click()
        wrong += axe(page)
        shoot(page, "site announcement published")
        (tmp_path / "announcements.html").write_text(page.content(), "utf-8")
        with person(chromium, office) as visitor:
            visitor.go("/").get_by_role("link", name="請求期限を延長します").click()
            assert "訂正期間はそのあとです。" in visitor.page.locator("article").inner_text()
            wrong += axe(visitor.page)
            shoot(visitor.page, "site announcement read")
        boss.page.locator("summary").first.click()
        boss.page.get_by_label("取り下げの理由").fill("誤って公開したため")
        boss.page.get_by_role("button", name="取り下げる").click()
        with person(chromium, office) as visitor:
            assert "請求期限を延長します" not in visitor.go("/").content()

    assert not wrong, "\n".join(wrong)
