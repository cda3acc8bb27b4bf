"""The network of the scenarios, from a clinic behind its router to the office in the closed network, by any line.

                        printer
                           |
    pc --- lan (switch) --- router (NAT) --- internet --- gateway --- claims (switch) --- office
                                                |                        |    |
                                             outside                  names  access --- insurer, and more lines

Every address is for documentation; the plan is the one of `lines/example/network.toml`. The programs are not started
here: a scenario starts what it needs.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from lab.net import Host, Lab, Link

CLAIMS_V4: Final = "198.51.100.0/24"
CLAIMS_V6: Final = "2001:db8:c1a0::/48"
EAST_LINES: Final = "2001:db8:e000::/36"
WEST_LINES: Final = "2001:db8:f000::/36"
PPPOE_LINES: Final = "192.0.2.0/25"
TUNNELS: Final = "192.0.2.128/25"

OFFICE: Final = ("198.51.100.10", "2001:db8:c1a0::10")
RESOLVER: Final = ("198.51.100.53", "2001:db8:c1a0::53")
EAST: Final = ("2001:db8:c1a0:e::53:1", "2001:db8:c1a0:e::53:2")
WEST: Final = ("2001:db8:c1a0:f::53:1", "2001:db8:c1a0:f::53:2")
ACCESS: Final = ("198.51.100.1", "2001:db8:c1a0::1")
GATEWAY: Final = "203.0.113.2"
GATEWAY_INSIDE: Final = "198.51.100.2"
#: A host of the Internet: whoever reaches it has no closed line.
OUTSIDE: Final = "203.0.113.130"
#: A clinic's own addresses, the same in every home.
LAN: Final = "192.168.1"
PC: Final = f"{LAN}.2"
PRINTER: Final = f"{LAN}.9"
ROUTER: Final = f"{LAN}.1"
#: The router's address in the Internet, and the one that it has after it was switched off and on.
PUBLIC: Final = ("203.0.113.66", "203.0.113.67")
INTERNET: Final = "203.0.113.65"
#: What a line of a carrier takes (NTT's PPPoE and IPoE). Source: network:2 (MTU).
LINE_MTU: Final = 1454


@dataclass
class Town:
    """All hosts and cables, by what they are."""

    lab: Lab
    pc: Host = field(init=False)
    printer: Host = field(init=False)
    lan: Host = field(init=False)
    router: Host = field(init=False)
    internet: Host = field(init=False)
    outside: Host = field(init=False)
    gateway: Host = field(init=False)
    claims: Host = field(init=False)
    office: Host = field(init=False)
    names: Host = field(init=False)
    access: Host = field(init=False)
    #: The clinic's line into the Internet, and the gateway's.
    line: Link = field(init=False)
    uplink: Link = field(init=False)

    def __post_init__(self) -> None:
        self._internet_side()
        self._claims_side()

    def _internet_side(self) -> None:
        lab = self.lab
        self.pc, self.printer, self.outside = lab.host("pc"), lab.host("printer"), lab.host("outside")
        self.router, self.internet = lab.host("router", forwards=True), lab.host("internet", forwards=True)
        self.gateway = lab.host("gateway", forwards=True)
        members = {self.pc: [f"{PC}/24"], self.printer: [f"{PRINTER}/24"], self.router: [f"{ROUTER}/24"]}
        self.lan = lab.switch("lan", members)
        self.line = lab.link(
            self.router, self.internet, [f"{PUBLIC[0]}/26"], [f"{INTERNET}/26"], names=("wan", "clinic"), mtu=LINE_MTU
        )
        self.uplink = lab.link(
            self.gateway, self.internet, [f"{GATEWAY}/26"], ["203.0.113.1/26"], names=("wan", "gateway")
        )
        lab.link(self.outside, self.internet, [f"{OUTSIDE}/26"], ["203.0.113.129/26"])
        for host, via in (
            (self.pc, ROUTER), (self.printer, ROUTER), (self.router, INTERNET), (self.gateway, "203.0.113.1"),
            (self.outside, "203.0.113.129"),
        ):  # fmt: skip
            host.route("default", via=via)
        self.router.masquerade("wan")

    def _claims_side(self) -> None:
        lab = self.lab
        self.office, self.names = lab.host("office"), lab.host("names")
        self.access = lab.host("access", forwards=True)
        members = {
            self.office: (f"{OFFICE[0]}/24", f"{OFFICE[1]}/64"),
            self.names: (f"{RESOLVER[0]}/24", f"{RESOLVER[1]}/64"),
            self.access: (f"{ACCESS[0]}/24", f"{ACCESS[1]}/64"),
            self.gateway: (f"{GATEWAY_INSIDE}/24",),
        }
        self.claims = lab.switch("claims", members)
        for host in (self.office, self.names):
            host.route("default", via=ACCESS[0])
            host.route("default", via=ACCESS[1])
            host.route(TUNNELS, via=GATEWAY_INSIDE)
        for address in (*EAST, *WEST):
            self.names.address("lo", f"{address}/128")
            self.access.route(f"{address}/128", via=RESOLVER[1])

    def closed_line(
        self, name: str, *, no: int, area: str = "east", addresses: Sequence[str] = (), mtu: int = LINE_MTU
    ) -> tuple[Host, Link]:
        """Lay an IPv6 line of the carrier to a new site: a /64 of the area, and nothing else is reached over it.

        Shape: the site has the address `::2` of its prefix on its card `line`, and by name the resolvers of its area.
        A host that is there already gets the line beside what it has.
        """
        head = "e" if area == "east" else "f"
        prefix = f"2001:db8:{head}000:{no:x}::"
        site = self.lab.hosts.get(name) or self.lab.host(name)
        cable = self.lab.link(
            site, self.access, [*addresses, f"{prefix}2/64"], [f"{prefix}1/64"], names=("line", name), mtu=mtu
        )
        site.route("default", via=f"{prefix}1")
        site.resolver(*(EAST if area == "east" else WEST))
        return site, cable
