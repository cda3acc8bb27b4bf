"""A PC as Windows and macOS describe it, and the facts that follow from it whichever of them it was.

The card towards the line is found as on Linux: the one that the site names; else that of the route to the claims
network; else that of the route to everywhere; else one with a signal. A tunnel or a dialled connection is none.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Address, IPv6Interface, IPv6Network, ip_address, ip_interface, ip_network
from typing import Any, Final

from seikyu.apps.doctor.line.origins import by_line
from seikyu.apps.doctor.probing import Look
from seikyu.lines.facts import Value
from seikyu.lines.wrong import Address, Network

#: How much of what a system lists is looked at.
MOST_ROWS: Final = 2000

#: Addresses that routers hand out for use beyond one's own network, and the size of what one card gets.
_GLOBAL: Final = IPv6Network("2000::/3")
_LINK_BITS: Final = 64


@dataclass(frozen=True, slots=True)
class Card:
    """A network card or what the system treats as one. Shape: None where the system does not say."""

    name: str
    up: bool = False
    carrier: bool | None = None
    wireless: bool = False
    tunnel: bool = False
    dialled: bool = False
    loopback: bool = False
    speed_mbit: int | None = None
    half_duplex: bool | None = None
    errors: int | None = None
    mtu: int | None = None
    ipv6: bool | None = None
    forwards: bool | None = None
    first: int = 0

    @property
    def plain(self) -> bool:
        """True for a card that a cable or a wireless LAN is at."""
        return not (self.tunnel or self.dialled or self.loopback)


@dataclass(frozen=True, slots=True)
class Held:
    """An address of a card, with the size of its network."""

    card: str
    at: Any


@dataclass(frozen=True, slots=True)
class Route:
    """A way. Shape: `router` is None on the card's own network; the lower `metric` goes first."""

    to: Network
    card: str
    router: Address | None = None
    metric: int = 0


@dataclass(frozen=True, slots=True)
class Neighbour:
    """What is known of a machine nearby. Shape: `answers` is None if it was not asked lately."""

    card: str
    address: Address
    answers: bool | None


@dataclass(frozen=True, slots=True)
class Machine:
    """A PC's view of its network. Shape: `resolvers` as pairs of card and address, in the system's own order."""

    cards: tuple[Card, ...] = ()
    held: tuple[Held, ...] = ()
    routes: tuple[Route, ...] = ()
    resolvers: tuple[tuple[str, Address], ...] = ()
    neighbours: tuple[Neighbour, ...] = ()

    def card(self, name: str) -> Card | None:
        """Return a card by name."""
        return next((each for each in self.cards if each.name == name), None)


def facts_of(machine: Machine, given: Look) -> dict[str, Value]:
    """Return what follows from a machine. What it does not say stays unknown."""
    name = line_card(machine, given)
    return {
        **_of_cards(machine),
        **(_of_line(machine, name) if name else {}),
        **_of_addresses(machine, name),
        **_of_routes(machine, name, given),
        **_of_resolvers(machine, name),
    }


def line_card(machine: Machine, given: Look) -> str:
    """Return the card towards the line; empty if there is none."""
    if given.site and given.site.interface:
        return given.site.interface
    way = claims_route(machine, given)
    leading = [*([way] if way else []), *_defaults(machine, given)]
    known = [machine.card(each.card) for each in leading]
    first = next((each.name for each in known if each and each.plain), "")
    plain = sorted((each for each in machine.cards if each.plain), key=lambda each: (not each.up, each.wireless))
    return first or next((each.name for each in plain), "")


def claims_route(machine: Machine, given: Look) -> Route | None:
    """Return the route that packets to the claims network take, that of the line's own family first."""
    prefixes = given.network.prefixes if given.network else ()
    family = _family(given)
    ways = (_way(machine, each) for each in sorted(prefixes, key=lambda each: each.version != family))
    return next((each for each in ways if each is not None), None)


