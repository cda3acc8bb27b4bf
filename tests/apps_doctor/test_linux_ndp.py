"""Who says that it has an IPv6 address, as messages."""

from ipaddress import IPv6Address

from hypothesis import given
from hypothesis.strategies import binary

from seikyu.apps.doctor.pc import linux_ndp as ndp

OWN = bytes.fromhex("020000000001")
ROUTER = bytes.fromhex("020000000009")
WANTED = IPv6Address("fe80::1")
ANSWER = bytes.fromhex("88 00 0000 e0000000") + WANTED.packed + b"\x02\x01" + ROUTER


def test_a_question_is_a_solicitation() -> None:
    """Type 135, the address that is asked for, and our hardware address (RFC 4861, 4.3)."""
    expected = "87 00 0000 00000000 fe800000000000000000000000000001 01 01 020000000001"
    assert bytes.fromhex(expected) == ndp.question(OWN, WANTED)


def test_an_answer_says_who_has_it() -> None:
    """The hardware address of its option."""
    assert ROUTER == ndp.answerer(ANSWER, WANTED)


def test_other_messages_say_nothing() -> None:
    """Our own question, an answer about another address, a short one, another option."""
    others = (ndp.question(OWN, WANTED), ANSWER[:-1], ANSWER[:24] + b"\x01\x01" + ROUTER)

    assert [None] * 3 == [ndp.answerer(each, WANTED) for each in others]
    assert ndp.answerer(ANSWER, IPv6Address("fe80::2")) is None


@given(message=binary(max_size=80))
def test_any_message_is_read(message: bytes) -> None:
    """Nothing is raised."""
    for each in (message, ANSWER[:24] + message):
        assert len(ndp.answerer(each, WANTED) or bytes(6)) == 6


def test_no_such_card_is_not_known() -> None:
    """Nor is anything without an address of IPv6."""
    assert ndp.claimants("no-such-card", "fe80::1", "02:00:00:00:00:01") is None
    assert ndp.claimants("lo", "192.0.2.1", "02:00:00:00:00:01") is None
