"""The client's side of TLS: what users are told when a line fails, against real servers and real failures."""

import http.client
import socket
import ssl
import threading
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from pki import HOLDER, key, write_pem
from seikyu.adapters import tls_client
from seikyu.adapters.tls_client import BadClientFile, client_context, key_exposed, words
from seikyu.apps.words import has
from tls_lab import Lab, Served, ask, connected, make_lab, serving


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """The PEM files."""
    return make_lab(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module", params=["asyncio", "uvloop"])
def desk(request: pytest.FixtureRequest, lab: Lab) -> Iterator[Served]:
    """A desk on each of the two event loops."""
    with serving(lab.server(), loop=request.param) as served:
        yield served


def get(url: str, tls: ssl.SSLContext, *, body: bytes | None = None, wait_s: float = 5) -> httpx2.Response:
    """Make one request as the commands do."""
    with httpx2.Client(verify=tls, trust_env=False, timeout=wait_s) as client:
        return client.request("GET" if body is None else "POST", url, content=body)


def code_of(act: Callable[[], object]) -> str:
    """Return the code of whatever `act` raises."""
    try:
        act()
    except Exception as problem:  # noqa: BLE001 - the very subject of the test
        return words(problem)
    raise AssertionError("nothing went wrong")


@contextmanager
def door(act: Callable[[socket.socket], None]) -> Iterator[int]:
    """Listen on a port where the first who connects meets `act`."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def once() -> None:
            line, _ = listening.accept()
            with line:
                act(line)

        thread = threading.Thread(target=once, daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        thread.join(10)


def test_a_valid_client_is_answered(desk: Served, lab: Lab) -> None:
    """The way that works, for comparison."""
    answer = get(f"https://localhost:{desk.port}/", lab.client("valid"))
    assert answer.json()["party"] == HOLDER.party


@pytest.mark.parametrize("body", [None, b"x" * 3_000_000], ids=["small", "large"])
@pytest.mark.parametrize(
    ("client", "expected"), [("expired", "certificate_expired"), ("foreign", "certificate_foreign")]
)
def test_a_refused_client_certificate_is_named(
    desk: Served, lab: Lab, client: str, expected: str, body: bytes | None
) -> None:
    """The alert comes after the request was written, and is found all the same, also under a large body."""
    for _ in range(5):
        assert expected == code_of(lambda: get(f"https://localhost:{desk.port}/", lab.client(client), body=body))


def test_a_certificate_for_another_purpose_is_named(desk: Served, lab: Lab) -> None:
    """A server's certificate shown by a client."""
    tls = client_context(lab.ca, certificate=lab.folder / "server.pem", key=lab.folder / "server.pem")
    assert code_of(lambda: ask(desk.port, tls)) == "certificate_refused"


def test_a_server_that_requires_a_certificate_is_named(lab: Lab) -> None:
    """Other servers before the office may require the certificate in the handshake."""
    tls = lab.server()
    tls.verify_mode = ssl.CERT_REQUIRED
    with serving(tls) as strict:
        assert code_of(lambda: ask(strict.port, lab.client())) == "no_certificate"


def test_a_revoked_certificate_is_named(lab: Lab, tmp_path: Path) -> None:
    """Other servers before the office may look into the revocation list."""
    from datetime import timedelta

    from cryptography.hazmat.primitives.serialization import Encoding

    from pki import serial
    from seikyu.trust.certificates import Period, Revocation, revocation_list
    from tls_lab import NOW

    listed = revocation_list(
        lab.pki.issuing,
        [Revocation(serial(3), NOW, "key_compromise")],
        number=1,
        period=Period(NOW - timedelta(minutes=5), NOW + timedelta(days=1)),
    )
    (tmp_path / "crl.pem").write_bytes(listed.public_bytes(Encoding.PEM))
    tls = lab.server()
    tls.load_verify_locations(tmp_path / "crl.pem")
    tls.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
    with serving(tls) as strict:
        assert code_of(lambda: ask(strict.port, lab.client("valid"))) == "certificate_revoked"


@pytest.mark.parametrize(
    ("server", "expected"),
    [
        ("server-expired", "server_certificate_expired"),
        ("server-early", "server_certificate_early"),
        ("server-elsewhere", "server_certificate_name"),
        ("server-foreign", "server_certificate_foreign"),
    ],
)
def test_a_server_that_cannot_be_trusted_is_named(lab: Lab, server: str, expected: str) -> None:
    """Nothing is sent to a server whose certificate does not verify."""
    with serving(lab.server(server)) as wrong:
        assert expected == code_of(lambda: get(f"https://localhost:{wrong.port}/", lab.client("valid")))


def test_a_wrong_address_is_named(lab: Lab) -> None:
    """127.0.0.2 is not in the certificate."""
    with serving(lab.server()) as served, socket.create_connection(("127.0.0.1", served.port)) as line:
        got = code_of(lambda: lab.client().wrap_socket(line, server_hostname="127.0.0.2"))
    assert got == "server_certificate_name"


def test_an_old_client_is_told_of_the_version(desk: Served, lab: Lab) -> None:
    """TLS 1.2 meets the alert `protocol version`."""
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.load_verify_locations(lab.ca)
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    assert code_of(lambda: ask(desk.port, old)) == "tls_version"


def test_an_old_server_is_told_of_the_version(lab: Lab) -> None:
    """A server that knows TLS 1.2 only."""
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    old.load_cert_chain(lab.folder / "server.pem")
    old.maximum_version = ssl.TLSVersion.TLSv1_2

    def shake(line: socket.socket) -> None:
        try:
            old.wrap_socket(line, server_side=True)
        except OSError:
            return

    with door(shake) as port:
        assert code_of(lambda: ask(port, lab.client())) == "tls_version"


def test_a_port_that_speaks_plainly_is_named(lab: Lab) -> None:
    """The number of the wrong face."""
    with serving(None) as inside:
        assert code_of(lambda: get(f"https://localhost:{inside.port}/", lab.client())) == "not_tls"


def test_nobody_there_is_named(lab: Lab) -> None:
    """A port where nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert code_of(lambda: get(f"https://localhost:{port}/", lab.client())) == "line_refused"


def test_a_name_nobody_knows_is_named(lab: Lab) -> None:
    """`.invalid` exists nowhere."""
    assert code_of(lambda: get("https://office.invalid/", lab.client())) == "name_unknown"


def test_silence_is_named(lab: Lab) -> None:
    """A line that says nothing: in the handshake, and after it."""
    with door(lambda line: time.sleep(0.6)) as port:
        assert code_of(lambda: get(f"https://localhost:{port}/", lab.client(), wait_s=0.2)) == "line_timeout"
    with door(_tls_then(lab, lambda line: time.sleep(0.6))) as port:
        assert code_of(lambda: get(f"https://localhost:{port}/", lab.client(), wait_s=0.2)) == "line_timeout"


def test_a_line_that_ends_early_is_named(lab: Lab) -> None:
    """The end before the handshake, before the answer, and within it."""
    with door(lambda line: None) as port:
        assert code_of(lambda: ask(port, lab.client())) in {"line_closed", "line_reset"}
    with door(_tls_then(lab, lambda line: line.recv(1000))) as port:
        assert code_of(lambda: get(f"https://localhost:{port}/", lab.client())) == "line_closed"
    half = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf"
    with door(_tls_then(lab, lambda line: (line.recv(1000), line.sendall(half)))) as port:
        assert code_of(lambda: get(f"https://localhost:{port}/", lab.client())) == "line_closed"


def test_a_reset_is_named(lab: Lab) -> None:
    """A line that is cut hard; some versions of the TLS library report it as an end."""

    def cut(line: socket.socket) -> None:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    with door(_tls_then(lab, lambda line: (line.recv(1000), cut(line)))) as port:
        assert code_of(lambda: get(f"https://localhost:{port}/", lab.client())) in {"line_reset", "line_closed"}


def _tls_then(lab: Lab, act: Callable[[ssl.SSLSocket], object]) -> Callable[[socket.socket], None]:
    """Return what does the handshake as the desk would, and then `act`."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(lab.folder / "server.pem")

    def whole(line: socket.socket) -> None:
        with tls.wrap_socket(line, server_side=True) as wrapped:
            act(wrapped)

    return whole


@pytest.mark.parametrize(
    ("problem", "expected"),
    [
        (OSError(113, "no route"), "line_unreachable"),
        (OSError(28, "full"), "line_failed"),
        (BrokenPipeError(), "line_reset"),
        (ValueError(), "line_failed"),
        (http.client.IncompleteRead(b""), "line_closed"),
        (ssl.SSLError(1, "[SSL: DH_KEY_TOO_SMALL] dh key too small"), "tls_failed"),
        (ssl.SSLError(1, "[SSL] tlsv13 alert certificate required"), "no_certificate"),
        (ssl.SSLZeroReturnError(), "line_closed"),
    ],
)
def test_every_exception_has_a_code(problem: Exception, expected: str) -> None:
    """Those that no server here can cause."""
    assert expected == words(problem)


def test_what_tells_most_is_taken() -> None:
    """A reset that hides an alert, and a circle of causes."""
    outer, inner = ConnectionResetError(), ssl.SSLError(1, "sslv3 alert certificate expired")
    outer.__context__ = inner
    inner.__context__ = outer
    assert words(outer) == "certificate_expired"


def test_every_code_has_its_words() -> None:
    """Title, text and hint, in both languages, for every code that `words` can return."""
    texts = tomllib.loads(Path(tls_client.__file__).parents[1].joinpath("apps/words/tls.toml").read_text("utf-8"))
    codes = {code for _, code in (*tls_client._ALERTS, *tls_client._KINDS)} | set(tls_client._VERIFICATION.values())
    codes |= {"server_certificate_foreign", "line_unreachable", "line_failed", "tls_failed", "bad_client_file"}

    assert [] == [code for code in codes for part in ("title", "text", "hint") if not has(f"{code}.{part}")]
    assert {"no_certificate", "certificate_revoked"} == codes - texts.keys()


@pytest.mark.parametrize(("missing", "reason"), [("ca", "no such file"), ("certificate", "no such file"), ("key", "no such file")])  # fmt: skip
def test_a_missing_file_is_named(lab: Lab, tmp_path: Path, missing: str, reason: str) -> None:
    """The error says which of the three files it is."""
    files = {"ca": lab.ca, "certificate": lab.folder / "valid.pem", "key": lab.folder / "client.key"}
    files[missing] = tmp_path / "away.pem"
    with pytest.raises(BadClientFile) as refused:
        client_context(files["ca"], certificate=files["certificate"], key=files["key"])
    assert refused.value.facts["file"] == str(tmp_path / "away.pem")
    assert refused.value.facts["reason"].startswith(reason)


def test_files_that_do_not_fit_are_named(lab: Lab, tmp_path: Path) -> None:
    """Another certificate's key, an encrypted key (nobody is asked for a password), and no PEM at all."""
    other = write_pem(tmp_path / "other.key", key("other"))
    rubbish = tmp_path / "rubbish.pem"
    rubbish.write_bytes(b"no PEM")
    locked = tmp_path / "locked.key"
    locked.write_bytes(_locked())
    for wrong in (other, rubbish, locked):
        with pytest.raises(BadClientFile):
            client_context(lab.ca, certificate=lab.folder / "valid.pem", key=wrong)
    with pytest.raises(BadClientFile):
        client_context(rubbish)


def _locked() -> bytes:
    from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

    return key("client").private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))


@pytest.mark.parametrize(("mode", "expected"), [(0o600, False), (0o400, False), (0o640, True), (0o604, True)])
def test_a_key_that_others_may_read_is_noticed(tmp_path: Path, *, mode: int, expected: bool) -> None:
    """Only the owner's bits may be set."""
    path = tmp_path / "key.pem"
    path.touch()
    path.chmod(mode)
    assert expected is key_exposed(path)


def test_a_client_without_certificate_is_served_too(desk: Served, lab: Lab) -> None:
    """The public face's context."""
    with connected(desk.port, client_context(lab.ca)) as line:
        assert isinstance(line, ssl.SSLSocket)
        assert line.version() == "TLSv1.3"
