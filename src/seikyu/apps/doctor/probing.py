"""How probes are run: side by side, each for its time, so that a dead line or a stuck tool costs the others nothing.

A probe is a function that looks and returns facts. It changes nothing on the PC. One that is not back in time leaves
its facts unknown and is named; one that breaks is told as a fault of the doctor. Cheap looks at the PC come first, so
that looks at the line know what those found.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import IntEnum
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from time import monotonic
from traceback import extract_tb
from types import MappingProxyType
from typing import Final, Protocol

from seikyu.apps.doctor.tools import TOOL_S, Ran
from seikyu.lines.facts import Facts, Value, take
from seikyu.lines.network import ClaimsNetwork
from seikyu.lines.site import Site

#: How long a probe may take if it says nothing else.
PROBE_S: Final = 4.0

#: How long all of one stage may take, whatever its probes ask for: the whole run stays below 15 s on a dead line.
STAGE_S: Final = 6.5

#: Why a probe could not look. Texts for users: `could_not.WHY` of `words.toml`.
WHYS: Final = (
    "tool",  # `what`: a program that is not on the PC
    "refused",  # `what`: a program that is there and would not answer
    "rights",  # `what`: what needs the rights of an administrator
    "network_file",  # no network.toml
    "site_file",  # no site.toml
    "folder",  # no client's folder
    "url",  # no address of the portal
    "option",  # `what`: an option that was not given
    "system",  # not on this system
    "nothing",  # `what`: there is nothing of that kind to look at
)


class Stage(IntEnum):
    """When a probe runs: first what the PC knows of itself, then what the line answers."""

    PC = 1
    LINE = 2


class CouldNotLook(Exception):
    """A probe could not look; why is one of `WHYS`, `facts` is what it found before that."""

    def __init__(self, why: str, what: str = "", facts: Facts | None = None) -> None:
        super().__init__(why, what)
        if why not in WHYS:
            raise ValueError(why)
        self.why = why
        self.what = what
        self.facts = facts or {}


class Runs(Protocol):
    """What runs a program of the system (`tools.run`)."""

    def __call__(self, argv: Sequence[str], limit_s: float = TOOL_S, /) -> Ran:
        """Run a program for at most a time and return what it printed."""
        ...


@dataclass(frozen=True, slots=True)
class Look:
    """What a probe is given.

    Shape: `system` is linux, windows or macos; `run` runs a program of the system (`tools.run`); `now` is the clock,
    aware; `folder` the client's own folder (`client.toml`, `site.toml`, `ca.pem`, the pair); `url` the portal's
    address as `https://host:port`; `facts` what earlier stages found.
    """

    system: str
    run: Runs
    now: Callable[[], datetime]
    site: Site | None = None
    network: ClaimsNetwork | None = None
    folder: Path | None = None
    url: str = ""
    error: int | None = None
    symptoms: tuple[str, ...] = ()
    sweep: bool = False
    pppoe_user_file: Path | None = None
    facts: Mapping[str, Value] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Probe:
    """A probe. Shape: `gives` names the facts that it can find; `on` the systems it is for, empty for all."""

    name: str
    look: Callable[[Look], Facts]
    gives: tuple[str, ...]
    on: tuple[str, ...] = ()
    stage: Stage = Stage.PC
    limit_s: float = PROBE_S


@dataclass(frozen=True, slots=True)
class Blind:
    """A probe that found nothing or not all. Shape: `why` is one of `WHYS`, `late` or `bug`; `what` says more."""

    probe: str
    why: str
    what: str = ""


@dataclass(frozen=True, slots=True)
class Looked:
    """What the probes found, and which could not look."""

    facts: Facts
    blind: tuple[Blind, ...]
    took_s: float


def look(probes: Iterable[Probe], given: Look) -> Looked:
    """Run the probes that are for this system, stage by stage, and return what they found.

    Facts that are given stay, whatever a probe finds: the user's word and the files' come first.
    """
    began = monotonic()
    mine = [each for each in probes if not each.on or given.system in each.on]
    facts: dict[str, Value] = dict(given.facts)
    blind: list[Blind] = []
    for stage in Stage:
        found, could_not = _stage([each for each in mine if each.stage is stage], replace(given, facts=dict(facts)))
        facts = found | facts
        blind += could_not
    return Looked(facts, tuple(blind), round(monotonic() - began, 2))


def _stage(probes: Sequence[Probe], given: Look) -> tuple[dict[str, Value], list[Blind]]:
    """Run probes side by side until the last is back or over its time; those that are late are left behind."""
    back: SimpleQueue[tuple[str, dict[str, Value], Blind | None]] = SimpleQueue()
    began = monotonic()
    over = {each.name: began + min(each.limit_s, STAGE_S) for each in probes}
    for each in probes:
        Thread(target=lambda probe=each: back.put(_one(probe, given)), daemon=True, name=each.name).start()
    came: dict[str, dict[str, Value]] = {}
    blind: dict[str, Blind] = {}
    while over:
        try:
            name, found, could_not = back.get(timeout=max(min(over.values()) - monotonic(), 0.0))
        except Empty:
            late = min(over, key=lambda each: over[each])
            del over[late]
            blind[late] = Blind(late, "late")
            continue
        if name not in over:
            continue  # It was called late already, and what is told late would depend on chance.
        del over[name]
        came[name] = found
        if could_not:
            blind[name] = could_not
    facts: dict[str, Value] = {}
    for each in reversed(probes):  # Where two find the same fact, the first of the table counts, whoever was quicker.
        facts |= came.get(each.name, {})
    return facts, [blind[each.name] for each in probes if each.name in blind]


def _one(probe: Probe, given: Look) -> tuple[str, dict[str, Value], Blind | None]:
    facts: dict[str, Value] = {}
    could_not = None
    try:
        try:
            found = probe.look(given)
        except CouldNotLook as reason:
            found, could_not = reason.facts, Blind(probe.name, reason.why, reason.what)
        for name, value in found.items():
            if name not in probe.gives:
                raise KeyError(name)  # noqa: TRY301  (a fault of the probe, told like all others)
            take(facts, name, value)
    except Exception as reason:  # noqa: BLE001  (a broken probe stops nothing else)
        could_not = Blind(probe.name, "bug", _where(reason))
    return probe.name, facts, could_not


def _where(reason: Exception) -> str:
    """Return the kind and the place of an error. Its text stays here: it may hold what nobody must read."""
    last = extract_tb(reason.__traceback__)[-1]
    return f"{type(reason).__name__}, {Path(last.filename).name}:{last.lineno}"
