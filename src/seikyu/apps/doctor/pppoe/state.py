"""A talk with an access concentrator as a value: where it is, what is known so far, and the moves of all phases.

Source: rfc2516:5; rfc1661:3.
"""

from dataclasses import dataclass, field, replace
from enum import IntEnum, StrEnum
from typing import Final

from seikyu.apps.doctor.pppoe import frames as wire
from seikyu.apps.doctor.pppoe.frames import Code, Discovery, Frame, Packet, Protocol, Tag, TypeAndValue

#: What フレッツ lines carry at most. Source: network:11.L06.
MRU_BYTES: Final = 1454

#: User id and password are counted in one byte each. Source: rfc1334:2.2.1.
LOGIN_BYTES: Final = 255


class Phase(StrEnum):
    """Where a talk is."""

    CALLING = "calling"
    ASKING = "asking"
    LINKING = "linking"
    PROVING = "proving"
    OPEN = "open"
    CLOSING = "closing"
    OVER = "over"


class Ending(IntEnum):
    """How it ended, by the number that Windows shows for it. Source: network:11.P01, L01 and L02."""

    WELL = 0
    HUNG_UP = 619
    NO_OFFER = 651
    NO_SESSION = 678
    REFUSED = 691
    NO_ANSWER = 718
    NO_AGREEMENT = 734


class Authentication(StrEnum):
    """What the concentrator said to the user id and password."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    NOT_TRIED = "not_tried"
    TIMEOUT = "timeout"


class LoginUnfit(ValueError):
    """A user id or password is empty or too long. The message names neither."""


@dataclass(frozen=True, slots=True)
class Login:
    """The user id and password of a line (接続ユーザID, パスワード); neither is ever shown.

    Errors: LoginUnfit.
    """

    user: str = field(repr=False)
    password: str = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse what cannot be sent."""
        if not all(0 < len(each) <= LOGIN_BYTES for each in self.sent):
            raise LoginUnfit(f"user id and password must have 1 to {LOGIN_BYTES} bytes each")

    @property
    def sent(self) -> tuple[bytes, bytes]:
        """The two as they go over the line."""
        return self.user.encode("utf-8", "replace"), self.password.encode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class Host:
    """Who calls. Shape: `address` has 6 bytes, `unique` marks the frames of this talk, `magic` is 1 to 2**32 - 1."""

    address: bytes
    unique: bytes
    magic: int


@dataclass(frozen=True, slots=True)
class Waits:
    """How long each phase may take, in seconds. `settle_s` is the one after a proof; `whole_s` bounds all together."""

    offer_s: float = 3.0
    more_offers_s: float = 0.5
    session_s: float = 2.5
    link_s: float = 2.5
    proof_s: float = 4.0
    settle_s: float = 0.5
    close_s: float = 0.4
    resend_s: float = 0.9
    whole_s: float = 6.0


WAITS: Final = Waits()


@dataclass(frozen=True, slots=True)
class Offer:
    """A concentrator that offers a line, and what it wants to see again when it is asked for a session."""

    address: bytes
    name: str
    services: tuple[str, ...]
    again: tuple[TypeAndValue, ...]


@dataclass(frozen=True, slots=True)
class Link:
    """What the two ends have agreed on so far.

    Shape: `refused` counts proposals of the concentrator that we could not take; `demand` is the value of its
    authentication option, empty if it demands none; `proved` is the identifier of our last proof, or None before it.
    """

    identifier: int = 0
    mru_bytes: int | None = MRU_BYTES
    magic: bool = True
    ours_agreed: bool = False
    theirs_agreed: bool = False
    refused: int = 0
    demand: bytes = b""
    proved: int | None = None


@dataclass(frozen=True, slots=True)
class Talk:
    """A talk: who speaks, where it is, and what is known so far. Shape: `again` is what is sent again until heard."""

    host: Host
    service: bytes
    login: Login | None
    waits: Waits
    ends_at: float
    phase: Phase = Phase.CALLING
    deadline_at: float = 0.0
    resend_at: float = 0.0
    again: tuple[Frame, ...] = field(default=(), repr=False)
    offers: tuple[Offer, ...] = ()
    session: int = 0
    link: Link = field(default_factory=Link)
    asked: bool = False
    authentication: Authentication = Authentication.NOT_TRIED
    ending: Ending = Ending.WELL
    error: str = ""


Step = tuple[Talk, tuple[Frame, ...]]


def enter(talk: Talk, phase: Phase, *send: Frame, for_s: float, now: float) -> Step:
    """Go to a phase that may take so long; what is sent is sent again until the phase is left."""
    latest_at = talk.ends_at if phase is Phase.CLOSING else talk.ends_at - talk.waits.close_s
    deadline_at, resend_at = min(now + for_s, latest_at), now + talk.waits.resend_s
    return replace(talk, phase=phase, again=send, deadline_at=deadline_at, resend_at=resend_at), send


def over(talk: Talk) -> Talk:
    """End the talk: it hears and sends no more."""
    return replace(talk, phase=Phase.OVER, again=())


def hung_up(talk: Talk) -> Talk:
    """End the talk because the concentrator ended the session; that is no fault if the talk wanted to end it."""
    if talk.phase is Phase.CLOSING:
        return over(talk)
    unanswered = talk.phase is Phase.PROVING and talk.link.proved is not None
    said = Authentication.TIMEOUT if unanswered else talk.authentication
    return over(replace(talk, ending=Ending.HUNG_UP, authentication=said))


def hang_up(talk: Talk, now: float, ending: Ending = Ending.WELL) -> Step:
    """Return the talk on its way to the end, and what ends the link if there is a session."""
    if talk.phase in {Phase.CLOSING, Phase.OVER}:
        return talk, ()
    talk = replace(talk, ending=ending)
    if not talk.session:
        return over(talk), ()
    end = packet_frame(talk, Packet(Protocol.LCP, Code.TERMINATE, talk.link.identifier))
    return enter(talk, Phase.CLOSING, end, for_s=talk.waits.close_s, now=now)


def farewell(talk: Talk, session: int) -> Frame:
    """Return the frame that gives a session back."""
    tags = wire.encode_tags(((Tag.HOST_UNIQUE, talk.host.unique),))
    return Frame(talk.offers[0].address, talk.host.address, Discovery.PADT, session, tags)


def packet_frame(talk: Talk, packet: Packet) -> Frame:
    """Return a packet in a frame of the session."""
    payload = wire.encode_packet(packet)
    return Frame(talk.offers[0].address, talk.host.address, Discovery.DATA, talk.session, payload)
