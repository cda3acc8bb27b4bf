"""PPPoE on a real cable: the probe against our concentrator and against the one of others, and a session that carries IP."""

import json
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from lab import dialled
from lab.net import Lab, Link, Running, until
from lab.town import LINE_MTU, OFFICE, Town
from seikyu.apps.doctor import pppoe, probing
from seikyu.apps.doctor.pppoe_state import Login
from seikyu.apps.doctor.probing import Look
from seikyu.apps.doctor.tools import run
from seikyu.apps.doctor.zipped import zipapp
from seikyu.lines.facts import Facts

pytestmark = pytest.mark.needs("net", "tun", "packets")

LOGIN, WRONG = dialled.LOGIN, dialled.WRONG


class Street:
    """A clinic's PC with a cable to the carrier; behind the carrier's concentrator stands the claims network."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.clinic, self.carrier = lab.host("clinic"), lab.host("carrier", forwards=True)
        self.cable: Link = lab.link(self.clinic, self.carrier)

    def serve(self, **settings: Any) -> Running:
        """Start a concentrator at the carrier's end."""
        return dialled.serve(self.carrier, "clinic", **settings)

    def probe(self, login: Login | None = LOGIN) -> Facts:
        """Run the probe on the clinic's PC."""
        return dialled.look(self.clinic, "carrier", login)


@pytest.fixture
def street(lab: Lab) -> Street:
    """Return a street without a concentrator."""
    return Street(lab)


def told(facts: Facts) -> tuple[Any, ...]:
    """Return what the doctor judges by."""
    names = ("probe", "code", "discovered", "session", "authentication")
    return tuple(facts.get(f"pppoe.{name}") for name in names)


