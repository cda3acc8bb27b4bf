"""EST over HTTP: enrolled with the notice, enrolled again with the certificate, and whoever asks for more."""

import base64
import ipaddress
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import load_der_pkcs7_certificates
from cryptography.x509.oid import NameOID

from apps.acme_lab import AcmeLab, csr, face, weak_key
from pki import HOLDER
from seikyu.adapters.authority import pem_of
from seikyu.apps.api.est import desk_est
from seikyu.limits import limit
from seikyu.services import applications
from seikyu.services.applications import Opened
from seikyu.services.issuing import Proof, report_lost, revoke_issued
from seikyu.services.people import CONSOLE
from seikyu.trust import identity_from_der
from seikyu.trust.codes import CHANCE_BYTES, make_code
from services.enrolment_lab import OTHER, OWN, TERMINAL

ENROL = "/.well-known/est/simpleenroll"
REENROL = "/.well-known/est/simplereenroll"
CERTS_ONLY = "application/pkcs7-mime; smime-type=certs-only"
OTHER_URN = "urn:seikyu:party:institution:" + OTHER


@pytest.fixture
def lab() -> AcmeLab:
    """Return an office in memory that speaks EST."""
    return AcmeLab.make()


def enrol(
    lab: AcmeLab,
    opened: Opened | None,
    request: bytes | AsyncIterator[bytes],
    *,
    code: str | None = None,
    path: str = ENROL,
    **headers: str,
) -> httpx2.Response:
    """Ask for a certificate as curl does."""
    auth = {}
    if opened is not None:
        typed = f"{opened.reference}:{opened.pin if code is None else code}".encode()
        auth = {"Authorization": "Basic " + base64.b64encode(typed).decode()}
    whole = {
        "Content-Type": "application/pkcs10",
        **auth,
        **{name.replace("_", "-"): text for name, text in headers.items()},
    }
    content = base64.encodebytes(request) if isinstance(request, bytes) else request
    return lab.ask("POST", path, content=content, headers=whole)


def got(answer: httpx2.Response) -> x509.Certificate:
    """Return the one certificate of an answer."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == CERTS_ONLY
    (certificate,) = load_der_pkcs7_certificates(base64.b64decode(answer.content))
    return certificate


def asking(
    subject: list[tuple[x509.ObjectIdentifier, str]] | None = None,
    *names: x509.GeneralName,
    key: Any = None,
    ca: bool = False,
) -> bytes:
    """Return a certification request (DER) of a client."""
    attributes = [x509.NameAttribute(oid, value) for oid, value in subject or []]
    unsigned = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(attributes))
    if names:
        unsigned = unsigned.add_extension(x509.SubjectAlternativeName(names), critical=False)
    if ca:
        unsigned = unsigned.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    return unsigned.sign(key or ec.generate_private_key(ec.SECP256R1()), SHA256()).public_bytes(Encoding.DER)


def desk(lab: AcmeLab, der: bytes | None, request: bytes | AsyncIterator[bytes], **headers: str) -> httpx2.Response:
    """Ask the desk, with a certificate on the line."""
    app = face([*desk_est(lab.enrolment.enrolling)])

    async def connected(scope: Any, receive: Any, send: Any) -> None:
        scope["extensions"] = {"tls": {"client_cert_der": der}}
        await app(scope, receive, send)

    there = AcmeLab(lab.enrolment, lab.hosts, lab.acme, connected)
    return enrol(there, None, request, path=REENROL, **headers)


def test_a_loss_that_is_reported_while_the_request_comes_in_renews_nothing(
    lab: AcmeLab, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who asks was found out before; the log has whose certificate it was."""
    opened = lab.enrolment.opened()
    first = lab.enrolment.fetched(opened)

    async def body() -> AsyncIterator[bytes]:
        report_lost(lab.enrolment.enrolling, Proof(opened.reference, opened.recovery))
        yield base64.encodebytes(asking())

    answer = desk(lab, first.der, body())
    assert (answer.status_code, lab.enrolment.living()) == (403, [])
    assert f"party={OWN}" in (log := capsys.readouterr().out)
    assert first.serial in log


