"""The certificates of an office: root, issuing CA, server, client, and the revocation list.

Two levels: the root (P-384, path length 1) signs only the issuing CA (P-384, path length 0) and can then be taken
offline; the issuing CA signs everything else. Nothing here makes a key, a serial or a time: they are arguments, so a
key may as well live in a security module. Signatures are ECDSA with SHA-384, the subjects of keys P-256 or better.

Source: network:7 (client certificates live 3 years and 3 months); rfc5280:4 and 5.
"""

import hashlib
import ipaddress
import re
from calendar import monthrange
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA384
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from seikyu.trust.party import NAME_CHARS, Holder, is_name

#: The kinds of public keys that can be certified.
PublicKey: TypeAlias = ec.EllipticCurvePublicKey | rsa.RSAPublicKey

ROOT_MONTHS: Final = 240
ISSUING_MONTHS: Final = 120
CLIENT_MONTHS: Final = 39
SERVER_MONTHS: Final = 13

#: A certificate is valid from a little before it was made, because clocks in a building differ.
BACK: Final = timedelta(minutes=5)

SERIAL_BYTES: Final = 16
RSA_BITS_LEAST: Final = 2048
RSA_BITS_MOST: Final = 4096

#: A smaller public exponent has weakened more than one implementation (FIPS 186-5, A.1.1).
RSA_EXPONENT_LEAST: Final = 65537

#: Why a certificate is revoked: the word in rows and commands, and its flag in the list (rfc5280:5.3.1; the list
#: says nothing for "unspecified").
REASONS: Final[Mapping[str, x509.ReasonFlags | None]] = {
    "unspecified": None,
    "key_compromise": x509.ReasonFlags.key_compromise,
    "affiliation_changed": x509.ReasonFlags.affiliation_changed,
    "superseded": x509.ReasonFlags.superseded,
    "cessation_of_operation": x509.ReasonFlags.cessation_of_operation,
    "privilege_withdrawn": x509.ReasonFlags.privilege_withdrawn,
}

_HOST = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9-]{1,63}(?<!-))*")


class BadRequestForCertificate(ValueError):
    """What a certificate is asked for cannot be certified; nothing was signed. `facts["what"]` says what is wrong."""

    code = "bad_certificate_request"

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.facts = {"what": what}


@dataclass(frozen=True, slots=True)
class Period:
    """From when until when a certificate is valid. Shape: aware instants, whole seconds."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Issuer:
    """A CA at work: its certificate and the private key that belongs to it, which may only be a handle to one."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


@dataclass(frozen=True, slots=True)
class Revocation:
    """One line of a revocation list. `reason` is a key of `REASONS`."""

    serial: int
    revoked_at: datetime
    reason: str


def period_of(now: datetime, *, months: int, back: timedelta = BACK) -> Period:
    """Return the period from a little before `now` until `months` calendar months after it.

    >>> from datetime import UTC
    >>> str(period_of(datetime(2026, 11, 30, 12, tzinfo=UTC), months=39).end)
    '2030-02-28 12:00:00+00:00'
    """
    now = now.replace(microsecond=0)
    year, month_index = divmod(now.year * 12 + now.month - 1 + months, 12)
    day = min(now.day, monthrange(year, month_index + 1)[1])
    return Period(now - back, now.replace(year=year, month=month_index + 1, day=day))


def serial_from(random: bytes) -> int:
    """Return a positive serial number made of 16 random bytes.

    Two bits of them are fixed, so that it is positive and always as long: 126 bits stay random.
    """
    if len(random) != SERIAL_BYTES:
        raise ValueError("a serial is made of 16 random bytes")
    return int.from_bytes(random) & ((1 << 127) - 1) | (1 << 126)


def serial_text(serial: int) -> str:
    """Return a serial as rows and identities carry it.

    >>> serial_text(0x0A1B)
    'a1b'
    """
    return f"{serial:x}"


@dataclass(frozen=True, slots=True)
class Asked:
    """What of a certification request counts: its key. Shape: `spki_sha256` (hex) is of the key as DER (SPKI)."""

    key: PublicKey
    spki_sha256: str


def asked_by(request: bytes) -> Asked:
    """Return what a certification request (CSR, PEM or DER) asks for. Errors: BadRequestForCertificate."""
    return asked_for(public_key_of(request))


