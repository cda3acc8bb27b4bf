"""What Windows answered, read: a machine, and the facts that follow. Source: the pages that `windows.toml` names.

Windows tells the same thing now as a number, now as its name, and leaves out what a card does not have. Nothing of
this has been seen on a real Windows; what is not understood stays unknown.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Network, IPv6Network
from typing import Any, Final

from seikyu.apps.doctor.pc import windows_text
from seikyu.apps.doctor.pc.machine import (
    Card,
    Machine,
    Neighbour,
    Route,
    address_of,
    claims_names,
    facts_of,
    held_of,
    line_card,
    network_of,
)
from seikyu.apps.doctor.pc.windows_asked import tables, text_of
from seikyu.apps.doctor.probing import Look
from seikyu.lines.facts import Value
from seikyu.lines.site import Endpoint
from seikyu.lines.wrong import Network

Seen = Mapping[str, list[Any]]

#: A failed dial-up that is older than this is not today's trouble.
_DIALLED_AGE: Final = timedelta(hours=24)

_BITS_PER_MBIT: Final = 1_000_000

#: As Windows numbers them. Source: windows.toml, adapters; ipifcons.h (IF_TYPE_…); ntddndis.h (NdisPhysicalMedium…).
_WIRELESS_TYPE: Final = 71
_WIRELESS_MEDIA: Final = (1, 9)
_CONNECTED, _DISCONNECTED, _UP = 1, 2, 1

#: Windows' own words for what is not a card: WAN, virtual switch and tunnel adapters. Source: windows.toml, adapters.
_TUNNEL_WORDS: Final = (
    "tap-",
    "tun",
    "vpn",
    "wireguard",
    "wintun",
    "anyconnect",
    "fortinet",
    "softether",
    "l2tp",
    "ikev2",
)

_ALIVE, _DEAD = ("reachable",), ("unreachable", "incomplete")
_STATES: Final = {"connected": "ESTABLISHED", "connecting": "CONNECTING", "disconnected": "none"}
_CLIENT_PURPOSE: Final = "1.3.6.1.5.5.7.3.2"


def machine_of(seen: Seen) -> Machine:
    """Return the PC as Windows describes it. Source: windows.toml."""
    found = {each["name"]: each["card"] for each in _cards(seen)}
    held = [held_of(_text(each, "InterfaceAlias"), each.get("IPAddress"), each.get("PrefixLength"))
            for each in tables(seen, "addresses") if _text(each, "State").lower() in {"preferred", "4"}]  # fmt: skip
    return Machine(
        cards=tuple(found.values()),
        held=tuple(each for each in held if each is not None),
        routes=tuple(way for row in tables(seen, "routes") if (way := _route(row)) is not None),
        resolvers=_resolvers(seen, found),
        neighbours=tuple(near for row in tables(seen, "neighbours") if (near := _neighbour(row)) is not None),
    )


def facts_of_seen(seen: Seen, given: Look) -> dict[str, Value]:
    """Return the facts that follow from what Windows answered. Source: windows.toml."""
    machine = machine_of(seen)
    name = line_card(machine, given)
    return {
        **_certain(facts_of(machine, given), seen),
        **_of_power(seen, name),
        **_of_wlan(text_of(seen, "wlan"), machine, name),
        **_of_inbound(seen, name),
        **_of_vpn(seen),
        **_of_dialled(seen, given.now()),
        **_of_segments(seen),
        **_of_proxy(_proxy_row(seen), given),
    }


def _certain(facts: dict[str, Value], seen: Seen) -> dict[str, Value]:
    """Leave out what cannot be told apart: a dialled line and a VPN, while one of two answers is late."""
    doubtful = () if {"interfaces", "vpn"} <= set(seen) else ("pppoe.connected", "link.tunnels")
    return {name: value for name, value in facts.items() if name not in doubtful}


def certificates(seen: Seen, now: datetime) -> dict[str, Value]:
    """Return what the user's own store says of certificates for clients; nothing is told of several parties' at once.

    Source: windows.toml, store.
    """
    if "store" not in seen:
        return {}
    rows = [each for each in tables(seen, "store") if _CLIENT_PURPOSE in (each.get("Purposes") or ())]
    facts: dict[str, Value] = {"certificate.found": bool(rows)}
    if len({each.get("Subject") for each in rows}) != 1:
        return facts
    last = max(rows, key=lambda each: _text(each, "Until"))
    begins, ends = _moment(last.get("From")), _moment(last.get("Until"))
    facts |= {
        "certificate.count": len(rows),
        "certificate.purpose": True,
        "certificate.key": last.get("HasPrivateKey") is True,
    }
    if begins and ends:
        facts |= {
            "certificate.early": now < begins,
            "certificate.expired": now > ends,
            "certificate.days_left": max((ends - now).days, 0),
        }
    return facts


def facts_of_texts(ipconfig: str, wlan: str, proxy: str, given: Look) -> dict[str, Value]:
    """Return what `ipconfig /all`, `netsh wlan show interfaces` and `reg query` say: less, where PowerShell is barred.

    Source: windows_text.
    """
    adapters = windows_text.adapters(ipconfig)
    cards = tuple(Card(each.title, up=each.connected, carrier=each.connected) for each in adapters)
    routes = [Route(_EVERYWHERE[router.version], each.title, router) for each in adapters for router in each.routers]
    machine = Machine(
        cards=cards,
        held=tuple(held for each in adapters for at in each.addresses if (held := _alone(each.title, at)) is not None),
        routes=tuple(routes),
        resolvers=tuple((each.title, server) for each in adapters for server in each.resolvers),
    )
    facts = facts_of(machine, given)
    for guess in ("link.mtu", "wlan.used", "pppoe.connected", "link.tunnels", "ipv6.routers", "dns.foreign_first"):
        facts.pop(guess, None)  # ipconfig does not tell these.
    joined = next((each for each in windows_text.wireless(wlan) if each.encryption), None)
    if joined and any(name.endswith(joined.name) for name in [str(facts.get("link.interface", ""))]):
        facts |= {"wlan.used": True, "wlan.encryption": str(joined.encryption)}
    return facts | _of_proxy(_proxy_of_registry(proxy), given)


def _cards(seen: Seen) -> list[dict[str, Any]]:
    errors = {_text(each, "Name"): _whole(each.get("ReceivedPacketErrors")) for each in tables(seen, "statistics")}
    ipv6 = {_text(each, "Name"): each.get("Enabled") for each in tables(seen, "bindings")}
    kinds = {_text(each, "Name"): each for each in tables(seen, "interfaces")}
    vpns = {_text(each, "Name") for each in tables(seen, "vpn")}
    found = {name: _of_interface(name, each, vpns) for name, each in kinds.items() if name}
    for each in tables(seen, "adapters"):
        name = _text(each, "Name")
        if name:
            found[name] = _of_adapter(name, each, errors=errors.get(name))
    for each in tables(seen, "ip"):
        name = _text(each, "InterfaceAlias")
        if name in found:
            found[name] = _with_ip(found[name], each)
    for name, enabled in ipv6.items():
        if name in found and isinstance(enabled, bool):
            found[name] = replace(found[name], ipv6=enabled)
    return [{"name": name, "card": card} for name, card in found.items()]


def _of_interface(name: str, row: Mapping[str, Any], vpns: set[str]) -> Card:
    kind = _text(row, "Kind").lower()
    words = f"{name} {_text(row, 'Description')}".lower()
    return Card(
        name,
        up=row.get("Up") is True,
        wireless=kind == "wireless80211",
        tunnel=kind == "tunnel" or (kind == "ppp" and name in vpns) or any(each in words for each in _TUNNEL_WORDS),
        dialled=kind == "ppp" and name not in vpns,
        loopback=kind == "loopback",
    )


def _of_adapter(name: str, row: Mapping[str, Any], *, errors: int | None) -> Card:
    state, speed = row.get("MediaConnectState"), _whole(row.get("ReceiveLinkSpeed"))
    words = f"{name} {_text(row, 'InterfaceDescription')}".lower()
    full = row.get("FullDuplex")
    return Card(
        name,
        up=row.get("InterfaceOperationalStatus") == _UP,
        carrier={_CONNECTED: True, _DISCONNECTED: False}.get(state) if isinstance(state, int) else None,
        wireless=row.get("InterfaceType") == _WIRELESS_TYPE or row.get("NdisPhysicalMedium") in _WIRELESS_MEDIA,
        tunnel=row.get("HardwareInterface") is not True and any(each in words for each in _TUNNEL_WORDS),
        speed_mbit=speed // _BITS_PER_MBIT if speed else None,
        half_duplex=not full if isinstance(full, bool) else None,
        errors=errors,
    )


def _with_ip(card: Card, row: Mapping[str, Any]) -> Card:
    """Add what one family's row says: the smaller MTU, the lower metric, and whether packets are forwarded."""
    mtu, metric = _whole(row.get("NlMtu")), _whole(row.get("InterfaceMetric"))
    forwards = _text(row, "Forwarding").lower() in {"enabled", "1"}
    return replace(
        card,
        mtu=min(each for each in (mtu, card.mtu) if each) if mtu or card.mtu else None,
        first=min(each for each in (metric, card.first) if each) if metric or card.first else 0,
        forwards=bool(card.forwards) or forwards,
    )


