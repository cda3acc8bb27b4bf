"""The file of a gateway that the door goes by, when it cannot be read: the door says so."""

import os
from pathlib import Path
from typing import Any

import pytest

from seikyu.adapters.admission_file import TunnelFile


@pytest.mark.parametrize(
    "content", [None, "", "{", "[1]", "null", "[" * 100_000, '[{"party": "1", "addresses": ["x"]}]']
)
def test_a_file_of_tunnels_that_cannot_be_read_is_told_of(tmp_path: Path, content: str | None) -> None:
    """Else whose an address is would be looked at by nobody, and nobody would know: root's files are not the office's."""
    told: list[tuple[str, dict[str, Any]]] = []
    file = tmp_path / "addresses.json"
    if content is not None:
        file.write_text(content)
    tunnels = TunnelFile(file, lambda event, **facts: told.append((event, facts)))

    assert [{}, {}] == [tunnels(), tunnels()]

    assert ["tunnels_unread"] == [event for event, _ in told]
    assert str(tmp_path) not in str(told)


def test_a_file_of_tunnels_that_is_read_again_is_told_of_no_more(tmp_path: Path) -> None:
    """What it said last counts meanwhile."""
    told: list[str] = []
    file = tmp_path / "addresses.json"
    file.write_text('[{"party": "9910000001", "addresses": ["192.0.2.7"]}]')
    tunnels = TunnelFile(file, lambda event, **_: told.append(event))
    before = dict(tunnels())

    file.write_text("half")
    os.utime(file, ns=(1, 1))

    assert before == tunnels()
    assert ["tunnels_unread"] == told
