"""A certificate as in real life: applied for, approved, posted, fetched with curl and openssl, and used at the desk."""

import json
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from outside import Curl, run
from real_house import House

from seikyu.apps.enrolling import enrolling_at
from seikyu.apps.wiring import find_home
from seikyu.ports.enrolment import IssuanceNotice

pytestmark = pytest.mark.slow  # each command that its parties type is a program that starts

TERMINAL = "受付9号機"
_CODE = r"[2-9A-HJKMNP-Z]{4}"


@dataclass
class Posted:
    """What a party reads on its paper."""

    id: str
    reference: str
    pin: str


def posted(office: House, folder: Path, terminal: str = TERMINAL, *, party: str = "institution") -> Posted:
    """Apply as a party, approve as the operator, and read the paper."""
    applied = office.run("cert", "apply", "--terminal", terminal, "--json", party=party)
    assert applied.returncode == 0, applied.stderr
    out = folder / f"{len(list(folder.iterdir()))}.pdf"
    done = office.run("admin", "cert", "approve", json.loads(applied.stdout)["id"], "--out", str(out), "--json")
    assert done.returncode == 0, done.stderr
    text = run("pdftotext", "-layout", "-l", "1", out, "-").stdout.decode()
    reference, pin = re.findall(rf"{_CODE}-{_CODE}-{_CODE}", text)
    assert office.access["public_url"] + "/cert/" in text
    return Posted(json.loads(done.stdout)["notices"][0]["id"], reference, pin)


def changed(office: House, notice: Posted, **by: Any) -> None:
    """Let time pass for a notice: its row is moved."""
    with enrolling_at(find_home(office.home)) as at, at.store.write() as tx:
        row = tx.issuance_notice(notice.id)
        assert isinstance(row, IssuanceNotice)
        tx.put_issuance_notice(replace(row, **by))


def used(office: House, folder: Path, p12: Path, password: str) -> dict[str, Any]:
    """Take a file in as a program does, and ask the desk with it."""
    pem = folder / "taken.pem"
    done = run("openssl", "pkcs12", "-in", p12, "-passin", f"pass:{password}", "-nodes", "-out", pem)
    assert done.returncode == 0, done.stderr
    asked = run(
        "curl", "-sS", "--cacert", office.access["ca"], "--cert", pem, office.access["url"] + "/api/v1/certificates"
    )
    told: dict[str, Any] = json.loads(asked.stdout)
    return told


def wrong(pin: str) -> str:
    """Return another PIN with a right check character."""
    from seikyu.trust.codes import CHANCE_BYTES, grouped, make_code

    made = grouped("pin", make_code("pin", bytes(range(CHANCE_BYTES))))
    assert made != pin
    return made


def test_from_the_application_to_the_desk(office: House, tmp_path: Path) -> None:
    """Five wrong PINs lock with a time; unlocked, the file opens with openssl (AES-256) and is let in at the desk."""
    notice, curl = posted(office, tmp_path), Curl(office, tmp_path / "jar")
    for status in (401, 401, 401, 401, 429, 429):
        assert 200 == curl.ask("/cert/")
        assert status == curl.press("/cert/open", reference=notice.reference, pin=wrong(notice.pin))
    assert re.search(r"nothing is looked at before 20\d\d-\d\d-\d\d \d\d:\d\d", curl.page)
    assert 1700 < int(curl.header("retry-after")) <= 1800
    changed(office, notice, locked_until=datetime.now(UTC))

    curl.ask("/cert/")
    assert 200 == curl.press("/cert/open", reference=notice.reference.lower(), pin=notice.pin.replace("-", " "))
    assert TERMINAL in curl.page
    assert 200 == curl.press("/cert/password")
    password = re.findall(r'class="secret">([^<]+)<', curl.page)[0]
    p12 = tmp_path / "terminal.p12"
    assert 200 == curl.press("/cert/file", out=p12)

    info = run("openssl", "pkcs12", "-info", "-in", p12, "-passin", f"pass:{password}", "-noout")
    assert b"AES-256-CBC" in info.stderr
    assert b"MAC: sha256" in info.stderr
    assert 0 != run("openssl", "pkcs12", "-in", p12, "-passin", "pass:wrong", "-noout").returncode
    mine = used(office, tmp_path, p12, password)["items"][0]
    assert (TERMINAL, "good", True) == (mine["terminal"], mine["state"], mine["in_hand"])
    assert 1180 < mine["days_left"] <= 1187  # three years and three months
    for secret in (notice.pin, notice.pin.replace("-", ""), password):
        assert secret not in office.log()


