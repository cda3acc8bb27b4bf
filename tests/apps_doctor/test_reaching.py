"""What must not be reached and what must, and the gateway: against small servers on loopback."""

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_address
from threading import Thread

import pytest

from portal_lab import listening
from seikyu.apps.doctor.line import canaries, ike
from seikyu.apps.doctor.line import ike_wire as wire
from seikyu.apps.doctor.probing import CouldNotLook, Look
from seikyu.apps.doctor.tools import Ran
from seikyu.lines.facts import Facts
from seikyu.lines.network import IPsec, example_network
from seikyu.lines.site import Endpoint, Site


def looking(site: Site | None, *, sweep: bool = False, ran: Ran | None = None) -> Look:
    """Return what a probe is given; `ran` is what became of every program."""
    none = Ran(None, missing=True)
    return Look("linux", lambda argv: ran or none, lambda: datetime.now(UTC), site=site, sweep=sweep)


def closed_port() -> int:
    """Return a port at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_an_address_outside_that_takes_a_connection_is_reached() -> None:
    """The line is not closed (S02); one that refuses is not reached."""
    gone = Endpoint("127.0.0.1", closed_port())
    with listening(lambda line: None) as port:
        there = Endpoint("127.0.0.1", port)
        found = canaries.look_outside(looking(Site(canaries=(there, gone)), sweep=True))

    assert {"closed.canaries": 2, "closed.reached": (str(there),)} == found


def test_an_address_outside_that_answers_a_ping_is_reached() -> None:
    """Whatever its ports do."""
    gone = Endpoint("127.0.0.1", closed_port())

    found = canaries.look_outside(looking(Site(canaries=(gone,)), sweep=True, ran=Ran(0)))

    assert (str(gone),) == found["closed.reached"]


def test_an_address_outside_that_answers_by_udp_is_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    """A question that the port is for."""
    monkeypatch.setattr(canaries, "_datagram", lambda port: b"question")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(3)
        thread = Thread(target=lambda: server.sendto(b"answer", server.recvfrom(100)[1]))
        thread.start()

        assert canaries.answers_datagram(Endpoint("127.0.0.1", server.getsockname()[1]))
        thread.join()


@pytest.mark.parametrize(
    ("system", "address", "ran", "expected"),
    [
        ("linux", "192.0.2.9", Ran(0), True),
        ("linux", "192.0.2.9", Ran(1), False),
        ("macos", "192.0.2.9", Ran(0), True),
        ("windows", "192.0.2.9", Ran(0, "Reply from 192.0.2.9: bytes=32 time=1ms TTL=63"), True),
        # Windows ends well where a router says that the host is not there.
        ("windows", "192.0.2.9", Ran(0, "Reply from 192.0.2.1: Destination host unreachable."), False),
        ("windows", "2001:db8::9", Ran(0, "2001:db8::9 からの応答: 時間 <1ms"), True),
        ("windows", "2001:db8::9", Ran(0, "Reply from fe80::1: Destination host unreachable."), False),
        ("other", "192.0.2.9", Ran(0), False),
    ],
)
def test_a_ping_that_came_back_is_told_on_each_system(system: str, address: str, ran: Ran, *, expected: bool) -> None:
    """By its status, and on Windows by what only an answer has."""
    look = replace(looking(None, ran=ran), system=system)

    assert expected == canaries._pinged(look, address)


def test_what_is_asked_by_udp_is_what_the_port_is_for() -> None:
    """A question for a name, a question for the time, and nothing at any other port."""
    name, time, other = (canaries._datagram(port) for port in (53, 123, 443))

    assert b"\x04test\x00" in name
    assert (48, 0x23, b"") == (len(time), time[0], other)


def test_nothing_outside_is_tried_unless_asked() -> None:
    """The sweep is an option; without a site or addresses there is nothing to try."""
    there = Endpoint("127.0.0.1", closed_port())
    for site, sweep, why in (
        (Site(canaries=(there,)), False, "option"), (None, True, "site_file"), (Site(), True, "nothing")
    ):  # fmt: skip
        with pytest.raises(CouldNotLook) as told:
            canaries.look_outside(looking(site, sweep=sweep))
        assert why == told.value.why


def test_a_printer_answers_or_not() -> None:
    """S03."""
    with listening(lambda line: None) as port:
        assert {"printer.answers": True} == canaries.look_at_printer(looking(Site(printer=Endpoint("127.0.0.1", port))))
    assert {"printer.answers": False} == canaries.look_at_printer(
        looking(Site(printer=Endpoint("127.0.0.1", closed_port())))
    )


def answer(asked: bytes, code: int, content: bytes = b"") -> bytes:
    """Return a response with one notify, or with an SA for code 0."""
    body = struct.pack(">BBH", 0, 0, code) + content if code else bytes(40)
    size = 28 + 4 + len(body)
    head = struct.pack(">8s8sBBBBII", asked[:8], b"r" * 8, 41 if code else 33, 0x20, 34, 0x20, 0, size)
    return head + struct.pack(">BBH", 0, 0, 4 + len(body)) + body


@contextmanager
def gateway(*answers: tuple[int, bytes], marked: bool = False) -> Iterator[tuple[int, list[bytes]]]:
    """Have a gateway that gives these answers one after the other; yield its port and what it was asked."""
    asked: list[bytes] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(3)

        def serve() -> None:
            for code, content in answers:
                came, whence = server.recvfrom(4096)
                asked.append(came)
                server.sendto(b"rubbish", whence)
                came = came.removeprefix(wire.NON_ESP)
                server.sendto((wire.NON_ESP if marked else b"") + answer(came, code, content), whence)

        thread = Thread(target=serve)
        thread.start()
        yield server.getsockname()[1], asked
        thread.join()


def said(port: int, other: int) -> Facts:
    """Return what the probe finds at a gateway with these ports."""
    network = replace(example_network(), ipsec=IPsec(addresses=(ip_address("127.0.0.1"),)))
    return ike.look(replace(looking(Site(kind="ipsec_ike")), network=network), ports=(port, other))


@pytest.mark.parametrize(
    ("code", "notify"), [(0, "accepted"), (14, "NO_PROPOSAL_CHOSEN"), (24, "AUTHENTICATION_FAILED")]
)
def test_a_gateway_that_answers_is_told(code: int, notify: str) -> None:
    """With what it says (K03)."""
    with gateway((code, b"")) as (port, asked):
        assert {"ike.answers": True, "ike.notify": notify} == said(port, closed_port())
    assert 1 == len(asked)
    assert not asked[0].startswith(wire.NON_ESP)


def test_a_gateway_that_wants_a_cookie_and_another_group_gets_both() -> None:
    """Asked again with each, and no more often than that."""
    with gateway((wire.COOKIE, b"crumbs"), (17, b"\x00\x13"), (0, b"")) as (port, asked):
        assert {"ike.answers": True, "ike.notify": "accepted"} == said(port, closed_port())
    assert b"crumbs" in asked[1]
    assert wire.GENERATORS[19] in asked[2]


def test_the_other_port_is_asked_where_the_first_is_silent() -> None:
    """With the mark that tells IKE from ESP."""
    with gateway((0, b""), marked=True) as (port, asked):
        assert said(closed_port(), port)["ike.answers"] is True
    assert asked[0].startswith(wire.NON_ESP)


def test_a_silent_gateway_is_told() -> None:
    """Nothing comes back from either port (K01)."""
    assert {"ike.answers": False} == said(closed_port(), closed_port())


def test_another_line_has_no_gateway() -> None:
    """An IP-VPN site asks nobody."""
    with pytest.raises(CouldNotLook):
        ike.look(replace(looking(Site(kind="ipvpn_ipv6")), network=example_network()))
