"""The first message of IKEv2 and its answer, as bytes."""

import struct

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, x25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis.strategies import binary, integers

from seikyu.apps.doctor.line import ike_wire as wire

SPI = bytes(range(1, 9))
NONCE = bytes(32)


def response(*payloads: tuple[int, bytes], spi: bytes = SPI, flags: int = 0x20, exchange: int = 34) -> bytes:
    """Return a response with payloads by kind."""
    body = b""
    for (_, content), after in zip(payloads, [kind for kind, _ in payloads[1:]] + [0], strict=True):
        body += struct.pack(">BBH", after, 0, 4 + len(content)) + content
    first = payloads[0][0] if payloads else 0
    return struct.pack(">8s8sBBBBII", spi, b"r" * 8, first, 0x20, exchange, flags, 0, 28 + len(body)) + body


def notify(code: int, content: bytes = b"") -> tuple[int, bytes]:
    """Return a notify payload."""
    return 41, struct.pack(">BBH", 0, 0, code) + content


@pytest.mark.parametrize(("group", "curve"), [(20, ec.SECP384R1()), (19, ec.SECP256R1())])
def test_the_public_values_are_the_generators(group: int, curve: ec.EllipticCurve) -> None:
    """What is sent is the public value of the private key 1, without the byte that says that it is a whole point."""
    public = ec.derive_private_key(1, curve).public_key()
    assert public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)[1:] == wire.GENERATORS[group]


def test_the_other_public_values_are_valid() -> None:
    """Curve25519 takes its base point, MODP 2048 two."""
    x25519.X25519PublicKey.from_public_bytes(wire.GENERATORS[31])
    assert (256, 2) == (len(wire.GENERATORS[14]), int.from_bytes(wire.GENERATORS[14], "big"))


def test_a_request_is_framed_as_the_standard_says() -> None:
    """Head, lengths and the chain of payloads add up: SA, KE, nonce, two notifies."""
    ends = wire.ends_of(SPI, ("192.0.2.1", 500), ("203.0.113.2", 500))

    sent = wire.request(SPI, NONCE, ends=ends)

    spi, responder, first, version, exchange, flags, number, size = struct.unpack_from(">8s8sBBBBII", sent)
    assert (SPI, bytes(8), 33, 0x20, 34, 8, 0, len(sent)) == (
        spi,
        responder,
        first,
        version,
        exchange,
        flags,
        number,
        size,
    )
    kinds, at, kind = [], 28, first
    while kind:
        kinds.append(kind)
        kind, _, length = struct.unpack_from(">BBH", sent, at)
        at += length
    assert ([33, 34, 40, 41, 41], len(sent)) == (kinds, at)


def test_a_cookie_comes_first() -> None:
    """The cookie stands before all else (RFC 7296, 2.6)."""
    sent = wire.request(SPI, NONCE, cookie=b"crumbs")

    assert 41 == sent[16]
    assert struct.pack(">BBH", 0, 0, wire.COOKIE) + b"crumbs" == sent[32:42]


def test_an_acceptance_is_told() -> None:
    """An SA payload in the answer."""
    answer = wire.read_response(response((33, bytes(40)), (34, bytes(100)), (40, NONCE)), SPI)

    assert wire.IkeAnswer("", accepted=True, cookie=b"", group=0) == answer


def test_errors_are_named() -> None:
    """NO_PROPOSAL_CHOSEN; a group that it wants; a cookie; an error that has no name."""
    assert "NO_PROPOSAL_CHOSEN" == wire.read_response(response(notify(14)), SPI).notify
    wanted = wire.read_response(response(notify(17, b"\x00\x13")), SPI)
    assert (wire.INVALID_KE, 19) == (wanted.notify, wanted.group)
    assert b"crumbs" == wire.read_response(response(notify(wire.COOKIE, b"crumbs")), SPI).cookie
    assert "ERROR_77" == wire.read_response(response(notify(77)), SPI).notify


def test_a_status_is_no_error() -> None:
    """Notifies that only tell something."""
    assert "" == wire.read_response(response(notify(16388, bytes(20)), notify(16404)), SPI).notify


def test_at_the_other_port_a_mark_comes_before() -> None:
    """Four zeros tell IKE from ESP."""
    assert wire.read_response(wire.NON_ESP + response(notify(14)), SPI)


@pytest.mark.parametrize(
    "other",
    [
        response(notify(14), spi=b"x" * 8),
        response(notify(14), flags=8),
        response(notify(14), exchange=35),
        b"",
        b"\0" * 27,
    ],
)
def test_what_is_no_response_to_us_is_none(other: bytes) -> None:
    """Another SPI, a request, another exchange, too little."""
    assert wire.read_response(other, SPI) is None


@given(came=binary(max_size=200), at=integers(0, 60))
def test_any_bytes_are_a_response_or_none(came: bytes, at: int) -> None:
    """Nothing is raised, whatever comes."""
    right = response(notify(17, b"\x00\x13"), (33, bytes(20)))
    for each in (came, right[:28] + came, right[:at] + came, right[:at] + came[:2] + right[at + 2 :]):
        wire.read_response(each, SPI)
