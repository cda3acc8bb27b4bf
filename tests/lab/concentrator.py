"""An access concentrator for tests: PPPoE, LCP, PAP or CHAP, IPCP, and IP on a TUN, in user space.

`Concentrator` is a value of bytes in and bytes out, so that a probe can talk to it without a network; run as a program
it does so on an interface of its namespace, `concentrator.py SETTINGS.json`, and tells what happens line by line.
It does what a line's own does, and what a broken one does; see `Settings`.
"""

import fcntl
import hmac
import ipaddress
import json
import os
import select
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from seikyu.apps.doctor.pppoe import frames as wire
from seikyu.apps.doctor.pppoe.frames import Code, Discovery, Frame, Option, Packet, Proof, Protocol, Tag
from seikyu.apps.doctor.pppoe.probe import Wire

#: Options of IPCP: our own address, and the two resolvers (RFC 1332, RFC 1877).
ADDRESS: Final = 3
RESOLVERS: Final = (129, 131)
_TUN: Final = 0x400454CA
_TUN_FLAGS: Final = 0x0001 | 0x1000
#: How a TUN is made to look like the end of a dialled line (TUNSETLINK, ARPHRD_PPP).
_TUN_LINK: Final = 0x400454CD
_PPP: Final = 512


@dataclass
class Settings:
    """What it is called, whom it knows, and what is wrong with it."""

    name: str = "bas-1.carrier.example"
    services: list[str] = field(default_factory=lambda: [""])
    users: dict[str, str] = field(default_factory=dict)
    method: str = "chap"  # or pap, none, or ms_chap: a proof that nobody but Windows gives
    mru: int = 1454
    own_address: str = "192.0.2.1"
    pool: str = "192.0.2.0/25"  # by lines/example/network.toml
    resolver: str = ""
    most_sessions: int = 8
    slow_s: float = 0.0  # before every answer
    silent: bool = False  # does not even offer
    offers_only: bool = False  # never answers a request for a session
    mute_in_link: bool = False  # grants a session, and says no more
    mute_in_proof: bool = False  # never says whether it accepts the user
    error: str = ""  # Service-Name-Error, AC-System-Error or Generic-Error instead of a session
    error_text: str = "session limit reached"
    late_limit: bool = False  # tells that sessions are used up only after the user was accepted
    hands_on: bool = False  # begins the link anew after the proof, as a provider behind the carrier does
    rejects: list[int] = field(default_factory=list)  # options of the link that it rejects
    grants_twice: bool = False  # every request a session of its own, the repeated one too
    interface: str = ""
    tun: str = "tun0"


@dataclass
class Session:
    """A session: with whom, and how far it has come."""

    number: int
    peer: bytes
    challenge: bytes = b""
    ours: bool = False
    theirs: bool = False
    identifier: int = 0
    user: str = ""
    proofs: int = 0
    address: str = ""


