"""The probes of what must not be reached and what must: addresses outside, on request only, and the printer.

An address counts as reached when it takes a connection or answers; one that is refused on the way does not.
"""

import re
import socket
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from ipaddress import ip_address
from typing import Final

from seikyu.apps.doctor.line import names_wire
from seikyu.apps.doctor.line.wire import connect, together
from seikyu.apps.doctor.probing import CouldNotLook, Look, Probe, Stage
from seikyu.lines.facts import Facts
from seikyu.lines.site import MOST_CANARIES, Endpoint

#: How long one address may take.
CANARY_S: Final = 2.0

_NTP_REQUEST: Final = b"\x23" + bytes(47)
_DATAGRAM_BYTES: Final = 4096

#: How long an answer to a ping took, in whatever language.
_TOOK: Final = re.compile(r"[=<] ?[0-9]+ ?ms")


def look_outside(look: Look) -> Facts:
    """Try every canary at once: TCP, ping, and UDP where the port says what to ask."""
    if not look.sweep:
        raise CouldNotLook("option", "--sweep")
    if not look.site:
        raise CouldNotLook("site_file")
    canaries = look.site.canaries[:MOST_CANARIES]
    if not canaries:
        raise CouldNotLook("nothing", "canaries")
    calls: dict[tuple[Endpoint, str], Callable[[], bool]] = {}
    for each in canaries:
        calls[each, "tcp"] = partial(takes_connection, each)
        calls[each, "ping"] = partial(_pinged, look, each.address)
        calls[each, "udp"] = partial(answers_datagram, each)
    came = together(calls, limit_s=CANARY_S + 0.5)
    reached = [str(each) for each in canaries if any(came.get((each, way)) for way in ("tcp", "ping", "udp"))]
    return {"closed.canaries": len(canaries), "closed.reached": tuple(reached)}


def look_at_printer(look: Look) -> Facts:
    """Try the printer that the site names."""
    if not look.site:
        raise CouldNotLook("site_file")
    if not look.site.printer:
        raise CouldNotLook("nothing", "printer")
    return {"printer.answers": takes_connection(look.site.printer)}


def takes_connection(at: Endpoint) -> bool:
    """Return whether a TCP connection comes about."""
    try:
        connect(at.address, at.port, limit_s=CANARY_S).close()
    except OSError:
        return False
    return True


def answers_datagram(at: Endpoint) -> bool:
    """Return whether a question that a port is for is answered by UDP: names at 53, time at 123."""
    asked = _datagram(at.port)
    if not asked:
        return False
    family = socket.AF_INET6 if ip_address(at.address).version == 6 else socket.AF_INET  # noqa: PLR2004  (IPv6)
    with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as line:
        line.settimeout(CANARY_S)
        line.connect((at.address, at.port))
        line.send(asked)
        return bool(line.recv(_DATAGRAM_BYTES))
    return False


def _datagram(port: int) -> bytes:
    if port == 53:  # noqa: PLR2004  (DNS)
        return names_wire.question("test", names_wire.A, number=1)
    return _NTP_REQUEST if port == 123 else b""  # noqa: PLR2004  (NTP)


def _pinged(look: Look, address: str) -> bool:
    """Return whether a ping comes back. Source: ping(8); Microsoft, ping; ping(8) of macOS."""
    one = {
        "linux": ("ping", "-n", "-c", "1", "-W", "2"),
        "windows": ("ping", "-n", "1", "-w", "2000"),
        "macos": ("ping6" if ":" in address else "ping", "-n", "-c", "1"),
    }.get(look.system)
    if not one:
        return False
    ran = look.run((*one, address))
    # Windows also ends well where a router says that the host is not there; only an answer has taken a time.
    return ran.ok and (look.system != "windows" or bool(_TOOK.search(ran.out)))


PROBES: Final = (
    Probe("canaries", look_outside, ("closed.canaries", "closed.reached"), stage=Stage.LINE),
    Probe("printer", look_at_printer, ("printer.answers",), stage=Stage.LINE),
)
