"""Step by step: what a talk with a concentrator heeds of what it hears, and what it leaves alone."""

from collections.abc import Iterable

import pytest

from seikyu.apps.doctor.pppoe import frames as wire
from seikyu.apps.doctor.pppoe import talk as talks
from seikyu.apps.doctor.pppoe.frames import Code, Discovery, Frame, Option, Packet, Proof, Protocol, Tag, TypeAndValue
from seikyu.apps.doctor.pppoe.link import PROPOSALS
from seikyu.apps.doctor.pppoe.state import WAITS, Host, Login, Phase, Step, Talk

#: Addresses kept for documentation (RFC 7042, 2.1.2).
PC, BAS = bytes.fromhex("00005e005301"), bytes.fromhex("00005e0053aa")
HOST = Host(PC, b"only-ours", 0x01020304)
LOGIN = Login("clinic-0001@line.example", "correct horse")
OURS = (Tag.HOST_UNIQUE, HOST.unique)
SESSION = 7
MS_CHAP = b"\xc2\x23\x81"


def offer(*tags: TypeAndValue, sender: bytes = BAS) -> Frame:
    """Return an offer to our call."""
    return Frame(PC, sender, Discovery.PADO, 0, wire.encode_tags([OURS, *tags]))


GRANT = Frame(PC, BAS, Discovery.PADS, SESSION, wire.encode_tags([OURS]))
TAKEN_BACK = Frame(PC, BAS, Discovery.PADT, SESSION, b"")


def said(protocol: int, code: int, identifier: int = 1, body: bytes = b"") -> Frame:
    """Return a packet from the concentrator."""
    return Frame(PC, BAS, Discovery.DATA, SESSION, wire.encode_packet(Packet(protocol, code, identifier, body)))


def lcp(code: int, identifier: int = 1, options: Iterable[TypeAndValue] = ()) -> Frame:
    """Return a packet of the link."""
    return said(Protocol.LCP, code, identifier, wire.encode_options(options))


def demand(proof: bytes = wire.CHAP_MD5_DEMAND) -> Frame:
    """Return the concentrator's proposal of the link."""
    return lcp(Code.CONFIGURE, 1, [(Option.AUTHENTICATION, proof)])


CHALLENGE = said(Protocol.CHAP, Proof.CHALLENGE, 5, wire.encode_chap(b"sixteen bytes...", b"bas"))
SUCCESS = said(Protocol.CHAP, Proof.SUCCESS, 5, b"welcome")
LINKED = (offer(), GRANT, demand(), lcp(Code.CONFIGURE_ACK))


def after(*frames: Frame, now: float = 0.0) -> Talk:
    """Return a talk that has heard these frames; when an offer has come, it does not wait for more."""
    talk, _ = talks.begin(HOST, login=LOGIN, now=now)
    for frame in frames:
        talk, _ = talks.hear(talk, frame, now)
        if talk.offers and talk.phase is Phase.CALLING:
            talk, _ = talks.tick(talk, talk.deadline_at)
    return talk


def sent(step: Step) -> list[Packet]:
    """Return the packets that a step sends."""
    return [packet for frame in step[1] if (packet := wire.decode_packet(frame.payload))]


def proposed(step: Step) -> dict[int, bytes]:
    """Return the options of the link that a step proposes."""
    (packet,) = (each for each in sent(step) if (each.protocol, each.code) == (Protocol.LCP, Code.CONFIGURE))
    return dict(wire.decode_options(packet.body) or ())


# --- offers ------------------------------------------------------------------------------------------------------


def test_our_own_frames_and_repeated_offers_are_no_more_offers() -> None:
    """A loop in the cable brings our frames back; a concentrator may answer each of our calls."""
    talk, _ = talks.begin(HOST, login=LOGIN, now=0.0)

    for each in (offer(sender=PC), offer(), offer()):
        talk, _ = talks.hear(talk, each, 0.1)

    assert (BAS,) == tuple(each.address for each in talk.offers)


def test_offers_are_counted_to_a_limit() -> None:
    """Nobody fills our memory with offers from made-up addresses."""
    talk, _ = talks.begin(HOST, login=LOGIN, now=0.0)

    for number in range(2 * talks.OFFERS):
        talk, _ = talks.hear(talk, offer(sender=bytes(5) + bytes([number])), 0.1)

    assert talks.OFFERS == talks.facts(talk)["pppoe.concentrators"]


def test_what_would_not_fit_into_a_request_is_no_offer() -> None:
    """A cookie must be sent back whole."""
    long = offer((Tag.COOKIE, bytes(talks.RETURNED_BYTES)))
    talk, _ = talks.begin(HOST, login=LOGIN, now=0.0)

    assert (talk, ()) == talks.hear(talk, long, 0.1)


def test_the_first_offer_ends_the_calling_and_others_have_a_moment() -> None:
    """The moment begins with the first one, and a later one does not make it longer."""
    talk, _ = talks.begin(HOST, login=LOGIN, now=0.0)
    talk, _ = talks.hear(talk, offer(), 0.8)
    talk, _ = talks.hear(talk, offer(sender=b"other!"), 1.1)

    assert ((), Phase.CALLING) == (talks.tick(talk, 1.0)[1], talks.tick(talk, 1.2)[0].phase)
    assert Phase.ASKING is talks.tick(talk, 0.8 + WAITS.more_offers_s)[0].phase


