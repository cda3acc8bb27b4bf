"""What may be announced: texts that a page can show, words that there are, and a time that lies ahead."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from seikyu.office.announcing import (
    BODY_CHARS,
    REASON_CHARS,
    TITLE_CHARS,
    Draft,
    Wrong,
    is_reason,
    words,
    wrong_in,
)
from seikyu.office.calendar import JST

NOW = datetime(2026, 11, 26, 9, 0, tzinfo=JST)
DRAFT = Draft(title_ja="請求期限の延長", body_ja="障害のため延長します。\n11日の12時までです。")


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"until": NOW + timedelta(seconds=1)},
        {"title_en": "Extended", "body_en": "Until noon on the 11th."},
        {"for_kinds": ("institution", "payer"), "for_bodies": ("1", "2-13")},
        {"title_ja": "あ" * TITLE_CHARS, "body_ja": "😀" * BODY_CHARS, "importance": "urgent", "kind": "incident"},
    ],
)
def test_a_draft_that_can_be_announced_has_nothing_wrong(changes: dict[str, Any]) -> None:
    """Also at its longest, with pictures for letters."""
    assert () == wrong_in(replace(DRAFT, **changes), now=NOW)


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"title_ja": " "}, ("title_ja", "missing")),
        ({"body_ja": "\n"}, ("body_ja", "missing")),
        ({"title_ja": "あ" * (TITLE_CHARS + 1)}, ("title_ja", "text")),
        ({"title_ja": "two\nlines"}, ("title_ja", "text")),
        ({"body_ja": "a\0b"}, ("body_ja", "text")),
        ({"body_ja": "left\u202eright"}, ("body_ja", "text")),
        ({"body_ja": "x" * (BODY_CHARS + 1)}, ("body_ja", "text")),
        ({"title_en": "only a title"}, ("body_en", "both")),
        ({"body_en": "only a text"}, ("title_en", "both")),
        ({"kind": "gossip"}, ("kind", "choice")),
        ({"importance": "very"}, ("importance", "choice")),
        ({"for_kinds": ("operator",)}, ("for_kinds", "choice")),
        ({"for_bodies": ("3",)}, ("for_bodies", "choice")),
        ({"until": NOW}, ("until", "past")),
    ],
)
def test_what_is_wrong_is_told_by_its_field(changes: dict[str, Any], wrong: tuple[str, str]) -> None:
    """One thing wrong, one row."""
    assert (Wrong(*wrong),) == wrong_in(replace(DRAFT, **changes), now=NOW)


def test_a_reason_is_a_line_of_text() -> None:
    """Not nothing, not a page, and one line."""
    assert is_reason("誤って公開したため")
    assert not any(is_reason(text) for text in ("", " ", "a\nb", "x" * (REASON_CHARS + 1)))


def test_every_word_has_both_languages() -> None:
    """Of each table that forms choose from."""
    for table in ("kinds", "importances", "readers"):
        assert all(word.ja and word.en and word.name == name for name, word in words(table).items())
