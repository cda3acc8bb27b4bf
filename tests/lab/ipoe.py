"""IPv6 lines of a carrier (IPoE), to a home as it is without and with a telephone over the line (ひかり電話).

    without:   pc ---------------- access        the carrier advertises a /64 (RA), and the PC makes its address of it
    with:      pc --- home router --- access     the carrier delegates a /56 (DHCPv6-PD); the home router advertises a
                                                 /64 of it inside, and itself as the resolver of names

Both lead into the claims network of `town.py` and nowhere else. The carrier's programs are radvd and Kea, the home
router's are dhcp6c, radvd and dnsmasq; what a home router does with them is in its maker's hands, and this is the usual.
A carrier may give a line another prefix: after works, a move, a repair. `change` does so, with the minute of a dead line
that comes with it made short. Source: network:2.

What the programs need, learnt by trial: Kea wants folders of its own for its pid and lock files, and sets no route for
what it delegated, so that the carrier's side here reads the lease and sets it; it checks its settings against the cards,
so that `kea-dhcp6 -t` must run on the host. dhcp6c keeps its identity in a fixed folder: each gets one of its own.
"""

import csv
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv6Network
from typing import Any, Final

from lab.net import Host, Link, Running, until
from lab.town import EAST, LINE_MTU, OFFICE, Town

#: What the home router asks for every name that is not of the claims network, and the one that it knows.
OPEN_RESOLVER: Final = "2001:db8:c1a0::54"
OPEN_NAME: Final = "www.outside.example"
ZONES: Final = ("claims.example", "lineauth.example")

#: By number: what the carrier has for a line before and after a change. Source: lines/example/network.toml (east).
ADVERTISED: Final = {1: "2001:db8:e000:1::/64", 2: "2001:db8:e000:2::/64"}
DELEGATED: Final = {1: "2001:db8:e100::/40", 2: "2001:db8:e200::/40"}
_DELEGATED_BITS: Final = 56
_PREFIX_LEASE: Final = "2"

_RADVD: Final = """interface {card} {{
  AdvSendAdvert on; MinRtrAdvInterval 3; MaxRtrAdvInterval 4; AdvLinkMTU {mtu};
  AdvManagedFlag {managed}; AdvOtherConfigFlag {managed};
{prefix}{resolvers}}};
"""
_PREFIX: Final = (
    "  prefix {prefix} {{ AdvOnLink on; AdvAutonomous on; AdvValidLifetime 3600; AdvPreferredLifetime 1800; }};\n"
)
_RESOLVERS: Final = "  RDNSS {resolvers} {{ AdvRDNSSLifetime 600; }};\n  DNSSL {zones} {{ AdvDNSSLLifetime 600; }};\n"

_DHCP6C: Final = """interface wan { send ia-pd 1; request domain-name-servers; };
id-assoc pd 1 { prefix-interface pc { sla-id 1; sla-len 8; ifid 1; }; };
"""


@dataclass(frozen=True)
class Advertised:
    """What a PC is told by the router on its link (`rdisc6`)."""

    prefixes: tuple[str, ...]
    resolvers: tuple[str, ...]
    zones: tuple[str, ...]
    mtu: int


