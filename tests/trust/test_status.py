"""Questions about certificates are read as the standards say, and answers say what the register says."""

import functools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, SHA384, SHA512, HashAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID
from hypothesis import given
from hypothesis import strategies as st

from pki import HOLDER, NOW, key, make_pki, serial
from seikyu.trust.certificates import REASONS, BadRequestForCertificate, Period, client_certificate, key_id, period_of
from seikyu.trust.status import (
    ANSWER_LIFE,
    GOOD,
    SIGNER_LIFE,
    UNKNOWN,
    AnswerSigner,
    BadQuestion,
    NotOurs,
    Question,
    Standing,
    is_list_name,
    names,
    pointers_below,
    question_from,
    refusal,
    signed_answer,
    signer_certificate,
    speaks_for,
)

PKI = make_pki()
FOREIGN = make_pki(name="another office", keys="ca-foreign")
ISSUER = PKI.issuing.certificate
PERIOD = Period(NOW, NOW + ANSWER_LIFE)


@functools.cache
def make_signer() -> AnswerSigner:
    """Return the delegate of the test office's CA."""
    period = Period(NOW, NOW + SIGNER_LIFE)
    made = signer_certificate(PKI.issuing, key("ocsp").public_key(), serial=serial(50), period=period)
    return AnswerSigner(ISSUER, made, key("ocsp"))


def asked(
    *extensions: tuple[x509.ExtensionType, bool],
    algorithm: HashAlgorithm | None = None,
    issuer: x509.Certificate = ISSUER,
    certificate: x509.Certificate | None = None,
) -> bytes:
    """Return a question (DER) about the client certificate, or another one."""
    building = ocsp.OCSPRequestBuilder().add_certificate(certificate or PKI.client(), issuer, algorithm or SHA1())
    for value, critical in extensions:
        building = building.add_extension(value, critical=critical)
    return building.build().public_bytes(Encoding.DER)


def answered(standing: Standing, **options: bytes) -> ocsp.OCSPResponse:
    """Return the answer to a question about the client certificate, as another program reads it."""
    extensions = [(x509.OCSPNonce(value), False) for value in options.values()]
    return ocsp.load_der_ocsp_response(
        signed_answer(make_signer(), question_from(asked(*extensions)), standing, period=PERIOD)
    )


def tlv(tag: int, *parts: bytes) -> bytes:
    """Return an element of DER; questions that no library would make are made of these."""
    content = b"".join(parts)
    size = len(content)
    length = bytes([size]) if size < 128 else bytes([0x81, size])
    return bytes([tag]) + length + content


def certid(number: int, algorithm: bytes = bytes.fromhex("06052b0e03021a")) -> bytes:
    """Return one request of a question about that serial, hashes of zeros."""
    zeros = tlv(4, bytes(20))
    return tlv(0x30, tlv(0x30, tlv(0x30, algorithm, b"\x05\x00"), zeros, zeros, tlv(2, number.to_bytes(1))))


@pytest.mark.parametrize("algorithm", [SHA1(), SHA256(), SHA384(), SHA512()])
def test_a_question_by_any_usual_hash_is_about_our_certificate(algorithm: HashAlgorithm) -> None:
    """The answer repeats the hash that was asked by."""
    question = question_from(asked(algorithm=algorithm))
    told = ocsp.load_der_ocsp_response(signed_answer(make_signer(), question, GOOD, period=PERIOD))

    assert question.serial == PKI.client().serial_number
    assert told.hash_algorithm.name == algorithm.name
    assert told.serial_number == question.serial


@pytest.mark.parametrize("reason", REASONS)
def test_a_revoked_certificate_is_said_to_be_revoked(reason: str) -> None:
    """With the time and the reason of the row; `unspecified` is silence."""
    told = answered(Standing(known=True, revoked_at=NOW + timedelta(microseconds=5), reason=reason))

    assert told.certificate_status == ocsp.OCSPCertStatus.REVOKED
    assert told.revocation_time_utc == NOW
    assert told.revocation_reason == REASONS[reason]


