"""The probe of packet sizes: are big packets lost on the way while small ones get through.

The portal is sent a record of TLS that no server takes, once small and once bigger than a packet: it answers either
with an alert or by hanging up, and says nothing if a part of it got lost. What it sends itself, its certificate, is
bigger than a packet too. Where the system lets everybody ping, the largest packet that passes is measured besides.
Source: network:11 (L06); RFC 4821 for the trap; ping(8), -M do, of Linux, and -D of macOS;
https://learn.microsoft.com/windows-server/administration/windows-commands/ping (/f, /l).
"""

import ssl
from collections.abc import Callable, Mapping
from functools import partial
from ipaddress import ip_address
from typing import Final

from seikyu.apps.doctor.line import https
from seikyu.apps.doctor.line.wire import LOOK_S, connect, lasting, reachable, target, together
from seikyu.apps.doctor.probing import CouldNotLook, Look, Probe, Stage
from seikyu.apps.doctor.tools import Ran
from seikyu.lines.facts import Facts, Value

#: How long an answer may take before it counts as lost: three tries of TCP.
ANSWER_S: Final = 2.2

#: More than two packets of the largest size that Ethernet carries.
BIG_BYTES: Final = 4096
_SMALL_BYTES: Final = 4

#: Sizes of packets that are tried, and the bytes of headers of a ping by version. 1454: what a flets line carries.
SIZES: Final = (1500, 1492, 1460, 1454, 1438, 1400, 1280)
_PING_HEADERS: Final = {4: 28, 6: 48}

#: By system: one ping that no router may split, and with it the versions of addresses that it can do that for.
_PINGS: Final[Mapping[str, tuple[tuple[str, ...], tuple[int, ...]]]] = {
    "linux": (("ping", "-n", "-c", "1", "-W", "1", "-M", "do", "-s"), (4, 6)),
    "macos": (("ping", "-n", "-c", "1", "-t", "1", "-D", "-s"), (4,)),
    "windows": (("ping.exe", "-n", "1", "-w", "1000", "-f", "-l"), (4,)),
}


def look(look: Look) -> Facts:
    """Find out whether big packets are lost, and how big one may be."""
    place = target(look.url)
    if not place:
        raise CouldNotLook("url")
    host, port = place
    left = lasting(LOOK_S)
    address = reachable(host, port)
    if address is None:
        return {}
    calls: dict[str, Callable[[], int | None]] = {
        "small": partial(answers, address, port, _SMALL_BYTES),
        "big": partial(answers, address, port, BIG_BYTES),
        "certificate": partial(shakes_hands, address, port, host),
        "pinged": partial(largest, look, address),
    }
    came = together(calls, limit_s=min(ANSWER_S + 1.5, left()))
    found: dict[str, Value] = {}
    if came.get("small"):
        found["mtu.black_hole"] = not (came.get("big") and came.get("certificate"))
    if size := came.get("pinged"):
        found["mtu.path"] = size
    return found


def answers(address: str, port: int, size_bytes: int) -> bool:
    """Return whether the other end reacts to a record of a size that it cannot take. Errors: OSError."""
    with connect(address, port) as line:
        line.settimeout(ANSWER_S)
        try:
            line.sendall(b"\x16\x03\x01" + size_bytes.to_bytes(2, "big") + bytes(size_bytes))
            line.recv(1)
        except TimeoutError:
            return False
        except OSError:
            return True  # It has hung up on us, which is an answer.
        return True


def shakes_hands(address: str, port: int, host: str) -> bool:
    """Return whether a handshake comes to an end, good or bad. Errors: OSError."""
    with connect(address, port) as plain:
        plain.settimeout(ANSWER_S)
        try:
            https.unverified().wrap_socket(plain, server_hostname=host).close()
        except TimeoutError:
            return False
        except (ssl.SSLError, OSError):
            return True
        return True


def largest(look: Look, address: str) -> int | None:
    """Return the size of the largest packet that is answered; None if it cannot be measured here."""
    ping, versions = _PINGS.get(look.system, ((), ()))
    version = ip_address(address).version
    if version not in versions:
        return None
    calls = {size: partial(look.run, (*ping, str(size - _PING_HEADERS[version]), address)) for size in SIZES}
    came = together(calls, limit_s=ANSWER_S)
    return max((size for size, ran in came.items() if _is_answered(ran, look.system)), default=None)


def _is_answered(ran: Ran, system: str) -> bool:
    """Return whether the other end answered: on Windows TTL says it in every language, and the exit status does not."""
    return "TTL=" in ran.out if system == "windows" else ran.ok


PROBES: Final = (Probe("mtu", look, ("mtu.black_hole", "mtu.path"), stage=Stage.LINE, limit_s=6.5),)
