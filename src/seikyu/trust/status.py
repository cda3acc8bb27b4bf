"""What is said about the state of a certificate on request (OCSP), and who may say it.

A question names one certificate by hashes of its issuer and its serial; an answer says good, revoked or unknown, and
from when until when that counts. It is signed by a delegate of the issuing CA: a certificate that may sign answers and
nothing else, that nobody needs to ask about (`ocsp-nocheck`), and that lives for days. An error is not signed.

One certificate a question, as in rfc5019; more in one are turned away as `unauthorized`, because this responder cannot
answer them. A signature on a question is not looked at: anybody may ask.

Source: rfc6960:4, rfc9654:2 (nonces), rfc5019:2.
"""

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, Hash, HashAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from seikyu.trust.certificates import REASONS, BadRequestForCertificate, Issuer, Period, key_id
from seikyu.trust.party import NAME_CHARS

#: An answer counts for so long; with it ends everything that a reader may have kept of it.
ANSWER_LIFE: Final = timedelta(seconds=60)

#: A signer's certificate is good for so long. Nobody can revoke it, so it is short.
SIGNER_LIFE: Final = timedelta(days=14)

#: The lengths of a nonce that are answered; 0 and longer ones are refused (rfc9654:2.1).
NONCE_BYTES: Final = range(1, 129)

#: Where the public face answers, and where it has what else certificates may point at.
OCSP_PATH: Final = "/pki/ocsp"
PKI_PATH: Final = "/pki/"

#: What is said instead of an answer.
REFUSALS: Final[Mapping[str, ocsp.OCSPResponseStatus]] = {
    "malformed": ocsp.OCSPResponseStatus.MALFORMED_REQUEST,
    "internal_error": ocsp.OCSPResponseStatus.INTERNAL_ERROR,
    "try_later": ocsp.OCSPResponseStatus.TRY_LATER,
    "unauthorized": ocsp.OCSPResponseStatus.UNAUTHORIZED,
}

#: A delegate signs answers; what else a key may do is left out.
_SIGNS_ANSWERS: Final = x509.KeyUsage(
    digital_signature=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=False,
    crl_sign=False,
    encipher_only=False,
    decipher_only=False,
)

_LIST_NAME = re.compile(r"crl(-([2-9]|[1-9][0-9]{1,3}))?\.der")
_URL = re.compile(r"https?://[A-Za-z0-9.\[\]:_~/-]+")


class BadQuestion(ValueError):
    """The question cannot be read, or must not be answered in its form."""


class NotOurs(ValueError):
    """The question is about a certificate that another CA issued, or about several at once."""


@dataclass(frozen=True, slots=True)
class AnswerSigner:
    """Who signs answers: the delegate's certificate and key, and the certificate of the CA it speaks for.

    Shape: `generation` counts the keys of the office's issuing CAs from 1.
    """

    issuer: x509.Certificate
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey
    generation: int = 1

    def issued(self, issuer_id: str | None) -> bool:
        """Return whether its CA issued what a row says that about; the rows that do not say it are the first key's."""
        return self.generation == 1 if issuer_id is None else issuer_id == key_id(self.issuer)


@dataclass(frozen=True, slots=True)
class Standing:
    """What the register says of a certificate. Shape: `reason` is a key of `REASONS` if it is revoked."""

    known: bool
    revoked_at: datetime | None = None
    reason: str | None = None

    @property
    def word(self) -> str:
        """The state in one word: good, revoked, unknown."""
        return "unknown" if not self.known else "good" if self.revoked_at is None else "revoked"


GOOD: Final = Standing(known=True)
UNKNOWN: Final = Standing(known=False)


@dataclass(frozen=True, slots=True)
class Question:
    """One question. Shape: the hashes are of the issuer's name and key, by `algorithm`; the answer repeats them."""

    serial: int
    name_hash: bytes
    key_hash: bytes
    algorithm: HashAlgorithm
    nonce: bytes | None = None


def question_from(der: bytes) -> Question:
    """Read a question; which CA it names is for `names` to tell. Errors: BadQuestion; NotOurs."""
    try:
        request = ocsp.load_der_ocsp_request(der)
        extensions = list(request.extensions)
    except (ValueError, TypeError) as odd:
        raise BadQuestion("not an OCSP request") from odd
    except NotImplementedError as several:
        raise NotOurs("more than one certificate") from several
    try:
        return Question(
            request.serial_number,
            request.issuer_name_hash,
            request.issuer_key_hash,
            request.hash_algorithm,
            _nonce(extensions),
        )
    except UnsupportedAlgorithm as odd:
        raise NotOurs("a hash that is not known here") from odd


def names(question: Question, issuer: x509.Certificate) -> bool:
    """Return whether the question is about what this CA issued: by its name and by its key."""
    return (question.name_hash, question.key_hash) == _hashes(issuer, type(question.algorithm))


