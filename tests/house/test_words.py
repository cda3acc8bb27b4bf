"""What users read: one form in both languages, and no command that does not exist."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from seikyu.apps import cli, words

ROOT = Path(__file__).resolve().parents[2]

#: Pages and headings are sentences and titles; everything else is a line of a program.
PAGES = ("desk.", "pages.", "issuance.", "cli.usage", "cli.headings.", "cli.types.", "cli.parts.", "cli.page.")
LINES = {key: text for key, text in words._texts().items() if not key.startswith(PAGES)}
JAPANESE = re.compile("[ぁ-んァ-ヶ一-龠]")


@pytest.mark.parametrize("key", LINES)
def test_a_line_is_lower_case_without_full_stop_and_in_one_language(key: str) -> None:
    """English begins small and ends open; Japanese has no last 。, and neither has sentences of the other."""
    english, japanese = LINES[key]["en"], LINES[key]["ja"]
    told = re.sub(r"`[^`]*`|\{[^}]*\}|^seikyu .*$", "", japanese, flags=re.MULTILINE)

    assert not re.match("[A-Z][a-z]", english)
    assert not english.endswith((".", "!"))
    assert not japanese.endswith(("。", "．", "！"))
    assert not JAPANESE.search(english)
    assert JAPANESE.search(japanese) or key in {"check.kinds.dpc", "demo.commands"}
    assert key == "demo.commands" or not re.search(r"[a-z]{4,} [a-z]{3,}", told)


def typed() -> Iterator[tuple[str, str]]:
    """Yield every command that a text or a paper tells to type, and where."""
    for key, text in words._texts().items():
        for each in text.values():
            for found in re.findall(r"`(?:\{program\}|seikyu) ([^`]+)`|^\{program\} (.+)$", each, re.MULTILINE):
                yield key, "".join(found)
    papers = [ROOT / "README.md", ROOT / "README.ja.md", *(ROOT / "docs").glob("[ht]*/*.md")]
    for paper in papers:
        for found in re.findall(r"^\$ (?:\./run|seikyu) (.+)$", paper.read_text("utf-8"), re.MULTILINE):
            yield paper.name, found.split(" && ")[0].split(" > ")[0]


@pytest.mark.parametrize(("place", "line"), sorted(set(typed())))
def test_what_is_told_to_be_typed_exists(place: str, line: str) -> None:
    """Each command and each of its options is one of the program's."""
    command: Any = cli.command()
    rest = shlex.split(re.sub(r"\{who\}", "", line))
    while rest and hasattr(command, "get_command") and not rest[0].startswith("-"):
        command = command.get_command(None, rest[0])
        assert command is not None, f"{place}: {line}"
        rest = rest[1:]
    known = {option for each in command.params for option in (*each.opts, *each.secondary_opts)} | {"--help"}

    assert {word for word in rest if word.startswith("--")} <= known