def test_a_request_returns_cookie_and_relay_and_nothing_else() -> None:
    """Each once, as they came (RFC 2516, 5.3 and appendix A)."""
    cookie, relay = (Tag.COOKIE, b"\0cookie"), (Tag.RELAY, b"relay")
    talk, _ = talks.begin(HOST, login=LOGIN, now=0.0)
    talk, _ = talks.hear(talk, offer((Tag.CONCENTRATOR, b"bas"), relay, cookie, cookie, (0x0105, b"vendor")), 0.1)

    _, (request,) = talks.tick(talk, talk.deadline_at)

    assert {OURS, (Tag.SERVICE, b""), cookie, relay} == set(wire.decode_tags(request.payload))
    assert 4 == len(wire.decode_tags(request.payload))
    assert (BAS, PC, Discovery.PADR, 0) == (request.to, request.sender, request.code, request.session)


# --- the link ----------------------------------------------------------------------------------------------------


def test_a_link_that_is_disputed_for_ever_is_given_up() -> None:
    """After so many proposals, and not after the time that each would have."""
    talk = after(offer(), GRANT)
    proposals = 1

    while talk.phase is Phase.LINKING:
        step = talks.hear(talk, lcp(Code.CONFIGURE_NAK, talk.link.identifier, [(Option.MRU, b"\x05\x00")]), 1.0)
        talk = step[0]
        proposals += talk.phase is Phase.LINKING

    assert (PROPOSALS, 734) == (proposals, talks.facts(talk)["pppoe.code"])


def test_the_time_for_the_link_is_not_lengthened_by_disputing_it() -> None:
    """It runs from the first proposal."""
    talk = after(offer(), GRANT)

    later, _ = talks.hear(talk, lcp(Code.CONFIGURE_NAK, 1, [(Option.MRU, b"\x05\x00")]), 1.0)

    assert talk.deadline_at == later.deadline_at


def test_a_concentrator_that_insists_and_falls_silent_is_734_and_not_718() -> None:
    """It wanted a proof that we cannot give, and did not take the one that we named instead."""
    talk = after(offer(), GRANT)
    step = talks.hear(talk, demand(MS_CHAP), 0.1)

    late, _ = talks.tick(step[0], talk.deadline_at)

    assert [Packet(Protocol.LCP, Code.CONFIGURE_NAK, 1, b"\x03\x05\xc2\x23\x05")] == sent(step)
    assert 734 == talks.facts(late)["pppoe.code"]


@pytest.mark.parametrize(
    ("counsel", "next_mru"), [(b"\x05\x78", b"\x05\x78"), (b"\x00\x64", None), (b"\xff\xff", None), (b"", None)]
)
def test_a_counselled_size_is_taken_if_it_makes_sense(counsel: bytes, next_mru: bytes | None) -> None:
    """Else nothing is asked for, and the standard's own size stands (RFC 1661, 6.1)."""
    step = talks.hear(after(offer(), GRANT), lcp(Code.CONFIGURE_NAK, 1, [(Option.MRU, counsel)]), 0.1)

    assert next_mru == proposed(step).get(Option.MRU)


def test_a_rejected_size_is_left_out_whatever_stands_with_it() -> None:
    """A rejection repeats our own value."""
    step = talks.hear(after(offer(), GRANT), lcp(Code.CONFIGURE_REJECT, 1, [(Option.MRU, b"\x05\xae")]), 0.1)

    assert {Option.MAGIC: b"\x01\x02\x03\x04"} == proposed(step)


@pytest.mark.parametrize("code", [Code.CONFIGURE_ACK, Code.CONFIGURE_NAK, Code.CONFIGURE_REJECT])
def test_an_answer_to_another_proposal_is_none(code: Code) -> None:
    """By its number; and none is awaited any more once the link is agreed on."""
    linking, linked = after(offer(), GRANT, demand()), after(*LINKED)

    assert (linking, ()) == talks.hear(linking, lcp(code, 9, [(Option.MRU, b"\x05\x00")]), 0.1)
    assert (linked, ()) == talks.hear(linked, lcp(code, 1, [(Option.MRU, b"\x05\x00")]), 0.1)


def test_unknown_options_are_rejected_and_nothing_else_of_the_proposal() -> None:
    """Compression of the protocol's number, which PPPoE does not use (RFC 2516, 7)."""
    proposal = [(Option.MRU, b"\x05\xae"), (7, b""), (Option.AUTHENTICATION, wire.PAP_DEMAND), (8, b"")]

    step = talks.hear(after(offer(), GRANT), lcp(Code.CONFIGURE, 4, proposal), 0.1)

    assert [Packet(Protocol.LCP, Code.CONFIGURE_REJECT, 4, b"\x07\x02\x08\x02")] == sent(step)


