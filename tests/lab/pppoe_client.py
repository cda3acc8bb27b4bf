"""A PPPoE client for tests, in user space: it keeps a session and carries IP through a TUN, where the kernel has no PPP.

`pppoe_client.py SETTINGS.json`. As far as the word on the login it is the talk of the doctor's probe, which here has no
hurry; then it takes the address that it is offered (RFC 1332). It says `up ADDRESS`, and hangs up when it is asked to end.
"""

import json
import os
import select
import signal
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from lab.concentrator import ADDRESS, RESOLVERS, open_tun, waiting
from seikyu.apps.doctor.pppoe import frames as wire
from seikyu.apps.doctor.pppoe import talk as talks
from seikyu.apps.doctor.pppoe.frames import Code, Frame, Packet, Protocol
from seikyu.apps.doctor.pppoe.probe import Wire
from seikyu.apps.doctor.pppoe.state import Host, Login, Phase, Talk, Waits, packet_frame

FOREVER: Final = Waits(settle_s=float("inf"), whole_s=float("inf"))
PAUSE_S: Final = 0.2


@dataclass
class Settings:
    """Who connects, over which card, and what goes through the session."""

    user: str
    password: str
    interface: str
    routes: list[str] = field(default_factory=list)
    resolver: bool = False
    tun: str = "ppp0"
    mtu: int = 1454

    def written(self, path: Path) -> Path:
        """Write the settings to a file and return its path."""
        path.write_text(json.dumps(asdict(self)), "utf-8")
        return path


class Client:
    """The session: what goes over the wire, and then through the TUN."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.line = Wire(settings.interface)
        self.wanted: dict[int, bytes] = {ADDRESS: bytes(4)} | ({RESOLVERS[0]: bytes(4)} if settings.resolver else {})
        self.tun = -1
        self.asked_at = 0.0
        self.ends = False

    def run(self) -> int:
        """Keep the session until it is over, and return the code that it ended with."""
        host = Host(self.line.address, os.urandom(8), 1 + int.from_bytes(os.urandom(3), "big"))
        login = Login(self.settings.user, self.settings.password)
        talk, frames = talks.begin(host, login=login, now=time.monotonic(), waits=FOREVER)
        while talk.phase is not Phase.OVER:
            self.line.send(frames)
            frames = ()
            talk, more = self._turn(talk)
            frames += more
            if self.ends:
                talk, more = talks.hang_up(talk, time.monotonic())
                frames += more
            talk, more = talks.tick(talk, time.monotonic())
            frames += more
            frames += self._ask(talk)
        self.line.send(frames)
        print(f"down {int(talk.ending)} {talk.error}", flush=True)
        return int(talk.ending)

    def _turn(self, talk: Talk) -> tuple[Talk, tuple[Frame, ...]]:
        """Wait a moment, and deal with what came from either side."""
        sources = [*self.line.sockets, *([self.tun] if self.tun >= 0 else [])]
        ready, _, _ = select.select(sources, [], [], PAUSE_S)
        frames: tuple[Frame, ...] = ()
        if self.tun in ready:
            frames += tuple(self._data(talk, Protocol.IPV4, packet) for packet in waiting(self.tun))
        for frame in self.line.heard(time.monotonic()):
            talk, more = talks.hear(talk, frame, time.monotonic())
            frames += more
            if talk.phase is Phase.OPEN and (frame.sender, frame.session) == (talk.offers[0].address, talk.session):
                frames += self._network(talk, frame.payload)
        return talk, frames

    def _data(self, talk: Talk, protocol: int, body: bytes) -> Frame:
        payload = protocol.to_bytes(2, "big") + body
        return Frame(talk.offers[0].address, talk.host.address, 0, talk.session, payload)

    def _ask(self, talk: Talk) -> tuple[Frame, ...]:
        """Ask for an address until it is ours."""
        if talk.phase is not Phase.OPEN or self.tun >= 0 or time.monotonic() < self.asked_at + 1:
            return ()
        self.asked_at = time.monotonic()
        body = wire.encode_options(self.wanted.items())
        return (packet_frame(talk, Packet(Protocol.IPCP, Code.CONFIGURE, 1, body)),)

    def _network(self, talk: Talk, payload: bytes) -> tuple[Frame, ...]:
        """Take IP packets and what is said of addresses."""
        if payload[:2] == Protocol.IPV4.to_bytes(2, "big"):
            if self.tun >= 0:
                os.write(self.tun, payload[2:])
            return ()
        packet = wire.decode_packet(payload)
        options = wire.decode_options(packet.body) if packet and packet.protocol == Protocol.IPCP else None
        if packet is None or options is None:
            return ()
        match packet.code:
            case Code.CONFIGURE:
                ack = Packet(Protocol.IPCP, Code.CONFIGURE_ACK, packet.identifier, packet.body)
                return (packet_frame(talk, ack),)
            case Code.CONFIGURE_NAK:
                self.wanted |= dict(options)
            case Code.CONFIGURE_REJECT:
                for kind, _ in options:
                    self.wanted.pop(kind, None)
            case Code.CONFIGURE_ACK if self.tun < 0:
                self._up()
                return ()
        self.asked_at = 0.0
        return ()

    def _up(self) -> None:
        address, resolver = (".".join(map(str, self.wanted.get(kind, b""))) for kind in (ADDRESS, RESOLVERS[0]))
        self.tun = open_tun(self.settings.tun, self.settings.mtu, address, *self.settings.routes)
        print(f"up {address} {resolver}".rstrip(), flush=True)


def main() -> None:
    """Connect, and stay so until the end."""
    client = Client(Settings(**json.loads(Path(sys.argv[1]).read_text("utf-8"))))

    def end(*_: object) -> None:
        client.ends = True

    signal.signal(signal.SIGTERM, end)
    sys.exit(1 if client.run() else 0)


if __name__ == "__main__":
    main()
