"""TLS, the portal's answers and the clock, against small portals on loopback."""

import socket
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from hypothesis import given
from hypothesis.strategies import binary, booleans

from portal_lab import (
    ALERT_VERSION,
    FUTURE,
    NOW,
    OFFICE,
    OTHER,
    PAST,
    Portal,
    client_folder,
    context_of,
    listening,
    looking,
    portal,
)
from seikyu.apps.doctor.line import https, mtu, tls
from seikyu.apps.doctor.line import portal as probes
from seikyu.apps.doctor.probing import CouldNotLook, Look
from seikyu.apps.doctor.tools import Ran
from seikyu.lines.facts import Facts


def seen(tmp_path: Path, behaves: Portal, *, folder: Path | None = None) -> Facts:
    """Return what the probe of TLS finds at a portal."""
    with portal(tmp_path / "portal", behaves) as port:
        return tls.look(looking(port, folder))


def said(tmp_path: Path, behaves: Portal, *, folder: Path | None = None) -> Facts:
    """Return what the probe of the portal finds."""
    with portal(tmp_path / "portal", behaves) as port:
        return probes.look_at_portal(looking(port, folder))


def test_a_good_portal_is_good(tmp_path: Path) -> None:
    """A handshake works, our own CA vouches, the name is right, and it answers."""
    folder = client_folder(tmp_path / "client")

    assert {
        "portal.connects": True,
        "portal.refused": False,
        "tls.works": True,
        "tls.version_refused": False,
        "tls.issuer": OFFICE.issuing.certificate.subject.rfc4514_string().partition("CN=")[2].partition(",")[0],
        "tls.name_differs": False,
        "tls.foreign_issuer": False,
    } == seen(tmp_path, Portal(), folder=folder)
    assert {
        "portal.answers": True, "portal.slow": False, "portal.status": 200, "portal.problem": ""
    } == said(tmp_path, Portal(), folder=folder)  # fmt: skip


def test_inspecting_software_is_seen(tmp_path: Path) -> None:
    """Another CA vouches for the portal (T02), and so the portal has not answered."""
    folder = client_folder(tmp_path / "client")

    facts = seen(tmp_path, Portal(vouched_by=OTHER), folder=folder)

    assert (True, True) == (facts["tls.works"], facts["tls.foreign_issuer"])
    assert "inspecting software" in str(facts["tls.issuer"])
    assert {"portal.answers": False} == said(tmp_path, Portal(vouched_by=OTHER), folder=folder)


def test_without_a_folder_nobody_says_who_vouches(tmp_path: Path) -> None:
    """The issuer is told, and not whether it is the right one."""
    facts = seen(tmp_path, Portal(vouched_by=OTHER))

    assert "tls.foreign_issuer" not in facts
    assert {"portal.answers": True, "portal.slow": False, "portal.status": 200} == said(tmp_path, Portal())


def test_another_name_is_seen(tmp_path: Path) -> None:
    """The certificate is of another host (T04), whoever vouches for it."""
    facts = seen(tmp_path, Portal(hosts=("other.example",)), folder=client_folder(tmp_path / "client"))

    assert (True, False) == (facts["tls.name_differs"], facts["tls.foreign_issuer"])


def test_a_certificate_that_is_over_is_not_foreign(tmp_path: Path) -> None:
    """The time is wrong, or the clock; who vouches is right."""
    folder = client_folder(tmp_path / "client")

    assert seen(tmp_path, Portal(period=PAST), folder=folder)["tls.foreign_issuer"] is False


def test_a_certificate_that_is_missing_is_told_by_the_alert(tmp_path: Path) -> None:
    """Number 116 (T05)."""
    folder = client_folder(tmp_path / "client")
    (folder / "cert.pem").unlink()

    assert 116 == seen(tmp_path, Portal(asks_certificate=True), folder=folder)["tls.alert"]


def test_a_certificate_of_another_ca_is_told_by_the_alert(tmp_path: Path) -> None:
    """Number 48 (T06)."""
    folder = client_folder(tmp_path / "client")

    assert 48 == seen(tmp_path, Portal(asks_certificate=True, trusts=OTHER), folder=folder)["tls.alert"]


@pytest.mark.parametrize(("period", "alert"), [(PAST, 45), (FUTURE, 42)])
def test_a_certificate_out_of_its_time_is_told_by_the_alert(tmp_path: Path, period: object, alert: int) -> None:
    """Number 45 (expired), and 42 for one whose time has not begun."""
    folder = client_folder(tmp_path / "client", period=period)  # type: ignore[arg-type]

    assert alert == seen(tmp_path, Portal(asks_certificate=True), folder=folder)["tls.alert"]