# --- the probe ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["chap", pytest.param("pap", marks=pytest.mark.slow)])
def test_the_probe_tells_a_right_login_from_a_wrong_one(street: Street, method: str) -> None:
    """Twice in a row, for the first session was given back and there is but one to have."""
    bas = street.serve(method=method, most_sessions=1)

    right, wrong, again = street.probe(), street.probe(WRONG), street.probe()

    assert ("done", 0, True, True, "accepted") == told(right) == told(again)
    assert ("done", 691, True, True, "refused") == told(wrong)
    assert "session 3 given back" in until("the last session back", lambda: "3 given back" in bas.log() and bas.log())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "judged_by"),
    [
        ({"silent": True}, ("done", 651, False, None, "not_tried")),
        ({"offers_only": True}, ("done", 678, True, False, "not_tried")),
        ({"most_sessions": 0}, ("done", 678, True, False, "not_tried")),
        ({"mute_in_proof": True}, ("done", 718, True, True, "timeout")),
        ({"late_limit": True}, ("done", 619, True, False, "accepted")),
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
            while not ends.wait(0.0005):  # a flood that a busy machine still carries
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


@pytest.mark.parametrize(
    ("content", "connected", "found", "blind"),
    [
        (f"{LOGIN.user}\n{LOGIN.password}\n", False, (0, "accepted"), None),
        (f"{LOGIN.user}\nwrong horse\n", False, (691, "refused"), None),
        (f"{LOGIN.user}\n{LOGIN.password}\n", True, (0, "not_tried"), None),
        (f"{LOGIN.user}\n", False, (0, "not_tried"), "refused"),
        (None, False, (0, "not_tried"), "option"),
    ],
)
def test_the_doctor_tries_the_login_that_it_is_given(
    street: Street, content: str | None, connected: object, found: tuple[Any, ...], blind: str | None
) -> None:
    """From its file; never while a connection is up; and without one that can be read it looks who offers a line."""
    street.serve()
    file = street.clinic.folder / "login.txt"
    file.write_text(content or "", "utf-8")
    given = Look(
        system="linux", run=run, now=lambda: datetime.now(UTC), pppoe_user_file=None if content is None else file,
        facts={"line.kind": "ipvpn_ipv4", "link.interface": "carrier", "pppoe.connected": bool(connected)},
    )  # fmt: skip

    with street.clinic.inside():
        told_at_once = probing._one(pppoe.PROBES[0], given)

    _, facts, could_not = told_at_once
    assert found == (facts["pppoe.code"], facts["pppoe.authentication"])
    assert blind == (could_not and could_not.why)


def test_the_doctor_that_runs_alone_tries_the_login_too(street: Street) -> None:
    """One file, the standard library and the right of an administrator; neither user id nor password is told."""
    street.serve()
    folder = street.clinic.folder
    (folder / "doctor.pyz").write_bytes(zipapp())
    (folder / "site.toml").write_text('[line]\nkind = "ipvpn_ipv4"\n[local]\ninterface = "carrier"\n', "utf-8")
    (folder / "login.txt").write_text(f"{LOGIN.user}\nwrong horse\n", "utf-8")

    command = (sys.executable, "-I", "-S", folder / "doctor.pyz", "--json", "--site", folder / "site.toml")
    done = street.clinic.run(*command, "--pppoe-user-file", folder / "login.txt", check=False)

    facts = json.loads(done.stdout)["facts"]
    assert (691, "refused") == (facts["pppoe.code"], facts["pppoe.authentication"])
    assert [] == [word for word in ("clinic-0001", "horse") if word in done.stdout + done.stderr]


# --- the programs of others --------------------------------------------------------------------------------------


@pytest.mark.slow
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


def test_a_client_with_a_wrong_password_does_not_come_up(street: Street) -> None:
    """It ends with the number that the probe tells."""
    street.serve()

    client = dialled.dial(street.clinic, "carrier", password="wrong horse")

    client.says("down 691")
    assert 1 == client.wait()


@pytest.mark.slow
def test_the_probe_finds_the_one_session_in_use(street: Street) -> None:
    """While the client holds it the line is full; when the client has gone it is not."""
    bas = street.serve(most_sessions=1)
    client = dialled.dial(street.clinic, "carrier")
    client.says("up")

    full = street.probe()
    client.stop()
    until("the session back", lambda: "given back" in bas.log())

    assert (678, "AC-System-Error: session limit reached") == (full["pppoe.code"], full["pppoe.error_tag"])
    assert ("done", 0, True, True, "accepted") == told(street.probe())


@pytest.mark.needs("bridge", "dnsmasq", "dig")
def test_a_session_carries_a_page_from_the_claims_network(town: Town, tmp_path: Path) -> None:
    """A megabyte arrives whole by the name that the line's own resolver knows, and the session is gone at the end."""
    line = dialled.DialledLine(town, "site")
    site = town.office.folder / "site"
    site.mkdir()
    (site / "file").write_bytes(bytes(range(256)) * 4000)
    town.office.spawn(sys.executable, "-um", "http.server", "80", "-d", site).says("Serving")

    address = line.connect()
    (card,) = line.site.told("link", "show", "dev", "ppp0")
    url = "http://portal.claims.example/file"
    line.site.run("curl", "-4", "-sS", "--max-time", "20", "-o", tmp_path / "got", url)
    line.hang_up()

    assert ("192.0.2.2", "ppp", LINE_MTU) == (address, card["link_type"], card["mtu"])
    assert (site / "file").read_bytes() == (tmp_path / "got").read_bytes()
    assert line.site.run("curl", "-4", "-sS", "--max-time", "2", url, check=False).returncode


@pytest.mark.slow
@pytest.mark.needs("bridge", "cut", "dnsmasq")
def test_a_session_outlives_a_short_break_and_ends_with_the_carrier(town: Town) -> None:
    """A cut cable takes nothing away; a concentrator that goes, as at night works, takes the session."""
    line = dialled.DialledLine(town, "site")
    line.connect()
    with line.cable.cut():
        assert line.site.run("ping", "-c", "1", "-W", "1", OFFICE[0], check=False).returncode

    line.site.run("ping", "-c", "1", "-W", "2", OFFICE[0])
    line.bas.kill()

    assert line.site.run("ping", "-c", "1", "-W", "1", OFFICE[0], check=False).returncode
    assert 651 == dialled.look(line.site, "line")["pppoe.code"]
