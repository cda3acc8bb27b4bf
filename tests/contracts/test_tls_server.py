"""The server's side of TLS against real sockets: who may connect, what the app sees, what nobody may do."""

import contextlib
import json
import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pki import HOLDER, serial
from seikyu.adapters.tls_client import client_context
from seikyu.adapters.tls_server import peer_identity, renew, server_context, watch_peer
from seikyu.trust.certificates import serial_text
from tls_lab import GET, HEADER_WAIT_S, Lab, Served, answer, ask, connected, make_lab, serving

BODY = b"POST /body HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100000\r\n\r\n"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """The PEM files."""
    return make_lab(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module", params=["asyncio", "uvloop"])
def desk(request: pytest.FixtureRequest, lab: Lab) -> Iterator[Served]:
    """A desk on each of the two event loops."""
    with serving(lab.server(), loop=request.param) as served:
        yield served


def test_valid_certificate_reaches_the_app(desk: Served, lab: Lab) -> None:
    """The app sees party and serial of whoever is connected."""
    expected = {"party": HOLDER.party, "serial": serial_text(serial(3)), "bytes": 0, "tls": True}
    assert (200, expected) == ask(desk.port, lab.client("valid"))


def test_without_certificate_the_app_answers(desk: Served, lab: Lab) -> None:
    """The handshake passes and the app learns that nobody is there, so that it can say what is missing."""
    assert (200, {"party": None, "serial": None, "bytes": 0, "tls": True}) == ask(desk.port, lab.client())


@pytest.mark.parametrize("name", ["expired", "foreign"])
def test_a_certificate_that_does_not_verify_ends_the_line(desk: Served, lab: Lab, name: str) -> None:
    """Expired or of another CA: no byte of the request reaches an app."""
    with pytest.raises(ssl.SSLError, match="alert"):
        ask(desk.port, lab.client(name), b"GET /never HTTP/1.1\r\nhost: localhost\r\n\r\n")
    assert "/never" not in desk.gone


def test_a_server_certificate_is_no_client_certificate(desk: Served, lab: Lab) -> None:
    """Purpose counts, not only the CA."""
    context = client_context(lab.ca, certificate=lab.folder / "server.pem", key=lab.folder / "server.pem")
    with pytest.raises(ssl.SSLError, match="alert"):
        ask(desk.port, context)


def test_tls_1_2_is_refused(desk: Served, lab: Lab) -> None:
    """Source: network:8 (R3)."""
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.load_verify_locations(lab.ca)
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises(ssl.SSLError, match="protocol version"):
        ask(desk.port, old)


def test_every_connection_shows_its_certificate(desk: Served, lab: Lab) -> None:
    """No ticket is given, so nobody comes back without being verified; a stored session gives nothing."""
    context = lab.client("valid")
    with connected(desk.port, context) as first:
        first.sendall(GET)
        answer(first)
        assert isinstance(first, ssl.SSLSocket)
        session = first.session
        assert session is None or not session.has_ticket
    with (
        socket.create_connection(("127.0.0.1", desk.port), timeout=5) as line,
        context.wrap_socket(line, server_hostname="localhost", session=session) as second,
    ):
        second.sendall(GET)
        assert json.loads(answer(second)[1])["party"] == HOLDER.party
        assert not second.session_reused


def test_requests_of_one_connection_are_all_by_its_peer(desk: Served, lab: Lab) -> None:
    """Two requests after each other: each carries the certificate."""
    with connected(desk.port, lab.client("valid")) as line:
        for _ in range(2):
            line.sendall(GET)
            assert json.loads(answer(line)[1])["party"] == HOLDER.party


def test_the_public_face_asks_for_no_certificate(lab: Lab) -> None:
    """Without `clients` a certificate is neither asked for nor seen."""
    with serving(server_context(lab.folder / "server.pem")) as public:
        assert ask(public.port, lab.client("valid"))[1]["party"] is None


def test_a_plain_connection_has_no_tls_in_its_scope() -> None:
    """The inside face: an app can tell that nothing is encrypted."""
    with serving(None) as inside:
        status, said = ask(inside.port, None)
    assert (200, False, None) == (status, said["tls"], said["party"])


def test_a_header_that_never_ends_is_ended(desk: Served, lab: Lab) -> None:
    """One byte at a time does not keep a connection: the time counts from its start."""
    began = time.monotonic()
    with connected(desk.port, lab.client()) as line:
        line.sendall(b"GET / HTTP/1.1\r\n")
        line.settimeout(0.1)
        status = None
        while status is None and time.monotonic() - began < 5:
            try:
                line.sendall(b"x")
                status, body = answer(line)
            except TimeoutError:
                continue
    assert status == 408
    assert json.loads(body)["code"] == "header_too_slow"
    assert time.monotonic() - began < HEADER_WAIT_S + 2


def test_a_connection_that_says_nothing_is_ended(desk: Served, lab: Lab) -> None:
    """Silence right after the handshake is a header that is too slow."""
    with connected(desk.port, lab.client()) as line:
        assert answer(line)[0] == 408


def test_a_second_header_must_come_in_time_too(desk: Served, lab: Lab) -> None:
    """A first request buys no patience for the next."""
    with connected(desk.port, lab.client()) as line:
        line.sendall(GET)
        assert answer(line)[0] == 200
        line.sendall(b"\r\nG")
        assert answer(line)[0] == 408


def test_a_body_may_take_longer_than_a_header(desk: Served, lab: Lab) -> None:
    """The limit is the header's: a slow line may send its file."""
    with connected(desk.port, lab.client()) as line:
        line.sendall(BODY)
        for _ in range(4):
            time.sleep(HEADER_WAIT_S / 2)
            line.sendall(b"x" * 25_000)
        assert answer(line)[0] == 200


LONG = {
    "one header": b"GET / HTTP/1.1\r\nhost: localhost\r\nx-long: " + b"a" * 40_000 + b"\r\n\r\n",
    "many headers": b"GET / HTTP/1.1\r\nhost: localhost\r\n" + b"x-one: 1\r\n" * 4_000 + b"\r\n",
    "an address": b"GET /" + b"a" * 40_000 + b" HTTP/1.1\r\nhost: localhost\r\n\r\n",
    "no end": b"GET / HTTP/1.1\r\nhost: localhost\r\nx-long: " + b"a" * 40_000,
    "a header before a body": b"POST / HTTP/1.1\r\ncontent-length: 50000\r\nx-long: "
    + b"a" * 40_000
    + b"\r\n\r\n"
    + b"b" * 50_000,
    "blank lines": b"\r\n" * 20_000,
}


@pytest.mark.parametrize("what", LONG)
def test_a_header_past_the_limit_is_refused(desk: Served, lab: Lab, what: str) -> None:
    """431 and the end of the connection, however the length comes about."""
    with connected(desk.port, lab.client()) as line:
        line.sendall(LONG[what])
        status, body = answer(line)
    assert (431, "header_too_long") == (status, json.loads(body)["code"])


CHUNKED = b"POST /chunks HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    "rest",
    [
        b"0\r\nx-trailer: " + b"a" * 40_000 + b"\r\n\r\n",
        b"0\r\n" + b"x-one: 1\r\n" * 4_000 + b"\r\n",
        b"1;" + b"a" * 40_000,
    ],
    ids=["a trailer", "many trailers", "a chunk's extension"],
)
def test_what_follows_a_header_is_bounded_too(desk: Served, lab: Lab, rest: bytes) -> None:
    """Trailers and chunk extensions are no way round; the app that reads sees the peer go."""
    begun, before = desk.begun.count("/chunks"), desk.gone.count("/chunks")
    with connected(desk.port, lab.client()) as line:
        line.sendall(CHUNKED + b"1\r\na\r\n")
        # What arrives in one piece with bytes of a body is not counted, so the rest must come in a piece of its own.
        assert wait_until(lambda: desk.begun.count("/chunks") == begun + 1)
        line.sendall(rest)
        assert answer(line)[0] == 431
        assert wait_until(lambda: desk.gone.count("/chunks") == before + 1), "at once, not when the peer closes"


