"""What Linux says of addresses and routes, and what they say of the line."""

from dataclasses import replace
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis.strategies import text
from linux_lab import IF_INET6, IP_ADDR, IPV6_ROUTE, ROUTE, card, looking, machine

from seikyu.apps.doctor.line import origins
from seikyu.apps.doctor.pc import linux_addresses as addresses
from seikyu.apps.doctor.pc.linux import look_at_addresses
from seikyu.apps.doctor.tools import Ran
from seikyu.lines.facts import Facts
from seikyu.lines.network import example_network
from seikyu.lines.site import Site

ALL = {"proc/net/route": ROUTE, "proc/net/ipv6_route": IPV6_ROUTE, "proc/net/if_inet6": IF_INET6}
DISABLE = "proc/sys/net/ipv6/conf/eth0/disable_ipv6"


def get(**items: object) -> str:
    """Return what `ip -j route get` prints."""
    return str([items]).replace("'", '"')


def found_at(tmp_path: Path, site: Site | None = None, **programs: str | Ran) -> Facts:
    """Return what is found at a machine with two prefixes."""
    said = {tuple(name.split("_")): ran for name, ran in programs.items()}
    box = machine(tmp_path, card("eth0") | card("eth1") | card("ppp0", type="512") | ALL | {DISABLE: "0\n"}, said)
    return look_at_addresses(looking(box, site), box)


def test_two_prefixes_are_seen(tmp_path: Path) -> None:
    """Two global prefixes at one card and two routers (V07, V02); deprecated, local and foreign ones do not count."""
    found = found_at(tmp_path, Site(interface="eth0"), **{"ip_-j_-4_addr": IP_ADDR})

    assert ("2001:db8:e000::5", "2001:db8:f000::5") == found["ipv6.addresses"]
    assert (2, "2001:db8:e000::/64", 2) == (found["ipv6.prefixes"], found["ipv6.prefix"], found["ipv6.routers"])
    assert ("192.0.2.10",) == found["ipv4.addresses"]


@pytest.mark.parametrize(("said", "expected"), [("0\n", True), ("1\n", False), ("", None)])
def test_ipv6_is_on_or_off(tmp_path: Path, said: str, *, expected: bool | None) -> None:
    """By the switch of the card (L04)."""
    box = machine(tmp_path, card("eth0") | {DISABLE: said})

    assert expected == look_at_addresses(looking(box), box).get("ipv6.enabled")


def test_addresses_that_cannot_be_read_are_not_none(tmp_path: Path) -> None:
    """A container may hide the kernel's table: that says nothing of an address (V01)."""
    box = machine(tmp_path, card("eth0") | {DISABLE: "0\n"})

    assert not {"ipv6.addresses", "ipv6.prefixes"} & set(look_at_addresses(looking(box), box))


def test_a_small_ip_that_knows_no_json_says_as_little_as_none(tmp_path: Path) -> None:
    """The main table says which way packets go; only a status of its own says that there is none."""
    files = card("eth0") | ALL
    small = machine(tmp_path / "small", files, {("ip",): Ran(1, err="ip: unrecognized option: j")})
    cut = machine(tmp_path / "cut", files, {("ip",): Ran(2, err="RTNETLINK answers: Network is unreachable")})

    assert "eth0" == look_at_addresses(looking(small), small)["route.claims_interface"]
    assert look_at_addresses(looking(cut), cut)["route.by_line"] is False


def test_a_kernel_without_ipv6_has_it_off(tmp_path: Path) -> None:
    """There is a switch for IPv4 and none for IPv6."""
    box = machine(tmp_path, card("eth0") | {"proc/sys/net/ipv4/ip_forward": "0\n"})

    assert look_at_addresses(looking(box), box)["ipv6.enabled"] is False


@pytest.mark.parametrize(
    ("kind", "way", "expected"),
    [
        ("ipvpn_ipv4", {"dev": "ppp0", "prefsrc": "192.0.2.7"}, True),
        ("ipvpn_ipv4", {"dev": "eth0", "prefsrc": "203.0.113.7"}, None),  # a router may dial
        ("ipsec_ike", {"dev": "eth0", "prefsrc": "192.0.2.200"}, True),
        ("ipsec_ike", {"dev": "eth0", "prefsrc": "203.0.113.7"}, False),
        ("ipvpn_ipv6", {"dev": "eth0", "prefsrc": "2001:db8:e000::5"}, True),
        ("ipvpn_ipv6", {"dev": "eth1", "prefsrc": "2001:db8:9::5"}, False),
        ("", {"dev": "eth0", "prefsrc": "2001:db8:e000::5"}, True),
        ("", {"dev": "eth0", "prefsrc": "203.0.113.7"}, None),
    ],
)
def test_the_way_to_the_claims_network_is_by_the_line_or_not(
    tmp_path: Path, kind: str, way: dict[str, str], *, expected: bool | None
) -> None:
    """By the address that packets leave with (L05); what a router does cannot be seen from here."""
    found = found_at(tmp_path, Site(kind=kind), **{"ip_-j_route_get": get(**way)})

    assert (way["dev"], expected) == (found["route.claims_interface"], found.get("route.by_line"))


