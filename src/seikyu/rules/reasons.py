"""Why a rule matters, in Japanese: the docstrings of the rules say it in English.

The texts are `reasons.toml`; each rule of the catalogue has one, and a test names those that have none.
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files


@cache
def reasons() -> Mapping[str, str]:
    """Return all reasons by code."""
    page = tomllib.loads((files("seikyu.rules") / "reasons.toml").read_text("utf-8"))
    return {code: str(text) for code, text in page.items()}


def reason(code: str) -> str:
    """Return in Japanese why a rule matters; nothing for a code that has no text."""
    return reasons().get(code, "")
