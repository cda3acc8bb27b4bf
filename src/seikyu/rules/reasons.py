"""The table of checks in Japanese: why a rule matters, why a check is not made, and what it would look at.

Why a rule matters stands in `reasons.toml` by code, in English in the docstrings of the rules; each rule of the
catalogue has one. What the table itself says in English (`checks.csv`) stands in `remarks.toml`. Tests name what has no
text.
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from seikyu.rules.table import Check


@cache
def reasons() -> Mapping[str, str]:
    """Return by code why each rule matters."""
    return {code: str(text) for code, text in _page("reasons").items()}


def reason(code: str) -> str:
    """Return in Japanese why a rule matters; nothing for a code that has no text."""
    return reasons().get(code, "")


@cache
def remarks() -> Mapping[str, str]:
    """Return the Japanese words for what the table says of why or how a check is made, by the English ones."""
    return {english: str(text) for english, text in _page("remarks")["reasons"].items()}


@cache
def unruled() -> Mapping[str, str]:
    """Return by code what is wrong by a check that has no rule to say so."""
    return {code: str(text) for code, text in _page("remarks")["titles"].items()}


def remark(check: Check) -> str:
    """Return in Japanese why a check is not made, or how it is; nothing where there is no word about it."""
    return remarks().get(check.reason, "")


@cache
def _page(name: str) -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads((files("seikyu.rules") / f"{name}.toml").read_text("utf-8"))
