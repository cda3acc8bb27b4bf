"""The probe of TLS to the portal: does a handshake work, who vouches for the other end, and what does it refuse.

Two handshakes side by side: one that takes whatever certificate comes, to look at it; one as the client makes it, with
the root and the certificate of its folder, followed by a request, because a refusal comes only after it.
Source: network:11 (T01, T02, T04, T05, T06).
"""

from functools import partial
from ipaddress import ip_address
from typing import Final

from seikyu.apps.doctor.folder.certificate import pair_of
from seikyu.apps.doctor.folder.der import BadDER, read_certificate
from seikyu.apps.doctor.line import https
from seikyu.apps.doctor.line.wire import LOOK_S, knocked, lasting, target, together
from seikyu.apps.doctor.probing import CouldNotLook, Look, Probe, Stage
from seikyu.lines.facts import Facts, Value

HEALTH: Final = "/healthz"


def look(look: Look) -> Facts:
    """Find out whether the portal takes a connection and a handshake."""
    place = target(look.url)
    if not place:
        raise CouldNotLook("url")
    host, port = place
    left = lasting(LOOK_S)
    address, refused = knocked(host, port)
    if address is None:
        return {"portal.connects": False, "portal.refused": refused}
    calls = {"open": partial(_openly, address, port, host), "own": partial(_own, look, address, port, host)}
    came = together(calls, limit_s=left())
    facts = {name: value for each in ("open", "own") for name, value in came.get(each, {}).items()}
    return {"portal.connects": True, "portal.refused": False, **facts}


def _openly(address: str, port: int, host: str) -> dict[str, Value]:
    try:
        with https.opened(address, port, host=host, context=https.unverified()) as line:
            der = line.getpeercert(binary_form=True) or b""
    except OSError as reason:
        return _failed(https.trouble_of(reason))
    found: dict[str, Value] = {"tls.works": True, "tls.version_refused": False}
    try:
        said = read_certificate(der)
    except BadDER:
        return found
    found["tls.issuer"] = said.issuer_text
    if not _is_address(host) and said.hosts:
        found["tls.name_differs"] = not any(named(host, each) for each in said.hosts)
    return found


def _own(look: Look, address: str, port: int, host: str) -> dict[str, Value]:
    """Make the handshake as the client does, and ask. Without a root nothing can be said of who vouches."""
    if not look.folder:
        return {}
    context = https.verified(look.folder / "ca.pem", pair_of(look.folder), names=False)
    if not context:
        return {}
    found: dict[str, Value] = {}
    try:
        with https.opened(address, port, host=host, context=context) as line:
            found["tls.foreign_issuer"] = False
            https.hear_refusal(line)
            https.get(line, HEALTH, host=host)
    except OSError as reason:
        trouble = https.trouble_of(reason)
        if trouble.foreign or trouble.by_time:
            found["tls.foreign_issuer"] = trouble.foreign
        if trouble.alert is not None:
            found["tls.alert"] = trouble.alert
    return found


def named(host: str, pattern: str) -> bool:
    """Return whether a name of a certificate is of a host. Source: RFC 9525, 6.3.

    >>> named("portal.claims.example", "*.claims.example"), named("a.portal.claims.example", "*.claims.example")
    (True, False)
    """
    host, pattern = host.lower().rstrip("."), pattern.lower()
    if pattern.startswith("*."):
        return host.partition(".")[2] == pattern[2:]
    return host == pattern


def _failed(trouble: https.Trouble) -> dict[str, Value]:
    found: dict[str, Value] = {"tls.works": False, "tls.version_refused": trouble.version}
    return found | ({"tls.alert": trouble.alert} if trouble.alert is not None else {})


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


PROBES: Final = (
    Probe(
        "tls",
        look,
        (
            "portal.connects", "portal.refused", "tls.works", "tls.version_refused", "tls.foreign_issuer", "tls.issuer",
            "tls.name_differs", "tls.alert",
        ),
        stage=Stage.LINE,
        limit_s=6.5,
    ),
)  # fmt: skip
