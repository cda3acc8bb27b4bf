"""Whom to ask, and inquiries, as pages, the API and commands tell them: rows of data with their words."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seikyu.apps.doctor.words import say as doctor_says
from seikyu.apps.guides import LineFileWrong, published_at
from seikyu.apps.words import Language, say
from seikyu.lines.contact import contact, who_explains
from seikyu.lines.diagnosis import faults
from seikyu.lines.facts import known_facts
from seikyu.lines.kinds import desks, line_kinds
from seikyu.lines.network import Reached


@dataclass(frozen=True, slots=True)
class Desks:
    """How the desks are reached, as the office publishes it. Shape: `example` if it has published nothing."""

    reached: Mapping[str, Reached]
    example: bool


def desks_of(network: Path | None) -> Desks:
    """Return what an office publishes of its desks; nothing of a file that cannot be read: guides say what is wrong."""
    try:
        published = published_at(network if network and network.is_file() else None).network
    except LineFileWrong:
        return Desks({}, example=False)
    return Desks({} if published.example else published.desks, example=published.example)


def explained(problem: str, line_kind: str, found: Desks, lang: Language) -> list[dict[str, str]]:
    """Return who explains which part of a problem, in the order in which to ask, with how they are reached."""
    told = []
    for each in who_explains(problem, line_kind):
        whom = contact().whom[each.whom]
        reached = found.reached.get(whom.desk, Reached())
        told.append(
            {
                "name": whom.name,
                "who": _in(whom, lang),
                "what": _in(each, lang),
                "phone": reached.phone,
                "hours": reached.hours_ja if lang == "ja" else reached.hours_en,
                "page": whom.page,
            }
        )
    return told


def first_looks(problem: str, lang: Language) -> list[tuple[str, str]]:
    """Return what to look at before asking: address and text of each."""
    rows = [contact().first[name] for name in contact().problems[problem].first]
    return [(row.path, _in(row, lang)) for row in rows]


def problem_said(problem: str, lang: Language) -> str:
    """Return what a problem is called."""
    return _in(contact().problems[problem], lang)


def line_said(line_kind: str, lang: Language) -> str:
    """Return what a kind of line is called; that it is not known, if none was named."""
    return _in(line_kinds()[line_kind], lang) if line_kind else say("inquiries.no_line", lang)


def desk_said(desk: str, lang: Language) -> str:
    """Return what a desk is called; empty for none."""
    return _in(desks()[desk], lang) if desk else ""


def contact_on_wire(network: Path | None) -> dict[str, Any]:
    """Return the whole table as programs read it, in both languages."""
    table, found = contact(), desks_of(network)
    return {
        "example": found.example,
        "whom": {
            each.name: {
                "ja": each.ja,
                "en": each.en,
                "phone": found.reached.get(each.desk, Reached()).phone,
                "hours_ja": found.reached.get(each.desk, Reached()).hours_ja,
                "hours_en": found.reached.get(each.desk, Reached()).hours_en,
                "page": each.page or None,
            }
            for each in table.whom.values()
        },
        "problems": {
            each.name: {
                "ja": each.ja,
                "en": each.en,
                "by_line": each.by_line,
                "explains": [{"whom": one.whom, "ja": one.ja, "en": one.en} for one in each.explains],
                "first": [table.first[name].path for name in each.first],
            }
            for each in table.problems.values()
        },
        "first_by_line": {kind.name: kind.desk for kind in line_kinds().values()},
    }


def findings_told(findings: Mapping[str, Any] | None, lang: Language) -> dict[str, Any] | None:
    """Return what a doctor's report that is kept says, in our own words."""
    if findings is None:
        return None
    known = [(each["id"], each["certain"]) for each in findings["found"] if each["id"] in faults()]
    return {
        "verdict": doctor_says(f"verdict.{findings['verdict']}", lang),
        "version": findings["version"],
        "found": [
            {
                "id": id_,
                "sure": say(f"pages.papers.report.{'certain' if certain else 'likely'}", lang),
                "symptom": getattr(faults()[id_].symptom, lang),
                "cause": getattr(faults()[id_].cause, lang),
                "fix": getattr(faults()[id_].fix, lang),
            }
            for id_, certain in known
        ],
        "facts": [
            (_in(known_facts()[name], lang), _shown(value, lang))
            for name, value in findings["facts"].items()
            if name in known_facts()
        ],
    }


def inquiry_told(told: Mapping[str, Any], lang: Language) -> dict[str, Any]:
    """Return an inquiry as the services tell it, with its words."""
    return {
        **told,
        "problem_said": problem_said(told["problem"], lang)
        if told["problem"] in contact().problems
        else told["problem"],
        "line_said": line_said(told["line_kind"], lang),
        "state_said": say(f"inquiries.states.{told['state']}", lang),
        "desk_said": desk_said(told["desk"], lang),
        "reply_said": say(f"inquiries.replies.{told['reply']}", lang),
        "history": [
            {
                **each,
                "act_said": say(f"inquiries.acts.{each['act']}", lang),
                "state_said": say(f"inquiries.states.{each['state']}", lang),
                "desk_said": desk_said(each["desk"], lang),
            }
            for each in told.get("history", ())
        ],
        "findings": findings_told(told.get("findings"), lang),
    }


def _shown(value: Any, lang: Language) -> str:
    if isinstance(value, bool):
        return doctor_says("item.yes" if value else "item.no", lang)
    return " ".join(str(each) for each in value) or "-" if isinstance(value, list) else str(value)


def _in(row: Any, lang: Language) -> str:
    return str(row.ja if lang == "ja" else row.en)
