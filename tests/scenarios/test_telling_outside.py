"""Webhooks from a real office to a real address: told, and told again after the working process was killed."""

import json
import os
import signal
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from seikyu.apps.demo_office import Someone, found, register, served
from seikyu.apps.generator import Recipe, world, write
from seikyu.client import Client, verify_webhook

pytestmark = pytest.mark.slow

NOW = datetime(2026, 10, 6, 9, 0, tzinfo=timezone(timedelta(hours=9)))
PLACE = world().institutions[0]


class Vendor:
    """An address that takes messages, and refuses them while it is told to."""

    def __init__(self, folder: Path) -> None:
        self.roots, self.came, self.refusing = folder / "roots.pem", list[tuple[dict[str, str], bytes]](), True
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(_pair(folder, self.roots))
        self._context = context
        self._line = socket.create_server(("127.0.0.1", 0))
        self.address = f"https://127.0.0.1:{self._line.getsockname()[1]}/hook"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                raw, _ = self._line.accept()
                raw.settimeout(5)
                with suppress(OSError), self._context.wrap_socket(raw, server_side=True) as peer:
                    self._take(peer)

    def _take(self, peer: ssl.SSLSocket) -> None:
        asked = b""
        while b"\r\n\r\n" not in asked:
            asked += peer.recv(4096)
        head, _, body = asked.partition(b"\r\n\r\n")
        lines = [line.split(": ", 1) for line in head.decode().split("\r\n")[1:]]
        headers = {name.lower(): value for name, value in lines}
        while len(body) < int(headers["content-length"]):
            body += peer.recv(4096)
        self.came.append((headers, body))
        peer.sendall(f"HTTP/1.1 {503 if self.refusing else 204} x\r\nContent-Length: 0\r\n\r\n".encode())

    def types(self) -> list[str]:
        """Return the types of what came, each event once, in the order of their first coming."""
        return list({headers["webhook-id"]: json.loads(body)["type"] for headers, body in self.came}.values())

    def close(self) -> None:
        """Stop."""
        self._line.close()


def _pair(folder: Path, roots: Path) -> Path:
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "vendor")])
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, SHA256())
    )  # fmt: skip
    roots.write_bytes(made.public_bytes(Encoding.PEM))
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "pair.pem").write_bytes(secret + roots.read_bytes())
    return folder / "pair.pem"


@pytest.fixture
def vendor(tmp_path: Path) -> Iterator[Vendor]:
    """Return the vendor's address."""
    vendor = Vendor(tmp_path)
    yield vendor
    vendor.close()


def until(test: Callable[[], bool]) -> None:
    """Wait until something is so."""
    end = time.monotonic() + 60
    while not test():
        assert time.monotonic() < end
        time.sleep(0.1)


def workers(server: int) -> list[int]:
    """Return the processes below a server."""
    told = subprocess.run(["pgrep", "-P", str(server)], capture_output=True, text=True, check=False)
    return [int(each) for each in told.stdout.split()]


def test_a_webhook_outlives_its_teller(tmp_path: Path, vendor: Vendor) -> None:
    """Refused, its teller killed, taken up: every event arrives, in order, signed; and a stop waits for no poll."""
    root = tmp_path / "office"
    found(root, bodies=["1", "2-99"], now=NOW, calendar="sandbox")
    register(root, [Someone(PLACE.id, "institution", PLACE.name)])
    text = (root / "office.toml").read_text("utf-8").replace("# networks = []", 'networks = ["127.0.0.0/8"]')
    (root / "office.toml").write_text(text.replace('# ca = ""', f'ca = "{vendor.roots}"'), "utf-8")
    with (tmp_path / "RECEIPTC.UKE").open("wb") as out:
        write(Recipe(PLACE, "1", 202610, 3, 7), out)
    with served(root) as server, Client.open(home=root) as office:
        made = office.add_webhook(vendor.address)
        office.send(tmp_path / "RECEIPTC.UKE", test=True)
        until(lambda: len(vendor.came) > 0)
        for each in workers(server.pid):
            os.kill(each, signal.SIGKILL)
        vendor.refusing = False

        until(lambda: vendor.types() == ["sending.recorded", "sending.checked"])
        for headers, body in vendor.came[-2:]:
            verify_webhook(made["secret"], headers, body)
        until(lambda: office.webhook(made["id"])["failures"] == 0)
        polling = threading.Thread(target=_poll, args=(root,), daemon=True)
        polling.start()
        time.sleep(1)
        server.terminate()
        server.wait(15)
        polling.join(15)
    assert not polling.is_alive()


def _poll(root: Path) -> None:
    with suppress(Exception), Client.open(home=root, tries=1) as office:
        office.events_page(after="now", wait_s=25)
