"""Signatures of webhooks, and which addresses may be told.

What is sent carries `webhook-id`, `webhook-timestamp` and `webhook-signature`. The signature is `v1,` and the base64 of
HMAC-SHA256 over `id.timestamp.body` under a secret that both ends have; while a secret is being exchanged there are two
signatures with a blank between. Whoever receives it looks at the time as well, so that an old message is not new.

Source: standard-webhooks:signature-scheme.
"""

import base64
import binascii
import hmac
import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

#: How a secret begins when it is written down.
PREFIX: Final = "whsec_"

#: Bytes of a secret. Source: standard-webhooks, 24 to 64.
SECRET_BYTES: Final = 32

#: How far the clocks of both ends may be apart, and how old a message may be.
TOLERANCE: Final = timedelta(minutes=5)

#: Host, port and the rest of an address behind its `https://`. Source: RFC 3986, section 3.
_PLACE: Final = re.compile(
    r"(?:(?P<name>[A-Za-z0-9._-]+)|\[(?P<number>[0-9A-Fa-f:.]+)\])(?::(?P<port>[0-9]{1,5}))?(?P<path>(?:[/?].*)?)"
)
_HTTPS_PORT: Final = 443
_PORTS: Final = 65_535

_VERSION: Final = "v1"
_ADDRESS_CHARS: Final = 500
_LEAST_BYTES: Final = 24

#: Networks whose addresses hold another network's address: what they lead to is not what they look like.
_WRAPPING: Final = tuple(map(ipaddress.ip_network, ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")))


class WebhookRefused(ValueError):
    """A message was not signed with this secret, or not just now. Shape: `why` is form, old or signature."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class BadAddress(ValueError):
    """An address that nobody is told at. Shape: `why` is long, form, scheme, user, fragment, host or network."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class Target:
    """Where a webhook is posted to. Shape: `host` in small letters, a name or an address."""

    host: str
    port: int
    path: str


def written(secret: bytes) -> str:
    """Return a secret as people and programs are given it."""
    return PREFIX + base64.b64encode(secret).decode("ascii")


def read_secret(text: str) -> bytes:
    """Return the secret that was written down. Errors: WebhookRefused (form)."""
    try:
        secret = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise WebhookRefused("form") from None
    if len(secret) < _LEAST_BYTES:
        raise WebhookRefused("form")
    return secret


def signature(secrets: Sequence[bytes], message_id: str, timestamp: int, body: bytes) -> str:
    """Return the signature field: one signature for each secret."""
    return " ".join(_signed(secret, message_id, timestamp, body) for secret in secrets)


def verify(secret: str, *, message_id: str, timestamp: str, signatures: str, body: bytes, now: datetime) -> None:
    """Return if the message was signed with the secret, just now.

    Errors: WebhookRefused; nothing of the message may be used then.
    """
    key = read_secret(secret)
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= len(str(2**40))):
        raise WebhookRefused("form")
    if abs(now.timestamp() - int(timestamp)) > TOLERANCE.total_seconds():
        raise WebhookRefused("old")
    expected = _signed(key, message_id, int(timestamp), body).encode()
    # Every one is compared, so that the time taken tells nothing.
    fits = [hmac.compare_digest(expected, each.encode("utf-8", "surrogatepass")) for each in signatures.split(" ")]
    if not any(fits):
        raise WebhookRefused("signature")


def read_address(text: str, *, allowed: Sequence[Network] = ()) -> Target:
    """Return where an address leads. Errors: BadAddress, also for a number of a network that is not allowed."""
    if len(text) > _ADDRESS_CHARS:
        raise BadAddress("long")
    if not text.isascii() or not text.isprintable() or any(mark in text for mark in ' "<>\\^`{|}'):
        raise BadAddress("form")
    scheme, _, rest = text.partition("://")
    if scheme.lower() != "https":
        raise BadAddress("scheme")
    if "#" in rest:
        raise BadAddress("fragment")
    match = _PLACE.fullmatch(rest)
    if match is None:
        raise BadAddress("user" if "@" in rest.partition("/")[0] else "host")
    host, port = (match["name"] or match["number"]).lower().rstrip("."), int(match["port"] or _HTTPS_PORT)
    if not host or not 0 < port <= _PORTS:
        raise BadAddress("host")
    if _is_number(host) and not may_be_told(host, allowed=allowed):
        raise BadAddress("network")
    path = match["path"]
    return Target(host, port, path if path.startswith("/") else f"/{path}")


def may_be_told(address: str, *, allowed: Sequence[Network] = ()) -> bool:
    """True if an address of the network may be connected to: a public one, or one of a network that is allowed.

    A server that anybody may have connect to what they like must not reach what only it can reach: itself, its link
    (where a cloud tells secrets), the house's own network.
    """
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = getattr(ip, "ipv4_mapped", None)
    ip = ip if mapped is None else mapped
    if any(ip.version == each.version and ip in each for each in allowed):
        return True
    wraps = any(ip.version == each.version and ip in each for each in _WRAPPING)
    return ip.is_global and not ip.is_multicast and not wraps


def _is_number(host: str) -> bool:
    """True for what a resolver may take as an address: whole, or one of the short forms that C libraries know."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        last = host.rpartition(".")[2]
        return last.isdigit() or last.startswith("0x")
    return True


def _signed(secret: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    content = f"{message_id}.{timestamp}.".encode() + body
    return f"{_VERSION},{base64.b64encode(hmac.digest(secret, content, 'sha256')).decode('ascii')}"