def _route(row: Mapping[str, Any]) -> Route | None:
    to, router = network_of(row.get("DestinationPrefix")), address_of(row.get("NextHop"))
    if to is None:
        return None
    metric = (_whole(row.get("RouteMetric")) or 0) + (_whole(row.get("InterfaceMetric")) or 0)
    return Route(to, _text(row, "InterfaceAlias"), router if router is not None and int(router) else None, metric)


def _neighbour(row: Mapping[str, Any]) -> Neighbour | None:
    address, state = address_of(row.get("IPAddress")), _text(row, "State").lower()
    if address is None:
        return None
    return Neighbour(
        _text(row, "InterfaceAlias"), address, True if state in _ALIVE else False if state in _DEAD else None
    )


def _resolvers(seen: Seen, cards: Mapping[str, Card]) -> tuple[tuple[str, Any], ...]:
    """Return the resolvers of cards that are up, the card of the lowest metric first, as Windows asks them."""
    found = []
    for each in tables(seen, "resolvers"):
        card = cards.get(_text(each, "InterfaceAlias"))
        if card is None or not card.up or card.loopback:
            continue
        servers = each.get("Servers")
        found += [(card, at) for text in (servers if isinstance(servers, list) else [servers])
                  if (at := address_of(text)) is not None and not _placeholder(at)]  # fmt: skip
    found.sort(key=lambda each: each[0].first)
    return tuple((card.name, at) for card, at in found)