def test_good_and_unknown_are_told_apart() -> None:
    """Who has no row was never issued by this office."""
    good, unknown = answered(GOOD), answered(UNKNOWN)

    assert (ocsp.OCSPCertStatus.GOOD, ocsp.OCSPCertStatus.UNKNOWN) == (
        good.certificate_status,
        unknown.certificate_status,
    )
    assert (good.this_update_utc, good.next_update_utc) == (NOW, NOW + ANSWER_LIFE)
    revoked = Standing(known=True, revoked_at=NOW)
    assert ["good", "unknown", "revoked"] == [GOOD.word, UNKNOWN.word, revoked.word]


def test_an_answer_is_signed_by_the_delegate_that_it_carries() -> None:
    """The delegate's key verifies it, and the delegate is found by the hash of its key."""
    told, signer = answered(GOOD), make_signer()

    key("ocsp").public_key().verify(told.signature, told.tbs_response_bytes, ec.ECDSA(SHA256()))
    assert told.certificates == [signer.certificate]
    own = signer.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    assert told.responder_key_hash == own.digest


@pytest.mark.parametrize("size", [1, 15, 16, 32, 128])
def test_a_nonce_comes_back(size: int) -> None:
    """Byte for byte; without one there is none."""
    told = answered(GOOD, nonce=bytes(range(size)))

    assert told.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce == bytes(range(size))
    assert list(answered(GOOD).extensions) == []


@pytest.mark.parametrize("size", [0, 129])
def test_a_nonce_of_a_forbidden_length_is_refused(size: int) -> None:
    """None at all is one of 0 bytes; the longest is 128."""
    with pytest.raises(BadQuestion):
        question_from(asked((x509.OCSPNonce(bytes(size)), False)))


def test_an_unknown_extension_counts_only_if_it_is_critical() -> None:
    """The first is passed over, the second refused."""
    odd = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.99999.1"), b"\x05\x00")

    assert question_from(asked((odd, False))).nonce is None
    with pytest.raises(BadQuestion):
        question_from(asked((odd, True)))


def test_anothers_certificate_is_not_answered_for() -> None:
    """Only the hashes of our issuing CA are ours, and the root's are not."""
    assert names(question_from(asked()), ISSUER)
    renamed, rekeyed = make_pki(name="another office"), make_pki(keys="ca-foreign")
    for pki in (FOREIGN, renamed, rekeyed):
        own = asked(issuer=pki.issuing.certificate, certificate=pki.client())
        assert not names(question_from(own), ISSUER)
    assert not names(question_from(asked(issuer=PKI.root.certificate)), ISSUER)


def test_a_row_is_of_the_key_that_it_names_or_of_the_first() -> None:
    """Rows from before there was a second key name none."""
    first = make_signer()
    second = replace(first, issuer=FOREIGN.issuing.certificate, generation=2)
    rows = (None, key_id(ISSUER), key_id(FOREIGN.issuing.certificate))

    assert [first.issued(each) for each in rows] == [True, True, False]
    assert [second.issued(each) for each in rows] == [False, False, True]


def test_a_question_about_two_certificates_is_turned_away() -> None:
    """There is one answer to one question."""
    with pytest.raises(NotOurs):
        question_from(tlv(0x30, tlv(0x30, tlv(0x30, certid(1), certid(2)))))


def test_a_question_by_an_unknown_hash_is_turned_away() -> None:
    """By MD5 nobody's certificate is named."""
    md5 = bytes.fromhex("06082a864886f70d0205")
    with pytest.raises(NotOurs):
        question_from(tlv(0x30, tlv(0x30, tlv(0x30, certid(1, md5)))))


@given(st.binary(max_size=200) | st.integers(1, len(asked()) - 1).map(lambda cut: asked()[:cut]))
def test_any_bytes_are_refused(data: bytes) -> None:
    """Rubbish and cut questions are refused with words, never with another exception."""
    with pytest.raises((BadQuestion, NotOurs)):
        question_from(data)


@given(place=st.integers(0, len(asked()) - 1), bit=st.integers(0, 7))
def test_a_flipped_bit_is_refused_or_about_another_serial(place: int, bit: int) -> None:
    """A damaged question never ends in anything but an error of ours or a question."""
    damaged = bytearray(asked())
    damaged[place] ^= 1 << bit
    try:
        question = question_from(bytes(damaged))
    except (BadQuestion, NotOurs):
        return
    assert isinstance(question, Question)


