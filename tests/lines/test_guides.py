"""Guides for every line and system: the right steps, whom to call, files that hold no secret and do not break out."""

import re
import tomllib
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis.strategies import characters, text

from lines.guide_cases import BARE, EVERY, FULL, both, made
from seikyu.lines.filling import BadValue, places
from seikyu.lines.guide import Guide, UnknownChoice, Wish, browsers, guide_of, read, systems, table
from seikyu.lines.guide_files import SetUpFile, files_of
from seikyu.lines.kinds import line_kinds
from seikyu.lines.network import ClaimsNetwork, example_network, read_network
from seikyu.lines.site import Site

NETWORK = example_network()
ROOT = Path(__file__).resolve().parents[2]
LANGS = ("ja", "en")
SMALL = 'published_on = 2026-11-01\nprefixes = ["2001:db8::/32"]\n'


def guide(line: str, system: str, *, site: Site = FULL, lang: str = "en", network: ClaimsNetwork = NETWORK) -> Guide:
    """Return a guide."""
    return guide_of(Wish(line, system), network, site, lang="ja" if lang == "ja" else "en")


def words(told: Guide, *sections: str) -> str:
    """Return all that a guide says, or what some of its sections say."""
    chosen = [each for each in told.sections if not sections or each.name in sections]
    return "\n".join(f"{step.text}\n{step.command}" for each in chosen for step in each.steps)


@pytest.mark.parametrize("wish", EVERY, ids=lambda wish: f"{wish.line}-{wish.system}")
@pytest.mark.parametrize("lang", LANGS)
def test_q6_every_line_and_system_has_a_guide_that_says_whom_to_call(wish: Wish, lang: str) -> None:
    """IP-VPN and ISDN: the network desk with its number; IPsec: the provider alone (network:10)."""
    told = guide(wish.line, wish.system, lang=lang)
    desk = words(told, "desk")

    assert told.sections[-1].name == "desk"
    if wish.line == "ipsec_ike":
        assert "例示VPN" in desk
        assert "0120-000-001" not in desk
        assert ("扱いません" if lang == "ja" else "does not take IPsec") in desk
        assert "C-0001" in desk
    else:
        assert "0120-000-001" in desk
        assert (wish.line != "isdn") == ("CAF0000000000" in desk)
    assert ("暗証番号、パスワード、鍵" if lang == "ja" else "Never say PIN, password or key") in desk
    assert "@@" not in words(told)


def test_q6_pppoe_is_made_on_the_pc_or_the_router_and_ipoe_needs_no_password() -> None:
    """IPv4: PPPoE with the id of the notice; IPv6: IPoE, no id and no password."""
    assert "Broadband (PPPoE)" in words(guide("ipvpn_ipv4", "windows"))
    assert "pass-through" in words(guide("ipvpn_ipv4", "router"))
    assert "no user id and no password" in words(guide("ipvpn_ipv6", "windows"))
    assert "line.example" in words(guide("ipvpn_ipv4", "windows"))


@pytest.mark.parametrize("system", ["windows", "linux", "macos", "router"])
def test_q12_the_guide_for_ipv6_ip_vpn_is_there_for_each_system(system: str) -> None:
    """IPoE with the resolvers of the site's area, line authentication, certificate, first test."""
    east = guide("ipvpn_ipv6", system)
    text = words(east)

    assert ["before", "line", "machine", "closed", "certificate", "browser", "test", "trouble", "desk"][:3] == [
        each.name for each in east.sections
    ][:3]
    assert "https://auth.lineauth.example" in text
    assert "2001:db8:c1a0:e::53:1" in text or system in {"linux", "macos"}
    assert "2001:db8:c1a0:f::53:1" not in text


def test_q12_the_files_of_an_area_name_its_resolvers_alone() -> None:
    """Resolvers of the other area answer with what this line cannot reach (row V05)."""
    east = made("ipvpn_ipv6", "linux")["claims-ipoe.nmconnection"].text()
    west = made("ipvpn_ipv6", "linux", site=BARE)["claims-ipoe.nmconnection"].text()

    assert "c1a0:e::53:1" in east
    assert "c1a0:f::" not in east
    assert "c1a0:f::53:1" in west