def asked_for(key: PublicKey) -> Asked:
    """Return a key as it is asked for."""
    spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return Asked(key, hashlib.sha256(spki).hexdigest())


def public_key_of(request: bytes) -> PublicKey:
    """Return the public key of a certification request (CSR), if its signature shows that the asker has the key.

    Everything else in the request is ignored: the office decides what a certificate says.
    Shape: PEM, or DER as EST and ACME carry it.
    Errors: BadRequestForCertificate.
    """
    load = x509.load_pem_x509_csr if request.lstrip().startswith(b"-----") else x509.load_der_x509_csr
    try:
        parsed = load(request)
        key = parsed.public_key()
        signed = parsed.is_signature_valid
    except (ValueError, TypeError, InvalidSignature) as odd:
        raise BadRequestForCertificate("not a certification request (CSR, PKCS#10)") from odd
    if not signed:
        raise BadRequestForCertificate("the signature of the request does not fit its key")
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1 | ec.SECP384R1):
        return key
    if isinstance(key, rsa.RSAPublicKey) and RSA_BITS_LEAST <= key.key_size <= RSA_BITS_MOST:
        if key.public_numbers().e < RSA_EXPONENT_LEAST:
            raise BadRequestForCertificate("the exponent of the RSA key is too small")
        return key
    raise BadRequestForCertificate("the key is none of P-256, P-384, RSA with 2048 to 4096 bits")


def root_certificate(
    key: ec.EllipticCurvePrivateKey, *, organisation: str, serial: int, period: Period
) -> x509.Certificate:
    """Return the root's certificate, signed by itself.

    Errors: BadRequestForCertificate, if `organisation` cannot be a name.
    """
    name = _name(organisation, "Root CA")
    unsigned = _ca(name, key.public_key(), path_length=1, serial=serial, period=period)
    return unsigned.issuer_name(name).sign(key, SHA384())


def issuing_certificate(
    root: Issuer,
    public_key: ec.EllipticCurvePublicKey,
    *,
    organisation: str,
    serial: int,
    period: Period,
    generation: int = 1,
) -> x509.Certificate:
    """Return the certificate of the issuing CA, signed by the root.

    A CA with a new key is a CA with a new name, so that nobody takes the list of the one for the other's: `generation`
    counts the keys.
    """
    name = _name(organisation, "Issuing CA" if generation == 1 else f"Issuing CA {generation}")
    unsigned = _ca(name, public_key, path_length=0, serial=serial, period=_within(period, root))
    return _signed(unsigned, root)


def server_certificate(
    issuer: Issuer,
    public_key: PublicKey,
    *,
    hosts: Sequence[str],
    serial: int,
    period: Period,
    pointers: Sequence[x509.ExtensionType] = (),
) -> x509.Certificate:
    """Return a server's certificate for the names and IP addresses in `hosts`; `pointers` as for a client's.

    Errors: BadRequestForCertificate, if there is no host or one is neither a name nor an address.
    """
    if not hosts:
        raise BadRequestForCertificate("a server needs at least one host name or address")
    names = [_general_name(host) for host in dict.fromkeys(hosts)]
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hosts[0][:NAME_CHARS])])
    unsigned = _leaf(subject, public_key, names, use=ExtendedKeyUsageOID.SERVER_AUTH, serial=serial)
    for each in pointers:
        unsigned = unsigned.add_extension(each, critical=False)
    return _signed(_timed(unsigned, _within(period, issuer)), issuer)


def client_certificate(
    issuer: Issuer,
    public_key: PublicKey,
    *,
    holder: Holder,
    serial: int,
    period: Period,
    pointers: Sequence[x509.ExtensionType] = (),
) -> x509.Certificate:
    """Return the certificate of one terminal of one party; `identity_from_der` reads it back.

    Shape: `pointers` say where its state is to be asked (`status.pointers_below`).
    """
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, holder.name[:NAME_CHARS]),
            x509.NameAttribute(NameOID.SERIAL_NUMBER, holder.party),
            x509.NameAttribute(NameOID.COMMON_NAME, holder.terminal),
        ]
    )
    names = [x509.UniformResourceIdentifier(holder.urn)]
    unsigned = _leaf(subject, public_key, names, use=ExtendedKeyUsageOID.CLIENT_AUTH, serial=serial)
    for each in pointers:
        unsigned = unsigned.add_extension(each, critical=False)
    return _signed(_timed(unsigned, _within(period, issuer)), issuer)


