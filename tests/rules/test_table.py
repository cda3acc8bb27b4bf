"""The table of checks and the rules hold each other."""

from collections import Counter

import pytest

from seikyu.records import Need, layouts
from seikyu.rules import Rule, catalogue
from seikyu.rules.catalogue import rule_book
from seikyu.rules.finding import Finding, Level, Refuses
from seikyu.rules.plan import Problem
from seikyu.rules.rule import Scope
from seikyu.rules.table import checks


def test_rules_and_judged_rows_are_the_same() -> None:
    """A row that is judged has its rule, a rule its row, and each code is one rule."""
    assert sorted(check.code for check in checks().values() if check.judged) == [rule.code for rule in catalogue()]
    assert [] == [code for code, times in Counter(rule.code for rule in catalogue()).items() if times > 1]


def test_what_is_not_judged_says_why() -> None:
    """Nothing of the table is silently left out."""
    assert [] == [check.code for check in checks().values() if not check.judged and not check.reason]
    assert {"judged", "not judged"} == {check.status for check in checks().values()}


def test_enough_is_judged() -> None:
    """The rows that decide whether a medical file can be read, attributed and added up."""
    assert len(catalogue()) >= 90


@pytest.mark.parametrize("rule", catalogue(), ids=lambda rule: rule.code)
def test_a_rule_is_complete(rule: Rule) -> None:
    """It says what is wrong in both languages, why it matters, where it comes from, and shows it."""
    assert rule.title
    assert not rule.title[0].isupper() or rule.title.startswith("CR LF")
    assert not rule.title.endswith(".")
    assert rule.title_ja
    assert rule.why.endswith(".")
    assert rule.fails
    assert rule.source
    assert rule.level in Level
    assert (rule.find is None) == (rule.scope is Scope.ITEM)
    if rule.scope is Scope.RECORD:
        assert rule.on


def test_our_own_codes_refuse_only_what_cannot_be_read_attributed_or_added_up() -> None:
    """The rest asks: refusing a right claim costs its sender a month."""
    refusing = {rule.code for rule in catalogue() if rule.code.startswith("X") and rule.refuses}

    assert not {code for code in refusing if code.startswith(("X3", "X4", "X8"))}


def test_every_problem_of_every_item_has_a_rule_or_a_reason() -> None:
    """Nothing that the engine can find is lost for want of a code."""
    book = rule_book(frozenset(Level))
    problems = set(Problem) - {Problem.PADDED}

    assert all(book.item_rule("XX", "item", problem) for problem in problems)
    assert book.item_rule("XX", "item", Problem.PADDED) is None


def test_items_that_rules_name_exist() -> None:
    """A renamed item would leave its rule without work."""
    known = {
        (rid, item.name) for layout in layouts() for rid, record in layout.records.items() for item in record.items
    }
    ids = {rid for rid, _ in known}
    names = {name for _, name in known}

    for rule in catalogue():
        assert set(rule.on) <= ids
        for where, words in rule.when:
            rid, _, name = where.partition(".")
            assert rid == "*" or rid in ids
            assert name in {"", "*"} or name in names
            assert rid == "*" or name in {"", "*"} or (rid, name) in known
            assert [Problem(word) for word in words.split()]


def test_every_required_item_says_so_when_it_is_empty() -> None:
    """An empty required item is told by some rule, the official one unless another row names it."""
    book = rule_book(frozenset(Level))

    for layout in layouts():
        for rid, record in layout.records.items():
            for item in record.items[1:]:
                if item.need is Need.ALWAYS:
                    assert book.item_rule(rid, item.name, Problem.MISSING)


def test_a_finding_asks_unless_it_refuses_or_only_tells() -> None:
    """受付不能, 要確認, 連絡."""

    def asks(level: Level, refuses: Refuses | None) -> bool:
        empty = (None,) * 8
        return Finding("X", level, refuses, *empty, message="", message_ja="", source="").asks

    assert asks(Level.L3, None)
    assert not asks(Level.L3, Refuses.CLAIM)
    assert not asks(Level.L48, None)