def test_q11_ipv6_is_off_in_every_guide_and_file_for_ipv4() -> None:
    """The steps say so for the PC, and so do the files."""
    for system in ("windows", "macos", "linux", "router"):
        assert "Q11" in words(guide("ipvpn_ipv4", system), "machine")
    files_linux, files_windows = made("ipvpn_ipv4", "linux"), made("ipvpn_ipv4", "windows")

    assert "[ipv6]\nmethod=disabled" in files_linux["claims-pppoe.nmconnection"].text()
    assert "[ipv6]\nmethod=disabled" in files_linux["claims-carrier.nmconnection"].text()
    assert "noipv6" in files_linux["ppp-peer"].text()
    assert "Disable-NetAdapterBinding" in files_windows["pppoe.ps1"].text()


def test_q5_a_printer_is_the_sites_own_responsibility_and_an_exception_if_it_is_named() -> None:
    """The guide says both; the rules let the named printer through and no other."""
    assert "own responsibility. (Q5)" in words(guide("ipvpn_ipv6", "windows"), "closed")
    assert "own responsibility. (Q5)" in words(guide("ipvpn_ipv6", "windows", site=BARE), "closed")
    assert "192.0.2.200" in made("ipvpn_ipv6", "linux")["closed.nft"].text()
    assert "'192.0.2.200'" in made("ipvpn_ipv6", "windows")["closed.ps1"].text()
    assert "Q5" not in made("ipvpn_ipv6", "linux", site=BARE)["closed.nft"].text()


def test_q8_wireless_lan_must_be_encrypted() -> None:
    """Allowed at the site's own responsibility, never open."""
    for line in ("ipvpn_ipv6", "ipvpn_ipv4", "ipsec_ike"):
        assert "must be encrypted" in words(guide(line, "windows"), "line")
        assert "必ず暗号化" in words(guide(line, "windows", lang="ja"), "line")


def test_q1_the_closed_line_lets_only_the_claims_network_through() -> None:
    """By default nothing leaves and nobody comes in; IPsec lets the gateway through besides."""
    rules = made("ipvpn_ipv6", "linux")["closed.nft"].text()
    tunnel = made("ipsec_ike", "linux")["closed.nft"].text()

    assert rules.count("policy drop") == 3
    assert "203.0.113.2" not in rules
    assert "elements = { 203.0.113.2 }" in tunnel
    assert "rt ipsec exists jump claims" in tunnel
    assert 'oifname "ipsec*" jump claims' in made("ipsec_ike", "linux", user_space=True)["closed.nft"].text()


def test_prefixes_that_overlap_are_one() -> None:
    """The rules name the wider one alone; nftables would refuse both."""
    rules = made("ipvpn_ipv6", "linux", network=both())["closed.nft"].text()

    assert "elements = { 198.51.100.0/24 }" in rules
    assert "elements = { 2001:db8:c1a0::/48 }" in rules


OUTSIDE = """
published_on = 2026-11-01
prefixes = ["2001:db8:c1a0::/48", "198.51.100.0/24"]
domains = ["claims.example"]
[areas.east]
resolvers = ["2001:db8:53::1"]
[pppoe]
resolvers = ["203.0.113.53"]
[ipsec]
gateway = "vpn.provider.example"
addresses = ["203.0.113.2"]
resolvers = ["203.0.113.54"]
"""


