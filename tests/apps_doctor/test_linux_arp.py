"""Who says that it has an address, as frames."""

from ipaddress import IPv4Address

from hypothesis import given
from hypothesis.strategies import binary

from seikyu.apps.doctor.pc import linux_arp as arp

OWN = bytes.fromhex("020000000001")
ROUTER = bytes.fromhex("020000000009")
WANTED = IPv4Address("192.0.2.1")
ANSWER = OWN + ROUTER + bytes.fromhex("0806 0001 0800 06 04 0002") + ROUTER + WANTED.packed + OWN + bytes(4)


def test_a_question_is_in_nobodys_name() -> None:
    """To everybody, from our card, with no address of our own (RFC 5227): no table changes by it."""
    expected = "ffffffffffff 020000000001 0806 0001 0800 06 04 0001 020000000001 00000000 000000000000 c0000201"
    assert bytes.fromhex(expected) == arp.question(OWN, WANTED)


def test_an_answer_says_who_has_it() -> None:
    """The sender's hardware address; padding after it does not matter."""
    assert ROUTER == arp.answerer(ANSWER + bytes(18), WANTED)


def test_other_frames_say_nothing() -> None:
    """Our own question, an answer about another address, a short frame, another protocol."""
    other = IPv4Address("192.0.2.2")
    frames = (arp.question(OWN, WANTED), ANSWER[:-1], ANSWER[:12] + b"\x08\x00" + ANSWER[14:])

    assert [None] * 3 == [arp.answerer(each, WANTED) for each in frames]
    assert arp.answerer(ANSWER, other) is None


@given(frame=binary(max_size=80))
def test_any_frame_is_read(frame: bytes) -> None:
    """Nothing is raised."""
    for each in (frame, ANSWER[:14] + frame):
        assert len(arp.answerer(each, WANTED) or bytes(6)) == 6


def test_no_such_card_is_not_known() -> None:
    """Nor is anything without the right to speak in packets."""
    assert arp.claimants("no-such-card", "192.0.2.1") is None
    assert arp.claimants("lo", "fe80::1") is None
