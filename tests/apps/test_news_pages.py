"""Announcements: the operator publishes at the desk after a preview; everybody reads them, on pages and in a feed."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from html import unescape

import pytest

from apps.desk_lab import OPERATOR, PAYER
from apps.pages_lab import Browser, Site, add, code_now, secret_of
from seikyu.office.announcing import BODY_CHARS, Draft
from seikyu.services.announcements import list_news, publish, withdraw

AT = "/desk/announcements"
TYPED = {
    "kind": "calendar", "importance": "important", "title_ja": "請求期限の延長", "body_ja": "11日の12時まで延長します。",
    "title_en": "Deadline extended", "body_en": "Until noon on the 11th.",
}  # fmt: skip
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def site() -> Iterator[Site]:
    """Return an office with both faces."""
    made = Site.make()
    yield made
    made.close()


@pytest.fixture
def operator(site: Site) -> Browser:
    """Return the operator at the desk, logged in."""
    browser = add(site, "kanri", party=OPERATOR, role="operator")
    browser.get("/account/second-factor")
    browser.post("/account/second-factor/app")
    browser.post("/account/second-factor/app/confirm", new_code=code_now(site, secret_of(browser)))
    return browser


def items(site: Site) -> list[dict[str, object]]:
    """Return everything that was ever published."""
    return list_news(site.lab.office, limit=50, history=True).items


def typed_on(browser: Browser) -> dict[str, str]:
    """Return what the preview's form carries on."""
    return browser.hidden(AT)


def test_nothing_is_published_before_the_preview_was_read(site: Site, operator: Browser) -> None:
    """The preview shows it as it will be; changing goes back with everything typed; publishing publishes once."""
    operator.get(AT)
    preview = operator.post(AT, act="preview", for_institution="y", **TYPED)

    assert "Not published yet" in preview.text
    assert "Deadline extended" in preview.text
    assert [] == items(site)
    carried = typed_on(operator)
    assert TYPED == {name: carried[name] for name in TYPED}
    back = operator.post(AT, act="mend")
    assert 'value="請求期限の延長"' in back.text
    assert re.search(r'id="f-for_institution"[^>]*checked|checked[^>]*id="f-for_institution"', back.text)
    operator.post(AT, act="preview", for_institution="y", **TYPED)
    carried = typed_on(operator)
    done = operator.post(AT, act="publish")
    operator.send(AT, {**carried, "act": "publish"})  # the back button, and once more

    assert "The announcement is published" in done.text
    assert ["請求期限の延長"] == [each["title_ja"] for each in items(site)]
    assert [["institution"]] == [each["for_kinds"] for each in items(site)]


def test_everybody_reads_it_in_their_language(site: Site, operator: Browser) -> None:
    """On the list, on a page of its own, on the entrances; the menu of the operator leads to the form."""
    operator.get(AT)
    operator.post(AT, act="preview", **TYPED)
    operator.post(AT, act="publish")
    number = items(site)[0]["id"]
    browser = site.browser()

    assert "Deadline extended" in browser.get("/news").text
    japanese = browser.get(f"/news/{number}", headers={"accept-language": "ja"}).text
    assert all(text in japanese for text in ("請求期限の延長", "11日の12時まで延長します。", "重要", "すべての方"))
    assert "Deadline extended" in browser.get("/for/institutions").text
    assert f'href="{AT}"' in operator.get("/").text
    assert f'href="{AT}"' not in site.browser("desk", party=OPERATOR).get("/").text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"title_ja": ""}, "This is needed."),
        ({"title_en": ""}, "Give both title and text in English."),
        ({"until": "2020-01-01T00:00"}, "It must lie ahead."),
        ({"for_bodies": "9"}, "That cannot be chosen."),
        ({"body_ja": "a\x0bb"}, "It is too long, or has characters that cannot be shown."),
    ],
)
def test_a_draft_with_a_fault_comes_back_with_it(
    site: Site, operator: Browser, changes: dict[str, str], said: str
) -> None:
    """Beside its field, with everything typed, and nothing published."""
    operator.get(AT)
    answer = operator.post(AT, act="publish", **{**TYPED, **changes})

    assert 422 == answer.status_code
    assert said in unescape(answer.text)
    assert 'aria-invalid="true"' in answer.text
    assert [] == items(site)


def test_the_longest_texts_are_taken_and_longer_ones_are_not(site: Site, operator: Browser) -> None:
    """Both texts full of pictures, four bytes each; one letter more comes back; ten thousand are no form at all."""
    full = {**TYPED, "body_ja": "😀" * BODY_CHARS, "body_en": "😀" * BODY_CHARS}
    operator.get(AT)
    assert 422 == operator.post(AT, act="publish", **{**full, "body_ja": "😀" * (BODY_CHARS + 1)}).status_code
    operator.get(AT)
    assert 413 == operator.post(AT, act="publish", **{**full, "body_ja": "😀" * 10_000}).status_code
    operator.get(AT)
    assert 200 == operator.post(AT, act="publish", **full).status_code
    assert 1 == len(items(site))


