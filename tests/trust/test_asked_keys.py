"""What of a certification request counts: its key, and nothing else that it says."""

import hashlib

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from pki import HOLDER, NOW, key, make_pki, serial
from seikyu.trust.certificates import (
    BadRequestForCertificate,
    asked_by,
    client_certificate,
    is_host,
    period_of,
    server_certificate,
)
from seikyu.trust.status import pointers_below

#: Another party's name, in every place where a request can say one, and a wish to be an authority.
_EVIL = (
    x509.CertificateSigningRequestBuilder()
    .subject_name(
        x509.Name(
            [
                x509.NameAttribute(NameOID.COMMON_NAME, "evil"),
                x509.NameAttribute(NameOID.SERIAL_NUMBER, "9911000023"),
            ]
        )
    )
    .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    .add_extension(
        x509.SubjectAlternativeName(
            [
                x509.UniformResourceIdentifier("urn:seikyu:party:operator:operator"),
                x509.DNSName("desk.example"),
            ]
        ),
        critical=False,
    )
    .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE]), critical=False)
    .add_attribute(x509.oid.AttributeOID.CHALLENGE_PASSWORD, b"let me in")
)


@pytest.mark.parametrize("form", [Encoding.PEM, Encoding.DER])
def test_nothing_that_a_request_says_reaches_the_certificate(form: Encoding) -> None:
    """Neither its subject nor its names nor its wish to be an authority."""
    request = _EVIL.sign(key("client"), SHA256()).public_bytes(form)
    asked = asked_by(request)
    pki = make_pki()
    period = period_of(NOW, months=39)
    made = client_certificate(pki.issuing, asked.key, holder=HOLDER, serial=serial(7), period=period)
    plain = client_certificate(pki.issuing, key("client").public_key(), holder=HOLDER, serial=serial(7), period=period)
    assert made.tbs_certificate_bytes == plain.tbs_certificate_bytes
    spki = key("client").public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert asked.spki_sha256 == hashlib.sha256(spki).hexdigest()


def test_an_rsa_key_with_a_small_exponent_is_refused() -> None:
    """Three is lawful in the standard of old, and has broken more than one program."""
    weak = rsa.generate_private_key(3, 2048)
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(weak, SHA256())
    with pytest.raises(BadRequestForCertificate, match="exponent"):
        asked_by(request.public_bytes(Encoding.DER))


@pytest.mark.parametrize(
    ("host", "good"),
    [("gw.example", True), ("192.0.2.7", True), ("2001:db8::7", True), ("a b", False), ("*.example", False),
     ("", False), ("-a.example", False), ("a..example", False), ("x" * 64, False)],
)  # fmt: skip
def test_a_host_is_a_name_or_an_address(host: str, good: bool) -> None:  # noqa: FBT001
    """No wildcard, no blank, nothing that only looks like a name."""
    assert is_host(host) is good


def test_a_server_says_where_its_state_is_asked() -> None:
    """As a terminal's certificate does."""
    pki = make_pki()
    made = server_certificate(
        pki.issuing, key("server").public_key(), hosts=["gw.example"], serial=serial(8),
        period=period_of(NOW, months=13), pointers=pointers_below("http://pki.example", generation=1),
    )  # fmt: skip
    points = made.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    assert points[0].full_name is not None
    assert points[0].full_name[0].value == "http://pki.example/pki/crl.der"
