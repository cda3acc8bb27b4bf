"""PPPoE on a real cable: the probe against our concentrator and against the one of others, and a session that carries IP."""

import signal
import socket
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lab import concentrator, pppoe_client
from lab.net import Host, Lab, Link, Running, until
from seikyu.apps.doctor.pppoe import probe
from seikyu.apps.doctor.pppoe_state import Login
from seikyu.lines.facts import Facts

pytestmark = pytest.mark.needs("net", "tun", "packets")

TESTS = Path(__file__).resolve().parents[1]
LOGIN = Login("clinic-0001@line.example", "correct horse")
WRONG = Login(LOGIN.user, "wrong horse")
SETTINGS = concentrator.Settings(users={LOGIN.user: LOGIN.password}, interface="clinic")


class Street:
    """A clinic's PC with a cable to the carrier; behind the carrier's concentrator stands the claims network."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.clinic, self.carrier = lab.host("clinic"), lab.host("carrier", forwards=True)
        self.cable: Link = lab.link(self.clinic, self.carrier)

    def serve(self, **settings: Any) -> Running:
        """Start a concentrator at the carrier's end."""
        path = concentrator.written(self.carrier.folder / "bas.json", replace(SETTINGS, **settings))
        running = self.carrier.spawn(sys.executable, concentrator.__file__, path, env={"PYTHONPATH": str(TESTS)})
        running.says("ready")
        return running

    def probe(self, login: Login | None = LOGIN) -> Facts:
        """Run the probe on the clinic's PC."""
        with self.clinic.inside():
            return probe("carrier", login)


@pytest.fixture
def street(lab: Lab) -> Street:
    """Return a street without a concentrator."""
    return Street(lab)


def told(facts: Facts) -> tuple[Any, ...]:
    """Return what the doctor judges by."""
    names = ("probe", "code", "discovered", "session", "authentication")
    return tuple(facts.get(f"pppoe.{name}") for name in names)


# --- the probe ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["chap", "pap"])
def test_the_probe_tells_a_right_login_from_a_wrong_one(street: Street, method: str) -> None:
    """Twice in a row, for the first session was given back and there is but one to have."""
    bas = street.serve(method=method, most_sessions=1)

    right, wrong, again = street.probe(), street.probe(WRONG), street.probe()

    assert ("done", 0, True, True, "accepted") == told(right) == told(again)
    assert ("done", 691, True, True, "refused") == told(wrong)
    assert "session 3 given back" in until("the last session back", lambda: "3 given back" in bas.log() and bas.log())


@pytest.mark.parametrize(
    ("fault", "judged_by"),
    [
        ({"silent": True}, ("done", 651, False, None, "not_tried")),
        ({"offers_only": True}, ("done", 678, True, False, "not_tried")),
        ({"most_sessions": 0}, ("done", 678, True, False, "not_tried")),
        ({"mute_in_proof": True}, ("done", 718, True, True, "timeout")),
        ({"late_limit": True}, ("done", 619, True, True, "accepted")),
        ({"slow_s": 0.3}, ("done", 0, True, True, "accepted")),
    ],
)
def test_the_probe_tells_faults_of_the_line_apart(
    street: Street, fault: dict[str, Any], judged_by: tuple[Any, ...]
) -> None:
    """As the concentrator shows them."""
    street.serve(**fault)

    assert judged_by == told(street.probe())


def test_a_cable_that_is_out_is_651_without_waiting(street: Street) -> None:
    """The kernel knows it: nothing is even sent."""
    bas = street.serve()
    street.cable.down()

    assert ("done", 651, False, None, "not_tried") == told(street.probe())
    assert "ready\n" == bas.log()


def test_a_cable_that_is_pulled_in_the_middle_is_651(street: Street) -> None:
    """The session that was granted is the carrier's to take back: nothing reaches it any more."""
    bas = street.serve(mute_in_link=True)

    def pull() -> None:
        until("the session", lambda: "granted" in bas.log())
        street.cable.down()

    puller = threading.Thread(target=pull)
    puller.start()
    facts = street.probe()
    puller.join()

    assert (651, True) == (facts["pppoe.code"], facts["pppoe.session"])


def test_a_probe_that_is_interrupted_gives_the_session_back(street: Street) -> None:
    """Whoever presses Ctrl-C leaves nothing at the carrier."""
    bas = street.serve(mute_in_proof=True)
    code = (
        "import sys; from seikyu.apps.doctor.pppoe import probe; from seikyu.apps.doctor.pppoe_state import Login;"
        f"probe('carrier', Login({LOGIN.user!r}, {LOGIN.password!r}))"
    )
    running = street.clinic.spawn(sys.executable, "-c", code)
    until("the session", lambda: "granted" in bas.log())

    running.process.send_signal(signal.SIGINT)

    until("the session back", lambda: "session 1 given back" in bas.log())
    running.wait()


