"""Every configuration file that a guide brings is accepted by its own program, and a broken one is not."""

import configparser
import plistlib
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from set_up_checkers import (
    StrongSwan,
    check,
    commands_wrong,
    items,
    network_manager,
    nft,
    powershell_errors,
    pppd,
    strong_swan,
    unasked,
)

from lines.guide_cases import BARE, EVERY, FULL, both, made
from seikyu.lines.guide import Wish, table
from seikyu.lines.guide_files import SetUpFile
from seikyu.lines.site import Endpoint, Site

APPLE = tomllib.loads((Path(__file__).parent / "apple_keys.toml").read_text("utf-8"))
WINDOWS = tomllib.loads((Path(__file__).parent / "windows_commands.toml").read_text("utf-8"))
V6_PRINTER = Site(area="east", interface="eth0.1", printer=Endpoint("2001:db8:1::9", 631))


def every(ending: str) -> list[Any]:
    """Return each file of that ending that any guide brings, for several sites and networks."""
    found: dict[bytes, Any] = {}
    for wish in EVERY:
        for site in (FULL, BARE, V6_PRINTER):
            for network in (None, both()):
                if network and site is BARE:
                    continue
                for user_space in (False, True):
                    files = made(wish.line, wish.system, site=site, network=network, user_space=user_space)
                    for each in files.values():
                        if each.name.endswith(ending):
                            name = f"{wish.line}-{wish.system}-{each.name}-{len(found)}"
                            found.setdefault(each.content, pytest.param(each, id=name))
    assert found
    return list(found.values())


@pytest.mark.parametrize("file", every(".nmconnection"))
def test_network_manager_understands_every_item_of_a_keyfile(file: SetUpFile) -> None:
    """What NetworkManager writes again holds every item with its value; one that it does not know it would leave out."""
    said, understood = network_manager(file.text())

    assert said.status == 0, said.text
    assert {(section, name, value) for section, rows in items(file.text()).items() for name, value in rows.items()} <= {
        (section, name, value) for section, rows in understood.items() for name, value in rows.items()
    }


@pytest.mark.parametrize(
    ("line", "name", "good", "broken"),
    [
        ("ipvpn_ipv4", "claims-pppoe.nmconnection", "method=disabled", "method=sometimes"),
        ("ipvpn_ipv4", "claims-pppoe.nmconnection", "mtu=1454", "mtuu=1454"),
        ("ipvpn_ipv4", "claims-pppoe.nmconnection", "route1=198.51.100.0/24", "route1=198.51.100.0/99"),
        ("ipvpn_ipv6", "claims-ipoe.nmconnection", "dns=2001:db8", "dns=2001:xx8"),
        ("ipvpn_ipv6", "claims-ipoe.nmconnection", "type=ethernet", "type=carrier-pigeon"),
        ("ipvpn_ipv4", "claims-carrier.nmconnection", "uuid=", "uid="),
    ],
)
def test_a_broken_keyfile_is_seen(line: str, name: str, good: str, broken: str) -> None:
    """The same check fails: NetworkManager refuses, or what it understood lacks something."""
    text = made(line, "linux")[name].text()
    assert good in text
    said, understood = network_manager(text.replace(good, broken))

    known = {(section, key, value) for section, rows in understood.items() for key, value in rows.items()}
    asked = {
        (section, key, value)
        for section, rows in items(text.replace(good, broken)).items()
        for key, value in rows.items()
    }
    assert said.status != 0 or not asked <= known


@pytest.mark.parametrize("file", every("ppp-peer"))
def test_pppd_takes_the_peer(file: SetUpFile, tmp_path: Path) -> None:
    """The program pppd reads every option, IPv6 off among them, and the user as one word."""
    said = pppd(tmp_path, file.text())

    assert said.status == 0, said.text
    assert "user LINE-USER-ID@line.example" in said.text
    assert "noipv6" in said.text


