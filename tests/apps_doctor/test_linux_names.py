"""What Linux says of resolvers, hosts and proxies."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis.strategies import text
from linux_lab import ROUTE, card, looking, machine

from seikyu.apps.doctor.pc import linux_names as names
from seikyu.apps.doctor.pc.linux import look_at_names, look_at_proxy
from seikyu.lines.network import example_network
from seikyu.lines.site import Site

NMCLI = """\
GENERAL.DEVICE:eth0
IP4.DNS[1]:192.0.2.53
IP6.DNS[1]:2001\\:db8\\:c1a0\\:e\\:\\:53\\:1

GENERAL.DEVICE:eth1
IP4.DNS[1]:203.0.113.53

GENERAL.DEVICE:lo
"""
RESOLVECTL = """\
Global:
Link 2 (eth0): 192.0.2.53 2001:db8:c1a0:e::53:1
Link 3 (eth1): 203.0.113.53#dns.example
Link 4 (docker0):
"""
PROXY_VARIABLES = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "http_proxy", "no_proxy", "NO_PROXY")


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set no proxy."""
    for name in PROXY_VARIABLES:
        monkeypatch.delenv(name, raising=False)


def test_resolvers_are_read_in_their_order(tmp_path: Path) -> None:
    """From resolv.conf; an address of a link keeps its card, and what is no address is left out."""
    said = "# made by hand\nsearch example\nnameserver 192.0.2.53\nnameserver fe80::1%eth0\nnameserver here\n"
    box = machine(tmp_path, {"etc/resolv.conf": said})

    assert ("192.0.2.53", "fe80::1%eth0") == look_at_names(looking(box), box)["dns.resolvers"]


def test_behind_the_systems_own_resolver_are_the_real_ones(tmp_path: Path) -> None:
    """systemd-resolved says whom it asks, card by card."""
    files = {"etc/resolv.conf": "nameserver 127.0.0.53\n"} | card("eth0")
    box = machine(tmp_path, files, {("resolvectl", "dns"): RESOLVECTL})

    found = look_at_names(looking(box), box)

    assert ("127.0.0.53", "192.0.2.53", "2001:db8:c1a0:e::53:1", "203.0.113.53") == found["dns.resolvers"]
    assert "dns.foreign_first" not in found


def test_behind_a_small_resolver_of_the_pc_are_those_of_network_manager(tmp_path: Path) -> None:
    """A dnsmasq at 127.0.0.1, whoever set it up."""
    box = machine(tmp_path, {"etc/resolv.conf": "nameserver 127.0.0.1\n"}, {("nmcli",): NMCLI})

    assert ("127.0.0.1", "192.0.2.53", "2001:db8:c1a0:e::53:1", "203.0.113.53") == look_at_names(looking(box), box)[
        "dns.resolvers"
    ]


def test_a_resolver_of_a_link_is_of_its_card(tmp_path: Path) -> None:
    """A home gateway often gives its address on the link: the zone says the card."""
    files = {"etc/resolv.conf": "nameserver fe80::1%eth1\nnameserver fe80::1%eth0\n"} | card("eth0") | card("eth1")
    box = machine(tmp_path, files)

    assert look_at_names(looking(box, Site(interface="eth0")), box)["dns.foreign_first"] is True


def test_a_resolver_of_another_card_comes_first(tmp_path: Path) -> None:
    """The order of resolv.conf, the cards by NetworkManager (V06)."""
    files = {"etc/resolv.conf": "nameserver 203.0.113.53\nnameserver 192.0.2.53\n"} | card("eth0") | card("eth1")
    box = machine(tmp_path, files, {("nmcli",): NMCLI})

    assert look_at_names(looking(box, Site(interface="eth0")), box)["dns.foreign_first"] is True
    assert look_at_names(looking(box, Site(interface="eth1")), box)["dns.foreign_first"] is False


def test_without_network_manager_the_routes_say_whose_a_resolver_is(tmp_path: Path) -> None:
    """A resolver is of the card by which packets to it leave."""
    files = {"etc/resolv.conf": "nameserver 198.51.100.53\nnameserver 192.0.2.53\n", "proc/net/route": ROUTE}
    box = machine(tmp_path, files | card("eth0") | card("eth1"))

    assert look_at_names(looking(box, Site(interface="eth0")), box)["dns.foreign_first"] is True


