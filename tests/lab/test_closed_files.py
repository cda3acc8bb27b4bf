"""The closed line of the guides, swept from inside: with the rules loaded, only the claims network answers (Q1).

Every host listens on every port of the sweep, so that what does not answer was stopped by the rules.
"""

import errno
import itertools
import select
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

import pytest

from lab.net import Host, Lab
from lines.guide_cases import both, made
from seikyu.lines.site import Endpoint, Site

pytestmark = pytest.mark.needs("net")

CLAIMS = ("198.51.100.10", "2001:db8:c1a0::10")
OUTSIDE = ("203.0.113.130", "2001:db8:bad::1")
GATEWAY = "203.0.113.2"
PRINTER = "192.168.1.9"
PC = ("192.168.1.2", "2001:db8:e000:1::2")
PORTS = (22, 53, 80, 443, 445, 3389, 9100)
#: A packet that is dropped is told by nobody.
WAIT_S = 0.6


def world(lab: Lab, *, card: str) -> tuple[Host, Host]:
    """Return a PC whose card towards the line is called so, and the host that has every other address."""
    pc, world = lab.host("pc"), lab.host("world", forwards=True)
    lab.link(pc, world, [f"{PC[0]}/24", f"{PC[1]}/64"], ["192.168.1.1/24", "2001:db8:e000:1::1/64"], names=(card, "pc"))
    pc.route("default", via="192.168.1.1")
    pc.route("default", via="2001:db8:e000:1::1")
    for address in (*CLAIMS, *OUTSIDE, GATEWAY, PRINTER):
        world.address("lo", f"{address}/{128 if ':' in address else 32}")
    pc.ip("route", "replace", f"{PRINTER}/32", "via", "192.168.1.1")
    return pc, world


@contextmanager
def listening(host: Host) -> Iterator[None]:
    """Let a host listen on every port of the sweep, in both families."""
    with ExitStack() as stack:
        with host.inside():
            for port, family in itertools.product(PORTS, (socket.AF_INET, socket.AF_INET6)):
                stack.enter_context(socket.create_server(("", port), family=family))
        yield


def open_ports(host: Host, *addresses: str) -> set[tuple[str, int]]:
    """Return which of the ports answer from a host, all asked at once."""
    with ExitStack() as stack:
        asked: dict[socket.socket, tuple[str, int]] = {}
        with host.inside():
            for address, port in itertools.product(addresses, PORTS):
                family = socket.AF_INET6 if ":" in address else socket.AF_INET
                one = stack.enter_context(socket.socket(family, socket.SOCK_STREAM))
                one.setblocking(False)
                if one.connect_ex((address, port)) == errno.EINPROGRESS:
                    asked[one] = (address, port)
        end = time.monotonic() + WAIT_S
        found, left = set(), set(asked)
        while left and (wait := end - time.monotonic()) > 0:
            _, ready, _ = select.select([], left, [], wait)
            found |= {asked[one] for one in ready if not one.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)}
            left -= set(ready)
        return found


def goes_out(host: Host, address: str, port: int, *, far: Host) -> bool:
    """Tell whether a datagram to an address arrives there."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with far.inside():
        there = socket.socket(family, socket.SOCK_DGRAM)
        there.bind((address, port))
        there.settimeout(WAIT_S)
    with there, suppress(OSError):
        with host.inside(), socket.socket(family, socket.SOCK_DGRAM) as here:
            here.sendto(b"?", (address, port))
        return there.recv(10) == b"?"
    return False


def rules(line: str, *, printer: bool = False, user_space: bool = False) -> str:
    """Return the rules of a guide."""
    site = Site(area="east", printer=Endpoint(PRINTER, 9100) if printer else None)
    return made(line, "linux", site=site, network=both(), user_space=user_space)["closed.nft"].text()


@pytest.mark.parametrize(
    ("line", "card", "user_space"),
    [("ipvpn_ipv6", "eth0", False), ("ipvpn_ipv4", "ppp0", False), ("ipsec_ike", "ipsec0", True)],
)
def test_q1_only_the_claims_network_answers_over_a_closed_line(
    lab: Lab, line: str, card: str, *, user_space: bool
) -> None:
    """Before, everything does; after, pages and names of the claims network in both families, and nothing else."""
    pc, far = world(lab, card=card)
    with listening(far), listening(pc):
        everything = {(address, port) for address in (*CLAIMS, *OUTSIDE) for port in PORTS}
        assert everything == open_ports(pc, *CLAIMS, *OUTSIDE)
        assert {(address, port) for address in PC for port in PORTS} == open_ports(far, *PC)

        pc.nft(rules(line, user_space=user_space))

        assert {(address, port) for address in CLAIMS for port in (53, 443)} == open_ports(pc, *CLAIMS, *OUTSIDE)
        assert set() == open_ports(far, *PC)
    assert all(goes_out(pc, address, port, far=far) for address in CLAIMS for port in (53, 123))
    assert not any(goes_out(pc, address, port, far=far) for address in OUTSIDE for port in (53, 123, 500))
    assert "counter packets 0 " not in pc.run("nft", "list", "chain", "inet", "seikyu_closed", "output").stdout


def test_q1_without_the_tunnel_only_the_gateway_is_reached(lab: Lab) -> None:
    """By IKE alone; the claims network is not reached in the clear."""
    pc, far = world(lab, card="eth0")
    with listening(far):
        pc.nft(rules("ipsec_ike"))

        assert set() == open_ports(pc, *CLAIMS, *OUTSIDE, GATEWAY)
    assert all(goes_out(pc, GATEWAY, port, far=far) for port in (500, 4500))
    assert not any(goes_out(pc, GATEWAY, port, far=far) for port in (53, 1194))


def test_q5_the_named_printer_is_reached_and_no_other(lab: Lab) -> None:
    """On its ports alone."""
    pc, far = world(lab, card="ppp0")
    with listening(far):
        pc.nft(rules("ipvpn_ipv4", printer=True))

        assert {(PRINTER, 9100)} == open_ports(pc, PRINTER, "192.168.1.1")


def test_the_rules_are_loaded_again_and_taken_away_as_the_guide_says(lab: Lab) -> None:
    """Loading twice leaves one table; the undo leaves none."""
    pc, far = world(lab, card="eth0")
    for _ in range(2):
        pc.nft(rules("ipvpn_ipv6"))
    assert pc.run("nft", "list", "tables").stdout.count("seikyu_closed") == 1

    pc.run("nft", "delete", "table", "inet", "seikyu_closed")
    with listening(far):
        assert len(open_ports(pc, OUTSIDE[0])) == len(PORTS)
