"""Probes for macOS: what its own tools print. Nothing of this has run on a real Mac; `macos_text` has the sources."""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

from seikyu.apps.doctor.pc import macos_text
from seikyu.apps.doctor.pc.machine import Machine, claims_names, facts_of, line_card, names_portal
from seikyu.apps.doctor.probing import CouldNotLook, Look, Probe, Stage
from seikyu.lines.facts import Facts, Value
from seikyu.lines.site import Endpoint

_HOSTS: Final = "/etc/hosts"
_HOSTS_BYTES: Final = 256 * 1024
_FIREWALL: Final = "/usr/libexec/ApplicationFirewall/socketfilterfw"

#: How long a tool may take: most answer at once; that of the wireless LAN asks the hardware.
_TOOL_S: Final = 1.0
_AIRPORT_S: Final = 5.0
_PING_S: Final = 2.5

#: What each proxy is called in `scutil --proxy`.
_PROXIES: Final = ("HTTPEnable", "HTTPSEnable", "ProxyAutoConfigEnable", "SOCKSEnable")


def machine_of(given: Look) -> Machine:
    """Return the Mac as its tools describe it."""
    wireless = macos_text.wireless_ports(_out(given, "networksetup", "-listallhardwareports"))
    cards, held = macos_text.interfaces(_out(given, "ifconfig"), wireless)
    errors = macos_text.errors(_out(given, "netstat", "-ibn"))
    forwards = _forwards(_out(given, "sysctl", "-n", "net.inet.ip.forwarding", "net.inet6.ip6.forwarding"))
    return Machine(
        cards=tuple(replace(each, errors=errors.get(each.name), forwards=forwards) for each in cards),
        held=held,
        routes=macos_text.routes(_out(given, "netstat", "-rn")),
        resolvers=macos_text.resolvers(_out(given, "scutil", "--dns")),
        neighbours=macos_text.neighbours(_out(given, "arp", "-an"), _out(given, "ndp", "-an")),
    )


def proxy_facts(text: str, given: Look) -> dict[str, Value]:
    """Return what `scutil --proxy` says. Source: macos_text.proxy."""
    said = macos_text.proxy(text)
    if not said:
        return {}
    facts: dict[str, Value] = {"proxy.set": any(said.get(each) == "1" for each in _PROXIES)}
    names = tuple(claims_names(given).values())
    if facts["proxy.set"] and said.get("ProxyAutoConfigEnable") != "1" and names:
        past = [value.lower() for name, value in said.items() if name.startswith("except ")]
        facts["proxy.bypasses"] = all(any(_matches(name, each) for each in past) for name in names)
    return facts


def inbound_facts(sockets: str, firewall: str) -> dict[str, Value]:
    """Return who may come in, by `netstat -an -p tcp` and `socketfilterfw --getglobalstate`."""
    facts: dict[str, Value] = {}
    if sockets:
        ends = [_end(at, port) for at, port in macos_text.listening(sockets)]
        facts["inbound.listening"] = tuple(dict.fromkeys(each for each in ends if each))
    on = macos_text.firewall(firewall)
    return facts if on is None else facts | {"inbound.firewall": on}


def tunnel_facts(text: str) -> dict[str, Value]:
    """Return how a tunnel of macOS itself is, by `scutil --nc list`; a provider's own program is seen if it is one."""
    states = [each.state for each in macos_text.connections(text) if each.kind not in _DIALLED]
    for state, known in _STATES.items():
        if state in states:
            return {"tunnel.up": state == "Connected", "tunnel.state": known}
    return {}


#: What `scutil --nc list` has that is no tunnel.
_DIALLED: Final = ("PPP:PPPoE", "PPP:Modem")

_STATES: Final = {"Connected": "ESTABLISHED", "Connecting": "CONNECTING", "Disconnected": "none"}