def test_anybody_may_have_what_to_trust(lab: AcmeLab) -> None:
    """The authority's certificates, and that nothing is wanted of a request."""
    answer = lab.ask("GET", "/.well-known/est/cacerts")
    assert answer.headers["content-type"] == CERTS_ONLY
    told = load_der_pkcs7_certificates(base64.b64decode(answer.content))
    above = x509.load_pem_x509_certificates(pem_of(lab.enrolment.authority.chain()))
    assert {each.subject for each in told} == {each.subject for each in above}
    nothing = lab.ask("GET", "/.well-known/est/csrattrs")
    assert (nothing.status_code, nothing.content) == (204, b"")
    assert lab.ask("GET", ENROL).status_code == 405
    assert lab.ask("POST", REENROL).status_code == 404


def test_a_terminal_is_enrolled_with_its_notice(lab: AcmeLab) -> None:
    """The certificate says what the office knows; the same key again gets the same one, as after a cut line."""
    opened, key = lab.enrolment.opened(), ec.generate_private_key(ec.SECP256R1())
    first = got(enrol(lab, opened, asking([(NameOID.COMMON_NAME, "anything")], key=key)))
    said = identity_from_der(first.public_bytes(Encoding.DER))
    assert (said.party, said.kind, said.terminal) == (OWN, "institution", TERMINAL)
    assert first.public_key() == key.public_key()
    assert got(enrol(lab, opened, asking(key=key))) == first
    assert got(enrol(lab, opened, asking(key=key), code=opened.pin.lower().replace("-", " "))) == first
    assert len(lab.enrolment.living()) == 1


def test_a_terminal_that_died_is_replaced_with_the_recovery_code(lab: AcmeLab) -> None:
    """The length of the code says which it is; what the terminal had ends at once."""
    opened = lab.enrolment.opened()
    first = got(enrol(lab, opened, asking()))
    second = got(enrol(lab, opened, asking(), code=opened.recovery))
    assert lab.enrolment.living() == [f"{second.serial_number:x}"]
    assert lab.enrolment.row(f"{first.serial_number:x}").reason == "superseded"


def test_bodies_are_base64_however_it_is_wrapped(lab: AcmeLab) -> None:
    """With line ends, without, with blanks; what the transfer encoding says is not looked at (rfc8951:3.1)."""
    opened, request = lab.enrolment.opened(), asking()
    typed = base64.b64encode(f"{opened.reference}:{opened.pin}".encode()).decode()
    headers = {
        "Content-Type": "application/pkcs10; charset=x",
        "Authorization": "basic " + typed,
        "Content-Transfer-Encoding": "binary",
    }
    for body in (
        base64.b64encode(request),
        base64.encodebytes(request).replace(b"\n", b"\r\n"),
        b" " + base64.encodebytes(request),
    ):
        assert lab.ask("POST", ENROL, content=body, headers=headers).status_code == 200
    for body in (b"", request, b"!!!!", b"-----BEGIN CERTIFICATE REQUEST-----\n", base64.b64encode(b"\x30\x00")):
        assert lab.ask("POST", ENROL, content=body, headers=headers).status_code == 400
    assert (
        lab.ask("POST", ENROL, content=b"A" * (limit("certificate_request_bytes") + 1), headers=headers).status_code
        == 413
    )
    headers["Content-Type"] = "application/octet-stream"
    assert lab.ask("POST", ENROL, content=base64.b64encode(request), headers=headers).status_code == 415


