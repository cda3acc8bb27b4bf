"""Strangers who guess: failures on the public face, where no certificate says whose they are.

A failure there never counts on the user's own row, so that nobody who only knows a user id can lock its owner out of
the desk. It counts for the *address*, which is locked for a time after many, and for the *door* of the user id, where
each further try has to wait a little longer, up to a minute. A browser that has logged in before has a door of its own,
by a cookie that only this home can make, so that it need not wait behind strangers. A user id that nobody has is
counted like the others. Addresses and ids stand in the rows as keyed digests.
"""

import hmac
import ipaddress
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from seikyu.ports.errors import SeikyuError
from seikyu.ports.people import Guesses
from seikyu.ports.store import ReadTx, WriteTx
from seikyu.services.people import People
from seikyu.trust.logins import NO_FAILURE, Tries, after_failure, after_strange_failure, is_locked

_NONCE_BYTES: Final = 16
#: A household or a small office has one network of this size (RFC 6177); whoever has it has all of its addresses.
_NETWORK_BITS: Final = 64
#: Failures are swept when they are older than this: longer than anything is locked or remembered for.
_SWEPT_AFTER: Final = timedelta(days=2)


class TooManyTries(SeikyuError):
    """Too many failures from this address or for this code; none is looked at before the time told.

    Shape: facts `until`.
    """

    code = "too_many_tries"


@dataclass(frozen=True, slots=True)
class Stranger:
    """Who tries without a certificate. Shape: `known` is the cookie of a browser that has logged in before."""

    address: str = field(repr=False)
    known: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Door:
    """Where somebody knocks: the user id that was typed, and the id of the user if there is one."""

    body: str
    name: str
    user: str | None


@dataclass(frozen=True, slots=True)
class Counter:
    """Something that failures are counted for, and what a failure does to it."""

    key: str
    after: Callable[[Tries, datetime], Tries]


def address_counter(people: People, stranger: Stranger) -> Counter:
    """Return the counter of an address, or of its network where addresses are plenty."""
    rules = people.rules

    def after(tries: Tries, now: datetime) -> Tries:
        return after_failure(tries, now, rules=rules, failures=rules.address_failures, locked_for=rules.address_for)

    return Counter(people.vault.keyed(f"address|{network(stranger.address)}"), after)


def door_counter(tx: ReadTx, people: People, stranger: Stranger, door: Door) -> Counter:
    """Return the counter of a user id as this browser finds it: its own if it is known there, else everybody's.

    A known browser that has failed too often goes to the door of everybody for a time.
    """
    rules = people.rules
    if door.user is not None and is_known(people, stranger.known, door.user):

        def own(tries: Tries, now: datetime) -> Tries:
            return after_failure(tries, now, rules=rules, failures=rules.known_failures)

        known = Counter(people.vault.keyed(f"known|{stranger.known}"), own)
        if not is_locked(_tries(tx, known), people.clock.now()):
            return known

    def after(tries: Tries, now: datetime) -> Tries:
        return after_strange_failure(tries, now, rules=rules)

    return Counter(people.vault.keyed(f"door|{door.body}|{door.name}"), after)


def code_counter(people: People, party: str) -> Counter:
    """Return the counter of a party's posted code, whether there is one or not."""
    rules = people.rules

    def after(tries: Tries, now: datetime) -> Tries:
        return after_failure(tries, now, rules=rules, failures=rules.code_failures, locked_for=rules.code_locked_for)

    return Counter(people.vault.keyed(f"code|{party}"), after)


def demand_turn(tx: ReadTx, counters: tuple[Counter, ...], now: datetime) -> None:
    """Errors: TooManyTries, if one of the counters has to wait; the longest wait is told."""
    waits = [tries.locked_until for tries in (_tries(tx, each) for each in counters) if is_locked(tries, now)]
    if waits:
        raise TooManyTries(until=max(wait for wait in waits if wait is not None))


def count(tx: WriteTx, counters: tuple[Counter, ...], now: datetime) -> None:
    """Write a failure down, and sweep what nobody needs any more."""
    for each in counters:
        tries = each.after(_tries(tx, each), now)
        tx.put_guesses(Guesses(each.key, tries.failed, tries.failed_at or now, tries.locked_until))
    tx.drop_guesses_before(now - _SWEPT_AFTER)


def known_cookie(people: People, user_id: str) -> str:
    """Return what makes a browser known to one user's door."""
    nonce = people.vault.chance(_NONCE_BYTES).hex()
    return f"{nonce}.{people.vault.keyed(f'browser|{user_id}|{nonce}')}"


def is_known(people: People, cookie: str, user_id: str) -> bool:
    """True if this home made the cookie for that user."""
    nonce, _, digest = cookie.partition(".")
    made = people.vault.keyed(f"browser|{user_id}|{nonce}")
    return hmac.compare_digest(digest.encode("utf-8", "surrogatepass"), made.encode())


def _tries(tx: ReadTx, counter: Counter) -> Tries:
    row = tx.guesses(counter.key)
    return Tries(row.failed, row.failed_at, row.locked_until) if row else NO_FAILURE


def network(address: str) -> str:
    """Return an address, or the network of one of IPv6; what is no address counts as one of its own.

    >>> network("2001:db8::7"), network("192.0.2.1")
    ('2001:db8::/64', '192.0.2.1')
    """
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, _NETWORK_BITS), strict=False))
    return str(found)
