"""What Linux says of resolvers, hosts and proxies: files and the outputs of tools, read.

Source: resolv.conf(5), hosts(5), resolvectl(1), nmcli(1), gsettings(1); for proxies curl(1), ENVIRONMENT.
"""

import ast
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

#: How many lines of a file and resolvers are looked at.
_MOST_LINES: Final = 4096
MOST_RESOLVERS: Final = 16

_LINK: Final = re.compile(r"Link \d+ \(([^)]{1,32})\):(.*)")
_NM_FIELD: Final = re.compile(r"(?<!\\):")
#: Those that stand for https; one for http alone is not in the way.
_PROXIES: Final = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")


@dataclass(frozen=True, slots=True)
class Resolver:
    """A resolver that is set, and the card that it was set for, if that is known."""

    address: str
    card: str = ""


def in_resolv_conf(text: str) -> tuple[Resolver, ...]:
    """Return the resolvers of /etc/resolv.conf in their order."""
    found = []
    for line in text.splitlines()[:_MOST_LINES]:
        row = line.split()
        if len(row) > 1 and row[0] == "nameserver" and (one := _resolver(row[1])):
            found.append(one)
    return tuple(found[:MOST_RESOLVERS])


def only_own(resolvers: Iterable[Resolver]) -> bool:
    """True if all that is set is the PC's own resolver, which asks others: systemd-resolved, or a dnsmasq."""
    return all(ip_address(each.address).is_loopback for each in resolvers)


def in_resolvectl(text: str) -> tuple[Resolver, ...]:
    """Return the resolvers of `resolvectl dns` in its order, those of no card first."""
    found = []
    for line in text.splitlines()[:_MOST_LINES]:
        link = _LINK.match(line.strip())
        card, said = (link[1], link[2]) if link else ("", line.partition("Global:")[2])
        found += [one for each in said.split() if (one := _resolver(each.partition("#")[0], card))]
    return tuple(found[:MOST_RESOLVERS])


def in_nmcli(text: str) -> tuple[Resolver, ...]:
    """Return the resolvers by card, by `nmcli -t -f GENERAL.DEVICE,IP4.DNS,IP6.DNS device show`."""
    found, card = [], ""
    for line in text.splitlines()[:_MOST_LINES]:
        name, _, value = line.partition(":")
        if name == "GENERAL.DEVICE":
            card = value
        elif name.startswith(("IP4.DNS[", "IP6.DNS[")) and (one := _resolver(value.replace("\\:", ":"), card)):
            found.append(one)
    return tuple(found[:MOST_RESOLVERS])


def with_cards(resolvers: Iterable[Resolver], known: Iterable[Resolver]) -> tuple[Resolver, ...]:
    """Return resolvers with the card that another list names them for."""
    cards = {each.address: each.card for each in known}
    return tuple(each if each.card else Resolver(each.address, cards.get(each.address, "")) for each in resolvers)


def foreign_first(resolvers: Iterable[Resolver], card: str) -> bool | None:
    """Return whether a resolver of another card is asked before those of this one; None if it cannot be told."""
    known = [each.card for each in resolvers]
    if not card or card not in known or "" in known[: known.index(card)]:
        return None
    return known[0] != card


def names_in_hosts(text: str, names: Iterable[str]) -> bool:
    """Return whether a hosts file gives an address to one of the names."""
    wanted = {each.lower() for each in names}
    for line in text.splitlines()[:_MOST_LINES]:
        row = line.partition("#")[0].lower().split()
        if wanted & set(row[1:]):
            return True
    return False


def proxy_of(environment: Mapping[str, str]) -> bool:
    """Return whether the environment sets a proxy. What it is, is nobody's business: it may hold a password."""
    return any(environment.get(name, "").strip() for name in _PROXIES)


def passed_by(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return what the environment leaves out of the proxy."""
    said = environment.get("no_proxy") or environment.get("NO_PROXY") or ""
    return tuple(each.strip() for each in said.split(",")[:_MOST_LINES] if each.strip())


def gsettings_value(text: str) -> object:
    """Return a value of `gsettings get`; None if it is none that a literal can say."""
    try:
        return ast.literal_eval(text.strip().removeprefix("uint32 ").removeprefix("@as "))
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return None


def bypassed(name: str, patterns: Iterable[str]) -> bool:
    """Return whether a name is left out of a proxy.

    >>> bypassed("portal.claims.example", ["localhost", "*.claims.example"])
    True
    """
    name = name.lower()
    for each in patterns:
        pattern = each.lower().partition(":")[0].removeprefix("*").removeprefix(".")
        if each == "*" or (pattern and (name == pattern or name.endswith(f".{pattern}"))):
            return True
    return False


def _resolver(text: str, card: str = "") -> Resolver | None:
    """Return a resolver; an address that only the link knows keeps its card, without which it cannot be asked."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return Resolver(str(address), card or (getattr(address, "scope_id", None) or ""))