class Concentrator:
    """The concentrator without its wire: frames in, frames out; `log` takes what happens, `ip` packets for the TUN."""

    def __init__(self, address: bytes, settings: Settings, log: Callable[[str], None] = lambda said: None) -> None:
        self.address, self.settings, self.log = address, settings, log
        self.sessions: dict[int, Session] = {}
        self.key = os.urandom(16)
        self.numbers = iter(range(1, 1 << 16))
        self.ip: list[bytes] = []
        hosts = map(str, ipaddress.ip_network(settings.pool).hosts())
        self.free = [each for each in hosts if each != settings.own_address]

    def hear(self, data: bytes) -> list[bytes]:
        """Return the frames that answer one that came."""
        frame = wire.decode_frame(data)
        if frame is None or frame.to not in {self.address, wire.BROADCAST} or self.settings.silent:
            return []
        return [wire.encode_frame(each) for each in self._answers(frame)]

    def carry(self, packet: bytes) -> list[bytes]:
        """Return the frame for an IP packet from the network."""
        to = str(ipaddress.ip_address(packet[16:20])) if packet[:1] and packet[0] >> 4 == 4 else ""
        found = next((each for each in self.sessions.values() if each.address == to), None)
        data = Protocol.IPV4.to_bytes(2, "big") + packet
        return [wire.encode_frame(Frame(found.peer, self.address, 0, found.number, data))] if found else []

    # --- discovery ------------------------------------------------------------------------------------------------

    def _answers(self, frame: Frame) -> Iterator[Frame]:
        tags = wire.decode_tags(frame.payload)
        match frame.code:
            case Discovery.PADI:
                yield from self._offer(frame, tags)
            case Discovery.PADR if not self.settings.offers_only:
                yield from self._grant(frame, tags)
            case Discovery.PADT if session := self._of(frame):
                self._drop(session, "given back")
            case Discovery.DATA if session := self._of(frame):
                yield from self._data(session, frame.payload)

    def _of(self, frame: Frame) -> Session | None:
        found = self.sessions.get(frame.session)
        return found if found and found.peer == frame.sender else None

    def _cookie(self, peer: bytes) -> bytes:
        return hmac.digest(self.key, peer, "sha256")[:16]

    def _offer(self, frame: Frame, tags: tuple[wire.TypeAndValue, ...]) -> Iterator[Frame]:
        wanted = dict(tags).get(Tag.SERVICE, b"").decode()
        if wanted and wanted not in self.settings.services:
            return
        kept = [each for each in tags if each[0] in {Tag.HOST_UNIQUE, Tag.RELAY}]
        services = [(Tag.SERVICE, each.encode()) for each in self.settings.services]
        own = [(Tag.CONCENTRATOR, self.settings.name.encode()), (Tag.COOKIE, self._cookie(frame.sender))]
        yield Frame(frame.sender, self.address, Discovery.PADO, 0, wire.encode_tags([*own, *services, *kept]))

    def _grant(self, frame: Frame, tags: tuple[wire.TypeAndValue, ...]) -> Iterator[Frame]:
        said = dict(tags)
        if said.get(Tag.COOKIE) != self._cookie(frame.sender) or Tag.SERVICE not in said:
            return
        kept = [each for each in tags if each[0] in {Tag.SERVICE, Tag.HOST_UNIQUE, Tag.RELAY}]
        error = self.settings.error or ("AC-System-Error" if len(self.sessions) >= self.settings.most_sessions else "")
        if said[Tag.SERVICE].decode() not in self.settings.services:
            error = "Service-Name-Error"
        known = next((each for each in self.sessions.values() if each.peer == frame.sender), None)
        if error:
            kind = next(tag for tag, name in wire.ERRORS.items() if name == error)
            kept.append((kind, self.settings.error_text.encode()))
            number = 0
        elif known and not self.settings.grants_twice:
            number = known.number
        else:
            number = next(self.numbers)
            self.sessions[number] = Session(number, frame.sender)
            self.log(f"session {number} granted")
        yield Frame(frame.sender, self.address, Discovery.PADS, number, wire.encode_tags(kept))
        if number and not self.settings.mute_in_link and not known:
            yield self._propose(self.sessions[number])

    def _drop(self, session: Session, why: str) -> None:
        if self.sessions.pop(session.number, None):
            if session.address:
                self.free.append(session.address)
            self.log(f"session {session.number} {why}")

    # --- the link -------------------------------------------------------------------------------------------------

    def _send(self, session: Session, protocol: int, code: int, identifier: int, body: bytes = b"") -> Frame:
        payload = wire.encode_packet(Packet(protocol, code, identifier, body))
        return Frame(session.peer, self.address, Discovery.DATA, session.number, payload)

    def _propose(self, session: Session) -> Frame:
        demand = {"chap": wire.CHAP_MD5_DEMAND, "pap": wire.PAP_DEMAND, "ms_chap": b"\xc2\x23\x81"}
        options: list[wire.TypeAndValue] = [(Option.MRU, self.settings.mru.to_bytes(2, "big"))]
        if self.settings.method in demand:
            options.append((Option.AUTHENTICATION, demand[self.settings.method]))
        options.append((Option.MAGIC, os.urandom(4)))
        session.ours, session.identifier = False, session.identifier + 1
        return self._send(session, Protocol.LCP, Code.CONFIGURE, session.identifier, wire.encode_options(options))

    def _data(self, session: Session, payload: bytes) -> Iterator[Frame]:
        if payload[:2] == Protocol.IPV4.to_bytes(2, "big"):
            if payload[14:18] == ipaddress.ip_address(session.address or "0.0.0.0").packed:
                self.ip.append(payload[2:])
            return
        packet = wire.decode_packet(payload)
        if packet is None or self.settings.mute_in_link:
            return
        act = {Protocol.LCP: self._lcp, Protocol.CHAP: self._chap, Protocol.PAP: self._pap, Protocol.IPCP: self._ipcp}
        yield from act[Protocol(packet.protocol)](session, packet) if packet.protocol in act else ()

    def _lcp(self, session: Session, packet: Packet) -> Iterator[Frame]:
        match packet.code:
            case Code.CONFIGURE:
                options = wire.decode_options(packet.body) or ()
                rejected = [each for each in options if each[0] in self.settings.rejects]
                too_big = [
                    each for each in options if each[0] == Option.MRU and each[1] > self.settings.mru.to_bytes(2, "big")
                ]
                code, back = Code.CONFIGURE_ACK, wire.encode_options(options)
                if rejected:
                    code, back = Code.CONFIGURE_REJECT, wire.encode_options(rejected)
                elif too_big:
                    code = Code.CONFIGURE_NAK
                    back = wire.encode_options([(Option.MRU, self.settings.mru.to_bytes(2, "big"))])
                session.theirs = code is Code.CONFIGURE_ACK
                yield self._send(session, Protocol.LCP, code, packet.identifier, back)
                yield from self._linked(session)
            case Code.CONFIGURE_ACK if packet.identifier == session.identifier:
                session.ours = True
                yield from self._linked(session)
            case Code.CONFIGURE_NAK | Code.CONFIGURE_REJECT:
                yield self._propose(session)
            case Code.TERMINATE:
                yield self._send(session, Protocol.LCP, Code.TERMINATE_ACK, packet.identifier)
            case Code.TERMINATE_ACK:
                self._drop(session, "ended")
            case Code.ECHO:
                yield self._send(session, Protocol.LCP, Code.ECHO_REPLY, packet.identifier, bytes(4) + packet.body[4:])

    def _linked(self, session: Session) -> Iterator[Frame]:
        if not (session.ours and session.theirs):
            return
        if self.settings.method == "chap":
            session.challenge = os.urandom(16)
            body = wire.encode_chap(session.challenge, self.settings.name.encode())
            yield self._send(session, Protocol.CHAP, Proof.CHALLENGE, session.identifier, body)
        elif self.settings.method == "none":
            yield from self._network(session)

    # --- the proof ------------------------------------------------------------------------------------------------

    def _chap(self, session: Session, packet: Packet) -> Iterator[Frame]:
        said = wire.decode_chap(packet.body)
        if said is None or packet.code != Proof.RESPONSE or not session.challenge or self.settings.mute_in_proof:
            return
        user = said[1].decode("utf-8", "replace")
        password = self.settings.users.get(user)
        right = password is not None and said[0] == wire.chap_answer(
            packet.identifier, password.encode(), session.challenge
        )
        word = b"welcome" if right else b"authentication failed for " + said[1]
        yield self._send(session, Protocol.CHAP, Proof.SUCCESS if right else Proof.FAILURE, packet.identifier, word)
        yield from self._proved(session, user, right=right)

    def _pap(self, session: Session, packet: Packet) -> Iterator[Frame]:
        said = wire.decode_pap(packet.body)
        if said is None or packet.code != wire.PAP_ASK or self.settings.mute_in_proof:
            return
        user, password = (each.decode("utf-8", "replace") for each in said)
        right = self.settings.users.get(user) == password
        word = b"welcome" if right else b"authentication failed for " + said[0]
        code = wire.PAP_ACCEPTED if right else wire.PAP_REFUSED
        yield self._send(session, Protocol.PAP, code, packet.identifier, bytes((len(word),)) + word)
        yield from self._proved(session, user, right=right)

    def _proved(self, session: Session, user: str, *, right: bool) -> Iterator[Frame]:
        session.proofs += 1
        self.log(f"session {session.number} {'accepted' if right else 'refused'} {user}")
        if not right or self.settings.late_limit:
            yield self._send(session, Protocol.LCP, Code.TERMINATE, 200, b"session limit" if right else b"")
        elif self.settings.hands_on and session.proofs == 1:
            session.theirs = False
            yield self._propose(session)
        elif not session.user:
            session.user = user
            yield from self._network(session)

    # --- IP -------------------------------------------------------------------------------------------------------

    def _network(self, session: Session) -> Iterator[Frame]:
        own = [(ADDRESS, ipaddress.ip_address(self.settings.own_address).packed)]
        yield self._send(session, Protocol.IPCP, Code.CONFIGURE, 1, wire.encode_options(own))

    def _ipcp(self, session: Session, packet: Packet) -> Iterator[Frame]:
        options = wire.decode_options(packet.body)
        if packet.code != Code.CONFIGURE or options is None or not (session.user or self.settings.method == "none"):
            return
        if not session.address:
            session.address = self.free.pop(0)
        right = {ADDRESS: ipaddress.ip_address(session.address).packed}
        if self.settings.resolver:
            right |= {RESOLVERS[0]: ipaddress.ip_address(self.settings.resolver).packed}
        unknown = [each for each in options if each[0] not in right]
        other = [(kind, right[kind]) for kind, value in options if kind in right and value != right[kind]]
        code = Code.CONFIGURE_REJECT if unknown else Code.CONFIGURE_NAK if other else Code.CONFIGURE_ACK
        if code is Code.CONFIGURE_ACK:
            self.log(f"session {session.number} has {session.address}")
        body = wire.encode_options(unknown or other or options)
        yield self._send(session, Protocol.IPCP, code, packet.identifier, body)


