"""Findings as programs read them: JSON whose keys are part of the program's face (see the design, section 4)."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from seikyu.rules.finding import Finding, Level, Refuses
from seikyu.rules.summary import Summary


def as_json(finding: Finding) -> dict[str, Any]:
    """Return a finding in the types of JSON; its keys are part of the program's face."""
    return {**asdict(finding), "level": finding.level.value, "refuses": finding.refuses and finding.refuses.value}


def from_json(fields: Mapping[str, Any]) -> Finding:
    """Return the finding that `as_json` wrote.

    Errors: KeyError, TypeError or ValueError for anything else.
    """
    refuses = Refuses(fields["refuses"]) if fields["refuses"] else None
    return Finding(**{**fields, "level": Level(fields["level"]), "refuses": refuses})


def file_as_json(summary: Summary, findings: Iterable[Finding], *, file_name: str, sha256: str) -> dict[str, Any]:
    """Return what `seikyu check` says of one file; its keys are part of the program's face."""
    return {
        "file": file_name,
        "kind": summary.kind,
        "claims": summary.claims,
        "points": summary.points,
        "sha256": sha256,
        "ruleset": summary.ruleset,
        "layout": summary.layout,
        "masters": dict.fromkeys(summary.missing) | dict(summary.masters),
        "findings": [as_json(finding) for finding in findings],
        "totals": {name: asdict(totals) for name, totals in summary.totals.items()},
    }