@pytest.mark.parametrize("rubbish", [b"\x16\x03\x01\x00\xff\r\n\r\n", b"GET\r\n\r\n", b"HELLO WORLD AGAIN\r\n\r\n"])
def test_what_is_not_http_is_refused(desk: Served, lab: Lab, rubbish: bytes) -> None:
    """400 as a problem with a code."""
    with connected(desk.port, lab.client()) as line:
        line.sendall(rubbish)
        status, body = answer(line)
    assert (400, "bad_request") == (status, json.loads(body)["code"])


def test_a_body_that_breaks_off_is_a_disconnect(desk: Served, lab: Lab) -> None:
    """The app learns at once that the line broke."""
    before = desk.gone.count("/body")
    with connected(desk.port, lab.client("valid")) as line:
        line.sendall(BODY + b"x" * 1000)
    assert wait_until(lambda: desk.gone.count("/body") == before + 1)


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_a_handshake_must_be_finished_in_time(lab: Lab, loop: str) -> None:
    """Who connects and says nothing does not hold a place for a minute."""
    with serving(lab.server(), loop=loop, handshake_wait_s=0.5) as served, connected(served.port, None) as line:
        began = time.monotonic()
        line.settimeout(5)
        with contextlib.suppress(ConnectionResetError):
            assert line.recv(1) == b""
        assert time.monotonic() - began < 3


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_a_refused_peer_is_not_kept_long(lab: Lab, loop: str) -> None:
    """Whoever gets an alert and does not close, but goes on sending, is dropped like an unfinished handshake."""
    with serving(lab.server(), loop=loop, handshake_wait_s=0.5) as served:
        began = time.monotonic()
        with connected(served.port, lab.client("expired")) as line, contextlib.suppress(OSError):
            while time.monotonic() - began < 5:
                line.send(b"x" * 10_000)
        assert time.monotonic() - began < 3


