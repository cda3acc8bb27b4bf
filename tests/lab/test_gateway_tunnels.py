"""A gateway with real tunnels: who comes in, from which address, what is reached, and who is thrown out."""

import os
import re
import signal
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from lab.gateway import CLAIMS, CLAIMS_6, Provider
from lab.net import Lab, until

pytestmark = [pytest.mark.needs("net", "strongswan", "bridge"), pytest.mark.slow]

PARTY, OTHER = "9911000015", "9911000023"


@pytest.fixture
def provider() -> Iterator[Provider]:
    """Return a provider whose gateway does not run yet."""
    with Lab() as lab:
        yield Provider(lab)


def test_a_terminal_has_its_address_whenever_it_comes(provider: Provider) -> None:
    """Also from behind another connection; and another party has another."""
    one, other = provider.clinic("one", PARTY, "受付 1号機"), provider.clinic("other", OTHER, "desk")
    provider.start()

    assert one.connect()
    first = one.addresses()
    assert other.connect()
    second = other.addresses()
    one.disconnect()
    assert one.connect()

    assert first == one.addresses()
    assert len(first) == len(second) == 2
    assert not set(first) & set(second)
    rows = {(each["party"], each["terminal"]): each["addresses"] for each in provider.status()["tunnels"]}
    assert {(PARTY, "受付 1号機"): first, (OTHER, "desk"): second} == rows


def test_a_tunnel_reaches_the_claims_addresses_and_nothing_else(provider: Provider) -> None:
    """In both families: 443 and 53, and no other port; not the gateway; not another tunnel; and nobody from outside."""
    one, other = provider.clinic("one", PARTY, "desk 1"), provider.clinic("other", OTHER, "desk")
    provider.start()
    assert one.connect()
    assert other.connect()
    (mine, mine_6), (others, _) = one.addresses(), other.addresses()
    other.host.spawn("python3", "-m", "http.server", "443", "--bind", others)

    assert mine in one.reaches(CLAIMS, 443)
    assert mine_6 in one.reaches(CLAIMS_6, 443)
    assert mine in one.reaches(CLAIMS, 53)
    assert one.reaches(CLAIMS, 80) is None
    assert one.reaches("198.51.100.1", 22) is None
    assert one.reaches(others, 443) is None
    assert 1 == provider.claims.run("ping", "-c", "1", "-W", "1", mine, check=False).returncode
    assert "198.51.100.53" in (one.charon.folder / "resolv.conf").read_text()


def test_the_gateway_answers_names_if_it_is_the_resolver_and_nothing_else(provider: Provider) -> None:
    """By its address in the claims network."""
    text = (provider.folder / "gateway.toml").read_text("utf-8")
    (provider.folder / "gateway.toml").write_text(text.replace('"198.51.100.53"', '"198.51.100.1"'), "utf-8")
    one = provider.clinic("one", PARTY, "desk 1")
    provider.gateway.spawn("python3", "-m", "http.server", "53", "--bind", "198.51.100.1")
    provider.gateway.spawn("python3", "-m", "http.server", "443", "--bind", "198.51.100.1")
    provider.start()
    assert one.connect()

    until("names are answered", lambda: one.opens("198.51.100.1", 53))
    until("the other port is there", lambda: provider.gateway.run("ss", "-Hltn", "sport = :443").stdout)

    assert not one.opens("198.51.100.1", 443)
    assert "nameserver 198.51.100.1" in (one.charon.folder / "resolv.conf").read_text()


def test_an_address_of_the_pool_counts_only_out_of_a_tunnel(provider: Provider) -> None:
    """Somebody in the Internet who writes it on packets reaches nothing."""
    stranger = provider.lab.host("stranger")
    provider.lab.plug(provider.internet, stranger, ["203.0.113.99/24"])
    stranger.address("lo", "192.0.2.1/32")
    stranger.ip("route", "add", "198.51.100.0/24", "via", "203.0.113.2", "src", "192.0.2.1")
    provider.clinic("one", PARTY, "desk 1")
    provider.start()

    with stranger.inside(), pytest.raises(OSError, match="timed out"):
        socket.create_connection((CLAIMS, 443), timeout=1)

    assert provider.dropped()["spoofed"] > 0


def test_nothing_leaves_in_clear_when_a_tunnel_has_gone(provider: Provider) -> None:
    """An answer of the claims network comes when supervisor and daemon are dead, and the way out is the Internet."""
    one = provider.clinic("one", PARTY, "desk 1")
    provider.gateway.route("default", via="203.0.113.11")
    provider.start()
    assert one.connect()
    with provider.claims.inside():
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with one.host.inside():
        asking = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with server, asking:
        server.bind((CLAIMS, 53))
        server.settimeout(5)
        asking.sendto(b"name?", (CLAIMS, 53))
        _, back = server.recvfrom(100)
        assert provider.running
        provider.running.kill()
        os.kill(int((provider.folder / "gateway-state" / "charon.pid").read_text()), signal.SIGKILL)
        until("the tunnel's device is gone", lambda: "ipsec0" not in provider.gateway.ip("link"))
        before = provider.dropped()["in_clear"]

        server.sendto(b"secret", back)

        until("it was dropped", lambda: provider.dropped()["in_clear"] > before)


def test_a_filter_that_was_taken_away_stands_again(provider: Provider) -> None:
    """As when somebody flushes the rules of the machine."""
    one = provider.clinic("one", PARTY, "desk 1")
    provider.start()
    assert one.connect()

    provider.gateway.run("nft", "flush", "ruleset")

    until("the operator is told", lambda: provider.told("firewall_again"), limit_s=15)
    assert one.reaches(CLAIMS, 443)
    assert one.reaches(CLAIMS, 80) is None


