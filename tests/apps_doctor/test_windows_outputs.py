"""What Windows says is read as its documentation prints it, in both languages, and nothing else is made of it."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from doctor_looks import NOW, a_look, output
from hypothesis import given, settings
from hypothesis import strategies as st

from seikyu.apps.doctor.line import mtu
from seikyu.apps.doctor.pc import windows, windows_text
from seikyu.apps.doctor.pc.windows_asked import command, questions, read_seen
from seikyu.apps.doctor.pc.windows_seen import certificates, facts_of_seen, facts_of_texts
from seikyu.apps.doctor.probing import CouldNotLook, look
from seikyu.apps.doctor.tools import Ran
from seikyu.lines.facts import known_facts, take
from seikyu.lines.site import example_site

SEEN = output("windows/seen.json")


def seen(**changed: object) -> Mapping[str, list[object]]:
    """Return what the sample says, with some answers changed; None takes one out."""
    rows = json.loads(SEEN) | changed
    return read_seen(json.dumps({name: each for name, each in rows.items() if each is not None}))


def test_windows_tells_the_card_towards_the_line() -> None:
    """Card, speed, addresses, router and resolvers are those of the route to everywhere if there is no narrower one."""
    facts = facts_of_seen(seen(), a_look("windows"))

    expected = {
        "link.interface": "イーサネット",
        "link.carrier": True,
        "link.speed_mbit": 1000,
        "link.half_duplex": False,
        "link.errors": 3,
        "link.mtu": 1454,
        "link.retransmitted_percent": 3,
        "link.up_interfaces": ("イーサネット",),
        "link.tunnels": (),
        "router.address": "fe80::1",
        "router.answers": True,
        "wlan.used": False,
        "power.sleeps": True,
        "power.nic_saving": True,
        "ipv4.addresses": ("192.0.2.10",),
        "ipv6.enabled": True,
        "ipv6.addresses": ("2001:db8:e000::10",),
        "ipv6.prefixes": 1,
        "ipv6.prefix": "2001:db8:e000::/64",
        "ipv6.routers": 1,
        "route.claims_interface": "イーサネット",
        "route.by_line": True,
        "route.lan_overlaps": False,
        "pppoe.code": 691,
        "pppoe.connected": False,
        "tunnel.up": False,
        "tunnel.state": "none",
        "dns.resolvers": ("2001:db8:c1a0:e::53:1", "2001:db8:c1a0:e::53:2"),
        "dns.foreign_first": False,
        "proxy.set": False,
        "inbound.listening": ("[::]:445", "0.0.0.0:135"),
        "inbound.firewall": True,
        "forwarding": False,
    }
    assert expected == facts


def test_every_fact_of_windows_is_known_and_of_its_type() -> None:
    """A fact that nobody knows would be lost, and one of another type would break the rules."""
    found = {}

    for name, value in (facts_of_seen(seen(), a_look("windows")) | certificates(seen(), NOW)).items():
        take(found, name, value)

    promised = {name for probe in windows.PROBES for name in probe.gives}
    assert set(found) <= promised
    assert promised <= set(known_facts())
    assert all({"windows", "any"} & set(known_facts()[name].on) for name in promised)


def test_a_dialled_line_is_told_from_a_vpn() -> None:
    """PPPoE and VPNs are both of kind Ppp; the one that Get-VpnConnection does not list is the line."""
    ppp = {"Name": "claims", "Description": "claims", "Kind": "Ppp", "Up": True}
    vpn = {"Name": "office", "Description": "office", "Kind": "Ppp", "Up": True}
    vpns = [{"Name": "office", "Status": "Connected", "Kind": "Ikev2"}]
    routes = [{"DestinationPrefix": "198.51.100.0/24", "NextHop": "0.0.0.0", "InterfaceAlias": "claims"}]

    facts = facts_of_seen(seen(interfaces=[ppp, vpn], vpn=vpns, routes=routes), a_look("windows", kind="ipvpn_ipv4"))

    assert facts["pppoe.connected"] is True
    assert ("office",) == facts["link.tunnels"]
    assert facts["tunnel.up"] is True
    assert facts["tunnel.state"] == "ESTABLISHED"
    assert facts["route.claims_interface"] == "claims"
    assert facts["route.by_line"] is True
    assert facts["link.interface"] == "イーサネット"  # a dialled connection is no card


@pytest.mark.parametrize(
    ("kind", "address", "expected"),
    [
        ("ipvpn_ipv6", "2001:db8:e000::10", True),
        ("ipvpn_ipv6", "2001:db8:1::10", False),
        ("ipvpn_ipv4", "192.0.2.10", True),
        ("ipvpn_ipv4", "203.0.113.10", None),
        ("ipsec_ike", "192.0.2.200", True),
        ("ipsec_ike", "203.0.113.10", False),
    ],
)
def test_the_way_to_the_claims_network_is_judged_by_the_address_that_it_leaves_with(
    kind: str, address: str, expected: object
) -> None:
    """As on Linux: an address of another network is not of this line; with PPPoE a router may dial in the PC's place."""
    held = [{"IPAddress": address, "InterfaceAlias": "イーサネット", "PrefixLength": 24, "State": "Preferred"}]

    facts = facts_of_seen(seen(addresses=held), a_look("windows", kind=kind))

    assert expected == facts.get("route.by_line")


