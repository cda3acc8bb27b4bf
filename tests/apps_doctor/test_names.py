"""Names asked for at small resolvers on loopback that behave as good and bad ones do."""

import socket
import struct
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from ipaddress import ip_address
from threading import Thread

import pytest

from seikyu.apps.doctor import names, names_ask
from seikyu.apps.doctor import names_wire as wire
from seikyu.apps.doctor.probing import CouldNotLook, Look
from seikyu.apps.doctor.tools import Ran
from seikyu.lines.facts import Facts
from seikyu.lines.network import Area, ClaimsNetwork, example_network
from seikyu.lines.site import Site

NAMES = tuple(example_network().names.values())
PORTAL = example_network().names["portal"]
BIG = example_network().names["certificates"]
PORT = 53535
SET, CLOSED = "127.0.53.1", "127.0.53.2"


@dataclass(frozen=True)
class Ways:
    """How a resolver behaves. `big`: the answer for one name does not fit into 512 bytes."""

    knows: bool = True
    edns: bool = True
    tcp: bool = True
    big: bool = True
    drops_big: bool = False
    lacks: str = ""


def answer(asked: bytes, ways: Ways, *, udp: bool) -> bytes | None:
    """Return what a resolver of these ways answers; None if nothing."""
    edns = int.from_bytes(asked[10:12], "big") > 0
    if edns and not ways.edns:
        return None
    at = 12
    labels = []
    while asked[at]:
        labels.append(asked[at + 1 : at + 1 + asked[at]].decode())
        at += 1 + asked[at]
    kind = int.from_bytes(asked[at + 1 : at + 3], "big")
    asks = asked[12 : at + 5]
    name = ".".join(labels)
    body = b""
    count = 0
    knows = ways.knows and name != ways.lacks
    if knows and kind == wire.A:
        count = 40 if ways.big and name == BIG else 1
        body = b"".join(
            b"\xc0\x0c" + struct.pack(">HHIH", wire.A, 1, 60, 4) + bytes([192, 0, 2, no]) for no in range(count)
        )
    code = wire.NO_ERROR if knows else wire.NO_SUCH_NAME
    opt = b"\x00" + struct.pack(">HHIH", 41, 1232, 0, 0) if edns else b""
    flags = 0x8180 | code
    if udp and len(body) > (1232 if edns else 400):
        if ways.drops_big:
            return None
        flags, body, count = flags | 0x0200, b"", 0
    return asked[:2] + struct.pack(">HHHHH", flags, 1, count, 0, bool(opt)) + asks + body + opt


def datagrams(udp: socket.socket, ways: Ways, over: list[int]) -> None:
    """Answer questions by UDP, each after something that is no answer."""
    while not over:
        with suppress(TimeoutError):
            asked, whence = udp.recvfrom(4096)
            if (said := answer(asked, ways, udp=True)) is not None:
                udp.sendto(b"garbage", whence)
                udp.sendto(said, whence)


def streams(tcp: socket.socket, ways: Ways, over: list[int]) -> None:
    """Answer questions by TCP, in pieces."""
    while not over:
        with suppress(TimeoutError):
            line, _ = tcp.accept()
            with line:
                line.settimeout(1)
                said = answer(line.recv(4096)[2:], ways, udp=False) or b""
                line.sendall(len(said).to_bytes(2, "big"))
                line.sendall(said)


@contextmanager
def resolver(address: str, ways: Ways) -> Iterator[None]:
    """Have a resolver of these ways at an address of loopback."""
    over: list[int] = []
    with ExitStack() as stack:
        udp = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        udp.bind((address, PORT))
        threads = [Thread(target=datagrams, args=(udp, ways, over))]
        udp.settimeout(0.1)
        if ways.tcp:
            tcp = stack.enter_context(socket.create_server((address, PORT)))
            tcp.settimeout(0.1)
            threads.append(Thread(target=streams, args=(tcp, ways, over)))
        for each in threads:
            each.start()
        try:
            yield
        finally:
            over.append(1)
            for each in threads:
                each.join()


def network() -> ClaimsNetwork:
    """Return a network whose closed resolver is on loopback."""
    area = Area("east", "東", "East", (ip_address(CLOSED),), ())
    return replace(example_network(), areas={"east": area})


