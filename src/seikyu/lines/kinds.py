"""The kinds of lines (接続方式) and the desks that help; rows of `lines.toml`. Source: network:1, network:10."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from tomllib import loads
from typing import Any, Final

#: The kind whose trouble is the provider's alone.
IPSEC: Final = "ipsec_ike"


@dataclass(frozen=True, slots=True)
class LineKind:
    """A kind of line. Shape: `desk` names one of `desks()`; `contract` is what the desk knows such a line by."""

    name: str
    ja: str
    en: str
    desk: str
    contract: str
    provider_contract: bool
    current: bool
    source: str


@dataclass(frozen=True, slots=True)
class Desk:
    """Who can help (問い合わせ先). Shape: `letter` is how the table of faults names it."""

    name: str
    letter: str
    ja: str
    en: str
    source: str


@cache
def line_kinds() -> Mapping[str, LineKind]:
    """Return the kinds of lines by name."""
    return {name: LineKind(name, **row) for name, row in _rows()["kinds"].items()}


@cache
def desks() -> Mapping[str, Desk]:
    """Return the desks by name."""
    return {name: Desk(name, **row) for name, row in _rows()["desks"].items()}


@cache
def _rows() -> Mapping[str, Mapping[str, Any]]:
    return loads((files("seikyu.lines") / "lines.toml").read_text(encoding="utf-8"))
