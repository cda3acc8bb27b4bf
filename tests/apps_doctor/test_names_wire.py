"""Questions and answers of the domain name system as bytes."""

import contextlib
import struct

import pytest
from hypothesis import given
from hypothesis.strategies import binary, integers

from seikyu.apps.doctor.line import names_wire as wire

NAME = "portal.claims.example"
ASKED = wire.question(NAME, wire.A, number=7)


def answer(
    asked: bytes, *bodies: bytes, kind: int = wire.A, flags: int = 0x8180, more: bytes = b"", others: int = 0
) -> bytes:
    """Return an answer with records that point at the name of the question."""
    records = b"".join(b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 60, len(each)) + each for each in bodies)
    return asked[:2] + struct.pack(">HHHHH", flags, 1, len(bodies), 0, others) + asked[12:] + records + more


def test_a_question_is_what_the_standard_says() -> None:
    """The bytes of RFC 1035 4.1: head, name, type, class."""
    head = bytes.fromhex("0007 0100 0001 0000 0000 0000")
    assert head + b"\x06portal\x06claims\x07example\x00\x00\x01\x00\x01" == ASKED


def test_a_question_with_edns_says_how_much_is_taken() -> None:
    """One more record: the root, OPT, the size, no options (RFC 6891, 6.1.2)."""
    asked = wire.question(NAME, wire.AAAA, number=7, edns_bytes=1232)

    assert b"\x00\x00\x29\x04\xd0\x00\x00\x00\x00\x00\x00" == asked[-11:]
    assert 1 == int.from_bytes(asked[10:12], "big")


def test_an_answer_gives_the_addresses() -> None:
    """Both kinds of addresses, and an alias before them."""
    four = wire.read_answer(answer(ASKED, bytes([192, 0, 2, 1]), bytes([192, 0, 2, 2])), ASKED)
    six = wire.question(NAME, wire.AAAA, number=7)
    other = wire.read_answer(answer(six, bytes.fromhex("20010db8" + "00" * 11 + "01"), kind=wire.AAAA), six)

    assert (("192.0.2.1", "192.0.2.2"), False, 2) == (four.addresses, four.cut, four.records)
    assert ("2001:db8::1",) == other.addresses


def test_an_answer_that_was_cut_says_so() -> None:
    """The flag TC, also if the records end in the middle."""
    whole = answer(ASKED, bytes([192, 0, 2, 1]), flags=0x8380)

    assert wire.read_answer(whole, ASKED).cut
    assert wire.read_answer(whole[:-3], ASKED).cut


def test_an_answer_shows_edns() -> None:
    """An OPT record among the others."""
    opt = b"\x00" + struct.pack(">HHIH", 41, 1232, 0, 0)

    assert wire.read_answer(answer(ASKED, more=opt, others=1), ASKED).edns
    assert not wire.read_answer(answer(ASKED), ASKED).edns


@pytest.mark.parametrize(
    "wrong",
    [
        b"\x00\x08" + answer(ASKED)[2:],  # another number
        ASKED,  # a question
        answer(wire.question("other.example", wire.A, number=7)),  # to another question
        answer(wire.question(NAME, wire.AAAA, number=7)),  # of another type
        answer(ASKED, b"\x01" * 4)[:-2],  # ends in the middle and was not cut
        answer(ASKED)[:-4] + b"",  # no whole question
    ],
)
def test_what_is_no_answer_to_the_question_is_none(wrong: bytes) -> None:
    """Another number, question or type, a question, or a broken one."""
    with pytest.raises(wire.BadAnswer):
        wire.read_answer(wrong, ASKED)


def test_a_name_that_points_in_circles_ends() -> None:
    """Two names that point at each other, and one at itself."""
    circle = answer(ASKED)[:12] + b"\xc0\x0c\x00\x01\x00\x01"

    with pytest.raises(wire.BadAnswer):
        wire.read_answer(circle, ASKED)


@pytest.mark.parametrize("name", ["", ".", "a..b", "a" * 64 + ".example", ".".join(["a" * 60] * 5), "請求.example"])
def test_what_is_no_name_is_not_asked_for(name: str) -> None:
    """Empty, with an empty or too long label, too long, not ASCII."""
    with pytest.raises(ValueError):
        wire.question(name, wire.A, number=1)


@given(came=binary(max_size=300))
def test_any_bytes_are_an_answer_or_none(came: bytes) -> None:
    """Nothing but BadAnswer is raised, whatever stands after a right head or without one."""
    for each in (came, ASKED[:2] + b"\x81\x80" + came, answer(ASKED)[:12] + came, answer(ASKED, more=came, others=3)):
        with contextlib.suppress(wire.BadAnswer):
            wire.read_answer(each, ASKED)


@given(at=integers(0, 70), put=binary(max_size=3))
def test_a_right_answer_with_wrong_bytes_ends(at: int, put: bytes) -> None:
    """Every place of an answer may hold anything."""
    right = answer(ASKED, bytes([192, 0, 2, 1]))
    with contextlib.suppress(wire.BadAnswer):
        wire.read_answer(right[:at] + put + right[at + len(put) :], ASKED)
