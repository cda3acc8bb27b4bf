"""Asking hosts for their proofs, over real sockets: answers, redirects, and hosts that play."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from seikyu.adapters.http01 import Http01
from seikyu.ports.acme import HostUnproved

HOST = "gw.seikyu.example"
PATH = "/.well-known/acme-challenge/token"
OK = b"HTTP/1.1 200 OK\r\nConnection: close\r\n"

Answer = Callable[[bytes, socket.socket], None]


class Server:
    """A host that answers each request with the next of its answers."""

    def __init__(self, *answers: bytes | Answer) -> None:
        self.answers = list(answers)
        self.asked: list[bytes] = []
        self.line = socket.create_server(("127.0.0.1", 0))
        self.port = int(self.line.getsockname()[1])
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                peer, _ = self.line.accept()
                answer = self.answers.pop(0)
                with peer, suppress(OSError):
                    peer.settimeout(5)
                    asked = b""
                    while b"\r\n\r\n" not in asked:
                        asked += peer.recv(4096) or b"\r\n\r\n"
                    self.asked.append(asked)
                    if isinstance(answer, bytes):
                        peer.sendall(answer)
                    else:
                        answer(asked, peer)

    def close(self) -> None:
        """Stop."""
        self.line.shutdown(socket.SHUT_RDWR)
        self.line.close()
        self.thread.join(5)
        assert not self.thread.is_alive()


@contextmanager
def served(*answers: bytes | Answer) -> Iterator[Server]:
    """Run a host."""
    server = Server(*answers)
    try:
        yield server
    finally:
        server.close()


def asking(server: Server, *, wait_s: float = 5, redirects: int = 2) -> Http01:
    """Return what asks that host."""
    addresses = {HOST: "127.0.0.1"}
    return Http01(wait_s=wait_s, answer_bytes=64, redirects=redirects, port=server.port, addresses=addresses)


def refused(http: Http01, host: str = HOST) -> tuple[str, str]:
    """Return the kind of a refusal and what it says."""
    with pytest.raises(HostUnproved) as error:
        http.ask(host, PATH)
    return error.value.facts["kind"], str(error.value)


def moved(to: str, status: int = 302) -> bytes:
    """Return a redirect with a page that is longer than an answer may be."""
    return f"HTTP/1.1 {status} Found\r\nLocation: {to}\r\nContent-Length: 1000\r\n\r\n".encode() + b"x" * 1000


def test_the_answer_of_the_host_is_returned() -> None:
    """Asked under its own name, with nothing of ours in the request."""
    with served(OK + b"Content-Length: 3\r\n\r\nabc") as server:
        assert asking(server).ask(HOST, PATH) == b"abc"
    head = server.asked[0].decode().lower()
    assert head.startswith(f"get {PATH} http/1.1\r\n")
    assert f"host: {HOST}:{server.port}\r\n" in head
    assert "cookie" not in head
    assert "authorization" not in head


def test_a_redirect_to_the_same_host_is_followed() -> None:
    """Relative and absolute; so many, and no more."""
    with served() as server:
        own = f"http://{HOST}:{server.port}/b"
        server.answers[:] = [moved("/a"), moved(own, 308), OK + b"\r\nabc"]
        assert asking(server).ask(HOST, PATH) == b"abc"
    with served(*[moved("/again")] * 3) as server:
        assert refused(asking(server)) == ("incorrectResponse", "more than 2 redirects")


@pytest.mark.parametrize(
    "to",
    [
        "http://127.0.0.1:{port}/x", "http://other.example:{port}/x", "http://" + HOST + ":22/x", "https://" + HOST + ":8443/x",
        "http://" + HOST + "@other.example:{port}/x", "http://me@" + HOST + ":{port}/x", "file:///etc/passwd", "gopher://" + HOST + "/",
        "http://" + HOST + ":99999/", "http://[::1/",
    ],
)  # fmt: skip
def test_a_redirect_to_elsewhere_is_not_followed(to: str) -> None:
    """Not to another host, port or kind of address, however it is written; nobody else is asked."""
    with served() as server, served(OK + b"\r\nabc") as other:
        server.answers[:] = [moved(to.format(port=other.port))]
        assert refused(asking(server))[0] == "incorrectResponse"
        assert other.asked == []


def drip(_asked: bytes, peer: socket.socket) -> None:
    """Send a byte now and then, for ever."""
    with suppress(OSError):
        peer.sendall(OK + b"\r\n")
        for _ in range(20):
            peer.sendall(b"x")
            time.sleep(0.05)


def drip_head(_asked: bytes, peer: socket.socket) -> None:
    """Never come to the end of the header."""
    with suppress(OSError):
        peer.sendall(b"HTTP/1.1 200 OK\r\n")
        for no in range(20):
            peer.sendall(b"X-%d: y\r\n" % no)
            time.sleep(0.05)


@pytest.mark.parametrize("play", [drip, drip_head])
def test_a_slow_host_holds_nobody_up(play: Answer) -> None:
    """The whole has an end, not only each wait."""
    with served(play) as server:
        began = time.monotonic()
        assert refused(asking(server, wait_s=0.5)) == ("connection", "no answer within 0.5 seconds")
        assert time.monotonic() - began < 2


def test_a_silent_name_server_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor do those who ask meanwhile and find every thread that looks names up taken."""
    silent = threading.Event()

    def lookup(*_: object, **__: object) -> list[object]:
        silent.wait(20)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    http = Http01(wait_s=0.3, answer_bytes=64, redirects=0)
    began = time.monotonic()
    try:
        for _ in range(6):
            assert refused(http) == ("connection", "no answer within 0.3 seconds")
        assert time.monotonic() - began < 6
    finally:
        silent.set()


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (OK + b"\r\n" + b"x" * 65, "incorrectResponse"),
        (OK + b"Content-Length: 9999999999\r\n\r\n" + b"x" * 100, "incorrectResponse"),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "incorrectResponse"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", "incorrectResponse"),
        (b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n", "incorrectResponse"),
        (b"", "connection"),
        (b"SSH-2.0-OpenSSH\r\n", "connection"),
        (OK + b"Content-Length: 10\r\n\r\nabc", "connection"),
    ],
)
def test_other_answers_prove_nothing(answer: bytes, kind: str) -> None:
    """Too long, another status, not HTTP, broken off: told in ACME's words, and nothing of the answer in them."""
    with served(answer, *[answer] * 2) as server:
        found, what = refused(asking(server))
    assert found == kind
    assert "x" * 10 not in what
    assert "SSH" not in what


