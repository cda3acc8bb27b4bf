"""Seconds from a revocation to its being known, at each place that decides or tells.

    .venv/bin/python bench/revoking.py [--revoked 30000]

Each place is asked again and again over a line that stays open, while a certificate is revoked: by the operator's call
of the API, by the command beside the server, and by a row that another program wrote without telling anybody, which is
the worst that can happen. `--revoked`: so many others are on the list already.
"""

import argparse
import http.client
import json
import ssl
import subprocess
import tempfile
import threading
import time
import urllib.parse
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from house import SEIKYU, context, demo, machine, served
from seikyu.adapters.home import open_home
from seikyu.adapters.sql import open_store
from seikyu.adapters.sql.rows import values
from seikyu.adapters.sql.schema_register import certificates
from seikyu.ports.register import Certificate

LIMIT_S = 60.0
PAUSE_S = 0.02


def line(url: str, tls: ssl.SSLContext) -> http.client.HTTPSConnection:
    """Return a line that is opened when it is used."""
    where = urllib.parse.urlsplit(url)
    return http.client.HTTPSConnection(where.hostname or "", where.port, context=tls, timeout=30)


def asked(
    to: http.client.HTTPSConnection, method: str, path: str, body: bytes | None = None, **headers: str
) -> tuple[int, bytes]:
    """Ask once; a line that was closed meanwhile is opened anew."""
    for last in (False, True):
        try:
            to.request(method, path, body, headers)
            answer = to.getresponse()
            return answer.status, answer.read()
        except (http.client.HTTPException, OSError):
            to.close()
            if last:
                raise
    raise AssertionError


class Places:
    """Where it is asked whether a certificate is revoked."""

    def __init__(self, home: Path, access: dict[str, Any], folder: Path, serial: str) -> None:
        public = ssl.create_default_context(cafile=access["ca"])
        own = ssl.create_default_context(cafile=access["ca"])
        own.load_cert_chain(folder / "cert.pem", folder / "key.pem")
        self.serial = int(serial, 16)
        desk, list_line, ocsp_line = (
            line(access["url"], own),
            line(access["public_url"], public),
            line(access["public_url"], public),
        )
        certificate, issuer = x509.load_pem_x509_certificates((folder / "cert.pem").read_bytes())[:2]
        question = (
            ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, SHA1()).build().public_bytes(Encoding.DER)
        )
        self.all: dict[str, Callable[[], bool]] = {
            "request at the desk": lambda: asked(desk, "GET", "/api/v1/sendings")[0] == 403,
            "OCSP": lambda: (
                ocsp.load_der_ocsp_response(asked(ocsp_line, "POST", "/pki/ocsp", question)[1]).certificate_status
                is ocsp.OCSPCertStatus.REVOKED
            ),
            "crl.pem in the home": lambda: self.on(x509.load_pem_x509_crl((home / "ca" / "crl.pem").read_bytes())),
            "/pki/crl.der": lambda: self.on(x509.load_der_x509_crl(asked(list_line, "GET", "/pki/crl.der")[1])),
        }

    def on(self, crl: x509.CertificateRevocationList) -> bool:
        """Return whether it stands on a list."""
        return crl.get_revoked_certificate_by_serial_number(self.serial) is not None

    def watched(self, act: Callable[[], object]) -> dict[str, float]:
        """Act, and return how long each place took to know, and how long the act itself took."""
        known: dict[str, float] = {}
        began = time.perf_counter()

        def watch(name: str, knows: Callable[[], bool]) -> None:
            while time.perf_counter() - began < LIMIT_S:
                if knows():
                    known[name] = time.perf_counter() - began
                    return
                time.sleep(PAUSE_S)

        for name, knows in self.all.items():
            assert not knows(), f"{name} calls it revoked before it is"
        threads = [threading.Thread(target=watch, args=item) for item in self.all.items()]
        began = time.perf_counter()
        for thread in threads:
            thread.start()
        act()
        done = time.perf_counter() - began
        for thread in threads:
            thread.join()
        return {"the act itself": done} | known


def issued(home: Path, access: dict[str, Any], no: int) -> tuple[Path, str]:
    """Issue a certificate; return its folder and serial."""
    folder = home / "bench" / str(no)
    told = subprocess.run(
        [SEIKYU, "ca", "issue", access["institution"]["id"], "--terminal", f"bench-{no}", "--out", folder, "--home", home, "--json"],
        check=True, stdout=subprocess.PIPE,
    )  # fmt: skip
    return folder, json.loads(told.stdout)["serial"]


def by_api(access: dict[str, Any], serial: str) -> None:
    """Revoke as the operator does at the desk."""
    to = line(access["url"], context(access, "operator"))
    body = b'{"reason": "key_compromise"}'
    status, _ = asked(
        to, "POST", f"/api/v1/admin/certificates/{serial}/revoke", body, **{"Content-Type": "application/json"}
    )
    assert status == 200


def by_command(home: Path, serial: str) -> None:
    """Revoke by the command."""
    subprocess.run([SEIKYU, "ca", "revoke", serial, "--home", home], check=True, stdout=subprocess.DEVNULL)


def by_row(home: Path, serial: str) -> None:
    """Write the row and tell nobody."""
    store = open_store(open_home(home).database)
    with store.write() as tx:
        tx.revoke_certificates([serial], at=datetime.now(UTC), reason="key_compromise")
    store.close()


def fill(home: Path, many: int) -> None:
    """Enter so many revoked certificates."""
    now = datetime.now(UTC)
    store = open_store(open_home(home).database)
    with store.write() as tx:
        for start in range(0, many, 5000):
            rows = [
                values(Certificate(f"{(1 << 126) + no:x}", "9911000015", "pc", now, now + timedelta(days=900), now, "superseded"))
                for no in range(start, min(start + 5000, many))
            ]  # fmt: skip
            tx.connection.execute(certificates.insert(), rows)
    store.close()


def main() -> None:
    """Measure and print."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--revoked", type=int, default=0)
    given = words.parse_args()
    print(machine())
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        access = demo(home)
        if given.revoked:
            fill(home, given.revoked)
        with served(home):
            time.sleep(3)  # the first list and the first look are behind it
            acts = (
                ("API", partial(by_api, access)),
                ("command", partial(by_command, home)),
                ("a row alone", partial(by_row, home)),
            )
            for no, (name, act) in enumerate(acts):
                place, serial = issued(home, access, no)
                known = Places(home, access, place, serial).watched(partial(act, serial))
                print(f"{name:<12}", ", ".join(f"{where} {seconds:.2f} s" for where, seconds in known.items()))


if __name__ == "__main__":
    main()
