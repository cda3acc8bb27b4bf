"""`seikyu cert apply`, `list` and `withdraw` at a real office: what they print and how they end."""

import json
from pathlib import Path

import pytest

from seikyu.apps.cli import run
from seikyu.apps.generator import world

PARTY = world().institutions[1].id


def test_an_application_is_filed_listed_and_taken_back(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """To people in words, to programs as JSON; the same again is a repeat, and a foreign one is not found."""
    monkeypatch.setenv("SEIKYU_LANG", "en")
    own = ["--home", str(home), "--as", PARTY]

    def said(*words: str, status: int = 0) -> str:
        assert status == run(["cert", *words, *own])
        return capsys.readouterr().out

    told = json.loads(said("apply", "--terminal", "pc-77", "--contact", "desk 03-0000-0000", "--json"))
    assert (False, "applied", PARTY) == (told["repeat"], told["state"], told["party"])
    assert "waits already" in said("apply", "--terminal", "pc-77")
    assert "applied: " in said("apply", "--terminal", "gateway", "--host", "gw.example.jp")
    listed = said("list")
    assert "(in hand)" in listed
    assert "days left" in listed
    assert "pc-77  waiting" in listed
    assert {"certificates", "applications"} == json.loads(said("list", "--json")).keys()
    assert "taken back: " in said("withdraw", told["id"])
    said("withdraw", "01nothing", status=2)
    assert "pc-77  taken back" in said("list")
