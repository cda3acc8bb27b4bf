"""What a gateway is, as its operator writes it down; every fault of the file is told at once.

What shows only between items (addresses that overlap, pools that are too small) is judged when every item could be
read. A file of a gateway has one way to be right for each fault: it is refused as a whole, and nothing is applied.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import combinations, product
from tomllib import TOMLDecodeError, loads
from typing import Any, Final

from seikyu.lines.wrong import Address, BadFile, Network, Reading, WrongItem

#: A pool that has no more addresses than this is a slip of a digit: the first and the last are given to nobody.
SMALLEST_POOL: Final = 2

#: The largest pool; a terminal needs one address, and the country has some 200,000 institutions.
LARGEST_POOL: Final = 1 << 20

#: A gateway asks its office so often, unless it says otherwise.
LOOK_OFFICE_S: Final = 5

ESP: Final = ("auto", "kernel", "user")

_HOST: Final = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9-]{1,63}(?<!-))*")
_TABLE: Final = re.compile(r"[a-z][a-z0-9_]{0,30}")
_PROPOSAL: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LISTEN: Final = re.compile(r"(127(\.[0-9]{1,3}){3}|\[::1\]|localhost):[0-9]{1,5}")

#: What hides nothing, or not for long (RFC 8247, RFC 8221: MUST NOT); strongSwan takes it if it is told to.
_WEAK: Final = frozenset({"null", "des", "3des", "md5", "md5_128", "modp768", "modp1024", "modp1024s160", "modpnone"})
_PORTS: Final = range(1, 65536)


@dataclass(frozen=True, slots=True)
class Office:
    """Where a gateway learns who may come.

    Shape: `home` is empty if the office is elsewhere, `url` if it is here; `authorities` and `terminals` are needed
    only with `url`. Paths are as written, relative to the file.
    """

    home: str
    url: str
    authorities: str
    terminals: str
    look_s: int


@dataclass(frozen=True, slots=True)
class Gateway:
    """A gateway of a provider.

    Shape: `certificate` and `key` are paths as written, relative to the file; `vici` is empty for a daemon of our own;
    `esp` is auto, kernel or user; `metrics` is empty for none.
    """

    name: str
    addresses: tuple[Address, ...]
    certificate: str
    key: str
    office: Office
    prefixes: tuple[Network, ...]
    resolvers: tuple[Address, ...]
    tcp_ports: tuple[int, ...]
    udp_ports: tuple[int, ...]
    ipv4: tuple[Network, ...]
    ipv6: tuple[Network, ...]
    quarantine_days: int
    proposals: tuple[str, ...]
    esp_proposals: tuple[str, ...]
    dpd_s: int
    mss_ipv4: int
    mss_ipv6: int
    table: str
    vici: str
    esp: str
    per_host: int
    metrics: str

    @property
    def pools(self) -> tuple[Network, ...]:
        """The pools of both kinds of addresses."""
        return self.ipv4 + self.ipv6


@cache
def example() -> str:
    """Return a gateway's file as it comes along, with documentation names and addresses."""
    return (files("seikyu.lines") / "example" / "gateway.toml").read_text("utf-8")


def gateway_from(text: str) -> Gateway:
    """Return the gateway that a file describes. Errors: BadFile, with everything that is wrong."""
    try:
        return gateway_of(loads(text))
    except TOMLDecodeError as odd:
        raise BadFile([WrongItem("", "not_toml", str(odd))]) from None


def gateway_of(told: Mapping[str, Any]) -> Gateway:
    """Return the gateway of a file's values. Errors: BadFile, with everything that is wrong."""
    top = Reading(told)
    gateway = _read(top)
    top.end()
    top.done()
    if wrong := [*_pools(gateway), *_between(gateway)]:
        raise BadFile(wrong)
    return gateway


def _read(top: Reading) -> Gateway:
    own, claims, pools = top.inner("gateway"), top.inner("claims"), top.inner("pools")
    ike, wall, daemon = top.inner("ike"), top.inner("firewall"), top.inner("daemon")
    gateway = Gateway(
        name=_matching(own, "name", _HOST, why="name", needed=True),
        addresses=_some(own, "addresses", own.addresses("addresses", needed=True)),
        certificate=own.item("certificate", "gateway.pem"),
        key=own.item("key", "gateway.key"),
        office=_office(top.inner("office")),
        prefixes=_some(claims, "prefixes", claims.networks("prefixes", needed=True)),
        resolvers=claims.addresses("resolvers"),
        tcp_ports=_ports(claims, "tcp_ports", [443, 53]),
        udp_ports=_ports(claims, "udp_ports", [53]),
        ipv4=pools.networks("ipv4"),
        ipv6=pools.networks("ipv6"),
        quarantine_days=_number(pools, "quarantine_days", 30, (0, 3660)),
        proposals=_proposals(ike, "proposals", "aes256gcm16-prfsha384-ecp384"),
        esp_proposals=_proposals(ike, "esp_proposals", "aes256gcm16-ecp384"),
        # A gateway that asks before its clients do (every 5 s) keeps them from noticing that their address has changed.
        dpd_s=_number(ike, "dpd_s", 10, (5, 3600)),
        mss_ipv4=_number(ike, "mss_ipv4", 1300, (536, 1460)),
        mss_ipv6=_number(ike, "mss_ipv6", 1280, (1220, 1440)),
        table=_matching(wall, "table", _TABLE, why="table_name", default="seikyu_gateway"),
        vici=daemon.item("vici", ""),
        esp=daemon.choice("esp", ESP, default="auto"),
        per_host=_number(daemon, "per_host", 50, (5, 100_000)),
        metrics=_matching(
            top.inner("metrics"), "listen", _LISTEN, why="loopback", default="127.0.0.1:9464", empty=True
        ),
    )
    for table in (own, claims, pools, ike, wall, daemon):
        table.end()
    return gateway


