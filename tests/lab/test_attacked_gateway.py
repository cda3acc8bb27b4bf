"""A gateway that is attacked: by a terminal with a good certificate, and by neighbours of the machine."""

import fcntl
import os
import shutil
import signal
import socket
import struct
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
import vici
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from lab.gateway import CLAIMS, CLAIMS_6, ESP, IKE, Client, Provider, connection
from lab.net import Lab, until
from seikyu.adapters.charon import Charon, settings_text

pytestmark = [pytest.mark.needs("net", "strongswan", "bridge"), pytest.mark.slow]

PARTY, OTHER = "9911000015", "9911000023"


@pytest.fixture
def provider() -> Iterator[Provider]:
    """Return a provider whose gateway does not run yet."""
    with Lab() as lab:
        yield Provider(lab)


def dials(client: Client, **changes: Any) -> list[str]:
    """Dial with another connection than the guide's, and return the addresses that came of it."""
    own = x509.load_pem_x509_certificates(client.files["cert"].read_bytes())[0].public_bytes(Encoding.DER)
    section = connection(own)
    section["children"]["claims"] |= changes.pop("child", {})
    section["local"] |= changes.pop("local", {})
    with client.session() as session:
        session.load_conn({"odd": section | changes})
    if not client.connect(name="odd", limit_ms=3000):
        return []
    return client.addresses(name="odd")


def selectors(provider: Provider) -> set[str]:
    """Return what the gateway's own daemon takes out of tunnels."""
    found: set[str] = set()
    with provider.gateway.inside(), socket.socket(socket.AF_UNIX) as line:
        line.connect(str(provider.folder / "gateway-state" / "charon.vici"))
        for told in vici.Session(line).list_sas():
            for sa in told.values():
                for child in sa["child-sas"].values():
                    found |= {each.decode() for each in child["remote-ts"]}
    return found


def test_nobody_goes_through_the_machine_but_by_a_tunnel(provider: Provider) -> None:
    """The machine forwards, and its neighbours know: neither do they reach the claims network, nor it the Internet."""
    stranger = provider.lab.host("stranger")
    provider.lab.plug(provider.internet, stranger, ["203.0.113.99/24", "2001:db8:0:1::99/64"])
    stranger.route("198.51.100.0/24", via="203.0.113.2")
    stranger.route("2001:db8:c1a1::/48", via="2001:db8:0:1::2")
    stranger.spawn("python3", "-m", "http.server", "443", "--bind", "203.0.113.99")
    provider.clinic("one", PARTY, "desk 1")
    provider.start()

    for address in (CLAIMS, CLAIMS_6):
        with stranger.inside(), pytest.raises(OSError, match="timed out"):
            socket.create_connection((address, 443), timeout=1)
    with provider.claims.inside(), pytest.raises(OSError, match="timed out"):
        socket.create_connection(("203.0.113.99", 443), timeout=1)

    assert provider.dropped()["outside"] >= 3


def test_a_terminal_gets_no_address_but_its_own(provider: Provider) -> None:
    """Whatever it asks for: another's address, another's as what it stands for, another's name, or no address at all."""
    one, other = provider.clinic("one", PARTY, "desk 1"), provider.clinic("other", OTHER, "desk")
    provider.start()
    assert other.connect()
    others = other.addresses()
    assert one.connect()
    mine = one.addresses()
    one.disconnect()

    assert dials(one, vips=others) in ([], mine)
    one.disconnect(name="odd")
    dials(one, child={"local_ts": [*others, "0.0.0.0/0", "::/0"]})
    assert selectors(provider) <= {f"{each}/{32 if '.' in each else 128}" for each in (*mine, *others)}
    one.disconnect(name="odd")
    assert not dials(one, vips=[])
    name = f"asn1dn:#{_name_of(other)}"
    assert not dials(one, local={"id": name})
    assert others == other.addresses()
    assert other.reaches(CLAIMS, 443)