def test_a_key_of_ones_own_and_two_institutions(office: House, tmp_path: Path) -> None:
    """With openssl and curl only; each institution with its notice, and the same request gets the same certificate."""
    serials = set()
    for party in ("institution", "institution_2"):
        notice = posted(office, tmp_path, party=party)
        key, csr, pem = (tmp_path / f"{party}.{end}" for end in ("key", "csr", "pem"))
        made = run(
            "openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-subj", "/CN=anything", "-keyout", key, "-out", csr,
        )  # fmt: skip
        assert made.returncode == 0, made.stderr
        for _ in range(2):
            fetched = run(
                "curl", "-sS", "-f", "--cacert", office.access["ca"], "-u", f"{notice.reference}:{notice.pin}",
                "--data-binary", f"@{csr}", "-o", pem, office.access["public_url"] + "/cert/fetch",
            )  # fmt: skip
            assert fetched.returncode == 0, fetched.stderr
            serials.add(x509.load_pem_x509_certificate(pem.read_bytes()).serial_number)
        asked = run(
            "curl", "-sS", "--cacert", office.access["ca"], "--cert", pem, "--key", key,
            office.access["url"] + "/api/v1/certificates",
        )  # fmt: skip
        assert TERMINAL in {each["terminal"] for each in json.loads(asked.stdout)["items"]}
    assert 2 == len(serials)


def test_a_closed_notice_and_guesses_from_many_places(office: House, tmp_path: Path) -> None:
    """The lock is the notice's, wherever the guesses come from; after 180 days the right PIN is told that it is over."""
    notice = posted(office, tmp_path)

    def fetch(pin: str, address: str) -> tuple[int, str]:
        done = run(
            "curl", "-sS", "--cacert", office.access["ca"], "--interface", address, "-u", f"{notice.reference}:{pin}",
            "-w", "%{http_code}", "-d", "correct horse battery", "-H", "Accept: application/x-pkcs12",
            "-o", tmp_path / "told", office.access["public_url"] + "/cert/fetch",
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        told = (tmp_path / "told").read_bytes()
        return int(done.stdout), json.loads(told)["code"] if told[:1] == b"{" else ""

    guesses = [fetch(wrong(notice.pin), f"127.0.0.{number}") for number in range(2, 8)]
    assert [(401, "code_refused")] * 4 + [(429, "code_locked")] * 2 == guesses
    assert (429, "code_locked") == fetch(notice.pin, "127.0.0.9")
    long_ago = datetime.now(UTC) - timedelta(days=181)
    changed(office, notice, locked_until=None, failed=0, failed_at=None, opened_at=long_ago)
    assert (409, "notice_closed") == fetch(notice.pin, "127.0.0.9")
    again = office.run("admin", "cert", "open-anew", notice.id, "--show", "--json")
    fresh = json.loads(again.stdout)["notices"][0]["pin"]
    assert (401, "code_refused") == fetch(notice.pin, "127.0.0.9")
    assert (200, "") == fetch(fresh, "127.0.0.9")
    taken = json.loads(office.run("cert", "apply", "--terminal", "pc-x", "--json", party="institution").stdout)
    assert 0 == office.run("cert", "withdraw", taken["id"], party="institution").returncode
    listed = office.run("cert", "list", party="institution")
    assert TERMINAL in listed.stdout
    assert re.search(r"pc-x +taken back", listed.stdout)
