"""The certificates, judged by two strangers: openssl and the verifier of `cryptography`."""

import ipaddress
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from cryptography.x509.verification import PolicyBuilder, Store
from hypothesis import given
from hypothesis import strategies as st

from pki import NOW, key, make_pki, serial, write_pem
from seikyu.trust.certificates import (
    REASONS,
    BadRequestForCertificate,
    Period,
    Revocation,
    issuing_certificate,
    key_id,
    period_of,
    public_key_of,
    revocation_list,
    root_certificate,
    serial_from,
    serial_text,
)
from seikyu.trust.party import Holder

PKI = make_pki()
LATER = NOW + timedelta(days=1)


def openssl(*arguments: object, good: bool = True) -> str:
    """Run openssl and return what it says."""
    program = shutil.which("openssl")
    assert program, "openssl is not installed"
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=30)
    assert (done.returncode == 0) is good, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture
def chain(tmp_path: Path) -> tuple[Path, Path]:
    """The files of root and issuing CA."""
    return (
        write_pem(tmp_path / "root.pem", PKI.root.certificate),
        write_pem(tmp_path / "issuing.pem", PKI.issuing.certificate),
    )


@pytest.mark.parametrize(("purpose", "make"), [("sslclient", PKI.client), ("sslserver", PKI.server)])
def test_openssl_accepts_a_leaf_for_its_purpose_only(
    purpose: str, make: Callable[[], x509.Certificate], chain: tuple[Path, Path], tmp_path: Path
) -> None:
    """Strict verification passes for the purpose of the certificate and fails for the other."""
    leaf = write_pem(tmp_path / "leaf.pem", make())
    root, issuing = chain
    at = int(LATER.timestamp())
    line = ["verify", "-x509_strict", "-attime", at, "-CAfile", root, "-untrusted", issuing]
    other = {"sslclient": "sslserver", "sslserver": "sslclient"}[purpose]

    assert "OK" in openssl(*line, "-purpose", purpose, leaf)
    openssl(*line, "-purpose", other, leaf, good=False)
    openssl("verify", "-attime", at, "-CAfile", root, leaf, good=False)


def test_openssl_refuses_what_the_list_names(chain: tuple[Path, Path], tmp_path: Path) -> None:
    """A revoked serial fails against our list, its neighbour passes."""
    root, issuing = chain
    first = write_pem(tmp_path / "3.pem", PKI.client(no=3))
    second = write_pem(tmp_path / "5.pem", PKI.client(no=5))
    listed = revocation_list(
        PKI.issuing,
        [Revocation(serial(3), NOW, "key_compromise")],
        number=7,
        period=Period(NOW, NOW + timedelta(days=7)),
    )
    crl = tmp_path / "crl.pem"
    crl.write_bytes(listed.public_bytes(Encoding.PEM))
    line = ["verify", "-x509_strict", "-crl_check", "-attime", int(LATER.timestamp()), "-CAfile", root,
            "-untrusted", issuing, "-CRLfile", crl]  # fmt: skip

    assert "OK" in openssl(*line, second)
    assert "revoked" in openssl(*line, first, good=False)


def test_cryptography_accepts_client_and_server() -> None:
    """The web PKI's rules, which are stricter than openssl's, are kept."""
    policy = PolicyBuilder().store(Store([PKI.root.certificate])).time(LATER)

    found = policy.build_client_verifier().verify(PKI.client(), [PKI.issuing.certificate])
    policy.build_server_verifier(x509.DNSName("localhost")).verify(PKI.server(), [PKI.issuing.certificate])
    policy.build_server_verifier(x509.IPAddress(ipaddress.ip_address("127.0.0.1"))).verify(
        PKI.server(), [PKI.issuing.certificate]
    )

    assert found.subjects == [x509.UniformResourceIdentifier("urn:seikyu:party:institution:9911000015")]
    assert len(found.chain) == 3


def extension(certificate: x509.Certificate, kind: type[x509.ExtensionType]) -> x509.Extension[x509.ExtensionType]:
    """Return one extension of a certificate."""
    return certificate.extensions.get_extension_for_class(kind)


@pytest.mark.parametrize(("certificate", "length"), [(PKI.root.certificate, 1), (PKI.issuing.certificate, 0)])
def test_a_ca_signs_certificates_and_lists_only(certificate: x509.Certificate, length: int) -> None:
    """Constraints and usage are critical and as narrow as they can be."""
    constraints, usage = extension(certificate, x509.BasicConstraints), extension(certificate, x509.KeyUsage)
    assert constraints.critical
    assert constraints.value == x509.BasicConstraints(ca=True, path_length=length)
    assert usage.critical
    assert isinstance(usage.value, x509.KeyUsage)
    assert usage.value.key_cert_sign
    assert usage.value.crl_sign
    assert not usage.value.digital_signature
    assert isinstance(certificate.public_key(), ec.EllipticCurvePublicKey)


