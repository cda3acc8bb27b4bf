"""What a visitor can be sent to, as rows of data; a page that is not there is never linked."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from tomllib import loads
from typing import Any

from seikyu.apps.pages.visit import Visit


@dataclass(frozen=True, slots=True)
class Tool:
    """A page or a command. Shape: `path` is empty for a command; `face` is desk, public or both."""

    name: str
    ja: str
    en: str
    about_ja: str
    about_en: str
    path: str = ""
    face: str = ""
    command: str = ""


@dataclass(frozen=True, slots=True)
class Purpose:
    """What somebody comes for, and the tools for it."""

    ja: str
    en: str
    tools: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Entrance:
    """A kind of user. Shape: `reader` is whose news is shown, empty for what is for everybody."""

    name: str
    ja: str
    en: str
    about_ja: str
    about_en: str
    reader: str
    topics: tuple[str, ...]
    purposes: tuple[Purpose, ...]


@cache
def tools() -> Mapping[str, Tool]:
    """Return every tool by its name."""
    return {name: Tool(name=name, **row) for name, row in _read("tools.toml")["tools"].items()}


@cache
def entrances() -> Mapping[str, Entrance]:
    """Return the kinds of users in their order."""
    return {
        name: Entrance(
            name, row["ja"], row["en"], row["about_ja"], row["about_en"], row["reader"], tuple(row["topics"]),
            tuple(Purpose(each["ja"], each["en"], tuple(each["tools"])) for each in row["purposes"]),
        )
        for name, row in _read("entrances.toml").items()
    }  # fmt: skip


def shown(visit: Visit, names: Iterable[str]) -> list[dict[str, str]]:
    """Return tools as a template takes them, without those that no face has.

    Shape: `path` is empty if the page stands on the other face; then `place` says where.
    """
    found = []
    for tool in (tools()[name] for name in names):
        here = bool(tool.path) and visit.pages.has(tool.path)
        if tool.path and not here and tool.face == visit.pages.face:
            continue
        found.append(
            {
                "label": visit.label(tool),
                "about": tool.about_ja if visit.lang == "ja" else tool.about_en,
                "path": tool.path if here else "",
                "place": "" if here or tool.command else visit.say(f"pages.site.on_{_other(visit.pages.face)}"),
                "command": tool.command,
            }
        )
    return found


def _other(face: str) -> str:
    return "public" if face == "desk" else "desk"


def _read(name: str) -> dict[str, Any]:
    return loads((files("seikyu.apps.pages.public") / name).read_text(encoding="utf-8"))
