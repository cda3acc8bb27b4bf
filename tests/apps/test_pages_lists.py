"""The pages of official lists at the desk."""

import re
from collections.abc import Iterator
from io import BytesIO
from zipfile import ZipFile

import pytest

import builders
from apps.desk_lab import PAYER, SECOND
from apps.pages_lab import Browser, Site, add
from seikyu.apps.pages.institution import lists as pages
from seikyu.limits import limit
from services.office_lab import with_limits

ASKS = [text.replace("06990014", "06990015") for text in builders.claim(1)]
STAY = builders.claim(3, claim_type="1111", services=[builders.service(291, service_class="90", code="190000010")])
FILE = builders.uke(ASKS, builders.claim(2, publics=[builders.CITY], name="<script>見本</script>"), STAY)


@pytest.fixture
def site() -> Iterator[Site]:
    """Return an office with both faces."""
    made = Site.make()
    yield made
    made.close()


@pytest.fixture
def clerk(site: Site) -> Browser:
    """Return a clerk's browser."""
    return add(site, role="clerk")


def sent(site: Site, *, confirmed: bool = True, **terms: object) -> str:
    """Return the id of a sending."""
    sending = site.lab.send_and_check(FILE, **terms)
    if confirmed:
        site.lab.confirm(sending, "with")
    return sending.id


def test_a_sending_shows_its_lists(site: Site, clerk: Browser) -> None:
    """What each is for, where it can be had, and what is not there yet and why; in both languages."""
    sending = sent(site, confirmed=False)

    page = clerk.get(f"/sendings/{sending}/lists")
    text = clerk.text()
    assert 200 == page.status_code
    assert "Summary of sent data, inpatient" in text
    assert "it is there when the sending is confirmed" in text
    assert f'href="/sendings/{sending}/lists/hasp?format=csv"' in page.text
    assert f"/sendings/{sending}/lists/hjry?format" not in page.text

    site.lab.confirm(site.lab.sending(sending), "without")
    clerk.get(f"/sendings/{sending}/lists?lang=ja")
    text = clerk.text()
    assert "オンライン受領書" in text
    assert "請求を確定するとできます" not in text
    assert "2026年（令和8年）9月" in text
    assert "表計算ソフトで開きやすくした" in text
    assert "no-store" == page.headers["cache-control"]


def test_the_two_ways_of_counting_stand_beside_the_lists(site: Site, clerk: Browser) -> None:
    """From the trailer's count to the receipt's, step by step."""
    sending = sent(site, confirmed=False)
    site.lab.confirm(site.lab.sending(sending), "without")
    page = clerk.get(f"/sendings/{sending}/lists?lang=ja").text

    rows = re.findall(r'<th scope="row">([^<]+)</th><td class="num">([^<]+)</td>', page)
    assert [
        ("GOレコードの総件数", "4"), ("負担者ごとに数えた件数", "4"), ("併用の分（2人目以降の負担者）", "－1"),
        ("レセプトの件数（枚数）", "3"), ("受付不能の分", "－0"), ("確定で請求しなかった分", "－3"),
        ("受領書の合計の件数", "0"),
    ] == rows[-7:]  # fmt: skip


def test_a_trailer_that_differs_is_pointed_out(site: Site, clerk: Browser) -> None:
    """The clerk looks at the file before confirming."""
    sending = site.lab.send_and_check(FILE.replace(b"GO,4,", b"GO,9,"))

    assert "differs" not in clerk.get(f"/sendings/{sending.id}/lists").text
    assert "The trailer states another count" in clerk.text()


def test_a_list_is_shown_as_a_table(site: Site, clerk: Browser) -> None:
    """With its header, whose texts are escaped; the divisions are tabs."""
    sending = sent(site)

    page = clerk.get(f"/sendings/{sending}/lists/fixf?lang=ja")
    assert "&lt;script&gt;見本&lt;/script&gt;" in page.text or "script" not in page.text
    assert "<script>見本" not in page.text
    assert "1 行目から 3 行目" in clerk.text()

    page = clerk.get(f"/sendings/{sending}/lists/hjry?in_out=outpatient")
    assert 1 == page.text.count('aria-current="page">入院外')
    assert "医保１公併・本人" in page.text
    assert "医保単独・本人" in clerk.get(f"/sendings/{sending}/lists/hjry").text
    assert 404 == clerk.get(f"/sendings/{sending}/lists/kasp").status_code
    assert 404 == clerk.get("/sendings/00000/lists/hasp").status_code


