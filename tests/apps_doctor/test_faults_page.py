"""The page of faults: every row leads to facts, probes, a rule and a test, or says why not."""

import re
from pathlib import Path

import pytest

from seikyu.apps.doctor.probes import every_probe
from seikyu.apps.reference_faults import PROBED, SAID, faults_page, module_of, probes_for, said, seen_by
from seikyu.lines.diagnosis import faults
from seikyu.lines.facts import Fact, known_facts

ROOT = Path(__file__).resolve().parents[2]
PAGE = faults_page()


@pytest.mark.parametrize("id_", faults())
def test_every_row_stands_on_the_page_and_can_be_found(id_: str) -> None:
    """By probes, by what the user says, or both; a row that nothing finds would be an empty promise."""
    fault = faults()[id_]

    assert f"\n| {id_} | {fault.symptom.en} | {fault.effect} | " in PAGE
    assert PROBED == seen_by(fault) or fault.said


def test_every_row_that_no_probe_finds_says_why() -> None:
    """And no other row does."""
    assert {each.id for each in faults().values() if seen_by(each) == SAID} == set(said()["unseen"])


@pytest.mark.parametrize("fact", known_facts().values(), ids=lambda each: each.name)
def test_every_fact_has_a_probe_on_each_system_that_it_names(fact: Fact) -> None:
    """What a file or the user says has none, and what nothing finds yet says so."""
    systems = {system for each in probes_for(fact.name) for system in (each.on or ("any",))}
    expected = {"any"} if "any" in systems else systems

    assert expected == set(fact.on) - {"said", "file"}


@pytest.mark.parametrize("probe", every_probe(), ids=lambda each: each.name)
def test_every_probe_has_a_test_of_its_module(probe: object) -> None:
    """The file is there and tests that module."""
    module = module_of(probe)  # type: ignore[arg-type]
    folder, _, name = module.partition(".")
    taken = re.compile(rf"from seikyu\.apps\.doctor\.{folder}(\.{name}\b| import .*\b{name}\b)")

    for test in said()["probes"][module]:
        assert taken.search((ROOT / test).read_text("utf-8")), test


def test_every_test_that_makes_a_fault_is_there() -> None:
    """Each names a function that exists; a row that is not there has none."""
    assert set(said()["lab"]) <= set(faults())
    for tests in said()["lab"].values():
        for each in tests:
            file, _, function = each.partition("::")
            assert f"def {function}(" in (ROOT / file).read_text("utf-8")


def test_the_page_says_what_has_not_run() -> None:
    """On no real Windows or macOS."""
    assert "have not run on a real Windows or macOS" in PAGE