# --- the program -------------------------------------------------------------------------------------------------


def open_tun(name: str, mtu: int, address: str, *routes: str) -> int:
    """Make a TUN with an address and routes over it, in this namespace, and return its handle."""
    handle = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(handle, _TUN, struct.pack("16sH22x", name.encode(), _TUN_FLAGS))
    fcntl.ioctl(handle, _TUN_LINK, _PPP)
    for words in (
        ("link", "set", "dev", name, "mtu", str(mtu), "up"),
        ("address", "add", f"{address}/32", "dev", name),
        *(("route", "replace", route, "dev", name) for route in routes),
    ):
        subprocess.run(["ip", *words], check=True, timeout=10)
    return handle


def waiting(handle: int) -> Iterator[bytes]:
    """Yield the packets that wait at a TUN, a burst at most."""
    for _ in range(64):
        try:
            yield os.read(handle, 2048)
        except BlockingIOError:
            return


def written(path: Path, settings: Settings) -> Path:
    """Write settings to a file and return its path."""
    path.write_text(json.dumps(asdict(settings)), "utf-8")
    return path


def main() -> None:
    """Serve an interface until the end."""
    told: dict[str, Any] = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    settings = Settings(**told)
    line = Wire(settings.interface)
    tun = open_tun(settings.tun, settings.mru, settings.own_address, settings.pool)
    concentrator = Concentrator(line.address, settings, lambda said: print(said, flush=True))
    print("ready", flush=True)
    while True:
        ready, _, _ = select.select([*line.sockets, tun], [], [])
        answers: list[bytes] = []
        if tun in ready:
            for packet in waiting(tun):
                answers += concentrator.carry(packet)
        for frame in line.heard(time.monotonic()):
            answers += concentrator.hear(wire.encode_frame(frame))
        for packet in concentrator.ip:
            os.write(tun, packet)
        concentrator.ip.clear()
        if answers and settings.slow_s:
            time.sleep(settings.slow_s)
        line.send(tuple(frame for each in answers if (frame := wire.decode_frame(each))))


if __name__ == "__main__":
    main()