def address_of(text: object) -> Address | None:
    """Return an address as tools write it, with or without the card behind a percent sign; None for anything else.

    >>> address_of("fe80::1%en0"), address_of("(incomplete)")
    (IPv6Address('fe80::1'), None)
    """
    try:
        return ip_address(str(text).partition("%")[0].strip())
    except ValueError:
        return None


def network_of(text: object) -> Network | None:
    """Return a network as `198.51.100.0/24`, whatever bits of a host it has; None for anything else."""
    try:
        return ip_network(str(text), strict=False)
    except ValueError:
        return None


def held_of(card: str, address: object, bits: object) -> Held | None:
    """Return an address with its size; None if either is no such thing."""
    try:
        return Held(card, ip_interface(f"{str(address).partition('%')[0]}/{bits}"))
    except ValueError:
        return None


def security_of(words: str) -> str:
    """Return how a wireless LAN is encrypted by what a system calls it, in English or Japanese.

    >>> security_of("WPA2-パーソナル CCMP"), security_of("オープン なし"), security_of("Open WEP")
    ('wpa2', 'none', 'wep')
    """
    said = words.upper()
    for known in ("WPA3", "WPA2", "WPA", "WEP"):
        if known in said:
            return known.lower()
    return "none" if any(each in said for each in _OPEN) and "OWE" not in said else "other"


_OPEN: Final = ("OPEN", "NONE", "オープン", "開", "なし")


def _of_cards(machine: Machine) -> dict[str, Value]:
    if not machine.cards:
        return {}
    up = [each for each in machine.cards if each.up]
    return {
        "link.up_interfaces": tuple(each.name for each in up if each.plain),
        "link.tunnels": tuple(each.name for each in up if each.tunnel),
        "pppoe.connected": any(each.dialled for each in up),
    }


def _of_line(machine: Machine, name: str) -> dict[str, Value]:
    facts: dict[str, Value] = {"link.interface": name}
    card = machine.card(name)
    if card is None:
        return facts
    seen: dict[str, Value | None] = {
        "link.carrier": card.carrier,
        "link.speed_mbit": card.speed_mbit if card.carrier else None,
        "link.half_duplex": card.half_duplex if card.carrier else None,
        "link.errors": card.errors,
        "link.mtu": card.mtu,
        "wlan.used": card.wireless and card.up,
        "ipv6.enabled": card.ipv6,
        "forwarding": card.forwards,
    }
    return facts | {each: value for each, value in seen.items() if value is not None}


def _of_addresses(machine: Machine, name: str) -> dict[str, Value]:
    if not name or not machine.held:
        return {}
    mine = [each for each in machine.held if each.card == name]
    wide = [each for each in mine if isinstance(each.at, IPv6Interface) and each.at.ip in _GLOBAL]
    prefixes = tuple(dict.fromkeys(str(_prefix(each.at.ip)) for each in wide))
    facts: dict[str, Value] = {
        "ipv4.addresses": tuple(str(each.at.ip) for each in mine if each.at.version == 4),  # noqa: PLR2004  (IPv4)
        "ipv6.addresses": tuple(str(each.at.ip) for each in wide),
        "ipv6.prefixes": len(prefixes),
    }
    if prefixes:
        facts["ipv6.prefix"] = prefixes[0]
    return facts


def _of_routes(machine: Machine, name: str, given: Look) -> dict[str, Value]:
    if not machine.routes:
        return {}
    facts: dict[str, Value] = {}
    routers = [each for each in _defaults(machine, given) if each.card == name and each.router is not None]
    if name:
        facts["ipv6.routers"] = len({each.router for each in routers if each.to.version == 6})  # noqa: PLR2004  (IPv6)
    if routers:
        facts |= _of_router(machine, routers[0])
    return facts | (_of_claims(machine, name, given) if given.network else {})