def test_a_resolver_outside_the_prefixes_is_let_through_and_reached() -> None:
    """The rules, the routes and the tunnel take it in: without names nothing of the claims network opens."""
    network = read_network(OUTSIDE)
    ipoe, pppoe = (made(line, "linux", network=network) for line in ("ipvpn_ipv6", "ipvpn_ipv4"))
    ipsec = made("ipsec_ike", "linux", network=network)

    assert "elements = { 2001:db8:53::1/128, 2001:db8:c1a0::/48 }" in ipoe["closed.nft"].text()
    assert "203.0.113.53/32" in pppoe["closed.nft"].text()
    assert "=203.0.113.53/32" in pppoe["claims-pppoe.nmconnection"].text()
    assert "ip route replace '203.0.113.53/32'" in pppoe["ppp-ip-up"].text()
    assert "203.0.113.54/32" in ipsec["closed.nft"].text()
    assert "203.0.113.54/32" in ipsec["swanctl.conf"].text()
    assert "'203.0.113.54/32'" in made("ipsec_ike", "windows", network=network)["closed.ps1"].text()
    assert "203.0.113.53" not in ipoe["closed.nft"].text(), "that of another line is not let through"


V4_ONLY = 'published_on = 2026-11-01\nprefixes = ["198.51.100.0/24"]\ndomains = ["claims.example"]\n'
V6_ONLY = SMALL + 'domains = ["claims.example"]\n'


@pytest.mark.parametrize("text", [SMALL, V4_ONLY, V6_ONLY, OUTSIDE], ids=["small", "v4", "v6", "outside"])
@pytest.mark.parametrize("wish", EVERY, ids=lambda wish: f"{wish.line}-{wish.system}")
def test_no_step_names_a_file_that_was_not_made(wish: Wish, text: str) -> None:
    """Whatever the network publishes: a clerk would look for it in vain."""
    network = read_network(text)
    here = {each.name for each in files_of(wish, network, Site()).files}
    missing = {each["name"] for each in table("files.toml")["files"]} - here

    for lang in LANGS:
        told = words(guide(wish.line, wish.system, site=Site(), lang=lang, network=network))
        assert set() == {name for name in missing if re.search(rf"(?<![\w-]){re.escape(name)}", told)}


def test_a_line_that_the_network_cannot_carry_has_no_closed_rules() -> None:
    """Rules that let nothing through would only shut the claims out; it is said what is not published."""
    told = files_of(Wish("ipvpn_ipv4", "linux"), read_network(V6_ONLY), Site())

    assert "closed.nft" not in {each.name for each in told.files}
    assert ("prefixes (IPv4)",) == told.left_out["closed.nft"]
    left = files_of(Wish("ipvpn_ipv6", "linux"), read_network(V4_ONLY), Site()).left_out
    assert ("areas.….resolvers (IPv6)",) == left["claims-ipoe.nmconnection"]


def test_a_network_without_areas_asks_for_none() -> None:
    """There is nothing to choose from; its files are left out and said so."""
    assert words(guide("ipvpn_ipv6", "windows", site=Site(), network=read_network(SMALL)))


def test_ten_thousand_prefixes_are_in_the_rules_and_not_in_a_sentence() -> None:
    """A step names the first of them and says how many there are."""
    many = ", ".join(f'"2001:db8:{number:x}::/64"' for number in range(10_000))
    network = read_network(f"published_on = 2026-11-01\nprefixes = [{many}]\n")

    told = words(guide("ipvpn_ipv6", "linux", site=Site(), network=network), "closed")

    assert len(told) < 3000
    assert "2001:db8:1::/64" in told
    assert made("ipvpn_ipv6", "linux", site=Site(), network=network)["closed.nft"].text().count("/64") == 10_000


def test_ipsec_has_its_certificate_before_the_connection_that_needs_it() -> None:
    """Every other line has the line first: its certificate site lies inside."""
    for system in systems():
        names = [each.name for each in guide("ipsec_ike", system).sections]
        assert names.index("certificate") < names.index("machine")
        names = [each.name for each in guide("ipvpn_ipv6", system).sections]
        assert names.index("machine") < names.index("certificate")
    order = table("steps.toml")["order"]
    assert {each["name"] for each in table("steps.toml")["sections"]} == set(order["ipsec_ike"])


