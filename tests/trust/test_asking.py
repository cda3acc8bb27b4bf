"""What a request for a certificate says besides its key: all of it is looked at, and none of it certified."""

import ipaddress
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from pki import HOLDER, PKI, make_pki
from seikyu.trust.asking import (
    is_within,
    path_below_root,
    require_hosts,
    require_nothing_else,
    require_same_names,
    said_by,
)
from seikyu.trust.certificates import BadRequestForCertificate, period_of, server_certificate

KEY = ec.generate_private_key(ec.SECP256R1())
OTHER_URN = "urn:seikyu:party:institution:9911000023"


def csr(
    subject: list[tuple[x509.ObjectIdentifier, str]] | None = None,
    names: list[x509.GeneralName] | None = None,
    *extensions: x509.ExtensionType,
) -> bytes:
    """Return a request (DER)."""
    attributes = [x509.NameAttribute(oid, value) for oid, value in subject or []]
    unsigned = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(attributes))
    if names is not None:
        unsigned = unsigned.add_extension(x509.SubjectAlternativeName(names), critical=False)
    for each in extensions:
        unsigned = unsigned.add_extension(each, critical=False)
    return unsigned.sign(KEY, SHA256()).public_bytes(Encoding.DER)


def usage(**flags: bool) -> x509.KeyUsage:
    """Return a key usage with these flags."""
    all_off: dict[str, Any] = dict.fromkeys(
        ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"), False
    )  # fmt: skip
    return x509.KeyUsage(**{**all_off, **flags})


CA_ASKED = [
    csr(None, None, x509.BasicConstraints(ca=True, path_length=None)),
    csr(None, None, usage(key_cert_sign=True)),
    csr(None, None, usage(crl_sign=True)),
]


@pytest.mark.parametrize("request_", CA_ASKED)
def test_nobody_becomes_an_authority(request_: bytes, own: bytes) -> None:
    """On none of the ways."""
    said = said_by(request_)
    for require in (
        lambda: require_nothing_else(said, HOLDER, ()),
        lambda: require_same_names(said, own),
        lambda: require_hosts(said, ()),
    ):
        with pytest.raises(BadRequestForCertificate, match="authority"):
            require()


@pytest.fixture(scope="module")
def pki() -> PKI:
    """Return an authority."""
    return make_pki()


@pytest.fixture(scope="module")
def own(pki: PKI) -> bytes:
    """Return the certificate in hand."""
    return pki.client().public_bytes(Encoding.DER)


def test_saying_nothing_or_the_truth_is_fine() -> None:
    """A terminal says nothing, anything as its common name, or what it is; a server some of its hosts."""
    fine = [
        csr(),
        csr([(NameOID.COMMON_NAME, "whatever")]),
        csr([(NameOID.SERIAL_NUMBER, HOLDER.party)], [x509.UniformResourceIdentifier(HOLDER.urn)]),
        csr(None, None, x509.BasicConstraints(ca=False, path_length=None), usage(digital_signature=True)),
    ]
    for each in fine:
        require_nothing_else(said_by(each), HOLDER, ())
    hosts = [x509.DNSName("GW.example.jp"), x509.IPAddress(ipaddress.ip_address("192.0.2.7"))]
    require_nothing_else(said_by(csr(None, hosts)), HOLDER, ("gw.example.jp", "192.0.2.7", "more.example.jp"))


@pytest.mark.parametrize(
    "request_",
    [
        csr([(NameOID.SERIAL_NUMBER, "9911000023")]),
        csr([(NameOID.SERIAL_NUMBER, HOLDER.party), (NameOID.SERIAL_NUMBER, "9911000023")]),
        csr(None, [x509.UniformResourceIdentifier(OTHER_URN)]),
        csr(None, [x509.UniformResourceIdentifier(HOLDER.urn), x509.UniformResourceIdentifier(OTHER_URN)]),
        csr(None, [x509.DNSName("evil.example")]),
        csr(None, [x509.IPAddress(ipaddress.ip_address("192.0.2.7"))]),
        csr(None, [x509.RFC822Name("a@evil.example")]),
        csr(None, [x509.DirectoryName(x509.Name([x509.NameAttribute(NameOID.SERIAL_NUMBER, "9911000023")]))]),
    ],
)
def test_asking_for_another_is_refused(request_: bytes) -> None:
    """Another party in the subject or beside it, hosts for a terminal, names of any other kind."""
    with pytest.raises(BadRequestForCertificate, match="names"):
        require_nothing_else(said_by(request_), HOLDER, ())


