"""Why a line does not connect: rules of `faults/*.toml` judge the facts that probes have found.

A rule is data: ways to find its fault, each a list of conditions on facts that must all hold. A fact that is not known
makes a condition neither true nor false, and the fault undecided: it is neither claimed nor ruled out. Only what a
person could have said and did not counts as not said. A fault that another one brings about is told as its
consequence, so that whoever reads begins with the cause.

Source: network:11 (71 rows), network:10 (whom to call).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from tomllib import loads
from typing import Any, Final

from seikyu.lines.facts import Facts, Value
from seikyu.lines.kinds import line_kinds

#: The files of the table, in the order in which to look: physical, line, certificate, transfer (network:10).
FILES: Final = ("physical", "line", "ipv6", "ipsec", "certificate", "tls", "transfer", "security")

#: Instead of a desk: whom the kind of line says.
BY_LINE: Final = "by_line"

_KIND: Final = "line.kind"
_SYMPTOMS: Final = "said.symptoms"
_ANSWERS: Final = "portal.answers"
_PROBLEM: Final = "portal.problem"
_SAID: Final = "said."


class Effect(StrEnum):
    """What a fault does."""

    STOPS = "stops"
    HINDERS = "hinders"
    WARNS = "warns"
    EXPLAINS = "explains"


class Verdict(StrEnum):
    """What the whole comes to, in one word."""

    CONNECTS = "connects"
    CONNECTS_BUT = "connects_but"
    DOES_NOT_CONNECT = "does_not_connect"
    NOT_KNOWN = "not_known"


class State(StrEnum):
    """What is known of a fault. `undecided`: a fact is missing; `elsewhere`: not at this kind of line."""

    FOUND = "found"
    LIKELY = "likely"
    NOT_FOUND = "not_found"
    UNDECIDED = "undecided"
    ELSEWHERE = "elsewhere"


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition on a fact. Shape: `does` is one of `DOES`; `value` of `same` and `differs` names another fact."""

    fact: str
    does: str
    value: Value | tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Way:
    """A way to find a fault: all conditions hold. `likely`: that only points to it."""

    all: tuple[Condition, ...]
    likely: bool = False


@dataclass(frozen=True, slots=True)
class Text:
    """What is said in both languages."""

    ja: str
    en: str


