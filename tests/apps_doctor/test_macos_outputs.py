"""What macOS' tools print is read as their manual pages say, and nothing else is made of it."""

from dataclasses import replace
from pathlib import Path

import pytest
from doctor_looks import a_look, output
from hypothesis import given, settings
from hypothesis import strategies as st

from seikyu.apps.doctor.pc import macos, macos_text
from seikyu.apps.doctor.probing import Look, look
from seikyu.lines.facts import known_facts, take

NAMES = {
    "networksetup -listallhardwareports": "listallhardwareports.txt",
    "ifconfig": "ifconfig.txt",
    "netstat -ibn": "netstat-ibn.txt",
    "netstat -rn": "netstat-rn.txt",
    "netstat -s": "netstat-s.txt",
    "netstat -an": "netstat-an.txt",
    "scutil --dns": "scutil-dns.txt",
    "scutil --proxy": "scutil-proxy.txt",
    "scutil --nc list": "scutil-nc.txt",
    "arp -an": "arp.txt",
    "ndp -an": "ndp.txt",
    "ndp -rn": "ndp-r.txt",
    "system_profiler": "airport.json",
    "pmset -g": "pmset.txt",
    "security find-identity": "find-identity.txt",
}


def a_mac(**more: object) -> Look:
    """Return a look at the Mac of the samples."""
    said = {line: output(f"macos/{name}") for line, name in NAMES.items()}
    said |= {
        "sysctl": "0\n0\n",
        "/usr/libexec/ApplicationFirewall/socketfilterfw": "Firewall is enabled. (State = 1)\n",
    }
    return a_look("macos", said, **more)


def test_macos_tells_the_card_towards_the_line() -> None:
    """All that the tools say of the card of the route to everywhere, if there is no narrower one."""
    looked = look(macos.PROBES, a_mac())

    expected = {
        "link.interface": "en0",
        "link.carrier": True,
        "link.speed_mbit": 1000,
        "link.half_duplex": False,
        "link.errors": 7,
        "link.mtu": 1500,
        "link.retransmitted_percent": 3,
        "link.up_interfaces": ("en0",),
        "link.tunnels": ("utun4",),
        "router.address": "fe80::1",
        "router.answers": True,
        "wlan.used": False,
        "wlan.encryption": "wpa2",
        "power.sleeps": True,
        "ipv4.addresses": ("192.0.2.10",),
        "ipv6.enabled": True,
        "ipv6.addresses": ("2001:db8:e000::10",),
        "ipv6.prefixes": 1,
        "ipv6.prefix": "2001:db8:e000::/64",
        "ipv6.routers": 2,
        "route.claims_interface": "en0",
        "route.by_line": True,
        "route.lan_overlaps": False,
        "pppoe.connected": False,
        "tunnel.up": True,
        "tunnel.state": "ESTABLISHED",
        "dns.resolvers": ("2001:db8:c1a0:e::53:1", "2001:db8:c1a0:e::53:2"),
        "dns.foreign_first": False,
        "proxy.set": True,
        "proxy.bypasses": True,
        "inbound.listening": ("*:5900", "192.0.2.10:22"),
        "inbound.firewall": True,
        "forwarding": False,
        "certificate.found": True,
    }
    assert expected == {name: value for name, value in looked.facts.items() if name != "hosts.entry"}
    assert all(each.why != "bug" for each in looked.blind)


def test_every_fact_of_macos_is_known_and_has_a_probe() -> None:
    """A fact that nobody knows would be lost."""
    promised = {name for probe in macos.PROBES for name in probe.gives}

    assert promised <= set(known_facts())
    assert all({"macos", "any"} & set(known_facts()[name].on) for name in promised)


def test_a_narrow_route_to_the_claims_network_tells_the_way() -> None:
    """With IPsec the route that the tunnel brings goes before the one to everywhere."""
    looked = look(macos.PROBES, a_mac(kind="ipsec_ike"))

    assert looked.facts["route.claims_interface"] == "utun4"
    assert looked.facts["link.interface"] == "en0"  # a tunnel is no card
    assert looked.facts["route.by_line"] is True