def key_id(certificate: x509.Certificate) -> str:
    """Return the identifier of a certificate's key as rows carry it, in hex."""
    own = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    return own.value.digest.hex()


def revocation_list(
    issuer: Issuer, revoked: Iterable[Revocation], *, number: int, period: Period
) -> x509.CertificateRevocationList:
    """Return the signed list of what the issuer has revoked, in the order of serials.

    Shape: `number` rises with every list; `period.end` is when the next one must be there.
    """
    lines = [_list_line(line) for line in sorted(revoked, key=lambda line: line.serial)]
    # Handed over at once: to add one after the other copies all that were there, which takes an hour for 100,000.
    unsigned = (
        x509.CertificateRevocationListBuilder(revoked_certificates=lines)
        .issuer_name(issuer.certificate.subject)
        .last_update(period.start)
        .next_update(period.end)
        .add_extension(_authority(issuer), critical=False)
        .add_extension(x509.CRLNumber(number), critical=False)
    )
    return unsigned.sign(issuer.key, SHA384())


def _list_line(line: Revocation) -> x509.RevokedCertificate:
    entry = x509.RevokedCertificateBuilder().serial_number(line.serial).revocation_date(line.revoked_at)
    flag = REASONS[line.reason]
    if flag is not None:
        entry = entry.add_extension(x509.CRLReason(flag), critical=False)
    return entry.build()


def _name(organisation: str, role: str) -> x509.Name:
    if not is_name(organisation[:NAME_CHARS].strip()):
        raise BadRequestForCertificate(f"{organisation!r} cannot be the name of a CA")
    # The limit is one of bytes (`is_common_name`): the role must fit behind, and a character is never cut in two.
    organisation = _cut(organisation.strip(), NAME_CHARS - len(" Issuing CA"))
    common = f"{_cut(organisation, NAME_CHARS - len(role) - 1)} {role}"
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def _cut(text: str, length_bytes: int) -> str:
    return text.encode()[:length_bytes].decode(errors="ignore").strip()


def is_host(host: str) -> bool:
    """True for a host name or an IP address that a server's certificate can be made out for."""
    try:
        _general_name(host)
    except BadRequestForCertificate:
        return False
    return True


def _general_name(host: str) -> x509.DNSName | x509.IPAddress:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        if not _HOST.fullmatch(host):
            raise BadRequestForCertificate(f"{host!r} is neither a host name nor an IP address") from None
        return x509.DNSName(host)


def _within(period: Period, issuer: Issuer) -> Period:
    """Cut the end: what outlives its issuer would look valid and fail."""
    return Period(period.start, min(period.end, issuer.certificate.not_valid_after_utc))


def _timed(unsigned: x509.CertificateBuilder, period: Period) -> x509.CertificateBuilder:
    return unsigned.not_valid_before(period.start).not_valid_after(period.end)


def _ca(
    name: x509.Name, key: ec.EllipticCurvePublicKey, *, path_length: int, serial: int, period: Period
) -> x509.CertificateBuilder:
    unsigned = (
        x509.CertificateBuilder()
        .subject_name(name)
        .public_key(key)
        .serial_number(serial)
        .add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )
    return _timed(unsigned, period)


def _leaf(
    subject: x509.Name,
    key: PublicKey,
    names: Sequence[x509.GeneralName],
    *,
    use: x509.ObjectIdentifier,
    serial: int,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(key)
        .serial_number(serial)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([use]), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _signed(unsigned: x509.CertificateBuilder, issuer: Issuer) -> x509.Certificate:
    named = unsigned.issuer_name(issuer.certificate.subject).add_extension(_authority(issuer), critical=False)
    return named.sign(issuer.key, SHA384())


def _authority(issuer: Issuer) -> x509.AuthorityKeyIdentifier:
    own = issuer.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own.value)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    """A CA signs certificates and lists and nothing else; all others sign only the handshake."""
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