def test_rubbish_on_the_cable_keeps_nobody(street: Street) -> None:
    """Frames of both kinds in a flood, broken and foreign ones: the answer is the same, and comes."""
    street.serve()
    ends = threading.Event()

    def flood() -> None:
        with street.carrier.inside(), socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as out:
            out.bind(("clinic", 0))
            number = 0
            while not ends.is_set():
                number += 1
                kind = (b"\x88\x63", b"\x88\x64")[number % 2]
                out.send(b"\xff" * 6 + b"\x00\x00\x5e\x00\x53\xbb" + kind + number.to_bytes(4, "big") * (number % 300))

    flooder = threading.Thread(target=flood)
    flooder.start()
    try:
        facts = street.probe()
    finally:
        ends.set()
        flooder.join()

    assert ("done", 0, True, True, "accepted") == told(facts)


# --- the programs of others --------------------------------------------------------------------------------------


@pytest.mark.needs("pppoe")
def test_another_program_finds_our_concentrator(street: Street) -> None:
    """`pppoe-discovery` reads name, service and cookie, and may ask for a service by name."""
    street.serve(services=["", "claims"])

    done = street.clinic.run("pppoe-discovery", "-I", "carrier", "-S", "claims")

    assert "Access-Concentrator: bas-1.carrier.example" in done.stdout
    assert "Service-Name: claims" in done.stdout
    assert "cookie" in done.stdout


@pytest.fixture
def foreign(street: Street) -> Iterator[Street]:
    """Return a street with Debian's concentrator, which without PPP in the kernel offers, and carries no session."""
    street.carrier.spawn("pppoe-server", "-F", "-I", "clinic", "-C", "foreign", "-S", "claims", "-L", "198.51.100.1")
    return street


@pytest.mark.needs("pppoe")
def test_our_probe_finds_the_concentrator_of_another(foreign: Street) -> None:
    """Its name and its services, and it takes our request for a session."""
    facts = until("an offer", lambda: (found := foreign.probe(None))["pppoe.discovered"] and found)

    assert (1, "foreign", 0) == tuple(
        facts[f"pppoe.{name}"] for name in ("concentrators", "access_concentrator", "code")
    )
    assert "claims" in facts["pppoe.services"]


# --- a session that carries IP -----------------------------------------------------------------------------------


def connect(street: Street, *, password: str = LOGIN.password, **settings: Any) -> Running:
    """Start a client on the clinic's PC."""
    wanted = pppoe_client.Settings(LOGIN.user, password, "carrier", **settings)
    path = wanted.written(street.clinic.folder / "line.json")
    return street.clinic.spawn(sys.executable, pppoe_client.__file__, path, env={"PYTHONPATH": str(TESTS)})


def claims_network(street: Street) -> Host:
    """Put a claims network with a web server behind the carrier."""
    claims = street.lab.host("claims")
    street.lab.link(street.carrier, claims, ["203.0.113.1/24"], ["203.0.113.10/24"], mtu=1500)
    claims.route("198.51.100.0/24", via="203.0.113.1")
    (claims.folder / "site").mkdir()
    (claims.folder / "site" / "file").write_bytes(bytes(range(256)) * 4000)
    running = claims.spawn(sys.executable, "-um", "http.server", "80", "-d", claims.folder / "site")
    running.says("Serving")
    return claims


def test_a_session_carries_a_page_from_the_claims_network(street: Street) -> None:
    """A megabyte arrives whole over 1454 bytes at a time, and the session is gone when the client ends."""
    claims, bas = claims_network(street), street.serve(resolver="203.0.113.53")
    client = connect(street, routes=["203.0.113.0/24"], resolver=True)
    client.says("up 198.51.100.129 203.0.113.53")

    got = street.clinic.folder / "file"
    street.clinic.run("curl", "-sS", "--max-time", "20", "-o", got, "http://203.0.113.10/file")

    assert (claims.folder / "site" / "file").read_bytes() == got.read_bytes()
    assert 0 == client.stop()
    until("the session back", lambda: "session 1 given back" in bas.log())


def test_a_client_with_a_wrong_password_does_not_come_up(street: Street) -> None:
    """It ends with the number that the probe tells."""
    street.serve()

    client = connect(street, password="wrong horse")

    client.says("down 691")
    assert 1 == client.wait()


def test_the_probe_finds_the_one_session_in_use(street: Street) -> None:
    """While the client holds it the line is full; when the client has gone it is not."""
    bas = street.serve(most_sessions=1)
    client = connect(street)
    client.says("up")

    full = street.probe()
    client.stop()
    until("the session back", lambda: "given back" in bas.log())

    assert (678, "AC-System-Error: session limit reached") == (full["pppoe.code"], full["pppoe.error_tag"])
    assert ("done", 0, True, True, "accepted") == told(street.probe())
