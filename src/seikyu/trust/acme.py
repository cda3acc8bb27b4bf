"""ACME as decisions: states of orders and authorizations, names that can be ordered, and what proves a name.

An account is bound to the notice of one server, and orders certificates for names that stand on that notice and no
others. That the names were approved is one proof; that whoever asks answers under each of them (http-01) is another.

Numbers are data (`acme.toml`). Source: rfc8555:7.1.6, 8.1, 8.3; rfc8738; docs/decisions/0021.
"""

import ipaddress
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any, Final

from seikyu.trust.certificates import is_host

#: Where a server shows that it is under the control of who asks (http-01).
CHALLENGE_PATH: Final = "/.well-known/acme-challenge/"

#: Random bytes of a token (rfc8555:8.1 wants 128 bits).
TOKEN_BYTES: Final = 32


class AccountState(StrEnum):
    """Whether an account may ask for anything."""

    VALID = "valid"
    DEACTIVATED = "deactivated"
    REVOKED = "revoked"


class OrderState(StrEnum):
    """How far an order is."""

    PENDING = "pending"
    READY = "ready"
    VALID = "valid"
    INVALID = "invalid"


class NameState(StrEnum):
    """How far the proof of one name is. An authorization and its only challenge are one thing here."""

    PENDING = "pending"
    VALID = "valid"
    INVALID = "invalid"
    DEACTIVATED = "deactivated"
    EXPIRED = "expired"


class NotOrderable(ValueError):
    """A name that no certificate is made out for here. `kind` is ACME's word for it."""

    def __init__(self, what: str, *, kind: str) -> None:
        super().__init__(what)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class AcmeRules:
    """The numbers of `acme.toml`."""

    order_life: timedelta
    orders_per_hour: int
    orders_kept: timedelta
    failures_per_hour: int
    validation_s: int
    answer_bytes: int
    redirects: int
    validations_at_once: int
    accounts_per_hour: int
    contacts: int
    contact_chars: int
    nonce_life: timedelta
    spent_most: int
    renewal_percent: int
    renewal_window: timedelta
    renewal_asked: timedelta


@cache
def acme_rules() -> AcmeRules:
    """Return the rules as the house has them."""
    tree = tomllib.loads(resources.files(__package__).joinpath("acme.toml").read_text("utf-8"))
    orders, validation, accounts = tree["orders"], tree["validation"], tree["accounts"]
    nonces, renewal = tree["nonces"], tree["renewal"]
    return AcmeRules(
        order_life=timedelta(hours=orders["hours"]),
        orders_per_hour=orders["per_hour"],
        orders_kept=timedelta(days=orders["kept_days"]),
        failures_per_hour=validation["failures_per_hour"],
        validation_s=validation["seconds"],
        answer_bytes=validation["answer_bytes"],
        redirects=validation["redirects"],
        validations_at_once=validation["at_once"],
        accounts_per_hour=accounts["per_hour"],
        contacts=accounts["contacts"],
        contact_chars=accounts["contact_chars"],
        nonce_life=timedelta(minutes=nonces["minutes"]),
        spent_most=nonces["spent_most"],
        renewal_percent=renewal["share_percent"],
        renewal_window=timedelta(days=renewal["window_days"]),
        renewal_asked=timedelta(hours=renewal["ask_again_hours"]),
    )


def ordered_hosts(identifiers: object, approved: Sequence[str]) -> tuple[str, ...]:
    """Return the hosts that an order is for, each once, in small letters.

    Shape: `identifiers` as the order carries them; `approved` as the notice has them.
    Errors: NotOrderable.
    """
    if not isinstance(identifiers, list) or not 0 < len(identifiers) <= max(len(approved), 1) * 2:
        raise NotOrderable("identifiers is a list of the server's names", kind="malformed")
    hosts = tuple(dict.fromkeys(_host(each) for each in identifiers))
    known = {plain(host) for host in approved}
    for host in hosts:
        if host not in known:
            raise NotOrderable(f"{host} does not stand on the notice", kind="rejectedIdentifier")
    return hosts


def identifier_of(host: str) -> dict[str, str]:
    """Return a host as ACME writes it.

    >>> identifier_of("192.0.2.1")["type"], identifier_of("gw.example.jp")["type"]
    ('ip', 'dns')
    """
    try:
        return {"type": "ip", "value": str(ipaddress.ip_address(host))}
    except ValueError:
        return {"type": "dns", "value": host}


def plain(host: str) -> str:
    """Return a host of a notice as orders have it: small letters, addresses in their shortest form."""
    return identifier_of(host.lower())["value"]


def key_authorization(token: str, thumbprint: str) -> str:
    """Return what a server has to show for a token.

    >>> key_authorization("token", "thumbprint")
    'token.thumbprint'
    """
    return f"{token}.{thumbprint}"


def is_shown(body: bytes, token: str, thumbprint: str) -> bool:
    """True if a server showed what it has to; blanks and line ends behind it do not count (rfc8555:8.3)."""
    return body.rstrip(b" \t\r\n") == key_authorization(token, thumbprint).encode("ascii")


def name_state(state: str, expires_at: datetime, now: datetime) -> NameState:
    """Return how far a proof is now: what was not given in time, or is old, counts no more."""
    known = NameState(state)
    return NameState.EXPIRED if known in {NameState.PENDING, NameState.VALID} and now >= expires_at else known


def order_state(state: str, names: Iterable[NameState], *, expires_at: datetime, now: datetime) -> OrderState:
    """Return how far an order is, by the proofs of its names.

    Source: rfc8555:7.1.6. There is no `processing`: a certificate is there when the request is answered.
    """
    known = OrderState(state)
    if known in {OrderState.VALID, OrderState.INVALID}:
        return known
    seen = set(names)
    if now >= expires_at or seen & {NameState.INVALID, NameState.DEACTIVATED, NameState.EXPIRED}:
        return OrderState.INVALID
    return OrderState.READY if seen == {NameState.VALID} else OrderState.PENDING


def renewal_window(start: datetime, end: datetime, *, rules: AcmeRules) -> tuple[datetime, datetime]:
    """Return within which days a certificate should be renewed, so that not all servers come on one day."""
    begin = start + (end - start) * rules.renewal_percent / 100
    return begin, min(begin + rules.renewal_window, end)


def _host(identifier: Any) -> str:
    if not isinstance(identifier, dict):
        raise NotOrderable("an identifier has a type and a value", kind="malformed")
    kind, value = identifier.get("type"), identifier.get("value")
    if str(kind) not in {"dns", "ip"}:
        raise NotOrderable("identifiers are of type dns or ip", kind="unsupportedIdentifier")
    if not isinstance(value, str) or not is_host(value):
        wildcard = isinstance(value, str) and value.startswith("*.")
        what = "certificates are for one host each, not for *" if wildcard else "this is no host name or address"
        raise NotOrderable(what, kind="rejectedIdentifier")
    host = plain(value)
    if identifier_of(host)["type"] != kind:
        raise NotOrderable("the type does not fit the value", kind="malformed")
    return host
