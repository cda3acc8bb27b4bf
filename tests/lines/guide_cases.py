"""Guides and files for tests: every line with every system, an ordinary site, and one with everything."""

from seikyu.lines.guide import Wish, systems
from seikyu.lines.guide_files import SetUpFile, files_of
from seikyu.lines.kinds import line_kinds
from seikyu.lines.network import ClaimsNetwork, example_network, read_network
from seikyu.lines.site import Endpoint, Site

EVERY = [Wish(line, system) for line in line_kinds() for system in systems()]

#: A site that says all.
FULL = Site(
    kind="ipvpn_ipv6",
    area="east",
    carrier="例示通信",
    customer_id="CAF0000000000",
    contract_id="C-0001",
    provider="例示VPN",
    telephone=True,
    eligibility=True,
    interface="enp3s0",
    printer=Endpoint("192.0.2.200", 9100),
)

#: A site that says only where it is.
BARE = Site(area="west")

#: Names and addresses of both families everywhere, and a printer over IPv6.
BOTH = """
published_on = 2026-11-01
mtu = 1500
prefixes = ["2001:db8:c1a0::/48", "198.51.100.0/24", "198.51.100.128/25", "2001:db8:c1a0:e::/64"]
domains = ["claims.example"]
[names]
portal = "portal.claims.example"
[areas.east]
resolvers = ["2001:db8:c1a0:e::53:1", "198.51.100.53"]
[pppoe]
realm = "line.example"
resolvers = ["198.51.100.53"]
[ipsec]
gateway = "vpn.provider.example"
addresses = ["203.0.113.2", "2001:db8:9::2"]
resolvers = ["198.51.100.53"]
"""


def both() -> ClaimsNetwork:
    """Return a network that has both families."""
    return read_network(BOTH)


def made(
    line: str, system: str, *, site: Site = FULL, network: ClaimsNetwork | None = None, user_space: bool = False
) -> dict[str, SetUpFile]:
    """Return the files of a guide by name."""
    wish = Wish(line, system, user_space=user_space)
    return {each.name: each for each in files_of(wish, network or example_network(), site).files}
