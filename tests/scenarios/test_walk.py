"""The whole way of a newcomer, with programs that are not ours: curl, openssl, certbot, and a reader of PDFs.

From the posted registration code to the revocation: account, application, approval, notice, certificate, sending,
renewal, death of the machine, recovery, a server's certificate, loss. Nobody phones anybody.
"""

import base64
import json
import re
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from outside import Curl, run
from real_house import House
from server_office import free_port

pytestmark = pytest.mark.slow

PARTY = "9911999011"
TERMINAL = "受付1号機"
HOST = "gw.newcomer.example"
PASSWORD = "鷺沼 rutabaga stew"
_CODE = r"[2-9A-HJKMNP-Z]"
_NOTICE = rf"\b{_CODE}{{4}}-{_CODE}{{4}}-{_CODE}{{4}}\b"
_RECOVERY = rf"\b{_CODE}{{5}}-{_CODE}{{5}}-{_CODE}{{5}}-{_CODE}{{5}}\b"


@dataclass
class Paper:
    """What the party reads on its notice."""

    reference: str
    pin: str
    recovery: str
    text: str


@dataclass
class Machine:
    """A machine with curl and openssl, and one key after the other."""

    office: House
    folder: Path
    now: str = ""

    def key(self, name: str) -> Path:
        """Make a key and a request for it; return the request as EST sends it."""
        self.folder.mkdir(exist_ok=True)
        made = run(
            "openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/",
            "-keyout", self.folder / f"{name}.key", "-outform", "DER", "-out", self.folder / f"{name}.der",
        )  # fmt: skip
        assert made.returncode == 0, made.stderr
        body = self.folder / f"{name}.b64"
        body.write_bytes(base64.encodebytes((self.folder / f"{name}.der").read_bytes()))
        return body

    def take(self, name: str, pkcs7: bytes) -> None:
        """Take what EST answered for the certificate in use."""
        der = self.folder / "answer.p7"
        der.write_bytes(base64.b64decode(pkcs7))
        pem = run("openssl", "pkcs7", "-inform", "DER", "-in", der, "-print_certs")
        (self.folder / f"{name}.pem").write_bytes(pem.stdout)
        self.now = name

    def with_certificate(self, name: str = "") -> list[object]:
        """Return the words by which curl shows a certificate."""
        name = name or self.now
        return ["--cert", self.folder / f"{name}.pem", "--key", self.folder / f"{name}.key"]

    def ask(self, url: str, *words: object, stdin: bytes = b"") -> tuple[int, bytes]:
        """Ask; return status and body."""
        out = self.folder / "out"
        out.write_bytes(b"")
        done = run(
            "curl", "-sS", "--cacert", self.office.access["ca"], "-o", out, "-w", "%{http_code}", "--config", "-",
            *words, url, data=stdin,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return int(done.stdout), out.read_bytes()

    def enrol(self, name: str, paper: Paper, code: str) -> None:
        """Get a certificate by EST with reference number and code."""
        body = self.key(name)
        status, told = self.ask(
            self.office.access["public_url"] + "/.well-known/est/simpleenroll",
            "-H", "Content-Type: application/pkcs10", "--data-binary", f"@{body}",
            stdin=f'user = "{paper.reference}:{code}"\n'.encode(),
        )  # fmt: skip
        assert status == 200, told
        self.take(name, told)

    def api(self, path: str, *words: object, name: str = "") -> tuple[int, dict[str, Any]]:
        """Ask the desk with the certificate in use, or another."""
        status, told = self.ask(self.office.access["url"] + "/api/v1" + path, *self.with_certificate(name), *words)
        return status, json.loads(told)

    def serial(self, name: str) -> str:
        """Return the serial of a certificate as openssl reads it."""
        told = run("openssl", "x509", "-in", self.folder / f"{name}.pem", "-noout", "-serial")
        return told.stdout.decode().strip().partition("=")[2].lower().lstrip("0")


def test_from_the_posted_code_to_the_revocation(house: House, tmp_path: Path) -> None:
    """Apply, approve, notice, download, send a file, renew, lose the PC, recover, revoke."""
    port = free_port()
    settings = (house.home / "office.toml").read_text("utf-8")
    settings = settings.replace("# http_port = 80", f"http_port = {port}")
    settings = settings.replace("# addresses = []", f'addresses = ["{HOST}=127.0.0.1"]')
    (house.home / "office.toml").write_text(settings, "utf-8")
    house.start()
    typed(house, "admin", "party", "add", PARTY, "新規医院", "--kind", "institution")

    curl = registered(house, tmp_path)
    paper = applied(house, curl, tmp_path)

    machine = Machine(house, tmp_path / "pc1")
    machine.enrol("first", paper, paper.pin)
    sending = sent(house, machine, tmp_path)

    renewed(machine)
    old = machine.serial(machine.now)

    # The machine dies in the middle of the month; the drawer has the recovery code.
    second = Machine(house, tmp_path / "pc2")
    second.enrol("recovered", paper, paper.recovery)
    for name in ("first", "second"):
        status, told = machine.api("/sendings", name=name)
        assert (status, told["code"]) == (403, "certificate_revoked")
    assert revoked_by_ocsp(second, old, machine.folder / "second.pem")
    status, told = second.api(f"/sendings/{sending}/confirm?errors=with", "-X", "POST")
    assert (status, told["state"]) == (200, "confirmed"), told

    certified_server(house, tmp_path, port)

    lost = {"reference": paper.reference, "recovery": paper.recovery}
    status, answer = second.ask(
        house.access["public_url"] + "/recover/lost", "-H", "Content-Type: application/json",
        "--data-binary", json.dumps(lost),
    )  # fmt: skip
    assert status == 200, answer
    status, told = second.api("/sendings")
    assert (status, told["code"]) == (403, "certificate_revoked")
    within_a_minute(lambda: revoked_by_list(second))
    for secret in (paper.pin, paper.recovery, PASSWORD):
        assert secret not in house.log()


def typed(office: House, *words: str) -> subprocess.CompletedProcess[str]:
    """Type a command at the office."""
    done = office.run(*words)
    assert done.returncode == 0, done.stderr
    return done


def registered(office: House, folder: Path) -> Curl:
    """Make the account of the party with the code that was posted, and log in."""
    listed = typed(office, "admin", "party", "code", PARTY, "--csv").stdout
    (code,) = re.findall(rf"{_CODE}{{4}}(?:-{_CODE}{{4}}){{3}}", listed)
    curl = Curl(office, folder / "jar")
    assert curl.ask("/account/register") == 200
    assert curl.press("/account/register", party=PARTY, code=code.lower()) == 200
    assert "新規医院" in curl.page
    accept = re.findall(r'name="(accept\.[^"]+)"', curl.page)
    assert len(accept) == 2  # terms of use, and the rules of the authority
    first = {"user": "hanako", "password": PASSWORD, "again": PASSWORD}
    assert curl.press("/account/register/finish", **first, **dict.fromkeys(accept, "yes")) == 303
    assert curl.ask("/account/register") == 200
    assert curl.press("/account/register", party=PARTY, code=code) == 403  # a code is good once
    assert curl.ask("/login") == 200
    assert curl.press("/login", user="hanako", password=PASSWORD) == 303
    return curl


def applied(office: House, curl: Curl, folder: Path) -> Paper:
    """Apply on the public face, approve at the office, and read the paper."""
    assert curl.ask("/applications/new") == 200
    told = {"terminal": TERMINAL, "department": "事務課", "phone": "099-000-0000"}
    assert curl.press("/applications/new", **told) == 303
    waiting = json.loads(typed(office, "admin", "cert", "applications", "--state", "applied", "--json").stdout)
    (one,) = [each for each in waiting["items"] if each["party"] == PARTY]
    return approved(office, one["id"], folder / "notice.pdf")


def approved(office: House, application: str, out: Path) -> Paper:
    """Approve, and read what is printed."""
    typed(office, "admin", "cert", "approve", application, "--out", str(out))
    assert out.stat().st_mode & 0o077 == 0
    text = run("pdftotext", "-layout", out, "-").stdout.decode()
    reference, pin, *_ = re.findall(_NOTICE, text)
    (recovery,) = set(re.findall(_RECOVERY, text))
    return Paper(reference, pin, recovery, text)


def sent(office: House, machine: Machine, folder: Path) -> str:
    """Send a conforming file, and wait for its check."""
    file = folder / "RECEIPTC.UKE"
    typed(office, "make", "--institution", PARTY, "--claims", "5", "--month", "202610", "-o", str(file))
    status, told = machine.api(
        "/sendings?body=1", "-H", "Content-Type: application/octet-stream", "--data-binary", f"@{file}"
    )
    assert status == 201, told
    sending: str = told["id"]
    within_a_minute(lambda: machine.api(f"/sendings/{sending}")[1]["state"] == "to_decide")
    return sending


def renewed(machine: Machine) -> None:
    """Renew with the certificate in hand; both are good then, and the answer can be fetched again."""
    body = machine.key("second")
    words = ["-H", "Content-Type: application/pkcs10", "--data-binary", f"@{body}"]
    url = machine.office.access["url"] + "/.well-known/est/simplereenroll"
    answers = [machine.ask(url, *machine.with_certificate("first"), *words) for _ in range(2)]
    assert [status for status, _ in answers] == [200, 200]
    machine.take("second", answers[1][1])
    assert machine.serial("second") != machine.serial("first")
    assert [machine.api("/sendings", name=name)[0] for name in ("first", "second")] == [200, 200]


def certified_server(office: House, folder: Path, port: int) -> None:
    """Let certbot get a certificate for a server of the party, bound by its notice."""
    words = ("admin", "cert", "apply", PARTY, "--terminal", "入口", "--host", HOST, "--json")
    application = json.loads(typed(office, *words).stdout)["id"]
    shown = typed(office, "admin", "cert", "approve", application, "--out", str(folder / "gw.pdf"), "--show", "--json")
    (notice,) = json.loads(shown.stdout)["notices"]
    settings = folder / "cli.ini"
    settings.touch(mode=0o600)
    settings.write_text(
        f"eab-kid = {notice['reference'].replace('-', '')}\neab-hmac-key = {notice['binding']}\n"
        f"server = {office.access['public_url']}/acme/directory\n",
        "utf-8",
    )
    folders = [f"--{name}-dir={folder / 'certbot' / name}" for name in ("config", "work", "logs")]
    done = run(
        "env", f"REQUESTS_CA_BUNDLE={office.access['ca']}", "certbot", "certonly", "--config", settings, *folders,
        "--non-interactive", "--standalone", "--http-01-port", port, "--http-01-address", "127.0.0.1", "--agree-tos",
        "--register-unsafely-without-email", "-d", HOST,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    live = folder / "certbot" / "config" / "live" / HOST
    checked = run(
        "openssl", "verify", "-purpose", "sslserver", "-verify_hostname", HOST, "-CAfile", office.access["ca"],
        "-untrusted", live / "chain.pem", live / "cert.pem",
    )  # fmt: skip
    assert checked.returncode == 0, checked.stderr


def above(machine: Machine) -> Path:
    """Return the issuing authority's certificate, as anybody may fetch it."""
    status, pem = machine.ask(machine.office.access["public_url"] + "/pki/issuing.pem")
    assert status == 200
    path = machine.folder / "issuing.pem"
    path.write_bytes(pem)
    return path


def revoked_by_ocsp(machine: Machine, serial: str, certificate: Path) -> bool:
    """Return whether the responder says so to openssl; curl carries the question, as openssl 3.0 knows no TLS here."""
    question, answer = machine.folder / "q.der", machine.folder / "a.der"
    issuer = above(machine)
    run("openssl", "ocsp", "-issuer", issuer, "-cert", certificate, "-no_nonce", "-reqout", question)
    status, told = machine.ask(
        machine.office.access["public_url"] + "/pki/ocsp", "-H", "Content-Type: application/ocsp-request",
        "--data-binary", f"@{question}",
    )  # fmt: skip
    assert status == 200
    answer.write_bytes(told)
    read = run(
        "openssl", "ocsp", "-respin", answer, "-issuer", issuer, "-cert", certificate, "-no_nonce",
        "-CAfile", machine.office.access["ca"], "-verify_other", issuer,
    )  # fmt: skip
    assert b"Response verify OK" in read.stderr, read.stderr
    return f"{certificate}: revoked".encode() in read.stdout and len(serial) > 0


def revoked_by_list(machine: Machine) -> bool:
    """Return whether the list names what the machine had."""
    status, der = machine.ask(machine.office.access["public_url"] + "/pki/crl.der")
    assert status == 200
    text = run("openssl", "crl", "-inform", "DER", "-noout", "-text", data=der).stdout.decode().lower()
    return machine.serial(machine.now) in text.replace("serial number: 0", "serial number: ")


def within_a_minute(true: Any) -> None:
    """Wait until it is so. The promise is a minute; a loaded machine gets two."""
    end = time.monotonic() + 120
    while not true():
        assert time.monotonic() < end
        time.sleep(0.5)