def test_no_version_in_common_is_told() -> None:
    """The alert `protocol_version` (T01)."""

    def refuse(line: socket.socket) -> None:
        line.recv(4096)
        line.sendall(ALERT_VERSION)

    with listening(refuse) as port:
        facts = tls.look(looking(port))

    expected = {"portal.connects": True, "portal.refused": False, "tls.works": False, "tls.version_refused": True}
    assert expected | {"tls.alert": 70} == facts


def test_what_is_not_tls_is_no_portal() -> None:
    """Something else listens there."""

    def answer(line: socket.socket) -> None:
        line.recv(4096)
        line.sendall(b"HTTP/1.1 400 no\r\n\r\n")

    with listening(answer) as port:
        facts = tls.look(looking(port))
        answers = probes.look_at_portal(looking(port))

    assert (False, False) == (facts["tls.works"], facts["tls.version_refused"])
    assert {"portal.answers": False} == answers


def test_a_portal_that_never_ends_keeps_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It sends heads of an answer byte by byte, for ever: the time is over before it is."""
    monkeypatch.setattr(probes, "LOOK_S", 1.0)
    over = Event()
    context = context_of(Portal(), tmp_path)

    def drip(line: socket.socket) -> None:
        with context.wrap_socket(line, server_side=True) as safe:
            safe.sendall(b"HTTP/1.1 200 x\r\nA: ")
            while not over.wait(0.05):
                safe.sendall(b"a")

    with listening(drip) as port:
        facts = probes.look_at_portal(looking(port))
        over.set()

    assert {"portal.answers": False} == facts


@pytest.mark.parametrize("code", ["certificate_revoked", "other_line", "party_unknown"])
def test_what_the_office_thinks_of_us_is_told_by_its_code(tmp_path: Path, code: str) -> None:
    """The code of the problem and the status, and no other word of it."""
    folder = client_folder(tmp_path / "client")

    facts = said(tmp_path, Portal(problem=code), folder=folder)

    assert (True, code, 403) == (facts["portal.answers"], facts["portal.problem"], facts["portal.status"])
    assert "秘密" not in str(facts)


@pytest.mark.parametrize(("kind", "path"), [("institution", "/api/v1/sendings"), ("payer", "/api/v1/deliveries")])
def test_who_comes_by_another_line_is_told_though_its_own_certificate_is_shown(
    tmp_path: Path, kind: str, path: str
) -> None:
    """What mends a line stays open to it; what it is for does not (V11)."""
    folder = client_folder(tmp_path / "client")
    client = (folder / "client.toml").read_text().replace("institution", kind)
    (folder / "client.toml").write_text(client)

    assert (
        "other_line" == said(tmp_path, Portal(problem="other_line", problem_at=path), folder=folder)["portal.problem"]
    )


def test_what_the_office_says_of_who_we_are_counts_more_than_what_it_says_of_the_line(tmp_path: Path) -> None:
    """A certificate that is revoked is not mended by a notice."""
    folder = client_folder(tmp_path / "client")
    own = Portal(problem="certificate_revoked", problem_at="/api/v1/certificates/own")

    assert "certificate_revoked" == said(tmp_path, own, folder=folder)["portal.problem"]


def test_an_office_that_is_closed_is_told(tmp_path: Path) -> None:
    """Outside its hours (X05)."""
    folder = client_folder(tmp_path / "client")

    assert said(tmp_path, Portal(problem="closed"), folder=folder)["portal.open"] is False


@pytest.mark.parametrize("status", [500, 502, 503])
def test_an_answer_of_what_stands_before_the_office_is_none(tmp_path: Path, status: int) -> None:
    """The line carries, and nobody can send: that is told by its number and not called connected."""
    folder = client_folder(tmp_path / "client")

    assert {"portal.answers": False, "portal.status": status} == said(tmp_path, Portal(status=status), folder=folder)


def test_nobody_there_is_told() -> None:
    """A port at which nobody listens is told from a name that nobody has: there a machine answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    assert {"portal.connects": False, "portal.refused": True} == tls.look(looking(port))
    assert {"portal.answers": False} == probes.look_at_portal(looking(port))
    assert {} == mtu.look(looking(port))
    assert {"portal.connects": False, "portal.refused": False} == tls.look(looking(port, host="nobody.invalid"))


@pytest.mark.parametrize("look", [tls.look, probes.look_at_portal, mtu.look, probes.look_at_clock])
def test_without_an_address_nothing_is_asked(look: object) -> None:
    """Neither an option nor a file says where the portal is."""
    with pytest.raises(CouldNotLook):
        look(Look("linux", lambda argv: Ran(None), lambda: NOW))  # type: ignore[operator]


