"""Whom to ask about what: the table names only what is there."""

import pytest

from seikyu.lines.contact import contact, who_explains
from seikyu.lines.kinds import desks, line_kinds


def test_the_table_names_what_is_there() -> None:
    """Desks, those who explain and pages of each problem."""
    table = contact()

    assert {each.desk for each in table.whom.values()} - {""} <= set(desks())
    assert {kind.desk for kind in line_kinds().values()} <= set(table.whom), "a line leads to who explains"
    for problem in table.problems.values():
        assert {each.whom for each in problem.explains} <= set(table.whom)
        assert set(problem.first) <= set(table.first)
        assert problem.explains
    assert {name for problem in table.problems.values() for name in problem.first} == set(table.first)


@pytest.mark.parametrize(("kind", "first"), [("ipvpn_ipv6", "network_desk"), ("ipsec_ike", "ipsec_provider")])
def test_who_is_asked_first_about_a_line_depends_on_its_kind(kind: str, first: str) -> None:
    """The network desk for IP-VPN, the provider for IPsec+IKE (mission Q6)."""
    assert [first, "carrier", "vendor"] == [each.whom for each in who_explains("line", kind)]


def test_without_a_kind_every_desk_is_named() -> None:
    """Nobody is sent away because they do not know their line."""
    assert ["network_desk", "ipsec_provider"] == [each.whom for each in who_explains("line")][:2]


def test_who_explains_a_finding_is_said_part_by_part() -> None:
    """Content: the body; data: the vendor; operation: the help desk (pain point 5)."""
    assert ["body", "vendor", "help_desk"] == [each.whom for each in who_explains("findings", "ipsec_ike")]