def _look(given: Look) -> Facts:
    if given.run(("ifconfig",), _TOOL_S).missing:
        raise CouldNotLook("tool", "ifconfig")
    machine = machine_of(given)
    name = line_card(machine, given)
    facts = facts_of(machine, given)
    advertisers = macos_text.advertisers(_out(given, "ndp", "-rn"))
    if name and advertisers:
        facts["ipv6.routers"] = advertisers.get(name, 0)
    share = macos_text.retransmitted_percent(_out(given, "netstat", "-s", "-p", "tcp"))
    sleeps = macos_text.sleeps(_out(given, "pmset", "-g"))
    facts |= {} if share is None else {"link.retransmitted_percent": share}
    facts |= {} if sleeps is None else {"power.sleeps": sleeps}
    facts |= proxy_facts(_out(given, "scutil", "--proxy"), given)
    facts |= inbound_facts(_out(given, "netstat", "-an", "-p", "tcp"), _out(given, _FIREWALL, "--getglobalstate"))
    return facts | tunnel_facts(_out(given, "scutil", "--nc", "list"))


def _look_at_airport(given: Look) -> Facts:
    """Slow, so on its own: how the wireless LAN is encrypted that the Mac is joined to, if there is one only."""
    said = macos_text.airport(given.run(("system_profiler", "SPAirPortDataType", "-json"), _AIRPORT_S).out)
    wanted = given.site.interface if given.site else ""
    name = wanted if wanted in said else next(iter(said)) if len(said) == 1 and not wanted else ""
    return {"wlan.encryption": said[name]} if name else {}


def _look_at_keychain(given: Look) -> Facts:
    """The user's keychain is where a browser finds certificates; who has a client's folder has them there."""
    if given.folder is not None:
        return {}
    found = macos_text.identities(_out(given, "security", "find-identity", "-v", "-p", "ssl-client"))
    return {} if found is None else {"certificate.found": found > 0}


def _look_at_hosts(given: Look) -> Facts:
    if not claims_names(given):
        raise CouldNotLook("network_file")
    with suppress(OSError):
        text = Path(_HOSTS).read_bytes()[:_HOSTS_BYTES].decode("utf-8", errors="replace")
        return {"hosts.entry": names_portal(text, claims_names(given).values())}
    raise CouldNotLook("refused", "hosts")


def _look_at_router(given: Look) -> Facts:
    """Ask the router once; silence says nothing, routers may be silent. Source: ping(8), -t and exit status."""
    router = given.facts.get("router.address")
    if not isinstance(router, str) or "router.answers" in given.facts or ":" in router:
        return {}
    return {"router.answers": True} if given.run(("ping", "-c", "1", "-t", "2", router), _PING_S).ok else {}


def _out(given: Look, *argv: str) -> str:
    return given.run(argv, _TOOL_S).out


def _forwards(text: str) -> bool | None:
    """Return whether packets are forwarded, by two values of sysctl. Source: inet(4), inet6(4)."""
    return "1" in text.split() if text.split() else None


def _end(at: str, port: int) -> str:
    if at == "*":
        return f"*:{port}"
    return "" if at in {"127.0.0.1", "::1"} or at.startswith("fe80::1") else str(Endpoint(at, port))


def _matches(name: str, pattern: str) -> bool:
    """Return whether a name is excepted: `claims.example` itself, `*.claims.example` or `.claims.example` all below."""
    if pattern.startswith(("*.", ".")):
        return name.endswith("." + pattern.lstrip("*."))
    return name == pattern or name.endswith("." + pattern)


_GIVES: Final = (
    "link.interface", "link.carrier", "link.speed_mbit", "link.half_duplex", "link.errors", "link.mtu",
    "link.retransmitted_percent", "link.up_interfaces", "link.tunnels", "router.address", "router.answers",
    "wlan.used", "power.sleeps", "ipv4.addresses", "ipv6.enabled", "ipv6.addresses", "ipv6.prefixes", "ipv6.prefix",
    "ipv6.routers", "route.claims_interface", "route.by_line", "route.lan_overlaps", "pppoe.connected", "tunnel.up",
    "tunnel.state", "dns.resolvers", "dns.foreign_first", "proxy.set", "proxy.bypasses", "inbound.listening",
    "inbound.firewall", "forwarding",
)  # fmt: skip

PROBES: Final = (
    Probe("macos", _look, _GIVES, on=("macos",), limit_s=6.5),
    Probe("macos_wlan", _look_at_airport, ("wlan.encryption",), on=("macos",), limit_s=6.0),
    Probe("macos_keychain", _look_at_keychain, ("certificate.found",), on=("macos",)),
    Probe("macos_hosts", _look_at_hosts, ("hosts.entry",), on=("macos",)),
    Probe("macos_router", _look_at_router, ("router.answers",), on=("macos",), stage=Stage.LINE),
)
