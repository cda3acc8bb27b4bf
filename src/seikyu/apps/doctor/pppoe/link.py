"""The link inside a PPPoE session: agreed on with LCP, then the user id and password proved with PAP or CHAP (MD5).

A concentrator may begin the link anew while the proof is under way, because it hands the session on to a provider's own
one; the proof is asked for again there, and the last word counts. After a proof was accepted the talk waits a moment
before it hangs up: a line whose sessions are used up is often told so only then.

Source: rfc1661:4; rfc1334:2; rfc1994:4.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from seikyu.apps.doctor.pppoe import frames as wire
from seikyu.apps.doctor.pppoe.frames import Code, Option, Packet, Proof, Protocol, TypeAndValue
from seikyu.apps.doctor.pppoe.state import (
    Authentication,
    Ending,
    Phase,
    Step,
    Talk,
    enter,
    farewell,
    hang_up,
    hung_up,
    over,
    packet_frame,
)

#: How often either end proposes the link anew before the two are taken to disagree.
PROPOSALS: Final = 10

#: The bounds of the size that a concentrator may propose instead of ours. Source: rfc2516:7.
MRU_LEAST_BYTES: Final = 576
MRU_MOST_BYTES: Final = 1492

#: What stands in a message in place of our user id or password.
MASKED: Final = b"***"


@dataclass(frozen=True, slots=True)
class Heard:
    """A packet, and when it came."""

    packet: Packet
    at: float

    def answer(self, talk: Talk, code: int, body: bytes = b"") -> tuple[wire.Frame]:
        """Return what answers it, under its identifier."""
        return (packet_frame(talk, replace(self.packet, code=code, body=body)),)


def propose(talk: Talk, now: float) -> Step:
    """Propose the link as it stands, under the next identifier; the time for it runs from the first proposal."""
    link = replace(talk.link, identifier=talk.link.identifier + 1, ours_agreed=False)
    if link.identifier > PROPOSALS:
        return hang_up(talk, now, Ending.NO_AGREEMENT)
    options: list[TypeAndValue] = []
    if link.mru_bytes:
        options.append((Option.MRU, link.mru_bytes.to_bytes(2, "big")))
    if link.magic:
        options.append((Option.MAGIC, talk.host.magic.to_bytes(4, "big")))
    packet = Packet(Protocol.LCP, Code.CONFIGURE, link.identifier, wire.encode_options(options))
    left_s = talk.deadline_at - now if talk.phase is Phase.LINKING else talk.waits.link_s
    return enter(replace(talk, link=link), Phase.LINKING, packet_frame(talk, packet), for_s=left_s, now=now)


def hear(talk: Talk, packet: Packet, now: float) -> Step:
    """Return the talk after a packet of its session came; one that makes no sense now changes nothing."""
    act = _ACTS.get((packet.protocol, packet.code))
    return act(talk, Heard(packet, now)) if act else (talk, ())


# --- the link ----------------------------------------------------------------------------------------------------


def _configure(talk: Talk, heard: Heard) -> Step:
    """Answer what the concentrator proposes; a link that was agreed on begins anew by it."""
    options = wire.decode_options(heard.packet.body)
    if options is None or talk.phase is Phase.CLOSING:
        return talk, ()
    first: tuple[wire.Frame, ...] = ()
    if talk.phase is not Phase.LINKING:
        talk, first = propose(replace(talk, link=replace(talk.link, proved=None)), heard.at)
        if talk.phase is Phase.CLOSING:
            return talk, first
    code, back = _verdict(options)
    agreed = code is Code.CONFIGURE_ACK
    demand = dict(options).get(Option.AUTHENTICATION, b"")
    refused = 0 if agreed else talk.link.refused + 1
    if refused > PROPOSALS:
        return hang_up(talk, heard.at, Ending.NO_AGREEMENT)
    talk = replace(talk, link=replace(talk.link, theirs_agreed=agreed, refused=refused, demand=demand))
    talk, more = _agreed(talk, heard.at)
    return talk, (*first, *heard.answer(talk, code, wire.encode_options(back)), *more)


def _verdict(options: tuple[TypeAndValue, ...]) -> tuple[Code, tuple[TypeAndValue, ...]]:
    """Return how to answer: what is unknown is rejected; for a proof that we cannot give, one that we can is named."""
    unknown = tuple(each for each in options if each[0] not in tuple(Option))
    if unknown:
        return Code.CONFIGURE_REJECT, unknown
    demand = dict(options).get(Option.AUTHENTICATION, wire.PAP_DEMAND)
    if demand not in {wire.PAP_DEMAND, wire.CHAP_MD5_DEMAND}:
        return Code.CONFIGURE_NAK, ((Option.AUTHENTICATION, wire.CHAP_MD5_DEMAND),)
    return Code.CONFIGURE_ACK, options


def _acknowledged(talk: Talk, heard: Heard) -> Step:
    if talk.phase is not Phase.LINKING or heard.packet.identifier != talk.link.identifier:
        return talk, ()
    return _agreed(replace(talk, link=replace(talk.link, ours_agreed=True)), heard.at)


def _disputed(talk: Talk, heard: Heard) -> Step:
    """Propose anew without what was rejected, and with the size that was counselled."""
    options = wire.decode_options(heard.packet.body)
    if talk.phase is not Phase.LINKING or heard.packet.identifier != talk.link.identifier or options is None:
        return talk, ()
    said, link = dict(options), talk.link
    if Option.MRU in said:
        counselled = int.from_bytes(said[Option.MRU], "big") if heard.packet.code == Code.CONFIGURE_NAK else 0
        link = replace(link, mru_bytes=counselled if MRU_LEAST_BYTES <= counselled <= MRU_MOST_BYTES else None)
    if Option.MAGIC in said:
        link = replace(link, magic=False)
    return propose(replace(talk, link=link), heard.at)


def _terminate(talk: Talk, heard: Heard) -> Step:
    """The concentrator ends the link: that is acknowledged, and the session given back."""
    return hung_up(talk), (*heard.answer(talk, Code.TERMINATE_ACK), farewell(talk, talk.session))


def _terminated(talk: Talk, heard: Heard) -> Step:
    if talk.phase is not Phase.CLOSING or heard.packet.identifier != talk.link.identifier:
        return talk, ()
    return over(talk), (farewell(talk, talk.session),)


def _echo(talk: Talk, heard: Heard) -> Step:
    magic = (talk.host.magic if talk.link.magic else 0).to_bytes(4, "big")
    return talk, heard.answer(talk, Code.ECHO_REPLY, magic + heard.packet.body[4:])


# --- the proof ---------------------------------------------------------------------------------------------------


def _agreed(talk: Talk, now: float) -> Step:
    """Go on to the proof that is demanded as soon as both ends agree on the link."""
    link = talk.link
    if not (link.ours_agreed and link.theirs_agreed):
        return talk, ()
    if not link.demand:
        return enter(talk, Phase.OPEN, for_s=talk.waits.settle_s, now=now)
    if link.demand == wire.CHAP_MD5_DEMAND or talk.login is None:
        return enter(talk, Phase.PROVING, for_s=talk.waits.proof_s, now=now)
    ask = Packet(Protocol.PAP, wire.PAP_ASK, link.identifier, wire.encode_pap(*talk.login.sent))
    proving = replace(talk, link=replace(link, proved=link.identifier))
    return enter(proving, Phase.PROVING, packet_frame(talk, ask), for_s=talk.waits.proof_s, now=now)


def _challenge(talk: Talk, heard: Heard) -> Step:
    """Answer a challenge; a concentrator may ask again at any time while the link is open."""
    challenge = wire.decode_chap(heard.packet.body)
    if not _proves(talk, heard.packet) or challenge is None or talk.login is None:
        return talk, ()
    identifier, (user, password) = heard.packet.identifier, talk.login.sent
    proof = wire.encode_chap(wire.chap_answer(identifier, password, challenge[0]), user)
    answer = heard.answer(talk, Proof.RESPONSE, proof)
    again = answer if talk.phase is Phase.PROVING else ()
    return replace(talk, link=replace(talk.link, proved=identifier), again=again), answer


def _judged(talk: Talk, heard: Heard) -> Step:
    """Take the word on our proof. PAP and CHAP say it in the same form, but for a count before the text of PAP."""
    packet = heard.packet
    if not _proves(talk, packet) or packet.identifier != talk.link.proved:
        return talk, ()
    pap = packet.protocol == Protocol.PAP
    if packet.code != (wire.PAP_ACCEPTED if pap else Proof.SUCCESS):
        why = _message(talk, (wire.short(packet.body) or b"") if pap else packet.body)
        return hang_up(replace(talk, authentication=Authentication.REFUSED, error=why), heard.at, Ending.REFUSED)
    talk = replace(talk, authentication=Authentication.ACCEPTED)
    return (talk, ()) if talk.phase is Phase.OPEN else enter(talk, Phase.OPEN, for_s=talk.waits.settle_s, now=heard.at)


def _proves(talk: Talk, packet: Packet) -> bool:
    """True if a packet belongs to the proof that the concentrator demanded, and the link is agreed on."""
    return talk.phase in {Phase.PROVING, Phase.OPEN} and talk.link.demand[:2] == packet.protocol.to_bytes(2, "big")


def _message(talk: Talk, said: bytes) -> str:
    """Return what the concentrator wrote, without our user id and password should it have written them back."""
    for each in talk.login.sent if talk.login else ():
        said = said.replace(each, MASKED)
    return wire.text(said)


_ACTS: Final[Mapping[tuple[int, int], Callable[[Talk, Heard], Step]]] = {
    (Protocol.LCP, Code.CONFIGURE): _configure,
    (Protocol.LCP, Code.CONFIGURE_ACK): _acknowledged,
    (Protocol.LCP, Code.CONFIGURE_NAK): _disputed,
    (Protocol.LCP, Code.CONFIGURE_REJECT): _disputed,
    (Protocol.LCP, Code.TERMINATE): _terminate,
    (Protocol.LCP, Code.TERMINATE_ACK): _terminated,
    (Protocol.LCP, Code.ECHO): _echo,
    (Protocol.PAP, wire.PAP_ACCEPTED): _judged,
    (Protocol.PAP, wire.PAP_REFUSED): _judged,
    (Protocol.CHAP, Proof.CHALLENGE): _challenge,
    (Protocol.CHAP, Proof.SUCCESS): _judged,
    (Protocol.CHAP, Proof.FAILURE): _judged,
}
