"""All rules, and the book of them that the checker turns the pages of."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from seikyu.records import Month
from seikyu.rules import accounts, claims, diseases, eligibility, files, items, lines, payer_numbers, payers
from seikyu.rules.finding import Level
from seikyu.rules.plan import Problem
from seikyu.rules.rule import Rule, Scope

_MODULES = (files, items, claims, payers, payer_numbers, eligibility, diseases, lines, accounts)


@cache
def catalogue() -> tuple[Rule, ...]:
    """Return all rules, by code."""
    return tuple(sorted((rule for module in _MODULES for rule in module.RULES), key=lambda rule: rule.code))


@dataclass(frozen=True, slots=True)
class RuleBook:
    """The rules that are judged in one examination, by what they look at."""

    by_code: Mapping[str, Rule]
    claim: tuple[Rule, ...]
    file: tuple[Rule, ...]
    record: Mapping[str, tuple[Rule, ...]]
    item: Mapping[tuple[str, str, Problem], Rule]

    def item_rule(self, record: str, item: str, problem: Problem) -> Rule | None:
        """Return the rule of a problem in an item: the most exact entry, None if it is not judged."""
        for key in (record, item), ("*", item), (record, "*"), ("*", "*"):
            if rule := self.item.get((*key, problem)):
                return rule
        return None

    def of_month(self, rules: tuple[Rule, ...], month: Month | None) -> tuple[Rule, ...]:
        """Return those of the rules that hold in a month of service; all, if the month is unknown."""
        return tuple(rule for rule in rules if not (rule.since and month and month < rule.since))


@cache
def rule_book(levels: frozenset[Level]) -> RuleBook:
    """Return the rules of these levels."""
    rules = [rule for rule in catalogue() if rule.level in levels]
    ids = sorted({rid for rule in rules for rid in rule.on})
    return RuleBook(
        by_code={rule.code: rule for rule in rules},
        claim=tuple(rule for rule in rules if rule.scope is Scope.CLAIM),
        file=tuple(rule for rule in rules if rule.scope is Scope.FILE),
        record={rid: tuple(rule for rule in rules if rule.scope is Scope.RECORD and rid in rule.on) for rid in ids},
        item={
            (*_place(where), Problem(problem)): rule
            for rule in rules
            for where, problems in rule.when
            for problem in problems.split()
        },
    )


def _place(where: str) -> tuple[str, str]:
    record, _, item = where.partition(".")
    return record, item or "*"
