"""A real server on loopback and the PEM files to talk to it, for tests of TLS."""

import asyncio
import json
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import uvloop
from uvicorn import Config

from pki import PKI, key, make_pki, write_pem
from seikyu.adapters.tls_client import client_context
from seikyu.adapters.tls_server import Connection, Listener, peer_identity, server_context
from seikyu.trust import UnknownCertificate
from seikyu.trust.certificates import Period

NOW = datetime.now(UTC)  # a real handshake looks at the real clock
PAST = Period(NOW - timedelta(days=9), NOW - timedelta(days=1))
HEADER_WAIT_S = 0.5


class Impatient(Connection):
    """The connection under test, with a shorter wait for headers."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.header_wait_s = HEADER_WAIT_S  # type: ignore[assignment]


async def app(scope: Any, receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]) -> None:
    """Answer who asks and how many bytes came; note when a body begins, and when a peer goes away."""
    if scope["type"] != "http":
        return
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            scope["state"]["gone"].append(scope["path"])
            return
        if message["body"] and not size:
            scope["state"]["begun"].append(scope["path"])
        size += len(message["body"])
        if not message["more_body"]:
            break
    try:
        who = peer_identity(scope)
        said = {"party": who and who.party, "serial": who and who.serial, "bytes": size}
    except UnknownCertificate as odd:
        said = {"odd": str(odd)}
    said["tls"] = "tls" in scope.get("extensions", {})
    body = json.dumps(said).encode()
    headers = [(b"content-length", str(len(body)).encode()), (b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@dataclass
class Served:
    """A server that runs in a thread of its own."""

    port: int
    begun: list[str]
    gone: list[str]
    listener: Listener


@contextmanager
def serving(tls: ssl.SSLContext | None, *, loop: str = "asyncio", handshake_wait_s: float = 5) -> Iterator[Served]:
    """Run a server on a free port of loopback until the block ends."""
    line = socket.create_server(("127.0.0.1", 0))
    begun: list[str] = []
    gone: list[str] = []
    factory = None if tls is None else (lambda *_: tls)
    config = Config(app, http=Impatient, ws="none", lifespan="off", log_config=None, ssl_context_factory=factory)
    listener = Listener(config)
    listener.handshake_wait_s = handshake_wait_s  # type: ignore[assignment]
    make = uvloop.new_event_loop if loop == "uvloop" else asyncio.new_event_loop

    async def run() -> None:
        config.load()
        listener.lifespan = config.lifespan_class(config)
        listener.lifespan.state |= {"begun": begun, "gone": gone}
        config.lifespan_class = lambda _: listener.lifespan  # type: ignore[assignment,return-value]
        await listener.serve(sockets=[line])

    def whole() -> None:
        with asyncio.Runner(loop_factory=make) as runner:
            runner.run(run())

    thread = threading.Thread(target=whole, daemon=True)
    thread.start()
    try:
        yield Served(line.getsockname()[1], begun, gone, listener)
    finally:
        listener.should_exit = True
        thread.join(20)
        line.close()
        assert not thread.is_alive(), "the server does not stop"


@dataclass(frozen=True)
class Lab:
    """PEM files of a CA, a server, and clients of several fates."""

    pki: PKI
    folder: Path

    @property
    def ca(self) -> Path:
        """Our CA, as clients and server trust it."""
        return self.folder / "ca.pem"

    def server(self, name: str = "server") -> ssl.SSLContext:
        """Return a context of the desk with the server file `name`."""
        return server_context(self.folder / f"{name}.pem", clients=self.ca)

    def client(self, name: str | None = None) -> ssl.SSLContext:
        """Return a client's context with the client file `name`, or without a certificate."""
        if name is None:
            return client_context(self.ca)
        return client_context(self.ca, certificate=self.folder / f"{name}.pem", key=self.folder / "client.key")


def make_lab(folder: Path) -> Lab:
    """Write every file that the tests use."""
    pki, foreign = make_pki(NOW), make_pki(NOW, name="another office", keys="ca-foreign")
    write_pem(folder / "ca.pem", *pki.chain)
    write_pem(folder / "foreign-ca.pem", *foreign.chain)
    write_pem(folder / "client.key", key("client"))
    for name, certificate, issuer in (
        ("valid", pki.client(), pki),
        ("expired", pki.client(no=5, period=PAST), pki),
        ("foreign", foreign.client(no=6), foreign),
    ):
        write_pem(folder / f"{name}.pem", certificate, issuer.issuing.certificate)
    for name, certificate, issuer in (
        ("server", pki.server(), pki),
        ("server-again", pki.server(no=14), pki),
        ("server-expired", pki.server(period=PAST), pki),
        ("server-early", pki.server(period=Period(NOW + timedelta(days=1), NOW + timedelta(days=2))), pki),
        ("server-elsewhere", pki.server(("elsewhere.example",)), pki),
        ("server-foreign", foreign.server(), foreign),
    ):
        write_pem(folder / f"{name}.pem", key("server"), certificate, issuer.issuing.certificate)
    return Lab(pki, folder)


@contextmanager
def connected(port: int, tls: ssl.SSLContext | None, *, wait_s: float = 10) -> Iterator[socket.socket]:
    """Connect to the server, with TLS or without."""
    with socket.create_connection(("127.0.0.1", port), timeout=wait_s) as line:
        if tls is None:
            yield line
            return
        with tls.wrap_socket(line, server_hostname="localhost") as wrapped:
            yield wrapped


def answer(line: socket.socket) -> tuple[int, bytes]:
    """Read one answer that ends with its content length or with the line; return status and body."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = line.recv(65536)
        if not part:
            raise ConnectionResetError("no answer")
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(int(h.split(b":")[1]) for h in head.split(b"\r\n") if h.lower().startswith(b"content-length"))
    while len(body) < length:
        body += line.recv(65536)
    return int(head.split()[1]), body


GET = b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n"


def ask(port: int, tls: ssl.SSLContext | None, request: bytes = GET) -> tuple[int, Any]:
    """Make one request on a connection of its own; return status and JSON."""
    with connected(port, tls) as line:
        line.sendall(request)
        status, body = answer(line)
        return status, json.loads(body)
