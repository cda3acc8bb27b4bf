"""What Linux says of cards, the wireless LAN and the router."""

from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis.strategies import text
from linux_lab import IPV6_ROUTE, ROUTE, SNMP, card, looking, machine

from seikyu.apps.doctor.pc import linux_link as link
from seikyu.apps.doctor.pc.linux import look_at_link, look_at_router
from seikyu.apps.doctor.probing import CouldNotLook
from seikyu.apps.doctor.tools import Ran
from seikyu.lines.site import Site

WIFI = "no:wlan0:WPA2\nyes:wlan1:WPA3\nyes:wlan0:{}\n"


def test_a_dead_link_is_seen(tmp_path: Path) -> None:
    """No signal at the only card (P01)."""
    box = machine(tmp_path, card("eth0", carrier="0", speed="-1", statistics__rx_errors="7"))

    found = look_at_link(looking(box), box)

    assert ("eth0", False, 7, False) == tuple(
        found[each] for each in ("link.interface", "link.carrier", "link.errors", "pppoe.connected")
    )
    assert "link.speed_mbit" not in found
    assert () == found["link.up_interfaces"]


def test_a_slow_link_is_seen(tmp_path: Path) -> None:
    """Half duplex and a share of segments sent again (P04)."""
    files = card("eth0", speed="10", duplex="half") | {"proc/net/snmp": SNMP}
    box = machine(tmp_path, files)

    found = look_at_link(looking(box), box)

    assert (True, 10, 5) == (found["link.half_duplex"], found["link.speed_mbit"], found["link.retransmitted_percent"])


def test_the_card_that_the_site_names_is_the_one(tmp_path: Path) -> None:
    """Whatever the routes say; and one that is not there is told by its name alone."""
    box = machine(tmp_path, card("eth0") | card("eth1") | {"proc/net/route": ROUTE})

    named = look_at_link(looking(box, Site(interface="eth1")), box)
    gone = look_at_link(looking(box, Site(interface="eth9")), box)

    assert ("eth1", "eth9") == (named["link.interface"], gone["link.interface"])
    assert "link.carrier" not in gone


def test_the_card_of_the_route_to_the_claims_network_comes_first(tmp_path: Path) -> None:
    """Two cards: the route to the claims prefix goes by one, the rest by the other."""
    box = machine(tmp_path, card("eth0") | card("eth1") | {"proc/net/route": ROUTE})

    assert "eth1" == look_at_link(looking(box, Site(kind="ipvpn_ipv4")), box)["link.interface"]


def test_a_dialled_line_has_a_card_below_it(tmp_path: Path) -> None:
    """The card is the one for a cable, not the PPP connection over it; tunnels are listed apart."""
    files = (
        card("eth0")
        | card("ppp0", type="512")
        | card("wg0", type="65534")
        | card("tun0", type="65534", tun_flags="0x1")
    )
    box = machine(tmp_path, files)

    found = look_at_link(looking(box), box)

    assert ("eth0", True, ("tun0", "wg0")) == tuple(
        found[each] for each in ("link.interface", "pppoe.connected", "link.tunnels")
    )


def test_a_bridge_and_a_tap_are_no_cards(tmp_path: Path) -> None:
    """Nor is what only looks back; what they stand on is."""
    files = card("br0", bridge="") | card("tap0", tun_flags="0x2") | card("lo") | card("eth9")
    box = machine(tmp_path, files)

    assert "eth9" == look_at_link(looking(box), box)["link.interface"]


def test_of_several_cards_one_with_a_signal_and_a_cable_comes_first(tmp_path: Path) -> None:
    """Where no route says more: first the signal, then that it is on, then the cable."""
    unplugged, off = card("eth0", carrier="0"), card("eth1", carrier="0", flags="0x1002")
    box = machine(tmp_path / "a", off | unplugged | card("wlan0", phy80211="") | card("wlan1", wireless=""))
    cables = machine(tmp_path / "b", card("wlan0", phy80211="") | card("zeth"))
    dark = machine(tmp_path / "c", off | card("eth2", carrier="0"))

    found = [look_at_link(looking(each), each) for each in (box, cables, dark)]

    assert ["wlan0", "zeth", "eth2"] == [each["link.interface"] for each in found]
    assert [True, False, False] == [each["wlan.used"] for each in found]


@pytest.mark.parametrize(
    ("said", "expected"),
    [("", "none"), ("WEP", "wep"), ("WPA1", "wpa"), ("WPA1 WPA2", "wpa2"), ("WPA2 802.1X", "wpa2"), ("WPA3", "wpa3")],
)
def test_the_encryption_of_a_wireless_lan_is_told(tmp_path: Path, said: str, expected: str) -> None:
    """By NetworkManager, for the card towards the line (P05)."""
    box = machine(tmp_path, card("wlan0", wireless=""), {("nmcli",): WIFI.format(said)})

    found = look_at_link(looking(box), box)

    assert (True, expected) == (found["wlan.used"], found["wlan.encryption"])


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("wpa_state=COMPLETED\nkey_mgmt=WPA2-PSK\npairwise_cipher=CCMP\n", "wpa2"),
        ("wpa_state=COMPLETED\nkey_mgmt=SAE\n", "wpa3"),
        ("wpa_state=COMPLETED\nkey_mgmt=NONE\npairwise_cipher=NONE\n", "none"),
        ("wpa_state=COMPLETED\nkey_mgmt=NONE\npairwise_cipher=WEP-104\n", "wep"),
        ("wpa_state=SCANNING\n", None),
        ("", None),
    ],
)
def test_the_encryption_is_told_without_network_manager(tmp_path: Path, status: str, expected: str | None) -> None:
    """By wpa_supplicant's own tool."""
    box = machine(tmp_path, card("wlan0", wireless=""), {("wpa_cli", "-i", "wlan0"): status})

    assert expected == look_at_link(looking(box), box).get("wlan.encryption")