def test_a_renewed_certificate_is_seen_by_the_next_connection(lab: Lab) -> None:
    """The running context takes a new certificate; a file that does not fit changes nothing."""
    tls = lab.server()
    with serving(tls) as served, connected(served.port, lab.client("valid")) as old:
        renew(tls, lab.folder / "server-again.pem")
        with connected(served.port, lab.client("valid")) as fresh:
            assert isinstance(fresh, ssl.SSLSocket)
            assert fresh.getpeercert()["serialNumber"].lower() == serial_text(serial(14))  # type: ignore[index,union-attr]
        with pytest.raises(ssl.SSLError):
            renew(tls, lab.ca)
        with pytest.raises(FileNotFoundError):
            renew(tls, lab.folder / "nothing.pem")
        old.sendall(GET)
        assert answer(old)[0] == 200
        assert ask(served.port, lab.client("valid"))[0] == 200


def test_without_a_certificate_there_is_no_identity() -> None:
    """Plain scopes and scopes without a certificate belong to nobody."""
    assert peer_identity({}) is None
    assert peer_identity({"extensions": {"tls": {"client_cert_der": None}}}) is None


def test_a_peer_that_stops_reading_is_dropped() -> None:
    """The kernel ends a connection on which nothing is confirmed; the program need not watch it."""
    if not hasattr(socket, "TCP_USER_TIMEOUT"):
        pytest.skip("os: no TCP_USER_TIMEOUT")
    with socket.create_server(("127.0.0.1", 0)) as door, socket.create_connection(door.getsockname()) as ours:
        peer, _ = door.accept()
        with peer:
            watch_peer(ours, within_s=1)
            ours.settimeout(20)
            with pytest.raises(TimeoutError) as ended:
                ours.sendall(b"x" * 100_000_000)  # far more than the buffers of both ends
            assert ended.value.errno, "the kernel, and not our own timeout, ended it"


def test_other_lines_are_left_alone() -> None:
    """A Unix socket has a peer in the same house."""
    watch_peer(None, within_s=1)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        watch_peer(ours, within_s=1)
        assert not ours.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)


def test_a_server_file_must_be_whole(lab: Lab, tmp_path: Path) -> None:
    """A certificate without its key is refused before anything listens."""
    with pytest.raises(ssl.SSLError):
        server_context(lab.ca)
    with pytest.raises(FileNotFoundError):
        server_context(tmp_path / "nothing.pem")


def wait_until(true: object, *, at_most_s: float = 5) -> bool:
    """Return whether `true()` became true in time."""
    end = time.monotonic() + at_most_s
    while time.monotonic() < end:
        if true():  # type: ignore[operator]
            return True
        time.sleep(0.02)
    return False