def test_certificates_of_the_office_that_are_none_of_a_terminal_at_this_time_open_nothing(provider: Provider) -> None:
    """A server's, one that has ended, one that has not begun; and the right one of the same terminal does."""
    one = provider.clinic("one", PARTY, "desk 1")
    ended = provider.office.issue(
        PARTY, "desk 1", one.host.folder / "ended", at=datetime.now(UTC) - timedelta(days=1500)
    )
    early = provider.office.issue(PARTY, "desk 1", one.host.folder / "early", at=datetime.now(UTC) + timedelta(days=2))
    server = one.files | {"cert": provider.folder / "gateway.pem", "key": provider.folder / "gateway.key"}
    provider.start()

    for name, files in (("ended", ended), ("early", early), ("server", server)):
        one.load(files, name=name)
        assert not one.connect(name=name, limit_ms=3000), name

    assert one.connect()


def test_packets_out_of_a_tunnel_that_are_not_a_claim_come_to_nothing(provider: Provider) -> None:
    """Foreign sources, the link's own, groups, ICMP, pieces, packets within packets, and headers before the port."""
    provider.start()
    before = provider.dropped()
    with provider.gateway.inside():
        tunnel = _device("ipsec9")
    provider.gateway.ip("link", "set", "dev", "ipsec9", "up")
    provider.gateway.ip("route", "add", "192.0.2.2/32", "dev", "ipsec9")
    heard = [each.spawn(sys.executable, "-c", _HEARS) for each in (provider.claims, provider.internet)]
    for each in heard:
        each.says("ready")
    inside, inside_6, port = "192.0.2.1", "2001:db8:7::1", 9999
    packets = {
        "a source of nobody": _ip("203.0.113.9", CLAIMS, 17, _udp(53)),
        "a source of the claims network": _ip(CLAIMS, inside, 17, _udp(53)),
        "the link's own": _ip6("fe80::1", CLAIMS_6, 17, _udp(53)),
        "another port": _ip(inside, CLAIMS, 17, _udp(port)),
        "the Internet": _ip(inside, "203.0.113.99", 17, _udp(53)),
        "the Internet, IPv6": _ip6(inside_6, "2001:db8:0:1::99", 17, _udp(53)),
        "a group": _ip6(inside_6, "ff02::1", 17, _udp(53)),
        "the gateway": _ip(inside, "198.51.100.1", 17, _udp(500)),
        "another tunnel": _ip(inside, "192.0.2.2", 17, _udp(53)),
        "an echo": _ip(inside, CLAIMS, 1, bytes([8, 0, 0, 0, 0, 1, 0, 1]) + _WORD),
        "a piece": _ip(inside, CLAIMS, 17, _udp(port), more=True),
        "a later piece": _ip(inside, CLAIMS, 17, _WORD, offset=185),
        "IPv6 within IPv4": _ip(inside, CLAIMS, 41, _ip6(inside_6, CLAIMS_6, 17, _udp(53))),
        "IPv4 within IPv6": _ip6(inside_6, CLAIMS_6, 4, _ip(inside, CLAIMS, 17, _udp(53))),
        "a header before the port": _ip6(inside_6, CLAIMS_6, 60, bytes([17, 0, 1, 4, 0, 0, 0, 0]) + _udp(port)),
        "IPv4 as IPv6": _ip6("::ffff:192.0.2.1", CLAIMS_6, 17, _udp(53)),
    }

    for packet in packets.values():
        os.write(tunnel, packet)
    os.write(tunnel, _ip(inside, CLAIMS, 17, _udp(53)))
    os.write(tunnel, _ip6(inside_6, CLAIMS_6, 17, _udp(53)))
    os.close(tunnel)

    until("what may pass has passed", lambda: heard[0].log().count("spoken") >= 2)
    assert heard[0].log().count("spoken") == 2
    assert "spoken" not in heard[1].log()
    after = provider.dropped()
    assert {why for why in after if after[why] > before[why]} >= {"spoofed", "not_claims", "to_another", "gateway"}


def test_a_tunnel_that_comes_and_goes_is_told_once(provider: Provider) -> None:
    """Not once for the line and once for what goes over it."""
    one = provider.clinic("one", PARTY, "desk 1")
    provider.start()

    assert one.connect()
    until("it is told", lambda: provider.told("up"))
    one.disconnect()
    until("it is told", lambda: provider.told("down"))
    time.sleep(1)

    assert (1, 1) == (len(provider.told("up")), len(provider.told("down")))


