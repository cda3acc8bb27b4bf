"""The packet filter around the tunnels (nftables): what a tunnel reaches, and that it reaches nothing else.

One table of our own holds it, so that it goes beside whatever the machine has: a packet passes if every table lets it.
It judges only packets from or to an address of the pools, and what would be forwarded to or from the claims network
beside the tunnels: a machine that forwards does so for every neighbour. It does not know who is connected and needs no
change when somebody comes or goes: it stays as closed when the supervisor, or the daemon, has died.

With ESP in user space packets of tunnels come from the daemon's own device, which can be asked for by name; with ESP in
the kernel they come from the line itself, and are known by having been decrypted (`meta ipsec`, `rt ipsec`).
"""

from collections.abc import Iterable, Iterator
from typing import Final, Literal

from seikyu.lines.gateway.config import Gateway

Esp = Literal["kernel", "user"]

#: The devices that the daemon makes with ESP in user space.
USER_DEVICES: Final = "ipsec*"

#: IKE, and IKE and ESP through address translation.
IKE_PORTS: Final = (500, 4500)

#: The counters of what was dropped, and the words for it in metrics.
COUNTERS: Final = ("spoofed", "in_clear", "to_another", "not_claims", "unasked", "outside", "gateway")

_FAMILIES: Final = (("ip", 4), ("ip6", 6))


def ruleset(gateway: Gateway, *, esp: Esp) -> str:
    """Return the table as `nft -f` reads it; it replaces the one that is there in one step, whatever that holds."""
    table = f"inet {gateway.table}"
    lines = [f"table {table}", f"delete table {table}", f"table {table} {{"]
    lines += [f"  {line}".rstrip() for line in (*_sets(gateway), *_chains(gateway, esp))]
    return "\n".join([*lines, "}"]) + "\n"


def waiting(gateway: Gateway) -> str:
    """Return a table that keeps every client waiting: its words are lost, so it says them again.

    A daemon that has started and does not know its connections yet says no, and a client that hears no gives up.
    """
    table = f"inet {waiting_name(gateway)}"
    lines = [f"table {table}", f"delete table {table}", f"table {table} {{"]
    chain = ["type filter hook input priority -150; policy accept;", f"udp dport {_ports(IKE_PORTS)} drop"]
    return "\n".join([*lines, *(f"  {line}" for line in _block("chain input", chain)), "}"]) + "\n"


def waiting_name(gateway: Gateway) -> str:
    """Return the name of the table that keeps clients waiting."""
    return f"{gateway.table}_wait"


def _sets(gateway: Gateway) -> Iterator[str]:
    for _, version in _FAMILIES:
        for name, networks in (("pool", gateway.pools), ("claims", gateway.prefixes), ("resolver", gateway.resolvers)):
            elements = [str(each) for each in networks if each.version == version]
            content = [f"elements = {{ {', '.join(elements)} }}"] if elements else []
            kind = [f"type ipv{version}_addr", "flags interval", "auto-merge"]
            yield from _block(f"set {name}{version}", kind + content)


def _chains(gateway: Gateway, esp: Esp) -> Iterator[str]:
    inside, outside = (f'iifname != "{USER_DEVICES}"', f'oifname != "{USER_DEVICES}"')
    if esp == "kernel":
        inside, outside = "meta ipsec missing", "rt ipsec missing"
    for name in COUNTERS:
        yield f"counter {name} {{ }}"
    yield from _block("chain prerouting", _prerouting(esp, inside))
    yield from _block("chain forward", _forward())
    yield from _block("chain input", _input())
    yield from _block("chain output", _output())
    yield from _block("chain postrouting", _postrouting(gateway, outside))
    yield from _block("chain from_tunnel", _from_tunnel(gateway))
    yield from _block("chain to_tunnel", ["ct state established,related accept", _drop("unasked")])


def _prerouting(esp: Esp, inside: str) -> Iterator[str]:
    """An address of a pool comes out of a tunnel, and nothing else comes out of one."""
    yield "type filter hook prerouting priority raw; policy accept;"
    for family, version in _FAMILIES:
        yield f"{family} saddr @pool{version} {inside} {_drop('spoofed')}"
        if esp == "user":
            yield f'iifname "{USER_DEVICES}" {family} saddr != @pool{version} {_drop("spoofed")}'


def _forward() -> Iterator[str]:
    """Between tunnels and the claims network; neither between two tunnels, nor to or from anybody outside."""
    yield "type filter hook forward priority filter; policy accept;"
    for family, version in _FAMILIES:
        yield f"{family} saddr @pool{version} {family} daddr @pool{version} {_drop('to_another')}"
    for family, version in _FAMILIES:
        yield f"{family} saddr @pool{version} goto from_tunnel"
        yield f"{family} daddr @pool{version} goto to_tunnel"
    for family, version in _FAMILIES:
        for one, other in (("daddr", "saddr"), ("saddr", "daddr")):
            yield f"{family} {one} @claims{version} {family} {other} != @claims{version} {_drop('outside')}"


def _from_tunnel(gateway: Gateway) -> Iterator[str]:
    yield "ct state established,related accept"
    for protocol, ports in (("tcp", gateway.tcp_ports), ("udp", gateway.udp_ports)):
        if ports:
            for family, version in _FAMILIES:
                yield f"{family} daddr @claims{version} {protocol} dport {_ports(ports)} ct state new accept"
    yield _drop("not_claims")


def _input() -> Iterator[str]:
    """The gateway itself answers nothing out of a tunnel but names, if one of its addresses is a resolver's."""
    yield "type filter hook input priority filter; policy accept;"
    for family, version in _FAMILIES:
        yield f"{family} saddr @pool{version} ct state established,related accept"
        for protocol in ("tcp", "udp"):
            yield f"{family} saddr @pool{version} {family} daddr @resolver{version} {protocol} dport 53 accept"
        yield f"{family} saddr @pool{version} {_drop('gateway')}"


def _output() -> Iterator[str]:
    """The gateway opens nothing into a tunnel; it says that a packet was too long, or a host not there."""
    yield "type filter hook output priority filter; policy accept;"
    for family, version, errors in (
        ("ip", 4, "icmp type { destination-unreachable, time-exceeded }"),
        ("ip6", 6, "icmpv6 type { destination-unreachable, packet-too-big, time-exceeded }"),
    ):
        yield f"{family} daddr @pool{version} ct state established,related accept"
        yield f"{family} daddr @pool{version} {errors} accept"
        yield f"{family} daddr @pool{version} {_drop('unasked')}"


def _postrouting(gateway: Gateway, outside: str) -> Iterator[str]:
    """What is for a tunnel leaves through it or not at all; segments fit into it."""
    yield "type filter hook postrouting priority mangle; policy accept;"
    for family, version in _FAMILIES:
        yield f"{family} daddr @pool{version} {outside} {_drop('in_clear')}"
    for family, version, mss in (("ip", 4, gateway.mss_ipv4), ("ip6", 6, gateway.mss_ipv6)):
        for side in ("saddr", "daddr"):
            match = f"{family} {side} @pool{version} tcp flags & (syn | rst) == syn tcp option maxseg size > {mss}"
            yield f"{match} tcp option maxseg size set {mss}"


def _ports(ports: Iterable[int]) -> str:
    return f"{{ {', '.join(map(str, ports))} }}"


def _drop(counter: str) -> str:
    return f"counter name {counter} drop"


def _block(head: str, lines: Iterable[str]) -> Iterator[str]:
    yield f"{head} {{"
    yield from (f"  {line}" for line in lines)
    yield "}"