@pytest.mark.parametrize("late", ["vpn", "interfaces"])
def test_a_dialled_line_is_not_told_while_an_answer_is_late(late: str) -> None:
    """Without the list of VPNs every one of them would look like PPPoE."""
    facts = facts_of_seen(seen(**{late: None}), a_look("windows"))

    assert not {"pppoe.connected", "link.tunnels"} & set(facts)
    assert facts["link.interface"] == "イーサネット"


def test_without_any_way_the_claims_network_is_not_reached_by_the_line() -> None:
    """Routes that lead elsewhere only are a way to nowhere."""
    routes = [{"DestinationPrefix": "203.0.113.0/24", "NextHop": "0.0.0.0", "InterfaceAlias": "イーサネット"}]

    facts = facts_of_seen(seen(routes=routes), a_look("windows"))

    assert facts["route.by_line"] is False
    assert "route.claims_interface" not in facts
    assert facts["link.interface"] == "イーサネット"  # the one with a signal


def test_the_card_of_the_site_comes_first() -> None:
    """What the site says is its card is the card, whatever the routes say."""
    given = a_look("windows")
    given = replace(given, site=replace(given.site, interface="Wi-Fi"))

    facts = facts_of_seen(seen(), given)

    assert facts["link.interface"] == "Wi-Fi"
    assert facts["link.carrier"] is False
    assert facts["ipv6.enabled"] is False
    assert facts["dns.resolvers"] == ("2001:db8:c1a0:e::53:1", "2001:db8:c1a0:e::53:2")


def test_a_lan_that_has_claims_addresses_is_seen() -> None:
    """A card beside the line in a network of the claims prefixes overlaps (K05)."""
    addresses = [{"IPAddress": "198.51.100.7", "InterfaceAlias": "Wi-Fi", "PrefixLength": 24, "State": "Preferred"}]

    facts = facts_of_seen(seen(addresses=addresses), a_look("windows", kind="ipsec_ike"))

    assert facts["route.lan_overlaps"] is True


def test_a_resolver_of_another_card_that_comes_first_is_seen() -> None:
    """Windows asks the card of the lowest metric first (V06)."""
    rows = json.loads(SEEN)
    rows["interfaces"].append({"Name": "LAN", "Description": "Example 2", "Kind": "Ethernet", "Up": True})
    rows["ip"].append({"InterfaceAlias": "LAN", "Family": "IPv4", "NlMtu": 1500, "InterfaceMetric": 5})
    rows["resolvers"].append({"InterfaceAlias": "LAN", "Servers": "192.0.2.53"})

    facts = facts_of_seen(read_seen(json.dumps(rows)), a_look("windows"))

    assert facts["dns.foreign_first"] is True
    assert facts["dns.resolvers"][0] == "192.0.2.53"


def test_a_dial_up_that_failed_long_ago_is_not_todays() -> None:
    """An event of another day says nothing of the line now."""
    old = [{"At": "2026-11-20T00:10:00", "Code": "691"}]

    assert "pppoe.code" not in facts_of_seen(seen(dialled=old), a_look("windows"))