def test_a_long_list_is_shown_page_by_page(site: Site, clerk: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """There and back; a page that is not there has no rows."""
    monkeypatch.setattr(pages, "limit", lambda name: 2 if name == "list_page_rows" else limit(name))
    here = f"/sendings/{sent(site)}/lists/fixf"

    first = clerk.get(here)
    assert 'href="?page=2"' in first.text
    second = clerk.get(f"{here}?page=2")
    assert 'href="?page=1"' in second.text
    assert "Rows 3 to 3" in clerk.text()
    for page in ("7", "-1", "x", "99999999999"):
        assert 200 == clerk.get(f"{here}?page={page}").status_code


def test_an_empty_list_of_findings_says_that_all_is_well(site: Site, clerk: Browser) -> None:
    """Nothing found is good news."""
    sending = site.lab.send_and_check(builders.uke(builders.claim(1)), asp=False)

    clerk.get(f"/sendings/{sending.id}/lists/uasp")

    assert "Nothing was found." in clerk.text()


@pytest.mark.parametrize(
    ("asked", "kind"),
    [("csv", "text/csv; charset=Shift_JIS"), ("spreadsheet", "text/csv; charset=utf-8"), ("pdf", "application/pdf")],
)
def test_a_list_is_given_as_a_file(site: Site, clerk: Browser, asked: str, kind: str) -> None:
    """Named by the official name, and kept by no browser."""
    answer = clerk.get(f"/sendings/{sent(site)}/lists/hasp?format={asked}")

    assert kind == answer.headers["content-type"]
    assert "no-store" == answer.headers["cache-control"]
    assert "RIhasp1991011234250001" in answer.headers["content-disposition"]
    assert len(answer.content) > 500


def test_a_format_that_nobody_knows_is_refused(site: Site, clerk: Browser) -> None:
    """And a list that is not there yet says so on a page."""
    sending = sent(site, confirmed=False)

    assert 400 == clerk.get(f"/sendings/{sending}/lists/hasp?format=docx").status_code
    assert 409 == clerk.get(f"/sendings/{sending}/lists/hjry?format=csv").status_code
    answer = clerk.get(f"/sendings/{sending}/lists/hjry")
    assert 409 == answer.status_code
    assert "請求を確定するとできます" in answer.text


def test_the_test_line_has_its_colour(site: Site, clerk: Browser) -> None:
    """On every page of its lists."""
    sending = sent(site, line="test")

    for path in (
        f"/sendings/{sending}/lists",
        f"/sendings/{sending}/lists/kasp",
        "/lists/month?month=202609&line=test",
    ):
        assert 'class="test-line"' in clerk.get(path).text
    assert 'class="test-line"' not in clerk.get("/lists").text


def test_a_month_is_given_at_once(site: Site, clerk: Browser) -> None:
    """The page lists the sendings; one link takes all lists, another those of one sending."""
    clerk.get("/lists")
    assert "There are no sendings of that kind." in clerk.text()
    assert 400 == clerk.get("/lists/archive").status_code
    sending = sent(site)

    page = clerk.get("/lists?lang=ja")
    assert "オンライン受領書" in clerk.text()
    assert 'href="/lists/archive?month=202609"' in page.text
    for path in ("/lists/archive?month=202609", f"/sendings/{sending}/lists/archive"):
        answer = clerk.get(path)
        assert "application/zip" == answer.headers["content-type"]
        with ZipFile(BytesIO(answer.content)) as archive:
            assert 6 == len(archive.namelist())
    assert "There are no sendings" in clerk.get("/lists?month=202609&kind=dental&lang=en").text
    assert "selected>September 2026" in clerk.get("/lists?month=199913&kind=x&line=y&body=z").text


def test_too_many_sendings_are_to_be_narrowed(site: Site, clerk: Browser) -> None:
    """The page says so before anybody waits for nothing."""
    sent(site)
    site.pages["desk"].office = with_limits(site.lab, archive_sendings=0).office

    page = clerk.get("/lists")

    assert "At most 0 sendings at once" in clerk.text()
    assert "/lists/archive" not in page.text


def test_a_month_is_added_up(site: Site, clerk: Browser) -> None:
    """By claim type, with Japanese years; past a limit the page says what to do."""
    clerk.get("/lists/month")
    assert "Nothing is confirmed yet." in clerk.text()
    sent(site)

    page = clerk.get("/lists/month?lang=ja&month=202609&line=real")
    text = clerk.text()
    assert "2026年（令和8年）9月" in text
    assert "医科　入院外" in text
    assert ["医保単独・本人", "合計"] == re.findall(r'<th scope="row" lang="ja">(医保単独・本人|合計)</th>', page.text)[
        :2
    ]

    site.pages["desk"].office = with_limits(site.lab, month_claims=0).office
    clerk.get("/lists/month?month=202609")
    assert "レセプトが多いため" in clerk.text()


def test_lists_are_their_institutions(site: Site) -> None:
    """Nobody else finds them, and payers have no such pages."""
    sending = sent(site)

    for name, party in (("jiro", SECOND), ("taro", PAYER)):
        other = add(site, name, party=party, role="clerk")
        paths = [f"/sendings/{sending}/lists", f"/sendings/{sending}/lists/hasp", f"/sendings/{sending}/lists/archive"]
        paths += ["/lists", "/lists/month"] * (party == PAYER)
        assert {404} == {other.get(path).status_code for path in paths}
        assert ("/lists" in other.get("/").text) == (party == SECOND)