def test_a_filter_that_was_emptied_stands_again(provider: Provider) -> None:
    """The table is there, and so are its counters; its rules are not."""
    one = provider.clinic("one", PARTY, "desk 1")
    provider.start()
    assert one.connect()

    provider.gateway.run("nft", "flush", "chain", "inet", "seikyu_gateway", "from_tunnel")
    until("the operator is told", lambda: len(provider.told("firewall_again")) == 1, limit_s=5)
    provider.gateway.run("nft", "flush", "table", "inet", "seikyu_gateway")
    until("the operator is told", lambda: len(provider.told("firewall_again")) == 2, limit_s=5)

    assert one.reaches(CLAIMS, 443)
    assert one.reaches(CLAIMS, 80) is None


def test_the_tables_of_others_stay_as_they_are(provider: Provider) -> None:
    """Whatever the gateway puts up, mends and takes away."""
    provider.gateway.nft(
        "table inet theirs {\n chain input {\n  type filter hook input priority 0;\n  tcp dport 22 accept\n }\n}"
    )
    before = provider.gateway.run("nft", "list", "table", "inet", "theirs").stdout
    provider.start()
    provider.gateway.run("nft", "delete", "table", "inet", "seikyu_gateway")
    until("the operator is told", lambda: provider.told("firewall_again"), limit_s=5)

    assert provider.stop() == 0

    assert before == provider.gateway.run("nft", "list", "table", "inet", "theirs").stdout


def test_who_is_kept_waiting_is_so_no_longer_when_the_gateway_ends(provider: Provider) -> None:
    """The supervisor is stopped while it restores its daemon, which another has the ports of by now."""
    provider.clinic("one", PARTY, "desk 1")
    provider.start()
    daemon = int((provider.folder / "gateway-state" / "charon.pid").read_text())
    with provider.gateway.inside():
        other = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        os.kill(daemon, signal.SIGKILL)
        until("the port is free", lambda: _bound(other))
        until("it is told", lambda: provider.told("daemon_not_back"))
        assert "seikyu_gateway_wait" in provider.gateway.run("nft", "list", "tables").stdout

        assert provider.stop() == 0

        assert "seikyu_gateway_wait" not in provider.gateway.run("nft", "list", "tables").stdout


def _bound(line: socket.socket) -> bool:
    try:
        line.bind(("", 4500))
    except OSError:
        return False
    return True


def test_without_its_filter_nobody_stays_connected(provider: Provider) -> None:
    """When the filter cannot be put up again the supervisor ends, and with it the daemon."""
    one = provider.clinic("one", PARTY, "desk 1")
    programs = provider.folder / "programs"
    programs.mkdir()
    nft = programs / "nft"
    nft.symlink_to(shutil.which("nft") or "/usr/sbin/nft")
    provider.start(PATH=f"{programs}:{os.environ['PATH']}")
    assert one.connect()
    daemon = int((provider.folder / "gateway-state" / "charon.pid").read_text())

    nft.unlink()
    nft.write_text("#!/bin/sh\nexit 1\n")
    nft.chmod(0o755)

    assert provider.running
    assert provider.running.wait() == 3
    assert not Path(f"/proc/{daemon}").exists()
    assert one.reaches(CLAIMS, 443) is None


def test_a_daemon_that_hangs_is_ended_and_started_again(provider: Provider) -> None:
    """It takes conversations and answers none; whoever was revoked meanwhile does not come back."""
    one, other = provider.clinic("one", PARTY, "desk 1"), provider.clinic("other", OTHER, "desk")
    provider.start()
    assert one.connect()
    assert other.connect()
    daemon = int((provider.folder / "gateway-state" / "charon.pid").read_text())

    os.kill(daemon, signal.SIGSTOP)
    provider.office.revoke(*provider.office.serials[PARTY, "desk 1"])

    until("it is restored", lambda: len(provider.told("ready")) == 2, limit_s=150, pause_s=1)
    assert provider.told("daemon_gone")
    assert not Path(f"/proc/{daemon}").exists()
    until("the good one is back", lambda: other.reaches(CLAIMS, 443), limit_s=60, pause_s=1)
    assert not one.connect()


def test_connections_of_others_in_a_daemon_of_the_system_are_left_alone(provider: Provider) -> None:
    """Many may come by one of theirs; each that comes is no reason to end those before."""
    system = Charon(provider.gateway.folder / "system")
    system.folder.mkdir()
    system.settings.write_text(settings_text(system, esp="user", per_host=50), "utf-8")
    provider.gateway.spawn("charon-systemd", env={"STRONGSWAN_CONF": str(system.settings)})
    until("the system's daemon is there", system.listens)
    text = (provider.folder / "gateway.toml").read_text("utf-8")
    (provider.folder / "gateway.toml").write_text(text.replace('vici = ""', f'vici = "{system.socket}"'), "utf-8")
    key = {"local": {"auth": "psk", "id": "theirs"}, "remote": {"auth": "psk"}, "version": "2", "proposals": [IKE]}
    child = {"claims": {"local_ts": ["198.51.100.0/24"], "remote_ts": ["192.168.0.0/16"], "esp_proposals": [ESP]}}
    with provider.gateway.inside(), socket.socket(socket.AF_UNIX) as line:
        line.connect(str(system.socket))
        session = vici.Session(line)
        session.load_conn({"theirs": key | {"unique": "never", "children": child}})
        session.load_shared({"type": "ike", "data": "a secret of theirs"})
    provider.start()
    guests = [provider.clinic(f"guest{n}", PARTY, f"desk {n}") for n in range(2)]

    for number, each in enumerate(guests):
        with each.session() as session:
            session.load_shared({"type": "ike", "data": "a secret of theirs"})
            asked = {"local": {"auth": "psk", "id": f"guest{number}"}, "remote": {"auth": "psk", "id": "theirs"}}
            child = {"claims": {"remote_ts": ["198.51.100.0/24"], "esp_proposals": [ESP]}}
            session.load_conn(
                {"theirs": key | asked | {"remote_addrs": ["203.0.113.2"], "encap": "yes", "children": child}}
            )
        assert each.connect(name="theirs")
    time.sleep(2)

    with provider.gateway.inside(), socket.socket(socket.AF_UNIX) as line:
        line.connect(str(system.socket))
        assert len([told for told in vici.Session(line).list_sas() if "theirs" in told]) == 2


def _name_of(client: Client) -> str:
    own = x509.load_pem_x509_certificates(client.files["cert"].read_bytes())[0]
    return own.subject.public_bytes().hex()


def _device(name: str) -> int:
    """Make a device as the daemon makes one for tunnels, and return where packets are written to it."""
    line = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(line, 0x400454CA, struct.pack("16sH22s", name.encode(), 0x1001, b""))  # TUNSETIFF: TUN without a head
    return line


def _ip(source: str, target: str, protocol: int, body: bytes, *, more: bool = False, offset: int = 0) -> bytes:
    """Return a packet of IPv4."""
    ends = ip_address(source).packed + ip_address(target).packed
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), 7, more << 13 | offset, 64, protocol, 0) + ends
    total = sum(struct.unpack("!10H", head))
    total = (total & 0xFFFF) + (total >> 16)
    return head[:10] + struct.pack("!H", ~(total + (total >> 16)) & 0xFFFF) + head[12:] + body


def _ip6(source: str, target: str, protocol: int, body: bytes) -> bytes:
    """Return a packet of IPv6."""
    ends = ip_address(source).packed + ip_address(target).packed
    return struct.pack("!IHBB", 0x60000000, len(body), protocol, 64) + ends + body


def _udp(port: int) -> bytes:
    """Return a datagram; without a sum, which a filter does not look at."""
    return struct.pack("!HHHH", 40000, port, 8 + len(_WORD), 0) + _WORD


_WORD = b"spoken in a tunnel"

#: Says of every packet that comes in that it holds the word.
_HEARS = """
import socket
line = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
print("ready", flush=True)
while True:
    packet, sender = line.recvfrom(65535)
    if b"spoken in" in packet and sender[2] != 4:
        print("spoken", flush=True)
"""
