"""The claims network as its operator publishes it: names, resolvers, prefixes, and how the desks are reached.

Guides are written from it, the doctor compares with it, and a gateway carries to it. Nothing of it is built in: an
office has its own file, and the one that comes along is an example. Source: network:2.1 (what such a list holds).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from importlib.resources import files
from tomllib import TOMLDecodeError, loads
from typing import Any, Final

from seikyu.lines.kinds import desks
from seikyu.lines.wrong import Address, BadFile, Network, Reading, WrongItem

#: What the network has names for.
ROLES: Final = ("portal", "certificates", "revocation", "time", "line_authentication")

#: The file of an office, beside its settings.
FILE_NAME: Final = "network.toml"

_HOST: Final = re.compile(
    r"(?=.{1,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
)
#: A network that is wider is no network of one operator, and a line that is closed but for it is open.
_LEAST_BITS: Final = {4: 8, 6: 16}
_LEAST_MTU: Final = 1280
_MOST_MTU: Final = 1500


@dataclass(frozen=True, slots=True)
class Area:
    """Where a line is (東日本, 西日本 …): its resolvers, and the prefixes that its lines are given."""

    name: str
    ja: str
    en: str
    resolvers: tuple[Address, ...]
    line_prefixes: tuple[Network, ...]


@dataclass(frozen=True, slots=True)
class Reached:
    """How a desk is reached."""

    phone: str = ""
    hours_ja: str = ""
    hours_en: str = ""


@dataclass(frozen=True, slots=True)
class PPPoE:
    """IP-VPN by IPv4: what is dialled into, its resolvers, and the addresses that it gives."""

    realm: str = ""
    resolvers: tuple[Address, ...] = ()
    line_prefixes: tuple[Network, ...] = ()


@dataclass(frozen=True, slots=True)
class IPsec:
    """IPsec+IKE: the gateway's name and addresses, the addresses that a tunnel gives, and its resolvers."""

    gateway: str = ""
    addresses: tuple[Address, ...] = ()
    pools: tuple[Network, ...] = ()
    resolvers: tuple[Address, ...] = ()


@dataclass(frozen=True, slots=True)
class ClaimsNetwork:
    """What a site has to know of the network (接続先情報).

    Shape: `prefixes`, of which there is one at least, hold every claims address but those of resolvers; `domains` are
    known to the closed resolvers alone; `names` by role of `ROLES`, a role that the network has not is left out;
    `example` if it is the one that comes along.
    """

    published_on: date
    example: bool
    mtu: int
    prefixes: tuple[Network, ...]
    domains: tuple[str, ...]
    names: Mapping[str, str]
    areas: Mapping[str, Area]
    pppoe: PPPoE = PPPoE()
    ipsec: IPsec = IPsec()
    desks: Mapping[str, Reached] = field(default_factory=dict)

    def resolvers(self, kind: str, area: str) -> tuple[Address, ...]:
        """Return the resolvers for a kind of line in an area; none if they are not known."""
        if kind == "ipvpn_ipv6":
            return self.areas[area].resolvers if area in self.areas else ()
        return {"ipvpn_ipv4": self.pppoe.resolvers, "ipsec_ike": self.ipsec.resolvers}.get(kind, ())


def read_network(text: str) -> ClaimsNetwork:
    """Return the network that a file publishes. Errors: BadFile."""
    top = Reading(_table(text))
    names = top.inner("names")
    read = ClaimsNetwork(
        published_on=top.item("published_on", date.min, needed=True),
        example=top.item("example", False),
        mtu=_mtu(top),
        prefixes=_prefixes(top),
        domains=top.texts("domains", _host, "name"),
        names={role: name for role in ROLES if (name := _named(names, role))},
        areas={name: _area(name, each) for name, each in top.inner("areas").tables()},
        pppoe=_pppoe(top.inner("pppoe")),
        ipsec=_ipsec(top.inner("ipsec")),
        desks=_desks(top.inner("desks")),
    )
    names.end()
    top.end()
    top.done()
    return read


@cache
def example_network() -> ClaimsNetwork:
    """Return the network of the documentation."""
    return read_network((files("seikyu.lines") / "example" / "network.toml").read_text(encoding="utf-8"))


def _table(text: str) -> dict[str, Any]:
    try:
        return loads(text)
    except TOMLDecodeError as error:
        raise BadFile([WrongItem("", "not_toml", str(error))]) from None


def _mtu(top: Reading) -> int:
    mtu: int = top.item("mtu", _MOST_MTU)
    if not _LEAST_MTU <= mtu <= _MOST_MTU:
        top.say("mtu", "mtu", mtu)
    return mtu


def _prefixes(top: Reading) -> tuple[Network, ...]:
    """Return the prefixes; none at all would close a line to everything, and on some systems to nothing."""
    found = top.networks("prefixes", needed=True)
    if top.table.get("prefixes") == []:
        top.say("prefixes", "missing")
    for each in found:
        if each.prefixlen < _LEAST_BITS[each.version]:
            top.say("prefixes", "too_wide", each)
    return found


def _host(text: str) -> str:
    if not _HOST.fullmatch(text):
        raise ValueError(text)
    return text


def _named(table: Reading, name: str) -> str:
    text: str = table.item(name, "")
    if text and not _HOST.fullmatch(text):
        table.say(name, "name", text)
    return text


def _area(name: str, table: Reading) -> Area:
    area = Area(
        name=name,
        ja=table.item("ja", name),
        en=table.item("en", name),
        resolvers=table.addresses("resolvers", needed=True),
        line_prefixes=table.networks("line_prefixes"),
    )
    table.end()
    return area


def _pppoe(table: Reading) -> PPPoE:
    read = PPPoE(_named(table, "realm"), table.addresses("resolvers"), table.networks("line_prefixes"))
    table.end()
    return read


def _ipsec(table: Reading) -> IPsec:
    read = IPsec(
        gateway=_named(table, "gateway"),
        addresses=table.addresses("addresses"),
        pools=table.networks("pools"),
        resolvers=table.addresses("resolvers"),
    )
    table.end()
    return read


def _desks(table: Reading) -> dict[str, Reached]:
    found = {}
    for name, each in table.tables():
        if name not in desks():
            table.say(name, "choice", name, known=tuple(desks()))
            continue
        found[name] = Reached(each.item("phone", ""), each.item("hours_ja", ""), each.item("hours_en", ""))
        each.end()
    return found