@pytest.mark.parametrize(("good", "broken"), [("mtu 1454", "mtu many"), ("noipv6", "noipv66"), ("nodefault", "nodef")])
def test_a_broken_peer_is_seen(good: str, broken: str, tmp_path: Path) -> None:
    """The program pppd refuses what it does not know."""
    said = pppd(tmp_path, made("ipvpn_ipv4", "linux")["ppp-peer"].text().replace(good, broken))

    assert said.status != 0


def test_the_line_of_chap_secrets_has_four_words() -> None:
    """Client, server, secret and addresses; the secret is a place to be filled in by hand."""
    import shlex

    text = made("ipvpn_ipv4", "linux")["chap-secrets.example"].text()
    rows = [shlex.split(line) for line in text.splitlines() if not line.startswith("#")]

    assert rows == [["LINE-USER-ID@line.example", "*", "PASSWORD-OF-THE-NOTICE", "*"]]


@pytest.mark.parametrize("file", every(".nft"))
def test_nftables_takes_the_rules_of_the_closed_line(file: SetUpFile) -> None:
    """With each line, with and without printer, for both families."""
    said = nft(file.text())

    assert (0, "") == (said.status, said.text)


@pytest.mark.parametrize(("good", "broken"), [("policy drop", "policy dorp"), ("198.51.100.0/24", "198.51.100.0/240")])
def test_broken_rules_are_seen(good: str, broken: str) -> None:
    """The program nft refuses them."""
    said = nft(made("ipvpn_ipv4", "linux")["closed.nft"].text().replace(good, broken))

    assert said.status != 0


@pytest.mark.parametrize("file", every("claims-dnsmasq.conf"))
def test_dnsmasq_takes_the_split(file: SetUpFile, tmp_path: Path) -> None:
    """The syntax is right; with a number for a name it is not."""
    good, bad = tmp_path / "good", tmp_path / "bad"
    good.write_bytes(file.content)
    bad.write_text(file.text().replace("server=/claims.example/", "server=/claims.example/x"), "utf-8")

    assert check("dnsmasq", "--test", f"--conf-file={good}").status == 0
    assert check("dnsmasq", "--test", f"--conf-file={bad}").status != 0


@pytest.fixture(scope="module")
def swan(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StrongSwan]:
    """Return a daemon of our own that has read our own piece of its settings, too."""
    more = made("ipsec_ike", "linux")["strongswan.conf"].text()
    with strong_swan(tmp_path_factory.mktemp("swan") / "etc", more=more) as running:
        yield running


@pytest.mark.parametrize("file", every("swanctl.conf"))
def test_strongswan_takes_the_connection(file: SetUpFile, swan: StrongSwan) -> None:
    """One connection is loaded, none fails, with certificate, key and CA from the folders that the guide names."""
    said = swan.load(file.text(), everything=True)

    assert said.status == 0, said.text
    assert "successfully loaded 1 connections" in said.text
    assert "loaded certificate from" in said.text
    assert "loaded private key from" in said.text
    assert "fail" not in said.text
    assert "vpn.provider.example" in swan.connections()


@pytest.mark.parametrize(
    ("good", "broken"),
    [
        ("aes256gcm16-prfsha384-ecp384", "rot13"),
        ("aes256gcm16-ecp384", "aes999"),
        ("mobike = yes", "mobike = perhaps"),
        ("dpd_delay = 5s", "dpd_delay = soon"),
        ("claims-ca.pem", "nobody.pem"),
        ("remote_ts = ", "remote_ts = everything, "),
        ("auth = pubkey", 'auth = "'),
    ],
)
def test_a_broken_connection_is_seen(good: str, broken: str, swan: StrongSwan) -> None:
    """The daemon refuses it."""
    text = made("ipsec_ike", "linux")["swanctl.conf"].text()
    assert good in text
    said = swan.load(text.replace(good, broken))

    assert said.status != 0, said.text


