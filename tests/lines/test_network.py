"""The claims network as a file."""

from datetime import date
from ipaddress import ip_address, ip_network

import pytest

from seikyu.lines.network import ROLES, ClaimsNetwork, IPsec, PPPoE, Reached, example_network, read_network
from seikyu.lines.wrong import BadFile, WrongItem

LEAST = 'published_on = 2026-11-01\nprefixes = ["2001:db8:c1a0::/48"]\n'


def wrong(text: str) -> list[WrongItem]:
    """Return what is wrong with a file."""
    with pytest.raises(BadFile) as caught:
        read_network(text)
    return list(caught.value.wrong)


def test_the_least_that_a_network_says_is_when_and_where() -> None:
    """All else may be left out."""
    expected = ClaimsNetwork(
        date(2026, 11, 1),
        False,
        1500,
        (ip_network("2001:db8:c1a0::/48"),),
        (),
        {},
        {},
        PPPoE(),
        IPsec(),
        {},
    )

    assert expected == read_network(LEAST)


def test_the_example_has_a_name_for_each_role_and_only_documentation_addresses() -> None:
    """It is shown as what it is, and nothing real is in it."""
    network = example_network()
    documentation = [
        ip_network(each) for each in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
    ]
    addresses = [
        *(each for area in network.areas.values() for each in area.resolvers),
        *network.pppoe.resolvers, *network.ipsec.addresses, *network.ipsec.resolvers,
        *(each.network_address for each in (*network.prefixes, *network.ipsec.pools, *network.pppoe.line_prefixes)),
        *(each.network_address for area in network.areas.values() for each in area.line_prefixes),
    ]  # fmt: skip

    assert network.example
    assert set(ROLES) == set(network.names)
    assert all(name.endswith(".example") for name in (*network.names.values(), *network.domains, network.pppoe.realm))
    assert all(any(each in one for one in documentation) for each in addresses)
    assert all(each.phone.startswith("0120-000-") for each in network.desks.values())


def test_the_resolvers_follow_from_kind_and_area() -> None:
    """IPv6 by area, PPPoE and IPsec by their own, and none where nothing is known."""
    network = example_network()

    assert (ip_address("2001:db8:c1a0:f::53:1"), ip_address("2001:db8:c1a0:f::53:2")) == network.resolvers(
        "ipvpn_ipv6", "west"
    )
    assert () == network.resolvers("ipvpn_ipv6", "north")
    assert network.pppoe.resolvers == network.resolvers("ipvpn_ipv4", "west")
    assert network.ipsec.resolvers == network.resolvers("ipsec_ike", "")
    assert () == network.resolvers("isdn", "")


def test_a_desk_is_reached_as_the_file_says() -> None:
    """By the names of the desks."""
    network = read_network(LEAST + '[desks.carrier]\nphone = "0120-000-009"\nhours_en = "always"\n')

    assert {"carrier": Reached("0120-000-009", "", "always")} == network.desks


@pytest.mark.parametrize(
    ("more", "place", "why"),
    [
        ("mtu = 1279\n", "mtu", "mtu"),
        ("mtu = 1501\n", "mtu", "mtu"),
        ('[names]\nportal = "https://portal.claims.example"\n', "names.portal", "name"),
        ('[names]\nportl = "portal.claims.example"\n', "names.portl", "unknown"),
        ('domains = ["claims_example"]\n', "domains[0]", "name"),
        ("[areas.east]\n", "areas.east.resolvers", "missing"),
        ('[areas.east]\nresolvers = ["::1"]\nresolver = 1\n', "areas.east.resolver", "unknown"),
        ("[pppoe]\nrealms = 1\n", "pppoe.realms", "unknown"),
        ('[ipsec]\ngateway = "-"\n', "ipsec.gateway", "name"),
        ("[ipsec]\nx = 1\n", "ipsec.x", "unknown"),
        ("[desks.friend]\n", "desks.friend", "choice"),
        ("[desks.carrier]\nfax = 1\n", "desks.carrier.fax", "unknown"),
        ("colour = 1\n", "colour", "unknown"),
        ("example = 1\n", "example", "true_or_false"),
    ],
)
def test_a_slip_is_named_by_its_place(more: str, place: str, why: str) -> None:
    """One slip, one item, and nothing else is wrong."""
    assert [(place, why)] == [(each.place, each.why) for each in wrong(LEAST + more)]


def test_what_is_needed_must_be_there() -> None:
    """When it was published, and where the claims addresses are."""
    assert ["published_on", "prefixes"] == [each.place for each in wrong("")]


def test_a_network_without_any_prefix_is_none() -> None:
    """A closed line would reach nothing, or on some systems everything."""
    assert [("prefixes", "missing")] == [
        (each.place, each.why) for each in wrong("published_on = 2026-11-01\nprefixes = []\n")
    ]


@pytest.mark.parametrize("wide", ["0.0.0.0/0", "128.0.0.0/1", "::/0", "2000::/3"])
def test_a_prefix_that_is_the_whole_internet_is_refused(wide: str) -> None:
    """A line that is closed but for it would be open."""
    assert [("prefixes", "too_wide", wide)] == [
        (each.place, each.why, each.value) for each in wrong(f'published_on = 2026-11-01\nprefixes = ["{wide}"]\n')
    ]


def test_what_is_not_toml_is_said_to_be_none() -> None:
    """With what the reader of TOML says."""
    (only,) = wrong("published_on = ")

    assert ("", "not_toml") == (only.place, only.why)
    assert only.value


@pytest.mark.parametrize("mtu", [1280, 1454, 1500])
def test_an_mtu_within_its_bounds_is_taken(mtu: int) -> None:
    """From what IPv6 asks for to Ethernet's."""
    assert mtu == read_network(f"{LEAST}mtu = {mtu}\n").mtu