@dataclass(frozen=True, slots=True)
class Fault:
    """A row of the table of faults. Shape: the labels that `faults/physical.toml` explains."""

    id: str
    effect: Effect
    rank: int
    lines: tuple[str, ...]
    after: tuple[str, ...]
    call: str
    said: str
    symptom: Text
    cause: Text
    fix: Text
    source: tuple[str, ...]
    confidence: str
    unless: tuple[Condition, ...]
    when: tuple[Way, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """A fault that is there. Shape: `because` names the facts that show it; `follows` the faults that it comes from."""

    fault: Fault
    likely: bool
    because: tuple[str, ...]
    call: str
    follows: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What the facts come to.

    Shape: `found` in the order in which to see to them, causes before their consequences; `undecided` by fault, with
    the facts that would decide it.
    """

    verdict: Verdict
    found: tuple[Found, ...]
    undecided: Mapping[str, tuple[str, ...]]


@cache
def faults() -> Mapping[str, Fault]:
    """Return the table of faults by id, in its order."""
    folder = files("seikyu.lines") / "faults"
    rows = (loads((folder / f"{name}.toml").read_text(encoding="utf-8")) for name in FILES)
    return {id_: _fault(id_, row) for each in rows for id_, row in each.items()}


def diagnose(facts: Facts, *, table: Iterable[Fault] | None = None) -> Diagnosis:
    """Return what the facts come to."""
    judged = {each.id: (each, *judge(each, facts)) for each in (faults().values() if table is None else table)}
    there = {id_ for id_, (_, state, _) in judged.items() if state in {State.FOUND, State.LIKELY}}
    found = [_found(*judged[id_], facts, there=there) for id_ in judged if id_ in there]
    found.sort(key=lambda each: (_tier(each), each.fault.rank, each.fault.id))
    missing = {id_: names for id_, (_, state, names) in judged.items() if state is State.UNDECIDED}
    return Diagnosis(_verdict(facts, found), tuple(found), missing)


def judge(fault: Fault, facts: Facts) -> tuple[State, tuple[str, ...]]:
    """Return what is known of one fault, and the facts that show it or, if it is undecided, that are missing.

    What a person says points to it, unless a fact speaks against it. A fault of some kinds of lines is not found where
    the kind is not known, unless a person's word points to it.
    """
    kind = facts.get(_KIND)
    if fault.lines and kind is not None and kind not in fault.lines:
        return State.ELSEWHERE, ()
    if any(holds(each, facts) for each in fault.unless):
        return State.NOT_FOUND, ()
    state, names = _by_ways(fault, facts)
    if state in {State.UNDECIDED, State.NOT_FOUND} and _is_said(fault, facts):
        state, names = State.LIKELY, (_SYMPTOMS,)
    if fault.lines and kind is None and state in {State.FOUND, State.LIKELY}:
        said = any(each.startswith(_SAID) for each in names)
        return (State.LIKELY, names) if said else (State.UNDECIDED, (_KIND,))
    return state, names


def _by_ways(fault: Fault, facts: Facts) -> tuple[State, tuple[str, ...]]:
    missing: dict[str, None] = {}
    for way in sorted(fault.when, key=lambda each: each.likely):
        known = [holds(each, facts) for each in way.all]
        if all(known):
            return State.LIKELY if way.likely else State.FOUND, tuple(dict.fromkeys(each.fact for each in way.all))
        if False not in known:
            missing |= dict.fromkeys(each.fact for each, held in zip(way.all, known, strict=True) if held is None)
    return (State.UNDECIDED, tuple(missing)) if missing else (State.NOT_FOUND, ())


def _is_said(fault: Fault, facts: Facts) -> bool:
    return bool(fault.said) and fault.said in _texts(facts.get(_SYMPTOMS))


def holds(condition: Condition, facts: Facts) -> bool | None:
    """Return whether a condition holds; None if a fact that it needs is not known."""
    value = facts.get(condition.fact)
    wanted: Any = condition.value
    if condition.does in _WITH_ANOTHER:
        wanted = facts.get(str(condition.value))
    if value is None or wanted is None:
        return False if condition.fact.startswith(_SAID) else None
    return bool(_HOLDS[condition.does](value, wanted))


def desk_for(call: str, kind: str) -> str:
    """Return whom to call about a fault at a kind of line; empty for nobody. An unknown kind has no desk of its own."""
    if call != BY_LINE:
        return call
    return line_kinds()[kind].desk if kind in line_kinds() else ""


_ORDER: Final = (Effect.STOPS, Effect.HINDERS, Effect.WARNS, Effect.EXPLAINS)
_WITH_ANOTHER: Final = frozenset({"same", "differs"})

_HOLDS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "is": lambda value, wanted: value == wanted,
    "is_not": lambda value, wanted: value != wanted,
    "among": lambda value, wanted: value in wanted,
    "has": lambda value, wanted: wanted in value,
    "some": lambda value, wanted: len(value) >= wanted,
    "fewer": lambda value, wanted: len(value) < wanted,
    "least": lambda value, wanted: value >= wanted,
    "most": lambda value, wanted: value <= wanted,
    "same": lambda value, wanted: value == wanted,
    "differs": lambda value, wanted: value != wanted,
}

#: What a condition can ask of a fact.
DOES: Final = tuple(_HOLDS)


def _verdict(facts: Facts, found: Sequence[Found]) -> Verdict:
    stopped = any(_stops(each) for each in found)
    if facts.get(_ANSWERS) is True and not (stopped and facts.get(_PROBLEM)):
        # What connects, connects, whatever a rule thinks of it; but an answer that turns one away is none to send by.
        seen_to = any(each.fault.effect is not Effect.EXPLAINS for each in found)
        return Verdict.CONNECTS_BUT if seen_to else Verdict.CONNECTS
    if stopped or facts.get(_ANSWERS) is False:
        return Verdict.DOES_NOT_CONNECT
    return Verdict.NOT_KNOWN


def _tier(each: Found) -> tuple[int, bool, int]:
    """Return what comes first: what is certain, what is likely, what follows, and at last what is only to be known.

    Among these what stops comes before what hinders.
    """
    effect = _ORDER.index(each.fault.effect)
    if effect >= _ORDER.index(Effect.WARNS):
        return effect, False, 0
    return (1 if each.follows else 0), each.likely and not each.follows, effect


def _stops(each: Found) -> bool:
    return each.fault.effect is Effect.STOPS and not each.likely


def _found(fault: Fault, state: State, because: tuple[str, ...], facts: Facts, *, there: set[str]) -> Found:
    return Found(
        fault=fault,
        likely=state is State.LIKELY,
        because=because,
        call=desk_for(fault.call, str(facts.get(_KIND, ""))),
        follows=tuple(each for each in fault.after if each in there),
    )


def _texts(value: Value | None) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else ()


def _fault(id_: str, row: Mapping[str, Any]) -> Fault:
    texts = {name: Text(**row[name]) for name in ("symptom", "cause", "fix")}
    lists = {name: tuple(row[name]) for name in ("lines", "after", "source")}
    ways = tuple(_way(each) for each in row["when"])
    against = tuple(_condition(each) for each in row["unless"])
    made = {"id": id_, "effect": Effect(row["effect"]), "unless": against, "when": ways}
    return Fault(**{**row, **texts, **lists, **made})


def _way(row: Mapping[str, Any]) -> Way:
    return Way(tuple(_condition(each) for each in row["all"]), row.get("likely", False))


def _condition(row: Mapping[str, Any]) -> Condition:
    ((does, value),) = ((name, value) for name, value in row.items() if name != "fact")
    return Condition(row["fact"], does, tuple(value) if isinstance(value, list) else value)
