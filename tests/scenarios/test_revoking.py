"""A certificate is revoked while its terminal has a line open: the desk, the responder and the list, through sockets."""

import json
import shutil
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from real_house import House
from wire import Wire


def public(office: House) -> Wire:
    """Return a raw line to the face that needs no certificate."""
    return Wire(office.access["public_url"], Path(office.access["ca"]))


def serial_of(office: House, party: str) -> str:
    """Return the serial of a party's certificate, as `seikyu ca list` tells it."""
    listed = json.loads(office.run("ca", "list", "--party", office.access[party]["id"], "--json").stdout)
    return str(listed["items"][0]["serial"])


def certificates(office: House, party: str) -> tuple[x509.Certificate, x509.Certificate]:
    """Return a party's certificate and its issuer's."""
    return tuple(x509.load_pem_x509_certificates(Path(office.access[party]["cert"]).read_bytes()))[:2]  # type: ignore[return-value]


def asked(office: House, party: str) -> ocsp.OCSPResponse:
    """Ask the responder by POST."""
    certificate, issuer = certificates(office, party)
    question = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, SHA1()).build()
    with public(office) as wire:
        reply = wire.ask(
            "POST", "/pki/ocsp", question.public_bytes(Encoding.DER), Content_Type="application/ocsp-request"
        )
    assert (reply.status, reply.headers["content-type"]) == (200, "application/ocsp-response")
    return ocsp.load_der_ocsp_response(reply.body)


