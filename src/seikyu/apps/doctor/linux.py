"""The probes of Linux: network cards, addresses, routes, resolvers, proxies, power, firewall and tunnels.

Each reads what the kernel shows everybody, and asks the system's tools where they are there. What needs the rights of
an administrator says so.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from ipaddress import IPv6Address, ip_address
from pathlib import Path
from typing import Final

from seikyu.apps.doctor import linux_addresses as addresses
from seikyu.apps.doctor import linux_arp, linux_ndp
from seikyu.apps.doctor import linux_closed as closed
from seikyu.apps.doctor import linux_link as link
from seikyu.apps.doctor import linux_names as names
from seikyu.apps.doctor.linux_link import Card, Route
from seikyu.apps.doctor.linux_machine import (
    Machine,
    Way,
    cards,
    line_card,
    routes,
    said_of,
    sample,
    way_to,
)
from seikyu.apps.doctor.origins import by_line
from seikyu.apps.doctor.probing import CouldNotLook, Look, Probe
from seikyu.apps.doctor.wire import target
from seikyu.lines.facts import Facts, Value
from seikyu.lines.wrong import Network

_CONF: Final = "proc/sys/net"
_DESKTOP_POWER: Final = "org.gnome.settings-daemon.plugins.power"
_DESKTOP_PROXY: Final = "org.gnome.system.proxy"
_LOG_LINES: Final = "400"

#: What strongSwan's tool says if there is no daemon to talk to.
_NOT_RUNNING: Final = "No such file or directory"


@dataclass(frozen=True, slots=True)
class _Around:
    """What every probe needs: the cards, the routes, the way to the claims network, and the card towards the line."""

    machine: Machine
    cards: tuple[Card, ...]
    routes: tuple[Route, ...]
    way: Way | None
    card: Card | None

    @property
    def name(self) -> str:
        return self.card.name if self.card else ""


def look_at_link(look: Look, machine: Machine | None = None) -> Facts:
    """Find out the card towards the line, its signal, and what other cards there are."""
    around = _around(look, machine)
    said = partial(said_of, around.machine, around.name)
    errors, mtu, speed = (link.whole(said(each)) for each in ("statistics/rx_errors", "mtu", "speed"))
    found: dict[str, Value | None] = {
        "link.up_interfaces": tuple(each.name for each in around.cards if each.up and (each.carrier or not each.plain)),
        "link.tunnels": tuple(each.name for each in around.cards if each.tunnel),
        "link.retransmitted_percent": link.retransmitted_percent(around.machine.text("proc/net/snmp")),
        "pppoe.connected": any(each.dialled and each.up for each in around.cards),
    }
    if around.card is None:
        if not around.cards:
            raise CouldNotLook("nothing", "/sys/class/net", _known(found))
        return _known(found | ({"link.interface": look.site.interface} if look.site and look.site.interface else {}))
    found |= {
        "link.interface": around.card.name,
        "link.carrier": around.card.carrier,
        "link.speed_mbit": speed or None,
        "link.half_duplex": {"half": True, "full": False}.get(said("duplex")),
        "link.errors": errors,
        "link.mtu": mtu,
        "wlan.used": around.card.wireless,
    }
    if around.card.wireless:
        found["wlan.encryption"] = _encryption(around.machine, around.card.name)
    return _known(found)


def look_at_router(look: Look, machine: Machine | None = None) -> Facts:
    """Find out the router of the line and whether it answers: a ping, or a question on the cable itself.

    Without the right to ask on the cable, what the neighbour table says after the ping; that a router was there half a
    minute ago is no answer.
    """
    around = _around(look, machine)
    ways = [each for each in link.default_routes(around.routes) if each.card == around.name and each.router]
    if not ways:
        return {}
    router, box = str(ways[0].router), around.machine
    at = f"{router}%{around.name}" if ":" in router else router
    answers: bool | None = box.run(("ping", "-n", "-c", "1", "-W", "1", at)).ok or None
    there = _claimants(box, around.name, router)
    if answers is None and there is not None:
        answers = there > 0
    if answers is None:
        answers = link.neighbour_answers(box.printed("ip", "-j", "neigh", "show", "dev", around.name), router)
    if answers is None:
        answers = link.arp_answers(box.text("proc/net/arp"), router)
    return _known({"router.address": router, "router.answers": answers, "router.claimants": there or None})


def look_at_addresses(look: Look, machine: Machine | None = None) -> Facts:
    """Find out the addresses of the card towards the line, and by which card packets go to the claims network."""
    around = _around(look, machine)
    box, card = around.machine, around.name
    found: dict[str, Value | None] = {}
    if card:
        listed = box.has("proc/net/if_inet6") or _ipv6_on(box, card) is False
        ipv6 = [each.address.ip for each in addresses.in_if_inet6(box.text("proc/net/if_inet6")) if each.card == card]
        prefixes = addresses.prefixes(each for each in ipv6 if isinstance(each, IPv6Address))
        ran = box.run(("ip", "-j", "-4", "addr"))
        ipv4 = [str(each.address.ip) for each in addresses.in_ip_addr(ran.out) if each.card == card]
        found = {
            "ipv4.addresses": tuple(ipv4) if ran.ok else None,
            "ipv6.enabled": _ipv6_on(box, card),
            "ipv6.addresses": tuple(map(str, ipv6)) if listed else None,
            "ipv6.prefixes": len(prefixes) if listed else None,
            "ipv6.prefix": next(iter(prefixes), None),
            "ipv6.routers": addresses.routers(around.routes, card),
        }
    if look.network:
        found |= _claims(around, look)
    return _known(found)


def look_at_names(look: Look, machine: Machine | None = None) -> Facts:
    """Find out which resolvers are set, in their order, and whether a hosts file says otherwise."""
    around = _around(look, machine)
    set_ = _resolvers(around.machine)
    own = bool(set_) and names.only_own(set_[:1])
    # The PC's own resolver asks all others at once, or each for its own names: there is no first one.
    foreign = None if own else names.foreign_first(set_, around.name)
    if foreign is None and set_ and around.name and not own:
        ways = [each.card or _card_to(around, each.address) for each in set_]
        foreign = ways[0] != around.name if ways[0] and around.name in ways else None
    hosts = around.machine.text("etc/hosts")
    return _known(
        {
            "dns.resolvers": tuple(each.address for each in set_),
            "dns.foreign_first": foreign,
            "hosts.entry": names.names_in_hosts(hosts, look.network.names.values()) if look.network and hosts else None,
        }
    )


def look_at_proxy(look: Look, machine: Machine | None = None) -> Facts:
    """Find out whether a proxy is set, by the environment or the desktop, and whether claims names pass it by."""
    box = machine or Machine(look.run)
    environment = dict(os.environ)
    ran = box.run(("gsettings", "get", _DESKTOP_PROXY, "mode"))
    desktop = names.gsettings_value(ran.out) if ran.ok else ""
    is_set = names.proxy_of(environment) or desktop in {"manual", "auto"}
    place = target(look.url)
    wanted = {*(look.network.names.values() if look.network else ()), *([place[0]] if place else ())}
    if not is_set or not wanted or desktop == "auto":  # What a script decides is not known.
        return {"proxy.set": is_set}
    passed = []
    if names.proxy_of(environment):
        passed.append(names.passed_by(environment))
    if desktop == "manual":
        ignored = names.gsettings_value(box.printed("gsettings", "get", _DESKTOP_PROXY, "ignore-hosts"))
        passed.append(tuple(map(str, link.as_list(ignored))))
    return {"proxy.set": True, "proxy.bypasses": all(names.bypassed(each, row) for row in passed for each in wanted)}


def look_at_power(look: Look, machine: Machine | None = None) -> Facts:
    """Find out whether the PC falls asleep, and whether the card saves power."""
    around = _around(look, machine)
    box = around.machine
    dropped = "etc/systemd/logind.conf.d"
    files = ["etc/systemd/logind.conf", *(f"{dropped}/{each}" for each in box.entries(dropped))]
    desktop = box.printed("gsettings", "get", _DESKTOP_POWER, "sleep-inactive-ac-type")
    masked = box.run(("systemctl", "is-enabled", "sleep.target")).out
    known = box.has("run/systemd/system") or bool(desktop)
    asleep = closed.falls_asleep(masked=masked, logind=[box.text(each) for each in files], desktop=desktop)
    saving = {"auto": True, "on": False}.get(said_of(box, around.name, "device/power/control")) if around.name else None
    return _known({"power.sleeps": asleep if known else None, "power.nic_saving": saving})


def look_at_doors(look: Look, machine: Machine | None = None) -> Facts:
    """Find out where the PC listens, whether a firewall refuses what comes in, and whether it forwards."""
    box = machine or Machine(look.run)
    listening = [each for name in ("tcp", "tcp6") for each in closed.listening(box.text(f"proc/net/{name}"))]
    switches = (f"{_CONF}/ipv4/ip_forward", f"{_CONF}/ipv6/conf/all/forwarding")
    forwards = [text for text in (box.text(each).strip() for each in switches) if text]
    found: dict[str, Value | None] = {
        "inbound.listening": tuple(sorted(map(str, listening))),
        "forwarding": any(each != "0" for each in forwards) if forwards else None,
    }
    nft = box.run(("nft", "-j", "list", "ruleset"))
    old = [box.run((each,)) for each in ("iptables-save", "ip6tables-save")]
    if not nft.ok and not any(each.ok for each in old):
        why = "tool" if nft.missing and all(each.missing for each in old) else "rights"
        raise CouldNotLook(why, "nft", _known(found))
    said = [
        closed.nft_refuses(nft.out) if nft.ok else None,
        *(closed.iptables_refuses(each.out) for each in old if each.ok),
    ]
    whole = closed.reads(nft.out) if nft.ok else True
    return _known(found | {"inbound.firewall": any(said) if whole or any(said) else None})


def look_at_tunnel(look: Look, machine: Machine | None = None) -> Facts:
    """Find out how the IPsec tunnel is, by strongSwan's own tools, and what its log says of a refusal."""
    box = machine or Machine(look.run)
    found: dict[str, Value | None] = {}
    asked: tuple[tuple[tuple[str, ...], Callable[[str], closed.Tunnel]], ...] = (
        (("swanctl", "--list-sas"), closed.swanctl_tunnel),
        (("ipsec", "statusall"), closed.ipsec_tunnel),
    )
    ran = [(box.run(argv), read) for argv, read in asked]
    for each, read in ran:
        if each.ok:
            tunnel = read(each.out)
            found = {"tunnel.up": tunnel.up, "tunnel.state": tunnel.state, "tunnel.bytes_in": tunnel.bytes_in}
            break
    else:
        if not any(_NOT_RUNNING in each.err for each, _ in ran):
            raise CouldNotLook("tool" if all(each.missing for each, _ in ran) else "rights", "swanctl")
        found = {"tunnel.up": False, "tunnel.state": "not_running"}
    if not found["tunnel.up"]:
        log = box.printed("journalctl", "-b", "-o", "cat", "-n", _LOG_LINES, "-t", "charon", "-t", "charon-systemd")
        found["ike.notify"] = closed.refused_by_log(log) or None
    return _known(found)


