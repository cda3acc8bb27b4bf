"""The probes of the portal and what stands beside it: does it answer, what does it say, and what time is it there.

Nothing is asked that changes anything, and nothing of what is said is kept but the code of a problem.
Source: network:11 (C16, P04, X05), network:2.1 (names that are looked at after the set-up); RFC 5905 (time).
"""

import json
import os
import socket
import tomllib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from pathlib import Path
from ssl import SSLContext
from time import monotonic
from typing import Final

from seikyu.apps.doctor.folder.certificate import pair_of, read_bytes
from seikyu.apps.doctor.line import https
from seikyu.apps.doctor.line.tls import HEALTH
from seikyu.apps.doctor.line.wire import HTTPS_PORT, LOOK_S, addresses_of, lasting, reachable, target, together
from seikyu.apps.doctor.probing import CouldNotLook, Look, Probe, Stage
from seikyu.lines.facts import Facts, Value

#: An answer that takes longer is slow: it has a few bytes.
SLOW_S: Final = 1.5

#: What an office tells every party of itself, and what says that it takes nothing now.
OWN: Final = "/api/v1/certificates/own"

#: What an office shows only to who comes by the registered line (V11), by the kind of party.
BEHIND: Final = {"institution": "/api/v1/sendings?limit=1", "payer": "/api/v1/deliveries?limit=1"}
_CLOSED: Final = frozenset({"closed", "already_closed"})

NTP_PORT: Final = 123
_NTP_S: Final = 2.0
_NTP_BYTES: Final = 48
_NTP_EPOCH: Final = datetime(1900, 1, 1, tzinfo=UTC)
_CLIENT, _SERVER = 0x23, 4
_HTTP_ERRORS: Final = 400
_SERVER_ERRORS: Final = 500
_STEP_S: Final = 1.0


def look_at_portal(look: Look) -> Facts:
    """Ask the portal whether it is well, and who we are there."""
    place = target(look.url)
    if not place:
        raise CouldNotLook("url")
    host, port = place
    left = lasting(LOOK_S)
    address = reachable(host, port)
    if address is None:
        return {"portal.answers": False}
    context = https.verified(look.folder / "ca.pem", pair_of(look.folder)) if look.folder else None
    asked: dict[str, Callable[[], tuple[https.Reply, float]]] = {}
    behind = BEHIND.get(_client(look.folder).get("kind", "")) if look.folder else None
    for path in (HEALTH, OWN, *((behind,) if behind else ())) if context else (HEALTH,):
        asked[path] = partial(_asked, address, place, path, context or https.unverified())
    came = together(asked, limit_s=left())
    if HEALTH not in came:
        return {"portal.answers": False}
    health, took_s = came[HEALTH]
    if health.status >= _SERVER_ERRORS:  # What stands before the office answers in its place.
        return {"portal.answers": False, "portal.status": health.status}
    found: dict[str, Value] = {"portal.answers": True, "portal.slow": took_s > SLOW_S, "portal.status": health.status}
    for path in (behind, OWN):  # What is said of who we are counts more than what is said of the line.
        if path in came:
            said = _said(came[path][0])
            found |= said if said.get("portal.problem", "") or "portal.problem" not in found else {}
    return found


def look_at_clock(look: Look) -> Facts:
    """Compare the clock with the network's time, or else with what the portal says."""
    name = look.network.names.get("time") if look.network else None
    place = target(look.url)
    if not name and not place:
        raise CouldNotLook("url")
    calls: dict[str, Callable[[], float | None]] = {}
    if name:
        calls["ntp"] = partial(ntp_offset_s, name, look.now)
    if place:
        calls["http"] = partial(_http_offset_s, look, place)
    came = together(calls, limit_s=LOOK_S)
    off_s = next((each for way in ("ntp", "http") if (each := came.get(way)) is not None), None)
    return {} if off_s is None else {"clock.off_s": round(off_s)}


def look_at_places(look: Look) -> Facts:
    """Try the certificate site, the line authentication, and where certificates are renewed."""
    names = look.network.names if look.network else {}
    places = {
        fact: (names[role], HTTPS_PORT)
        for fact, role in (
            ("certificates.connects", "certificates"),
            ("line_authentication.connects", "line_authentication"),
        )
        if role in names
    }
    renewal = _renewal(look)
    if renewal:
        places["renewal.connects"] = renewal
    if not places:
        raise CouldNotLook("network_file")
    came = together({fact: partial(reachable, *place) for fact, place in places.items()}, limit_s=5.0)
    return {fact: address is not None for fact, address in came.items()}


