"""Probes for Windows: one PowerShell command tells most of it; where that does not answer, plain tools tell some.

Nothing of this has run on a real Windows. It is written after Microsoft's documentation: each question of
`windows.toml` names its page, each reader of `windows_text` its tool's. What Windows does not say stays unknown.
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from seikyu.apps.doctor.pc.machine import claims_names, names_portal
from seikyu.apps.doctor.pc.windows_asked import command, questions, read_seen
from seikyu.apps.doctor.pc.windows_seen import certificates, facts_of_seen, facts_of_texts
from seikyu.apps.doctor.probing import CouldNotLook, Look, Probe, Stage
from seikyu.lines.facts import Facts

#: How long the one command may take, with PowerShell's own start.
_COMMAND_S: Final = 6.2
_TOOL_S: Final = 0.4
_PING_S: Final = 2.0

#: Which question is of the store alone; all others are asked together.
_STORE: Final = "store"

_HOSTS_BYTES: Final = 256 * 1024
_PROXY_KEY: Final = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Internet Settings"


def _look(given: Look) -> Facts:
    ran = given.run(command(each for each in questions() if each != _STORE), _COMMAND_S)
    if seen := read_seen(ran.out):
        return facts_of_seen(seen, given)
    if ran.late:
        raise CouldNotLook("refused", "powershell.exe")
    ipconfig, wlan, proxy = (given.run(argv, _TOOL_S).out for argv in _PLAIN)
    facts = facts_of_texts(ipconfig, wlan, proxy, given)
    raise CouldNotLook("tool" if ran.missing else "refused", "powershell.exe", facts)


_PLAIN: Final = (
    ("ipconfig.exe", "/all"),
    ("netsh.exe", "wlan", "show", "interfaces"),
    ("reg.exe", "query", _PROXY_KEY),
)


def _look_at_store(given: Look) -> Facts:
    """The user's own store is where a browser finds certificates; who has a client's folder has them there."""
    if given.folder is not None:
        return {}
    seen = read_seen(given.run(command((_STORE,)), _COMMAND_S).out)
    return certificates(seen, given.now())


def _look_at_hosts(given: Look) -> Facts:
    if not claims_names(given):
        raise CouldNotLook("network_file")
    path = Path(os.environ.get("SYSTEMROOT", r"C:\Windows"), "System32", "drivers", "etc", "hosts")
    with suppress(OSError):
        text = path.read_bytes()[:_HOSTS_BYTES].decode("utf-8", errors="replace")
        return {"hosts.entry": names_portal(text, claims_names(given).values())}
    raise CouldNotLook("refused", "hosts")


def _look_at_router(given: Look) -> Facts:
    """Ask the router by `ping -n 1`: an answer has TTL in every language; silence says nothing, routers may be silent.

    Source: windows-commands:ping (Examples).
    """
    router = given.facts.get("router.address")
    if not isinstance(router, str) or "router.answers" in given.facts or ":" in router:
        return {}
    ran = given.run(("ping.exe", "-n", "1", "-w", "1000", router), _PING_S)
    return {"router.answers": True} if "TTL=" in ran.out else {}


_GIVES: Final = (
    "link.interface", "link.carrier", "link.speed_mbit", "link.half_duplex", "link.errors", "link.mtu",
    "link.retransmitted_percent", "link.up_interfaces", "link.tunnels", "router.address", "router.answers",
    "wlan.used", "wlan.encryption", "power.sleeps", "power.nic_saving", "ipv4.addresses", "ipv6.enabled",
    "ipv6.addresses", "ipv6.prefixes", "ipv6.prefix", "ipv6.routers", "route.claims_interface", "route.by_line",
    "route.lan_overlaps", "pppoe.code", "pppoe.connected", "tunnel.up", "tunnel.state", "dns.resolvers",
    "dns.foreign_first", "proxy.set", "proxy.bypasses", "inbound.listening", "inbound.firewall", "forwarding",
)  # fmt: skip

_CERTIFICATES: Final = (
    "certificate.found", "certificate.count", "certificate.purpose", "certificate.key", "certificate.early",
    "certificate.expired", "certificate.days_left",
)  # fmt: skip

PROBES: Final = (
    Probe("windows", _look, _GIVES, on=("windows",), limit_s=6.5),
    Probe("windows_store", _look_at_store, _CERTIFICATES, on=("windows",), limit_s=6.5),
    Probe("windows_hosts", _look_at_hosts, ("hosts.entry",), on=("windows",)),
    Probe("windows_router", _look_at_router, ("router.answers",), on=("windows",), stage=Stage.LINE),
)