@pytest.mark.parametrize("header", [None, "Bearer x", "Basic", "Basic !", "Basic " + base64.b64encode(b"nocolon").decode(), "Basic " + base64.b64encode(b"\xff:x").decode(), "Basic " + base64.b64encode(b":x").decode(), "Basic " + "A" * 600])  # fmt: skip
def test_nobody_is_asked_who_they_are(lab: AcmeLab, header: str | None) -> None:
    """401 with how to say it, in plain words; nothing is counted, no certificate issued."""
    headers = {"Content-Type": "application/pkcs10", **({"Authorization": header} if header else {})}
    answer = lab.ask("POST", ENROL, content=base64.b64encode(asking()), headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Basic realm="issuance notice", charset="UTF-8"'
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert "reference number" in answer.text


def test_wrong_codes_are_counted_and_locked(lab: AcmeLab) -> None:
    """A slip is 401 and does not count; five wrong ones are 429 with the time to wait; the right one waits too."""
    opened, wrong = lab.enrolment.opened(), make_code("pin", bytes(range(CHANCE_BYTES)))
    for code in ("", "x", opened.pin[:-1], opened.recovery[:-1], opened.recovery[1:] + "2"):
        assert enrol(lab, opened, asking(), code=code).status_code == 401
    statuses = [enrol(lab, opened, asking(), code=wrong).status_code for _ in range(6)]
    assert statuses == [401] * 4 + [429] * 2
    locked = enrol(lab, opened, asking(), Accept_Language="ja")
    assert (locked.status_code, locked.headers["retry-after"]) == (429, "1800")
    assert "ロック" in locked.text
    lab.enrolment.later(minutes=30, seconds=1)
    got(enrol(lab, opened, asking()))
    for secret in (opened.pin, wrong, opened.recovery):
        assert secret not in repr(lab.enrolment.told)


def test_a_notice_that_is_closed_or_over_is_told(lab: AcmeLab) -> None:
    """403, as trying again does not help."""
    opened = lab.enrolment.opened()
    lab.enrolment.later(days=180)
    assert enrol(lab, opened, asking()).status_code == 403
    applications.end_terminal(lab.enrolment.enrolling, CONSOLE, opened.notice.id)
    assert enrol(lab, opened, asking(), code=opened.recovery).status_code == 403
    assert lab.enrolment.living() == []


REQUESTS: dict[str, Any] = {
    "another party in the subject": lambda: asking([(NameOID.SERIAL_NUMBER, OTHER)]),
    "another party beside it": lambda: asking(None, x509.UniformResourceIdentifier(OTHER_URN)),
    "a host": lambda: asking(None, x509.DNSName("office.example")),
    "an address": lambda: asking(None, x509.IPAddress(ipaddress.ip_address("192.0.2.1"))),
    "a CA": lambda: asking(ca=True),
    "a weak key": lambda: asking(key=weak_key()),
    "another curve": lambda: asking(key=ec.generate_private_key(ec.SECP521R1())),
    "a signature that does not fit": lambda: asking()[:-1] + b"\0",
}


@pytest.mark.parametrize("what", REQUESTS)
def test_asking_for_more_is_refused(lab: AcmeLab, what: str) -> None:
    """400, and nothing is issued; who it is, is looked at first."""
    opened, request = lab.enrolment.opened(), REQUESTS[what]()
    answer = enrol(lab, opened, request)
    assert answer.status_code == 400
    assert lab.enrolment.living() == []


def test_what_a_request_says_does_not_reach_the_certificate(lab: AcmeLab) -> None:
    """Names of people, other uses of the key, extensions that nobody knows: the certificate is the office's."""
    key = ec.generate_private_key(ec.SECP256R1())
    every = x509.KeyUsage(True, True, True, True, True, False, False, True, True)
    unsigned = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "operator"), x509.NameAttribute(NameOID.ORGANIZATION_NAME, "evil")]))
        .add_extension(x509.ExtendedKeyUsage([x509.oid.ExtendedKeyUsageOID.OCSP_SIGNING, x509.oid.ExtendedKeyUsageOID.SERVER_AUTH]), critical=True)
        .add_extension(every, critical=True)
        .add_extension(x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.99999.1"), b"\x05\x00"), critical=True)
    )  # fmt: skip
    request = unsigned.sign(key, SHA256()).public_bytes(Encoding.DER)
    opened = lab.enrolment.opened()
    certificate, plain = got(enrol(lab, opened, request)), got(enrol(lab, opened, asking()))
    assert certificate.subject == plain.subject
    assert [each.oid for each in certificate.extensions] == [each.oid for each in plain.extensions]
    for kind in (x509.KeyUsage, x509.ExtendedKeyUsage, x509.SubjectAlternativeName, x509.BasicConstraints):
        own, other = (each.extensions.get_extension_for_class(kind).value for each in (certificate, plain))
        assert own == other