@pytest.mark.parametrize(
    ("ahead", "expected"), [(timedelta(), 0), (timedelta(days=-1), 86400), (timedelta(hours=2), -7200)]
)
def test_a_wrong_clock_is_seen(tmp_path: Path, ahead: timedelta, expected: int) -> None:
    """How far ours is ahead of the portal's, whoever vouches (C16)."""
    with portal(tmp_path / "portal", Portal(clock_ahead=ahead, vouched_by=OTHER)) as port:
        off_s = probes.look_at_clock(looking(port))["clock.off_s"]

    assert abs(expected - int(str(off_s))) <= 2


def test_the_time_of_the_network_is_asked_for() -> None:
    """An answer of a time server that is an hour ahead; one to another question is none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(3)

        def answer() -> None:
            asked, whence = server.recvfrom(100)
            seconds = int(NOW.timestamp()) + 2208988800 + 3600
            stamp = seconds.to_bytes(4, "big") + bytes(4)
            server.sendto(bytes([0x24, 2]) + bytes(22) + asked[40:48] + stamp + stamp, whence)

        thread = Thread(target=answer)
        thread.start()
        off_s = probes.ntp_offset_s("localhost", lambda: NOW, port=server.getsockname()[1])
        thread.join()

    assert off_s is not None
    assert -3601 <= off_s <= -3598


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": 0x23},  # a question
        {"stratum": 0},  # a server that refuses
        {"stratum": 16},  # one that has no time itself
        {"stamp": b"87654321"},  # to another question
        {"cut": 1},
    ],
)
def test_what_is_no_answer_of_a_time_server_says_no_time(wrong: dict[str, Any]) -> None:
    """An answer that anybody may have sent moves no clock."""
    stamp = b"12345678"
    said = {"kind": 0x24, "stratum": 2, "stamp": stamp, "cut": 0} | wrong
    came = bytes([said["kind"], said["stratum"]]) + bytes(22) + said["stamp"] + bytes(16)

    assert probes.read_ntp(came[: len(came) - said["cut"]], stamp, sent_at=NOW, came_at=NOW) is None


@given(came=binary(max_size=80))
def test_any_bytes_are_a_time_or_none(came: bytes) -> None:
    """What answers our question is a time if it is whole; anything else is none."""
    stamp = b"12345678"
    ours = b"\x24\x01" + bytes(22) + stamp + came

    assert probes.read_ntp(came, stamp, sent_at=NOW, came_at=NOW) is None or stamp in came
    assert isinstance(probes.read_ntp(ours, stamp, sent_at=NOW, came_at=NOW), float) is (len(came) >= 16)


@given(came=binary(max_size=200))
def test_any_bytes_are_an_answer_or_none(came: bytes) -> None:
    """What a portal may say of us."""
    for status in (200, 403):
        assert all(each.startswith("portal.") for each in probes._said(probes.https.Reply(status, {}, came)))


@given(came=binary(max_size=200), headed=booleans())
def test_any_bytes_are_a_reply_or_a_broken_line(came: bytes, headed: bool) -> None:  # noqa: FBT001
    """Whatever comes instead of an answer, or within one, ends in an answer or in OSError."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall((b"HTTP/1.1 200 x\r\n" if headed else b"") + came)
        theirs.shutdown(socket.SHUT_WR)
        ours.settimeout(3)
        with suppress(OSError):
            assert 100 <= https.get(ours, "/", host="localhost").status <= 999


def test_big_packets_get_through(tmp_path: Path) -> None:
    """A portal that is sent a big record and a small one answers both."""
    with portal(tmp_path / "portal", Portal()) as port:
        assert mtu.look(looking(port))["mtu.black_hole"] is False


def test_a_portal_that_answers_nothing_big_is_behind_a_black_hole(monkeypatch: pytest.MonkeyPatch) -> None:
    """It reacts to what is small, and never to what is bigger than a packet (L06)."""
    monkeypatch.setattr(mtu, "ANSWER_S", 0.5)

    def only_small(line: socket.socket) -> None:
        if len(line.recv(1400)) < 100:
            line.sendall(ALERT_VERSION)
        else:
            line.recv(0) or line.settimeout(0.7) or line.recv(1_000_000)
            while line.recv(4096):
                pass

    with listening(only_small) as port:
        assert mtu.look(looking(port))["mtu.black_hole"] is True


def test_a_portal_that_answers_nothing_says_nothing_of_packets(monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes connections and is stuck."""
    monkeypatch.setattr(mtu, "ANSWER_S", 0.4)

    def stuck(line: socket.socket) -> None:
        while line.recv(4096):
            pass

    with listening(stuck) as port:
        assert {} == mtu.look(looking(port))