@pytest.mark.parametrize("line", ["ipvpn_ipv6", "ipvpn_ipv4", "ipsec_ike"])
def test_certificate_and_root_are_taken_into_every_browser(line: str) -> None:
    """Without that no certificate can be chosen (rows C05, C08); the root's fingerprint is compared first."""
    for system, browser in (
        ("windows", "edge"), ("windows", "chrome"), ("windows", "firefox"), ("macos", "safari"), ("macos", "chrome"),
        ("macos", "firefox"), ("linux", "chrome"), ("linux", "firefox"),
    ):  # fmt: skip
        told = guide_of(Wish(line, system, browser=browser), NETWORK, FULL, lang="en")
        assert "claims.p12" in words(told, "browser"), (system, browser)
        assert "ca.crt" in words(told, "browser"), (system, browser)
        assert "https://cert.claims.example/cert/root.crt" in words(told, "certificate")
        assert "fingerprint" in words(told, "certificate")
        assert "--ca-sha256 FINGERPRINT" in words(told, "certificate"), "the root is given out as DER, --ca reads PEM"


@pytest.mark.parametrize("line", ["ipvpn_ipv6", "ipvpn_ipv4", "ipsec_ike"])
def test_a_script_is_tried_and_then_run(line: str) -> None:
    """What is typed as it stands has to change something in the end; each is run as administrator."""
    told = guide(line, "windows")
    typed = [each for step in told.sections for s in step.steps for each in s.command.splitlines() if ".ps1" in each]

    assert typed
    assert [each for each in typed if "-WhatIf" in each] == [
        f"{each} -WhatIf" for each in typed if "-WhatIf" not in each
    ]
    for section in told.sections:
        for step in section.steps:
            assert ".ps1 " not in step.command or "administrator" in step.text


def test_a_place_for_what_only_the_site_knows_is_named_in_words() -> None:
    """Nobody may type it as it stands."""
    for system in ("windows", "linux"):
        for section in guide("ipvpn_ipv4", system).sections:
            for step in section.steps:
                assert "LINE-USER-ID" not in step.command or "LINE-USER-ID" in step.text
    pppd = words(guide("ipvpn_ipv4", "linux"), "machine")
    assert "LINE-USER-ID in ppp-peer and chap-secrets.example" in pppd
    assert "net.ipv6.conf.enp3s0.disable_ipv6=1" in pppd


def test_eligibility_checking_is_not_closed_off_unawares() -> None:
    """The rules are for claims alone; who uses the same PC or line for both is told so before the rules are loaded."""
    for system in ("windows", "linux", "router"):
        told = words(guide("ipvpn_ipv6", system), "closed")
        assert "would stop eligibility checking" in told
    assert "would stop" not in words(guide("ipvpn_ipv6", "linux", site=Site(area="east", eligibility=False)), "closed")


def test_the_notice_of_a_change_has_all_that_it_asks_for() -> None:
    """A command that the office refuses for what it lacks helps nobody."""
    typed = words(guide("ipvpn_ipv4", "windows"), "before")

    assert {"effective_on", "connection", "customer_id", "contact", "phone"} == set(re.findall(r"(\w+)=", typed))


def test_the_hosts_file_keeps_its_letters() -> None:
    """Names and remarks in Japanese that others have put there."""
    for name in ("ipsec.ps1", "ipsec-undo.ps1"):
        text = made("ipsec_ike", "windows")[name].text()
        assert "-Encoding Ascii" not in text
        assert text.count("-Encoding Default") == 2


def test_q13_who_checks_eligibility_over_ipv6_is_told_and_so_is_the_change_of_line() -> None:
    """Same line for both; from IPv4 a notice is filed."""
    assert "eligibility checking" in words(guide("ipvpn_ipv6", "windows"), "before")
    assert "変更届" in words(guide("ipvpn_ipv4", "windows"), "before")


