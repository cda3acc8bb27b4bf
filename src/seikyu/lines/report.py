"""A doctor's report that somebody attaches: read by its form, and nothing of it believed that we cannot say ourselves.

What is kept are a verdict, ids of our own table of faults, and facts by our own names and types. No text of the file is
kept but values of facts, cut to what a fact may hold; what the desk reads about a fault are our own words.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from seikyu.lines.diagnosis import Verdict, faults
from seikyu.lines.facts import Value, known_facts, take

#: Where the part for programs begins in a report that is made for people too (`--report`).
_MACHINE: Final = re.compile(r"^\{", re.MULTILINE)
_VERSION: Final = re.compile(r"[0-9A-Za-z.+-]{1,40}")


class NotAReport(ValueError):
    """It is no report of the doctor's; nothing of it is kept. Shape: `why` is long, form or verdict."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class Report:
    """What is kept. Shape: `found` are ids of faults, each with whether it is certain."""

    verdict: str
    found: tuple[tuple[str, bool], ...]
    facts: Mapping[str, Value]
    version: str = ""

    def kept(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "verdict": self.verdict,
            "found": [{"id": id_, "certain": certain} for id_, certain in self.found],
            "facts": {name: list(value) if isinstance(value, tuple) else value for name, value in self.facts.items()},
            "version": self.version,
        }


def read_report(text: str, *, most_bytes: int) -> Report:
    """Return what a file of `seikyu doctor --json` or `--report` says. Errors: NotAReport."""
    if len(text.encode("utf-8", "surrogatepass")) > most_bytes:
        raise NotAReport("long")
    told = _object(text)
    verdict = told.get("verdict")
    if not isinstance(verdict, str) or verdict not in set(Verdict):
        raise NotAReport("verdict")
    found, facts = told.get("found"), told.get("facts")
    if not isinstance(found, list) or not isinstance(facts, dict):
        raise NotAReport("form")
    version = told.get("version")
    return Report(
        verdict=verdict,
        found=tuple(dict(pair for each in found for pair in _fault(each)).items()),
        facts=_facts(facts),
        version=version if isinstance(version, str) and _VERSION.fullmatch(version) else "",
    )


def _object(text: str) -> dict[str, Any]:
    """Return the object of a report: all of the file, or what stands below the part for people. Errors: NotAReport."""
    begin = _MACHINE.search(text)
    try:
        told = json.loads(text[begin.start() :]) if begin else None
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise NotAReport("form")
    return told


def _fault(told: Any) -> list[tuple[str, bool]]:
    """Return a fault that we know; one of another edition of the table is left out."""
    if not isinstance(told, dict):
        raise NotAReport("form")
    id_ = told.get("id")
    return [(id_, told.get("certain") is True)] if isinstance(id_, str) and id_ in faults() else []


def _facts(told: Mapping[str, Any]) -> dict[str, Value]:
    """Return the facts whose names and types we know, in our order."""
    facts: dict[str, Value] = {}
    for name in known_facts():
        value = told.get(name)
        if isinstance(value, list):
            value = tuple(each for each in value if isinstance(each, str))
        try:
            take(facts, name, value)
        except TypeError:
            continue
    return facts