def test_what_was_published_is_corrected_and_withdrawn(site: Site, operator: Browser) -> None:
    """A correction begins with what was said; both stay in the history, and the old page leads to the new one."""
    first = publish(site.lab.office, Draft("期限の延長", "本文"), by="operator").announcement.id
    page = operator.get(f"{AT}?corrects={first}")
    assert f'value="{first}"' in page.text
    operator.post(AT, act="publish", title_ja="期限の延長（訂正）", body_ja="本文", kind="general", importance="normal",
                  corrects=first)  # fmt: skip
    second = items(site)[0]["id"]

    old = site.browser().get(f"/news/{first}").text
    assert f'href="/news/{second}"' in old
    assert "Corrected by a later one" in old
    operator.get(AT)
    assert 422 == operator.post(f"{AT}/{second}/withdraw", reason=" ").status_code
    operator.get(AT)
    done = operator.post(f"{AT}/{second}/withdraw", reason="誤って公開したため")
    assert "The announcement is withdrawn" in done.text
    assert "誤って公開したため" in site.browser().get(f"/news/{second}").text
    assert "There is no news" in site.browser().get("/news").text
    operator.get(AT)
    again = operator.send(AT, {**TYPED, "act": "publish", "corrects": str(second), **token(operator)})
    assert 409 == again.status_code


def token(browser: Browser) -> dict[str, str]:
    """Return the token of the present page's form."""
    return {"token": browser.hidden(AT)["token"]}


def test_only_the_operator_announces(site: Site, operator: Browser) -> None:
    """Others are told that they may not; without a token nothing happens; who has not logged in is asked to."""
    publish(site.lab.office, Draft("お知らせ", "本文"), by="operator")
    number = items(site)[0]["id"]
    other = add(site, "hanako")

    assert 403 == other.get(AT).status_code
    other.get("/account")
    assert 403 == other.send(AT, {**TYPED, "act": "publish"}).status_code
    assert 403 == operator.send(AT, {**TYPED, "act": "publish"}).status_code
    assert 403 == operator.send(f"{AT}/{number}/withdraw", {"reason": "x"}).status_code
    assert "/login" == site.browser("desk", party=OPERATOR).get(AT).url.path
    assert 404 == site.browser().get(AT).status_code
    assert ["published"] == [each["state"] for each in items(site)]


def test_the_homes_of_the_desk_tell_it(site: Site) -> None:
    """To those whom it is for, after logging in; without any there is no empty heading."""
    clerk, payer = add(site, "hanako"), add(site, "taro", party=PAYER)
    assert "h-news" not in clerk.get("/").text
    publish(site.lab.office, Draft("医療機関へ", "本文", for_kinds=("institution",)), by="operator")
    publish(site.lab.office, Draft("保険者へ", "本文", for_kinds=("payer",)), by="operator")

    assert [True, False] == [each in clerk.get("/").text for each in ("医療機関へ", "保険者へ")]
    assert [False, True] == [each in payer.get("/").text for each in ("医療機関へ", "保険者へ")]


def test_a_text_is_shown_as_text(site: Site) -> None:
    """Whatever the operator writes, no page and no feed takes it for anything else."""
    nasty = "<script>alert(1)</script>]]>&amp;"
    publish(site.lab.office, Draft(nasty, f"{nasty}\n\n二段落目"), by="operator")
    browser = site.browser()

    for path in ("/", "/news", f"/news/{items(site)[0]['id']}"):
        assert "<script>" not in browser.get(path).text
    feed = ET.fromstring(browser.get("/news.atom").text)
    assert nasty == feed.findtext(f"{ATOM}entry/{ATOM}title")


def test_the_feed_holds_what_holds(site: Site) -> None:
    """Newest first, with addresses that can be opened; what was withdrawn is not in it."""
    for number in range(3):
        publish(site.lab.office, Draft(f"お知らせ{number}", "本文"), by="operator")
    withdraw(site.lab.office, str(items(site)[1]["id"]), reason="誤り", by="operator")
    browser = site.browser()

    answer = browser.get("/news.atom", headers={"accept-language": "ja"})

    feed = ET.fromstring(answer.text)
    assert answer.headers["content-type"].startswith("application/atom+xml")
    assert ["お知らせ2", "お知らせ0"] == [each.findtext(f"{ATOM}title") for each in feed.iter(f"{ATOM}entry")]
    links = [each.get("href", "") for each in feed.iter(f"{ATOM}link")]
    assert all(200 == browser.get(each.removeprefix(browser.origin)).status_code for each in links)
    assert all(feed.findtext(f"{ATOM}{name}") for name in ("id", "title", "updated"))


def test_the_list_goes_on_and_can_be_narrowed(site: Site) -> None:
    """By the link to older ones, and by whom it is for; strange words narrow nothing."""
    for number in range(32):
        publish(site.lab.office, Draft(f"No.{number}", "本文"), by="operator")
    publish(site.lab.office, Draft("保険者へ", "本文", for_kinds=("payer",)), by="operator")
    browser = site.browser()

    first = browser.get("/news").text
    older = unescape(re.findall(r'href="(/news\?for=&amp;cursor=[^"]+)"', first)[0])
    second = browser.get(older).text

    assert ("No.31" in first, "No.0<" in first) == (True, False)
    assert ("No.31" in second, "No.0<" in second) == (False, True)
    assert "保険者へ" not in browser.get("/news?for=institution").text
    assert "保険者へ" in browser.get("/news?for=payer").text
    assert 200 == browser.get("/news?for=nobody&cursor=%27").status_code
    assert 404 == browser.get("/news/none").status_code