@pytest.mark.parametrize(
    ("certificate", "use"),
    [(PKI.client(), ExtendedKeyUsageOID.CLIENT_AUTH), (PKI.server(), ExtendedKeyUsageOID.SERVER_AUTH)],
)
def test_a_leaf_has_one_use(certificate: x509.Certificate, use: x509.ObjectIdentifier) -> None:
    """A leaf is no CA, signs handshakes only, and for one side only."""
    usage = extension(certificate, x509.KeyUsage)
    assert usage.critical
    assert isinstance(usage.value, x509.KeyUsage)
    assert usage.value.digital_signature
    assert not usage.value.key_cert_sign
    assert extension(certificate, x509.BasicConstraints).value == x509.BasicConstraints(ca=False, path_length=None)
    assert list(extension(certificate, x509.ExtendedKeyUsage).value) == [use]  # type: ignore[call-overload]


def test_keys_are_tied_from_leaf_to_root() -> None:
    """Each authority key identifier is the subject key identifier above."""
    above = [PKI.issuing.certificate, PKI.root.certificate]
    for child, parent in zip([PKI.client(), PKI.issuing.certificate], above, strict=True):
        child.verify_directly_issued_by(parent)
        authority = child.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
        own = parent.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        assert authority.key_identifier == own.digest


def test_client_certificate_names_terminal_party_and_organisation() -> None:
    """The subject says what a person looks for in the browser's list of certificates."""
    subject = PKI.client().subject
    said = {attribute.oid: attribute.value for attribute in subject}
    assert said == {
        NameOID.COMMON_NAME: "受付 1号機",
        NameOID.SERIAL_NUMBER: "9911000015",
        NameOID.ORGANIZATION_NAME: "見本　医院",
    }


def test_a_long_party_name_is_cut() -> None:
    """64 characters are what the standard allows."""
    subject = PKI.client(Holder("payer", "06990014", "組" * 100, "端末")).subject
    assert [a.value for a in subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)] == ["組" * 64]


def test_client_certificate_lives_three_years_and_three_months() -> None:
    """Valid from five minutes ago, for 39 months."""
    certificate = PKI.client()
    assert certificate.not_valid_before_utc == NOW - timedelta(minutes=5)
    assert certificate.not_valid_after_utc == datetime(2030, 1, 5, 9, 0, tzinfo=UTC)


def test_nothing_outlives_its_issuer() -> None:
    """The end is cut to the issuer's."""
    late = PKI.client(period=Period(NOW, NOW + timedelta(days=20_000)))
    assert late.not_valid_after_utc == PKI.issuing.certificate.not_valid_after_utc


@given(
    now=st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - hypothesis takes bounds without a zone
    months=st.integers(1, 300),
)
def test_a_period_ends_so_many_months_later(now: datetime, months: int) -> None:
    """The same day of the month, or its last day, at the same time."""
    period = period_of(now, months=months)
    moved = (period.end.year - now.year) * 12 + period.end.month - now.month
    assert moved == months
    assert period.end.day == now.day or (period.end + timedelta(days=1)).day == 1
    assert period.start == now.replace(microsecond=0) - timedelta(minutes=5)


@given(st.binary(min_size=16, max_size=16))
def test_a_serial_is_positive_and_has_sixteen_bytes(random: bytes) -> None:
    """Whatever the bytes, the serial is lawful and its text is without leading zeros."""
    made = serial_from(random)
    assert made > 0
    assert made.bit_length() == 127, "sixteen bytes without a leading zero byte in DER"
    assert int(serial_text(made), 16) == made
    assert not serial_text(made).startswith("0")


def test_a_serial_is_not_made_of_fewer_bytes() -> None:
    """15 bytes are a bug."""
    with pytest.raises(ValueError, match="16 random bytes"):
        serial_from(b"x" * 15)


@pytest.mark.parametrize("hosts", [(), ("",), ("a b",), ("https://localhost",), ("-a",), ("a..b",), ("例え",), ("*",)])
def test_a_server_needs_hosts_that_can_be_written(hosts: tuple[str, ...]) -> None:
    """What is neither a name nor an address is refused."""
    with pytest.raises(BadRequestForCertificate):
        PKI.server(hosts)


def test_a_server_is_found_under_each_of_its_names() -> None:
    """Names and addresses of both families, each once."""
    names = extension(PKI.server(("seikyu.example", "::1", "127.0.0.1", "::1")), x509.SubjectAlternativeName).value
    assert isinstance(names, x509.SubjectAlternativeName)
    assert list(names) == [
        x509.DNSName("seikyu.example"),
        x509.IPAddress(ipaddress.ip_address("::1")),
        x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
    ]


def test_a_ca_needs_a_name() -> None:
    """An invisible name is refused before anything is signed."""
    with pytest.raises(BadRequestForCertificate):
        root_certificate(key("ca-root"), organisation="\n", serial=1, period=period_of(NOW, months=1))


@pytest.mark.parametrize("terminal", ["端" * 21, "a" * 64])
def test_the_longest_terminal_is_certified(terminal: str) -> None:
    """What a holder may be called can be written."""
    holder = Holder("institution", "9911000015", "見本医院", terminal)
    subject = PKI.client(holder).subject
    assert [a.value for a in subject.get_attributes_for_oid(NameOID.COMMON_NAME)] == [terminal]


