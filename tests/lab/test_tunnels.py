"""A clinic that comes by IPsec over the Internet: its claims arrive, nothing else leaves, and revoked is out."""

import json
import time
from pathlib import Path

import pytest

from lab.net import Host, until
from lab.office import Desk, Office
from lab.provider import Provider
from lab.town import OFFICE, OUTSIDE, PUBLIC, Town
from lab.tunnel import Client

pytestmark = [pytest.mark.slow, pytest.mark.needs("net", "bridge", "dnsmasq", "strongswan", "ping")]


def connects(host: Host, address: str, port: int) -> bool:
    """Tell whether a TCP connection comes about within 2 s."""
    code = f"import socket; socket.create_connection(({address!r}, {port}), timeout=2)"
    return 0 == host.run("python3", "-c", code, check=False).returncode


def test_q2_claims_are_sent_through_a_tunnel(town: Town, office: Office, provider: Provider, tmp_path: Path) -> None:
    """The files of the guide bring the tunnel up; the office sees the address of the tunnel, and the names are its own."""
    desk = Desk.at(town.pc, office)
    client = Client.at(desk)
    claims = tmp_path / "RECEIPTC.UKE"
    claims.write_bytes(office.unsent(1))

    client.start()
    address = client.up()
    sent = json.loads(desk.run("send", claims, "--json", check=False).stdout)

    assert sent["id"] in office.sendings()
    assert [(desk.party, [address], PUBLIC[0])] == [
        (row["party"], row["addresses"], row["host"]) for row in provider.tunnels()
    ]


def test_q1_a_closed_line_reaches_the_claims_network_alone(town: Town, office: Office, provider: Provider) -> None:
    """Before the guide's filter is loaded the Internet answers; after it nothing does but the desk (Q1, row S02)."""
    desk = Desk.at(town.pc, office)
    client = Client.at(desk)
    town.outside.spawn("python3", "-m", "http.server", "80")
    until("the Internet answers", lambda: connects(town.pc, OUTSIDE, 80))

    client.close()
    client.start()
    client.up()

    reached = {
        (address, port): connects(town.pc, address, port) for address in (OUTSIDE, OFFICE[0]) for port in (80, 443)
    }
    assert {(OFFICE[0], 443)} == {place for place, came in reached.items() if came}
    assert 0 == desk.run("status").returncode


def test_a_revoked_terminal_is_thrown_out_and_stays_out(town: Town, office: Office, provider: Provider) -> None:
    """`seikyu ca revoke` is enough: the tunnel ends within seconds, and it cannot be had again."""
    desk = Desk.at(town.pc, office)
    client = Client.at(desk)
    client.start()
    client.up()

    began = time.monotonic()
    office.run("ca", "revoke", "--party", desk.party, "--reason", "key_compromise")
    client.down()
    print(f"out after {time.monotonic() - began:.1f} s, the command among them")
    client.load()
    until("the client was told no", lambda: client.said("AUTHENTICATION_FAILED"))

    assert (None, []) == (client.address(), provider.tunnels())
    assert "no address was found" in desk.run("status", check=False).stderr
