"""Who may come by which line: the address that a party comes from, held against the line that it has registered.

Ranges of addresses say which kind of line leads from them; the narrowest range that holds an address counts. What is to
be done where nothing is known is said by the rules, not here. An address is the peer's, never what a header says; an
IPv4 address within IPv6 (RFC 4291 §2.5.5.2) is the IPv4 address. Source: network:11 (V11); mission Q13.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from tomllib import TOMLDecodeError, loads
from types import MappingProxyType
from typing import Final

from seikyu.lines.kinds import line_kinds
from seikyu.lines.wrong import Address, BadFile, Network, Reading, WrongItem

#: The line of a range from which everybody may come, such as the test network's.
ANY: Final = "any"

#: What is to be done where the rules know nothing.
_DOINGS: Final = ("pass", "refuse")

#: Where the IPv4 address begins in one of IPv6.
_MAPPED_BITS: Final = 96

#: The form of a party's id.
_PARTY: Final = re.compile(r"[0-9A-Za-z._-]{1,40}")


class Mode(StrEnum):
    """What becomes of who comes by another line: it is told to the log, or refused."""

    TELL = "tell"
    ENFORCE = "enforce"


class Why(StrEnum):
    """Why somebody may come, or not."""

    FITS = "fits"
    EXEMPT = "exempt"
    ANYBODY = "anybody"
    UNREGISTERED = "unregistered"
    ELSEWHERE = "elsewhere"
    OTHER_LINE = "other_line"
    OTHERS_TUNNEL = "others_tunnel"


@dataclass(frozen=True, slots=True)
class Range:
    """Addresses that a kind of line gives. Shape: `line` is one of `line_kinds()`, or `any`."""

    name: str
    line: str
    networks: tuple[Network, ...]


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of an office.

    Shape: `unregistered` (a party without a registered line) and `elsewhere` (an address in no range) are pass or
    refuse; parties of the kinds in `exempt` are not looked at; `assigned` says whose an address of the tunnels is, as
    far as it is known, and `tunnels` names the gateway's own file of that.
    """

    mode: Mode
    ranges: tuple[Range, ...]
    unregistered: str = "pass"
    elsewhere: str = "refuse"
    exempt: tuple[str, ...] = ("operator",)
    assigned: Mapping[Address, str] = field(default_factory=dict)
    tunnels: str = ""


@dataclass(frozen=True, slots=True)
class Comer:
    """Who comes. Shape: `registered` is its line in the register, empty if there is none; `address` as the peer's."""

    party: str
    kind: str
    registered: str
    address: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the rules say. Shape: `used` is the kind of line of the address, `notice` the kind of notice to file."""

    passes: bool
    why: Why
    used: str = ""
    notice: str = ""


def judge(rules: Rules, comer: Comer, tunnels: Mapping[Address, str] = MappingProxyType({})) -> Verdict:
    """Return whether somebody may come, whatever the mode.

    Shape: `tunnels` are the addresses that a gateway has given, and to which party; what the rules say counts more.
    """
    if comer.kind in rules.exempt:
        return Verdict(passes=True, why=Why.EXEMPT)
    address = normal(comer.address)
    found = _range_of(rules, address)
    if found is None:
        return Verdict(passes=rules.elsewhere == "pass", why=Why.ELSEWHERE)
    if found.line == ANY:
        return Verdict(passes=True, why=Why.ANYBODY)
    owner = None if address is None else rules.assigned.get(address) or tunnels.get(address)
    if owner not in {None, comer.party}:
        return Verdict(passes=False, why=Why.OTHERS_TUNNEL, used=found.line)
    if not comer.registered:
        return Verdict(rules.unregistered == "pass", Why.UNREGISTERED, found.line, "start")
    if comer.registered != found.line:
        return Verdict(passes=False, why=Why.OTHER_LINE, used=found.line, notice="change_connection")
    return Verdict(passes=True, why=Why.FITS, used=found.line)


def normal(address: str) -> Address | None:
    """Return the address of a peer, or None if it is none.

    >>> normal("::ffff:192.0.2.7"), normal("fe80::1%eth0"), normal("")
    (IPv4Address('192.0.2.7'), IPv6Address('fe80::1'), None)
    """
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found


def read_rules(text: str, mode: Mode) -> Rules:
    """Return the rules of a file. Errors: BadFile, all that is wrong."""
    try:
        top = Reading(loads(text))
    except TOMLDecodeError as error:
        raise BadFile([WrongItem("", "not_toml", str(error))]) from None
    rules = Rules(
        mode=mode,
        unregistered=top.choice("unregistered", _DOINGS, default="pass"),
        elsewhere=top.choice("elsewhere", _DOINGS, default="refuse"),
        exempt=top.texts("exempt", str, "text") if "exempt" in top.table else ("operator",),
        ranges=tuple(_range(name, table) for name, table in top.inner("ranges").tables()),
        assigned=_assigned(top.inner("assigned")),
        tunnels=top.item("tunnels", ""),
    )
    if not rules.ranges:
        top.say("ranges", "missing")
    _say_twice(top, rules.ranges)
    top.end()
    top.done()
    return rules


def _range(name: str, table: Reading) -> Range:
    line = table.choice("line", (*line_kinds(), ANY))
    if "line" not in table.table:
        table.say("line", "missing", known=(*line_kinds(), ANY))
    read = Range(name, line, tuple(map(_plain, table.networks("networks", needed=True))))
    table.end()
    return read


def _plain(network: Network) -> Network:
    """Return a network of IPv4 within IPv6 as the one of IPv4, as addresses are."""
    mapped = network.network_address.ipv4_mapped if isinstance(network, IPv6Network) else None
    if mapped is None:
        return network
    return IPv4Network((mapped, network.prefixlen - _MAPPED_BITS))


def _assigned(table: Reading) -> dict[Address, str]:
    found: dict[Address, str] = {}
    for text in table.table:
        address, party = normal(text), str(table.item(text, ""))
        if address is None:
            table.say(text, "address", text)
        elif not _PARTY.fullmatch(party):
            table.say(text, "text", party)
        else:
            found[address] = party
    return found


def _say_twice(top: Reading, ranges: tuple[Range, ...]) -> None:
    """Say of a network that stands in two ranges of different lines that it does: which counts nobody can know."""
    seen: dict[Network, Range] = {}
    for each in ranges:
        for network in each.networks:
            before = seen.setdefault(network, each)
            if before.line != each.line:
                top.say(f"ranges.{each.name}.networks", "twice", network, known=(before.name,))


def _range_of(rules: Rules, address: Address | None) -> Range | None:
    if address is None:
        return None
    holding = [
        (network.prefixlen, each)
        for each in rules.ranges
        for network in each.networks
        if network.version == address.version and address in network
    ]
    return max(holding, key=lambda pair: pair[0])[1] if holding else None
