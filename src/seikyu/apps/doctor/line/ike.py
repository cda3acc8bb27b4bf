"""The probe of the IPsec gateway: the first message of IKEv2, and what is said to it.

It leaves nothing but one half-open SA that the gateway drops by itself within half a minute, and so it asks at the
other port only where the first is silent: a gateway stops listening to who leaves many. Source: network:11 (K01, K03).
"""

import os
import socket
from contextlib import suppress
from functools import partial
from time import monotonic
from typing import Final

from seikyu.apps.doctor.line import ike_wire as wire
from seikyu.apps.doctor.line.wire import LOOK_S, addresses_of, lasting, together
from seikyu.apps.doctor.probing import CouldNotLook, Look, Probe, Stage
from seikyu.lines.facts import Facts

#: IKE, and IKE where addresses are translated.
PORTS: Final = (500, 4500)

#: How long an answer may take, when the request is sent once more, and how much later the second port is asked.
ANSWER_S: Final = 2.4
_AGAIN_S: Final = 0.7
_LATER_S: Final = 1.2

MOST_GATEWAYS: Final = 2
_ROUNDS: Final = 3
_NONCE_BYTES: Final = 32
_DATAGRAM_BYTES: Final = 65535

#: What `ike.notify` says if the gateway took a proposal.
ACCEPTED: Final = "accepted"


class _NoWay(Exception):
    """Nothing could be sent: that says nothing of the gateway."""


def look(look: Look, *, ports: tuple[int, int] = PORTS) -> Facts:
    """Find out whether the gateway answers, and with which error if it turns the first message away."""
    if not look.network:
        raise CouldNotLook("network_file")
    ipsec, left = look.network.ipsec, lasting(LOOK_S)
    if look.site and look.site.kind not in {"", "ipsec_ike"}:
        raise CouldNotLook("nothing", "ipsec_ike")
    gateways = [str(each) for each in ipsec.addresses] or (list(addresses_of(ipsec.gateway)) if ipsec.gateway else [])
    if not gateways:
        raise CouldNotLook("nothing", "ipsec.addresses")
    calls = {each: partial(ask, each, ports) for each in gateways[:MOST_GATEWAYS]}
    try:
        answers = [each for each in together(calls, limit_s=left()).values() if each]
    except _NoWay:
        return {}
    if not answers:
        return {"ike.answers": False}
    said = next((each.notify for each in answers if each.notify), "")
    accepted = any(each.accepted for each in answers)
    return {"ike.answers": True} | ({"ike.notify": ACCEPTED} if accepted else {"ike.notify": said} if said else {})


def ask(gateway: str, ports: tuple[int, int] = PORTS) -> wire.IkeAnswer | None:
    """Return what a gateway answers at the first port or, a little later, at the second; None if it is silent.

    Errors: _NoWay, if no packet can be sent there.
    """
    first = _ask_at(gateway, ports[0], until=monotonic() + ANSWER_S - _LATER_S, marked=False)
    return first or _ask_at(gateway, ports[1], until=monotonic() + ANSWER_S, marked=True)


def _ask_at(gateway: str, port: int, *, until: float, marked: bool) -> wire.IkeAnswer | None:
    family = socket.AF_INET6 if ":" in gateway else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as line:
        try:
            line.connect((gateway, port))
        except OSError:
            raise _NoWay from None
        spi, nonce = os.urandom(8), os.urandom(_NONCE_BYTES)
        ends = wire.ends_of(spi, line.getsockname()[:2], line.getpeername()[:2])
        group, cookie, answer = wire.FIRST_GROUP, b"", None
        for _ in range(_ROUNDS):
            sent = wire.request(spi, nonce, group=group, cookie=cookie, ends=ends)
            came = _exchange(line, (wire.NON_ESP if marked else b"") + sent, spi, until=until)
            if came is None:
                break
            answer = came
            if came.cookie and came.cookie != cookie:
                cookie = came.cookie
            elif came.notify == wire.INVALID_KE and came.group in wire.GENERATORS and came.group != group:
                group = came.group
            else:
                break
        return answer


def _exchange(line: socket.socket, sent: bytes, spi: bytes, *, until: float) -> wire.IkeAnswer | None:
    """Send a message, once more if nothing comes, and return the answer to it."""
    for wait_s in (_AGAIN_S, ANSWER_S):
        before = min(until, monotonic() + wait_s)
        with suppress(OSError):
            line.send(sent)
            while (left := before - monotonic()) > 0:
                line.settimeout(left)
                answer = wire.read_response(line.recv(_DATAGRAM_BYTES), spi)
                if answer:
                    return answer
    return None


PROBES: Final = (Probe("ike", look, ("ike.answers", "ike.notify"), stage=Stage.LINE, limit_s=6.4),)
