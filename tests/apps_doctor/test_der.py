"""Reading certificates and revocation lists with the standard library alone."""

import contextlib
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from hypothesis import given
from hypothesis.strategies import DataObject, binary, data, integers

from pki import HOLDER, NOW, key, make_pki
from seikyu.apps.doctor.folder import der

PKI = make_pki()
CLIENT = PKI.client()
CLIENT_DER = CLIENT.public_bytes(Encoding.DER)


def revocations(*serials: int, next_update: datetime = NOW + timedelta(days=7)) -> x509.CertificateRevocationList:
    """Return a list of the issuing CA."""
    builder = x509.CertificateRevocationListBuilder().issuer_name(PKI.issuing.certificate.subject)
    builder = builder.last_update(NOW - timedelta(days=1)).next_update(next_update)
    for each in serials:
        one = x509.RevokedCertificateBuilder().serial_number(each).revocation_date(NOW - timedelta(days=1))
        builder = builder.add_revoked_certificate(one.build())
    return builder.add_extension(x509.CRLNumber(1), critical=False).sign(key("ca-issuing"), hashes.SHA384())


def test_a_certificate_says_the_same_as_to_a_library() -> None:
    """Serial, names, times, key, purposes, party and hosts are what `cryptography` reads."""
    read = der.read_certificate(CLIENT_DER)

    assert CLIENT.serial_number == read.serial
    assert CLIENT.issuer.public_bytes() == read.issuer
    assert CLIENT.subject.public_bytes() == read.subject
    assert (CLIENT.not_valid_before_utc, CLIENT.not_valid_after_utc) == (read.not_before, read.not_after)
    assert CLIENT.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) == read.key
    assert read.purposes == (der.CLIENT,)
    assert any(each.startswith(f"urn:seikyu:party:{HOLDER.kind}:{HOLDER.party}") for each in read.uris)
    assert not read.authority


def test_an_authority_and_a_server_are_told_apart() -> None:
    """An issuing CA is an authority; a server's certificate names its hosts."""
    issuing = der.read_certificate(PKI.issuing.certificate.public_bytes(Encoding.DER))
    server = der.read_certificate(PKI.server().public_bytes(Encoding.DER))

    assert (True, False) == (issuing.authority, server.authority)
    assert ("localhost",) == server.hosts


def test_a_certificate_of_another_house_is_read() -> None:
    """RSA, a name with several parts, a CRL address, no purposes, a time after 2050."""
    own = rsa.generate_private_key(65537, 2048)
    name = x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, "例示"), x509.NameAttribute(NameOID.COMMON_NAME, "根")]
    )
    points = [x509.DistributionPoint([x509.UniformResourceIdentifier("http://crl.claims.example/a")], None, None, None)]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(own.public_key())
        .serial_number(1)
        .not_valid_before(NOW)
        .not_valid_after(datetime(2055, 1, 1, tzinfo=UTC))
        .add_extension(x509.CRLDistributionPoints(points), critical=False)
        .sign(own, hashes.SHA256())
    )

    read = der.read_certificate(made.public_bytes(Encoding.DER))

    assert ("根", None, datetime(2055, 1, 1, tzinfo=UTC)) == (read.subject_text, read.purposes, read.not_after)
    assert ("http://crl.claims.example/a",) == read.lists


def test_a_file_of_several_is_read_in_its_order() -> None:
    """Certificates of a PEM file come in their order; what is something else is no certificate."""
    pem = b"".join(each.public_bytes(Encoding.PEM) for each in (CLIENT, *PKI.chain))
    odd = b"-----BEGIN EC PARAMETERS-----\nAAAA\n-----END EC PARAMETERS-----\n"
    broken = b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"

    read = der.certificates_in(odd + broken + pem)

    assert [each.serial_number for each in (CLIENT, *PKI.chain)] == [each.serial for each in read]


def test_a_list_says_who_is_revoked_and_until_when() -> None:
    """PEM or DER, with entries or without."""
    full, empty = revocations(5, 6), revocations()

    read = der.read_list(full.public_bytes(Encoding.DER))

    assert frozenset({5, 6}) == read.serials
    assert full.next_update_utc == read.next_update
    assert CLIENT.issuer.public_bytes() == read.issuer
    assert frozenset() == der.read_list(empty.public_bytes(Encoding.PEM)).serials


def test_a_purpose_that_is_not_a_clients_is_told() -> None:
    """A server's certificate is not for clients."""
    server = der.read_certificate(PKI.server().public_bytes(Encoding.DER))

    assert (ExtendedKeyUsageOID.SERVER_AUTH.dotted_string,) == server.purposes


@given(bytes_=binary(max_size=600))
def test_any_bytes_end_in_a_certificate_or_a_word(bytes_: bytes) -> None:
    """Nothing but BadDER is ever raised, and a file gives certificates or none."""
    for read in (der.read_certificate, der.read_list):
        with contextlib.suppress(der.BadDER):
            read(bytes_)
    assert () == der.certificates_in(bytes_)
    assert () == der.certificates_in(b"-----BEGIN CERTIFICATE-----" + bytes_ + b"-----END CERTIFICATE-----")


@given(at=integers(0, len(CLIENT_DER) - 1), put=data())
def test_a_certificate_with_wrong_bytes_ends_too(at: int, put: DataObject) -> None:
    """A right certificate in which any bytes are replaced or cut off is read or refused, nothing else."""
    changed = CLIENT_DER[:at] + put.draw(binary(max_size=4)) + CLIENT_DER[at + put.draw(integers(0, 4)) :]

    try:
        read = der.read_certificate(changed)
    except der.BadDER:
        return
    assert isinstance(read.serial, int)


def test_what_is_cut_off_is_refused() -> None:
    """A certificate without its last bytes is none."""
    with pytest.raises(der.BadDER):
        der.read_certificate(CLIENT_DER[:-1])