def test_a_machine_without_cards_is_told(tmp_path: Path) -> None:
    """Nothing below /sys: nothing is known, and nothing breaks."""
    box = machine(tmp_path, {})

    with pytest.raises(CouldNotLook):
        look_at_link(looking(box), box)
    assert {} == look_at_router(looking(box), box)


@pytest.mark.parametrize(
    ("programs", "expected"),
    [
        ({("ping",): ""}, True),
        (
            {("ping",): Ran(1), ("ip", "-j", "neigh"): '[{"dst":"192.0.2.1","lladdr":"02:0","state":["REACHABLE"]}]'},
            None,
        ),
        ({("ping",): Ran(1), ("ip", "-j", "neigh"): '[{"dst":"192.0.2.1","state":["FAILED"]}]'}, False),
        ({("ping",): Ran(1), ("ip", "-j", "neigh"): '[{"dst":"192.0.2.1","state":["STALE"]}]'}, None),
        ({}, None),
    ],
)
def test_the_router_answers_or_not(
    tmp_path: Path, programs: dict[tuple[str, ...], Ran | str], *, expected: bool | None
) -> None:
    """A ping, or what the neighbour table says after it; what it does not say is not known."""
    box = machine(tmp_path, card("eth0") | {"proc/net/route": ROUTE}, programs)

    found = look_at_router(looking(box), box)

    assert ("192.0.2.1", expected) == (found["router.address"], found.get("router.answers"))


def test_a_row_of_arp_without_address_is_no_answer(tmp_path: Path) -> None:
    """Without `ip`, the kernel's own table."""
    arp = "IP address  HW type  Flags  HW address  Mask  Device\n192.0.2.1  0x1  0x0  00:00:00:00:00:00  *  eth0\n"
    box = machine(tmp_path, card("eth0") | {"proc/net/route": ROUTE, "proc/net/arp": arp})

    assert look_at_router(looking(box), box)["router.answers"] is False


def test_routes_are_read() -> None:
    """Networks, routers and cards of both tables; one that turns away and those of `lo` are no ways."""
    four, six = link.ipv4_routes(ROUTE), link.ipv6_routes(IPV6_ROUTE)

    assert [ip_network("0.0.0.0/0"), ip_network("192.0.2.0/24"), ip_network("198.51.100.0/24")] == [
        each.to for each in four
    ]
    assert [ip_address("192.0.2.1"), None, ip_address("192.0.2.254")] == [each.router for each in four]
    assert 4 == len(six)
    assert "eth1" == link.route_to(four, ip_address("198.51.100.9")).card  # type: ignore[union-attr]
    assert link.route_to(four, ip_address("2001:db8::1")) is None


@given(said=text(max_size=400))
def test_any_text_is_read(said: str) -> None:
    """No reader raises anything, whatever a tool prints."""
    head = "Iface\n" + said
    for each in (said, head, f"Tcp: OutSegs RetransSegs\nTcp: {said}", f"yes:wlan0:{said}", f"[{said}]"):
        link.ipv4_routes(each)
        link.ipv6_routes(each)
        link.retransmitted_percent(each)
        link.neighbour_answers(each, "192.0.2.1")
        link.arp_answers(each, "192.0.2.1")
        link.nmcli_security(each, "wlan0")
        link.wpa_security(each)
        assert link.encryption(each) in {"none", "wep", "wpa", "wpa2", "wpa3", "other"}
        link.whole(each)
        link.card_of("eth0", {"type": each, "flags": each, "carrier": each})


def test_a_bridge_that_took_the_place_of_a_card_is_the_card_of_the_line(tmp_path: Path) -> None:
    """A PC with virtual machines has its addresses there; one that leads nowhere is none."""
    bridged = card("br0", bridge__bridge_id="8000.02") | card("eth0") | card("docker0", bridge__bridge_id="8000.03")
    route = ROUTE.replace("eth0", "br0")
    box = machine(tmp_path / "bridged", bridged | {"proc/net/route": route})
    plain = machine(tmp_path / "plain", bridged | {"proc/net/route": ROUTE})

    assert "br0" == look_at_link(looking(box), box)["link.interface"]
    assert "eth0" == look_at_link(looking(plain), plain)["link.interface"]


def test_among_very_many_cards_the_one_of_metal_is_found(tmp_path: Path) -> None:
    """A PC with a hundred networks of containers still has its cable."""
    bridges = {name: text for no in range(100) for name, text in card(f"br-{no:03}", bridge__bridge_id="8").items()}
    box = machine(tmp_path, bridges | card("eth0", device__vendor="0x8086") | {"proc/net/route": ROUTE})

    assert "eth0" == look_at_link(looking(box), box)["link.interface"]