def test_a_renewal_keeps_its_names(own: bytes) -> None:
    """Identical names or none; texts may be encoded in another way, and names stand in another order."""
    subject = [(NameOID.ORGANIZATION_NAME, HOLDER.name), (NameOID.SERIAL_NUMBER, HOLDER.party), (NameOID.COMMON_NAME, HOLDER.terminal)]  # fmt: skip
    urn = [x509.UniformResourceIdentifier(HOLDER.urn)]
    for fine in (csr(), csr(subject, urn), csr(subject[::-1]), csr(None, urn)):
        require_same_names(said_by(fine), own)
    for wrong in (
        csr(subject[:2]),
        csr([*subject[:2], (NameOID.COMMON_NAME, "another")]),
        csr(subject, [x509.UniformResourceIdentifier(OTHER_URN)]),
        csr(subject, [*urn, x509.DNSName("evil.example")]),
    ):
        with pytest.raises(BadRequestForCertificate, match="in hand"):
            require_same_names(said_by(wrong), own)


def test_an_order_gets_its_own_names_only() -> None:
    """All of them and no others; a common name is one of them."""
    hosts, address = ("gw.example.jp", "192.0.2.7"), x509.IPAddress(ipaddress.ip_address("192.0.2.7"))
    for fine in (
        csr(None, [x509.DNSName("gw.example.jp"), address]),
        csr([(NameOID.COMMON_NAME, "GW.example.jp")], [x509.DNSName("gw.example.jp"), address]),
        csr([(NameOID.COMMON_NAME, "gw.example.jp")], [address]),
    ):
        require_hosts(said_by(fine), hosts)
    for wrong in (
        csr(),
        csr(None, [address]),
        csr(None, [x509.DNSName("gw.example.jp"), address, x509.DNSName("evil.example")]),
        csr([(NameOID.COMMON_NAME, "evil.example")], [x509.DNSName("gw.example.jp"), address]),
        csr(None, [x509.DNSName("gw.example.jp"), address, x509.UniformResourceIdentifier(HOLDER.urn)]),
        csr(None, [x509.DNSName("gw.example.jp"), address, x509.RFC822Name("a@gw.example.jp")]),
    ):
        with pytest.raises(BadRequestForCertificate, match="not those of the order"):
            require_hosts(said_by(wrong), hosts)


def test_what_is_no_request_or_play_is_refused() -> None:
    """Rubbish, PEM, and names without end."""
    many = csr(None, [x509.DNSName(f"h{no}.example") for no in range(101)])
    for wrong in (b"", b"\x30\x00", b"-----BEGIN CERTIFICATE REQUEST-----", many):
        with pytest.raises(BadRequestForCertificate):
            said_by(wrong)


def test_a_path_ends_below_the_root(pki: PKI, own: bytes) -> None:
    """Whatever else stands above, in whatever order."""
    above = [each.public_bytes(Encoding.DER) for each in reversed(pki.chain)]
    issuing = pki.issuing.certificate.public_bytes(Encoding.DER)
    assert path_below_root(own, above) == [own, issuing]
    assert path_below_root(own, []) == [own]


def test_a_certificate_is_within_hosts_if_it_is_for_none_else() -> None:
    """Whatever the case of the letters; what is for no host, or not known, is within nothing."""
    pki = make_pki()
    der = server_of(pki, "gw.example.jp", "192.0.2.7")
    assert is_within(der, ["www.example.jp", "192.0.2.7", "GW.example.jp"])
    assert not is_within(der, ["gw.example.jp"])
    assert not is_within(b"", ["gw.example.jp"])
    assert not is_within(pki.chain[-1].public_bytes(Encoding.DER), ["gw.example.jp"])


def server_of(pki: PKI, *hosts: str) -> bytes:
    """Return the certificate (DER) of a server."""
    now = datetime.now(UTC)
    made = server_certificate(pki.issuing, KEY.public_key(), hosts=hosts, serial=7, period=period_of(now, months=13))
    return made.public_bytes(Encoding.DER)