@dataclass
class Home:
    """A home with one PC on a line of the carrier."""

    town: Town
    telephone: bool
    pc: Host = field(init=False)
    router: Host | None = field(init=False, default=None)
    #: The line itself, and what leads from the PC to whatever advertises.
    line: Link = field(init=False)
    lan: Link = field(init=False)
    #: The PC's card.
    card: str = field(init=False, default="line")
    running: list[Running] = field(init=False, default_factory=list)
    prefix: str = field(init=False, default="")

    def __post_init__(self) -> None:
        lab, access = self.town.lab, self.town.access
        self.pc = lab.host("home-pc")
        if not self.telephone:
            self.line = self.lan = lab.link(self.pc, access, names=("line", "home"))
            return
        self.router = lab.host("home-router", forwards=True)
        self.router.set("ipv6/conf/default/accept_ra", 2)  # It forwards, and yet listens to the carrier.
        self.line = lab.link(self.router, access, names=("wan", "home"))
        self.lan = lab.link(self.pc, self.router, names=("line", "pc"))
        self.router.set("ipv6/conf/wan/accept_ra", 2)
        self.router.set("ipv6/conf/pc/accept_ra", 0)

    def connect(self, number: int = 1) -> None:
        """Let the carrier serve the line, and wait until the PC has an address of it."""
        self._serve(number)
        if self.router:
            self._delegate(self.router)
        until("the PC has an address of the line", self._on_line)
        told = until("the router tells its resolvers", self._resolvers)
        self.pc.resolver(*told.resolvers, search=" ".join(told.zones))

    def change(self, number: int) -> None:
        """Give the line another prefix, as after works: the line is dead meanwhile, and the home router starts anew."""
        self.unplug()
        for cable in self._cables():
            cable.up()
        self.connect(number)

    def unplug(self) -> None:
        """Pull the cables and the plugs; a home router that were asked to end would wait for the carrier first."""
        for cable in self._cables():
            cable.down()
        for each in reversed(self.running):
            each.kill()
        self.running.clear()

    def _cables(self) -> list[Link]:
        return [self.line] if self.lan is self.line else [self.line, self.lan]

    def advertised(self) -> Advertised:
        """Ask for what the router on the PC's link advertises."""
        said = self.pc.run("rdisc6", "-1", "-w", "2000", self.card, check=False).stdout
        mtu = re.search(r"^ MTU +: +(\d+)", said, re.MULTILINE)
        return Advertised(
            tuple(re.findall(r"^ Prefix +: +(\S+)", said, re.MULTILINE)),
            tuple(re.findall(r"^ Recursive DNS server +: +(\S+)", said, re.MULTILINE)),
            tuple(re.findall(r"^ DNS search list +: +(.+?) *$", said, re.MULTILINE)),
            int(mtu[1]) if mtu else 0,
        )

    # --- the carrier ----------------------------------------------------------------------------------------------

    def _serve(self, number: int) -> None:
        access = self.town.access
        if self.telephone:
            settings = {"managed": "on", "mtu": 1500, "prefix": "", "resolvers": ""}
            self._advertise(access, "home", **settings)
            self._delegate_from(access, DELEGATED[number])
        else:
            self.prefix = ADVERTISED[number]
            gateway = IPv6Network(self.prefix)[1]
            access.ip("-6", "address", "flush", "dev", "home", "scope", "global")
            access.address("home", f"{gateway}/64")
            settings = {"managed": "off", "mtu": LINE_MTU, "prefix": _PREFIX.format(prefix=self.prefix)}
            self._advertise(access, "home", **settings, resolvers=_resolvers_told(EAST))

    def _advertise(self, host: Host, card: str, **settings: Any) -> None:
        path = host.folder / "radvd.conf"
        path.write_text(_RADVD.format(card=card, **settings), "ascii")
        path.chmod(0o600)
        host.run("radvd", "--configtest", "-C", path)
        words = ("radvd", "-n", "-m", "stderr", "-C", path, "-p", host.folder / "radvd.pid")
        self.running.append(host.spawn(*words))

    def _delegate_from(self, access: Host, pool: str) -> None:
        folder = access.folder
        leases = folder / "leases.csv"
        leases.unlink(missing_ok=True)
        delegated = {"prefix": pool.split("/", maxsplit=1)[0], "prefix-len": 40, "delegated-len": _DELEGATED_BITS}
        resolvers = {"name": "dns-servers", "data": ", ".join(EAST)}
        settings = {
            "interfaces-config": {"interfaces": ["home"]},
            "lease-database": {"type": "memfile", "name": str(leases), "lfc-interval": 0},
            "server-id": {"type": "EN", "enterprise-id": 32473, "identifier": "01", "persist": False},
            "option-data": [resolvers],
            "subnet6": [{"subnet": "2001:db8:e0ff::/64", "interface": "home", "pd-pools": [delegated]}],
            "loggers": [{"name": "kea-dhcp6", "severity": "INFO", "output_options": [{"output": "stdout"}]}],
        }
        path = folder / "kea.json"
        path.write_text(json.dumps({"Dhcp6": settings}), "ascii")
        env = {"KEA_PIDFILE_DIR": str(folder), "KEA_LOCKFILE_DIR": str(folder)}
        access.run("kea-dhcp6", "-t", path, env=env)
        running = access.spawn("kea-dhcp6", "-c", path, env=env)
        running.says("DHCP6_STARTED")
        self.running.append(running)

    # --- the home router ------------------------------------------------------------------------------------------

    def _delegate(self, router: Host) -> None:
        """Let the home router ask for its prefix, and advertise one of it inside."""
        access = self.town.access
        path = router.folder / "dhcp6c.conf"
        path.write_text(_DHCP6C, "ascii")
        router.ip("-6", "address", "flush", "dev", "pc", "scope", "global")
        words = f"mount -t tmpfs none /var/lib/dhcpv6 && exec dhcp6c -f -D -c {path} -p {router.folder}/dhcp6c.pid wan"
        self.running.append(router.spawn("sh", "-c", words))
        delegated = until("the carrier delegates a prefix", lambda: _leased(access))
        (inside,) = until("the home router has an address of it", lambda: router.addresses("pc"))
        access.ip("-6", "route", "replace", delegated, "via", _link_local(router, "wan"), "dev", "home")
        self.prefix = str(IPv6Network((inside, 64), strict=False))
        self.running.append(_split_names(router, inside))
        prefix = _PREFIX.format(prefix=self.prefix)
        settings = {"managed": "off", "mtu": LINE_MTU, "prefix": prefix, "resolvers": _resolvers_told([inside])}
        self._advertise(router, "pc", **settings)

    # --- the PC ---------------------------------------------------------------------------------------------------

    def _on_line(self) -> bool:
        return any(self.prefix == each for each in prefixes_of(self.pc, self.card))

    def _resolvers(self) -> Advertised | None:
        told = self.advertised()
        return told if told.resolvers else None


