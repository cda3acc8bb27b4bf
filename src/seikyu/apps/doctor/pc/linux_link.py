"""What Linux says of network cards, the wireless LAN and the router: texts of the kernel and of tools, read.

Source: the kernel's Documentation/ABI/testing/sysfs-class-net, proc_net(5), ip-neighbour(8), nmcli(1), wpa_cli(8).
"""

import json
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Any, Final

from seikyu.lines.wrong import Address, Network

#: Kinds of devices as the kernel numbers them, and what a flag of a card says. Source: if_arp.h, if.h.
ETHERNET, _POINT_TO_POINT, _NO_HEADER, _TUNNELS = 1, 512, 65534, range(768, 779)
_UP: Final = 0x1
_ROUTE_UP, _ROUTE_REJECTS, _ADVERTISED = 0x1, 0x200, 0x40000

#: How many lines of a table are looked at.
MOST_LINES: Final = 4096

#: A share of fewer segments says nothing.
_LEAST_SEGMENTS: Final = 200

_NM_FIELD: Final = re.compile(r"(?<!\\):")
_DEAD: Final = frozenset({"FAILED", "INCOMPLETE"})


@dataclass(frozen=True, slots=True)
class Card:
    """A network card, or what acts like one. Shape: `plain` if it is a card for a cable or a wireless LAN."""

    name: str
    kind: int
    up: bool
    carrier: bool
    plain: bool
    wireless: bool
    bridge: bool = False

    @property
    def carries(self) -> bool:
        """True for what a line may be at: a card, or a bridge that has taken the place of one."""
        return self.plain or self.bridge

    @property
    def tunnel(self) -> bool:
        """True for what carries packets within others."""
        return not self.plain and (self.kind in {_NO_HEADER, *_TUNNELS} or self.name.startswith(("tun", "tap", "wg")))

    @property
    def dialled(self) -> bool:
        """True for a PPP connection."""
        return self.kind == _POINT_TO_POINT


@dataclass(frozen=True, slots=True)
class Route:
    """A route. Shape: `router` is None where the other end is on the link; `advertised` if a router said it (RA)."""

    to: Network
    router: Address | None
    card: str
    metric: int
    advertised: bool = False


def card_of(name: str, said: dict[str, str]) -> Card:
    """Return a card by what its files under /sys/class/net say; a file that is not there is an empty text."""
    kind, flags = whole(said.get("type", "")), said.get("flags", "").strip()
    virtual = "tun_flags" in said or "bridge" in said or name == "lo"
    return Card(
        name=name,
        kind=-1 if kind is None else kind,
        up=bool(_hexadecimal(flags.removeprefix("0x")) & _UP),
        carrier=said.get("carrier", "").strip() == "1",
        plain=kind == ETHERNET and not virtual,
        bridge=kind == ETHERNET and "bridge" in said,
        wireless="wireless" in said or "phy80211" in said,
    )


def whole(text: str) -> int | None:
    """Return a number that is not below zero; None for anything else."""
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None  # noqa: PLR2004  (64 bits)


def ipv4_routes(text: str) -> tuple[Route, ...]:
    """Return the routes of /proc/net/route."""
    found = []
    for line in text.splitlines()[1:MOST_LINES]:
        row = line.split()
        try:
            card, (to, router, flags, mask) = row[0], (int(row[place], 16) for place in (1, 2, 3, 7))
            network = IPv4Network((_in_order(to), IPv4Address(_in_order(mask)).exploded))
            if flags & _ROUTE_UP and not flags & _ROUTE_REJECTS:
                found.append(Route(network, IPv4Address(_in_order(router)) if router else None, card, int(row[6])))
        except (IndexError, ValueError, OverflowError):
            continue
    return tuple(found)


def ipv6_routes(text: str) -> tuple[Route, ...]:
    """Return the routes of /proc/net/ipv6_route."""
    found = []
    for line in text.splitlines()[:MOST_LINES]:
        row = line.split()
        try:
            to = IPv6Network((bytes.fromhex(row[0]), int(row[1], 16)))
            router, metric, flags = IPv6Address(bytes.fromhex(row[4])), int(row[5], 16), int(row[8], 16)
            if flags & _ROUTE_UP and not flags & _ROUTE_REJECTS and row[9] != "lo":
                way = router if int(router) else None
                found.append(Route(to, way, row[9], metric, advertised=bool(flags & _ADVERTISED)))
        except (IndexError, ValueError):
            continue
    return tuple(found)