def test_the_key_of_another_terminal_is_refused(lab: AcmeLab) -> None:
    """One key, one terminal."""
    key = ec.generate_private_key(ec.SECP256R1())
    got(enrol(lab, lab.enrolment.opened(), asking(key=key)))
    assert enrol(lab, lab.enrolment.opened("another", party=OTHER), asking(key=key)).status_code == 400


def test_a_server_is_enrolled_with_its_hosts(lab: AcmeLab) -> None:
    """All that stand on its notice, whichever of them it asks for."""
    opened = lab.server()
    certificate = got(enrol(lab, opened, csr("gw.example.jp")))
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [each.value for each in names] == ["gw.example.jp", "www.example.jp"]
    assert enrol(lab, opened, csr("evil.example")).status_code == 400


def test_a_server_that_fetches_gets_all_its_hosts(lab: AcmeLab) -> None:
    """Also for the key that an order by ACME was for some of them."""
    opened, key = lab.server(), ec.generate_private_key(ec.SECP256R1())
    _, chain = lab.client(opened).certified("gw.example.jp", key=key)
    fetched = got(enrol(lab, opened, csr(key=key)))
    names = fetched.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [each.value for each in names] == ["gw.example.jp", "www.example.jp"]
    assert fetched != chain[0]


def test_a_program_that_reads_problems_gets_one(lab: AcmeLab) -> None:
    """Our own client, above all."""
    answer = enrol(lab, lab.enrolment.opened(), asking(), code="x", Accept="application/problem+json")
    assert (answer.headers["content-type"], answer.json()["code"]) == ("application/problem+json", "code_mistyped")


# --- with the certificate in hand


@pytest.fixture
def own(lab: AcmeLab) -> bytes:
    """Return the certificate of a terminal."""
    return got(enrol(lab, lab.enrolment.opened(), asking())).public_bytes(Encoding.DER)


def test_a_terminal_renews_with_its_certificate(lab: AcmeLab, own: bytes) -> None:
    """With the names that it has, or none; a line that was cut gets the same again; the old one goes on for a while."""
    key, old = ec.generate_private_key(ec.SECP256R1()), x509.load_der_x509_certificate(own)
    subject = [(each.oid, str(each.value)) for each in old.subject]
    names = list(old.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
    new = got(desk(lab, own, asking(subject, *names, key=key)))
    assert got(desk(lab, own, asking(key=key))) == new
    assert (new.subject, new.public_key()) == (old.subject, key.public_key())
    assert len(lab.enrolment.living()) == 2


def test_a_renewal_for_another_is_refused(lab: AcmeLab, own: bytes) -> None:
    """Another subject, another name beside it, a CA, a weak key."""
    other = lab.enrolment.fetched(lab.enrolment.opened("another", party=OTHER))
    foreign = [(each.oid, str(each.value)) for each in x509.load_der_x509_certificate(other.der).subject]
    before = lab.enrolment.living()
    for request in (
        asking(foreign),
        asking([(NameOID.COMMON_NAME, "another")]),
        asking(None, x509.UniformResourceIdentifier(OTHER_URN)),
        asking(None, x509.UniformResourceIdentifier(HOLDER.urn), x509.DNSName("evil.example")),
        asking(ca=True),
        asking(key=weak_key()),
    ):
        assert desk(lab, own, request).status_code == 400
    assert lab.enrolment.living() == before


def test_a_certificate_that_is_none_renews_nothing(lab: AcmeLab, own: bytes) -> None:
    """No certificate, one of another office, a revoked one, a page of somebody else's in a browser."""
    assert desk(lab, None, asking()).status_code == 401
    stranger = AcmeLab.make()
    stranger.enrolment.authority.signed = 100
    foreign = stranger.enrolment.fetched(stranger.enrolment.opened())
    assert desk(lab, foreign.der, asking()).status_code == 401
    assert desk(lab, own, asking(), Origin="https://evil.example").status_code == 403
    serial = f"{x509.load_der_x509_certificate(own).serial_number:x}"
    assert revoke_issued(lab.enrolment.enrolling, CONSOLE, serial, reason="key_compromise")
    assert not revoke_issued(lab.enrolment.enrolling, CONSOLE, serial, reason="key_compromise")
    assert desk(lab, own, asking()).status_code == 403
