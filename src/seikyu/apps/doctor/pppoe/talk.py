"""The talk with an access concentrator: what to send for what was heard, and what became of it.

A talk begins with a call to everybody (PADI). Whoever offers a line (PADO) is counted; without a user id and password
the talk is over then. With them the first one is asked for a session (PADR, PADS), the link is agreed on (LCP), and the
concentrator says whether it accepts the two (PAP, or CHAP with MD5). Then, whatever it said, the talk hangs up: it ends
the link and gives the session back (PADT), so that nothing is left of it at either end.

A talk is a value: `begin`, `hear`, `tick` and `hang_up` return the talk after it, and the frames to send. The clock is
the caller's, in seconds. Every phase ends by a deadline of its own and all of them by the one of the talk, so that no
peer can keep it; for one frame heard it sends two at most, so that no peer can make it flood the line.

Source: rfc2516:5.
"""

from dataclasses import replace
from typing import Final

from seikyu.apps.doctor.pppoe import frames as wire
from seikyu.apps.doctor.pppoe import link as pppoe_link
from seikyu.apps.doctor.pppoe.frames import Discovery, Frame, Tag, TypeAndValue
from seikyu.apps.doctor.pppoe.state import (
    LOGIN_BYTES,
    WAITS,
    Authentication,
    Ending,
    Host,
    Login,
    Offer,
    Phase,
    Step,
    Talk,
    Waits,
    enter,
    farewell,
    hang_up,
    hung_up,
    over,
)
from seikyu.lines.facts import Facts, Value, take

#: The facts that a talk can find.
GIVES: Final = (
    "pppoe.discovered",
    "pppoe.concentrators",
    "pppoe.code",
    "pppoe.authentication",
    "pppoe.error_tag",
    "pppoe.access_concentrator",
    "pppoe.services",
    "pppoe.session",
)

#: Concentrators that are told apart, and services of one that are named.
OFFERS: Final = 16
SERVICES: Final = 16

#: What a concentrator may have us send back (cookie, relay's mark); more might not fit in one frame with the rest.
RETURNED_BYTES: Final = 1024


def begin(host: Host, *, login: Login | None, now: float, service: str = "", waits: Waits = WAITS) -> Step:
    """Return a new talk, and its call to everybody."""
    name = service.encode()[:LOGIN_BYTES]
    talk = Talk(host, name, login, waits, now + waits.whole_s)
    tags = ((Tag.SERVICE, name), (Tag.HOST_UNIQUE, host.unique))
    call = Frame(wire.BROADCAST, host.address, Discovery.PADI, 0, wire.encode_tags(tags))
    return enter(talk, Phase.CALLING, call, for_s=waits.offer_s, now=now)


def hear(talk: Talk, frame: Frame, now: float) -> Step:
    """Return the talk after a frame came; one that is not for it, or makes no sense now, changes nothing."""
    if frame.to != talk.host.address or frame.sender == talk.host.address or talk.phase is Phase.OVER:
        return talk, ()
    if frame.code == Discovery.PADO and talk.phase is Phase.CALLING:
        return _offered(talk, frame, now)
    if not talk.asked or frame.sender != talk.offers[0].address:
        return talk, ()
    if frame.code == Discovery.PADS:
        return _granted(talk, frame, now)
    if frame.session != talk.session or not talk.session:
        return talk, ()
    if frame.code == Discovery.PADT:
        return hung_up(talk), ()
    packet = wire.decode_packet(frame.payload) if frame.code == Discovery.DATA else None
    return pppoe_link.hear(talk, packet, now) if packet else (talk, ())


def tick(talk: Talk, now: float) -> Step:
    """Return the talk after time went by: what was not answered is sent again, and a phase that took too long ends."""
    if talk.phase is Phase.OVER:
        return talk, ()
    if now < talk.deadline_at:
        due = now >= talk.resend_at
        return (replace(talk, resend_at=now + talk.waits.resend_s), talk.again) if due else (talk, ())
    match talk.phase:
        case Phase.CALLING:
            return _no_more_offers(talk, now)
        case Phase.CLOSING:
            return over(talk), (farewell(talk, talk.session),)
        case Phase.PROVING:
            return hang_up(replace(talk, authentication=Authentication.TIMEOUT), now, Ending.NO_ANSWER)
        case _:
            return hang_up(talk, now, _late(talk))


def line_down(talk: Talk) -> Talk:
    """Return the talk after the line went down under it."""
    return replace(over(talk), ending=Ending.NO_OFFER)


def give_back(talk: Talk) -> tuple[Frame, ...]:
    """Return the frame that gives the session back at once, if one is held; for a caller that must stop."""
    return () if talk.phase is Phase.OVER or not talk.session else (farewell(talk, talk.session),)


