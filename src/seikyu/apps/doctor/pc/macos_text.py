"""Outputs of macOS' own tools, read. Written after their manual pages and published samples, never run on a real Mac.

Source: the manual pages ifconfig(8), networksetup(8), netstat(1), scutil(8), arp(8), ndp(8), pmset(1), security(1),
sysctl(8), system_profiler(8); Apple's open source configd (dnsinfo_internal.h) and network_cmds (netstat, ndp, arp) for
how a line is printed; published samples, whose places stand at the head of `tests/apps_doctor/outputs/macos/*`.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from seikyu.apps.doctor.pc.machine import (
    MOST_ROWS,
    Card,
    Held,
    Neighbour,
    Route,
    address_of,
    held_of,
    network_of,
    security_of,
)
from seikyu.lines.wrong import Address

_HEAD: Final = re.compile(r"^(\S+): flags=[0-9a-f]+<([^>]*)>(?:.*\bmtu (\d{1,6}))?")
_INET: Final = re.compile(r"^\s+inet (\S+)(?: --> \S+)? netmask (?:0x)?([0-9a-f]{8})")
_INET6: Final = re.compile(r"^\s+inet6 (\S+)(?: --> \S+)? prefixlen (\d{1,3})(.*)")
_MEDIA: Final = re.compile(r"^\s+media: .*?(?:(\d{1,6})(G?)[bB]ase\S*)?\s*(?:<([^>]*)>)?\)?\s*$")
_PORT: Final = re.compile(r"^Hardware Port: (.*)$")
_DEVICE: Final = re.compile(r"^Device: (\S+)")
_SERVER: Final = re.compile(r"^\s+nameserver\[\d+\]\s*: (\S+)")
_SCOPE: Final = re.compile(r"^\s+if_index\s*: \d+ \(([^)]+)\)")
_PROXY: Final = re.compile(r"^\s*(\w+) : (.*\S)\s*$")
_ARP: Final = re.compile(r"^\S+ \(([^)]+)\) at (\S+) on (\S+)")
_NC: Final = re.compile(r"^[* ]\s+\(([^)]+)\)\s.*\[([^\]]+)\]\s*$")
_SENT: Final = re.compile(r"^\s+(\d{1,18}) packets? sent", re.MULTILINE)
_AGAIN: Final = re.compile(r"^\s+(\d{1,18}) data packets? \(\d+ bytes?\) retransmitted", re.MULTILINE)
_SLEEP: Final = re.compile(r"^\s*sleep\s+(\d{1,6})", re.MULTILINE)
_IDENTITIES: Final = re.compile(r"^\s*(\d{1,6}) valid identities found", re.MULTILINE)
_FIREWALL: Final = re.compile(r"State = (\d)")

_LEAST_SEGMENTS: Final = 200
_GIGA: Final = 1000

#: Kinds of interfaces by how macOS names them. `utun`s are there without any VPN: only one with an address counts.
_TUNNELS: Final = ("utun", "ipsec", "tun", "tap", "gif")
_BESIDE: Final = ("lo", "awdl", "llw", "anpi", "ap", "bridge", "stf", "pktap")


@dataclass(frozen=True, slots=True)
class Connection:
    """A connection that macOS itself makes. Shape: `kind` as PPP:PPPoE, IPSec or VPN:com.example."""

    state: str
    kind: str


def wireless_ports(text: str) -> frozenset[str]:
    """Return the devices that are wireless LANs, by `networksetup -listallhardwareports`.

    Source: networksetup(8), -listallhardwareports.
    """
    found, port = set(), ""
    for line in text.splitlines()[:MOST_ROWS]:
        if match := _PORT.match(line):
            port = match[1].strip().lower()
        elif (match := _DEVICE.match(line)) and port in {"wi-fi", "airport"}:
            found.add(match[1])
    return frozenset(found)


def interfaces(text: str, wireless: frozenset[str]) -> tuple[tuple[Card, ...], tuple[Held, ...]]:
    """Return the cards and their addresses, by `ifconfig`. Source: ifconfig(8), Description."""
    cards: list[dict[str, Any]] = []
    held: list[Held] = []
    for line in text.splitlines()[:MOST_ROWS]:
        if head := _HEAD.match(line):
            cards.append(_started(head, wireless))
        elif cards:
            held += _address(cards[-1]["name"], line)
            _more(cards[-1], line)
    named = {each.card for each in held}
    return tuple(Card(**_ended(each, named)) for each in cards), tuple(held)


def routes(text: str) -> tuple[Route, ...]:
    """Return the routes of both families by `netstat -rn`, in its order: the first default goes first.

    Source: netstat(1), The Routing Table Display.
    """
    found, version, columns = list[Route](), 4, list[str]()
    for place, line in enumerate(text.splitlines()[:MOST_ROWS]):
        row = line.split()
        if line.startswith(("Internet:", "Internet6:")):
            version = 6 if line.startswith("Internet6") else 4
        elif row[:1] == ["Destination"]:
            columns = row
        elif "Netif" in columns and len(row) > columns.index("Netif"):
            way = _route(row, version=version, card=row[columns.index("Netif")], metric=place)
            found += [way] if way else []
    return tuple(found)


def errors(text: str) -> Mapping[str, int]:
    """Return the errors of receiving by card, by `netstat -ibn`. Source: netstat(1), Interface Display."""
    found: dict[str, int] = {}
    for line in text.splitlines()[1:MOST_ROWS]:
        row = line.split()
        link = next((place for place, each in enumerate(row) if each.startswith("<Link#")), None)
        if not row or link is None:
            continue
        numbers = [each for each in row[link + 1 :] if each.isascii() and each.isdigit() and len(each) < 19]  # noqa: PLR2004  (64 bits)
        if len(numbers) >= 7:  # noqa: PLR2004  (Ipkts Ierrs Ibytes Opkts Oerrs Obytes Coll)
            found[row[0].rstrip("*")] = int(numbers[-6])
    return found


def retransmitted_percent(text: str) -> int | None:
    """Return the share of segments that were sent again, by `netstat -s -p tcp`. Source: netstat(1), -s."""
    sent, again = _SENT.search(text), _AGAIN.search(text)
    if not sent or not again or int(sent[1]) < _LEAST_SEGMENTS:
        return None
    return min(100, 100 * int(again[1]) // int(sent[1]))


def resolvers(text: str) -> tuple[tuple[str, Address], ...]:
    """Return the resolvers in the order in which they are asked, with their cards, by `scutil --dns`.

    Those for single domains (mDNS and what VPNs add) are left out. Source: scutil(8), --dns.
    """
    found: list[tuple[str, Address]] = []
    servers: list[Address] = []
    card, special = "", False
    for line in [*text.partition("DNS configuration (for scoped queries)")[0].splitlines()[:MOST_ROWS], "resolver #"]:
        if line.startswith("resolver #"):
            found += [] if special else [(card, each) for each in servers]
            servers, card, special = [], "", False
        elif (match := _SERVER.match(line)) and (at := address_of(match[1])) is not None:
            servers.append(at)
        elif match := _SCOPE.match(line):
            card = match[1]
        special = special or line.strip().startswith(("domain ", "options "))
    return tuple(dict.fromkeys(found))


def proxy(text: str) -> Mapping[str, str]:
    """Return the settings of proxies, and what is excepted under `except 0` and on, by `scutil --proxy`.

    Source: scutil(8), --proxy; Apple's SCSchemaDefinitions (kSCPropNetProxies…) for the names.
    """
    rows = [match for line in text.splitlines()[:MOST_ROWS] if (match := _PROXY.match(line))]
    return {(f"except {each[1]}" if each[1].isdigit() else each[1]): each[2] for each in rows}


def neighbours(arp: str, ndp: str) -> tuple[Neighbour, ...]:
    """Return what is known of machines nearby, by `arp -an` and `ndp -an`. Source: arp(8), -a; ndp(8), -a."""
    found = []
    for line in arp.splitlines()[:MOST_ROWS]:
        match = _ARP.match(line)
        if match and (at := address_of(match[1])) is not None:
            found.append(Neighbour(match[3], at, False if match[2] == "(incomplete)" else None))
    for line in ndp.splitlines()[1:MOST_ROWS]:
        row = line.split()
        if len(row) > 4 and (at := address_of(row[0])) is not None:  # noqa: PLR2004  (its five columns)
            found.append(Neighbour(row[2], at, True if row[4] == "R" else False if row[1] == "(incomplete)" else None))
    return tuple(found)


def advertisers(text: str) -> Mapping[str, int]:
    """Return how many routers advertise by card, by `ndp -rn`. Source: ndp(8), -r."""
    found: dict[str, int] = {}
    for line in text.splitlines()[:MOST_ROWS]:
        row = line.replace(",", " ").split()
        card = next((each.removeprefix("if=") for each in row[1:] if each.startswith("if=")), "")
        if card and address_of(row[0]) is not None:
            found[card] = found.get(card, 0) + 1
    return found


def listening(text: str) -> tuple[tuple[str, int], ...]:
    """Return where the Mac listens, `*` for everywhere, by `netstat -an -p tcp`. Source: netstat(1), Active Sockets."""
    found = []
    for line in text.splitlines()[:MOST_ROWS]:
        row = line.split()
        if len(row) > 5 and row[0].startswith("tcp") and row[5] == "LISTEN":  # noqa: PLR2004  (its six columns)
            at, _, port = row[3].rpartition(".")
            if port.isascii() and port.isdigit() and len(port) < 6:  # noqa: PLR2004  (65535)
                found.append((at.partition("%")[0], int(port)))
    return tuple(found)


def connections(text: str) -> tuple[Connection, ...]:
    """Return the connections that macOS itself makes, by `scutil --nc list`. Source: scutil(8), --nc list."""
    rows = [match for line in text.splitlines()[:MOST_ROWS] if (match := _NC.match(line))]
    return tuple(Connection(each[1], each[2]) for each in rows)


def airport(text: str) -> Mapping[str, str]:
    """Return how the joined network is encrypted by card, by `system_profiler SPAirPortDataType -json`.

    Source: system_profiler(8), -json; published samples for the names of the items.
    """
    found = {}
    for card in _deep(_json(text), ("SPAirPortDataType", "spairport_airport_interfaces")):
        joined = card.get("spairport_current_network_information")
        said = joined.get("spairport_security_mode") if isinstance(joined, dict) else None
        if isinstance(said, str):
            found[str(card.get("_name"))] = security_of(said.removeprefix("spairport_security_mode_").upper())
    return found


def sleeps(text: str) -> bool | None:
    """Return whether the Mac sleeps by itself, by `pmset -g`. Source: pmset(1), Settings (sleep, 0 disables)."""
    match = _SLEEP.search(text)
    return int(match[1]) > 0 if match else None


def identities(text: str) -> int | None:
    """Return how many certificates with keys a browser may offer, by `security find-identity -v -p ssl-client`.

    Source: security(1), find-identity.
    """
    match = _IDENTITIES.search(text)
    return int(match[1]) if match else None


def firewall(text: str) -> bool | None:
    """Return whether the firewall is on, by `socketfilterfw --getglobalstate`.

    Source: published samples, which end in State = 0, 1 or 2.
    """
    match = _FIREWALL.search(text)
    return match[1] != "0" if match else None


def _started(head: re.Match[str], wireless: frozenset[str]) -> dict[str, Any]:
    name, flags = head[1], head[2].split(",")
    return {
        "name": name,
        "up": "UP" in flags and "RUNNING" in flags,
        "wireless": name in wireless,
        "tunnel": name.startswith(_TUNNELS),
        "dialled": name.startswith("ppp"),
        "loopback": name.startswith(_BESIDE),
        "mtu": int(head[3]) if head[3] else None,
    }


def _more(card: dict[str, Any], line: str) -> None:
    """Add what a line below the head says of the card."""
    said = line.strip()
    if said.startswith("status: "):
        card["carrier"] = said == "status: active"
        card["up"] = card["up"] and card["carrier"]
    elif said.startswith("media: ") and (match := _MEDIA.match(line)):
        card["speed_mbit"] = int(match[1]) * (_GIGA if match[2] else 1) if match[1] else None
        card["half_duplex"] = "half-duplex" in match[3] if match[3] and "duplex" in match[3] else None
    elif said.startswith("inet6 "):
        card["ipv6"] = True


def _ended(card: dict[str, Any], named: set[str]) -> dict[str, Any]:
    """A tunnel without an address is one of macOS' own; a card without any IPv6 address has IPv6 turned off."""
    if card["tunnel"]:
        card["up"] = card["up"] and card["name"] in named
    elif card["up"] and not card["loopback"] and not card["dialled"]:
        card.setdefault("ipv6", False)
    return card


