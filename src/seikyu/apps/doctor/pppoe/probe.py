"""The PPPoE probe (PPPoE接続の確認): is there a concentrator behind this interface, and does it accept the login.

It tells apart what Windows calls 651 (nothing answers: cable, ONU, or a router that does not let PPPoE through), 678 (a
concentrator is there and grants no session) and 691 (it refuses the user id or password). It looks and changes nothing:
no address is taken, no route set, and the session is given back whatever came of it. Linux only: it speaks on a packet
socket, which needs the right CAP_NET_RAW and no PPP in the kernel.

Source: network:11.P01, L01, L02 and L03; rfc2516:5.
"""

import os
import select
import socket
import sys
import time
from getpass import getpass
from pathlib import Path
from struct import Struct
from typing import Final, Self

from seikyu.apps.doctor.pppoe import frames as wire
from seikyu.apps.doctor.pppoe import talk as talks
from seikyu.apps.doctor.pppoe.frames import Frame
from seikyu.apps.doctor.pppoe.state import WAITS, Host, Login, LoginUnfit, Phase, Talk, Waits
from seikyu.apps.doctor.probing import CouldNotLook, Look, Probe, Stage
from seikyu.lines.facts import Facts

#: The kind of line that is dialled with PPPoE from the PC; of a site that says nothing it may be one.
_PPPOE_KIND: Final = "ipvpn_ipv4"

_LOGIN_OPTION: Final = "--pppoe-user-file"

#: A file with a user id and a password has two short lines.
LOGIN_FILE_BYTES: Final = 2048

#: The kind of interface that PPPoE runs on: Ethernet, wireless included.
_ETHERNET: Final = 1

#: How long a session that was asked for is waited for when the probe has to stop.
_LET_GO_S: Final = 0.3

#: The kernel's question for the flags of an interface (SIOCGIFFLAGS), its form, and the flag that a signal is there.
_ASK_FLAGS: Final = 0x8913
_FLAGS: Final = Struct("16sH22x")
_RUNNING: Final = 0x40

_FRAME_BYTES: Final = 2048

#: Frames that are read before the clock is looked at again: a flood on the line keeps nobody.
_BURST: Final = 64


def probe(interface: str, login: Login | None = None, *, service: str = "", waits: Waits = WAITS) -> Facts:
    """Return what is known of PPPoE on an interface, within `waits.whole_s`; without a login only who offers a line.

    `pppoe.probe` says whether it could be asked at all: `done`, `not_permitted` (needs root or CAP_NET_RAW),
    `no_interface` (no Ethernet interface has this name) or `not_supported` (not Linux); but for `done` nothing else is
    known.
    """
    if sys.platform != "linux":
        return {"pppoe.probe": "not_supported"}
    try:
        with Wire(interface) as line:
            talk = _speak(line, login, service=service, waits=waits)
    except PermissionError:
        return {"pppoe.probe": "not_permitted"}
    except NoInterface:
        return {"pppoe.probe": "no_interface"}
    return {"pppoe.probe": "done", **talks.facts(talk)}


def look_at_pppoe(given: Look) -> Facts:
    """Look who offers a line on the card towards it and, with the file of a login, whether it is accepted.

    While a PPP connection is up no second session is asked for: the line may have but one.
    Errors: CouldNotLook, with what was found, if the login could not be tried.
    """
    if given.facts.get("line.kind", _PPPOE_KIND) != _PPPOE_KIND:
        raise CouldNotLook("nothing", "PPPoE")
    interface = (given.site.interface if given.site else "") or str(given.facts.get("link.interface", ""))
    connected = given.facts.get("pppoe.connected") is True
    login, why = (None, None) if connected else _login(given)
    known = dict(probe(interface, login))
    match known.pop("pppoe.probe"):
        case "not_permitted":
            raise CouldNotLook("rights", "PPPoE, CAP_NET_RAW")
        case "no_interface":
            raise CouldNotLook("nothing", f"Ethernet {interface}".strip())
        case "not_supported":
            raise CouldNotLook("system")
    if why:
        raise CouldNotLook(why, _LOGIN_OPTION, known)
    return known


def _login(given: Look) -> tuple[Login | None, str | None]:
    """Return the login that was given, or why there is none."""
    if given.pppoe_user_file is None:
        return None, "option"
    try:
        return read_login(given.pppoe_user_file), None
    except (OSError, LoginUnfit):
        return None, "refused"