@pytest.mark.parametrize(
    ("profiles", "expected"),
    [
        ([{"InterfaceAlias": "イーサネット", "Category": "Private"}], True),
        ([{"InterfaceAlias": "イーサネット", "Category": "DomainAuthenticated"}], False),
        ([], False),
    ],
)
def test_the_firewall_is_that_of_the_profile_in_use(profiles: list[dict[str, str]], *, expected: bool) -> None:
    """A profile that is off matters where it is in use; where that is not known, all have to be on."""
    assert expected == facts_of_seen(seen(profiles=profiles), a_look("windows"))["inbound.firewall"]


def test_a_proxy_that_passes_claims_names_by_is_seen() -> None:
    """Every name of the claims network has to be excepted; a script cannot be read."""
    past = [{"ProxyEnable": 1, "ProxyOverride": "*.claims.example;*.lineauth.example;<local>", "Script": False}]
    not_past = [{"ProxyEnable": 1, "ProxyOverride": "*.clinic.example", "Script": False}]
    script = [{"ProxyEnable": 0, "ProxyOverride": "", "Script": True}]

    told = [facts_of_seen(seen(proxy=each), a_look("windows")) for each in (past, not_past, script)]

    assert [(True, True), (True, False), (True, None)] == [
        (each["proxy.set"], each.get("proxy.bypasses")) for each in told
    ]


def test_the_users_own_store_is_told() -> None:
    """Only certificates for clients count; of one party's alone their time is told."""
    facts = certificates(seen(), NOW)

    assert {
        "certificate.found": True,
        "certificate.count": 1,
        "certificate.purpose": True,
        "certificate.key": True,
        "certificate.early": False,
        "certificate.expired": False,
        "certificate.days_left": 35,
    } == facts
    assert certificates(seen(store=None), NOW) == {}
    assert certificates(seen(store=[]), NOW) == {"certificate.found": False}


def test_without_powershell_plain_tools_tell_less() -> None:
    """ipconfig, netsh and reg tell what they can, and the probe says which program did not answer."""
    said = {
        "ipconfig.exe /all": output("windows/ipconfig-ja.txt"),
        "netsh.exe wlan": output("windows/netsh-wlan-ja.txt"),
        "reg.exe query": output("windows/reg-query.txt"),
    }

    with pytest.raises(CouldNotLook) as caught:
        windows.PROBES[0].look(a_look("windows", said))

    assert (caught.value.why, caught.value.what) == ("tool", "powershell.exe")
    assert {
        "link.interface": "イーサネット アダプター イーサネット",
        "link.carrier": True,
        "link.up_interfaces": ("イーサネット アダプター イーサネット",),
        "router.address": "fe80::1",
        "ipv4.addresses": ("192.0.2.10",),
        "ipv6.addresses": ("2001:db8:e000::10", "2001:db8:e000::abcd"),
        "ipv6.prefixes": 1,
        "ipv6.prefix": "2001:db8:e000::/64",
        "route.claims_interface": "イーサネット アダプター イーサネット",
        "route.by_line": True,
        "route.lan_overlaps": False,
        "dns.resolvers": ("2001:db8:c1a0:e::53:1", "2001:db8:c1a0:e::53:2"),
        "proxy.set": True,
        "proxy.bypasses": True,
    } == caught.value.facts


def test_the_probes_ask_powershell_first() -> None:
    """Where it answers, nothing else is run; the store is asked for alone, and not where a client's folder is."""
    given = a_look("windows", {"powershell.exe": SEEN})
    store = windows.PROBES[1]

    assert facts_of_seen(seen(), given) == windows.PROBES[0].look(given)
    assert certificates(seen(), NOW) == store.look(given)
    assert store.look(replace(given, folder=Path())) == {}


def test_a_powershell_that_is_late_costs_no_more_time() -> None:
    """Its time is nearly that of a stage: no plain tool is run after it."""
    given = replace(a_look("windows"), run=lambda argv, limit_s=0.0, /: Ran(None, late=True))

    with pytest.raises(CouldNotLook) as caught:
        windows.PROBES[0].look(given)

    assert ("refused", {}) == (caught.value.why, caught.value.facts)


