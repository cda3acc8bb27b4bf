"""What a fact may be."""

from typing import Any

import pytest

from seikyu.lines.facts import MOST_TEXTS, TEXT_CHARS, known_facts, take

SYSTEMS = {"linux", "windows", "macos", "any", "said", "file"}


def test_every_fact_says_what_it_is_and_who_can_find_it() -> None:
    """Type, systems, what it needs, and a label in both languages."""
    for fact in known_facts().values():
        assert fact.type in {"true_or_false", "number", "text", "list"}
        assert SYSTEMS >= set(fact.on)
        assert fact.needs in {"", "site", "network", "canaries", "printer"}
        assert fact.ja
        assert fact.en
        assert fact.ja != fact.en or fact.ja == "MTU"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("link.carrier", True),
        ("link.mtu", 1454),
        ("link.interface", "eth0"),
        ("dns.resolvers", ("192.0.2.53", "192.0.2.54")),
    ],
)
def test_a_fact_is_taken_as_it_is(name: str, value: Any) -> None:
    """Each type as probes give it."""
    facts: dict[str, Any] = {}

    take(facts, name, value)

    assert {name: value} == facts


def test_what_is_not_known_is_not_taken() -> None:
    """None is no fact."""
    facts: dict[str, Any] = {}

    take(facts, "link.mtu", None)

    assert {} == facts


@pytest.mark.parametrize(
    ("name", "value"),
    [("link.carrier", 1), ("link.mtu", True), ("link.mtu", "1454"), ("dns.resolvers", ["192.0.2.53"])],
)
def test_a_fact_of_another_type_is_a_fault_of_the_probe(name: str, value: Any) -> None:
    """True is no number and a list is a tuple: a rule would conclude wrongly from it."""
    facts: dict[str, Any] = {}

    with pytest.raises(TypeError):
        take(facts, name, value)

    assert {} == facts


def test_a_fact_that_nobody_knows_is_a_fault_of_the_probe() -> None:
    """A slip in a name would leave the rules without it."""
    with pytest.raises(KeyError):
        take({}, "link.colour", "blue")


def test_a_text_is_cut_and_plays_no_tricks() -> None:
    """What the net answers may be long and hold control characters."""
    facts: dict[str, Any] = {}

    take(facts, "tls.issuer", "a\x1b[2J" + "b" * TEXT_CHARS)
    take(facts, "dns.missing", ("\n",) * (MOST_TEXTS + 1))

    assert "a?[2J" + "b" * (TEXT_CHARS - 5) == facts["tls.issuer"]
    assert ("?",) * MOST_TEXTS == facts["dns.missing"]
