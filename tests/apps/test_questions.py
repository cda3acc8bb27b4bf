"""Frequent questions: whole, true to the program, and found by whatever words somebody has for them."""

import re
import shlex
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.pages_lab import Site
from seikyu.apps import cli
from seikyu.apps.pages.public.questions import (
    QUERY_CHARS,
    folded,
    pieces,
    questions,
    search,
    topics,
)
from seikyu.apps.pages.public.tools import tools

HIRAGANA = re.compile(r"[ぁ-んー、。\s]+")


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """Return an office with both faces, for tests that only look."""
    made = Site.make()
    yield made
    made.close()


def found(query: str) -> list[str]:
    """Return the ids of what a search finds."""
    return [each.id for each in search(query)]


def test_there_are_enough_of_them_and_each_is_whole() -> None:
    """Forty-five or more over eight topics, in both languages, with a reading, a source, and the tool that solves it."""
    every = questions()

    assert len(every) >= 45
    assert ["network", "certificate", "send", "correct", "receive", "notices", "errors", "period"] == list(topics())
    assert len({each.id for each in every}) == len(every)
    for each in every:
        assert each.ja.endswith(("。", "か。")), each.id
        assert HIRAGANA.fullmatch(each.reading), each.id
        assert all(len(text) > 20 for text in (each.answer_ja, each.answer_en)), each.id
        assert each.tools, each.id
        assert set(each.tools) <= set(tools()), each.id
        assert re.fullmatch(r"(network|provider|payer|records):[a-z0-9.]+", each.source), each.id
        assert not re.search("[ぁ-んァ-ヶ一-龠]", each.en + each.answer_en), each.id


def test_the_thirteen_questions_about_lines_are_all_answered() -> None:
    """In the order of the page that this project began with."""
    first = [each.id for each in topics()["network"].questions[:13]]

    assert [
        "extra-line", "what-is-ipsec", "any-provider", "which-services", "printer", "set-up", "opening-time",
        "wireless", "provider-contract", "line-cut", "screen-does-not-open", "ipv6-set-up", "eligibility-line",
    ] == first  # fmt: skip


def commands() -> Iterator[tuple[str, str]]:
    """Yield every command that an answer or a tool tells to type."""
    for each in questions():
        for text in (each.answer_ja, each.answer_en):
            yield from ((each.id, line) for line in re.findall(r"`seikyu ([^`]+)`", text))
    yield from ((each.name, each.command.removeprefix("seikyu ")) for each in tools().values() if each.command)


@pytest.mark.parametrize(("place", "line"), sorted(set(commands())))
def test_every_command_that_an_answer_names_exists(place: str, line: str) -> None:
    """With each of its options."""
    command: Any = cli.command()
    rest = shlex.split(line)
    while rest and hasattr(command, "get_command") and not rest[0].startswith("-"):
        command = command.get_command(None, rest[0])
        assert command is not None, f"{place}: {line}"
        rest = rest[1:]
    known = {option for each in command.params for option in (*each.opts, *each.secondary_opts)}

    assert {word for word in rest if word.startswith("--")} <= known


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("レセコン", "counts-differ"),
        ("ﾚｾｺﾝ", "counts-differ"),
        ("れせこん", "counts-differ"),
        ("レセプトコンピューター", "counts-differ"),
        ("つながらない", "screen-does-not-open"),
        ("接続できない", "screen-does-not-open"),
        ("繋がらない", "screen-does-not-open"),
        ("無線", "wireless"),
        ("ＷｉＦｉ", "wireless"),
        ("プリンタ", "printer"),
        ("printer", "printer"),
        ("IPsecとは", "what-is-ipsec"),
        ("証明書の更新", "renew-certificate"),
        ("クライアント証明書をなくした", "certificate-lost"),
        ("パスワードを忘れた", "forgot-password"),
        ("回線が切れたらどうなりますか", "line-cut"),
        ("自動請求確定", "automatic"),
        ("じどうせいきゅうかくてい", "automatic"),
        ("届出はいつまで", "notice-deadline"),
        ("オン資", "eligibility-line"),
        ("福祉医療", "local-scheme"),
        ("えるよんじゅうはち", "levels"),
        ("延長", "extension"),
        ("令和８年", "era-years"),
        ("2026年", "era-years"),
        ("R8年", "era-years"),
        ("wireless encrypted", "wireless"),
        ("cancelled before", "cancel-before"),
    ],
)
def test_a_question_is_found_by_other_words(query: str, first: str) -> None:
    """Kana, width, synonyms, years by era, English, and sentences as people say them; the right one among the first."""
    assert first in found(query)[:3]