def test_a_hosts_file_that_names_the_portal_is_seen(tmp_path: Path) -> None:
    """In any place of a line and in any letters (T04); a comment is none."""
    box = machine(tmp_path, {"etc/hosts": "127.0.0.1 localhost\n192.0.2.9 here Portal.Claims.Example # old\n"})
    other = machine(tmp_path / "other", {"etc/hosts": "127.0.0.1 localhost # portal.claims.example\n"})

    assert look_at_names(looking(box), box)["hosts.entry"] is True
    assert look_at_names(looking(other), other)["hosts.entry"] is False


def test_no_proxy_is_no_proxy(tmp_path: Path) -> None:
    """Neither the environment nor a desktop, which is not there."""
    box = machine(tmp_path, {}, {("gsettings", "get", "org.gnome.system.proxy", "mode"): "'none'\n"})

    assert {"proxy.set": False} == look_at_proxy(looking(box), box)


@pytest.mark.parametrize(
    ("passed", "expected"),
    [
        ("", False),
        ("localhost", False),
        ("claims.example,.lineauth.example", True),
        ("*", True),
        ("claims.example", False),
    ],
)
def test_a_proxy_of_the_environment_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, passed: str, *, expected: bool
) -> None:
    """With what is left out of it; every name has to be (T03). The proxy itself is told nowhere."""
    monkeypatch.setenv("https_proxy", "http://user:secret@proxy.example:8080")
    monkeypatch.setenv("no_proxy", passed)
    box = machine(tmp_path, {})

    assert {"proxy.set": True, "proxy.bypasses": expected} == look_at_proxy(looking(box), box)


def test_the_portals_own_name_has_to_pass_the_proxy_by(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where nothing else is known of the claims network."""
    box = machine(tmp_path, {})
    look = replace(looking(box), network=None, url="https://portal.claims.example:8443")
    monkeypatch.setenv("https_proxy", "http://proxy.example:8080")

    assert {"proxy.set": True, "proxy.bypasses": False} == look_at_proxy(look, box)
    monkeypatch.setenv("no_proxy", "claims.example")
    assert {"proxy.set": True, "proxy.bypasses": True} == look_at_proxy(look, box)
    assert {"proxy.set": True} == look_at_proxy(replace(look, url=""), box)


def test_a_proxy_for_http_alone_is_in_nobodys_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The portal is reached by https."""
    monkeypatch.setenv("http_proxy", "http://proxy.example:8080")
    box = machine(tmp_path, {})

    assert {"proxy.set": False} == look_at_proxy(looking(box), box)


def test_what_a_script_of_proxies_decides_is_not_known(tmp_path: Path) -> None:
    """It may well leave the claims network out (PAC)."""
    box = machine(tmp_path, {}, {("gsettings", "get", "org.gnome.system.proxy", "mode"): "'auto'\n"})

    assert {"proxy.set": True} == look_at_proxy(looking(box), box)


def test_a_proxy_of_the_desktop_is_seen(tmp_path: Path) -> None:
    """By gsettings, with what it ignores."""
    wanted = sorted(example_network().names.values())
    said = {
        ("gsettings", "get", "org.gnome.system.proxy", "mode"): "'manual'\n",
        ("gsettings", "get", "org.gnome.system.proxy", "ignore-hosts"): f"{wanted}\n",
    }
    box, other = machine(tmp_path, {}, said), machine(tmp_path, {}, said | {tuple(list(said)[1]): "@as []\n"})

    assert {"proxy.set": True, "proxy.bypasses": True} == look_at_proxy(looking(box), box)
    assert {"proxy.set": True, "proxy.bypasses": False} == look_at_proxy(looking(other), other)


@given(said=text(max_size=300))
def test_any_text_is_read(said: str) -> None:
    """No reader raises anything."""
    for each in (said, f"nameserver {said}", f"Link 2 (eth0): {said}", f"IP4.DNS[1]:{said}", f"192.0.2.1 {said}"):
        names.in_resolv_conf(each)
        names.in_resolvectl(each)
        names.in_nmcli(each)
        names.names_in_hosts(each, ["portal.claims.example"])
        names.gsettings_value(each)
        names.bypassed(each, [each, "*", ""])
