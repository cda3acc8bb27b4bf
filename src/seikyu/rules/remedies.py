"""What to do about a finding, by code: how a clerk puts right what a rule has found, in both languages.

The texts are `remedies.toml`; each rule of the catalogue has one, and a test names those that have none.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

Language = Literal["ja", "en"]


@dataclass(frozen=True, slots=True)
class Remedy:
    """How to put right what one rule finds, in one or two sentences."""

    en: str
    ja: str

    def words(self, language: Language) -> str:
        """Return the text in a language."""
        return self.ja if language == "ja" else self.en


@cache
def remedies() -> Mapping[str, Remedy]:
    """Return all remedies by code, in the order of the file."""
    page = tomllib.loads((files("seikyu.rules") / "remedies.toml").read_text("utf-8"))
    return {code: Remedy(text["en"], text["ja"]) for code, text in page.items()}


def remedy(code: str, language: Language = "en") -> str:
    """Return how to put right what a rule finds; nothing for a code that has no text."""
    found = remedies().get(code)
    return found.words(language) if found else ""