def _around(look: Look, machine: Machine | None) -> _Around:
    box = machine or Machine(look.run)
    known_cards, known_routes = cards(box), routes(box)
    way = None
    for prefix in _claims_prefixes(look):
        way = way_to(box, sample(prefix), known_routes)
        if way:
            break
    named = look.site.interface if look.site else ""
    card = line_card(known_cards, known_routes, named=named, claims=way.card if way else "")
    return _Around(box, known_cards, known_routes, way, card)


def _claimants(box: Machine, card: str, router: str) -> int | None:
    """Return how many machines say that they are the router; None if it cannot be asked."""
    if box.root != Path("/"):
        return None  # Another machine's files say nothing of what is on our cable.
    if ":" in router:
        return linux_ndp.claimants(card, router, said_of(box, card, "address"))
    return linux_arp.claimants(card, router)


def _claims_prefixes(look: Look) -> list[Network]:
    """Return the claims prefixes, those of the version that the line carries first."""
    if not look.network:
        return []
    version = 6 if look.site is None or look.site.kind in {"", "ipvpn_ipv6"} else 4
    return sorted(look.network.prefixes, key=lambda each: each.version != version)


def _claims(around: _Around, look: Look) -> dict[str, Value | None]:
    if not look.network:
        return {}
    kinds = {each.name: each for each in around.cards}
    way = around.way
    line = [around.name, *(each.name for each in around.cards if each.tunnel or each.dialled)]
    beside = addresses.overlaps(around.routes, look.network.prefixes, line=line)
    if way is None:
        return {"route.by_line": False, "route.lan_overlaps": beside}
    goes = by_line(look.network, look.site, source=way.source)
    if goes is None and way.card in kinds and look.site and look.site.kind:
        goes = _fits(kinds[way.card], look.site.kind, around.name)
    return {"route.claims_interface": way.card, "route.by_line": goes, "route.lan_overlaps": beside}