def _placeholder(at: Any) -> bool:
    """True for fec0:0:0:ffff::1 to 3, which Windows shows where no resolver is set."""
    return bool(at.version == 6 and at.is_site_local)  # noqa: PLR2004  (IPv6)


def _of_power(seen: Seen, name: str) -> dict[str, Value]:
    facts: dict[str, Value] = {}
    after = windows_text.sleep_s(text_of(seen, "sleep"))
    if after is not None:
        facts["power.sleeps"] = after > 0
    off = next((_text(each, "Off").lower() for each in tables(seen, "saving") if _text(each, "Name") == name), "")
    if off in {"enabled", "disabled"}:
        facts["power.nic_saving"] = off == "enabled"
    return facts


def _of_wlan(text: str, machine: Machine, name: str) -> dict[str, Value]:
    card = machine.card(name)
    if card is None or not card.wireless or not card.up:
        return {}
    joined = next((each for each in windows_text.wireless(text) if each.name == name and each.encryption), None)
    return {"wlan.encryption": joined.encryption} if joined and joined.encryption else {}


def _of_inbound(seen: Seen, name: str) -> dict[str, Value]:
    facts: dict[str, Value] = {}
    if "listening" in seen:
        rows = [
            (address_of(each.get("LocalAddress")), _whole(each.get("LocalPort"))) for each in tables(seen, "listening")
        ]
        ends = [str(Endpoint(str(at), port)) for at, port in rows if at is not None and port and not at.is_loopback]
        facts["inbound.listening"] = tuple(dict.fromkeys(ends))
    category = next(
        (_text(each, "Category") for each in tables(seen, "profiles") if _text(each, "InterfaceAlias") == name), ""
    )
    wanted = {"DomainAuthenticated": "Domain"}.get(category, category)
    rules = [each for each in tables(seen, "firewall") if wanted in {"", _text(each, "Name")}]
    if rules:
        facts["inbound.firewall"] = all(_refuses(each) for each in rules)
    return facts


