"""A gateway with real tunnels: who comes in, from which address, what is reached, and who is thrown out."""

import re
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
    assert one.connect()