def facts(talk: Talk) -> Facts:
    """Return what is known of the line. A name that is not there is not known: a session that was not asked for.

    A session that the concentrator ended as soon as it had accepted the login counts as none: it was one too many.
    """
    known: dict[str, Value] = {}
    take(known, "pppoe.discovered", bool(talk.offers or talk.error))
    take(known, "pppoe.concentrators", len(talk.offers))
    take(known, "pppoe.code", int(talk.ending))
    take(known, "pppoe.authentication", talk.authentication.value)
    take(known, "pppoe.error_tag", talk.error)
    if talk.offers:
        take(known, "pppoe.access_concentrator", talk.offers[0].name)
        take(known, "pppoe.services", tuple(sorted({name for offer in talk.offers for name in offer.services})))
    if talk.asked:
        one_too_many = talk.ending is Ending.HUNG_UP and talk.authentication is Authentication.ACCEPTED
        take(known, "pppoe.session", bool(talk.session) and not one_too_many)
    return known


def _late(talk: Talk) -> Ending:
    """Return what it means that a phase after the offers was not answered in time."""
    late = {Phase.ASKING: Ending.NO_SESSION, Phase.OPEN: Ending.WELL}
    return late.get(talk.phase, Ending.NO_AGREEMENT if talk.link.refused else Ending.NO_ANSWER)


def _no_more_offers(talk: Talk, now: float) -> Step:
    """Ask the first concentrator for a session, if one offered and there is something to prove."""
    if not talk.offers:
        return hang_up(talk, now, Ending.NO_SESSION if talk.error else Ending.NO_OFFER)
    if talk.login is None:
        return hang_up(talk, now)
    offer = talk.offers[0]
    tags = ((Tag.HOST_UNIQUE, talk.host.unique), *offer.again)
    ask = Frame(offer.address, talk.host.address, Discovery.PADR, 0, wire.encode_tags(tags))
    return enter(replace(talk, asked=True), Phase.ASKING, ask, for_s=talk.waits.session_s, now=now)


def _offered(talk: Talk, frame: Frame, now: float) -> Step:
    """Keep an offer, once per concentrator; after the first one others have a moment to come."""
    tags = wire.decode_tags(frame.payload)
    if (Tag.HOST_UNIQUE, talk.host.unique) not in tags:
        return talk, ()
    error = _error(tags)
    if error:
        return replace(talk, error=talk.error or error), ()
    offer = _offer(talk, frame.sender, tags)
    known = {each.address for each in talk.offers}
    if offer.address in known or len(known) == OFFERS or len(wire.encode_tags(offer.again)) > RETURNED_BYTES:
        return talk, ()
    deadline_at = min(talk.deadline_at, now + talk.waits.more_offers_s)
    return replace(talk, offers=(*talk.offers, offer), deadline_at=deadline_at, again=()), ()


def _offer(talk: Talk, address: bytes, tags: tuple[TypeAndValue, ...]) -> Offer:
    """Read an offer. Who wants any service asks for it, or, if only named ones are offered, for the first of them."""
    first: dict[int, bytes] = {}
    for kind, value in tags:
        first.setdefault(kind, value)
    offered = [value for kind, value in tags if kind == Tag.SERVICE]
    service = talk.service if talk.service or b"" in offered or not offered else offered[0]
    returned = [(kind, first[kind]) for kind in (Tag.COOKIE, Tag.RELAY) if kind in first]
    named = tuple(filter(None, map(wire.text, offered)))[:SERVICES]
    return Offer(address, wire.text(first.get(Tag.CONCENTRATOR, b"")), named, ((Tag.SERVICE, service), *returned))


def _granted(talk: Talk, frame: Frame, now: float) -> Step:
    """Take the session that was asked for. One that was granted twice, or too late, is given back at once."""
    tags = wire.decode_tags(frame.payload)
    if (Tag.HOST_UNIQUE, talk.host.unique) not in tags or frame.session == talk.session != 0:
        return talk, ()
    error = _error(tags)
    if talk.phase is not Phase.ASKING:
        return talk, () if error or not frame.session else (farewell(talk, frame.session),)
    if error or not frame.session:
        return replace(over(talk), ending=Ending.NO_SESSION, error=error), ()
    return pppoe_link.propose(replace(talk, session=frame.session), now)


def _error(tags: tuple[TypeAndValue, ...]) -> str:
    """Return the first error among the tags, with its text, or nothing."""
    for kind, value in tags:
        for tag, name in wire.ERRORS.items():
            if kind == tag:
                return ": ".join(filter(None, (name, wire.text(value))))
    return ""
