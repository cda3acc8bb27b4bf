"""What Linux says of addresses, read, and what addresses say of a line. Source: proc_net(5), ip-address(8)."""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Interface, IPv6Address, IPv6Interface, IPv6Network, ip_interface
from typing import Final

from seikyu.apps.doctor.pc.linux_link import MOST_LINES, Route, as_list, rows
from seikyu.lines.wrong import Network

_GLOBAL: Final = 0x00
_TENTATIVE, _FAILED, _DEPRECATED = 0x40, 0x08, 0x20
_LOCAL_ONLY: Final = IPv6Network("fc00::/7")

#: What one machine is given of a prefix.
LINK_BITS: Final = 64


@dataclass(frozen=True, slots=True)
class Held:
    """An address that a card has."""

    address: IPv4Interface | IPv6Interface
    card: str


def in_if_inet6(text: str) -> tuple[Held, ...]:
    """Return the global IPv6 addresses that are in use, by /proc/net/if_inet6."""
    found = []
    for line in text.splitlines()[:MOST_LINES]:
        row = line.split()
        try:
            address = IPv6Interface((bytes.fromhex(row[0]), int(row[2], 16)))
            scope, flags, card = int(row[3], 16), int(row[4], 16), row[5]
        except (IndexError, ValueError):
            continue
        if scope == _GLOBAL and not flags & (_TENTATIVE | _FAILED | _DEPRECATED) and address.ip not in _LOCAL_ONLY:
            found.append(Held(address, card))
    return tuple(found)


def in_ip_addr(text: str) -> tuple[Held, ...]:
    """Return the IPv4 addresses by `ip -j -4 addr`."""
    found = []
    for card in rows(text):
        for each in as_list(card.get("addr_info")):
            try:
                address = ip_interface(f"{each['local']}/{each['prefixlen']}")
            except (KeyError, TypeError, ValueError):
                continue
            if isinstance(address, IPv4Interface) and not address.is_loopback:
                found.append(Held(address, str(card.get("ifname", ""))))
    return tuple(found)


def prefixes(addresses: Iterable[IPv6Address]) -> tuple[str, ...]:
    """Return the prefixes that addresses are of, each once, in their order.

    >>> prefixes([IPv6Address("2001:db8:e000::1"), IPv6Address("2001:db8:e000::2")])
    ('2001:db8:e000::/64',)
    """
    found = dict.fromkeys(str(IPv6Network((each, LINK_BITS), strict=False)) for each in addresses)
    return tuple(found)


def routers(routes: Iterable[Route], card: str) -> int:
    """Return how many routers advertise themselves on a card (RA)."""
    return len({each.router for each in routes if each.advertised and not each.to.prefixlen and each.card == card})


def overlaps(routes: Iterable[Route], claims: Iterable[Network], *, line: Iterable[str]) -> bool:
    """Return whether a network beside the line, on which the PC is itself, has addresses of the claims network."""
    cards, wanted = set(line), tuple(claims)
    beside = [each for each in routes if each.router is None and each.to.prefixlen and each.card not in cards]
    return any(_overlap(each.to, claims_prefix) for each in beside for claims_prefix in wanted)


def _overlap(one: Network, other: Network) -> bool:
    return one.version == other.version and one.overlaps(other)
