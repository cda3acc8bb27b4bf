"""How probes are run: whatever one of them does, the others and the whole are bounded."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from threading import Event
from typing import Any

import pytest

from seikyu.apps.doctor import tools
from seikyu.apps.doctor.probes import MODULES, every_probe
from seikyu.apps.doctor.probing import STAGE_S, WHYS, Blind, CouldNotLook, Look, Looked, Probe, Stage, look
from seikyu.apps.doctor.words import texts
from seikyu.lines.facts import Facts, known_facts

NOW = datetime(2026, 11, 26, 6, 0, tzinfo=UTC)

#: So long no test waits: what is said to be late is, long before.
_LONG_S = 30.0


def looked(*probes: Probe, system: str = "linux", facts: Mapping[str, Any] | None = None) -> Looked:
    """Run probes that need nothing."""
    return look(probes, Look(system, tools.run, lambda: NOW, facts=facts or {}))


def probe(name: str, does: Callable[[Look], Facts], *gives: str, **more: Any) -> Probe:
    """Return a probe."""
    return Probe(name, does, gives or ("link.carrier",), **more)


def raising(reason: Exception) -> Callable[[Look], Facts]:
    """Return a probe's function that raises."""

    def does(_: Look) -> Facts:
        raise reason

    return does


def test_the_facts_of_all_probes_come_together() -> None:
    """Each gives its own."""
    found = looked(probe("a", lambda _: {"link.carrier": True}), probe("b", lambda _: {"link.mtu": 1454}, "link.mtu"))

    assert ({"link.carrier": True, "link.mtu": 1454}, ()) == (found.facts, found.blind)


def test_a_probe_that_is_late_leaves_its_facts_unknown_and_is_named() -> None:
    """The others are not held up, and what it finds later is not taken."""
    never = Event()

    def does(_: Look) -> Facts:
        never.wait(_LONG_S)
        return {"link.mtu": 1454}

    found = looked(probe("slow", does, "link.mtu", limit_s=0.05), probe("quick", lambda _: {"link.carrier": True}))
    never.set()

    assert ({"link.carrier": True}, (Blind("slow", "late"),)) == (found.facts, found.blind)
    assert found.took_s < STAGE_S


def test_a_probe_that_breaks_is_told_as_a_fault_of_the_doctor_without_its_words() -> None:
    """Its kind and place, so that it can be mended; its text may hold what nobody must read."""
    found = looked(
        probe("broken", raising(ValueError("password=hunter2"))), probe("b", lambda _: {"link.carrier": True})
    )

    (blind,) = found.blind
    assert ("broken", "bug") == (blind.probe, blind.why)
    assert blind.what.startswith("ValueError, test_probing.py:")
    assert "hunter2" not in repr(found)
    assert {"link.carrier": True} == found.facts


def test_a_probe_that_could_not_look_keeps_what_it_found_before() -> None:
    """And says why."""
    found = looked(probe("half", raising(CouldNotLook("rights", "CAP_NET_RAW", {"link.carrier": True}))))

    assert ({"link.carrier": True}, (Blind("half", "rights", "CAP_NET_RAW"),)) == (found.facts, found.blind)


def test_a_reason_that_nobody_has_words_for_is_a_fault() -> None:
    """A slip shows in the probe's own test."""
    with pytest.raises(ValueError, match="tired"):
        CouldNotLook("tired")


@pytest.mark.parametrize(
    "facts", [{"link.carrier": 1}, {"link.mtu": 1454}, {"link.colour": "blue"}, {"link.carrier": True, "link.mtu": 1}]
)
def test_a_fact_of_the_wrong_name_or_type_is_a_fault_of_the_doctor(facts: Facts) -> None:
    """A rule would conclude wrongly from it, or never."""
    (blind,) = looked(probe("slip", lambda _: facts)).blind

    assert ("slip", "bug") == (blind.probe, blind.why)


def test_looks_at_the_line_know_what_was_found_at_the_pc() -> None:
    """Stage by stage, whatever the order in which the probes stand."""
    seen: list[Facts] = []

    def at_line(given: Look) -> Facts:
        seen.append(given.facts)
        return {}

    looked(probe("line", at_line, stage=Stage.LINE), probe("pc", lambda _: {"link.carrier": True}))

    assert [{"link.carrier": True}] == seen


def test_where_two_find_the_same_fact_the_first_of_the_table_counts() -> None:
    """Whoever was quicker: what is told must not depend on chance."""
    second_is_back = Event()

    def first(_: Look) -> Facts:
        second_is_back.wait(_LONG_S)
        return {"link.mtu": 1454}

    def second(_: Look) -> Facts:
        second_is_back.set()
        return {"link.mtu": 1500}

    for probes, expected in (([first, second], 1454), ([second, first], 1500)):
        second_is_back.clear()
        found = looked(*(probe(each.__name__, each, "link.mtu") for each in probes))
        assert {"link.mtu": expected} == found.facts


def test_what_is_given_stays_whatever_a_probe_finds() -> None:
    """The user's word and the files' come first."""
    found = looked(probe("a", lambda _: {"line.area": "west"}, "line.area"), facts={"line.area": "east"})

    assert {"line.area": "east"} == found.facts


def test_a_probe_of_another_system_does_not_run() -> None:
    """It would find nothing but its own faults."""
    found = looked(probe("other", raising(ValueError()), on=("windows",)), system="linux")

    assert ({}, ()) == (found.facts, found.blind)


def test_every_probe_says_what_it_finds_and_has_a_name_for_users() -> None:
    """Names are known, systems are known, no two are called alike, and none asks for longer than a stage."""
    names = [each.name for each in every_probe()]

    assert len(names) == len(set(names))
    for each in every_probe():
        assert f"probe.{each.name}" in texts()
        assert each.gives
        assert set(each.gives) <= set(known_facts())
        assert {"linux", "windows", "macos"} >= set(each.on)
        assert 0 < each.limit_s <= STAGE_S


def test_every_module_brings_a_probe() -> None:
    """A name in the table that has none would go unnoticed."""
    homes = {each.look.__module__.removeprefix("seikyu.apps.doctor.") for each in every_probe()}

    assert {
        "pc.windows",
        "pc.macos",
        "folder.certificate",
        "line.names",
        "line.tls",
        "line.ike",
        "pppoe.probe",
    } <= homes
    assert {each for each in MODULES if each != "pc.linux"} <= homes


def test_each_reason_has_words() -> None:
    """And so have being late and a fault of the doctor."""
    assert {f"could_not.{why}" for why in (*WHYS, "late", "bug")} <= set(texts())