def _fits(card: Card, kind: str, line: str) -> bool | None:
    """Return whether a card is of the kind of line; None where a router may do what the PC does not show."""
    if kind == "ipvpn_ipv6":
        return card.name == line
    return (card.dialled if kind == "ipvpn_ipv4" else card.tunnel) or None


def _ipv6_on(box: Machine, card: str) -> bool | None:
    """Return whether a card has IPv6; a kernel without it has none."""
    said = box.text(f"{_CONF}/ipv6/conf/{card}/disable_ipv6").strip()
    if not said:
        return None if box.has(f"{_CONF}/ipv6") or not box.has(_CONF) else False
    return said == "0"


def _resolvers(box: Machine) -> tuple[names.Resolver, ...]:
    """Return the resolvers that programs ask, and behind the PC's own resolver those that it asks."""
    found = names.in_resolv_conf(box.text("etc/resolv.conf"))
    listed = names.in_nmcli(box.printed("nmcli", "-t", "-f", "GENERAL.DEVICE,IP4.DNS,IP6.DNS", "device", "show"))
    if not names.only_own(found):
        return names.with_cards(found, listed)
    return found + (names.in_resolvectl(box.printed("resolvectl", "dns")) or listed)


def _card_to(around: _Around, address: str) -> str:
    way = way_to(around.machine, ip_address(address), around.routes)
    return way.card if way else ""