@pytest.mark.parametrize("file", every(".ps1"))
def test_the_grammar_of_powershell_takes_every_script(file: SetUpFile) -> None:
    """No place of it is unknown to the grammar; it begins with the mark by which Windows knows UTF-8."""
    assert file.content.startswith(b"\xef\xbb\xbf")
    assert powershell_errors(file.text()) == []


def test_a_broken_script_is_seen() -> None:
    """The grammar says where."""
    text = made("ipvpn_ipv6", "windows")["ipoe.ps1"].text()

    assert powershell_errors(text.replace("if ($card.Count -ne 1) {", "if ($card.Count -ne 1 {")) != []


@pytest.mark.parametrize("file", every(".ps1"))
def test_a_script_changes_nothing_with_what_if(file: SetUpFile) -> None:
    """Every command that changes something stands in a block that asks ShouldProcess first."""
    assert unasked(file.text()) == []
    assert "SupportsShouldProcess" in file.text()


@pytest.mark.parametrize("file", every(".ps1"))
def test_windows_documents_every_command_of_a_script(file: SetUpFile) -> None:
    """With each parameter, and with each value where the parameter takes only some."""
    assert commands_wrong(file.text(), WINDOWS) == []


def test_windows_documents_every_command_of_a_step() -> None:
    """Those that are typed by hand, programs beside."""
    programs = {
        "powershell": {"parameters": ["ExecutionPolicy", "File", "Interface", "WhatIf"]},
        "rasdial": {"parameters": []},
    }
    rows = [each for each in table("steps.toml")["steps"] if each.get("when", {}).get("os") == ["windows"]]
    typed = "\n".join(each.get("command", "") for each in rows).replace("@@pppoe_user@@ *", "")

    assert "Import-PfxCertificate" in typed
    assert commands_wrong(typed, {**WINDOWS, **programs}) == []


@pytest.mark.parametrize(
    ("good", "broken", "told"),
    [
        ("-DHGroup ECP384", "-DHGroup ECP385", "Set-VpnConnectionIPsecConfiguration -DHGroup ECP385"),
        ("-TunnelType", "-Tunneltyp", "Add-VpnConnection -Tunneltyp"),
        ("Clear-DnsClientCache", "Clear-DnsCache", "Clear-DnsCache"),
    ],
)
def test_a_command_that_windows_does_not_know_is_seen(good: str, broken: str, told: str) -> None:
    """A slip in a command, a parameter or a value."""
    text = made("ipsec_ike", "windows")["ipsec.ps1"].text().replace(good, broken)

    assert told in commands_wrong(text, WINDOWS)


def test_a_change_without_asking_is_seen() -> None:
    """A command outside of every such block is found."""
    text = made("ipvpn_ipv6", "windows")["ipoe.ps1"].text()

    assert unasked(text + "Disable-NetAdapter -Name x\n") == ["Disable-NetAdapter -Name x"]


@pytest.mark.parametrize("file", [*every("ipoe.sh"), *every("undo.sh"), *every("ppp-ip-up")])
def test_the_shell_takes_every_script(file: SetUpFile, tmp_path: Path) -> None:
    """`sh -n` reads it whole; one with a quotation mark too many it does not."""
    path = tmp_path / "script"
    path.write_bytes(file.content)
    assert check("sh", "-n", path).status == 0

    path.write_bytes(file.content + b"'\n")
    assert check("sh", "-n", path).status != 0


def test_the_phone_book_has_one_broadband_connection() -> None:
    """Type 5 by PPPoE, no IPv6, no password kept. Source: windows-docs:rasentry."""
    file = made("ipvpn_ipv4", "windows")["claims.pbk"]
    book = configparser.RawConfigParser(strict=False)
    book.optionxform = str  # type: ignore[assignment,method-assign]
    book.read_string(file.text())

    assert ["claims"] == book.sections()
    assert ("5", "8", "0", "PPPoE") == tuple(
        book["claims"][name] for name in ("Type", "ExcludedProtocols", "UseRasCredentials", "DEVICE")
    )


