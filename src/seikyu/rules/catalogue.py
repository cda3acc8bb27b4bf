"""All rules, and the book of them that the checker turns the pages of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from seikyu.records import Confidence, Month, layouts
from seikyu.rules import (
    accounts,
    claims,
    dental,
    diseases,
    dpc,
    eligibility,
    files,
    headers,
    items,
    lines,
    patients,
    payer_numbers,
    payers,
    pharmacy,
    returns,
    structure,
)
from seikyu.rules.finding import Level
from seikyu.rules.plan import Problem
from seikyu.rules.rule import Finder, Rule, Scope
from seikyu.rules.table import claim_kind_of

_MODULES = (
    files,
    headers,
    items,
    claims,
    structure,
    patients,
    payers,
    payer_numbers,
    eligibility,
    diseases,
    lines,
    accounts,
    dental,
    pharmacy,
    dpc,
    returns,
)


@cache
def catalogue() -> tuple[Rule, ...]:
    """Return all rules, by code."""
    return tuple(sorted((rule for module in _MODULES for rule in module.RULES), key=lambda rule: rule.code))


@cache
def rule_of(code: str) -> Rule:
    """Return the rule of a code.

    Errors: KeyError for a code that no rule has.
    """
    return {rule.code: rule for rule in catalogue()}[code]


#: The rule of items whose layout is in doubt.
IN_DOUBT: Final = "X2064"

#: A rule with its function.
Judge = tuple[Rule, Finder]


@dataclass(frozen=True, slots=True)
class RuleBook:
    """The rules that are judged in one examination, by what they look at."""

    claim: tuple[Judge, ...]
    file: tuple[Judge, ...]
    record: Mapping[str, tuple[Judge, ...]]
    item: Mapping[tuple[str, str, Problem], Rule]
    by_month: dict[Month | None, tuple[Judge, ...]] = field(default_factory=dict)

    def item_rule(self, record: str, item: str, problem: Problem) -> Rule | None:
        """Return the rule of a problem in an item: the most exact entry, None if it is not judged."""
        for key in (record, item), ("*", item), (record, "*"), ("*", "*"):
            if rule := self.item.get((*key, problem)):
                return rule
        return None

    def of_month(self, month: Month | None) -> tuple[Judge, ...]:
        """Return the claim rules that hold in a month of service; all, if the month is unknown."""
        known = self.by_month.get(month)
        if known is None:
            known = tuple(judge for judge in self.claim if not (judge[0].since and month and month < judge[0].since))
            self.by_month[month] = known
        return known


@cache
def rule_book(levels: frozenset[Level], kind: str = "medical") -> RuleBook:
    """Return the rules of these levels that are judged in files of a kind; of a return file, few are."""
    rules = [rule for rule in catalogue() if rule.level in levels and _judged(rule, kind)]
    judges = [(rule, rule.find) for rule in rules if rule.find]
    ids = sorted({rid for rule in rules for rid in rule.on})
    item = {
        (*_place(where), Problem(problem)): rule
        for rule in reversed(rules)  # So that an official code, where the kind has one, wins over ours.
        for where, problems in rule.when
        for problem in problems.split()
    }
    doubts = _in_doubt(item, kind) if any(rule.code == IN_DOUBT for rule in rules) else {}
    return RuleBook(
        claim=tuple(judge for judge in judges if judge[0].scope is Scope.CLAIM),
        file=tuple(judge for judge in judges if judge[0].scope is Scope.FILE),
        record={
            rid: tuple(judge for judge in judges if judge[0].scope is Scope.RECORD and rid in judge[0].on)
            for rid in ids
        },
        item=item | doubts,
    )


def _in_doubt(item: Mapping[tuple[str, str, Problem], Rule], kind: str) -> dict[tuple[str, str, Problem], Rule]:
    """Return the rules of items that our layouts are not sure of: what would refuse there by a general rule asks.

    A rule that names the item itself stays: then the check is known, whatever the width.
    """
    doubtful = {
        (rid, each.name)
        for layout in layouts()
        if layout.kind == kind
        for rid, record in layout.records.items()
        for each in record.items
        if each.confidence is not Confidence.HIGH
    }
    general = {problem: item.get(("*", "*", problem)) for problem in Problem}
    refusing = [problem for problem, rule in general.items() if rule and rule.refuses]
    return {
        (*place, problem): rule_of(IN_DOUBT)
        for place in doubtful
        for problem in refusing
        if not {(*place, problem), ("*", place[1], problem), (place[0], "*", problem)} & item.keys()
    }


def _judged(rule: Rule, kind: str) -> bool:
    claim_kind = claim_kind_of(kind)
    if claim_kind not in rule.kinds:
        return False
    return returns.holds(rule.code) if claim_kind != kind else not returns.only(rule.code)


def _place(where: str) -> tuple[str, str]:
    record, _, item = where.partition(".")
    return record, item or "*"
