"""Texts for users by key, in Japanese and English.

The texts are the files `words/*.toml` beside this module: every table with exactly `ja` and `en` is one text, its key
the dotted way to it (`line_broken.hint`). An error code has `CODE.title`, `CODE.text` and `CODE.hint`.
"""

import os
import shlex
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from errno import errorcode
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

Language = Literal["ja", "en"]

_JAPAN: Final = ZoneInfo("Asia/Tokyo")


@dataclass(frozen=True, slots=True)
class ErrorWords:
    """What an error says: a title for the kind, a text for this case, a hint what to do (may be empty)."""

    title: str
    text: str
    hint: str


def language() -> Language:
    """Return the user's language: `SEIKYU_LANG`, else the locale; Japanese or, for all others, English."""
    for name in ("SEIKYU_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(name):
            return "ja" if value.lower().startswith("ja") else "en"
    return "en"


def program() -> str:
    """Return how the user starts this program: `seikyu`, or what `./run` says that was typed.

    It is the fact `program` of every text. A text that goes over the wire must not use it: the reader sits elsewhere.
    """
    return shlex.quote(os.environ.get("SEIKYU_PROGRAM") or "seikyu")


def accepted_language(header: str | None, *, otherwise: Language = "en") -> Language:
    """Return the language that an Accept-Language header prefers; when it names neither, English, as programs expect.

    Example: `accepted_language("ja,en;q=0.5")` is `"ja"`.
    """
    best: tuple[float, Language] = (0.0, otherwise)
    for part in (header or "").split(","):
        tag, _, quality = part.strip().partition(";q=")
        primary = tag.lower().split("-")[0]
        if primary in {"ja", "en"} and _quality(quality) > best[0]:
            best = (_quality(quality), "ja" if primary == "ja" else "en")
    return best[1]


def say(key: str, /, lang: Language | None = None, **facts: Any) -> str:
    """Return the text of `key`, filled with `facts`. Instants are shown in Japan time; a fact that is missing as `?`.

    Errors: KeyError for a key that no file has (a bug; a test looks for them).
    """
    return _texts()[key][lang or language()].format_map(_Facts(facts))


def has(key: str) -> bool:
    """Return whether there is a text of that key."""
    return key in _texts()


def system_words(reason: OSError) -> str:
    """Return what the operating system said, in the user's language where we have words for it."""
    name = errorcode.get(reason.errno or 0, "")
    return say(f"system.{name}") if has(f"system.{name}") else (reason.strerror or type(reason).__name__).lower()


def error_words(code: str, /, lang: Language | None = None, **facts: Any) -> ErrorWords:
    """Return what the error `code` says; a code without texts says that something failed, and its code."""
    known = code if has(f"{code}.text") else "error"
    facts = {"code": code, **facts}
    return ErrorWords(
        title=say(f"{known}.title", lang, **facts),
        text=say(f"{known}.text", lang, **facts),
        hint=say(f"{known}.hint", lang, **facts) if has(f"{known}.hint") else "",
    )


@cache
def _texts() -> Mapping[str, Mapping[str, str]]:
    """Return every text by its key. No key stands twice: a test looks for that."""
    texts: dict[str, Mapping[str, str]] = {}
    for file in files():
        texts |= dict(_leaves(tomllib.loads(file.read_text("utf-8"))))
    return texts


def files() -> list[Traversable]:
    """Return the files of texts."""
    folder = resources.files(__package__).joinpath("words")
    return sorted((file for file in folder.iterdir() if file.name.endswith(".toml")), key=lambda file: file.name)


def _leaves(table: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Mapping[str, str]]]:
    for name, value in table.items():
        key = f"{path}.{name}" if path else name
        if not isinstance(value, dict):
            raise ValueError(f"{key} is neither a table nor a text with ja and en")  # noqa: TRY004  (a fault of the file)
        if value.keys() == {"ja", "en"} and all(isinstance(text, str) for text in value.values()):
            yield key, value
        else:
            yield from _leaves(value, key)


def _quality(text: str) -> float:
    try:
        return float(text) if text else 1.0
    except ValueError:
        return 0.0


class _Facts(dict[str, Any]):
    """The facts of one text, shown as users read them."""

    def __getitem__(self, name: str) -> Any:
        value = self.get(name, "?") if name != "program" else program()
        if isinstance(value, datetime):
            return value.astimezone(_JAPAN).strftime("%Y-%m-%d %H:%M")
        if name == "limit_bytes" and isinstance(value, int) and value >> 20 and not value & ((1 << 20) - 1):
            return f"{value >> 30} GiB" if not value & ((1 << 30) - 1) else f"{value >> 20} MiB"
        return "-" if value is None else value
