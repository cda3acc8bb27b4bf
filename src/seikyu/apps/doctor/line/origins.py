"""What the address that packets leave with says of the line: which kind it is, and whether it is the right one.

The system is asked which address it would take for the claims network; nothing is sent for that.
"""

import socket
from collections.abc import Iterable
from ipaddress import IPv6Address, ip_address
from typing import Final

from seikyu.apps.doctor.probing import CouldNotLook, Look, Probe, Stage
from seikyu.lines.facts import Facts, Value
from seikyu.lines.network import ClaimsNetwork
from seikyu.lines.site import Site
from seikyu.lines.wrong import Address, Network

_DISCARD: Final = 9


def look(look: Look) -> Facts:
    """Find out with which address packets to the claims network leave, and what it belongs to."""
    if not look.network:
        raise CouldNotLook("network_file")
    asked = [source_to(prefix[min(1, prefix.num_addresses - 1)]) for prefix in look.network.prefixes]
    sources = [each for each in asked if each]
    found: dict[str, Value] = {}
    kinds = [kind_of(look.network, source) for source in sources]
    kind = next((each for each in kinds if each), _by_card(look.facts))
    if kind:
        found["line.used_kind"] = kind
    ipv6 = [each for each in sources if isinstance(each, IPv6Address)]
    lines = [prefix for area in look.network.areas.values() for prefix in area.line_prefixes]
    if ipv6 and lines and (look.site is None or look.site.kind in {"", "ipvpn_ipv6"}):
        found["ipv6.outside_source"] = not any(within(each, lines) for each in ipv6)
        own = [*ipv6, *_addresses(look.facts.get("ipv6.addresses"))]
        area = next((name for each in own if (name := area_of(look.network, each))), "")
        if area:
            found["ipv6.prefix_area"] = area
    return found


def source_to(address: Address) -> Address | None:
    """Return the address that the system would take as the source; None if there is no way there."""
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET  # noqa: PLR2004  (IPv6)
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as asking:
            asking.connect((str(address), _DISCARD))
            return ip_address(asking.getsockname()[0].partition("%")[0])
    except (OSError, ValueError):
        return None


def kind_of(network: ClaimsNetwork, source: Address) -> str:
    """Return the kind of line that an address is given by; empty if none that is known."""
    if within(source, network.pppoe.line_prefixes):
        return "ipvpn_ipv4"
    if within(source, network.ipsec.pools):
        return "ipsec_ike"
    return "ipvpn_ipv6" if area_of(network, source) else ""


def area_of(network: ClaimsNetwork, source: Address) -> str:
    """Return the area whose lines are given an address; empty if none."""
    return next((name for name, area in network.areas.items() if within(source, area.line_prefixes)), "")


def by_line(network: ClaimsNetwork, site: Site | None, *, source: Address | None) -> bool | None:
    """Return whether packets with this source go by the line that the site has; None if that cannot be told by it."""
    if source is None:
        return None
    kind = site.kind if site else ""
    given: dict[str, Iterable[Network]] = {
        "ipvpn_ipv6": [prefix for area in network.areas.values() for prefix in area.line_prefixes],
        "ipvpn_ipv4": network.pppoe.line_prefixes,
        "ipsec_ike": network.ipsec.pools,
    }
    if not kind:
        return True if kind_of(network, source) else None
    prefixes = tuple(given.get(kind, ()))
    # A router may dial in the PC's place: then the PC has an address of its own network, and nothing can be told.
    return within(source, prefixes) or (None if not prefixes or kind == "ipvpn_ipv4" else False)


def within(address: Address, prefixes: Iterable[Network]) -> bool:
    """True if one of the prefixes holds the address."""
    return any(each.version == address.version and address in each for each in prefixes)


def _by_card(facts: Facts) -> str:
    card, tunnels = facts.get("route.claims_interface"), facts.get("link.tunnels")
    if isinstance(card, str) and card.startswith("ppp"):
        return "ipvpn_ipv4"
    return "ipsec_ike" if isinstance(tunnels, tuple) and card in tunnels else ""


def _addresses(value: Value | None) -> list[Address]:
    found = []
    for each in value if isinstance(value, tuple) else ():
        try:
            found.append(ip_address(each))
        except ValueError:
            continue
    return found


PROBES: Final = (
    Probe("origins", look, ("line.used_kind", "ipv6.outside_source", "ipv6.prefix_area"), stage=Stage.LINE),
)
