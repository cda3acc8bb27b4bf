"""The certificate in a client's folder, and lists of revoked ones."""

import socket
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
)
from hypothesis import given, settings
from hypothesis.strategies import binary

from pki import key, write_pem
from portal_lab import FUTURE, NOW, OFFICE, OTHER, PAST, Portal, client_folder, listening, looking, portal
from seikyu.apps.doctor.folder import certificate as probes
from seikyu.apps.doctor.folder.der import certificates_in
from seikyu.apps.doctor.probing import CouldNotLook, Look
from seikyu.apps.doctor.tools import Ran
from seikyu.lines.facts import Facts

OWN = OFFICE.client()


def found(folder: Path) -> Facts:
    """Return what is found in a folder."""
    return probes.look_at_files(looking(1, folder))


def revoked(*serials: int, until: datetime = NOW + timedelta(days=7), by: object = OFFICE) -> bytes:
    """Return a list of revoked certificates (PEM)."""
    builder = x509.CertificateRevocationListBuilder().issuer_name(by.issuing.certificate.subject)  # type: ignore[attr-defined]
    builder = builder.last_update(NOW - timedelta(days=9)).next_update(until)
    for each in serials:
        one = x509.RevokedCertificateBuilder().serial_number(each).revocation_date(NOW - timedelta(days=1)).build()
        builder = builder.add_revoked_certificate(one)
    return builder.sign(key("ca-issuing"), hashes.SHA384()).public_bytes(Encoding.PEM)


def test_a_good_certificate_is_good(tmp_path: Path) -> None:
    """Everything that is asked of one."""
    folder = client_folder(tmp_path / "clients" / "one")

    facts = found(folder)

    issuer, days = facts["certificate.issuer"], facts["certificate.days_left"]
    assert {
        "certificate.found": True,
        "certificate.key": True,
        "certificate.purpose": True,
        "certificate.expired": False,
        "certificate.early": False,
        "certificate.days_left": days,
        "certificate.count": 1,
        "certificate.trusted": True,
        "certificate.party": "9911000015",
        "certificate.party_differs": False,
        "certificate.issuer": issuer,
        "certificate.renewal_pending": False,
    } == facts
    assert int(str(days)) > 1000
    assert issuer


def test_no_certificate_is_told(tmp_path: Path) -> None:
    """A folder with none (C05), and no folder at all."""
    folder = client_folder(tmp_path / "one")
    (folder / "cert.pem").unlink()

    assert {"certificate.found": False, "certificate.renewal_pending": False} == found(folder)
    with pytest.raises(CouldNotLook):
        probes.look_at_files(Look("linux", lambda argv: Ran(None), lambda: NOW))


@pytest.mark.parametrize(("period", "expired", "early"), [(PAST, True, False), (FUTURE, False, True)])
def test_a_certificate_out_of_its_time_is_told(tmp_path: Path, period: object, *, expired: bool, early: bool) -> None:
    """Expired (C10), or not yet (C16)."""
    facts = found(client_folder(tmp_path / "one", period=period))  # type: ignore[arg-type]

    assert (expired, early) == (facts["certificate.expired"], facts["certificate.early"])


def test_a_certificate_of_another_purpose_is_told(tmp_path: Path) -> None:
    """A server's."""
    folder = client_folder(tmp_path / "one")
    write_pem(folder / "cert.pem", OFFICE.server())

    assert found(folder)["certificate.purpose"] is False


def test_a_key_that_is_missing_or_anothers_is_told(tmp_path: Path) -> None:
    """C05: without its key a certificate cannot be chosen; one under a password is there."""
    missing, other, locked = (client_folder(tmp_path / each) for each in ("a", "b", "c"))
    (missing / "key.pem").unlink()
    write_pem(other / "key.pem", key("somebody else"))
    secret = key("client").private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x"))
    (locked / "key.pem").write_bytes(secret)

    assert (False, False, True) == tuple(found(each)["certificate.key"] for each in (missing, other, locked))


def test_a_root_that_is_not_there_is_told(tmp_path: Path) -> None:
    """The folder trusts another CA (C08)."""
    folder = client_folder(tmp_path / "one")
    write_pem(folder / "ca.pem", OTHER.root.certificate)

    assert found(folder)["certificate.trusted"] is False


def test_another_partys_certificate_is_told(tmp_path: Path) -> None:
    """The folder says one party, the certificate another (C17)."""
    folder = client_folder(tmp_path / "one")
    (folder / "client.toml").write_text('party = "9911000023"\n')

    assert found(folder)["certificate.party_differs"] is True


def test_two_certificates_of_one_party_are_counted(tmp_path: Path) -> None:
    """In two folders of the home; the same one twice counts once (C06)."""
    folder = client_folder(tmp_path / "one")
    client_folder(tmp_path / "two", no=5)
    client_folder(tmp_path / "three", no=5)

    assert 2 == found(folder)["certificate.count"]


