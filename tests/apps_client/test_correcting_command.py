"""`seikyu correct`: what came back is listed, put right and finished from the command line."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from builders import SOCIETY, claim, uke
from seikyu.apps import client
from seikyu.apps.cli import run
from seikyu.apps.generator import world


def test_a_claim_is_corrected_and_finished(
    home: Path, line: Callable[..., client.Line], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One command for each step; the exit status is that of the corrected claim."""
    party = world().institutions[0].id
    asks = claim(1, insurer=SOCIETY)
    asks[1] = asks[1].replace(",291", ",292")
    file = tmp_path / "RECEIPTC.UKE"
    file.write_bytes(uke(asks, month="202610", institution=party[3:]).replace(b",202608,", b",202609,"))
    who = ["--home", str(home), "--as", party]
    assert run(["send", str(file), "--body", "1", "--json", *who]) in {1, 2}
    sending = json.loads(capsys.readouterr().out)["id"]

    assert 0 == run(["correct", sending, *who])
    assert "claim 1" in capsys.readouterr().out
    assert 3 == run(["correct", sending, "--claim", "1", "--set", "QQ.1=1", *who])
    run(["correct", sending, "--claim", "1", "--set", "HO.6=291", *who])
    assert "292 -> 291" in capsys.readouterr().out
    assert 0 == run(["correct", sending, "--finish", "--json", *who])
    told = json.loads(capsys.readouterr().out)
    assert (sending, 1) == (told["corrects"], told["claims"])
