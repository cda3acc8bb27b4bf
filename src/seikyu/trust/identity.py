"""What a client certificate says about its holder.

The TLS layer has verified the chain before; here the certificate is only read, and strictly: one that is not exactly
of the form that `client_certificate` makes belongs to nobody. Whether it was revoked is in the office's rows.
"""

from typing import NamedTuple

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from seikyu.trust.certificates import serial_text
from seikyu.trust.party import is_name, parse_urn


class Identity(NamedTuple):
    """Who a certificate speaks for. Shape: `serial` is lower-case hex without leading zeros."""

    serial: str
    kind: str
    party: str
    terminal: str


class UnknownCertificate(Exception):
    """The certificate is not of our form, or nobody knows it: its holder is nobody.

    Shape: `facts["what"]` says what is odd.
    """

    code = "unknown_certificate"

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.facts = {"what": what}


def identity_from_der(der: bytes) -> Identity:
    """Read the holder out of a client certificate.

    Errors: UnknownCertificate, whatever the bytes are, unless they are of the form of our client certificates.
    """
    try:
        certificate = x509.load_der_x509_certificate(der)
        extensions = certificate.extensions
        subject = certificate.subject
        serial = certificate.serial_number
    except (
        ValueError, x509.InvalidVersion, x509.DuplicateExtension, x509.UnsupportedGeneralNameType, Warning
    ) as odd:  # fmt: skip
        raise UnknownCertificate("not a certificate") from odd
    if serial <= 0:
        raise UnknownCertificate("the serial number is not positive")
    _demand_client(extensions)
    kind, party = _party(extensions)
    if _only(subject, NameOID.SERIAL_NUMBER) != party:
        raise UnknownCertificate("the subject names another party")
    terminal = _only(subject, NameOID.COMMON_NAME)
    if terminal is None or not is_name(terminal):
        raise UnknownCertificate("no name of a terminal")
    return Identity(serial_text(serial), kind, party, terminal)


def _demand_client(extensions: x509.Extensions) -> None:
    """A certificate for anything but the client's side of TLS is not a client's, whoever signed it."""
    try:
        purposes = list(extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
        is_ca = extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound as missing:
        raise UnknownCertificate("no purpose") from missing
    if is_ca or purposes != [ExtendedKeyUsageOID.CLIENT_AUTH]:
        raise UnknownCertificate("not a client's certificate")


def _party(extensions: x509.Extensions) -> tuple[str, str]:
    try:
        names = list(extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
    except x509.ExtensionNotFound as missing:
        raise UnknownCertificate("no party") from missing
    if len(names) != 1 or not isinstance(names[0], x509.UniformResourceIdentifier):
        raise UnknownCertificate("not exactly one party")
    found = parse_urn(names[0].value)
    if found is None:
        raise UnknownCertificate("no party of this office's form")
    return found


def _only(subject: x509.Name, oid: ObjectIdentifier) -> str | None:
    values = [attribute.value for attribute in subject.get_attributes_for_oid(oid)]
    return values[0] if len(values) == 1 and isinstance(values[0], str) else None
