"""The page about faults: each row of the table with the facts that show it, who finds them, and its tests."""

from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from tomllib import loads
from typing import Any, Final

from seikyu.apps.doctor.probes import every_probe
from seikyu.apps.doctor.probing import Probe
from seikyu.lines.diagnosis import FILES, Condition, Fault, Way, faults
from seikyu.lines.facts import known_facts
from seikyu.lines.kinds import desks

#: Where every row is found in each of its ways, and not by what is only near.
CASES: Final = "tests/lines/faults_cases.toml"

#: What a row's way can be found with: by probes alone, by probes and a person's word, or by the word alone.
PROBED: Final = "probes"
BOTH: Final = "probes and the user's word"
SAID: Final = "the user's word"

_PLACES: Final = {"any": "every system", "said": "the user says it", "file": "a file"}


def faults_page() -> str:
    """Return the page of faults."""
    counts = {way: sum(1 for each in faults().values() if seen_by(each) == way) for way in (PROBED, BOTH, SAID)}
    parts = [
        "# Faults that the doctor knows",
        "Drawn from `seikyu.lines.diagnosis` and `seikyu.apps.doctor`; a test fails if it is not up to date.",
        (
            f"`seikyu doctor` knows {len(faults())} faults (`network:11`). Probes find facts, rules judge them: "
            f"{counts[PROBED]} rows are found by probes alone, {counts[BOTH]} by probes once the user has said what is "
            f"seen, {counts[SAID]} only by what the user says, because no program on the PC can see them. A row that "
            "can be found by probes can mostly be said as well; `seikyu doctor --symptoms` lists how."
        ),
        (
            "The probes of Linux and those that need no system's tool run in the tests on real networks of their own. "
            "**The probes of Windows and macOS, and the PowerShell version, have not run on a real Windows or macOS**: "
            "they are tested against outputs in the form that the tools' public documentation prints."
        ),
        "## Rows",
        (
            f"Every row is tested in `tests/lines/test_diagnosis.py` by its cases in `{CASES}`: each of its ways finds "
            "it, and what is only near does not. The last column names the tests that make the fault itself."
        ),
        *(part for name in FILES for part in _area(name)),
        "## What cannot be probed",
        "| row | what it is | why |\n|---|---|---|\n" + "\n".join(_unseen()),
        "## Probes",
        "| probe | on | finds | tested by |\n|---|---|---|---|\n" + "\n".join(_probe(each) for each in every_probe()),
        "## Facts",
        "| fact | what it is | found on |\n|---|---|---|\n" + "\n".join(_facts()),
    ]
    return "\n\n".join(parts) + "\n"


def seen_by(fault: Fault) -> str:
    """Return what a fault can be found by."""
    ways = [way for way in fault.when if all(_can_be_known(each.fact) for each in way.all)]
    if any(not _needs_word(way) for way in ways):
        return PROBED
    return BOTH if any(not _only_word(way) for way in ways) else SAID


def probes_for(fact: str) -> tuple[Probe, ...]:
    """Return the probes that find a fact."""
    return tuple(each for each in every_probe() if fact in each.gives)


@cache
def said() -> Mapping[str, Mapping[str, Any]]:
    """Return what the page says besides: `unseen` by row, `lab` by row, `probes` by module."""
    return loads((files("seikyu.apps") / "reference_faults.toml").read_text(encoding="utf-8"))


def module_of(probe: Probe) -> str:
    """Return the module that brings a probe."""
    return probe.look.__module__.removeprefix("seikyu.apps.doctor.")


def _area(name: str) -> Iterable[str]:
    rows = loads((files("seikyu.lines") / "faults" / f"{name}.toml").read_text(encoding="utf-8"))
    yield f"### {name} (`lines/faults/{name}.toml`)"
    head = "| row | seen as | effect | call | found by | facts and their probes | said as | made in |\n"
    yield head + "|---|---|---|---|---|---|---|---|\n" + "\n".join(_row(faults()[id_]) for id_ in rows)


def _row(fault: Fault) -> str:
    facts = dict.fromkeys(each for way in fault.when for one in way.all for each in _asked(one))
    desk = desks()[fault.call].en if fault.call else "nobody"
    lab = ", ".join(f"`{each.rpartition('::')[2]}`" for each in said()["lab"].get(fault.id, ()))
    cells = (
        fault.id,
        fault.symptom.en,
        fault.effect.value,
        desk,
        seen_by(fault),
        "; ".join(f"`{each}` ({_finders(each)})" for each in facts) or "none",
        f"`{fault.said}`" if fault.said else "",
        lab,
    )
    return f"| {' | '.join(cells)} |"


def _unseen() -> Iterable[str]:
    for id_, why in said()["unseen"].items():
        yield f"| {id_} | {faults()[id_].symptom.en} | {why} |"


def _probe(probe: Probe) -> str:
    facts = ", ".join(f"`{each}`" for each in probe.gives)
    tests = ", ".join(f"`{each}`" for each in said()["probes"][module_of(probe)])
    return f"| `{probe.name}` | {', '.join(probe.on) or 'every system'} | {facts} | {tests} |"


def _facts() -> Iterable[str]:
    for fact in known_facts().values():
        on = ", ".join(_PLACES.get(each, each) for each in fact.on)
        yield f"| `{fact.name}` | {fact.en} | {on or 'nothing finds it yet'} |"


def _finders(fact: str) -> str:
    where = {"said": "the user", "file": "a file"}
    given = [where[each] for each in known_facts()[fact].on if each in where]
    return ", ".join([each.name for each in probes_for(fact)] or given) or "nothing yet"


def _asked(condition: Condition) -> Iterable[str]:
    yield condition.fact
    if condition.does in {"same", "differs"}:
        yield str(condition.value)


def _can_be_known(fact: str) -> bool:
    return bool(known_facts()[fact].on)


def _needs_word(way: Way) -> bool:
    return any("said" in known_facts()[each.fact].on for each in way.all)


def _only_word(way: Way) -> bool:
    return all("said" in known_facts()[each.fact].on for each in way.all)
