"""What a front server says of the peer: on a Unix socket in a private folder it counts, anywhere else it is nothing."""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from uvicorn import Config

from pki import HOLDER, make_pki, serial
from seikyu.adapters.front_server import FrontConnection, PathTooLong, bound_in, der_from
from seikyu.adapters.tls_server import Connection, Listener, NotVerified, peer_identity
from seikyu.trust import UnknownCertificate
from seikyu.trust.certificates import serial_text

CLIENT = make_pki().client()
PEM = CLIENT.public_bytes(Encoding.PEM).decode("ascii")
DER = CLIENT.public_bytes(Encoding.DER)
GOOD = {"Seikyu-Client-Verify": "SUCCESS", "Seikyu-Client-Cert": quote(PEM)}


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Say who asks, and which headers came."""
    try:
        who = peer_identity(scope)
        said: dict[str, Any] = {"party": who and who.party, "serial": who and who.serial}
    except NotVerified as refused:
        said = {"why": refused.why, "own": refused.der == DER}
    except UnknownCertificate as odd:
        said = {"odd": str(odd)}
    said |= {"headers": sorted(name.decode() for name, _ in scope["headers"]), "scheme": scope["scheme"]}
    said |= {"address": scope["client"][0] if scope["client"] else None}
    await send({"type": "http.response.start", "status": 200, "headers": [(b"connection", b"close")]})
    await send({"type": "http.response.body", "body": json.dumps(said).encode()})


@contextmanager
def serving(line: socket.socket, http: type[Connection]) -> Iterator[None]:
    """Serve the app on a bound socket, in a thread."""
    listener = Listener(Config(app, http=http, ws="none", lifespan="off", log_config=None))
    thread = threading.Thread(target=lambda: asyncio.run(listener.serve(sockets=[line])), daemon=True)
    thread.start()
    while not listener.started:
        assert thread.is_alive()
        time.sleep(0.01)
    try:
        yield
    finally:
        listener.should_exit = True
        thread.join(20)
        line.close()


def told(address: Any, *headers: dict[str, str]) -> tuple[int, Any]:
    """Ask with these headers; return status and JSON."""
    family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
    rows = "".join(f"{name}: {value}\r\n" for each in headers for name, value in each.items())
    with socket.socket(family) as line:
        line.settimeout(20)
        line.connect(address)
        line.sendall(f"GET / HTTP/1.1\r\nHost: a\r\n{rows}\r\n".encode())
        data = b""
        while part := line.recv(65536):
            data += part
    head, _, body = data.partition(b"\r\n\r\n")
    text = body.split(b"\r\n")[1] if b"chunked" in head else body
    return int(head.split()[1]), json.loads(text)


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The path of a socket behind which the connection of a front server is served."""
    folder = tmp_path_factory.mktemp("f")
    with serving(bound_in(folder, "desk.sock"), FrontConnection):
        yield str(folder / "desk.sock")


def test_who_was_verified_is_who_asks(front: str) -> None:
    """The certificate's bytes are read by the same function as without a front server; no app sees the headers."""
    status, said = told(front, GOOD)
    assert (200, HOLDER.party, serial_text(serial(3))) == (status, said["party"], said["serial"])
    assert (["host"], "https") == (said["headers"], said["scheme"])


@pytest.mark.parametrize("verify", [{}, {"Seikyu-Client-Verify": "NONE"}, {"Seikyu-Client-Verify": ""}])
@pytest.mark.parametrize("certificate", [{}, {"Seikyu-Client-Cert": quote(PEM)}])
def test_without_the_word_that_it_is_verified_nobody_asks(
    front: str, verify: dict[str, str], certificate: dict[str, str]
) -> None:
    """A certificate alone is nothing."""
    assert told(front, verify, certificate)[1]["party"] is None


@pytest.mark.parametrize("verify", ["FAILED:certificate revoked", "FAILED", "success", "SUCCESS ", "SUCCESS,SUCCESS"])
def test_any_other_word_is_a_refusal(front: str, verify: str) -> None:
    """Only the one word lets anybody in; what follows FAILED is why."""
    said = told(front, GOOD | {"Seikyu-Client-Verify": verify})[1]
    assert (verify.removeprefix("FAILED:"), True) == (said["why"], said["own"])


@pytest.mark.parametrize("certificate", ["", "x", quote(PEM)[:300], quote(PEM.replace("BEGIN", "BEGUN"))])
def test_a_certificate_that_cannot_be_read_is_a_refusal(front: str, certificate: str) -> None:
    """Whatever stands there, nobody is let in."""
    said = told(front, {"Seikyu-Client-Verify": "SUCCESS", "Seikyu-Client-Cert": certificate})[1]
    assert said.get("party") is None
    assert "why" in said or "odd" in said


@pytest.mark.parametrize(
    ("address", "known"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8::7", "2001:db8::7"),
        ("unix:", None),
        ("192.0.2.7, 10.0.0.1", None),
        ("", None),
    ],
)
def test_the_address_is_the_one_that_the_front_server_tells(front: str, address: str, known: str | None) -> None:
    """Strangers are told apart by it; what is no address is none."""
    assert known == told(front, {"Seikyu-Client-Address": address})[1]["address"]


@pytest.mark.parametrize("name", ["Seikyu-Client-Verify", "seikyu-client-cert", "Seikyu-Client-Address"])
def test_a_header_twice_is_refused(front: str, name: str) -> None:
    """A front server says each once; with two, somebody else has said one of them."""
    status, said = told(front, GOOD | {"Seikyu-Client-Address": "192.0.2.7"}, {name: "SUCCESS"})
    assert (400, "bad_request") == (status, said["code"])


@pytest.mark.parametrize("http", [Connection, FrontConnection])
def test_on_a_port_the_headers_are_nothing(http: type[Connection]) -> None:
    """Whoever comes over TCP can say what he likes: he is nobody."""
    line = socket.create_server(("127.0.0.1", 0))
    address = line.getsockname()
    with serving(line, http):
        said = told(address, GOOD | {"Seikyu-Client-Address": "192.0.2.7"})[1]
    assert said["party"] is None
    assert said["address"] == "127.0.0.1"


def test_the_socket_is_private_and_takes_the_place_of_a_dead_ones(tmp_path: Path) -> None:
    """Also in a folder that was open to others."""
    (tmp_path / "front").mkdir(mode=0o755)
    for _ in range(2):
        with bound_in(tmp_path / "front", "desk.sock"):
            assert 0o700 == (tmp_path / "front").stat().st_mode & 0o777
            assert 0o600 == (tmp_path / "front" / "desk.sock").stat().st_mode & 0o777


def test_a_home_that_lies_too_deep_is_told(tmp_path: Path) -> None:
    """The system's own words would be that a path is too long, but not which, nor how long it may be."""
    with pytest.raises(PathTooLong) as caught:
        bound_in(tmp_path / ("a" * 100), "desk.sock")
    assert 107 == caught.value.facts["most"]
    assert not (tmp_path / ("a" * 100)).exists()


@pytest.mark.parametrize("escaped", [b"", b"%", b"\xff", b"%2D" * 10_000, quote(PEM).encode() + b"x"])
def test_what_is_no_certificate_is_none(escaped: bytes) -> None:
    """No bytes make it raise."""
    assert der_from(escaped) is None
    assert der_from(quote(PEM).encode()) == DER