def test_a_closed_line_stays_closed_after_a_restart() -> None:
    """Rules of nftables that are only loaded are gone then; Windows keeps its own, and what a second run closes."""
    assert "systemctl enable nftables" in words(guide("ipvpn_ipv6", "linux"), "closed")
    assert "$before.Rules = @($before.Rules) + $names" in made("ipvpn_ipv6", "windows")["closed.ps1"].text()


def test_the_router_lets_the_tunnel_itself_out() -> None:
    """Who blocks all but the claims network has no IKE and so no tunnel."""
    told = words(guide("ipsec_ike", "router"), "closed")

    assert "UDP 500 and 4500 and ESP to the gateway (203.0.113.2)" in told
    assert "UDP 500" not in words(guide("ipvpn_ipv6", "router"), "closed")


def test_isdn_says_that_it_is_history() -> None:
    """And brings no files; the desk knows such a line by the number that it dials from."""
    assert "the number that you dial from" in words(guide("isdn", "windows", site=Site()), "desk")
    assert "history" in words(guide("isdn", "windows"), "before")
    assert {} == made("isdn", "windows")


def test_what_a_site_does_not_say_leaves_both_steps_in() -> None:
    """Telephone unknown: both ways are told; known: the one that fits."""
    both_ways, with_telephone = words(guide("ipvpn_ipv6", "router", site=BARE)), words(guide("ipvpn_ipv6", "router"))

    assert "Without a telephone" in both_ways
    assert "With a telephone" in both_ways
    assert "Without a telephone" not in with_telephone


def test_the_browser_is_the_systems_own_or_the_one_that_is_named() -> None:
    """Each has its steps."""
    for name in browsers():
        system = "macos" if name == "safari" else "windows"
        told = guide_of(Wish("ipvpn_ipv6", system, browser=name), NETWORK, FULL, lang="en")
        assert "pop-up" in words(told, "browser").lower()
    assert "keychain" in words(guide("ipvpn_ipv6", "macos"), "browser")


@pytest.mark.parametrize(
    ("wish", "site", "what", "known"),
    [
        (Wish("adsl", "windows"), FULL, "line", "ipvpn_ipv6, ipvpn_ipv4, isdn, ipsec_ike"),
        (Wish("ipvpn_ipv6", "beos"), FULL, "os", "windows, macos, linux, router"),
        (Wish("ipvpn_ipv6", "windows", browser="lynx"), FULL, "browser", "edge, chrome, firefox, safari"),
        (Wish("ipvpn_ipv6", "windows"), Site(area="north"), "area", "east, west"),
        (Wish("ipvpn_ipv6", "windows"), Site(), "area", "east, west"),
    ],
)
def test_an_unknown_choice_is_refused_with_the_known_ones(wish: Wish, site: Site, what: str, known: str) -> None:
    """In one line, for the guide and for the files."""
    for make in (lambda: guide_of(wish, NETWORK, site, lang="en"), lambda: files_of(wish, NETWORK, site)):
        with pytest.raises(UnknownChoice) as refused:
            make()
        assert (what, known) == (refused.value.facts["what"], refused.value.facts["known"])


def test_a_network_with_one_area_needs_no_area_from_the_site() -> None:
    """And other lines than IPv6 never do."""
    assert "c1a0:e::53:1" in made("ipvpn_ipv6", "linux", site=Site(), network=both())["claims-ipoe.nmconnection"].text()
    assert made("ipvpn_ipv4", "linux", site=Site())


def test_a_file_whose_facts_are_not_published_is_left_out_and_said() -> None:
    """A network without a gateway and without resolvers still has a guide."""
    network = read_network(SMALL)
    told = files_of(Wish("ipsec_ike", "linux"), network, Site())

    assert {"swanctl.conf": ("ipsec.gateway", "ipsec.addresses"), "closed.nft": ("ipsec.addresses",)} == told.left_out
    assert ["strongswan.conf"] == [each.name for each in told.files]
    assert "―" not in words(guide_of(Wish("ipvpn_ipv4", "windows"), network, Site(), lang="ja"))