def test_the_hosts_file_of_windows_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An entry for a claims name counts, one in a remark does not; a file that cannot be read says so."""
    look_at = windows.PROBES[2].look
    folder = tmp_path / "System32" / "drivers" / "etc"
    folder.mkdir(parents=True)
    monkeypatch.setenv("SYSTEMROOT", str(tmp_path))

    with pytest.raises(CouldNotLook):
        look_at(a_look("windows"))
    (folder / "hosts").write_bytes(b"127.0.0.1 localhost\r\n# 192.0.2.1 portal.claims.example\r\n")
    without = look_at(a_look("windows"))
    (folder / "hosts").write_bytes(b"192.0.2.1  other.example Portal.Claims.Example\r\n")

    assert ({"hosts.entry": False}, {"hosts.entry": True}) == (without, look_at(a_look("windows")))
    with pytest.raises(CouldNotLook):
        look_at(replace(a_look("windows"), network=None))


def test_ipconfig_is_read_alike_in_english() -> None:
    """The same items have other names, and the same meaning."""
    facts = facts_of_texts(output("windows/ipconfig-en.txt"), "", "", a_look("windows", kind="ipvpn_ipv4"))

    assert facts["router.address"] == "192.0.2.1"
    assert facts["ipv4.addresses"] == ("192.0.2.10",)
    assert facts["dns.resolvers"] == ("198.51.100.53",)
    assert facts["link.up_interfaces"] == ("Ethernet adapter Ethernet",)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("netsh-wlan-en.txt", "wpa2"),
        ("netsh-wlan-ja.txt", "wpa2"),
        ("netsh-wlan-wpa3-ja.txt", "wpa3"),
        ("netsh-wlan-open-en.txt", "none"),
        ("netsh-wlan-open-ja.txt", "none"),
        ("netsh-wlan-wep-en.txt", "wep"),
    ],
)
def test_encryption_of_the_wireless_lan_is_read_in_both_languages(name: str, expected: str) -> None:
    """Q8: an open or WEP network is told from WPA2 and WPA3, whichever language Windows speaks."""
    text = output(f"windows/{name}")
    row = {"Name": "Wi-Fi", "InterfaceType": 71, "MediaConnectState": 1, "InterfaceOperationalStatus": 1}
    given = a_look("windows")
    given = replace(given, site=replace(given.site, interface="Wi-Fi"))

    facts = facts_of_seen(seen(adapters=[row], wlan=[text]), given)

    assert [expected] == [each.encryption for each in windows_text.wireless(text)]
    assert (facts["wlan.used"], facts["wlan.encryption"]) == (True, expected)


@pytest.mark.parametrize(("name", "expected"), [("powercfg-ja.txt", 1800), ("powercfg-en.txt", 0)])
def test_sleeping_is_read_from_the_numbers(name: str, expected: int) -> None:
    """The number for mains power is the last but one in every language."""
    assert expected == windows_text.sleep_s(output(f"windows/{name}"))


def test_what_waits_for_others_is_read_from_netstat() -> None:
    """What waits has a far end of zeros; the words of the state are of a language."""
    found = windows_text.listening(output("windows/netstat.txt"))

    assert [("0.0.0.0", 135), ("192.0.2.10", 139), ("::", 445)] == [(str(at), port) for at, port in found]


def test_the_router_is_asked_where_windows_does_not_know() -> None:
    """An answer to ping has TTL in every language; silence says nothing."""
    ask = windows.PROBES[3].look
    knows = {"router.address": "192.0.2.1"}

    answered = ask(a_look("windows", {"ping.exe": "192.0.2.1 からの応答: バイト数 =32 時間 <1ms TTL=64"}, facts=knows))
    silent = ask(a_look("windows", {"ping.exe": "要求がタイムアウトしました。"}, facts=knows))

    assert ({"router.answers": True}, {}) == (answered, silent)


def test_windows_probes_run_in_the_frame_and_are_late_no_longer_than_a_stage() -> None:
    """On a PC without any of the tools the probes end at once and say what is missing."""
    looked = look(windows.PROBES, a_look("windows", facts={}))

    assert ("windows", "tool", "powershell.exe") in [(each.probe, each.why, each.what) for each in looked.blind]
    assert all(each.why != "bug" for each in looked.blind)


def test_the_command_is_one_bounded_plain_text() -> None:
    """It fits a command line of Windows, has no double quote to lose on the way, and asks every question."""
    *program, script = command(questions())

    assert "powershell.exe" == program[0]
    assert '"' not in script
    assert len(" ".join((*program, script))) < 32_000
    assert all(each.run in script for each in questions().values())


def test_every_question_names_its_documentation() -> None:
    """What is asked of Windows is asked because a page documents it."""
    assert all(each.source.startswith("https://") for each in questions().values())


def test_windows_is_read_however_powershell_wraps_a_list() -> None:
    """PowerShell 5.1 gives one row without a list, and some lists with their count."""
    one = read_seen(json.dumps({"bindings": {"Name": "LAN", "Enabled": True}}))
    counted = read_seen(json.dumps({"bindings": {"value": [{"Name": "LAN", "Enabled": True}], "Count": 1}}))

    assert one == counted == {"bindings": [{"Name": "LAN", "Enabled": True}]}


_ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
_COLUMNS = sorted({key for rows in json.loads(SEEN).values() for row in rows if isinstance(row, dict) for key in row})


@settings(max_examples=150)
@given(
    rows=st.dictionaries(
        st.sampled_from(sorted(questions())),
        st.lists(_ANY | st.dictionaries(st.sampled_from(_COLUMNS), _ANY), max_size=4),
    )
)
def test_any_answer_of_windows_gives_facts_or_none(rows: dict[str, list[object]]) -> None:
    """Whatever Windows answers, nothing breaks, and what is found is of the type of its fact."""
    found = {}

    for name, value in (
        facts_of_seen(read_seen(json.dumps(rows)), a_look("windows")) | certificates(read_seen(json.dumps(rows)), NOW)
    ).items():
        take(found, name, value)


_PIECES = st.sampled_from(
    [
        line
        for name in (
            "ipconfig-ja.txt",
            "ipconfig-en.txt",
            "netsh-wlan-ja.txt",
            "netsh-wlan-open-en.txt",
            "powercfg-ja.txt",
            "reg-query.txt",
            "netstat.txt",
        )
        for line in output(f"windows/{name}").splitlines()
    ]
)


@settings(max_examples=150)
@given(text=st.lists(_PIECES | st.text(max_size=40), max_size=25).map("\n".join))
def test_any_text_of_a_windows_tool_is_read(text: str) -> None:
    """Any text gives no exception."""
    read_seen(text)
    windows_text.listening(text)
    windows_text.sleep_s(text)
    facts = facts_of_texts(text, text, text, a_look("windows"))
    found = {}

    for name, value in facts.items():
        take(found, name, value)


def test_the_example_site_has_no_card_of_its_own() -> None:
    """The tests above rely on it."""
    assert example_site().interface == ""


@pytest.mark.parametrize(
    ("system", "said", "expected"),
    [
        (
            "windows",
            {"ping.exe -n 1 -w 1000 -f -l 1426": "192.0.2.1 からの応答: バイト数 =1426 時間 =3ms TTL=57"},
            1454,
        ),
        ("windows", {"ping.exe": "パケットの断片化が必要ですが、DF が設定されています。"}, None),
        ("macos", {"ping -n -c 1 -t 1 -D -s 1426": "", "ping -n -c 1 -t 1 -D -s 1410": ""}, 1454),
        ("linux", {"ping -n -c 1 -W 1 -M do -s 1252": ""}, 1280),
    ],
)
def test_the_largest_packet_is_measured_by_each_systems_own_ping(
    system: str, said: dict[str, str], expected: int | None
) -> None:
    """On Windows an answer has TTL, whatever the exit status; on the others the status says it."""
    assert expected == mtu.largest(a_look(system, said), "192.0.2.1")


def test_ipv6_is_measured_where_ping_can_forbid_splitting() -> None:
    """The ping of Windows and macOS can do that for IPv4 only."""
    said = {"ping -n -c 1 -W 1 -M do": "", "ping.exe": "TTL=57", "ping -n -c 1 -t 1": ""}

    told = {system: mtu.largest(a_look(system, said), "2001:db8::1") for system in ("linux", "macos", "windows")}

    assert {"linux": 1500, "macos": None, "windows": None} == told