def read_login(path: Path) -> Login:
    """Return the user id and password that a text file holds, one a line, nothing else.

    Errors: LoginUnfit, if it does not; OSError, if it cannot be read. Neither shows anything of what is in it.
    """
    with path.open("rb") as file:
        content = file.read(LOGIN_FILE_BYTES + 1)
    try:
        lines = content.decode("utf-8-sig").split("\n")
    except UnicodeDecodeError:
        raise LoginUnfit("the file is not a text in UTF-8") from None
    given = [line.strip() for line in lines if line.strip()]
    if len(content) > LOGIN_FILE_BYTES or len(given) != 2:  # noqa: PLR2004 - a user id and a password
        raise LoginUnfit("the file must have two lines: the user id, then the password")
    return Login(*given)


def ask_login(user_prompt: str, password_prompt: str) -> Login:
    """Return the user id and password that a person types; neither is echoed. Errors: LoginUnfit, EOFError."""
    return Login(getpass(user_prompt).strip(), getpass(password_prompt).strip())


class NoInterface(OSError):
    """No Ethernet interface has this name."""


class Wire:
    """An Ethernet interface as PPPoE sees it: one socket for each of the two kinds of frames.

    Errors: PermissionError, NoInterface.
    """

    def __init__(self, interface: str) -> None:
        self.sockets: list[socket.socket] = []
        try:
            for kind in (wire.DISCOVERY, wire.SESSION):
                self.sockets.append(socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0))
                self.sockets[-1].setblocking(False)
                self.sockets[-1].bind((interface, kind))
            name = self.sockets[0].getsockname()
        except PermissionError:
            self.close()
            raise
        except (OSError, ValueError):
            self.close()
            raise NoInterface(interface) from None
        if name[3] != _ETHERNET or len(name[4]) != len(wire.BROADCAST):
            self.close()
            raise NoInterface(interface)
        self.address: bytes = name[4]
        self.carrier = _carrier(self.sockets[0], interface)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close both sockets."""
        for each in self.sockets:
            each.close()

    def send(self, frames: tuple[Frame, ...]) -> bool:
        """Send frames; False if the line is down."""
        try:
            for frame in frames:
                self.sockets[frame.code == wire.Discovery.DATA].send(wire.encode_frame(frame))
        except BlockingIOError:
            return True  # The queue is full: as if the line had lost it, and it is sent again in time.
        except OSError:
            return False
        return True

    def heard(self, until: float) -> list[Frame]:
        """Return the frames that came, waiting for the first one until then."""
        ready, _, _ = select.select(self.sockets, [], [], max(0.0, until - time.monotonic()))
        read = (_read(each) for each in ready for _ in range(_BURST))
        return [frame for frame in map(wire.decode_frame, read) if frame]


def _read(source: socket.socket) -> bytes:
    """Return the next frame that waits, or nothing; a line that went down has none."""
    try:
        return source.recv(_FRAME_BYTES)
    except OSError:
        return b""


def _carrier(source: socket.socket, interface: str) -> bool:
    """False if the kernel says that nothing is plugged in, or that the interface is off."""
    from fcntl import ioctl  # Not on every system, and needed on this one only.

    try:
        answer = ioctl(source, _ASK_FLAGS, _FLAGS.pack(interface.encode(), 0))
    except OSError:
        return True  # Not told: it will show.
    return bool(_FLAGS.unpack(answer)[1] & _RUNNING)


def _speak(line: Wire, login: Login | None, *, service: str, waits: Waits) -> Talk:
    """Talk until it is over; if it has to stop in the middle, the session is given back all the same."""
    host = Host(line.address, os.urandom(8), int.from_bytes(os.urandom(4), "big") or 1)
    talk, frames = talks.begin(host, login=login, now=time.monotonic(), service=service, waits=waits)
    try:
        while True:
            if not (line.carrier and line.send(frames)):
                return talks.line_down(talk)
            if talk.phase is Phase.OVER:
                return talk
            frames = ()
            for frame in line.heard(min(talk.deadline_at, talk.resend_at)):
                talk, more = talks.hear(talk, frame, time.monotonic())
                frames += more
            talk, more = talks.tick(talk, time.monotonic())
            frames += more
    except BaseException:
        _let_go(line, talk)
        raise


def _let_go(line: Wire, talk: Talk) -> None:
    """Give the session back at once; one that was asked for may be on its way just now."""
    end = time.monotonic() + _LET_GO_S
    while talk.asked and not talk.session and time.monotonic() < end:
        for frame in line.heard(end):
            talk, _ = talks.hear(talk, frame, time.monotonic())
    line.send(talks.give_back(talk))


PROBES: Final = (
    Probe(
        "pppoe",
        look_at_pppoe,
        gives=talks.GIVES,
        on=("linux",),
        stage=Stage.LINE,
        limit_s=WAITS.whole_s + _LET_GO_S,
    ),
)
