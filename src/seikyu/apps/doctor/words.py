"""Texts of the doctor by key, in Japanese and English: a small reader of `words.toml`, for where it runs alone."""

import os
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from tomllib import loads
from typing import Any, Final

LANGUAGES: Final = ("ja", "en")


def language() -> str:
    """Return the user's language: `SEIKYU_LANG`, else the locale; Japanese or, for all others, English."""
    for name in ("SEIKYU_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(name):
            return "ja" if value.lower().startswith("ja") else "en"
    return "en"


def say(key: str, lang: str = "", **facts: Any) -> str:
    """Return the text of a key. Errors: KeyError for a key that is not there (a bug; a test looks for them)."""
    return texts()[key][lang or language()].format_map(facts)


@cache
def texts() -> Mapping[str, Mapping[str, str]]:
    """Return every text by its key."""
    read = loads((files("seikyu.apps.doctor") / "words.toml").read_text(encoding="utf-8"))
    return dict(_leaves(read, ""))


def _leaves(table: Mapping[str, Any], path: str) -> Iterator[tuple[str, Mapping[str, str]]]:
    for name, value in table.items():
        key = f"{path}.{name}" if path else name
        if set(value) == set(LANGUAGES):
            yield key, value
        else:
            yield from _leaves(value, key)