def test_keys_are_made_anew_while_a_tunnel_goes_on(provider: Provider) -> None:
    """Those of the line and those of the tunnel; the terminal keeps its address."""
    one = provider.clinic("one", PARTY, "desk 1")
    provider.start()
    assert one.connect()
    mine = one.addresses()

    with one.session() as session:
        session.rekey({"child": "claims"})
        session.rekey({"ike": "claims"})

    until("the tunnel carries", lambda: one.addresses() == mine and one.reaches(CLAIMS, 443))
    assert provider.told("up")


def test_terminals_of_a_new_key_of_the_authority_come_in(provider: Provider) -> None:
    """Nobody starts the gateway anew; who came by the old key stays."""
    one, other = provider.clinic("one", PARTY, "desk 1"), provider.clinic("other", OTHER, "desk")
    provider.start()
    assert one.connect()

    provider.office.roll_over()
    other.load(provider.office.issue(OTHER, "desk 2", other.host.folder / "second"), name="second")

    until("it comes in", lambda: other.connect(name="second"), limit_s=20)
    assert one.addresses()
    assert one.reaches(CLAIMS, 443)


def test_a_client_comes_by_ipv6_as_well(provider: Provider) -> None:
    """The line outside is of one kind, the tunnel inside of both."""
    one = provider.clinic("one", PARTY, "desk 1")
    provider.lab.plug(provider.internet, one.host, ["2001:db8:0:1::99/64"])
    provider.start()
    one.load(one.files, name="six", gateway="2001:db8:0:1::2")

    assert one.connect(name="six")

    assert one.reaches(CLAIMS, 443)
    assert ["2001:db8:0:1::99"] == [each["host"] for each in provider.status()["tunnels"]]


def test_whoever_is_revoked_is_out_within_seconds_and_stays_out(provider: Provider) -> None:
    """The trap: a daemon that remembers a good certificate lets it in again after a newer list."""
    one, other = provider.clinic("one", PARTY, "desk 1"), provider.clinic("other", OTHER, "desk")
    provider.start()
    assert one.connect()
    assert other.connect()

    provider.office.revoke(*provider.office.serials[PARTY, "desk 1"])

    until("the tunnel is gone", lambda: not one.addresses(), limit_s=5)
    assert not one.connect()
    assert [each["terminal"] for each in provider.status()["tunnels"]] == ["desk"]
    assert one.reaches(CLAIMS, 443) is None


def test_a_revoked_certificate_beside_a_good_one_of_the_same_terminal_is_out(provider: Provider) -> None:
    """The connection stays, for the good one; the tunnel of the revoked one does not."""
    one = provider.clinic("one", PARTY, "desk 1")
    newer = provider.office.issue(PARTY, "desk 1", one.host.folder / "newer")
    provider.start()
    assert one.connect()
    first = one.addresses()

    provider.office.revoke(provider.office.serials[PARTY, "desk 1"][0])

    until("the tunnel is gone", lambda: not one.addresses(), limit_s=5)
    assert not one.connect()
    one.load(newer)
    assert one.connect()
    assert first == one.addresses()


def test_a_certificate_that_came_in_again_before_the_list_was_there_is_out_twice(provider: Provider) -> None:
    """The rows know first, and the daemon goes by the list: in between the terminal's connection is open for its good one."""
    one = provider.clinic("one", PARTY, "desk 1")
    provider.office.issue(PARTY, "desk 1", one.host.folder / "newer")
    provider.start()
    assert one.connect()

    provider.office.revoke(provider.office.serials[PARTY, "desk 1"][0], listed=False)
    until("it is out by the rows", lambda: len(provider.told("thrown_out")) == 1, limit_s=5)
    one.connect()
    provider.office.list()

    until("the list is there", lambda: len(provider.told("list")) == 2, limit_s=5)
    until("the tunnel is gone", lambda: not provider.status()["tunnels"], limit_s=5)
    assert not one.connect()


def test_metrics_say_how_it_stands_and_nobodys_name(provider: Provider) -> None:
    """On a socket of the gateway's own."""
    one = provider.clinic("one", PARTY, "受付 1号機")
    provider.start()
    assert one.connect()
    assert one.reaches(CLAIMS, 80) is None

    def metrics() -> str:
        with provider.gateway.inside(), socket.create_connection(("127.0.0.1", 9464), timeout=5) as line:
            line.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
            return b"".join(iter(lambda: line.recv(65536), b"")).decode()

    text = until("the tunnel is counted", lambda: (t := metrics()) and "seikyu_gateway_tunnels 1.0" in t and t)

    assert "seikyu_gateway_daemon_up 1.0" in text
    assert "seikyu_gateway_firewall_up 1.0" in text
    assert re.search(r'seikyu_gateway_dropped_packets_total\{why="not_claims"\} [1-9]', text)
    assert re.search(r"seikyu_gateway_list_left_seconds [56]\d{5}\.", text)
    for personal in (PARTY, "受付", one.addresses()[0]):
        assert personal not in text


def test_an_old_list_lets_nobody_in(provider: Provider) -> None:
    """Strict: past its end a list says nothing; the supervisor says so."""
    one = provider.clinic("one", PARTY, "desk 1")
    provider.office.list(at=datetime.now(UTC) - timedelta(days=7, hours=1))
    provider.start()

    assert not one.connect()
    until("the operator is told", lambda: provider.told("list_over"))

    provider.office.list()
    until("the new list is there", lambda: len(provider.told("list")) == 2)
    # It is told when it is taken; the daemon has it a moment later.
    until("who knocks again comes in", one.connect)
