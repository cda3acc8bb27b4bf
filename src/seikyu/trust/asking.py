"""What a certification request says besides its key, held against what the office is going to certify.

None of it ever reaches a certificate: the office writes what the register and the notice say. But whoever asks for
another party's name, another host or a CA of their own is refused, so that nobody takes what they get for what they
asked for, and so that a request made by somebody else is not certified by mistake.

Source: rfc7030:4.2.1, 4.2.2; rfc8555:7.4; docs/decisions/0021.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from seikyu.trust.certificates import BadRequestForCertificate
from seikyu.trust.party import Holder

_Extension = TypeVar("_Extension", bound=x509.ExtensionType)

#: More names than these in one request are play.
_NAMES_MOST: Final = 100


@dataclass(frozen=True, slots=True)
class Said:
    """What a request says besides its key.

    Shape: `hosts` are names and addresses in one form, `others` how many names are neither hosts nor URNs.
    """

    subject: x509.Name = field(repr=False)
    alternative: x509.SubjectAlternativeName | None = field(repr=False)
    hosts: tuple[str, ...] = ()
    urns: tuple[str, ...] = ()
    others: int = 0
    is_ca: bool = False


def said_by(request: bytes) -> Said:
    """Return what a request (DER) says. Errors: BadRequestForCertificate."""
    try:
        parsed = x509.load_der_x509_csr(request)
        extensions = parsed.extensions
        subject = parsed.subject
    except (ValueError, TypeError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType) as odd:
        raise BadRequestForCertificate("not a certification request (CSR, PKCS#10)") from odd
    alternative = _found(extensions, x509.SubjectAlternativeName)
    basic = _found(extensions, x509.BasicConstraints)
    usage = _found(extensions, x509.KeyUsage)
    names = list(alternative) if alternative is not None else []
    if len(names) > _NAMES_MOST:
        raise BadRequestForCertificate(f"a request has at most {_NAMES_MOST} names")
    hosts = [plain_host(str(each.value)) for each in names if isinstance(each, x509.DNSName | x509.IPAddress)]
    urns = [each.value for each in names if isinstance(each, x509.UniformResourceIdentifier)]
    return Said(
        subject=subject,
        alternative=alternative,
        hosts=tuple(dict.fromkeys(hosts)),
        urns=tuple(urns),
        others=len(names) - len(hosts) - len(urns),
        is_ca=(basic is not None and basic.ca) or (usage is not None and (usage.key_cert_sign or usage.crl_sign)),
    )


def require_nothing_else(said: Said, holder: Holder, hosts: Sequence[str]) -> None:
    """Refuse a request that asks for more, or for another, than it is going to get; saying less, or nothing, is fine.

    `hosts` are those of a server; a terminal has none. Errors: BadRequestForCertificate.
    """
    _require_no_ca(said)
    numbers = [each.value for each in said.subject.get_attributes_for_oid(NameOID.SERIAL_NUMBER)]
    if any(number != holder.party for number in numbers):
        raise BadRequestForCertificate("the request names another party in its subject")
    if any(urn != holder.urn for urn in said.urns) or said.others:
        raise BadRequestForCertificate("the request names another party in its alternative names")
    if not set(said.hosts) <= {plain_host(host) for host in hosts}:
        raise BadRequestForCertificate("the request names a host that was not approved")


def require_same_names(said: Said, certificate: bytes) -> None:
    """Refuse a request whose names are not those of the certificate (DER) in hand; one without names is fine.

    Errors: BadRequestForCertificate.
    """
    _require_no_ca(said)
    own = x509.load_der_x509_certificate(certificate)
    if said.subject.rdns and _plain_subject(said.subject) != _plain_subject(own.subject):
        raise BadRequestForCertificate("the subject is not that of the certificate in hand")
    if said.alternative is not None:
        names = own.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        if set(said.alternative) != set(names):
            raise BadRequestForCertificate("the alternative names are not those of the certificate in hand")


def is_within(der: bytes, hosts: Iterable[str]) -> bool:
    """True if a certificate (DER) is for hosts, and for none but these."""
    if not der:
        return False
    extensions = x509.load_der_x509_certificate(der).extensions
    alternative = _found(extensions, x509.SubjectAlternativeName)
    names = list(alternative) if alternative is not None else []
    own = {plain_host(str(each.value)) for each in names if isinstance(each, x509.DNSName | x509.IPAddress)}
    return bool(own) and own <= {plain_host(each) for each in hosts}


def require_hosts(said: Said, hosts: Iterable[str]) -> None:
    """Refuse a request that is not for exactly these hosts; a common name must be one of them.

    Errors: BadRequestForCertificate.
    """
    _require_no_ca(said)
    commons = [plain_host(str(each.value)) for each in said.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    if said.urns or said.others or {*said.hosts, *commons} != {plain_host(host) for host in hosts}:
        raise BadRequestForCertificate("the names of the request are not those of the order")


def plain_host(host: str) -> str:
    """Return a host as it is compared.

    >>> plain_host("GW.Example.JP")
    'gw.example.jp'
    """
    return host.lower()


def path_below_root(certificate: bytes, above: Sequence[bytes]) -> list[bytes]:
    """Return a certificate and those that certify it one after the other, without the root (all DER)."""
    known = {each.subject: each for each in map(x509.load_der_x509_certificate, above)}
    path = [x509.load_der_x509_certificate(certificate)]
    while (signer := known.pop(path[-1].issuer, None)) is not None and signer.subject != signer.issuer:
        path.append(signer)
    return [each.public_bytes(Encoding.DER) for each in path]


def _require_no_ca(said: Said) -> None:
    if said.is_ca:
        raise BadRequestForCertificate("the request asks for the certificate of an authority (CA)")


def _plain_subject(name: x509.Name) -> list[tuple[str, str | bytes]]:
    """Return a name without regard to how its texts are encoded: programs choose UTF8String or PrintableString."""
    return sorted((each.oid.dotted_string, each.value) for each in name)


def _found(extensions: x509.Extensions, kind: type[_Extension]) -> _Extension | None:
    try:
        return extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None
