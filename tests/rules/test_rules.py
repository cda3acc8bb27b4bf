"""Every rule on its own examples, and the rules against the table of checks."""

import pytest

from seikyu.rules import Context, Finding, Rule, Summary, catalogue
from seikyu.rules.example import embedded
from seikyu.rules.masters import forms
from seikyu.rules.testing_masters import example_masters
from telling import told_of

KEY = b"a key for tests"


def codes_of(example: str | bytes, rule: Rule, context: Context | None = None) -> set[str]:
    """Return the codes that a file with the example gets; a rule with masters is shown the small tables."""
    masters = example_masters() if rule.tables else None
    told = told_of([embedded(example)], identity_key=KEY, context=context, masters=masters)
    return {each.code for each in told if isinstance(each, Finding)}


#: An example of so many bytes takes half a minute where its lines are counted, and goes through no line that others do not.
LONG_BYTES = 1_000_000
FAILS = [
    pytest.param(rule, n, each, id=f"{rule.code}-{n}", marks=[pytest.mark.unmeasured] * (len(each) > LONG_BYTES))
    for rule in catalogue()
    for n, each in enumerate(rule.fails)
]
PASSES = [(rule, n, example) for rule in catalogue() for n, example in enumerate(rule.passes)]


@pytest.mark.parametrize(("rule", "number", "example"), FAILS)
def test_a_rule_finds_its_failing_example(rule: Rule, number: int, example: str | bytes) -> None:
    """What a rule calls wrong is found by it."""
    assert rule.code in codes_of(example, rule, rule.context)


@pytest.mark.parametrize(("rule", "number", "example"), PASSES, ids=[f"{rule.code}-{n}" for rule, n, _ in PASSES])
def test_a_rule_lets_its_passing_example_be(rule: Rule, number: int, example: str | bytes) -> None:
    """What a rule calls right is not found by it."""
    assert rule.code not in codes_of(example, rule, Context())


MASTERED = [rule for rule in catalogue() if rule.tables]


@pytest.mark.parametrize("rule", MASTERED, ids=[rule.code for rule in MASTERED])
def test_a_rule_is_silent_without_its_masters_and_said_to_be(rule: Rule) -> None:
    """Nothing is made up for a table that nobody has brought; the summary names the rule and what it lacks."""
    for example in rule.fails:
        *told, summary = told_of([embedded(example)], identity_key=KEY, context=rule.context)

        assert rule.code not in {each.code for each in told if isinstance(each, Finding)}
        assert isinstance(summary, Summary)
        assert rule.since is None or rule.code in summary.silent
        kinds = {need.partition(".")[0] for each in rule.tables for need in each.split()}
        wanted = {kind for kind in kinds if not forms()[kind].claims or summary.kind in forms()[kind].claims}
        assert wanted <= set(summary.missing)
        assert not set(summary.missing) & {kind for kind in kinds if kind not in wanted}


@pytest.mark.parametrize("rule", MASTERED, ids=[rule.code for rule in MASTERED])
def test_a_rule_asks_for_columns_that_there_are(rule: Rule) -> None:
    """A slip in a name would silence the rule for ever."""
    for need in (need for each in rule.tables for need in each.split()):
        kind, _, column = need.partition(".")

        assert column in {"", "whole", "current"} or column in forms()[kind].columns
