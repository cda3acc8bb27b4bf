"""Announcements (お知らせ): what may be told, to whom, and what is wrong with a draft."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from tomllib import loads
from typing import Final

#: A title is one line of a list. Both texts, escaped as a form escapes them, must fit into `form_bytes`.
TITLE_CHARS: Final = 120
BODY_CHARS: Final = 2500
REASON_CHARS: Final = 500

_TEXTS: Final = {"title_ja": TITLE_CHARS, "title_en": TITLE_CHARS, "body_ja": BODY_CHARS, "body_en": BODY_CHARS}
_BODY: Final = re.compile(r"1|2-[0-9]{2}")
_STRANGE: Final = {"Cc", "Cs", "Co", "Cn", "Zl", "Zp"}
#: Turns the direction of what follows: a text could look like another.
_BIDI: Final = re.compile(r"[\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class Word:
    """A word of `announcements.toml`."""

    name: str
    ja: str
    en: str


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody wants to announce.

    Shape: without English the Japanese stands for both; `until` None shows it without end; no `for_kinds` and no
    `for_bodies` are everybody; `corrects` is the id of the announcement that it takes the place of.
    """

    title_ja: str
    body_ja: str
    kind: str = "general"
    importance: str = "normal"
    title_en: str = ""
    body_en: str = ""
    until: datetime | None = None
    for_kinds: tuple[str, ...] = ()
    for_bodies: tuple[str, ...] = ()
    corrects: str | None = None


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong with a field of a draft. Shape: `why` is missing, text, choice, past or both."""

    field: str
    why: str


def words(table: str) -> Mapping[str, Word]:
    """Return the words of a table: `kinds`, `importances` or `readers`. Errors: KeyError."""
    return {name: Word(name, row["ja"], row["en"]) for name, row in _tables()[table].items()}


def wrong_in(draft: Draft, *, now: datetime) -> tuple[Wrong, ...]:
    """Return what is wrong with a draft that is to be published now."""
    return tuple(_wrong(draft, now))


def is_reason(text: str) -> bool:
    """True if a withdrawal can be given that reason."""
    return 0 < len(text.strip()) <= REASON_CHARS and _plain(text, lines=False)


def _wrong(draft: Draft, now: datetime) -> Iterator[Wrong]:
    yield from _wrong_texts(draft)
    known = {
        "kind": draft.kind in words("kinds"),
        "importance": draft.importance in words("importances"),
        "for_kinds": set(draft.for_kinds) <= set(words("readers")),
        "for_bodies": all(_BODY.fullmatch(each) for each in draft.for_bodies),
    }
    yield from (Wrong(name, "choice") for name, right in known.items() if not right)
    if draft.until is not None and draft.until <= now:
        yield Wrong("until", "past")


def _wrong_texts(draft: Draft) -> Iterator[Wrong]:
    for name, most in _TEXTS.items():
        text = getattr(draft, name)
        if name.endswith("_ja") and not text.strip():
            yield Wrong(name, "missing")
        elif len(text) > most or not _plain(text, lines=name.startswith("body")):
            yield Wrong(name, "text")
    if bool(draft.title_en.strip()) != bool(draft.body_en.strip()):
        yield Wrong("body_en" if draft.title_en.strip() else "title_en", "both")


def _plain(text: str, *, lines: bool) -> bool:
    """True if a text has nothing that no page, feed or terminal may get; line ends where there may be `lines`."""
    kept = text.replace("\r\n", "").replace("\n", "") if lines else text
    strange = any(unicodedata.category(char) in _STRANGE for char in kept)
    return not strange and not _BIDI.search(text)


@cache
def _tables() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    return loads((files("seikyu.office") / "announcements.toml").read_text(encoding="utf-8"))