def test_a_renewal_that_was_begun_is_told(tmp_path: Path) -> None:
    """A key without its certificate yet (C12)."""
    folder = client_folder(tmp_path / "one")
    write_pem(_made(folder / "next") / "key.pem", key("client"))

    assert found(folder)["certificate.renewal_pending"] is True


def test_a_pair_that_is_being_put_in_its_place_is_in_use(tmp_path: Path) -> None:
    """The old one is over, the new one is complete and only has to be moved."""
    folder = client_folder(tmp_path / "one", period=PAST)
    client_folder(folder / "swapping")

    assert found(folder)["certificate.expired"] is False


def test_a_list_says_that_it_is_revoked(tmp_path: Path) -> None:
    """A list that lies in the folder (C15)."""
    folder = client_folder(tmp_path / "one")
    (folder / probes.LIST_FILE).write_bytes(revoked(OWN.serial_number))

    assert {"certificate.revoked": True, "list.expired": False} == probes.look_at_list(looking(1, folder))


def test_a_list_that_is_over_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has written a new one in time (C14); another issuer's says nothing."""
    old = revoked(until=NOW - timedelta(days=1))
    folder = client_folder(tmp_path / "one")
    other = client_folder(tmp_path / "two")
    (other / probes.LIST_FILE).write_bytes(revoked(OWN.serial_number, by=OTHER))
    monkeypatch.setattr(probes, "fetched", lambda url, ca: old)
    (folder / "client.toml").write_text('party = "9911000015"\npublic = "https://localhost:1"\n')

    assert {"certificate.revoked": False, "list.expired": True} == probes.look_at_list(looking(1, folder))
    assert {} == probes.look_at_list(looking(1, other))


def test_a_copy_of_a_list_that_is_old_says_nothing_of_the_offices(tmp_path: Path) -> None:
    """What others see is not known while it cannot be fetched; who was revoked then still is."""
    folder = client_folder(tmp_path / "one")
    (folder / probes.LIST_FILE).write_bytes(revoked(OWN.serial_number, until=NOW - timedelta(days=1)))

    assert {"certificate.revoked": True} == probes.look_at_list(looking(1, folder))


def test_the_offices_own_list_is_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the public face that the folder names; whose authority issues now is seen too (C18)."""
    import portal_lab

    issuing = OTHER.issuing.certificate.public_bytes(Encoding.PEM)
    pages = {"/pki/crl.pem": revoked(OWN.serial_number), "/pki/issuing.pem": issuing}

    def page(behaves: Portal, path: str) -> bytes:
        return f"HTTP/1.1 200 x\r\nContent-Length: {len(pages[path])}\r\n\r\n".encode() + pages[path]

    monkeypatch.setattr(portal_lab, "page", page)
    folder = client_folder(tmp_path / "one")
    with portal(tmp_path / "portal", Portal()) as port:
        (folder / "client.toml").write_text(f'party = "9911000015"\npublic = "https://localhost:{port}"\n')
        facts = probes.look_at_list(looking(port, folder))

    assert {"certificate.revoked": True, "list.expired": False, "certificate.old_issuer": True} == facts


def test_the_list_that_a_certificate_names_is_fetched_in_plain_http() -> None:
    """As whoever looks for revocations does; other kinds of addresses and other answers are none."""

    def serve(line: socket.socket) -> None:
        path = line.recv(4096).split()[1]
        line.sendall(b"HTTP/1.0 %d x\r\n\r\nthe list" % (200 if path == b"/crl" else 404))

    nobody = Path("/nonexistent")
    with listening(serve) as port:
        assert b"the list" == probes.fetched(f"http://127.0.0.1:{port}/crl", nobody)
        for other in (f"http://127.0.0.1:{port}/other", f"ldap://127.0.0.1:{port}/crl", "http:///crl", "http://[/crl"):
            with pytest.raises(OSError):
                probes.fetched(other, nobody)


def test_no_byte_of_a_key_is_a_fact(tmp_path: Path) -> None:
    """Whatever is found, the key's text is not in it."""
    folder = client_folder(tmp_path / "one")
    secret = (folder / "key.pem").read_text().splitlines()[1]

    assert secret[:8] not in str(found(folder))


@settings(max_examples=30)
@given(file=binary(max_size=300))
def test_any_bytes_may_lie_in_a_folder(tmp_path_factory: pytest.TempPathFactory, file: bytes) -> None:
    """Rubbish in every file: what can be said is said, and nothing is raised."""
    folder = client_folder(tmp_path_factory.mktemp("rubbish") / "one")
    look = looking(1, folder)
    for name in ("client.toml", "ca.pem", "key.pem", probes.LIST_FILE, "cert.pem"):
        (folder / name).write_bytes(file)
        assert all(each.startswith("certificate.") for each in probes.look_at_files(look))
    said = probes.by_lists(certificates_in(OWN.public_bytes(Encoding.PEM))[0], [file], replace(look))
    assert "certificate.revoked" not in said


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder
