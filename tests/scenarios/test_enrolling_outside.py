"""Certificates for programs that are not ours: EST with curl and openssl alone, ACME with certbot; a real office."""

import base64
import os
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from server_office import HOST, ServedOffice, free_port

from seikyu.services.applications import Opened

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedOffice]:
    """Return a small office that is being served, the same for all."""
    made = ServedOffice.make(tmp_path_factory.mktemp("office") / "home")
    made.start()
    yield made
    made.stop()


def program(name: str) -> str:
    """Return the path of a program, or skip where it is not installed."""
    found = shutil.which(name)
    if found is None:
        assert not os.environ.get("CI"), f"{name} is not installed"
        pytest.skip(f"{name} is not installed")
    return found


def run(name: str, *words: object, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a program."""
    return subprocess.run(
        [program(name), *map(str, words)],
        capture_output=True, text=True, check=False, timeout=120, input=stdin, env={**os.environ, **environment},
    )  # fmt: skip


class Terminal:
    """A machine with curl and openssl and nothing else."""

    def __init__(self, office: ServedOffice, folder: Path) -> None:
        self.office = office
        self.folder = folder

    def request(self, name: str) -> Path:
        """Make a key and a request for it, in base64; `name.key` and `name.b64`."""
        key, der = self.folder / f"{name}.key", self.folder / f"{name}.der"
        made = run(
            "openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-keyout", key, "-subj", "/", "-outform", "DER", "-out", der,
        )  # fmt: skip
        assert made.returncode == 0, made.stderr
        body = self.folder / f"{name}.b64"
        body.write_bytes(base64.encodebytes(der.read_bytes()))
        return body

    def curl(self, face: str, path: str, *words: object, user: str = "") -> tuple[int, bytes]:
        """Ask; return status and body. The PIN comes by standard input and stands in no list of processes."""
        out = self.folder / "out"
        out.unlink(missing_ok=True)
        done = run(
            "curl", "--silent", "--cacert", self.office.ca, "--output", out, "--write-out", "%{http_code}",
            "--config", "-", *words, f"{self.office.told[face]}/.well-known/est/{path}",
            stdin=f'user = "{user}"\n' if user else "",
        )  # fmt: skip
        assert done.returncode == 0, done
        return int(done.stdout), out.read_bytes() if out.exists() else b""

    def certificates(self, body: bytes) -> list[x509.Certificate]:
        """Return what an answer holds, as openssl reads it."""
        der = self.folder / "out.p7"
        der.write_bytes(base64.b64decode(body))
        pem = run("openssl", "pkcs7", "-inform", "DER", "-in", der, "-print_certs")
        assert pem.returncode == 0, pem.stderr
        return x509.load_pem_x509_certificates(pem.stdout.encode())

    def enrolled(self, opened: Opened, body: Path) -> x509.Certificate:
        """Enrol with what stands on the paper."""
        user = f"{opened.reference}:{opened.pin}"
        status, told = self.curl(
            "public",
            "simpleenroll",
            "--header",
            "Content-Type: application/pkcs10",
            "--data-binary",
            f"@{body}",
            user=user,
        )
        assert status == 200, told
        (certificate,) = self.certificates(told)
        return certificate

    def keep(self, name: str, certificate: x509.Certificate) -> tuple[Path, Path]:
        """Write the certificate beside its key; return both."""
        path = self.folder / f"{name}.pem"
        path.write_bytes(certificate.public_bytes(Encoding.PEM))
        return path, self.folder / f"{name}.key"

    def verifies(self, path: Path) -> bool:
        """Return whether openssl finds the certificate good, by what `cacerts` gives."""
        _, told = self.curl("public", "cacerts")
        above = self.folder / "above.pem"
        above.write_bytes(b"".join(each.public_bytes(Encoding.PEM) for each in self.certificates(told)))
        words = (
            "verify",
            "-x509_strict",
            "-purpose",
            "sslclient",
            "-CAfile",
            self.office.ca,
            "-untrusted",
            above,
            path,
        )
        return run("openssl", *words).returncode == 0


def cut(office: ServedOffice, opened: Opened, body: bytes, *, after: int | None = None) -> None:
    """Send a request, or the beginning of one, and tear the line before an answer can come."""
    where = urlsplit(office.told["public"])
    typed = base64.b64encode(f"{opened.reference}:{opened.pin}".encode()).decode()
    head = (
        f"POST /.well-known/est/simpleenroll HTTP/1.1\r\nHost: {where.netloc}\r\nAuthorization: Basic {typed}\r\n"
        f"Content-Type: application/pkcs10\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    context = ssl.create_default_context(cafile=office.ca)
    with socket.create_connection(("localhost", where.port or 443)) as line:
        tls = context.wrap_socket(line, server_hostname="localhost")
        tls.sendall(head.encode() + body[:after])
        if after is None:
            tls.settimeout(10)
            tls.recv(1)  # So it was done; the rest of the answer is lost.
        tls.close()


def test_a_terminal_is_enrolled_by_curl_and_openssl(office: ServedOffice, tmp_path: Path) -> None:
    """With the notice, after cut lines; renewed with its certificate; and the PIN is in no log."""
    terminal, opened = Terminal(office, tmp_path), office.opened("受付1号機")
    assert terminal.curl("public", "csrattrs")[0] == 204
    body = terminal.request("first")

    cut(office, opened, body.read_bytes(), after=100)
    cut(office, opened, body.read_bytes())
    first = terminal.enrolled(opened, body)
    assert terminal.enrolled(opened, body) == first
    path, key = terminal.keep("first", first)
    assert terminal.verifies(path)
    party = run("openssl", "x509", "-in", path, "-noout", "-ext", "subjectAltName")
    assert "urn:seikyu:party:institution:9911000015" in party.stdout

    again = terminal.request("second")
    words = ("--header", "Content-Type: application/pkcs10", "--data-binary", f"@{again}")
    assert terminal.curl("desk", "simplereenroll", *words)[0] == 401
    answers = [terminal.curl("desk", "simplereenroll", "--cert", path, "--key", key, *words) for _ in range(2)]
    assert [status for status, _ in answers] == [200, 200]
    (second,), (same,) = (terminal.certificates(told) for _, told in answers)
    assert second == same != first
    new, new_key = terminal.keep("second", second)
    assert terminal.verifies(new)
    third = terminal.request("third")
    status, _ = terminal.curl(
        "desk", "simplereenroll", "--cert", new, "--key", new_key, "--header", "Content-Type: application/pkcs10",
        "--data-binary", f"@{third}",
    )  # fmt: skip
    assert status == 200

    wrong = terminal.curl("public", "simpleenroll", *words, user=f"{opened.reference}:{opened.pin[::-1]}")
    assert wrong[0] == 401
    logged = office.logged()
    assert "/.well-known/est/simpleenroll" in logged
    typed = base64.b64encode(f"{opened.reference}:{opened.pin}".encode()).decode()
    for secret in (opened.pin, opened.pin.replace("-", ""), typed):
        assert secret not in logged


class Certbot:
    """certbot with folders of its own, and its secrets in a file."""

    def __init__(self, office: ServedOffice, folder: Path, opened: Opened) -> None:
        self.office = office
        self.folder = folder
        self.settings = folder / "cli.ini"
        self.settings.touch(mode=0o600)
        self.settings.write_text(
            f"eab-kid = {opened.reference.replace('-', '')}\neab-hmac-key = {opened.binding}\n"
            f"server = {office.told['public']}/acme/directory\n",
            "utf-8",
        )

    def run(self, *words: object) -> subprocess.CompletedProcess[str]:
        """Run certbot; it trusts the office's root and asks nothing."""
        folders = [f"--{name}-dir={self.folder / name}" for name in ("config", "work", "logs")]
        return run(
            "certbot", *words, "--config", self.settings, *folders, "--non-interactive",
            REQUESTS_CA_BUNDLE=str(self.office.ca),
        )  # fmt: skip

    def log(self) -> str:
        """Return its log: there stands what the office said, also where it stumbles over saying it."""
        return (self.folder / "logs" / "letsencrypt.log").read_text("utf-8")

    def chain(self) -> list[x509.Certificate]:
        """Return what lies where a server takes it from."""
        return x509.load_pem_x509_certificates((self.folder / "config" / "live" / HOST / "fullchain.pem").read_bytes())


def test_a_server_gets_renews_and_revokes_its_certificate_with_certbot(office: ServedOffice, tmp_path: Path) -> None:
    """As Debian has it, with the account bound by the notice; the office asks the host for the proof itself."""
    opened = office.opened("gw", hosts=(HOST,))
    certbot = Certbot(office, tmp_path, opened)
    alone = ("--standalone", "--http-01-port", office.http_port, "--http-01-address", "127.0.0.1")
    first = certbot.run("certonly", *alone, "--agree-tos", "--register-unsafely-without-email", "-d", HOST)
    assert first.returncode == 0, first.stderr
    chain = certbot.chain()
    names = chain[0].extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [each.value for each in names] == [HOST]
    path = tmp_path / "config" / "live" / HOST
    verified = run(
        "openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-verify_hostname", HOST, "-CAfile", office.ca,
        "-untrusted", path / "chain.pem", path / "cert.pem",
    )  # fmt: skip
    assert verified.returncode == 0, verified.stderr

    renewed = certbot.run("renew", "--force-renewal", "--no-random-sleep-on-renew")
    assert renewed.returncode == 0, renewed.stderr
    second = certbot.chain()
    assert second[0].serial_number != chain[0].serial_number
    assert not office.revoked(chain[0].serial_number)

    other = certbot.run("certonly", *alone, "-d", "evil.seikyu.example")
    assert other.returncode != 0
    assert "rejectedIdentifier" in certbot.log()
    assert "does not stand on the notice" in certbot.log()

    revoked = certbot.run("revoke", "--cert-name", HOST, "--reason", "superseded", "--no-delete-after-revoke")
    assert revoked.returncode == 0, revoked.stderr
    assert office.revoked(second[0].serial_number)
    assert certbot.run("unregister").returncode == 0
    assert opened.binding not in office.logged()


def test_certbot_is_refused_without_the_right_key(office: ServedOffice, tmp_path: Path) -> None:
    """A binding that is not the notice's; and a name that does not answer, told in words."""
    opened, other = office.opened("gw2", hosts=(HOST,)), office.opened("gw3", hosts=("gw3.seikyu.example",))
    words = (
        "certonly",
        "--standalone",
        "--http-01-address",
        "127.0.0.1",
        "--agree-tos",
        "--register-unsafely-without-email",
    )
    wrong = Certbot(office, tmp_path, Opened(opened.notice, opened.reference, "", "", other.binding))
    refused = wrong.run(*words, "--http-01-port", office.http_port, "-d", HOST)
    assert refused.returncode != 0
    assert "MAC does not fit" in wrong.log()
    right = Certbot(office, tmp_path, opened)
    # It answers, but not where the office asks.
    elsewhere = right.run(*words, "--http-01-port", free_port(), "-d", HOST)
    assert elsewhere.returncode != 0
    assert "cannot be reached" in right.log()