@pytest.mark.parametrize("wish", EVERY, ids=lambda wish: f"{wish.line}-{wish.system}")
def test_no_file_holds_a_secret(wish: Wish) -> None:
    """A password is named only where it has to be put in by hand, and no private key and no PIN is there."""
    for file in made(wish.line, wish.system).values():
        assert not re.search(r"PRIVATE KEY|-{5}BEGIN|L2tpPsk|ConvertTo-SecureString", file.text())
        assert "CAF0000000000" not in file.text()


def test_the_same_network_and_site_make_the_same_files() -> None:
    """Byte for byte, so that a second folder can be compared with the first; connections keep their numbers."""
    assert made("ipvpn_ipv4", "linux") == made("ipvpn_ipv4", "linux")
    numbers = re.findall(r"uuid=(\S+)", "".join(each.text() for each in made("ipvpn_ipv4", "linux").values()))
    assert len(set(numbers)) == 2
    assert all(
        re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", no) for no in numbers
    )


def test_windows_reads_its_scripts_as_utf_8() -> None:
    """With the mark and CRLF: PowerShell 5.1 reads others in the code page of the machine."""
    named = made("ipvpn_ipv6", "windows", site=Site(area="east", interface="イーサネット 2"))["ipoe.ps1"]

    assert named.content.startswith(b"\xef\xbb\xbf")
    assert b"'" + "イーサネット 2".encode() + b"'" in named.content
    assert named.content.count(b"\n") == named.content.count(b"\r\n")
    assert "network card up" in named.purpose("en")
    assert "ネットワークカード" in named.purpose("ja")


ODD = text(characters(categories=("L", "N", "P", "S", "Zs")), min_size=1, max_size=30)


@given(ODD)
def test_a_name_of_an_interface_breaks_out_of_no_file(name: str) -> None:
    """Each file is refused, or has the shape that it has with an ordinary name."""
    for line, system in (
        ("ipvpn_ipv6", "linux"),
        ("ipvpn_ipv4", "linux"),
        ("ipvpn_ipv6", "windows"),
        ("ipvpn_ipv6", "macos"),
    ):
        ordinary = made(line, system, site=Site(area="east", interface="eth0"))
        try:
            odd = made(line, system, site=Site(area="east", interface=name))
        except BadValue:
            continue
        assert {key: len(file.text().splitlines()) for key, file in ordinary.items()} == {
            key: len(file.text().splitlines()) for key, file in odd.items()
        }


def test_the_tables_hang_together() -> None:
    """Sections, lines, systems and browsers that are named exist; every template is used, and every source is known."""
    steps, rows = table("steps.toml"), table("files.toml")["files"]
    sources = tomllib.loads((ROOT / "docs" / "sources.toml").read_text("utf-8"))
    known = {"line": line_kinds(), "os": systems(), "browser": browsers(), "area": {}}
    assert {each["section"] for each in steps["steps"]} == {each["name"] for each in steps["sections"]}
    for each in [*steps["steps"], *rows]:
        for name, asked in each.get("when", {}).items():
            assert isinstance(asked, bool) or set(asked) <= set(known[name])
        assert each["source"].partition(":")[0] in sources
        assert each["ja"]
        assert each["en"]
    templates = {each.name for each in (files("seikyu.lines") / "guides" / "files").iterdir()}
    assert templates == {each["template"] for each in rows}
    assert {kind.contract for kind in line_kinds().values()} == set(steps["contracts"])


def test_every_place_of_a_template_has_a_value() -> None:
    """For each line; a place that nobody fills would show when it is too late."""
    for each in table("files.toml")["files"]:
        for line in each["when"]["line"]:
            for system in each["when"]["os"]:
                network = both()
                file: SetUpFile = made(line, system, network=network)[each["name"]]
                assert "@@" not in file.text()
                assert places(read(f"files/{each['template']}")) is not None


def test_japanese_and_english_name_the_same_values() -> None:
    """A step says the same in both languages."""
    for each in table("steps.toml")["steps"]:
        assert places(each["ja"]) == places(each["en"]), each["en"]