@pytest.mark.parametrize(
    ("word", "status"), [("malformed", 1), ("internal_error", 2), ("try_later", 3), ("unauthorized", 6)]
)
def test_a_refusal_says_nothing_of_a_certificate(word: str, status: int) -> None:
    """The numbers are those of the standard."""
    assert ocsp.load_der_ocsp_response(refusal(word)).response_status.value == status


def test_a_delegate_signs_answers_and_nothing_else() -> None:
    """One use, one key usage, no CA, no question about itself, and tied to its issuer."""
    made = make_signer().certificate
    found = {each.oid: each for each in made.extensions}

    made.verify_directly_issued_by(ISSUER)
    assert list(found[ExtensionOID.EXTENDED_KEY_USAGE].value) == [ExtendedKeyUsageOID.OCSP_SIGNING]  # type: ignore[call-overload]
    assert found[ExtensionOID.OCSP_NO_CHECK].value == x509.OCSPNoCheck()
    assert not found[ExtensionOID.OCSP_NO_CHECK].critical
    usage = found[ExtensionOID.KEY_USAGE].value
    assert isinstance(usage, x509.KeyUsage)
    assert (usage.digital_signature, usage.key_cert_sign, usage.crl_sign) == (True, False, False)
    assert found[ExtensionOID.BASIC_CONSTRAINTS].value == x509.BasicConstraints(ca=False, path_length=None)
    authority = found[ExtensionOID.AUTHORITY_KEY_IDENTIFIER].value
    assert isinstance(authority, x509.AuthorityKeyIdentifier)
    assert authority.key_identifier == ISSUER.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest


def test_a_delegate_does_not_outlive_its_issuer() -> None:
    """What ended with the CA would look valid and fail."""
    long = Period(NOW, NOW + timedelta(days=20_000))
    made = signer_certificate(PKI.issuing, key("ocsp").public_key(), serial=serial(51), period=long)
    assert made.not_valid_after_utc == ISSUER.not_valid_after_utc


def test_a_delegate_speaks_for_its_ca_also_after_that_was_renewed() -> None:
    """Name and key decide, not the certificate."""
    later = make_pki(datetime(2027, 10, 5, tzinfo=UTC)).issuing.certificate

    assert later != ISSUER
    assert speaks_for(make_signer(), later)
    assert not speaks_for(make_signer(), FOREIGN.issuing.certificate)
    assert not speaks_for(make_signer(), make_pki(name="another office").issuing.certificate)


@pytest.mark.parametrize(("generation", "listed"), [(1, "crl.der"), (2, "crl-2.der"), (11, "crl-11.der")])
@pytest.mark.parametrize("url", ["http://pki.example.jp", "http://pki.example.jp/"])
def test_a_certificate_says_where_it_is_asked_about(url: str, generation: int, listed: str) -> None:
    """The responder and its issuer's list below one address; nobody has to understand it."""
    made = client_certificate(
        PKI.issuing, key("client").public_key(), holder=HOLDER, serial=serial(60), period=period_of(NOW, months=39),
        pointers=pointers_below(url, generation=generation),
    )  # fmt: skip
    access = made.extensions.get_extension_for_class(x509.AuthorityInformationAccess)
    points = made.extensions.get_extension_for_class(x509.CRLDistributionPoints)

    assert [each.access_location.value for each in access.value] == ["http://pki.example.jp/pki/ocsp"]
    assert [[name.value for name in each.full_name or ()] for each in points.value] == [
        [f"http://pki.example.jp/pki/{listed}"]
    ]
    assert is_list_name(listed)
    assert (False, False) == (access.critical, points.critical)


def test_without_an_address_a_certificate_is_as_before() -> None:
    """No pointer, no extension."""
    assert pointers_below("", generation=1) == ()


@pytest.mark.parametrize("url", ["pki.example.jp", "ftp://x", "http://", "http://a b", "http://例え.jp", "http://x/\n"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    """Nothing is issued that points nowhere."""
    with pytest.raises(BadRequestForCertificate):
        pointers_below(url, generation=1)
