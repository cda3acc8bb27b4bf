"""All rules, and the book of them that the checker turns the pages of."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from seikyu.records import Confidence, Item, Kind, Month, editions_of
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
from seikyu.rules.with_masters import MODULES as WITH_MASTERS

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
    *WITH_MASTERS,
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
    """The rules that are judged in one examination, by what they look at.

    Shape: `item` holds the rules of all levels, so that no other takes over where one is not judged.
    """

    claim: tuple[Judge, ...]
    file: tuple[Judge, ...]
    record: Mapping[str, tuple[Judge, ...]]
    item: Mapping[tuple[str, str, Problem], Rule]
    levels: frozenset[Level] = frozenset(Level)
    by_month: dict[Month | None, tuple[Judge, ...]] = field(default_factory=dict)

    def item_rule(self, record: str, item: str, problem: Problem) -> Rule | None:
        """Return the rule of a problem in an item: the most exact entry, None if its level is not judged."""
        for key in (record, item), ("*", item), (record, "*"), ("*", "*"):
            if rule := self.item.get((*key, problem)):
                return rule if rule.level in self.levels else None
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
    rules = [rule for rule in catalogue() if _judged(rule, kind)]
    judges = [(rule, rule.find) for rule in rules if rule.find and rule.level in levels]
    ids = sorted({rid for rule in rules for rid in rule.on})
    item = {
        (*_place(where), Problem(problem)): rule
        for rule in reversed(rules)  # So that an official code, where the kind has one, wins over ours.
        for where, problems in rule.when
        for problem in problems.split()
    }
    return RuleBook(
        claim=tuple(judge for judge in judges if judge[0].scope is Scope.CLAIM),
        file=tuple(judge for judge in judges if judge[0].scope is Scope.FILE),
        record={
            rid: tuple(judge for judge in judges if judge[0].scope is Scope.RECORD and rid in judge[0].on)
            for rid in ids
        },
        item=item | _milder(item, kind),
        levels=levels,
    )


def _milder(item: Mapping[tuple[str, str, Problem], Rule], kind: str) -> dict[tuple[str, str, Problem], Rule]:
    """Return the rules of items where a general rule would refuse and must not.

    Of an item that our layouts are not sure of the fault may be ours. A row of codes is no number: what stands there is
    an unknown code. A rule that names the item itself stays: then the check is known.
    """
    general = {problem: item.get(("*", "*", problem)) for problem in Problem}
    refusing = {problem for problem, rule in general.items() if rule and rule.refuses}
    milder: dict[tuple[str, str, Problem], Rule] = {}
    for rid, each in _items_of(kind):
        if each.kind is Kind.CODES and (unknown := general[Problem.CODE]):
            milder[rid, each.name, Problem.DIGITS] = unknown
        elif each.confidence is not Confidence.HIGH:
            milder |= {(rid, each.name, problem): rule_of(IN_DOUBT) for problem in refusing}
    return {
        place: rule
        for place, rule in milder.items()
        if not {place, ("*", *place[1:]), (place[0], "*", place[2])} & item.keys()
    }


def _items_of(kind: str) -> Iterator[tuple[str, Item]]:
    """Yield the items of all editions of a kind, each with its record."""
    for layout in editions_of(kind):
        for rid, record in layout.records.items():
            yield from ((rid, each) for each in record.items)


def _judged(rule: Rule, kind: str) -> bool:
    claim_kind = claim_kind_of(kind)
    if claim_kind not in rule.kinds:
        return False
    return returns.holds(rule.code) if claim_kind != kind else not returns.only(rule.code)


def _place(where: str) -> tuple[str, str]:
    record, _, item = where.partition(".")
    return record, item or "*"