def _address(card: str, line: str) -> list[Held]:
    if match := _INET.match(line):
        held = held_of(card, match[1], int(match[2], 16).bit_count())
    elif (match := _INET6.match(line)) and not {"tentative", "duplicated", "deprecated", "detached"} & set(
        match[3].split()
    ):
        held = held_of(card, match[1], match[2])
        # A tunnel has a link-local address even if nobody is connected.
        held = None if held and held.at.ip.is_link_local and card.startswith(_TUNNELS) else held
    else:
        return []
    return [held] if held else []


def _route(row: list[str], *, version: int, card: str, metric: int) -> Route | None:
    to = _destination(row[0], version)
    router = address_of(row[1])
    # macOS routes everything into its idle tunnels too, by a link-local gateway of their own.
    if to is None or (router is not None and card.startswith("utun") and router.is_link_local):
        return None
    return Route(to, card, router, metric)


def _destination(text: str, version: int) -> Any:
    """Return a destination, of which IPv4 leaves out zeros at the end: `198.51.100/24`, `127`."""
    if text == "default":
        return network_of("0.0.0.0/0" if version == 4 else "::/0")  # noqa: PLR2004  (IPv4)
    at, _, bits = text.partition("/")
    at = at.partition("%")[0]
    if version == 4:  # noqa: PLR2004  (IPv4)
        parts = at.split(".")
        bits = bits or str(8 * len(parts))
        at = ".".join([*parts, "0", "0", "0"][:4])
    return network_of(f"{at}/{bits}" if bits else at)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _deep(read: Any, names: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return the tables at the end of a path of lists, whatever else is there."""
    tables = [read] if isinstance(read, dict) else []
    for name in names:
        inner = [each.get(name) for each in tables]
        tables = [one for each in inner if isinstance(each, list) for one in each[:MOST_ROWS] if isinstance(one, dict)]
    return tables
