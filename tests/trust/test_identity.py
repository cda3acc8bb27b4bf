"""What is read out of a client certificate, and that nothing else is."""

import warnings
from collections.abc import Callable
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA384
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from hypothesis import given
from hypothesis import strategies as st

from pki import HOLDER, NOW, key, make_pki, serial
from seikyu.trust import Identity, UnknownCertificate, identity_from_der
from seikyu.trust.certificates import serial_text
from seikyu.trust.party import Holder

PKI = make_pki()
GOOD = PKI.client().public_bytes(Encoding.DER)
CLIENT = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
LEAF = x509.BasicConstraints(ca=False, path_length=None)


def uris(*texts: str) -> x509.SubjectAlternativeName:
    """Return a subject alternative name with these URIs."""
    return x509.SubjectAlternativeName([x509.UniformResourceIdentifier(text) for text in texts])


def signed(
    *extensions: x509.ExtensionType, party: tuple[str, ...] = (HOLDER.party,), terminals: tuple[str, ...] = ("端末",)
) -> bytes:
    """Return a certificate that our CA signed, but with other contents than our builder writes."""
    subject = [x509.NameAttribute(NameOID.SERIAL_NUMBER, text) for text in party]
    subject += [x509.NameAttribute(NameOID.COMMON_NAME, text) for text in terminals]
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name(subject))
        .issuer_name(PKI.issuing.certificate.subject)
        .public_key(key("client").public_key())
        .serial_number(serial(9))
        .not_valid_before(NOW)
        .not_valid_after(NOW + timedelta(days=1))
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(PKI.issuing.key, SHA384()).public_bytes(Encoding.DER)


@pytest.mark.parametrize(
    "holder",
    [HOLDER, Holder("payer", "06990014", "見本健康保険組合", "審査室"), Holder("operator", "operator", "office", "a")],
)
def test_identity_is_the_holder_and_the_serial(holder: Holder) -> None:
    """What was written is read, kind by kind."""
    der = PKI.client(holder, no=77).public_bytes(Encoding.DER)
    assert identity_from_der(der) == Identity(serial_text(serial(77)), holder.kind, holder.party, holder.terminal)


def test_a_certificate_made_by_hand_in_our_form_is_read() -> None:
    """The odd ones below differ from this one in one point each."""
    assert identity_from_der(signed(CLIENT, LEAF, uris(HOLDER.urn))).party == HOLDER.party


ODD: dict[str, Callable[[], bytes]] = {
    "server": lambda: PKI.server().public_bytes(Encoding.DER),
    "issuing CA": lambda: PKI.issuing.certificate.public_bytes(Encoding.DER),
    "no purpose": lambda: signed(LEAF, uris(HOLDER.urn)),
    "no constraints": lambda: signed(CLIENT, uris(HOLDER.urn)),
    "two purposes": lambda: signed(
        x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH]),
        LEAF,
        uris(HOLDER.urn),
    ),
    "any purpose": lambda: signed(
        x509.ExtendedKeyUsage([ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE]), LEAF, uris(HOLDER.urn)
    ),
    "a CA for clients": lambda: signed(CLIENT, x509.BasicConstraints(ca=True, path_length=0), uris(HOLDER.urn)),
    "no party": lambda: signed(CLIENT, LEAF),
    "two parties": lambda: signed(CLIENT, LEAF, uris(HOLDER.urn, "urn:seikyu:party:payer:06990014")),
    "the same party twice": lambda: signed(CLIENT, LEAF, uris(HOLDER.urn, HOLDER.urn)),
    "a party and a host": lambda: signed(
        CLIENT,
        LEAF,
        x509.SubjectAlternativeName([x509.UniformResourceIdentifier(HOLDER.urn), x509.DNSName("localhost")]),
    ),
    "a host": lambda: signed(CLIENT, LEAF, x509.SubjectAlternativeName([x509.DNSName(HOLDER.urn)])),
    "another URN": lambda: signed(CLIENT, LEAF, uris("urn:example:party:institution:9911000015")),
    "another kind": lambda: signed(CLIENT, LEAF, uris("urn:seikyu:party:admin:9911000015")),
    "a longer id": lambda: signed(CLIENT, LEAF, uris(HOLDER.urn + "0"), party=(HOLDER.party + "0",)),
    "capitals": lambda: signed(CLIENT, LEAF, uris(HOLDER.urn.upper())),
    "another party in the subject": lambda: signed(CLIENT, LEAF, uris(HOLDER.urn), party=("9911000023",)),
    "no party in the subject": lambda: signed(CLIENT, LEAF, uris(HOLDER.urn), party=()),
    "two parties in the subject": lambda: signed(CLIENT, LEAF, uris(HOLDER.urn), party=(HOLDER.party,) * 2),
    "no terminal": lambda: signed(CLIENT, LEAF, uris(HOLDER.urn), terminals=()),
    "two terminals": lambda: signed(CLIENT, LEAF, uris(HOLDER.urn), terminals=("a", "b")),
    "a terminal nobody can see": lambda: signed(CLIENT, LEAF, uris(HOLDER.urn), terminals=("a\u200b",)),
    "nothing": lambda: b"",
    "PEM": lambda: PKI.client().public_bytes(Encoding.PEM),
    "a certificate and more": lambda: GOOD + b"\0",
}


@pytest.mark.parametrize("what", ODD)
def test_an_odd_certificate_belongs_to_nobody(what: str) -> None:
    """One point that differs from our form is enough, though our CA signed it."""
    with pytest.raises(UnknownCertificate) as refused:
        identity_from_der(ODD[what]())
    assert refused.value.facts["what"]


@pytest.mark.parametrize("first", [0x80, 0xFF])
def test_a_negative_serial_belongs_to_nobody(first: int) -> None:
    """No row could be found by it. The library only warns of it today."""
    at = GOOD.index(serial(3).to_bytes(16))
    der = GOOD[:at] + bytes([first]) + GOOD[at + 1 :]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(UnknownCertificate):
            identity_from_der(der)
    with pytest.raises(UnknownCertificate):
        identity_from_der(der)


@given(st.binary(max_size=300))
def test_any_bytes_belong_to_nobody(data: bytes) -> None:
    """Bytes from the wire give a refusal and no other exception."""
    with pytest.raises(UnknownCertificate):
        identity_from_der(data)


@given(st.dictionaries(st.integers(0, len(GOOD) - 1), st.integers(0, 255), min_size=1, max_size=4))
def test_a_changed_certificate_is_read_strictly_or_not_at_all(changes: dict[int, int]) -> None:
    """Whatever bits change: a holder of a lawful form, or nobody; the signature is the TLS layer's."""
    der = bytearray(GOOD)
    for at, byte in changes.items():
        der[at] = byte
    try:
        found = identity_from_der(bytes(der))
    except UnknownCertificate:
        return
    Holder(found.kind, found.party, "name", found.terminal)
    assert int(found.serial, 16) > 0