def _of_claims(machine: Machine, name: str, given: Look) -> dict[str, Value]:
    prefixes = given.network.prefixes if given.network else ()
    facts: dict[str, Value] = {"route.lan_overlaps": _overlaps(machine, prefixes, line=name)}
    way = claims_route(machine, given)
    if way is None or given.network is None:
        return facts | {"route.by_line": False}
    goes = by_line(given.network, given.site, source=_source(machine, way))
    if goes is None:
        goes = _fits(machine.card(way.card), given.site.kind if given.site else "", line=name)
    return facts | {"route.claims_interface": way.card} | ({} if goes is None else {"route.by_line": goes})


def _of_router(machine: Machine, way: Route) -> dict[str, Value]:
    facts: dict[str, Value] = {"router.address": str(way.router)}
    known = [each for each in machine.neighbours if each.address == way.router and each.card == way.card]
    if known and known[0].answers is not None:
        facts["router.answers"] = known[0].answers
    return facts


def _of_resolvers(machine: Machine, name: str) -> dict[str, Value]:
    if not machine.resolvers:
        return {}
    facts: dict[str, Value] = {"dns.resolvers": tuple(dict.fromkeys(str(each) for _, each in machine.resolvers))}
    by_card = list(dict.fromkeys(card for card, _ in machine.resolvers if card))
    if name in by_card:
        facts["dns.foreign_first"] = by_card[0] != name
    return facts


def _source(machine: Machine, way: Route) -> Address | None:
    """Return an address that packets on a way may leave with."""
    mine = [each.at.ip for each in machine.held if each.card == way.card and each.at.version == way.to.version]
    return next((each for each in mine if not each.is_link_local), None)


def _fits(card: Card | None, kind: str, *, line: str) -> bool | None:
    """Return whether a card is of the kind of line; None where a router may do what the PC does not show."""
    if card is None or not kind:
        return None
    if kind == "ipvpn_ipv6":
        return card.name == line
    return (card.dialled if kind == "ipvpn_ipv4" else card.tunnel) or None


def _family(given: Look) -> int:
    return 6 if given.site is None or given.site.kind in {"", "ipvpn_ipv6"} else 4


def _defaults(machine: Machine, given: Look) -> list[Route]:
    """Return the routes to everywhere, that of the line's own family and of the lowest metric first."""
    ways = [each for each in machine.routes if not each.to.prefixlen]
    return sorted(ways, key=lambda each: (each.to.version != _family(given), each.metric))


def _way(machine: Machine, to: Network) -> Route | None:
    """Return the route that a packet to a network's first address takes: the narrowest, then the lowest metric."""
    fitting = [each for each in machine.routes if each.to.version == to.version and to.network_address in each.to]
    return min(fitting, key=lambda each: (-each.to.prefixlen, each.metric), default=None)


def _overlaps(machine: Machine, prefixes: Sequence[Network], *, line: str) -> bool:
    beside = {each.name for each in machine.cards if each.plain} - {line}
    lans = [each.at.network for each in machine.held if each.card in beside]
    return any(_overlap(lan, prefix) for lan in lans for prefix in prefixes)


def _overlap(one: Network, other: Network) -> bool:
    if isinstance(one, IPv4Network) and isinstance(other, IPv4Network):
        return one.overlaps(other)
    return isinstance(one, IPv6Network) and isinstance(other, IPv6Network) and one.overlaps(other)


def _prefix(address: IPv6Address) -> IPv6Network:
    return IPv6Network((address, _LINK_BITS), strict=False)


def names_portal(hosts: str, names: Iterable[str]) -> bool:
    """Return whether a hosts file has an entry for one of the claims network's names. Source: hosts(5)."""
    wanted = {each.lower() for each in names}
    lines = (line.partition("#")[0].split() for line in hosts.splitlines()[:MOST_ROWS])
    return any(each.lower() in wanted for row in lines for each in row[1:])


def claims_names(given: Look) -> Mapping[str, str]:
    """Return the names of the claims network by role."""
    return given.network.names if given.network else {}