def test_routes_are_read_before_and_since_macos_11_3() -> None:
    """Two columns have gone since; the card stands in another place."""
    new, old = (macos_text.routes(output(f"macos/{name}")) for name in ("netstat-rn.txt", "netstat-rn-old.txt"))

    assert ("en0", "192.0.2.1") == (old[0].card, str(old[0].router))
    assert {"192.0.2.0/24", "0.0.0.0/0"} == {str(each.to) for each in old}
    assert ("127.0.0.0/8", "lo0") in [(str(each.to), each.card) for each in new]
    assert ("198.51.100.0/24", "utun4") in [(str(each.to), each.card) for each in new]


def test_an_idle_tunnel_of_macos_is_no_way_and_no_tunnel() -> None:
    """A Mac keeps tunnels of its own with link-local addresses and default routes; nobody goes there."""
    cards, held = macos_text.interfaces(output("macos/ifconfig.txt"), frozenset({"en1"}))
    routes = macos_text.routes(output("macos/netstat-rn.txt"))

    assert {"utun0": False, "utun4": True} == {each.name: each.up for each in cards if each.tunnel}
    assert "utun0" not in {each.card for each in held} | {each.card for each in routes}


def test_resolvers_of_single_domains_and_other_cards_are_left_out() -> None:
    """Multicast and scoped resolvers are not asked for the portal."""
    found = macos_text.resolvers(output("macos/scutil-dns.txt"))

    assert [("en0", "2001:db8:c1a0:e::53:1"), ("en0", "2001:db8:c1a0:e::53:2")] == [(c, str(at)) for c, at in found]


@pytest.mark.parametrize(
    ("mode", "expected"),
    [("none", "none"), ("wep", "wep"), ("wpa2_personal_mixed", "wpa2"), ("wpa3_transition", "wpa3"), ("owe", "other")],
)
def test_encryption_of_the_wireless_lan_is_read(mode: str, expected: str) -> None:
    """Q8: an open or WEP network is told from WPA2 and WPA3."""
    text = output("macos/airport.json").replace("wpa2_personal", mode)

    assert {"en1": expected} == macos_text.airport(text)


def test_a_tunnel_that_is_down_is_told() -> None:
    """None connected, one known: it is down. None known: nothing is said."""
    text = output("macos/scutil-nc.txt")

    assert {"tunnel.up": False, "tunnel.state": "none"} == macos.tunnel_facts(
        text.replace("(Connected)   ", "(Disconnected)")
    )
    assert macos.tunnel_facts(text.splitlines()[1]) == {}


def test_a_mac_without_tools_says_so() -> None:
    """Somewhere else than on a Mac the probe names what is missing, and ends at once."""
    looked = look(macos.PROBES, a_look("macos"))

    assert ("macos", "tool", "ifconfig") in [(each.probe, each.why, each.what) for each in looked.blind]


def test_the_keychain_is_not_asked_where_a_folder_has_the_certificate(tmp_path: Path) -> None:
    """The client's own folder is what counts then."""
    keychain = next(each for each in macos.PROBES if each.name == "macos_keychain")

    assert keychain.look(replace(a_mac(), folder=tmp_path)) == {}


_PIECES = st.sampled_from([line for name in NAMES.values() for line in output(f"macos/{name}").splitlines()])


@settings(max_examples=200, deadline=None)
@given(texts=st.lists(st.lists(_PIECES | st.text(max_size=40), max_size=20).map("\n".join), min_size=1, max_size=4))
def test_any_text_of_a_mac_is_read(texts: list[str]) -> None:
    """Whatever the tools print, nothing breaks, and what is found is of the type of its fact."""
    said = {line: texts[place % len(texts)] for place, line in enumerate([*NAMES, "sysctl", "/usr/libexec", "ping"])}
    given = a_look("macos", said)
    found = {}

    for probe in macos.PROBES:
        if probe.name != "macos_hosts":
            for name, value in probe.look(given).items():
                take(found, name, value)