def ntp_offset_s(name: str, now: Callable[[], datetime], *, port: int = NTP_PORT) -> float | None:
    """Return how far the clock is ahead of a time server; None if it does not answer as one."""
    for address in addresses_of(name)[:1]:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as line:
            line.settimeout(_NTP_S)
            line.connect((address, port))
            stamp = os.urandom(8)  # The server gives it back: an answer to nobody's question is none.
            sent_at = now()
            line.send(bytes([_CLIENT]) + bytes(39) + stamp)
            came = line.recv(1024)
            return read_ntp(came, stamp, sent_at=sent_at, came_at=now())
    return None


def read_ntp(came: bytes, stamp: bytes, *, sent_at: datetime, came_at: datetime) -> float | None:
    """Return how far the clock is ahead by an answer of a time server; None if it is none."""
    if len(came) < _NTP_BYTES or came[0] & 7 != _SERVER or not 1 <= came[1] <= 15 or came[24:32] != stamp:  # noqa: PLR2004
        return None
    received, answered = _time(came[32:40]), _time(came[40:48])
    return (((sent_at - received) + (came_at - answered)) / 2).total_seconds()


def _asked(address: str, place: tuple[str, int], path: str, context: SSLContext) -> tuple[https.Reply, float]:
    host, port = place
    began = monotonic()
    with https.opened(address, port, host=host, context=context) as line:
        reply = https.get(line, path, host=host if port == HTTPS_PORT else f"{host}:{port}")
    return reply, monotonic() - began


def _said(reply: https.Reply) -> dict[str, Value]:
    """Return what the office thinks of us: the code of its problem, if it has one."""
    if reply.status < _HTTP_ERRORS:
        return {"portal.problem": ""}
    try:
        problem = json.loads(reply.body)
        code = problem["code"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return {"portal.status": reply.status}
    if not isinstance(code, str):
        return {"portal.status": reply.status}
    if code == "not_found":
        return {"portal.problem": ""}  # An older office, that does not know the question and has let us ask it.
    found: dict[str, Value] = {"portal.problem": code, "portal.status": reply.status}
    return found | ({"portal.open": False} if code in _CLOSED else {})


def _http_offset_s(look: Look, place: tuple[str, int]) -> float | None:
    """Return how far the clock is ahead of the portal's, whoever vouches for it: with a wrong clock nobody does."""
    address = reachable(*place)
    if address is None:
        return None
    reply, _ = _asked(address, place, HEALTH, https.unverified())
    try:
        said = parsedate_to_datetime(reply.headers["date"])
    except (KeyError, ValueError, TypeError):
        return None
    off_s = (look.now() - said).total_seconds() if said.tzinfo else None
    # What is said has whole seconds.
    return None if off_s is None else 0.0 if -_STEP_S <= off_s <= 2 * _STEP_S else off_s


def _renewal(look: Look) -> tuple[str, int] | None:
    """Return where certificates are renewed: at the office's public face, or at the certificate site."""
    if look.folder and (place := target(_client(look.folder).get("public", ""))):
        return place
    name = look.network.names.get("certificates") if look.network else None
    return (name, HTTPS_PORT) if name else None


def _client(folder: Path) -> dict[str, str]:
    """Return what the client's own file says; nothing if it is not a sound one."""
    try:
        said = tomllib.loads(read_bytes(folder / "client.toml").decode("utf-8", "replace"))
    except ValueError:
        return {}
    return {name: value for name, value in said.items() if isinstance(value, str)}


def _time(stamp: bytes) -> datetime:
    seconds, part = int.from_bytes(stamp[:4], "big"), int.from_bytes(stamp[4:], "big")
    return _NTP_EPOCH + timedelta(seconds=seconds, microseconds=part * 1_000_000 // 2**32)


PROBES: Final = (
    Probe(
        "portal",
        look_at_portal,
        ("portal.answers", "portal.status", "portal.problem", "portal.open", "portal.slow"),
        stage=Stage.LINE,
        limit_s=6.5,
    ),
    Probe("clock", look_at_clock, ("clock.off_s",), stage=Stage.LINE, limit_s=6.5),
    Probe(
        "places",
        look_at_places,
        ("certificates.connects", "line_authentication.connects", "renewal.connects"),
        stage=Stage.LINE,
        limit_s=5.5,
    ),
)