def test_a_host_without_name_or_line_is_told() -> None:
    """No address; nobody listens."""
    with served() as server:
        http = asking(server)
    assert refused(http) == ("connection", "the host cannot be reached, or breaks off")
    assert refused(http, "no.such.host.invalid") == ("dns", "the name has no address")


def dns(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """Let DNS say these addresses for every name."""
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0)) for address in addresses]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)


def test_every_address_of_a_host_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Until one of them can be reached; and an address is its own name."""
    with served(OK + b"\r\nabc", OK + b"\r\nabc") as server, monkeypatch.context() as patch:
        patch.setattr("seikyu.adapters.http01._is_near", lambda _: False)
        http = Http01(wait_s=5, answer_bytes=64, redirects=0, port=server.port)
        assert http.ask("127.0.0.1", PATH) == b"abc"
        dns(patch, "127.0.0.2", "127.0.0.1")
        assert http.ask(HOST, PATH) == b"abc"


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.8.8", "0.0.0.0", "169.254.169.254", "::1", "::", "::ffff:127.0.0.1", "fe80::1", "fe80::1%1",
        "224.0.0.1", "ff02::1",
    ],
)  # fmt: skip
def test_this_machine_and_its_link_are_not_asked(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """Whatever DNS says, and as an address that was approved; an address beside it that is another's is asked."""
    asked: list[str] = []

    async def follow(_http: Http01, _host: str, _path: str, there: str) -> bytes:
        asked.append(there)
        return b"abc"

    monkeypatch.setattr(Http01, "_follow", follow)
    dns(monkeypatch, address)
    http = Http01(wait_s=5, answer_bytes=64, redirects=0)
    for host in (HOST, address):
        assert refused(http, host) == ("dns", "the name has no address outside of the office's own machine")
    assert asked == []
    dns(monkeypatch, address, "10.0.0.7", "2001:db8::7")
    assert http.ask(HOST, PATH) == b"abc"
    said = Http01(wait_s=5, answer_bytes=64, redirects=0, addresses={HOST: address})
    assert said.ask(HOST, PATH) == b"abc"
    assert asked == ["10.0.0.7", address]