def keys_wrong(payload: dict[str, Any], known: dict[str, str], required: list[str]) -> list[str]:
    """Return the keys that Apple does not list or lists with another type, and those that are missing."""
    types = {str: "string", int: "integer", bool: "boolean", list: "array", dict: "dictionary", bytes: "data"}
    wrong = [name for name, value in payload.items() if known.get(name) != types[type(value)]]
    return wrong + [name for name in required if name not in payload]


@pytest.mark.parametrize("file", every(".mobileconfig"))
def test_the_profile_of_macos_has_only_keys_that_apple_lists(file: SetUpFile) -> None:
    """Each payload's keys and types are those of the list; no password and no certificate is in it."""
    profile = plistlib.loads(file.content)
    common, top = APPLE["common"], APPLE["top"]
    assert keys_wrong(profile, {**common["keys"], **top["keys"]}, [*common["required"], *top["required"]]) == []
    assert [each["PayloadType"] for each in profile["PayloadContent"]] == [
        "com.apple.vpn.managed",
        "com.apple.security.pkcs12",
    ]
    for each in profile["PayloadContent"]:
        rows = APPLE[each["PayloadType"]]
        assert keys_wrong(each, {**common["keys"], **rows["keys"]}, [*common["required"], *rows["required"]]) == []
    vpn, certificate = profile["PayloadContent"]
    ike = vpn["IKEv2"]
    assert keys_wrong(ike, APPLE["IKEv2"]["keys"], APPLE["IKEv2"]["required"]) == []
    for name in ("IKESecurityAssociationParameters", "ChildSecurityAssociationParameters"):
        assert keys_wrong(ike[name], APPLE["SecurityAssociation"]["keys"], []) == []
        assert ike[name]["EncryptionAlgorithm"] in APPLE["SecurityAssociation"]["EncryptionAlgorithm"]
        assert ike[name]["IntegrityAlgorithm"] in APPLE["SecurityAssociation"]["IntegrityAlgorithm"]
        assert ike[name]["DiffieHellmanGroup"] in APPLE["SecurityAssociation"]["DiffieHellmanGroup"]
    assert certificate["PayloadUUID"] == ike["PayloadCertificateUUID"]
    assert certificate["PayloadContent"] == b""
    assert not {"Password", "SharedSecret", "AuthPassword"} & {*ike, *certificate}
    assert keys_wrong({**ike, "Passwort": ""}, APPLE["IKEv2"]["keys"], []) == ["Passwort"]


def test_every_file_of_the_list_is_checked_here() -> None:
    """A row of `files.toml` whose ending no test above knows would never be looked at."""
    known = (
        ".ps1", ".pbk", ".nmconnection", "ppp-peer", "chap-secrets.example", "ppp-ip-up", ".nft", "swanctl.conf",
        "strongswan.conf", "claims-resolved.conf", "claims-dnsmasq.conf", ".sh", ".mobileconfig", "router-values.txt",
    )  # fmt: skip

    assert [row["name"] for row in table("files.toml")["files"] if not row["name"].endswith(known)] == []
    assert Wish("ipsec_ike", "linux") in EVERY


@pytest.mark.parametrize("file", every("claims-resolved.conf"))
def test_the_piece_for_resolved_sends_only_the_claims_names(file: SetUpFile) -> None:
    """systemd-resolved has no checker: the items are those of its manual, and every domain only routes."""
    piece = configparser.RawConfigParser()
    piece.optionxform = str  # type: ignore[assignment,method-assign]
    piece.read_string(file.text())

    assert {"DNS", "Domains", "DNSSEC", "DNSOverTLS"} == set(piece["Resolve"])
    assert all(each.startswith("~") for each in piece["Resolve"]["Domains"].split())