def test_no_way_is_no_way_by_the_line(tmp_path: Path) -> None:
    """`ip` says that there is none."""
    found = found_at(tmp_path, Site(kind="ipvpn_ipv6"), **{"ip_-j_route_get": Ran(2)})

    assert (False, False) == ("route.claims_interface" in found, found["route.by_line"])


def test_without_ip_the_kernels_table_says_the_way(tmp_path: Path) -> None:
    """The narrowest route, by its card alone."""
    assert "eth1" == found_at(tmp_path, Site(kind="ipvpn_ipv4"))["route.claims_interface"]


def test_a_lan_that_overlaps_the_claims_network_is_seen(tmp_path: Path) -> None:
    """A network on which the PC is, beside the line, with addresses of the claims network (K05)."""
    beside = "Iface\neth1\t006433C6\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"
    box = machine(tmp_path, card("eth0") | card("eth1") | {"proc/net/route": beside})

    assert look_at_addresses(looking(box, Site(interface="eth0")), box)["route.lan_overlaps"] is True
    assert look_at_addresses(looking(box, Site(interface="eth1")), box)["route.lan_overlaps"] is False


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("192.0.2.5", "ipvpn_ipv4"),
        ("192.0.2.129", "ipsec_ike"),
        ("2001:db8:f000::1", "ipvpn_ipv6"),
        ("203.0.113.1", ""),
    ],
)
def test_an_address_says_its_kind_of_line(source: str, expected: str) -> None:
    """By the prefixes that the network publishes (V11)."""
    assert expected == origins.kind_of(example_network(), ip_address(source))


def test_an_address_says_its_area() -> None:
    """East and west have prefixes of their own (V05)."""
    network = example_network()

    assert ("east", "west", "") == tuple(
        origins.area_of(network, ip_address(each)) for each in ("2001:db8:e000::1", "2001:db8:f000::1", "2001:db8::1")
    )


def test_the_source_of_the_system_is_looked_up() -> None:
    """To loopback the system leaves from loopback, and nothing is sent."""
    look = looking(machine(Path("/nonexistent"), {}))
    network = replace(example_network(), prefixes=(ip_network("127.0.0.0/8"), ip_network("::1/128")))

    found = origins.look(replace(look, network=network, facts={"ipv6.addresses": ("2001:db8:f000::9",)}))

    assert {"ipv6.outside_source": True, "ipv6.prefix_area": "west"} == found


def test_a_line_by_ipv4_has_no_source_of_ipv6_to_look_at() -> None:
    """Which IPv6 address would be taken matters where the line carries IPv6, and where nobody says what it carries."""
    network = replace(example_network(), prefixes=(ip_network("::1/128"),))
    look = replace(looking(machine(Path("/nonexistent"), {})), network=network)

    told = [origins.look(replace(look, site=Site(kind=kind))) for kind in ("ipvpn_ipv4", "ipsec_ike", "ipvpn_ipv6", "")]

    assert [False, False, True, True] == ["ipv6.outside_source" in each for each in told]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"route.claims_interface": "ppp0"}, "ipvpn_ipv4"),
        ({"route.claims_interface": "tun0", "link.tunnels": ("tun0",)}, "ipsec_ike"),
        ({"route.claims_interface": "eth0", "link.tunnels": ("tun0",)}, None),
    ],
)
def test_a_card_says_its_kind_of_line(facts: Facts, expected: str | None) -> None:
    """Where the address does not: a PPP connection, a tunnel."""
    look = looking(machine(Path("/nonexistent"), {}))
    network = replace(example_network(), prefixes=(ip_network("127.0.0.0/8"),))

    assert expected == origins.look(replace(look, network=network, facts=facts)).get("line.used_kind")


@given(said=text(max_size=300))
def test_any_text_is_read(said: str) -> None:
    """No reader raises anything."""
    for each in (
        said,
        f'[{{"addr_info": [{{"local": "{said}"}}]}}]',
        f"20010db8e00000000000000000000005 03 40 00 {said}",
    ):
        assert all(one.address.version == 6 for one in addresses.in_if_inet6(each))
        addresses.in_ip_addr(each)