def signed_answer(signer: AnswerSigner, question: Question, standing: Standing, *, period: Period) -> bytes:
    """Return a signed answer (DER). `period.start` is when the standing was known, `period.end` when to ask again."""
    revoked = standing.revoked_at is not None
    state = ocsp.OCSPCertStatus.REVOKED if revoked else ocsp.OCSPCertStatus.GOOD
    unsigned = (
        ocsp.OCSPResponseBuilder()
        .add_response_by_hash(
            question.name_hash,
            question.key_hash,
            question.serial,
            question.algorithm,
            state if standing.known else ocsp.OCSPCertStatus.UNKNOWN,
            period.start,
            period.end,
            standing.revoked_at.replace(microsecond=0) if standing.revoked_at else None,
            REASONS[standing.reason or "unspecified"],
        )
        .responder_id(ocsp.OCSPResponderEncoding.HASH, signer.certificate)
        .certificates([signer.certificate])
    )
    if question.nonce is not None:
        unsigned = unsigned.add_extension(x509.OCSPNonce(question.nonce), critical=False)
    return unsigned.sign(signer.key, SHA256()).public_bytes(Encoding.DER)


def refusal(word: str) -> bytes:
    """Return an answer that says nothing of a certificate (DER). `word` is a key of `REFUSALS`."""
    return ocsp.OCSPResponseBuilder.build_unsuccessful(REFUSALS[word]).public_bytes(Encoding.DER)


def signer_certificate(
    issuer: Issuer, public_key: ec.EllipticCurvePublicKey, *, serial: int, period: Period
) -> x509.Certificate:
    """Return the certificate of a delegate: it signs answers and nothing else, and is not asked about itself."""
    above = issuer.certificate
    organisation = str(above.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value)
    name = [
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
        x509.NameAttribute(NameOID.COMMON_NAME, f"{organisation} OCSP"[:NAME_CHARS]),
    ]
    own = above.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    authority = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own.value)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name(name))
        .issuer_name(above.subject)
        .public_key(public_key)
        .serial_number(serial)
        .not_valid_before(period.start)
        .not_valid_after(min(period.end, above.not_valid_after_utc))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_SIGNS_ANSWERS, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]), critical=False)
        .add_extension(x509.OCSPNoCheck(), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        .add_extension(authority, critical=False)
        .sign(issuer.key, SHA384())
    )


def speaks_for(signer: AnswerSigner, issuer: x509.Certificate) -> bool:
    """Return whether answers of the signer count for certificates of that CA, which may have been renewed since."""
    return (signer.issuer.subject, signer.issuer.public_key()) == (issuer.subject, issuer.public_key())


def list_name(generation: int) -> str:
    """Return the name of an issuing CA's list (DER): certificates point at it, so it stays for as long as they do.

    >>> list_name(1), list_name(2)
    ('crl.der', 'crl-2.der')
    """
    return "crl.der" if generation == 1 else f"crl-{generation}.der"


def is_list_name(name: str) -> bool:
    """Return whether `list_name` gives that name to some list.

    >>> [is_list_name(each) for each in ("crl.der", "crl-12.der", "crl-1.der", "crl-02.der", "crl.pem")]
    [True, True, False, False, False]
    """
    return _LIST_NAME.fullmatch(name) is not None


def pointers_below(public_url: str, *, generation: int) -> tuple[x509.ExtensionType, ...]:
    """Return the extensions by which a certificate says where its state is to be asked; none without an address.

    Shape: `generation` is that of the key that signs it: each has a list of its own, and one responder answers for all.
    Errors: BadRequestForCertificate, for an address that is none.
    """
    if not public_url:
        return ()
    if not _URL.fullmatch(public_url):
        raise BadRequestForCertificate(f"{public_url!r} is not the address of a public face")
    base = public_url.rstrip("/")
    asked = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(base + OCSP_PATH))
    crl = x509.UniformResourceIdentifier(base + PKI_PATH + list_name(generation))
    listed = x509.DistributionPoint([crl], None, None, None)
    return x509.AuthorityInformationAccess([asked]), x509.CRLDistributionPoints([listed])


def _nonce(extensions: list[x509.Extension[x509.ExtensionType]]) -> bytes | None:
    """Return the nonce. Errors: BadQuestion, for a length that is refused or a critical extension that is not known."""
    nonce = None
    for each in extensions:
        if isinstance(each.value, x509.OCSPNonce):
            nonce = each.value.nonce
            if len(nonce) not in NONCE_BYTES:
                raise BadQuestion("a nonce has 1 to 128 bytes")
        elif each.critical:
            raise BadQuestion("a critical extension that is not known here")
    return nonce


@functools.lru_cache(maxsize=32)
def _hashes(issuer: x509.Certificate, kind: type[HashAlgorithm]) -> tuple[bytes, bytes]:
    """Return the hashes of a CA's name and key, as questions carry them."""
    key = issuer.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return _hash(issuer.subject.public_bytes(), kind()), _hash(key, kind())


def _hash(content: bytes, algorithm: HashAlgorithm) -> bytes:
    hashing = Hash(algorithm)
    hashing.update(content)
    return hashing.finalize()
