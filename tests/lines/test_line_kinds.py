"""The kinds of lines and the desks."""

from seikyu.lines.kinds import IPSEC, desks, line_kinds
from seikyu.lines.site import Site
from seikyu.trust.notices import connections


def test_the_kinds_are_those_that_parties_file() -> None:
    """A line is registered by the notices' own names."""
    assert set(connections()) == set(line_kinds())


def test_the_desk_and_the_contract_follow_from_the_kind() -> None:
    """IP-VPN and ISDN have the network desk and no contract with a provider; IPsec+IKE has its provider (Q6, Q9)."""
    assert {
        "ipvpn_ipv6": ("network_desk", False, True),
        "ipvpn_ipv4": ("network_desk", False, True),
        "isdn": ("network_desk", False, False),
        IPSEC: ("ipsec_provider", True, True),
    } == {each.name: (each.desk, each.provider_contract, each.current) for each in line_kinds().values()}


def test_a_kind_names_a_desk_and_an_item_of_a_site() -> None:
    """What the desk asks for is something that a site can say, or the number that it dials from."""
    for kind in line_kinds().values():
        assert kind.desk in desks()
        assert kind.contract in {*Site.__dataclass_fields__, "dial_number"}
        assert kind.ja
        assert kind.en
        assert kind.source


def test_each_desk_has_the_letter_of_the_table_of_faults() -> None:
    """One letter each (network:11)."""
    assert {"D", "P", "C", "H", "B", "V"} == {each.letter for each in desks().values()}
    assert 6 == len(desks())
    assert all(each.ja and each.en and each.source for each in desks().values())
