"""Every rule on its own examples, and the rules against the table of checks."""

import pytest

from seikyu.rules import Context, Finding, Rule, catalogue
from seikyu.rules.example import embedded
from telling import told_of

KEY = b"a key for tests"


def codes_of(example: str | bytes, context: Context | None = None) -> set[str]:
    """Return the codes that a file with the example gets."""
    told = told_of(embedded(example), identity_key=KEY, context=context)
    return {each.code for each in told if isinstance(each, Finding)}


FAILS = [(rule, n, example) for rule in catalogue() for n, example in enumerate(rule.fails)]
PASSES = [(rule, n, example) for rule in catalogue() for n, example in enumerate(rule.passes)]


@pytest.mark.parametrize(("rule", "number", "example"), FAILS, ids=[f"{rule.code}-{n}" for rule, n, _ in FAILS])
def test_a_rule_finds_its_failing_example(rule: Rule, number: int, example: str | bytes) -> None:
    """What a rule calls wrong is found by it."""
    assert rule.code in codes_of(example, rule.context)


@pytest.mark.parametrize(("rule", "number", "example"), PASSES, ids=[f"{rule.code}-{n}" for rule, n, _ in PASSES])
def test_a_rule_lets_its_passing_example_be(rule: Rule, number: int, example: str | bytes) -> None:
    """What a rule calls right is not found by it."""
    assert rule.code not in codes_of(example, Context())