def found(set_: Ways | None, closed: Ways | None, *, resolvers: tuple[str, ...] = (SET,)) -> Facts:
    """Return what the probe finds with these resolvers; None for a silent one."""
    look = Look(
        "linux",
        lambda argv: Ran(None, missing=True),
        lambda: datetime.now(UTC),
        site=Site(area="east"),
        network=network(),
        facts={"dns.resolvers": resolvers},
    )
    with ExitStack() as stack:
        for address, ways in ((SET, set_), (CLOSED, closed)):
            if ways:
                stack.enter_context(resolver(address, ways))
        return names.look(look, port=PORT)


@pytest.fixture(autouse=True)
def only_the_closed_area(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the other resolvers of the example, and do not wait long for silence."""
    monkeypatch.setattr(names, "MOST_CLOSED", 1)
    monkeypatch.setattr(names_ask, "ANSWER_S", 0.6)
    monkeypatch.setattr(names_ask, "_AGAIN_S", 0.3)


def test_the_right_resolvers_find_everything() -> None:
    """All names, with EDNS0, by TCP, and an answer over 512 bytes."""
    facts = found(Ways(), Ways(), resolvers=(CLOSED,))

    assert {
        "dns.portal_found": True,
        "dns.found_at_closed": True,
        "dns.closed_answers": True,
        "dns.missing": (),
        "dns.large_fails": False,
        "dns.edns": True,
        "dns.tcp": True,
        "dns.resolver_area": "east",
    } == facts


def test_a_resolver_that_knows_nothing_is_the_wrong_one() -> None:
    """The names are found at the closed one alone (V03)."""
    facts = found(Ways(knows=False), Ways())

    assert (False, True, True) == tuple(
        facts[f"dns.{each}"] for each in ("portal_found", "found_at_closed", "closed_answers")
    )
    assert NAMES == facts["dns.missing"]
    assert "dns.resolver_area" not in facts


@pytest.mark.parametrize(
    "ways", [Ways(edns=False, tcp=False), Ways(edns=False, tcp=False, drops_big=True)], ids=["cut", "dropped"]
)
def test_a_resolver_without_edns_and_tcp_loses_big_answers(ways: Ways) -> None:
    """Cut or dropped: one name is missing, and it is because its answer is big (V04)."""
    facts = found(ways, Ways())

    assert (True, (BIG,)) == (facts["dns.large_fails"], facts["dns.missing"])
    assert (False, False, True) == (facts["dns.edns"], facts["dns.tcp"], facts["dns.portal_found"])


def test_a_resolver_without_edns_that_has_tcp_loses_nothing() -> None:
    """The answer comes by TCP."""
    facts = found(Ways(edns=False), Ways())

    assert (False, (), False, True) == (
        facts["dns.large_fails"],
        facts["dns.missing"],
        facts["dns.edns"],
        facts["dns.tcp"],
    )


def test_a_name_that_the_closed_network_lacks_is_no_resolvers_fault() -> None:
    """The right resolvers are not blamed for a name that was published and is not there; others still are."""
    lacking = Ways(lacks=BIG)

    assert () == found(Ways(), lacking, resolvers=(CLOSED,))["dns.missing"]
    assert () == found(lacking, lacking)["dns.missing"]
    assert (BIG,) == found(lacking, Ways())["dns.missing"]


def test_silence_is_told_as_silence() -> None:
    """Nobody answers: not found, and nothing is said of how answers come."""
    assert {"dns.portal_found": False, "dns.found_at_closed": False, "dns.closed_answers": False} == found(None, None)


def test_without_a_network_file_nothing_is_asked() -> None:
    """What to ask for is not known."""
    with pytest.raises(CouldNotLook):
        names.look(Look("linux", lambda argv: Ran(None), lambda: datetime.now(UTC)))


def test_closed_resolvers_are_those_of_the_line() -> None:
    """Of the kind and area; of all if the site does not say."""
    example = example_network()

    assert ("198.51.100.53",) == names.closed_resolvers(example, Site(kind="ipvpn_ipv4"))
    assert ("2001:db8:c1a0:e::53:1",) == names.closed_resolvers(example, Site(kind="ipvpn_ipv6", area="east"))
    assert ("2001:db8:c1a0:e::53:1",) == names.closed_resolvers(example, None)
