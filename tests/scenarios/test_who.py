"""Who is let in, what a stranger is told, and that nobody sees anything of another party's."""

import datetime as dt
from pathlib import Path

import pytest
from real_house import House
from wire import Wire


@pytest.mark.both_fronts
def test_without_a_certificate_the_refusal_is_a_page_and_not_a_dropped_line(office: House) -> None:
    """No certificate: the API says so as a problem, and /healthz answers all the same."""
    reply = office.ask("GET", "/api/v1/sendings", party=None)

    assert (401, "no_certificate") == (reply.status, reply.json["code"])
    assert office.ask("GET", "/healthz", party=None).body == b"ok"


@pytest.mark.both_fronts
def test_a_revoked_certificate_is_shut_out_at_once(office: House) -> None:
    """Revocation works on the next request, also on a line that is open already."""
    with office.wire("institution_2") as wire:
        assert wire.ask("GET", "/api/v1/sendings").status == 200
        listed = office.run("ca", "list", "--json")
        assert listed.returncode == 0, listed.stderr
        import json

        found = json.loads(listed.stdout)
        rows = found["items"] if isinstance(found, dict) else found
        serial = next(row["serial"] for row in rows if row["party"] == office.access["institution_2"]["id"])
        assert office.run("ca", "revoke", serial, "--reason", "keyCompromise").returncode == 0

        reply = wire.ask("GET", "/api/v1/sendings")

    assert (403, "certificate_revoked") == (reply.status, reply.json["code"])
    assert office.ask("GET", "/api/v1/sendings").status == 200
    said = office.run("status", party="institution_2")
    assert said.returncode != 0
    assert "revoked" in said.stderr


def make(folder: Path, name: str, *, days: tuple[int, int]) -> tuple[Path, Path]:
    """Make a self-made CA with one client certificate of it, valid from and until `days` from today."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    now = dt.datetime.now(dt.UTC)
    called = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    built = x509.CertificateBuilder(called, called, key.public_key(), x509.random_serial_number())
    cert = (
        built.not_valid_before(now + dt.timedelta(days=days[0]))
        .not_valid_after(now + dt.timedelta(days=days[1]))
        .sign(key, hashes.SHA256())
    )
    pem, secret = folder / f"{name}.pem", folder / f"{name}.key"
    pem.write_bytes(cert.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    secret.chmod(0o600)
    return pem, secret


@pytest.mark.both_fronts
def test_a_foreign_certificate_does_not_get_in(office: House, front: str, tmp_path: Path) -> None:
    """A certificate of somebody else's CA ends in the handshake, with nginx in words; the client has words for both."""
    cert, key = make(tmp_path, "foreign", days=(-1, 30))
    line = Wire(office.access["url"], Path(office.access["ca"]), cert, key)

    if front == "nginx":
        with line as wire:
            reply = wire.ask("GET", "/api/v1/sendings")
        assert (401, "certificate_foreign") == (reply.status, reply.json["code"])
    else:
        with pytest.raises(OSError), line as wire:
            wire.ask("GET", "/api/v1/sendings")

    folder = office.home / "clients" / office.access["institution_2"]["id"]
    (folder / "cert.pem").write_bytes(cert.read_bytes())
    (folder / "key.pem").write_bytes(key.read_bytes())
    said = office.run("status", party="institution_2")
    assert said.returncode != 0
    assert "certificate" in said.stderr
    assert "Traceback" not in said.stderr


@pytest.mark.both_fronts
def test_no_party_sees_anything_of_anothers(office: House) -> None:
    """Every act on another party's sending or delivery answers as if there were no such thing."""
    sending = office.ask("POST", "/api/v1/sendings", office.unsent(1)).json["id"]
    delivery = office.ask("GET", "/api/v1/deliveries", party="payer").json["items"][0]["id"]
    acts = [
        ("GET", f"/api/v1/sendings/{sending}", "institution_2"),
        ("GET", f"/api/v1/sendings/{sending}/findings", "institution_2"),
        ("POST", f"/api/v1/sendings/{sending}/confirm?errors=with", "institution_2"),
        ("POST", f"/api/v1/sendings/{sending}/cancel", "institution_2"),
        ("GET", f"/api/v1/sendings/{sending}", "payer"),
        ("GET", f"/api/v1/deliveries/{delivery}", "payer_2"),
        ("GET", f"/api/v1/deliveries/{delivery}/content", "payer_2"),
        ("POST", f"/api/v1/deliveries/{delivery}/received", "payer_2"),
        ("GET", f"/api/v1/deliveries/{delivery}/content", "institution"),
    ]

    for method, path, party in acts:
        body = b'{"sha256": "%s"}' % (b"0" * 64) if method == "POST" else None
        reply = office.ask(method, path, body, party=party)
        unknown = office.ask(
            method, path.replace(sending, "0" * len(sending)).replace(delivery, "0" * len(delivery)), body, party=party
        )
        assert unknown.status == reply.status, (method, path, party)
        assert reply.status in (403, 404), (method, path, party, reply.body)
        assert reply.json.get("code") == unknown.json.get("code")
    assert [] == [row for row in office.sendings("institution_2") if row["id"] == sending]


@pytest.mark.both_fronts
def test_logs_hold_no_personal_byte(office: House) -> None:
    """Names, kana, numbers and free text of a file that was sent and checked are in no log."""
    body = office.unsent(5)
    text = body.decode("cp932")
    sending = office.ask("POST", "/api/v1/sendings", body).json["id"]
    office.ask("GET", f"/api/v1/sendings/{sending}/findings")
    personal = set()
    for line in text.splitlines():
        items = line.split(",")
        if items[0] == "RE":
            personal |= {items[4], items[36] if len(items) > 36 else ""}
        if items[0] == "HO":
            personal |= {item for item in items[2:4] if len(item) > 3}
    personal -= {""}
    assert len(personal) > 10
    office.stop()

    logs = office.log() + "".join(path.read_text("utf-8") for path in (office.home / "logs").iterdir())

    assert sending in logs
    assert [] == [word for word in personal if word in logs]
    assert "RE,1," not in logs