@pytest.mark.parametrize(("organisation", "kept"), [("認" * 40, "認" * 17), ("a" * 60, "a" * 53), (" 見本 ", "見本")])
def test_the_name_of_a_ca_leaves_room_for_its_role(organisation: str, kept: str) -> None:
    """A long name is cut between characters, and both authorities have the same."""
    pki = make_pki(name=organisation)
    for certificate, role in ((pki.root.certificate, "Root CA"), (pki.issuing.certificate, "Issuing CA")):
        names = {a.oid: a.value for a in certificate.subject}
        assert names == {NameOID.ORGANIZATION_NAME: kept, NameOID.COMMON_NAME: f"{kept} {role}"}


@pytest.mark.parametrize("organisation", ["test office", "認" * 40])
def test_a_later_issuing_ca_has_another_name_and_key(organisation: str) -> None:
    """The organisation stays; what counts the keys fits, whatever the name."""
    pki = make_pki(name=organisation)
    public, period = key("ca-later").public_key(), period_of(NOW, months=120)
    later = issuing_certificate(
        pki.root, public, organisation=organisation, generation=12, serial=serial(9), period=period
    )
    first, second = ({a.oid: str(a.value) for a in each.subject} for each in (pki.issuing.certificate, later))
    assert first[NameOID.ORGANIZATION_NAME] == second[NameOID.ORGANIZATION_NAME]
    assert first[NameOID.COMMON_NAME].endswith(" Issuing CA")
    assert second[NameOID.COMMON_NAME].endswith(" Issuing CA 12")
    assert len(second[NameOID.COMMON_NAME].encode()) <= 64
    later.verify_directly_issued_by(pki.root.certificate)


def test_a_key_is_identified_as_the_certificates_below_say() -> None:
    """The identifier in rows is the one in the authority key identifier."""
    named = extension(PKI.client(), x509.AuthorityKeyIdentifier).value
    assert isinstance(named, x509.AuthorityKeyIdentifier)
    assert named.key_identifier is not None
    assert named.key_identifier.hex() == key_id(PKI.issuing.certificate) != key_id(PKI.root.certificate)


def test_a_list_says_number_reason_and_next() -> None:
    """Every reason that a row may have is written; `unspecified` is silence."""
    rows = [Revocation(serial(no), NOW, reason) for no, reason in enumerate(REASONS, start=10)]
    listed = revocation_list(PKI.issuing, reversed(rows), number=42, period=Period(NOW, NOW + timedelta(days=7)))

    said = [[e.value.reason for e in entry.extensions if isinstance(e.value, x509.CRLReason)] for entry in listed]
    assert [entry.serial_number for entry in listed] == [row.serial for row in rows]
    assert said == [[] if flag is None else [flag] for flag in REASONS.values()]
    assert listed.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number == 42
    assert listed.next_update_utc == NOW + timedelta(days=7)
    assert listed.is_signature_valid(key("ca-issuing").public_key())


def request(private: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey) -> bytes:
    """Return a certification request that claims to be somebody else."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "operator")])
    algorithm = None if isinstance(private, ed25519.Ed25519PrivateKey) else SHA256()
    return (
        x509.CertificateSigningRequestBuilder().subject_name(name).sign(private, algorithm).public_bytes(Encoding.PEM)
    )


@pytest.mark.parametrize(
    "private",
    [ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP384R1()), rsa.generate_private_key(65537, 2048)],
)  # fmt: skip
def test_the_key_of_a_request_is_taken(private: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> None:
    """A key of a lawful kind comes back as it went in."""
    assert public_key_of(request(private)) == private.public_key()


@pytest.mark.parametrize(
    "private", [ec.generate_private_key(ec.SECP521R1()), ec.generate_private_key(ec.SECP256K1()),
                rsa.generate_private_key(65537, 1024), ed25519.Ed25519PrivateKey.generate()]
)  # fmt: skip
def test_a_key_of_another_kind_is_refused(
    private: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey,
) -> None:
    """Too short, or of a curve that not every program knows."""
    with pytest.raises(BadRequestForCertificate, match="the key is none of"):
        public_key_of(request(private))


def test_a_request_with_a_borrowed_key_is_refused() -> None:
    """Who cannot sign with the key gets no certificate for it."""
    pem = request(key("client"))
    der = x509.load_pem_x509_csr(pem).public_bytes(Encoding.DER)
    foreign = key("server").public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    own = key("client").public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    forged = x509.load_der_x509_csr(der.replace(own, foreign)).public_bytes(Encoding.PEM)

    with pytest.raises(BadRequestForCertificate, match="signature"):
        public_key_of(forged)


@given(st.binary(max_size=200))
def test_any_bytes_as_a_request_are_refused(data: bytes) -> None:
    """Rubbish is refused with words, never with another exception."""
    with pytest.raises(BadRequestForCertificate):
        public_key_of(data)
    with pytest.raises(BadRequestForCertificate):
        public_key_of(b"-----BEGIN CERTIFICATE REQUEST-----\n" + data + b"\n-----END CERTIFICATE REQUEST-----\n")
