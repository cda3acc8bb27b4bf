"""Everything that the authority signs, seen by a linter that others wrote."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from cryptography.hazmat.primitives.serialization import Encoding

from lint import lint_certificate, lint_list
from pki import NOW as THEN
from pki import key, make_pki, serial
from seikyu.adapters.home import open_home
from seikyu.adapters.x509_ca import CA, create_ca, ensure_server, issue_client, open_ca, renew_issuing
from seikyu.adapters.x509_list import write_crl
from seikyu.ports.register import Certificate
from seikyu.trust.certificates import REASONS
from seikyu.trust.party import Holder

NOW = datetime.now(UTC)
LONG = "見本医療法人社団" * 8

Profile = Callable[[CA], list[x509.Certificate]]


@pytest.fixture
def ca(tmp_path: Path) -> CA:
    """An authority of an office with a name of full-width letters."""
    return create_ca(open_home(tmp_path / "home"), organisation="見本審査支払機関", now=NOW)


def client(holder: Holder, private: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | None = None) -> Profile:
    """Return what issues a client certificate, for a request if there is a key."""
    request = None
    if private is not None:
        asked = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(private, SHA256())
        request = asked.public_bytes(Encoding.PEM)
    return lambda ca: x509.load_pem_x509_certificates(issue_client(ca, holder, now=NOW, request=request).certificate)


def server(*hosts: str) -> Profile:
    """Return what issues a server certificate."""
    return lambda ca: x509.load_pem_x509_certificates(ensure_server(ca.home, hosts, now=NOW).read_bytes())


PROFILES: dict[str, Profile] = {
    "root and issuing CA": lambda ca: [ca.root, ca.issuing.certificate],
    "issuing CA, renewed": lambda ca: [renew_issuing(ca.home, now=NOW + timedelta(days=400)).issuing.certificate],
    "institution": client(Holder("institution", "9911000015", "見本　医院", "受付 1号機")),
    "institution, longest names": client(Holder("institution", "9911000015", LONG, LONG[:21])),
    "institution, RSA request": client(
        Holder("institution", "9911000015", "見本医院", "a"), rsa.generate_private_key(65537, 2048)
    ),
    "institution, P-384 request": client(Holder("institution", "9911000015", "見本医院", "a"), key("ca-any")),
    "payer": client(Holder("payer", "06990014", "見本健康保険組合", "端末")),
    "operator": client(Holder("operator", "operator", "見本審査支払機関", "desk-1")),
    "server": server("localhost", "127.0.0.1"),
    "server, long names and addresses": server("a" * 63 + ".example.jp", "b.example.jp", "::1", "10.0.0.1"),
}


@pytest.mark.parametrize("profile", PROFILES)
def test_a_certificate_lints_clean(ca: CA, profile: str) -> None:
    """Nothing from a notice up, in the certificate and in those above it."""
    issued = PROFILES[profile](ca)
    assert issued
    assert [lint_certificate(each) for each in issued] == [[]] * len(issued)


@pytest.mark.parametrize("reasons", [(), *((reason,) for reason in REASONS), tuple(REASONS)])
def test_a_revocation_list_lints_clean(ca: CA, reasons: tuple[str, ...]) -> None:
    """Empty, with each reason, and with all."""
    rows = [
        Certificate(
            serial=f"{serial(no):x}", party="9911000015", terminal="a", issued_at=NOW,
            not_after=NOW + timedelta(days=9), revoked_at=NOW, reason=reason,
        )
        for no, reason in enumerate(reasons)
    ]  # fmt: skip
    listed = x509.load_pem_x509_crl(write_crl(open_ca(ca.home), rows, number=7, now=NOW).read_bytes())
    assert len(list(listed)) == len(reasons)
    assert [] == lint_list(listed)


def test_the_linter_sees_what_is_wrong() -> None:
    """A CA without key identifiers, names of no form, a list without a number: each is found."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "CA")])
    period = (THEN, THEN + timedelta(days=1))
    odd = (
        x509.CertificateBuilder(name, name, key("ca-odd").public_key(), serial(1), *period)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=False)
        .sign(key("ca-odd"), SHA384())
    )
    urls = [x509.UniformResourceIdentifier("urn:no name space"), x509.DNSName("local_host")]
    named = (
        x509.CertificateBuilder(name, name, key("ca-odd").public_key(), serial(1), *period)
        .add_extension(x509.SubjectAlternativeName(urls), critical=False)
        .sign(key("ca-odd"), SHA384())
    )
    bare = x509.CertificateRevocationListBuilder(name, *period).sign(make_pki().issuing.key, SHA384())
    assert any("critical" in found for found in lint_certificate(odd))
    assert any("skid" in found for found in lint_certificate(odd))
    assert sum("_syntax" in found for found in lint_certificate(named)) == 2
    assert any("number" in found for found in lint_list(bare))
