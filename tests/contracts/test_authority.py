"""The issuing CA of a home at work: what it signs, and that it goes along with a rollover."""

import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import pkcs12
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pki import HOLDER
from seikyu.adapters.authority import KEY_CHANCE_BYTES, HomeAuthority, key_from, new_key, packed, pem_of
from seikyu.adapters.home import Home, open_home
from seikyu.adapters.settings import settings_text
from seikyu.adapters.x509_ca import NoCA, create_ca, open_ca, roll_over
from seikyu.trust.certificates import key_id

NOW = datetime.now(UTC)
PASSWORD = "made by chance 2345"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Return a home with an authority and a public address."""
    home = open_home(tmp_path / "home")
    home.settings_file.write_text(settings_text({"office.public_url": "http://pki.example"}), "utf-8")
    create_ca(home, organisation="test office", now=NOW)
    return home


def test_a_terminal_and_a_server_are_certified(home: Home) -> None:
    """By the issuing CA that works, with where their state is asked; the chain ends with the root."""
    authority = HomeAuthority(home)
    ca = open_ca(home)
    client = authority.client(new_key().public_key(), HOLDER, now=NOW)
    server = authority.server(new_key().public_key(), ["gw.example"], now=NOW)
    for signed in (client, server):
        certificate = x509.load_der_x509_certificate(signed.der)
        certificate.verify_directly_issued_by(ca.issuing.certificate)
        assert certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess)
        assert f"{certificate.serial_number:x}" == signed.serial
        assert certificate.not_valid_after_utc == signed.not_after
        assert signed.issuer == key_id(ca.issuing.certificate)
    assert pem_of(authority.chain()) == ca.chain_pem


def test_after_a_rollover_the_new_key_signs(home: Home) -> None:
    """Without being started anew; and the key is not opened for every certificate."""
    authority = HomeAuthority(home)
    before = authority.client(new_key().public_key(), HOLDER, now=NOW)
    kept = authority._ca()
    assert authority._ca() is kept
    roll_over(home, now=NOW)
    after = authority.client(new_key().public_key(), HOLDER, now=NOW)
    assert before.issuer != after.issuer == key_id(open_ca(home).issuing.certificate)
    points = [
        x509.load_der_x509_certificate(each.der).extensions.get_extension_for_class(x509.CRLDistributionPoints).value[0]
        for each in (before, after, authority.server(new_key().public_key(), ["gw.example"], now=NOW))
    ]
    assert [each.full_name and each.full_name[0].value.rsplit("/")[-1] for each in points] == [
        "crl.der", "crl-2.der", "crl-2.der",
    ]  # fmt: skip
    assert len(authority.chain()) == 3


def test_without_an_authority_nothing_is_signed(tmp_path: Path) -> None:
    """The error names what is missing."""
    with pytest.raises(NoCA):
        HomeAuthority(open_home(tmp_path / "home")).chain()


def test_a_file_to_import_opens_with_its_password_only(home: Home, tmp_path: Path) -> None:
    """It has key, certificate and chain, encrypted with AES-256, and openssl reads it."""
    authority, key = HomeAuthority(home), new_key()
    signed = authority.client(key.public_key(), HOLDER, now=NOW)
    made = packed(key, signed.der, authority.chain(), name="見本医院 受付1", password=PASSWORD)
    found = pkcs12.load_pkcs12(made, PASSWORD.encode())
    assert found.key is not None
    assert found.cert is not None
    assert found.key.public_key() == found.cert.certificate.public_key() == key.public_key()
    assert len(found.additional_certs) == 2
    with pytest.raises(ValueError, match="password"):
        pkcs12.load_pkcs12(made, b"another")
    if shutil.which("openssl") is None:
        pytest.skip("os: openssl is not installed")
    (tmp_path / "file.p12").write_bytes(made)
    told = subprocess.run(
        ["openssl", "pkcs12", "-info", "-in", tmp_path / "file.p12", "-passin", f"pass:{PASSWORD}", "-nodes"],
        capture_output=True,
        check=True,
    )
    assert told.stderr.count(b"AES-256-CBC") == 2
    assert b"hmacWithSHA256" in told.stderr


@given(chance=st.binary(min_size=KEY_CHANCE_BYTES, max_size=KEY_CHANCE_BYTES))
@example(chance=b"\x00" * KEY_CHANCE_BYTES)
@example(chance=b"\xff" * KEY_CHANCE_BYTES)
@settings(max_examples=25)
def test_the_same_chance_is_the_same_key_and_other_chance_another(chance: bytes) -> None:
    """And it is always a key."""
    key = key_from(chance)
    other = key_from(bytes([chance[0] ^ 1]) + chance[1:])
    assert key.private_numbers() == key_from(chance).private_numbers()
    assert key.private_numbers() != other.private_numbers()
    with pytest.raises(ValueError, match="48 random bytes"):
        key_from(chance[1:])
