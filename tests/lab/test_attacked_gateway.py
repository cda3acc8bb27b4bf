"""A gateway that is attacked: by a terminal with a good certificate, and by neighbours of the machine."""

import fcntl
import os
import socket
import struct
import sys
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any

import pytest
import vici
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from lab.gateway import CLAIMS, CLAIMS_6, Client, Provider, connection
from lab.net import Lab, until

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
