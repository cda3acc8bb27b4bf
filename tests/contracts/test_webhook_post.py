"""Posting webhooks over real sockets and real TLS: what arrives, what is refused, and ends that play tricks."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from seikyu.adapters import webhook_post
from seikyu.adapters.webhook_post import PostsOverTls
from seikyu.ports.webhooks import Posted
from seikyu.trust.webhooks import Target

LOOPBACK = [ip_network("127.0.0.0/8"), ip_network("::1/128")]
NO_CONTENT = b"HTTP/1.1 204 No Content\r\n\r\n"


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file with a key and a certificate for localhost and 127.0.0.1 that vouches for itself."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(names, critical=False).sign(key, SHA256())
    )  # fmt: skip
    path = tmp_path_factory.mktemp("webhooks") / "pair.pem"
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(secret + certificate.public_bytes(Encoding.PEM))
    return path


class Listener:
    """The other end. Shape: `answer` is what it says to everybody; nothing at all if empty."""

    def __init__(self, pair: Path, answer: bytes) -> None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(pair)
        self.asked: list[bytes] = []
        self._answer = answer
        self._context = context
        self._line = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._line.getsockname()[1])
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                raw, _ = self._line.accept()
                raw.settimeout(5)
                with suppress(OSError), self._context.wrap_socket(raw, server_side=True) as peer:
                    self.asked.append(self._read(peer))
                    peer.sendall(self._answer)
                    if not self._answer:
                        peer.recv(1)

    @staticmethod
    def _read(peer: ssl.SSLSocket) -> bytes:
        asked = b""
        while b"\r\n\r\n{" not in asked or not asked.endswith(b"}"):
            piece = peer.recv(4096)
            if not piece:
                break
            asked += piece
        return asked

    def close(self) -> None:
        """Stop."""
        self._line.shutdown(socket.SHUT_RDWR)
        self._line.close()
        self._thread.join(6)


@contextmanager
def listening(pair: Path, answer: bytes = NO_CONTENT) -> Iterator[Listener]:
    """Run the other end."""
    listener = Listener(pair, answer)
    try:
        yield listener
    finally:
        listener.close()


def post(pair: Path | None, host: str, port: int, *, allowed: bool = True, wait_s: float = 5) -> Posted:
    """Post something."""
    posts = PostsOverTls(wait_s=wait_s, allowed=LOOPBACK if allowed else [], ca=pair)
    return posts(Target(host, port, "/hook?a=1"), b'{"type":"t"}', {"webhook-id": "e1"})


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_message_arrives_as_it_was_signed(pair: Path, host: str) -> None:
    """Byte for byte, to the path, under the name, with the headers; of the answer the status counts."""
    with listening(pair) as listener:
        assert Posted("arrived", 204) == post(pair, host, listener.port)

    (asked,) = listener.asked
    head, _, body = asked.partition(b"\r\n\r\n")
    assert body == b'{"type":"t"}'
    assert head.startswith(b"POST /hook?a=1 HTTP/1.1\r\n")
    assert f"host: {host}:{listener.port}".encode() in head.lower()
    assert b"webhook-id: e1" in head.lower()


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nx", Posted("arrived", 200)),
        (b"HTTP/1.1 302 Found\r\nLocation: https://127.0.0.1/\r\n\r\n", Posted("redirect", 302)),
        (b"HTTP/1.1 410 Gone\r\n\r\n", Posted("gone", 410)),
        (b"HTTP/1.1 500 Oh\r\n\r\n", Posted("status", 500)),
        (b"rubbish\r\n\r\n", Posted("connection")),
    ],
)
def test_what_the_other_end_says_is_what_becomes_of_it(pair: Path, answer: bytes, outcome: Posted) -> None:
    """Nothing is followed, and nothing of a body waited for."""
    with listening(pair, answer) as listener:
        assert outcome == post(pair, "localhost", listener.port)
        assert len(listener.asked) == 1


def test_an_end_that_says_nothing_holds_nobody_up(pair: Path) -> None:
    """The whole ends in time."""
    with listening(pair, b"") as listener:
        assert Posted("late") == post(pair, "localhost", listener.port, wait_s=0.5)


def test_nobody_is_told_whose_certificate_does_not_hold(pair: Path) -> None:
    """Unknown roots, and a good certificate for another name."""
    with listening(pair) as listener:
        assert Posted("tls") == post(None, "localhost", listener.port)
    assert listener.asked == []


def test_our_own_machine_is_told_nothing_unless_that_is_allowed(pair: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever name leads there; and the name is asked once, so that a second answer changes nothing."""
    with listening(pair) as listener:
        for host in ("localhost", "127.0.0.1", "nobody.invalid"):
            assert Posted("address") == post(pair, host, listener.port, allowed=False)
        answers = [["192.0.2.1", "10.0.0.1"], ["127.0.0.1"]]
        monkeypatch.setattr(webhook_post, "_looked_up", lambda _host: answers.pop(0))
        assert Posted("address") == post(pair, "rebinding.example", listener.port)
        assert answers == [["127.0.0.1"]]
        assert Posted("tls") == post(pair, "rebinding.example", listener.port)  # there, but under another name
    assert listener.asked == []


def test_where_nobody_listens_there_is_no_connection(pair: Path) -> None:
    """It is said so, and raises nothing."""
    with socket.create_server(("127.0.0.1", 0)) as line:
        port = int(line.getsockname()[1])
    assert Posted("connection") == post(pair, "127.0.0.1", port)