def prefixes_of(host: Host, card: str) -> list[str]:
    """Return the /64 prefixes of a card's addresses."""
    addresses = host.addresses(card)
    return [str(IPv6Network((each, 64), strict=False)) for each in addresses if ":" in each]


def serve_claims(town: Town) -> None:
    """Let the portal answer over TLS 1.3 with a certificate of its own, and a resolver know a name of outside."""
    town.names.address("claims", f"{OPEN_RESOLVER}/64")
    words = ["--keep-in-foreground", "--no-resolv", "--no-hosts", "--bind-interfaces", "--user=root", "--pid-file="]
    record = f"--host-record={OPEN_NAME},{OFFICE[1]}"
    town.names.spawn("dnsmasq", *words, f"--listen-address={OPEN_RESOLVER}", record, "--log-facility=-").says("started")
    office = town.office
    name = "portal.claims.example"
    key, certificate = office.folder / "key.pem", root_of(town)
    made = ("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2")
    office.run(
        *made, "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}", "-keyout", key, "-out", certificate
    )
    words = ["-accept", "[::]:443", "-tls1_3", "-www", "-key", key, "-cert", certificate]
    office.spawn("openssl", "s_server", *words).says("ACCEPT")


def root_of(town: Town) -> Any:
    """Return the file with the certificate that the portal of `serve_claims` shows."""
    return town.office.folder / "cert.pem"


def _split_names(router: Host, address: str) -> Running:
    """Let the home router answer names: those of the claims network from its closed resolvers, others from elsewhere."""
    words = ["--keep-in-foreground", "--no-resolv", "--no-hosts", "--bind-interfaces", "--user=root", "--pid-file="]
    words += [f"--server=/{zone}/{resolver}" for zone in ZONES for resolver in EAST]
    words += [f"--server={OPEN_RESOLVER}", f"--listen-address={address}", "--edns-packet-max=1232", "--log-facility=-"]
    running = router.spawn("dnsmasq", *words)
    running.says("started")
    return running


def _resolvers_told(resolvers: Sequence[str]) -> str:
    return _RESOLVERS.format(resolvers=" ".join(resolvers), zones=" ".join(ZONES))


def _leased(access: Host) -> str:
    """Return the prefix that Kea has delegated last, or nothing."""
    path = access.folder / "leases.csv"
    rows: Iterable[dict[str, str]] = csv.DictReader(path.read_text("ascii").splitlines()) if path.exists() else ()
    found = [f"{row['address']}/{row['prefix_len']}" for row in rows if row["lease_type"] == _PREFIX_LEASE]
    return found[-1] if found else ""


def _link_local(host: Host, card: str) -> str:
    cards = host.told("address", "show", "dev", card)
    return next(row["local"] for each in cards for row in each["addr_info"] if row["scope"] == "link")
