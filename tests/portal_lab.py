"""A small portal on loopback, with certificates of its own, that behaves as it is told; and a client's folder for it."""

import json
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from threading import Thread

from pki import PKI, key, make_pki, write_pem
from seikyu.apps.doctor.probing import Look
from seikyu.apps.doctor.tools import Ran
from seikyu.trust.certificates import Period

NOW = datetime.now(UTC)  # a real handshake looks at the real clock
OFFICE = make_pki(NOW - timedelta(minutes=5))
OTHER = make_pki(NOW - timedelta(minutes=5), name="inspecting software", keys="ca-other")
PAST = Period(NOW - timedelta(days=9), NOW - timedelta(days=1))
FUTURE = Period(NOW + timedelta(days=1), NOW + timedelta(days=9))
ALERT_VERSION = b"\x15\x03\x01\x00\x02\x02\x46"


@dataclass(frozen=True)
class Portal:
    """How a portal behaves. `problem`: the code that it gives at paths that begin with `problem_at`."""

    vouched_by: PKI = OFFICE
    hosts: tuple[str, ...] = ("localhost",)
    asks_certificate: bool = False
    trusts: PKI = OFFICE
    problem: str = ""
    problem_at: str = "/api/"
    status: int = 200
    clock_ahead: timedelta = timedelta()
    period: Period | None = None


def context_of(portal: Portal, folder: Path) -> ssl.SSLContext:
    """Return the server's side of TLS."""
    certificate = portal.vouched_by.server(portal.hosts, period=portal.period)
    chain = write_pem(folder / "server.pem", certificate, portal.vouched_by.issuing.certificate, key("server"))
    trusted = write_pem(folder / "trusted.pem", *portal.trusts.chain)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    context.load_verify_locations(trusted)
    context.verify_mode = ssl.CERT_REQUIRED if portal.asks_certificate else ssl.CERT_OPTIONAL
    return context


def page(portal: Portal, path: str) -> bytes:
    """Return an answer as bytes."""
    status, body = portal.status, b"ok"
    if path.startswith(portal.problem_at) and portal.problem:
        status, body = 403, json.dumps({"code": portal.problem, "title": "秘密"}).encode()
    at = format_datetime(datetime.now(UTC) + portal.clock_ahead, usegmt=True)
    return f"HTTP/1.1 {status} x\r\nDate: {at}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


@contextmanager
def listening(serve: Callable[[socket.socket], None], *, server: socket.socket | None = None) -> Iterator[int]:
    """Have each connection to a port of loopback, or to another server, served by a thread; OSError ends one."""
    over: list[int] = []
    workers: list[Thread] = []

    def one(line: socket.socket) -> None:
        with suppress(OSError), line:
            line.settimeout(3)
            serve(line)

    def accept(taking: socket.socket) -> None:
        while not over:
            with suppress(TimeoutError):
                workers.append(Thread(target=one, args=(taking.accept()[0],)))
                workers[-1].start()

    with server or socket.create_server(("127.0.0.1", 0)) as taking:
        taking.settimeout(0.1)
        thread = Thread(target=accept, args=(taking,))
        thread.start()
        try:
            yield taking.getsockname()[1]
        finally:
            over.append(1)
            thread.join()
            for each in workers:
                each.join()


@contextmanager
def portal(folder: Path, behaves: Portal, *, server: socket.socket | None = None) -> Iterator[int]:
    """Have a portal at a port of loopback, or at another server."""
    folder.mkdir(exist_ok=True)
    context = context_of(behaves, folder)

    def serve(line: socket.socket) -> None:
        with context.wrap_socket(line, server_side=True) as safe:
            asked = b""
            while b"\r\n\r\n" not in asked:
                piece = safe.recv(65536)
                if not piece:
                    return
                asked += piece
            safe.sendall(page(behaves, asked.split()[1].decode()))

    with listening(serve, server=server) as port:
        yield port


def client_folder(
    folder: Path, office: PKI = OFFICE, *, period: Period | None = None, no: int = 3, url: str = "https://localhost:1"
) -> Path:
    """Return a client's folder with a certificate of an office."""
    folder.mkdir(parents=True, exist_ok=True)
    write_pem(folder / "cert.pem", office.client(period=period, no=no), office.issuing.certificate)
    write_pem(folder / "key.pem", key("client"))
    write_pem(folder / "ca.pem", office.root.certificate)
    (folder / "client.toml").write_text(f'url = "{url}"\nparty = "9911000015"\nkind = "institution"\n')
    return folder


def looking(port: int, folder: Path | None = None, *, host: str = "localhost") -> Look:
    """Return what a probe is given for a portal at a port."""
    look = Look("linux", lambda argv: Ran(None, missing=True), lambda: datetime.now(UTC), folder=folder)
    return replace(look, url=f"https://{host}:{port}")
