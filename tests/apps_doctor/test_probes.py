"""All probes together: which facts they find, how long they may take, and that a bare PC breaks none."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from seikyu.apps.doctor.probes import every_probe
from seikyu.apps.doctor.probing import STAGE_S, Look, Stage, look
from seikyu.apps.doctor.tools import Ran
from seikyu.lines.facts import known_facts
from seikyu.lines.network import example_network
from seikyu.lines.site import example_site

#: How long the whole run may take on a dead line, and what of it is for starting, judging and printing.
WHOLE_S = 15.0
AROUND_S = 2.0

#: Facts that no probe finds: files and memory give them.
GIVEN = {"ipv6.prefix_remembered"}


def nothing(argv: Sequence[str]) -> Ran:
    """Run no program: none is there."""
    return Ran(None, missing=True)


@pytest.mark.parametrize("system", ["linux", "windows", "macos"])
def test_every_fact_that_is_promised_has_a_probe(system: str) -> None:
    """What `facts.toml` says can be found out on a system, is found out by a probe of it or stands in a file."""
    mine = [each for each in every_probe() if not each.on or system in each.on]
    found = {name for each in mine for name in each.gives}
    promised = {name for name, fact in known_facts().items() if {"any", system} & set(fact.on)}

    assert set() == {name for name in promised - found - GIVEN if not name.startswith("line.")}


@pytest.mark.parametrize("system", ["linux", "windows", "macos"])
def test_all_limits_together_are_less_than_the_whole(system: str) -> None:
    """Probes of a stage run side by side, so that the longest counts: by arithmetic, a dead line costs no more."""
    longest = {
        stage: max(each.limit_s for each in every_probe() if each.stage is stage and (not each.on or system in each.on))
        for stage in Stage
    }

    assert max(longest.values()) <= STAGE_S
    assert sum(longest.values()) + AROUND_S <= WHOLE_S


def test_a_pc_without_tools_and_files_breaks_no_probe() -> None:
    """Nothing is told but what could not be looked at, and none of it is a fault of the doctor."""
    bare = Look("linux", nothing, lambda: datetime.now(UTC))

    told = look([each for each in every_probe() if each.stage is Stage.PC], bare)

    assert set() == {each for each in told.blind if each.why in {"bug", "late"}}


def test_a_folder_of_rubbish_breaks_no_probe(tmp_path: Path) -> None:
    """Files that are folders, and a client's file that is none."""
    for name in ("client.toml", "cert.pem", "key.pem", "ca.pem", "crl.pem", "next", "unanswered"):
        (tmp_path / name).mkdir()
    rubbish = Look(
        "linux", lambda argv: Ran(0, "\x00{[rubbish"), lambda: datetime.now(UTC), site=example_site(),
        network=example_network(), folder=tmp_path, url="https://localhost:1", sweep=True,
    )  # fmt: skip

    told = look([each for each in every_probe() if each.name not in {"pppoe", "names", "clock", "places"}], rubbish)

    assert set() == {each for each in told.blind if each.why in {"bug", "late"}}