def openssl(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run openssl."""
    program = shutil.which("openssl")
    assert program, "openssl is not installed"
    return subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=30)


@pytest.mark.both_fronts
def test_a_revocation_reaches_every_place_while_the_line_is_open(office: House) -> None:
    """The next request on the open line is refused; the responder and the list say so when the command has returned."""
    other = serial_of(office, "institution")
    serial = serial_of(office, "institution_2")
    assert asked(office, "institution_2").certificate_status == ocsp.OCSPCertStatus.GOOD

    with office.wire("institution_2") as wire:
        assert wire.ask("GET", "/api/v1/sendings").status == 200
        began = time.monotonic()
        assert office.run("ca", "revoke", serial, "--reason", "keyCompromise").returncode == 0
        revoked = time.monotonic()
        refused = wire.ask("GET", "/api/v1/sendings")
        desk = time.monotonic()
    told = asked(office, "institution_2")
    responder = time.monotonic()
    with public(office) as wire:
        crl = x509.load_der_x509_crl(wire.ask("GET", "/pki/crl.der").body)
    listed = time.monotonic()
    print(
        f"revoke {revoked - began:.3f} s; then desk {desk - revoked:.4f} s, "
        f"responder {responder - desk:.4f} s, list {listed - responder:.4f} s"
    )

    assert (403, "certificate_revoked") == (refused.status, refused.json["code"])
    assert told.certificate_status == ocsp.OCSPCertStatus.REVOKED
    assert told.revocation_reason == x509.ReasonFlags.key_compromise
    assert crl.get_revoked_certificate_by_serial_number(int(serial, 16)) is not None
    assert crl.get_revoked_certificate_by_serial_number(int(other, 16)) is None
    assert crl.is_signature_valid(certificates(office, "institution")[1].public_key())  # type: ignore[arg-type]
    assert asked(office, "institution").certificate_status == ocsp.OCSPCertStatus.GOOD
    assert office.ask("GET", "/api/v1/sendings").status == 200


@pytest.mark.both_fronts
def test_a_revocation_on_the_desk_is_on_the_list_when_its_answer_is_there(office: House) -> None:
    """The operator's call of the API reaches the same places as the command."""
    serial = serial_of(office, "institution_2")
    with office.wire("institution_2") as wire:
        assert wire.ask("GET", "/api/v1/sendings").status == 200
        asking = b'{"reason": "cessation_of_operation"}'
        revoked = office.ask("POST", f"/api/v1/admin/certificates/{serial}/revoke", asking, party="operator")
        refused = wire.ask("GET", "/api/v1/sendings")
    with public(office) as wire:
        crl = x509.load_der_x509_crl(wire.ask("GET", "/pki/crl.der").body)

    assert (200, 403) == (revoked.status, refused.status)
    found = crl.get_revoked_certificate_by_serial_number(int(serial, 16))
    assert found is not None
    assert found.extensions.get_extension_for_class(x509.CRLReason).value.reason == (
        x509.ReasonFlags.cessation_of_operation
    )
    assert asked(office, "institution_2").certificate_status == ocsp.OCSPCertStatus.REVOKED


@pytest.mark.both_fronts
def test_openssl_believes_the_answers(office: House, tmp_path: Path) -> None:
    """Its own question with its own nonce; answer, delegate and chain verified against the root alone."""
    certificate, issuer = certificates(office, "institution")
    (tmp_path / "cert.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    (tmp_path / "issuer.pem").write_bytes(issuer.public_bytes(Encoding.PEM))
    chain = ["-issuer", tmp_path / "issuer.pem", "-cert", tmp_path / "cert.pem"]
    trust = ["-CAfile", office.home / "ca" / "root.pem", "-verify_other", tmp_path / "issuer.pem"]

    def ask() -> str:
        done = openssl("ocsp", *chain, "-reqout", tmp_path / "request.der")
        assert done.returncode == 0, done.stderr
        with public(office) as wire:
            reply = wire.ask("POST", "/pki/ocsp", (tmp_path / "request.der").read_bytes())
        (tmp_path / "response.der").write_bytes(reply.body)
        answer = [*trust, "-respin", tmp_path / "response.der"]
        assert "Response verify OK\n" == openssl("ocsp", "-reqin", tmp_path / "request.der", *answer).stderr
        done = openssl("ocsp", *chain, "-no_nonce", *answer)
        assert "Response verify OK\n" == done.stderr
        return done.stdout

    assert "cert.pem: good" in ask()
    assert office.run("ca", "revoke", serial_of(office, "institution"), "--reason", "superseded").returncode == 0
    said = ask()
    done = openssl("ocsp", *chain, *trust, "-url", f"{office.access['public_url']}/pki/ocsp")
    assert ("Response verify OK\n", True) == (done.stderr, "cert.pem: revoked" in done.stdout)
    assert "cert.pem: revoked" in said
    assert "Reason: superseded" in said


def test_the_delegate_is_the_same_after_a_restart(office: House) -> None:
    """Its key is private in the home, and a kill loses nothing."""
    first = asked(office, "institution").certificates
    office.kill()
    office.start()
    assert asked(office, "institution").certificates == first
    assert (office.home / "secrets" / "ocsp.pem").stat().st_mode & 0o777 == 0o600


def test_new_certificates_name_the_responder_if_the_settings_do(office: House) -> None:
    """The setting counts for what is issued from then on."""
    issued = ["ca", "issue", office.access["institution"]["id"], "--terminal"]
    plain = json.loads(office.run(*issued, "pc-8", "--out", str(office.home / "8"), "--json").stdout)
    settings = office.home / "office.toml"
    text = settings.read_text("utf-8")
    settings.write_text(text.replace('# public_url = ""', 'public_url = "http://pki.example.jp"'), "utf-8")
    named = json.loads(office.run(*issued, "pc-9", "--out", str(office.home / "9"), "--json").stdout)

    said = [
        openssl("x509", "-noout", "-ext", "authorityInfoAccess,crlDistributionPoints", "-in", told["cert"]).stdout
        for told in (plain, named)
    ]
    assert "URI" not in said[0]
    assert "OCSP - URI:http://pki.example.jp/pki/ocsp" in said[1]
    assert "URI:http://pki.example.jp/pki/crl.der" in said[1]


def test_a_list_that_cannot_be_written_raises_the_alarm(house: House) -> None:
    """Its place is taken: the log and the inside say so, everything else goes on, and the command tells the operator."""
    (house.home / "ca" / "crl.pem").unlink(missing_ok=True)
    (house.home / "ca" / "crl.pem").mkdir()
    house.start()

    end = time.monotonic() + 20
    while silent(house, "crl") == 0:
        assert time.monotonic() < end, "no alarm was raised"
        time.sleep(0.05)

    lines = [json.loads(line) for line in (house.home / "logs" / "server.jsonl").read_text("utf-8").splitlines()]
    assert ("crl", "CannotWrite") in [
        (line["source"], line["error"]) for line in lines if line["event"] == "revocation_source_silent"
    ]
    assert (0, 0) == (silent(house, "register"), silent(house, "ocsp_signer"))
    serial = serial_of(house, "institution_2")
    told = house.run("ca", "revoke", serial)
    assert told.returncode != 0
    assert "crl.pem" in told.stderr
    assert house.ask("GET", "/api/v1/sendings", party="institution_2").json["code"] == "certificate_revoked"
    assert asked(house, "institution_2").certificate_status == ocsp.OCSPCertStatus.REVOKED
    assert house.ask("GET", "/api/v1/sendings").status == 200


def silent(house: House, source: str) -> float:
    """Return for how long the inside says that a source is silent."""
    port = json.loads((house.home / "run" / "ports.json").read_text("ascii"))["inside"]
    with urllib.request.urlopen(f"http://localhost:{port}/metrics") as answer:
        rows = answer.read().decode().splitlines()
    name = f'seikyu_revocation_source_silent_seconds{{source="{source}"}} '
    return next(float(row.removeprefix(name)) for row in rows if row.startswith(name))
