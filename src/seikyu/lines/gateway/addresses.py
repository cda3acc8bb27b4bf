"""Which address each terminal has: the same one whenever it comes, and nobody else's before a rest.

An address stands in the logs of the office and in the rules of firewalls behind it, so it must mean one terminal for
longer than a tunnel lasts. A lease is given when a terminal first stands on the list of who may come, whether it comes
or not; it stays while it stands there; when it has gone, the address rests. Whoever returns within the rest, or before
another has it, gets the old address back.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from seikyu.lines.gateway.config import Gateway
from seikyu.lines.wrong import Address, Network

#: Who an address belongs to: party and terminal, as its certificate names both.
Whose = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Lease:
    """The addresses of one terminal. Shape: at most one of each kind; `released_at` is None while it may come."""

    party: str
    terminal: str
    addresses: tuple[Address, ...]
    since: datetime
    released_at: datetime | None = None

    @property
    def whose(self) -> Whose:
        """Party and terminal."""
        return self.party, self.terminal


@dataclass(frozen=True, slots=True)
class Leases:
    """All leases, by whose they are, and who got none because the pools are used up."""

    all: Mapping[Whose, Lease]
    without: tuple[Whose, ...] = ()

    @property
    def held(self) -> dict[Whose, Lease]:
        """The leases of those who may come."""
        return {whose: lease for whose, lease in self.all.items() if lease.released_at is None}


def assigned(before: Iterable[Lease], wanted: Iterable[Whose], *, gateway: Gateway, now: datetime) -> Leases:
    """Return the leases after the list of who may come has become `wanted`.

    Shape: what the pools no longer hold is given anew; the order of `wanted` decides nothing but who goes without.
    """
    rest = timedelta(days=gateway.quarantine_days)
    wanted = dict.fromkeys(wanted)
    kept = (each for each in before if _fits(each, gateway))
    leases = {each.whose: _came(each) if each.whose in wanted else _went(each, now) for each in kept}
    owners = {address: lease.whose for lease in leases.values() for address in lease.addresses}
    free = [_free(pools, leases.values(), now - rest) for pools in (gateway.ipv4, gateway.ipv6) if pools]
    without: list[Whose] = []
    for whose in wanted:
        if whose in leases:
            continue
        got = tuple(address for address in (next(each, None) for each in free) if address is not None)
        if len(got) < len(free):
            without.append(whose)
            continue
        for address in got:
            if (gone := owners.get(address)) is not None:
                leases.pop(gone, None)
        leases[whose] = Lease(*whose, got, since=now)
    return Leases(leases, tuple(without))


def _came(lease: Lease) -> Lease:
    return replace(lease, released_at=None) if lease.released_at else lease


def _went(lease: Lease, now: datetime) -> Lease:
    return lease if lease.released_at else replace(lease, released_at=now)


def _fits(lease: Lease, gateway: Gateway) -> bool:
    """Return whether a lease has one address of each kind that there are pools for, out of them."""
    kinds = [pools for pools in (gateway.ipv4, gateway.ipv6) if pools]
    return len(kinds) == len(lease.addresses) and all(
        any(address in pool for pool in pools) for pools, address in zip(kinds, lease.addresses, strict=True)
    )


def _free(pools: Iterable[Network], leases: Iterable[Lease], rested: datetime) -> Iterator[Address]:
    """Yield addresses that nobody has: first those that nobody ever had, then those that rested longest."""
    taken: dict[Address, datetime | None] = {a: lease.released_at for lease in leases for a in lease.addresses}
    resting = sorted((at, int(a), a) for a, at in taken.items() if at is not None and at <= rested)
    for pool in pools:
        # Neither the first nor the last: an old rule of IPv4 that some clients still hold to.
        for number in range(1, pool.num_addresses - 1):
            if (address := pool[number]) not in taken:
                yield address
    yield from (a for _, _, a in resting if any(a.version == pool.version and a in pool for pool in pools))