def _office(table: Reading) -> Office:
    office = Office(
        home=table.item("home", ""),
        url=table.item("url", ""),
        authorities=table.item("authorities", ""),
        terminals=table.item("terminals", ""),
        look_s=_number(table, "look_s", LOOK_OFFICE_S, (1, 3600)),
    )
    if bool(office.home) == bool(office.url):
        table.say("home", "home_or_url")
    if office.url and not office.url.startswith("https://"):
        table.say("url", "https", office.url)
    for name in ("authorities", "terminals"):
        if office.url and not getattr(office, name):
            table.say(name, "missing")
    table.end()
    return office


def _some(table: Reading, name: str, found: tuple[Address, ...] | tuple[Network, ...]) -> tuple:  # type: ignore[type-arg]
    """Return a list that may not be empty."""
    if table.table.get(name) == []:
        table.say(name, "missing")
    return found


def _matching(
    table: Reading,
    name: str,
    pattern: re.Pattern[str],
    *,
    why: str,
    default: str = "",
    needed: bool = False,
    empty: bool = False,
) -> str:
    """Return a text of a form; with `empty` also one that says nothing."""
    text: str = table.item(name, default, needed=needed)
    if isinstance(table.table.get(name), str) and not pattern.fullmatch(text) and not (empty and not text):
        table.say(name, why, text)
    return text


def _number(table: Reading, name: str, default: int, bounds: tuple[int, int]) -> int:
    number: int = table.item(name, default)
    least, most = bounds
    if not least <= number <= most:
        table.say(name, "bounds", number, known=(f"{least}-{most}",))
    return number


def _ports(table: Reading, name: str, default: list[int]) -> tuple[int, ...]:
    ports: dict[int, None] = {}
    for index, port in enumerate(table.item(name, default)):
        if type(port) is not int or port not in _PORTS:
            table.say(f"{name}[{index}]", "port", port)
        else:
            ports[port] = None
    return tuple(ports)


def _proposals(table: Reading, name: str, default: str) -> tuple[str, ...]:
    found = table.texts(name, _proposal, "proposal")
    for index, each in enumerate(found):
        if not _WEAK.isdisjoint(each.split("-")):
            table.say(f"{name}[{index}]", "proposal_weak", each)
    return found or (default,)


def _proposal(text: str) -> str:
    if not _PROPOSAL.fullmatch(text):
        raise ValueError(text)
    return text


def _pools(gateway: Gateway) -> Iterator[WrongItem]:
    """Yield what is wrong with pools by themselves."""
    if not gateway.pools:
        yield WrongItem("pools", "no_pool")
    for key, version, pools in (("pools.ipv4", 4, gateway.ipv4), ("pools.ipv6", 6, gateway.ipv6)):
        for pool in pools:
            if pool.version != version:
                yield WrongItem(key, "other_version", str(pool))
            elif pool.num_addresses <= SMALLEST_POOL:
                yield WrongItem(key, "pool_small", str(pool))
            elif pool.num_addresses > LARGEST_POOL:
                yield WrongItem(key, "pool_large", str(pool))


def _between(gateway: Gateway) -> Iterator[WrongItem]:
    """Yield what does not go together: what stands there, and what it is in the way of."""
    for one, other in combinations(gateway.pools, 2):
        if _overlap(one, other):
            yield WrongItem("pools", "pools_overlap", str(one), (str(other),))
    for pool, prefix in product(gateway.pools, gateway.prefixes):
        if _overlap(pool, prefix):
            yield WrongItem("pools", "pool_in_claims", str(pool), (str(prefix),))
    for pool, address in product(gateway.pools, gateway.addresses):
        if _in(address, pool):
            yield WrongItem("pools", "gateway_in_pool", str(pool), (str(address),))
    for prefix, address in product(gateway.prefixes, gateway.addresses):
        if _in(address, prefix):
            yield WrongItem("claims.prefixes", "gateway_in_claims", str(prefix), (str(address),))
    yield from _unreached(gateway)


def _unreached(gateway: Gateway) -> Iterator[WrongItem]:
    """Yield what no tunnel could reach."""
    versions = {each.version for each in gateway.pools}
    for prefix in gateway.prefixes:
        if versions and prefix.version not in versions:
            yield WrongItem("claims.prefixes", "prefix_without_pool", str(prefix))
    for resolver in gateway.resolvers:
        # Also not the gateway's own address outside: IKE itself would have to go through the tunnel then.
        if not any(_in(resolver, each) for each in gateway.prefixes):
            yield WrongItem("claims.resolvers", "resolver_outside", str(resolver))


def _overlap(one: Network, other: Network) -> bool:
    return one.version == other.version and one.overlaps(other)


def _in(address: Address, network: Network) -> bool:
    return address.version == network.version and address in network
