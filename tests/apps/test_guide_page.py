"""The page of guides on the public face: chosen by an address, with its PDF and its folder, without a script."""

import io
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from apps.pages_lab import Site
from lines.guide_cases import BOTH
from seikyu.apps import faces, guides
from seikyu.apps.api.limiter import code_turnstile
from seikyu.apps.metrics import Metrics
from seikyu.limits import limit

WISH = "line=ipvpn_ipv6&os=windows&area=east"


@pytest.fixture
def site() -> Iterator[Site]:
    """Return both faces over one office that has published nothing."""
    site = Site.make()
    yield site
    site.close()


def published(site: Site, network: Path) -> None:
    """Let the public face read what the office publishes."""
    site.apps["public"] = faces.public(
        site.lab.office, site.enrolling, Metrics(), pages=site.pages["public"], given_out=Path(),
        turnstile=code_turnstile(), network=network,
    )  # fmt: skip


def test_q12_the_guide_for_ipv6_ip_vpn_is_on_the_site(site: Site) -> None:
    """Chosen in a form, without login and without a script; clearly an example until the office has published."""
    browser = site.browser()
    form = browser.get("/lines/guide")
    page = browser.get(f"/lines/guide?{WISH}")

    assert (200, 200) == (form.status_code, page.status_code)
    assert "<script" not in page.text
    assert "example" in browser.text()
    assert "https://auth.lineauth.example" in browser.text()
    assert "0120-000-001" in browser.text()
    assert 'value="ipvpn_ipv6" selected' in page.text
    assert "/lines/guide" in browser.get("/").text


def test_advice_names_the_desks_of_the_office(site: Site, tmp_path: Path) -> None:
    """As the guide does; a file that is wrong takes nothing of the advice away."""
    query = "party=clinic&area=east&line=ftth&eligibility=none"
    network = tmp_path / "network.toml"
    network.write_text(f'{BOTH}[desks.network_desk]\nphone = "0120-000-009"\n', "utf-8")
    published(site, network)
    browser = site.browser()
    browser.get(f"/lines/advise?{query}")
    assert "network support desk 0120-000-009" in browser.text()
    network.write_text("prefixes = 1", "utf-8")

    assert 200 == browser.get(f"/lines/advise?{query}").status_code
    assert "network support desk:" in browser.text()


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_the_folder_is_one_file_with_guide_and_files(site: Site, lang: str) -> None:
    """Guide, document, text, README and scripts in one folder, in the language of the page."""
    answer = site.browser().get(f"/lines/guide/folder.zip?{WISH}&lang={lang}")
    packed = zipfile.ZipFile(io.BytesIO(answer.content))
    name = "claims-ipvpn-ipv6-windows"

    assert answer.headers["content-type"] == "application/zip"
    assert f'filename="{name}.zip"' in answer.headers["content-disposition"]
    assert {"README.txt", "guide.html", "guide.pdf", "guide.txt", "ipoe.ps1", "closed.ps1", "network.toml"} <= {
        each.removeprefix(f"{name}/") for each in packed.namelist()
    }
    text = packed.read(f"{name}/guide.txt").decode("utf-8-sig")
    assert ("問い合わせ先" if lang == "ja" else "Whom to ask") in text
    assert packed.read(f"{name}/guide.html").count(b"http") == packed.read(f"{name}/guide.html").count(b"https://") > 0


def test_the_document_is_a_pdf_and_the_same_for_all(site: Site) -> None:
    """Byte for byte, so that it can be kept."""
    browser = site.browser()
    first, second = (browser.get(f"/lines/guide/guide.pdf?{WISH}") for _ in range(2))

    assert first.content.startswith(b"%PDF-")
    assert first.content == second.content


def test_a_flood_of_documents_is_told_to_come_back(site: Site) -> None:
    """While as many as may are drawn or wait; the page itself answers, and afterwards the document too."""
    browser = site.browser()
    with ExitStack() as full:
        for _ in range(limit("guides_at_once")):
            full.enter_context(guides._WAITING)
        busy = browser.get(f"/lines/guide/guide.pdf?{WISH}")

        assert (503, "5") == (busy.status_code, busy.headers["retry-after"])
        assert browser.get(f"/lines/guide?{WISH}").status_code == 200
    assert browser.get(f"/lines/guide/guide.pdf?{WISH}").status_code == 200


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ("line=adsl&os=windows", 404, "adsl"),
        ("line=ipvpn_ipv6&os=beos&area=east", 404, "beos"),
        ("line=ipvpn_ipv6&os=windows", 200, "Choose"),
        ("line=ipvpn_ipv6&os=windows&area=north", 200, "Choose"),
        ("line=ipvpn_ipv6&os=windows&area=east&browser=lynx", 404, "lynx"),
        ("line=%3Cscript%3E&os=windows", 200, "Kind of line"),
        ("line=ipvpn_ipv4", 200, "Kind of line"),
    ],
)
def test_an_unknown_choice_shows_the_form_again(site: Site, query: str, status: int, said: str) -> None:
    """With what there is to choose; nothing of the address is read as markup."""
    browser = site.browser()
    answer = browser.get(f"/lines/guide?{query}")

    assert status == answer.status_code
    assert said in browser.text()
    assert "<script" not in answer.text
    assert site.browser().ask("GET", f"/lines/guide/guide.pdf?{query}").status_code == 303


def test_what_the_office_publishes_is_what_the_guide_is_made_from(site: Site, tmp_path: Path) -> None:
    """Without the words of the example; a file that cannot be used is told without where it lies."""
    network = tmp_path / "network.toml"
    published(site, network)
    browser = site.browser()
    assert "has not published" in browser.get("/lines/guide").text

    network.write_text(BOTH.replace("portal.claims.example", "portal.office.example"), "utf-8")
    page = browser.get("/lines/guide?line=ipsec_ike&os=linux&telephone=yes")
    assert "portal.office.example" in page.text
    assert "has not published" not in page.text
    packed = zipfile.ZipFile(io.BytesIO(browser.get("/lines/guide/folder.zip?line=ipsec_ike&os=linux").content))
    assert b"203.0.113.2" in packed.read("claims-ipsec-ike-linux/swanctl.conf")

    network.write_text("mtu = 9\n", "utf-8")
    bad = browser.get("/lines/guide")
    assert bad.status_code == 500
    assert "network.toml" in bad.text
    assert str(tmp_path) not in bad.text