def _encryption(box: Machine, card: str) -> str | None:
    listed = box.printed("nmcli", "-t", "-f", "ACTIVE,DEVICE,SECURITY", "device", "wifi", "list", "--rescan", "no")
    return link.nmcli_security(listed, card) or link.wpa_security(box.printed("wpa_cli", "-i", card, "status"))


def _known(found: dict[str, Value | None]) -> Facts:
    return {name: value for name, value in found.items() if value is not None}


_ON: Final = ("linux",)
PROBES: Final = (
    Probe(
        "linux_link",
        look_at_link,
        (
            "link.interface", "link.carrier", "link.speed_mbit", "link.half_duplex", "link.errors", "link.mtu",
            "link.retransmitted_percent", "link.up_interfaces", "link.tunnels", "wlan.used", "wlan.encryption",
            "pppoe.connected",
        ),
        _ON,
    ),
    Probe("linux_router", look_at_router, ("router.address", "router.answers", "router.claimants"), _ON),
    Probe(
        "linux_addresses",
        look_at_addresses,
        (
            "ipv4.addresses", "ipv6.enabled", "ipv6.addresses", "ipv6.prefixes", "ipv6.prefix", "ipv6.routers",
            "route.claims_interface", "route.by_line", "route.lan_overlaps",
        ),
        _ON,
    ),
    Probe("linux_names", look_at_names, ("dns.resolvers", "dns.foreign_first", "hosts.entry"), _ON),
    Probe("linux_proxy", look_at_proxy, ("proxy.set", "proxy.bypasses"), _ON),
    Probe("linux_power", look_at_power, ("power.sleeps", "power.nic_saving"), _ON),
    Probe("linux_doors", look_at_doors, ("inbound.listening", "inbound.firewall", "forwarding"), _ON),
    Probe("linux_tunnel", look_at_tunnel, ("tunnel.up", "tunnel.state", "tunnel.bytes_in", "ike.notify"), _ON),
)  # fmt: skip