def route_to(routes: Iterable[Route], to: Address) -> Route | None:
    """Return the route that a packet takes: the narrowest, then the one of the lowest metric."""
    fitting = [each for each in routes if each.to.version == to.version and to in each.to]
    return min(fitting, key=lambda each: (-each.to.prefixlen, each.metric), default=None)


def default_routes(routes: Iterable[Route]) -> list[Route]:
    """Return the routes to anywhere, the one that is used first first."""
    return sorted((each for each in routes if not each.to.prefixlen), key=lambda each: each.metric)


def retransmitted_percent(text: str) -> int | None:
    """Return the share of segments that were sent again, by /proc/net/snmp; None if too few were sent."""
    heads: dict[str, list[str]] = {}
    for line in text.splitlines()[:MOST_LINES]:
        name, _, rest = line.partition(":")
        if name != "Tcp":
            continue
        if "Tcp" in heads:
            row = dict(zip(heads["Tcp"], rest.split(), strict=False))
            sent, again = whole(row.get("OutSegs", "")), whole(row.get("RetransSegs", ""))
            if sent is None or again is None or sent < _LEAST_SEGMENTS:
                return None
            return min(100, 100 * again // sent)
        heads[name] = rest.split()
    return None


def neighbour_answers(text: str, address: str) -> bool | None:
    """Return False if the kernel asked for a neighbour in vain, by `ip -j neigh`; None if that says nothing of now."""
    for row in rows(text):
        if row.get("dst") == address:
            states = {str(each) for each in as_list(row.get("state"))}
            return False if states & _DEAD else None
    return None


def arp_answers(text: str, address: str) -> bool | None:
    """Return the same by /proc/net/arp: a row without hardware address is of a neighbour that does not answer."""
    for line in text.splitlines()[1:MOST_LINES]:
        row = line.split()
        if len(row) > 3 and row[0] == address:  # noqa: PLR2004  (address, kind, flags, hardware address)
            return False if row[2] == "0x0" else None
    return None


def encryption(words: str) -> str:
    """Return how a wireless LAN is encrypted by the words of a tool, the best if it offers several.

    >>> encryption("WPA1 WPA2"), encryption("key_mgmt=SAE"), encryption("--")
    ('wpa2', 'wpa3', 'none')
    """
    said = words.upper()
    for known, parts in _ENCRYPTION.items():
        if any(part in said for part in parts):
            return known
    return "none" if said.strip() in {"", "--", "NONE", "KEY_MGMT=NONE"} else "other"


_ENCRYPTION: Final = {
    "wpa3": ("WPA3", "SAE", "SUITE-B", "SUITE_B"),
    "wpa2": ("WPA2", "RSN"),
    "wpa": ("WPA",),
    "wep": ("WEP",),
    "other": ("OWE", "802.1X"),
}


def nmcli_security(text: str, card: str) -> str | None:
    """Return the encryption of the active network of a card, by `nmcli -t -f ACTIVE,DEVICE,SECURITY device wifi`."""
    for line in text.splitlines()[:MOST_LINES]:
        row = _NM_FIELD.split(line)
        if len(row) == 3 and row[0] == "yes" and row[1] == card:  # noqa: PLR2004  (the fields asked for)
            return encryption(row[2])
    return None


def wpa_security(text: str) -> str | None:
    """Return the encryption of the network that is joined, by `wpa_cli status`."""
    said = dict(line.split("=", 1) for line in text.splitlines()[:MOST_LINES] if "=" in line)
    if said.get("wpa_state") != "COMPLETED" or "key_mgmt" not in said:
        return None
    if said["key_mgmt"] == "NONE":
        return "wep" if "WEP" in said.get("pairwise_cipher", "") else "none"
    return encryption(said["key_mgmt"])


def rows(text: str) -> list[dict[str, Any]]:
    """Return the tables of a list in JSON; of anything else none."""
    try:
        read = json.loads(text)
    except (ValueError, RecursionError):
        return []
    return [each for each in read[:MOST_LINES] if isinstance(each, dict)] if isinstance(read, list) else []


def as_list(value: object) -> Sequence[Any]:
    """Return a list as it is, and of anything else none."""
    return value if isinstance(value, list) else []


def _hexadecimal(text: str) -> int:
    try:
        return int(text[:16] or "0", 16)
    except ValueError:
        return 0


def _in_order(number: int) -> bytes:
    """Return an address that the kernel has printed as a number of the machine."""
    return number.to_bytes(4, sys.byteorder)