def _refuses(profile: Mapping[str, Any]) -> bool:
    """True if a profile is on and lets in only what a rule allows, which is what it does if nothing else is set."""
    enabled = _text(profile, "Enabled").lower() in {"true", "1"}
    return enabled and _text(profile, "Inbound").lower() in {"block", "notconfigured", "4", "0"}


def _of_vpn(seen: Seen) -> dict[str, Value]:
    """Of connections that Windows itself makes by IKE; a provider's own program is not seen."""
    states = [_text(each, "Status").lower() for each in tables(seen, "vpn") if _text(each, "Kind").lower() == "ikev2"]
    known = [state for state in _STATES if state in states]
    return {"tunnel.up": known[0] == "connected", "tunnel.state": _STATES[known[0]]} if known else {}


def _of_dialled(seen: Seen, now: datetime) -> dict[str, Value]:
    for each in tables(seen, "dialled"):
        at, code = _moment(each.get("At")), _whole(each.get("Code"))
        if at and code and timedelta(0) <= now - at <= _DIALLED_AGE:
            return {"pppoe.code": code}
    return {}


def _of_segments(seen: Seen) -> dict[str, Value]:
    rows = tables(seen, "segments")
    sent = sum(_whole(each.get("SegmentsSent")) or 0 for each in rows)
    again = sum(_whole(each.get("SegmentsResent")) or 0 for each in rows)
    return {"link.retransmitted_percent": min(100, 100 * again // sent)} if sent >= _LEAST_SEGMENTS else {}


_LEAST_SEGMENTS: Final = 200


def _proxy_row(seen: Seen) -> Mapping[str, Any] | None:
    return next(iter(tables(seen, "proxy")), None)


def _proxy_of_registry(text: str) -> Mapping[str, Any] | None:
    said = windows_text.registry(text)
    if "ProxyEnable" not in said:
        return None
    on = said["ProxyEnable"].lower().removeprefix("0x")
    return {
        "ProxyEnable": int(on == "1"),
        "ProxyOverride": said.get("ProxyOverride", ""),
        "Script": "AutoConfigURL" in said,
    }


def _of_proxy(row: Mapping[str, Any] | None, given: Look) -> dict[str, Value]:
    """What browsers use. That of `netsh winhttp` is for services, and says nothing of a browser."""
    if row is None:
        return {}
    on, script = row.get("ProxyEnable") == 1, row.get("Script") is True
    facts: dict[str, Value] = {"proxy.set": on or script}
    names = tuple(claims_names(given).values())
    if on and not script and names:
        past = [each.strip().lower() for each in _text(row, "ProxyOverride").split(";")]
        facts["proxy.bypasses"] = all(any(_matches(name, each) for each in past) for name in names)
    return facts


def _matches(name: str, pattern: str) -> bool:
    """Return whether a name is excepted by a row as `*.claims.example`, a star standing for anything."""
    first, star, last = pattern.partition("*")
    return name == pattern if not star else "*" not in last and name.startswith(first) and name.endswith(last)


def _alone(card: str, text: str) -> Any:
    address = address_of(text)
    return None if address is None else held_of(card, address, address.max_prefixlen)


_EVERYWHERE: Final[Mapping[int, Network]] = {4: IPv4Network("0.0.0.0/0"), 6: IPv6Network("::/0")}


def _moment(value: object) -> datetime | None:
    """Return a time that Windows was asked to print in UTC, without saying so."""
    with suppress(ValueError):
        return datetime.fromisoformat(str(value)).replace(tzinfo=UTC)
    return None


def _text(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    return value if isinstance(value, str) else str(value) if isinstance(value, int) else ""


def _whole(value: object) -> int | None:
    """Return a number that is not below zero; Windows gives some as texts."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 19:  # noqa: PLR2004  (64 bits)
        return int(value)
    return value if isinstance(value, int) and value >= 0 else None