def test_a_number_that_was_rejected_is_not_told_in_an_echo() -> None:
    """Zero stands in its place (RFC 1661, 5.8)."""
    talk = after(offer(), GRANT, lcp(Code.CONFIGURE_REJECT, 1, [(Option.MAGIC, b"\x01\x02\x03\x04")]))

    step = talks.hear(talk, said(Protocol.LCP, Code.ECHO, 3, b"\x09\x09\x09\x09"), 0.1)

    assert [Packet(Protocol.LCP, Code.ECHO_REPLY, 3, bytes(4))] == sent(step)


# --- the proof ---------------------------------------------------------------------------------------------------


def test_a_proof_is_sent_again_until_there_is_a_word_on_it() -> None:
    """A challenge while the link is open is answered too, but only once."""
    proving = after(*LINKED, CHALLENGE)
    again = talks.tick(proving, proving.resend_at)
    opened = talks.hear(proving, SUCCESS, 0.1)[0]
    challenged = talks.hear(opened, CHALLENGE, 0.2)

    assert [Proof.RESPONSE] == [each.code for each in sent(again)] == [each.code for each in sent(challenged)]
    assert Phase.OPEN is challenged[0].phase
    assert () == challenged[0].again


def test_a_word_on_no_proof_of_ours_does_not_count() -> None:
    """Of another number, of the other protocol, or from before the link began anew."""
    proving, anew = after(*LINKED, CHALLENGE), after(*LINKED, CHALLENGE, demand(), lcp(Code.CONFIGURE_ACK, 2))

    assert (proving, ()) == talks.hear(proving, said(Protocol.CHAP, Proof.SUCCESS, 6), 0.1)
    assert (proving, ()) == talks.hear(proving, said(Protocol.PAP, wire.PAP_ACCEPTED, 5), 0.1)
    assert Phase.PROVING is anew.phase
    assert (anew, ()) == talks.hear(anew, SUCCESS, 0.1)


def test_a_challenge_without_a_value_or_without_a_link_is_not_answered() -> None:
    """There is nothing to prove, or nobody to prove it to."""
    linking, proving = after(offer(), GRANT, demand()), after(*LINKED)

    assert (linking, ()) == talks.hear(linking, CHALLENGE, 0.1)
    assert (proving, ()) == talks.hear(proving, said(Protocol.CHAP, Proof.CHALLENGE, 5, b"\0bas"), 0.1)


def test_a_session_that_is_taken_back_tells_whether_a_proof_was_given() -> None:
    """Some concentrators refuse a login without a word."""
    before, proved = after(*LINKED), after(*LINKED, CHALLENGE)

    told = [talks.facts(talks.hear(each, TAKEN_BACK, 0.1)[0]) for each in (before, proved)]

    assert ["not_tried", "timeout"] == [facts["pppoe.authentication"] for facts in told]
    assert [619, 619] == [facts["pppoe.code"] for facts in told]


# --- the end -----------------------------------------------------------------------------------------------------


def test_who_hangs_up_waits_for_the_acknowledgement_and_for_nothing_else() -> None:
    """The end is not begun twice, and a link that is ending is not agreed on anew."""
    closing, _ = talks.hang_up(after(*LINKED), 0.1)

    assert (closing, ()) == talks.hang_up(closing, 0.2)
    assert (closing, ()) == talks.hear(closing, demand(), 0.2)
    assert (closing, ()) == talks.hear(closing, lcp(Code.TERMINATE_ACK, 9), 0.2)
    assert (closing, ()) == talks.hear(closing, SUCCESS, 0.2)


def test_an_acknowledged_end_gives_the_session_back_at_once() -> None:
    """So does one that nobody acknowledges, a moment later; one that the other takes back first needs nothing."""
    closing, _ = talks.hang_up(after(*LINKED), 0.1)

    heard, late, taken = (
        talks.hear(closing, lcp(Code.TERMINATE_ACK), 0.2),
        talks.tick(closing, closing.deadline_at),
        talks.hear(closing, TAKEN_BACK, 0.2),
    )

    assert [[Discovery.PADT], [Discovery.PADT], []] == [
        [each.code for each in step[1]] for step in (heard, late, taken)
    ]
    assert {Phase.OVER} == {step[0].phase for step in (heard, late, taken)}
    assert [0, 0, 0] == [talks.facts(step[0])["pppoe.code"] for step in (heard, late, taken)]


def test_an_acknowledgement_of_an_end_that_nobody_began_changes_nothing() -> None:
    """A session is not given up by a stray packet."""
    talk = after(*LINKED)

    assert (talk, ()) == talks.hear(talk, lcp(Code.TERMINATE_ACK), 0.1)


def test_the_deadline_of_the_whole_leaves_time_to_hang_up() -> None:
    """However late a phase begins, the end begins in time."""
    talk, _ = talks.hear(after(*LINKED), demand(wire.PAP_DEMAND), WAITS.whole_s - 0.5)

    closing, _ = talks.tick(talk, talk.deadline_at)

    assert (Phase.CLOSING, WAITS.whole_s - WAITS.close_s) == (closing.phase, talk.deadline_at)
    assert closing.deadline_at <= WAITS.whole_s