def test_words_for_one_thing_find_the_same() -> None:
    """Whatever somebody calls it."""
    assert found("レセコン") == found("レセプトコンピュータ") == found("請求コンピュータ") == found("ﾚｾｺﾝ")
    assert found("電子証明書") == found("クライアント証明書") == found("証明書") == found("でんししょうめいしょ")
    assert found("令和8年") == found("2026年") == found("令和８年")


@pytest.mark.parametrize("each", questions(), ids=lambda each: str(each.id))
def test_every_question_is_found_by_itself(each: Any) -> None:
    """By its own words in both languages, and by its reading."""
    for query in (each.ja, each.en, each.reading.replace("、", " ")):
        assert each.id in found(query[:QUERY_CHARS])[:5], query


def test_a_search_for_nothing_finds_nothing() -> None:
    """Neither blanks nor signs, nor what nobody wrote."""
    assert [[]] * 5 == [found(query) for query in ("", "  　", "、。", "zzzqqq", "\0")]


@given(st.text(max_size=80))
def test_any_text_may_be_searched_and_marked(query: str) -> None:
    """Nothing breaks, and a marked text is the text, with nothing added or lost."""
    search(query)
    text = topics()["send"].questions[1].answer_ja

    assert text.replace("`", "") == "".join(piece.text for piece in pieces(text, query))


def test_what_was_looked_for_is_marked_with_its_synonyms() -> None:
    """A search in other words marks the words of the text."""
    marked = [
        piece.text
        for piece in pieces("電子証明書を `seikyu doctor` で調べます", "しょうめいしょ")
        if piece.kind == "mark"
    ]

    assert ["電子証明書"] == marked
    assert ["seikyu doctor"] == [piece.text for piece in pieces("`seikyu doctor` です") if piece.kind == "code"]
    assert "れせこんa" == folded("レセコンＡ")


def test_the_page_searches_without_a_script(site: Site) -> None:
    """A form with one field; the words are marked; what was typed stands in the field, escaped."""
    browser = site.browser()

    page = browser.get("/faq", params={"q": "しょうめいしょ"}, headers={"accept-language": "ja"}).text
    assert "<mark>電子証明書</mark>" in page
    assert re.search(r'<form method="get" action="/faq"[^>]*role="search"', page)
    assert "<script" not in page
    nasty = browser.get("/faq", params={"q": '"><script>alert(1)</script>'}).text
    assert "<script>alert" not in nasty
    nothing = browser.get("/faq", params={"q": "zzzqqq"}).text
    assert "Nothing was found" in nothing
    assert 200 == browser.get("/faq", params={"q": "😀" * 1_000}).status_code


def test_a_topic_has_a_page_with_a_place_for_each_question(site: Site) -> None:
    """So that an answer can be linked to."""
    browser = site.browser()
    for topic in topics().values():
        page = browser.get(f"/faq/{topic.id}").text
        for each in topic.questions:
            assert f'id="{each.id}"' in page
    assert 404 == browser.get("/faq/none").status_code


def test_programs_get_the_same(site: Site) -> None:
    """All of them, or what a search finds, with addresses and commands."""
    browser = site.browser()

    told = browser.get("/faq.json").json()
    one = browser.get("/faq.json", params={"q": "無線"}).json()["items"]

    assert (len(questions()), len(topics())) == (len(told["items"]), len(told["topics"]))
    assert [each.id for each in search("無線")] == [each["id"] for each in one]
    assert ["seikyu doctor"] == one[0]["commands"]
