"""A Linux machine as the probes see it: files of the kernel, programs that print, network cards and routes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from seikyu.apps.doctor.linux_link import (
    Card,
    Route,
    card_of,
    default_routes,
    ipv4_routes,
    ipv6_routes,
    route_to,
    rows,
)
from seikyu.apps.doctor.tools import Ran
from seikyu.lines.wrong import Address, Network

#: How much of a file is read, and how many network cards are looked at.
_FILE_BYTES: Final = 1024 * 1024
_MOST_CARDS: Final = 64

#: How `ip` ends if the kernel has no way. Source: ip(8), exit status.
_NO_WAY: Final = 2

_NET: Final = "sys/class/net"
_CARD_FILES: Final = ("type", "flags", "carrier", "tun_flags", "bridge", "wireless", "phy80211")


@dataclass(frozen=True, slots=True)
class Machine:
    """Where to read and how to run. Shape: `root` is the folder in which the machine's own files lie."""

    run: Callable[[Sequence[str]], Ran]
    root: Path = Path("/")

    def text(self, path: str) -> str:
        """Return the beginning of a file; an empty text if it cannot be read."""
        try:
            with (self.root / path).open("rb") as file:
                return file.read(_FILE_BYTES).decode("utf-8", "replace")
        except (OSError, ValueError):
            return ""

    def entries(self, folder: str) -> list[str]:
        """Return the names in a folder; none if it cannot be read."""
        try:
            return sorted(each.name for each in (self.root / folder).iterdir())
        except OSError:
            return []

    def has(self, path: str) -> bool:
        """True if there is a file or folder of that name."""
        try:
            return (self.root / path).exists()
        except OSError:
            return False

    def printed(self, *argv: str) -> str:
        """Return what a program printed; an empty text if it is not there or did not end well."""
        ran = self.run(argv)
        return ran.out if ran.ok else ""


@dataclass(frozen=True, slots=True)
class Way:
    """How a packet to an address leaves: card, and source address if that is known."""

    card: str
    source: Address | None


def cards(machine: Machine) -> tuple[Card, ...]:
    """Return the network cards by name, what only looks back (lo) left out."""
    found = []
    names = machine.entries(_NET)
    if len(names) > _MOST_CARDS:  # Those of containers are many; what is of metal comes first.
        names.sort(key=lambda each: not machine.has(f"{_NET}/{each}/device"))
    for name in names[:_MOST_CARDS]:
        if name != "lo":
            there = [each for each in _CARD_FILES if machine.has(f"{_NET}/{name}/{each}")]
            found.append(card_of(name, {each: machine.text(f"{_NET}/{name}/{each}") for each in there}))
    return tuple(found)


def said_of(machine: Machine, card: str, item: str) -> str:
    """Return what the kernel says of a card under a name; an empty text if nothing."""
    return machine.text(f"{_NET}/{card}/{item}").strip()


def routes(machine: Machine) -> tuple[Route, ...]:
    """Return the routes of the main table."""
    return ipv4_routes(machine.text("proc/net/route")) + ipv6_routes(machine.text("proc/net/ipv6_route"))


def way_to(machine: Machine, to: Address, known: Sequence[Route]) -> Way | None:
    """Return how packets to an address leave: what `ip` says, or by the main table; None if none can.

    A small `ip` that knows no JSON says as little as none; that there is no way it says with a status of its own.
    """
    ran = machine.run(("ip", "-j", "route", "get", str(to)))
    if ran.ok and (said := rows(ran.out)):
        return Way(str(said[0].get("dev", "")), _address(said[0].get("prefsrc")))
    route = route_to(known, to) if ran.status != _NO_WAY else None
    return Way(route.card, None) if route else None


def line_card(known: Sequence[Card], known_routes: Sequence[Route], *, named: str, claims: str) -> Card | None:
    """Return the card towards the line.

    The one that the site names; else the one of the route to the claims network; else the one that leads anywhere;
    else one with a signal; else any. One that the site names and is not there is none.
    """
    by_name = {each.name: each for each in known}
    if named:
        return by_name.get(named)
    leading = [claims, *(each.card for each in default_routes(known_routes))]
    first = next((by_name[each] for each in leading if each in by_name and by_name[each].carries), None)
    if first:
        return first
    plain = sorted(
        (each for each in known if each.plain), key=lambda each: (not each.carrier, not each.up, each.wireless)
    )
    return next(iter(plain), None)


def sample(prefix: Network) -> Address:
    """Return an address of a prefix to ask the way to."""
    return prefix[1] if prefix.num_addresses > 1 else prefix[0]


def _address(text: object) -> Address | None:
    try:
        return ip_address(text) if isinstance(text, str) else None
    except ValueError:
        return None
